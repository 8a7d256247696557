// SPDX-License-Identifier: GPL-2.0
/* Registers and ticks together. See hpet_block.h. */
#include "hpet_block.h"
#include "hpet_clock.h"
#include "mul_div.h"

static bool is_level(const struct hpet_timer *t)
{
	return t->config & HPET_TN_LEVEL;
}

static u64 period_ns(const struct hpet_block *b, unsigned int n)
{
	const struct hpet_timer *t = &b->m.timer[n];

	if (!hpet_timer_is_periodic(t))
		return 0;
	return max_t(u64, 1, mul_div_sat(t->period, b->m.period_fs,
					 HPET_FS_PER_NS));
}

static u32 ack_mode(const struct hpet_block *b, unsigned int n)
{
	if (hpet_timer_gsi(&b->m, n) < 0)
		return LOST_TICKS_ACK_NONE;
	return is_level(&b->m.timer[n]) ? LOST_TICKS_ACK_LEVEL :
					  LOST_TICKS_ACK_EDGE;
}

/* Matches that nobody hears still set the status bit (2.3.8, INT_ENB). */
static void timer_due(struct hpet_block *b, unsigned int n, u64 ticks)
{
	struct lost_ticks *lt = &b->ticks[n];

	if (hpet_timer_audible(&b->m, n)) {
		lost_ticks_due(lt, ticks);
		return;
	}
	lost_ticks_masked(lt, ticks);
	if (is_level(&b->m.timer[n])) {
		b->m.status |= BIT_ULL(n);
		lost_ticks_set_ack(lt, ack_mode(b, n), true);
	}
}

static void timer_matched(struct hpet_block *b, unsigned int n, u64 now,
			  u64 elapsed)
{
	bool known = hpet_timer_period_known(&b->m.timer[n]);
	u64 ticks = hpet_timer_advance(&b->m, n, elapsed);

	b->looked_ns[n] = now;
	/* A period written with VAL_SET counts from the first match. */
	if (!known)
		lost_ticks_set_period(&b->ticks[n], period_ns(b, n), true);
	timer_due(b, n, ticks);
}

static void advance_timers(struct hpet_block *b, u32 timers, u64 now)
{
	unsigned int n;
	u64 elapsed;

	if (!b->m.running)
		return;
	elapsed = hpet_elapsed(&b->m, now);
	hpet_for_each_timer(n, timers) {
		if (b->m.timer[n].next <= elapsed)
			timer_matched(b, n, now, elapsed);
		if (b->ticks[n].lapses)
			lost_ticks_elapse(&b->ticks[n], now);
	}
}

void hpet_block_advance(struct hpet_block *b, u64 now)
{
	advance_timers(b, (u32)(BIT_ULL(b->m.num_timers) - 1), now);
}

void hpet_block_advance_enabled(struct hpet_block *b, u64 now)
{
	advance_timers(b, b->enabled, now);
}

u64 hpet_block_read(struct hpet_block *b, u64 now, u32 offset,
		    unsigned int len)
{
	hpet_block_advance(b, now);
	return hpet_model_read(&b->m, now, offset, len);
}

static void sync_timer(struct hpet_block *b, unsigned int n, bool recount)
{
	const struct hpet_timer *t = &b->m.timer[n];
	struct lost_ticks *lt = &b->ticks[n];
	int gsi = hpet_timer_gsi(&b->m, n);

	/* After VAL_SET the period may follow in a write of its own. */
	if (hpet_timer_period_known(t) || !lt->period_ns)
		lost_ticks_set_period(lt, period_ns(b, n), recount);
	lost_ticks_set_ack(lt, ack_mode(b, n), b->m.status & BIT_ULL(n));
	/* An acknowledgment on the old line would not be understood. */
	if (gsi != b->gsi[n])
		lost_ticks_rerouted(lt);
	b->gsi[n] = gsi;
	b->enabled &= ~BIT(n);
	b->messages &= ~BIT(n);
	if (t->config & HPET_TN_ENABLE) {
		b->enabled |= BIT(n);
		b->messages |= hpet_timer_fsb(&b->m, n) ? BIT(n) : 0;
	}
	if (!b->m.paused && !hpet_timer_audible(&b->m, n))
		lost_ticks_mute(lt);
}

