// SPDX-License-Identifier: GPL-2.0
/*
 * The block on KVM's MMIO bus: what a guest's access does.
 *
 * KVM calls these handlers on any vCPU at any time, under kvm->srcu.
 */
#include <linux/kcsan-checks.h>
#include <linux/ktime.h>
#include <linux/percpu.h>

#include "compat.h"
#include "instance.h"
#include "kvm_private.h"

static struct kvm_hpet *to_hpet(struct kvm_io_device *dev)
{
	return container_of(dev, struct kvm_hpet, dev);
}

/*
 * The access that guests make a hundred thousand times a second. The sequence
 * count pairs with the one in mmio_write() and the ioctls that change what the
 * counter is derived from; ticks do not.
 */
static u64 read_counter(struct kvm_hpet *h)
{
	unsigned int seq;
	u64 now, val;

	do {
		seq = read_seqcount_begin(&h->counter_seq);
		now = ktime_get_ns();
		/* The clock is read before the sequence count is again. */
		rmb();
		/*
		 * The clock has a sequence count of its own, whose end is also
		 * that of what KCSAN leaves out for ours.
		 */
		kcsan_nestable_atomic_begin();
		val = hpet_counter(&h->block.m, now);
		kcsan_nestable_atomic_end();
	} while (read_seqcount_retry(&h->counter_seq, seq));
	return val;
}

u64 kvm_hpet_hold_counter(struct kvm_hpet *h)
{
	write_seqcount_begin(&h->counter_seq);
	/*
	 * The clock is read after that is seen. Pairs with the rmb() of
	 * read_counter(): else who reads there meanwhile can have a later time
	 * than the one at which the counter stops, and the next one to read
	 * sees the counter go backwards.
	 */
	smp_mb();
	return ktime_get_ns();
}

static u64 read_register(struct kvm_hpet *h, u32 offset, int len)
{
	unsigned long flags;
	bool ready;
	u64 now, val;

	now = kvm_hpet_lock(h, &flags);
	val = hpet_block_read(&h->block, now, offset, len);
	ready = kvm_hpet_timers_sync(h, now);
	kvm_hpet_unlock(h, flags);
	if (ready)
		kvm_hpet_deliver(h);
	return val;
}

static int mmio_read(struct kvm_vcpu *vcpu, struct kvm_io_device *dev,
		     gpa_t addr, int len, void *data)
{
	struct kvm_hpet *h = to_hpet(dev);
	u32 offset = addr - h->config.base;
	u64 val;

	this_cpu_inc(h->mmio_stats->reads);
	if (offset == HPET_REG_COUNTER && len >= 4)
		val = read_counter(h);
	else
		val = read_register(h, offset, len);
	/* Of a length that the compiler knows: 17 instructions less, for 4 bytes 7. */
	if (len == 8)
		memcpy(data, &val, 8);
	else if (len == 4)
		memcpy(data, &val, 4);
	else
		memcpy(data, &val, min_t(int, len, sizeof(val)));
	return 0;
}

/*
 * LEG_RT_CNF has changed here. The PIT and the RTC are the VMM's: it has to
 * switch them at this very access, so the access is handed on to it.
 */
static int tell_vmm(struct kvm_hpet *h)
{
	if (h->legacy_eventfd) {
		compat_eventfd_signal(h->legacy_eventfd);
		return 0;
	}
	this_cpu_inc(h->mmio_stats->exits);
	return -EOPNOTSUPP;
}

/* Of any other length a write is ignored (hpet_model_write()). */
static u64 written_value(const void *data, int len)
{
	u64 val = 0;

	if (len == 4)
		memcpy(&val, data, 4);
	else if (len == 8)
		memcpy(&val, data, 8);
	return val;
}

static int mmio_write(struct kvm_vcpu *vcpu, struct kvm_io_device *dev,
		      gpa_t addr, int len, const void *data)
{
	struct kvm_hpet *h = to_hpet(dev);
	u32 offset = addr - h->config.base;
	unsigned long flags;
	u64 val = written_value(data, len);
	bool ready, legacy;
	u64 now;

	this_cpu_inc(h->mmio_stats->writes);
	kvm_hpet_step_in(h, &flags);
	now = kvm_hpet_hold_counter(h);
	legacy = hpet_block_write(&h->block, now, offset, len, val);
	write_seqcount_end(&h->counter_seq);
	ready = kvm_hpet_timers_sync(h, now);
	kvm_hpet_unlock(h, flags);
	if (ready)
		kvm_hpet_deliver(h);
	return legacy ? tell_vmm(h) : 0;
}

static const struct kvm_io_device_ops mmio_ops = {
	.read = mmio_read,
	.write = mmio_write,
};

static u32 mmio_size(const struct kvm_hpet *h)
{
	return max_t(u32, HPET_BLOCK_SIZE,
		     HPET_REG_TIMER(h->config.num_timers));
}

/* KVM itself lets devices overlap. */
static int mmio_check(struct kvm_hpet *h)
{
	u64 end = h->config.base + mmio_size(h);
	unsigned int blocks = 0;
	struct kvm_io_bus *bus;
	int i;

	bus = rcu_dereference_protected(h->kvm->buses[KVM_MMIO_BUS],
					lockdep_is_held(&h->kvm->slots_lock));
	for (i = 0; bus && i < bus->dev_count; i++) {
		const struct kvm_io_range *r = &bus->range[i];

		if (r->addr < end && r->addr + max(r->len, 1) > h->config.base)
			return -EEXIST;
		blocks += r->dev->ops == &mmio_ops;
	}
	return blocks < KVM_HPET_MAX_BLOCKS ? 0 : -ENOSPC;
}

int kvm_hpet_mmio_register(struct kvm_hpet *h)
{
	int ret;

	kvm_iodevice_init(&h->dev, &mmio_ops);
	mutex_lock(&h->kvm->slots_lock);
	ret = mmio_check(h);
	if (!ret)
		ret = kvm_private_register_mmio(h->kvm, h->config.base,
						mmio_size(h), &h->dev);
	mutex_unlock(&h->kvm->slots_lock);
	return ret;
}

void kvm_hpet_mmio_unregister(struct kvm_hpet *h)
{
	mutex_lock(&h->kvm->slots_lock);
	kvm_private_unregister_mmio(h->kvm, &h->dev);
	mutex_unlock(&h->kvm->slots_lock);
}
