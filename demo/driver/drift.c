// SPDX-License-Identifier: GPL-2.0
/*
 * drift: one run of the demo or of make drift, inside the test host
 *
 * Starts an unmodified QEMU with the tick-counting guest, gives it kvm_hpet if
 * asked to, puts a load on it, and records what becomes of the guest's clock. It
 * judges nothing; demo/analysis.py and drift/judgement.py do, from what the run
 * leaves:
 *
 *	run.json	what was run, when what happened, how the clocks compare
 *	ring		the guest's samples (selftests/guests/tick-guest/tick-guest.h)
 *	stat-N.json	what "kvm-hpet stat --json" said
 *	guest.log	the guest's serial console
 *	qemu.log, attach.log, stat.log	what QEMU and kvm-hpet had to say
 *
 * It is a real-time task that mostly sleeps, so that a load cannot upset its own
 * timing. Everything is pinned to one CPU, and that is where the loads go.
 */
#include <err.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "clock.h"
#include "clocks.h"
#include "guest.h"
#include "load.h"
#include "process.h"
#include "tool.h"

#define QUIET_NS	(2 * NS_PER_S)	/* before the load */
#define AFTER_MIN_NS	(3 * NS_PER_S)	/* after it, at least, so that one sees how it goes on */
#define AFTER_MAX_NS	(10 * NS_PER_S)	/* for as long the guest may go on catching up */
#define CAUGHT_UP_NS	(8 * NS_PER_MS)	/* no backlog, seen from here: two ticks */
#define AFTER_TICK_NS	NS_PER_MS	/* where in an interval the load begins */
#define TO_BEGIN_NS	(5 * NS_PER_MS)	/* what a load may take to get ready */
#define LIMIT_S		300		/* of the test host's time, for everything but a recovery of its own length */

static const char usage[] =
"usage: drift --loads FILE --load NAME --kernel FILE --initrd FILE [OPTION]...\n"
"One run of the demo or of make drift, in the test host; what it leaves goes to /out.\n"
"  --append WORDS      more for the guest's command line\n"
"  --tool FILE         attach with this kvm-hpet, which needs:\n"
"  --source            QEMU's timer has its ticks from a tick source of kvm_hpet; the same are needed, for the record\n"
"  --policy discard|delay|merge|slew  --max-rate N  --max-backlog TIME\n"
"  --timer hpet|pit|rtc|pit-vmm  whose ticks the guest counts (hpet); pit-vmm: of drift/pit-vmm, which --qemu names\n"
"  --busy              something in the guest wants all of its CPU\n"
"  --qemu FILE         instead of Debian's\n"
"  --qemu-options WORDS  more for it\n"
"  --recover SECONDS   after the load (3 to 10, by how the guest gets on)\n"
"  --out DIRECTORY     instead of /out\n";

enum moment { COUNTING, QUIET_END, LOAD_START, LET_GO, LOAD_END, END, NUM_MOMENTS };

static const char *const moment_names[NUM_MOMENTS] = {
	"counting", "quiet_end", "load_start", "let_go", "load_end", "end",
};

struct run {
	const char *table, *load_name;
	struct load load;
	struct guest_setup guest;
	struct tool tool;
	const char *recover;
	uint64_t recover_ns;		/* 0: as long as it is of use */
	int busy;
	uint64_t moment[NUM_MOMENTS];
	uint64_t guest_at_quiet_end;
	uint64_t cpu_quiet, cpu_load;	/* what QEMU used of the CPU then, in ns */
};

/* Are the ticks kvm_hpet's? */
static int has_policy(const struct run *run)
{
	return run->tool.path || run->tool.source;
}

/* ---- the record ---- */

static void write_subject(FILE *file, const struct run *run)
{
	struct utsname host;

	uname(&host);
	fprintf(file, "\"kernel\":\"%s\",\"load\":\"%s\",\"timer\":\"%s\",\"guest\":\"%s\",\"hpet\":",
		host.release, run->load_name, run->guest.timer, run->busy ? "busy" : "idle");
	if (has_policy(run))
		fprintf(file, "\"kvm_hpet\"");
	else if (strcmp(run->guest.timer, "hpet"))
		fprintf(file, "null");
	else
		fprintf(file, "\"qemu\"");
	if (has_policy(run))
		fprintf(file, ",\"policy\":\"%s\",\"max_rate\":\"%s\",\"max_backlog\":\"%s\"",
			run->tool.policy, run->tool.max_rate, run->tool.max_backlog);
}

