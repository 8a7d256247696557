// SPDX-License-Identifier: GPL-2.0
/*
 * Tick sources: when ticks fall due, what is owed across stop, start and another
 * period, and who may acknowledge. The policies themselves are lost_ticks_test's.
 */
#include "core_test.h"
#include "hpet_state.h"

#define MIN_NS	100000ULL
#define GSI	8

/* A source, its host timer and a guest that may look away. */
struct rig {
	struct tick_source s;
	u64 now;
	u64 blind_until;	/* the guest takes nothing before */
	bool by_vmm;		/* it is the device that reports */
	bool pending;		/* interrupted, not acknowledged */
	u64 seen;
};

static struct lost_ticks *ticks(struct rig *r)
{
	return &r->s.t.ticks[0];
}

static void ok_law(struct rig *r)
{
	const struct lost_ticks_count *c = &ticks(r)->count;

	assert_int_equal(c->due, c->delivered + c->masked + c->discarded +
			 ticks(r)->backlog);
}

static void rig_init(struct rig *r, u32 flags, u32 policy)
{
	const struct kvm_hpet_tick_source_config c = {
		.flags = flags,
		.gsi = flags & KVM_HPET_SOURCE_MSI ? 0 : GSI,
		.msi_address = flags & KVM_HPET_SOURCE_MSI ? 0xfee00000 : 0,
		.msi_data = flags & KVM_HPET_SOURCE_MSI ? 0x41 : 0,
		.ack_eventfd = -1,
	};
	const struct lost_ticks_params p = { policy, 10, 1, 5 * SEC };

	memset(r, 0, sizeof(*r));
	r->now = 7 * SEC + 13;
	r->by_vmm = flags & KVM_HPET_SOURCE_ACK_VMM;
	assert_true(kvm_hpet_source_config_ok(&c));
	kvm_hpet_source_config_apply(&r->s, &c, MIN_NS);
	ticker_set_params(&r->s.t, r->now, 0, &p);
}

static void guest_takes(struct rig *r)
{
	if (!r->pending || r->now < r->blind_until)
		return;
	r->pending = false;
	r->seen++;
	/* Linux ends an edge before it calls the driver. */
	if (r->s.t.gsi[0] >= 0)
		ticker_ack(&r->s.t, r->now, GSI);
	if (r->by_vmm)
		tick_source_ack(&r->s, r->now);
}

static void deliver(struct rig *r)
{
	struct ticker_delivery d;

	ticker_advance(&r->s.t, r->s.t.enabled, r->now);
	while (ticker_take(&r->s.t, r->now, false, &d)) {
		bool merged = r->pending;

		assert_int_equal(d.timer, 0);
		assert_int_equal(d.msi, r->s.t.gsi[0] < 0);
		r->pending = true;
		ticker_result(&r->s.t, &d, merged ? 0 : 1);
		guest_takes(r);
	}
	assert_int_equal(ticker_lines(&r->s.t), 0);
	assert_false(ticker_ready(&r->s.t, r->now, 0));
	ok_law(r);
}

/* Lets time pass; returns how often the host timer fired. */
static u64 run(struct rig *r, u64 ns)
{
	u64 end = r->now + ns, fired = 0;

	deliver(r);
	for (;;) {
		u64 at = ticker_deadline(&r->s.t, 0, r->now);

		if (r->blind_until > r->now && r->blind_until < at)
			at = r->blind_until;
		else
			fired += at <= end;
		if (at > end)
			break;
		r->now = at;
		guest_takes(r);
		deliver(r);
	}
	r->now = end;
	deliver(r);
	return fired;
}

static void start(struct rig *r, u64 period)
{
	const struct kvm_hpet_tick_period p = { .period_ns = period };

	assert_true(kvm_hpet_source_period_ok(&p, r->now));
	kvm_hpet_source_start(&r->s, r->now, &p);
}

static void every_period_a_tick(void **state)
{
	static const u32 flags[] = {
		0, KVM_HPET_SOURCE_ACK_VMM, KVM_HPET_SOURCE_MSI, KVM_HPET_SOURCE_ALL,
	};
	unsigned int i, policy;
	struct rig r;

	for (i = 0; i < ARRAY_SIZE(flags); i++)
		for (policy = 0; policy <= LOST_TICKS_SLEW; policy++) {
			rig_init(&r, flags[i], policy);
			assert_int_equal(run(&r, SEC), 0);
			start(&r, 3 * MS);
			assert_int_equal(run(&r, 300 * MS), 100);
			assert_int_equal(r.seen, 100);
			assert_int_equal(ticks(&r)->count.coalesced, 0);
		}
}

