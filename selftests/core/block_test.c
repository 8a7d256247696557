// SPDX-License-Identifier: GPL-2.0
/*
 * A block among late host timers, a worker that is held up and a guest that
 * does what guests do: no tick is lost or invented, limits are kept, nothing
 * stands still for ever, and the host can't be flooded. Many random histories;
 * see world.h for what is simulated.
 */
#include "history.h"

#define SEEDS		400
/* ---- what holds at every moment ---- */

static void check_law(const struct world *w, unsigned int n)
{
	const struct lost_ticks *lt = &w->b.t.ticks[n];
	const struct lost_ticks_count *c = &lt->count;
	u64 limit = 2;

	assert_true(c->due == c->delivered + c->masked + c->discarded +
		    lt->backlog);
	if (lt->period_ns && lt->params.policy != LOST_TICKS_DISCARD &&
	    lt->params.policy != LOST_TICKS_MERGE)
		limit = max_t(u64, 1, lt->params.max_backlog_ns / lt->period_ns);
	assert_true(lt->backlog <= limit);
	assert_true(lt->rate <= lt->params.max_rate);
}

/* An acknowledgement that is waited for can come, or there is a time-out. */
static void check_wait(const struct world *w, unsigned int n)
{
	int gsi = hpet_timer_gsi(&w->b.m, n);

	if (w->b.t.ticks[n].ack_mode != LOST_TICKS_ACK_LEVEL)
		return;
	assert_true(w->b.m.status & BIT_ULL(n));
	assert_true(gsi >= 0 && (w->lines & BIT(gsi)));
}

/* A guest that unmasks its line is noticed. */
static bool is_masked(const struct world *w, unsigned int n)
{
	int gsi = hpet_timer_gsi(&w->b.m, n);

	return gsi >= 0 && w->pin[gsi].masked;
}

/*
 * Something is due or will be, and somebody would hear it: then a host timer is
 * armed for it, the worker is going to run, or the guest is to acknowledge.
 */
static void check_no_stall(const struct world *w, unsigned int n)
{
	const struct lost_ticks *lt = &w->b.t.ticks[n];
	u64 next = lost_ticks_next(lt), at;

	if (!world_at_rest(w) || !hpet_timer_audible(&w->b.m, n))
		return;
	assert_false(lt->injecting);
	if (lt->in_flight)
		check_wait(w, n);
	else
		next = min_t(u64, next, hpet_timer_ns(&w->b.m, n));
	if (next == HPET_NEVER) {
		assert_true(lt->in_flight || !lt->backlog || is_masked(w, n));
		return;
	}
	at = max_t(u64, max_t(u64, next, w->offset) - w->offset, w->now);
	assert_true(w->fire_at[n] <= at + w->latest_ns + WORLD_MIN_NS);
}

static void check(struct world *w)
{
	unsigned int n;

	for (n = 0; n < WORLD_TIMERS; n++) {
		check_law(w, n);
		check_no_stall(w, n);
		assert_int_equal(w->b.t.due_ns[n], hpet_timer_ns(&w->b.m, n));
	}
}

/* ---- one periodic timer, a guest that can't always take its ticks ---- */

static u32 first_match, period_ticks;
static unsigned int timer_pin;

static u64 exactly_due(const struct world *w)
{
	u32 past = (u32)hpet_counter(&w->b.m, world_clock(w)) - first_match;

	return (s32)past < 0 ? 0 : past / period_ticks + 1;
}

static void never_ahead(struct world *w)
{
	check(w);
	assert_true(w->pin[timer_pin].seen <= exactly_due(w));
}

/* In no stretch as long as the period more than one tick and the rate. */
static void rate_is_kept(struct world *w)
{
	u32 rate = w->b.t.ticks[0].params.max_rate;
	u64 i = w->taken - 1;

	never_ahead(w);
	if (rate + 2 >= ARRAY_SIZE(w->log) || w->taken < rate + 2)
		return;
	assert_true(w->log[i % ARRAY_SIZE(w->log)] -
		    w->log[(i - rate - 1) % ARRAY_SIZE(w->log)] >=
		    period_ticks * 10ULL);
}

static void hold_up(struct world *w)
{
	u64 period = period_ticks * 10ULL;

	w->irqs_off_until = w->now + rng_below(&w->rng, 30 * period);
	if (rng_chance(&w->rng, 30))
		world_r64(w, HPET_REG_STATUS);
}

