// SPDX-License-Identifier: GPL-2.0
/*
 * Configuration and state as the VMM sees them, and as the model has them. Pure:
 * tested on the host.
 */
#include "hpet_clock.h"
#include "hpet_state.h"

static bool timer_config_ok(const struct kvm_hpet_config *c, unsigned int n)
{
	const struct kvm_hpet_timer_config *t = &c->timer[n];
	bool legacy = (c->flags & KVM_HPET_F_LEGACY_CAP) && n < 2;

	if (n >= c->num_timers)
		return !t->flags && !t->route_cap;
	if (t->flags & ~KVM_HPET_TIMER_ALL)
		return false;
	if ((t->flags & KVM_HPET_TIMER_64) &&
	    !(c->flags & KVM_HPET_F_COUNTER_64))
		return false;
	if (t->route_cap >> HPET_NUM_GSIS)
		return false;
	return t->route_cap || legacy || (t->flags & KVM_HPET_TIMER_FSB);
}

bool kvm_hpet_config_ok(const struct kvm_hpet_config *c)
{
	bool periodic = false;
	unsigned int n;

	if (c->flags & ~KVM_HPET_F_ALL)
		return false;
	if (c->base & (HPET_BLOCK_SIZE - 1) ||
	    c->base + HPET_BLOCK_SIZE_MAX < c->base)
		return false;
	if (c->period_fs < KVM_HPET_MIN_PERIOD_FS ||
	    c->period_fs > KVM_HPET_MAX_PERIOD_FS)
		return false;
	if (!c->rev_id || c->num_timers < KVM_HPET_MIN_TIMERS ||
	    c->num_timers > KVM_HPET_MAX_TIMERS)
		return false;
	for (n = 0; n < KVM_HPET_MAX_TIMERS; n++) {
		if (!timer_config_ok(c, n))
			return false;
		periodic |= c->timer[n].flags & KVM_HPET_TIMER_PERIODIC;
	}
	return periodic;
}

static u64 timer_cap(const struct kvm_hpet_timer_config *t)
{
	u64 cap = (u64)t->route_cap << HPET_TN_ROUTE_CAP_SHIFT;

	if (t->flags & KVM_HPET_TIMER_PERIODIC)
		cap |= HPET_TN_PERIODIC_CAP;
	if (t->flags & KVM_HPET_TIMER_64)
		cap |= HPET_TN_SIZE_CAP;
	if (t->flags & KVM_HPET_TIMER_FSB)
		cap |= HPET_TN_FSB_CAP;
	return cap;
}

void kvm_hpet_config_apply(struct hpet_model *m,
			   const struct kvm_hpet_config *c)
{
	unsigned int n;

	m->period_fs = c->period_fs;
	m->num_timers = c->num_timers;
	m->cap = (u64)c->period_fs << HPET_CAP_PERIOD_SHIFT |
		 (u64)c->vendor_id << HPET_CAP_VENDOR_SHIFT |
		 (u64)(c->num_timers - 1) << HPET_CAP_TIMERS_SHIFT |
		 (u64)c->rev_id << HPET_CAP_REV_SHIFT;
	if (c->flags & KVM_HPET_F_COUNTER_64)
		m->cap |= HPET_CAP_COUNTER_64;
	if (c->flags & KVM_HPET_F_LEGACY_CAP)
		m->cap |= HPET_CAP_LEGACY;
	for (n = 0; n < c->num_timers; n++)
		m->timer[n].config = timer_cap(&c->timer[n]);
}

static void ticks_save(const struct ticker *t, unsigned int n, u64 now,
		       struct kvm_hpet_timer_state *s)
{
	struct lost_ticks_state l;

	lost_ticks_save(&t->ticks[n], ticker_guest_now(t, now), &l);
	s->tick_ns = l.period_ns;
	s->backlog = l.backlog;
	s->fraction_ns = l.fraction_ns;
	s->peak = l.peak;
	s->next_in_ns = l.next_in_ns;
	s->retry_in_ns = l.retry_in_ns;
	s->retry_ns = l.retry_ns;
	s->rate = l.rate;
	if (l.in_flight)
		s->flags |= KVM_HPET_TIMER_IN_FLIGHT;
	if (l.lapses)
		s->flags |= KVM_HPET_TIMER_LAPSES;
	if (l.regular)
		s->flags |= KVM_HPET_TIMER_REGULAR;
	if (l.rose)
		s->flags |= KVM_HPET_TIMER_ROSE;
	if (l.ending)
		s->flags |= KVM_HPET_TIMER_ENDING;
}

