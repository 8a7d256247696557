// SPDX-License-Identifier: GPL-2.0
/*
 * Interrupt delivery and acknowledgment.
 *
 * KVM's I/O APIC and PIC take locks that are not safe in interrupts, so lines
 * are driven in process context: by the worker, which runs at real-time priority
 * since it stands for an interrupt, or by the vCPU whose access was the reason.
 */
#include <linux/hrtimer.h>
#include <linux/ktime.h>
#include <linux/sched.h>

#include "instance.h"
#include "kvm_private.h"
#include "trace.h"

/*
 * Interrupts that one call may deliver before it gives way to others. The workers
 * of all blocks have the same priority: one must not keep the others long.
 */
#define VCPU_BUDGET	(2 * HPET_MAX_TIMERS)
#define WORKER_BUDGET	8

static void set_lines(struct kvm_hpet *h, u32 lines, int level)
{
	unsigned int gsi;

	ticker_for_each(gsi, lines)
		kvm_private_set_irq(h->kvm, h->source_id, gsi, level);
}

static int send_msi(struct kvm_hpet *h, const struct ticker_delivery *d)
{
	int ret = kvm_private_set_msi(h->kvm, d->msi_address, d->msi_data);

	trace_kvm_hpet_inject(h->id, d->timer, -1, ret);
	return ret;
}

/* It is the rise that injects. */
static int pulse(struct kvm_hpet *h, const struct ticker_delivery *d)
{
	int ret = kvm_private_set_irq(h->kvm, h->source_id, d->gsi, 1);

	trace_kvm_hpet_inject(h->id, d->timer, d->gsi, ret);
	kvm_private_set_irq(h->kvm, h->source_id, d->gsi, 0);
	return ret;
}

/**
 * struct step - what one hold of the lock gives to do
 * @taken: @d is to be sent, and @ret is what became of it
 * @d: an edge-triggered interrupt or a message
 * @ret: as of kvm_set_irq()
 * @lower: lines that are to fall, first
 * @raise: lines that are to rise
 */
struct step {
	bool taken;
	struct ticker_delivery d;
	int ret;
	u32 lower;
	u32 raise;
};

/* Returns false if there is nothing to do. */
static bool take_step(struct kvm_hpet *h, struct step *s, u64 now)
{
	u32 lines;

	s->taken = ticker_take(h->ticker, now, false, &s->d);
	lines = ticker_lines(h->ticker);
	s->lower = h->lines & (h->ticker->dropped | ~lines);
	s->raise = lines & ~(h->lines & ~s->lower);
	h->ticker->dropped = 0;
	h->lines = lines;
	return s->taken || s->lower || s->raise;
}

static void do_step(struct kvm_hpet *h, struct step *s)
{
	if (s->lower)
		set_lines(h, s->lower, 0);
	if (s->raise)
		set_lines(h, s->raise, 1);
	if (s->taken)
		s->ret = s->d.msi ? send_msi(h, &s->d) : pulse(h, &s->d);
}

static unsigned int step_cost(const struct step *s)
{
	return s->taken + hweight32(s->lower | s->raise);
}

/*
 * The lock is taken once for each interrupt and once at the end: it is told what
 * became of the last one, and gives the next or, if there is none, the host
 * timers their times. All of it happens at the time at which it began; whatever
 * falls due meanwhile has a host timer.
 *
 * A vCPU spends its own time here, the @worker is charged. Returns when the gate
 * opens for its next round, or 0 if it is open.
 */
static u64 deliver(struct kvm_hpet *h, bool worker)
{
	unsigned int budget = worker ? WORKER_BUDGET : VCPU_BUDGET;
	unsigned int spent = 0;
	unsigned long flags;
	struct step s;
	u64 now, opens;

	mutex_lock(&h->deliver_mutex);
	now = kvm_hpet_lock(h, &flags);
	ticker_advance(h->ticker, h->ticker->enabled, now);
	while (!h->dead && spent < budget && take_step(h, &s, now)) {
		kvm_hpet_step_out(h, flags);
		do_step(h, &s);
		kvm_hpet_step_in(h, &flags);
		if (s.taken)
			ticker_result(h->ticker, &s.d, s.ret);
		spent += step_cost(&s);
	}
	if (worker)
		kvm_hpet_charge_arm(h, now, spent);
	else
		kvm_hpet_timers_arm(h, now);
	opens = h->gate.opens_ns;
	/*
	 * More than that, and others are to run in between. Under the lock: whoever
	 * removes the block can't wait for a worker that gives itself work.
	 */
	if (spent >= budget && !h->dead)
		kvm_hpet_kick(h);
	kvm_hpet_unlock(h, flags);
	mutex_unlock(&h->deliver_mutex);
	return opens > now ? opens : 0;
}

void kvm_hpet_deliver(struct kvm_hpet *h)
{
	deliver(h, false);
}

/*
 * The worker has real-time priority, and acknowledgments and unmasking, with which
 * a guest can be quick, wake it as well as the host timers: so after what it
 * delivered it rests until that is made up for, which as a rule it is at once.
 */
void kvm_hpet_deliver_work(struct kthread_work *work)
{
	u64 opens = deliver(container_of(work, struct kvm_hpet, deliver_work),
			    true);
	ktime_t until = ns_to_ktime(opens);

	if (!opens)
		return;
	set_current_state(TASK_IDLE);
	schedule_hrtimeout(&until, HRTIMER_MODE_ABS);
}

void kvm_hpet_kick(struct kvm_hpet *h)
{
	kthread_queue_work(h->worker, &h->deliver_work);
}

unsigned int kvm_hpet_deliver_msi(struct kvm_hpet *h, u64 now,
				  unsigned long *flags)
{
	unsigned int budget = hweight32(h->ticker->messages);
	struct ticker_delivery d;
	unsigned int sent;
	int ret;

	lockdep_assert_held(&h->lock);
	for (sent = 0; !h->dead && sent < budget; sent++) {
		if (!ticker_take(h->ticker, now, true, &d))
			break;
		kvm_hpet_step_out(h, *flags);
		ret = send_msi(h, &d);
		kvm_hpet_step_in(h, flags);
		ticker_result(h->ticker, &d, ret);
	}
	return sent;
}

void kvm_hpet_acked(struct kvm_irq_ack_notifier *kian)
{
	struct kvm_hpet_line *line = container_of(kian, struct kvm_hpet_line,
						  ack);
	struct kvm_hpet *h = line->h;
	unsigned long flags;
	bool ready;
	u64 now;

	now = kvm_hpet_lock(h, &flags);
	ticker_ack(h->ticker, now, kian->gsi);
	ready = kvm_hpet_timers_sync(h, now);
	kvm_hpet_unlock(h, flags);
	if (ready)
		kvm_hpet_kick(h);
}

void kvm_hpet_masked(struct kvm_irq_mask_notifier *kimn, bool masked)
{
	struct kvm_hpet_line *line = container_of(kimn, struct kvm_hpet_line,
						  mask);
	struct kvm_hpet *h = line->h;
	unsigned long flags;
	bool ready;
	u64 now;

	if (masked)
		return;
	now = kvm_hpet_lock(h, &flags);
	ticker_unmasked(h->ticker, now, line->ack.gsi);
	ready = kvm_hpet_timers_sync(h, now);
	kvm_hpet_unlock(h, flags);
	if (ready)
		kvm_hpet_kick(h);
}
