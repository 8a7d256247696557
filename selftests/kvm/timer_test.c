// SPDX-License-Identifier: GPL-2.0
/*
 * Comparators: the guest takes exactly as many interrupts as the comparator has
 * matches by arithmetic, never one before its time, on the vector the
 * configuration says; and the statistics count the same. One-shot and periodic,
 * 32 and 64 bits, edge and level, by I/O APIC, PIC and message, routed and with
 * legacy replacement.
 */
#include "hpet_test.h"

#define LEGACY	-1	/* as a pin: legacy replacement */

static uint64_t seen(struct machine *m, int vector)
{
	return m->g->irq[vector].seen;
}

/* A guest with local APIC and I/O APIC, and one pin that is let through. */
static struct machine *apic_machine(int pin, uint32_t flags)
{
	struct machine *m = machine_with_block();

	guest_apic_init(m);
	guest_pin_set(m, pin, flags);
	m->g->log_vector = VECTOR_PIN(pin);
	return m;
}

static void ok_counts(struct machine *m, int timer, int vector, uint64_t due,
		      const char *name)
{
	struct kvm_hpet_timer_stats s = stats_get(m, timer);

	ok_eq(seen(m, vector), due, "%s: interrupts in the guest", name);
	ok_eq(s.due, due, "%s: due in the statistics", name);
	ok_eq(s.delivered, due, "%s: delivered in the statistics", name);
}

/* ---- one-shot ---- */

struct oneshot_case {
	const char *name;
	int timer;
	uint64_t bits;
	uint64_t counter;	/* at the start */
	uint64_t comparator;
	uint64_t expect;	/* the counter at the match, 0: none */
};

static const struct oneshot_case oneshot_cases[] = {
	{ "one-shot, 64 bits", 0, 0, 0, MS, MS },
	{ "one-shot, 64 bits, without periodic capability", 3, 0, 0, MS, MS },
	{ "one-shot, 32-bit timer", 2, 0, 0, MS, MS },
	{ "one-shot, 32MODE", 0, TIMER_32MODE, 0, MS, MS },
	{ "one-shot, 64 bits, above 4 G", 0, 0, 0x2fffff000, 0x2fffff000 + MS,
	  0x2fffff000 + MS },
	{ "one-shot, 32 bits, above 4 G", 2, 0, 0x2fffff000 - MS, 0xfffff000,
	  0x2fffff000 },
	{ "one-shot, 32 bits, over the wrap", 2, 0, 0x100000000 - MS / 2, MS / 2,
	  0x100000000 + MS / 2 },
	{ "one-shot, 64 bits, over the wrap of the low half", 0, 0,
	  0x100000000 - MS / 2, 0x100000000 + MS / 2, 0x100000000 + MS / 2 },
	{ "one-shot, 64 bits, over the wrap to 0", 0, 0, -(MS / 2), MS / 2, 0 },
	{ "one-shot, 64 bits, passed before", 0, 0, 2 * MS, MS, 0 },
	{ "one-shot, 32 bits, passed before", 2, 0, 2 * MS, MS, 0 },
	{ "one-shot, 64 bits, never", 0, 0, 0, ~0ULL, 0 },
};

static void test_oneshot(const struct oneshot_case *c)
{
	struct machine *m = apic_machine(16, 0);
	uint64_t end = c->counter + 3 * MS;

	timer_program(m, c->timer, c->bits | TIMER_ROUTE(16), c->comparator, 0);
	guest_write(m, REG_COUNTER, 8, c->counter);
	block_enable(m, 0);
	if (end > c->counter) {
		guest_spin(m, OP_SPIN_ON, end);
	} else {
		/* The one that wraps: up to 0, and on from there. */
		guest_ticks(m, OP_SPIN_TICKS, VECTOR_PIN(16), 1);
		guest_spin(m, OP_SPIN_ON, end);
		ok(m->g->log[0] >= c->comparator && m->g->log[0] < end,
		   "%s: not before its time", c->name);
		ok_counts(m, c->timer, VECTOR_PIN(16), 1, c->name);
		machine_free(m);
		return;
	}
	ok_counts(m, c->timer, VECTOR_PIN(16), !!c->expect, c->name);
	if (c->expect)
		ok(m->g->log[0] >= c->expect, "%s: not before its time", c->name);
	ok_eq(guest_read(m, REG_COMPARATOR(c->timer), 8), c->comparator,
	      "%s: the comparator reads back", c->name);
	machine_free(m);
}

