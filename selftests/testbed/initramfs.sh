# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# The test host's initramfs, for sourcing by selftests/testbed/run: several uncompressed cpio archives one after the other,
# which the kernel unpacks into one tree.  In each of them names lie in /usr, as in Debian; the base has the links
# /bin, /lib and so on.  The caller sets $here, the directory of
# this file, $boot_image, the kernel, $modules, its modules, $signed, if they are to stay signed, and $kvm_module, which of them
# is KVM for L1's CPU.
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
	# A static one has none.
	{ ldd "$file" 2>/dev/null | grep -o '/[^ ]*' || true; } | while read -r library; do
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

# Checking the signature of a module of Debian's takes the emulated CPU seconds, and proves nothing here: cut it off. It is
# the end of the file: signature, 12 bytes of which the last 4 say how long that is (big-endian), 28 bytes of a mark.
cut_signature() {
	local file=$1 length
	[ "$(tail -c 28 "$file" | tr -d '\0')" = "~Module signature appended~" ] || return 0
	length=$((16#$(tail -c 32 "$file" | head -c 4 | od -An -tx1 | tr -d ' \n')))
	truncate -s "-$((length + 12 + 28))" "$file"
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
	[ -n "$signed" ] || cut_signature "$stage$name"
	echo "$name" >>"$stage/testbed/$list.list"
}

# The kernel proper out of a bzImage: the emulated CPU would take seconds to unpack it, and can start it as it is (PVH).
# The boot protocol says where it lies: number of set-up sectors at 0x1f1, offset and length of the payload at 0x248.
extract_vmlinux() {
	local from=$1 to=$2 sectors offset length packed=$2.packed
	sectors=$(od -An -tu1 -j $((0x1f1)) -N 1 "$from")
	offset=$(od -An -tu4 -j $((0x248)) -N 4 "$from")
	length=$(od -An -tu4 -j $((0x24c)) -N 4 "$from")
	tail -c +$(((sectors + 1) * 512 + offset + 1)) "$from" | head -c $((length - 4)) >"$packed"
	case $(head -c 4 "$packed" | od -An -tx1 | tr -d ' ') in
	fd377a58) xz -dc --single-stream "$packed" ;;
	28b52ffd) zstd -qdc "$packed" ;;
	1f8b*) gzip -dc "$packed" ;;
	esac >"$to" || true
	rm -f "$packed"
	is_elf "$to"
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

# Busybox, and the places where everything else goes.
busybox_layer() {
	local stage=$1 dir name
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
}

base_layer() {
	local stage=$1
	busybox_layer "$stage"
	install -m 755 "$here/init" "$stage/init"
	add_kernel_modules "$stage" kvm "$modules" "$kvm_module"
	add_kernel_modules "$stage" virtio "$modules" virtio_pci virtio_console
}

# What -M pc and -M q35 ask for.
firmware=(/usr/share/qemu/{kvmvapic,linuxboot,linuxboot_dma,multiboot,multiboot_dma,pvh}.bin
	/usr/share/seabios/{bios,bios-256k,vgabios-stdvga}.bin /usr/lib/ipxe/qemu/efi-e1000{,e}.rom)

# Debian's QEMU, for L2.
qemu_layer() {
	local stage=$1 file
	add "$stage" "$(command -v qemu-system-x86_64)" /usr/bin/qemu-system-x86_64
	for file in "${firmware[@]}"; do
		add "$stage" "$file"
	done
}

# L1's kernel, for L2.
kernel_layer() {
	add "$1" "$boot_image" /boot/vmlinux
}
