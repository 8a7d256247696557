// SPDX-License-Identifier: GPL-2.0
/*
 * Our device between a clock and interrupt lines, as kvm_hpet/deliver.c and
 * kvm_hpet/timers.c drive it; and what must be known of QEMU's host timers to
 * tell at which moments the two can be compared.
 */
#include "hpet_state.h"
#include "oracle.h"

/*
 * QEMU's timers fire exactly when the test protocol's clock reaches a
 * comparator. There QEMU finds the comparator not yet passed, and looks again
 * later: after one tick (7.2), or after its least interval of 1 us (10.0).
 */
static u64 second_look_ns(const struct world *w)
{
	return w->version == QEMU_7_2 ? TICK_NS : 1000;
}

/*
 * How often it looks again. 10.0, where its least interval makes it late by less
 * than a tick, begins once more with the time that is over.
 */
static u32 more_looks(const struct world *w)
{
	return w->version == QEMU_10_0 && w->odd_ns ? 2 : 1;
}

/*
 * Both forget a part of a tick when the counter is halted; 7.2 computes times
 * from the present moment, which may lie within a tick, too.
 */
static u64 rounding_ns(const struct world *w)
{
	if (!w->odd_ns)
		return 0;
	return (w->version == QEMU_7_2 ? 2 : 1) * (TICK_NS - 1);
}

void world_init(struct world *w, const struct kvm_hpet_config *c,
		unsigned int version)
{
	memset(w, 0, sizeof(*w));
	w->version = version;
	kvm_hpet_config_apply(&w->b.m, c);
	/* Every match is noticed: the module's least interval is its own. */
	hpet_block_init(&w->b, 0);
}

u64 counter(const struct world *w)
{
	return hpet_counter(&w->b.m, w->now);
}

u32 timer_reg(unsigned int n, u32 reg)
{
	return HPET_REG_TIMER(n) + reg;
}

bool access_defined(const struct op *op)
{
	return (op->len == 4 || op->len == 8) && !(op->offset & (op->len - 1));
}

/* Does @op write to the 64-bit register @reg? Then what, and which bits. */
bool writes(const struct op *op, u32 reg, u64 *val, u64 *mask)
{
	unsigned int shift = (op->offset & 4) * 8;

	if (op->kind != OP_WRITE || !access_defined(op) ||
	    (op->offset & ~7U) != reg)
		return false;
	*val = op->val << shift;
	*mask = op->len == 4 ? 0xffffffffULL << shift : ~0ULL;
	return true;
}

enum what classify(const struct world *w, u32 offset, unsigned int *n)
{
	static const enum what timer[] = {
		W_CONFIG, W_COMPARATOR, W_FSB, W_OTHER
	};

	*n = 0;
	if ((offset & ~7U) == HPET_REG_COUNTER)
		return W_COUNTER;
	if ((offset & ~7U) == HPET_REG_STATUS)
		return W_STATUS;
	if (offset < HPET_REG_TIMER(0))
		return W_OTHER;
	*n = (offset - HPET_REG_TIMER(0)) / HPET_REG_TIMER_SIZE;
	if (*n < w->b.m.num_timers)
		return timer[offset / 8 & 3];
	return *n == w->b.m.num_timers ? W_ABSENT : W_OTHER;
}

/* The line that QEMU takes for a timer: it knows no route that can't be. */
int raw_line(const struct world *w, unsigned int n)
{
	const struct hpet_timer *t = &w->b.m.timer[n];

	if (hpet_timer_legacy(&w->b.m, n))
		return hpet_timer_gsi(&w->b.m, n);
	return (t->config & HPET_TN_ROUTE_MASK) >> HPET_TN_ROUTE_SHIFT;
}

bool holds_line(const struct world *w, unsigned int n)
{
	return (w->b.m.status & BIT_ULL(n)) &&
		(w->b.m.config & HPET_CONFIG_ENABLE) &&
		(w->b.m.timer[n].config & HPET_TN_ENABLE) &&
		hpet_timer_gsi(&w->b.m, n) >= 0;
}

u64 matches(const struct world *old, const struct world *new, unsigned int n)
{
	return new->b.t.ticks[n].count.due - old->b.t.ticks[n].count.due;
}

/*
 * How often the counter comes to the comparator that the timer had before, while
 * time passes. For a periodic timer that is the first match or none.
 */
u64 crossings(const struct world *old, const struct world *new, unsigned int n)
{
	const struct hpet_timer *t = &old->b.m.timer[n];
	u64 mask = hpet_timer_mask(t), from = counter(old);
	u64 ticks = counter(new) - from;
	u64 ahead = (t->cmp - from - 1) & mask;

	if (!old->b.m.running || ticks <= ahead)
		return 0;
	return 1 + (mask == ~0ULL ? 0 : (ticks - ahead - 1) >> 32);
}

static bool starts(const struct world *old, const struct world *new)
{
	return ~old->b.m.config & new->b.m.config & HPET_CONFIG_ENABLE;
}