/*
 * Written while the counter runs, a little behind it: the guest was held up
 * between reading the counter and writing the comparator, and would wait for ever.
 */
static void test_oneshot_late(int timer)
{
	struct machine *m = apic_machine(16, 0);
	char name[64];
	uint64_t now;

	snprintf(name, sizeof(name), "one-shot, timer %d, written too late", timer);
	timer_program(m, timer, TIMER_ROUTE(16), ~0ULL, 0);
	block_enable(m, 0);
	now = guest_spin(m, OP_SPIN_ON, 5 * MS);
	guest_write(m, REG_COMPARATOR(timer), 8, now - 2 * MS);
	guest_spin(m, OP_SPIN_ON, now + MS);
	ok_counts(m, timer, VECTOR_PIN(16), 1, name);
	guest_write(m, REG_COMPARATOR(timer), 8, now + 100000 * MS);
	guest_spin(m, OP_SPIN_ON, now + 2 * MS);
	ok_eq(seen(m, VECTOR_PIN(16)), 1, "%s: a far future one waits", name);
	machine_free(m);
}

/* As a guest's tickless kernel does: one after the other, some moved. */
static void test_oneshot_rearmed(void)
{
	struct machine *m = apic_machine(16, 0);
	uint64_t at = MS;
	int i;

	timer_program(m, 0, TIMER_ROUTE(16), at, 0);
	block_enable(m, 0);
	for (i = 1; i <= 20; i++) {
		guest_ticks(m, i & 1 ? OP_HALT_TICKS : OP_SPIN_TICKS,
			    VECTOR_PIN(16), i);
		at = guest_read(m, REG_COUNTER, 8) + MS;
		guest_write(m, REG_COMPARATOR(0), 8, at);
	}
	guest_spin(m, OP_SPIN_ON, at + MS);
	ok_counts(m, 0, VECTOR_PIN(16), 21, "one-shot, armed again 20 times");

	/* Moved while it waits: only the last place counts. */
	at = guest_read(m, REG_COUNTER, 8);
	guest_write(m, REG_COMPARATOR(0), 8, at + 2 * MS);
	guest_write(m, REG_COMPARATOR(0), 8, at + 6 * MS);
	guest_write(m, REG_COMPARATOR(0), 8, at + 4 * MS);
	guest_spin(m, OP_SPIN_ON, at + 8 * MS);
	ok_counts(m, 0, VECTOR_PIN(16), 22, "one-shot, moved while it waits");
	ok(m->g->log[21] >= at + 4 * MS, "one-shot, moved: at its last place");
	machine_free(m);
}

/* So often that the host timer stays where it is, and fires too early for the last. */
static uint64_t put_off(struct machine *m, uint64_t by)
{
	uint64_t at = 0;
	int i;

	for (i = 0; i < 100; i++) {
		at = guest_read(m, REG_COUNTER, 8) + by;
		guest_write(m, REG_COMPARATOR(0), 8, at);
	}
	return at;
}

static void test_oneshot_put_off(void)
{
	struct machine *m = apic_machine(16, 0);
	uint64_t at;

	timer_program(m, 0, TIMER_ROUTE(16), ~0ULL, 0);
	block_enable(m, 0);
	at = put_off(m, 2 * MS);
	ok_counts(m, 0, VECTOR_PIN(16), 0, "one-shot, put off 100 times: none");
	guest_spin(m, OP_SPIN_ON, at + MS);
	ok_counts(m, 0, VECTOR_PIN(16), 1, "one-shot, put off 100 times: then one");
	ok(m->g->log[0] >= at, "one-shot, put off: at its last place");

	put_off(m, 1000 * MS);
	at = guest_read(m, REG_COUNTER, 8) + 2 * MS;
	guest_write(m, REG_COMPARATOR(0), 8, at);
	guest_spin(m, OP_SPIN_ON, at + MS);
	ok_counts(m, 0, VECTOR_PIN(16), 2, "one-shot, put off, then brought forward");
	ok(m->g->log[1] >= at, "one-shot, brought forward: not before its time");

	at = put_off(m, 2 * MS);
	guest_write(m, REG_TIMER(0), 4, TIMER_ROUTE(16));
	guest_spin(m, OP_SPIN_ON, at + MS);
	ok_eq(seen(m, VECTOR_PIN(16)), 2, "one-shot, put off, then INT_ENB off: none");
	machine_free(m);
}

