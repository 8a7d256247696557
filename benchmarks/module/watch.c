// SPDX-License-Identifier: GPL-2.0
/*
 * Looks at the host without disturbing it. See bench.h.
 *
 * Functions of our own at kvm_hpet's tracepoints cost some ten instructions
 * each, where an event that is traced costs hundreds.
 */
#include <linux/fs.h>
#include <linux/hrtimer.h>
#include <linux/interrupt.h>
#include <linux/ktime.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/timex.h>
#include <linux/tracepoint.h>
#include <linux/uaccess.h>
#include <trace/events/power.h>

#include "bench.h"

static struct watch_interrupt seen[WATCH_MAX];
static unsigned int count;
static u64 fired, late;

static struct tracepoint *expire, *accept;
/* kvm_hpet */
static struct module *observed;

/*
 * The first CPU stands still since then, 0: it does not; and for how long it has
 * stood in all. Only written there, with interrupts off.
 */
static u64 stands_since, stood;

static void runs(void)
{
	if (stands_since)
		stood += rdtsc() - stands_since;
	stands_since = 0;
}

/*
 * The kernel's own account of idle time is not exact: newer ones take whole ticks
 * where the tick goes on.
 */
static void on_idle(void *data, unsigned int state, unsigned int cpu)
{
	if (cpu)
		return;
	if (state == PWR_EVENT_EXIT)
		runs();
	else
		stands_since = rdtsc();
}

/* What ends it: the kernel leaves its idle state only after the interrupt. */
static void on_vector(void *data, int vector)
{
	if (!smp_processor_id())
		runs();
}

static void on_irq(void *data, int irq, struct irqaction *action)
{
	on_vector(data, irq);
}

static const struct {
	const char *name;
	void *probe;
} wakers[] = {
	{ "local_timer_entry", on_vector },
	{ "reschedule_entry", on_vector },
	{ "call_function_entry", on_vector },
	{ "call_function_single_entry", on_vector },
	{ "irq_work_entry", on_vector },
	{ "irq_handler_entry", on_irq },
};

static struct tracepoint *waker[ARRAY_SIZE(wakers)];

static void find_tracepoint(struct tracepoint *tp, void *unused)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(wakers); i++)
		if (!strcmp(tp->name, wakers[i].name))
			waker[i] = tp;
	if (!strcmp(tp->name, "hrtimer_expire_entry"))
		expire = tp;
}

static void forget_wakers(unsigned int n)
{
	while (n--)
		tracepoint_probe_unregister(waker[n], wakers[n].probe, NULL);
}

static int watch_wakers(void)
{
	unsigned int i;
	int ret = 0;

	for_each_kernel_tracepoint(find_tracepoint, NULL);
	for (i = 0; !ret && i < ARRAY_SIZE(wakers); i++)
		ret = waker[i] ? tracepoint_probe_register(waker[i],
					wakers[i].probe, NULL) : -ENOENT;
	if (ret)
		forget_wakers(i - 1);
	return ret;
}

/*
 * KVM's and the kernel's own tracepoints: with the module's in use it does more than
 * it does by itself, for who traces. What is handed over last is the time, or where it
 * lies, as the kernel's version has it.
 */
static void on_expire(void *data, struct hrtimer *timer, unsigned long unused)
{
	unsigned long function = (unsigned long)ACCESS_PRIVATE(timer, function);

	if (!within_module(function, observed))
		return;
	late = ktime_to_ns(ktime_sub(ktime_get(), hrtimer_get_expires(timer)));
	fired = rdtsc();
}

static void on_accept(void *data, u32 apic, u16 mode, u16 trigger, u8 vector)
{
	u64 cycles = rdtsc() - fired;

	if (!fired || count == WATCH_MAX)
		return;
	fired = 0;
	seen[count].late_ns = late;
	seen[count++].cycles = cycles;
}

/* They cost little, but the benchmarks that count instructions do without. */
static int add_probes(struct file *file)
{
	int ret;

	if (file->private_data)
		return 0;
	ret = tracepoint_probe_register(expire, on_expire, NULL);
	if (ret)
		return ret;
	ret = tracepoint_probe_register(accept, on_accept, NULL);
	if (ret) {
		tracepoint_probe_unregister(expire, on_expire, NULL);
		return ret;
	}
	file->private_data = seen;
	return 0;
}

static int watch_open(struct inode *inode, struct file *file)
{
	file->private_data = NULL;
	return 0;
}

static int watch_release(struct inode *inode, struct file *file)
{
	if (!file->private_data)
		return 0;
	tracepoint_probe_unregister(accept, on_accept, NULL);
	tracepoint_probe_unregister(expire, on_expire, NULL);
	tracepoint_synchronize_unregister();
	return 0;
}

static long watch_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct watch_busy busy;

	switch (cmd) {
	case WATCH_BUSY:
		busy.ns = ktime_get_ns();
		busy.tsc = rdtsc();
		busy.idle = READ_ONCE(stood);
		if (copy_to_user((void __user *)arg, &busy, sizeof(busy)))
			return -EFAULT;
		return 0;
	case WATCH_RESET:
		count = 0;
		fired = 0;
		return add_probes(file);
	}
	return -ENOTTY;
}

static ssize_t watch_read(struct file *file, char __user *buf, size_t len,
			  loff_t *pos)
{
	return simple_read_from_buffer(buf, len, pos, seen,
				       count * sizeof(seen[0]));
}

static const struct file_operations watch_fops = {
	.owner = THIS_MODULE,
	.open = watch_open,
	.release = watch_release,
	.unlocked_ioctl = watch_ioctl,
	.read = watch_read,
};

static struct miscdevice watch_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "kvm_hpet_watch",
	.fops = &watch_fops,
};

/* Called for all modules that are there, and for those to come. */
static int on_module(struct notifier_block *nb, unsigned long action,
		     void *data)
{
	struct module *mod = ((struct tp_module *)data)->mod;
	unsigned int i;

	if (action != MODULE_STATE_COMING)
		return NOTIFY_OK;
	if (!strcmp(mod->name, "kvm_hpet"))
		observed = mod;
	for (i = 0; i < mod->num_tracepoints; i++) {
		struct tracepoint *tp =
			tracepoint_ptr_deref(&mod->tracepoints_ptrs[i]);

		if (!strcmp(tp->name, "kvm_apic_accept_irq"))
			accept = tp;
	}
	return NOTIFY_OK;
}

static struct notifier_block modules = {
	.notifier_call = on_module,
};

int watch_init(void)
{
	int ret;

	ret = watch_wakers();
	if (ret)
		return ret;
	ret = register_trace_cpu_idle(on_idle, NULL);
	if (ret)
		goto out_wakers;
	ret = register_tracepoint_module_notifier(&modules);
	if (ret)
		goto out_idle;
	ret = expire && accept && observed ? misc_register(&watch_device) : -ENOENT;
	if (ret)
		goto out_notifier;
	return 0;

out_notifier:
	unregister_tracepoint_module_notifier(&modules);
out_idle:
	unregister_trace_cpu_idle(on_idle, NULL);
out_wakers:
	forget_wakers(ARRAY_SIZE(wakers));
	tracepoint_synchronize_unregister();
	return ret;
}

void watch_exit(void)
{
	misc_deregister(&watch_device);
	unregister_tracepoint_module_notifier(&modules);
	unregister_trace_cpu_idle(on_idle, NULL);
	forget_wakers(ARRAY_SIZE(wakers));
	tracepoint_synchronize_unregister();
}
