// SPDX-License-Identifier: GPL-2.0
/*
 * HPET registers, main counter and comparators. See hpet_model.h.
 *
 * Where the specification is silent or emulations differ, the choice and its
 * reason are in Documentation/device-model.rst.
 */
#include "hpet_model.h"
#include "hpet_clock.h"

/* Bits of a timer's configuration that a guest can write, if it has them. */
#define TIMER_CONFIG_RW		(HPET_TN_LEVEL | HPET_TN_ENABLE | \
				 HPET_TN_PERIODIC | HPET_TN_32BIT | \
				 HPET_TN_ROUTE_MASK | HPET_TN_FSB_ENABLE)

/* More matches than a guest can miss; keeps sums of them within 64 bits. */
#define MANY_MATCHES		BIT_ULL(62)

/*
 * How long a guest may have been held up between reading the counter and
 * writing what it computed from it.
 */
#define HELD_UP_SEC		1

u64 hpet_counter_mask(const struct hpet_model *m)
{
	return m->cap & HPET_CAP_COUNTER_64 ? ~0ULL : (u32)~0U;
}

static bool timer_is_32bit(const struct hpet_timer *t)
{
	return (t->config & HPET_TN_32BIT) || !(t->config & HPET_TN_SIZE_CAP);
}

u64 hpet_timer_mask(const struct hpet_timer *t)
{
	return timer_is_32bit(t) ? (u32)~0U : ~0ULL;
}

/* The sum, or HPET_NEVER if that is beyond all times. */
static u64 later(u64 elapsed, u64 ticks)
{
	return ticks >= HPET_NEVER - elapsed ? HPET_NEVER : elapsed + ticks;
}

static u64 held_up_ticks(const struct hpet_model *m)
{
	return HELD_UP_SEC * HPET_FS_PER_SEC / m->period_fs;
}

u64 hpet_counter(const struct hpet_model *m, u64 now)
{
	u64 count = m->base_count;

	if (m->running)
		count += hpet_elapsed(m, now);
	return count & hpet_counter_mask(m);
}

u64 hpet_timer_ns(const struct hpet_model *m, unsigned int n)
{
	u64 ns;

	if (!m->running || m->timer[n].next == HPET_NEVER)
		return HPET_NEVER;
	ns = hpet_ticks_to_ns(m->timer[n].next, m->base_phase_fs, m->period_fs);
	return ns == HPET_NEVER ? ns : later(m->base_ns, ns);
}

/*
 * Next match of a timer whose comparator and mode are settled: forward from the
 * counter. Where the two are equal that match is over.
 */
static void timer_schedule(const struct hpet_model *m, struct hpet_timer *t,
			   u64 elapsed)
{
	u64 mask = hpet_timer_mask(t);
	u64 ahead = (t->cmp - (m->base_count + elapsed)) & mask;

	if (!ahead)
		t->next = timer_is_32bit(t) ? later(elapsed, mask + 1) :
					      HPET_NEVER;
	else
		t->next = later(elapsed, ahead);
}

/*
 * By how much the counter has passed the comparator, if that is so little that
 * the guest must have meant a time in the future, and was held up before it
 * could write it; else HPET_NEVER. A 64-bit counter does not wrap, so there a
 * comparator above the counter is never in the past.
 */
static u64 timer_overdue(const struct hpet_model *m, const struct hpet_timer *t,
			 u64 elapsed)
{
	u64 count = m->base_count + elapsed;
	u64 past = (count - t->cmp) & hpet_timer_mask(t);

	if (!timer_is_32bit(t) && t->cmp > count)
		return HPET_NEVER;
	if (past > held_up_ticks(m))
		return HPET_NEVER;
	return past;
}

/* Puts a periodic timer, @past ticks after a match, to the next one. */
static void timer_resync(const struct hpet_model *m, struct hpet_timer *t,
			 u64 elapsed, u64 past)
{
	u64 ahead = t->period - past % t->period;

	t->next = later(elapsed, ahead);
	t->cmp = (m->base_count + elapsed + ahead) & hpet_timer_mask(t);
}

/*
 * The comparator was written while the counter runs. Returns true if that is a
 * match at once.
 */
static bool timer_written(const struct hpet_model *m, struct hpet_timer *t,
			  u64 elapsed)
{
	u64 past = timer_overdue(m, t, elapsed);

	if (past == HPET_NEVER || !hpet_timer_is_periodic(t)) {
		timer_schedule(m, t, elapsed);
	} else {
		timer_resync(m, t, elapsed, past);
		if (past >= t->period)
			t->fresh = 0;
	}
	return past != HPET_NEVER;
}

