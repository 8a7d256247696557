// SPDX-License-Identifier: GPL-2.0
/* The statistics of a block, whoever reads them. */
#include <linux/percpu.h>

#include "instance.h"

static void fill_timer_stats(const struct kvm_hpet *h, unsigned int n,
			     struct kvm_hpet_timer_stats *s)
{
	const struct kvm_hpet_hrtimer *t = &h->hrtimer[n];
	const struct lost_ticks *lt = &h->ticker->ticks[n];
	const struct lost_ticks_count *c = &lt->count;
	unsigned int i;

	s->due = c->due;
	s->delivered = c->delivered;
	s->masked = c->masked;
	s->discarded = c->discarded;
	s->backlog = lt->backlog;
	s->coalesced = c->coalesced;
	s->late = c->late;
	s->reinjected = c->reinjected;
	s->retries = c->retries;
	s->max_backlog = c->max_backlog;
	s->rate = lt->rate;
	s->max_rate = c->max_rate;
	s->period_ns = lt->period_ns;
	s->expirations = t->expirations;
	for (i = 0; i < KVM_HPET_LATENESS_BUCKETS; i++)
		s->lateness[i] = t->lateness[i];
	for (i = 0; i < KVM_HPET_BURST_BUCKETS; i++)
		s->burst[i] = t->bursts.count[i];
}

static void fill_mmio_stats(const struct kvm_hpet *h, struct kvm_hpet_stats *s)
{
	int cpu;

	for_each_possible_cpu(cpu) {
		const struct kvm_hpet_mmio_stats *m =
			per_cpu_ptr(h->mmio_stats, cpu);

		s->mmio_reads += READ_ONCE(m->reads);
		s->mmio_writes += READ_ONCE(m->writes);
		s->mmio_exits += READ_ONCE(m->exits);
	}
}

void kvm_hpet_read_stats(struct kvm_hpet *h, struct kvm_hpet_stats *s)
{
	unsigned long flags;
	unsigned int n;
	bool ready;
	u64 now;

	lockdep_assert_held(&h->config_mutex);
	s->num_timers = h->ticker->num_timers;
	s->resets = h->resets;
	s->apicv_inhibited_ns = kvm_hpet_apicv_inhibited_ns(h);
	fill_mmio_stats(h, s);
	now = kvm_hpet_lock(h, &flags);
	ticker_advance(h->ticker, ticker_all(h->ticker), now);
	kvm_hpet_observe(h);
	s->limited = h->limited;
	for (n = 0; n < h->ticker->num_timers; n++)
		fill_timer_stats(h, n, &s->timer[n]);
	ready = kvm_hpet_timers_sync(h, now);
	kvm_hpet_unlock(h, flags);
	if (ready)
		kvm_hpet_deliver(h);
}
