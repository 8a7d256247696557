// SPDX-License-Identifier: GPL-2.0
/* Registers and ticks together. See hpet_block.h. */
#include "hpet_block.h"
#include "hpet_clock.h"
#include "mul_div.h"

static struct hpet_block *to_block(struct ticker *t)
{
	return container_of(t, struct hpet_block, t);
}

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

static u32 ack_mode(const struct hpet_timer *t, int gsi)
{
	if (gsi < 0)
		return LOST_TICKS_ACK_NONE;
	return is_level(t) ? LOST_TICKS_ACK_LEVEL : LOST_TICKS_ACK_EDGE;
}

static u32 level_lines(const struct hpet_block *b)
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

/* What the ticks must know of a timer's registers, besides its period and line @gsi. */
static void tell_timer(struct hpet_block *b, unsigned int n, int gsi)
{
	const struct hpet_timer *hpet = &b->m.timer[n];
	bool enabled = hpet->config & HPET_TN_ENABLE;
	struct ticker *t = &b->t;

	t->msi[n] = hpet->fsb;
	t->level = ticker_put(t->level, n, is_level(hpet));
	t->enabled = ticker_put(t->enabled, n, enabled);
	t->messages = ticker_put(t->messages, n,
				 enabled && hpet_timer_fsb(&b->m, n));
	t->audible = ticker_put(t->audible, n,
				hpet_timer_audible_by(&b->m, n, gsi));
}

static void tell_due(struct hpet_block *b, unsigned int n)
{
	b->t.due_ns[n] = hpet_timer_ns(&b->m, n);
}

/* After all that was no event of the ticks' own. */
static void tell_all(struct hpet_block *b)
{
	unsigned int n;

	for (n = 0; n < b->m.num_timers; n++) {
		tell_timer(b, n, hpet_timer_gsi(&b->m, n));
		tell_due(b, n);
	}
	b->t.lines = level_lines(b);
}

/* Matches that nobody hears still set the status bit (2.3.8, INT_ENB). */
static void timer_due(struct hpet_block *b, unsigned int n, u64 ticks)
{
	struct lost_ticks *lt = &b->t.ticks[n];

	if (b->t.audible & BIT(n)) {
		lost_ticks_due(lt, ticks);
		return;
	}
	lost_ticks_masked(lt, ticks);
	if (is_level(&b->m.timer[n])) {
		b->m.status |= BIT_ULL(n);
		lost_ticks_set_ack(lt, ack_mode(&b->m.timer[n], b->t.gsi[n]),
				   true);
	}
}

static void timer_matched(struct ticker *t, unsigned int n, u64 now)
{
	struct hpet_block *b = to_block(t);
	bool known = hpet_timer_period_known(&b->m.timer[n]);
	u64 from = b->m.timer[n].next;
	u64 ticks = hpet_timer_advance(&b->m, n, hpet_elapsed(&b->m, now));

	/* A period written with VAL_SET counts from the first match. */
	if (!known)
		lost_ticks_set_period(&b->t.ticks[n], period_ns(b, n), true);
	timer_due(b, n, ticks);
	t->due_ns[n] = hpet_timer_ns_from(&b->m, n, from, t->due_ns[n]);
}

u64 hpet_block_read(struct hpet_block *b, u64 now, u32 offset,
		    unsigned int len)
{
	ticker_advance(&b->t, ticker_all(&b->t), now);
	return hpet_model_read(&b->m, now, offset, len);
}

static void sync_period(struct hpet_block *b, unsigned int n, bool recount)
{
	const struct hpet_timer *t = &b->m.timer[n];
	struct lost_ticks *lt = &b->t.ticks[n];

	/* A one-shot timer that was one before: 25 instructions of its writes less. */
	if (!lt->period_ns && !hpet_timer_is_periodic(t))
		return;
	/* After VAL_SET the period may follow in a write of its own. */
	if (hpet_timer_period_known(t) || !lt->period_ns)
		lost_ticks_set_period(lt, period_ns(b, n), recount);
}

