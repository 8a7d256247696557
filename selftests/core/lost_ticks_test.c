// SPDX-License-Identifier: GPL-2.0
/*
 * The lost-tick policy keeps its promises: after every single call
 * due = delivered + masked + discarded + backlog, no more is owed than the limit
 * allows, and ticks go out when the policy says, not before the last one is
 * acknowledged, not closer than allowed, and never stop for good.
 */
#include "core_test.h"
#include "lost_ticks.h"

#define PERIOD		(4 * MS)
#define MIN_INTERVAL	100000ULL
#define RETRY		SEC
#define DISCARD		LOST_TICKS_DISCARD
#define DELAY		LOST_TICKS_DELAY
#define MERGE		LOST_TICKS_MERGE
#define SLEW		LOST_TICKS_SLEW
#define NONE		LOST_TICKS_ACK_NONE
#define EDGE		LOST_TICKS_ACK_EDGE
#define LEVEL		LOST_TICKS_ACK_LEVEL

static u64 limit(const struct lost_ticks *lt)
{
	if (!lt->period_ns || lt->params.policy == DISCARD ||
	    lt->params.policy == MERGE)
		return lt->injecting && !lt->repeating ? 2 : 1;
	return max_t(u64, 1, lt->params.max_backlog_ns / lt->period_ns);
}

static void check(const struct lost_ticks *lt)
{
	const struct lost_ticks_count *c = &lt->count;

	assert_true(c->due == c->delivered + c->masked + c->discarded +
		    lt->backlog);
	assert_true(lt->backlog <= limit(lt));
	assert_true(lt->backlog >= (lt->injecting && !lt->repeating));
	assert_true(lt->rate <= lt->params.max_rate);
	assert_true(!lt->rate || lt->params.policy == SLEW);
	assert_true(c->reinjected <= c->delivered);
}

/* Every call, checked. */
static void set_policy(struct lost_ticks *lt, u32 policy, u32 max_rate,
		       u32 ramp, u64 max_backlog_ns)
{
	struct lost_ticks_params p = { policy, max_rate, ramp, max_backlog_ns };

	lost_ticks_set_params(lt, &p);
	check(lt);
}

static void set_period(struct lost_ticks *lt, u64 period, bool recount)
{
	lost_ticks_set_period(lt, period, recount);
	check(lt);
}

static void set_ack(struct lost_ticks *lt, u32 mode, bool pending)
{
	lost_ticks_set_ack(lt, mode, pending);
	check(lt);
}

static void due(struct lost_ticks *lt, u64 n)
{
	lost_ticks_due(lt, n);
	check(lt);
}

static u32 begin(struct lost_ticks *lt, u64 now)
{
	u32 seq;

	assert_true(lost_ticks_next(lt) <= now);
	seq = lost_ticks_begin(lt, now);
	check(lt);
	assert_true(lost_ticks_waits(lt));
	assert_true(lost_ticks_next(lt) == HPET_NEVER);
	return seq;
}

static void result(struct lost_ticks *lt, u32 seq, int ret)
{
	lost_ticks_result(lt, seq, ret);
	check(lt);
}

static void inject(struct lost_ticks *lt, u64 now, int ret)
{
	result(lt, begin(lt, now), ret);
}

static void ack(struct lost_ticks *lt)
{
	lost_ticks_ack(lt);
	check(lt);
}

static void setup(struct lost_ticks *lt, u32 policy, u32 ack_mode)
{
	lost_ticks_init(lt, MIN_INTERVAL);
	check(lt);
	set_period(lt, PERIOD, true);
	set_ack(lt, ack_mode, false);
	set_policy(lt, policy, 10, 1, 5 * SEC);
}

static void initial_values(void **state)
{
	struct lost_ticks lt;

	memset(&lt, 0xff, sizeof(lt));
	lost_ticks_init(&lt, 7);
	check(&lt);
	assert_int_equal(lt.params.policy, DISCARD);
	assert_int_equal(lt.params.max_rate, 10);
	assert_int_equal(lt.params.ramp, 1);
	assert_int_equal(lt.params.max_backlog_ns, 5 * SEC);
	assert_int_equal(lt.min_interval_ns, 7);
	assert_true(lost_ticks_next(&lt) == HPET_NEVER);
	assert_false(lost_ticks_waits(&lt));
	assert_true(lost_ticks_supported(SLEW));
	assert_true(lost_ticks_supported(DISCARD));
	assert_false(lost_ticks_supported(SLEW + 1));
}

/* Every policy: what is taken in time goes out in time, nothing else happens. */
static void nothing_lost_nothing_added(void **state)
{
	struct lost_ticks lt;
	u32 policy, mode, i;

	for (policy = DISCARD; policy <= SLEW; policy++)
		for (mode = NONE; mode <= LEVEL; mode++) {
			setup(&lt, policy, mode);
			for (i = 1; i <= 100; i++) {
				due(&lt, 1);
				assert_true(lost_ticks_next(&lt) <= i * PERIOD);
				inject(&lt, i * PERIOD, 1);
				ack(&lt);
			}
			assert_int_equal(lt.count.due, 100);
			assert_int_equal(lt.count.delivered, 100);
			assert_int_equal(lt.count.coalesced, 0);
			assert_int_equal(lt.count.late, 0);
			assert_int_equal(lt.count.reinjected, 0);
			assert_int_equal(lt.count.retries, 0);
			assert_int_equal(lt.count.max_backlog, 1);
			assert_int_equal(lt.count.max_rate, 0);
		}
}

/* ---- discard ---- */

static void discard_keeps_one(void **state)
{
	struct lost_ticks lt;

	setup(&lt, DISCARD, EDGE);
	due(&lt, 5);
	assert_int_equal(lt.backlog, 1);
	assert_int_equal(lt.count.late, 4);
	assert_int_equal(lt.count.discarded, 4);
	inject(&lt, 1, 1);
	/* No acknowledgement is waited for. */
	assert_false(lost_ticks_waits(&lt));
	due(&lt, 1);
	assert_int_equal(lost_ticks_next(&lt), 1);
	inject(&lt, 2, 1);
	assert_int_equal(lt.count.delivered, 2);
}

static void discard_merged_is_discarded(void **state)
{
	struct lost_ticks lt;

	setup(&lt, DISCARD, EDGE);
	due(&lt, 1);
	inject(&lt, 1, 0);
	assert_int_equal(lt.count.coalesced, 1);
	assert_int_equal(lt.count.discarded, 1);
	assert_int_equal(lt.backlog, 0);
}

