/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The ticks of a timer device: each timer's handed to a struct lost_ticks, and
 * what that lets out handed on as interrupts to deliver. Nothing here knows
 * registers: the device, hpet_block.h or tick_source.h, says when the next tick of
 * a timer falls due, by which way it goes out and whether anybody hears it, and
 * says so again whenever that changes. Still without clock and calls.
 *
 * The order of every event is the same: bring the timers up to the time of the
 * event with what they were, then let the event change them, then ask what
 * follows: ticker_take(), ticker_lines(), ticker_deadline().
 *
 * Context: any; the caller serialises all calls for one device.
 */
#ifndef _TICKER_H
#define _TICKER_H

#include "lost_ticks.h"

#define TICKER_MAX_TIMERS	32

struct ticker;

/**
 * struct ticker_ops - what a timer device does itself
 * @due: ticks of timer @n have fallen due by @now: reports them (lost_ticks_due()
 *	or lost_ticks_masked()) and sets when the next one does
 * @fire: the level-triggered timer @n interrupts: sets its status bit and the
 *	lines. May be NULL if no timer is level-triggered
 * @pause: guest time stops at @now, or continues
 * @reset: the device is in reset state from now on
 */
struct ticker_ops {
	void (*due)(struct ticker *t, unsigned int n, u64 now);
	void (*fire)(struct ticker *t, unsigned int n);
	void (*pause)(struct ticker *t, u64 now, bool paused);
	void (*reset)(struct ticker *t);
};

/**
 * struct ticker - the ticks of one device
 * @ops: the device's
 * @ticks: what becomes of each timer's ticks
 * @due_ns: when the next tick of the timer falls due, ns; HPET_NEVER: none does.
 *	Kept by the device, as are those from @msi to @lines
 * @looked_ns: when one was last noticed
 * @msi: the timer's message, its address in the high half
 * @gsi: the line that each timer drives, -1: none
 * @enabled: timers (bit mask) that can interrupt: no other is delivered or drives a
 *	line. Guests use one or two of theirs, and a tick looks at each several times
 * @audible: of these, the ones whose ticks reach somebody at this moment
 * @messages: of @enabled, the ones that send messages
 * @level: timers that are level-triggered
 * @lines: lines (bit mask of GSIs) that level-triggered timers hold up
 * @dropped: lines to be lowered before they are raised again
 * @min_interval_ns: least time between two looks at a periodic timer
 * @paused_ns: with guest time paused: since when
 * @num_timers: 1 to TICKER_MAX_TIMERS
 * @paused: guest time is paused
 */
struct ticker {
	const struct ticker_ops *ops;
	struct lost_ticks (PER_TIMER(ticks, TICKER_MAX_TIMERS));
	u64 due_ns[TICKER_MAX_TIMERS];
	u64 looked_ns[TICKER_MAX_TIMERS];
	u64 msi[TICKER_MAX_TIMERS];
	s8 gsi[TICKER_MAX_TIMERS];
	u32 enabled;
	u32 audible;
	u32 messages;
	u32 level;
	u32 lines;
	u32 dropped;
	u64 min_interval_ns;
	u64 paused_ns;
	u32 num_timers;
	bool paused;
};

/**
 * struct ticker_delivery - an interrupt to be delivered
 * @timer: whose
 * @seq: for ticker_result()
 * @msi: true: the message @msi_address, @msi_data; false: a pulse on @gsi
 * @gsi: the line
 * @msi_address: message address
 * @msi_data: message data
 */
struct ticker_delivery {
	u32 timer;
	u32 seq;
	bool msi;
	u32 gsi;
	u32 msi_address;
	u32 msi_data;
};

/* Goes through the timers of a bit mask. */
#define ticker_for_each(n, mask)					\
	for (u32 left_ = (mask);					\
	     left_ && (((n) = __builtin_ctz(left_)), true);		\
	     left_ &= left_ - 1)

/**
 * ticker_put() - one timer in a bit mask
 * @mask: the mask
 * @n: the timer
 * @on: whether it is to be in it
 *
 * Return: the mask, with it or without.
 */
static inline u32 ticker_put(u32 mask, unsigned int n, bool on)
{
	return (mask & ~BIT(n)) | (u32)on << n;
}

/**
 * ticker_init() - timers that have never ticked and do not, policy discard
 * @t: the ticks, zeroed
 * @ops: the device's
 * @num_timers: 1 to TICKER_MAX_TIMERS
 * @min_interval_ns: see struct ticker and struct lost_ticks
 */
void ticker_init(struct ticker *t, const struct ticker_ops *ops,
		 u32 num_timers, u64 min_interval_ns);

