/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What differs between the supported kernels. Kbuild looks what there is; the
 * rest of the module is written for the newest of them.
 */
#ifndef _KVM_HPET_COMPAT_H
#define _KVM_HPET_COMPAT_H

#include <linux/eventfd.h>
#include <linux/hrtimer.h>
#include <linux/kthread.h>
#include <linux/kvm_host.h>
#include <linux/version.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 1, 0)
#error "kvm_hpet needs Linux 6.1 or newer"
#endif

#ifndef HAVE_HRTIMER_SETUP
static inline void
hrtimer_setup(struct hrtimer *timer,
	      enum hrtimer_restart (*function)(struct hrtimer *),
	      clockid_t clock_id, enum hrtimer_mode mode)
{
	hrtimer_init(timer, clock_id, mode);
	timer->function = function;
}
#endif

#ifndef HAVE_KTHREAD_RUN_WORKER
#define kthread_run_worker kthread_create_worker
#endif

#ifdef HAVE_EVENTFD_SIGNAL_ONE
#define compat_eventfd_signal(ctx) eventfd_signal(ctx)
#else
#define compat_eventfd_signal(ctx) eventfd_signal(ctx, 1)
#endif

/* What has moved from KVM's public headers to its private ones, unchanged. */
#ifndef HAVE_KVM_IRQ_MASK_NOTIFIER
struct kvm_irq_mask_notifier {
	void (*func)(struct kvm_irq_mask_notifier *kimn, bool masked);
	int irq;
	struct hlist_node link;
};

void kvm_register_irq_mask_notifier(struct kvm *kvm, int irq,
				    struct kvm_irq_mask_notifier *kimn);
void kvm_unregister_irq_mask_notifier(struct kvm *kvm, int irq,
				      struct kvm_irq_mask_notifier *kimn);
#endif

/* The numbers are those of Linux 7.3. */
#ifndef HAVE_KVM_APICV_INHIBIT
enum kvm_apicv_inhibit {
	APICV_INHIBIT_REASON_DISABLED = 0,
	APICV_INHIBIT_REASON_ABSENT = 2,
};

void kvm_set_or_clear_apicv_inhibit(struct kvm *kvm,
				    enum kvm_apicv_inhibit reason, bool set);
#elif !defined(HAVE_APICV_DISABLED)
#define APICV_INHIBIT_REASON_DISABLED APICV_INHIBIT_REASON_DISABLE
#endif

/* Only the types: kernels without these functions do without them. */
#ifndef HAVE_KVM_IRQ_SOURCE_ID
int kvm_request_irq_source_id(struct kvm *kvm);
void kvm_free_irq_source_id(struct kvm *kvm, int irq_source_id);
#endif

#endif /* _KVM_HPET_COMPAT_H */
