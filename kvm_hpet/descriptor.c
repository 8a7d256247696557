// SPDX-License-Identifier: GPL-2.0
/* The descriptor of an HPET block or a tick source. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/anon_inodes.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/nospec.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "instance.h"

/**
 * struct handle - a descriptor
 * @h: the block, with a reference
 * @admin: for administration: does not keep the block
 */
struct handle {
	struct kvm_hpet *h;
	bool admin;
};

u64 kvm_hpet_begin_event(struct kvm_hpet *h, unsigned long *flags)
	__acquires(&h->lock)
{
	u64 now;

	kvm_hpet_step_in(h, flags);
	now = kvm_hpet_hold_counter(h);
	ticker_advance(h->ticker, ticker_all(h->ticker), now);
	return now;
}

bool kvm_hpet_end_event(struct kvm_hpet *h, u64 now, unsigned long flags)
	__releases(&h->lock)
{
	bool ready;

	write_seqcount_end(&h->counter_seq);
	ready = kvm_hpet_timers_sync(h, now);
	kvm_hpet_unlock(h, flags);
	return ready;
}

static int get_config(struct kvm_hpet *h, void __user *arg)
{
	union {
		struct kvm_hpet_config block;
		struct kvm_hpet_tick_source_config source;
	} config;
	size_t size = h->kind->config_size;

	memcpy(&config, &h->config, size);
	return kvm_hpet_copy_out(arg, &config, size, size);
}

/*
 * With deliver_mutex held only messages are sent by others, from hardirq: wait
 * until none is half sent.
 */
static u64 lock_quiet(struct kvm_hpet *h, unsigned long *flags)
	__acquires(&h->lock)
{
	u64 now = kvm_hpet_lock(h, flags);

	while (!ticker_quiet(h->ticker)) {
		kvm_hpet_unlock(h, *flags);
		cpu_relax();
		now = kvm_hpet_lock(h, flags);
	}
	return now;
}

static int get_state(struct kvm_hpet *h, void __user *arg)
{
	size_t size = h->kind->state_size;
	unsigned long flags;
	u64 now;
	void *s;
	int ret;

	s = kzalloc(size, GFP_KERNEL_ACCOUNT);
	if (!s)
		return -ENOMEM;
	mutex_lock(&h->deliver_mutex);
	now = lock_quiet(h, &flags);
	ticker_advance(h->ticker, ticker_all(h->ticker), now);
	h->kind->save(h, now, s);
	kvm_hpet_unlock(h, flags);
	mutex_unlock(&h->deliver_mutex);
	kvm_hpet_deliver(h);
	ret = kvm_hpet_copy_out(arg, s, size, size);
	kfree(s);
	return ret;
}

static int load_state(struct kvm_hpet *h, const void *s)
{
	const char *bad = h->kind->check(h, s);
	unsigned long flags;
	u64 now;

	if (bad) {
		pr_debug_ratelimited("state of block %llu refused: %s\n", h->id, bad);
		return -EINVAL;
	}
	mutex_lock(&h->deliver_mutex);
	now = kvm_hpet_begin_event(h, &flags);
	h->kind->load(h, now, s);
	kvm_hpet_end_event(h, now, flags);
	mutex_unlock(&h->deliver_mutex);
	kvm_hpet_deliver(h);
	return 0;
}

static int set_state(struct kvm_hpet *h, void __user *arg)
{
	size_t size = h->kind->state_size;
	void *s;
	int ret;

	s = kzalloc(size, GFP_KERNEL_ACCOUNT);
	if (!s)
		return -ENOMEM;
	ret = kvm_hpet_copy_in(s, size, size, arg);
	if (!ret)
		ret = load_state(h, s);
	kfree(s);
	return ret;
}

static int set_paused(struct kvm_hpet *h, unsigned long arg, bool paused)
{
	unsigned long flags;
	u64 now;

	if (arg)
		return -EINVAL;
	if (h->ticker->paused == paused)
		return -EALREADY;
	now = kvm_hpet_begin_event(h, &flags);
	ticker_pause(h->ticker, now, paused);
	if (kvm_hpet_end_event(h, now, flags))
		kvm_hpet_deliver(h);
	return 0;
}

