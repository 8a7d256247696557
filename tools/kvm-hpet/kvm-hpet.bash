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

_kvm_hpet_domains()
{
	local file

	for file in /run/libvirt/qemu/*.pid; do
		[ -e "$file" ] && basename "$file" .pid
	done
}

_kvm_hpet_options()
{
	local policy="--driftfix --max-rate --max-backlog --ramp"

	case $1 in
	attach) echo "--pid --domain --qmp --assume-reset $policy --dry-run --foreground --json --help" ;;
	detach) echo "--pid --domain --qmp --all --force --json --help" ;;
	list | doctor) echo "--json --help" ;;
	stat) echo "--pid --domain --id --all --json --prometheus --help" ;;
	top) echo "--pid --domain --id --delay --count --all --json --help" ;;
	record) echo "--pid --domain --id --output --delay --duration --draw --from --all --json --help" ;;
	save) echo "--pid --domain --id --output --json --help" ;;
	load) echo "--pid --domain --id --input --policies --json --help" ;;
	show) echo "--pid --domain --id --json --help" ;;
	set) echo "--pid --domain --id --timer $policy --json --help" ;;
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
		--domain) words=$(_kvm_hpet_domains) ;;
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
