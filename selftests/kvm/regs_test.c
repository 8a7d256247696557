// SPDX-License-Identifier: GPL-2.0
/*
 * The registers as the guest sees them are those of the specification, whatever
 * width it uses: what can be written and what can't, what a half of a register
 * is, what an access of a wrong width or alignment does (nothing), where no timer
 * is (zeros). No access of these comes out to the VMM, and the statistics count
 * each of them.
 */
#include "hpet_test.h"

#define CAPS ((uint64_t)PERIOD_FS << 32 | 0x8086ULL << 16 | 1 << 15 | 1 << 13 | \
	      (NUM_TIMERS - 1) << 8 | 1)

static const uint64_t timer_caps[NUM_TIMERS] = {
	(uint64_t)ROUTES << 32 | TIMER_PER_CAP | TIMER_SIZE_CAP,
	(uint64_t)ROUTES << 32 | TIMER_PER_CAP | TIMER_SIZE_CAP,
	(uint64_t)ROUTES << 32 | TIMER_PER_CAP,
	(uint64_t)ROUTES << 32 | TIMER_SIZE_CAP | TIMER_FSB_CAP,
};

static struct machine *m;

static uint64_t read64(uint64_t reg)
{
	return guest_read(m, reg, 8);
}

static uint32_t read32(uint64_t reg)
{
	return guest_read(m, reg, 4);
}

static void write64(uint64_t reg, uint64_t value)
{
	guest_write(m, reg, 8, value);
}

static void write32(uint64_t reg, uint32_t value)
{
	guest_write(m, reg, 4, value);
}

static void test_capabilities(void)
{
	int n;

	ok_eq(read64(REG_CAP), CAPS, "capabilities: as configured");
	ok_eq(read32(REG_CAP), CAPS & ~0U, "capabilities: low half");
	ok_eq(read32(REG_CAP + 4), CAPS >> 32, "capabilities: high half");
	write64(REG_CAP, 0);
	write32(REG_CAP + 4, 1);
	ok_eq(read64(REG_CAP), CAPS, "capabilities: can't be written");

	for (n = 0; n < NUM_TIMERS; n++) {
		ok_eq(read64(REG_TIMER(n)), timer_caps[n],
		      "timer %d: capabilities after reset", n);
		ok_eq(read32(REG_TIMER(n) + 4), timer_caps[n] >> 32,
		      "timer %d: high half", n);
		ok_eq(read64(REG_COMPARATOR(n)), n == 2 ? ~0U : ~0ULL,
		      "timer %d: comparator after reset", n);
		ok_eq(read64(REG_FSB(n)), 0, "timer %d: FSB route after reset",
		      n);
	}
	ok_eq(read64(REG_CONFIG), 0, "configuration after reset");
	ok_eq(read64(REG_STATUS), 0, "status after reset");
	ok_eq(read64(REG_COUNTER), 0, "counter after reset");
}

struct mask_case {
	const char *name;
	int timer;
	uint64_t write;
	uint64_t read;	/* without the capabilities */
};

static const struct mask_case mask_cases[] = {
	{ "level", 0, TIMER_LEVEL, TIMER_LEVEL },
	{ "enabled", 0, TIMER_INT, TIMER_INT },
	{ "periodic", 0, TIMER_PERIODIC, TIMER_PERIODIC },
	{ "periodic, can't", 3, TIMER_PERIODIC, 0 },
	{ "32MODE", 0, TIMER_32MODE, TIMER_32MODE },
	{ "32MODE of a 32-bit timer", 2, TIMER_32MODE, 0 },
	{ "route 16", 0, TIMER_ROUTE(16), TIMER_ROUTE(16) },
	{ "route 23", 1, TIMER_ROUTE(23), TIMER_ROUTE(23) },
	{ "FSB_EN", 3, TIMER_FSB_EN, TIMER_FSB_EN },
	{ "FSB_EN, can't", 0, TIMER_FSB_EN, 0 },
	{ "reserved bits", 0, 1 << 0 | 1 << 7 | 0xffff0000, 0 },
	{ "capabilities can't be written", 0, 0xfULL << 60 | 0x30, 0 },
};

