// SPDX-License-Identifier: GPL-2.0
/*
 * Histories: the fuzzer's bytes are a configuration and then events, as guest,
 * VMM and host bring them about, in whatever order. The block is driven as
 * mmio.c, timers.c, deliver.c and descriptor.c do. After each event
 *
 * - the counter and all registers are what the reference has;
 * - every match has been seen once and in time, by the reference's count;
 * - due = delivered + masked + discarded + backlog, within the policy's limits;
 * - nothing that somebody waits for can be forgotten: a host timer is armed, or
 *   delivery is under way, or the guest has to move first;
 * - the work done for it stayed within a bound.
 */
#include "fuzz.h"
#include "reference.h"

#define SEC		1000000000ULL
#define MAX_EVENTS	400
/* The clock stays below 2^62 ns. */
#define MAX_NS		(1ULL << 62)
#define MAX_PENDING	4

/* Edges for one event: for each timer, and besides. */
#define WORK_PER_TIMER	300
#define WORK_BASE	150

struct seen {
	u64 heard;
	u64 unheard;
	u64 last_begin;
	bool masked_at_last;
};

/**
 * struct history - one run
 * @b: the block
 * @r: the reference
 * @in: what is to come
 * @now: time, ns
 * @deadline: host timers
 * @lines: lines that are up
 * @pending: taken out, result to come
 * @seen: of each timer: what the block was told
 */
struct history {
	struct hpet_block b;
	struct ref r;
	struct input in;
	u64 now;
	u64 min_interval_ns;
	u64 deadline[HPET_MAX_TIMERS];
	u32 lines;
	struct ticker_delivery pending[MAX_PENDING];
	unsigned int num_pending;
	struct seen seen[HPET_MAX_TIMERS];
};

static struct history h;

/* ---- between block and policy: what falls due is counted here ---- */

static struct seen *seen_by(const struct lost_ticks *lt)
{
	return &h.seen[lt - h.b.t.ticks];
}

void __real_lost_ticks_due(struct lost_ticks *lt, u64 n);
void __wrap_lost_ticks_due(struct lost_ticks *lt, u64 n);
void __real_lost_ticks_masked(struct lost_ticks *lt, u64 n);
void __wrap_lost_ticks_masked(struct lost_ticks *lt, u64 n);
u32 __real_lost_ticks_begin(struct lost_ticks *lt, u64 now);
u32 __wrap_lost_ticks_begin(struct lost_ticks *lt, u64 now);
void __real_lost_ticks_set_period(struct lost_ticks *lt, u64 ns, bool recount);
void __wrap_lost_ticks_set_period(struct lost_ticks *lt, u64 ns, bool recount);

void __wrap_lost_ticks_due(struct lost_ticks *lt, u64 n)
{
	CHECK(n, "no match is no event");
	seen_by(lt)->heard += n;
	seen_by(lt)->masked_at_last = false;
	__real_lost_ticks_due(lt, n);
}

void __wrap_lost_ticks_masked(struct lost_ticks *lt, u64 n)
{
	seen_by(lt)->unheard += n;
	__real_lost_ticks_masked(lt, n);
}

u32 __wrap_lost_ticks_begin(struct lost_ticks *lt, u64 now)
{
	CHECK(lost_ticks_next(lt) <= now, "a tick begun before its time");
	CHECK(lt->backlog || lt->in_flight, "a tick begun that nobody owes");
	CHECK(!lt->in_flight || lt->retry_at <= now, "a tick repeated too soon");
	return __real_lost_ticks_begin(lt, now);
}

static u64 waiting(const struct lost_ticks *lt)
{
	return lt->backlog - (lt->injecting && !lt->repeating);
}

static bool keeps_time(const struct lost_ticks *lt)
{
	return lt->period_ns && (lt->params.policy == LOST_TICKS_DELAY ||
				 lt->params.policy == LOST_TICKS_SLEW);
}

