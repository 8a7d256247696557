// SPDX-License-Identifier: GPL-2.0
/*
 * endurance: one long run of make endurance, inside the test host
 *
 * An unmodified QEMU with the tick-counting guest and kvm_hpet, under one load
 * after the other, each chosen at random, with random rests in between; policy and
 * limits change at random before and under the loads. The random numbers come
 * from a seed, so a run can be repeated.
 *
 * What may lose ticks for good, discard and merge, is only chosen for a while
 * without load after the guest has caught up, and the backlog may be large: so
 * no tick is ever given up, and in the end the guest's clock must be right.
 *
 * It leaves what drift leaves (drift.c), with "segments" in run.json.
 */
#include <err.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "clocks.h"
#include "guest.h"
#include "load.h"
#include "process.h"
#include "tool.h"

#define QUIET_NS	(2 * NS_PER_S)	/* before the first load */
#define SETTLE_NS	(30 * NS_PER_S)	/* after the last one */
#define MAX_REST_MS	15000
#define MAX_SPELL_MS	5000		/* with a policy that loses ticks */
#define CAUGHT_UP_NS	(8 * NS_PER_MS)
#define CATCH_UP_NS	(60 * NS_PER_S)	/* in which the guest must have caught up when it is waited for */
#define SPARE_S		600		/* of the test host's time, for all but the loads */
#define MAX_SEGMENTS	400
#define MAX_LOADS	16

static const char usage[] =
"usage: endurance --loads FILE --kernel FILE --initrd FILE --tool FILE --minutes N --seed N [--append WORDS]\n"
"One run of make endurance, in the test host; what it leaves goes to /out.\n";

struct settings {
	const char *policy;
	unsigned int max_rate, ramp, max_backlog_s;
};

struct segment {
	const char *load;
	struct settings before, meanwhile;	/* .policy NULL: none */
	const char *spell;			/* NULL: none */
	uint64_t start, end;
};

struct run {
	const char *table;
	struct guest_setup guest;
	struct tool tool;
	unsigned int minutes, seed;
	pid_t qemu;
	unsigned int num_loads, num_segments;
	char load_names[MAX_LOADS][32];
	struct segment segment[MAX_SEGMENTS];
	uint64_t counting, quiet_end, end;
	uint64_t guest_at_quiet_end;
};

/* ---- chance ---- */

/* From @low to @high. */
static unsigned int between(unsigned int low, unsigned int high)
{
	return low + random() % (high - low + 1);
}

/* Settings with which nothing is lost for good. */
static struct settings any_settings(void)
{
	return (struct settings){
		.policy = between(1, 4) == 1 ? "delay" : "slew",
		.max_rate = between(1, 20),
		.ramp = between(0, 3),
		.max_backlog_s = between(60, 600),
	};
}

/* ---- what the guest's clock says ---- */

static int64_t behind_ns(const struct run *run)
{
	return (int64_t)(now_ns() - run->quiet_end) - (int64_t)(guest_time() - run->guest_at_quiet_end);
}

static void report(const struct run *run, const char *what)
{
	printf("%6.1f s of guest time: %s, its clock is %.3f s behind\n", (now_ns() - run->counting) / (double)NS_PER_S,
	       what, run->quiet_end ? behind_ns(run) / (double)NS_PER_S : 0);
	fflush(stdout);
}

/* ---- policies ---- */

static void apply(const struct run *run, const struct settings *settings)
{
	char rate[16], ramp[16], backlog[16];
	const struct tool wanted = { .policy = settings->policy, .max_rate = rate, .max_backlog = backlog };

	snprintf(rate, sizeof(rate), "%u", settings->max_rate);
	snprintf(ramp, sizeof(ramp), "%u", settings->ramp);
	snprintf(backlog, sizeof(backlog), "%us", settings->max_backlog_s);
	tool_set(run->qemu, &wanted, ramp);
}

static const struct settings fast = { .policy = "slew", .max_rate = 10, .ramp = 1, .max_backlog_s = 600 };