/* The first tick at the phase, or at the next whole number of periods from it. */
static void phase(void **state)
{
	static const struct {
		u64 phase;
		u64 period;
		u64 first;
	} cases[] = {
		{ 1001, 10, 1001 }, { 5000, 10, 5000 }, { 1000, 10, 1010 },
		{ 999, 10, 1009 }, { 0, 7, 1001 }, { 0, 10, 1010 }, { 1000, 1, 1001 },
	};
	unsigned int i;
	struct rig r;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		rig_init(&r, 0, LOST_TICKS_DISCARD);
		tick_source_start(&r.s, 1000, cases[i].period * 1000000,
				  cases[i].phase);
		assert_int_equal(r.s.t.due_ns[0], cases[i].first);
	}
}

/* 1,024 Hz is no whole number of ns; after years it is still 1,024 a second. */
static void nothing_drifts(void **state)
{
	struct rig r;
	u64 begin;

	rig_init(&r, 0, LOST_TICKS_DISCARD);
	begin = r.now;
	tick_source_start(&r.s, r.now, 976562500000ULL, r.now);
	assert_int_equal(r.s.t.due_ns[0], begin + 976563);
	assert_int_equal(r.s.early_fs, 500000);
	run(&r, SEC);
	assert_int_equal(ticks(&r)->count.due, 1024);
	assert_int_equal(r.s.t.due_ns[0], begin + SEC + 976563);
	r.now = begin + 10 * YEAR - 1;
	deliver(&r);
	assert_int_equal(ticks(&r)->count.due, 10 * (YEAR / SEC) * 1024 - 1);
	run(&r, 1);
	assert_int_equal(ticks(&r)->count.due, 10 * (YEAR / SEC) * 1024);
	assert_int_equal(r.s.early_fs, 500000);
}

static void phase_is_kept(void **state)
{
	struct kvm_hpet_tick_period p = {
		.flags = KVM_HPET_PERIOD_PHASE,
		.period_ns = MS,
		.phase_ns = 123456,
	};
	struct rig r;

	rig_init(&r, 0, LOST_TICKS_SLEW);
	assert_true(kvm_hpet_source_period_ok(&p, r.now));
	kvm_hpet_source_start(&r.s, r.now, &p);
	assert_int_equal(r.s.t.due_ns[0] % MS, 123456);
	run(&r, 10 * MS);
	assert_int_equal(r.seen, 10);
	assert_int_equal(r.s.t.due_ns[0] % MS, 123456);
}

static void lost(struct rig *r, u32 flags, u32 policy, u64 k)
{
	rig_init(r, flags, policy);
	start(r, MS);
	run(r, MS / 2);
	r->blind_until = r->now + k * MS + 1;
	run(r, k * MS);
	assert_int_equal(ticks(r)->count.due, k);
}

static void lost_ticks_come_back(void **state)
{
	struct rig r;
	u32 flags;

	for (flags = 0; flags <= KVM_HPET_SOURCE_ACK_VMM;
	     flags += KVM_HPET_SOURCE_ACK_VMM) {
		lost(&r, flags, LOST_TICKS_SLEW, 50);
		run(&r, 100 * MS);
		assert_int_equal(r.seen, 150);
		assert_int_equal(ticks(&r)->count.coalesced, 49);

		lost(&r, flags, LOST_TICKS_DISCARD, 50);
		run(&r, 100 * MS);
		assert_int_equal(r.seen, 101);
		assert_int_equal(ticks(&r)->count.discarded, 49);

		lost(&r, flags, LOST_TICKS_MERGE, 50);
		run(&r, 100 * MS);
		assert_int_equal(r.seen, 102);

		lost(&r, flags, LOST_TICKS_DELAY, 50);
		run(&r, 100 * MS);
		assert_in_range(r.seen, 101, 102);
		assert_int_equal(ticks(&r)->backlog + r.seen, 150);
	}
}

