#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck source-path=SCRIPTDIR
#
# The hook for libvirt by its calling convention, with another kvm-hpet: what it makes of a domain's XML. With a real
# libvirtd: testbed-libvirt.

cd "$(dirname "$0")" || exit 1
. ./tap.sh
hook=../../contrib/libvirt/kvm-hpet
export KVM_HPET=$tap_dir/kvm-hpet TEST_OUT=$tap_dir/called
# shellcheck disable=SC2016 # that shell expands it
printf '#!/bin/sh\nprintf "<%%s>" "$@" >"$TEST_OUT"\n' >"$KVM_HPET"
chmod +x "$KVM_HPET"
socket="<qemu:commandline><qemu:arg value='-qmp'/><qemu:arg value='unix:/run/x.qmp,server=on,wait=off'/></qemu:commandline>"

# call OPERATION SUBOPERATION XML: the hook, as libvirt calls it
call() {
	rm -f "$TEST_OUT"
	status=0
	"$hook" 'a domain' "$1" "$2" - >"$out" 2>"$err" <<<"$3" || status=$?
}

domain() {
	echo "<domain type='kvm' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'><name>a domain</name>
		<clock offset='utc'><timer name='rtc' tickpolicy='delay'/>$1</clock>$2</domain>"
}

hpet() {
	domain "<timer name='hpet' present='yes' $1" "$socket"
}

# calls EXPECTED NAME: what kvm-hpet was called with, or nothing; and the domain lives in any case
calls() {
	[ "$status" = 0 ] && [ ! -s "$out" ] && [ ! -s "$err" ] && [ "$(cat "$TEST_OUT" 2>/dev/null)" = "$1" ]
	set -- $? "$2"
	explained "$1" "$2"
	[ "$1" = 0 ] || sed 's/^/# called with: /' "$TEST_OUT" 2>/dev/null
}

attach='<attach><--domain><a domain><--driftfix>'
for pair in catchup:slew delay:delay merge:merge discard:discard; do
	call started begin "$(hpet "tickpolicy='${pair%:*}'/>")"
	calls "$attach<${pair#*:}>" "tickpolicy ${pair%:*}"
done
catchup() {
	hpet "tickpolicy='catchup'><catchup $1/></timer>"
}
call started begin "$(catchup "threshold='123' slew='120' limit='10000'")"
calls "$attach<slew><--max-rate><1><--max-backlog><10000ms>" 'catchup: slew and limit'
for pair in 101:1 200:1 201:2 300:2 1100:10 10100:100 999999:100; do
	call started begin "$(catchup "slew='${pair%:*}'")"
	calls "$attach<slew><--max-rate><${pair#*:}>" "catchup: slew ${pair%:*}"
done
call started begin "$(catchup "limit='0'")"
calls "$attach<slew><--max-backlog><0ms>" 'catchup: limit 0'
call started begin "$(catchup "limit='99999999'")"
calls "$attach<slew><--max-backlog><3600000ms>" 'catchup: a limit that is more than there can be'
call started begin "$(hpet "tickpolicy='delay'><catchup slew='300'/></timer>")"
calls "$attach<delay>" 'catchup counts with its policy only'

for bad in "slew='100'" "slew='-1'" "slew='x'" "limit='1e3'" "limit=''" "limit='9999999999999999'"; do
	call started begin "$(catchup "$bad")"
	calls '' "catchup $bad: not attached"
done
call started begin "$(hpet "tickpolicy='fast'/>")"
calls '' 'an unknown tickpolicy'
call started begin "$(hpet "/>")"
calls '' 'no tickpolicy'
call started begin "$(domain "<timer name='hpet' present='no' tickpolicy='catchup'/>" "$socket")"
calls '' 'no HPET'
call started begin "$(domain '' "$socket")"
calls '' 'no timer hpet'
call started begin "$(domain "<timer name='hpet' present='yes' tickpolicy='catchup'/>" '')"
calls '' 'no QMP socket'
call started begin '<domain'
calls '' 'no XML'
call started begin ''
calls '' 'nothing on stdin'
for operation in 'prepare begin' 'start begin' 'stopped end' 'release end' 'migrate begin' 'restore begin' 'reconnect begin' \
	'started end'; do
	# shellcheck disable=SC2086 # words
	call $operation "$(catchup "slew='300'")"
	calls '' "$operation: none of its business"
done
printf '#!/bin/sh\necho no >&2; exit 1\n' >"$KVM_HPET"
call started begin "$(catchup "slew='300'")"
calls '' 'what fails does not end the domain'
KVM_HPET=/nonexistent
call started begin "$(catchup "slew='300'")"
calls '' 'without the tool neither'

done_testing
