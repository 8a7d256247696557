/* SPDX-License-Identifier: GPL-2.0 */
/* An HPET block or a tick source of one VM: its parts and their locks. */
#ifndef _KVM_HPET_INSTANCE_H
#define _KVM_HPET_INSTANCE_H

#include <linux/hrtimer.h>
#include <linux/kref.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/kvm_host.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/poll.h>
#include <linux/seqlock.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <kvm/iodev.h>

#include <linux/kvm_hpet.h>

#include "compat.h"
#include "hpet_block.h"
#include "rate_gate.h"
#include "tick_source.h"
#include "tracing.h"

struct kvm_hpet;

/**
 * struct kvm_hpet_bursts - how the ticks of a timer fall on its intervals
 * @due: ticks that had fallen due when last looked at
 * @delivered: ticks that had been delivered then
 * @period_ns: the interval then
 * @present: delivered in the present interval
 * @count: see struct kvm_hpet_timer_stats
 */
struct kvm_hpet_bursts {
	u64 due;
	u64 delivered;
	u64 period_ns;
	u64 present;
	u64 count[KVM_HPET_BURST_BUCKETS];
};

/**
 * struct kvm_hpet_hrtimer - the host timer of one comparator
 * @timer: fires when the comparator needs a look
 * @h: the block
 * @n: the comparator
 * @deadline: when @timer is to fire, ns; HPET_NEVER: not at all. Whoever finds
 *	itself called at another time is stale or early and does no harm
 * @expires: what @timer is set for: @deadline, or before it where the guest
 *	puts off often; HPET_NEVER: it is not set
 * @put_off: how often @deadline has become later, with the gate open, since
 *	@timer fired
 * @expirations: how often it fired
 * @lateness: how late, see struct kvm_hpet_timer_stats
 * @bursts: of the comparator's ticks
 * @before: its counts when the lock was taken; with @h->remembered
 * @rate_before: its rate then
 *
 * Protected by @h->lock.
 */
struct kvm_hpet_hrtimer {
	struct hrtimer timer;
	struct kvm_hpet *h;
	u32 n;
	u32 put_off;
	u64 deadline;
	u64 expires;
	u64 expirations;
	u64 lateness[KVM_HPET_LATENESS_BUCKETS];
	struct kvm_hpet_bursts bursts;
	struct lost_ticks_count before;
	u32 rate_before;
};

/**
 * struct kvm_hpet_line - sees what the guest does with one interrupt line
 * @ack: KVM's notifier of acknowledgments
 * @mask: KVM's notifier of masking
 * @h: the block
 */
struct kvm_hpet_line {
	struct kvm_irq_ack_notifier ack;
	struct kvm_irq_mask_notifier mask;
	struct kvm_hpet *h;
};

/**
 * struct kvm_hpet_mmio_stats - accesses, counted for each CPU by itself
 * @reads: served in the kernel
 * @writes: likewise, those handed on included
 * @exits: writes handed on to the VMM
 */
struct kvm_hpet_mmio_stats {
	u64 reads;
	u64 writes;
	u64 exits;
};

/**
 * struct kvm_hpet_kind - what an HPET block and a tick source do differently
 * @fd_name: of its descriptor
 * @admin_name: of one for administration
 * @config_size: of its structure for KVM_HPET_GET_CONFIG
 * @state_size: likewise for KVM_HPET_GET_STATE
 * @plug: gives it to the VM, with the eventfd of its configuration
 * @unplug: undoes that: nobody outside calls in afterwards
 * @gsis: lines (bit mask) of a timer whose acknowledgments count, whatever the
 *	guest writes
 * @save: fills in the state
 * @check: the name of the first field of a state that is not valid, or NULL
 * @load: replaces the state by a valid one
 * @ioctl: those that only this kind has, with config_mutex held; or NULL
 */
