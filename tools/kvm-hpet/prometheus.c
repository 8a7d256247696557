// SPDX-License-Identifier: GPL-2.0
/*
 * The statistics in the text format of Prometheus, for node_exporter's textfile
 * collector: each metric with the samples of all blocks and timers.
 *
 * A count that a change of the period can lower, due, is a gauge: a counter that
 * falls would be taken for one that began anew.
 */
#include <inttypes.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "describe.h"
#include "policy.h"
#include "prometheus.h"

#define LABEL_TEXT 512

/* A figure of a block, or of each of its timers, at @offset */
struct metric {
	const char *name;
	const char *type;
	const char *help;
	size_t offset;
};

#define BLOCK(member) offsetof(struct kvm_hpet_stats, member)
#define TIMER(member) offsetof(struct kvm_hpet_timer_stats, member)

static const struct metric block_metrics[] = {
	{ "mmio_reads_total", "counter", "Reads of the HPET by the guest, served in the kernel.",
	  BLOCK(mmio_reads) },
	{ "mmio_writes_total", "counter", "Writes to the HPET by the guest, served in the kernel.",
	  BLOCK(mmio_writes) },
	{ "mmio_exits_total", "counter", "Of the writes, those handed on to the VMM.",
	  BLOCK(mmio_exits) },
	{ "resets_total", "counter", "Resets of the HPET by the VMM.", BLOCK(resets) },
	{ "limited_total", "counter", "Host timers set later, since the HPET took of the host what it may.",
	  BLOCK(limited) },
};

static const struct metric timer_metrics[] = {
	{ "ticks_due", "gauge",
	  "Ticks that fell due; counted anew when the guest changes the period.", TIMER(due) },
	{ "ticks_delivered_total", "counter", "Ticks delivered to the guest.", TIMER(delivered) },
	{ "ticks_masked_total", "counter", "Ticks that fell due while the guest had them masked.",
	  TIMER(masked) },
	{ "ticks_discarded_total", "counter", "Ticks lost for good.", TIMER(discarded) },
	{ "ticks_backlog", "gauge", "Ticks owed to the guest.", TIMER(backlog) },
	{ "ticks_backlog_max", "gauge", "Most ticks owed to the guest so far.", TIMER(max_backlog) },
	{ "ticks_coalesced_total", "counter",
	  "Ticks that fell due while the one before was not acknowledged.", TIMER(coalesced) },
	{ "ticks_late_total", "counter",
	  "Ticks that fell due unnoticed, the host being a period or more late.", TIMER(late) },
	{ "ticks_reinjected_total", "counter",
	  "Ticks delivered in addition to the regular ones, to make up for loss.",
	  TIMER(reinjected) },
	{ "ticks_retried_total", "counter", "Ticks injected again for want of an acknowledgment.",
	  TIMER(retries) },
	{ "catch_up_rate", "gauge", "Additional ticks an interval at this moment.", TIMER(rate) },
	{ "catch_up_rate_max", "gauge", "Most additional ticks an interval so far.",
	  TIMER(max_rate) },
};

static const uint64_t *figure(const void *stats, size_t offset)
{
	return (const uint64_t *)((const char *)stats + offset);
}

/* A guest's name may be anything: what would end a label's value is escaped. */
static void escape(char *to, size_t size, const char *from)
{
	size_t n = 0;

	for (; *from && n + 3 < size; from++) {
		if (*from == '"' || *from == '\\' || *from == '\n')
			to[n++] = '\\';
		to[n++] = *from == '\n' ? 'n' : *from;
	}
	to[n] = '\0';
}

static const char *labels(const struct sample *sample, int timer)
{
	static char text[LABEL_TEXT];
	char name[128], safe[2 * sizeof(name)];
	int n;

	vm_name(sample->info.vm_pid, name, sizeof(name));
	escape(safe, sizeof(safe), name);
	n = snprintf(text, sizeof(text), "block=\"%llu\",kind=\"%s\",vm=\"%s\"",
		     (unsigned long long)sample->info.id, kind_name(&sample->info), safe);
	if (timer >= 0)
		snprintf(text + n, sizeof(text) - n, ",timer=\"%d\"", timer);
	return text;
}

static void heading(const char *name, const char *type, const char *help)
{
	printf("# HELP kvm_hpet_%s %s\n# TYPE kvm_hpet_%s %s\n", name, help, name, type);
}

/* What is to be done for each timer that is shown */
typedef void (*timer_fn)(const struct sample *sample, unsigned int timer, const void *data);

static void for_each_timer(const struct sample *samples, size_t count, bool all, timer_fn fn,
			   const void *data)
{
	for (size_t i = 0; i < count; i++)
		for (unsigned int n = 0; n < samples[i].config.num_timers; n++)
			if (all || sample_in_use(&samples[i], n))
				fn(&samples[i], n, data);
}

