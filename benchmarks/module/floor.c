// SPDX-License-Identifier: GPL-2.0
/* The device that does nothing. See bench.h. */
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/kvm_host.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <kvm/iodev.h>

#include "bench.h"
#include "kvm_private.h"

/**
 * struct floor - a device and the VM it is in
 * @dev: on the VM's bus
 * @kvm: the VM, with a reference
 * @owner: module that the VM's memory is freed by, with a reference
 */
struct floor {
	struct kvm_io_device dev;
	struct kvm *kvm;
	struct module *owner;
};

static int floor_read(struct kvm_vcpu *vcpu, struct kvm_io_device *dev,
		      gpa_t addr, int len, void *data)
{
	u64 val = FLOOR_VALUE;

	memcpy(data, &val, min_t(int, len, sizeof(val)));
	return 0;
}

static int floor_write(struct kvm_vcpu *vcpu, struct kvm_io_device *dev,
		       gpa_t addr, int len, const void *data)
{
	return 0;
}

static const struct kvm_io_device_ops floor_ops = {
	.read = floor_read,
	.write = floor_write,
};

static int floor_open(struct inode *inode, struct file *file)
{
	file->private_data = kzalloc(sizeof(struct floor), GFP_KERNEL);
	return file->private_data ? 0 : -ENOMEM;
}

static int floor_attach(struct floor *f, struct file *vm)
{
	int ret;

	if (!kvm_private_is_vm(vm))
		return -EBADFD;
	f->kvm = vm->private_data;
	kvm_get_kvm(f->kvm);
	f->owner = vm->f_op->owner;
	__module_get(f->owner);
	kvm_iodevice_init(&f->dev, &floor_ops);
	mutex_lock(&f->kvm->slots_lock);
	ret = kvm_private_register_mmio(f->kvm, FLOOR_BASE, FLOOR_SIZE, &f->dev);
	mutex_unlock(&f->kvm->slots_lock);
	if (!ret)
		return 0;
	kvm_put_kvm(f->kvm);
	module_put(f->owner);
	f->kvm = NULL;
	return ret;
}

static long floor_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct floor *f = file->private_data;
	struct file *vm;
	int ret;

	if (cmd != FLOOR_ATTACH)
		return -ENOTTY;
	if (f->kvm)
		return -EBUSY;
	vm = fget(arg);
	if (!vm)
		return -EBADF;
	ret = floor_attach(f, vm);
	fput(vm);
	return ret;
}

static int floor_release(struct inode *inode, struct file *file)
{
	struct floor *f = file->private_data;

	if (f->kvm) {
		mutex_lock(&f->kvm->slots_lock);
		kvm_private_unregister_mmio(f->kvm, &f->dev);
		mutex_unlock(&f->kvm->slots_lock);
		kvm_put_kvm(f->kvm);
		module_put(f->owner);
	}
	kfree(f);
	return 0;
}

static const struct file_operations floor_fops = {
	.owner = THIS_MODULE,
	.open = floor_open,
	.unlocked_ioctl = floor_ioctl,
	.release = floor_release,
};

static struct miscdevice floor_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "kvm_hpet_floor",
	.fops = &floor_fops,
};

int floor_init(void)
{
	return misc_register(&floor_device);
}

void floor_exit(void)
{
	misc_deregister(&floor_device);
}
