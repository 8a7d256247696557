// SPDX-License-Identifier: GPL-2.0
/*
 * The registers behave as the specification says, and where it is silent or
 * emulations differ, as decided: such tests bear the name of their row in the
 * table of Documentation/device-model.md. The last ones count tick by tick and
 * compare.
 */
#include "core_test.h"
#include "hpet_model.h"

#define ENABLE	HPET_CONFIG_ENABLE
#define LEGACY	HPET_CONFIG_LEGACY
#define CAPS	(HPET_TN_PERIODIC_CAP | HPET_TN_SIZE_CAP | HPET_TN_FSB_CAP)
#define ROUTES	((1ULL << 2 | 1ULL << 8 | 1ULL << 20) << HPET_TN_ROUTE_CAP_SHIFT)
#define ROUTE(n)	((u64)(n) << HPET_TN_ROUTE_SHIFT)
#define TOP32	0xffffffffULL
/* How long a guest may be held up, in ticks of 10 ns. */
#define HELD_UP	100000000ULL

/* A guest, its block and what it was told. */
struct guest {
	struct hpet_model m;
	struct hpet_effects fx;
	u64 now;
	u64 ticks[HPET_MAX_TIMERS];
};

static void guest_init(struct guest *g, unsigned int timers, bool counter_64)
{
	unsigned int n;

	memset(g, 0, sizeof(*g));
	g->now = 12345;
	g->m.num_timers = timers;
	g->m.period_fs = PERIOD_10NS;
	g->m.cap = (u64)PERIOD_10NS << 32 | 0x8086ULL << 16 | HPET_CAP_LEGACY |
		   (timers - 1) << 8 | 1 | (counter_64 ? HPET_CAP_COUNTER_64 : 0);
	for (n = 0; n < timers; n++)
		g->m.timer[n].config = CAPS | ROUTES;
	hpet_model_reset(&g->m);
}

static void setup(struct guest *g)
{
	guest_init(g, 3, true);
}

static void update(struct guest *g)
{
	unsigned int n;

	for (n = 0; g->m.running && n < g->m.num_timers; n++)
		g->ticks[n] += hpet_timer_advance(&g->m, n,
						  hpet_elapsed(&g->m, g->now));
}

/* Lets a number of counter ticks pass. */
static void run(struct guest *g, u64 ticks)
{
	g->now += ticks * 10;
	update(g);
}

static void put(struct guest *g, u32 offset, unsigned int len, u64 val)
{
	unsigned int n;

	update(g);
	hpet_model_write(&g->m, g->now, offset, len, val, &g->fx);
	for (n = 0; n < g->m.num_timers; n++)
		g->ticks[n] += (g->fx.matched >> n & 1) +
			       (g->fx.corrected >> n & 1 ? g->fx.missed : 0);
}

static void w64(struct guest *g, u32 offset, u64 val)
{
	put(g, offset, 8, val);
}

static void w32(struct guest *g, u32 offset, u32 val)
{
	put(g, offset, 4, val);
}

static u64 r64(struct guest *g, u32 offset)
{
	update(g);
	return hpet_model_read(&g->m, g->now, offset, 8);
}

static u32 r32(struct guest *g, u32 offset)
{
	update(g);
	return hpet_model_read(&g->m, g->now, offset, 4);
}

static u32 config(unsigned int n)
{
	return HPET_REG_TIMER(n) + HPET_TIMER_CONFIG;
}

static u32 comparator(unsigned int n)
{
	return HPET_REG_TIMER(n) + HPET_TIMER_COMPARATOR;
}

static u32 fsb(unsigned int n)
{
	return HPET_REG_TIMER(n) + HPET_TIMER_FSB;
}

/* The counter running from a value. */
static void start_at(struct guest *g, u64 counter)
{
	w64(g, HPET_REG_CONFIG, 0);
	w64(g, HPET_REG_COUNTER, counter);
	w64(g, HPET_REG_CONFIG, ENABLE);
}

/* What a periodic timer is programmed with in one go. */
static void periodic(struct guest *g, unsigned int n, u64 bits, u64 first,
		     u64 period)
{
	w64(g, config(n), HPET_TN_PERIODIC | HPET_TN_VAL_SET | HPET_TN_ENABLE |
	    ROUTE(20) | bits);
	w64(g, comparator(n), first);
	w64(g, comparator(n), period);
}

static void expect_ticks(struct guest *g, unsigned int n, u64 ticks)
{
	update(g);
	assert_int_equal(g->ticks[n], ticks);
	g->ticks[n] = 0;
}

/* Nothing before the counter's value, one at it. */
static void expect_match_in(struct guest *g, unsigned int n, u64 ticks)
{
	run(g, ticks - 1);
	expect_ticks(g, n, 0);
	run(g, 1);
	expect_ticks(g, n, 1);
}

/* ---- registers ---- */

static void reset_values(void **state)
{
	struct guest g;
	unsigned int n;

	setup(&g);
	assert_int_equal(r64(&g, HPET_REG_CAP), 0x009896808086a201ULL);
	assert_int_equal(r64(&g, HPET_REG_CONFIG), 0);
	assert_int_equal(r64(&g, HPET_REG_STATUS), 0);
	assert_int_equal(r64(&g, HPET_REG_COUNTER), 0);
	for (n = 0; n < 3; n++) {
		assert_int_equal(r64(&g, config(n)), CAPS | ROUTES);
		assert_int_equal(r64(&g, comparator(n)), ~0ULL);
		assert_int_equal(r64(&g, fsb(n)), 0);
	}
	run(&g, 1000);
	assert_int_equal(r64(&g, HPET_REG_COUNTER), 0);
}

/* A 32-bit timer's reset value is all ones as far as it has bits. */
static void reset_value_of_32_bits(void **state)
{
	struct guest g;

	guest_init(&g, 3, false);
	g.m.timer[1].config = HPET_TN_PERIODIC_CAP;
	hpet_model_reset(&g.m);
	assert_int_equal(r64(&g, comparator(1)), TOP32);
}

/* Reset: QEMU forgets to clear the status register. */
static void row_reset(void **state)
{
	struct guest g;

	setup(&g);
	start_at(&g, 500);
	periodic(&g, 0, HPET_TN_LEVEL | HPET_TN_FSB_ENABLE | HPET_TN_32BIT, 600, 7);
	w64(&g, fsb(0), ~0ULL);
	w64(&g, config(1), HPET_TN_VAL_SET);
	run(&g, 103);
	g.m.status = 7;
	hpet_model_reset(&g.m);
	memset(g.ticks, 0, sizeof(g.ticks));
	reset_values(state);
	assert_int_equal(r64(&g, HPET_REG_STATUS), 0);
	assert_int_equal(r64(&g, HPET_REG_CONFIG), 0);
	assert_int_equal(r64(&g, HPET_REG_COUNTER), 0);
	assert_int_equal(r64(&g, config(0)), CAPS | ROUTES);
	assert_int_equal(r64(&g, config(1)), CAPS | ROUTES);
	assert_int_equal(r64(&g, comparator(0)), ~0ULL);
	assert_int_equal(r64(&g, fsb(0)), 0);
	assert_int_equal(g.m.timer[0].period, 0);
	w64(&g, HPET_REG_CONFIG, ENABLE);
	run(&g, 10000);
	expect_ticks(&g, 0, 0);
}

