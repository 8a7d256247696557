// SPDX-License-Identifier: GPL-2.0
/*
 * The conditions of the judged differences, computed from the history as our
 * device sees it. What is judged, and why, stands in the file "judged".
 */
#include "hpet_clock.h"
#include "oracle.h"

static const struct hpet_timer *was(const struct look *l)
{
	return &l->old->b.m.timer[l->n];
}

static const struct hpet_timer *is(const struct look *l)
{
	return &l->new->b.m.timer[l->n];
}

static bool is_72(const struct look *l)
{
	return l->new->version == QEMU_7_2;
}

static bool mode32(const struct hpet_timer *t)
{
	return t->config & HPET_TN_32BIT;
}

/* Bits of the timer's configuration that were set or cleared. */
static bool set(const struct look *l, u64 bit)
{
	return ~was(l)->config & is(l)->config & bit;
}

static bool cleared(const struct look *l, u64 bit)
{
	return was(l)->config & ~is(l)->config & bit;
}

static bool status(const struct world *w, unsigned int n)
{
	return w->b.m.status & BIT_ULL(n);
}

static bool enabled(const struct world *w)
{
	return w->b.m.config & HPET_CONFIG_ENABLE;
}

static bool starts(const struct look *l)
{
	return !enabled(l->old) && enabled(l->new);
}

static bool halts(const struct look *l)
{
	return enabled(l->old) && !enabled(l->new);
}

static u64 k(const struct look *l)
{
	return matches(l->old, l->new, l->n);
}

/*
 * A match, seen from the history rather than from what our device makes of it:
 * a row must not excuse matches that are none.
 */
static bool match(const struct look *l)
{
	if (l->op->kind == OP_STEP && !crossings(l->old, l->new, l->n))
		return false;
	return k(l);
}

static bool armed(const struct look *l)
{
	return arms(l->old, l->new, l->op, l->n);
}

static bool wrote(const struct look *l, u32 reg, u64 *val, u64 *mask)
{
	return writes(l->op, timer_reg(l->n, reg), val, mask);
}

/* The comparator as QEMU found it when it armed: ours may have moved on. */
static bool reached(const struct look *l)
{
	u64 ahead = is(l)->cmp - counter(l->new);

	if (is_72(l))
		return mode32(is(l)) ? (s32)ahead <= 0 : (int64_t)ahead <= 0;
	return mode32(is(l)) ? !(u32)ahead : is(l)->cmp <= counter(l->new);
}

/* QEMU fires when it arms, we don't. */
static bool fires_alone(const struct look *l)
{
	return armed(l) && !k(l) && reached(l);
}

/* A write to the comparator's register: does it set the comparator itself? */
static bool sets_comparator(const struct look *l, u64 mask)
{
	unsigned int halves = ((u32)mask ? 1 : 0) | (mask >> 32 ? 2 : 0);

	return (mask & hpet_timer_mask(is(l))) &&
		(!(is(l)->config & HPET_TN_PERIODIC) ||
		 (was(l)->val_set & halves));
}

/* By how much the counter has passed the comparator @cmp. */
static u64 past(const struct look *l, u64 cmp)
{
	return (counter(l->new) - cmp) & hpet_timer_mask(is(l));
}

/* So little that we take it for a guest that was held up. */
static bool just_passed(const struct look *l, u64 cmp)
{
	if (!mode32(is(l)) && cmp > counter(l->new))
		return false;
	return past(l, cmp) <= SECOND;
}

static bool past_write(struct look *l)
{
	u64 val, mask;

	return fires_alone(l) && wrote(l, HPET_TIMER_COMPARATOR, &val, &mask) &&
		(!just_passed(l, is(l)->cmp) || !sets_comparator(l, mask));
}

static bool past_start(struct look *l)
{
	return fires_alone(l) && starts(l);
}

static bool past_config(struct look *l)
{
	u64 val, mask;

	return fires_alone(l) && wrote(l, HPET_TIMER_CONFIG, &val, &mask);
}

