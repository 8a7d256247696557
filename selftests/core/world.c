// SPDX-License-Identifier: GPL-2.0
/* See world.h. */
#include "world.h"

#define CAPS	(HPET_TN_PERIODIC_CAP | HPET_TN_SIZE_CAP | HPET_TN_FSB_CAP | \
		 0xff0104ULL << HPET_TN_ROUTE_CAP_SHIFT)

static u64 soon(struct world *w, u64 most)
{
	return w->now + rng_below(&w->rng, most + 1);
}

void world_init(struct world *w, u64 seed)
{
	unsigned int n;

	memset(w, 0, sizeof(*w));
	w->rng.state = seed;
	w->now = SEC + seed;
	w->work_at = w->stage_at = w->op_at = HPET_NEVER;
	w->b.m.num_timers = WORLD_TIMERS;
	w->b.m.period_fs = PERIOD_10NS;
	w->b.m.cap = (u64)PERIOD_10NS << 32 | HPET_CAP_LEGACY |
		     HPET_CAP_COUNTER_64 | (WORLD_TIMERS - 1) << 8 | 1;
	for (n = 0; n < WORLD_TIMERS; n++) {
		w->b.m.timer[n].config = CAPS;
		w->deadline[n] = w->fire_at[n] = HPET_NEVER;
	}
	hpet_block_init(&w->b, WORLD_MIN_NS);
}

/* ---- interrupt controller and guest ---- */

static void pend(struct world *w, struct pin *p)
{
	p->irr = true;
	p->take_at = max_t(u64, soon(w, w->take_ns), w->irqs_off_until);
}

static int pulse(struct world *w, struct pin *p)
{
	p->sent++;
	if (p->masked)
		return -1;
	if (p->irr)
		return p->pic ? 0 : 1;
	pend(w, p);
	return 1;
}

static void set_lines(struct world *w, u32 lines, bool up)
{
	unsigned int i;

	for (i = 0; i < WORLD_PINS; i++) {
		struct pin *p = &w->pin[i];

		if (!(lines & BIT(i)))
			continue;
		p->level = up;
		if (up && !p->masked && !p->irr && !p->isr)
			pend(w, p);
	}
}

static int send(struct world *w)
{
	if (w->d.msi)
		return pulse(w, &w->pin[WORLD_PINS + w->d.timer]);
	return pulse(w, &w->pin[w->d.gsi]);
}

/* ---- timers.c ---- */

static void sync_timer(struct world *w, unsigned int n, u64 deadline)
{
	if (w->deadline[n] == deadline)
		return;
	w->deadline[n] = deadline;
	w->fire_at[n] = HPET_NEVER;
	w->latest_ns = max_t(u64, w->latest_ns, w->late_ns);
	if (deadline != HPET_NEVER)
		w->fire_at[n] = max_t(u64, w->now, deadline - w->offset) +
				rng_below(&w->rng, w->late_ns + 1);
}

static bool timers_sync(struct world *w)
{
	u64 now = world_clock(w);
	unsigned int n;

	for (n = 0; n < WORLD_TIMERS; n++)
		sync_timer(w, n, ticker_deadline(&w->b.t, n, now));
	return ticker_ready(&w->b.t, now, w->lines);
}

static void kick(struct world *w)
{
	if (w->work_at == HPET_NEVER)
		w->work_at = soon(w, w->work_ns);
}

/* ---- deliver.c ---- */

static void note_injection(struct world *w)
{
	if (!w->d.timer)
		w->log[w->taken++ % ARRAY_SIZE(w->log)] = w->now;
}

static bool take(struct world *w)
{
	u32 lines, lower, raise;
	bool taken;

	ticker_advance(&w->b.t, ticker_all(&w->b.t), world_clock(w));
	taken = ticker_take(&w->b.t, world_clock(w), false, &w->d);
	lines = ticker_lines(&w->b.t);
	lower = w->lines & (w->b.t.dropped | ~lines);
	raise = lines & ~(w->lines & ~lower);
	w->b.t.dropped = 0;
	w->lines = lines;
	set_lines(w, lower, false);
	set_lines(w, raise, true);
	if (taken)
		note_injection(w);
	return taken;
}