static int reset(struct kvm_hpet *h, unsigned long arg)
{
	unsigned long flags;
	u64 now;

	if (arg)
		return -EINVAL;
	now = kvm_hpet_begin_event(h, &flags);
	ticker_reset(h->ticker, now);
	h->resets++;
	if (kvm_hpet_end_event(h, now, flags))
		kvm_hpet_deliver(h);
	return 0;
}

static int get_policy(struct kvm_hpet *h, void __user *arg)
{
	struct kvm_hpet_tick_policy p;
	const struct lost_ticks_params *params;
	unsigned int n;
	int ret;

	ret = kvm_hpet_copy_in(&p, sizeof(p), sizeof(p), arg);
	if (ret)
		return ret;
	if (hweight32(p.timers) != 1)
		return -EINVAL;
	if (p.timers >> 1 >= BIT_ULL(h->ticker->num_timers - 1))
		return -ENXIO;
	n = array_index_nospec(__ffs(p.timers), h->ticker->num_timers);
	params = &h->ticker->ticks[n].params;
	p.policy = params->policy;
	p.max_rate = params->max_rate;
	p.ramp = params->ramp;
	p.reserved = 0;
	p.max_backlog_ns = params->max_backlog_ns;
	return kvm_hpet_copy_out(arg, &p, sizeof(p), sizeof(p));
}

static int check_policy(const struct kvm_hpet *h,
			const struct kvm_hpet_tick_policy *p)
{
	if (!p->timers || p->reserved || p->policy > KVM_HPET_TICKS_SLEW ||
	    !p->max_rate || p->max_rate > KVM_HPET_MAX_RATE ||
	    p->ramp > KVM_HPET_MAX_RATE ||
	    p->max_backlog_ns > KVM_HPET_MAX_BACKLOG_NS)
		return -EINVAL;
	if (p->timers >> 1 >= BIT_ULL(h->ticker->num_timers - 1))
		return -ENXIO;
	if (!lost_ticks_supported(p->policy))
		return -EOPNOTSUPP;
	return 0;
}

static int set_policy(struct kvm_hpet *h, void __user *arg)
{
	struct lost_ticks_params params;
	struct kvm_hpet_tick_policy p;
	unsigned long flags;
	unsigned int n;
	u64 now;
	int ret;

	ret = kvm_hpet_copy_in(&p, sizeof(p), sizeof(p), arg);
	if (!ret)
		ret = check_policy(h, &p);
	if (ret)
		return ret;
	params.policy = p.policy;
	params.max_rate = p.max_rate;
	params.ramp = p.ramp;
	params.max_backlog_ns = p.max_backlog_ns;
	if (p.policy != KVM_HPET_TICKS_DISCARD)
		kvm_hpet_watch_lines_of(h, p.timers);
	now = kvm_hpet_begin_event(h, &flags);
	for (n = 0; n < h->ticker->num_timers; n++)
		if (p.timers & BIT(n))
			ticker_set_params(h->ticker, now, n, &params);
	if (kvm_hpet_end_event(h, now, flags))
		kvm_hpet_deliver(h);
	kvm_hpet_watch_lines(h);
	return 0;
}

static int get_stats(struct kvm_hpet *h, void __user *arg)
{
	struct kvm_hpet_stats *s;
	int ret;

	s = kzalloc(sizeof(*s), GFP_KERNEL_ACCOUNT);
	if (!s)
		return -ENOMEM;
	kvm_hpet_read_stats(h, s);
	ret = kvm_hpet_copy_out(arg, s, sizeof(*s),
				offsetof(struct kvm_hpet_stats, limited));
	kfree(s);
	return ret;
}

static int owner_ioctl(struct kvm_hpet *h, unsigned int cmd, unsigned long arg)
{
	switch (cmd) {
	case KVM_HPET_SET_STATE:
		return set_state(h, (void __user *)arg);
	case KVM_HPET_PAUSE:
		return set_paused(h, arg, true);
	case KVM_HPET_RESUME:
		return set_paused(h, arg, false);
	case KVM_HPET_RESET:
		return reset(h, arg);
	default:
		return -ENOTTY;
	}
}