static void capabilities_are_read_only(void **state)
{
	struct guest g;

	setup(&g);
	w64(&g, HPET_REG_CAP, 0);
	w32(&g, HPET_REG_CAP + 4, 1);
	assert_int_equal(r64(&g, HPET_REG_CAP), 0x009896808086a201ULL);
	assert_int_equal(r32(&g, HPET_REG_CAP), 0x8086a201);
	assert_int_equal(r32(&g, HPET_REG_CAP + 4), PERIOD_10NS);
}

static void general_config_bits(void **state)
{
	struct guest g;

	setup(&g);
	w64(&g, HPET_REG_CONFIG, ~0ULL);
	assert_int_equal(r64(&g, HPET_REG_CONFIG), ENABLE | LEGACY);
	assert_true(g.fx.legacy);
	w32(&g, HPET_REG_CONFIG + 4, 0);
	assert_int_equal(r64(&g, HPET_REG_CONFIG), ENABLE | LEGACY);
	w32(&g, HPET_REG_CONFIG, LEGACY);
	assert_int_equal(r64(&g, HPET_REG_CONFIG), LEGACY);
	assert_false(g.fx.legacy);
	w32(&g, HPET_REG_CONFIG, LEGACY);
	assert_int_equal(g.fx.changed, 0);
	w32(&g, HPET_REG_CONFIG, 0);
	assert_int_equal(g.fx.changed, 7);
	assert_true(g.fx.legacy);
	g.m.cap &= ~HPET_CAP_LEGACY;
	w32(&g, HPET_REG_CONFIG, LEGACY);
	assert_int_equal(r64(&g, HPET_REG_CONFIG), 0);
	assert_false(g.fx.legacy);
}

/* Every bit of a timer's configuration, with and without the capability. */
static void timer_config_bits(void **state)
{
	const u64 always = HPET_TN_LEVEL | HPET_TN_ENABLE;
	struct guest g;

	setup(&g);
	w64(&g, config(0), ~0ULL & ~HPET_TN_ROUTE_MASK);
	assert_int_equal(r64(&g, config(0)), CAPS | ROUTES | always |
			 HPET_TN_PERIODIC | HPET_TN_VAL_SET | HPET_TN_32BIT |
			 HPET_TN_FSB_ENABLE);
	w64(&g, config(0), 0);
	assert_int_equal(r64(&g, config(0)), CAPS | ROUTES);
	g.m.timer[1].config = ROUTES;
	w64(&g, config(1), ~0ULL & ~HPET_TN_ROUTE_MASK & ~HPET_TN_VAL_SET);
	assert_int_equal(r64(&g, config(1)), ROUTES | always);
	assert_int_equal(g.fx.changed, 2);
	w64(&g, config(1), always);
	assert_int_equal(g.fx.changed, 0);
	w32(&g, config(1) + 4, ~0U);
	assert_int_equal(r64(&g, config(1)), ROUTES | always);
	assert_int_equal(r32(&g, config(1) + 4), ROUTES >> 32);
}

/* A route that is not allowed is not taken, except in legacy mode. */
static void row_a_route_that_is_not_allowed(void **state)
{
	struct guest g;

	setup(&g);
	w64(&g, config(0), ROUTE(8));
	assert_int_equal(hpet_timer_gsi(&g.m, 0), 8);
	w64(&g, config(0), ROUTE(9) | HPET_TN_ENABLE);
	assert_int_equal(r64(&g, config(0)), CAPS | ROUTES | ROUTE(8) |
			 HPET_TN_ENABLE);
	w64(&g, config(0), ROUTE(31));
	assert_int_equal(hpet_timer_gsi(&g.m, 0), 8);
	w64(&g, HPET_REG_CONFIG, LEGACY);
	w64(&g, config(0), ROUTE(9));
	assert_int_equal(r64(&g, config(0)), CAPS | ROUTES | ROUTE(9));
	assert_int_equal(hpet_timer_gsi(&g.m, 0), 0);
	w64(&g, config(2), ROUTE(20));
	w64(&g, config(2), ROUTE(9));
	assert_int_equal(hpet_timer_gsi(&g.m, 2), 20);
	w64(&g, HPET_REG_CONFIG, 0);
	assert_int_equal(hpet_timer_gsi(&g.m, 0), -1);
}

static void legacy_replacement(void **state)
{
	struct guest g;

	setup(&g);
	w64(&g, config(0), ROUTE(20) | HPET_TN_FSB_ENABLE | HPET_TN_ENABLE);
	w64(&g, config(1), ROUTE(20) | HPET_TN_ENABLE);
	w64(&g, config(2), ROUTE(8) | HPET_TN_FSB_ENABLE | HPET_TN_ENABLE);
	assert_int_equal(hpet_timer_gsi(&g.m, 0), -1);
	assert_true(hpet_timer_fsb(&g.m, 0));
	assert_int_equal(hpet_timer_gsi(&g.m, 1), 20);
	w64(&g, HPET_REG_CONFIG, ENABLE | LEGACY);
	/* Messages are none of the lines that are replaced (2.4.2.3). */
	assert_int_equal(hpet_timer_gsi(&g.m, 0), -1);
	assert_true(hpet_timer_fsb(&g.m, 0));
	w64(&g, config(0), ROUTE(20) | HPET_TN_ENABLE);
	assert_int_equal(hpet_timer_gsi(&g.m, 0), 0);
	assert_int_equal(hpet_timer_gsi(&g.m, 1), 8);
	assert_true(hpet_timer_fsb(&g.m, 2));
	assert_int_equal(hpet_timer_gsi(&g.m, 2), -1);
}

static void who_is_audible(void **state)
{
	struct guest g;

	setup(&g);
	w64(&g, config(0), ROUTE(20) | HPET_TN_ENABLE);
	assert_false(hpet_timer_audible(&g.m, 0));
	w64(&g, HPET_REG_CONFIG, ENABLE);
	assert_true(hpet_timer_audible(&g.m, 0));
	w64(&g, config(0), ROUTE(20));
	assert_false(hpet_timer_audible(&g.m, 0));
	/* Route 0 after reset is none of those that it can have. */
	w64(&g, config(1), HPET_TN_ENABLE);
	assert_false(hpet_timer_audible(&g.m, 1));
	w64(&g, config(1), HPET_TN_ENABLE | HPET_TN_FSB_ENABLE);
	assert_true(hpet_timer_audible(&g.m, 1));
	hpet_model_pause(&g.m, g.now, true);
	assert_false(hpet_timer_audible(&g.m, 1));
}

