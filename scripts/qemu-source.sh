# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# shellcheck source-path=SCRIPTDIR source=private-apt.sh
#
# To be sourced, with private-apt.sh: Debian's source package of QEMU, fetched and built in $work. say and die are the caller's.
# shellcheck disable=SC2154

# qemu_unpack VERSION: $work/qemu, as Debian patches it
qemu_unpack() {
	local version=$1
	say "fetching Debian's source package qemu $version"
	mkdir "$work/download"
	if ! (cd "$work/download" && private_apt apt-get source --download-only "qemu=$version") >>"$work/apt/log" 2>&1; then
		tail -n 5 "$work/apt/log" >&2
		die "the source package qemu $version cannot be fetched (is there a network?)"
	fi
	# apt has checked the files against the signed lists.
	dpkg-source --no-check -x "$work"/download/*.dsc "$work/qemu" >"$work/unpack.log" 2>&1 ||
		{ tail -n 5 "$work/unpack.log" >&2; die "the source package cannot be unpacked"; }
}

# qemu_patch VERSION PATCH...
qemu_patch() {
	local version=$1 patch
	shift
	for patch; do
		patch -d "$work/qemu" -p1 <"$patch" >"$work/patch.log" 2>&1 ||
			{ cat "$work/patch.log" >&2; die "$(basename "$patch") does not apply to qemu $version"; }
	done
}

# A line for every tenth of ninja's way.
qemu_progress() {
	local line percent shown=0
	while read -r line; do
		[[ $line =~ ^\[([0-9]+)/([0-9]+)\] ]] || continue
		percent=$((100 * BASH_REMATCH[1] / BASH_REMATCH[2]))
		if [ "$percent" -ge $((shown + 10)) ]; then
			shown=$((percent / 10 * 10))
			say "  $shown %"
		fi
	done
}

# qemu_compile CONFIGURE-OPTION...: $work/build/qemu-system-x86_64
qemu_compile() {
	mkdir "$work/build"
	cd "$work/build" || die "no $work/build"
	"$work/qemu/configure" "$@" >"$work/configure.log" 2>&1 ||
		{ tail -n 20 "$work/configure.log" >&2; die "QEMU's configure failed"; }
	ninja -j "$(nproc)" qemu-system-x86_64 2>&1 | tee "$work/ninja.log" | qemu_progress
	[ "${PIPESTATUS[0]}" = 0 ] || { tail -n 30 "$work/ninja.log" >&2; die "QEMU does not build"; }
	cd /
}

# qemu_store DIRECTORY: it appears there by one rename: what is in the cache is whole.
qemu_store() {
	local into=$1
	mkdir "$work/result"
	strip -o "$work/result/qemu-system-x86_64" "$work/build/qemu-system-x86_64"
	"$work/result/qemu-system-x86_64" --version >"$work/result/version" || die "the QEMU just built does not run"
	rm -rf "$into"
	mv -T "$work/result" "$into"
}

# qemu_lock CACHE: nobody else builds there until we end
qemu_lock() {
	mkdir -p "$1"
	exec 9>"$1/lock"
	flock -n 9 || { say "another build is under way, waiting for it"; flock 9; }
}

# qemu_work_in CACHE: $work, a directory in it for as long; after qemu_lock
qemu_work_in() {
	rm -rf "$1"/work.*		# of builds that were killed
	work=$(mktemp -d "$1/work.XXXXXX")
	trap '[ -z "$work" ] || rm -rf "$work"' EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM
}