static void print_figure(const struct sample *sample, unsigned int timer, const void *data)
{
	const struct metric *metric = data;

	printf("kvm_hpet_%s{%s} %" PRIu64 "\n", metric->name, labels(sample, timer),
	       *figure(&sample->stats.timer[timer], metric->offset));
}

static void print_period(const struct sample *sample, unsigned int timer, const void *data)
{
	(void)data;
	printf("kvm_hpet_period_seconds{%s} %.9g\n", labels(sample, timer),
	       sample->stats.timer[timer].period_ns / 1e9);
}

static void print_policy(const struct sample *sample, unsigned int timer, const void *data)
{
	(void)data;
	printf("kvm_hpet_policy_info{%s,policy=\"%s\"} 1\n", labels(sample, timer),
	       policy_name(sample->policy[timer].policy));
}

/*
 * Prometheus' buckets are of all that is not above a bound; the last one's is
 * infinite. A sum is not kept, and none is made up.
 */
static void print_buckets(const struct sample *sample, unsigned int timer, const char *name,
			  const __u64 *count, unsigned int buckets, double (*bound)(unsigned int))
{
	const char *who = labels(sample, timer);
	uint64_t sum = 0;

	for (unsigned int i = 0; i < buckets; i++) {
		sum += count[i];
		if (i < buckets - 1)
			printf("kvm_hpet_%s_bucket{%s,le=\"%.9g\"} %" PRIu64 "\n", name, who,
			       bound(i), sum);
	}
	printf("kvm_hpet_%s_bucket{%s,le=\"+Inf\"} %" PRIu64 "\n", name, who, sum);
	printf("kvm_hpet_%s_count{%s} %" PRIu64 "\n", name, who, sum);
}

/* Below 2^i us, and the clock counts ns */
static double lateness_bound(unsigned int i)
{
	return (1U << i) / 1e6;
}

/* None, then up to 2^i - 1 */
static double burst_bound(unsigned int i)
{
	return (1U << i) - 1;
}

static void print_lateness(const struct sample *sample, unsigned int timer, const void *data)
{
	(void)data;
	print_buckets(sample, timer, "host_timer_lateness_seconds",
		      sample->stats.timer[timer].lateness, KVM_HPET_LATENESS_BUCKETS,
		      lateness_bound);
}

static void print_burst(const struct sample *sample, unsigned int timer, const void *data)
{
	(void)data;
	print_buckets(sample, timer, "interval_additional_ticks",
		      sample->stats.timer[timer].burst, KVM_HPET_BURST_BUCKETS, burst_bound);
}

static void print_block_metric(const struct sample *samples, size_t count,
			       const struct metric *metric)
{
	heading(metric->name, metric->type, metric->help);
	for (size_t i = 0; i < count; i++)
		printf("kvm_hpet_%s{%s} %" PRIu64 "\n", metric->name, labels(&samples[i], -1),
		       *figure(&samples[i].stats, metric->offset));
}

static void print_apicv(const struct sample *samples, size_t count)
{
	heading("apicv_inhibited_seconds_total", "counter",
		"For how long AMD's AVIC was inhibited for this HPET.");
	for (size_t i = 0; i < count; i++)
		printf("kvm_hpet_apicv_inhibited_seconds_total{%s} %.9f\n",
		       labels(&samples[i], -1), samples[i].stats.apicv_inhibited_ns / 1e9);
}

/**
 * prometheus_print() - print metrics in the text format, version 0.0.4
 * @samples: of the blocks
 * @count: how many
 * @all_timers: also timers that are not in use
 */
void prometheus_print(const struct sample *samples, size_t count, bool all_timers)
{
	heading("blocks", "gauge", "HPETs and tick sources in the kernel that the caller may see.");
	printf("kvm_hpet_blocks %zu\n", count);
	for (size_t i = 0; i < sizeof(block_metrics) / sizeof(block_metrics[0]); i++)
		print_block_metric(samples, count, &block_metrics[i]);
	print_apicv(samples, count);
	for (size_t i = 0; i < sizeof(timer_metrics) / sizeof(timer_metrics[0]); i++) {
		heading(timer_metrics[i].name, timer_metrics[i].type, timer_metrics[i].help);
		for_each_timer(samples, count, all_timers, print_figure, &timer_metrics[i]);
	}
	heading("period_seconds", "gauge", "Period of the timer, 0: one-shot.");
	for_each_timer(samples, count, all_timers, print_period, NULL);
	heading("policy_info", "gauge", "What becomes of lost ticks.");
	for_each_timer(samples, count, all_timers, print_policy, NULL);
	heading("host_timer_lateness_seconds", "histogram",
		"How late the host's timer fired (its sum is not kept).");
	for_each_timer(samples, count, all_timers, print_lateness, NULL);
	heading("interval_additional_ticks", "histogram",
		"Ticks beyond the first that were delivered in an interval (its sum is not kept).");
	for_each_timer(samples, count, all_timers, print_burst, NULL);
}