static void fsb_route_register(void **state)
{
	struct guest g;

	setup(&g);
	w64(&g, fsb(1), 0xfee00000000000a1ULL);
	assert_int_equal(r64(&g, fsb(1)), 0xfee00000000000a1ULL);
	w32(&g, fsb(1) + 4, 0xfee01000);
	w32(&g, fsb(1), 0xa2);
	assert_int_equal(r64(&g, fsb(1)), 0xfee01000000000a2ULL);
	assert_int_equal(r32(&g, fsb(1) + 4), 0xfee01000);
	assert_int_equal(r64(&g, fsb(0)), 0);
	g.m.timer[2].config &= ~HPET_TN_FSB_CAP;
	w64(&g, fsb(2), ~0ULL);
	assert_int_equal(r64(&g, fsb(2)), 0);
}

/* Xen 41d358d2: a partial-width status write must not clear other bits. */
static void row_partial_width_status_write(void **state)
{
	struct guest g;

	guest_init(&g, 32, true);
	g.m.status = 0xf000000f;
	put(&g, HPET_REG_STATUS, 1, 0xff);
	put(&g, HPET_REG_STATUS, 2, 0xffff);
	w32(&g, HPET_REG_STATUS + 4, ~0U);
	assert_int_equal(r64(&g, HPET_REG_STATUS), 0xf000000f);
	assert_int_equal(g.fx.acked, 0);
	w32(&g, HPET_REG_STATUS, 0x10000001);
	assert_int_equal(r64(&g, HPET_REG_STATUS), 0xe000000e);
	assert_int_equal(g.fx.acked, 0x10000001);
	w64(&g, HPET_REG_STATUS, 0x10000003);
	assert_int_equal(r64(&g, HPET_REG_STATUS), 0xe000000c);
	assert_int_equal(g.fx.acked, 2);
	w64(&g, HPET_REG_STATUS, 0);
	assert_int_equal(r64(&g, HPET_REG_STATUS), 0xe000000c);
}

/* 1-, 2-byte, odd and straddling accesses read 0 and change nothing. */
static void undefined_accesses(void **state)
{
	static const struct { u32 at; u8 len; } bad[] = {
		{ 0, 1 }, { 0, 2 }, { 2, 2 }, { 1, 4 }, { 2, 4 }, { 3, 8 },
		{ 4, 8 }, { 5, 4 }, { 7, 1 }, { 0, 3 }, { 0, 16 }, { 0, 0 },
	};
	struct guest g, before;
	unsigned int i;
	u32 reg;

	setup(&g);
	start_at(&g, 777);
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		for (reg = 0; reg < HPET_REG_TIMER(3); reg += 8) {
			before = g;
			put(&g, reg + bad[i].at, bad[i].len, ~0ULL);
			assert_int_equal(hpet_model_read(&g.m, g.now, reg +
							 bad[i].at, bad[i].len), 0);
			assert_memory_equal(&g.m, &before.m, sizeof(g.m));
		}
}

/* What lies between the registers, and timers that are absent. */
static void reserved_offsets(void **state)
{
	struct guest g, before;
	u32 reg;

	setup(&g);
	for (reg = 0; reg < HPET_BLOCK_SIZE_MAX; reg += 8) {
		bool timer = reg >= 0x100 && reg < HPET_REG_TIMER(3);

		if (timer ? (reg & 0x18) != 0x18 :
		    reg == 0 || reg == 0x10 || reg == 0x20 || reg == 0xf0)
			continue;
		before = g;
		w64(&g, reg, ~0ULL);
		w32(&g, reg + 4, ~0U);
		assert_int_equal(r64(&g, reg), 0);
		assert_memory_equal(&g.m, &before.m, sizeof(g.m));
	}
	w64(&g, ~7U, ~0ULL);
	assert_int_equal(r64(&g, ~7U), 0);
}

static void the_last_timer_there_can_be(void **state)
{
	struct guest g;

	guest_init(&g, 32, true);
	start_at(&g, 0);
	w64(&g, config(31), HPET_TN_ENABLE | ROUTE(20));
	w64(&g, comparator(31), 100);
	expect_match_in(&g, 31, 100);
	w64(&g, HPET_REG_CONFIG, 0);
	assert_int_equal(g.fx.changed, ~0U);
}

/* ---- main counter ---- */

static void counter_counts(void **state)
{
	struct guest g;

	setup(&g);
	start_at(&g, 0xfffffff0);
	run(&g, 0x20);
	assert_int_equal(r64(&g, HPET_REG_COUNTER), 0x100000010ULL);
	assert_int_equal(r32(&g, HPET_REG_COUNTER), 0x10);
	assert_int_equal(r32(&g, HPET_REG_COUNTER + 4), 1);
	w64(&g, HPET_REG_CONFIG, 0);
	run(&g, 1000);
	assert_int_equal(r64(&g, HPET_REG_COUNTER), 0x100000010ULL);
	w64(&g, HPET_REG_CONFIG, ENABLE);
	run(&g, 5);
	assert_int_equal(r64(&g, HPET_REG_COUNTER), 0x100000015ULL);
}

/* Parts of a tick are kept over a stop, and gone with a write. */
static void counter_keeps_parts_of_a_tick(void **state)
{
	struct guest g;
	unsigned int i;

	setup(&g);
	w64(&g, HPET_REG_CONFIG, ENABLE);
	for (i = 0; i < 10; i++) {
		g.now += 9;
		w64(&g, HPET_REG_CONFIG, 0);
		g.now += 1000;
		w64(&g, HPET_REG_CONFIG, ENABLE);
	}
	assert_int_equal(r64(&g, HPET_REG_COUNTER), 9);
	g.now += 9;
	start_at(&g, 50);
	g.now += 9;
	assert_int_equal(r64(&g, HPET_REG_COUNTER), 50);
	g.now += 1;
	assert_int_equal(r64(&g, HPET_REG_COUNTER), 51);
}

static void counter_of_32_bits_wraps(void **state)
{
	struct guest g;

	guest_init(&g, 3, false);
	start_at(&g, 0x1fffffff0ULL);
	assert_int_equal(r64(&g, HPET_REG_COUNTER), 0xfffffff0);
	run(&g, 0x20);
	assert_int_equal(r64(&g, HPET_REG_COUNTER), 0x10);
	w64(&g, HPET_REG_CONFIG, 0);
	w32(&g, HPET_REG_COUNTER + 4, 1);
	assert_int_equal(r64(&g, HPET_REG_COUNTER), 0x10);
}