static void start(struct world *w, u64 seed, u32 bits)
{
	world_init(w, seed);
	period_ticks = MS_TICKS / 2 + rng_below(&w->rng, 4 * MS_TICKS);
	timer_pin = bits & HPET_TN_FSB_ENABLE ? WORLD_PINS : 20;
	w->check = rate_is_kept;
	w->pin[20].pic = rng_chance(&w->rng, 50);
	world_w32(w, HPET_REG_CONFIG, HPET_CONFIG_ENABLE);
}

static void disturb(struct world *w)
{
	u64 period = period_ticks * 10ULL;

	w->late_ns = rng_below(&w->rng, 3 * period);
	w->work_ns = rng_below(&w->rng, 2 * period);
	w->gap_ns = rng_below(&w->rng, period / 4);
	w->take_ns = rng_below(&w->rng, period);
	w->eoi_ns = rng_below(&w->rng, period);
	w->op_ns = 50 * period;
	w->op = hold_up;
}

/* Also in the middle of an interval, so that the last tick is not just on its way. */
static void settle(struct world *w, u64 intervals)
{
	u64 period = period_ticks * 10ULL;
	u32 past;

	world_calm_down(w);
	world_run(w, intervals * period);
	past = (u32)world_r64(w, HPET_REG_COUNTER) - first_match;
	world_run(w, (period_ticks - past % period_ticks) * 10ULL + period / 2);
}

static void expect_all_delivered(struct world *w)
{
	const struct lost_ticks_count *c = &w->b.t.ticks[0].count;

	assert_int_equal(c->due, exactly_due(w));
	assert_int_equal(w->b.t.ticks[0].backlog, 0);
	assert_int_equal(c->delivered, c->due);
	assert_int_equal(w->pin[timer_pin].seen, c->due);
	assert_int_equal(w->b.t.ticks[0].rate, 0);
	assert_int_equal(c->retries, 0);
}

static void slew_run(u64 seed, u32 bits, bool masks)
{
	static struct world w;

	start(&w, seed, bits);
	w.masks = masks;
	world_policy(&w, LOST_TICKS_SLEW, 1 + seed % 20, seed % 3, 3600 * SEC);
	first_match = periodic(&w, 0, bits | route(20), period_ticks);
	disturb(&w);
	world_run(&w, 200 * 10ULL * period_ticks);
	settle(&w, 600);
	expect_all_delivered(&w);
}

static void slew_delivers_every_tick_once(void **state)
{
	u64 seed;

	for (seed = 1; seed <= SEEDS; seed++)
		slew_run(seed, 0, false);
}

static void slew_level(void **state)
{
	u64 seed;

	for (seed = 1; seed <= SEEDS; seed++)
		slew_run(seed, HPET_TN_LEVEL, false);
}

/* Linux with a PIC masks its line in each handler: unmasking is no leave to hurry. */
static void slew_with_a_guest_that_masks(void **state)
{
	u64 seed;

	for (seed = 1; seed <= SEEDS; seed++)
		slew_run(seed, 0, true);
}

/* Messages: all that the host was late with; the guest itself takes them in time. */
static void slew_messages(void **state)
{
	static struct world w;
	u64 seed;

	for (seed = 1; seed <= SEEDS; seed++) {
		start(&w, seed, HPET_TN_FSB_ENABLE);
		world_policy(&w, LOST_TICKS_SLEW, 1 + seed % 5, 1, 3600 * SEC);
		first_match = periodic(&w, 0, HPET_TN_FSB_ENABLE, period_ticks);
		w.late_ns = rng_below(&w.rng, 50 * MS);
		w.take_ns = w.eoi_ns = 10;
		world_run(&w, 200 * 10ULL * period_ticks);
		settle(&w, 600);
		expect_all_delivered(&w);
	}
}

/* All delivered, and the arrears do not grow once nothing is lost any more. */
static void delay_keeps_its_distance(void **state)
{
	static struct world w;
	u64 seed, behind;

	for (seed = 1; seed <= SEEDS / 4; seed++) {
		start(&w, seed, 0);
		w.check = never_ahead;
		world_policy(&w, LOST_TICKS_DELAY, 10, 1, 3600 * SEC);
		first_match = periodic(&w, 0, route(20), period_ticks);
		disturb(&w);
		world_run(&w, 200 * 10ULL * period_ticks);
		settle(&w, 10);
		behind = exactly_due(&w) - w.pin[20].seen;
		settle(&w, 1000);
		assert_in_range(exactly_due(&w) - w.pin[20].seen,
				behind > 1 ? behind - 2 : 0, behind + 1);
		assert_int_equal(w.b.t.ticks[0].count.discarded, 0);
		assert_int_equal(w.b.t.ticks[0].count.delivered, w.pin[20].seen);
	}
}

