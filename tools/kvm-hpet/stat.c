// SPDX-License-Identifier: GPL-2.0
/*
 * kvm-hpet stat: what became of the ticks.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "block.h"
#include "command.h"
#include "describe.h"
#include "error.h"
#include "parse.h"
#include "policy.h"
#include "prometheus.h"
#include "sample.h"
#include "table.h"
#include "target.h"

struct stat_options {
	struct target target;
	bool all_timers;
	bool json;
	bool prometheus;
};

static const struct option options[] = {
	TARGET_OPTIONS,
	{ "all", no_argument, NULL, OPT_ALL },
	{ "json", no_argument, NULL, OPT_JSON },
	{ "prometheus", no_argument, NULL, OPT_PROMETHEUS },
	END_OPTIONS
};

/* The one law of all lost-tick policies: no tick vanishes, none appears. */
static int check_timer(const struct sample *sample, unsigned int timer)
{
	const struct kvm_hpet_timer_stats *st = &sample->stats.timer[timer];

	if (st->due == st->delivered + st->masked + st->discarded + st->backlog)
		return 0;
	return fail("block %llu, timer %u: due %llu is not delivered %llu + masked %llu + discarded %llu + backlog %llu",
		    (unsigned long long)sample->info.id, timer, (unsigned long long)st->due,
		    (unsigned long long)st->delivered, (unsigned long long)st->masked,
		    (unsigned long long)st->discarded, (unsigned long long)st->backlog);
}

static int check_sample(const struct sample *sample)
{
	for (unsigned int i = 0; i < sample->config.num_timers; i++)
		if (check_timer(sample, i))
			return -1;
	return 0;
}

#define ADD(obj, st, member) json_object_object_add(obj, #member, json_number((st)->member))

static struct json_object *histogram_json(const __u64 *count, size_t buckets)
{
	struct json_object *array = json_object_new_array();

	for (size_t i = 0; i < buckets; i++)
		json_object_array_add(array, json_number(count[i]));
	return array;
}

static struct json_object *timer_json(const struct sample *sample, unsigned int timer)
{
	const struct kvm_hpet_timer_stats *st = &sample->stats.timer[timer];
	struct json_object *obj = json_object_new_object();

	json_object_object_add(obj, "timer", json_number(timer));
	json_object_object_add(obj, "policy", json_object_new_string(
			       policy_name(sample->policy[timer].policy)));
	ADD(obj, st, due);
	ADD(obj, st, delivered);
	ADD(obj, st, masked);
	ADD(obj, st, discarded);
	ADD(obj, st, backlog);
	ADD(obj, st, coalesced);
	ADD(obj, st, late);
	ADD(obj, st, reinjected);
	ADD(obj, st, retries);
	ADD(obj, st, max_backlog);
	ADD(obj, st, rate);
	ADD(obj, st, max_rate);
	ADD(obj, st, period_ns);
	ADD(obj, st, expirations);
	json_object_object_add(obj, "lateness",
			       histogram_json(st->lateness, KVM_HPET_LATENESS_BUCKETS));
	json_object_object_add(obj, "burst", histogram_json(st->burst, KVM_HPET_BURST_BUCKETS));
	return obj;
}

static struct json_object *sample_json(const struct sample *sample, bool all)
{
	struct json_object *obj = json_object_new_object(), *timers = json_object_new_array();

	json_object_object_add(obj, "id", json_number(sample->info.id));
	json_object_object_add(obj, "kind", json_object_new_string(kind_name(&sample->info)));
	json_object_object_add(obj, "vm_pid", json_number(sample->info.vm_pid));
	ADD(obj, &sample->stats, mmio_reads);
	ADD(obj, &sample->stats, mmio_writes);
	ADD(obj, &sample->stats, mmio_exits);
	ADD(obj, &sample->stats, resets);
	ADD(obj, &sample->stats, apicv_inhibited_ns);
	ADD(obj, &sample->stats, limited);
	for (unsigned int i = 0; i < sample->config.num_timers; i++)
		if (all || sample_in_use(sample, i))
			json_object_array_add(timers, timer_json(sample, i));
	json_object_object_add(obj, "timers", timers);
	return obj;
}

