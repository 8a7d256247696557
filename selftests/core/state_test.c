// SPDX-License-Identifier: GPL-2.0
/*
 * A state saved at any moment is valid, and a block it is loaded into, on a host
 * with another clock, has the same future as the one it was taken from; a state
 * that no block can be in is refused by the name of the field.
 *
 * Statistics are no part of it, and when a timer with a period below the host's
 * least interval is looked at next is the host's affair.
 */
#include "hpet_state.h"
#include "mul_div.h"
#include "history.h"

#define SEEDS	1500

static const struct kvm_hpet_config world_config = {
	.size = sizeof(struct kvm_hpet_config),
	.flags = KVM_HPET_F_COUNTER_64 | KVM_HPET_F_LEGACY_CAP,
	.base = KVM_HPET_DEFAULT_BASE,
	.period_fs = PERIOD_10NS,
	.rev_id = 1,
	.num_timers = 3,
	.timer = {
		{ KVM_HPET_TIMER_ALL, 0xff0104 },
		{ KVM_HPET_TIMER_ALL, 0xff0104 },
		{ KVM_HPET_TIMER_ALL, 0xff0104 },
	},
};

/* ---- the same future ---- */

static void begin_anew(struct world *w)
{
	unsigned int n;

	for (n = 0; n < WORLD_TIMERS; n++) {
		struct lost_ticks *lt = &w->b.t.ticks[n];

		w->b.t.looked_ns[n] = 0;
		memset(&lt->count, 0, sizeof(lt->count));
		lt->count.due = lt->backlog;
		w->deadline[n] = w->fire_at[n] = HPET_NEVER;
	}
}

/* Another block, as its VMM makes it on another host. */
static void move(const struct world *from, struct world *to,
		 const struct kvm_hpet_state *s)
{
	unsigned int n;

	*to = *from;
	to->offset = from->offset + 5 * SEC + (from->rng.state >> 12);
	memset(&to->b, 0, sizeof(to->b));
	kvm_hpet_config_apply(&to->b.m, &world_config);
	hpet_block_init(&to->b, WORLD_MIN_NS);
	for (n = 0; n < WORLD_TIMERS; n++) {
		ticker_set_params(&to->b.t, world_clock(to), n,
				      &from->b.t.ticks[n].params);
		to->deadline[n] = to->fire_at[n] = HPET_NEVER;
	}
	if (from->b.m.paused)
		ticker_pause(&to->b.t, world_clock(to), true);
	assert_null(kvm_hpet_state_check(&to->b, s));
	kvm_hpet_state_load(&to->b, world_clock(to), s);
}

static void compare_timer(struct world *a, struct world *b, unsigned int n)
{
	const struct lost_ticks *x = &a->b.t.ticks[n], *y = &b->b.t.ticks[n];

	assert_int_equal(world_r64(a, config(n)), world_r64(b, config(n)));
	assert_int_equal(world_r64(a, comparator(n)), world_r64(b, comparator(n)));
	assert_int_equal(x->backlog, y->backlog);
	assert_int_equal(x->rate, y->rate);
	assert_int_equal(x->in_flight, y->in_flight);
	assert_int_equal(x->count.due, y->count.due);
	assert_int_equal(x->count.delivered, y->count.delivered);
	assert_int_equal(x->count.masked, y->count.masked);
	assert_int_equal(x->count.discarded, y->count.discarded);
	assert_int_equal(a->fire_at[n], b->fire_at[n]);
}

static void compare(struct world *a, struct world *b)
{
	unsigned int n;

	assert_int_equal(world_r64(a, HPET_REG_COUNTER),
			 world_r64(b, HPET_REG_COUNTER));
	assert_int_equal(world_r64(a, HPET_REG_STATUS),
			 world_r64(b, HPET_REG_STATUS));
	assert_int_equal(world_r64(a, HPET_REG_CONFIG),
			 world_r64(b, HPET_REG_CONFIG));
	assert_int_equal(a->lines, b->lines);
	assert_memory_equal(a->pin, b->pin, sizeof(a->pin));
	for (n = 0; n < WORLD_TIMERS; n++)
		compare_timer(a, b, n);
	assert_int_equal(a->rng.state, b->rng.state);
}