/* Nobody is late: then there is nothing for any policy to do. */
static void no_delay_no_loss(void **state)
{
	static struct world w;
	u64 seed;

	for (seed = 1; seed <= 40; seed++) {
		u32 bits = seed & 8 ? HPET_TN_LEVEL :
			   seed & 4 ? HPET_TN_FSB_ENABLE : 0;

		start(&w, seed, bits);
		world_policy(&w, seed % 4, 10, 1, 5 * SEC);
		first_match = periodic(&w, 0, bits | route(20), period_ticks);
		settle(&w, 1000);
		expect_all_delivered(&w);
		assert_int_equal(w.b.t.ticks[0].count.coalesced, 0);
		assert_int_equal(w.b.t.ticks[0].count.late, 0);
		assert_int_equal(w.b.t.ticks[0].count.max_backlog, 1);
		assert_in_range(w.fired, 1000, 1010);
	}
}

/*
 * While interrupts are off for k periods k are coalesced. The host timer fires for
 * the first of them and then no more.
 */
static void exactly_k_are_coalesced(void **state)
{
	static struct world w;
	unsigned int k;

	for (k = 2; k < 100; k++) {
		u64 fired;

		start(&w, 1, 0);
		world_policy(&w, LOST_TICKS_SLEW, 10, 1, 5 * SEC);
		first_match = periodic(&w, 0, route(20), period_ticks);
		settle(&w, 10);
		fired = w.fired;
		w.irqs_off_until = w.now + k * period_ticks * 10ULL;
		world_run(&w, k * period_ticks * 10ULL);
		assert_int_equal(w.fired, fired + 2);
		settle(&w, 200);
		expect_all_delivered(&w);
		assert_int_equal(w.b.t.ticks[0].count.coalesced, k - 1);
		assert_int_equal(w.b.t.ticks[0].count.reinjected, k - 2);
		assert_int_equal(w.b.t.ticks[0].count.max_rate, k > 2);
	}
}

/* Beyond the limit the oldest go, counted; then all goes on as before. */
static void an_hour_without_interrupts(void **state)
{
	static struct world w;
	u64 seen;

	start(&w, 7, 0);
	w.check = never_ahead;
	first_match = periodic(&w, 0, route(20), period_ticks = MS_TICKS);
	world_policy(&w, LOST_TICKS_SLEW, 10, 1, 100 * MS);
	settle(&w, 10);
	seen = w.fired;
	/* The 32-bit counter wraps: only the law counts now. */
	w.check = check;
	w.irqs_off_until = w.now + 3600 * SEC;
	world_run(&w, 3600 * SEC);
	/* The retries after 1, 2, 4, 8 s and then every 16. */
	assert_in_range(w.fired - seen, 200, 240);
	settle(&w, 300);
	assert_true(w.b.t.ticks[0].count.due >= 3600000);
	assert_int_equal(w.b.t.ticks[0].backlog, 0);
	assert_true(w.b.t.ticks[0].count.discarded >= 3600000 - 120);
}

/* ---- registers and lines ---- */

static void level_holds_its_line(void **state)
{
	static struct world w;

	start(&w, 3, 0);
	w.check = check;
	w.irqs_off_until = HPET_NEVER;
	first_match = periodic(&w, 0, HPET_TN_LEVEL | route(20), MS_TICKS);
	world_run(&w, 5 * MS + 1000);
	assert_true(w.pin[20].level);
	assert_int_equal(world_r64(&w, HPET_REG_STATUS), 1);
	assert_int_equal(w.b.t.ticks[0].count.delivered, 1);
	assert_int_equal(w.b.t.ticks[0].count.coalesced, 4);
	/* Without INT_ENB the line falls and the bit stays (QEMU f0ccf77078). */
	world_w32(&w, config(0), HPET_TN_PERIODIC | HPET_TN_LEVEL | route(20));
	assert_false(w.pin[20].level);
	assert_int_equal(world_r64(&w, HPET_REG_STATUS), 1);
	world_w32(&w, config(0), ON | HPET_TN_PERIODIC | HPET_TN_LEVEL | route(20));
	assert_true(w.pin[20].level);
	/* A stop lowers it, a start raises it, an acknowledgement clears it. */
	world_w32(&w, HPET_REG_CONFIG, 0);
	assert_false(w.pin[20].level);
	world_w32(&w, HPET_REG_CONFIG, HPET_CONFIG_ENABLE);
	assert_true(w.pin[20].level);
	world_w32(&w, HPET_REG_STATUS, 1);
	assert_false(w.pin[20].level);
	world_run(&w, MS);
	assert_true(w.pin[20].level);
	world_w32(&w, config(0), ON | HPET_TN_PERIODIC | route(20));
	assert_false(w.pin[20].level);
	assert_int_equal(world_r64(&w, HPET_REG_STATUS), 0);
}