/* One may fall due while another is on its way; a third is lost. */
static void discard_while_injecting(void **state)
{
	struct lost_ticks lt;
	u32 seq;

	setup(&lt, DISCARD, EDGE);
	due(&lt, 1);
	seq = begin(&lt, 1);
	due(&lt, 1);
	assert_int_equal(lt.backlog, 2);
	due(&lt, 1);
	assert_int_equal(lt.backlog, 2);
	assert_int_equal(lt.count.coalesced, 2);
	result(&lt, seq, 1);
	assert_int_equal(lt.backlog, 1);
	inject(&lt, 2, 1);
	assert_int_equal(lt.count.delivered, 2);
}

/* While the line is up another tick can't be seen. */
static void discard_level(void **state)
{
	struct lost_ticks lt;

	setup(&lt, DISCARD, LEVEL);
	due(&lt, 1);
	inject(&lt, 1, 1);
	assert_true(lost_ticks_next(&lt) == HPET_NEVER);
	due(&lt, 3);
	assert_int_equal(lt.backlog, 0);
	assert_int_equal(lt.count.discarded, 3);
	ack(&lt);
	assert_true(lost_ticks_next(&lt) == HPET_NEVER);
	due(&lt, 1);
	inject(&lt, 2, 1);
	assert_int_equal(lt.count.delivered, 2);
}

static void discard_muted(void **state)
{
	struct lost_ticks lt;
	u32 seq;

	setup(&lt, DISCARD, EDGE);
	due(&lt, 1);
	lost_ticks_mute(&lt);
	check(&lt);
	assert_int_equal(lt.count.masked, 1);
	assert_int_equal(lt.backlog, 0);
	due(&lt, 1);
	seq = begin(&lt, 1);
	due(&lt, 1);
	lost_ticks_mute(&lt);
	check(&lt);
	assert_int_equal(lt.backlog, 1);
	assert_int_equal(lt.count.masked, 2);
	result(&lt, seq, 1);
	assert_int_equal(lt.count.delivered, 1);
	setup(&lt, SLEW, EDGE);
	due(&lt, 3);
	lost_ticks_mute(&lt);
	check(&lt);
	assert_int_equal(lt.backlog, 3);
}

/* ---- merge ---- */

static void merge_makes_one_of_many(void **state)
{
	struct lost_ticks lt;

	setup(&lt, MERGE, EDGE);
	due(&lt, 1);
	inject(&lt, 1, 1);
	due(&lt, 1);
	due(&lt, 7);
	assert_int_equal(lt.backlog, 1);
	assert_int_equal(lt.count.coalesced, 8);
	assert_int_equal(lt.count.discarded, 7);
	assert_int_equal(lost_ticks_next(&lt), 1 + RETRY);
	ack(&lt);
	assert_true(lost_ticks_next(&lt) <= 2);
	inject(&lt, 2, 1);
	assert_int_equal(lt.count.delivered, 2);
	assert_int_equal(lt.backlog, 0);
}

/* ---- delay ---- */

static void delay_goes_at_the_normal_rate(void **state)
{
	struct lost_ticks lt;
	u64 now = SEC;

	setup(&lt, DELAY, NONE);
	due(&lt, 10);
	while (lt.backlog) {
		u64 next = lost_ticks_next(&lt);

		inject(&lt, max_t(u64, now, next), 1);
		if (next)
			assert_int_equal(next - now, PERIOD);
		now = max_t(u64, now, next);
	}
	assert_int_equal(now, SEC + 9 * PERIOD);
	assert_int_equal(lt.count.delivered, 10);
	assert_int_equal(lt.count.max_rate, 0);
}

/*
 * The worker is always a little late. That must not make the delay grow: once
 * in arrears, one tick goes out for every one that falls due.
 */
static void delay_does_not_grow_by_itself(void **state)
{
	struct lost_ticks lt;
	u64 now, due_at = PERIOD, until = 4000 * PERIOD;

	setup(&lt, DELAY, NONE);
	due(&lt, 10);
	for (now = 0; now < until; ) {
		u64 next = lost_ticks_next(&lt) + MS / 10;

		if (due_at <= next) {
			now = due_at;
			due(&lt, 1);
			due_at += PERIOD;
		} else {
			now = max_t(u64, now, next);
			inject(&lt, now, 1);
		}
	}
	assert_true(lt.backlog <= 11);
	assert_int_equal(lt.count.discarded, 0);
}

/* A guest can't have the host's timers fire without end by a tiny period. */
static void delay_respects_the_least_interval(void **state)
{
	struct lost_ticks lt;

	setup(&lt, DELAY, EDGE);
	set_period(&lt, 1000, true);
	due(&lt, 100);
	inject(&lt, SEC, 1);
	ack(&lt);
	assert_true(lost_ticks_next(&lt) >= SEC + MIN_INTERVAL);
}

/* ---- slew ---- */

static void slew_starts_with_one_additional(void **state)
{
	struct lost_ticks lt;

	setup(&lt, SLEW, EDGE);
	due(&lt, 1);
	inject(&lt, 0, 1);
	due(&lt, 50);
	assert_int_equal(lt.rate, 1);
	assert_int_equal(lost_ticks_next(&lt), RETRY);
	ack(&lt);
	inject(&lt, 50 * PERIOD, 1);
	ack(&lt);
	assert_int_equal(lost_ticks_next(&lt), 50 * PERIOD + PERIOD / 2);
	inject(&lt, 50 * PERIOD + PERIOD / 2, 1);
	ack(&lt);
	assert_int_equal(lt.count.delivered, 3);
	assert_int_equal(lt.count.reinjected, 1);
	assert_int_equal(lt.backlog, 48);
	assert_int_equal(lt.count.coalesced, 50);
}

/* Caught up exactly: backlog / rate intervals, then the normal rate again. */
static void slew_catches_up(void **state)
{
	struct lost_ticks lt;
	unsigned int intervals = 0;
	u64 now = 0, due_at = PERIOD;

	setup(&lt, SLEW, EDGE);
	due(&lt, 21);
	while (lt.backlog) {
		u64 next = max_t(u64, now, lost_ticks_next(&lt));

		if (due_at <= next) {
			due(&lt, 1);
			due_at += PERIOD;
			intervals++;
			continue;
		}
		now = next;
		inject(&lt, now, 1);
		ack(&lt);
	}
	assert_in_range(intervals, 19, 21);
	assert_int_equal(lt.count.delivered, lt.count.due);
	assert_int_equal(lt.count.reinjected, 20);
	assert_int_equal(lt.count.max_rate, 1);
	due(&lt, 1);
	assert_int_equal(lt.rate, 0);
	inject(&lt, due_at, 1);
	assert_true(lt.not_before <= due_at);
}