static void counter_of_64_bits_wraps(void **state)
{
	struct guest g;

	setup(&g);
	start_at(&g, ~0ULL - 1);
	w64(&g, config(1), HPET_TN_ENABLE | ROUTE(20));
	w64(&g, comparator(1), 3);
	expect_match_in(&g, 1, 5);
	assert_int_equal(r64(&g, HPET_REG_COUNTER), 3);
}

/* 2.3.7: software writes the counter only while it stands. */
static void row_writing_the_counter_while_it_runs(void **state)
{
	struct guest g;

	setup(&g);
	start_at(&g, 1000);
	run(&g, 10);
	w64(&g, HPET_REG_COUNTER, 5);
	w32(&g, HPET_REG_COUNTER, 5);
	assert_int_equal(r64(&g, HPET_REG_COUNTER), 1010);
	w64(&g, HPET_REG_CONFIG, 0);
	assert_int_equal(r64(&g, HPET_REG_COUNTER), 1010);
	w32(&g, HPET_REG_COUNTER + 4, 7);
	w32(&g, HPET_REG_COUNTER, 5);
	assert_int_equal(r64(&g, HPET_REG_COUNTER), 0x700000005ULL);
}

/* Paused guest time is no halted counter. */
static void pause_stops_time(void **state)
{
	struct guest g;

	setup(&g);
	start_at(&g, 1000);
	w64(&g, config(0), HPET_TN_ENABLE | ROUTE(20));
	w64(&g, comparator(0), 1100);
	run(&g, 60);
	g.now += 7;
	hpet_model_pause(&g.m, g.now, true);
	run(&g, 1000000);
	assert_int_equal(r64(&g, HPET_REG_COUNTER), 1060);
	w64(&g, HPET_REG_COUNTER, 5);
	assert_int_equal(r64(&g, HPET_REG_COUNTER), 1060);
	assert_true(hpet_timer_ns(&g.m, 0) == HPET_NEVER);
	expect_ticks(&g, 0, 0);
	hpet_model_pause(&g.m, g.now, false);
	g.now += 3;
	assert_int_equal(r64(&g, HPET_REG_COUNTER), 1061);
	expect_match_in(&g, 0, 39);
}

/* ---- one-shot ---- */

static void oneshot(struct guest *g, unsigned int n, u64 bits)
{
	w64(g, config(n), HPET_TN_ENABLE | ROUTE(20) | bits);
}

static void oneshot_matches_once(void **state)
{
	struct guest g;

	setup(&g);
	start_at(&g, 0);
	oneshot(&g, 0, 0);
	w64(&g, comparator(0), 100);
	assert_int_equal(hpet_timer_ns(&g.m, 0), g.now + 1000);
	assert_int_equal(g.fx.restarted, 1);
	expect_match_in(&g, 0, 100);
	assert_int_equal(r64(&g, comparator(0)), 100);
	assert_true(hpet_timer_ns(&g.m, 0) == HPET_NEVER);
	run(&g, 1ULL << 40);
	expect_ticks(&g, 0, 0);
}

/* The spec's wording holds for every turn of the counter. */
static void row_32_bit_one_shot(void **state)
{
	struct guest g;

	setup(&g);
	start_at(&g, 0);
	oneshot(&g, 0, HPET_TN_32BIT);
	w64(&g, comparator(0), 100);
	expect_match_in(&g, 0, 100);
	expect_match_in(&g, 0, 1ULL << 32);
	run(&g, 5ULL << 32);
	expect_ticks(&g, 0, 5);
	run(&g, (3ULL << 32) - 1);
	expect_ticks(&g, 0, 2);
	run(&g, 1);
	expect_ticks(&g, 0, 1);
}

static void row_one_shot_comparator_just_passed(void **state)
{
	struct guest g;
	unsigned int bits;

	for (bits = 0; bits < 2; bits++) {
		setup(&g);
		start_at(&g, 2 * HELD_UP);
		oneshot(&g, 0, bits ? HPET_TN_32BIT : 0);
		w64(&g, comparator(0), 2 * HELD_UP - 1);
		expect_ticks(&g, 0, 1);
		assert_int_equal(r64(&g, comparator(0)), 2 * HELD_UP - 1);
		w64(&g, comparator(0), HELD_UP);
		expect_ticks(&g, 0, 1);
		w64(&g, comparator(0), HELD_UP - 1);
		expect_ticks(&g, 0, 0);
		run(&g, 1ULL << 31);
		expect_ticks(&g, 0, 0);
	}
}

static void comparator_at_the_counter(void **state)
{
	struct guest g;

	setup(&g);
	start_at(&g, 500);
	oneshot(&g, 0, 0);
	w64(&g, comparator(0), 500);
	expect_ticks(&g, 0, 1);
	run(&g, 100000);
	expect_ticks(&g, 0, 0);
	w64(&g, comparator(0), r64(&g, HPET_REG_COUNTER) + 1);
	expect_match_in(&g, 0, 1);
}

/* QEMU 37d2bcbc2a; VMware froze on comparator 0. */
static void row_comparator_near_the_top_of_64_bits_or_0(void **state)
{
	static const u64 values[] = { ~0ULL, ~0ULL - 1, 1ULL << 63, 0 };
	struct guest g;
	unsigned int i, mode;

	for (i = 0; i < ARRAY_SIZE(values); i++)
		for (mode = 0; mode < 2; mode++) {
			setup(&g);
			start_at(&g, 3 * HELD_UP);
			oneshot(&g, 0, mode ? HPET_TN_PERIODIC |
				HPET_TN_VAL_SET : 0);
			w64(&g, comparator(0), values[i]);
			expect_ticks(&g, 0, 0);
			g.now += 100 * YEAR;
			expect_ticks(&g, 0, 0);
		}
	/* Comparator 0 of a 32-bit timer matches as the counter wraps. */
	start_at(&g, TOP32 - 9);
	oneshot(&g, 1, HPET_TN_32BIT);
	w64(&g, comparator(1), 0);
	expect_match_in(&g, 1, 10);
	w64(&g, comparator(1), TOP32 - HELD_UP);
	expect_match_in(&g, 1, TOP32 - HELD_UP);
}

/* A 64-bit counter does not wrap: above it is never in the past. */
static void comparator_above_a_64_bit_counter(void **state)
{
	struct guest g;

	setup(&g);
	start_at(&g, 5);
	oneshot(&g, 0, 0);
	w64(&g, comparator(0), ~0ULL - 5);
	expect_ticks(&g, 0, 0);
	oneshot(&g, 1, HPET_TN_32BIT);
	w64(&g, comparator(1), TOP32 - 5);
	expect_ticks(&g, 1, 1);
}

