# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
#
# Virtual machines for the tests of the tool (POSIX shell), to be sourced after
# tap.sh. $accel and $guest (the multiboot guest) are the caller's, and so are $qemu and $qemu_options.
# shellcheck disable=SC2154

vms=
# No test may outlive its script, or wait for ever for QEMU.
trap 'stop_vms; rm -rf "$tap_dir"' EXIT

# start_vm NAME GUEST-MODE QEMU-ARGUMENT...: $vm_pid is its process; its files are
# $tap_dir/NAME.{qmp,hmp,log,debug}
start_vm() {
	vm=$tap_dir/$1
	vm_mode=$2
	vm_name=$1
	shift 2
	mkfifo "$vm.hmp"
	# The monitor's input is open for writing in QEMU itself, so it never ends.
	# shellcheck disable=SC2086 # words
	"${qemu:-qemu-system-x86_64}" ${qemu_options-} -accel "$accel" -display none -nodefaults -no-user-config \
		-name "guest=$vm_name,debug-threads=on" -monitor stdio -debugcon "file:$vm.debug" \
		-kernel "$guest" -append "$vm_mode" "$@" <>"$vm.hmp" >"$vm.log" 2>&1 &
	vm_pid=$!
	vms="$vms $vm_pid"
	if ! wait_for 30 grep -q '(qemu)' "$vm.log"; then
		echo "# QEMU does not start:"
		sed 's/^/# /' "$vm.log"
	fi
}

# Ended, also if nobody has asked for its exit status yet
vm_has_ended() {
	! readlink "/proc/$1/exe" >/dev/null
}

# ends PID: it does so by itself; its exit status
ends() {
	wait_for 60 vm_has_ended "$1" || kill -9 "$1"
	wait "$1" 2>/dev/null
}

stop_vm() {
	kill "$1" 2>/dev/null || return
	if ! wait_for 60 vm_has_ended "$1"; then
		result 1 "process $1 does not end when it is told to"
		kill -9 "$1"
	fi
	wait "$1" 2>/dev/null
}

stop_vms() {
	for vm in $vms; do
		stop_vm "$vm"
	done
	vms=
}

# hmp NAME COMMAND: never waits for a QEMU that has ended
hmp() {
	echo "$2" 1<>"$tap_dir/$1.hmp"
}

vm_answer() {
	tail -c "+$vm_size" "$tap_dir/$1.log" | grep -o 'VM status: [a-z].*'
}

vm_ask_status() {
	vm_size=$(($(wc -c <"$tap_dir/$1.log") + 1))
	hmp "$1" 'info status'
	wait_for 30 vm_answer "$1"
}

# vm_status NAME: "running" or "paused"
vm_status() {
	vm_ask_status "$1"
	vm_answer "$1" | sed 's/.*: \([a-z]*\).*/\1/'
}

# vm_is_in NAME STATE: what a paused one does, or why it is paused
vm_is_in() {
	vm_ask_status "$1"
	vm_answer "$1" | grep -q "paused ($2)"
}

# expect_status NAME STATUS: the VM is as it should be
expect_status() {
	vm_now=$(vm_status "$1")
	[ "$vm_now" = "$2" ]
	result $? "$1: the VM is $2 (it is $vm_now)"
}

# vm_starts NAME, vm_ticks NAME: what the guest has written
vm_starts() {
	grep -c S "$tap_dir/$1.debug"
}

vm_ticks() {
	grep -c '\.' "$tap_dir/$1.debug"
}

vm_has_ticks() {
	[ "$(vm_ticks "$1")" -ge "$2" ]
}

vm_has_starts() {
	[ "$(vm_starts "$1")" -ge "$2" ]
}
