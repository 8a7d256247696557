#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck source-path=SCRIPTDIR
#
# attach --dry-run reads QEMU's HPET through its monitor and says what would be
# created and what is in the way, without touching the VM.

cd "$(dirname "$0")" || exit 1
. ./tap.sh
. ./vm.sh
tool=${KVM_HPET:-../../tools/kvm-hpet/kvm-hpet}
guest=${KVM_HPET_BUILD:-../../out/selftests/tool}/guest
accel=tcg
export KVM_HPET_RUNDIR=$tap_dir/run

# member PYTHON-EXPRESSION EXPECTED NAME: of the JSON object o on stdout
member() {
	local is
	is=$(python3 -c 'import json, sys; o = json.load(open(sys.argv[1])); print(eval(sys.argv[2]))' "$out" "$1" 2>&1)
	[ "$is" = "$2" ]
	result $? "$3"
	[ "$is" = "$2" ] || echo "# $1 is $is, not $2"
}

# start NAME MODE ARGUMENT...
start() {
	start_vm "$@" -qmp "unix:$tap_dir/$1.qmp,server=on,wait=off"
}

# dry_run NAME: JSON of a VM's HPET
dry_run() {
	capture "$tool" attach --dry-run --json --qmp "$tap_dir/$1.qmp"
	expect 1 'does not use KVM but TCG' "$1: dry run fails, since this machine has no KVM"
}

check_common() {
	member 'o["would_attach"]' False "$1: would not attach"
	member 'o["vm_pid"]' "$vm_pid" "$1: process"
	member 'o["name"]' "$1" "$1: name of the guest"
	member 'o["base"], o["period_fs"], o["vendor_id"], o["rev_id"]' \
		"('0xfed00000', 10000000, '0x8086', 1)" "$1: capabilities"
	member 'o["counter_64"], o["legacy_cap"]' '(True, True)' "$1: counter and legacy replacement"
}

no_use() {
	member 'o["in_use"]' False "$1: not in use"
}

in_use() {
	member 'o["in_use"]' True "$1: in use"
}

for machine in pc q35; do
	case $machine in pc) routes=0x4 ;; q35) routes=0xff0104 ;; esac
	start $machine i -M $machine -S
	dry_run $machine
	check_common $machine
	member '(o["num_timers"], o["timers"])' "(3, $(python3 -c \
		"print([{'periodic': True, 'size_64': True, 'fsb': False, 'route_cap': '$routes'}] * 3)"))" \
		"$machine: timers"
	no_use $machine
	expect_status $machine paused
	hmp $machine cont
	wait_for 30 vm_has_starts $machine 1
	dry_run $machine
	no_use $machine
	expect_status $machine running
done

start eight i -M q35 -S -global hpet.timers=8 -global hpet.msi=on
dry_run eight
member 'o["num_timers"], len(o["timers"]), {t["fsb"] for t in o["timers"]}' '(8, 8, {True})' \
	'eight: as many timers as QEMU has, with FSB delivery'
no_use eight

start counting u -M pc
wait_for 30 vm_has_starts counting 1
sleep 0.5
dry_run counting
in_use counting
expect_status counting running

start ticking t -M q35
wait_for 30 vm_has_ticks ticking 2
dry_run ticking
in_use ticking
hmp ticking stop
hmp ticking system_reset
expect_status ticking paused
dry_run ticking
no_use ticking
expect_status ticking paused

start none i -M pc,hpet=off -S
dry_run none
member 'any("the VM has no HPET" in p for p in o["problems"]), "base" in o' '(True, False)' \
	'none: no HPET'

capture "$tool" attach --dry-run --pid "$vm_pid"
expect 1 'does not use KVM but TCG' 'dry run in words'
expect_out '^problem: the VM has no HPET at 0xfed00000' 'dry run in words: problems'
capture "$tool" attach --dry-run --qmp "$tap_dir/eight.qmp"
expect_out '^timer 7: periodic, 64-bit, message-signalled, I/O APIC pins 0xff0104$' 'dry run in words: timers'

start unknown i -M pc
capture "$tool" attach --dry-run --json --pid "$vm_pid" --assume-reset
member 'o["num_timers"], o["timers"][0]["route_cap"]' "(3, '0x4')" 'the HPET is assumed from the machine type'

[ ! -e "$tap_dir/run" ]
result $? 'a dry run leaves no file behind'

done_testing