/* Row "INT_ENB = 0": the timer runs and sets its status; edges leave no trace. */
static void row_int_enb_0(void **state)
{
	static struct world w;

	start(&w, 3, 0);
	w.check = check;
	world_w32(&w, config(0), HPET_TN_32BIT | HPET_TN_LEVEL | route(20));
	world_w32(&w, config(1), HPET_TN_32BIT | route(21));
	world_w32(&w, comparator(0), 2 * MS_TICKS);
	world_w32(&w, comparator(1), 2 * MS_TICKS);
	world_run(&w, 3 * MS);
	assert_int_equal(w.fired, 0);
	assert_int_equal(world_r64(&w, HPET_REG_STATUS), 1);
	assert_false(w.pin[20].level);
	assert_int_equal(w.b.t.ticks[0].count.masked, 1);
	assert_int_equal(w.b.t.ticks[1].count.masked, 1);
	world_w32(&w, config(0), ON | HPET_TN_LEVEL | route(20));
	assert_true(w.pin[20].level);
	world_w32(&w, config(1), ON | route(21));
	world_run(&w, 3 * MS);
	assert_int_equal(w.pin[20].seen, 1);
	assert_int_equal(w.pin[21].seen, 0);
	assert_int_equal(world_r64(&w, HPET_REG_STATUS), 0);
}

/* Row "reset": status, lines and what was to come are gone, counters stay. */
static void row_reset_lowers_lines(void **state)
{
	static struct world w;

	start(&w, 3, 0);
	w.check = check;
	w.irqs_off_until = HPET_NEVER;
	world_policy(&w, LOST_TICKS_SLEW, 10, 1, 5 * SEC);
	periodic(&w, 0, HPET_TN_LEVEL | route(20), MS_TICKS);
	periodic(&w, 1, route(21), MS_TICKS);
	world_run(&w, 10 * MS + 1000);
	world_r64(&w, HPET_REG_STATUS);
	assert_true(w.pin[20].level);
	assert_int_equal(w.b.t.ticks[1].backlog, 9);
	world_reset(&w);
	assert_false(w.pin[20].level);
	assert_int_equal(world_r64(&w, HPET_REG_STATUS), 0);
	assert_int_equal(w.b.t.ticks[0].backlog, 0);
	assert_int_equal(w.b.t.ticks[1].backlog, 0);
	assert_int_equal(w.b.t.ticks[1].count.discarded, 9);
	assert_int_equal(w.b.t.ticks[1].params.policy, LOST_TICKS_SLEW);
	assert_true(w.fire_at[0] == HPET_NEVER);
	assert_true(w.fire_at[1] == HPET_NEVER);
}

static void legacy_is_told(void **state)
{
	static struct world w;

	world_init(&w, 1);
	assert_true(hpet_block_write(&w.b, 0, HPET_REG_CONFIG, 4, 3));
	assert_false(hpet_block_write(&w.b, 0, HPET_REG_CONFIG, 4, 2));
	assert_false(hpet_block_write(&w.b, 0, HPET_REG_CONFIG, 4, 3));
	assert_true(hpet_block_write(&w.b, 0, HPET_REG_CONFIG, 4, 1));
}