static bool held_up_32(struct look *l)
{
	u64 val, mask;

	/* Equal is no difference. Ours has moved on if it is periodic. */
	return !is_72(l) && armed(l) && k(l) && mode32(is(l)) &&
		wrote(l, HPET_TIMER_COMPARATOR, &val, &mask) &&
		past(l, is(l)->start) && just_passed(l, is(l)->start);
}

static bool far_64(struct look *l)
{
	u64 limit = (~0ULL >> 1) / TICK_NS - (1ULL << 40);
	u64 far = max_t(u64, is(l)->cmp, counter(l->new));

	return enabled(l->new) && far > limit;
}

static bool counter_top(struct look *l)
{
	return enabled(l->new) && counter(l->new) > ~0ULL / TICK_NS - (1ULL << 40);
}

static bool wrap_32(struct look *l)
{
	u32 now = counter(l->new), ahead = is(l)->cmp - now;

	if (!armed(l) || !mode32(is(l)) || (is(l)->config & HPET_TN_PERIODIC))
		return false;
	if (is_72(l))
		return ~now < ((s32)ahead > 0 ? ahead : 1);
	return (u32)is(l)->cmp < now && (u32)is(l)->cmp;
}

static bool once_32(struct look *l)
{
	return k(l) > (l->old->sh[l->n].spent ? 0 : 1) &&
		k(l) == crossings(l->old, l->new, l->n) &&
		!hpet_timer_is_periodic(is(l));
}

static bool halt_status(struct look *l)
{
	return halts(l) && status(l->old, l->n);
}

static bool enb_off_status(struct look *l)
{
	return cleared(l, HPET_TN_ENABLE) && status(l->old, l->n);
}

static bool enb_off_stops(struct look *l)
{
	return l->old->sh[l->n].dead && match(l) &&
		hpet_timer_is_periodic(was(l));
}

static bool enb_0_status(struct look *l)
{
	return match(l) && !(is(l)->config & HPET_TN_ENABLE) &&
		(is(l)->config & HPET_TN_LEVEL);
}

static bool enb_off_line(struct look *l)
{
	return cleared(l, HPET_TN_ENABLE) && holds_line(l->old, l->n);
}

static bool route_line(struct look *l)
{
	u64 val, mask;

	return wrote(l, HPET_TIMER_CONFIG, &val, &mask) &&
		holds_line(l->old, l->n) &&
		raw_line(l->old, l->n) != raw_line(l->new, l->n);
}

static bool legacy_line(struct look *l)
{
	u64 changed = l->old->b.m.config ^ l->new->b.m.config;
	int line = raw_line(l->old, l->n);

	if (!(changed & HPET_CONFIG_LEGACY) || !status(l->old, l->n))
		return false;
	return l->n < 2 || line == HPET_LEGACY_GSI_TIMER0 ||
		line == HPET_LEGACY_GSI_TIMER1;
}

/* Anything that makes QEMU pulse or lower the line of timer @m. */
static bool touches_line(const struct look *l, unsigned int m)
{
	struct look other = *l;
	u64 val, mask;

	other.n = m;
	/* QEMU may still be about to act on a match that is over for us. */
	return match(&other) || l->old->sh[m].busy_until > l->old->now ||
		status(l->old, m) != status(l->new, m) ||
		wrote(&other, HPET_TIMER_CONFIG, &val, &mask);
}

static bool shared_line(struct look *l)
{
	unsigned int m;

	if (!holds_line(l->old, l->n) && !holds_line(l->new, l->n))
		return false;
	for (m = 0; m < l->new->b.m.num_timers; m++)
		if (m != l->n && touches_line(l, m) &&
		    (raw_line(l->new, m) == raw_line(l->new, l->n) ||
		     raw_line(l->old, m) == raw_line(l->new, l->n)))
			return true;
	return false;
}

static bool level_to_edge(struct look *l)
{
	return cleared(l, HPET_TN_LEVEL) && status(l->old, l->n);
}