static void add_heading(struct table *table)
{
	static const char * const heading[] = { "TIMER", "PERIOD", "DUE", "DELIVERED", "MASKED",
						"DISCARDED", "BACKLOG", "REINJECTED", "RATE" };

	for (size_t i = 0; i < table->columns; i++)
		table_add(table, "%s", heading[i]);
}

static void add_row(struct table *table, const struct sample *sample, unsigned int timer)
{
	const struct kvm_hpet_timer_stats *st = &sample->stats.timer[timer];
	const uint64_t counts[] = { st->due, st->delivered, st->masked, st->discarded,
				    st->backlog, st->reinjected, st->rate };
	char period[TIME_TEXT];

	table_add(table, "%u", timer);
	table_add(table, "%s", st->period_ns ?
		  format_time(period, sizeof(period), st->period_ns) : "-");
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		table_add(table, "%llu", (unsigned long long)counts[i]);
}

/* The time below which a part of all expirations of the host's timer were late */
static const char *late_below(const struct kvm_hpet_timer_stats *st, unsigned int percent)
{
	static char text[TIME_TEXT];
	uint64_t total = 0, sum = 0;
	int i;

	for (i = 0; i < KVM_HPET_LATENESS_BUCKETS; i++)
		total += st->lateness[i];
	for (i = 0; i < KVM_HPET_LATENESS_BUCKETS - 1; i++) {
		sum += st->lateness[i];
		if (sum >= total - total * (100 - percent) / 100)
			break;
	}
	if (i == KVM_HPET_LATENESS_BUCKETS - 1)
		return "more than 16 ms";
	return format_time(text, sizeof(text), 1000ULL << i);
}

/* The most ticks that fell on one interval, as far as the histogram tells */
static void print_burst(const struct kvm_hpet_timer_stats *st)
{
	int i = KVM_HPET_BURST_BUCKETS - 1;

	while (i >= 0 && !st->burst[i])
		i--;
	if (i < 0)
		return;
	printf("    intervals with one tick %llu", (unsigned long long)st->burst[0]);
	if (i == 0)
		printf(", with more none\n");
	else if (i < KVM_HPET_BURST_BUCKETS - 1)
		printf(", at most %u in one\n", 1U << i);
	else
		printf(", more than %u in one\n", 1U << (i - 1));
}

static void print_details(const struct sample *sample, unsigned int timer)
{
	const struct kvm_hpet_timer_stats *st = &sample->stats.timer[timer];

	printf("  timer %u: coalesced %llu, late %llu, retries %llu, most owed %llu, highest rate %llu\n",
	       timer, (unsigned long long)st->coalesced, (unsigned long long)st->late,
	       (unsigned long long)st->retries, (unsigned long long)st->max_backlog,
	       (unsigned long long)st->max_rate);
	print_burst(st);
	if (!st->expirations)
		return;
	printf("    policy %s; host timer fired %llu times",
	       policy_name(sample->policy[timer].policy), (unsigned long long)st->expirations);
	printf(", late by less than %s in half", late_below(st, 50));
	printf(", %s in 99 %%\n", late_below(st, 99));
}

static void print_block(const struct sample *sample)
{
	printf("block %llu, process %u: ", (unsigned long long)sample->info.id, sample->info.vm_pid);
	if (block_is_source(&sample->info))
		printf("tick source, %s", source_text(&sample->source));
	else
		printf("%llu reads, %llu writes, %llu exits",
		       (unsigned long long)sample->stats.mmio_reads,
		       (unsigned long long)sample->stats.mmio_writes,
		       (unsigned long long)sample->stats.mmio_exits);
	printf(", %llu resets\n", (unsigned long long)sample->stats.resets);
}

