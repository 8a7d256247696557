// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "load.h"

/* Above QEMU and everything of the kernel's that is not itself real-time. */
#define HOG_PRIORITY	50

#define NUM_HOGS	4
#define LOWEST_NICE	19
#define CGROUPS		"/sys/fs/cgroup"
#define CGROUP		CGROUPS "/drift"

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

/* ---- tasks that compete with QEMU for the CPU ---- */

static pid_t start_hog(uint64_t end)
{
	pid_t hog = fork();

	if (hog < 0)
		err(1, "fork");
	if (hog)
		return hog;
	spin_until(end);
	_exit(0);
}

/* Without real-time priority, which children of an observer do not inherit. */
static void run_hogs(unsigned int count, uint64_t start)
{
	pid_t hogs[NUM_HOGS];
	unsigned int i;

	sleep_until(start);
	for (i = 0; i < count; i++)
		hogs[i] = start_hog(start + LOAD_NS);
	sleep_until(start + LOAD_NS);
	for (i = 0; i < count; i++)
		waitpid(hogs[i], NULL, 0);
}

static void run_equal_hogs(const struct load *load, pid_t qemu, uint64_t start)
{
	(void)load;
	(void)qemu;
	run_hogs(NUM_HOGS, start);
}

/* Nice values and scheduling classes are a thread's. One that has ended meanwhile needs none. */
static void each_thread(pid_t process, int (*change)(pid_t thread, int to), int to)
{
	char path[64];
	struct dirent *entry;
	DIR *directory;
	pid_t thread;

	snprintf(path, sizeof(path), "/proc/%d/task", process);
	directory = opendir(path);
	if (!directory)
		err(1, "%s", path);
	while ((entry = readdir(directory))) {
		thread = atoi(entry->d_name);
		if (thread > 0 && change(thread, to) && errno != ESRCH)
			err(1, "cannot change the priority of QEMU's thread %d", thread);
	}
	closedir(directory);
}

static int set_nice(pid_t thread, int to)
{
	return setpriority(PRIO_PROCESS, thread, to);
}

static int set_class(pid_t thread, int to)
{
	return sched_setscheduler(thread, to, &(struct sched_param){});
}

static void run_nice(const struct load *load, pid_t qemu, uint64_t start)
{
	(void)load;
	each_thread(qemu, set_nice, LOWEST_NICE);
	run_hogs(NUM_HOGS, start);
	each_thread(qemu, set_nice, 0);
}

static void run_idle_class(const struct load *load, pid_t qemu, uint64_t start)
{
	(void)load;
	each_thread(qemu, set_class, SCHED_IDLE);
	run_hogs(1, start);
	each_thread(qemu, set_class, SCHED_OTHER);
}

/* ---- a cgroup with a quota ---- */

static void write_words(const char *path, const char *words)
{
	FILE *file = fopen(path, "w");

	if (!file || fputs(words, file) == EOF || fclose(file))
		err(1, "%s", path);
}

static void run_quota(const struct load *load, pid_t qemu, uint64_t start)
{
	char words[64];

	write_words(CGROUPS "/cgroup.subtree_control", "+cpu");
	if (mkdir(CGROUP, 0755) && errno != EEXIST)
		err(1, CGROUP);
	snprintf(words, sizeof(words), "%d", qemu);
	write_words(CGROUP "/cgroup.procs", words);
	snprintf(words, sizeof(words), "%llu %llu", (unsigned long long)(load->of_ns - load->on_ns) / 1000,
		 (unsigned long long)load->of_ns / 1000);
	sleep_until(start);
	write_words(CGROUP "/cpu.max", words);
	sleep_until(start + LOAD_NS);
	write_words(CGROUP "/cpu.max", "max");
}

/* ---- the table ---- */

static const struct load_kind kinds[] = {
	{ "none", run_none },
	{ "stop", run_stop },
	{ "fifo", run_fifo },
	{ "hogs", run_equal_hogs },
	{ "nice", run_nice },
	{ "idle", run_idle_class },
	{ "quota", run_quota },
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