static void test_masks(void)
{
	const struct mask_case *c;
	uint64_t got;

	for (c = mask_cases; c < mask_cases + ARRAY_SIZE(mask_cases); c++) {
		write64(REG_TIMER(c->timer), c->write);
		ok_eq(read64(REG_TIMER(c->timer)),
		      timer_caps[c->timer] | c->read, "timer %d: %s", c->timer,
		      c->name);
		write32(REG_TIMER(c->timer), 0);
	}
	for (c = mask_cases; c < mask_cases + ARRAY_SIZE(mask_cases); c++) {
		write32(REG_TIMER(c->timer), c->write);
		write32(REG_TIMER(c->timer) + 4, ~0U);
		ok_eq(read64(REG_TIMER(c->timer)),
		      timer_caps[c->timer] | c->read,
		      "timer %d: %s, in two halves", c->timer, c->name);
		write32(REG_TIMER(c->timer), 0);
	}

	write64(REG_TIMER(0), TIMER_ROUTE(2));
	got = read64(REG_TIMER(0)) & TIMER_ROUTE(31);
	ok(got != TIMER_ROUTE(2), "a route that is not allowed does not read back");
	write64(REG_TIMER(0), TIMER_ROUTE(31));
	got = read64(REG_TIMER(0)) & TIMER_ROUTE(31);
	ok(got != TIMER_ROUTE(31), "a route beyond 23 does not read back");
	write64(REG_TIMER(0), 0);

	write64(REG_CONFIG, ~3ULL);
	ok_eq(read64(REG_CONFIG), 0, "configuration: reserved bits read 0");
	write32(REG_CONFIG + 4, ~0U);
	ok_eq(read64(REG_CONFIG), 0, "configuration: high half reads 0");

	write64(REG_FSB(3), 0xfee0000000000041ULL);
	ok_eq(read64(REG_FSB(3)), 0xfee0000000000041ULL, "FSB route: 64 bits");
	write32(REG_FSB(3), 0x42);
	write32(REG_FSB(3) + 4, 0xfee01000);
	ok_eq(read64(REG_FSB(3)), 0xfee0100000000042ULL, "FSB route: halves");
	ok_eq(read32(REG_FSB(3) + 4), 0xfee01000, "FSB route: high half");
	write64(REG_FSB(3), 0);
}

static void test_comparators(void)
{
	struct kvm_hpet_state s;

	write64(REG_COMPARATOR(0), 0x123456789abcdef0ULL);
	ok_eq(read64(REG_COMPARATOR(0)), 0x123456789abcdef0ULL,
	      "comparator: 64 bits");
	ok_eq(read32(REG_COMPARATOR(0)), 0x9abcdef0, "comparator: low half");
	ok_eq(read32(REG_COMPARATOR(0) + 4), 0x12345678, "comparator: high half");
	write32(REG_COMPARATOR(0), 0x11111111);
	ok_eq(read64(REG_COMPARATOR(0)), 0x1234567811111111ULL,
	      "comparator: a write to the low half keeps the high one");
	write32(REG_COMPARATOR(0) + 4, 0x22222222);
	ok_eq(read64(REG_COMPARATOR(0)), 0x2222222211111111ULL,
	      "comparator: a write to the high half keeps the low one");
	write64(REG_COMPARATOR(2), 0x123456789abcdef0ULL);
	ok_eq(read64(REG_COMPARATOR(2)), 0x9abcdef0,
	      "comparator of a 32-bit timer: high half reads 0");
	write32(REG_COMPARATOR(2) + 4, 1);
	ok_eq(read64(REG_COMPARATOR(2)), 0x9abcdef0,
	      "comparator of a 32-bit timer: high half can't be written");

	/* With VAL_SET the comparator, without it only the period. */
	write32(REG_TIMER(0), TIMER_PERIODIC | TIMER_VAL_SET);
	write64(REG_COMPARATOR(0), 0x500000000ULL);
	write64(REG_COMPARATOR(0), 0x300000000ULL);
	ok_eq(read64(REG_TIMER(0)), timer_caps[0] | TIMER_PERIODIC,
	      "VAL_SET clears itself");
	s = state_get(m);
	ok_eq(s.timer[0].comparator, 0x500000000ULL,
	      "accumulator, 64 bits: VAL_SET sets the comparator, once");
	ok_eq(s.timer[0].period, 0x300000000ULL,
	      "accumulator, 64 bits: the second write is the period");

	/* The first half must not take VAL_SET away from the second. */
	write32(REG_TIMER(0), TIMER_PERIODIC | TIMER_VAL_SET);
	write32(REG_COMPARATOR(0), 0x10);
	write32(REG_COMPARATOR(0) + 4, 0x7);
	s = state_get(m);
	ok_eq(s.timer[0].comparator, 0x700000010ULL,
	      "accumulator, low half first: both halves of the comparator set");
	write32(REG_COMPARATOR(0), 0x20);
	write32(REG_COMPARATOR(0) + 4, 0x3);
	s = state_get(m);
	ok_eq(s.timer[0].comparator, 0x700000010ULL,
	      "accumulator, low half first: the comparator stays");
	ok_eq(s.timer[0].period, 0x300000020ULL,
	      "accumulator, low half first: both halves of the period set");

	write32(REG_TIMER(0), TIMER_PERIODIC | TIMER_VAL_SET);
	write32(REG_COMPARATOR(0) + 4, 0x9);
	write32(REG_COMPARATOR(0), 0x40);
	s = state_get(m);
	ok_eq(s.timer[0].comparator, 0x900000040ULL,
	      "accumulator, high half first: both halves of the comparator set");

	/* Linux: 32 bits, the first expiry, then the period. */
	write32(REG_TIMER(2), TIMER_PERIODIC | TIMER_VAL_SET);
	write32(REG_COMPARATOR(2), 0x5000);
	write32(REG_COMPARATOR(2), 0x3000);
	s = state_get(m);
	ok_eq(s.timer[2].comparator, 0x5000,
	      "accumulator of a 32-bit timer: comparator");
	ok_eq(s.timer[2].period, 0x3000, "accumulator of a 32-bit timer: period");

	write32(REG_TIMER(0), 0);
	write64(REG_COMPARATOR(0), 0x123456789abcdef0ULL);
	write32(REG_TIMER(0), TIMER_32MODE);
	ok_eq(read64(REG_COMPARATOR(0)), 0x9abcdef0,
	      "32MODE cuts the comparator");
	write64(REG_COMPARATOR(0), 0x123456781234ULL);
	ok_eq(read64(REG_COMPARATOR(0)), 0x56781234,
	      "32MODE: a 64-bit write is cut");
	write32(REG_TIMER(0), 0);
	write32(REG_TIMER(2), 0);
}