static int any_ioctl(struct kvm_hpet *h, unsigned int cmd, unsigned long arg,
		     bool admin)
{
	switch (cmd) {
	case KVM_HPET_GET_CONFIG:
		return get_config(h, (void __user *)arg);
	case KVM_HPET_GET_STATE:
		return get_state(h, (void __user *)arg);
	case KVM_HPET_GET_TICK_POLICY:
		return get_policy(h, (void __user *)arg);
	case KVM_HPET_SET_TICK_POLICY:
		return set_policy(h, (void __user *)arg);
	case KVM_HPET_GET_STATS:
		return get_stats(h, (void __user *)arg);
	case KVM_HPET_SET_STATE:
	case KVM_HPET_PAUSE:
	case KVM_HPET_RESUME:
	case KVM_HPET_RESET:
		return admin ? -EPERM : owner_ioctl(h, cmd, arg);
	case KVM_HPET_START_TICKS:
	case KVM_HPET_STOP_TICKS:
		if (!h->kind->ioctl)
			return -ENOTTY;
		return admin ? -EPERM : h->kind->ioctl(h, cmd, arg);
	default:
		return -ENOTTY;
	}
}

/* What removes the source is the last close of this very descriptor. */
static int ack_ioctl(const struct handle *handle, unsigned long arg)
{
	if (handle->h->kind != &kvm_hpet_source_kind)
		return -ENOTTY;
	return handle->admin ? -EPERM : kvm_hpet_ack_tick(handle->h, arg);
}

static long block_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct handle *handle = file->private_data;
	struct kvm_hpet *h = handle->h;
	int ret;

	if (cmd == KVM_HPET_ACK_TICK)
		return ack_ioctl(handle, arg);
	if (mutex_lock_killable(&h->config_mutex))
		return -EINTR;
	if (h->dead)
		ret = -ENODEV;
	else
		ret = any_ioctl(h, cmd, arg, handle->admin);
	mutex_unlock(&h->config_mutex);
	return ret;
}

static __poll_t block_poll(struct file *file, poll_table *wait)
{
	struct handle *handle = file->private_data;

	poll_wait(file, &handle->h->gone, wait);
	return READ_ONCE(handle->h->dead) ? EPOLLHUP : 0;
}

static int block_release(struct inode *inode, struct file *file)
{
	struct handle *handle = file->private_data;

	if (!handle->admin)
		kvm_hpet_remove(handle->h);
	kvm_hpet_put(handle->h);
	kfree(handle);
	return 0;
}

static const struct file_operations block_fops = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = block_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.poll = block_poll,
	.release = block_release,
	.llseek = noop_llseek,
};

static struct file *make_file(struct kvm_hpet *h, bool admin)
{
	struct handle *handle;
	struct file *file;

	handle = kzalloc(sizeof(*handle), GFP_KERNEL_ACCOUNT);
	if (!handle)
		return ERR_PTR(-ENOMEM);
	handle->h = h;
	handle->admin = admin;
	file = anon_inode_getfile(admin ? h->kind->admin_name :
					  h->kind->fd_name,
				  &block_fops, handle, O_RDWR);
	if (IS_ERR(file))
		kfree(handle);
	return file;
}

static void drop_block(struct kvm_hpet *h, bool admin)
{
	if (!admin)
		kvm_hpet_remove(h);
	kvm_hpet_put(h);
}

int kvm_hpet_open_block(struct kvm_hpet *h, bool admin)
{
	struct file *file;
	int fd;

	fd = get_unused_fd_flags(O_CLOEXEC);
	if (fd < 0) {
		drop_block(h, admin);
		return fd;
	}
	file = make_file(h, admin);
	if (IS_ERR(file)) {
		put_unused_fd(fd);
		drop_block(h, admin);
		return PTR_ERR(file);
	}
	fd_install(fd, file);
	return fd;
}