/* A new period neither invents guest time nor loses any, within the limit. */
void __wrap_lost_ticks_set_period(struct lost_ticks *lt, u64 ns, bool recount)
{
	u64 from = lt->period_ns, n = waiting(lt);
	u128 owed = (u128)n * from + lt->fraction_ns, now;

	__real_lost_ticks_set_period(lt, ns, recount);
	now = (u128)waiting(lt) * ns + lt->fraction_ns;
	CHECK(!lt->fraction_ns || lt->fraction_ns < ns, "a fraction is a tick");
	if (!from || !recount || from == ns || !keeps_time(lt))
		return;
	CHECK(lt->backlog >= lt->params.max_backlog_ns / ns ? now <= owed : now == owed,
	      "%llu ticks of %llu ns became %llu of %llu",
	      (unsigned long long)n, (unsigned long long)from,
	      (unsigned long long)waiting(lt), (unsigned long long)ns);
}

/* ---- what must hold ---- */

static void check_registers(unsigned int n)
{
	u32 reg;

	for (reg = HPET_REG_TIMER(n); reg < HPET_REG_TIMER(n + 1); reg += 8)
		CHECK(hpet_model_read(&h.b.m, h.now, reg, 8) == ref_read(&h.r, reg, 8),
		      "register %#x reads %#llx, by the reference %#llx", reg,
		      (unsigned long long)hpet_model_read(&h.b.m, h.now, reg, 8),
		      (unsigned long long)ref_read(&h.r, reg, 8));
}

static void check_matches(unsigned int n)
{
	const struct ref_timer *t = &h.r.timer[n];
	const struct seen *s = &h.seen[n];

	CHECK(s->heard == t->heard && s->unheard == t->unheard,
	      "timer %u matched %llu times heard, %llu unheard, by the reference %llu, %llu",
	      n, (unsigned long long)s->heard, (unsigned long long)s->unheard,
	      (unsigned long long)t->heard, (unsigned long long)t->unheard);
	CHECK(h.b.t.due_ns[n] == hpet_timer_ns(&h.b.m, n),
	      "timer %u: due at %llu", n,
	      (unsigned long long)h.b.t.due_ns[n]);
	CHECK(hpet_timer_audible(&h.b.m, n) == ref_audible(&h.r, n),
	      "timer %u audible", n);
}

static u64 most_owed(const struct lost_ticks *lt)
{
	if (!lt->period_ns || lt->params.policy == LOST_TICKS_DISCARD ||
	    lt->params.policy == LOST_TICKS_MERGE)
		return 2;
	return max_t(u64, 1, lt->params.max_backlog_ns / lt->period_ns);
}

static void check_ticks(unsigned int n)
{
	const struct lost_ticks *lt = &h.b.t.ticks[n];
	const struct lost_ticks_count *c = &lt->count;

	CHECK(c->due == c->delivered + c->masked + c->discarded + lt->backlog,
	      "timer %u: %llu due, %llu delivered, %llu masked, %llu discarded, %llu owed",
	      n, (unsigned long long)c->due, (unsigned long long)c->delivered,
	      (unsigned long long)c->masked, (unsigned long long)c->discarded,
	      (unsigned long long)lt->backlog);
	CHECK(c->delivered <= c->due, "timer %u: more delivered than due", n);
	CHECK(lt->rate <= lt->params.max_rate, "timer %u: rate %u", n, lt->rate);
	CHECK(!lt->rate || lt->params.policy == LOST_TICKS_SLEW,
	      "timer %u: a rate without slew", n);
	CHECK(lt->backlog <= most_owed(lt), "timer %u: %llu owed, at most %llu", n,
	      (unsigned long long)lt->backlog, (unsigned long long)most_owed(lt));
	CHECK(!lt->in_flight || lt->ack_mode != LOST_TICKS_ACK_NONE,
	      "timer %u: waits for what can't come", n);
	CHECK(!lt->in_flight || lt->ack_mode == LOST_TICKS_ACK_LEVEL ||
	      (lt->period_ns && lt->params.policy != LOST_TICKS_DISCARD),
	      "timer %u: waits though it discards", n);
}

static bool being_delivered(unsigned int n)
{
	unsigned int i;

	for (i = 0; i < h.num_pending; i++)
		if (h.pending[i].timer == n && h.pending[i].seq == h.b.t.ticks[n].seq)
			return true;
	return false;
}