static void history(struct world *w, u64 seed)
{
	world_init(w, seed);
	world_policy(w, seed % 4, 10, 1, 100 * MS);
	w->op = history_op;
	w->op_ns = 2 * MS;
	world_w32(w, HPET_REG_CONFIG, HPET_CONFIG_ENABLE);
	world_run(w, rng_below(&w->rng, 30 * MS));
	while (!world_at_rest(w))
		world_run(w, 100);
	ticker_advance(&w->b.t, ticker_all(&w->b.t), world_clock(w));
}

static void a_loaded_block_has_the_same_future(void **state)
{
	static struct world a, b;
	struct kvm_hpet_state s, again;
	unsigned int i;
	u64 seed;

	for (seed = 1; seed <= SEEDS; seed++) {
		history(&a, seed);
		begin_anew(&a);
		kvm_hpet_state_save(&a.b, world_clock(&a), &s);
		move(&a, &b, &s);
		kvm_hpet_state_save(&b.b, world_clock(&b), &again);
		assert_memory_equal(&s, &again, sizeof(s));
		world_update(&a);
		world_update(&b);
		for (i = 0; i < 20; i++) {
			world_run(&a, MS);
			world_run(&b, MS);
			compare(&a, &b);
		}
	}
}

/* Saving changes nothing, and what is saved at one moment is the same twice. */
static void saving_changes_nothing(void **state)
{
	static struct world a, before;
	struct kvm_hpet_state s, again;
	u64 seed;

	for (seed = 1; seed <= 100; seed++) {
		history(&a, seed);
		before = a;
		memset(&s, 0xff, sizeof(s));
		kvm_hpet_state_save(&a.b, world_clock(&a), &s);
		kvm_hpet_state_save(&a.b, world_clock(&a), &again);
		assert_memory_equal(&s, &again, sizeof(s));
		assert_memory_equal(&a, &before, sizeof(a));
	}
}

/* Within a tick, too. */
static void parts_of_a_tick_are_kept(void **state)
{
	static struct world a, b;
	struct kvm_hpet_state s;

	world_init(&a, 1);
	world_w32(&a, HPET_REG_CONFIG, HPET_CONFIG_ENABLE);
	world_run(&a, 1009);
	kvm_hpet_state_save(&a.b, world_clock(&a), &s);
	assert_int_equal(s.counter, 100);
	assert_int_equal(s.counter_phase_fs, 9000000);
	move(&a, &b, &s);
	b.now++;
	assert_int_equal(world_r64(&b, HPET_REG_COUNTER), 101);
	/* And of a counter that stands. */
	world_w32(&b, HPET_REG_CONFIG, 0);
	kvm_hpet_state_save(&b.b, world_clock(&b) + 77, &s);
	assert_int_equal(s.counter, 101);
	assert_int_equal(s.counter_phase_fs, 0);
}

/*
 * Comparator and counter are equal as the state is saved, running or not: that
 * match is over, unless the state says that it is not.
 */
static void a_match_is_taken_once(void **state)
{
	static struct world a, b;
	struct kvm_hpet_state s;
	unsigned int halted, over;

	for (halted = 0; halted < 2; halted++)
		for (over = 0; over < 2; over++) {
			world_init(&a, 1);
			world_w32(&a, HPET_REG_CONFIG, HPET_CONFIG_ENABLE);
			world_w32(&a, config(0), ON | route(20));
			world_w32(&a, comparator(0), 100);
			world_run(&a, 1000);
			assert_int_equal(a.pin[20].seen, 1);
			if (halted)
				world_w32(&a, HPET_REG_CONFIG, 0);
			kvm_hpet_state_save(&a.b, world_clock(&a), &s);
			assert_int_equal(s.counter, 100);
			assert_int_equal(s.timer[0].flags, KVM_HPET_TIMER_MATCHED);
			s.timer[0].flags = over ? KVM_HPET_TIMER_MATCHED : 0;
			move(&a, &b, &s);
			world_update(&b);
			world_w32(&b, HPET_REG_CONFIG, HPET_CONFIG_ENABLE);
			world_run(&b, MS);
			assert_int_equal(b.pin[20].seen, over ? 1 : 2);
		}
}

