// SPDX-License-Identifier: GPL-2.0
/*
 * Interrupt delivery and acknowledgment.
 *
 * KVM's I/O APIC and PIC take locks that are not safe in interrupts, so lines
 * are driven in process context: by the worker, which runs at real-time priority
 * since it stands for an interrupt, or by the vCPU whose access was the reason.
 */
#include <linux/ktime.h>

#include "instance.h"
#include "kvm_private.h"
#include "trace.h"

/* What one call may deliver before it gives way to others. */
#define DELIVER_BUDGET	(2 * HPET_MAX_TIMERS)

static void set_lines(struct kvm_hpet *h, u32 lines, int level)
{
	u32 gsi;

	for (gsi = 0; gsi < HPET_NUM_GSIS; gsi++)
		if (lines & BIT(gsi))
			kvm_private_set_irq(h->kvm, h->source_id, gsi, level);
}

static int pulse(struct kvm_hpet *h, u32 gsi)
{
	int ret = kvm_private_set_irq(h->kvm, h->source_id, gsi, 1);

	kvm_private_set_irq(h->kvm, h->source_id, gsi, 0);
	return ret;
}

static int send(struct kvm_hpet *h, const struct hpet_delivery *d)
{
	int ret;

	if (d->fsb)
		ret = kvm_private_set_msi(h->kvm, d->msi_address, d->msi_data);
	else
		ret = pulse(h, d->gsi);
	trace_kvm_hpet_inject(h->id, d->timer, d->fsb ? -1 : (s32)d->gsi, ret);
	return ret;
}

/*
 * Delivers one edge-triggered interrupt or message and brings the lines up to
 * date. Returns false if there was none.
 */
static bool deliver_one(struct kvm_hpet *h)
{
	struct hpet_delivery d;
	u32 lines, lower, raise;
	unsigned long flags;
	bool taken;
	u64 now;
	int ret;

	now = kvm_hpet_lock(h, &flags);
	hpet_block_advance(&h->block, now);
	taken = hpet_block_take(&h->block, now, false, &d);
	lines = hpet_block_lines(&h->block);
	lower = h->lines & (h->block.dropped | ~lines);
	raise = lines & ~(h->lines & ~lower);
	h->block.dropped = 0;
	h->lines = lines;
	kvm_hpet_unlock(h, flags);

	set_lines(h, lower, 0);
	set_lines(h, raise, 1);
	if (!taken)
		return false;
	ret = send(h, &d);
	kvm_hpet_lock(h, &flags);
	hpet_block_result(&h->block, &d, ret);
	kvm_hpet_unlock(h, flags);
	return true;
}

void kvm_hpet_deliver(struct kvm_hpet *h)
{
	unsigned int budget = DELIVER_BUDGET;
	unsigned long flags;
	bool ready;
	u64 now;

	mutex_lock(&h->deliver_mutex);
	while (budget-- && deliver_one(h))
		;
	now = kvm_hpet_lock(h, &flags);
	hpet_block_advance(&h->block, now);
	ready = kvm_hpet_timers_sync(h, now);
	kvm_hpet_unlock(h, flags);
	mutex_unlock(&h->deliver_mutex);
	/* Ticks that became due meanwhile: others may run in between. */
	if (ready)
		kvm_hpet_kick(h);
}

void kvm_hpet_deliver_work(struct kthread_work *work)
{
	kvm_hpet_deliver(container_of(work, struct kvm_hpet, deliver_work));
}

void kvm_hpet_kick(struct kvm_hpet *h)
{
	kthread_queue_work(h->worker, &h->deliver_work);
}

void kvm_hpet_deliver_fsb(struct kvm_hpet *h, u64 now, unsigned long *flags)
{
	unsigned int budget = h->config.num_timers;
	struct hpet_delivery d;
	int ret;

	lockdep_assert_held(&h->lock);
	while (!h->dead && budget-- &&
	       hpet_block_take(&h->block, now, true, &d)) {
		kvm_hpet_unlock(h, *flags);
		ret = send(h, &d);
		kvm_hpet_lock(h, flags);
		hpet_block_result(&h->block, &d, ret);
	}
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
	hpet_block_ack(&h->block, now, kian->gsi);
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
	hpet_block_unmasked(&h->block, now, line->ack.gsi);
	ready = kvm_hpet_timers_sync(h, now);
	kvm_hpet_unlock(h, flags);
	if (ready)
		kvm_hpet_kick(h);
}
