// SPDX-License-Identifier: GPL-2.0
/*
 * The host timers. There is one for each comparator, and it is armed only while
 * somebody would notice that it fires.
 */
#include <linux/ktime.h>
#include <linux/log2.h>

#include "compat.h"
#include "instance.h"
#include "trace.h"

static void count_lateness(struct kvm_hpet_hrtimer *t, u64 late_ns)
{
	u64 us = late_ns / NSEC_PER_USEC;
	unsigned int bucket = us ? ilog2(us) + 1 : 0;

	t->expirations++;
	t->lateness[min_t(unsigned int, bucket, KVM_HPET_LATENESS_BUCKETS - 1)]++;
}

/*
 * A guest that puts off what it has armed, again and again, and seldom waits for it:
 * each time the host timer would have to be taken out of the kernel's queue and put in
 * anew, 375 of a write's instructions. Left alone it fires too early, for
 * thousands; so it is left only after so many times that they are the dearer ones.
 */
#define PUT_OFF_OFTEN	16

static bool may_stay(const struct kvm_hpet *h, struct kvm_hpet_hrtimer *t,
		     u64 deadline)
{
	/* It would fire while the gate is closed. */
	if (t->expires < h->gate.opens_ns)
		return false;
	return t->expires <= deadline && ++t->put_off > PUT_OFF_OFTEN;
}

static void sync_timer(struct kvm_hpet *h, unsigned int n, u64 deadline)
{
	struct kvm_hpet_hrtimer *t = &h->hrtimer[n];
	bool armed = deadline != HPET_NEVER;

	if (t->deadline == deadline)
		return;
	t->deadline = deadline;
	h->armed = ticker_put(h->armed, n, armed);
	trace_kvm_hpet_arm(h->id, n, armed ? deadline : 0);
	if (armed && may_stay(h, t, deadline))
		return;
	t->expires = deadline;
	h->starts += armed;
	/*
	 * Not hrtimer_cancel(): the function may be waiting for the lock we
	 * hold. It will find a timer that is set again, or nothing to do.
	 */
	if (armed)
		hrtimer_start(&t->timer,
			      ns_to_ktime(min_t(u64, deadline, KTIME_MAX)),
			      HRTIMER_MODE_ABS_HARD);
	else
		hrtimer_try_to_cancel(&t->timer);
}

/*
 * Before the block's gate opens none fires. As it does, one stands for all that
 * would have fired by then: whichever fires brings all of them up to date, and sets
 * them anew. What falls due meanwhile is late, and counted as such.
 */
void kvm_hpet_timers_arm(struct kvm_hpet *h, u64 now)
{
	u64 opens = h->gate.opens_ns;
	bool held = false;
	unsigned int n;

	lockdep_assert_held(&h->lock);
	/* Those that are armed are about to be cancelled: kvm_hpet_timers_stop(). */
	if (h->dead)
		return;
	ticker_for_each(n, h->ticker->enabled | h->armed) {
		u64 deadline = ticker_deadline(h->ticker, n, now);

		if (deadline < opens) {
			deadline = held ? HPET_NEVER : opens;
			h->limited += !held && h->hrtimer[n].deadline != opens;
			held = true;
		}
		sync_timer(h, n, deadline);
	}
}

void kvm_hpet_charge_arm(struct kvm_hpet *h, u64 now, unsigned int interrupts)
{
	unsigned int looks = 1 + hweight32(h->ticker->enabled) / 8;
	u32 starts = h->starts;

	rate_gate_charge(&h->gate, now, max(interrupts, looks));
	kvm_hpet_timers_arm(h, now);
	rate_gate_charge_more(&h->gate, h->starts - starts);
}

static bool anything_ready(const struct kvm_hpet *h, u64 now)
{
	return !h->dead && ticker_ready(h->ticker, now, h->lines);
}

bool kvm_hpet_timers_sync(struct kvm_hpet *h, u64 now)
{
	kvm_hpet_timers_arm(h, now);
	return anything_ready(h, now);
}

/*
 * In hardirq: messages go out from here, all else through the worker. Whoever
 * runs at the same time on another CPU may have armed the timer again already,
 * so it is only ever armed by sync_timer().
 */
static enum hrtimer_restart timer_fired(struct hrtimer *timer)
{
	struct kvm_hpet_hrtimer *t = container_of(timer,
						  struct kvm_hpet_hrtimer,
						  timer);
	struct kvm_hpet *h = t->h;
	unsigned int sent = 0;
	unsigned long flags;
	u64 now, deadline;
	bool ready;

	now = kvm_hpet_lock(h, &flags);
	deadline = t->deadline;
	if (now >= deadline)
		trace_kvm_hpet_expire(h->id, t->n, now - deadline);
	ticker_advance(h->ticker, h->ticker->enabled, now);
	if (h->ticker->messages)
		sent = kvm_hpet_deliver_msi(h, now, &flags);
	if (now >= deadline)
		count_lateness(t, now - deadline);
	/* After the message, which can't wait: whoever held the lock meanwhile may have set it. */
	if (!hrtimer_is_queued(timer)) {
		t->deadline = HPET_NEVER;
		t->expires = HPET_NEVER;
		t->put_off = 0;
	}
	/* Also if it is stale or early: that was an interrupt of the host's as well. */
	kvm_hpet_charge_arm(h, now, sent);
	ready = anything_ready(h, now);
	if (ready) {
		/* The worker goes on with this event, and looks at its end. */
		kvm_hpet_step_out(h, flags);
		kvm_hpet_kick(h);
	} else {
		kvm_hpet_unlock(h, flags);
	}
	return HRTIMER_NORESTART;
}

void kvm_hpet_timers_init(struct kvm_hpet *h)
{
	unsigned int n;

	for (n = 0; n < h->ticker->num_timers; n++) {
		struct kvm_hpet_hrtimer *t = &h->hrtimer[n];

		t->h = h;
		t->n = n;
		t->deadline = HPET_NEVER;
		t->expires = HPET_NEVER;
		hrtimer_setup(&t->timer, timer_fired, CLOCK_MONOTONIC,
			      HRTIMER_MODE_ABS_HARD);
	}
}

void kvm_hpet_timers_stop(struct kvm_hpet *h)
{
	unsigned int n;

	for (n = 0; n < h->ticker->num_timers; n++)
		hrtimer_cancel(&h->hrtimer[n].timer);
}