static void sync_timer(struct hpet_block *b, unsigned int n, bool recount)
{
	const struct hpet_timer *t = &b->m.timer[n];
	int gsi = hpet_timer_gsi(&b->m, n);

	sync_period(b, n, recount);
	ticker_set_way(&b->t, n, gsi, ack_mode(t, gsi),
		       b->m.status & BIT_ULL(n));
	tell_timer(b, n, gsi);
	if (!b->m.paused && !(b->t.audible & BIT(n)))
		lost_ticks_mute(&b->t.ticks[n]);
}

static void apply_acks(struct hpet_block *b, u32 acked)
{
	unsigned int n;

	ticker_for_each(n, acked) {
		struct lost_ticks *lt = &b->t.ticks[n];

		if (lt->ack_mode == LOST_TICKS_ACK_LEVEL)
			lost_ticks_ack(lt);
		b->t.dropped |= b->t.gsi[n] < 0 ? 0 : BIT(b->t.gsi[n]);
	}
}

static void apply_changes(struct hpet_block *b, const struct hpet_effects *fx)
{
	/* INT_ENB or a route does not move the next match. */
	u32 moved = fx->restarted | (b->m.running ? fx->corrected : fx->changed);
	unsigned int n;

	ticker_for_each(n, fx->changed)
		sync_timer(b, n, !(fx->corrected & BIT(n)));
	ticker_for_each(n, fx->restarted)
		lost_ticks_restart(&b->t.ticks[n]);
	ticker_for_each(n, moved)
		tell_due(b, n);
	if (fx->matched)
		hpet_block_matched(b, fx->matched);
	if (fx->missed)
		ticker_for_each(n, fx->corrected)
			timer_due(b, n, fx->missed);
}

bool hpet_block_write(struct hpet_block *b, u64 now, u32 offset,
		      unsigned int len, u64 val)
{
	struct hpet_effects fx;

	ticker_advance(&b->t, ticker_all(&b->t), now);
	hpet_model_write(&b->m, now, offset, len, val, &fx);
	apply_acks(b, fx.acked);
	apply_changes(b, &fx);
	b->t.lines = level_lines(b);
	return fx.legacy;
}

void hpet_block_sync(struct hpet_block *b)
{
	unsigned int n;

	for (n = 0; n < b->m.num_timers; n++)
		sync_timer(b, n, false);
	tell_all(b);
}

void hpet_block_matched(struct hpet_block *b, u32 timers)
{
	unsigned int n;

	for (n = 0; n < b->m.num_timers; n++) {
		if (!(timers & BIT(n)))
			continue;
		lost_ticks_set_period(&b->t.ticks[n], period_ns(b, n), true);
		timer_due(b, n, 1);
	}
}

/* Level-triggered: the status bit, and with it the line. */
static void timer_fired(struct ticker *t, unsigned int n)
{
	struct hpet_block *b = to_block(t);

	b->m.status |= BIT_ULL(n);
	t->lines = level_lines(b);
}

static void block_paused(struct ticker *t, u64 now, bool paused)
{
	struct hpet_block *b = to_block(t);
	u32 matched = hpet_model_pause(&b->m, now, paused);

	tell_all(b);
	hpet_block_matched(b, matched);
}

static void block_reset(struct ticker *t)
{
	struct hpet_block *b = to_block(t);

	hpet_model_reset(&b->m);
	hpet_block_sync(b);
}

static const struct ticker_ops block_ops = {
	.due = timer_matched,
	.fire = timer_fired,
	.pause = block_paused,
	.reset = block_reset,
};

void hpet_block_init(struct hpet_block *b, u64 min_interval_ns)
{
	ticker_init(&b->t, &block_ops, b->m.num_timers, min_interval_ns);
	block_reset(&b->t);
}