struct kvm_hpet_kind {
	const char *fd_name;
	const char *admin_name;
	size_t config_size;
	size_t state_size;
	int (*plug)(struct kvm_hpet *h, int eventfd);
	void (*unplug)(struct kvm_hpet *h);
	u32 (*gsis)(const struct kvm_hpet *h, unsigned int n);
	void (*save)(const struct kvm_hpet *h, u64 now, void *s);
	const char *(*check)(const struct kvm_hpet *h, const void *s);
	void (*load)(struct kvm_hpet *h, u64 now, const void *s);
	int (*ioctl)(struct kvm_hpet *h, unsigned int cmd, unsigned long arg);
};

extern const struct kvm_hpet_kind kvm_hpet_block_kind;
extern const struct kvm_hpet_kind kvm_hpet_source_kind;

/**
 * struct kvm_hpet_ack - acknowledgments that come by an eventfd
 * @eventfd: or NULL
 * @wait: in its queue
 * @table: to get there
 */
struct kvm_hpet_ack {
	struct eventfd_ctx *eventfd;
	wait_queue_entry_t wait;
	poll_table table;
};

/**
 * struct kvm_hpet - an HPET block or a tick source; both are called block where
 * there is no difference
 * @lock: protects the members from here to @dead. Taken in hardirq, by
 *	kvm_hpet_lock()
 * @counter_seq: writers hold @lock. Lets the main counter be read with neither
 *	lock nor write to shared memory
 * @block: of an HPET: registers and ticks
 * @source: of a tick source: its ticks
 * @ticker: the ticks in one of the two; never another one
 * @armed: timers (bit mask) whose host timer is armed
 * @lines: lines of level-triggered timers that are up in KVM. Written with
 *	@deliver_mutex as well
 * @remembered: ticks are traced, so each timer knows its counts of before
 * @gate: limits what the block may take of the host: expirations of its host
 *	timers, interrupts that no vCPU delivers by itself, and host timers that are
 *	set then. See kvm_hpet_charge_arm()
 * @limited: see struct kvm_hpet_stats
 * @starts: how often a host timer was set
 * @dead: the block is being removed: no timer is armed any more
 * @deliver_mutex: one delivers at a time, so that lines change in the order in
 *	which the state did. Outside @lock
 * @worker: delivers what a hardirq can't
 * @deliver_work: its work
 * @config_mutex: serialises ioctls. Outside @deliver_mutex
 * @resets: KVM_HPET_RESET calls; @config_mutex
 * @watched: lines whose acknowledgments are seen; @config_mutex
 * @apicv: how AVIC is kept from hiding acknowledgments; @config_mutex
 * @apicv.since: it is inhibited for this block since then, 0: it is not
 * @apicv.total: how long it was before, in ns
 * @apicv.list: all blocks for which it is; apicv.c's own mutex
 * @line: by GSI
 * @mmio_stats: accesses, per CPU
 * @dev: on KVM's MMIO bus
 * @kvm: the VM; a reference is held until removal
 * @vm_owner: module that implements the VM's file; likewise
 * @legacy_eventfd: of an HPET, or NULL
 * @ack: of a tick source
 * @source_id: of our interrupt lines
 * @kind: what it is
 * @config: as created, with descriptors -1
 * @source_config: likewise, of a tick source
 * @id: number of the block
 * @creator: user that may open it for administration
 * @vm_pid: process that created the VM
 * @owner_pid: process that created the block
 * @list: all blocks; blocks_mutex
 * @debugfs: its directory
 * @gone: pollers wait for removal
 * @ref: descriptors
 * @hrtimer: one for each timer; behind them what the core has for each
 */
struct kvm_hpet {
	raw_spinlock_t lock;
	seqcount_t counter_seq;
	union {
		struct hpet_block block;
		struct tick_source source;
	};
	struct ticker *ticker;
	u32 armed;
	u32 lines;
	bool remembered;
	struct rate_gate gate;
	u64 limited;
	u32 starts;
	bool dead;

	/* One delivers at a time. */
	struct mutex deliver_mutex;
	struct kthread_worker *worker;
	struct kthread_work deliver_work;

	/* One ioctl at a time. */
	struct mutex config_mutex;
	u64 resets;
	u32 watched;
	struct {
		u64 since;
		u64 total;
		struct list_head list;
	} apicv;
	struct kvm_hpet_line line[HPET_NUM_GSIS];