/* One tick goes out, then some fall due: @n - 1 more are owed than before. */
static void fall_behind(struct lost_ticks *lt, u64 n)
{
	inject(lt, lost_ticks_next(lt), 1);
	due(lt, n);
}

/* The rate rises by the ramp when more is lost meanwhile, up to the limit. */
static void slew_ramps_up(void **state)
{
	struct lost_ticks lt;
	unsigned int i;
	u32 rate = 1;

	setup(&lt, SLEW, NONE);
	set_policy(&lt, SLEW, 10, 4, 5 * SEC);
	due(&lt, 2);
	assert_int_equal(lt.rate, 1);
	for (i = 0; i < 5; i++) {
		fall_behind(&lt, 2);
		rate = min_t(u32, 10, rate + 4);
		assert_int_equal(lt.rate, rate);
	}
	assert_int_equal(lt.count.max_rate, 10);
	inject(&lt, SEC, 1);
	assert_int_equal(lost_ticks_next(&lt), SEC + PERIOD / 11 + 1);
	/* Neither more nor fewer: it stays. */
	set_policy(&lt, SLEW, 100, 4, 5 * SEC);
	due(&lt, 1);
	assert_int_equal(lt.rate, 10);
	inject(&lt, 2 * SEC, 1);
	inject(&lt, 3 * SEC, 1);
	due(&lt, 1);
	assert_int_equal(lt.rate, 10);
	/* More than the last time, but not than ever. */
	fall_behind(&lt, 2);
	assert_int_equal(lt.rate, 10);
	fall_behind(&lt, 2);
	assert_int_equal(lt.rate, 14);
	while (lt.backlog)
		inject(&lt, lost_ticks_next(&lt), 1);
	due(&lt, 1);
	assert_int_equal(lt.rate, 0);
	/* The next catch-up begins with one again. */
	fall_behind(&lt, 2);
	assert_int_equal(lt.rate, 1);
}

/* @n intervals with three ticks each: the rate is 2. */
static void catch_up(struct lost_ticks *lt, unsigned int n)
{
	unsigned int i;

	while (n--) {
		for (i = 0; i < 3; i++)
			inject(lt, lost_ticks_next(lt), 1);
		due(lt, 1);
	}
}

/* A host that stops the guest again and again: what is paid back in between counts. */
static void slew_keeps_a_rate_that_suffices(void **state)
{
	struct lost_ticks lt;
	unsigned int i;

	setup(&lt, SLEW, NONE);
	due(&lt, 20);
	fall_behind(&lt, 20);
	assert_int_equal(lt.rate, 2);
	for (i = 0; i < 4; i++) {
		catch_up(&lt, 10);
		fall_behind(&lt, 20);
		assert_int_equal(lt.rate, 2);
	}
	fall_behind(&lt, 10);
	assert_int_equal(lt.rate, 3);
}

/* What had to be given up would not have been with a higher rate. */
static void slew_ramps_up_at_the_backlog_limit(void **state)
{
	struct lost_ticks lt;

	setup(&lt, SLEW, NONE);
	set_policy(&lt, SLEW, 10, 1, 50 * PERIOD);
	due(&lt, 100);
	assert_int_equal(lt.rate, 1);
	inject(&lt, SEC, 1);
	due(&lt, 1);
	assert_int_equal(lt.rate, 1);
	inject(&lt, 2 * SEC, 1);
	due(&lt, 2);
	assert_int_equal(lt.rate, 2);
	/* A lower limit, too. */
	set_policy(&lt, SLEW, 10, 1, 10 * PERIOD);
	inject(&lt, 3 * SEC, 1);
	due(&lt, 1);
	assert_int_equal(lt.rate, 2);
	inject(&lt, 4 * SEC, 1);
	due(&lt, 2);
	assert_int_equal(lt.rate, 3);
}

/* Who looks at every tick while none goes out finds what one look finds later. */
static void looking_does_not_raise_the_rate(void **state)
{
	struct lost_ticks once, often;
	unsigned int i;

	setup(&once, SLEW, EDGE);
	due(&once, 1);
	inject(&once, 0, 1);
	often = once;
	due(&once, 50);
	for (i = 0; i < 50; i++)
		due(&often, 1);
	for (i = 51; i < 60; i++) {
		ack(&once);
		ack(&often);
		inject(&once, i * PERIOD, 1);
		inject(&often, i * PERIOD, 1);
		due(&once, 1);
		due(&often, 1);
		assert_int_equal(often.rate, 1);
		/* Only when it was noticed differs. */
		often.rose = once.rose;
		assert_memory_equal(&once, &often, sizeof(once));
	}
}

/* Nor does the first look, at a small loss, make a second one of all that follows. */
static void a_loss_seen_early_is_one_loss(void **state)
{
	struct lost_ticks lt;
	unsigned int i;

	setup(&lt, SLEW, EDGE);
	due(&lt, 1);
	inject(&lt, 0, 1);
	due(&lt, 2);
	assert_int_equal(lt.rate, 1);
	for (i = 0; i < 48; i++)
		due(&lt, 1);
	ack(&lt);
	inject(&lt, 51 * PERIOD, 1);
	due(&lt, 1);
	assert_int_equal(lt.rate, 1);
	/* The next loss is one more, whether or not the first look shows it. */
	for (i = 0; i < 6; i++)
		due(&lt, 1);
	ack(&lt);
	inject(&lt, 58 * PERIOD, 1);
	due(&lt, 1);
	assert_int_equal(lt.rate, 2);
}

static void slew_ramp_of_0_stays(void **state)
{
	struct lost_ticks lt;

	setup(&lt, SLEW, NONE);
	set_policy(&lt, SLEW, 10, 0, 5 * SEC);
	due(&lt, 2);
	fall_behind(&lt, 100);
	fall_behind(&lt, 100);
	assert_int_equal(lt.rate, 1);
}

