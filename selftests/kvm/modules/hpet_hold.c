// SPDX-License-Identifier: GPL-2.0
/*
 * Holds what KVM's first and last VM switch in the scheduler, for as long as it is
 * loaded.
 *
 * KVM's first VM patches a jump into finish_task_switch(), its last one takes it out
 * again. The emulator of the test host can get into a livelock there, so the
 * tests with more than one CPU run with this: that is not what they are about.
 */
#include <linux/module.h>
#include <linux/preempt.h>

static int __init hpet_hold_init(void)
{
	preempt_notifier_inc();
	return 0;
}

static void __exit hpet_hold_exit(void)
{
	preempt_notifier_dec();
}

module_init(hpet_hold_init);
module_exit(hpet_hold_exit);

MODULE_DESCRIPTION("kvm_hpet's tests: KVM's part of the scheduler stays as it is");
MODULE_LICENSE("GPL");