/* With a policy that repays; gives up if it does not. */
static void catch_up(const struct run *run)
{
	uint64_t give_up = now_ns() + CATCH_UP_NS;

	apply(run, &fast);
	while (behind_ns(run) > (int64_t)CAUGHT_UP_NS) {
		if (now_ns() > give_up)
			errx(1, "the guest does not catch up");
		sleep_until(now_ns() + 100 * NS_PER_MS);
	}
}

/* Without load, and caught up: even these lose nothing. */
static void have_a_spell(const struct run *run, struct segment *s)
{
	struct settings settings = fast;

	s->spell = between(0, 1) ? "discard" : "merge";
	settings.policy = s->spell;
	catch_up(run);
	apply(run, &settings);
	sleep_until(now_ns() + between(500, MAX_SPELL_MS) * NS_PER_MS);
	apply(run, &fast);
}

/* ---- segments ---- */

/* Some time under the load, by a child of ordinary priority, as an administrator would. */
static pid_t change_meanwhile(const struct run *run, const struct segment *s, uint64_t at)
{
	pid_t pid = fork();

	if (pid < 0)
		err(1, "fork");
	if (pid)
		return pid;
	sleep_until(at);
	apply(run, &s->meanwhile);
	_exit(0);
}

static void be_loaded(const struct run *run, struct segment *s)
{
	struct load load;
	pid_t changer = 0;
	int status = 0;

	if (load_find(run->table, s->load, &load))
		exit(1);
	s->start = now_ns() + 50 * NS_PER_MS + between(0, 4000) * 1000;
	if (s->meanwhile.policy)
		changer = change_meanwhile(run, s, s->start + between(0, 9000) * NS_PER_MS);
	load_run(&load, run->qemu, s->start);
	if (changer && (waitpid(changer, &status, 0) != changer || status))
		errx(1, "the policy cannot be changed under load");
	s->end = now_ns();
}

static void carry_out_segment(struct run *run)
{
	struct segment *s = &run->segment[run->num_segments++];
	char what[128];

	s->load = run->load_names[between(0, run->num_loads - 1)];
	s->before = any_settings();
	if (between(0, 1))
		s->meanwhile = any_settings();
	apply(run, &s->before);
	be_loaded(run, s);
	snprintf(what, sizeof(what), "%s, %s%s%s", s->load, s->before.policy, s->meanwhile.policy ? " to " : "",
		 s->meanwhile.policy ? s->meanwhile.policy : "");
	report(run, what);
	sleep_until(now_ns() + between(0, MAX_REST_MS) * NS_PER_MS);
	if (between(1, 4) == 1)
		have_a_spell(run, s);
	tool_stat();
	clocks_note();
}

static void carry_out(struct run *run)
{
	uint64_t last;

	run->qemu = guest_start(&run->guest);
	tool_attach(GUEST_QMP_TOOL);
	guest_boot();
	run->counting = now_ns();
	clocks_note();
	report(run, "the guest counts");
	sleep_until(run->counting + QUIET_NS);
	tool_stat();
	clocks_note();
	run->quiet_end = now_ns();
	run->guest_at_quiet_end = guest_time();

	last = run->counting + run->minutes * 60ull * NS_PER_S - SETTLE_NS;
	while (now_ns() < last && run->num_segments < MAX_SEGMENTS)
		carry_out_segment(run);
	catch_up(run);
	sleep_until(now_ns() + SETTLE_NS);
	report(run, "the end");
	run->end = now_ns();
	tool_stat();
	clocks_note();
}

/* ---- the record ---- */

static void write_settings(FILE *file, const char *name, const struct settings *s)
{
	fprintf(file, ",\"%s\":", name);
	if (s->policy)
		fprintf(file, "{\"policy\":\"%s\",\"max_rate\":%u,\"ramp\":%u,\"max_backlog_s\":%u}", s->policy, s->max_rate,
			s->ramp, s->max_backlog_s);
	else
		fprintf(file, "null");
}

