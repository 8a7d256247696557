/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A block of timers whose ticks are not lost: the registers of hpet_model.h,
 * each timer's matches handed to a struct lost_ticks, and what that lets out
 * handed on as interrupts to deliver. Still without clock and calls.
 *
 * The order of every event is the same: bring the block up to the time of the
 * event with what it was, then let the event change it, then ask what follows:
 * hpet_block_take(), hpet_block_lines(), hpet_block_deadline().
 *
 * Context: any; the caller serialises all calls for one block.
 */
#ifndef _HPET_BLOCK_H
#define _HPET_BLOCK_H

#include "hpet_model.h"
#include "lost_ticks.h"

/**
 * struct hpet_block - the block
 * @m: registers, counter, comparators
 * @ticks: what becomes of each timer's matches
 * @looked_ns: when a match of the timer was last noticed
 * @min_interval_ns: least time between two looks at a periodic timer
 * @paused_ns: with guest time paused: since when
 * @enabled: timers (bit mask) with INT_ENB: no other is delivered or drives a line.
 *	Guests use one or two of theirs, and a tick looks at each several times
 * @messages: of these, the ones that send messages
 * @dropped: lines (bit mask of GSIs) to be lowered before they are raised again
 * @gsi: the line that each timer drove last
 */
struct hpet_block {
	struct hpet_model m;
	struct lost_ticks ticks[HPET_MAX_TIMERS];
	u64 looked_ns[HPET_MAX_TIMERS];
	u64 min_interval_ns;
	u64 paused_ns;
	u32 enabled;
	u32 messages;
	u32 dropped;
	s8 gsi[HPET_MAX_TIMERS];
};

/**
 * struct hpet_delivery - an interrupt to be delivered
 * @timer: whose
 * @seq: for hpet_block_result()
 * @fsb: true: the message @msi_address, @msi_data; false: a pulse on @gsi
 * @gsi: the line
 * @msi_address: message address
 * @msi_data: message data
 */
struct hpet_delivery {
	u32 timer;
	u32 seq;
	bool fsb;
	u32 gsi;
	u32 msi_address;
	u32 msi_data;
};

/**
 * hpet_block_init() - reset state, policy discard, counters 0
 * @b: the block, whose model's capabilities are set
 * @min_interval_ns: see struct hpet_block
 */
void hpet_block_init(struct hpet_block *b, u64 min_interval_ns);

/**
 * hpet_block_advance() - brings all timers up to a time
 * @b: the block
 * @now: time, ns
 */
void hpet_block_advance(struct hpet_block *b, u64 now);

/**
 * hpet_block_advance_enabled() - brings those up to a time that somebody may hear
 * @b: the block
 * @now: time, ns
 *
 * Enough for what follows a tick. Before somebody looks at registers or
 * statistics hpet_block_advance() does the others.
 */
void hpet_block_advance_enabled(struct hpet_block *b, u64 now);

/**
 * hpet_block_read() - a guest reads a register
 * @b: the block
 * @now: time, ns
 * @offset: in the block
 * @len: bytes
 *
 * Return: as hpet_model_read().
 */
u64 hpet_block_read(struct hpet_block *b, u64 now, u32 offset,
		    unsigned int len);

/**
 * hpet_block_write() - a guest writes a register
 * @b: the block
 * @now: time, ns
 * @offset: in the block
 * @len: bytes
 * @val: the value
 *
 * Return: true if LEG_RT_CNF changed, which the VMM must learn.
 */
bool hpet_block_write(struct hpet_block *b, u64 now, u32 offset,
		      unsigned int len, u64 val);

/**
 * hpet_block_sync() - the model was changed from outside: let the ticks follow
 * @b: the block, brought up to now
 */
void hpet_block_sync(struct hpet_block *b);

/**
 * hpet_block_matched() - timers match at this moment
 * @b: the block
 * @timers: bit mask
 */
void hpet_block_matched(struct hpet_block *b, u32 timers);

/**
 * hpet_block_reset() - reset state; policy and counters stay
 * @b: the block
 * @now: time, ns
 */