static void slew_respects_the_least_interval(void **state)
{
	struct lost_ticks lt;

	setup(&lt, SLEW, NONE);
	set_period(&lt, 150000, true);
	due(&lt, 10);
	inject(&lt, SEC, 1);
	assert_int_equal(lost_ticks_next(&lt), SEC + MIN_INTERVAL);
	setup(&lt, SLEW, NONE);
	set_policy(&lt, SLEW, 100, 100, 5 * SEC);
	due(&lt, 10);
	fall_behind(&lt, 10);
	assert_int_equal(lt.rate, 100);
	inject(&lt, SEC, 1);
	assert_int_equal(lost_ticks_next(&lt), SEC + MIN_INTERVAL);
}

/*
 * A hundred random histories at every rate: in no stretch as long as the period
 * do more ticks go out than one and the rate.
 */
static void slew_never_exceeds_the_rate(void **state)
{
	unsigned int seed, i;

	for (seed = 1; seed <= 100; seed++) {
		struct rng r = { seed };
		u32 max_rate = 1 + seed % 20, n = 0;
		u64 now = 0, due_at = PERIOD, at[400] = { 0 };
		struct lost_ticks lt;

		setup(&lt, SLEW, NONE);
		set_policy(&lt, SLEW, max_rate, 3, SEC);
		while (n < ARRAY_SIZE(at)) {
			u64 next = lost_ticks_next(&lt);

			if (next >= due_at) {
				u64 late = rng_chance(&r, 10) ?
					   rng_below(&r, 20) : 0;

				now = max_t(u64, now, due_at + late * PERIOD);
				due(&lt, 1 + late);
				due_at += (1 + late) * PERIOD;
				continue;
			}
			now = max_t(u64, now, next) +
			      rng_below(&r, seed & 1 ? 1000 : 1);
			inject(&lt, now, 1);
			at[n++] = now;
		}
		for (i = max_rate + 1; i < n; i++)
			assert_true(at[i] - at[i - max_rate - 1] >= PERIOD);
	}
}

/* The oldest beyond the limit are given up and counted; one always may be owed. */
static void backlog_limit(void **state)
{
	struct lost_ticks lt;

	setup(&lt, SLEW, EDGE);
	set_policy(&lt, SLEW, 10, 1, 10 * PERIOD + PERIOD / 2);
	due(&lt, 1000);
	assert_int_equal(lt.backlog, 10);
	assert_int_equal(lt.count.discarded, 990);
	assert_int_equal(lt.count.max_backlog, 10);
	set_policy(&lt, SLEW, 10, 1, 3 * PERIOD);
	assert_int_equal(lt.backlog, 3);
	set_policy(&lt, SLEW, 10, 1, 0);
	assert_int_equal(lt.backlog, 1);
	begin(&lt, 1);
	due(&lt, 5);
	assert_int_equal(lt.backlog, 1);
	assert_int_equal(lt.count.discarded, 990 + 7 + 2 + 5);
}

/* ---- acknowledgement ---- */

static void none_goes_out_unacknowledged(void **state)
{
	struct lost_ticks lt;
	u32 policy, seq;

	for (policy = DELAY; policy <= SLEW; policy++) {
		setup(&lt, policy, EDGE);
		due(&lt, 1);
		inject(&lt, 100, 1);
		due(&lt, 1);
		assert_true(lost_ticks_waits(&lt));
		assert_int_equal(lost_ticks_next(&lt), 100 + RETRY);
		ack(&lt);
		assert_false(lost_ticks_waits(&lt));
		assert_true(lost_ticks_next(&lt) <= 100 + PERIOD);
		/* It may come before the result does. */
		seq = begin(&lt, SEC / 2);
		ack(&lt);
		assert_true(lost_ticks_waits(&lt));
		due(&lt, 1);
		result(&lt, seq, 1);
		assert_false(lost_ticks_waits(&lt));
		assert_true(lost_ticks_next(&lt) <= SEC / 2 + PERIOD);
		/* And where nothing is in flight it means nothing. */
		ack(&lt);
		assert_int_equal(lt.count.delivered, 2);
	}
}

/* Never acknowledged: once more after 1, 2, 4, 8, 16, 16 s; no tick is invented. */
static void retries_back_off(void **state)
{
	static const unsigned int waits[] = { 1, 2, 4, 8, 16, 16, 16 };
	struct lost_ticks lt;
	unsigned int i;
	u64 now = 100;

	setup(&lt, SLEW, EDGE);
	due(&lt, 2);
	inject(&lt, now, 1);
	for (i = 0; i < ARRAY_SIZE(waits); i++) {
		assert_int_equal(lost_ticks_next(&lt), now + waits[i] * SEC);
		now += waits[i] * SEC;
		due(&lt, 1);
		inject(&lt, now, i & 1);
		assert_int_equal(lt.count.retries, i + 1);
		assert_int_equal(lt.count.delivered, 1);
		assert_int_equal(lt.backlog, 2 + i);
		assert_true(lost_ticks_waits(&lt));
	}
	ack(&lt);
	assert_true(lost_ticks_next(&lt) <= now + PERIOD);
	inject(&lt, now + PERIOD, 1);
	assert_int_equal(lt.count.delivered, 2);
	assert_int_equal(lost_ticks_next(&lt), now + PERIOD + RETRY);
}

static void retry_finds_it_masked(void **state)
{
	struct lost_ticks lt;

	setup(&lt, SLEW, EDGE);
	due(&lt, 3);
	inject(&lt, 0, 1);
	inject(&lt, RETRY, -1);
	assert_int_equal(lt.count.masked, 0);
	assert_int_equal(lt.backlog, 2);
	assert_false(lost_ticks_waits(&lt));
	assert_true(lost_ticks_next(&lt) == HPET_NEVER);
	due(&lt, 1);
	inject(&lt, 2 * RETRY, 1);
	assert_int_equal(lost_ticks_next(&lt), 3 * RETRY);
}

/* Merged with one that is pending: not delivered, and tried again afterwards. */
static void merged(void **state)
{
	struct lost_ticks lt;

	setup(&lt, SLEW, EDGE);
	due(&lt, 1);
	inject(&lt, 0, 0);
	assert_int_equal(lt.count.coalesced, 1);
	assert_int_equal(lt.count.delivered, 0);
	assert_int_equal(lt.backlog, 1);
	assert_int_equal(lost_ticks_next(&lt), RETRY);
	ack(&lt);
	inject(&lt, PERIOD, 1);
	assert_int_equal(lt.count.delivered, 1);
	assert_int_equal(lt.backlog, 0);
}

