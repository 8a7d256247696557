# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# To be sourced: packages of other suites, and source packages, through an apt configuration of our own, which is made from
# the machine's: the same mirrors and keys, in the directory $private_apt_dir. The machine's own configuration stays as it is.

# "1:7.2+dfsg-7+deb12u18" and "7.2.22" are of series 7.2.
series_of() {
	sed -E 's/^[0-9]+://; s/^([0-9]+\.[0-9]+).*/\1/' <<<"$1"
}

# The machine's source files that have an entry of Debian's; all of them if apt has no lists to tell by.
source_files() {
	local files
	# shellcheck disable=SC2016 # apt's variable
	files=$(apt-get indextargets 'Origin: Debian' --format '$(SOURCESENTRY)' 2>/dev/null | sed 's/:[0-9]*$//' | sort -u) ||
		true
	if [ -z "$files" ]; then
		files=$(find /etc/apt/sources.list /etc/apt/sources.list.d/ -type f \
			\( -name '*.list' -o -name '*.sources' \) 2>/dev/null | sort -u) || true
	fi
	echo "$files"
}

# write_entries TYPES: the machine's entries as entries of these types: the same mirrors, suites and keys.
write_entries() {
	local types=$1 into=$private_apt_dir/sources type file n=0
	mkdir -p "$into"
	source_files | while read -r file; do
		[ -f "$file" ] || continue
		n=$((n + 1))
		case $file in
		*.sources)
			sed -E "s/^[Tt]ypes:.*/Types: $types/" "$file" >"$into/$n.sources"
			;;
		*)
			for type in $types; do
				sed -nE "/[[:space:]]cdrom:/d; s/^[[:space:]]*deb(-src)?[[:space:]]/$type /p" "$file"
			done | sort -u >"$into/$n.list"
			;;
		esac
	done
}

# add_suite FROM TO: the entries once more, where they are of suite FROM, for suite TO.
add_suite() {
	local from=$1 to=$2 file
	for file in "$private_apt_dir"/sources/*; do
		[ -f "$file" ] || continue
		case $file in
		*-to-*) ;;
		*.sources)
			awk -v RS= -v ORS='\n\n' -v from="$from" -v to="$to" '
				$0 ~ "(^|\n)[Ss]uites:([^\n]* )?" from "( [^\n]*)?(\n|$)" {
					gsub(/(^|\n)[Ss]uites:[^\n]*/, "\nSuites: " to)
					print
				}' "$file" >"${file%.sources}-to-$to.sources"
			;;
		*.list)
			sed -nE "s/^(deb(-src)? (\[[^]]*\] )?[^ ]+) $from /\1 $to /p" "$file" >"${file%.list}-to-$to.list"
			;;
		esac
	done
}

private_apt() {
	local command=$1
	shift
	"$command" -q -o Dir::Etc::sourcelist=/dev/null -o Dir::Etc::sourceparts="$private_apt_dir/sources" \
		-o Dir::State::lists="$private_apt_dir/lists" -o Dir::Cache="$private_apt_dir/cache" \
		-o APT::Sandbox::User= -o Acquire::Languages=none "$@" </dev/null
}

# After write_entries and add_suite. A source that does not answer need not be the one that is needed: what is found
# afterwards shows whether it was. What apt said is in $private_apt_dir/log.
private_apt_update() {
	mkdir -p "$private_apt_dir/lists/partial" "$private_apt_dir/cache/archives/partial"
	private_apt apt-get update >"$private_apt_dir/log" 2>&1 || true
}

# The newest of the versions on standard input that is of this series.
newest_of_series() {
	local series=$1 version best=""
	while read -r version; do
		[ "$(series_of "$version")" = "$series" ] || continue
		if [ -z "$best" ] || dpkg --compare-versions "$version" gt "$best"; then
			best=$version
		fi
	done
	echo "$best"
}

# Nothing, where apt knows none.
newest_source() {
	{ private_apt apt-cache showsrc --only-source "$1" 2>/dev/null || true; } | sed -n 's/^Version: //p' | newest_of_series "$2"
}

newest_binary() {
	{ private_apt apt-cache show "$1" 2>/dev/null || true; } | sed -n 's/^Version: //p' | newest_of_series "$2"
}