static void ticks_load(struct ticker *t, unsigned int n, u64 now,
		       const struct kvm_hpet_timer_state *s)
{
	struct lost_ticks_state l = {
		.period_ns = s->tick_ns,
		.backlog = s->backlog,
		.fraction_ns = s->fraction_ns,
		.peak = s->peak,
		.retry_ns = s->retry_ns ?: KVM_HPET_MIN_RETRY_NS,
		.retry_in_ns = s->retry_in_ns,
		.next_in_ns = s->next_in_ns,
		.rate = s->rate,
		.in_flight = s->flags & KVM_HPET_TIMER_IN_FLIGHT,
		.lapses = s->flags & KVM_HPET_TIMER_LAPSES,
		.regular = s->flags & KVM_HPET_TIMER_REGULAR,
		.rose = s->flags & KVM_HPET_TIMER_ROSE,
		.ending = s->flags & KVM_HPET_TIMER_ENDING,
	};

	lost_ticks_load(&t->ticks[n], ticker_guest_now(t, now), &l);
}

static void timer_save(const struct hpet_block *b, unsigned int n, u64 counter,
		       struct kvm_hpet_timer_state *s)
{
	const struct hpet_timer *t = &b->m.timer[n];
	bool equal = !((t->cmp - counter) & hpet_timer_mask(t));

	s->config = t->config;
	s->comparator = t->cmp;
	s->period = t->period;
	s->fsb_route = t->fsb;
	if (t->fresh || hpet_timer_half_set(t))
		s->start = t->start;
	s->flags = t->val_set * KVM_HPET_TIMER_VAL_SET_LOW |
		   t->fresh * KVM_HPET_TIMER_FRESH_LOW;
	if (b->m.running ? equal : t->matched)
		s->flags |= KVM_HPET_TIMER_MATCHED;
}

void kvm_hpet_state_save(const struct hpet_block *b, u64 now,
			 struct kvm_hpet_state *s)
{
	const struct hpet_model *m = &b->m;
	unsigned int n;

	memset(s, 0, sizeof(*s));
	s->version = KVM_HPET_STATE_VERSION;
	s->config = m->config;
	s->status = m->status;
	s->counter = hpet_counter(m, now);
	s->counter_phase_fs = m->base_phase_fs;
	if (m->running)
		s->counter_phase_fs = hpet_ns_to_phase(now - m->base_ns,
						       m->base_phase_fs,
						       m->period_fs);
	s->num_timers = m->num_timers;
	for (n = 0; n < m->num_timers; n++) {
		timer_save(b, n, s->counter, &s->timer[n]);
		ticks_save(&b->t, n, now, &s->timer[n]);
	}
}

/* A route that a guest can have written, or the one after reset. */
static bool route_ok(const struct hpet_model *m, unsigned int n, u64 config)
{
	u64 route = (config & HPET_TN_ROUTE_MASK) >> HPET_TN_ROUTE_SHIFT;

	return !route || (n < 2 && (m->cap & HPET_CAP_LEGACY)) ||
		(config >> HPET_TN_ROUTE_CAP_SHIFT & BIT_ULL(route));
}

/*
 * A time from now on, no further away than one interval or the most that can be
 * owed.
 */
static bool span_ok(s64 ns, u64 interval)
{
	return ns < 0 || ns == KVM_HPET_NEVER ||
		(u64)ns <= max_t(u64, interval, KVM_HPET_MAX_BACKLOG_NS);
}

static const char *ticks_check(const struct kvm_hpet_timer_state *s,
			       bool periodic)
{
	if (s->tick_ns && !periodic)
		return "timer.tick_ns";
	if (s->backlog > (periodic ? KVM_HPET_MAX_BACKLOG_NS : 1))
		return "timer.backlog";
	if (s->fraction_ns >= max_t(u64, s->tick_ns, 1))
		return "timer.fraction_ns";
	if (!span_ok(s->next_in_ns, s->tick_ns))
		return "timer.next_in_ns";
	if (!span_ok(s->retry_in_ns, 0))
		return "timer.retry_in_ns";
	if ((s->retry_ns && s->retry_ns < KVM_HPET_MIN_RETRY_NS) ||
	    s->retry_ns > KVM_HPET_MAX_RETRY_NS)
		return "timer.retry_ns";
	if (s->rate > KVM_HPET_MAX_RATE || (s->rate && !periodic))
		return "timer.rate";
	return NULL;
}

/* The flags for the low and the high half of a register, as the model has them. */
static u8 two_flags(const struct kvm_hpet_timer_state *s, u32 low)
{
	return (s->flags / low) & HPET_BOTH_HALVES;
}