static void writes_while_the_counter_stands(void **state)
{
	struct guest g;

	setup(&g);
	oneshot(&g, 0, 0);
	w64(&g, comparator(0), 100);
	expect_ticks(&g, 0, 0);
	start_at(&g, 100);
	expect_ticks(&g, 0, 1);
	assert_int_equal(g.fx.matched, 1);
	/* That match is over; another stop does not make it a new one. */
	w64(&g, HPET_REG_CONFIG, 0);
	w64(&g, HPET_REG_CONFIG, ENABLE);
	expect_ticks(&g, 0, 0);
	/* A write of the counter does, and so does one of the comparator. */
	start_at(&g, 100);
	expect_ticks(&g, 0, 1);
	w64(&g, HPET_REG_CONFIG, 0);
	w64(&g, comparator(0), 100);
	w64(&g, HPET_REG_CONFIG, ENABLE);
	expect_ticks(&g, 0, 1);
	w64(&g, HPET_REG_CONFIG, 0);
	w64(&g, comparator(0), 99);
	w64(&g, HPET_REG_CONFIG, ENABLE);
	expect_ticks(&g, 0, 0);
}

/* A match right before the counter is stopped is not forgotten. */
static void stop_at_the_match(void **state)
{
	struct guest g;

	setup(&g);
	start_at(&g, 0);
	periodic(&g, 0, 0, 100, 50);
	run(&g, 100);
	w64(&g, HPET_REG_CONFIG, 0);
	expect_ticks(&g, 0, 1);
	w64(&g, HPET_REG_CONFIG, ENABLE);
	expect_match_in(&g, 0, 50);
}

/* Equal to the counter as it is enabled: a match, and then the period. */
static void start_at_the_match_of_a_periodic_timer(void **state)
{
	struct guest g;

	setup(&g);
	periodic(&g, 0, 0, 100, 50);
	start_at(&g, 100);
	expect_ticks(&g, 0, 1);
	assert_int_equal(r64(&g, comparator(0)), 150);
	expect_match_in(&g, 0, 50);
}

/* ---- periodic ---- */

static void row_periodic_comparator_write_with_val_set(void **state)
{
	struct guest g;

	setup(&g);
	start_at(&g, 0);
	w64(&g, config(0), HPET_TN_PERIODIC | HPET_TN_VAL_SET | HPET_TN_ENABLE |
	    ROUTE(20));
	assert_true(r64(&g, config(0)) & HPET_TN_VAL_SET);
	w64(&g, comparator(0), 100);
	assert_false(r64(&g, config(0)) & HPET_TN_VAL_SET);
	assert_int_equal(r64(&g, comparator(0)), 100);
	assert_int_equal(g.m.timer[0].period, 100);
	expect_match_in(&g, 0, 100);
	expect_match_in(&g, 0, 100);
}

static void row_periodic_comparator_write_without_val_set(void **state)
{
	struct guest g;

	setup(&g);
	start_at(&g, 0);
	periodic(&g, 0, 0, 100, 30);
	assert_int_equal(r64(&g, comparator(0)), 100);
	expect_match_in(&g, 0, 100);
	expect_match_in(&g, 0, 30);
	/* The next match stays where it is. */
	run(&g, 10);
	w64(&g, comparator(0), 7);
	assert_int_equal(r64(&g, comparator(0)), 160);
	assert_int_equal(g.fx.restarted | g.fx.corrected, 0);
	assert_int_equal(g.fx.changed, 1);
	expect_match_in(&g, 0, 20);
	expect_match_in(&g, 0, 7);
}

static void row_64_bit_write_as_two_halves_with_val_set(void **state)
{
	struct guest g;

	setup(&g);
	start_at(&g, 0x500000000ULL);
	w32(&g, config(0), HPET_TN_PERIODIC | HPET_TN_VAL_SET | HPET_TN_ENABLE |
	    ROUTE(20));
	w32(&g, comparator(0), 100);
	/* The bit is read with the low half. */
	assert_false(r64(&g, config(0)) & HPET_TN_VAL_SET);
	w32(&g, comparator(0) + 4, 5);
	assert_int_equal(r64(&g, comparator(0)), 0x500000064ULL);
	w32(&g, comparator(0), 30);
	w32(&g, comparator(0) + 4, 0);
	assert_int_equal(r64(&g, comparator(0)), 0x500000064ULL);
	expect_match_in(&g, 0, 100);
	expect_match_in(&g, 0, 30);
	/* High half first. */
	w32(&g, config(0), HPET_TN_PERIODIC | HPET_TN_VAL_SET | HPET_TN_ENABLE |
	    ROUTE(20));
	w32(&g, comparator(0) + 4, 6);
	assert_true(r64(&g, config(0)) & HPET_TN_VAL_SET);
	w32(&g, comparator(0), 8);
	assert_int_equal(r64(&g, comparator(0)), 0x600000008ULL);
}

/* A configuration write without the bit takes it back; one of the high half says nothing. */
static void val_set_is_taken_back(void **state)
{
	struct guest g;
	u32 on = HPET_TN_PERIODIC | HPET_TN_ENABLE | ROUTE(20);

	setup(&g);
	start_at(&g, 0);
	periodic(&g, 0, 0, 1000, 30);
	w32(&g, config(0), on | HPET_TN_VAL_SET);
	w32(&g, config(0) + 4, 0);
	assert_true(r32(&g, config(0)) & HPET_TN_VAL_SET);
	w32(&g, config(0), on);
	w64(&g, comparator(0), 40);
	assert_int_equal(r64(&g, comparator(0)), 1000);
	/* With 32 bits one half is all there is. */
	w32(&g, config(0), on | HPET_TN_VAL_SET | HPET_TN_32BIT);
	w32(&g, comparator(0) + 4, 77);
	assert_true(r32(&g, config(0)) & HPET_TN_VAL_SET);
	w32(&g, comparator(0), 50);
	w32(&g, comparator(0), 60);
	assert_int_equal(r64(&g, comparator(0)), 50);
	w32(&g, comparator(0) + 4, 77);
	assert_int_equal(r64(&g, comparator(0)), 50);
	assert_int_equal(g.m.timer[0].period, 60);
}

/* Xen, VirtualBox and QEMU truncate comparator and period. */
static void row_setting_32mode(void **state)
{
	struct guest g;
	u32 on = HPET_TN_PERIODIC | HPET_TN_ENABLE | ROUTE(20);

	setup(&g);
	start_at(&g, 0);
	periodic(&g, 0, 0, 0x700000064ULL, 0x90000001eULL);
	w32(&g, config(0), on | HPET_TN_32BIT);
	assert_int_equal(g.fx.restarted, 1);
	assert_int_equal(r64(&g, comparator(0)), 100);
	assert_int_equal(g.m.timer[0].period, 30);
	expect_match_in(&g, 0, 100);
	expect_match_in(&g, 0, 30);
	w32(&g, config(0), on);
	expect_match_in(&g, 0, 30);
}