/* The message that the guest programmed, and only from a context that may. */
static void messages_are_as_programmed(void **state)
{
	static struct world w;
	struct ticker_delivery d;

	start(&w, 1, 0);
	world_w64(&w, HPET_REG_TIMER(1) + HPET_TIMER_FSB, 0xfee01004000040efULL);
	world_w32(&w, config(1), ON | HPET_TN_FSB_ENABLE | HPET_TN_LEVEL);
	world_w32(&w, config(0), ON | route(20));
	world_w32(&w, comparator(0), 10);
	world_w32(&w, comparator(1), 10);
	ticker_advance(&w.b.t, ticker_all(&w.b.t), w.now += 1000);
	assert_true(ticker_take(&w.b.t, w.now, true, &d));
	assert_int_equal(d.timer, 1);
	assert_true(d.msi);
	assert_int_equal(d.msi_address, 0xfee01004);
	assert_int_equal(d.msi_data, 0x40ef);
	ticker_result(&w.b.t, &d, 1);
	assert_false(ticker_take(&w.b.t, w.now, true, &d));
	assert_int_equal(w.b.m.status, 2);
	assert_true(ticker_take(&w.b.t, w.now, false, &d));
	assert_int_equal(d.timer, 0);
	assert_false(d.msi);
	assert_int_equal(d.gsi, 20);
	assert_false(ticker_take(&w.b.t, w.now, false, &d));
	/* Another message takes effect by itself, however late. */
	world_w32(&w, comparator(1), world_r64(&w, HPET_REG_COUNTER) + 10);
	world_w64(&w, HPET_REG_TIMER(1) + HPET_TIMER_FSB, 0xfee0200400004031ULL);
	ticker_advance(&w.b.t, ticker_all(&w.b.t), w.now += 1000);
	assert_true(ticker_take(&w.b.t, w.now, true, &d));
	assert_int_equal(d.msi_address, 0xfee02004);
	assert_int_equal(d.msi_data, 0x4031);
}

/* Two timers hold one line: with the bit of one of them cleared it has to fall and rise. */
static void a_shared_line_falls_for_each(void **state)
{
	static struct world w;

	start(&w, 3, 0);
	w.irqs_off_until = HPET_NEVER;
	periodic(&w, 0, HPET_TN_LEVEL | route(20), MS_TICKS);
	periodic(&w, 1, HPET_TN_LEVEL | route(20), MS_TICKS);
	world_run(&w, 2 * MS);
	assert_int_equal(world_r64(&w, HPET_REG_STATUS), 3);
	hpet_block_write(&w.b, world_clock(&w), HPET_REG_STATUS, 4, 1);
	assert_int_equal(w.b.t.lines, BIT(20));
	assert_int_equal(w.b.t.dropped, BIT(20));
}

/* What was to come does not come while the counter stands. */
static void a_halted_counter_matches_nothing(void **state)
{
	static struct world w;

	start(&w, 3, 0);
	w.check = check;
	periodic(&w, 0, route(20), MS_TICKS);
	world_run(&w, 2 * MS + 1000);
	world_w32(&w, HPET_REG_CONFIG, 0);
	world_run(&w, 5 * MS);
	world_r64(&w, HPET_REG_STATUS);
	assert_int_equal(w.b.t.ticks[0].count.due, 2);
	assert_int_equal(w.b.t.ticks[0].count.masked, 0);
	world_w32(&w, HPET_REG_CONFIG, HPET_CONFIG_ENABLE);
	world_run(&w, MS);
	assert_int_equal(w.b.t.ticks[0].count.due, 3);
}

/* The state can be saved, but not while a tick is being injected. */
static void quiet_but_for_deliveries(void **state)
{
	static struct world w;
	struct ticker_delivery d;

	start(&w, 1, 0);
	assert_true(ticker_quiet(&w.b.t));
	world_w32(&w, config(2), ON | route(20));
	world_w32(&w, comparator(2), 10);
	ticker_advance(&w.b.t, ticker_all(&w.b.t), w.now += 1000);
	assert_true(ticker_quiet(&w.b.t));
	assert_true(ticker_take(&w.b.t, w.now, false, &d));
	assert_int_equal(d.timer, 2);
	assert_false(ticker_quiet(&w.b.t));
	ticker_result(&w.b.t, &d, 1);
	assert_true(ticker_quiet(&w.b.t));
}

/* Two edge-triggered timers on two lines: the end of one is not that of the other. */
static void acknowledgements_go_by_line(void **state)
{
	static struct world w;

	start(&w, 1, 0);
	w.check = check;
	w.irqs_off_until = HPET_NEVER;
	world_policy(&w, LOST_TICKS_SLEW, 10, 1, 5 * SEC);
	periodic(&w, 0, route(20), MS_TICKS);
	periodic(&w, 1, route(21), MS_TICKS);
	world_run(&w, 2 * MS + 1000);
	assert_true(w.b.t.ticks[0].in_flight && w.b.t.ticks[1].in_flight);
	ticker_ack(&w.b.t, w.now, 21);
	assert_true(w.b.t.ticks[0].in_flight);
	assert_false(w.b.t.ticks[1].in_flight);
}