/*
 * The period was written by itself after the comparator, and the timer has
 * matched in between, once, and then waits for what it took for its period: now
 * it is known when it should have. Linux writes the two in this order and can be
 * held up. Returns false, or how many more matches there should have been.
 */
static bool timer_period_written(const struct hpet_model *m,
				 struct hpet_timer *t, u64 elapsed, u64 *missed)
{
	u64 past = (m->base_count + elapsed - t->start) & hpet_timer_mask(t);

	if (t->cmp == t->start || !t->period)
		return false;
	timer_resync(m, t, elapsed, past);
	*missed = min_t(u64, past / t->period, MANY_MATCHES);
	return true;
}

static u64 oneshot_advance(const struct hpet_model *m, struct hpet_timer *t,
			   u64 elapsed)
{
	u64 n = 1;

	/* A comparator of 32 bits matches once in each turn of the counter. */
	if (timer_is_32bit(t))
		n += (elapsed - t->next) >> 32;
	timer_schedule(m, t, elapsed);
	/* One of 64 bits would have to wait for centuries. */
	if (!timer_is_32bit(t))
		t->next = HPET_NEVER;
	return n;
}

static u64 periodic_advance(struct hpet_timer *t, u64 elapsed)
{
	u64 past = elapsed - t->next;
	u64 ahead = t->period - past % t->period;

	/* From the second match on the period must be what was meant. */
	if (t->cmp != t->start || past >= t->period)
		t->fresh = 0;
	t->next = later(elapsed, ahead);
	t->cmp = (t->cmp + past + ahead) & hpet_timer_mask(t);
	return past / t->period + 1;
}

u64 hpet_timer_advance(struct hpet_model *m, unsigned int n, u64 elapsed)
{
	struct hpet_timer *t = &m->timer[n];

	if (t->next > elapsed)
		return 0;
	if (hpet_timer_is_periodic(t))
		return periodic_advance(t, elapsed);
	return oneshot_advance(m, t, elapsed);
}

u32 hpet_model_start(struct hpet_model *m, u64 now)
{
	u32 matched = 0;
	unsigned int i;

	m->base_ns = now;
	m->running = (m->config & HPET_CONFIG_ENABLE) && !m->paused;
	if (!m->running)
		return 0;
	for (i = 0; i < m->num_timers; i++) {
		struct hpet_timer *t = &m->timer[i];

		if (!t->matched && !((t->cmp - m->base_count) & hpet_timer_mask(t)))
			matched |= timer_written(m, t, 0) ? BIT(i) : 0;
		else
			timer_schedule(m, t, 0);
		t->matched = false;
	}
	return matched;
}

void hpet_model_stop(struct hpet_model *m, u64 now)
{
	unsigned int i;
	u64 ns = now - m->base_ns;

	if (!m->running)
		return;
	m->base_count = hpet_counter(m, now);
	m->base_phase_fs = hpet_ns_to_phase(ns, m->base_phase_fs, m->period_fs);
	m->running = false;
	for (i = 0; i < m->num_timers; i++) {
		struct hpet_timer *t = &m->timer[i];

		t->matched = !((t->cmp - m->base_count) & hpet_timer_mask(t));
	}
}

u32 hpet_model_pause(struct hpet_model *m, u64 now, bool paused)
{
	hpet_model_stop(m, now);
	m->paused = paused;
	return hpet_model_start(m, now);
}

void hpet_model_reset(struct hpet_model *m)
{
	unsigned int i;

	m->config = 0;
	m->status = 0;
	m->base_count = 0;
	m->base_phase_fs = 0;
	m->running = false;
	for (i = 0; i < m->num_timers; i++) {
		struct hpet_timer *t = &m->timer[i];
		u64 config = t->config & ~TIMER_CONFIG_RW;

		memset(t, 0, sizeof(*t));
		t->config = config;
		t->cmp = hpet_timer_mask(t);
		t->next = HPET_NEVER;
	}
}

static u64 timer_read(const struct hpet_timer *t, u32 reg)
{
	switch (reg) {
	case HPET_TIMER_CONFIG:
		return t->config |
			(t->val_set & HPET_LOW_HALF ? HPET_TN_VAL_SET : 0);
	case HPET_TIMER_COMPARATOR:
		return t->cmp;
	case HPET_TIMER_FSB:
		return t->fsb;
	default:
		return 0;
	}
}

/* The timer in whose registers an offset lies, or NULL. */
static struct hpet_timer *timer_at(const struct hpet_model *m, u32 offset,
				   unsigned int *n)
{
	if (offset < HPET_REG_TIMER(0))
		return NULL;
	*n = (offset - HPET_REG_TIMER(0)) / HPET_REG_TIMER_SIZE;
	if (*n >= m->num_timers)
		return NULL;
	*n = array_index_nospec(*n, m->num_timers);
	return (struct hpet_timer *)&m->timer[*n];
}