static void row_reading_a_periodic_comparator(void **state)
{
	struct guest g;

	setup(&g);
	start_at(&g, 0);
	periodic(&g, 0, HPET_TN_32BIT, 100, 30);
	g.now += 10 * (100 + 30 * 1000 + 29);
	assert_int_equal(r64(&g, comparator(0)), 100 + 30 * 1001);
	expect_ticks(&g, 0, 1001);
}

static void periodic_over_the_wrap_of_32_bits(void **state)
{
	struct guest g;

	guest_init(&g, 3, false);
	start_at(&g, 0);
	periodic(&g, 0, HPET_TN_32BIT, 1000, 0x30000000);
	g.now += 10 * (1000 + 0x30000000ULL * 1000);
	expect_ticks(&g, 0, 1001);
	assert_int_equal(r64(&g, comparator(0)),
			 (u32)(1000 + 0x30000000ULL * 1001));
	expect_match_in(&g, 0, 0x30000000);
}

/* A period of one tick for a hundred years is arithmetic. */
static void row_tiny_period(void **state)
{
	struct guest g;

	setup(&g);
	start_at(&g, 0);
	periodic(&g, 0, 0, 1, 1);
	g.now += 100 * YEAR;
	expect_ticks(&g, 0, 10 * YEAR);
	periodic(&g, 1, HPET_TN_32BIT, r32(&g, HPET_REG_COUNTER) + 3, 3);
	g.now += 3000;
	expect_ticks(&g, 1, 100);
}

static void periodic_without_a_period(void **state)
{
	struct guest g;

	setup(&g);
	start_at(&g, 0);
	periodic(&g, 0, HPET_TN_32BIT, 100, 0);
	assert_false(hpet_timer_is_periodic(&g.m.timer[0]));
	expect_match_in(&g, 0, 100);
	run(&g, 10000);
	expect_ticks(&g, 0, 0);
	/* Just passed, and still nothing to add. */
	w32(&g, config(0), HPET_TN_PERIODIC | HPET_TN_VAL_SET | HPET_TN_ENABLE |
	    ROUTE(20));
	w64(&g, comparator(0), 0);
	assert_int_equal(g.m.timer[0].period, 0);
}

/* Xen 73e1fb1a. Beyond the last timer nothing is looked up, also not on speculation. */
static void row_index_from_the_guest(void **state)
{
	struct guest g;
	u32 offset;

	setup(&g);
	for (offset = HPET_REG_TIMER(0); offset < HPET_BLOCK_SIZE; offset += 8) {
		bool there = offset < HPET_REG_TIMER(3);

		host_nospec_calls = 0;
		r64(&g, offset);
		assert_int_equal(host_nospec_calls, there);
		w64(&g, offset, 0);
		assert_int_equal(host_nospec_calls, 2 * there);
		if (!there)
			assert_int_equal(r64(&g, offset), 0);
	}
}

/* ---- guests that are held up between Linux's three writes ---- */

static void linux_config(struct guest *g)
{
	w32(g, config(0), HPET_TN_ENABLE | HPET_TN_PERIODIC | HPET_TN_VAL_SET |
	    HPET_TN_32BIT | ROUTE(2));
}

/* Before the first match, after it, a period and many periods later. */
static void linux_held_up_before_the_period(void **state)
{
	static const u64 delays[] = { 0, 50, 99, 100, 101, 399, 400, 499, 500,
				      501, 4321, HELD_UP, 40 * HELD_UP };
	const u64 start = 0xffffff00, first = start + 100, period = 400;
	struct guest g;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(delays); i++) {
		u64 delay = delays[i], past = delay - 100, next;

		setup(&g);
		start_at(&g, start);
		linux_config(&g);
		w32(&g, comparator(0), first);
		run(&g, delay);
		w32(&g, comparator(0), period);
		expect_ticks(&g, 0, delay < 100 ? 0 : past / period + 1);
		next = delay < 100 ? 100 - delay : period - past % period;
		assert_int_equal(g.fx.corrected, delay >= 100);
		assert_int_equal(r64(&g, comparator(0)), (u32)(start + delay + next));
		expect_match_in(&g, 0, next);
		expect_match_in(&g, 0, period);
		/* Known now: another period is only that. */
		w32(&g, comparator(0), 30);
		assert_int_equal(g.fx.corrected, 0);
		expect_match_in(&g, 0, period);
		expect_match_in(&g, 0, 30);
	}
}

/* As above, of 64 bits and in halves, whichever comes first. */
static void held_up_before_the_halves_of_the_period(void **state)
{
	const u64 start = 0x300000000ULL, period = 0x100000005ULL;
	struct guest g;
	unsigned int high, late;

	for (high = 0; high < 8; high += 4)
		for (late = 0; late < 2; late++) {
			setup(&g);
			start_at(&g, start);
			w32(&g, config(0), HPET_TN_ENABLE | HPET_TN_PERIODIC |
			    HPET_TN_VAL_SET | ROUTE(20));
			w64(&g, comparator(0), start + 100);
			run(&g, late ? 150 : 50);
			w32(&g, comparator(0) + high, period >> high * 8);
			assert_int_equal(g.fx.corrected, late);
			run(&g, late ? 50 : 150);
			w32(&g, comparator(0) + 4 - high, period >> (4 - high) * 8);
			assert_int_equal(g.fx.corrected, 1);
			expect_ticks(&g, 0, 1);
			expect_match_in(&g, 0, period - 100);
			expect_match_in(&g, 0, period);
		}
	/* The same half again is another period. */
	w32(&g, config(0), HPET_TN_ENABLE | HPET_TN_PERIODIC | HPET_TN_VAL_SET |
	    ROUTE(20));
	w64(&g, comparator(0), r64(&g, HPET_REG_COUNTER) + 100);
	run(&g, 100);
	expect_ticks(&g, 0, 1);
	w32(&g, comparator(0) + 4, 0);
	assert_int_equal(g.fx.corrected, 1);
	w32(&g, comparator(0) + 4, 1);
	assert_int_equal(g.fx.corrected, 0);
	w32(&g, comparator(0), 200);
	assert_int_equal(g.fx.corrected, 0);
}

/* With the counter somewhere else nobody knows what was missed. */
static void counter_written_before_the_period(void **state)
{
	struct guest g;

	setup(&g);
	start_at(&g, 1000);
	linux_config(&g);
	w32(&g, comparator(0), 1100);
	run(&g, 200);
	expect_ticks(&g, 0, 1);
	start_at(&g, 500);
	w32(&g, comparator(0), 400);
	assert_int_equal(g.fx.corrected, 0);
	assert_int_equal(r64(&g, comparator(0)), 2200);
	expect_match_in(&g, 0, 1700);
	expect_match_in(&g, 0, 400);
}