	struct kvm_hpet_mmio_stats __percpu *mmio_stats;
	struct kvm_io_device dev;
	struct kvm *kvm;
	struct module *vm_owner;
	struct eventfd_ctx *legacy_eventfd;
	struct kvm_hpet_ack ack;
	int source_id;
	const struct kvm_hpet_kind *kind;
	union {
		struct kvm_hpet_config config;
		struct kvm_hpet_tick_source_config source_config;
	};

	u64 id;
	kuid_t creator;
	struct pid *vm_pid;
	struct pid *owner_pid;
	struct list_head list;
	struct dentry *debugfs;
	wait_queue_head_t gone;
	struct kref ref;
	struct kvm_hpet_hrtimer *hrtimer;
};

/**
 * kvm_hpet_room_for_ticks() - where the core may have its ticks
 * @h: the block
 * @num_timers: as it was allocated
 *
 * Return: that many, zeroed.
 */
static inline struct lost_ticks *
kvm_hpet_room_for_ticks(const struct kvm_hpet *h, unsigned int num_timers)
{
	return (struct lost_ticks *)&h->hrtimer[num_timers];
}

/**
 * kvm_hpet_room_for_timers() - likewise its comparators
 * @h: the block
 * @num_timers: as it was allocated
 *
 * Return: that many, zeroed.
 */
static inline struct hpet_timer *
kvm_hpet_room_for_timers(const struct kvm_hpet *h, unsigned int num_timers)
{
	struct lost_ticks *ticks = kvm_hpet_room_for_ticks(h, num_timers);

	return (struct hpet_timer *)&ticks[num_timers];
}

/* block.c */

/**
 * kvm_hpet_create() - makes an HPET block
 * @config: from the VMM, not validated
 *
 * Context: process. Sleeps.
 * Return: the block with one reference, or an ERR_PTR() as documented with
 * KVM_HPET_CREATE.
 */
struct kvm_hpet *kvm_hpet_create(const struct kvm_hpet_config *config);

/* source.c */

/**
 * kvm_hpet_create_source() - makes a tick source
 * @config: from the VMM, not validated
 *
 * Context: process. Sleeps.
 * Return: the source with one reference, or an ERR_PTR() as documented with
 * KVM_HPET_CREATE_TICK_SOURCE.
 */
struct kvm_hpet *
kvm_hpet_create_source(const struct kvm_hpet_tick_source_config *config);

/**
 * kvm_hpet_ack_tick() - KVM_HPET_ACK_TICK, which takes no config_mutex: it is what
 * a guest's access comes down to
 * @h: the tick source, alive
 * @arg: of the ioctl
 *
 * Context: process. Sleeps.
 * Return: 1 if a tick waited for that, 0 or -EINVAL.
 */
int kvm_hpet_ack_tick(struct kvm_hpet *h, unsigned long arg);

/* instance.c */

/**
 * kvm_hpet_alloc() - the parts that both kinds have
 * @kind: what it is to be
 * @num_timers: so many host timers
 *
 * Context: process. Sleeps.
 * Return: with one reference, to be filled in; or NULL.
 */
struct kvm_hpet *kvm_hpet_alloc(const struct kvm_hpet_kind *kind,
				unsigned int num_timers);

/**
 * kvm_hpet_start() - brings it to life
 * @h: filled in; the reference goes with it on failure
 * @ticker: its ticks
 * @vm_fd: the VM
 * @eventfd: for its kind to plug it in
 *
 * Context: process. Sleeps.
 * Return: @h, or an ERR_PTR() as documented with KVM_HPET_CREATE.
 */
struct kvm_hpet *kvm_hpet_start(struct kvm_hpet *h, struct ticker *ticker,
				int vm_fd, int eventfd);

/**
 * kvm_hpet_remove() - takes a block from its VM; the memory stays while
 * referenced
 * @h: the block
 *
 * Context: process. Sleeps.
 */
void kvm_hpet_remove(struct kvm_hpet *h);

