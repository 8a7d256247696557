/* SPDX-License-Identifier: GPL-2.0 */
/*
 * /dev/kvm_hpet_floor: an in-kernel MMIO device that does nothing, for the VM
 * whose descriptor is the argument, until the device's descriptor is closed.
 */
#ifndef KVM_HPET_FLOOR_H
#define KVM_HPET_FLOOR_H

#include <linux/ioctl.h>

#define FLOOR_BASE	0xfed00000ULL
#define FLOOR_SIZE	0x400
/* What every read gives, so that a guest can tell whom it measures. */
#define FLOOR_VALUE	0x00c0ffeeU

#define FLOOR_ATTACH	_IO(0xBF, 0)

#endif /* KVM_HPET_FLOOR_H */