/* With the device's own word no end of interrupt counts, and none is missed. */
static void only_the_device_acknowledges(void **state)
{
	struct rig r;

	lost(&r, KVM_HPET_SOURCE_ACK_VMM, LOST_TICKS_SLEW, 5);
	r.blind_until = r.now + 3600 * SEC;
	run(&r, 100 * SEC);
	assert_true(ticks(&r)->in_flight);
	assert_int_equal(ticks(&r)->count.retries, 0);
	ticker_ack(&r.s.t, r.now, GSI);
	ticker_unmasked(&r.s.t, r.now, GSI);
	assert_true(ticks(&r)->in_flight);
	assert_true(tick_source_ack(&r.s, r.now));
	assert_false(ticks(&r)->in_flight);
	assert_false(tick_source_ack(&r.s, r.now));
	ok_law(&r);
}

/* Of 10 ticks the guest has taken none when it asks for the flag of the first. */
static void asked_early(struct rig *r, u32 flags)
{
	rig_init(r, flags | KVM_HPET_SOURCE_ACK_VMM, LOST_TICKS_SLEW);
	start(r, 4 * MS);
	r->blind_until = r->now + 3600 * SEC;
	run(r, 40 * MS);
	assert_true(r->pending);
	assert_int_equal(ticks(r)->backlog, 9);
	assert_true(tick_source_ack(&r->s, r->now));
	deliver(r);
	assert_int_equal(ticks(r)->backlog, 9);
}

static void guest_looks(struct rig *r)
{
	r->blind_until = 0;
	guest_takes(r);
	run(r, 400 * MS);
	assert_int_equal(r->seen, ticks(r)->count.due);
	assert_int_equal(ticks(r)->count.coalesced, 9);
}

/* The next one must not merge with it, however long it takes the guest. */
static void an_acknowledgment_before_the_interrupt(void **state)
{
	struct rig r;

	asked_early(&r, 0);
	assert_false(tick_source_ack(&r.s, r.now));
	run(&r, SEC - MS);
	assert_int_equal(ticks(&r)->backlog, 9 + 249);
	/* It was the guest that let them wait: the host was in time for each. */
	assert_int_equal(ticks(&r)->count.coalesced, 9 + 249);
	assert_int_equal(ticks(&r)->count.late, 0);
	r.blind_until = 0;
	guest_takes(&r);
	run(&r, 2 * SEC);
	assert_int_equal(r.seen, ticks(&r)->count.due);
	assert_int_equal(ticks(&r)->count.delivered, ticks(&r)->count.due);

	asked_early(&r, 0);
	guest_looks(&r);
	/* No longer than that: there are ends that nobody sees. */
	asked_early(&r, 0);
	run(&r, SEC - 1);
	assert_int_equal(ticks(&r)->count.delivered, 1);
	assert_int_equal(ticks(&r)->count.coalesced, 9 + 249);
	run(&r, 1);
	assert_int_equal(ticks(&r)->count.coalesced, 9 + 250 + 1);
	/* Of one that went out before the line was unmasked, the next interval. */
	asked_early(&r, 0);
	ticker_unmasked(&r.s.t, r.now, GSI);
	assert_int_equal(lost_ticks_next(ticks(&r)), r.now + 4 * MS);
	/* Whether it waits at that moment or is still in flight. */
	lost(&r, KVM_HPET_SOURCE_ACK_VMM, LOST_TICKS_SLEW, 5);
	ticker_unmasked(&r.s.t, r.now, GSI);
	assert_true(lost_ticks_next(ticks(&r)) == HPET_NEVER);
	assert_true(tick_source_ack(&r.s, r.now));
	assert_int_equal(lost_ticks_next(ticks(&r)), r.now + MS);
	/* A pause is no time. */
	asked_early(&r, 0);
	ticker_pause(&r.s.t, r.now, true);
	ticker_pause(&r.s.t, r.now + SEC, false);
	assert_int_equal(lost_ticks_next(ticks(&r)), r.now + 2 * SEC);
}

/* With a message no end is seen: a little time has to do. */
static void an_acknowledgment_before_the_message(void **state)
{
	struct rig r;

	asked_early(&r, KVM_HPET_SOURCE_MSI);
	assert_int_equal(ticker_deadline(&r.s.t, 0, r.now), r.now + MIN_NS / 4);
	r.now += MIN_NS / 8;
	assert_false(tick_source_ack(&r.s, r.now));
	guest_looks(&r);
	/* At the highest rates there is less time. */
	start(&r, 40000);
	r.blind_until = r.now + 3 * MS;
	run(&r, 2 * MS + 5000);
	assert_true(tick_source_ack(&r.s, r.now));
	assert_int_equal(ticker_deadline(&r.s.t, 0, r.now), r.now + 10000);
}

