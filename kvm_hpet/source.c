// SPDX-License-Identifier: GPL-2.0
/*
 * Tick sources: what instance.c does not know of them. The VMM has the registers;
 * all that is here is when it wants ticks, and its word that the guest took one.
 */
#include <linux/eventfd.h>
#include <linux/file.h>
#include <linux/poll.h>

#include "hpet_state.h"
#include "instance.h"

/* Returns true if kvm_hpet_deliver() has something to do; @awaited: a tick waited. */
static bool ack(struct kvm_hpet *h, bool *awaited)
{
	unsigned long flags;
	bool ready;
	u64 now;

	now = kvm_hpet_lock(h, &flags);
	*awaited = tick_source_ack(&h->source, now);
	ready = kvm_hpet_timers_sync(h, now);
	kvm_hpet_unlock(h, flags);
	return ready;
}

/*
 * The eventfd was signalled; maybe by a vCPU's access, in the kernel, and in any
 * case with its lock held and interrupts off: so the worker delivers. Several
 * signals at once are one acknowledgment, since no more than one tick waits for it.
 */
static int ack_signalled(wait_queue_entry_t *wait, unsigned int mode, int sync,
			 void *key)
{
	struct kvm_hpet_ack *a = container_of(wait, struct kvm_hpet_ack, wait);
	struct kvm_hpet *h = container_of(a, struct kvm_hpet, ack);
	bool awaited;
	u64 count;

	if (!(key_to_poll(key) & EPOLLIN))
		return 0;
	eventfd_ctx_do_read(a->eventfd, &count);
	if (ack(h, &awaited))
		kvm_hpet_kick(h);
	return 0;
}

static void ack_queue(struct file *file, wait_queue_head_t *head,
		      poll_table *table)
{
	struct kvm_hpet_ack *a = container_of(table, struct kvm_hpet_ack, table);

	add_wait_queue(head, &a->wait);
}

static int plug(struct kvm_hpet *h, int eventfd)
{
	struct kvm_hpet_ack *a = &h->ack;
	struct eventfd_ctx *ctx;
	struct file *file;

	if (eventfd == -1)
		return 0;
	file = fget(eventfd);
	if (!file)
		return -EBADF;
	ctx = eventfd_ctx_fileget(file);
	if (IS_ERR(ctx)) {
		fput(file);
		return PTR_ERR(ctx);
	}
	a->eventfd = ctx;
	init_waitqueue_func_entry(&a->wait, ack_signalled);
	init_poll_funcptr(&a->table, ack_queue);
	/* What was signalled before there was a tick is no acknowledgment. */
	vfs_poll(file, &a->table);
	fput(file);
	return 0;
}

static void unplug(struct kvm_hpet *h)
{
	struct kvm_hpet_ack *a = &h->ack;
	u64 count;

	if (!a->eventfd)
		return;
	eventfd_ctx_remove_wait_queue(a->eventfd, &a->wait, &count);
	eventfd_ctx_put(a->eventfd);
}

/* Of a line ends of interrupt are seen, of a message they are not. */
static u32 watched_gsis(const struct kvm_hpet *h, unsigned int n)
{
	return h->source_config.flags & KVM_HPET_SOURCE_MSI ?
		0 : BIT(h->source_config.gsi);
}

static void save(const struct kvm_hpet *h, u64 now, void *s)
{
	kvm_hpet_source_save(&h->source, now, s);
}

static const char *check(const struct kvm_hpet *h, const void *s)
{
	return kvm_hpet_source_check(s);
}

static void load(struct kvm_hpet *h, u64 now, const void *s)
{
	kvm_hpet_source_load(&h->source, now, s);
}

static int start_ticks(struct kvm_hpet *h, void __user *arg)
{
	struct kvm_hpet_tick_period p;
	unsigned long flags;
	int ret;
	u64 now;

	ret = kvm_hpet_copy_in(&p, sizeof(p), sizeof(p), arg);
	if (ret)
		return ret;
	now = kvm_hpet_begin_event(h, &flags);
	if (kvm_hpet_source_period_ok(&p, ticker_guest_now(h->ticker, now)))
		kvm_hpet_source_start(&h->source, now, &p);
	else
		ret = -EINVAL;
	if (kvm_hpet_end_event(h, now, flags))
		kvm_hpet_deliver(h);
	return ret;
}

static int stop_ticks(struct kvm_hpet *h, unsigned long arg)
{
	unsigned long flags;
	u64 now;

	if (arg)
		return -EINVAL;
	if (!h->source.period_fs)
		return -EALREADY;
	now = kvm_hpet_begin_event(h, &flags);
	tick_source_stop(&h->source, now);
	if (kvm_hpet_end_event(h, now, flags))
		kvm_hpet_deliver(h);
	return 0;
}

int kvm_hpet_ack_tick(struct kvm_hpet *h, unsigned long arg)
{
	bool awaited;

	if (arg || !(h->source_config.flags & KVM_HPET_SOURCE_ACK_VMM))
		return -EINVAL;
	if (ack(h, &awaited))
		kvm_hpet_deliver(h);
	return awaited;
}

static int source_ioctl(struct kvm_hpet *h, unsigned int cmd, unsigned long arg)
{
	switch (cmd) {
	case KVM_HPET_START_TICKS:
		return start_ticks(h, (void __user *)arg);
	case KVM_HPET_STOP_TICKS:
		return stop_ticks(h, arg);
	default:
		return -ENOTTY;
	}
}

const struct kvm_hpet_kind kvm_hpet_source_kind = {
	.fd_name = "kvm-hpet-ticks",
	.admin_name = "kvm-hpet-ticks-admin",
	.config_size = sizeof(struct kvm_hpet_tick_source_config),
	.state_size = sizeof(struct kvm_hpet_tick_source_state),
	.plug = plug,
	.unplug = unplug,
	.gsis = watched_gsis,
	.save = save,
	.check = check,
	.load = load,
	.ioctl = source_ioctl,
};

struct kvm_hpet *
kvm_hpet_create_source(const struct kvm_hpet_tick_source_config *config)
{
	struct kvm_hpet *h;

	if (!kvm_hpet_source_config_ok(config))
		return ERR_PTR(-EINVAL);
	h = kvm_hpet_alloc(&kvm_hpet_source_kind, 1);
	if (!h)
		return ERR_PTR(-ENOMEM);
	h->source_config = *config;
	h->source_config.vm_fd = -1;
	h->source_config.ack_eventfd = -1;
	h->source.t.ticks = kvm_hpet_room_for_ticks(h, 1);
	kvm_hpet_source_config_apply(&h->source, config,
				     kvm_hpet_min_interval_ns());
	return kvm_hpet_start(h, &h->source.t, config->vm_fd,
			      config->ack_eventfd);
}