/**
 * kvm_hpet_put() - drops a reference
 * @h: the block
 */
void kvm_hpet_put(struct kvm_hpet *h);

/**
 * kvm_hpet_next() - a block for administration
 * @id: the block's, or of the one before
 * @exact: false: the first one above @id
 * @kind: only this kind, or NULL
 *
 * Context: process. Sleeps.
 * Return: the block with a reference, or ERR_PTR(-ENOENT), ERR_PTR(-EPERM).
 */
struct kvm_hpet *kvm_hpet_next(u64 id, bool exact,
			       const struct kvm_hpet_kind *kind);

/**
 * kvm_hpet_apicv_inhibit() - has the CPU report acknowledgments, or no longer
 * @h: the block; config_mutex is held
 * @wanted: a policy needs them
 *
 * Context: process. Sleeps.
 */
void kvm_hpet_apicv_inhibit(struct kvm_hpet *h, bool wanted);

/**
 * kvm_hpet_apicv_inhibited_ns() - for how long that has been so, in ns
 * @h: the block; config_mutex is held
 *
 * Context: process.
 * Return: since the block was made; 0 where it has no effect.
 */
u64 kvm_hpet_apicv_inhibited_ns(const struct kvm_hpet *h);

/**
 * kvm_hpet_watch_lines() - looks at the policies and watches the lines whose
 * acknowledgments they need, no others
 * @h: the block; config_mutex is held
 *
 * Context: process. Sleeps.
 */
void kvm_hpet_watch_lines(struct kvm_hpet *h);

/**
 * kvm_hpet_watch_lines_of() - watches the lines of timers as well, before they
 * get a policy that needs it: no acknowledgment may be missed
 * @h: the block; config_mutex is held
 * @timers: bit mask
 *
 * Context: process. Sleeps.
 */
void kvm_hpet_watch_lines_of(struct kvm_hpet *h, u32 timers);

/* observe.c; the lock is taken and dropped several times for each tick and access */

/**
 * kvm_hpet_remember() - remembers the ticks as they are, to see what becomes of them
 * @h: the block; lock is held
 */
void kvm_hpet_remember(struct kvm_hpet *h);

/**
 * kvm_hpet_observe() - looks what the event has done to the ticks so far, for
 * the histogram of bursts and for who traces
 * @h: the block; lock is held
 */
void kvm_hpet_observe(struct kvm_hpet *h);

/**
 * kvm_hpet_step_in() - takes the block's lock to go on, or for an event whose time
 * is taken later; kvm_hpet_lock() does to go on as well
 * @h: the block
 * @flags: for kvm_hpet_unlock()
 */
static inline void kvm_hpet_step_in(struct kvm_hpet *h, unsigned long *flags)
	__acquires(&h->lock)
{
	raw_spin_lock_irqsave(&h->lock, *flags);
	if (kvm_hpet_tracing())
		kvm_hpet_remember(h);
}

/**
 * kvm_hpet_lock() - takes it for an event
 * @h: the block
 * @flags: for kvm_hpet_unlock()
 *
 * Context: any.
 * Return: ktime_get_ns(), the time of the event.
 */
static inline u64 kvm_hpet_lock(struct kvm_hpet *h, unsigned long *flags)
	__acquires(&h->lock)
{
	kvm_hpet_step_in(h, flags);
	return ktime_get_ns();
}

/**
 * kvm_hpet_step_out() - drops the lock in the middle of an event, to call KVM
 * @h: the block
 * @flags: from kvm_hpet_lock()
 *
 * What the event has done to the ticks is looked at when it is over, unless
 * somebody traces.
 */
static inline void kvm_hpet_step_out(struct kvm_hpet *h, unsigned long flags)
	__releases(&h->lock)
{
	if (h->remembered)
		kvm_hpet_observe(h);
	raw_spin_unlock_irqrestore(&h->lock, flags);
}

/**
 * kvm_hpet_unlock() - looks what the event has done, and drops the lock
 * @h: the block
 * @flags: from kvm_hpet_lock()
 */