/* An interrupt that is not there has no end, nor has one of a policy that owes nothing. */
static void nothing_to_end(void **state)
{
	struct ticker_delivery d;
	struct rig r;

	lost(&r, KVM_HPET_SOURCE_ACK_VMM, LOST_TICKS_DISCARD, 5);
	assert_false(ticks(&r)->ending);
	asked_early(&r, 0);
	ticks(&r)->params.policy = LOST_TICKS_DISCARD;
	ticker_set_params(&r.s.t, r.now, 0, &ticks(&r)->params);
	assert_false(ticks(&r)->ending);
	asked_early(&r, 0);
	lost_ticks_reset(ticks(&r));
	assert_false(ticks(&r)->ending);
	/* Masked: what was told to KVM did not reach the guest. */
	rig_init(&r, KVM_HPET_SOURCE_ACK_VMM, LOST_TICKS_SLEW);
	start(&r, MS);
	r.now += MS;
	ticker_advance(&r.s.t, 1, r.now);
	assert_true(ticker_take(&r.s.t, r.now, false, &d));
	assert_true(ticks(&r)->ending);
	ticker_result(&r.s.t, &d, -1);
	assert_false(ticks(&r)->ending);
}

static void an_end_goes_over(void **state)
{
	struct kvm_hpet_tick_source_state s;
	struct rig a, b;

	asked_early(&a, 0);
	kvm_hpet_source_save(&a.s, a.now, &s);
	assert_int_equal(s.ticks.retry_in_ns, SEC);
	rig_init(&b, KVM_HPET_SOURCE_ACK_VMM, LOST_TICKS_SLEW);
	kvm_hpet_source_load(&b.s, b.now, &s);
	assert_int_equal(lost_ticks_next(ticks(&b)), b.now + SEC);
	/* Nobody stands still because of what a state says. */
	s.ticks.retry_in_ns = KVM_HPET_NEVER;
	kvm_hpet_source_load(&b.s, b.now, &s);
	assert_int_equal(lost_ticks_next(ticks(&b)), b.now + SEC);
	/* To a source that knows no such thing it says nothing. */
	rig_init(&b, 0, LOST_TICKS_SLEW);
	kvm_hpet_source_load(&b.s, b.now, &s);
	assert_false(ticks(&b)->ending);
	/* In flight, and the line was unmasked meanwhile. */
	lost(&a, KVM_HPET_SOURCE_ACK_VMM, LOST_TICKS_SLEW, 10);
	ticker_unmasked(&a.s.t, a.now, GSI);
	kvm_hpet_source_save(&a.s, a.now, &s);
	assert_int_equal(s.ticks.retry_in_ns, MS);
	rig_init(&b, KVM_HPET_SOURCE_ACK_VMM, LOST_TICKS_SLEW);
	kvm_hpet_source_load(&b.s, b.now, &s);
	assert_true(tick_source_ack(&b.s, b.now));
	assert_int_equal(lost_ticks_next(ticks(&b)), b.now + MS);
}

static void period_changes(void **state)
{
	struct rig r;

	lost(&r, 0, LOST_TICKS_SLEW, 41);
	/* One in flight, 40 waiting: 40 ms are 10 of 4 ms. */
	assert_int_equal(ticks(&r)->backlog, 40);
	start(&r, 4 * MS);
	assert_int_equal(ticks(&r)->backlog, 10);
	r.blind_until = 0;
	guest_takes(&r);
	run(&r, 400 * MS);
	assert_int_equal(ticks(&r)->backlog, 0);
	assert_int_equal(r.seen, 1 + 10 + 100);
	start(&r, MS / 2);
	run(&r, 10 * MS);
	assert_int_equal(r.seen, 111 + 20);
}