/* The comparator's write itself comes too late. */
static void linux_held_up_before_the_comparator(void **state)
{
	static const u64 delays[] = { 100, 101, 400, 4321, HELD_UP };
	const u64 start = 0xffffff00, period = 400;
	struct guest g;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(delays); i++) {
		u64 past = delays[i] - 100;

		setup(&g);
		start_at(&g, start);
		linux_config(&g);
		run(&g, delays[i]);
		g.ticks[0] = 0;
		w32(&g, comparator(0), start + 100);
		expect_ticks(&g, 0, 1);
		w32(&g, comparator(0), period);
		expect_ticks(&g, 0, past / period);
		expect_match_in(&g, 0, period - past % period);
		expect_match_in(&g, 0, period);
	}
}

/* A write of the period long after is no second half of anything. */
static void period_written_long_after_the_comparator(void **state)
{
	struct guest g;

	setup(&g);
	start_at(&g, 0);
	w32(&g, config(0), HPET_TN_ENABLE | HPET_TN_PERIODIC | HPET_TN_VAL_SET |
	    ROUTE(2));
	w64(&g, comparator(0), 30000000);
	run(&g, 5 * 30000000);
	expect_ticks(&g, 0, 5);
	w64(&g, comparator(0), 1000);
	assert_int_equal(g.fx.corrected, 0);
	expect_match_in(&g, 0, 30000000);
	expect_match_in(&g, 0, 1000);
}

/* ---- modes changed while armed ---- */

static void periodic_to_one_shot_and_back(void **state)
{
	struct guest g;

	setup(&g);
	start_at(&g, 0);
	periodic(&g, 0, HPET_TN_32BIT, 100, 30);
	run(&g, 110);
	expect_ticks(&g, 0, 1);
	w32(&g, config(0), HPET_TN_ENABLE | HPET_TN_32BIT | ROUTE(20));
	assert_int_equal(g.fx.restarted, 1);
	expect_match_in(&g, 0, 20);
	run(&g, 1000);
	expect_ticks(&g, 0, 0);
	w32(&g, config(0), HPET_TN_ENABLE | HPET_TN_32BIT | ROUTE(20) |
	    HPET_TN_PERIODIC);
	run(&g, (1ULL << 32) - 1000 - 1);
	expect_ticks(&g, 0, 0);
	run(&g, 1);
	expect_ticks(&g, 0, 1);
	expect_match_in(&g, 0, 30);
}

/* INT_ENB, INT_TYPE, INT_ROUTE and FSB_EN leave the schedule alone. */
static void other_bits_leave_the_schedule_alone(void **state)
{
	struct guest g;

	setup(&g);
	start_at(&g, 0);
	periodic(&g, 0, 0, 100, 30);
	run(&g, 50);
	w32(&g, config(0), HPET_TN_PERIODIC);
	w32(&g, config(0), HPET_TN_PERIODIC | HPET_TN_LEVEL | ROUTE(8));
	w32(&g, config(0), HPET_TN_PERIODIC | HPET_TN_FSB_ENABLE);
	assert_int_equal(g.fx.restarted, 0);
	assert_int_equal(g.fx.changed, 1);
	expect_match_in(&g, 0, 50);
	expect_match_in(&g, 0, 30);
}

/* From level to edge the status bit goes, and only then. */
static void level_to_edge_clears_the_status(void **state)
{
	struct guest g;

	setup(&g);
	w32(&g, config(1), HPET_TN_LEVEL | ROUTE(20));
	g.m.status = 7;
	w32(&g, config(1), HPET_TN_LEVEL | HPET_TN_ENABLE | ROUTE(20));
	assert_int_equal(g.m.status, 7);
	w32(&g, config(1), HPET_TN_ENABLE | ROUTE(20));
	assert_int_equal(g.m.status, 5);
	w32(&g, config(1), HPET_TN_LEVEL | HPET_TN_ENABLE | ROUTE(20));
	assert_int_equal(g.m.status, 5);
}

/* ---- against counting tick by tick ---- */

/* The device as the specification's figure shows it: adders and equality. */
struct plain {
	u64 counter, cmp, period, start;
	bool is32, periodic, running, fresh, over;
	unsigned int matches;
	u64 ticks;
};

static u64 width(const struct plain *p)
{
	return p->is32 ? TOP32 : ~0ULL;
}

static void plain_match(struct plain *p)
{
	p->ticks++;
	if (!p->periodic || !p->period)
		return;
	p->cmp = (p->cmp + p->period) & width(p);
	p->matches++;
}

static void plain_run(struct plain *p, u64 ticks)
{
	while (p->running && ticks--) {
		p->counter++;
		p->over = false;
		if (!((p->counter ^ p->cmp) & width(p)))
			plain_match(p);
	}
}

/* How far behind the counter, if that is not the future. */
static bool plain_passed(const struct plain *p, u64 what, u64 *past)
{
	*past = (p->counter - what) & width(p);
	return *past <= HELD_UP && (p->is32 || what <= p->counter);
}

static void plain_catch_up(struct plain *p, u64 from, u64 past)
{
	u64 added = 0;

	if (!p->periodic || !p->period)
		return;
	for (p->matches = 0; added <= past; p->matches++)
		added += p->period;
	p->cmp = (from + added) & width(p);
}

static void plain_write_period(struct plain *p)
{
	if (p->running && p->fresh && p->matches == 1 && p->period) {
		plain_catch_up(p, p->start, (p->counter - p->start) & width(p));
		p->ticks += p->matches - 1;
	}
	p->fresh = false;
}

static void plain_write_cmp(struct plain *p, u64 val, bool sets)
{
	u64 past;

	val &= width(p);
	if (p->periodic)
		p->period = val;
	if (!sets) {
		plain_write_period(p);
		return;
	}
	p->cmp = p->start = val;
	p->matches = 0;
	p->fresh = p->periodic;
	p->over = false;
	if (!p->running || !plain_passed(p, val, &past))
		return;
	p->ticks++;
	plain_catch_up(p, val, past);
}

static void plain_enable(struct plain *p, bool on)
{
	if (on == p->running)
		return;
	p->running = on;
	if (!on) {
		p->over = !((p->counter ^ p->cmp) & width(p));
	} else if (!p->over && !((p->counter ^ p->cmp) & width(p))) {
		p->ticks++;
		plain_catch_up(p, p->cmp, 0);
	}
	if (on)
		p->over = false;
}