/* ---- values that can't be ---- */

static void setup(struct hpet_block *b, struct kvm_hpet_state *s)
{
	memset(b, 0, sizeof(*b));
	kvm_hpet_config_apply(&b->m, &world_config);
	/* Timer 2 has no capabilities but a line. */
	b->m.timer[2].config = 1ULL << (HPET_TN_ROUTE_CAP_SHIFT + 20);
	hpet_block_init(b, WORLD_MIN_NS);
	kvm_hpet_state_save(b, 0, s);
	assert_null(kvm_hpet_state_check(b, s));
	s->timer[0].config |= HPET_TN_PERIODIC;
}

/* Takes a state with one thing changed; NULL: is valid. */
#define expect(change, field) do {					\
	setup(&b, &s);							\
	change;								\
	if (!(field))							\
		assert_null(kvm_hpet_state_check(&b, &s));		\
	else								\
		assert_string_equal(kvm_hpet_state_check(&b, &s) ?: "",	\
				    (const char *)(field) ?: "");	\
} while (0)

static void invalid_general_fields(void **state)
{
	struct hpet_block b;
	struct kvm_hpet_state s;

	expect(, NULL);
	expect(s.version = 0, "version");
	expect(s.version = 2, "version");
	expect(s.num_timers = 2, "num_timers");
	expect(s.num_timers = 4, "num_timers");
	expect(s.num_timers = ~0U, "num_timers");
	expect(s.config = 3, NULL);
	expect(s.config = 4, "config");
	expect(s.config = 1ULL << 32, "config");
	expect(b.m.cap &= ~HPET_CAP_LEGACY; s.config = 2, "config");
	expect(s.status = 1, "status");
	expect(s.timer[0].config |= HPET_TN_LEVEL; s.status = 1, NULL);
	expect(s.timer[0].config |= HPET_TN_LEVEL; s.status = 2, "status");
	expect(s.status = 8, "status");
	expect(s.status = 1ULL << 32, "status");
	expect(s.counter = ~0ULL, NULL);
	expect(b.m.cap &= ~HPET_CAP_COUNTER_64; s.counter = 1ULL << 32, "counter");
	expect(b.m.cap &= ~HPET_CAP_COUNTER_64; s.counter = ~0U, NULL);
	expect(s.counter_phase_fs = PERIOD_10NS, "counter_phase_fs");
	expect(s.counter_phase_fs = PERIOD_10NS - 1, NULL);
	expect(s.timer[3].rate = 1, "timer");
	expect(s.timer[31].fsb_route = 1, "timer");
	expect(s.timer[31].config = 1, "timer");
}

static void invalid_timer_configs(void **state)
{
	struct hpet_block b;
	struct kvm_hpet_state s;
	unsigned int bit;

	for (bit = 0; bit < 64; bit++) {
		bool rw = 1ULL << bit & (HPET_TN_LEVEL | HPET_TN_ENABLE |
					 HPET_TN_ROUTE_MASK);
		bool cap = 1ULL << bit & (HPET_TN_32BIT | HPET_TN_PERIODIC |
					  HPET_TN_FSB_ENABLE);

		expect(s.timer[0].config ^= 1ULL << bit;
		       s.timer[0].comparator = 0,
		       rw || cap ? NULL : "timer.config");
		expect(s.timer[2].config ^= 1ULL << bit;
		       s.timer[2].comparator = 0,
		       rw && (bit < 9 || bit > 13) ? NULL : "timer.config");
	}
	expect(s.timer[0].config |= route(20), NULL);
	expect(s.timer[0].config |= route(31), NULL);
	expect(s.timer[2].config |= route(20), NULL);
	expect(s.timer[2].config |= route(21), "timer.config");
	expect(b.m.cap &= ~HPET_CAP_LEGACY; s.timer[0].config |= route(31),
	       "timer.config");
	expect(b.m.cap &= ~HPET_CAP_LEGACY; s.timer[0].config |= route(9),
	       "timer.config");
	expect(b.m.cap &= ~HPET_CAP_LEGACY; s.timer[0].config |= route(2), NULL);
}

