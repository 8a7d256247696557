// SPDX-License-Identifier: GPL-2.0
/*
 * The build without a lost-tick policy (KVM_HPET_LOST_TICKS=n) keeps the law,
 * discards what can't be taken in time, and never stands still.
 */
#include "history.h"

#define SEEDS	300

static void check(struct world *w)
{
	unsigned int n;

	for (n = 0; n < WORLD_TIMERS; n++) {
		const struct lost_ticks *lt = &w->b.t.ticks[n];
		const struct lost_ticks_count *c = &lt->count;

		assert_true(c->due == c->delivered + c->masked + c->discarded +
			    lt->backlog);
		assert_true(lt->backlog <= 2);
	}
}

static void only_discard(void **state)
{
	unsigned int policy;

	assert_true(lost_ticks_supported(LOST_TICKS_DISCARD));
	for (policy = LOST_TICKS_DELAY; policy < 100; policy++)
		assert_false(lost_ticks_supported(policy));
}

/* The operations of a VMM are left out where they would set another policy. */
static void op(struct world *w)
{
	history_op(w);
	world_policy(w, LOST_TICKS_DISCARD, 10, 1, 5 * SEC);
}

static void every_history(void **state)
{
	static struct world w;
	unsigned int n;
	u64 seed;

	for (seed = 1; seed <= SEEDS; seed++) {
		world_init(&w, seed);
		w.pin[16].pic = seed & 1;
		w.check = check;
		w.op = op;
		w.op_ns = 2 * MS;
		world_w32(&w, HPET_REG_CONFIG, HPET_CONFIG_ENABLE);
		world_run(&w, 200 * MS);
		world_calm_down(&w);
		for (n = 0; n < WORLD_PINS; n++)
			world_mask(&w, n, false);
		if (w.b.m.paused)
			world_pause(&w, false);
		world_w32(&w, HPET_REG_STATUS, 7);
		world_w32(&w, HPET_REG_CONFIG, HPET_CONFIG_ENABLE);
		for (n = 0; n < WORLD_TIMERS; n++) {
			struct lost_ticks_count *c = &w.b.t.ticks[n].count;
			u64 delivered;

			periodic(&w, n, route(16 + 2 * n), MS_TICKS);
			world_run(&w, 10 * MS);
			delivered = c->delivered;
			world_run(&w, 100 * MS);
			assert_in_range(c->delivered - delivered, 99, 101);
		}
	}
}

/* No interrupt is taken for 10 periods: one of them is kept, or the line is up. */
static void what_is_missed_is_gone(void **state)
{
	static struct world w;
	unsigned int level;

	for (level = 0; level < 2; level++) {
		u32 bits = level ? HPET_TN_LEVEL : 0;

		world_init(&w, 1);
		w.check = check;
		w.pin[20].pic = true;
		world_w32(&w, HPET_REG_CONFIG, HPET_CONFIG_ENABLE);
		w.irqs_off_until = 10 * MS + w.now;
		periodic(&w, 0, bits | route(20), MS_TICKS);
		world_run(&w, 10 * MS + MS / 2);
		assert_int_equal(w.pin[20].seen, 1);
		assert_int_equal(w.b.t.ticks[0].count.due, 10);
		assert_int_equal(w.b.t.ticks[0].count.delivered, 1);
		assert_int_equal(w.b.t.ticks[0].count.discarded, 9);
		assert_int_equal(w.b.t.ticks[0].count.coalesced, 9);
		world_run(&w, 10 * MS);
		assert_int_equal(w.pin[20].seen, 11);
	}
}

static void late_ticks_are_counted(void **state)
{
	static struct world w;

	world_init(&w, 1);
	w.check = check;
	world_w32(&w, HPET_REG_CONFIG, HPET_CONFIG_ENABLE);
	periodic(&w, 0, route(20), MS_TICKS);
	w.now += 5 * MS;
	world_run(&w, MS / 2);
	assert_int_equal(w.b.t.ticks[0].count.late, 4);
	assert_int_equal(w.b.t.ticks[0].count.discarded, 4);
	assert_int_equal(w.b.t.ticks[0].count.max_backlog, 1);
	assert_int_equal(w.pin[20].seen, 1);
	world_reset(&w);
	assert_int_equal(w.b.t.ticks[0].params.policy, LOST_TICKS_DISCARD);
}

static void a_saved_tick_is_kept(void **state)
{
	struct lost_ticks_state s, again;
	struct lost_ticks lt;
	u32 seq;

	lost_ticks_init(&lt, 0);
	lost_ticks_save(&lt, 0, &s);
	s.backlog = 3;
	lost_ticks_load(&lt, 0, &s);
	assert_int_equal(lt.backlog, 1);
	assert_int_equal(lt.count.due, 3);
	assert_int_equal(lt.count.discarded, 2);
	assert_int_equal(lost_ticks_next(&lt), 0);
	/* There is nothing to catch up with, so nothing keeps a distance. */
	lost_ticks_rest(&lt, SEC);
	assert_int_equal(lost_ticks_next(&lt), 0);
	lost_ticks_save(&lt, 0, &again);
	s.backlog = 1;
	assert_memory_equal(&s, &again, sizeof(s));
	lost_ticks_set_ack(&lt, LOST_TICKS_ACK_LEVEL, true);
	lost_ticks_save(&lt, 0, &again);
	assert_true(again.in_flight && again.retry_in_ns == LOST_TICKS_NEVER);
	/* The device's word is enough: what is owed does not wait for more. */
	lost_ticks_set_ack(&lt, LOST_TICKS_ACK_BOTH, true);
	assert_true(lost_ticks_next(&lt) == HPET_NEVER);
	lost_ticks_ended(&lt);
	assert_true(lt.in_flight);
	lost_ticks_told_taken(&lt, 0);
	assert_false(lt.in_flight);
	lost_ticks_set_ack(&lt, LOST_TICKS_ACK_NONE, false);
	/* A reset makes what is on its way outdated. */
	seq = lost_ticks_begin(&lt, 0);
	lost_ticks_reset(&lt);
	lost_ticks_result(&lt, seq, 1);
	assert_int_equal(lt.count.delivered, 0);
	assert_int_equal(lt.count.discarded, 3);
	lost_ticks_due(&lt, 1);
	seq = lost_ticks_begin(&lt, 0);
	lost_ticks_result(&lt, seq - 1, 1);
	assert_true(lt.injecting);
	lost_ticks_result(&lt, seq, 1);
	lost_ticks_result(&lt, seq, 1);
	assert_int_equal(lt.count.delivered, 1);
}

/* It waits for no acknowledgment of an edge, so nothing ends a wait. */
static void time_and_masks_change_nothing(void **state)
{
	struct lost_ticks lt, before;

	lost_ticks_init(&lt, 0);
	lost_ticks_set_period(&lt, SEC, false);
	lost_ticks_due(&lt, 1);
	before = lt;
	lost_ticks_unmasked(&lt, SEC);
	lost_ticks_elapse(&lt, 10 * SEC);
	lost_ticks_rerouted(&lt);
	lost_ticks_resume(&lt, SEC);
	assert_memory_equal(&lt, &before, sizeof(lt));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_discard),
		cmocka_unit_test(every_history),
		cmocka_unit_test(what_is_missed_is_gone),
		cmocka_unit_test(late_ticks_are_counted),
		cmocka_unit_test(a_saved_tick_is_kept),
		cmocka_unit_test(time_and_masks_change_nothing),
	};

	limit_time();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