static void apply_effects(struct hpet_block *b, const struct hpet_effects *fx)
{
	unsigned int n;

	for (n = 0; n < b->m.num_timers; n++) {
		struct lost_ticks *lt = &b->ticks[n];

		if (fx->acked & BIT(n)) {
			int gsi = hpet_timer_gsi(&b->m, n);

			if (lt->ack_mode == LOST_TICKS_ACK_LEVEL)
				lost_ticks_ack(lt);
			b->dropped |= gsi < 0 ? 0 : BIT(gsi);
		}
		if (fx->changed & BIT(n))
			sync_timer(b, n, !(fx->corrected & BIT(n)));
		if (fx->restarted & BIT(n))
			lost_ticks_restart(lt);
	}
	if (fx->matched)
		hpet_block_matched(b, fx->matched);
	for (n = 0; fx->missed && n < b->m.num_timers; n++)
		if (fx->corrected & BIT(n))
			timer_due(b, n, fx->missed);
}

bool hpet_block_write(struct hpet_block *b, u64 now, u32 offset,
		      unsigned int len, u64 val)
{
	struct hpet_effects fx;

	hpet_block_advance(b, now);
	hpet_model_write(&b->m, now, offset, len, val, &fx);
	if (fx.acked | fx.changed | fx.restarted | fx.matched)
		apply_effects(b, &fx);
	return fx.legacy;
}

void hpet_block_sync(struct hpet_block *b)
{
	unsigned int n;

	for (n = 0; n < b->m.num_timers; n++)
		sync_timer(b, n, false);
}

void hpet_block_matched(struct hpet_block *b, u32 timers)
{
	unsigned int n;

	for (n = 0; n < b->m.num_timers; n++) {
		if (!(timers & BIT(n)))
			continue;
		lost_ticks_set_period(&b->ticks[n], period_ns(b, n), true);
		timer_due(b, n, 1);
	}
}

void hpet_block_reset(struct hpet_block *b, u64 now)
{
	unsigned int n;

	hpet_block_advance(b, now);
	hpet_model_reset(&b->m);
	for (n = 0; n < b->m.num_timers; n++)
		lost_ticks_reset(&b->ticks[n]);
	hpet_block_sync(b);
}

void hpet_block_pause(struct hpet_block *b, u64 now, bool paused)
{
	unsigned int n;
	u32 matched;

	hpet_block_advance(b, now);
	matched = hpet_model_pause(&b->m, now, paused);
	if (paused) {
		b->paused_ns = now;
		return;
	}
	for (n = 0; n < b->m.num_timers; n++)
		lost_ticks_resume(&b->ticks[n], now - b->paused_ns);
	hpet_block_matched(b, matched);
}

void hpet_block_init(struct hpet_block *b, u64 min_interval_ns)
{
	unsigned int n;

	b->min_interval_ns = min_interval_ns;
	hpet_model_reset(&b->m);
	for (n = 0; n < b->m.num_timers; n++)
		lost_ticks_init(&b->ticks[n], min_interval_ns);
	hpet_block_sync(b);
}

void hpet_block_set_params(struct hpet_block *b, u64 now, unsigned int n,
			   const struct lost_ticks_params *params)
{
	hpet_block_advance(b, now);
	lost_ticks_set_params(&b->ticks[n], params);
}

static bool is_edge_on(const struct hpet_block *b, unsigned int n, u32 gsi)
{
	return b->ticks[n].ack_mode == LOST_TICKS_ACK_EDGE &&
		hpet_timer_gsi(&b->m, n) == (int)gsi;
}

void hpet_block_ack(struct hpet_block *b, u64 now, u32 gsi)
{
	unsigned int n;

	hpet_block_advance_enabled(b, now);
	/* One that was disabled since may still wait for this one. */
	for (n = 0; n < b->m.num_timers; n++)
		if (is_edge_on(b, n, gsi))
			lost_ticks_ack(&b->ticks[n]);
}