static void invalid_timer_fields(void **state)
{
	const u64 hour = KVM_HPET_MAX_BACKLOG_NS;
	struct hpet_block b;
	struct kvm_hpet_state s;

	expect(s.timer[0].comparator = 1ULL << 32, NULL);
	expect(s.timer[0].config |= HPET_TN_32BIT, "timer.comparator");
	expect(s.timer[2].comparator = 1ULL << 32, "timer.comparator");
	expect(s.timer[0].period = 1ULL << 32, NULL);
	expect(s.timer[2].period = 1ULL << 32, "timer.period");
	expect(s.timer[0].fsb_route = ~0ULL, NULL);
	expect(s.timer[2].fsb_route = 1, "timer.fsb_route");
	expect(s.timer[0].start = 1, "timer.start");
	expect(s.timer[0].start = ~0ULL;
	       s.timer[0].flags = KVM_HPET_TIMER_FRESH_LOW, NULL);
	expect(s.timer[0].start = 1;
	       s.timer[0].flags = KVM_HPET_TIMER_VAL_SET_LOW, NULL);
	expect(s.timer[0].start = 1;
	       s.timer[0].flags = KVM_HPET_TIMER_VAL_SET_LOW |
				  KVM_HPET_TIMER_VAL_SET_HIGH, "timer.start");
	expect(s.timer[0].config |= HPET_TN_32BIT; s.timer[0].comparator = 0;
	       s.timer[0].start = ~0ULL;
	       s.timer[0].flags = KVM_HPET_TIMER_FRESH_HIGH, "timer.start");
	expect(s.timer[1].flags = KVM_HPET_TIMER_FRESH_LOW, "timer.flags");
	expect(s.timer[1].flags = KVM_HPET_TIMER_FRESH_HIGH, "timer.flags");
	expect(s.timer[1].flags = 1U << 9, "timer.flags");
	expect(s.timer[1].flags = 1U << 31, "timer.flags");
	expect(s.timer[1].flags = 0xf, NULL);
	expect(s.timer[0].rate = KVM_HPET_MAX_RATE, NULL);
	expect(s.timer[0].rate = KVM_HPET_MAX_RATE + 1, "timer.rate");
	expect(s.timer[1].rate = 1, "timer.rate");
	expect(s.timer[0].backlog = hour, NULL);
	expect(s.timer[0].backlog = hour + 1, "timer.backlog");
	expect(s.timer[1].backlog = 1, NULL);
	expect(s.timer[1].backlog = 2, "timer.backlog");
}

