/* SPDX-License-Identifier: GPL-2.0 */
/* The tick-counting guest under QEMU, and what it has counted so far. */
#ifndef DEMO_GUEST_H
#define DEMO_GUEST_H

#include <stdint.h>
#include <sys/types.h>

struct guest_setup {
	const char *kernel, *initrd;
	const char *append;	/* more for the guest's command line */
	const char *timer;	/* whose ticks the guest counts: "hpet", "pit", "rtc"; "pit-vmm": of drift/pit-vmm */
	const char *qemu;	/* or pit-vmm, which wants nothing of the above */
	int busy;		/* for pit-vmm: its guest wants all of the CPU */
	const char *options;	/* more for QEMU, words with one space between */
};

/* Complains and returns -1 if there is no such timer. */
int guest_check(const struct guest_setup *setup);

/* The monitor left for kvm-hpet: a socket of QEMU's serves one client. */
#define GUEST_QMP_TOOL	"/tmp/drift-qmp-tool"

/* Starts QEMU, and in it nothing yet; returns its process. */
pid_t guest_start(const struct guest_setup *setup);

/* Lets the guest boot, and returns when it counts ticks. */
void guest_boot(void);

/* Guest time in ns, as much for each tick it has seen as the guest takes it for. */
uint64_t guest_time(void);

/* The host's time stamp counter when the guest saw its last tick. */
uint64_t guest_last_tick(void);

/* What KVM adds to the host's time stamp counter to make the guest's. */
long long guest_tsc_offset(void);

/* Ends guest and QEMU; leaves what the guest has counted in file "ring". */
void guest_end(void);

#endif /* DEMO_GUEST_H */
