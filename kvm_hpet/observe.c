// SPDX-License-Identifier: GPL-2.0
/*
 * What happened to the ticks while the block's lock was held.
 *
 * The core only counts. Whoever changes a block does so between kvm_hpet_lock()
 * and kvm_hpet_unlock(), and the latter sees by the counts what has become of
 * each timer's ticks meanwhile: so no change is missed, and the core need not
 * know that anybody looks on.
 */
#include <linux/ktime.h>
#include <linux/log2.h>

#include "instance.h"

#define CREATE_TRACE_POINTS
#include "trace.h"

DEFINE_STATIC_KEY_FALSE(kvm_hpet_tracing_key);

int kvm_hpet_tracing_begin(void)
{
	static_branch_inc(&kvm_hpet_tracing_key);
	return 0;
}

void kvm_hpet_tracing_end(void)
{
	static_branch_dec(&kvm_hpet_tracing_key);
}

static void remember(struct kvm_hpet *h)
{
	unsigned int n;

	for (n = 0; n < h->ticker->num_timers; n++) {
		h->hrtimer[n].before = h->ticker->ticks[n].count;
		h->hrtimer[n].rate_before = h->ticker->ticks[n].rate;
	}
	h->remembered = true;
}

#define TRACE_COUNT(event, field)					\
do {									\
	if (c->field != old->field)					\
		trace_kvm_hpet_##event(h->id, n, c->field - old->field,	\
				       c->field, lt->backlog);		\
} while (0)

/* Only what has changed. */
static void trace_changes(struct kvm_hpet *h, unsigned int n)
{
	const struct lost_ticks_count *old = &h->hrtimer[n].before;
	const struct lost_ticks *lt = &h->ticker->ticks[n];
	const struct lost_ticks_count *c = &lt->count;
	u32 rate = h->hrtimer[n].rate_before;

	TRACE_COUNT(due, due);
	TRACE_COUNT(late, late);
	TRACE_COUNT(coalesced, coalesced);
	TRACE_COUNT(masked, masked);
	TRACE_COUNT(delivered, delivered);
	TRACE_COUNT(reinjected, reinjected);
	TRACE_COUNT(retried, retries);
	TRACE_COUNT(discarded, discarded);
	if (rate != lt->rate)
		trace_kvm_hpet_rate(h->id, n, rate, lt->rate, lt->backlog);
}

/* By itself, so that the others don't save registers for it. */
static noinline void trace_block(struct kvm_hpet *h)
{
	unsigned int n;

	for (n = 0; n < h->ticker->num_timers; n++)
		trace_changes(h, n);
	h->remembered = false;
}

static void close_interval(struct kvm_hpet_bursts *b)
{
	unsigned int bucket;

	if (!b->present)
		return;
	bucket = b->present > 1 ? ilog2(b->present - 1) + 1 : 0;
	b->count[min_t(unsigned int, bucket, KVM_HPET_BURST_BUCKETS - 1)]++;
	b->present = 0;
}

/*
 * Whoever delivers has brought the block up to date before, so of what happened
 * in one go, ticks fell due first. An interval in which the period changes, and
 * a tick that does not repeat, tell nothing.
 */
static void count_bursts(struct kvm_hpet_bursts *b, const struct lost_ticks *lt)
{
	const struct lost_ticks_count *now = &lt->count;

	if (now->due == b->due && now->delivered == b->delivered)
		return;
	if (!lt->period_ns || lt->period_ns != b->period_ns)
		b->present = 0;
	else if (now->due != b->due)
		close_interval(b);
	b->present += now->delivered - b->delivered;
	b->delivered = now->delivered;
	b->due = now->due;
	b->period_ns = lt->period_ns;
}

u64 kvm_hpet_lock(struct kvm_hpet *h, unsigned long *flags)
	__acquires(&h->lock)
{
	raw_spin_lock_irqsave(&h->lock, *flags);
	if (kvm_hpet_tracing())
		remember(h);
	return ktime_get_ns();
}

void kvm_hpet_step_out(struct kvm_hpet *h, unsigned long flags)
	__releases(&h->lock)
{
	if (h->remembered)
		kvm_hpet_observe(h);
	raw_spin_unlock_irqrestore(&h->lock, flags);
}

void kvm_hpet_step_in(struct kvm_hpet *h, unsigned long *flags)
	__acquires(&h->lock)
{
	raw_spin_lock_irqsave(&h->lock, *flags);
	if (kvm_hpet_tracing())
		remember(h);
}

void kvm_hpet_observe(struct kvm_hpet *h)
{
	unsigned int n;

	lockdep_assert_held(&h->lock);
	/* Of the others none is delivered: they can wait until they are enabled. */
	ticker_for_each(n, h->ticker->enabled)
		count_bursts(&h->hrtimer[n].bursts, &h->ticker->ticks[n]);
	if (h->remembered)
		trace_block(h);
}

void kvm_hpet_unlock(struct kvm_hpet *h, unsigned long flags)
	__releases(&h->lock)
{
	kvm_hpet_observe(h);
	raw_spin_unlock_irqrestore(&h->lock, flags);
}