static void invalid_pacing(void **state)
{
	const s64 hour = KVM_HPET_MAX_BACKLOG_NS;
	struct hpet_block b;
	struct kvm_hpet_state s;

	expect(s.timer[0].tick_ns = ~0ULL, NULL);
	expect(s.timer[1].tick_ns = 1, "timer.tick_ns");
	expect(s.timer[0].fraction_ns = 1, "timer.fraction_ns");
	expect(s.timer[0].tick_ns = s.timer[0].fraction_ns = 1000,
	       "timer.fraction_ns");
	expect(s.timer[0].tick_ns = 1 + (s.timer[0].fraction_ns = 1000), NULL);
	expect(s.timer[0].peak = ~0ULL, NULL);
	expect(s.timer[0].next_in_ns = hour, NULL);
	expect(s.timer[0].next_in_ns = hour + 1, "timer.next_in_ns");
	expect(s.timer[0].next_in_ns = KVM_HPET_NEVER, NULL);
	expect(s.timer[0].next_in_ns = s.timer[0].tick_ns = 2 * hour, NULL);
	expect(s.timer[0].next_in_ns = 1 + (s.timer[0].tick_ns = 2 * hour),
	       "timer.next_in_ns");
	expect(s.timer[0].next_in_ns = KVM_HPET_NEVER - 1, "timer.next_in_ns");
	expect(s.timer[0].next_in_ns = -1, NULL);
	expect(s.timer[0].retry_in_ns = hour, NULL);
	expect(s.timer[0].retry_in_ns = hour + 1, "timer.retry_in_ns");
	expect(s.timer[0].retry_in_ns = KVM_HPET_NEVER, NULL);
	expect(s.timer[0].retry_ns = 0, NULL);
	expect(s.timer[0].retry_ns = 1, "timer.retry_ns");
	expect(s.timer[0].retry_ns = KVM_HPET_MIN_RETRY_NS - 1, "timer.retry_ns");
	expect(s.timer[0].retry_ns = KVM_HPET_MAX_RETRY_NS, NULL);
	expect(s.timer[0].retry_ns = KVM_HPET_MAX_RETRY_NS + 1, "timer.retry_ns");
}

/* Every state that passes the check is taken without harm: law, limits, no stall. */
static void any_valid_state_is_harmless(void **state)
{
	static struct world w;
	struct kvm_hpet_state s;
	unsigned int valid = 0, i, n;
	u64 seed;

	for (seed = 1; seed <= SEEDS; seed++) {
		u64 *word = (u64 *)&s;

		history(&w, seed);
		kvm_hpet_state_save(&w.b, world_clock(&w), &s);
		for (i = rng_below(&w.rng, 6); i; i--)
			word[1 + rng_below(&w.rng, 5 + 3 * 13)] ^=
				1ULL << rng_below(&w.rng, 64);
		if (kvm_hpet_state_check(&w.b, &s))
			continue;
		valid++;
		w.op_ns = 0;
		if (w.b.m.paused)
			world_pause(&w, false);
		kvm_hpet_state_load(&w.b, world_clock(&w), &s);
		world_update(&w);
		world_calm_down(&w);
		for (n = 0; n < WORLD_PINS; n++)
			world_mask(&w, n, false);
		world_w32(&w, HPET_REG_STATUS, 7);
		world_w32(&w, HPET_REG_CONFIG, HPET_CONFIG_ENABLE);
		world_run(&w, 10 * MS);
		for (n = 0; n < WORLD_TIMERS; n++) {
			const struct lost_ticks *lt = &w.b.t.ticks[n];
			const struct lost_ticks_count *c = &lt->count;

			assert_true(c->due == c->delivered + c->masked +
				    c->discarded + lt->backlog);
			if (lt->in_flight && lt->ack_mode == LOST_TICKS_ACK_LEVEL)
				assert_true(w.b.m.status & BIT_ULL(n));
		}
	}
	assert_true(valid > SEEDS / 20);
}

/* A level-triggered timer waits for its status bit, whatever the state claims. */
static void in_flight_without_its_status_bit(void **state)
{
	static struct world a, b;
	struct kvm_hpet_state s;

	world_init(&a, 1);
	world_policy(&a, LOST_TICKS_SLEW, 10, 1, SEC);
	world_w32(&a, HPET_REG_CONFIG, HPET_CONFIG_ENABLE);
	periodic(&a, 0, HPET_TN_LEVEL | route(20), MS_TICKS);
	kvm_hpet_state_save(&a.b, world_clock(&a), &s);
	s.timer[0].flags |= KVM_HPET_TIMER_IN_FLIGHT;
	move(&a, &b, &s);
	world_update(&b);
	world_run(&b, 10 * MS + MS / 2);
	assert_int_equal(b.pin[20].seen, 10);
}