void hpet_block_reset(struct hpet_block *b, u64 now);

/**
 * hpet_block_pause() - stops or continues guest time
 * @b: the block
 * @now: time, ns
 * @paused: true: stop
 */
void hpet_block_pause(struct hpet_block *b, u64 now, bool paused);

/**
 * hpet_block_guest_now() - the time that the guest's clocks have reached
 * @b: the block
 * @now: time, ns
 *
 * Return: @now, or while guest time is paused the time since when it is.
 */
static inline u64 hpet_block_guest_now(const struct hpet_block *b, u64 now)
{
	return b->m.paused ? b->paused_ns : now;
}

/**
 * hpet_block_set_params() - another policy for one timer
 * @b: the block
 * @now: time, ns
 * @n: the timer
 * @params: valid parameters
 */
void hpet_block_set_params(struct hpet_block *b, u64 now, unsigned int n,
			   const struct lost_ticks_params *params);

/**
 * hpet_block_ack() - the guest has acknowledged an interrupt
 * @b: the block
 * @now: time, ns
 * @gsi: the line it came by
 */
void hpet_block_ack(struct hpet_block *b, u64 now, u32 gsi);

/**
 * hpet_block_unmasked() - the guest has unmasked a line at an interrupt controller
 * @b: the block
 * @now: time, ns
 * @gsi: the line
 */
void hpet_block_unmasked(struct hpet_block *b, u64 now, u32 gsi);

/**
 * hpet_block_ready() - is there anything to deliver
 * @b: the block, brought up to @now
 * @now: time, ns
 * @applied: lines that are up
 *
 * Return: true if hpet_block_take() or the lines have something to do.
 */
bool hpet_block_ready(const struct hpet_block *b, u64 now, u32 applied);

/**
 * hpet_block_take() - takes an interrupt out for delivery
 * @b: the block, brought up to @now
 * @now: time, ns
 * @fsb_only: only messages, which can be sent from any context
 * @d: the interrupt; hpet_block_result() must follow
 *
 * Level-triggered timers that are to be heard set their status bit here; that
 * shows in hpet_block_lines().
 *
 * Return: false if there is none.
 */
bool hpet_block_take(struct hpet_block *b, u64 now, bool fsb_only,
		     struct hpet_delivery *d);

/**
 * hpet_block_result() - what became of it
 * @b: the block
 * @d: from hpet_block_take()
 * @result: as of kvm_set_irq()
 */
void hpet_block_result(struct hpet_block *b, const struct hpet_delivery *d,
		       int result);

/**
 * hpet_block_quiet() - is nothing being injected
 * @b: the block
 *
 * Return: false between hpet_block_take() and hpet_block_result().
 */
bool hpet_block_quiet(const struct hpet_block *b);

/**
 * hpet_block_lines() - lines that level-triggered timers hold up
 * @b: the block
 *
 * Return: bit mask of GSIs.
 */
u32 hpet_block_lines(const struct hpet_block *b);

/* Goes through the timers of a bit mask. */
#define hpet_for_each_timer(n, mask)					\
	for (u32 left_ = (mask);					\
	     left_ && (((n) = __builtin_ctz(left_)), true);		\
	     left_ &= left_ - 1)

/* As hpet_block_deadline(), of a timer that is audible. */
u64 hpet_block_audible_deadline(const struct hpet_block *b, unsigned int n,
				u64 now);

/**
 * hpet_block_deadline() - when a timer needs a look
 * @b: the block, brought up to @now
 * @n: the timer
 * @now: time, ns
 *
 * Return: time, ns; HPET_NEVER while nobody listens, and while the block waits
 * for something else that will be reported to it.
 */
static inline u64 hpet_block_deadline(const struct hpet_block *b,
				      unsigned int n, u64 now)
{
	/* Asked for every timer at every event, and most are not in use. */
	return hpet_timer_audible(&b->m, n) ?
	       hpet_block_audible_deadline(b, n, now) : HPET_NEVER;
}

#endif /* _HPET_BLOCK_H */