static void stopped_and_started(void **state)
{
	struct rig r;

	lost(&r, 0, LOST_TICKS_SLEW, 21);
	tick_source_stop(&r.s, r.now);
	r.blind_until = 0;
	guest_takes(&r);
	assert_int_equal(run(&r, SEC), 0);
	assert_int_equal(r.seen, 1);
	assert_int_equal(ticks(&r)->backlog, 20);
	start(&r, MS);
	run(&r, 100 * MS);
	assert_int_equal(r.seen, 121);

	lost(&r, 0, LOST_TICKS_DISCARD, 21);
	tick_source_stop(&r.s, r.now);
	assert_int_equal(ticks(&r)->backlog, 0);
	r.blind_until = 0;
	guest_takes(&r);
	run(&r, SEC);
	assert_int_equal(r.seen, 1);

	/* One that has just fallen due is not on its way yet. */
	rig_init(&r, 0, LOST_TICKS_DISCARD);
	start(&r, MS);
	r.now += MS;
	tick_source_stop(&r.s, r.now);
	assert_int_equal(ticks(&r)->count.due, 1);
	assert_int_equal(ticks(&r)->count.masked, 1);
	assert_int_equal(ticks(&r)->backlog, 0);

	lost(&r, KVM_HPET_SOURCE_ACK_VMM, LOST_TICKS_SLEW, 21);
	ticker_reset(&r.s.t, r.now);
	assert_int_equal(ticks(&r)->backlog, 0);
	assert_false(ticks(&r)->in_flight);
	assert_int_equal(ticks(&r)->count.discarded, 20);
	r.pending = false;
	r.blind_until = 0;
	assert_int_equal(run(&r, SEC), 0);
	start(&r, MS);
	run(&r, 10 * MS);
	assert_int_equal(r.seen, 10);
}

static void paused(void **state)
{
	struct rig r;

	rig_init(&r, 0, LOST_TICKS_SLEW);
	start(&r, 10 * MS);
	run(&r, 14 * MS);
	ticker_pause(&r.s.t, r.now, true);
	assert_int_equal(run(&r, 3600 * SEC), 0);
	assert_int_equal(r.seen, 1);
	ticker_pause(&r.s.t, r.now, false);
	run(&r, 6 * MS - 1);
	assert_int_equal(r.seen, 1);
	run(&r, 1);
	assert_int_equal(r.seen, 2);
	/* A source that stands does not care. */
	tick_source_stop(&r.s, r.now);
	ticker_pause(&r.s.t, r.now, true);
	ticker_pause(&r.s.t, r.now + SEC, false);
	assert_int_equal(run(&r, SEC), 0);
}

/* A wait for an acknowledgment that ends goes on after a pause, not during it. */
static void a_wait_is_paused(void **state)
{
	struct rig r;

	lost(&r, 0, LOST_TICKS_SLEW, 3);
	ticker_unmasked(&r.s.t, r.now, GSI);
	assert_true(ticks(&r)->lapses);
	ticker_pause(&r.s.t, r.now, true);
	r.now += SEC;
	ticker_advance(&r.s.t, 1, r.now);
	assert_true(ticks(&r)->in_flight);
	ticker_pause(&r.s.t, r.now, false);
	ticker_advance(&r.s.t, 1, r.now + MS - 1);
	assert_true(ticks(&r)->in_flight);
	ticker_advance(&r.s.t, 1, r.now + MS);
	assert_false(ticks(&r)->in_flight);
}

/* However short the period, the host timer keeps its distance; nothing is lost. */
static void short_periods(void **state)
{
	struct rig r;

	rig_init(&r, 0, LOST_TICKS_DISCARD);
	start(&r, 1);
	assert_in_range(run(&r, 10 * MS), 99, 101);
	assert_in_range(ticks(&r)->count.due, 10 * MS - MIN_NS, 10 * MS);
}

static void state_goes_over(void **state)
{
	struct kvm_hpet_tick_source_state s, again;
	unsigned int stage;
	struct rig a, b;
	u32 flags;

	for (stage = 0; stage < 10; stage++) {
		flags = stage & 1 ? KVM_HPET_SOURCE_ACK_VMM : 0;
		lost(&a, flags, LOST_TICKS_SLEW, 30 + stage);
		if (stage & 2)
			tick_source_stop(&a.s, a.now);
		if (stage & 4)
			ticker_pause(&a.s.t, a.now, true);
		kvm_hpet_source_save(&a.s, a.now, &s);
		assert_null(kvm_hpet_source_check(&s));
		assert_int_equal(s.due_in_ns, stage & 2 ? KVM_HPET_NEVER : MS / 2);
		rig_init(&b, flags, LOST_TICKS_SLEW);
		if (stage & 4)
			ticker_pause(&b.s.t, b.now, true);
		kvm_hpet_source_load(&b.s, b.now, &s);
		kvm_hpet_source_save(&b.s, b.now, &again);
		assert_memory_equal(&s, &again, sizeof(s));
		if (stage & 4)
			ticker_pause(&b.s.t, b.now, false);
		if (stage & 2)
			start(&b, MS);
		b.pending = true;
		guest_takes(&b);
		run(&b, 100 * MS);
		/* The one in flight, those owed, and those since. */
		assert_int_equal(b.seen, 30 + stage + 100);
	}
}

