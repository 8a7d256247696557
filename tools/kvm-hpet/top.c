// SPDX-License-Identifier: GPL-2.0
/*
 * kvm-hpet top: what becomes of the ticks, live.
 *
 * A table that is drawn anew needs three sequences that every terminal since
 * the VT102 knows, so no library is asked for them.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "block.h"
#include "command.h"
#include "describe.h"
#include "error.h"
#include "parse.h"
#include "policy.h"
#include "sample.h"
#include "table.h"
#include "target.h"

#define NS_PER_S	1000000000ULL
#define MIN_DELAY_NS	(NS_PER_S / 10)
#define MAX_DELAY_NS	(3600 * NS_PER_S)

#define CLEAR		"\033[H\033[J"
#define WRAP_OFF	"\033[?7l"
#define WRAP_ON		"\033[?7h"

/* Lines besides those of timers: two headings, the count of others, the cursor */
#define OTHER_LINES	4

struct top_options {
	struct target target;
	uint64_t delay_ns;
	uint64_t count;		/* of intervals, 0: no end */
	bool all_timers;
	bool json;
	bool terminal;
};

/**
 * struct moment - all blocks that are meant, at a moment
 * @ns: CLOCK_MONOTONIC
 * @count: of @samples
 * @samples: by rising id
 */
struct moment {
	uint64_t ns;
	size_t count;
	struct sample *samples;
};

/* A timer's changes in an interval, each in a second */
struct rates {
	double due, delivered, masked, discarded, coalesced, late, reinjected;
};

static const struct option options[] = {
	TARGET_OPTIONS,
	{ "delay", required_argument, NULL, 'd' },
	{ "count", required_argument, NULL, 'n' },
	{ "all", no_argument, NULL, OPT_ALL },
	{ "json", no_argument, NULL, OPT_JSON },
	END_OPTIONS
};

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

static void sleep_until(uint64_t ns)
{
	const struct timespec ts = { .tv_sec = ns / NS_PER_S, .tv_nsec = ns % NS_PER_S };

	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL);
}

static int read_moment(int device, const struct target *target, struct moment *moment)
{
	struct sample sample = { 0 };

	moment->ns = now_ns();
	moment->count = 0;
	while (sample_next(device, target, &sample)) {
		struct sample *samples = reallocarray(moment->samples, moment->count + 1,
						      sizeof(*samples));

		if (!samples)
			return fail("out of memory");
		samples[moment->count++] = sample;
		moment->samples = samples;
	}
	return 0;
}

/* The same block at another moment, or NULL */
static const struct sample *find(const struct moment *moment, const struct sample *sample)
{
	for (size_t i = 0; i < moment->count; i++)
		if (moment->samples[i].info.id == sample->info.id)
			return &moment->samples[i];
	return NULL;
}

/* A change of the period counts what is due anew: it may fall. */
static double change(uint64_t now, uint64_t before, double seconds)
{
	return (double)(int64_t)(now - before) / seconds;
}

static struct rates timer_rates(const struct sample *now, const struct sample *before,
				unsigned int timer, double seconds)
{
	const struct kvm_hpet_timer_stats *n = &now->stats.timer[timer];
	const struct kvm_hpet_timer_stats *b = &before->stats.timer[timer];

	return (struct rates){
		.due = change(n->due, b->due, seconds),
		.delivered = change(n->delivered, b->delivered, seconds),
		.masked = change(n->masked, b->masked, seconds),
		.discarded = change(n->discarded, b->discarded, seconds),
		.coalesced = change(n->coalesced, b->coalesced, seconds),
		.late = change(n->late, b->late, seconds),
		.reinjected = change(n->reinjected, b->reinjected, seconds),
	};
}

/* ---- JSON ---- */

static void add_double(struct json_object *obj, const char *name, double value)
{
	char text[64];

	snprintf(text, sizeof(text), "%.3f", value);
	json_object_object_add(obj, name, json_object_new_double_s(value, text));
}

static struct json_object *timer_json(const struct sample *now, const struct sample *before,
				      unsigned int timer, double seconds)
{
	const struct kvm_hpet_timer_stats *st = &now->stats.timer[timer];
	const struct rates rates = timer_rates(now, before, timer, seconds);
	struct json_object *obj = json_object_new_object();

	json_object_object_add(obj, "timer", json_number(timer));
	json_object_object_add(obj, "policy", json_object_new_string(
			       policy_name(now->policy[timer].policy)));
	json_object_object_add(obj, "period_ns", json_number(st->period_ns));
	add_double(obj, "due_per_s", rates.due);
	add_double(obj, "delivered_per_s", rates.delivered);
	add_double(obj, "masked_per_s", rates.masked);
	add_double(obj, "discarded_per_s", rates.discarded);
	add_double(obj, "coalesced_per_s", rates.coalesced);
	add_double(obj, "late_per_s", rates.late);
	add_double(obj, "reinjected_per_s", rates.reinjected);
	json_object_object_add(obj, "backlog", json_number(st->backlog));
	json_object_object_add(obj, "rate", json_number(st->rate));
	return obj;
}