/* Does QEMU compute the timer's next match anew? */
bool arms(const struct world *old, const struct world *new,
	  const struct op *op, unsigned int n)
{
	u64 was = old->b.m.timer[n].config, is = new->b.m.timer[n].config;
	u64 val, mask;

	if (!(new->b.m.config & HPET_CONFIG_ENABLE))
		return false;
	if (starts(old, new))
		return new->version != QEMU_7_2 ||
			new->b.m.timer[n].cmp != ~0ULL;
	if (writes(op, timer_reg(n, HPET_TIMER_COMPARATOR), &val, &mask))
		return new->version == QEMU_7_2 || (u32)mask ||
			!(is & HPET_TN_32BIT);
	if (!writes(op, timer_reg(n, HPET_TIMER_CONFIG), &val, &mask))
		return false;
	return new->version != QEMU_7_2 || (~was & is & HPET_TN_ENABLE);
}

static void lines_go(struct world *w, u32 lines)
{
	u32 lower = w->lines & (w->b.t.dropped | ~lines);
	u32 raise = lines & ~(w->lines & ~lower);
	unsigned int i;

	w->b.t.dropped = 0;
	w->lines = lines;
	for (i = 0; i < ORACLE_LINES; i++)
		w->raises[i] += raise >> i & 1;
}

static void send(struct world *w, const struct ticker_delivery *d, bool timed)
{
	if (d->msi) {
		u32 slot = (d->msi_address - ORACLE_MAILBOX) / 8;

		if (slot < ORACLE_TIMERS)
			w->mail[slot] = d->msi_data;
		return;
	}
	if (w->lines & BIT(d->gsi))
		return;
	w->raises[d->gsi]++;
	/* A comparator just written is passed when QEMU 7.2 looks first. */
	if ((timed || w->version == QEMU_10_0) &&
	    hpet_timer_is_periodic(&w->b.m.timer[d->timer]))
		w->echoes[d->gsi] += more_looks(w);
}

/* As kvm_hpet_deliver(); every interrupt is accepted. */
static void deliver(struct world *w, bool timed)
{
	struct ticker_delivery d;
	bool taken;

	do {
		taken = ticker_take(&w->b.t, w->now, false, &d);
		lines_go(w, ticker_lines(&w->b.t));
		if (taken) {
			send(w, &d, timed);
			ticker_result(&w->b.t, &d, 1);
		}
	} while (taken);
}

static u64 next_deadline(const struct world *w)
{
	u64 next = HPET_NEVER;
	unsigned int n;

	for (n = 0; n < w->b.m.num_timers; n++)
		next = min_t(u64, next,
			     ticker_deadline(&w->b.t, n, w->now));
	return next;
}

/* Only what the device asks for wakes it up, as in the module. */
static void step(struct world *w, u64 ns)
{
	u64 end = w->now + ns;
	u64 next;

	while ((next = next_deadline(w)) <= end) {
		w->now = max_t(u64, w->now, next);
		ticker_advance(&w->b.t, ticker_all(&w->b.t), w->now);
		deliver(w, true);
	}
	w->now = end;
	ticker_advance(&w->b.t, ticker_all(&w->b.t), w->now);
	deliver(w, true);
}

u64 world_apply(struct world *w, const struct op *op)
{
	u64 val = 0;

	switch (op->kind) {
	case OP_READ:
		val = hpet_block_read(&w->b, w->now, op->offset, op->len);
		deliver(w, false);
		break;
	case OP_WRITE:
		hpet_block_write(&w->b, w->now, op->offset, op->len, op->val);
		deliver(w, false);
		break;
	case OP_STEP:
		step(w, op->ns);
		break;
	}
	return val;
}

/* When the timer matched last in a step, from what it was before. */
static u64 last_match(const struct world *old, unsigned int n, u64 k)
{
	const struct hpet_timer *t = &old->b.m.timer[n];
	u64 first = hpet_timer_ns(&old->b.m, n);

	if (!hpet_timer_is_periodic(t))
		return first + (k - 1) * (TICK_NS << 32);
	return first + (k - 1) * t->period * TICK_NS;
}

static void matched(const struct world *old, struct world *new,
		    const struct op *op, unsigned int n, u64 k)
{
	struct shadow *sh = &new->sh[n];
	bool repeats = hpet_timer_is_periodic(&new->b.m.timer[n]);

	if (!repeats)
		sh->spent = true;
	if (op->kind != OP_STEP) {
		/* At once; QEMU 7.2 a tick later. */
		sh->busy_until = new->now + sh->late + second_look_ns(new);
		return;
	}
	sh->busy_until = last_match(old, n, k) + rounding_ns(new) + sh->late;
	if (repeats)
		sh->busy_until += second_look_ns(new);
	sh->late = 0;
}

void world_shadow(const struct world *old, struct world *new,
		  const struct op *op)
{
	unsigned int n;

	for (n = 0; n < new->b.m.num_timers; n++) {
		struct shadow *sh = &new->sh[n];
		u64 was = old->b.m.timer[n].config;
		u64 is = new->b.m.timer[n].config;
		u64 k = matches(old, new, n);

		if (arms(old, new, op, n)) {
			sh->spent = false;
			sh->dead = false;
			/* 10.0: at least 1 us after the time set last. */
			if (new->version == QEMU_10_0 &&
			    (is & HPET_TN_PERIODIC))
				sh->late += 1000;
		} else if (was & ~is & HPET_TN_ENABLE) {
			sh->dead = true;
		}
		if (k)
			matched(old, new, op, n, k);
	}
}

u64 world_busy(const struct world *w)
{
	u64 until = 0;
	unsigned int n;

	for (n = 0; n < w->b.m.num_timers; n++)
		until = max_t(u64, until, w->sh[n].busy_until);
	return until;
}