/* Nothing of the period is lost on the way, nor of the phase. */
static void state_to_the_fs(void **state)
{
	struct kvm_hpet_tick_source_state s;
	struct rig a, b;

	rig_init(&a, 0, LOST_TICKS_SLEW);
	tick_source_start(&a.s, a.now, 976562500000ULL, a.now);
	run(&a, MS / 2);
	kvm_hpet_source_save(&a.s, a.now, &s);
	assert_null(kvm_hpet_source_check(&s));
	assert_int_equal(s.due_in_ns, 476563);
	assert_int_equal(s.early_fs, 500000);
	assert_int_equal(s.ticks.tick_ns, 976562);
	assert_int_equal(s.period_fs, 500000);
	rig_init(&b, 0, LOST_TICKS_SLEW);
	kvm_hpet_source_load(&b.s, b.now, &s);
	assert_int_equal(b.s.period_fs, 976562500000ULL);
	assert_int_equal(b.s.early_fs, 500000);
}

static void state_that_makes_no_sense(void **state)
{
	static const struct {
		size_t at;
		size_t len;
		u64 val;
		const char *bad;
	} cases[] = {
#define FIELD(f) offsetof(struct kvm_hpet_tick_source_state, f), \
		 sizeof(((struct kvm_hpet_tick_source_state *)0)->f)
		{ FIELD(version), KVM_HPET_STATE_VERSION, NULL },
		{ FIELD(version), 2, "version" },
		{ FIELD(due_in_ns), -1ULL, "due_in_ns" },
		{ FIELD(due_in_ns), 0, NULL },
		{ FIELD(due_in_ns), KVM_HPET_MAX_TICK_NS, NULL },
		{ FIELD(due_in_ns), KVM_HPET_MAX_TICK_NS + 1, "due_in_ns" },
		{ FIELD(due_in_ns), KVM_HPET_NEVER, NULL },
		{ FIELD(period_fs), 999999, NULL },
		{ FIELD(period_fs), 1000000, "period_fs" },
		{ FIELD(early_fs), 999999, NULL },
		{ FIELD(early_fs), 1000000, "early_fs" },
		{ FIELD(ticks.config), 8, "ticks: a register" },
		{ FIELD(ticks.comparator), 1, "ticks: a register" },
		{ FIELD(ticks.period), 1, "ticks: a register" },
		{ FIELD(ticks.fsb_route), 1, "ticks: a register" },
		{ FIELD(ticks.start), 1, "ticks: a register" },
		{ FIELD(ticks.tick_ns), 0, "due_in_ns" },
		{ FIELD(ticks.tick_ns), KVM_HPET_MAX_TICK_NS, NULL },
		{ FIELD(ticks.tick_ns), KVM_HPET_MAX_TICK_NS + 1, "ticks.tick_ns" },
		{ FIELD(ticks.backlog), KVM_HPET_MAX_BACKLOG_NS + 1, "timer.backlog" },
		{ FIELD(ticks.fraction_ns), MS, "timer.fraction_ns" },
		{ FIELD(ticks.flags), KVM_HPET_TIMER_MATCHED, "ticks.flags" },
		{ FIELD(ticks.flags), KVM_HPET_TIMER_IN_FLIGHT, NULL },
		{ FIELD(ticks.rate), KVM_HPET_MAX_RATE + 1, "timer.rate" },
	};
	struct kvm_hpet_tick_source_state s;
	unsigned int i;
	struct rig r;

	lost(&r, 0, LOST_TICKS_SLEW, 3);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *bad;

		kvm_hpet_source_save(&r.s, r.now, &s);
		memcpy((char *)&s + cases[i].at, &cases[i].val, cases[i].len);
		bad = kvm_hpet_source_check(&s);
		if (cases[i].bad)
			assert_string_equal(bad, cases[i].bad);
		else
			assert_null(bad);
	}
	kvm_hpet_source_save(&r.s, r.now, &s);
	s.early_fs = 1;
	s.due_in_ns = 0;
	assert_string_equal(kvm_hpet_source_check(&s), "early_fs");
	s.early_fs = 0;
	s.ticks.tick_ns = 0;
	s.due_in_ns = KVM_HPET_NEVER;
	assert_string_equal(kvm_hpet_source_check(&s), "ticks.backlog");
}

