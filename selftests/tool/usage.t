#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck source-path=SCRIPTDIR
#
# Command lines: what is wrong is said in one line with exit status 2, before
# anything else is looked at; what is right gets further.

cd "$(dirname "$0")" || exit 1
. ./tap.sh
tool=${KVM_HPET:-../../tools/kvm-hpet/kvm-hpet}

# wrong PATTERN ARGUMENT...
wrong() {
	pattern=$1
	shift
	capture "$tool" "$@"
	expect 2 "^kvm-hpet: .*$pattern" "kvm-hpet $*: usage error"
}

# right ARGUMENT...: process 0x7fffffff can't exist (the kernel's limit is 2^22)
right() {
	capture "$tool" attach --pid 2147483647 "$@"
	expect 1 '^kvm-hpet: there is no process 2147483647$' "attach $*: accepted"
}

wrong 'a command is missing'
wrong 'there is no command atach' atach
wrong 'there is no command --json' --json

wrong 'pid, --domain or --qmp is missing' attach
wrong 'pid: needs a value\|--pid needs a value' attach --pid
wrong 'there is no option --frobnicate' attach --frobnicate
wrong 'there is no option -x' attach -x
wrong 'there is no option --json=1' attach --pid 1 --json=1
wrong 'extra is one argument too many' attach --pid 1 extra
wrong 'does not go with --qmp' attach --assume-reset --qmp /nowhere
for pid in 0 -1 1x 2147483648 99999999999999999999 '' ' 1' 0x10; do
	wrong 'it is a process id' attach --pid "$pid"
done
for policy in slow Slew '' none,slew; do
	wrong 'it is one of none' attach --pid 1 --driftfix "$policy"
done
for rate in 0 101 1.5 -1 x; do
	wrong 'from 1 to 100' attach --pid 1 --max-rate "$rate"
done
for ramp in 101 -1 x; do
	wrong 'from 0 to 100' attach --pid 1 --ramp "$ramp"
done
for time in 5 s 5S -5s 1h1s 3601s 61min 0.1ns 1..5s 1.s .5s '5 s' 1e3s 1.00000000001s \
	99999999999999999999s ''; do
	wrong 'a time with its unit' attach --pid 1 --max-backlog "$time"
done

wrong 'exactly one of --pid, --domain, --qmp and --all' detach
wrong 'exactly one of --pid, --domain, --qmp and --all' detach --pid 1 --all
wrong 'exactly one of --pid, --domain, --qmp and --all' detach --json
wrong 'pid does not go with --domain' attach --pid 1 --domain vm
wrong '--domain needs a value' attach --domain
wrong 'exactly one of --pid, --domain, --qmp and --all' detach --domain vm --all
wrong 'exactly one of --pid, --domain and --id' show --domain vm --pid 1
wrong 'x is one argument too many' list x
wrong 'there is no option --pid' list --pid 1
wrong 'it is the number of a block' stat --id 0
wrong 'it is the number of a block' stat --id x
wrong 'it is the number of a block' top --id 0
for delay in 0 0.05 3601 1s x -1 '' 0.1.1 111111111111111111111111111111111; do
	wrong 'it is seconds, from 0.1 to 3600' top -d "$delay"
done
wrong 'it is a number from 1 on' top -n 0
wrong 'it is a number from 1 on' top --count x
wrong '-n needs a value' top -n
wrong 'there is no option -x' top -x
wrong 'there is no option -n' stat -n 1
wrong '5 is one argument too many' top 5
wrong 'exactly one of --pid, --domain and --id' show
wrong 'exactly one of --pid, --domain and --id' show --pid 1 --id 1
wrong 'nothing to set is named' set --pid 1
wrong 'exactly one of --pid, --domain and --id' set --driftfix slew
wrong 'it is the number of a timer' set --pid 1 --timer 32
wrong 'it is the number of a timer' set --pid 1 --timer -1
wrong 'it is one of none' set --pid 1 --driftfix fast
wrong 'it is one of none' set --json --pid 1 --driftfix fast
wrong 'nothing to set is named' set --json --pid 1
wrong 'there is no option --timer' doctor --timer 1
wrong 'exactly one of --pid, --domain and --id' save
wrong 'exactly one of --pid, --domain and --id' load --policies
wrong 'there is no option --policies' save --pid 1 --policies
wrong 'there is no option -o' load --pid 1 -o file
wrong '-o needs a value' save --pid 1 -o
wrong 'file is one argument too many' save --pid 1 file
wrong 'it is the number of a block' save --id 0
wrong 'it is the number of a block' record --id 0
wrong 'it is seconds, from 0.1 to 3600' record -d 0
for duration in 0 5 0s 8785h x '' -1s; do
	wrong 'it is a time with its unit' record --duration "$duration"
done
wrong '--from is for --draw' record --from trace.csv
wrong '--from draws an old trace' record --from trace.csv --draw p.svg -o other
wrong '--from draws an old trace' record --from trace.csv --draw p.svg --json
wrong '--from draws an old trace' record --from trace.csv --draw p.svg --duration 1s
wrong '--draw does not go with --json' record --json --draw p.svg
wrong '--draw needs a file for the trace' record -o - --draw p.svg


