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

wrong 'pid or --qmp is missing' attach
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

wrong 'exactly one of --pid, --qmp and --all' detach
wrong 'exactly one of --pid, --qmp and --all' detach --pid 1 --all
wrong 'there is no option --json' detach --pid 1 --json
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
wrong 'exactly one of --pid and --id' show
wrong 'exactly one of --pid and --id' show --pid 1 --id 1
wrong 'nothing to set is named' set --pid 1
wrong 'exactly one of --pid and --id' set --driftfix slew
wrong 'it is the number of a timer' set --pid 1 --timer 32
wrong 'it is the number of a timer' set --pid 1 --timer -1
wrong 'it is one of none' set --pid 1 --driftfix fast
wrong 'there is no option --timer' doctor --timer 1

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
for command in attach detach list stat top show set doctor; do
	grep -q "^  $command " "$tap_dir/help"
	result $? "--help names $command"
	capture "$tool" $command --help
	expect 0 '' "$command --help"
	expect_out "^Usage: kvm-hpet $command" "$command --help says how"
	! grep -q '.\{81\}' "$out"
	result $? "$command --help fits into 80 columns"
done

done_testing