/* The guest has to move: its line is up, or would be had it not masked it. */
static bool guest_owes(unsigned int n)
{
	return h.b.t.ticks[n].ack_mode == LOST_TICKS_ACK_LEVEL &&
		(h.b.m.status & BIT_ULL(n));
}

/* While a tick waits something is to come of it. */
static void check_wait(unsigned int n)
{
	const struct lost_ticks *lt = &h.b.t.ticks[n];

	if (lt->injecting)
		CHECK(being_delivered(n), "timer %u: no result will come", n);
	else if (lt->ack_mode == LOST_TICKS_ACK_LEVEL)
		CHECK(guest_owes(n), "timer %u: waits for a line that is not up", n);
	else
		CHECK(h.deadline[n] <= h.now + 16 * SEC || lt->retry_at <= h.now,
		      "timer %u: waits for an acknowledgment for ever", n);
}

/* A match of a timer that is heard, and waits for nothing, is looked at in time. */
static void check_match_armed(unsigned int n)
{
	const struct lost_ticks *lt = &h.b.t.ticks[n];
	u128 latest;

	if (lost_ticks_next(lt) <= h.now || !ref_match_ns(&h.r, n, &latest))
		return;
	if (latest >= MAX_NS)
		return;
	CHECK(latest > h.now, "timer %u: the reference is late", n);
	if (lt->period_ns && lt->period_ns < h.min_interval_ns &&
	    latest < h.now + h.min_interval_ns)
		latest = h.now + h.min_interval_ns;
	CHECK(h.deadline[n] <= latest, "timer %u: matches at %llu, looked at at %llu", n,
	      (unsigned long long)latest, (unsigned long long)h.deadline[n]);
}

static void check_no_stall(unsigned int n)
{
	const struct lost_ticks *lt = &h.b.t.ticks[n];

	CHECK(h.deadline[n] > h.now, "timer %u: deadline %llu at %llu", n,
	      (unsigned long long)h.deadline[n], (unsigned long long)h.now);
	if (!ref_audible(&h.r, n)) {
		CHECK(h.deadline[n] == HPET_NEVER, "timer %u: armed for nobody", n);
		return;
	}
	if (lost_ticks_waits(lt)) {
		check_wait(n);
		return;
	}
	check_match_armed(n);
	if (!lt->backlog)
		return;
	CHECK(lt->not_before != HPET_NEVER || h.seen[n].masked_at_last,
	      "timer %u: owed ticks and no time for them", n);
	CHECK(lt->not_before <= h.now || h.deadline[n] <= lt->not_before,
	      "timer %u: owed ticks and no host timer", n);
}

/* As in timers.c; the worker runs if anything is ready. */
static bool sync_timers(void)
{
	unsigned int n;

	for (n = 0; n < h.r.num_timers; n++)
		h.deadline[n] = ticker_deadline(&h.b.t, n, h.now);
	return ticker_ready(&h.b.t, h.now, h.lines);
}

static void check_ready(bool ready)
{
	unsigned int n;

	for (n = 0; n < h.r.num_timers; n++)
		CHECK(ready || !ref_audible(&h.r, n) ||
		      lost_ticks_next(&h.b.t.ticks[n]) > h.now,
		      "timer %u could be injected and nobody does", n);
}

static void check_all(u64 work)
{
	unsigned int n;

	CHECK(hpet_counter(&h.b.m, h.now) == ref_counter(&h.r),
	      "the counter is %#llx, by the reference %#llx",
	      (unsigned long long)hpet_counter(&h.b.m, h.now),
	      (unsigned long long)ref_counter(&h.r));
	CHECK(work <= WORK_BASE + WORK_PER_TIMER * h.r.num_timers,
	      "%llu edges for one event", (unsigned long long)work);
	check_ready(sync_timers());
	for (n = 0; n < h.r.num_timers; n++) {
		check_registers(n);
		check_matches(n);
		check_ticks(n);
		check_no_stall(n);
		CHECK(!(h.b.m.status & BIT_ULL(n)) || (h.b.m.timer[n].config & HPET_TN_LEVEL),
		      "timer %u: edge-triggered, and a status bit", n);
	}
	CHECK(!(ticker_lines(&h.b.t) >> HPET_NUM_GSIS), "a line that there isn't");
}

