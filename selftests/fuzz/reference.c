// SPDX-License-Identifier: GPL-2.0
/* See reference.h. */
#include "reference.h"

#define FS_PER_NS	1000000ULL
#define FS_PER_SEC	1000000000000000ULL

static bool wide(const struct ref_timer *t)
{
	return (t->config & HPET_TN_SIZE_CAP) && !(t->config & HPET_TN_32BIT);
}

static u128 turn(const struct ref_timer *t)
{
	return (u128)1 << (wide(t) ? 64 : 32);
}

static bool repeats(const struct ref_timer *t)
{
	return (t->config & HPET_TN_PERIODIC) && t->period;
}

/* The counter that never wraps, and the one that the guest sees. */
static u128 place(const struct ref *r)
{
	return r->fs / r->period_fs;
}

static u64 count(const struct ref *r)
{
	return r->offset + (u64)place(r);
}

u64 ref_counter(const struct ref *r)
{
	return r->cap & HPET_CAP_COUNTER_64 ? count(r) : (u32)count(r);
}

bool ref_running(const struct ref *r)
{
	return (r->config & HPET_CONFIG_ENABLE) && !r->paused;
}

static bool legacy(const struct ref *r, unsigned int n)
{
	return n < 2 && (r->config & HPET_CONFIG_LEGACY);
}

static bool route_possible(const struct ref_timer *t, u64 config)
{
	return t->config >> (32 + (config >> 9 & 31)) & 1;
}

bool ref_audible(const struct ref *r, unsigned int n)
{
	const struct ref_timer *t = &r->timer[n];

	if (!ref_running(r) || !(t->config & HPET_TN_ENABLE))
		return false;
	return legacy(r, n) || (t->config & HPET_TN_FSB_ENABLE) ||
		route_possible(t, t->config);
}

static void match(struct ref *r, unsigned int n, u64 times)
{
	if (ref_audible(r, n))
		r->timer[n].heard += times;
	else
		r->timer[n].unheard += times;
}

/* From the comparator to the place of its next match. */
static void derive(const struct ref *r, struct ref_timer *t)
{
	u128 ahead = (u64)(t->cmp - count(r)) % turn(t);

	t->has_next = ahead || !wide(t);
	t->next = place(r) + (ahead ? ahead : turn(t));
}

static void count_matches(struct ref_timer *t, u128 times)
{
	t->matches = t->matches + times < 2 ? t->matches + times : 2;
}

/* One match after the other; many at a time where there are many. */
static void advance_timer(struct ref *r, unsigned int n)
{
	struct ref_timer *t = &r->timer[n];

	while (t->has_next && t->next <= place(r)) {
		u128 step = repeats(t) ? t->period : turn(t);
		u128 times = (place(r) - t->next) / step;

		if (times < 100)
			times = 1;
		match(r, n, times);
		t->next += times * step;
		if (repeats(t)) {
			t->cmp = (t->cmp + times * step) % turn(t);
			count_matches(t, times);
		} else {
			t->has_next = !wide(t);
		}
	}
}

void ref_advance(struct ref *r, u64 now)
{
	unsigned int n;

	if (ref_running(r)) {
		r->fs += (u128)(now - r->last_ns) * FS_PER_NS;
		for (n = 0; n < r->num_timers; n++)
			advance_timer(r, n);
	}
	r->last_ns = now;
}

bool ref_match_ns(const struct ref *r, unsigned int n, u128 *ns)
{
	const struct ref_timer *t = &r->timer[n];
	u128 fs;

	if (!ref_running(r) || !t->has_next)
		return false;
	fs = t->next * r->period_fs - r->fs;
	*ns = r->last_ns + (fs + FS_PER_NS - 1) / FS_PER_NS;
	return true;
}

/* The comparator is at the counter, or the counter passed it by a second. */
static bool just_passed(const struct ref *r, const struct ref_timer *t, u64 *past)
{
	*past = (u64)(count(r) - t->cmp) % turn(t);
	if (wide(t) && t->cmp > count(r))
		return false;
	return *past <= FS_PER_SEC / r->period_fs;
}

static void next_multiple(const struct ref *r, struct ref_timer *t, u64 past)
{
	u64 ahead = t->period - past % t->period;

	t->has_next = true;
	t->next = place(r) + ahead;
	t->cmp = (u64)(count(r) + ahead) % turn(t);
}

static void written(struct ref *r, unsigned int n)
{
	struct ref_timer *t = &r->timer[n];
	u64 past;

	if (!just_passed(r, t, &past)) {
		derive(r, t);
		return;
	}
	if (repeats(t)) {
		next_multiple(r, t, past);
		count_matches(t, past / t->period + 1);
	} else {
		derive(r, t);
	}
	match(r, n, 1);
}

