#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck source-path=SCRIPTDIR
#
# make install and make uninstall, into a directory: what is there, that it works from there, that nothing is left.

cd "$(dirname "$0")" || exit 1
. ./tap.sh
root=$(cd ../.. && pwd)
kernel=$(find /usr/src -maxdepth 1 -name 'linux-headers-*-amd64' | sort -V | tail -n 1)

# What is there is installed: nothing is built.
run_make() {
	capture make -s -C "$root" -o all -o kvm-hpet KDIR="$kernel" DESTDIR="$tap_dir/dest" "$@"
}

files() {
	(cd "$tap_dir/dest" && find . ! -type d | sort)
}

for prefix in /usr/local /usr; do
	rm -rf "$tap_dir/dest"
	mkdir "$tap_dir/dest"
	if [ -e "$root/kvm_hpet.ko" ]; then
		run_make install PREFIX=$prefix
		explained "$status" "$prefix: make install"
		[ "$(files | grep -c '/lib/modules/.*/kvm_hpet\.ko')" = 1 ]
		result $? "$prefix: the module"
	else
		skip "$prefix: make install" 'the module is not built'
		run_make install-tool PREFIX=$prefix
		explained "$status" "$prefix: make install-tool"
	fi
	case $prefix in /usr) rules=/usr/lib ;; *) rules=/etc ;; esac
	for file in $prefix/bin/kvm-hpet $prefix/share/man/man1/kvm-hpet.1 $prefix/share/bash-completion/completions/kvm-hpet \
		$prefix/include/linux/kvm_hpet.h $prefix/share/pkgconfig/kvm_hpet.pc $rules/udev/rules.d/60-kvm-hpet.rules \
		/etc/libvirt/hooks/qemu.d/kvm-hpet $prefix/share/kvm-hpet/bpftrace/kvm-hpet-lost.bt; do
		[ -s "$tap_dir/dest$file" ]
		result $? "$prefix: $file"
	done
	capture "$tap_dir/dest$prefix/bin/kvm-hpet" --version
	expect 0 '' "$prefix: the tool runs"
	capture "$tap_dir/dest/etc/libvirt/hooks/qemu.d/kvm-hpet" vm prepare begin -
	expect 0 '' "$prefix: the hook runs"
	capture env PKG_CONFIG_PATH="$tap_dir/dest$prefix/share/pkgconfig" pkg-config --variable=prefix kvm_hpet
	expect_out "^$prefix\$" "$prefix: pkg-config knows where the header is"
	run_make uninstall PREFIX=$prefix
	explained "$status" "$prefix: make uninstall"
	files | grep -v '/modules\.[a-z.]*$' >"$tap_dir/left"
	[ ! -s "$tap_dir/left" ]
	result $? "$prefix: nothing is left"
	sed 's/^/# /' "$tap_dir/left"
done

done_testing
