// SPDX-License-Identifier: GPL-2.0
#include <err.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "load.h"

/* Above QEMU and everything of the kernel's that is not itself real-time. */
#define HOG_PRIORITY	50

struct load_kind {
	const char *name;
	void (*run)(const struct load *load, pid_t qemu, uint64_t start);
};

static void run_none(const struct load *load, pid_t qemu, uint64_t start)
{
	(void)load;
	(void)qemu;
	sleep_until(start + LOAD_NS);
}

static void run_stop(const struct load *load, pid_t qemu, uint64_t start)
{
	uint64_t at;

	for (at = start; at < start + LOAD_NS; at += load->of_ns) {
		sleep_until(at);
		kill(qemu, SIGSTOP);
		sleep_until(at + load->on_ns);
		kill(qemu, SIGCONT);
	}
	sleep_until(start + LOAD_NS);
}

/* The clock is read seldom: under emulation reading it costs more than counting. */
static void spin_until(uint64_t ns)
{
	volatile unsigned int i;

	while (now_ns() < ns)
		for (i = 0; i < 500; i++)
			;
}

static void be_hog(const struct load *load, uint64_t start)
{
	struct sched_param param = { .sched_priority = HOG_PRIORITY };
	uint64_t at;

	if (sched_setscheduler(0, SCHED_FIFO, &param))
		err(1, "cannot become a real-time task");
	for (at = start; at < start + LOAD_NS; at += load->of_ns) {
		sleep_until(at);
		spin_until(at + load->on_ns);
	}
	_exit(0);
}

static void run_fifo(const struct load *load, pid_t qemu, uint64_t start)
{
	int status;
	pid_t hog;

	(void)qemu;
	hog = fork();
	if (hog < 0)
		err(1, "fork");
	if (!hog)
		be_hog(load, start);
	sleep_until(start + LOAD_NS);
	waitpid(hog, &status, 0);
	if (status)
		errx(1, "the real-time task failed");
}

static const struct load_kind kinds[] = {
	{ "none", run_none },
	{ "stop", run_stop },
	{ "fifo", run_fifo },
};

static const struct load_kind *find_kind(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (!strcmp(kinds[i].name, name))
			return &kinds[i];
	return NULL;
}

static int parse_row(const char *line, const char *name, struct load *load)
{
	char row[32], kind[16];
	unsigned int on_ms, of_ms;

	if (line[0] == '#' || sscanf(line, "%31s %15s %u %u", row, kind, &on_ms, &of_ms) != 4)
		return 0;
	if (strcmp(row, name))
		return 0;
	load->kind = find_kind(kind);
	load->on_ns = on_ms * NS_PER_MS;
	load->of_ns = of_ms * NS_PER_MS;
	return 1;
}

int load_find(const char *table, const char *name, struct load *load)
{
	char line[256];
	FILE *file;
	int found = 0;

	file = fopen(table, "r");
	if (!file) {
		warn("%s", table);
		return -1;
	}
	while (!found && fgets(line, sizeof(line), file))
		found = parse_row(line, name, load);
	fclose(file);
	if (!found)
		warnx("%s: no load \"%s\"", table, name);
	else if (!load->kind)
		warnx("%s: load \"%s\" is of a kind that this program does not know", table, name);
	return found && load->kind ? 0 : -1;
}

void load_run(const struct load *load, pid_t qemu, uint64_t start)
{
	load->kind->run(load, qemu, start);
}

uint64_t load_let_go(const struct load *load, uint64_t start)
{
	return start + LOAD_NS - (load->of_ns - load->on_ns);
}