/* ---- events ---- */

static u32 some_register(void)
{
	u8 form = input_u8(&h.in);
	u32 n = (form >> 3) % (h.r.num_timers + 1);

	if (form & 4)
		return (form >> 3 & 31) * 8;
	return HPET_REG_TIMER(n) + (form & 3) * 8;
}

static void write_register(u32 offset, unsigned int len, u64 val)
{
	LOG("%llu: write%u %#x = %#llx\n", (unsigned long long)h.now, len * 8, offset,
	    (unsigned long long)val);
	ref_advance(&h.r, h.now);
	ref_write(&h.r, offset, len, val);
	hpet_block_write(&h.b, h.now, offset, len, val);
}

static void write_some(void)
{
	u32 offset = some_register();

	write_register(offset, 8, input_u64(&h.in));
}

static void write_half(void)
{
	u32 offset = some_register() + (input_u8(&h.in) & 1) * 4;

	write_register(offset, 4, (u32)input_u64(&h.in));
}

static void read_some(void)
{
	u32 offset = some_register() + (input_u8(&h.in) & 1) * 4;
	u64 val;

	ref_advance(&h.r, h.now);
	val = hpet_block_read(&h.b, h.now, offset, 4);
	if ((offset & ~7U) != HPET_REG_STATUS)
		CHECK(val == ref_read(&h.r, offset, 4), "read of %#x", offset);
}

static void odd_access(void)
{
	u32 offset = input_u32(&h.in);
	u8 form = input_u8(&h.in);
	unsigned int len = form % 9;
	u64 val;

	if (len == 4)
		offset |= 1;
	LOG("%llu: odd access %#x %u\n", (unsigned long long)h.now, offset, len);
	ref_advance(&h.r, h.now);
	val = hpet_block_read(&h.b, h.now, offset, len);
	if ((offset & ~7U) != HPET_REG_STATUS)
		CHECK(val == ref_read(&h.r, offset, len), "odd read");
	if (form & 0x80) {
		ref_write(&h.r, offset, len, ~val);
		hpet_block_write(&h.b, h.now, offset, len, ~val);
	}
}

/* What guests do: a comparator some way ahead of, or behind, the counter. */
static void arm_near(void)
{
	u8 form = input_u8(&h.in);
	u32 reg = HPET_REG_TIMER(form % h.r.num_timers);
	u64 ahead = input_u64(&h.in);
	u64 config;

	ref_advance(&h.r, h.now);
	config = ref_read(&h.r, reg, 8);
	if (form & 0x20) {
		config |= HPET_TN_ENABLE | (form & 0x40 ? HPET_TN_PERIODIC | HPET_TN_VAL_SET : 0);
		write_register(reg, 4, config);
	}
	write_register(reg + HPET_TIMER_COMPARATOR, 8, ref_counter(&h.r) + ahead);
	if (form & 0x80)
		write_register(reg + HPET_TIMER_COMPARATOR, 8, input_u64(&h.in));
}

static void set_running(void)
{
	write_register(HPET_REG_CONFIG, 4, input_u8(&h.in) & 3);
}

/* Time passes; the host timers don't fire. */
static void pass(u64 ns)
{
	h.now += min_t(u64, ns, MAX_NS - h.now);
	LOG("%llu\n", (unsigned long long)h.now);
}

static void pass_some(void)
{
	pass(input_u64(&h.in));
}

static void pass_little(void)
{
	pass(input_u8(&h.in) * 10000ULL);
}

/* Up to the ns of a match, or just before or after it. */
static void pass_to_match(void)
{
	u8 form = input_u8(&h.in);
	u128 ns;

	ref_advance(&h.r, h.now);
	if (!ref_match_ns(&h.r, form % h.r.num_timers, &ns) || ns >= MAX_NS)
		return;
	ns += (form >> 6 & 3);
	pass(ns - 1 - h.now);
}