for command in attach detach show set\ --ramp\ 1 stat top record save; do
	# shellcheck disable=SC2086 # words
	capture "$tool" $command --domain 'no such domain'
	expect 1 '^kvm-hpet: libvirt has no running domain no such domain: .*/no such domain.pid has no' "$command: no such domain"
done
capture "$tool" attach --domain ../x
expect 1 'is not the name of a domain' 'attach: no name of a domain'

# ---- traces and states, as far as they need no module ----

trace=$tap_dir/trace.csv
{
	echo 'time_s,time_ns,id,vm_pid,kind,timer,policy,period_ns,due_per_s,delivered_per_s,discarded_per_s,coalesced_per_s,late_per_s,reinjected_per_s,backlog,rate,reads_per_s,name'
	for i in 1 2 3 4 5; do
		echo "$i.000,${i}000000000,1,4711,hpet,0,slew,4000000,250.000,$((200 + i)).000,0.000,0.000,0.000,0.000,$i,1,10.000,a guest's \"name\", \$(x)"
		echo "$i.000,${i}000000000,2,4712,tick-source,0,discard,976562,1024.000,1024.000,0.000,0.000,0.000,0.000,0,0,0.000,other"
	done
} >"$trace"
if command -v gnuplot >/dev/null; then
	capture "$tool" record --from "$trace" --draw "$tap_dir/it's.svg"
	expect 0 '' 'record draws a trace'
	grep -q '<svg' "$tap_dir/it's.svg" && grep -q 'other (2), tick source' "$tap_dir/it's.svg"
	result $? 'the picture has the name of each timer'
	[ "$(grep -c "a guest_s _name__ \$(x) (1), timer 0" "$tap_dir/it's.svg")" -ge 1 ]
	result $? 'a name with quotes does no harm'
	capture "$tool" record --from "$trace" --draw "$tap_dir/picture.png"
	expect 0 '' 'record draws a .png'
	[ "$(head -c 4 "$tap_dir/picture.png" | tail -c 3)" = PNG ]
	result $? 'and that is one'
	capture "$tool" record --from "$trace" --draw "$tap_dir/nowhere/picture.svg"
	[ "$status" = 1 ] && grep -q 'gnuplot could not draw' "$err"
	result $? 'a picture that can not be written'
	head -n 1 "$trace" >"$tap_dir/empty.csv"
	capture "$tool" record --from "$tap_dir/empty.csv" --draw "$tap_dir/p.svg"
	expect 1 'there is nothing to draw: no timer was in use' 'an empty trace'
	sed 's/,backlog//' "$trace" >"$tap_dir/other.csv"
	capture "$tool" record --from "$tap_dir/other.csv" --draw "$tap_dir/p.svg"
	expect 1 'the trace is not one of kvm-hpet record' 'another file'
	sed '3s/,.*//' "$trace" >"$tap_dir/cut.csv"
	capture "$tool" record --from "$tap_dir/cut.csv" --draw "$tap_dir/p.svg"
	expect 1 'the trace is not one of kvm-hpet record' 'a trace with a line that is cut off'
	capture "$tool" record --from "$tap_dir/none.csv" --draw "$tap_dir/p.svg"
	expect 1 'cannot open .*none.csv: No such file or directory' 'no trace'
else
	skip 'record --draw' 'no gnuplot'
fi
capture "$tool" record --draw "$tap_dir/picture.gif"
expect 1 "picture.gif: a picture's name ends in .svg or .png" 'record --draw picture.gif'
mkdir "$tap_dir/bin"
capture env PATH="$tap_dir/bin" "$tool" record --draw "$tap_dir/picture.svg"
expect 1 'gnuplot, which draws the picture, is not installed' 'record --draw without gnuplot says so at once'
echo '{ "format": ' >"$tap_dir/broken.json"
capture "$tool" load --pid 2147483647 -i "$tap_dir/broken.json"
expect 1 'broken.json is not a file in JSON that can be read' 'load of something else'
capture "$tool" load --pid 2147483647
expect 1 'stdin is not a file in JSON that can be read' 'load of nothing'

for policy in none discard delay merge slew catchup; do
	right --driftfix "$policy"
done
for time in 0 5s 500ms 1h 60min 1.5s 0.5min 3999984ns 1us 0.000001ms; do
	right --max-backlog "$time"
done
right --max-rate 1 --ramp 0
right --max-rate 100 --ramp 100
right --json --foreground --assume-reset --dry-run --foreground

capture "$tool" --version
expect 0 '' '--version'
expect_out '^kvm-hpet [0-9][0-9.]* (API version 1)$' '--version names both versions'
capture "$tool" --help
expect 0 '' '--help'
cp "$out" "$tap_dir/help"
for command in attach detach list stat top record show set save load doctor; do
	grep -q "^  $command " "$tap_dir/help"
	result $? "--help names $command"
	capture "$tool" $command --help
	expect 0 '' "$command --help"
	expect_out "^Usage: kvm-hpet $command" "$command --help says how"
	! grep -q '.\{81\}' "$out"
	result $? "$command --help fits into 80 columns"
done

expect_doctor "$tool" 'this host'

done_testing
