/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A block in a simulated host with a simulated guest: host timers that fire
 * late, a worker that is held up between any two of its steps, an interrupt
 * controller, and a guest that takes and acknowledges interrupts when it likes.
 * The block is driven as kvm_hpet/mmio.c, timers.c, deliver.c and descriptor.c
 * drive it. All from one seed.
 */
#ifndef _WORLD_H
#define _WORLD_H

#include "core_test.h"
#include "hpet_block.h"

#define WORLD_TIMERS	3
#define WORLD_PINS	24
/* As in deliver.c. */
#define WORLD_BUDGET	(2 * HPET_MAX_TIMERS)
#define WORLD_MIN_NS	100000ULL

enum { STAGE_IDLE, STAGE_NEXT, STAGE_TAKEN, STAGE_SENT };

/**
 * struct pin - a line or a message, as the interrupt controllers see it
 * @pic: a merged edge is told (result 0); else it is not
 * @masked: by the guest
 * @irr: pending
 * @isr: in service until @eoi_at
 * @level: a level-triggered line that is up
 * @take_at: when the guest takes it, once pending
 * @eoi_at: when it sends the end of interrupt
 * @seen: interrupts taken
 * @sent: pulses
 */
struct pin {
	bool pic;
	bool masked;
	bool irr;
	bool isr;
	bool level;
	u64 take_at;
	u64 eoi_at;
	u64 seen;
	u64 sent;
};

/**
 * struct world - all of it
 * @b: the block
 * @rng: what happens
 * @now: the world's time, ns
 * @offset: the block's clock is ahead of it by this much
 * @deadline: of each host timer, the block's clock
 * @fire_at: when it really fires
 * @work_at: when the worker runs, HPET_NEVER: not queued
 * @stage: of the delivery under way
 * @stage_at: when it goes on
 * @budget: what it may still deliver
 * @d: what it delivers
 * @ret: what became of it
 * @lines: level-triggered lines as applied
 * @pin: by GSI; then one for each timer's messages
 * @irqs_off_until: the guest takes nothing
 * @late_ns: a host timer is at most this late
 * @work_ns: the worker at most this
 * @gap_ns: each step of a delivery at most this
 * @take_ns: the guest takes an interrupt within this
 * @eoi_ns: and needs at most this for it
 * @op_ns: it does something else at most this much later; 0: never
 * @op_at: when it does so next
 * @op: what
 * @check: called after each event
 * @masks: the guest masks a line while it handles its interrupt, as Linux with
 *	a PIC
 * @latest_ns: the most that @late_ns was
 * @fired: host timers that fired
 * @taken: injections of timer 0
 * @log: the last of them, the world's time
 */
struct world {
	struct hpet_block b;
	struct rng rng;
	u64 now;
	u64 offset;
	u64 deadline[WORLD_TIMERS];
	u64 fire_at[WORLD_TIMERS];
	u64 work_at;
	int stage;
	u64 stage_at;
	unsigned int budget;
	struct ticker_delivery d;
	int ret;
	u32 lines;
	struct pin pin[WORLD_PINS + WORLD_TIMERS];
	u64 irqs_off_until;
	u64 late_ns;
	u64 work_ns;
	u64 gap_ns;
	u64 take_ns;
	u64 eoi_ns;
	u64 op_ns;
	u64 op_at;
	void (*op)(struct world *w);
	void (*check)(struct world *w);
	bool masks;
	u64 latest_ns;
	u64 fired;
	u64 taken;
	u64 log[256];
};

/* A block with three timers, all capabilities, in reset state. */
void world_init(struct world *w, u64 seed);

/* The same policy for all timers. */
void world_policy(struct world *w, u32 policy, u32 max_rate, u32 ramp,
		  u64 max_backlog_ns);

/* What a guest or the VMM does, at this moment. */
void world_w64(struct world *w, u32 offset, u64 val);
void world_w32(struct world *w, u32 offset, u32 val);
u64 world_r64(struct world *w, u32 offset);
void world_pause(struct world *w, bool paused);
void world_reset(struct world *w);
void world_mask(struct world *w, u32 gsi, bool masked);

/* Has the host timers follow and delivers what is ready, after a change from outside. */
void world_update(struct world *w);

/* Lets time pass. */
void world_run(struct world *w, u64 ns);

/* From now on the guest takes its interrupts and nobody is held up for long. */
void world_calm_down(struct world *w);

/* True if the worker has nothing to do and nothing is half delivered. */
bool world_at_rest(const struct world *w);

static inline u64 world_clock(const struct world *w)
{
	return w->now + w->offset;
}

#endif /* _WORLD_H */