static inline void kvm_hpet_unlock(struct kvm_hpet *h, unsigned long flags)
	__releases(&h->lock)
{
	kvm_hpet_observe(h);
	raw_spin_unlock_irqrestore(&h->lock, flags);
}

/* stats.c */

/**
 * kvm_hpet_read_stats() - the statistics, all taken at one moment
 * @h: the block, alive; config_mutex is held
 * @s: filled in; zeroed by the caller
 *
 * Context: process. Sleeps.
 */
void kvm_hpet_read_stats(struct kvm_hpet *h, struct kvm_hpet_stats *s);

/* debugfs.c */

/**
 * kvm_hpet_debugfs_add() - shows the block in debugfs
 * @h: the block
 *
 * Context: process. Sleeps.
 */
void kvm_hpet_debugfs_add(struct kvm_hpet *h);

/**
 * kvm_hpet_debugfs_remove() - no longer; nobody reads there afterwards
 * @h: the block; config_mutex is not held
 *
 * Context: process. Sleeps.
 */
void kvm_hpet_debugfs_remove(struct kvm_hpet *h);

/**
 * kvm_hpet_debugfs_init() - makes the directory for the blocks
 */
void kvm_hpet_debugfs_init(void);

/**
 * kvm_hpet_debugfs_exit() - removes it
 */
void kvm_hpet_debugfs_exit(void);

/* mmio.c */

/**
 * kvm_hpet_mmio_register() - puts the block into the VM's address space
 * @h: the block
 *
 * Context: process. Sleeps.
 * Return: 0, -EEXIST, -ENOSPC or -ENOMEM.
 */
int kvm_hpet_mmio_register(struct kvm_hpet *h);

/**
 * kvm_hpet_mmio_unregister() - takes it out; no access is under way afterwards
 * @h: the block
 *
 * Context: process. Sleeps.
 */
void kvm_hpet_mmio_unregister(struct kvm_hpet *h);

/**
 * kvm_hpet_hold_counter() - begins a change of what the counter is derived from
 * @h: the block; lock is held
 *
 * From here on nobody reads the counter without the lock, until
 * write_seqcount_end(). Nobody has read it at a later time than the one returned,
 * so it may stop at that.
 *
 * Context: any.
 * Return: ktime_get_ns(), the time of the event.
 */
u64 kvm_hpet_hold_counter(struct kvm_hpet *h);

/* timers.c */

/**
 * kvm_hpet_timers_init() - sets up the host timers; none is armed
 * @h: the block
 */
void kvm_hpet_timers_init(struct kvm_hpet *h);

/**
 * kvm_hpet_timers_stop() - no host timer is armed or runs afterwards
 * @h: the block, dead
 *
 * Context: process. Sleeps.
 */
void kvm_hpet_timers_stop(struct kvm_hpet *h);

/**
 * kvm_hpet_timers_arm() - arms and cancels as the block needs it now and its gate
 * allows
 * @h: the block; lock is held, and it is brought up to @now
 * @now: ktime_get_ns()
 */
void kvm_hpet_timers_arm(struct kvm_hpet *h, u64 now);

/**
 * kvm_hpet_timers_sync() - likewise, and looks what there is to do
 * @h: the block; lock is held, and it is brought up to @now
 * @now: ktime_get_ns()
 *
 * Return: true if there is something to deliver: call kvm_hpet_deliver() or
 * kvm_hpet_kick().
 */
bool kvm_hpet_timers_sync(struct kvm_hpet *h, u64 now);

/**
 * kvm_hpet_charge_arm() - the host has worked for a block, which is charged; then
 * kvm_hpet_timers_arm(), charged as well
 * @h: the block; lock is held
 * @now: ktime_get_ns(), when that began
 * @interrupts: delivered
 *
 * It is charged for each interrupt and each host timer that is set, and for
 * looking at its timers as much as for an interrupt for each eight that are
 * enabled.
 */
void kvm_hpet_charge_arm(struct kvm_hpet *h, u64 now, unsigned int interrupts);

/* deliver.c */

/**
 * kvm_hpet_deliver() - delivers all that is ready
 * @h: the block
 *
 * Context: process. Sleeps. May be an MMIO handler.
 */