static struct json_object *block_json(const struct sample *now, const struct sample *before,
				      double seconds, bool all)
{
	struct json_object *obj = json_object_new_object(), *timers = json_object_new_array();
	char name[64];

	vm_name(now->info.vm_pid, name, sizeof(name));
	json_object_object_add(obj, "id", json_number(now->info.id));
	json_object_object_add(obj, "vm_pid", json_number(now->info.vm_pid));
	json_object_object_add(obj, "name", json_object_new_string(name));
	add_double(obj, "mmio_reads_per_s",
		   change(now->stats.mmio_reads, before->stats.mmio_reads, seconds));
	add_double(obj, "mmio_writes_per_s",
		   change(now->stats.mmio_writes, before->stats.mmio_writes, seconds));
	for (unsigned int i = 0; i < now->config.num_timers; i++)
		if (all || sample_in_use(now, i))
			json_object_array_add(timers, timer_json(now, before, i, seconds));
	json_object_object_add(obj, "timers", timers);
	return obj;
}

/* A line an interval */
static void print_json_line(const struct moment *now, const struct moment *before, double seconds,
			    bool all)
{
	struct json_object *obj = json_object_new_object(), *blocks = json_object_new_array();

	add_double(obj, "interval_s", seconds);
	for (size_t i = 0; i < now->count; i++) {
		const struct sample *old = find(before, &now->samples[i]);

		if (old)
			json_object_array_add(blocks, block_json(&now->samples[i], old, seconds,
								 all));
	}
	json_object_object_add(obj, "blocks", blocks);
	puts(json_object_to_json_string_ext(obj, JSON_C_TO_STRING_SPACED |
					    JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(obj);
}

/* ---- for reading ---- */

/* Never more than six characters for what is not below 0 */
static void add_number(struct table *table, double value)
{
	if (value < 999.95)
		table_add(table, "%.1f", value);
	else if (value < 999999.5)
		table_add(table, "%.0f", value);
	else if (value < 999.95e6)
		table_add(table, "%.1fM", value / 1e6);
	else
		table_add(table, "%.1fG", value / 1e9);
}

static void add_count(struct table *table, uint64_t value)
{
	if (value < 1000000)
		table_add(table, "%" PRIu64, value);
	else
		add_number(table, value);
}

static void add_heading(struct table *table)
{
	static const char * const heading[] = { "PID", "NAME", "TIMER", "POLICY", "DUE/s", "DELIV/s",
						"LOST/s", "BACKLOG", "RATE", "READS/s" };

	for (size_t i = 0; i < table->columns; i++)
		table_add(table, "%s", heading[i]);
}

/* What is the same for all timers of a block stands beside its first. */
static void add_block_cells(struct table *table, const struct sample *now)
{
	char name[64];

	vm_name(now->info.vm_pid, name, sizeof(name));
	table_add(table, "%u", now->info.vm_pid);
	table_add(table, "%.12s", name);
}

static void add_timer_cells(struct table *table, const struct sample *now,
			    const struct sample *before, unsigned int timer, double seconds)
{
	const struct rates rates = timer_rates(now, before, timer, seconds);

	table_add(table, "%u", timer);
	table_add(table, "%s", policy_name(now->policy[timer].policy));
	add_number(table, rates.due);
	add_number(table, rates.delivered);
	add_number(table, rates.discarded);
	add_count(table, now->stats.timer[timer].backlog);
	add_count(table, now->stats.timer[timer].rate);
}

static void add_block(struct table *table, const struct sample *now, const struct sample *before,
		      double seconds, bool all)
{
	bool first = true;

	for (unsigned int i = 0; i < now->config.num_timers; i++) {
		if (!all && !sample_in_use(now, i))
			continue;
		if (first) {
			add_block_cells(table, now);
		} else {
			table_add(table, "%s", "");
			table_add(table, "%s", "");
		}
		add_timer_cells(table, now, before, i, seconds);
		if (first)
			add_number(table, change(now->stats.mmio_reads, before->stats.mmio_reads,
						 seconds));
		else
			table_add(table, "%s", "");
		first = false;
	}
	if (!first)
		return;
	add_block_cells(table, now);
	for (int i = 0; i < 7; i++)
		table_add(table, "-");
	add_number(table, change(now->stats.mmio_reads, before->stats.mmio_reads, seconds));
}

/* How many timers the terminal has room for */
static size_t rows_that_fit(void)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) || size.ws_row <= OTHER_LINES)
		return 24 - OTHER_LINES;
	return size.ws_row - OTHER_LINES;
}

static void print_heading(size_t blocks, double seconds)
{
	time_t now = time(NULL);
	char text[16];

	strftime(text, sizeof(text), "%T", localtime(&now));
	printf("%s, the last %.1f s: %zu in-kernel HPET%s\n", text, seconds, blocks,
	       blocks == 1 ? "" : "s");
}