static void write_record(const struct run *run)
{
	FILE *file = fopen(out_path("run.json"), "w");
	int i;

	if (!file)
		err(1, "run.json");
	fputc('{', file);
	write_subject(file, run);
	for (i = 0; i < NUM_MOMENTS; i++)
		fprintf(file, ",\n\"%s\":%" PRIu64, moment_names[i], run->moment[i]);
	fprintf(file, ",\n\"cpu_quiet\":%" PRIu64 ",\n\"cpu_load\":%" PRIu64, run->cpu_quiet, run->cpu_load);
	fprintf(file, ",\n");
	clocks_record(file);
	fprintf(file, ",\n\"stats\":");
	tool_record(file);
	fprintf(file, "}\n");
	if (fclose(file))
		err(1, "run.json");
}

/* ---- the run ---- */

static int64_t behind_ns(const struct run *run)
{
	int64_t elapsed = now_ns() - run->moment[QUIET_END];

	return elapsed - (int64_t)(guest_time() - run->guest_at_quiet_end);
}

/* For whoever watches; the exact figures come from the samples. */
static void report(const struct run *run, const char *what)
{
	double since_start = (now_ns() - run->moment[COUNTING]) / (double)NS_PER_S;
	int64_t behind = run->moment[QUIET_END] ? behind_ns(run) : 0;

	printf("%4.1f s of guest time: %s", since_start, what);
	if (behind > (int64_t)CAUGHT_UP_NS)
		printf(", its clock is %.2f s behind", behind / (double)NS_PER_S);
	else if (run->moment[QUIET_END])
		printf(", its clock is right");
	putchar('\n');
	fflush(stdout);
}

static void stay_quiet(struct run *run, pid_t qemu)
{
	uint64_t cpu = cpu_time(qemu);

	run->moment[COUNTING] = now_ns();
	clocks_note();
	report(run, "the guest counts");
	sleep_until(run->moment[COUNTING] + QUIET_NS);
	run->cpu_quiet = cpu_time(qemu) - cpu;
	tool_stat();
	clocks_note();
	run->moment[QUIET_END] = now_ns();
	run->guest_at_quiet_end = guest_time();
}

/*
 * How many ticks a stop of 50 ms takes away depends on where between two ticks it
 * begins. So that all runs can be compared, they begin at the same place.
 */
static uint64_t load_start(void)
{
	return clocks_time_of(guest_last_tick()) + 100 * NS_PER_MS + AFTER_TICK_NS;
}

static void be_loaded(struct run *run, pid_t qemu)
{
	uint64_t cpu;

	run->moment[LOAD_START] = load_start();
	run->moment[LET_GO] = load_let_go(&run->load, run->moment[LOAD_START]);
	run->moment[LOAD_END] = run->moment[LOAD_START] + LOAD_NS;
	tool_watch(run->moment[LOAD_END]);
	sleep_until(run->moment[LOAD_START] - TO_BEGIN_NS);
	cpu = cpu_time(qemu);
	load_run(&run->load, qemu, run->moment[LOAD_START]);
	run->cpu_load = cpu_time(qemu) - cpu;
	report(run, "the load is over");
	tool_watch_end();
}

/* What is not made up is lost for good: there is nothing to wait for. */
static int may_catch_up(const struct run *run)
{
	return has_policy(run) && !strcmp(run->tool.policy, "slew");
}

/* As long as in every other run, whatever becomes of the clock. */
static void recover_for(const struct run *run)
{
	uint64_t at = run->moment[LOAD_END];
	uint64_t end = at + run->recover_ns;

	while (at < end) {
		at = at + NS_PER_S < end ? at + NS_PER_S : end;
		sleep_until(at);
		clocks_note();
	}
}

