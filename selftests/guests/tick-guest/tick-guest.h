/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the tick-counting guest writes and its observer on the host reads: one
 * page range of memory that both see (QEMU's ivshmem-plain), so that a sample costs
 * the guest no exit and cannot disturb what is measured.
 */
#ifndef TICK_GUEST_H
#define TICK_GUEST_H

#include <stdint.h>

#define TICK_GUEST_MAGIC	0x4b434954u	/* "TICK" */
#define TICK_GUEST_MEMORY	"16M"
#define TICK_GUEST_SIZE		(16u << 20)

/* struct tick_ring.state, set by the guest, and .wish, set by the observer */
#define TICK_GUEST_COUNTING	1u
#define TICK_GUEST_STOP		2u

struct tick_sample {
	uint64_t guest_ns;	/* by the ticks it has seen, 4 ms for each of the HPET */
	uint64_t tsc;		/* the guest's time stamp counter just after */
};

/*
 * The guest fills sample[count] and only then raises count; it stops when the
 * array is full (about 69 minutes).
 */
struct tick_ring {
	uint32_t magic;
	uint32_t state;
	uint32_t wish;
	uint32_t reserved;
	uint64_t count;
	struct tick_sample sample[];
};

#define TICK_GUEST_SAMPLES \
	((TICK_GUEST_SIZE - sizeof(struct tick_ring)) / sizeof(struct tick_sample))

#endif /* TICK_GUEST_H */