static void finish(struct world *w)
{
	w->stage = STAGE_IDLE;
	w->stage_at = HPET_NEVER;
	ticker_advance(&w->b.t, ticker_all(&w->b.t), world_clock(w));
	if (timers_sync(w))
		kick(w);
}

static void step(struct world *w, u64 gap)
{
	switch (w->stage) {
	case STAGE_NEXT:
		if (!w->budget-- || !take(w)) {
			finish(w);
			return;
		}
		w->stage = STAGE_TAKEN;
		break;
	case STAGE_TAKEN:
		w->ret = send(w);
		w->stage = STAGE_SENT;
		break;
	case STAGE_SENT:
		ticker_result(&w->b.t, &w->d, w->ret);
		w->stage = STAGE_NEXT;
		break;
	}
	w->stage_at = soon(w, gap);
}

static void start_delivery(struct world *w)
{
	w->stage = STAGE_NEXT;
	w->stage_at = w->now;
	w->budget = WORLD_BUDGET;
}

/* A vCPU delivers by itself, once whoever does so already is done. */
static void deliver(struct world *w)
{
	while (w->stage != STAGE_IDLE)
		step(w, 0);
	start_delivery(w);
	while (w->stage != STAGE_IDLE)
		step(w, 0);
}

static void deliver_fsb(struct world *w)
{
	unsigned int budget = WORLD_TIMERS;
	struct ticker_delivery kept = w->d;

	while (budget-- && ticker_take(&w->b.t, world_clock(w), true, &w->d)) {
		note_injection(w);
		ticker_result(&w->b.t, &w->d, send(w));
	}
	w->d = kept;
}

static void timer_fired(struct world *w, unsigned int n)
{
	w->fire_at[n] = HPET_NEVER;
	w->fired++;
	if (world_clock(w) >= w->deadline[n])
		w->deadline[n] = HPET_NEVER;
	ticker_advance(&w->b.t, ticker_all(&w->b.t), world_clock(w));
	deliver_fsb(w);
	if (timers_sync(w))
		kick(w);
}

static void acked(struct world *w, u32 gsi)
{
	ticker_ack(&w->b.t, world_clock(w), gsi);
	if (timers_sync(w))
		kick(w);
}

static void masked(struct world *w, u32 gsi, bool now_masked)
{
	if (now_masked)
		return;
	ticker_unmasked(&w->b.t, world_clock(w), gsi);
	if (timers_sync(w))
		kick(w);
}

/* ---- the guest ---- */

/* What its handler does for a level-triggered line. */
static void clear_status(struct world *w, u32 gsi)
{
	u64 status = world_r64(w, HPET_REG_STATUS), mine = 0;
	unsigned int n;

	for (n = 0; n < WORLD_TIMERS; n++)
		if (hpet_timer_gsi(&w->b.m, n) == (int)gsi)
			mine |= BIT_ULL(n);
	if (status & mine)
		world_w64(w, HPET_REG_STATUS, status & mine);
}

static void take_interrupt(struct world *w, unsigned int i)
{
	struct pin *p = &w->pin[i];

	if (w->now < w->irqs_off_until) {
		p->take_at = w->irqs_off_until;
		return;
	}
	p->irr = false;
	p->isr = true;
	p->seen++;
	if (w->masks)
		p->masked = true;
	p->eoi_at = soon(w, w->eoi_ns);
	if (p->level)
		clear_status(w, i);
}

static void end_of_interrupt(struct world *w, unsigned int i)
{
	struct pin *p = &w->pin[i];

	p->isr = false;
	if (i >= WORLD_PINS)
		return;
	acked(w, i);
	if (w->masks)
		world_mask(w, i, false);
	if (p->level && !p->masked && !p->irr)
		pend(w, p);
}

void world_mask(struct world *w, u32 gsi, bool mask)
{
	struct pin *p = &w->pin[gsi];

	if (p->masked == mask)
		return;
	p->masked = mask;
	masked(w, gsi, mask);
	if (mask)
		return;
	if (p->level && !p->irr && !p->isr)
		pend(w, p);
}

void world_w64(struct world *w, u32 offset, u64 val)
{
	hpet_block_write(&w->b, world_clock(w), offset, 8, val);
	if (timers_sync(w))
		deliver(w);
}

void world_w32(struct world *w, u32 offset, u32 val)
{
	hpet_block_write(&w->b, world_clock(w), offset, 4, val);
	if (timers_sync(w))
		deliver(w);
}