static void print_sample(const struct sample *sample, bool all)
{
	struct table table = { .columns = 9 };

	print_block(sample);
	add_heading(&table);
	for (unsigned int i = 0; i < sample->config.num_timers; i++)
		if (all || sample_in_use(sample, i))
			add_row(&table, sample, i);
	if (table.count == table.columns)
		printf("  no timer in use\n");
	else
		table_print(&table, "  ");
	for (unsigned int i = 0; i < sample->config.num_timers; i++)
		if (all || sample_in_use(sample, i))
			print_details(sample, i);
}

struct samples {
	struct sample *sample;
	size_t count;
};

/* All blocks that are meant; one that goes meanwhile is left out. */
static int read_samples(int device, const struct target *target, struct samples *all)
{
	struct sample sample = { 0 };

	while (sample_next(device, target, &sample)) {
		struct sample *more = realloc(all->sample, (all->count + 1) * sizeof(*more));

		if (!more)
			return fail("out of memory");
		all->sample = more;
		all->sample[all->count++] = sample;
	}
	if (!all->count && (target->pid || target->id))
		return target_missing(target);
	return 0;
}

static void print_samples_json(const struct samples *all, bool all_timers)
{
	struct json_object *array = json_object_new_array();

	for (size_t i = 0; i < all->count; i++)
		json_object_array_add(array, sample_json(&all->sample[i], all_timers));
	print_json(array);
}

static void print_samples(const struct samples *all, const struct stat_options *op)
{
	if (op->json)
		print_samples_json(all, op->all_timers);
	else if (op->prometheus)
		prometheus_print(all->sample, all->count, op->all_timers);
	else
		for (size_t i = 0; i < all->count; i++)
			print_sample(&all->sample[i], op->all_timers);
}

static int stat_blocks(int device, const struct stat_options *op)
{
	struct samples all = { 0 };
	int ret = read_samples(device, &op->target, &all);

	if (!ret)
		print_samples(&all, op);
	for (size_t i = 0; i < all.count; i++)
		if (check_sample(&all.sample[i]))
			ret = -1;
	free(all.sample);
	return ret;
}

static int parse_options(const struct command *self, struct stat_options *op, int argc,
			 char **argv)
{
	int option, status;

	while ((option = next_option(self, argc, argv, options, &status)) >= 0) {
		status = target_option("stat", &op->target, option, optarg);
		if (status)
			return status;
		op->all_timers |= option == OPT_ALL;
		op->json |= option == OPT_JSON;
		op->prometheus |= option == OPT_PROMETHEUS;
	}
	if (option != OPTION_LEAVE && op->json && op->prometheus)
		return usage_error("stat", "--json does not go with --prometheus");
	return option == OPTION_LEAVE && !status ? -1 : status;
}

static int run(const struct command *self, int argc, char **argv)
{
	struct stat_options op = { 0 };
	int status = parse_options(self, &op, argc, argv), device, ret;

	if (status)
		return status < 0 ? EXIT_SUCCESS : status;
	if (target_resolve(&op.target))
		return EXIT_FAILURE;
	device = device_open();
	if (device < 0)
		return EXIT_FAILURE;
	ret = stat_blocks(device, &op);
	close(device);
	return ret ? EXIT_FAILURE : EXIT_SUCCESS;
}

const struct command stat_command = {
	.name = "stat",
	.summary = "what became of the ticks",
	.help =
	"Usage: kvm-hpet stat [--pid N | --domain NAME | --id ID] [--all]\n"
	"                     [--json | --prometheus]\n"
	"For each timer in use: ticks that fell due, and what became of them. It checks\n"
	"that due = delivered + masked + discarded + backlog, and fails if not.\n\n"
	TARGET_HELP
	"      --all               also timers not in use\n"
	"      --json              print in JSON\n"
	"      --prometheus        print as metrics, in the text format of Prometheus\n"
	"  -h, --help              this text\n",
	.run = run,
};
