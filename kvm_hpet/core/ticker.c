// SPDX-License-Identifier: GPL-2.0
/* The ticks of a timer device. See ticker.h. */
#include "ticker.h"

void ticker_init(struct ticker *t, const struct ticker_ops *ops,
		 u32 num_timers, u64 min_interval_ns)
{
	unsigned int n;

	t->ops = ops;
	t->num_timers = num_timers;
	t->min_interval_ns = min_interval_ns;
	for (n = 0; n < num_timers; n++) {
		lost_ticks_init(&t->ticks[n], min_interval_ns);
		t->due_ns[n] = HPET_NEVER;
		t->gsi[n] = -1;
	}
}

void ticker_advance(struct ticker *t, u32 timers, u64 now)
{
	unsigned int n;

	if (t->paused)
		return;
	ticker_for_each(n, timers) {
		if (t->due_ns[n] <= now) {
			t->looked_ns[n] = now;
			t->ops->due(t, n, now);
		}
		if (t->ticks[n].lapses)
			lost_ticks_elapse(&t->ticks[n], now);
	}
}

void ticker_set_way(struct ticker *t, unsigned int n, int gsi, u32 ack_mode,
		    bool pending)
{
	/* The ticks need not be told what they know, unless it is @pending. */
	if (gsi == t->gsi[n] && ack_mode == t->ticks[n].ack_mode &&
	    !lost_ticks_told(ack_mode))
		return;
	lost_ticks_set_ack(&t->ticks[n], ack_mode, pending);
	/* An acknowledgment on the old line would not be understood. */
	if (gsi != t->gsi[n])
		lost_ticks_rerouted(&t->ticks[n]);
	t->gsi[n] = gsi;
}

void ticker_pause(struct ticker *t, u64 now, bool paused)
{
	unsigned int n;

	ticker_advance(t, ticker_all(t), now);
	t->paused = paused;
	if (paused)
		t->paused_ns = now;
	for (n = 0; !paused && n < t->num_timers; n++)
		lost_ticks_resume(&t->ticks[n], now - t->paused_ns);
	t->ops->pause(t, now, paused);
}

void ticker_reset(struct ticker *t, u64 now)
{
	unsigned int n;

	ticker_advance(t, ticker_all(t), now);
	for (n = 0; n < t->num_timers; n++)
		lost_ticks_reset(&t->ticks[n]);
	t->ops->reset(t);
}

void ticker_set_params(struct ticker *t, u64 now, unsigned int n,
		       const struct lost_ticks_params *params)
{
	ticker_advance(t, ticker_all(t), now);
	lost_ticks_set_params(&t->ticks[n], params);
}

static bool is_edge_on(const struct ticker *t, unsigned int n, u32 gsi)
{
	return t->ticks[n].ack_mode != LOST_TICKS_ACK_LEVEL &&
		t->gsi[n] == (int)gsi;
}

void ticker_ack(struct ticker *t, u64 now, u32 gsi)
{
	unsigned int n;

	ticker_advance(t, t->enabled, now);
	/* One that was disabled since may still wait for this one. */
	for (n = 0; n < t->num_timers; n++)
		if (is_edge_on(t, n, gsi))
			lost_ticks_ended(&t->ticks[n]);
}

void ticker_unmasked(struct ticker *t, u64 now, u32 gsi)
{
	unsigned int n;

	ticker_advance(t, ticker_all(t), now);
	for (n = 0; n < t->num_timers; n++)
		if (is_edge_on(t, n, gsi))
			lost_ticks_unmasked(&t->ticks[n], now);
}

/* Most timers have nothing to inject, at most times. */
static bool has_nothing(const struct lost_ticks *lt)
{
	return !lt->backlog && !lt->in_flight;
}

static bool timer_ready(const struct ticker *t, unsigned int n, u64 now)
{
	const struct lost_ticks *lt = &t->ticks[n];

	return !has_nothing(lt) && lost_ticks_next(lt) <= now;
}

bool ticker_ready(const struct ticker *t, u64 now, u32 applied)
{
	unsigned int n;

	if ((t->dropped & applied) || t->lines != applied)
		return true;
	ticker_for_each(n, t->audible)
		if (timer_ready(t, n, now))
			return true;
	return false;
}

/* The status bit is all there is to do: the line follows it. */
static void fire_level(struct ticker *t, unsigned int n, u64 now)
{
	u32 seq = lost_ticks_begin(&t->ticks[n], now);

	t->ops->fire(t, n);
	lost_ticks_result(&t->ticks[n], seq, 1);
}

static void fill_delivery(struct ticker *t, unsigned int n, u64 now,
			  struct ticker_delivery *d)
{
	d->timer = n;
	d->msi = t->messages & BIT(n);
	/* KVM looks its routes up by it; it is one of those of a mask of lines. */
	d->gsi = d->msi ? 0 : array_index_nospec(t->gsi[n], 32);
	d->msi_address = t->msi[n] >> 32;
	d->msi_data = (u32)t->msi[n];
	d->seq = lost_ticks_begin(&t->ticks[n], now);
	if (t->level & BIT(n))
		t->ops->fire(t, n);
}

bool ticker_take(struct ticker *t, u64 now, bool msi_only,
		 struct ticker_delivery *d)
{
	u32 timers = msi_only ? t->audible & t->messages : t->audible;
	unsigned int n;

	ticker_for_each(n, timers) {
		if (!timer_ready(t, n, now))
			continue;
		if (t->level & ~t->messages & BIT(n)) {
			fire_level(t, n, now);
			continue;
		}
		fill_delivery(t, n, now, d);
		return true;
	}
	return false;
}

void ticker_result(struct ticker *t, const struct ticker_delivery *d,
		   int result)
{
	lost_ticks_result(&t->ticks[d->timer], d->seq, result);
}

bool ticker_quiet(const struct ticker *t)
{
	unsigned int n;

	for (n = 0; n < t->num_timers; n++)
		if (t->ticks[n].injecting)
			return false;
	return true;
}

/*
 * The next tick, but no host timer is driven faster than the least interval:
 * what falls due in between is computed afterwards.
 */
static u64 due_deadline(const struct ticker *t, unsigned int n)
{
	u64 period = t->ticks[n].period_ns;

	if (!period || period >= t->min_interval_ns)
		return t->due_ns[n];
	return max_t(u64, t->due_ns[n], t->looked_ns[n] + t->min_interval_ns);
}

u64 ticker_audible_deadline(const struct ticker *t, unsigned int n, u64 now)
{
	const struct lost_ticks *lt = &t->ticks[n];
	u64 inject;

	if (has_nothing(lt))
		return due_deadline(t, n);
	inject = lost_ticks_next(lt);
	/* Whoever takes what is ready, or reports, will ask again. */
	if (inject <= now)
		inject = HPET_NEVER;
	/*
	 * While a tick is on its way the next one is noticed as it falls due, and
	 * those after it are computed later. So a host timer that was set as the
	 * first tick fell due stays as it is until the second does: to set it
	 * anew at each step would be half of what a tick costs here.
	 */
	if (lost_ticks_waits(lt) && lost_ticks_waiting(lt))
		return inject;
	return min_t(u64, inject, due_deadline(t, n));
}