static void start(struct ref *r)
{
	unsigned int n;

	if (!ref_running(r))
		return;
	for (n = 0; n < r->num_timers; n++) {
		struct ref_timer *t = &r->timer[n];
		bool equal = !((u64)(t->cmp - count(r)) % turn(t));

		if (equal && !t->over)
			written(r, n);
		else if (t->stale)
			derive(r, t);
		t->over = t->stale = false;
	}
}

static void stop(struct ref *r)
{
	unsigned int n;

	for (n = 0; n < r->num_timers; n++) {
		struct ref_timer *t = &r->timer[n];

		t->over = !((u64)(t->cmp - count(r)) % turn(t));
	}
}

static void place_counter(struct ref *r, u64 val, u32 phase_fs)
{
	unsigned int n;

	r->fs = place(r) * r->period_fs + phase_fs;
	r->offset = val - (u64)place(r);
	for (n = 0; n < r->num_timers; n++) {
		r->timer[n].stale = true;
		r->timer[n].over = false;
	}
}

void ref_reset(struct ref *r)
{
	unsigned int n;

	r->config = 0;
	place_counter(r, 0, 0);
	for (n = 0; n < r->num_timers; n++) {
		struct ref_timer *t = &r->timer[n];

		t->config &= HPET_TN_PERIODIC_CAP | HPET_TN_SIZE_CAP |
			     HPET_TN_FSB_CAP | ~0ULL << HPET_TN_ROUTE_CAP_SHIFT;
		t->cmp = turn(t) - 1;
		t->period = t->fsb = t->start = 0;
		t->has_next = false;
		t->awaited = t->val_set = 0;
	}
}

void ref_init(struct ref *r, const struct kvm_hpet_config *c, u64 now)
{
	unsigned int n;

	memset(r, 0, sizeof(*r));
	r->last_ns = now;
	r->period_fs = c->period_fs;
	r->num_timers = c->num_timers;
	r->cap = (u64)c->period_fs << 32 | (u64)c->vendor_id << 16 |
		 (c->num_timers - 1) << 8 | c->rev_id |
		 (c->flags & KVM_HPET_F_COUNTER_64 ? HPET_CAP_COUNTER_64 : 0) |
		 (c->flags & KVM_HPET_F_LEGACY_CAP ? HPET_CAP_LEGACY : 0);
	for (n = 0; n < r->num_timers; n++) {
		u32 flags = c->timer[n].flags;

		r->timer[n].config = (u64)c->timer[n].route_cap << 32 |
			(flags & KVM_HPET_TIMER_PERIODIC ? HPET_TN_PERIODIC_CAP : 0) |
			(flags & KVM_HPET_TIMER_64 ? HPET_TN_SIZE_CAP : 0) |
			(flags & KVM_HPET_TIMER_FSB ? HPET_TN_FSB_CAP : 0);
	}
	ref_reset(r);
}

void ref_pause(struct ref *r, bool paused)
{
	bool was = ref_running(r);

	if (was)
		stop(r);
	r->paused = paused;
	start(r);
}

void ref_load(struct ref *r, const struct kvm_hpet_state *s)
{
	unsigned int n;

	ref_reset(r);
	r->config = s->config;
	place_counter(r, s->counter, s->counter_phase_fs);
	for (n = 0; n < r->num_timers; n++) {
		const struct kvm_hpet_timer_state *from = &s->timer[n];
		struct ref_timer *t = &r->timer[n];

		t->config = from->config;
		t->cmp = from->comparator;
		t->period = from->period;
		t->fsb = from->fsb_route;
		t->start = from->start;
		t->over = from->flags & KVM_HPET_TIMER_MATCHED;
		t->awaited = from->flags / KVM_HPET_TIMER_FRESH_LOW & 3;
		t->matches = from->comparator != from->start;
		t->val_set = from->flags / KVM_HPET_TIMER_VAL_SET_LOW & 3;
	}
	start(r);
}

/* ---- registers ---- */

static struct ref_timer *timer_of(struct ref *r, u32 reg, unsigned int *n)
{
	if (reg < 0x100 || (reg - 0x100) / 0x20 >= r->num_timers)
		return NULL;
	*n = (reg - 0x100) / 0x20;
	return &r->timer[*n];
}

static u64 read_timer(struct ref *r, u32 reg)
{
	unsigned int n;
	const struct ref_timer *t = timer_of(r, reg, &n);

	if (!t)
		return 0;
	switch (reg & 0x18) {
	case 0x00:
		return t->config | (t->val_set & 1 ? HPET_TN_VAL_SET : 0);
	case 0x08:
		return t->cmp;
	case 0x10:
		return t->fsb;
	}
	return 0;
}

u64 ref_read(const struct ref *r, u32 offset, unsigned int len)
{
	u32 reg = offset & ~7U;
	u64 val;

	if ((len != 4 && len != 8) || offset % len)
		return 0;
	if (reg == 0x000)
		val = r->cap;
	else if (reg == 0x010)
		val = r->config;
	else if (reg == 0x0f0)
		val = ref_counter(r);
	else
		val = read_timer((struct ref *)r, reg);
	return len == 8 ? val : (u32)(val >> 8 * (offset & 4));
}