static bool access_defined(u32 offset, unsigned int len)
{
	return (len == 4 || len == 8) && !(offset & (len - 1));
}

static u64 register_read(const struct hpet_model *m, u64 now, u32 reg)
{
	const struct hpet_timer *t;
	unsigned int n;

	switch (reg) {
	case HPET_REG_CAP:
		return m->cap;
	case HPET_REG_CONFIG:
		return m->config;
	case HPET_REG_STATUS:
		return m->status;
	case HPET_REG_COUNTER:
		return hpet_counter(m, now);
	}
	t = timer_at(m, reg, &n);
	return t ? timer_read(t, reg & (HPET_REG_TIMER_SIZE - 1)) : 0;
}

u64 hpet_model_read(const struct hpet_model *m, u64 now, u32 offset,
		    unsigned int len)
{
	u64 val;

	if (!access_defined(offset, len))
		return 0;
	val = register_read(m, now, offset & ~7U) >> (offset & 4) * 8;
	return len == 4 ? (u32)val : val;
}

/* @old with the bits of @mask taken from @val. */
static u64 merge_bits(u64 old, u64 val, u64 mask)
{
	return (old & ~mask) | (val & mask);
}

u64 hpet_config_rw(const struct hpet_model *m)
{
	return HPET_CONFIG_ENABLE |
		(m->cap & HPET_CAP_LEGACY ? HPET_CONFIG_LEGACY : 0);
}

static void config_write(struct hpet_model *m, u64 now, u64 val, u64 mask,
			 struct hpet_effects *fx)
{
	u64 old = m->config;

	val = merge_bits(old, val, mask & hpet_config_rw(m));
	if (val == old)
		return;
	fx->changed = (u32)(BIT_ULL(m->num_timers) - 1);
	fx->legacy = (val ^ old) & HPET_CONFIG_LEGACY;
	if (old & ~val & HPET_CONFIG_ENABLE)
		hpet_model_stop(m, now);
	m->config = val;
	if (val & ~old & HPET_CONFIG_ENABLE) {
		fx->restarted = fx->changed;
		fx->matched = hpet_model_start(m, now);
	}
}

static void status_write(struct hpet_model *m, u64 val,
			 struct hpet_effects *fx)
{
	fx->acked = (u32)(m->status & val);
	m->status &= ~val;
}

static void counter_write(struct hpet_model *m, u64 val, u64 mask,
			  struct hpet_effects *fx)
{
	unsigned int i;

	/* 2.3.7: only while halted. Paused guest time is not halted. */
	if (m->config & HPET_CONFIG_ENABLE)
		return;
	m->base_count = merge_bits(m->base_count, val, mask) & hpet_counter_mask(m);
	m->base_phase_fs = 0;
	for (i = 0; i < m->num_timers; i++) {
		struct hpet_timer *t = &m->timer[i];

		t->matched = false;
		fx->changed |= t->fresh ? BIT(i) : 0;
		t->fresh = 0;
	}
}

u64 hpet_timer_config_rw(const struct hpet_timer *t)
{
	u64 rw = HPET_TN_LEVEL | HPET_TN_ENABLE | HPET_TN_ROUTE_MASK;

	if (t->config & HPET_TN_PERIODIC_CAP)
		rw |= HPET_TN_PERIODIC;
	if (t->config & HPET_TN_SIZE_CAP)
		rw |= HPET_TN_32BIT;
	if (t->config & HPET_TN_FSB_CAP)
		rw |= HPET_TN_FSB_ENABLE;
	return rw;
}

/* A route that the timer can't have is not taken, except where it is unused. */
static u64 timer_route(const struct hpet_model *m, unsigned int n, u64 val)
{
	const struct hpet_timer *t = &m->timer[n];
	u64 route = (val & HPET_TN_ROUTE_MASK) >> HPET_TN_ROUTE_SHIFT;

	if (hpet_timer_legacy(m, n) ||
	    t->config >> HPET_TN_ROUTE_CAP_SHIFT & BIT_ULL(route))
		return val;
	return merge_bits(val, t->config, HPET_TN_ROUTE_MASK);
}