static bool fsb_on(struct look *l)
{
	return set(l, HPET_TN_FSB_ENABLE) && status(l->old, l->n);
}

static bool fsb_off(struct look *l)
{
	return cleared(l, HPET_TN_FSB_ENABLE) && status(l->old, l->n);
}

static bool fsb_level(struct look *l)
{
	return match(l) && hpet_timer_fsb(&l->new->b.m, l->n) &&
		(is(l)->config & HPET_TN_LEVEL);
}

static bool fsb_again(struct look *l)
{
	return (set(l, HPET_TN_ENABLE) || starts(l)) &&
		(is(l)->config & HPET_TN_FSB_ENABLE) &&
		(is(l)->config & HPET_TN_ENABLE) && status(l->old, l->n);
}

static bool fsb_no_cap(struct look *l)
{
	u64 val, mask;

	return wrote(l, HPET_TIMER_CONFIG, &val, &mask) &&
		(val & mask & HPET_TN_FSB_ENABLE) &&
		!(is(l)->config & HPET_TN_FSB_CAP);
}

static bool fsb_register(struct look *l)
{
	u64 val, mask;

	return wrote(l, HPET_TIMER_FSB, &val, &mask) && (val & mask) &&
		!(is(l)->config & HPET_TN_FSB_CAP);
}

static bool route_refused(struct look *l)
{
	u64 val, mask;

	if (!wrote(l, HPET_TIMER_CONFIG, &val, &mask) ||
	    !(mask & HPET_TN_ROUTE_MASK) ||
	    !((val ^ is(l)->config) & HPET_TN_ROUTE_MASK))
		return false;
	l->lines |= BIT((val & HPET_TN_ROUTE_MASK) >> HPET_TN_ROUTE_SHIFT);
	return true;
}

static bool route_silent(struct look *l)
{
	return enabled(l->new) && (is(l)->config & HPET_TN_ENABLE) &&
		!(is(l)->config & HPET_TN_FSB_ENABLE) &&
		hpet_timer_gsi(&l->new->b.m, l->n) < 0;
}

static bool absent(struct look *l)
{
	unsigned int n;

	return l->op->kind == OP_WRITE && !l->n && access_defined(l->op) &&
		classify(l->new, l->op->offset, &n) == W_ABSENT;
}

/*
 * A write. What it does to a timer's registers is that timer's alone. The reads
 * that the row explains are those of the kind "undefined".
 */
static bool straddle(struct look *l)
{
	u32 dword = (l->op->offset + 3) & ~3U;
	unsigned int n;

	if (l->op->kind != OP_WRITE || l->op->len != 8 || !(l->op->offset & 7) ||
	    memcmp(&l->old->b.m, &l->new->b.m, sizeof(l->old->b.m)))
		return false;
	switch (classify(l->new, dword, &n)) {
	case W_CONFIG:
	case W_COMPARATOR:
	case W_FSB:
		return l->n == n;
	default:
		return true;
	}
}

static bool phase_lost(struct look *l)
{
	return !l->n && halts(l) && l->new->b.m.base_phase_fs;
}

static bool tiny_period(struct look *l)
{
	u64 ns = is(l)->period * TICK_NS;

	if (!hpet_timer_is_periodic(is(l)) || !enabled(l->new))
		return false;
	return is_72(l) ? ns < 3 * TICK_NS : ns < 2000 + l->new->sh[l->n].late;
}

/*
 * 7.2 looks one tick late at a comparator that is past as it is written, and
 * takes the next match, if that is then, for the same.
 */
static bool match_in_window(const struct look *l)
{
	const struct world *old = l->old;

	return is_72(l) && l->op->kind == OP_STEP && match(l) &&
		hpet_timer_ns(&old->b.m, l->n) <= old->sh[l->n].busy_until;
}

static bool in_window(struct look *l)
{
	if (l->old->sh[l->n].busy_until <= l->old->now || tiny_period(l))
		return false;
	return l->in_window || match_in_window(l);
}