static void write_segment(FILE *file, const struct segment *s)
{
	fprintf(file, "{\"load\":\"%s\",\"start\":%" PRIu64 ",\"end\":%" PRIu64, s->load, s->start, s->end);
	write_settings(file, "before", &s->before);
	write_settings(file, "meanwhile", &s->meanwhile);
	fprintf(file, ",\"spell\":%s%s%s}", s->spell ? "\"" : "", s->spell ? s->spell : "null", s->spell ? "\"" : "");
}

static void write_record(const struct run *run)
{
	FILE *file = fopen(out_path("run.json"), "w");
	struct utsname host;
	unsigned int i;

	if (!file)
		err(1, "run.json");
	uname(&host);
	fprintf(file, "{\"kernel\":\"%s\",\"load\":\"random\",\"timer\":\"hpet\",\"guest\":\"idle\",\"hpet\":\"kvm_hpet\","
		"\"policy\":\"slew\",\"minutes\":%u,\"seed\":%u,\n\"counting\":%" PRIu64 ",\"quiet_end\":%" PRIu64
		",\"load_start\":%" PRIu64 ",\"end\":%" PRIu64 ",\n", host.release, run->minutes, run->seed, run->counting,
		run->quiet_end, run->quiet_end, run->end);
	clocks_record(file);
	fprintf(file, ",\n\"segments\":[");
	for (i = 0; i < run->num_segments; i++) {
		fputs(i ? ",\n" : "\n", file);
		write_segment(file, &run->segment[i]);
	}
	fprintf(file, "],\n\"stats\":");
	tool_record(file);
	fprintf(file, "}\n");
	if (fclose(file))
		err(1, "run.json");
}

/* ---- options ---- */

static int parse(struct run *run, int argc, char *argv[])
{
	static const struct option options[] = {
		{ "loads", 1, NULL, 'L' }, { "kernel", 1, NULL, 'k' }, { "initrd", 1, NULL, 'i' },
		{ "append", 1, NULL, 'a' }, { "tool", 1, NULL, 't' }, { "minutes", 1, NULL, 'm' },
		{ "seed", 1, NULL, 's' }, {}
	};
	int letter;

	while ((letter = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (letter) {
		case 'L': run->table = optarg; break;
		case 'k': run->guest.kernel = optarg; break;
		case 'i': run->guest.initrd = optarg; break;
		case 'a': run->guest.append = optarg; break;
		case 't': run->tool.path = optarg; break;
		case 'm': run->minutes = strtoul(optarg, NULL, 10); break;
		case 's': run->seed = strtoul(optarg, NULL, 10); break;
		default: return -1;
		}
	}
	return optind == argc && run->table && run->guest.kernel && run->guest.initrd && run->tool.path && run->minutes ? 0 : -1;
}

/* All of the table, in its order. */
static void read_loads(struct run *run)
{
	FILE *file = fopen(run->table, "r");
	char line[256];

	if (!file)
		err(1, "%s", run->table);
	while (fgets(line, sizeof(line), file))
		if (line[0] != '#' && run->num_loads < MAX_LOADS &&
		    sscanf(line, "%31s", run->load_names[run->num_loads]) == 1)
			run->num_loads++;
	fclose(file);
	if (!run->num_loads)
		errx(1, "%s: no loads", run->table);
}

int main(int argc, char *argv[])
{
	static struct run run = {
		.guest = { .append = "", .timer = "hpet", .qemu = "/usr/bin/qemu-system-x86_64", .options = "" },
		.tool = { .policy = "slew", .max_rate = "10", .max_backlog = "600s" },
	};

	if (parse(&run, argc, argv)) {
		fputs(usage, stderr);
		return 2;
	}
	read_loads(&run);
	srandom(run.seed);
	alarm(run.minutes * 60 + SPARE_S);
	become_observer();
	tool_init(&run.tool);
	carry_out(&run);
	write_record(&run);
	guest_end();
	return 0;
}