/* How long a tick is waited for still, and what then; guest time may be paused. */
static void a_wait_is_kept(void **state)
{
	static struct world a, b;
	struct kvm_hpet_state s;
	const struct lost_ticks *x = &a.b.t.ticks[0], *y = &b.b.t.ticks[0];
	unsigned int paused, lapses;

	for (paused = 0; paused < 2; paused++)
		for (lapses = 0; lapses < 2; lapses++) {
			world_init(&a, 1);
			world_policy(&a, LOST_TICKS_SLEW, 10, 1, SEC);
			a.irqs_off_until = HPET_NEVER;
			world_w32(&a, HPET_REG_CONFIG, HPET_CONFIG_ENABLE);
			periodic(&a, 0, route(20), MS_TICKS);
			world_run(&a, SEC + 10 * MS);
			assert_int_equal(x->count.retries, 1);
			if (lapses)
				ticker_unmasked(&a.b.t, world_clock(&a), 20);
			a.b.t.ticks[0].rose = lapses;
			if (paused) {
				world_pause(&a, true);
				a.now += MS / 2;
			}
			kvm_hpet_state_save(&a.b, world_clock(&a), &s);
			move(&a, &b, &s);
			assert_true(y->in_flight);
			assert_int_equal(y->lapses, lapses);
			assert_int_equal(y->rose, lapses);
			assert_int_equal(y->retry_ns, 2 * SEC);
			a.now += 10;
			b.now += 10;
			if (paused) {
				world_pause(&a, false);
				world_pause(&b, false);
			}
			assert_int_equal(y->retry_at - world_clock(&b),
					 x->retry_at - world_clock(&a));
			assert_int_equal(y->not_before - world_clock(&b),
					 x->not_before - world_clock(&a));
		}
}

/* What a VMM has that knows of no lost ticks: registers, and everything else 0. */
static void a_state_made_up_by_a_vmm(void **state)
{
	static struct world a, b;
	struct kvm_hpet_state s;
	struct kvm_hpet_timer_state *t = &s.timer[0];

	world_init(&a, 1);
	world_policy(&a, LOST_TICKS_SLEW, 10, 1, SEC);
	world_w32(&a, HPET_REG_CONFIG, HPET_CONFIG_ENABLE);
	periodic(&a, 0, route(20), MS_TICKS);
	kvm_hpet_state_save(&a.b, world_clock(&a), &s);
	memset(&t->tick_ns, 0, sizeof(*t) - offsetof(struct kvm_hpet_timer_state, tick_ns));
	t->backlog = 7;
	move(&a, &b, &s);
	world_update(&b);
	assert_int_equal(b.b.t.ticks[0].period_ns, MS);
	assert_int_equal(b.b.t.ticks[0].retry_ns, LOST_TICKS_RETRY_FIRST_NS);
	world_run(&b, 20 * MS + MS / 2);
	assert_int_equal(b.pin[20].seen, 27);
}

/* ---- configurations ---- */

static void configs(void **state)
{
	static const struct {
		size_t at;
		size_t len;
		u64 val;
		bool ok;
	} cases[] = {
#define FIELD(f) offsetof(struct kvm_hpet_config, f), \
		 sizeof(((struct kvm_hpet_config *)0)->f)
		{ FIELD(flags), 0, false },	/* 64-bit timers need the counter */
		{ FIELD(flags), KVM_HPET_F_COUNTER_64, true },
		{ FIELD(flags), KVM_HPET_F_ALL, true },
		{ FIELD(flags), KVM_HPET_F_ALL + 1, false },
		{ FIELD(base), 0, true },
		{ FIELD(base), 0x3ff, false },
		{ FIELD(base), 0x200, false },
		{ FIELD(base), ~0ULL << 10, false },
		{ FIELD(base), ~0ULL << 11, true },
		{ FIELD(period_fs), 999999, false },
		{ FIELD(period_fs), 1000000, true },
		{ FIELD(period_fs), 100000000, true },
		{ FIELD(period_fs), 100000001, false },
		{ FIELD(rev_id), 0, false },
		{ FIELD(num_timers), 2, false },
		{ FIELD(num_timers), 4, false },
		{ FIELD(num_timers), 33, false },
		{ FIELD(timer[0].flags), 0, true },
		{ FIELD(timer[2].flags), 8, false },
		{ FIELD(timer[2].route_cap), 0, true },	/* it has FSB */
		{ FIELD(timer[2].route_cap), 1U << 23, true },
		{ FIELD(timer[2].route_cap), 1U << 24, false },
		{ FIELD(timer[3].flags), 1, false },
		{ FIELD(timer[31].route_cap), 1, false },
#undef FIELD
	};
	struct kvm_hpet_config c = world_config;
	unsigned int i;

	assert_true(kvm_hpet_config_ok(&c));
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		c = world_config;
		memcpy((char *)&c + cases[i].at, &cases[i].val, cases[i].len);
		if (kvm_hpet_config_ok(&c) != cases[i].ok)
			fail_msg("case %u", i);
	}
}

