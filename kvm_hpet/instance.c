// SPDX-License-Identifier: GPL-2.0
/*
 * What HPET blocks and tick sources have in common as they are made and removed.
 * Removal undoes creation in exact reverse.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cgroup.h>
#include <linux/cred.h>
#include <linux/file.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "compat.h"
#include "instance.h"
#include "kvm_private.h"

/* What a block may take of the host all at once, after a rest. */
#define EVENTS_AT_ONCE	HPET_MAX_TIMERS

/* All blocks, by rising id. */
static DEFINE_MUTEX(blocks_mutex);
static LIST_HEAD(blocks);
static atomic64_t last_id;

/* The process whose thread created the VM; KVM knows its number only. */
static struct pid *vm_process(const struct kvm *kvm)
{
	struct task_struct *task;
	struct pid *pid = NULL;

	rcu_read_lock();
	task = pid_task(find_pid_ns(kvm->userspace_pid, &init_pid_ns),
			PIDTYPE_PID);
	if (task)
		pid = get_pid(task_tgid(task));
	rcu_read_unlock();
	return pid;
}

/*
 * A reference to the VM does not keep the vendor module that its memory is
 * freed by; KVM's own file does so through its owner.
 */
static int get_vm(struct kvm_hpet *h, int fd)
{
	struct file *file = fget(fd);

	if (!file)
		return -EBADF;
	if (!kvm_private_is_vm(file)) {
		fput(file);
		return -EBADFD;
	}
	h->kvm = file->private_data;
	kvm_get_kvm(h->kvm);
	h->vm_owner = file->f_op->owner;
	__module_get(h->vm_owner);
	h->vm_pid = vm_process(h->kvm);
	fput(file);
	return 0;
}

static void put_vm(struct kvm_hpet *h)
{
	struct module *owner = h->vm_owner;

	kvm_put_kvm(h->kvm);
	module_put(owner);
}

static bool has_irqchip(const struct kvm *kvm)
{
	/* Pairs with smp_wmb() in kvm_arch_vm_ioctl(), KVM_CREATE_IRQCHIP. */
	return smp_load_acquire(&kvm->arch.irqchip_mode) == KVM_IRQCHIP_KERNEL;
}

/*
 * The worker stands for interrupts of the VM: it has real-time priority, since
 * with PREEMPT_LAZY anything less waits for the host's tick, and its time is
 * accounted to the VM's cgroups.
 */
static int start_worker(struct kvm_hpet *h)
{
	struct task_struct *vmm = get_pid_task(h->vm_pid, PIDTYPE_TGID);
	struct kthread_worker *worker;
	int ret;

	worker = kthread_run_worker(0, "kvm-hpet/%d", h->kvm->userspace_pid);
	if (IS_ERR(worker)) {
		ret = PTR_ERR(worker);
		goto out;
	}
	ret = cgroup_attach_task_all(vmm ? vmm : current, worker->task);
	if (ret) {
		kthread_destroy_worker(worker);
		goto out;
	}
	sched_set_fifo_low(worker->task);
	kthread_init_work(&h->deliver_work, kvm_hpet_deliver_work);
	h->worker = worker;
out:
	if (vmm)
		put_task_struct(vmm);
	return ret;
}

static void init_parts(struct kvm_hpet *h)
{
	u32 gsi;

	raw_spin_lock_init(&h->lock);
	seqcount_init(&h->counter_seq);
	mutex_init(&h->deliver_mutex);
	mutex_init(&h->config_mutex);
	init_waitqueue_head(&h->gone);
	INIT_LIST_HEAD(&h->list);
	kref_init(&h->ref);
	for (gsi = 0; gsi < HPET_NUM_GSIS; gsi++) {
		struct kvm_hpet_line *line = &h->line[gsi];

		line->h = h;
		line->ack.gsi = gsi;
		line->ack.irq_acked = kvm_hpet_acked;
		line->mask.func = kvm_hpet_masked;
	}
	rate_gate_init(&h->gate, kvm_hpet_max_events_per_sec(), EVENTS_AT_ONCE);
}