u64 world_r64(struct world *w, u32 offset)
{
	u64 val = hpet_block_read(&w->b, world_clock(w), offset, 8);

	if (timers_sync(w))
		deliver(w);
	return val;
}

/* ---- the VMM ---- */

void world_policy(struct world *w, u32 policy, u32 max_rate, u32 ramp,
		  u64 max_backlog_ns)
{
	struct lost_ticks_params p = { policy, max_rate, ramp, max_backlog_ns };
	unsigned int n;

	for (n = 0; n < WORLD_TIMERS; n++)
		ticker_set_params(&w->b.t, world_clock(w), n, &p);
	if (timers_sync(w))
		deliver(w);
}

void world_pause(struct world *w, bool paused)
{
	ticker_pause(&w->b.t, world_clock(w), paused);
	if (timers_sync(w))
		deliver(w);
}

void world_reset(struct world *w)
{
	ticker_reset(&w->b.t, world_clock(w));
	if (timers_sync(w))
		deliver(w);
}

void world_update(struct world *w)
{
	if (timers_sync(w))
		deliver(w);
}

/* ---- time ---- */

static u64 sooner(u64 at, u64 than, unsigned int *what, unsigned int this)
{
	if (at >= than)
		return than;
	*what = this;
	return at;
}

enum { WHAT_WORK, WHAT_STEP, WHAT_OP, WHAT_TIMER, WHAT_TAKE = 100, WHAT_EOI = 200,
       WHAT_NOTHING = 1000 };

static u64 next_event(const struct world *w, unsigned int *what)
{
	u64 at = HPET_NEVER;
	unsigned int i;

	*what = WHAT_NOTHING;
	if (w->stage == STAGE_IDLE)
		at = sooner(w->work_at, at, what, WHAT_WORK);
	at = sooner(w->stage_at, at, what, WHAT_STEP);
	at = sooner(w->op_at, at, what, WHAT_OP);
	for (i = 0; i < WORLD_TIMERS; i++)
		at = sooner(w->fire_at[i], at, what, WHAT_TIMER + i);
	for (i = 0; i < ARRAY_SIZE(w->pin); i++) {
		const struct pin *p = &w->pin[i];

		if (p->isr)
			at = sooner(p->eoi_at, at, what, WHAT_EOI + i);
		else if (p->irr)
			at = sooner(p->take_at, at, what, WHAT_TAKE + i);
	}
	return at;
}

static void happen(struct world *w, unsigned int what)
{
	if (what >= WHAT_EOI) {
		end_of_interrupt(w, what - WHAT_EOI);
	} else if (what >= WHAT_TAKE) {
		take_interrupt(w, what - WHAT_TAKE);
	} else if (what >= WHAT_TIMER) {
		timer_fired(w, what - WHAT_TIMER);
	} else if (what == WHAT_OP) {
		w->op_at = soon(w, w->op_ns) + 1;
		w->op(w);
	} else if (what == WHAT_STEP) {
		step(w, w->gap_ns);
	} else {
		w->work_at = HPET_NEVER;
		start_delivery(w);
	}
}

void world_run(struct world *w, u64 ns)
{
	u64 end = w->now + ns;
	unsigned int what;

	w->op_at = w->op_ns ? soon(w, w->op_ns) + 1 : HPET_NEVER;
	for (;;) {
		u64 at = next_event(w, &what);

		if (at > end)
			break;
		w->now = max_t(u64, w->now, at);
		happen(w, what);
		if (w->check)
			w->check(w);
	}
	w->now = end;
}

void world_calm_down(struct world *w)
{
	unsigned int i;

	w->late_ns = w->work_ns = 1000;
	w->gap_ns = w->take_ns = w->eoi_ns = 1000;
	w->op_ns = 0;
	w->irqs_off_until = 0;
	for (i = 0; i < ARRAY_SIZE(w->pin); i++) {
		w->pin[i].take_at = min_t(u64, w->pin[i].take_at, w->now);
		w->pin[i].eoi_at = min_t(u64, w->pin[i].eoi_at, w->now);
	}
}

bool world_at_rest(const struct world *w)
{
	return w->stage == STAGE_IDLE && w->work_at == HPET_NEVER;
}
