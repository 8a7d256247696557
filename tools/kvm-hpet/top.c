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
#include "error.h"
#include "moment.h"
#include "parse.h"
#include "policy.h"
#include "table.h"
#include "target.h"

#define CLEAR		"\033[H\033[J"
#define WRAP_OFF	"\033[?7l"
#define WRAP_ON		"\033[?7h"

/* Lines besides those of timers: two headings, the count of others, the cursor */
#define OTHER_LINES	4

struct top_options {
	struct watch watch;
	bool all_timers;
	bool json;
	bool terminal;
};

static const struct option options[] = {
	TARGET_OPTIONS,
	{ "delay", required_argument, NULL, 'd' },
	{ "count", required_argument, NULL, 'n' },
	{ "all", no_argument, NULL, OPT_ALL },
	{ "json", no_argument, NULL, OPT_JSON },
	END_OPTIONS
};

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

	if (block_is_source(&now->info))
		table_add(table, "tick");
	else
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
			add_number(table, change_per_s(now->stats.mmio_reads, before->stats.mmio_reads,
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
	add_number(table, change_per_s(now->stats.mmio_reads, before->stats.mmio_reads, seconds));
}

/* How many timers the terminal has room for */
static size_t rows_that_fit(void)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) || size.ws_row <= OTHER_LINES)
		return 24 - OTHER_LINES;
	return size.ws_row - OTHER_LINES;
}

static void print_heading(const struct moment *moment, double seconds)
{
	time_t now = time(NULL);
	size_t sources = 0;
	char text[16];

	strftime(text, sizeof(text), "%T", localtime(&now));
	for (size_t i = 0; i < moment->count; i++)
		sources += block_is_source(&moment->samples[i].info);
	printf("%s, the last %.1f s: %zu in-kernel HPET%s", text, seconds,
	       moment->count - sources, moment->count - sources == 1 ? "" : "s");
	if (sources)
		printf(", %zu tick source%s", sources, sources == 1 ? "" : "s");
	putchar('\n');
}

static void print_table(const struct moment *now, const struct moment *before, double seconds,
			const struct top_options *op)
{
	struct table table = { .columns = 10, .left = 1U << 1 | 1U << 3 };
	size_t rows, left_out = 0;

	if (op->terminal)
		printf(CLEAR WRAP_OFF);
	print_heading(now, seconds);
	add_heading(&table);
	for (size_t i = 0; i < now->count; i++) {
		const struct sample *old = moment_find(before, &now->samples[i]);

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

static void show(void *context, const struct moment *now, const struct moment *before)
{
	const struct top_options *op = context;
	double seconds = moment_seconds(now, before);

	if (op->json)
		print_json_line(stdout, now, before, op->all_timers);
	else
		print_table(now, before, seconds, op);
	fflush(stdout);
}

static int take_option(struct top_options *op, int option, const char *value)
{
	switch (option) {
	case 'd':
		return delay_option("top", &op->watch.delay_ns, value);
	case 'n':
		if (parse_number(value, 1, UINT64_MAX, &op->watch.count))
			return 0;
		return usage_error("top", "--count %s: it is a number from 1 on", value);
	case OPT_ALL:
		op->all_timers = true;
		return 0;
	case OPT_JSON:
		op->json = true;
		return 0;
	default:
		return target_option("top", &op->watch.target, option, value);
	}
}

static int run(const struct command *self, int argc, char **argv)
{
	struct top_options op = { .watch = { .delay_ns = NS_PER_S, .show = show, .context = &op } };
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
	if (target_resolve(&op.watch.target))
		return EXIT_FAILURE;
	device = device_open();
	if (device < 0)
		return EXIT_FAILURE;
	ret = moment_watch(device, &op.watch);
	close(device);
	return ret ? EXIT_FAILURE : EXIT_SUCCESS;
}

const struct command top_command = {
	.name = "top",
	.summary = "what becomes of the ticks, live",
	.help =
	"Usage: kvm-hpet top [--pid N | --domain NAME | --id ID] [-d SECONDS]\n"
	"                    [-n COUNT] [--all] [--json]\n"
	"For each timer in use, each second: how many ticks fell due, were delivered and\n"
	"were lost for good in the last second, how many are owed (BACKLOG), how many\n"
	"more than one go out in an interval to make up for them (RATE); and for each VM\n"
	"how often it read its HPET. TIMER is \"tick\" for a tick source of a VMM. In a\n"
	"pipe one table follows the other.\n\n"
	TARGET_HELP
	"  -d, --delay SECONDS     from one table to the next, 0.1 to 3600 (default 1)\n"
	"  -n, --count COUNT       so many tables; default: until interrupted\n"
	"      --all               also timers not in use\n"
	"      --json              a line with a JSON object each time\n"
	"  -h, --help              this text\n",
	.run = run,
};
