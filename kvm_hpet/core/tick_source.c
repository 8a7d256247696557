// SPDX-License-Identifier: GPL-2.0
/* Ticks without registers. See tick_source.h. */
#include "tick_source.h"

static struct tick_source *to_source(struct ticker *t)
{
	return container_of(t, struct tick_source, t);
}

static void source_due(struct ticker *t, unsigned int n, u64 now)
{
	u64 period = to_source(t)->period_ns;
	u64 past = (now - t->due_ns[n]) / period;

	t->due_ns[n] += (past + 1) * period;
	lost_ticks_due(&t->ticks[n], past + 1);
}

void tick_source_sync(struct tick_source *s)
{
	struct ticker *t = &s->t;

	t->enabled = s->period_ns ? BIT(0) : 0;
	t->audible = t->paused ? 0 : t->enabled;
	t->messages = t->gsi[0] < 0 ? t->enabled : 0;
	if (!s->period_ns)
		t->due_ns[0] = HPET_NEVER;
}

static void source_paused(struct ticker *t, u64 now, bool paused)
{
	struct tick_source *s = to_source(t);

	if (!paused && s->period_ns)
		t->due_ns[0] += now - t->paused_ns;
	tick_source_sync(s);
}

static void source_reset(struct ticker *t)
{
	struct tick_source *s = to_source(t);

	s->period_ns = 0;
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
	s->period_ns = 0;
	s->ack_mode = ack_mode;
	t->msi[0] = msi;
	ticker_set_way(t, 0, gsi, ack_mode, false);
	tick_source_sync(s);
}

u64 tick_source_first(u64 now, u64 phase_ns, u64 period_ns)
{
	if (phase_ns > now)
		return phase_ns;
	return now + period_ns - (now - phase_ns) % period_ns;
}

void tick_source_start(struct tick_source *s, u64 now, u64 period_ns,
		       u64 first_ns)
{
	struct ticker *t = &s->t;
	struct lost_ticks *lt = &t->ticks[0];

	ticker_advance(t, t->enabled, now);
	if (!s->period_ns)
		lost_ticks_restart(lt);
	s->period_ns = period_ns;
	lost_ticks_set_period(lt, period_ns, true);
	t->due_ns[0] = first_ns;
	tick_source_sync(s);
}

void tick_source_stop(struct tick_source *s, u64 now)
{
	ticker_advance(&s->t, s->t.enabled, now);
	s->period_ns = 0;
	lost_ticks_mute(&s->t.ticks[0]);
	tick_source_sync(s);
}

void tick_source_ack(struct tick_source *s, u64 now)
{
	ticker_advance(&s->t, s->t.enabled, now);
	lost_ticks_ack(&s->t.ticks[0]);
}