static u64 merged(u64 old, u64 val, u64 mask)
{
	return (old & ~mask) | (val & mask);
}

static void write_config(struct ref *r, u64 val)
{
	bool ran = ref_running(r), enabled = r->config & HPET_CONFIG_ENABLE;

	val &= HPET_CONFIG_ENABLE |
	       (r->cap & HPET_CAP_LEGACY ? HPET_CONFIG_LEGACY : 0);
	if (ran && !(val & HPET_CONFIG_ENABLE))
		stop(r);
	r->config = val;
	if (!enabled)
		start(r);
}

static void write_counter(struct ref *r, u64 val, u64 mask)
{
	unsigned int n;

	if (r->config & HPET_CONFIG_ENABLE)
		return;
	for (n = 0; n < r->num_timers; n++)
		r->timer[n].awaited = 0;
	val = merged(ref_counter(r), val, mask);
	place_counter(r, r->cap & HPET_CAP_COUNTER_64 ? val : (u32)val, 0);
}

static void write_timer_config(struct ref *r, unsigned int n, u64 val, u64 mask)
{
	struct ref_timer *t = &r->timer[n];
	u64 can = HPET_TN_LEVEL | HPET_TN_ENABLE | HPET_TN_ROUTE_MASK |
		  (t->config & HPET_TN_PERIODIC_CAP ? HPET_TN_PERIODIC : 0) |
		  (t->config & HPET_TN_SIZE_CAP ? HPET_TN_32BIT : 0) |
		  (t->config & HPET_TN_FSB_CAP ? HPET_TN_FSB_ENABLE : 0);
	u64 old = t->config;

	if (mask & HPET_TN_VAL_SET)
		t->val_set = val & HPET_TN_VAL_SET ? 3 : 0;
	t->config = merged(old, val, mask & can);
	if (!legacy(r, n) && !route_possible(t, t->config))
		t->config = merged(t->config, old, HPET_TN_ROUTE_MASK);
	if (!((t->config ^ old) & (HPET_TN_PERIODIC | HPET_TN_32BIT)))
		return;
	t->cmp %= turn(t);
	t->period %= turn(t);
	t->awaited = 0;
	if (ref_running(r))
		derive(r, t);
	else
		t->stale = true;
}

static void write_period(struct ref *r, unsigned int n, unsigned int halves)
{
	struct ref_timer *t = &r->timer[n];
	u64 past = (u64)(count(r) - t->start) % turn(t);

	/* Held up: the timer has gone on with a period that was not meant. */
	if (ref_running(r) && (t->awaited & halves) && t->matches == 1 &&
	    t->period) {
		next_multiple(r, t, past);
		count_matches(t, past / t->period);
		match(r, n, past / t->period);
	}
	t->awaited = wide(t) && (t->awaited & halves) ? t->awaited & ~halves : 0;
}

static void write_comparator(struct ref *r, unsigned int n, u64 val, u64 mask)
{
	struct ref_timer *t = &r->timer[n];
	bool periodic = t->config & HPET_TN_PERIODIC;
	unsigned int halves = (mask & 1 ? 1 : 0) | (mask >> 63 ? 2 : 0);
	u64 so_far = t->cmp;

	if (!wide(t))
		mask = (u32)mask;
	if (!mask)
		return;
	if (periodic)
		t->period = merged(t->period, val, mask);
	if (periodic && !(t->val_set & halves)) {
		write_period(r, n, halves);
		return;
	}
	if (t->val_set == 1 || t->val_set == 2)
		so_far = t->start;
	t->val_set = wide(t) ? t->val_set & ~halves : 0;
	t->cmp = t->start = merged(so_far, val, mask);
	t->awaited = periodic ? 3 : 0;
	t->matches = 0;
	t->over = false;
	t->stale = true;
	if (ref_running(r)) {
		t->stale = false;
		written(r, n);
	}
}

void ref_write(struct ref *r, u32 offset, unsigned int len, u64 val)
{
	u64 mask = len == 8 ? ~0ULL : 0xffffffffULL << 8 * (offset & 4);
	u32 reg = offset & ~7U;
	struct ref_timer *t;
	unsigned int n;

	if ((len != 4 && len != 8) || offset % len)
		return;
	val <<= 8 * (offset & 4);
	if (reg == 0x010) {
		write_config(r, merged(r->config, val, mask));
		return;
	}
	if (reg == 0x0f0) {
		write_counter(r, val, mask);
		return;
	}
	t = timer_of(r, reg, &n);
	if (!t)
		return;
	if ((reg & 0x18) == 0x00)
		write_timer_config(r, n, val, mask);
	else if ((reg & 0x18) == 0x08)
		write_comparator(r, n, val, mask);
	else if ((reg & 0x18) == 0x10 && (t->config & HPET_TN_FSB_CAP))
		t->fsb = merged(t->fsb, val, mask);
}
