/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the benchmarks need in the host's kernel; no part of kvm_hpet.
 *
 * /dev/kvm_hpet_floor: an in-kernel MMIO device that does nothing, for the VM
 * whose descriptor is the argument, until the device's descriptor is closed.
 *
 * /dev/kvm_hpet_watch: how busy the host is, and how long each of kvm_hpet's
 * interrupts takes from the host timer's function to KVM's local APIC.
 */
#ifndef KVM_HPET_BENCH_H
#define KVM_HPET_BENCH_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define FLOOR_BASE	0xfed00000ULL
#define FLOOR_SIZE	0x400
/* What every read gives, so that a guest can tell whom it measures. */
#define FLOOR_VALUE	0x00c0ffeeU

#define FLOOR_ATTACH	_IO(0xBF, 0)

/**
 * struct watch_busy - answer of WATCH_BUSY
 * @ns: since the host's start, ns of its clock
 * @tsc: time stamp counter at that moment
 * @idle: for so many of its cycles the host's first CPU stood still, since the
 *	module was loaded
 */
struct watch_busy {
	__u64 ns;
	__u64 tsc;
	__u64 idle;
};

#define WATCH_BUSY	_IOR(0xBF, 1, struct watch_busy)
/* Forgets the interrupts so far, and sees those to come while it is open. */
#define WATCH_RESET	_IO(0xBF, 2)

/* Interrupts that are remembered; read() gives them as an array of these. */
#define WATCH_MAX	4096

/**
 * struct watch_interrupt - one interrupt, in cycles of the time stamp counter
 * @late_ns: from the deadline to the host timer's function, ns
 * @cycles: from there to where KVM's local APIC accepts it (kvm_apic_accept_irq)
 */
struct watch_interrupt {
	__u64 late_ns;
	__u64 cycles;
};

#ifdef __KERNEL__
int floor_init(void);
void floor_exit(void);
int watch_init(void);
void watch_exit(void);
#endif

#endif /* KVM_HPET_BENCH_H */
