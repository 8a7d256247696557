# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# Runs of demo/driver in test hosts (L1), for sourcing by demo/run and drift/run. Each has a name, which is its directory in
# $out/runs as well. The caller sets $top, $out, $jobs, the array $runs, and $label, what it calls itself; it has
# the functions
#
#   run_subject NAME	sets $load, the array $more of options for demo/driver, the array $policy if there is kvm_hpet,
#			and the array $bed_more of options for the test bed; sets $source if the ticks of QEMU's timer are
#			a tick source, so that there is nothing to attach
#   title_of NAME	what progress lines call it
# shellcheck disable=SC2154

module=$top/kvm_hpet.ko
tool=$top/tools/kvm-hpet/kvm-hpet
loads_file=$top/demo/loads

# The limits that slew is given; they must hold.
max_rate=10 max_backlog=5s

# For the guest's kernel: what takes the emulated CPU long and is not looked at.
append="quiet noxsave cryptomgr.notests"

mem=1200		# MB for a test host
limit=300		# seconds for a try that takes 20

die() {
	echo "$label: $2" >&2
	exit "$1"
}

check_loads() {
	local name
	for name; do
		grep -q "^${name}[[:space:]]" "$loads_file" || die 2 "no load '$name' in demo/loads"
	done
}

check_programs() {
	local program
	for program in python3 gnuplot qemu-system-x86_64 cpio; do
		command -v "$program" >/dev/null || die 1 "no $program: run scripts/setup build testbed demo"
	done
}

check_module() {
	[ -e "$module" ] || die 1 "no module $module: run make"
	[ -x "$tool" ] || die 1 "no tool $tool: run make"
}

# More test hosts than fit into memory would make all of them slow.
limit_jobs() {
	local fit
	fit=$(awk -v mem="$mem" '$1 == "MemAvailable:" { print int($2 / 1024 / (mem + 300)) }' /proc/meminfo)
	[ "$fit" -ge 1 ] || die 1 "not enough memory: a test host needs $((mem + 300)) MB"
	[ "$jobs" -le "$fit" ] || jobs=$fit
}

# Two that write to one place would spoil each other.
lock_out() {
	mkdir -p "$out"
	exec 9>"$out/lock"
	flock -n 9 || die 1 "another $label is writing to $out"
}

build_guest() {
	build=$out/build
	make -s -C "$top/demo" B="$build" build >&2 || die 1 "the guest or its driver does not build"
	# Built first, if need be, and by one.
	"$top/selftests/testbed/build-qemu" >/dev/null || die 1 "no emulator for exact runs"
}

# The command in the test host, and what it needs there.
run_arguments() {
	local name=$1 load more=() policy=() bed_more=() source=''
	run_subject "$name"
	bed=(--exact --mem "$mem" --live --with-qemu --guest-kernel --timeout "$limit" --tries 3 --name "$name"
		--out "$out/runs/$name"
		--file "$build/drift:/demo/drift" --file "$loads_file:/demo/loads"
		--file "$build/tick-guest.cpio:/demo/tick-guest.cpio" "${bed_more[@]}")
	command=(/demo/drift --loads /demo/loads --load "$load"
		--kernel /boot/vmlinux --initrd /demo/tick-guest.cpio --append "$append" "${more[@]}")
	if [ ${#policy[@]} -gt 0 ]; then
		bed+=(--module "$module")
		if [ -n "$source" ]; then
			command+=(--source)
		else
			bed+=(--file "$tool:/demo/kvm-hpet")
			command+=(--tool /demo/kvm-hpet)
		fi
		command+=(--policy "${policy[0]}" --max-rate "$max_rate" --max-backlog "$max_backlog")
	fi
}

# Bad runs are left to the report, which says so; the others go on.
one_run() {
	local number=$1 name=$2 bed command
	run_arguments "$name"
	mkdir -p "$out/runs/$name"
	"$top/selftests/testbed/run" "${bed[@]}" -- "${command[@]}" 2>&1 </dev/null |
		while IFS= read -r line; do
			echo "run $number of ${#runs[@]}, $(title_of "$name"): ${line%$'\r'}"
		done || true
}

# shellcheck disable=SC2317 # a trap calls it
stop_runs() {
	local pid
	for pid in $(jobs -p); do
		kill -- "-$pid" 2>/dev/null || true
	done
}

# all_runs DONE: without the first ones, so many.
all_runs() {
	local name number=$1
	set -m		# a process group for each run, so that all of it can be ended
	trap stop_runs EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
	for name in "${runs[@]:$1}"; do
		number=$((number + 1))
		while [ "$(jobs -pr | wc -l)" -ge "$jobs" ]; do
			wait -n || true
		done
		one_run "$number" "$name" &
	done
	wait
}