static void level_waits_for_its_status_bit(void **state)
{
	struct lost_ticks lt;

	setup(&lt, SLEW, LEVEL);
	due(&lt, 4);
	inject(&lt, 0, 1);
	assert_true(lost_ticks_next(&lt) == HPET_NEVER);
	lost_ticks_restart(&lt);
	check(&lt);
	lost_ticks_resume(&lt, SEC);
	check(&lt);
	assert_true(lost_ticks_waits(&lt));
	assert_true(lost_ticks_next(&lt) == HPET_NEVER);
	ack(&lt);
	assert_int_equal(lost_ticks_next(&lt), 0);
	set_ack(&lt, LEVEL, true);
	assert_true(lost_ticks_waits(&lt));
	set_ack(&lt, LEVEL, false);
	assert_false(lost_ticks_waits(&lt));
	inject(&lt, SEC, 1);
	set_ack(&lt, EDGE, false);
	assert_false(lost_ticks_waits(&lt));
	assert_true(lost_ticks_next(&lt) <= SEC + PERIOD);
}

/* Without a way to see acknowledgements none is waited for. */
static void no_acknowledgement_to_be_seen(void **state)
{
	struct lost_ticks lt;

	setup(&lt, SLEW, NONE);
	due(&lt, 3);
	inject(&lt, 0, 1);
	assert_false(lost_ticks_waits(&lt));
	assert_int_equal(lost_ticks_next(&lt), PERIOD / 2);
	inject(&lt, PERIOD / 2, 0);
	assert_int_equal(lt.count.discarded, 1);
	setup(&lt, SLEW, EDGE);
	due(&lt, 3);
	inject(&lt, 0, 1);
	set_ack(&lt, EDGE, false);
	assert_true(lost_ticks_waits(&lt));
	set_ack(&lt, NONE, false);
	assert_false(lost_ticks_waits(&lt));
}

/* ---- masked ---- */

/* Only the tick of this interval is masked; what is owed is kept. */
static void masked_keeps_what_is_owed(void **state)
{
	struct lost_ticks lt;
	unsigned int i;

	setup(&lt, SLEW, EDGE);
	due(&lt, 6);
	for (i = 1; i <= 10; i++) {
		inject(&lt, i * PERIOD, -1);
		assert_int_equal(lt.count.masked, i);
		assert_int_equal(lt.backlog, 5);
		assert_true(lost_ticks_next(&lt) == HPET_NEVER);
		assert_false(lost_ticks_waits(&lt));
		due(&lt, 1);
		assert_int_equal(lost_ticks_next(&lt), 0);
	}
	inject(&lt, 11 * PERIOD, -1);
	lost_ticks_restart(&lt);
	check(&lt);
	assert_int_equal(lost_ticks_next(&lt), 0);
	lost_ticks_masked(&lt, 7);
	check(&lt);
	assert_int_equal(lt.count.masked, 18);
}

/* ---- stale, reset, restart, resume, load ---- */

static void stale_results(void **state)
{
	struct lost_ticks lt;
	u32 seq;

	setup(&lt, SLEW, EDGE);
	due(&lt, 5);
	seq = begin(&lt, 1);
	lost_ticks_reset(&lt);
	check(&lt);
	assert_int_equal(lt.backlog, 0);
	assert_int_equal(lt.count.discarded, 5);
	assert_int_equal(lt.rate, 0);
	assert_false(lost_ticks_waits(&lt));
	result(&lt, seq, 1);
	assert_int_equal(lt.count.delivered, 0);
	due(&lt, 1);
	result(&lt, seq, 1);
	assert_int_equal(lt.count.delivered, 0);
	assert_int_equal(lt.backlog, 1);
	/* One on its way now is not that one either. */
	begin(&lt, 2);
	result(&lt, seq, 1);
	assert_true(lost_ticks_waits(&lt));
	assert_int_equal(lt.count.delivered, 0);
	result(&lt, lt.seq, 1);
	assert_int_equal(lt.count.delivered, 1);
	/* And each has one result. */
	result(&lt, lt.seq, 1);
	result(&lt, lt.seq, -1);
	assert_int_equal(lt.count.delivered, 1);
	assert_true(lost_ticks_waits(&lt));
}

static void restart_ends_the_wait(void **state)
{
	struct lost_ticks lt;

	setup(&lt, SLEW, EDGE);
	due(&lt, 2);
	inject(&lt, 0, 1);
	lost_ticks_restart(&lt);
	check(&lt);
	assert_false(lost_ticks_waits(&lt));
	assert_int_equal(lost_ticks_next(&lt), 0);
	assert_int_equal(lt.backlog, 1);
}

/* A pause is no time in which the guest could have acknowledged. */
static void a_pause_is_no_time(void **state)
{
	struct lost_ticks lt;

	setup(&lt, SLEW, EDGE);
	due(&lt, 2);
	inject(&lt, 0, 1);
	lost_ticks_resume(&lt, 3600 * SEC);
	check(&lt);
	assert_int_equal(lost_ticks_next(&lt), 3601 * SEC);
	/* Nor one for the distance between two ticks. */
	ack(&lt);
	assert_int_equal(lost_ticks_next(&lt), 3600 * SEC + PERIOD / 2);
}

static void load(struct lost_ticks *lt, u64 now, struct lost_ticks_state s)
{
	s.period_ns = s.period_ns ?: PERIOD;
	s.retry_ns = s.retry_ns ?: RETRY;
	lost_ticks_load(lt, now, &s);
	check(lt);
}

static void load_goes_on(void **state)
{
	struct lost_ticks lt;

	setup(&lt, SLEW, EDGE);
	load(&lt, SEC, (struct lost_ticks_state){
		.backlog = 100, .fraction_ns = 77, .peak = 100, .rate = 7,
		.next_in_ns = 100, .in_flight = true, .retry_ns = 8 * RETRY,
		.retry_in_ns = SEC / 2,
	});
	assert_int_equal(lt.backlog, 100);
	assert_int_equal(lt.fraction_ns, 77);
	assert_int_equal(lt.rate, 7);
	assert_int_equal(lost_ticks_next(&lt), SEC + SEC / 2);
	ack(&lt);
	assert_int_equal(lost_ticks_next(&lt), SEC + 100);
	due(&lt, 1);
	assert_int_equal(lt.rate, 7);
	fall_behind(&lt, 1);
	assert_int_equal(lt.rate, 7);
	ack(&lt);
	fall_behind(&lt, 2);
	assert_int_equal(lt.rate, 8);
}

