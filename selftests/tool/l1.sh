# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
#
# For tests of the tool that run in the test host (POSIX shell), to be sourced after tap.sh and vm.sh.
# shellcheck disable=SC2034,SC2154,SC2120

tool=./kvm-hpet
guest=./guest
accel=kvm
run=/run/kvm-hpet
# testbed-attach --newer
if [ -d /qemu/11.1 ]; then
	qemu=/qemu/11.1/qemu
	qemu_options='-L /qemu/11.1/share'
fi
escape=$(printf '\033')

# What agents have to say is brought back.
log=/out/syslog
syslogd -S -O $log

# start NAME MODE ARGUMENT...: with a QMP socket
start() {
	start_vm "$@" -qmp "unix:$tap_dir/$1.qmp,server=on,wait=off"
}

attach() {
	capture "$tool" attach --pid "$vm_pid" "$@"
}

detach() {
	capture "$tool" detach --pid "$vm_pid" "$@"
}

# keep NAME: the JSON of the last capture, looked at on the machine below
keep() {
	cp "$out" "/out/$1.json"
}

blocks() {
	"$tool" list | sed 1d | wc -l
}

expect_blocks() {
	expected=$1
	is=$(blocks)
	[ "$is" = "$expected" ]
	result $? "$2: $expected blocks (there are $is)"
}

no_blocks() {
	[ "$(blocks)" = 0 ] && [ -z "$(ls -A $run 2>/dev/null)" ]
}

expect_nothing_left() {
	wait_for 30 no_blocks
	result $? "$1: no block, no file, is left"
}

counter() {
	"$tool" show --pid "$vm_pid" | sed -n 's/^main counter *//p'
}

# stat_field NAME: of the VM's first timer in use
stat_field() {
	"$tool" stat --json --pid "$vm_pid" | sed -n "s/^ *\"$1\": *\([0-9]*\),*\$/\1/p" | head -n 1
}

more_resets() {
	[ "$(stat_field resets)" -gt "$1" ]
}

# on_terminal ROWS COLUMNS COMMAND...: what it writes to a terminal of that size
on_terminal() {
	# shellcheck disable=SC2016 # perl
	./qemu-two-vms -e '($rows, $columns) = splice @ARGV, 0, 2;
		open($master, "+<", "/dev/ptmx") or die; $zero = pack "i", 0; $number = pack "i", 0;
		ioctl($master, 0x40045431, $zero) or die; ioctl($master, 0x80045430, $number) or die;
		open($slave, "+<", "/dev/pts/" . unpack "i", $number) or die;
		$size = pack "S4", $rows, $columns, 0, 0; ioctl($slave, 0x5414, $size) or die;
		if (!fork) { open(STDOUT, ">&", $slave) or die; $ENV{TERM} = "linux"; exec @ARGV }
		close $slave; while (sysread $master, $text, 4096) { print $text } wait; exit $? >> 8' "$@"
}

# own_hpet NAME OFFSET: a word of QEMU's own HPET, as its monitor reads it
own_hpet() {
	own_asked_at=$(($(wc -c <"$tap_dir/$1.log") + 1))
	hmp "$1" "xp /1wx 0xfed00$2"
	wait_for 30 own_answer "$@"
	own_answer "$@" | sed 's/.*: *//'
}

own_answer() {
	tail -c "+$own_asked_at" "$tap_dir/$1.log" | grep -o "^00000000fed00$2: *0x[0-9a-f]*"
}

# expect_ticks NAME WHAT: the guest goes on
expect_ticks() {
	ticks=$(vm_ticks "$1")
	wait_for 30 vm_has_ticks "$1" $((ticks + 3))
	result $? "$1: $2: the guest gets ticks"
}

agent_pid() {
	"$tool" list --json | sed -n 's/^ *"owner_pid": *\([0-9]*\),/\1/p' | head -n 1
}

# has_taken_sigterm AGENT: it refuses as long as ticks are owed that QEMU could not make up, and then has to be told again
has_taken_sigterm() {
	kill "$1" 2>/dev/null
	sleep 1
	[ ! -e "/proc/$1" ]
}