/* Until all is made up and for a second more, so that it can be seen to stay so. */
static void recover(const struct run *run)
{
	uint64_t start = run->moment[LOAD_END], good_since = start, at = start;

	if (run->recover_ns) {
		recover_for(run);
		return;
	}
	while (at < start + AFTER_MAX_NS) {
		at += NS_PER_S / 2;
		sleep_until(at);
		clocks_note();
		if (may_catch_up(run) && behind_ns(run) > (int64_t)CAUGHT_UP_NS)
			good_since = at;
		if (at >= start + AFTER_MIN_NS && at >= good_since + NS_PER_S)
			break;
	}
}

static void carry_out(struct run *run)
{
	pid_t qemu = guest_start(&run->guest);

	tool_attach(GUEST_QMP_TOOL);
	guest_boot();
	stay_quiet(run, qemu);
	be_loaded(run, qemu);
	recover(run);
	report(run, "the end");
	run->moment[END] = now_ns();
	tool_stat();
	clocks_note();
	write_record(run);
	guest_end();
}

/* ---- options ---- */

static const char **option(struct run *run, int letter)
{
	switch (letter) {
	case 'L': return &run->table;
	case 'l': return &run->load_name;
	case 'k': return &run->guest.kernel;
	case 'i': return &run->guest.initrd;
	case 'a': return &run->guest.append;
	case 't': return &run->tool.path;
	case 'p': return &run->tool.policy;
	case 'r': return &run->tool.max_rate;
	case 'b': return &run->tool.max_backlog;
	case 'o': return &out_directory;
	case 'T': return &run->guest.timer;
	case 'q': return &run->guest.qemu;
	case 'O': return &run->guest.options;
	case 'R': return &run->recover;
	default: return NULL;
	}
}

static int parse(struct run *run, int argc, char *argv[])
{
	static const struct option options[] = {
		{ "loads", 1, NULL, 'L' }, { "load", 1, NULL, 'l' },
		{ "kernel", 1, NULL, 'k' }, { "initrd", 1, NULL, 'i' }, { "append", 1, NULL, 'a' },
		{ "tool", 1, NULL, 't' }, { "policy", 1, NULL, 'p' },
		{ "max-rate", 1, NULL, 'r' }, { "max-backlog", 1, NULL, 'b' },
		{ "out", 1, NULL, 'o' }, { "timer", 1, NULL, 'T' }, { "busy", 0, NULL, 'B' },
		{ "source", 0, NULL, 'S' },
		{ "qemu", 1, NULL, 'q' }, { "qemu-options", 1, NULL, 'O' }, { "recover", 1, NULL, 'R' }, {}
	};
	const char **value;
	int letter;

	while ((letter = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (letter == 'B') {
			run->busy = 1;
			continue;
		}
		if (letter == 'S') {
			run->tool.source = 1;
			continue;
		}
		value = option(run, letter);
		if (!value)
			return -1;
		*value = optarg;
	}
	if (optind != argc || !run->table || !run->load_name || !run->guest.kernel || !run->guest.initrd)
		return -1;
	return has_policy(run) && !(run->tool.policy && run->tool.max_rate && run->tool.max_backlog) ? -1 : 0;
}

/* What is to be done with some of the options. */
static int set_up(struct run *run)
{
	static char append[512];
	char *end = "";

	if (run->recover)
		run->recover_ns = strtoul(run->recover, &end, 10) * NS_PER_S;
	if (*end || (run->recover && !run->recover_ns)) {
		warnx("--recover wants seconds, not \"%s\"", run->recover);
		return -1;
	}
	run->guest.busy = run->busy;
	if (run->busy) {
		snprintf(append, sizeof(append), "%s busy", run->guest.append);
		run->guest.append = append;
	}
	return 0;
}

int main(int argc, char *argv[])
{
	static struct run run = {
		.guest = { .append = "", .timer = "hpet", .qemu = "/usr/bin/qemu-system-x86_64", .options = "" },
	};

	if (parse(&run, argc, argv)) {
		fputs(usage, stderr);
		return 2;
	}
	if (load_find(run.table, run.load_name, &run.load) || guest_check(&run.guest) || set_up(&run))
		return 1;
	alarm(LIMIT_S + run.recover_ns / NS_PER_S);
	become_observer();
	tool_init(&run.tool);
	carry_out(&run);
	return 0;
}