/* What does not suit this policy is not taken over. */
static void load_is_bounded(void **state)
{
	struct lost_ticks lt;

	setup(&lt, SLEW, EDGE);
	load(&lt, SEC, (struct lost_ticks_state){
		.backlog = 1000000, .fraction_ns = PERIOD, .rate = 90,
		.next_in_ns = LOST_TICKS_AT_ONCE,
	});
	assert_int_equal(lt.backlog, 1250);
	assert_int_equal(lt.fraction_ns, 0);
	assert_int_equal(lt.rate, 10);
	assert_int_equal(lt.count.discarded, 1000000 - 1250);
	assert_int_equal(lost_ticks_next(&lt), 0);
	setup(&lt, DISCARD, EDGE);
	load(&lt, SEC, (struct lost_ticks_state){
		.backlog = 5, .fraction_ns = 1, .rate = 9, .in_flight = true,
	});
	assert_int_equal(lt.backlog, 1);
	assert_int_equal(lt.fraction_ns, 0);
	assert_int_equal(lt.rate, 0);
	assert_false(lost_ticks_waits(&lt));
	/* An acknowledgment that fails to come is not waited for for ever. */
	setup(&lt, SLEW, EDGE);
	load(&lt, SEC, (struct lost_ticks_state){
		.backlog = 5, .in_flight = true, .retry_ns = 2 * RETRY,
		.retry_in_ns = LOST_TICKS_NEVER,
	});
	assert_int_equal(lost_ticks_next(&lt), SEC + 2 * RETRY);
}

/* What is saved is loaded as it was, at another time on another clock. */
static void saved_and_loaded(void **state)
{
	struct lost_ticks from, to;
	struct lost_ticks_state s = {}, again = {};
	unsigned int mode;

	for (mode = 0; mode < 3; mode++) {
		setup(&from, SLEW, mode ? EDGE : LEVEL);
		due(&from, 5);
		inject(&from, SEC, mode == 1 ? -1 : 1);
		if (mode == 2)
			set_period(&from, PERIOD / 3, true);
		lost_ticks_save(&from, 2 * SEC, &s);
		lost_ticks_init(&to, MIN_INTERVAL);
		lost_ticks_set_params(&to, &from.params);
		set_period(&to, s.period_ns, false);
		set_ack(&to, from.ack_mode, from.in_flight);
		lost_ticks_load(&to, 3600 * SEC, &s);
		check(&to);
		lost_ticks_save(&to, 3600 * SEC, &again);
		assert_memory_equal(&s, &again, sizeof(s));
		assert_int_equal(to.in_flight, from.in_flight);
		if (lost_ticks_next(&from) == HPET_NEVER)
			assert_true(lost_ticks_next(&to) == HPET_NEVER);
		else
			assert_int_equal(lost_ticks_next(&to),
					 lost_ticks_next(&from) + 3598 * SEC);
	}
	/* The distance of another period means nothing. */
	s.period_ns = PERIOD / 2;
	s.next_in_ns = SEC;
	s.in_flight = false;
	lost_ticks_reset(&to);
	set_period(&to, PERIOD, false);
	load(&to, SEC, s);
	assert_int_equal(lost_ticks_next(&to), 0);
	/* A time before the clock's first is now. */
	s.period_ns = PERIOD;
	s.next_in_ns = -100;
	s.in_flight = false;
	lost_ticks_reset(&to);
	load(&to, 100, s);
	assert_int_equal(lost_ticks_next(&to), 0);
}

/* ---- period ---- */

/* The guest time that is owed stays, to the nanosecond. */
static void period_change_recounts(void **state)
{
	struct lost_ticks lt;

	setup(&lt, SLEW, EDGE);
	due(&lt, 100);
	set_period(&lt, PERIOD / 16, true);
	assert_int_equal(lt.backlog, 1250 * 16 < 1600 ? 0 : 1600);
	assert_int_equal(lt.count.due, 1600);
	set_period(&lt, PERIOD, true);
	assert_int_equal(lt.backlog, 100);
	set_period(&lt, 16 * PERIOD, true);
	assert_int_equal(lt.backlog, 6);
	assert_int_equal(lt.fraction_ns, 4 * PERIOD);
	set_period(&lt, 16 * PERIOD, true);
	assert_int_equal(lt.backlog, 6);
	set_period(&lt, PERIOD, true);
	assert_int_equal(lt.backlog, 100);
	assert_int_equal(lt.fraction_ns, 0);
}

/* A 64-bit comparator can have periods whose sum no longer fits: as much as does. */
static void periods_of_centuries(void **state)
{
	struct lost_ticks lt;

	setup(&lt, SLEW, EDGE);
	set_period(&lt, ~0ULL - 1, true);
	due(&lt, 1);
	lt.fraction_ns = ~0ULL - 2;
	set_period(&lt, ~0ULL, true);
	assert_int_equal(lt.backlog, 1);
	assert_int_equal(lt.fraction_ns, 0);
	assert_int_equal(lt.count.discarded, 0);
	/* More than can be owed is given up. */
	set_period(&lt, PERIOD, true);
	assert_int_equal(lt.backlog, 1250);
	assert_int_equal(lt.count.discarded, (u32)~0U);
}

/* Windows changes between 1 ms and 15.6 ms and back all the time. */
static void nothing_is_lost_by_changing_the_period(void **state)
{
	struct lost_ticks lt;
	unsigned int i;

	setup(&lt, SLEW, EDGE);
	set_period(&lt, 1000000, true);
	due(&lt, 50);
	for (i = 0; i < 1000; i++) {
		set_period(&lt, 15625000, true);
		assert_int_equal(lt.backlog, 3);
		set_period(&lt, 1000000, true);
	}
	assert_int_equal(lt.backlog, 50);
	assert_int_equal(lt.count.due, 50);
	/* A reset, and a policy that owes nothing, forget the fraction too. */
	set_period(&lt, 15625000, true);
	assert_int_equal(lt.fraction_ns, 3125000);
	set_policy(&lt, MERGE, 10, 1, 5 * SEC);
	set_policy(&lt, SLEW, 10, 1, 5 * SEC);
	assert_int_equal(lt.fraction_ns, 0);
	set_period(&lt, 1000000, true);
	due(&lt, 50);
	set_period(&lt, 15625000, true);
	assert_true(lt.fraction_ns);
	lost_ticks_reset(&lt);
	check(&lt);
	assert_int_equal(lt.fraction_ns, 0);
	due(&lt, 50);
	set_period(&lt, 1000000000, true);
	assert_true(lt.fraction_ns);
	set_period(&lt, 0, true);
	assert_int_equal(lt.fraction_ns, 0);
}

