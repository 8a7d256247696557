/* SPDX-License-Identifier: GPL-2.0 */
/* The tick-counting guest under QEMU, and what it has counted so far. */
#ifndef DEMO_GUEST_H
#define DEMO_GUEST_H

#include <stdint.h>
#include <sys/types.h>

struct guest_files {
	const char *kernel, *initrd;
	const char *append;	/* more for the guest's command line */
};

/* The monitor left for kvm-hpet: a socket of QEMU's serves one client. */
#define GUEST_QMP_TOOL	"/tmp/drift-qmp-tool"

/* Starts QEMU, and in it nothing yet; returns its process. */
pid_t guest_start(const struct guest_files *files);

/* Lets the guest boot, and returns when it counts ticks. */
void guest_boot(void);

/* Guest time in ns, 4 ms for each tick it has seen. */
uint64_t guest_time(void);

/* The host's time stamp counter when the guest saw its last tick. */
uint64_t guest_last_tick(void);

/* What KVM adds to the host's time stamp counter to make the guest's. */
long long guest_tsc_offset(void);

/* Ends guest and QEMU; leaves what the guest has counted in file "ring". */
void guest_end(void);

#endif /* DEMO_GUEST_H */