/* Every register, at wrong widths and alignments. */
static void test_odd_accesses(void)
{
	static const uint64_t regs[] = {
		REG_CAP, REG_CONFIG, REG_COUNTER, REG_TIMER(0),
		REG_COMPARATOR(0), REG_TIMER(3), REG_FSB(3),
	};
	static const struct {
		int width, offset;
	} odd[] = {
		{ 1, 0 }, { 1, 1 }, { 1, 3 }, { 1, 7 }, { 2, 0 }, { 2, 2 },
		{ 2, 3 }, { 2, 6 }, { 4, 1 }, { 4, 2 }, { 4, 3 }, { 8, 1 },
		{ 8, 2 }, { 8, 4 }, { 8, 7 },
	};
	struct kvm_hpet_state before, after;
	size_t i, j;

	write64(REG_COUNTER, 0x0123456789abcdefULL);
	before = state_get(m);
	for (j = 0; j < ARRAY_SIZE(odd); j++) {
		uint64_t sum = 0;

		for (i = 0; i < ARRAY_SIZE(regs); i++) {
			sum |= guest_read(m, regs[i] + odd[j].offset,
					  odd[j].width);
			guest_write(m, regs[i] + odd[j].offset, odd[j].width,
				    ~0ULL);
		}
		ok_eq(sum, 0, "%d byte(s) at offset %d: read 0", odd[j].width,
		      odd[j].offset);
		after = state_get(m);
		ok(!memcmp(&before, &after, sizeof(after)),
		   "%d byte(s) at offset %d: writes are ignored", odd[j].width,
		   odd[j].offset);
	}
	write64(REG_COUNTER, 0);
}

static void test_holes(void)
{
	static const uint64_t holes[] = { 0x008, 0x018, 0x028, 0x0e8, 0x0f8,
					  0x118, 0x178 };
	struct kvm_hpet_state before = state_get(m), after;
	uint64_t reg, sum = 0;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(holes); i++) {
		write64(holes[i], ~0ULL);
		ok_eq(read64(holes[i]), 0, "%#lx is reserved: reads 0", holes[i]);
	}
	for (reg = REG_TIMER(NUM_TIMERS); reg < 0x400; reg += 8) {
		write64(reg, ~0ULL);
		sum |= read64(reg);
	}
	ok_eq(sum, 0, "timers that are not there read 0 up to the block's end");
	after = state_get(m);
	ok(!memcmp(&before, &after, sizeof(after)),
	   "writes to where nothing is do nothing");
}