/* Most blocks have three timers: what each needs is allocated by their number. */
static int alloc_timers(struct kvm_hpet *h, unsigned int num_timers)
{
	size_t each = sizeof(struct kvm_hpet_hrtimer) +
		      sizeof(struct lost_ticks) + sizeof(struct hpet_timer);

	h->hrtimer = kvcalloc(num_timers, each, GFP_KERNEL_ACCOUNT);
	return h->hrtimer ? 0 : -ENOMEM;
}

static void free_memory(struct kvm_hpet *h)
{
	free_percpu(h->mmio_stats);
	kvfree(h->hrtimer);
	kvfree(h);
}

struct kvm_hpet *kvm_hpet_alloc(const struct kvm_hpet_kind *kind,
				unsigned int num_timers)
{
	struct kvm_hpet *h;

	h = kvzalloc(sizeof(*h), GFP_KERNEL_ACCOUNT);
	if (!h)
		return NULL;
	h->mmio_stats = alloc_percpu_gfp(struct kvm_hpet_mmio_stats,
					 GFP_KERNEL_ACCOUNT);
	if (alloc_timers(h, num_timers) || !h->mmio_stats) {
		free_memory(h);
		return NULL;
	}
	h->kind = kind;
	h->id = atomic64_inc_return(&last_id);
	h->creator = current_euid();
	h->owner_pid = get_pid(task_tgid(current));
	init_parts(h);
	return h;
}

static void free_parts(struct kref *ref)
{
	struct kvm_hpet *h = container_of(ref, struct kvm_hpet, ref);

	put_pid(h->owner_pid);
	put_pid(h->vm_pid);
	free_memory(h);
}

void kvm_hpet_put(struct kvm_hpet *h)
{
	kref_put(&h->ref, free_parts);
}

/* One that was begun later may have been finished earlier. */
static void publish(struct kvm_hpet *h)
{
	struct list_head *before;

	mutex_lock(&blocks_mutex);
	for (before = blocks.prev; before != &blocks; before = before->prev)
		if (list_entry(before, struct kvm_hpet, list)->id < h->id)
			break;
	list_add(&h->list, before);
	mutex_unlock(&blocks_mutex);
}

static void unpublish(struct kvm_hpet *h)
{
	mutex_lock(&blocks_mutex);
	list_del_init(&h->list);
	mutex_unlock(&blocks_mutex);
}

struct kvm_hpet *kvm_hpet_start(struct kvm_hpet *h, struct ticker *ticker,
				int vm_fd, int eventfd)
{
	int ret;

	h->ticker = ticker;
	kvm_hpet_timers_init(h);
	ret = get_vm(h, vm_fd);
	if (ret)
		goto err_free;
	ret = -ENXIO;
	if (!has_irqchip(h->kvm))
		goto err_vm;
	ret = start_worker(h);
	if (ret)
		goto err_vm;
	h->source_id = kvm_private_get_source_id(h->kvm);
	ret = h->source_id;
	if (ret < 0)
		goto err_worker;
	ret = h->kind->plug(h, eventfd);
	if (ret)
		goto err_source;
	publish(h);
	kvm_hpet_debugfs_add(h);
	return h;

err_source:
	kvm_private_put_source_id(h->kvm, h->source_id);
err_worker:
	kthread_destroy_worker(h->worker);
err_vm:
	put_vm(h);
err_free:
	kvm_hpet_put(h);
	return ERR_PTR(ret);
}

/* From here on nothing arms a timer, and ioctls give -ENODEV. */
static void kill(struct kvm_hpet *h)
{
	unsigned long flags;

	mutex_lock(&h->config_mutex);
	kvm_hpet_lock(h, &flags);
	/* block_poll() looks without a lock. */
	WRITE_ONCE(h->dead, true);
	kvm_hpet_unlock(h, flags);
	kvm_hpet_watch_lines(h);
	mutex_unlock(&h->config_mutex);
}

