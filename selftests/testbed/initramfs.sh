# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# The test host's initramfs, for sourcing by selftests/testbed/run: several uncompressed cpio archives one after the other,
# which the kernel unpacks into one tree.  In each of them names lie in /usr, as in Debian; the base has the links
# /bin, /lib and so on.  $here is the directory of this file.
# shellcheck disable=SC2154

# Where a file of the caller's lands: a directory must not appear under the name of one of those links.
l1_path() {
	case $1 in
	/bin/* | /sbin/* | /lib/* | /lib64/*) echo "/usr$1" ;;
	/*) echo "$1" ;;
	*) echo "/$1" ;;
	esac
}

is_elf() {
	[ "$(head -c 4 "$1" | tr -d '\0')" = $'\x7fELF' ]
}

# The shared libraries and the loader of a dynamic ELF file, under their own names.
add_libraries() {
	local stage=$1 file=$2 library to
	is_elf "$file" || return 0
	{ ldd "$file" 2>/dev/null || true; } | grep -o '/[^ ]*' | while read -r library; do
		to=$stage$(l1_path "$library")
		[ -e "$to" ] || install -D -m 755 "$library" "$to"
	done
}

# A file or a whole directory, with the libraries that its programs need.
add() {
	local stage=$1 from=$2 to file
	to=$stage$(l1_path "${3:-$2}")
	mkdir -p "$(dirname "$to")"
	cp -rL --preserve=mode -T "$from" "$to"
	find "$to" -type f -perm /111 | while read -r file; do
		add_libraries "$stage" "$file"
	done
}

# Nothing of the time or place of packing is in the archive: exact runs have to find the same bytes.
pack() {
	(
		cd "$1" || exit
		find . -mindepth 1 -exec touch -h -d @0 {} +
		find . -mindepth 1 -print0 | LC_ALL=C sort -z |
			cpio --null --create --format=newc --reproducible --owner=0:0 --quiet
	) >"$2"
}

# A kernel module under /modules, uncompressed, and its name into a list.
add_module() {
	local stage=$1 list=$2 from=$3 name
	name=$(basename "$from")
	name=/modules/${name%.[gxz]*}
	case $from in
	*.xz) xz -dc "$from" ;;
	*.zst) zstd -qdc "$from" ;;
	*.gz) gzip -dc "$from" ;;
	*) cat "$from" ;;
	esac >"$stage$name"
	echo "$name" >>"$stage/testbed/$list.list"
}

# Modules by name with all that they need, in loading order; what is built into the kernel is left out.
add_kernel_modules() {
	local stage=$1 list=$2 modules=$3 name path
	shift 3
	: >"$stage/testbed/$list.list"
	for name; do
		modprobe -C /dev/null -d "${modules%/lib/modules/*}/" -S "${modules##*/}" --show-depends "$name" |
			sed -n 's/^insmod \([^ ]*\).*/\1/p'
	done | awk '!seen[$0]++' | while read -r path; do
		add_module "$stage" "$list" "$path"
	done
}

base_layer() {
	local stage=$1 modules=$2 dir
	mkdir -p "$stage"/usr/{bin,sbin,lib,lib64,share} "$stage"/{dev,proc,sys,etc,modules,testbed}
	for dir in bin sbin lib lib64; do
		ln -s "usr/$dir" "$stage/$dir"
	done
	cp -L "$(command -v busybox)" "$stage/usr/bin/busybox"
	busybox --list | while read -r name; do
		[ "$name" = busybox ] || ln -s busybox "$stage/usr/bin/$name"
	done
	echo root:x:0:0:root:/root:/bin/sh >"$stage/etc/passwd"
	echo root:x:0: >"$stage/etc/group"
	install -m 755 "$here/init" "$stage/init"
	add_kernel_modules "$stage" kvm "$modules" kvm-amd
	add_kernel_modules "$stage" virtio "$modules" virtio_pci virtio_console
}

# Debian's QEMU for L2, and the firmware that -M pc and -M q35 ask for.
qemu_layer() {
	local stage=$1 firmware
	add "$stage" "$(command -v qemu-system-x86_64)" /usr/bin/qemu-system-x86_64
	for firmware in /usr/share/qemu/{kvmvapic,linuxboot,linuxboot_dma,multiboot,multiboot_dma,pvh}.bin \
		/usr/share/seabios/{bios,bios-256k,vgabios-stdvga}.bin /usr/lib/ipxe/qemu/efi-e1000{,e}.rom; do
		[ ! -e "$firmware" ] || add "$stage" "$firmware"
	done
}