void kvm_hpet_deliver(struct kvm_hpet *h);

/**
 * kvm_hpet_deliver_work() - likewise, as the worker's work: within the limits of the
 * block's gate
 * @work: in a struct kvm_hpet
 */
void kvm_hpet_deliver_work(struct kthread_work *work);

/**
 * kvm_hpet_deliver_msi() - delivers the messages that are ready
 * @h: the block; lock is held, and dropped for each message
 * @now: ktime_get_ns()
 * @flags: of the lock
 *
 * Context: any, hardirq included.
 * Return: how many.
 */
unsigned int kvm_hpet_deliver_msi(struct kvm_hpet *h, u64 now,
				  unsigned long *flags);

/**
 * kvm_hpet_kick() - has the worker deliver
 * @h: the block
 *
 * Context: any.
 */
void kvm_hpet_kick(struct kvm_hpet *h);

/**
 * kvm_hpet_acked() - the guest acknowledged an interrupt
 * @kian: in a struct kvm_hpet_line
 *
 * Context: a vCPU's exit, with KVM's irq_srcu held.
 */
void kvm_hpet_acked(struct kvm_irq_ack_notifier *kian);

/**
 * kvm_hpet_masked() - the guest masked or unmasked an I/O APIC pin
 * @kimn: in a struct kvm_hpet_line
 * @masked: true: masked
 *
 * Context: a vCPU's exit, with KVM's irq_srcu and the I/O APIC's lock held.
 */
void kvm_hpet_masked(struct kvm_irq_mask_notifier *kimn, bool masked);

/* descriptor.c */

/**
 * kvm_hpet_begin_event() - an event from outside: the block is brought up to date,
 * then changed, then what follows is done. Between the two the counter must not
 * be read
 * @h: the block
 * @flags: for kvm_hpet_end_event()
 *
 * Context: process.
 * Return: ktime_get_ns(), the time of the event.
 */
u64 kvm_hpet_begin_event(struct kvm_hpet *h, unsigned long *flags)
	__acquires(&h->lock);

/**
 * kvm_hpet_end_event() - the block was changed
 * @h: the block
 * @now: from kvm_hpet_begin_event()
 * @flags: likewise
 *
 * Return: true if kvm_hpet_deliver() has something to do.
 */
bool kvm_hpet_end_event(struct kvm_hpet *h, u64 now, unsigned long flags)
	__releases(&h->lock);

/**
 * kvm_hpet_open_block() - a descriptor for a block
 * @h: the block; the reference goes to the descriptor, also on failure
 * @admin: for administration: closing it does not remove the block
 *
 * Context: process. Sleeps.
 * Return: the descriptor or a negative errno.
 */
int kvm_hpet_open_block(struct kvm_hpet *h, bool admin);

/* main.c */

/**
 * kvm_hpet_min_interval_ns() - the module's parameter, for what is created now
 *
 * Return: min_interval_us, in ns.
 */
u64 kvm_hpet_min_interval_ns(void);

/**
 * kvm_hpet_max_events_per_sec() - likewise
 *
 * Return: max_events_per_sec.
 */
u32 kvm_hpet_max_events_per_sec(void);

/**
 * kvm_hpet_copy_in() - reads a structure that begins with its size
 * @dst: the structure
 * @known: its size as the module knows it
 * @first: its size as it was first published
 * @arg: user pointer
 *
 * Return: 0, -EFAULT, -EINVAL or -E2BIG.
 */
int kvm_hpet_copy_in(void *dst, size_t known, size_t first, void __user *arg);

/**
 * kvm_hpet_copy_out() - writes one, as much as the caller has room for
 * @arg: user pointer to a structure that begins with its size
 * @src: the structure; its size field is filled in here
 * @known: its size as the module knows it
 * @first: its size as it was first published
 *
 * Return: 0, -EFAULT, -EINVAL or -E2BIG.
 */
int kvm_hpet_copy_out(void __user *arg, void *src, size_t known, size_t first);

#endif /* _KVM_HPET_INSTANCE_H */
