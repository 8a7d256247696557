// SPDX-License-Identifier: GPL-2.0
/*
 * What happened to the ticks while the block's lock was held.
 *
 * The core only counts. Whoever changes a block does so between kvm_hpet_lock()
 * and kvm_hpet_unlock(), and the latter sees by the counts what has become of
 * each timer's ticks meanwhile: so no change is missed, and the core need not
 * know that anybody looks on.
 */
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

void kvm_hpet_remember(struct kvm_hpet *h)
{
	unsigned int n;

	for (n = 0; n < h->ticker->num_timers; n++) {
		h->hrtimer[n].before = h->ticker->ticks[n].count;
		h->hrtimer[n].rate_before = h->ticker->ticks[n].rate;
	}
	h->remembered = true;
}

typedef void (*count_event)(u64 block, u32 timer, s64 ticks, u64 total,
			    u64 backlog);

static void trace_count(const struct kvm_hpet *h, unsigned int n, u64 before,
			u64 count, count_event event)
{
	if (count != before)
		event(h->id, n, count - before, count,
		      h->ticker->ticks[n].backlog);
}

static void trace_changes(const struct kvm_hpet *h, unsigned int n)
{
	const struct lost_ticks_count *old = &h->hrtimer[n].before;
	const struct lost_ticks *lt = &h->ticker->ticks[n];
	const struct lost_ticks_count *c = &lt->count;
	u32 rate = h->hrtimer[n].rate_before;

	trace_count(h, n, old->due, c->due, trace_kvm_hpet_due);
	trace_count(h, n, old->late, c->late, trace_kvm_hpet_late);
	trace_count(h, n, old->coalesced, c->coalesced,
		    trace_kvm_hpet_coalesced);
	trace_count(h, n, old->masked, c->masked, trace_kvm_hpet_masked);
	trace_count(h, n, old->delivered, c->delivered,
		    trace_kvm_hpet_delivered);
	trace_count(h, n, old->reinjected, c->reinjected,
		    trace_kvm_hpet_reinjected);
	trace_count(h, n, old->retries, c->retries, trace_kvm_hpet_retried);
	trace_count(h, n, old->discarded, c->discarded,
		    trace_kvm_hpet_discarded);
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