static struct hpet_timer loaded_timer(const struct kvm_hpet_timer_state *s)
{
	return (struct hpet_timer){
		.config = s->config,
		.cmp = s->comparator,
		.period = s->period,
		.fsb = s->fsb_route,
		.start = s->start,
		.next = HPET_NEVER,
		.val_set = two_flags(s, KVM_HPET_TIMER_VAL_SET_LOW),
		.fresh = two_flags(s, KVM_HPET_TIMER_FRESH_LOW),
		.matched = s->flags & KVM_HPET_TIMER_MATCHED,
	};
}

static const char *timer_check(const struct hpet_model *m, unsigned int n,
			       const struct kvm_hpet_timer_state *s)
{
	/*
	 * A guest may write it meanwhile; what is looked at are capabilities, which
	 * stay as they are.
	 */
	struct hpet_timer own = { .config = data_race(m->timer[n].config) };
	struct hpet_timer loaded = loaded_timer(s);
	u64 mask = hpet_timer_mask(&loaded);
	bool periodic = s->config & HPET_TN_PERIODIC;
	bool started = loaded.fresh || hpet_timer_half_set(&loaded);

	if ((s->config ^ own.config) & ~hpet_timer_config_rw(&own) ||
	    !route_ok(m, n, s->config))
		return "timer.config";
	if (s->comparator & ~mask)
		return "timer.comparator";
	if (s->period & ~(s->config & HPET_TN_PERIODIC_CAP ? mask : 0))
		return "timer.period";
	if (s->fsb_route && !(s->config & HPET_TN_FSB_CAP))
		return "timer.fsb_route";
	if (s->start & ~(started ? mask : 0))
		return "timer.start";
	if (s->flags & ~KVM_HPET_TIMER_STATE_ALL ||
	    (loaded.fresh && !periodic))
		return "timer.flags";
	return ticks_check(s, periodic);
}

/* The status bit of a timer that can't have one is 0. */
static u64 status_possible(const struct kvm_hpet_state *s)
{
	u64 possible = 0;
	unsigned int n;

	for (n = 0; n < s->num_timers; n++)
		if (s->timer[n].config & HPET_TN_LEVEL)
			possible |= BIT_ULL(n);
	return possible;
}

static bool all_zero(const struct kvm_hpet_timer_state *s)
{
	static const struct kvm_hpet_timer_state zero;

	return !memcmp(s, &zero, sizeof(zero));
}

const char *kvm_hpet_state_check(const struct hpet_block *b,
				 const struct kvm_hpet_state *s)
{
	const struct hpet_model *m = &b->m;
	const char *field;
	unsigned int n;

	if (s->version != KVM_HPET_STATE_VERSION)
		return "version";
	if (s->num_timers != m->num_timers)
		return "num_timers";
	if (s->config & ~hpet_config_rw(m))
		return "config";
	if (s->status & ~status_possible(s))
		return "status";
	if (s->counter & ~hpet_counter_mask(m))
		return "counter";
	if (s->counter_phase_fs >= m->period_fs)
		return "counter_phase_fs";
	for (n = 0; n < KVM_HPET_MAX_TIMERS; n++) {
		if (n >= m->num_timers) {
			if (!all_zero(&s->timer[n]))
				return "timer";
			continue;
		}
		field = timer_check(m, n, &s->timer[n]);
		if (field)
			return field;
	}
	return NULL;
}

void kvm_hpet_state_load(struct hpet_block *b, u64 now,
			 const struct kvm_hpet_state *s)
{
	struct hpet_model *m = &b->m;
	unsigned int n;
	u32 matched;

	ticker_reset(&b->t, now);
	m->config = s->config;
	m->status = s->status;
	m->base_count = s->counter;
	m->base_phase_fs = s->counter_phase_fs;
	for (n = 0; n < m->num_timers; n++) {
		m->timer[n] = loaded_timer(&s->timer[n]);
		lost_ticks_set_period(&b->t.ticks[n], s->timer[n].tick_ns, false);
	}
	matched = hpet_model_start(m, now);
	hpet_block_sync(b);
	for (n = 0; n < m->num_timers; n++)
		ticks_load(&b->t, n, now, &s->timer[n]);
	hpet_block_matched(b, matched);
}

bool kvm_hpet_source_config_ok(const struct kvm_hpet_tick_source_config *c)
{
	bool msi = c->flags & KVM_HPET_SOURCE_MSI;

	if (c->flags & ~KVM_HPET_SOURCE_ALL || c->reserved)
		return false;
	if (!(c->flags & KVM_HPET_SOURCE_ACK_VMM) && c->ack_eventfd != -1)
		return false;
	return msi ? !c->gsi : c->gsi < KVM_HPET_NUM_GSIS &&
			       !c->msi_address && !c->msi_data;
}