/* ---- periodic ---- */

struct periodic_case {
	const char *name;
	int timer;
	uint64_t bits;
	uint64_t first;
	uint64_t period;
	bool halt;	/* the guest halts between the ticks */
};

static const struct periodic_case periodic_cases[] = {
	{ "periodic, 64 bits", 0, 0, MS, MS, false },
	{ "periodic, 64 bits, guest halts", 0, 0, MS, MS, true },
	{ "periodic, 64 bits, first later", 1, 0, 5 * MS, MS, false },
	{ "periodic, 64 bits, first earlier", 1, 0, MS / 2, 2 * MS, false },
	{ "periodic, 32-bit timer", 2, 0, MS, MS, false },
	{ "periodic, 32-bit timer, guest halts", 2, 0, MS, 3 * MS / 2, true },
	{ "periodic, 32MODE", 0, TIMER_32MODE, MS, MS, false },
	{ "periodic, 250 Hz", 0, 0, 4 * MS, 4 * MS, true },
	{ "periodic, odd period", 0, 0, 123457, 98765, true },
};

static void test_periodic(const struct periodic_case *c)
{
	struct machine *m = apic_machine(16, 0);
	struct guest_irq *irq = &m->g->irq[VECTOR_PIN(16)];
	uint64_t before, after, comparator, end, due;
	int i;

	irq->first = c->first;
	irq->period = c->period;
	irq->max_ahead = INT64_MIN;
	timer_program(m, c->timer, c->bits | TIMER_ROUTE(16), c->first, c->period);
	block_enable(m, 0);
	if (c->halt)
		guest_ticks(m, OP_HALT_TICKS, VECTOR_PIN(16), 20);
	else
		guest_spin(m, OP_SPIN_ON, c->first + 20 * c->period);

	/* Read while it runs: the next match, as the accumulator has it. */
	for (i = 0; i < 10; i++) {
		guest_spin(m, OP_SPIN_ON, m->g->counter + c->period / 3);
		before = guest_read(m, REG_COUNTER, 8);
		comparator = guest_read(m, REG_COMPARATOR(c->timer), 8);
		after = guest_read(m, REG_COUNTER, 8);
		if ((comparator - c->first) % c->period ||
		    comparator <= before || comparator > after + c->period)
			break;
	}
	ok_eq(i, 10, "%s: the comparator reads as the next match", c->name);

	end = block_halt_quiet(m, c->first, c->period);
	due = ticks_due(end, c->first, c->period);
	ok_counts(m, c->timer, VECTOR_PIN(16), due, c->name);
	ok_eq(guest_read(m, REG_COMPARATOR(c->timer), 8),
	      c->first + due * c->period, "%s: halted: the comparator", c->name);
	ok(irq->max_ahead <= 0, "%s: never a tick before its time", c->name);
	if (irq->max_ahead > 0)
		note("%lld ahead", (long long)irq->max_ahead);

	/* Halted nothing comes; enabled again it goes on where it stood. */
	sleep_ms(5);
	guest_do(m, OP_NOP, 0, 0, 0);
	ok_eq(irq->seen, due, "%s: halted: no tick", c->name);
	block_enable(m, 0);
	guest_spin(m, OP_SPIN_ON, end + 5 * c->period);
	end = block_halt_quiet(m, c->first, c->period);
	ok_counts(m, c->timer, VECTOR_PIN(16),
		  ticks_due(end, c->first, c->period), c->name);
	machine_free(m);
}

