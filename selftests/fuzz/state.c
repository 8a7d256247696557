// SPDX-License-Identifier: GPL-2.0
/*
 * Whatever bytes a VMM hands in: they are refused, or taken and then the block
 * is as good as any. What was taken is saved as it was loaded.
 */
#include "fuzz.h"

#define SEC	1000000000ULL

static void check_config(struct input *in)
{
	static struct hpet_block b;
	struct kvm_hpet_config c;
	u64 cap;

	memset(&b, 0, sizeof(b));
	input_bytes(in, &c, sizeof(c));
	if (!kvm_hpet_config_ok(&c))
		return;
	kvm_hpet_config_apply(&b.m, &c);
	hpet_block_init(&b, 100000);
	cap = hpet_block_read(&b, 0, HPET_REG_CAP, 8);
	CHECK(cap >> 32 == c.period_fs && c.period_fs, "period");
	CHECK((cap >> 8 & 31) == c.num_timers - 1U, "number of timers");
}

static void check_block(struct hpet_block *b, u64 now)
{
	unsigned int n;

	for (n = 0; n < b->m.num_timers; n++) {
		const struct lost_ticks_count *c = &b->t.ticks[n].count;

		CHECK(c->due == c->delivered + c->masked + c->discarded + b->t.ticks[n].backlog,
		      "timer %u: the law", n);
		CHECK(ticker_deadline(&b->t, n, now) > now, "timer %u: deadline", n);
		CHECK(b->m.timer[n].next > hpet_elapsed(&b->m, now) || !b->m.running,
		      "timer %u: not brought up to now", n);
	}
	CHECK(!(ticker_lines(&b->t) >> HPET_NUM_GSIS), "lines");
}

/* What of a state is taken back when it is loaded, by policy, is not compared. */
static void compare(const struct hpet_block *b, struct kvm_hpet_state *s,
		    struct kvm_hpet_state *saved, bool running)
{
	unsigned int n;

	CHECK(s->config == saved->config && s->counter == saved->counter &&
	      s->counter_phase_fs == saved->counter_phase_fs, "general registers");
	for (n = 0; n < b->m.num_timers; n++) {
		CHECK(s->timer[n].config == saved->timer[n].config &&
		      s->timer[n].period == saved->timer[n].period &&
		      s->timer[n].fsb_route == saved->timer[n].fsb_route &&
		      s->timer[n].start == saved->timer[n].start, "timer %u", n);
		CHECK(running || s->timer[n].comparator == saved->timer[n].comparator,
		      "timer %u: comparator", n);
		CHECK(saved->timer[n].rate <= s->timer[n].rate, "timer %u: rate", n);
	}
}

/* The state after reset, and then some pieces of it are anything. */
static void change(struct input *in, const struct hpet_block *b, u64 now,
		   struct kvm_hpet_state *s)
{
	unsigned int pieces = input_below(in, 16);

	kvm_hpet_state_save(b, now, s);
	while (pieces--) {
		size_t at = input_u8(in) * 4;

		input_bytes(in, (u8 *)s + at, min_t(size_t, input_below(in, 64), sizeof(*s) - at));
	}
}

static void load(struct input *in, struct kvm_hpet_state *s, bool raw)
{
	static struct hpet_block b;
	struct kvm_hpet_state saved;
	struct kvm_hpet_config c;
	struct ticker_delivery d;
	unsigned int i;
	u64 now = SEC;

	memset(&b, 0, sizeof(b));
	fuzz_config(in, &c);
	kvm_hpet_config_apply(&b.m, &c);
	hpet_block_init(&b, 100000);
	if (!raw)
		change(in, &b, now, s);
	if (kvm_hpet_state_check(&b, s))
		return;
	fuzz_work = 0;
	kvm_hpet_state_load(&b, now, s);
	CHECK(fuzz_work < 400 * HPET_MAX_TIMERS, "%llu edges", (unsigned long long)fuzz_work);
	kvm_hpet_state_save(&b, now, &saved);
	CHECK(!kvm_hpet_state_check(&b, &saved), "what was loaded is saved and refused");
	compare(&b, s, &saved, b.m.running);
	for (i = 0; i < 16; i++) {
		ticker_advance(&b.t, ticker_all(&b.t), now);
		check_block(&b, now);
		while (ticker_take(&b.t, now, false, &d))
			ticker_result(&b.t, &d, 1);
		now += 1ULL << (i * 4 % 60);
	}
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct input in = { data, size };
	struct kvm_hpet_state s;
	u8 form = input_u8(&in);

	if (form % 4 == 0) {
		check_config(&in);
	} else if (form % 4 == 1) {
		input_bytes(&in, &s, sizeof(s));
		load(&in, &s, true);
	} else {
		load(&in, &s, false);
	}
	return 0;
}