static void configs_and_periods(void **state)
{
	struct kvm_hpet_tick_source_config c = { .gsi = 23, .ack_eventfd = -1 };
	struct kvm_hpet_tick_period p = { .period_ns = 1 };

	assert_true(kvm_hpet_source_config_ok(&c));
	c.gsi = 24;
	assert_false(kvm_hpet_source_config_ok(&c));
	c.gsi = 0;
	c.msi_data = 1;
	assert_false(kvm_hpet_source_config_ok(&c));
	c.flags = KVM_HPET_SOURCE_MSI;
	assert_true(kvm_hpet_source_config_ok(&c));
	c.gsi = 1;
	assert_false(kvm_hpet_source_config_ok(&c));
	c.gsi = 0;
	c.ack_eventfd = 3;
	assert_false(kvm_hpet_source_config_ok(&c));
	c.flags |= KVM_HPET_SOURCE_ACK_VMM;
	assert_true(kvm_hpet_source_config_ok(&c));
	c.reserved = 1;
	assert_false(kvm_hpet_source_config_ok(&c));
	c.reserved = 0;
	c.flags |= KVM_HPET_SOURCE_ALL + 1;
	assert_false(kvm_hpet_source_config_ok(&c));
	c.flags = 0;
	c.ack_eventfd = -1;
	c.msi_data = 0;
	c.msi_address = 1;
	assert_false(kvm_hpet_source_config_ok(&c));

	assert_true(kvm_hpet_source_period_ok(&p, SEC));
	p.phase_ns = 1;
	assert_false(kvm_hpet_source_period_ok(&p, SEC));
	p.flags = KVM_HPET_PERIOD_PHASE;
	assert_true(kvm_hpet_source_period_ok(&p, SEC));
	p.phase_ns = SEC + KVM_HPET_MAX_TICK_NS;
	assert_true(kvm_hpet_source_period_ok(&p, SEC));
	p.phase_ns++;
	assert_false(kvm_hpet_source_period_ok(&p, SEC));
	p.phase_ns = 0;
	p.period_ns = KVM_HPET_MAX_TICK_NS;
	assert_true(kvm_hpet_source_period_ok(&p, SEC));
	p.period_ns++;
	assert_false(kvm_hpet_source_period_ok(&p, SEC));
	p.period_ns = 0;
	assert_false(kvm_hpet_source_period_ok(&p, SEC));
	p.period_ns = 1;
	p.period_fs = 999999;
	assert_true(kvm_hpet_source_period_ok(&p, SEC));
	p.period_fs++;
	assert_false(kvm_hpet_source_period_ok(&p, SEC));
	p.period_fs = 0;
	p.reserved = 1;
	assert_false(kvm_hpet_source_period_ok(&p, SEC));
	p.reserved = 0;
	p.flags = KVM_HPET_PERIOD_ALL + 1;
	assert_false(kvm_hpet_source_period_ok(&p, SEC));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_period_a_tick),
		cmocka_unit_test(phase),
		cmocka_unit_test(phase_is_kept),
		cmocka_unit_test(nothing_drifts),
		cmocka_unit_test(lost_ticks_come_back),
		cmocka_unit_test(only_the_device_acknowledges),
		cmocka_unit_test(an_acknowledgment_before_the_interrupt),
		cmocka_unit_test(an_acknowledgment_before_the_message),
		cmocka_unit_test(nothing_to_end),
		cmocka_unit_test(an_end_goes_over),
		cmocka_unit_test(period_changes),
		cmocka_unit_test(stopped_and_started),
		cmocka_unit_test(paused),
		cmocka_unit_test(a_wait_is_paused),
		cmocka_unit_test(short_periods),
		cmocka_unit_test(state_goes_over),
		cmocka_unit_test(state_to_the_fs),
		cmocka_unit_test(state_that_makes_no_sense),
		cmocka_unit_test(configs_and_periods),
	};

	limit_time();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