/* INT_ENB off for a while: no interrupt, and the phase stays. */
static void test_disabled(void)
{
	struct machine *m = apic_machine(16, 0);
	uint64_t n;

	timer_program(m, 0, TIMER_ROUTE(16), MS, MS);
	block_enable(m, 0);
	guest_spin(m, OP_SPIN_ON, 5 * MS + MS / 2);
	guest_write(m, REG_TIMER(0), 4, TIMER_ROUTE(16) | TIMER_PERIODIC);
	n = seen(m, VECTOR_PIN(16));
	ok_eq(n, 5, "INT_ENB: five ticks before");
	guest_spin(m, OP_SPIN_ON, 15 * MS + MS / 2);
	ok_eq(seen(m, VECTOR_PIN(16)), n, "INT_ENB off: none");
	ok_eq(guest_read(m, REG_COMPARATOR(0), 8), 16 * MS,
	      "INT_ENB off: the comparator goes on");
	guest_write(m, REG_TIMER(0), 4, TIMER_ROUTE(16) | TIMER_PERIODIC |
		    TIMER_INT);
	guest_spin(m, OP_SPIN_ON, 20 * MS + MS / 2);
	ok_eq(seen(m, VECTOR_PIN(16)), n + 5, "INT_ENB on again: in phase");
	ok(m->g->log[n] >= 16 * MS, "INT_ENB on again: nothing is made up");
	machine_free(m);
}

/* ---- level ---- */

static void test_level(void)
{
	struct machine *m = apic_machine(17, PIN_LEVEL);
	struct guest_irq *irq = &m->g->irq[VECTOR_PIN(17)];
	uint64_t end;

	irq->status = 1 << 1;
	timer_program(m, 1, TIMER_LEVEL | TIMER_ROUTE(17), MS, MS);
	block_enable(m, 0);
	guest_spin(m, OP_SPIN_ON, 20 * MS);
	end = block_halt_quiet(m, MS, MS);
	ok_counts(m, 1, VECTOR_PIN(17), ticks_due(end, MS, MS),
		  "level, periodic");
	ok_eq(guest_read(m, REG_STATUS, 4), 0, "level: status is clear");
	machine_free(m);

	/* The line stays up for as long as the status is set. */
	m = apic_machine(17, PIN_LEVEL | PIN_MASKED);
	irq = &m->g->irq[VECTOR_PIN(17)];
	irq->status = 1 << 1;
	timer_program(m, 1, TIMER_LEVEL | TIMER_ROUTE(17), MS, 0);
	block_enable(m, 0);
	guest_spin(m, OP_SPIN_ON, 3 * MS);
	ok_eq(guest_read(m, REG_STATUS, 4), 1 << 1, "level, masked: status is set");
	ok_eq(irq->seen, 0, "level, masked: no interrupt");
	guest_pin_set(m, 17, PIN_LEVEL);
	guest_spin(m, OP_SPIN_ON, 5 * MS);
	ok_eq(irq->seen, 1, "level: the line was still up at unmask");
	ok_eq(guest_read(m, REG_STATUS, 4), 0, "level: cleared by the guest");

	guest_pin_set(m, 17, PIN_LEVEL | PIN_MASKED);
	guest_write(m, REG_COMPARATOR(1), 8, 7 * MS);
	guest_spin(m, OP_SPIN_ON, 8 * MS);
	ok_eq(guest_read(m, REG_STATUS, 4), 1 << 1, "level, masked: set again");
	guest_write(m, REG_STATUS, 4, 1 << 1);
	guest_pin_set(m, 17, PIN_LEVEL);
	guest_spin(m, OP_SPIN_ON, 10 * MS);
	ok_eq(irq->seen, 1, "level: clearing the status lowers the line");
	machine_free(m);
}

/* Nobody clears the status: one interrupt's worth of line, all the rest lost. */
static void test_level_unhandled(void)
{
	struct machine *m = apic_machine(17, PIN_LEVEL | PIN_MASKED);
	struct kvm_hpet_timer_stats s;
	uint64_t end;

	timer_program(m, 1, TIMER_LEVEL | TIMER_ROUTE(17), MS, MS);
	block_enable(m, 0);
	guest_spin(m, OP_SPIN_ON, 10 * MS);
	end = block_halt_quiet(m, MS, MS);
	s = stats_get(m, 1);
	ok_eq(s.due, ticks_due(end, MS, MS), "level, nobody clears: due");
	ok_in(s.delivered, 0, 1, "level, nobody clears: at most one delivered");
	machine_free(m);
}

/* ---- where it goes ---- */