/* One step of both; the values keep near the counter, where things happen. */
static void plain_step(struct rng *r, struct plain *p, struct guest *g)
{
	u32 bits = HPET_TN_ENABLE | ROUTE(20) | (p->is32 ? HPET_TN_32BIT : 0);
	u64 near = p->counter + rng_below(r, 120) - 30;
	u64 ticks = rng_below(r, 60);

	switch (rng_below(r, 10)) {
	case 0:
		w64(g, comparator(0), near);
		plain_write_cmp(p, near, !p->periodic);
		break;
	case 1:
		near = rng_chance(r, 10) ? near : rng_below(r, 40);
		w64(g, comparator(0), near);
		plain_write_cmp(p, near, !p->periodic);
		break;
	case 2:
	case 3:
		w32(g, config(0), bits | HPET_TN_PERIODIC | HPET_TN_VAL_SET);
		p->fresh = p->periodic && p->fresh;
		p->periodic = true;
		w64(g, comparator(0), near);
		plain_write_cmp(p, near, true);
		if (rng_chance(r, 50))
			break;
		run(g, ticks);
		plain_run(p, ticks);
		ticks = 1 + rng_below(r, 40);
		w64(g, comparator(0), ticks);
		plain_write_cmp(p, ticks, false);
		break;
	case 4:
		w32(g, config(0), bits);
		p->fresh = false;
		p->periodic = false;
		break;
	case 5:
		w64(g, HPET_REG_CONFIG, p->running ? 0 : ENABLE);
		plain_enable(p, !p->running);
		break;
	case 6:
		if (p->running)
			break;
		w64(g, HPET_REG_COUNTER, near);
		p->counter = near;
		p->over = p->fresh = false;
		break;
	default:
		run(g, ticks);
		plain_run(p, ticks);
	}
}

static void plain_compare(struct plain *p, struct guest *g)
{
	assert_int_equal(r64(g, HPET_REG_COUNTER), p->counter);
	assert_int_equal(r64(g, comparator(0)), p->cmp);
	assert_int_equal(g->ticks[0], p->ticks);
	if (p->running && g->m.timer[0].next != HPET_NEVER)
		assert_true(hpet_timer_ns(&g->m, 0) > g->now);
}

/*
 * No match is missed or invented: whatever is written, the computed model and
 * the one that counts agree after every step. Counters of 64 bits stay clear of
 * their wrap, where the model decides otherwise (a comparator above the counter
 * is in the future).
 */
static void no_match_is_missed_or_invented(void **state)
{
	unsigned int seed, i;

	for (seed = 1; seed <= 3000; seed++) {
		struct rng r = { seed };
		struct plain p = { .is32 = seed & 1 };
		struct guest g;

		setup(&g);
		p.counter = p.is32 ? 0xffffff00 : 1ULL << 33;
		w64(&g, HPET_REG_COUNTER, p.counter);
		w32(&g, config(0), ROUTE(20) | HPET_TN_ENABLE |
		    (p.is32 ? HPET_TN_32BIT : 0));
		p.cmp = width(&p);
		for (i = 0; i < 60; i++) {
			plain_step(&r, &p, &g);
			plain_compare(&p, &g);
		}
	}
}

/* Many small looks give what one look at the end gives. */
static void looking_changes_nothing(void **state)
{
	unsigned int seed, i, n;

	for (seed = 1; seed <= 500; seed++) {
		struct rng r = { seed };
		struct guest a, b;

		guest_init(&a, 3, seed & 1);
		start_at(&a, rng_magnitude(&r));
		for (n = 0; n < 3; n++) {
			u64 first = rng_magnitude(&r);

			periodic(&a, n, seed & 2 ? HPET_TN_32BIT : 0, first,
				 1 + rng_magnitude(&r));
		}
		b = a;
		for (i = 0; i < 30; i++)
			run(&a, rng_magnitude(&r) >> 14);
		b.now = a.now;
		update(&b);
		assert_memory_equal(a.ticks, b.ticks, sizeof(a.ticks));
		for (n = 0; n < 3; n++)
			assert_int_equal(r64(&a, comparator(n)),
					 r64(&b, comparator(n)));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reset_values),
		cmocka_unit_test(reset_value_of_32_bits),
		cmocka_unit_test(row_reset),
		cmocka_unit_test(capabilities_are_read_only),
		cmocka_unit_test(general_config_bits),
		cmocka_unit_test(timer_config_bits),
		cmocka_unit_test(row_a_route_that_is_not_allowed),
		cmocka_unit_test(legacy_replacement),
		cmocka_unit_test(who_is_audible),
		cmocka_unit_test(fsb_route_register),
		cmocka_unit_test(row_partial_width_status_write),
		cmocka_unit_test(undefined_accesses),
		cmocka_unit_test(reserved_offsets),
		cmocka_unit_test(the_last_timer_there_can_be),
		cmocka_unit_test(counter_counts),
		cmocka_unit_test(counter_keeps_parts_of_a_tick),
		cmocka_unit_test(counter_of_32_bits_wraps),
		cmocka_unit_test(counter_of_64_bits_wraps),
		cmocka_unit_test(row_writing_the_counter_while_it_runs),
		cmocka_unit_test(pause_stops_time),
		cmocka_unit_test(oneshot_matches_once),
		cmocka_unit_test(row_32_bit_one_shot),
		cmocka_unit_test(row_one_shot_comparator_just_passed),
		cmocka_unit_test(comparator_at_the_counter),
		cmocka_unit_test(row_comparator_near_the_top_of_64_bits_or_0),
		cmocka_unit_test(comparator_above_a_64_bit_counter),
		cmocka_unit_test(writes_while_the_counter_stands),
		cmocka_unit_test(stop_at_the_match),
		cmocka_unit_test(start_at_the_match_of_a_periodic_timer),
		cmocka_unit_test(row_periodic_comparator_write_with_val_set),
		cmocka_unit_test(row_periodic_comparator_write_without_val_set),
		cmocka_unit_test(row_64_bit_write_as_two_halves_with_val_set),
		cmocka_unit_test(val_set_is_taken_back),
		cmocka_unit_test(row_setting_32mode),
		cmocka_unit_test(row_reading_a_periodic_comparator),
		cmocka_unit_test(periodic_over_the_wrap_of_32_bits),
		cmocka_unit_test(row_tiny_period),
		cmocka_unit_test(row_index_from_the_guest),
		cmocka_unit_test(periodic_without_a_period),
		cmocka_unit_test(linux_held_up_before_the_period),
		cmocka_unit_test(held_up_before_the_halves_of_the_period),
		cmocka_unit_test(counter_written_before_the_period),
		cmocka_unit_test(linux_held_up_before_the_comparator),
		cmocka_unit_test(period_written_long_after_the_comparator),
		cmocka_unit_test(periodic_to_one_shot_and_back),
		cmocka_unit_test(other_bits_leave_the_schedule_alone),
		cmocka_unit_test(level_to_edge_clears_the_status),
		cmocka_unit_test(no_match_is_missed_or_invented),
		cmocka_unit_test(looking_changes_nothing),
	};

	limit_time();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