/*
 * The guest goes over from PIC to I/O APIC, or to another CPU, and the
 * acknowledgment of the last tick goes unnoticed: after one more interval ticks go
 * on, and none comes twice.
 */
static void unmasking_shortens_the_wait(void **state)
{
	static struct world w;

	start(&w, 1, 0);
	w.check = check;
	w.irqs_off_until = HPET_NEVER;
	w.pin[20].pic = false;
	world_policy(&w, LOST_TICKS_SLEW, 10, 1, 5 * SEC);
	periodic(&w, 0, route(20), MS_TICKS);
	world_run(&w, 2 * MS + 1000);
	assert_true(w.b.t.ticks[0].in_flight);
	assert_int_equal(w.pin[20].sent, 1);
	world_mask(&w, 20, true);
	world_mask(&w, 20, false);
	world_run(&w, MS - 10000);
	assert_true(w.b.t.ticks[0].in_flight);
	assert_int_equal(w.pin[20].sent, 1);
	world_run(&w, 20000);
	assert_int_equal(w.pin[20].sent, 2);
	assert_int_equal(w.b.t.ticks[0].count.retries, 0);
	assert_int_equal(w.b.t.ticks[0].count.delivered, 2);
	assert_true(w.b.t.ticks[0].in_flight);
	/* That one is waited for as ever. */
	world_run(&w, 900 * MS);
	assert_int_equal(w.pin[20].sent, 2);
}

/* A line that is masked and unmasked in each handler: the acknowledgment comes. */
static void unmasking_does_not_end_the_wait(void **state)
{
	static struct world w;

	start(&w, 1, 0);
	w.check = check;
	w.irqs_off_until = HPET_NEVER;
	world_policy(&w, LOST_TICKS_SLEW, 10, 1, 5 * SEC);
	periodic(&w, 0, route(20), MS_TICKS);
	world_run(&w, 2 * MS + 1000);
	ticker_unmasked(&w.b.t, w.now, 20);
	ticker_unmasked(&w.b.t, w.now, 21);
	assert_true(w.b.t.ticks[0].in_flight);
	ticker_ack(&w.b.t, w.now, 20);
	assert_false(w.b.t.ticks[0].in_flight || w.b.t.ticks[0].lapses);
	/* It does not end it later than it would have ended. */
	w.b.t.ticks[0].in_flight = true;
	w.b.t.ticks[0].retry_at = w.now + 1;
	ticker_unmasked(&w.b.t, w.now, 20);
	assert_false(w.b.t.ticks[0].lapses);
}

/*
 * What was written with VAL_SET is the period from the moment on from which no
 * other can be meant: the backlog is counted in it.
 */
static void the_counter_written_settles_the_period(void **state)
{
	static struct world w;

	start(&w, 1, 0);
	w.check = NULL;
	w.irqs_off_until = HPET_NEVER;
	world_policy(&w, LOST_TICKS_SLEW, 10, 1, 5 * SEC);
	periodic(&w, 0, route(20), MS_TICKS);
	world_run(&w, 11 * MS + 1000);
	world_w32(&w, config(0), ON | HPET_TN_PERIODIC | HPET_TN_VAL_SET | route(20));
	assert_int_equal(w.b.t.ticks[0].backlog, 10);
	world_w32(&w, comparator(0), 20 * MS_TICKS);
	assert_int_equal(w.b.t.ticks[0].backlog, 10);
	world_w32(&w, HPET_REG_CONFIG, 0);
	world_w32(&w, HPET_REG_COUNTER, 0);
	assert_int_equal(w.b.t.ticks[0].period_ns, 20 * MS);
	assert_int_equal(w.b.t.ticks[0].backlog, 0);
	assert_int_equal(w.b.t.ticks[0].fraction_ns, 10 * MS);
}