/*
 * The period so far was never meant: what fell due in it are ticks all the same,
 * and what was owed from before is still that.
 */
static void a_period_that_was_never_meant(void **state)
{
	struct lost_ticks lt;

	setup(&lt, SLEW, EDGE);
	due(&lt, 10);
	set_period(&lt, 50 * SEC, true);
	assert_int_equal(lt.backlog, 0);
	due(&lt, 1);
	set_period(&lt, PERIOD, false);
	assert_int_equal(lt.backlog, 11);
	assert_int_equal(lt.fraction_ns, 0);
}

/* With a policy under which nothing is owed a tick on its way is just that. */
static void period_change_keeps_the_next_tick(void **state)
{
	struct lost_ticks lt;

	setup(&lt, DISCARD, EDGE);
	due(&lt, 1);
	set_period(&lt, 16 * PERIOD, true);
	assert_int_equal(lt.backlog, 1);
	assert_int_equal(lt.count.due, 1);
}

/* Also with one on its way, which is not owed any more, and at the limit. */
static void period_change_while_injecting(void **state)
{
	struct lost_ticks lt;
	u32 seq;

	setup(&lt, SLEW, EDGE);
	due(&lt, 33);
	seq = begin(&lt, 1);
	set_period(&lt, 16 * PERIOD, true);
	assert_int_equal(lt.backlog, 3);
	result(&lt, seq, 1);
	assert_int_equal(lt.backlog, 2);
	ack(&lt);
	assert_int_equal(lost_ticks_next(&lt), 0);
	setup(&lt, SLEW, EDGE);
	due(&lt, 1250);
	set_period(&lt, 1, true);
	assert_int_equal(lt.backlog, 5 * SEC);
	set_period(&lt, 1ULL << 60, true);
	assert_int_equal(lt.backlog, 0);
}

/* A timer that no longer repeats owes nothing, and waits for nobody. */
static void period_ends(void **state)
{
	struct lost_ticks lt;
	u32 seq;

	setup(&lt, SLEW, EDGE);
	due(&lt, 30);
	inject(&lt, 0, 1);
	set_period(&lt, 0, true);
	assert_int_equal(lt.backlog, 0);
	assert_int_equal(lt.count.discarded, 29);
	assert_int_equal(lt.rate, 0);
	assert_false(lost_ticks_waits(&lt));
	due(&lt, 1);
	inject(&lt, 1, 1);
	assert_false(lost_ticks_waits(&lt));
	setup(&lt, SLEW, EDGE);
	due(&lt, 30);
	seq = begin(&lt, 0);
	set_period(&lt, 0, true);
	assert_int_equal(lt.backlog, 1);
	result(&lt, seq, 1);
	assert_int_equal(lt.backlog, 0);
	assert_int_equal(lt.count.delivered, 1);
}

/* ---- policy, live ---- */

static void policy_changes_live(void **state)
{
	struct lost_ticks lt;

	setup(&lt, SLEW, EDGE);
	due(&lt, 1);
	inject(&lt, 0, 1);
	due(&lt, 99);
	assert_int_equal(lt.rate, 1);
	set_policy(&lt, DELAY, 10, 1, 5 * SEC);
	assert_int_equal(lt.rate, 0);
	assert_int_equal(lt.backlog, 99);
	assert_true(lost_ticks_waits(&lt));
	set_policy(&lt, MERGE, 10, 1, 5 * SEC);
	assert_int_equal(lt.backlog, 1);
	assert_int_equal(lt.count.discarded, 98);
	assert_true(lost_ticks_waits(&lt));
	set_policy(&lt, DISCARD, 10, 1, 5 * SEC);
	assert_int_equal(lt.backlog, 1);
	assert_false(lost_ticks_waits(&lt));
	assert_int_equal(lost_ticks_next(&lt), 0);
	set_policy(&lt, SLEW, 10, 1, 5 * SEC);
	due(&lt, 3);
	assert_int_equal(lt.backlog, 4);
	fall_behind(&lt, 1);
	assert_int_equal(lt.rate, 1);
}

static void max_rate_changes_live(void **state)
{
	struct lost_ticks lt;

	setup(&lt, SLEW, NONE);
	set_policy(&lt, SLEW, 50, 49, 5 * SEC);
	due(&lt, 2);
	fall_behind(&lt, 2);
	assert_int_equal(lt.rate, 50);
	set_policy(&lt, SLEW, 3, 49, 5 * SEC);
	assert_int_equal(lt.rate, 3);
	inject(&lt, SEC, 1);
	assert_int_equal(lost_ticks_next(&lt), SEC + PERIOD / 4);
	due(&lt, 9);
	assert_int_equal(lt.rate, 3);
}

/* Switched on with a backlog, slew goes at its first rate until it has another. */
static void slew_from_delay(void **state)
{
	struct lost_ticks lt;

	setup(&lt, DELAY, NONE);
	due(&lt, 9);
	set_policy(&lt, SLEW, 10, 1, 5 * SEC);
	inject(&lt, SEC, 1);
	assert_int_equal(lost_ticks_next(&lt), SEC + PERIOD / 2);
}

/* The host did not get round to injecting: late, however it is noticed. */
static void a_late_worker_is_counted(void **state)
{
	struct lost_ticks lt;
	u32 policy;

	for (policy = DISCARD; policy <= SLEW; policy++) {
		setup(&lt, policy, EDGE);
		due(&lt, 1);
		due(&lt, 1);
		due(&lt, 10);
		assert_int_equal(lt.count.late, 11);
		assert_int_equal(lt.count.coalesced, 0);
	}
}

/*
 * k ticks are lost; those that fall due in time during the catch-up are not
 * lost, and must not be counted as if they were.
 */