static void advance(void)
{
	ref_advance(&h.r, h.now);
	ticker_advance(&h.b.t, ticker_all(&h.b.t), h.now);
}

static void give_result(unsigned int i, int result)
{
	struct ticker_delivery d = h.pending[i];

	LOG("%llu: result of timer %u: %d\n", (unsigned long long)h.now, d.timer, result);
	h.pending[i] = h.pending[--h.num_pending];
	if (h.b.t.ticks[d.timer].seq == d.seq && result < 0)
		h.seen[d.timer].masked_at_last = true;
	ticker_result(&h.b.t, &d, result);
}

static bool take(bool msi_only)
{
	struct ticker_delivery *d = &h.pending[h.num_pending];

	if (h.num_pending == MAX_PENDING)
		return false;
	if (!ticker_take(&h.b.t, h.now, msi_only, d))
		return false;
	LOG("%llu: take timer %u fsb %d\n", (unsigned long long)h.now, d->timer, d->msi);
	CHECK(d->timer < h.r.num_timers, "a timer that there isn't");
	CHECK(ref_audible(&h.r, d->timer), "timer %u is not to be heard", d->timer);
	CHECK(d->gsi < HPET_NUM_GSIS, "GSI %u", d->gsi);
	h.num_pending++;
	return true;
}

static void apply_lines(void)
{
	h.lines = ticker_lines(&h.b.t);
	h.b.t.dropped = 0;
}

/* As deliver.c does, with one result for all. */
static void deliver_all(void)
{
	int result = (int)(input_u8(&h.in) % 3) - 1;
	unsigned int budget = 2 * HPET_MAX_TIMERS;
	unsigned int kept = h.num_pending;

	advance();
	while (budget-- && take(false))
		give_result(h.num_pending - 1, result);
	apply_lines();
	if (kept < MAX_PENDING && budget + 1)
		CHECK(!ticker_ready(&h.b.t, h.now, h.lines), "ready, and nothing to take");
}

static void take_one(void)
{
	advance();
	take(input_u8(&h.in) & 1);
	apply_lines();
}

static void result_of_one(void)
{
	u8 form = input_u8(&h.in);

	if (h.num_pending)
		give_result(form % h.num_pending, (int)(form / MAX_PENDING % 3) - 1);
}

/* The next host timer fires, perhaps late. */
static void fire(void)
{
	u64 at = HPET_NEVER, late = input_u8(&h.in);
	unsigned int n;

	for (n = 0; n < h.r.num_timers; n++)
		at = min_t(u64, at, h.deadline[n]);
	if (at >= MAX_NS)
		return;
	pass(at > h.now ? at - h.now : 0);
	pass(late & 0x80 ? (late & 0x7f) * 100000ULL : 0);
	advance();
	n = h.r.num_timers;
	while (n-- && take(true))
		give_result(h.num_pending - 1, 1);
}

static void acked(void)
{
	u32 gsi = input_below(&h.in, HPET_NUM_GSIS);

	ref_advance(&h.r, h.now);
	ticker_ack(&h.b.t, h.now, gsi);
}

/* Whoever took the last one in acknowledges it. */
static void acked_by(void)
{
	int gsi = hpet_timer_gsi(&h.b.m, input_below(&h.in, h.r.num_timers));

	ref_advance(&h.r, h.now);
	if (gsi >= 0)
		ticker_ack(&h.b.t, h.now, gsi);
}

static void unmasked(void)
{
	ref_advance(&h.r, h.now);
	ticker_unmasked(&h.b.t, h.now, input_below(&h.in, HPET_NUM_GSIS));
}

static void clear_status(void)
{
	write_register(HPET_REG_STATUS, 4, ~0U);
	apply_lines();
}

static void pause(void)
{
	bool paused = !h.r.paused;

	LOG("%llu: paused %d\n", (unsigned long long)h.now, paused);
	ref_advance(&h.r, h.now);
	ref_pause(&h.r, paused);
	ticker_pause(&h.b.t, h.now, paused);
}