/* With the route changed the acknowledgment comes on a line that is nobody's any more. */
static void another_route_ends_the_wait(void **state)
{
	static struct world w;
	u64 config;

	start(&w, 1, 0);
	w.check = check;
	w.irqs_off_until = HPET_NEVER;
	world_policy(&w, LOST_TICKS_SLEW, 10, 1, 5 * SEC);
	periodic(&w, 0, route(20), MS_TICKS);
	world_run(&w, 2 * MS + 1000);
	assert_true(w.b.t.ticks[0].in_flight);
	config = w.b.m.timer[0].config & ~HPET_TN_ROUTE_MASK;
	hpet_block_write(&w.b, w.now, HPET_REG_TIMER(0), 8, config | route(20));
	assert_true(w.b.t.ticks[0].in_flight);
	hpet_block_write(&w.b, w.now, HPET_REG_TIMER(0), 8, config | route(21));
	assert_false(w.b.t.ticks[0].in_flight);
}

/* Written while guest time is paused, and equal to the counter: it matches then. */
static void match_written_in_a_pause(void **state)
{
	static struct world w;

	start(&w, 1, 0);
	w.check = check;
	world_run(&w, MS);
	world_pause(&w, true);
	world_w32(&w, config(0), ON | route(20));
	world_w32(&w, comparator(0), world_r64(&w, HPET_REG_COUNTER));
	world_run(&w, MS);
	assert_int_equal(w.b.t.ticks[0].count.due, 0);
	world_pause(&w, false);
	world_run(&w, 1000);
	assert_int_equal(w.pin[20].seen, 1);
}

/* A pause takes no ticks away and gives none. */
static void pauses_are_no_time(void **state)
{
	static struct world w;
	u64 seed;

	for (seed = 1; seed <= SEEDS / 4; seed++) {
		unsigned int i;

		start(&w, seed, 0);
		world_policy(&w, LOST_TICKS_SLEW, 10, 1, 3600 * SEC);
		first_match = periodic(&w, 0, route(20), period_ticks);
		w.check = never_ahead;
		disturb(&w);
		for (i = 0; i < 10; i++) {
			world_run(&w, rng_below(&w.rng, 100 * MS));
			world_pause(&w, true);
			world_run(&w, rng_below(&w.rng, 10 * SEC));
			world_pause(&w, false);
		}
		settle(&w, 600);
		expect_all_delivered(&w);
	}
}

/*
 * A 64-bit periodic timer, programmed in halves by a guest that is held up
 * between them: the comparator is what was written, not what it moved on to.
 */
static void halves_with_a_match_in_between(void **state)
{
	static struct world w;
	u32 on = HPET_TN_ENABLE | HPET_TN_PERIODIC | route(20);
	u32 now;

	start(&w, 1, 0);
	w.check = check;
	world_run(&w, 10 * MS);
	world_w32(&w, config(0), on | HPET_TN_VAL_SET);
	world_w64(&w, comparator(0), 0);
	world_w32(&w, config(0), on | HPET_TN_VAL_SET);
	now = world_r64(&w, HPET_REG_COUNTER);
	world_w32(&w, comparator(0), now + MS_TICKS);
	world_run(&w, 3 * MS / 2);
	world_w32(&w, comparator(0) + 4, 0);
	world_w64(&w, comparator(0), MS_TICKS);
	assert_int_equal(world_r64(&w, comparator(0)), now + 2 * MS_TICKS);
}

/* ---- everything at random ---- */

/* Whatever was, a timer programmed now delivers what falls due from now on. */
static void expect_life(struct world *w)
{
	struct lost_ticks_count before;
	unsigned int i, n;

	world_calm_down(w);
	for (i = 0; i < WORLD_PINS; i++)
		world_mask(w, i, false);
	if (w->b.m.paused)
		world_pause(w, false);
	world_w32(w, HPET_REG_STATUS, 7);
	world_w32(w, HPET_REG_CONFIG, HPET_CONFIG_ENABLE);
	for (n = 0; n < WORLD_TIMERS; n++)
		periodic(w, n, route(16 + 2 * n), MS_TICKS);
	for (n = 0; n < WORLD_TIMERS; n++) {
		world_run(w, 10 * MS);
		before = w->b.t.ticks[n].count;
		world_run(w, 100 * MS);
		assert_in_range(w->b.t.ticks[n].count.due - before.due, 99, 101);
		assert_true(w->b.t.ticks[n].count.delivered - before.delivered >= 98);
	}
}

