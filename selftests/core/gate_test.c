// SPDX-License-Identifier: GPL-2.0
/*
 * The gate: whoever comes when it is open, however greedy, never has more events
 * in any span of time than it promises; and whoever is modest never meets it.
 */
#include "core_test.h"
#include "rate_gate.h"

#define EVENTS	20000
#define BURST	32

struct event {
	u64 at;
	u32 events;
};

static struct event events[EVENTS];

/* No span may begin or end better for who is greedy than at an event. */
static void check_spans(const struct rate_gate *g, u32 at_most)
{
	unsigned int from, to;

	for (from = 0; from < EVENTS; from += 97) {
		u64 sum = 0;

		for (to = from; to < EVENTS; to++) {
			u64 span = events[to].at - events[from].at;

			sum += events[to].events;
			assert_true(sum <= span / g->interval_ns + BURST +
				    at_most + 1);
		}
	}
}

static void run_greedy(struct rng *r, u32 per_second, u32 at_most)
{
	u64 now = rng_below(r, 2) ? 0 : YEAR;
	struct rate_gate g;
	unsigned int i;

	rate_gate_init(&g, per_second, BURST);
	for (i = 0; i < EVENTS; i++) {
		if (rng_chance(r, 2))
			now += rng_magnitude(r) >> 30;
		now = max_t(u64, now, g.opens_ns);
		events[i].at = now;
		events[i].events = 1 + rng_below(r, at_most);
		rate_gate_charge(&g, now, events[i].events);
	}
	check_spans(&g, at_most);
}

static void greedy(void **state)
{
	static const u32 rates[] = { 1, 1000, 40000, 999983, 1000000000 };
	struct rng r = { 1 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rates); i++) {
		run_greedy(&r, rates[i], 1);
		run_greedy(&r, rates[i], 64);
	}
}

/* It is no slower than it says, either. */
static void greedy_has_its_share(void **state)
{
	u64 now = YEAR, n = 0;
	struct rate_gate g;

	rate_gate_init(&g, 40000, BURST);
	for (; now < YEAR + SEC; n++) {
		rate_gate_charge(&g, now, 1);
		now = max_t(u64, now, g.opens_ns);
	}
	assert_in_range(n, 40000, 40000 + BURST + 1);
}

static void modest_never_waits(void **state)
{
	struct rate_gate g;
	u64 now = 0;
	int i;

	rate_gate_init(&g, 40000, BURST);
	for (i = 0; i < 100000; i++) {
		assert_true(g.opens_ns <= now);
		rate_gate_charge(&g, now, 3);
		now += 75000;
	}
	/* And after a rest all of a burst at once. */
	now += SEC;
	for (i = 0; i < BURST; i++) {
		assert_true(g.opens_ns <= now);
		rate_gate_charge(&g, now, 1);
	}
	rate_gate_charge(&g, now, 1);
	assert_true(g.opens_ns == now + 25000);
}

/* However long a rest was, no more than that. */
static void rests_do_not_add_up(void **state)
{
	struct rate_gate g;

	rate_gate_init(&g, 1000, BURST);
	rate_gate_charge(&g, YEAR, BURST);
	assert_true(g.opens_ns == YEAR);
	rate_gate_charge(&g, 100 * YEAR, BURST + 1);
	assert_true(g.opens_ns == 100 * YEAR + MS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(greedy),
		cmocka_unit_test(greedy_has_its_share),
		cmocka_unit_test(modest_never_waits),
		cmocka_unit_test(rests_do_not_add_up),
	};

	limit_time();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