static void test_counter(void)
{
	uint64_t a, b;

	write64(REG_COUNTER, 0x0123456789abcdefULL);
	ok_eq(read64(REG_COUNTER), 0x0123456789abcdefULL, "counter: 64 bits");
	ok_eq(read32(REG_COUNTER), 0x89abcdef, "counter: low half");
	ok_eq(read32(REG_COUNTER + 4), 0x01234567, "counter: high half");
	write32(REG_COUNTER, 0x11111111);
	ok_eq(read64(REG_COUNTER), 0x0123456711111111ULL,
	      "counter: low half written");
	write32(REG_COUNTER + 4, 0x7);
	ok_eq(read64(REG_COUNTER), 0x711111111ULL, "counter: high half written");

	write32(REG_CONFIG, CONFIG_ENABLE);
	ok_eq(read32(REG_CONFIG), CONFIG_ENABLE, "enabled");
	a = read64(REG_COUNTER);
	ok_in(a, 0x711111111ULL, 0x720000000ULL, "runs on from what was written");
	write64(REG_COUNTER, 1ULL << 60);
	b = read64(REG_COUNTER);
	ok_in(b, a, 0x720000000ULL, "a write to a running counter does nothing");
	write32(REG_COUNTER + 4, 1U << 28);
	a = read64(REG_COUNTER);
	ok_in(a, b, 0x720000000ULL, "nor does one to a half of it");
	write32(REG_CONFIG, 0);
	b = read64(REG_COUNTER);
	ok_in(b, a, 0x720000000ULL, "nor does it show once it is halted");
	a = read64(REG_COUNTER);
	ok_eq(a, b, "it stands while halted");
	write64(REG_COUNTER, 0);
	ok_eq(read64(REG_COUNTER), 0, "and can be written again");
}

/* Level: the status bit rises with the match, whether enabled or not. */
static void test_status(void)
{
	write64(REG_COUNTER, 0);
	write32(REG_TIMER(0), TIMER_LEVEL | TIMER_ROUTE(16));
	write32(REG_TIMER(1), TIMER_LEVEL | TIMER_ROUTE(17));
	write32(REG_TIMER(2), TIMER_ROUTE(18));
	write64(REG_COMPARATOR(0), 10);
	write64(REG_COMPARATOR(1), 20);
	write64(REG_COMPARATOR(2), 30);
	write32(REG_CONFIG, CONFIG_ENABLE);
	guest_spin(m, OP_SPIN_OFF, MS);
	ok_eq(read64(REG_STATUS), 3,
	      "status: level timers 0 and 1 have matched, edge timer 2 shows nothing");
	write32(REG_STATUS, 0);
	ok_eq(read64(REG_STATUS), 3, "status: writing 0 does nothing");
	write32(REG_STATUS, ~3U);
	ok_eq(read64(REG_STATUS), 3, "status: writing other bits does nothing");
	write32(REG_STATUS + 4, ~0U);
	ok_eq(read64(REG_STATUS), 3, "status: nor does the high half");
	guest_write(m, REG_STATUS, 1, 3);
	ok_eq(read64(REG_STATUS), 3, "status: nor does a single byte");
	write32(REG_STATUS, 1);
	ok_eq(read64(REG_STATUS), 2, "status: 1 clears its bit, and no other");
	write64(REG_STATUS, 2);
	ok_eq(read64(REG_STATUS), 0, "status: 64 bits");
	write32(REG_CONFIG, 0);
	write32(REG_TIMER(0), 0);
	write32(REG_TIMER(1), 0);
	write32(REG_TIMER(2), 0);
}

static void test_statistics(void)
{
	struct kvm_hpet_stats a = { .size = sizeof(a) }, b = a;

	stats_get_fd(m->hpet, &a);
	read64(REG_CAP);
	read32(REG_COUNTER);
	guest_read(m, REG_COUNTER + 1, 1);
	write32(REG_STATUS, 0);
	write64(REG_COUNTER, 0);
	stats_get_fd(m->hpet, &b);
	ok_eq(b.mmio_reads - a.mmio_reads, 3, "statistics: three reads");
	ok_eq(b.mmio_writes - a.mmio_writes, 2, "statistics: two writes");
	ok_eq(b.mmio_exits, 0, "statistics: no exit");
	ok_eq(m->exits, 0, "no access came out to the VMM");
}

int main(void)
{
	plan_test("registers as the guest sees them");
	m = machine_with_block();
	test_capabilities();
	test_masks();
	test_comparators();
	test_odd_accesses();
	test_holes();
	test_counter();
	test_status();
	test_statistics();
	machine_free(m);
	done();
}