static void reset(void)
{
	LOG("%llu: reset\n", (unsigned long long)h.now);
	ref_advance(&h.r, h.now);
	ref_reset(&h.r);
	ticker_reset(&h.b.t, h.now);
}

static void set_policy(void)
{
	u8 form = input_u8(&h.in);
	unsigned int n = form % h.r.num_timers;
	struct lost_ticks_params p = {
		.policy = input_u8(&h.in) & 3,
		.max_rate = 1 + input_u8(&h.in) % KVM_HPET_MAX_RATE,
		.ramp = input_u8(&h.in) % (KVM_HPET_MAX_RATE + 1),
		.max_backlog_ns = input_u64(&h.in) % (KVM_HPET_MAX_BACKLOG_NS + 1),
	};

	LOG("%llu: timer %u: policy %u\n", (unsigned long long)h.now, n, p.policy);
	ref_advance(&h.r, h.now);
	ticker_set_params(&h.b.t, h.now, n, &p);
}

static size_t first_difference(const void *a, const void *b, size_t len)
{
	const u8 *x = a, *y = b;
	size_t i;

	for (i = 0; i < len && x[i] == y[i]; i++)
		;
	return i;
}

/* Saved and loaded at once: the future stays what it was. */
static void save_and_load(void)
{
	struct kvm_hpet_state s, again;
	const char *bad;

	advance();
	while (h.num_pending)
		give_result(0, 1);
	kvm_hpet_state_save(&h.b, h.now, &s);
	bad = kvm_hpet_state_check(&h.b, &s);
	CHECK(!bad, "a state that was saved is refused: %s", bad);
	kvm_hpet_state_load(&h.b, h.now, &s);
	LOG("%llu: saved and loaded\n", (unsigned long long)h.now);
	kvm_hpet_state_save(&h.b, h.now, &again);
	CHECK(!memcmp(&s, &again, sizeof(s)), "saved twice, and not the same at byte %zu",
	      first_difference(&s, &again, sizeof(s)));
}

/* A few bytes of a saved state are changed. */
static void load_other(void)
{
	struct kvm_hpet_state s;
	unsigned int changes = input_below(&h.in, 8);

	advance();
	kvm_hpet_state_save(&h.b, h.now, &s);
	while (changes--) {
		size_t at = (input_u8(&h.in) << 2) % (sizeof(s) - 8);
		u64 val = input_u64(&h.in);

		memcpy((u8 *)&s + at, &val, sizeof(val));
	}
	if (kvm_hpet_state_check(&h.b, &s))
		return;
	LOG("%llu: other state loaded\n", (unsigned long long)h.now);
	h.num_pending = 0;
	kvm_hpet_state_load(&h.b, h.now, &s);
	ref_load(&h.r, &s);
}

static void (*const events[])(void) = {
	pass_little, pass_some, pass_to_match, fire, deliver_all, take_one,
	result_of_one, acked_by, acked, unmasked, write_some, write_half, read_some,
	odd_access, arm_near, arm_near, set_running, clear_status, pause, reset,
	set_policy, save_and_load, load_other, fire,
};

static void begin(void)
{
	struct kvm_hpet_config c;

	fuzz_config(&h.in, &c);
	h.now = input_u64(&h.in) % SEC;
	h.min_interval_ns = input_u8(&h.in) * 1000ULL;
	kvm_hpet_config_apply(&h.b.m, &c);
	hpet_block_init(&h.b, h.min_interval_ns);
	ref_init(&h.r, &c, h.now);
	LOG("%u timers, %u fs, flags %#x, least interval %llu ns\n", c.num_timers,
	    c.period_fs, c.flags, (unsigned long long)h.min_interval_ns);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	unsigned int left = MAX_EVENTS;

	memset(&h, 0, sizeof(h));
	h.in.data = data;
	h.in.left = size;
	begin();
	while (left-- && h.in.left) {
		u64 work;

		fuzz_work = 0;
		events[input_u8(&h.in) % ARRAY_SIZE(events)]();
		work = fuzz_work;
		advance();
		check_all(work);
	}
	return 0;
}