static void every_history(void **state)
{
	static struct world w;
	u64 seed;

	for (seed = 1; seed <= SEEDS; seed++) {
		world_init(&w, seed);
		w.pin[16].pic = seed & 1;
		w.pin[0].pic = seed & 2;
		w.check = check;
		w.op = history_op;
		w.op_ns = 2 * MS;
		world_w32(&w, HPET_REG_CONFIG, HPET_CONFIG_ENABLE);
		world_run(&w, 300 * MS);
		expect_life(&w);
	}
}

/* ---- work is bounded ---- */

/*
 * Periods of one tick, any policy: the host's timers fire no more often than the
 * least interval allows, and a look after a hundred years is arithmetic.
 */
static void the_host_is_not_flooded(void **state)
{
	static struct world w;
	u32 policy, kind, n;

	for (policy = LOST_TICKS_DISCARD; policy <= LOST_TICKS_SLEW; policy++)
		for (kind = 0; kind < 3; kind++) {
			u32 bits = kind == 2 ? HPET_TN_FSB_ENABLE :
				   kind == 1 ? HPET_TN_LEVEL : 0;

			world_init(&w, 1);
			w.check = check;
			world_policy(&w, policy, 100, 100, 5 * SEC);
			world_w32(&w, HPET_REG_CONFIG, HPET_CONFIG_ENABLE);
			for (n = 0; n < WORLD_TIMERS; n++)
				periodic(&w, n, bits | route(16 + 2 * n), 1);
			w.take_ns = w.eoi_ns = 20000;
			world_run(&w, 20 * MS);
			assert_true(w.fired <= WORLD_TIMERS *
				    (20 * MS / WORLD_MIN_NS + 1));
			w.now += 100 * YEAR;
			world_r64(&w, HPET_REG_STATUS);
			check(&w);
			assert_true(w.b.t.ticks[0].count.due > 10 * YEAR);
		}
}

/* Host timers that nobody needs are not armed. */
static void nobody_listens_nothing_runs(void **state)
{
	static struct world w;

	start(&w, 1, 0);
	w.check = check;
	periodic(&w, 0, route(20), MS_TICKS);
	periodic(&w, 1, route(21), MS_TICKS);
	world_w32(&w, config(1), HPET_TN_32BIT | HPET_TN_PERIODIC | route(21));
	world_w32(&w, config(2), ON);
	world_w32(&w, comparator(2), 2 * MS_TICKS);
	world_run(&w, 10 * MS + MS / 2);
	assert_int_equal(w.fired, 10);
	assert_int_equal(w.b.t.ticks[0].count.due, 10);
	world_r64(&w, HPET_REG_STATUS);
	assert_int_equal(w.b.t.ticks[1].count.due, 10);
	assert_int_equal(w.b.t.ticks[1].count.masked, 10);
	world_w32(&w, HPET_REG_CONFIG, 0);
	world_run(&w, SEC);
	assert_int_equal(w.fired, 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(slew_delivers_every_tick_once),
		cmocka_unit_test(slew_level),
		cmocka_unit_test(slew_with_a_guest_that_masks),
		cmocka_unit_test(slew_messages),
		cmocka_unit_test(delay_keeps_its_distance),
		cmocka_unit_test(no_delay_no_loss),
		cmocka_unit_test(exactly_k_are_coalesced),
		cmocka_unit_test(an_hour_without_interrupts),
		cmocka_unit_test(level_holds_its_line),
		cmocka_unit_test(row_int_enb_0),
		cmocka_unit_test(row_reset_lowers_lines),
		cmocka_unit_test(legacy_is_told),
		cmocka_unit_test(messages_are_as_programmed),
		cmocka_unit_test(a_shared_line_falls_for_each),
		cmocka_unit_test(a_halted_counter_matches_nothing),
		cmocka_unit_test(quiet_but_for_deliveries),
		cmocka_unit_test(acknowledgements_go_by_line),
		cmocka_unit_test(unmasking_shortens_the_wait),
		cmocka_unit_test(unmasking_does_not_end_the_wait),
		cmocka_unit_test(the_counter_written_settles_the_period),
		cmocka_unit_test(another_route_ends_the_wait),
		cmocka_unit_test(match_written_in_a_pause),
		cmocka_unit_test(pauses_are_no_time),
		cmocka_unit_test(halves_with_a_match_in_between),
		cmocka_unit_test(every_history),
		cmocka_unit_test(the_host_is_not_flooded),
		cmocka_unit_test(nobody_listens_nothing_runs),
	};

	limit_time();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
