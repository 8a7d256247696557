#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck source-path=SCRIPTDIR
#
# What can't be attached to is refused with its own message, exit status 1, and
# left as it was. Here with QEMUs under TCG; what needs KVM is in testbed-attach.

cd "$(dirname "$0")" || exit 1
. ./tap.sh
. ./vm.sh
tool=${KVM_HPET:-../../tools/kvm-hpet/kvm-hpet}
guest=${KVM_HPET_BUILD:-../../out/selftests/tool}/guest
accel=tcg
export KVM_HPET_RUNDIR=$tap_dir/run

qmp() {
	echo "unix:$tap_dir/$1.qmp,server=on,wait=off"
}

# listen PATH, hold PATH: perl serves, or occupies, a unix socket until it is stopped
listen() {
	perl -MIO::Socket::UNIX -e '$s = IO::Socket::UNIX->new(Local => shift, Listen => 1) or die; sleep 600' "$1" &
	vms="$vms $!"
	wait_for 10 test -S "$1"
}

hold() {
	perl -MIO::Socket::UNIX -e '$s = IO::Socket::UNIX->new(Peer => shift) or die;
		print scalar <$s>; STDOUT->flush; sleep 600' "$1" >"$tap_dir/held" &
	holder=$!
	vms="$vms $holder"
	wait_for 10 grep -q QMP "$tap_dir/held"
}

capture "$tool" attach --pid 2147483647
expect 1 '^kvm-hpet: there is no process 2147483647$' 'no such process'
capture "$tool" attach --pid $$
expect 1 "^kvm-hpet: process $$ (bash) is not a QEMU\$" 'a process that is no QEMU'
capture "$tool" attach --pid $$ --assume-reset
expect 1 "^kvm-hpet: process $$ (bash) is not a QEMU\$" 'a process that is no QEMU, --assume-reset'
capture "$tool" attach --qmp "$tap_dir/nothing"
expect 1 'cannot connect to the QMP socket .*: No such file' 'no such socket'
capture "$tool" attach --qmp /etc/passwd
expect 1 'cannot connect to the QMP socket /etc/passwd: Connection refused' 'a file that is no socket'
listen "$tap_dir/other"
capture "$tool" attach --qmp "$tap_dir/other"
expect 1 "is served by process $! (perl.*), which is not a QEMU" 'a socket that is no QEMU'\''s'
long=$tap_dir/$(printf '%0100d' 0)
mkdir "$long"
listen_at=$long/socket
(cd "$long" && exec perl -MIO::Socket::UNIX -e '$s = IO::Socket::UNIX->new(Local => "socket", Listen => 1) or die; sleep 600') &
vms="$vms $!"
wait_for 10 test -S "$listen_at"
capture "$tool" attach --qmp "$listen_at"
expect 1 "is served by process $! (perl" 'a socket with a long path is reached'

start_vm plain i
plain=$vm_pid
capture "$tool" attach --pid "$plain"
expect 1 'has no QMP socket on its command line' 'a QEMU without QMP socket'
capture "$tool" attach --pid "$plain" --assume-reset
expect 1 'has no KVM virtual machine' 'a QEMU without KVM, --assume-reset'
thread=$(find "/proc/$plain/task" -mindepth 1 -maxdepth 1 -printf '%f\n' | grep -v -x "$plain" | head -n 1)
capture "$tool" attach --pid "$thread"
expect 1 "there is no process $thread" 'a thread of a QEMU'

start_vm running i -qmp "$(qmp running)" -uuid 11111111-1111-1111-1111-111111111111
running=$vm_pid
capture "$tool" attach --pid "$running"
expect 1 "process $running (qemu-system-x86.*) does not use KVM but TCG" 'a QEMU with TCG'
capture "$tool" attach --qmp "$tap_dir/running.qmp"
expect 1 "process $running (qemu-system-x86.*) does not use KVM but TCG" 'a QEMU with TCG, by its socket'
capture "$tool" attach --qmp "$tap_dir/running.qmp" --foreground --json
expect 1 'does not use KVM but TCG' 'a QEMU with TCG, in the foreground'
expect_status running running
capture "$tool" attach --qmp "$tap_dir/running.qmp" --pid "$plain"
expect 1 "the QMP socket .* is not that of process $plain" 'socket and process are of two QEMUs'
perl -e 'sleep 600' -- -qmp "$(qmp running)" &
liar=$!
vms="$vms $liar"
# Until then it is still this shell.
wait_for 10 grep -q -x perl "/proc/$liar/comm"
capture "$tool" attach --pid "$liar"
expect 1 "the QMP socket .* is not that of process $liar" 'a process that lies about its socket'
listen "$tap_dir/elsewhere"
capture "$tool" attach --qmp "$tap_dir/elsewhere" --pid "$running"
expect 1 'the QMP socket is busy or QEMU does not answer' 'a socket that says nothing'
hold "$tap_dir/running.qmp"
capture "$tool" attach --qmp "$tap_dir/running.qmp"
expect 1 'the QMP socket is busy or QEMU does not answer' 'another client on the QMP socket'
capture "$tool" attach --pid "$running"
expect 1 'the QMP socket is busy or QEMU does not answer' 'another client on its only QMP socket'
stop_vm "$holder"
capture "$tool" attach --pid "$running"
expect 1 'does not use KVM but TCG' 'once it has gone, the QEMU answers again'
expect_status running running

start_vm two i -qmp "$(qmp two)" -chardev "socket,id=m,path=$tap_dir/two.second,server=on,wait=off" \
	-mon chardev=m,mode=control
