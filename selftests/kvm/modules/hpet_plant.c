// SPDX-License-Identifier: GPL-2.0
/*
 * Does something forbidden, to see that it is noticed: insmod hpet_plant.ko plant=NAME.
 *
 * A debug kernel that says nothing of kvm_hpet is worth no more than what it says
 * of these; selftests/debug/run asks for each of them.
 */
#include <linux/delay.h>
#include <linux/hrtimer.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

static char *plant = "";
module_param(plant, charp, 0444);

static DEFINE_SPINLOCK(first);
static DEFINE_SPINLOCK(second);
static struct hrtimer timer;

static void use_after_free(void)
{
	u32 *volatile p = kmalloc(64, GFP_KERNEL);

	kfree(p);
	pr_info("hpet_plant: %u\n", READ_ONCE(*p));
}

static void out_of_bounds(void)
{
	u8 *volatile p = kmalloc(61, GFP_KERNEL);

	if (p)
		WRITE_ONCE(p[61], 1);
	kfree(p);
}

static void lock_inversion(void)
{
	spin_lock(&first);
	spin_lock(&second);
	spin_unlock(&second);
	spin_unlock(&first);
	spin_lock(&second);
	spin_lock(&first);
	spin_unlock(&first);
	spin_unlock(&second);
}

/* Taken with interrupts on, and in an interrupt. */
static enum hrtimer_restart take_first(struct hrtimer *t)
{
	spin_lock(&first);
	spin_unlock(&first);
	return HRTIMER_NORESTART;
}

static void irq_unsafe_lock(void)
{
	spin_lock(&first);
	spin_unlock(&first);
	hrtimer_init(&timer, CLOCK_MONOTONIC, HRTIMER_MODE_REL_HARD);
	timer.function = take_first;
	hrtimer_start(&timer, ms_to_ktime(1), HRTIMER_MODE_REL_HARD);
	msleep(20);
	hrtimer_cancel(&timer);
}

static void sleep_in_atomic(void)
{
	spin_lock(&first);
	msleep(1);
	spin_unlock(&first);
}

static void leak(void)
{
	if (!kmalloc(4000, GFP_KERNEL))
		pr_info("hpet_plant: no memory\n");
}

/* A timer that is armed as its memory goes. */
static void free_armed_timer(void)
{
	struct hrtimer *t = kmalloc(sizeof(*t), GFP_KERNEL);

	if (!t)
		return;
	hrtimer_init(t, CLOCK_MONOTONIC, HRTIMER_MODE_REL_HARD);
	t->function = take_first;
	hrtimer_start(t, ms_to_ktime(3600000), HRTIMER_MODE_REL_HARD);
	kfree(t);
}

static void shift_too_far(void)
{
	volatile unsigned int by = 40;

	pr_info("hpet_plant: %u\n", 1U << by);
}

static u64 raced;

static int racer(void *unused)
{
	while (!kthread_should_stop()) {
		raced++;
		cond_resched();
	}
	return 0;
}

static void race(void)
{
	struct task_struct *task = kthread_run(racer, NULL, "hpet_plant");
	unsigned long end = jiffies + 3 * HZ;

	if (IS_ERR(task))
		return;
	while (time_before(jiffies, end)) {
		raced++;
		cond_resched();
	}
	kthread_stop(task);
}

static const struct {
	const char *name;
	void (*plant)(void);
} plants[] = {
	{ "use-after-free", use_after_free },
	{ "out-of-bounds", out_of_bounds },
	{ "lock-inversion", lock_inversion },
	{ "irq-unsafe-lock", irq_unsafe_lock },
	{ "sleep-in-atomic", sleep_in_atomic },
	{ "leak", leak },
	{ "free-armed-timer", free_armed_timer },
	{ "shift", shift_too_far },
	{ "data-race", race },
};

static int __init hpet_plant_init(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(plants); i++)
		if (!strcmp(plant, plants[i].name)) {
			plants[i].plant();
			return 0;
		}
	return -EINVAL;
}

static void __exit hpet_plant_exit(void)
{
}

module_init(hpet_plant_init);
module_exit(hpet_plant_exit);

MODULE_DESCRIPTION("kvm_hpet's tests: faults that must be noticed");
MODULE_LICENSE("GPL");