/**
 * ticker_all() - all timers
 * @t: the ticks
 *
 * Return: bit mask.
 */
static inline u32 ticker_all(const struct ticker *t)
{
	return (u32)(BIT_ULL(t->num_timers) - 1);
}

/**
 * ticker_advance() - brings timers up to a time
 * @t: the ticks
 * @timers: bit mask. Those that are enabled are enough for what follows a tick;
 *	before somebody looks at registers or statistics it must be all
 * @now: time, ns
 */
void ticker_advance(struct ticker *t, u32 timers, u64 now);

/**
 * ticker_set_way() - for the device: the timer's ticks may go out another way now
 * @t: the ticks
 * @n: the timer
 * @gsi: see struct ticker
 * @ack_mode: enum lost_ticks_ack_mode
 * @pending: see lost_ticks_set_ack()
 */
void ticker_set_way(struct ticker *t, unsigned int n, int gsi, u32 ack_mode,
		    bool pending);

/**
 * ticker_pause() - stops or continues guest time
 * @t: the ticks
 * @now: time, ns
 * @paused: true: stop
 */
void ticker_pause(struct ticker *t, u64 now, bool paused);

/**
 * ticker_guest_now() - the time that the guest's clocks have reached
 * @t: the ticks
 * @now: time, ns
 *
 * Return: @now, or while guest time is paused the time since when it is.
 */
static inline u64 ticker_guest_now(const struct ticker *t, u64 now)
{
	return t->paused ? t->paused_ns : now;
}

/**
 * ticker_reset() - the device's reset state; policy and counters stay
 * @t: the ticks
 * @now: time, ns
 */
void ticker_reset(struct ticker *t, u64 now);

/**
 * ticker_set_params() - another policy for one timer
 * @t: the ticks
 * @now: time, ns
 * @n: the timer
 * @params: valid parameters
 */
void ticker_set_params(struct ticker *t, u64 now, unsigned int n,
		       const struct lost_ticks_params *params);

/**
 * ticker_ack() - the guest has acknowledged an interrupt
 * @t: the ticks
 * @now: time, ns
 * @gsi: the line it came by
 */
void ticker_ack(struct ticker *t, u64 now, u32 gsi);

/**
 * ticker_unmasked() - the guest has unmasked a line at an interrupt controller
 * @t: the ticks
 * @now: time, ns
 * @gsi: the line
 */
void ticker_unmasked(struct ticker *t, u64 now, u32 gsi);

/**
 * ticker_ready() - is there anything to deliver
 * @t: the ticks, brought up to @now
 * @now: time, ns
 * @applied: lines that are up
 *
 * Return: true if ticker_take() or the lines have something to do.
 */
bool ticker_ready(const struct ticker *t, u64 now, u32 applied);

/**
 * ticker_take() - takes an interrupt out for delivery
 * @t: the ticks, brought up to @now
 * @now: time, ns
 * @msi_only: only messages, which can be sent from any context
 * @d: the interrupt; ticker_result() must follow
 *
 * Level-triggered timers that are to be heard set their status bit here; that
 * shows in ticker_lines().
 *
 * Return: false if there is none.
 */
bool ticker_take(struct ticker *t, u64 now, bool msi_only,
		 struct ticker_delivery *d);

/**
 * ticker_result() - what became of it
 * @t: the ticks
 * @d: from ticker_take()
 * @result: as of kvm_set_irq()
 */
void ticker_result(struct ticker *t, const struct ticker_delivery *d,
		   int result);

/**
 * ticker_quiet() - is nothing being injected
 * @t: the ticks
 *
 * Return: false between ticker_take() and ticker_result().
 */
bool ticker_quiet(const struct ticker *t);

/**
 * ticker_lines() - lines that level-triggered timers hold up
 * @t: the ticks
 *
 * Return: bit mask of GSIs.
 */
static inline u32 ticker_lines(const struct ticker *t)
{
	return t->lines;
}

/* As ticker_deadline(), of a timer that is audible. */
u64 ticker_audible_deadline(const struct ticker *t, unsigned int n, u64 now);

/**
 * ticker_deadline() - when a timer needs a look
 * @t: the ticks, brought up to @now
 * @n: the timer
 * @now: time, ns
 *
 * Return: time, ns; HPET_NEVER while nobody listens, and while the ticks wait
 * for something else that will be reported to them.
 */
static inline u64 ticker_deadline(const struct ticker *t, unsigned int n,
				  u64 now)
{
	/* Asked for every timer at every event, and most are not in use. */
	return t->audible & BIT(n) ? ticker_audible_deadline(t, n, now) :
				     HPET_NEVER;
}

#endif /* _TICKER_H */
