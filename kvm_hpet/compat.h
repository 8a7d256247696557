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

#endif /* _KVM_HPET_COMPAT_H */