static void test_routes(void)
{
	static const int pins[] = { 1, 4, 8, 11, 15, 16, 20, 23 };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(pins); i++) {
		struct machine *m = apic_machine(pins[i], 0);
		char name[40];

		snprintf(name, sizeof(name), "route %d", pins[i]);
		timer_program(m, 1, TIMER_ROUTE(pins[i]), MS, 0);
		block_enable(m, 0);
		guest_spin(m, OP_SPIN_ON, 3 * MS);
		ok_counts(m, 1, VECTOR_PIN(pins[i]), 1, name);
		machine_free(m);
	}
	for (i = 0; pins[i] < 16; i++) {
		struct machine *m = machine_with_block();
		char name[40];

		snprintf(name, sizeof(name), "route %d, by PIC", pins[i]);
		guest_pic_init(m, 1 << pins[i]);
		timer_program(m, 0, TIMER_ROUTE(pins[i]), MS, MS);
		block_enable(m, 0);
		guest_spin(m, OP_SPIN_ON, 10 * MS + MS / 2);
		ok_counts(m, 0, VECTOR_PIC(pins[i]), 10, name);
		machine_free(m);
	}
}

static void test_message(void)
{
	struct machine *m = apic_machine(16, PIN_MASKED);
	const int vector = 0x71;

	m->g->log_vector = vector;
	timer_program(m, 3, TIMER_FSB_EN, MS, 0);
	guest_write(m, REG_FSB(3), 8, 0xfee00000ULL << 32 | vector);
	block_enable(m, 0);
	guest_spin(m, OP_SPIN_ON, 3 * MS);
	ok_counts(m, 3, vector, 1, "message");
	ok(m->g->log[0] >= MS, "message: not before its time");
	machine_free(m);
}

static void test_legacy(bool pic)
{
	const char *how = pic ? "PIC" : "I/O APIC";
	const int v0 = pic ? VECTOR_PIC(0) : VECTOR_PIN(2);
	const int v1 = pic ? VECTOR_PIC(8) : VECTOR_PIN(8);
	const uint64_t p0 = MS, p1 = 3 * MS;
	struct machine *m = machine_with_block();
	uint64_t end;
	char name[64];

	if (pic) {
		guest_pic_init(m, 1 << 0 | 1 << 8);
	} else {
		guest_apic_init(m);
		guest_pin_set(m, 2, 0);
		guest_pin_set(m, 8, 0);
		guest_pin_set(m, 16, 0);
	}
	timer_program(m, 0, TIMER_ROUTE(16), p0, p0);
	timer_program(m, 1, TIMER_ROUTE(16), p1, p1);
	block_enable(m, CONFIG_LEGACY);
	guest_spin(m, OP_SPIN_ON, 21 * MS);
	end = block_halt_quiet(m, p0, p0);
	snprintf(name, sizeof(name), "legacy, timer 0 by %s", how);
	ok_counts(m, 0, v0, ticks_due(end, p0, p0), name);
	snprintf(name, sizeof(name), "legacy, timer 1 by %s", how);
	ok_counts(m, 1, v1, ticks_due(end, p1, p1), name);
	ok_eq(seen(m, VECTOR_PIN(16)), 0, "legacy, %s: the route is ignored",
	      how);
	machine_free(m);
}

/* Legacy replacement off again: the routes count from then on. */
static void test_legacy_off(void)
{
	struct machine *m = apic_machine(16, 0);

	guest_pin_set(m, 2, 0);
	timer_program(m, 0, TIMER_ROUTE(16), MS, MS);
	block_enable(m, CONFIG_LEGACY);
	guest_spin(m, OP_SPIN_ON, 4 * MS + MS / 2);
	block_enable(m, 0);
	guest_spin(m, OP_SPIN_ON, 10 * MS + MS / 2);
	ok_eq(seen(m, VECTOR_PIN(2)), 4, "legacy for 4 ticks: pin 2");
	ok_eq(seen(m, VECTOR_PIN(16)), 6, "then routed for 6: pin 16");
	machine_free(m);
}

int main(void)
{
	size_t i;

	plan_test("comparators and interrupts");
	for (i = 0; i < ARRAY_SIZE(oneshot_cases); i++)
		test_oneshot(&oneshot_cases[i]);
	test_oneshot_late(0);
	test_oneshot_late(2);
	test_oneshot_rearmed();
	test_oneshot_put_off();
	for (i = 0; i < ARRAY_SIZE(periodic_cases); i++)
		test_periodic(&periodic_cases[i]);
	test_disabled();
	test_level();
	test_level_unhandled();
	test_routes();
	test_message();
	test_legacy(false);
	test_legacy(true);
	test_legacy_off();
	done();
}
