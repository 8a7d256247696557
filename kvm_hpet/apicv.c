// SPDX-License-Identifier: GPL-2.0
/*
 * AMD's AVIC sends the end of an edge-triggered interrupt past KVM, so that no
 * acknowledgment is seen. As long as a block needs them AVIC is inhibited for its
 * VM.
 *
 * KVM keeps one bit for each reason to inhibit and no count. The PIT's, which means
 * the same, comes and goes with the PIT's mode. That of a VM without an irqchip
 * is used, which a VM that has one needs no more: KVM clears it for good when it
 * makes the irqchip. Several blocks of a VM share it.
 *
 * Intel's virtual APIC lets ends of interrupt exit for which somebody waits.
 */
#include <linux/ktime.h>

#include "instance.h"
#include "kvm_private.h"

/* The blocks for which it is inhibited. */
static DEFINE_MUTEX(holders_mutex);
static LIST_HEAD(holders);

static bool is_held(const struct kvm *kvm)
{
	const struct kvm_hpet *h;

	lockdep_assert_held(&holders_mutex);
	list_for_each_entry(h, &holders, apicv.list)
		if (h->kvm == kvm)
			return true;
	return false;
}

static void inhibit(struct kvm_hpet *h)
{
	mutex_lock(&holders_mutex);
	if (is_held(h->kvm) || kvm_private_inhibit_apicv(h->kvm)) {
		list_add(&h->apicv.list, &holders);
		h->apicv.since = ktime_get_ns();
	}
	mutex_unlock(&holders_mutex);
}

static void release(struct kvm_hpet *h)
{
	mutex_lock(&holders_mutex);
	list_del(&h->apicv.list);
	if (!is_held(h->kvm))
		kvm_private_allow_apicv(h->kvm);
	mutex_unlock(&holders_mutex);
	h->apicv.total += ktime_get_ns() - h->apicv.since;
	h->apicv.since = 0;
}

void kvm_hpet_apicv_inhibit(struct kvm_hpet *h, bool wanted)
{
	lockdep_assert_held(&h->config_mutex);
	if (wanted && !h->apicv.since)
		inhibit(h);
	if (!wanted && h->apicv.since)
		release(h);
}

u64 kvm_hpet_apicv_inhibited_ns(const struct kvm_hpet *h)
{
	lockdep_assert_held(&h->config_mutex);
	if (!h->apicv.since)
		return h->apicv.total;
	return h->apicv.total + ktime_get_ns() - h->apicv.since;
}
