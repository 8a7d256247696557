// SPDX-License-Identifier: GPL-2.0
/*
 * The statistics in debugfs: kvm_hpet/<number of the block>/{stats,lateness,burst}.
 *
 * For looking at; programs use KVM_HPET_GET_STATS. Without debugfs none of this
 * does anything, and nothing depends on it.
 */
#include <linux/debugfs.h>
#include <linux/seq_file.h>
#include <linux/slab.h>

#include "instance.h"

static struct dentry *root;

/*
 * A block's directory is the first to go, and debugfs waits for those who read:
 * so the block is alive here.
 */
static struct kvm_hpet_stats *read_stats(struct kvm_hpet *h)
{
	struct kvm_hpet_stats *s;

	s = kzalloc(sizeof(*s), GFP_KERNEL_ACCOUNT);
	if (!s)
		return ERR_PTR(-ENOMEM);
	if (mutex_lock_killable(&h->config_mutex)) {
		kfree(s);
		return ERR_PTR(-EINTR);
	}
	kvm_hpet_read_stats(h, s);
	mutex_unlock(&h->config_mutex);
	return s;
}

/* The figures of a timer, by their names in struct kvm_hpet_timer_stats. */
static const struct {
	const char *name;
	size_t offset;
} figures[] = {
	{ "due", offsetof(struct kvm_hpet_timer_stats, due) },
	{ "delivered", offsetof(struct kvm_hpet_timer_stats, delivered) },
	{ "masked", offsetof(struct kvm_hpet_timer_stats, masked) },
	{ "discarded", offsetof(struct kvm_hpet_timer_stats, discarded) },
	{ "backlog", offsetof(struct kvm_hpet_timer_stats, backlog) },
	{ "coalesced", offsetof(struct kvm_hpet_timer_stats, coalesced) },
	{ "late", offsetof(struct kvm_hpet_timer_stats, late) },
	{ "reinjected", offsetof(struct kvm_hpet_timer_stats, reinjected) },
	{ "retries", offsetof(struct kvm_hpet_timer_stats, retries) },
	{ "max_backlog", offsetof(struct kvm_hpet_timer_stats, max_backlog) },
	{ "rate", offsetof(struct kvm_hpet_timer_stats, rate) },
	{ "max_rate", offsetof(struct kvm_hpet_timer_stats, max_rate) },
	{ "period_ns", offsetof(struct kvm_hpet_timer_stats, period_ns) },
	{ "expirations", offsetof(struct kvm_hpet_timer_stats, expirations) },
};

/* That of timer @n at @offset; may be the first of several. */
static const u64 *figure(const struct kvm_hpet_stats *s, unsigned int n,
			 size_t offset)
{
	return (const void *)&s->timer[n] + offset;
}

static void show_timer(struct seq_file *m, const struct kvm_hpet_stats *s,
		       unsigned int n)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(figures); i++)
		seq_printf(m, "timer %u %s %llu\n", n, figures[i].name,
			   *figure(s, n, figures[i].offset));
}

/* A figure a line. */
static int stats_show(struct seq_file *m, void *unused)
{
	struct kvm_hpet_stats *s = read_stats(m->private);
	unsigned int n;

	if (IS_ERR(s))
		return PTR_ERR(s);
	seq_printf(m, "mmio_reads %llu\n", s->mmio_reads);
	seq_printf(m, "mmio_writes %llu\n", s->mmio_writes);
	seq_printf(m, "mmio_exits %llu\n", s->mmio_exits);
	seq_printf(m, "resets %llu\n", s->resets);
	seq_printf(m, "apicv_inhibited_ns %llu\n", s->apicv_inhibited_ns);
	seq_printf(m, "limited %llu\n", s->limited);
	for (n = 0; n < s->num_timers; n++)
		show_timer(m, s, n);
	kfree(s);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(stats);

static void show_bounds(struct seq_file *m, unsigned int i, unsigned int last)
{
	if (i < last)
		seq_printf(m, "<%-9u", 1U << i);
	else
		seq_printf(m, ">=%-8u", 1U << (last - 1));
}

static void show_heading(struct seq_file *m, const char *unit,
			 const struct kvm_hpet_stats *s)
{
	unsigned int n;

	seq_printf(m, "%-10s", unit);
	for (n = 0; n < s->num_timers; n++)
		seq_printf(m, " %8s%-2u", "timer", n);
	seq_putc(m, '\n');
}

/*
 * A line a bucket, a column a timer. Bucket i is for below 2^i, the last one for
 * all that is above.
 */
static int show_histogram(struct seq_file *m, const char *unit, size_t offset,
			  unsigned int buckets)
{
	struct kvm_hpet_stats *s = read_stats(m->private);
	unsigned int i, n;

	if (IS_ERR(s))
		return PTR_ERR(s);
	show_heading(m, unit, s);
	for (i = 0; i < buckets; i++) {
		show_bounds(m, i, buckets - 1);
		for (n = 0; n < s->num_timers; n++)
			seq_printf(m, " %10llu", figure(s, n, offset)[i]);
		seq_putc(m, '\n');
	}
	kfree(s);
	return 0;
}

static int lateness_show(struct seq_file *m, void *unused)
{
	return show_histogram(m, "us", offsetof(struct kvm_hpet_timer_stats,
						lateness),
			      KVM_HPET_LATENESS_BUCKETS);
}
DEFINE_SHOW_ATTRIBUTE(lateness);

static int burst_show(struct seq_file *m, void *unused)
{
	return show_histogram(m, "ticks", offsetof(struct kvm_hpet_timer_stats,
						   burst),
			      KVM_HPET_BURST_BUCKETS);
}
DEFINE_SHOW_ATTRIBUTE(burst);

/* Readable only: the one mode that a kernel in lockdown lets through. */
void kvm_hpet_debugfs_add(struct kvm_hpet *h)
{
	char name[24];

	snprintf(name, sizeof(name), "%llu", h->id);
	h->debugfs = debugfs_create_dir(name, root);
	debugfs_create_file("stats", 0444, h->debugfs, h, &stats_fops);
	debugfs_create_file("lateness", 0444, h->debugfs, h, &lateness_fops);
	debugfs_create_file("burst", 0444, h->debugfs, h, &burst_fops);
}

void kvm_hpet_debugfs_remove(struct kvm_hpet *h)
{
	debugfs_remove(h->debugfs);
}

void kvm_hpet_debugfs_init(void)
{
	root = debugfs_create_dir("kvm_hpet", NULL);
}

void kvm_hpet_debugfs_exit(void)
{
	debugfs_remove(root);
}
