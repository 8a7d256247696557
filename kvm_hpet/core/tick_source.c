// SPDX-License-Identifier: GPL-2.0
/* Ticks without registers. See tick_source.h. */
#include "tick_source.h"
#include "hpet_clock.h"

static struct tick_source *to_source(struct ticker *t)
{
	return container_of(t, struct tick_source, t);
}

/*
 * The first tick after @now of those that fall due at a whole number of periods
 * from @at - @early_fs, which is not after @now. Returns how many did since then,
 * that at @at not among them.
 */
static u64 schedule(struct tick_source *s, u64 now, u64 at, u32 early_fs)
{
	__uint128_t past = (__uint128_t)(now - at) * HPET_FS_PER_NS + early_fs;
	u64 n = div_u128(past, s->period_fs);
	u64 ahead = s->period_fs - (u64)(past - (__uint128_t)n * s->period_fs);
	u64 ns = (ahead - 1) / HPET_FS_PER_NS + 1;

	s->t.due_ns[0] = now + ns;
	s->early_fs = (u32)(ns * HPET_FS_PER_NS - ahead);
	return n;
}

static void source_due(struct ticker *t, unsigned int n, u64 now)
{
	struct tick_source *s = to_source(t);
	u64 more = schedule(s, now, t->due_ns[n], s->early_fs);

	lost_ticks_due(&t->ticks[n], more + 1);
}

void tick_source_sync(struct tick_source *s)
{
	struct ticker *t = &s->t;

	t->enabled = s->period_fs ? BIT(0) : 0;
	t->audible = t->paused ? 0 : t->enabled;
	t->messages = t->gsi[0] < 0 ? t->enabled : 0;
	if (!s->period_fs)
		t->due_ns[0] = HPET_NEVER;
}

static void source_paused(struct ticker *t, u64 now, bool paused)
{
	struct tick_source *s = to_source(t);

	if (!paused && s->period_fs)
		t->due_ns[0] += now - t->paused_ns;
	tick_source_sync(s);
}

static void source_reset(struct ticker *t)
{
	struct tick_source *s = to_source(t);

	s->period_fs = 0;
	lost_ticks_set_period(&t->ticks[0], 0, false);
	tick_source_sync(s);
}

static const struct ticker_ops source_ops = {
	.due = source_due,
	.pause = source_paused,
	.reset = source_reset,
};

void tick_source_init(struct tick_source *s, int gsi, u64 msi, u32 ack_mode,
		      u64 min_interval_ns)
{
	struct ticker *t = &s->t;

	ticker_init(t, &source_ops, 1, min_interval_ns);
	s->period_fs = 0;
	s->ack_mode = ack_mode;
	t->msi[0] = msi;
	ticker_set_way(t, 0, gsi, ack_mode, false);
	tick_source_sync(s);
}

void tick_source_start(struct tick_source *s, u64 now, u64 period_fs,
		       u64 phase_ns)
{
	struct ticker *t = &s->t;
	struct lost_ticks *lt = &t->ticks[0];
	u64 guest_now = ticker_guest_now(t, now);

	ticker_advance(t, t->enabled, now);
	if (!s->period_fs)
		lost_ticks_restart(lt);
	s->period_fs = period_fs;
	lost_ticks_set_period(lt, period_fs / HPET_FS_PER_NS, true);
	if (phase_ns > guest_now) {
		t->due_ns[0] = phase_ns;
		s->early_fs = 0;
	} else {
		schedule(s, guest_now, phase_ns, 0);
	}
	tick_source_sync(s);
}

void tick_source_stop(struct tick_source *s, u64 now)
{
	ticker_advance(&s->t, s->t.enabled, now);
	s->period_fs = 0;
	lost_ticks_mute(&s->t.ticks[0]);
	tick_source_sync(s);
}

/*
 * Linux reads register C of an RTC not only in its handler. Such a read may report a
 * tick whose interrupt the guest has not taken: one that went out at once would merge
 * with it in the local APIC, unseen. A message's end can't be seen, so all that can be
 * done is to wait a little.
 */
static void keep_distance(struct tick_source *s, u64 now)
{
	struct lost_ticks *lt = &s->t.ticks[0];
	u64 ns = min_t(u64, s->t.min_interval_ns, lt->period_ns) / 4;

	if (s->ack_mode == LOST_TICKS_ACK_LEVEL && lost_ticks_waiting(lt))
		lost_ticks_rest(lt, now + ns);
}

bool tick_source_ack(struct tick_source *s, u64 now)
{
	struct lost_ticks *lt = &s->t.ticks[0];
	u64 guest_now = ticker_guest_now(&s->t, now);
	bool awaited = lt->in_flight;

	ticker_advance(&s->t, s->t.enabled, now);
	lost_ticks_told_taken(lt, guest_now);
	if (awaited)
		keep_distance(s, guest_now);
	return awaited;
}