/* The VM may live on: leave no line up. */
static void lower_lines(struct kvm_hpet *h)
{
	u32 gsi;

	for (gsi = 0; gsi < HPET_NUM_GSIS; gsi++)
		if (h->lines & BIT(gsi))
			kvm_private_set_irq(h->kvm, h->source_id, gsi, 0);
	h->lines = 0;
}

/*
 * In this order: nobody finds it any more; no new access, no acknowledgment and
 * no timer, so that nobody is left who could give the worker something to do;
 * then the worker; then what all of them used. Accesses may still queue work
 * until they are over, and destroying the worker flushes it.
 */
void kvm_hpet_remove(struct kvm_hpet *h)
{
	kvm_hpet_debugfs_remove(h);
	unpublish(h);
	h->kind->unplug(h);
	kill(h);
	kvm_hpet_timers_stop(h);
	kthread_destroy_worker(h->worker);
	lower_lines(h);
	kvm_private_put_source_id(h->kvm, h->source_id);
	put_vm(h);
	wake_up_all(&h->gone);
}

static bool may_administer(const struct kvm_hpet *h)
{
	return uid_eq(h->creator, current_euid()) || capable(CAP_SYS_ADMIN);
}

struct kvm_hpet *kvm_hpet_next(u64 id, bool exact,
			       const struct kvm_hpet_kind *kind)
{
	struct kvm_hpet *h, *found = ERR_PTR(-ENOENT);

	mutex_lock(&blocks_mutex);
	list_for_each_entry(h, &blocks, list) {
		if (exact ? h->id != id : h->id <= id)
			continue;
		if (kind && h->kind != kind)
			continue;
		if (may_administer(h)) {
			kref_get(&h->ref);
			found = h;
			break;
		}
		if (exact) {
			found = ERR_PTR(-EPERM);
			break;
		}
	}
	mutex_unlock(&blocks_mutex);
	return found;
}

static u32 wanted_lines(const struct kvm_hpet *h)
{
	u32 gsis = 0;
	unsigned int n;

	if (h->dead)
		return 0;
	for (n = 0; n < h->ticker->num_timers; n++)
		if (h->ticker->ticks[n].params.policy != LOST_TICKS_DISCARD)
			gsis |= h->kind->gsis(h, n);
	return gsis;
}

static void watch_line(struct kvm_hpet *h, u32 gsi)
{
	kvm_private_add_ack(h->kvm, &h->line[gsi].ack);
	kvm_private_add_mask(h->kvm, gsi, &h->line[gsi].mask);
}

static void unwatch_line(struct kvm_hpet *h, u32 gsi)
{
	kvm_private_del_mask(h->kvm, gsi, &h->line[gsi].mask);
	kvm_private_del_ack(h->kvm, &h->line[gsi].ack);
}

static void watch_exactly(struct kvm_hpet *h, u32 wanted)
{
	u32 add = wanted & ~h->watched;
	u32 del = h->watched & ~wanted;
	u32 gsi;

	lockdep_assert_held(&h->config_mutex);
	kvm_hpet_apicv_inhibit(h, wanted);
	for (gsi = 0; gsi < HPET_NUM_GSIS; gsi++) {
		if (add & BIT(gsi))
			watch_line(h, gsi);
		if (del & BIT(gsi))
			unwatch_line(h, gsi);
	}
	h->watched = wanted;
}

void kvm_hpet_watch_lines_of(struct kvm_hpet *h, u32 timers)
{
	u32 gsis = 0;
	unsigned int n;

	for (n = 0; n < h->ticker->num_timers; n++)
		if (timers & BIT(n))
			gsis |= h->kind->gsis(h, n);
	watch_exactly(h, h->watched | gsis);
}

void kvm_hpet_watch_lines(struct kvm_hpet *h)
{
	watch_exactly(h, wanted_lines(h));
}
