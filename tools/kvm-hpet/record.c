// SPDX-License-Identifier: GPL-2.0
/*
 * kvm-hpet record: writes what becomes of the ticks to a file, and draws it.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "block.h"
#include "command.h"
#include "error.h"
#include "moment.h"
#include "parse.h"
#include "trace.h"

#define DEFAULT_TRACE	"kvm-hpet.csv"
#define MAX_DURATION_NS	(366 * 24 * 3600 * NS_PER_S)

struct record {
	struct watch watch;
	uint64_t duration_ns;	/* 0: until interrupted */
	const char *output;
	const char *picture;
	const char *from;
	bool all_timers;
	bool json;
	FILE *file;
	uint64_t start_ns;
};

static volatile sig_atomic_t interrupted;

static const struct option options[] = {
	TARGET_OPTIONS,
	{ "output", required_argument, NULL, 'o' },
	{ "delay", required_argument, NULL, 'd' },
	{ "duration", required_argument, NULL, OPT_DURATION },
	{ "draw", required_argument, NULL, OPT_DRAW },
	{ "from", required_argument, NULL, OPT_FROM },
	{ "all", no_argument, NULL, OPT_ALL },
	{ "json", no_argument, NULL, OPT_JSON },
	END_OPTIONS
};

static int take_option(struct record *re, int option, const char *value)
{
	switch (option) {
	case 'o':
		re->output = value;
		return 0;
	case 'd':
		return delay_option("record", &re->watch.delay_ns, value);
	case OPT_DURATION:
		if (parse_time(value, MAX_DURATION_NS, &re->duration_ns) && re->duration_ns)
			return 0;
		return usage_error("record", "--duration %s: it is a time with its unit, such as 30s or 10min",
				   value);
	case OPT_DRAW:
		re->picture = value;
		return 0;
	case OPT_FROM:
		re->from = value;
		return 0;
	case OPT_ALL:
		re->all_timers = true;
		return 0;
	case OPT_JSON:
		re->json = true;
		return 0;
	default:
		return target_option("record", &re->watch.target, option, value);
	}
}

static int check_options(const struct record *re)
{
	if (re->from && !re->picture)
		return usage_error("record", "--from is for --draw");
	if (re->from && (re->output || re->duration_ns || re->json))
		return usage_error("record", "--from draws an old trace: --output, --duration and --json do not go with it");
	if (re->picture && re->json)
		return usage_error("record", "--draw does not go with --json: it draws a trace in CSV");
	if (re->picture && re->output && !strcmp(re->output, "-"))
		return usage_error("record", "--draw needs a file for the trace, not stdout");
	return 0;
}

static int parse_options(const struct command *self, struct record *re, int argc, char **argv)
{
	int option, status;

	while ((option = next_option(self, argc, argv, options, &status)) >= 0) {
		status = take_option(re, option, optarg);
		if (status)
			return status;
	}
	if (option == OPTION_LEAVE)
		return status ? status : -1;
	return check_options(re);
}

static void on_signal(int number)
{
	(void)number;
	interrupted = 1;
}

/* Not restarted: the sleep between two moments has to end. */
static void catch_signals(void)
{
	const struct sigaction action = { .sa_handler = on_signal };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
}

static void add_moment(void *context, const struct moment *now, const struct moment *before)
{
	struct record *re = context;

	if (!re->start_ns)
		re->start_ns = before->ns;
	if (re->json)
		print_json_line(re->file, now, before, re->all_timers);
	else
		trace_add(re->file, now, before, re->start_ns, re->all_timers);
	/* Who looks meanwhile sees whole intervals; and who can't write need not go on. */
	if (fflush(re->file))
		interrupted = 1;
}

static int open_output(struct record *re)
{
	if (!re->output)
		re->output = DEFAULT_TRACE;
	re->file = strcmp(re->output, "-") ? fopen(re->output, "we") : stdout;
	return re->file ? 0 : fail("cannot write %s: %m", re->output);
}

static int record(struct record *re, int device)
{
	int ret;

	if (open_output(re))
		return -1;
	catch_signals();
	/* An interval that is begun is finished. */
	re->watch.count = (re->duration_ns + re->watch.delay_ns - 1) / re->watch.delay_ns;
	if (!re->json)
		trace_begin(re->file);
	ret = moment_watch(device, &re->watch);
	if (!ret && (fflush(re->file) || ferror(re->file)))
		ret = fail("cannot write %s: %m", re->output);
	if (re->file != stdout)
		fclose(re->file);
	return ret;
}

static int record_live(struct record *re)
{
	int device, ret;

	if (target_resolve(&re->watch.target))
		return -1;
	device = device_open();
	if (device < 0)
		return -1;
	ret = record(re, device);
	close(device);
	return ret;
}

static int run(const struct command *self, int argc, char **argv)
{
	struct record re = { .watch = { .delay_ns = NS_PER_S, .stop = &interrupted, .show = add_moment,
					.context = &re } };
	int status = parse_options(self, &re, argc, argv);

	if (status)
		return status < 0 ? EXIT_SUCCESS : status;
	/* Before an hour has been recorded for nothing */
	if (re.picture && !trace_can_draw(re.picture))
		return EXIT_FAILURE;
	if (!re.from && record_live(&re))
		return EXIT_FAILURE;
	if (re.picture && trace_draw(re.from ? re.from : re.output, re.picture))
		return EXIT_FAILURE;
	return EXIT_SUCCESS;
}

const struct command record_command = {
	.name = "record",
	.summary = "write what becomes of the ticks to a file, and draw it",
	.help =
	"Usage: kvm-hpet record [--pid N | --domain NAME | --id ID] [-o FILE]\n"
	"                       [-d SECONDS] [--duration TIME] [--draw PICTURE]\n"
	"                       [--all] [--json]\n"
	"       kvm-hpet record --from FILE --draw PICTURE\n"
	"Writes a line (CSV) for each timer in use, each second: how many ticks fell due,\n"
	"were delivered and were lost, and how many are owed; until it is interrupted or\n"
	"the VM has gone. gnuplot draws it.\n\n"
	TARGET_HELP
	"  -o, --output FILE       default: kvm-hpet.csv; - is stdout\n"
	"  -d, --delay SECONDS     from one line to the next, 0.1 to 3600 (default 1)\n"
	"      --duration TIME     for so long, e.g. 30s or 10min\n"
	"      --draw PICTURE      then draw it: a file .svg or .png\n"
	"      --from FILE         draw this trace of before\n"
	"      --all               also timers not in use\n"
	"      --json              a line with a JSON object each time instead, as of top\n"
	"  -h, --help              this text\n",
	.run = run,
};