/* Somewhere for its interrupts to go, and one timer that is periodic. */
static void configs_that_make_no_sense(void **state)
{
	struct kvm_hpet_config c = world_config;
	unsigned int n;

	for (n = 0; n < 3; n++)
		c.timer[n].flags = KVM_HPET_TIMER_FSB;
	assert_false(kvm_hpet_config_ok(&c));
	c.timer[2].flags = KVM_HPET_TIMER_PERIODIC;
	assert_true(kvm_hpet_config_ok(&c));
	c.timer[2].route_cap = 0;
	assert_false(kvm_hpet_config_ok(&c));
	c = world_config;
	c.timer[1].flags = 0;
	c.timer[1].route_cap = 0;
	assert_true(kvm_hpet_config_ok(&c));
	c.flags &= ~KVM_HPET_F_LEGACY_CAP;
	assert_false(kvm_hpet_config_ok(&c));
	c = world_config;
	c.num_timers = KVM_HPET_MAX_TIMERS;
	for (n = 3; n < 32; n++)
		c.timer[n].route_cap = 1;
	assert_true(kvm_hpet_config_ok(&c));
}

static void config_becomes_capabilities(void **state)
{
	struct kvm_hpet_config c = world_config;
	struct hpet_model m = { 0 };

	c.vendor_id = 0x8086;
	c.rev_id = 0x42;
	c.timer[1].flags = KVM_HPET_TIMER_64;
	c.timer[2].flags = KVM_HPET_TIMER_FSB;
	c.timer[2].route_cap = 0x100;
	kvm_hpet_config_apply(&m, &c);
	assert_int_equal(m.cap, 0x009896808086a242ULL);
	assert_int_equal(m.period_fs, PERIOD_10NS);
	assert_int_equal(m.num_timers, 3);
	assert_int_equal(m.timer[0].config, 0x00ff010400008030ULL);
	assert_int_equal(m.timer[1].config, 0x00ff010400000020ULL);
	assert_int_equal(m.timer[2].config, 0x0000010000008000ULL);
	memset(&m, 0, sizeof(m));
	c.flags = 0;
	c.num_timers = 32;
	kvm_hpet_config_apply(&m, &c);
	assert_int_equal(m.cap, 0x0098968080861f42ULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_loaded_block_has_the_same_future),
		cmocka_unit_test(saving_changes_nothing),
		cmocka_unit_test(parts_of_a_tick_are_kept),
		cmocka_unit_test(a_match_is_taken_once),
		cmocka_unit_test(invalid_general_fields),
		cmocka_unit_test(invalid_timer_configs),
		cmocka_unit_test(invalid_timer_fields),
		cmocka_unit_test(invalid_pacing),
		cmocka_unit_test(any_valid_state_is_harmless),
		cmocka_unit_test(in_flight_without_its_status_bit),
		cmocka_unit_test(a_wait_is_kept),
		cmocka_unit_test(a_state_made_up_by_a_vmm),
		cmocka_unit_test(configs),
		cmocka_unit_test(configs_that_make_no_sense),
		cmocka_unit_test(config_becomes_capabilities),
	};

	limit_time();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