static void exactly_what_was_coalesced_is_counted(void **state)
{
	struct lost_ticks lt;
	u64 now = 0, due_at;

	setup(&lt, SLEW, EDGE);
	due(&lt, 1);
	inject(&lt, 0, 1);
	due(&lt, 25);
	now = 25 * PERIOD;
	due_at = now + PERIOD;
	ack(&lt);
	while (lt.backlog) {
		u64 next = max_t(u64, now, lost_ticks_next(&lt));

		if (due_at <= next) {
			due(&lt, 1);
			due_at += PERIOD;
			continue;
		}
		now = next;
		inject(&lt, now, 1);
		ack(&lt);
	}
	assert_int_equal(lt.count.coalesced + lt.count.late, 25);
}

/* ---- everything at random ---- */

static void random_call(struct lost_ticks *lt, struct rng *r, u64 *now,
			u32 *seq)
{
	static const u64 spans[] = { 0, 1, PERIOD, SEC, 3600 * SEC };
	static const u64 lengths[] = { 0, 1, 1000, PERIOD, 16 * PERIOD, SEC };
	u64 a = rng_u64(r) >> 8, b = rng_u64(r) >> 8;
	u64 c = rng_u64(r) >> 8, d = rng_u64(r) >> 8;

	*now += rng_magnitude(r) >> 30;
	switch (rng_below(r, 20)) {
	case 0:
		set_policy(lt, a % 4, 1 + b % 100, c % 101, spans[d % 5]);
		break;
	case 1:
		set_period(lt, lengths[a % 6], b % 10 < 7);
		break;
	case 2:
		set_ack(lt, a % 4, b & 1);
		break;
	case 3:
		lost_ticks_restart(lt);
		break;
	case 4:
		if (rng_chance(r, 20))
			lost_ticks_reset(lt);
		break;
	case 5:
		lost_ticks_mute(lt);
		break;
	case 6:
		lost_ticks_masked(lt, rng_below(r, 5));
		break;
	case 7:
		*now += a % SEC;
		lost_ticks_resume(lt, a % SEC);
		break;
	case 8:
		if (lt->injecting || lt->backlog)
			break;
		load(lt, *now, (struct lost_ticks_state){
			.backlog = rng_magnitude(r) >> 23, .peak = c,
			.fraction_ns = d, .rate = a % 100, .in_flight = b & 1,
			.regular = b & 2, .rose = b & 4, .ending = b & 8,
			.next_in_ns = (s64)(c % SEC) - (s64)SEC / 2,
			.retry_in_ns = d % SEC, .retry_ns = (1 + a % 16) * SEC,
		});
		break;
	case 9:
		ack(lt);
		break;
	case 10:
		lost_ticks_told_taken(lt, *now);
		break;
	case 11:
		lost_ticks_ended(lt);
		break;
	case 12:
	case 13:
		due(lt, 1 + (rng_magnitude(r) >> 24));
		break;
	case 14:
	case 15:
	case 16:
		result(lt, *seq - !(a % 20), (int)(b % 4) - 1);
		break;
	default:
		if (lost_ticks_next(lt) == HPET_NEVER)
			break;
		*now = max_t(u64, *now, lost_ticks_next(lt));
		*seq = begin(lt, *now);
	}
	check(lt);
}

/* Whatever comes in whatever order, and it can always go on from there. */
static void law_and_limits_for_every_history(void **state)
{
	unsigned int seed, i;

	for (seed = 1; seed <= 3000; seed++) {
		struct rng r = { seed };
		struct lost_ticks lt;
		u64 now = SEC;
		u32 seq = 0;

		setup(&lt, seed % 4, seed / 4 % 4);
		for (i = 0; i < 200; i++)
			random_call(&lt, &r, &now, &seq);
		result(&lt, lt.seq, 1);
		ack(&lt);
		due(&lt, 1);
		assert_false(lt.injecting);
		assert_true(lost_ticks_next(&lt) <= now + 2 * PERIOD * 250);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(initial_values),
		cmocka_unit_test(nothing_lost_nothing_added),
		cmocka_unit_test(discard_keeps_one),
		cmocka_unit_test(discard_merged_is_discarded),
		cmocka_unit_test(discard_while_injecting),
		cmocka_unit_test(discard_level),
		cmocka_unit_test(discard_muted),
		cmocka_unit_test(merge_makes_one_of_many),
		cmocka_unit_test(delay_goes_at_the_normal_rate),
		cmocka_unit_test(delay_does_not_grow_by_itself),
		cmocka_unit_test(delay_respects_the_least_interval),
		cmocka_unit_test(slew_starts_with_one_additional),
		cmocka_unit_test(slew_catches_up),
		cmocka_unit_test(slew_ramps_up),
		cmocka_unit_test(slew_keeps_a_rate_that_suffices),
		cmocka_unit_test(slew_ramps_up_at_the_backlog_limit),
		cmocka_unit_test(looking_does_not_raise_the_rate),
		cmocka_unit_test(a_loss_seen_early_is_one_loss),
		cmocka_unit_test(slew_ramp_of_0_stays),
		cmocka_unit_test(slew_respects_the_least_interval),
		cmocka_unit_test(slew_never_exceeds_the_rate),
		cmocka_unit_test(backlog_limit),
		cmocka_unit_test(none_goes_out_unacknowledged),
		cmocka_unit_test(retries_back_off),
		cmocka_unit_test(retry_finds_it_masked),
		cmocka_unit_test(merged),
		cmocka_unit_test(level_waits_for_its_status_bit),
		cmocka_unit_test(no_acknowledgement_to_be_seen),
		cmocka_unit_test(masked_keeps_what_is_owed),
		cmocka_unit_test(stale_results),
		cmocka_unit_test(restart_ends_the_wait),
		cmocka_unit_test(a_pause_is_no_time),
		cmocka_unit_test(load_goes_on),
		cmocka_unit_test(load_is_bounded),
		cmocka_unit_test(saved_and_loaded),
		cmocka_unit_test(period_change_recounts),
		cmocka_unit_test(periods_of_centuries),
		cmocka_unit_test(nothing_is_lost_by_changing_the_period),
		cmocka_unit_test(a_period_that_was_never_meant),
		cmocka_unit_test(period_change_keeps_the_next_tick),
		cmocka_unit_test(period_change_while_injecting),
		cmocka_unit_test(period_ends),
		cmocka_unit_test(policy_changes_live),
		cmocka_unit_test(max_rate_changes_live),
		cmocka_unit_test(slew_from_delay),
		cmocka_unit_test(a_late_worker_is_counted),
		cmocka_unit_test(exactly_what_was_coalesced_is_counted),
		cmocka_unit_test(law_and_limits_for_every_history),
	};

	limit_time();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
