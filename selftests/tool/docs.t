#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck source-path=SCRIPTDIR
#
# The man page and the completion: they render and load without a complaint,
# and name every command and option that the tool has.

cd "$(dirname "$0")" || exit 1
. ./tap.sh
dir=../../tools/kvm-hpet
tool=${KVM_HPET:-$dir/kvm-hpet}
page=$tap_dir/page

if command -v man >/dev/null; then
	capture env LC_ALL=C.UTF-8 MANROFFSEQ='' MANWIDTH=80 man --warnings -E UTF-8 -l -Tutf8 -Z "$dir/kvm-hpet.1"
	expect 0 '' 'the man page renders without a warning'
	MANWIDTH=80 man -l "$dir/kvm-hpet.1" 2>/dev/null | col -b >"$page"
	! LC_ALL=C.UTF-8 grep -q '.\{81\}' "$page"
	result $? 'the man page fits into 80 columns'
else
	skip 'the man page' 'no man'
	sed 's/\\//g' "$dir/kvm-hpet.1" >"$page"
fi

capture bash -n "$dir/kvm-hpet.bash"
expect 0 '' 'the completion parses'
# shellcheck source=../../tools/kvm-hpet/kvm-hpet.bash
. "$dir/kvm-hpet.bash" 2>"$err"
result $? 'the completion loads'

# complete_line WORD...: what the completion offers for the last word
complete_line() {
	COMP_WORDS=("$@")
	COMP_CWORD=$(($# - 1))
	COMPREPLY=()
	_kvm_hpet
	printf '%s\n' "${COMPREPLY[@]}"
}

commands=$("$tool" --help | sed -n 's/^  \([a-z]*\)  .*/\1/p')
[ "$(complete_line kvm-hpet '' | grep -v -e --)" = "$commands" ]
result $? 'the completion knows all commands'
for command in $commands; do
	options=$("$tool" "$command" --help | grep -o '^  .\{4\}--[a-z-]*\|^  -[a-z], --[a-z]*' | grep -o -e '--.*' | sort)
	[ "$(complete_line kvm-hpet "$command" '' | sort)" = "$options" ]
	result $? "the completion knows the options of $command"
	missing=
	for option in $options; do
		grep -q -e "$option" "$page" || missing="$missing $option"
	done
	[ -z "$missing" ]
	result $? "the man page has the options of $command${missing:+, but not$missing}"
done
[ "$(complete_line kvm-hpet set --driftfix s)" = slew ]
result $? 'the completion knows policies'

done_testing