void kvm_hpet_source_config_apply(struct tick_source *s,
				  const struct kvm_hpet_tick_source_config *c,
				  u64 min_interval_ns)
{
	bool msi = c->flags & KVM_HPET_SOURCE_MSI;
	u32 ack = msi ? LOST_TICKS_ACK_NONE : LOST_TICKS_ACK_EDGE;

	if (c->flags & KVM_HPET_SOURCE_ACK_VMM)
		ack = msi ? LOST_TICKS_ACK_LEVEL : LOST_TICKS_ACK_BOTH;
	tick_source_init(s, msi ? -1 : (int)c->gsi,
			 (u64)c->msi_address << 32 | c->msi_data, ack,
			 min_interval_ns);
}

bool kvm_hpet_source_period_ok(const struct kvm_hpet_tick_period *p,
			       u64 guest_now)
{
	if (p->flags & ~KVM_HPET_PERIOD_ALL || !p->period_ns ||
	    p->period_ns > KVM_HPET_MAX_TICK_NS ||
	    p->period_fs >= HPET_FS_PER_NS || p->reserved)
		return false;
	if (!(p->flags & KVM_HPET_PERIOD_PHASE))
		return !p->phase_ns;
	return p->phase_ns <= guest_now + KVM_HPET_MAX_TICK_NS;
}

void kvm_hpet_source_start(struct tick_source *s, u64 now,
			   const struct kvm_hpet_tick_period *p)
{
	tick_source_start(s, now, p->period_ns * HPET_FS_PER_NS + p->period_fs,
			  p->flags & KVM_HPET_PERIOD_PHASE ? p->phase_ns :
			  ticker_guest_now(&s->t, now));
}

void kvm_hpet_source_save(const struct tick_source *source, u64 now,
			  struct kvm_hpet_tick_source_state *s)
{
	const struct ticker *t = &source->t;

	memset(s, 0, sizeof(*s));
	s->version = KVM_HPET_STATE_VERSION;
	s->due_in_ns = KVM_HPET_NEVER;
	if (source->period_fs) {
		s->due_in_ns = t->due_ns[0] - ticker_guest_now(t, now);
		s->early_fs = source->early_fs;
		s->period_fs = source->period_fs % HPET_FS_PER_NS;
	}
	ticks_save(t, 0, now, &s->ticks);
}

const char *kvm_hpet_source_check(const struct kvm_hpet_tick_source_state *s)
{
	const struct kvm_hpet_timer_state *t = &s->ticks;
	u32 flags = KVM_HPET_TIMER_IN_FLIGHT | KVM_HPET_TIMER_REGULAR |
		    KVM_HPET_TIMER_ROSE | KVM_HPET_TIMER_LAPSES |
		    KVM_HPET_TIMER_ENDING;

	if (s->version != KVM_HPET_STATE_VERSION)
		return "version";
	if (t->config || t->comparator || t->period || t->fsb_route || t->start)
		return "ticks: a register";
	if (t->tick_ns > KVM_HPET_MAX_TICK_NS)
		return "ticks.tick_ns";
	if (s->due_in_ns != KVM_HPET_NEVER &&
	    (!t->tick_ns || s->due_in_ns < 0 ||
	     s->due_in_ns > (s64)KVM_HPET_MAX_TICK_NS))
		return "due_in_ns";
	if (s->period_fs >= HPET_FS_PER_NS)
		return "period_fs";
	if (s->early_fs >= HPET_FS_PER_NS || (s->early_fs && !s->due_in_ns))
		return "early_fs";
	if (!t->tick_ns && t->backlog)
		return "ticks.backlog";
	if (t->flags & ~flags)
		return "ticks.flags";
	return ticks_check(t, t->tick_ns);
}

void kvm_hpet_source_load(struct tick_source *source, u64 now,
			  const struct kvm_hpet_tick_source_state *s)
{
	struct ticker *t = &source->t;

	ticker_reset(t, now);
	lost_ticks_set_period(&t->ticks[0], s->ticks.tick_ns, false);
	lost_ticks_set_ack(&t->ticks[0], source->ack_mode,
			   s->ticks.flags & KVM_HPET_TIMER_IN_FLIGHT);
	ticks_load(t, 0, now, &s->ticks);
	if (s->due_in_ns != KVM_HPET_NEVER) {
		source->period_fs = s->ticks.tick_ns * HPET_FS_PER_NS +
				    s->period_fs;
		source->early_fs = s->early_fs;
		t->due_ns[0] = ticker_guest_now(t, now) + s->due_in_ns;
	}
	tick_source_sync(source);
}