/* QEMU knows of no correction: it waits as it would have. */
static bool period_late(struct look *l)
{
	u64 val, mask;

	return wrote(l, HPET_TIMER_COMPARATOR, &val, &mask) &&
		(mask & hpet_timer_mask(is(l))) && enabled(l->new) &&
		!sets_comparator(l, mask) && was(l)->fresh &&
		was(l)->cmp != was(l)->start;
}

static bool mode_armed(struct look *l)
{
	if (l->old->sh[l->n].spent && match(l) && hpet_timer_is_periodic(is(l)))
		return true;
	return enabled(l->new) &&
		(set(l, HPET_TN_PERIODIC | HPET_TN_32BIT) ||
		 cleared(l, HPET_TN_PERIODIC | HPET_TN_32BIT)) &&
		!set(l, HPET_TN_ENABLE) && was(l)->next != is(l)->next;
}

static bool val_set_qword(struct look *l)
{
	u64 val, mask;

	return wrote(l, HPET_TIMER_COMPARATOR, &val, &mask) && !~mask &&
		(is(l)->config & HPET_TN_PERIODIC) && !mode32(is(l)) &&
		was(l)->val_set;
}

/* One half is written while VAL_SET is to hold for the other one, too. */
static bool val_set_halves(struct look *l)
{
	u64 val, mask;

	if (!wrote(l, HPET_TIMER_COMPARATOR, &val, &mask) || mode32(is(l)) ||
	    !was(l)->val_set)
		return false;
	if (!(u32)mask)		/* high half: VAL_SET reads on */
		return true;
	return was(l)->val_set != 3 && (is(l)->config & HPET_TN_PERIODIC);
}

static bool high_half_32(struct look *l)
{
	u64 val, mask;

	return wrote(l, HPET_TIMER_COMPARATOR, &val, &mask) &&
		mode32(is(l)) && mask >> 32;
}

static bool period_bit_31(struct look *l)
{
	u64 val, mask;

	return (match(l) || wrote(l, HPET_TIMER_COMPARATOR, &val, &mask)) &&
		mode32(is(l)) && (is(l)->config & HPET_TN_PERIODIC) &&
		(is(l)->period & BIT_ULL(31));
}

const struct condition conditions[] = {
	{ "past-write", past_write },
	{ "past-start", past_start },
	{ "past-config", past_config },
	{ "held-up-32", held_up_32 },
	{ "far-64", far_64 },
	{ "counter-top", counter_top },
	{ "wrap-32", wrap_32 },
	{ "once-32", once_32 },
	{ "halt-status", halt_status },
	{ "enb-off-status", enb_off_status },
	{ "enb-off-stops", enb_off_stops },
	{ "enb-0-status", enb_0_status },
	{ "enb-off-line", enb_off_line },
	{ "route-line", route_line },
	{ "legacy-line", legacy_line },
	{ "shared-line", shared_line },
	{ "level-to-edge", level_to_edge },
	{ "fsb-on-status", fsb_on },
	{ "fsb-on-line", fsb_on },
	{ "fsb-off-line", fsb_off },
	{ "fsb-level-status", fsb_level },
	{ "fsb-again", fsb_again },
	{ "fsb-no-cap", fsb_no_cap },
	{ "fsb-register", fsb_register },
	{ "route-refused", route_refused },
	{ "route-silent", route_silent },
	{ "absent-timer", absent },
	{ "straddle", straddle },
	{ "phase-lost", phase_lost },
	{ "in-window", in_window },
	{ "tiny-period", tiny_period },
	{ "period-late", period_late },
	{ "mode-armed", mode_armed },
	{ "val-set-qword", val_set_qword },
	{ "val-set-halves", val_set_halves },
	{ "high-half-32", high_half_32 },
	{ "period-bit-31", period_bit_31 },
	{ "second-pulse", NULL },	/* counted where lines are compared */
};

const unsigned int num_conditions = ARRAY_SIZE(conditions);