hold "$tap_dir/two.qmp"
capture "$tool" attach --pid "$vm_pid"
expect 1 'does not use KVM but TCG' 'the second QMP socket is used if the first is busy'

# As libvirt starts QEMU: with a socket that another process has opened
# shellcheck disable=SC2016 # perl
perl -MIO::Socket::UNIX -e '$^F = 20; $s = IO::Socket::UNIX->new(Local => shift, Listen => 1) or die; $n = fileno $s;
	if (!fork) { exec @ARGV, "-chardev", "socket,id=m,fd=$n,server=on,wait=off", "-mon", "chardev=m,mode=control" }
	wait' "$tap_dir/passed.qmp" qemu-system-x86_64 -accel tcg -display none -nodefaults -S \
	-pidfile "$tap_dir/passed.pid" &
passed=$!
wait_for 30 test -s "$tap_dir/passed.pid"
vms="$vms $(cat "$tap_dir/passed.pid") $passed"
capture "$tool" attach --pid "$(cat "$tap_dir/passed.pid")"
expect 1 'has no QMP socket on its command line' 'a QMP socket given as a descriptor is not found'
capture "$tool" attach --pid "$(cat "$tap_dir/passed.pid")" --qmp "$tap_dir/passed.qmp"
expect 1 'does not use KVM but TCG' 'but it works if it is named'

# Frozen, QEMU does not answer; whoever gives up waiting leaves nothing behind.
start_vm frozen i -qmp "$(qmp frozen)"
frozen=$vm_pid
kill -STOP "$frozen"
capture "$tool" attach --pid "$frozen"
expect 1 'the QMP socket is busy or QEMU does not answer' 'a QEMU that is stopped by a signal'
"$tool" attach --pid "$frozen" 2>"$tap_dir/err" &
attaching=$!
wait_for 10 test -e "$tap_dir/run/$frozen.lock"
sleep 0.5
agent=$(cat "/proc/$attaching/task/$attaching/children")
kill "$attaching"
wait_for 3 test ! -e "$tap_dir/run/$frozen.lock"
result $? 'an attach that is killed while it waits leaves no file'
wait_for 3 test ! -e "/proc/${agent% }"
result $? 'nor a process'
grep -q '^kvm-hpet: interrupted$' "$tap_dir/err"
result $? 'and says that it was interrupted'
kill -CONT "$frozen"
expect_status frozen running

start_vm human i -chardev "socket,id=h,path=$tap_dir/human.sock,server=on,wait=off" -mon chardev=h
capture "$tool" attach --qmp "$tap_dir/human.sock"
expect 1 'what answers is not QEMU.s machine protocol' 'the human monitor'

start_vm paused i -S -qmp "$(qmp paused)"
capture "$tool" attach --pid "$vm_pid"
expect 1 'does not use KVM but TCG' 'a QEMU with TCG that is stopped'
expect_status paused paused

start_vm incoming i -incoming defer -qmp "$(qmp incoming)"
capture "$tool" attach --dry-run --json --pid "$vm_pid"
expect_out 'does not use KVM' 'a QEMU that waits for a migration'

if command -v qemu-system-i386 >/dev/null; then
	qemu='qemu-system-i386'
	start_vm small i -qmp "$(qmp small)"
	qemu=
	capture "$tool" attach --pid "$vm_pid"
	expect 1 'does not use KVM but TCG' 'the 32-bit QEMU has the right architecture'
else
	skip 'the 32-bit QEMU has the right architecture' 'no qemu-system-i386'
fi

other=$(compgen -c qemu-system- | grep -x -E 'qemu-system-(aarch64|arm|riscv64|ppc64|s390x|m68k|sparc)' | head -n 1)
if [ -n "$other" ]; then
	"$other" -machine none -accel tcg -display none -nodefaults -qmp "$(qmp other)" &
	vms="$vms $!"
	wait_for 10 test -S "$tap_dir/other.qmp"
	capture "$tool" attach --pid $!
	expect 1 "process $! is a QEMU for ${other#qemu-system-}, which has no HPET" 'another architecture'
	capture "$tool" attach --pid $! --assume-reset
	expect 1 "process $! is a QEMU for ${other#qemu-system-}, which has no HPET" \
		'another architecture, --assume-reset'
else
	skip 'another architecture' 'no QEMU for another one is installed'
fi

if [ ! -e /dev/kvm_hpet ]; then
	for command in 'list' 'stat' 'top -d 0.5 -n 2 --json' 'show --id 1' 'set --id 1 --ramp 1' 'list --json'; do
		# shellcheck disable=SC2086 # words
		capture "$tool" $command
		expect 1 'there is no /dev/kvm_hpet: the kernel module is not loaded' "$command without the module"
	done
fi
capture "$tool" detach --pid "$running"
expect 1 "no kvm-hpet is attached to process $running" 'detach from what is not attached'
capture "$tool" detach --qmp "$tap_dir/running.qmp"
expect 1 "no kvm-hpet is attached to process $running" 'the same by its socket'
touch "$tap_dir/run/$running.sock"
capture "$tool" detach --pid "$running"
expect 1 "no kvm-hpet is attached to process $running" 'a file left behind does not mislead'
capture "$tool" detach --all
expect 0 '' 'detach --all with nothing attached'
rm "$tap_dir/run/$running.sock"
[ -z "$(ls -A "$tap_dir/run")" ]
result $? 'no refusal left a file behind'

done_testing