static void timer_config_write(struct hpet_model *m, u64 now, unsigned int n,
			       u64 val, u64 mask, struct hpet_effects *fx)
{
	struct hpet_timer *t = &m->timer[n];
	u64 old = t->config;

	if (mask & HPET_TN_VAL_SET)
		t->val_set = val & HPET_TN_VAL_SET ? HPET_BOTH_HALVES : 0;
	val = timer_route(m, n, merge_bits(old, val,
					   mask & hpet_timer_config_rw(t)));
	if (val == old)
		return;
	t->config = val;
	fx->changed |= BIT(n);
	if (old & ~val & HPET_TN_LEVEL)
		m->status &= ~BIT_ULL(n);
	if (!((val ^ old) & (HPET_TN_PERIODIC | HPET_TN_32BIT)))
		return;
	t->cmp &= hpet_timer_mask(t);
	t->period &= hpet_timer_mask(t);
	t->fresh = 0;
	fx->restarted |= BIT(n);
	if (m->running)
		timer_schedule(m, t, hpet_elapsed(m, now));
}

static u8 halves(u64 mask)
{
	return ((u32)mask ? HPET_LOW_HALF : 0) |
		(mask >> 32 ? HPET_HIGH_HALF : 0);
}

/* Those of @awaited that are still to be written after those of @mask. */
static u8 remaining(const struct hpet_timer *t, u8 awaited, u64 mask)
{
	return timer_is_32bit(t) ? 0 : awaited & ~halves(mask);
}

/*
 * What a half is merged with. A periodic timer that matched since the first half
 * was written has moved on from what that belongs to.
 */
static u64 comparator_so_far(const struct hpet_timer *t)
{
	return hpet_timer_half_set(t) ? t->start : t->cmp;
}

static void period_write(struct hpet_model *m, unsigned int n, u64 elapsed,
			 u64 mask, struct hpet_effects *fx)
{
	struct hpet_timer *t = &m->timer[n];
	u8 fresh = remaining(t, t->fresh, mask);

	/* A half that was written before: this is another period. */
	if (!(t->fresh & halves(mask)))
		fresh = 0;
	else if (m->running && timer_period_written(m, t, elapsed, &fx->missed))
		fx->corrected |= BIT(n);
	t->fresh = fresh;
}

static void comparator_write(struct hpet_model *m, u64 now, unsigned int n,
			     u64 val, u64 mask, struct hpet_effects *fx)
{
	struct hpet_timer *t = &m->timer[n];
	bool periodic = t->config & HPET_TN_PERIODIC;
	bool sets_cmp = !periodic || (t->val_set & halves(mask));
	u64 elapsed = m->running ? hpet_elapsed(m, now) : 0;

	mask &= hpet_timer_mask(t);
	if (!mask)
		return;
	if (periodic) {
		fx->changed |= BIT(n);
		t->period = merge_bits(t->period, val, mask);
	}
	if (!sets_cmp) {
		period_write(m, n, elapsed, mask, fx);
		return;
	}
	t->cmp = merge_bits(comparator_so_far(t), val, mask);
	t->val_set = remaining(t, t->val_set, mask);
	t->start = t->cmp;
	t->fresh = periodic ? HPET_BOTH_HALVES : 0;
	t->matched = false;
	fx->restarted |= BIT(n);
	if (m->running && timer_written(m, t, elapsed))
		fx->matched |= BIT(n);
}

static void timer_write(struct hpet_model *m, u64 now, u32 reg, u64 val,
			u64 mask, struct hpet_effects *fx)
{
	struct hpet_timer *t;
	unsigned int n;

	t = timer_at(m, reg, &n);
	if (!t)
		return;
	switch (reg & (HPET_REG_TIMER_SIZE - 1)) {
	case HPET_TIMER_CONFIG:
		timer_config_write(m, now, n, val, mask, fx);
		break;
	case HPET_TIMER_COMPARATOR:
		comparator_write(m, now, n, val, mask, fx);
		break;
	case HPET_TIMER_FSB:
		if (!(t->config & HPET_TN_FSB_CAP))
			break;
		t->fsb = merge_bits(t->fsb, val, mask);
		fx->changed |= BIT(n);
		break;
	}
}

void hpet_model_write(struct hpet_model *m, u64 now, u32 offset,
		      unsigned int len, u64 val, struct hpet_effects *fx)
{
	unsigned int shift = (offset & 4) * 8;
	u64 mask = len == 4 ? (u64)(u32)~0U << shift : ~0ULL;

	memset(fx, 0, sizeof(*fx));
	if (!access_defined(offset, len))
		return;
	val <<= shift;
	switch (offset & ~7U) {
	case HPET_REG_CONFIG:
		config_write(m, now, val, mask, fx);
		break;
	case HPET_REG_STATUS:
		status_write(m, val & mask, fx);
		break;
	case HPET_REG_COUNTER:
		counter_write(m, val, mask, fx);
		break;
	default:
		timer_write(m, now, offset & ~7U, val, mask, fx);
	}
}
