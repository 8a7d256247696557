// SPDX-License-Identifier: GPL-2.0
/* The module and /dev/kvm_hpet. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "instance.h"
#include "kvm_private.h"

static unsigned int min_interval_us = 100;

static int set_min_interval(const char *val, const struct kernel_param *kp)
{
	return param_set_uint_minmax(val, kp, 1, 1000000);
}

static const struct kernel_param_ops min_interval_ops = {
	.set = set_min_interval,
	.get = param_get_uint,
};

module_param_cb(min_interval_us, &min_interval_ops, &min_interval_us, 0644);
MODULE_PARM_DESC(min_interval_us,
		 "Least time in us between two expirations of one host timer for a periodic timer, and between ticks when catching up, of blocks created from now on; 1 to 1000000 (default 100)");

u64 kvm_hpet_min_interval_ns(void)
{
	return (u64)READ_ONCE(min_interval_us) * NSEC_PER_USEC;
}

static unsigned int max_events_per_sec = 40000;

static int set_max_events(const char *val, const struct kernel_param *kp)
{
	return param_set_uint_minmax(val, kp, 1000, 10000000);
}

static const struct kernel_param_ops max_events_ops = {
	.set = set_max_events,
	.get = param_get_uint,
};

module_param_cb(max_events_per_sec, &max_events_ops, &max_events_per_sec, 0644);
MODULE_PARM_DESC(max_events_per_sec,
		 "Most that the host does in a second for each block or tick source created from now on, whatever its guest does: expirations of host timers, interrupts delivered by the host, and host timers set then; 1000 to 10000000 (default 40000)");

u32 kvm_hpet_max_events_per_sec(void)
{
	return READ_ONCE(max_events_per_sec);
}

int kvm_hpet_copy_in(void *dst, size_t known, size_t first, void __user *arg)
{
	u32 size;
	int ret;

	if (get_user(size, (u32 __user *)arg))
		return -EFAULT;
	if (size < first)
		return -EINVAL;
	ret = copy_struct_from_user(dst, known, arg, size);
	if (ret)
		return ret;
	*(u32 *)dst = size;
	return 0;
}

int kvm_hpet_copy_out(void __user *arg, void *src, size_t known, size_t first)
{
	u32 size;
	int ret;

	if (get_user(size, (u32 __user *)arg))
		return -EFAULT;
	if (size < first)
		return -EINVAL;
	if (size > known) {
		ret = check_zeroed_user(arg + known, size - known);
		if (ret <= 0)
			return ret ? ret : -E2BIG;
	}
	*(u32 *)src = size;
	return copy_to_user(arg, src, min_t(size_t, size, known)) ? -EFAULT : 0;
}

static int create(void __user *arg)
{
	struct kvm_hpet_config config;
	struct kvm_hpet *h;
	int ret;

	ret = kvm_hpet_copy_in(&config, sizeof(config), sizeof(config), arg);
	if (ret)
		return ret;
	h = kvm_hpet_create(&config);
	if (IS_ERR(h))
		return PTR_ERR(h);
	return kvm_hpet_open_block(h, false);
}

static int create_source(void __user *arg)
{
	struct kvm_hpet_tick_source_config config;
	struct kvm_hpet *h;
	int ret;

	ret = kvm_hpet_copy_in(&config, sizeof(config), sizeof(config), arg);
	if (ret)
		return ret;
	h = kvm_hpet_create_source(&config);
	if (IS_ERR(h))
		return PTR_ERR(h);
	return kvm_hpet_open_block(h, false);
}

static int check_extension(unsigned long arg)
{
	switch (arg) {
	case KVM_HPET_CAP_LOST_TICKS:
		return lost_ticks_supported(LOST_TICKS_SLEW);
	case KVM_HPET_CAP_TICK_SOURCE:
		return 1;
	default:
		return 0;
	}
}

static void describe(const struct kvm_hpet *h, struct kvm_hpet_block_info *info)
{
	info->id = h->id;
	info->vm_pid = pid_vnr(h->vm_pid);
	info->owner_pid = pid_vnr(h->owner_pid);
	info->base = 0;
	info->gsi = 0;
	if (h->kind == &kvm_hpet_block_kind) {
		info->kind = KVM_HPET_KIND_HPET;
		info->base = h->config.base;
	} else {
		info->kind = KVM_HPET_KIND_TICK_SOURCE;
		info->gsi = h->ticker->gsi[0];
	}
}

static int next_block(void __user *arg)
{
	const size_t first = offsetofend(struct kvm_hpet_block_info, owner_pid);
	struct kvm_hpet_block_info info;
	struct kvm_hpet *h;
	int ret;

	ret = kvm_hpet_copy_in(&info, sizeof(info), first, arg);
	if (ret)
		return ret;
	if (info.reserved)
		return -EINVAL;
	/* Who does not know of tick sources takes them for HPETs. */
	h = kvm_hpet_next(info.id, false,
			  info.size > first ? NULL : &kvm_hpet_block_kind);
	if (IS_ERR(h))
		return PTR_ERR(h);
	describe(h, &info);
	kvm_hpet_put(h);
	return kvm_hpet_copy_out(arg, &info, sizeof(info), first);
}

static int open_block(void __user *arg)
{
	struct kvm_hpet *h;
	u64 id;

	if (copy_from_user(&id, arg, sizeof(id)))
		return -EFAULT;
	h = kvm_hpet_next(id, true, NULL);
	if (IS_ERR(h))
		return PTR_ERR(h);
	return kvm_hpet_open_block(h, true);
}

static long dev_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	switch (cmd) {
	case KVM_HPET_GET_API_VERSION:
		return arg ? -EINVAL : KVM_HPET_API_VERSION;
	case KVM_HPET_CREATE:
		return create((void __user *)arg);
	case KVM_HPET_CREATE_TICK_SOURCE:
		return create_source((void __user *)arg);
	case KVM_HPET_CHECK_EXTENSION:
		return check_extension(arg);
	case KVM_HPET_NEXT_BLOCK:
		return next_block((void __user *)arg);
	case KVM_HPET_OPEN_BLOCK:
		return open_block((void __user *)arg);
	default:
		return -ENOTTY;
	}
}

static const struct file_operations dev_fops = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = dev_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.llseek = noop_llseek,
};

static struct miscdevice dev = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "kvm_hpet",
	.fops = &dev_fops,
	.mode = 0660,
};

static int __init kvm_hpet_init(void)
{
	int ret;

	ret = kvm_private_init();
	if (ret)
		return ret;
	kvm_hpet_debugfs_init();
	ret = misc_register(&dev);
	if (ret)
		kvm_hpet_debugfs_exit();
	return ret;
}

static void __exit kvm_hpet_exit(void)
{
	misc_deregister(&dev);
	kvm_hpet_debugfs_exit();
}

module_init(kvm_hpet_init);
module_exit(kvm_hpet_exit);

MODULE_AUTHOR("The kvm_hpet authors");
MODULE_DESCRIPTION("HPET of KVM virtual machines in the host kernel, with compensation of lost ticks");
MODULE_VERSION("0.1");
MODULE_LICENSE("GPL");
