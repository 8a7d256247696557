# SPDX-License-Identifier: GPL-2.0
# bash completion for kvm-hpet

_kvm_hpet_qemus()
{
	local dir

	for dir in /proc/[0-9]*; do
		case $(readlink "$dir/exe" 2>/dev/null) in
		*qemu* | */kvm) echo "${dir#/proc/}" ;;
		esac
	done
}

_kvm_hpet_options()
{
	local policy="--driftfix --max-rate --max-backlog --ramp"

	case $1 in
	attach) echo "--pid --qmp --assume-reset $policy --dry-run --foreground --json --help" ;;
	detach) echo "--pid --qmp --all --force --json --help" ;;
	list | doctor) echo "--json --help" ;;
	stat) echo "--pid --id --all --json --prometheus --help" ;;
	top) echo "--pid --id --delay --count --all --json --help" ;;
	record) echo "--pid --id --output --delay --duration --draw --from --all --json --help" ;;
	save) echo "--pid --id --output --help" ;;
	load) echo "--pid --id --input --policies --help" ;;
	show) echo "--pid --id --json --help" ;;
	set) echo "--pid --id --timer $policy --json --help" ;;
	esac
}

_kvm_hpet()
{
	local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
	local words=""

	if [ "$COMP_CWORD" -eq 1 ]; then
		words="attach detach list stat top record show set save load doctor --help --version"
	else
		case $before in
		--pid) words=$(_kvm_hpet_qemus) ;;
		--qmp | --output | -o | --input | -i | --draw | --from)
			mapfile -t COMPREPLY < <(compgen -f -- "$word")
			return
			;;
		--driftfix) words="none discard delay merge slew catchup" ;;
		--max-rate | --max-backlog | --ramp | --id | --timer | --delay | -d | --count | -n | --duration) ;;
		*) words=$(_kvm_hpet_options "${COMP_WORDS[1]}") ;;
		esac
	fi
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}

complete -o filenames -F _kvm_hpet kvm-hpet