void hpet_block_unmasked(struct hpet_block *b, u64 now, u32 gsi)
{
	unsigned int n;

	hpet_block_advance(b, now);
	for (n = 0; n < b->m.num_timers; n++)
		if (is_edge_on(b, n, gsi))
			lost_ticks_unmasked(&b->ticks[n], now);
}

static bool timer_ready(const struct hpet_block *b, unsigned int n, u64 now)
{
	const struct lost_ticks *lt = &b->ticks[n];

	/* Most timers have nothing, at most times. */
	if (!lt->backlog && !lt->in_flight)
		return false;
	return lost_ticks_next(lt) <= now && hpet_timer_audible(&b->m, n);
}

bool hpet_block_ready(const struct hpet_block *b, u64 now, u32 applied)
{
	unsigned int n;

	if ((b->dropped & applied) || hpet_block_lines(b) != applied)
		return true;
	hpet_for_each_timer(n, b->enabled)
		if (timer_ready(b, n, now))
			return true;
	return false;
}

/* The status bit is all there is to do: the line follows it. */
static void fire_level(struct hpet_block *b, unsigned int n, u64 now)
{
	u32 seq = lost_ticks_begin(&b->ticks[n], now);

	b->m.status |= BIT_ULL(n);
	lost_ticks_result(&b->ticks[n], seq, 1);
}

static void fill_delivery(struct hpet_block *b, unsigned int n, u64 now,
			  struct hpet_delivery *d)
{
	const struct hpet_timer *t = &b->m.timer[n];
	u32 gsi = hpet_timer_gsi(&b->m, n);

	d->timer = n;
	d->fsb = hpet_timer_fsb(&b->m, n);
	/* KVM looks its routes up by it. */
	d->gsi = d->fsb ? 0 : array_index_nospec(gsi, HPET_NUM_GSIS);
	d->msi_address = t->fsb >> 32;
	d->msi_data = (u32)t->fsb;
	d->seq = lost_ticks_begin(&b->ticks[n], now);
	if (is_level(t))
		b->m.status |= BIT_ULL(n);
}

bool hpet_block_take(struct hpet_block *b, u64 now, bool fsb_only,
		     struct hpet_delivery *d)
{
	unsigned int n;

	hpet_for_each_timer(n, fsb_only ? b->messages : b->enabled) {
		if (!timer_ready(b, n, now))
			continue;
		if (!hpet_timer_fsb(&b->m, n) && is_level(&b->m.timer[n])) {
			fire_level(b, n, now);
			continue;
		}
		fill_delivery(b, n, now, d);
		return true;
	}
	return false;
}

void hpet_block_result(struct hpet_block *b, const struct hpet_delivery *d,
		       int result)
{
	lost_ticks_result(&b->ticks[d->timer], d->seq, result);
}

bool hpet_block_quiet(const struct hpet_block *b)
{
	unsigned int n;

	for (n = 0; n < b->m.num_timers; n++)
		if (b->ticks[n].injecting)
			return false;
	return true;
}

u32 hpet_block_lines(const struct hpet_block *b)
{
	u32 lines = 0;
	unsigned int n;

	if (!b->m.status || !(b->m.config & HPET_CONFIG_ENABLE))
		return 0;
	for (n = 0; n < b->m.num_timers; n++) {
		int gsi = hpet_timer_gsi(&b->m, n);

		if (gsi >= 0 && (b->m.status & BIT_ULL(n)) &&
		    (b->m.timer[n].config & HPET_TN_ENABLE))
			lines |= BIT(gsi);
	}
	return lines;
}

/*
 * The next match, but no host timer is driven faster than the least interval:
 * what matches in between is computed afterwards.
 */
static u64 match_deadline(const struct hpet_block *b, unsigned int n)
{
	u64 ns = hpet_timer_ns(&b->m, n);

	if (!hpet_timer_is_periodic(&b->m.timer[n]) ||
	    b->ticks[n].period_ns >= b->min_interval_ns)
		return ns;
	return max_t(u64, ns, b->looked_ns[n] + b->min_interval_ns);
}

u64 hpet_block_audible_deadline(const struct hpet_block *b, unsigned int n,
				u64 now)
{
	const struct lost_ticks *lt = &b->ticks[n];
	u64 inject;

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
	return min_t(u64, inject, match_deadline(b, n));
}