static void print_table(const struct moment *now, const struct moment *before, double seconds,
			const struct top_options *op)
{
	struct table table = { .columns = 10, .left = 1U << 1 | 1U << 3 };
	size_t rows, left_out = 0;

	if (op->terminal)
		printf(CLEAR WRAP_OFF);
	print_heading(now->count, seconds);
	add_heading(&table);
	for (size_t i = 0; i < now->count; i++) {
		const struct sample *old = find(before, &now->samples[i]);

		if (old)
			add_block(&table, &now->samples[i], old, seconds, op->all_timers);
	}
	rows = table.count / table.columns - 1;
	if (op->terminal && rows > rows_that_fit()) {
		left_out = rows - rows_that_fit();
		table_cut(&table, left_out);
	}
	table_print(&table, "");
	if (left_out)
		printf("and %zu more\n", left_out);
	if (op->terminal)
		printf(WRAP_ON);
	else
		printf("\n");
}

/* ---- the command ---- */

static void show(const struct moment *now, const struct moment *before,
		 const struct top_options *op)
{
	double seconds = (double)(now->ns - before->ns) / NS_PER_S;

	if (op->json)
		print_json_line(now, before, seconds, op->all_timers);
	else
		print_table(now, before, seconds, op);
	fflush(stdout);
}

static bool names_one(const struct target *target)
{
	return target->pid || target->id;
}

/* Ends when what was named has gone. */
static int watch(int device, const struct top_options *op)
{
	struct moment moments[2] = { 0 };
	int ret = read_moment(device, &op->target, &moments[0]);
	uint64_t next = moments[0].ns;

	if (!ret && !moments[0].count && names_one(&op->target))
		ret = target_missing(&op->target);
	for (uint64_t i = 0; !ret && (!op->count || i < op->count); i++) {
		const struct moment *before = &moments[i % 2];
		struct moment *now = &moments[(i + 1) % 2];

		next += op->delay_ns;
		sleep_until(next);
		ret = read_moment(device, &op->target, now);
		if (ret || (!now->count && names_one(&op->target)))
			break;
		show(now, before, op);
	}
	free(moments[0].samples);
	free(moments[1].samples);
	return ret;
}

static int delay_option(uint64_t *delay_ns, const char *value)
{
	char text[32];

	/* What is too long is no time either. */
	snprintf(text, sizeof(text), "%ss", value);
	if (strlen(value) > 20 || !parse_time(text, MAX_DELAY_NS, delay_ns) ||
	    *delay_ns < MIN_DELAY_NS)
		return usage_error("top", "--delay %s: it is seconds, from 0.1 to 3600", value);
	return 0;
}

static int take_option(struct top_options *op, int option, const char *value)
{
	switch (option) {
	case 'd':
		return delay_option(&op->delay_ns, value);
	case 'n':
		if (parse_number(value, 1, UINT64_MAX, &op->count))
			return 0;
		return usage_error("top", "--count %s: it is a number from 1 on", value);
	case OPT_ALL:
		op->all_timers = true;
		return 0;
	case OPT_JSON:
		op->json = true;
		return 0;
	default:
		return target_option("top", &op->target, option, value);
	}
}

static int run(const struct command *self, int argc, char **argv)
{
	struct top_options op = { .delay_ns = NS_PER_S };
	const char *term = getenv("TERM");
	int option, status, device, ret;

	while ((option = next_option(self, argc, argv, options, &status)) >= 0) {
		status = take_option(&op, option, optarg);
		if (status)
			return status;
	}
	if (option == OPTION_LEAVE)
		return status;
	op.terminal = isatty(STDOUT_FILENO) && term && strcmp(term, "dumb");
	device = device_open();
	if (device < 0)
		return EXIT_FAILURE;
	ret = watch(device, &op);
	close(device);
	return ret ? EXIT_FAILURE : EXIT_SUCCESS;
}

const struct command top_command = {
	.name = "top",
	.summary = "what becomes of the ticks, live",
	.help =
	"Usage: kvm-hpet top [--pid N | --id ID] [-d SECONDS] [-n COUNT] [--all] [--json]\n"
	"For each timer in use, each second: how many ticks fell due, were delivered and\n"
	"were lost for good in the last second, how many are owed (BACKLOG), how many\n"
	"more than one go out in an interval to make up for them (RATE); and for each VM\n"
	"how often it read its HPET. In a pipe one table follows the other.\n\n"
	TARGET_HELP
	"  -d, --delay SECONDS     from one table to the next, 0.1 to 3600 (default 1)\n"
	"  -n, --count COUNT       so many tables; default: until interrupted\n"
	"      --all               also timers not in use\n"
	"      --json              a line with a JSON object each time\n"
	"  -h, --help              this text\n",
	.run = run,
};
