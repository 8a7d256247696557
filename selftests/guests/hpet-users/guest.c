// SPDX-License-Identifier: GPL-2.0
/*
 * The common part of the guests that use the HPET: init, which starts what the kernel
 * command line names (scenario=NAME).
 */
#define _GNU_SOURCE
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/klog.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "guest.h"

#define SYSLOG_ACTION_READ_ALL	3
#define MAX_LOG			(1 << 18)

static const struct {
	const char *name;
	void (*run)(void);
} scenarios[] = {
	{ "dev-hpet", dev_hpet },
	{ "per-cpu", per_cpu },
	{ "per-cpu-tick", per_cpu_tick },
	{ "rtc", rtc },
	{ "hrtimers", hrtimers },
};

bool result(bool good, const char *name, ...)
{
	va_list args;

	printf("%s - ", good ? "ok" : "not ok");
	va_start(args, name);
	vprintf(name, args);
	va_end(args);
	printf("\n");
	return good;
}

static uint64_t rdtsc(void)
{
	uint32_t low, high;

	asm volatile("lfence; rdtsc" : "=a"(low), "=d"(high) : : "memory");
	return (uint64_t)high << 32 | low;
}

static uint64_t find_tsc_khz(void)
{
	FILE *file = fopen("/proc/cpuinfo", "r");
	double mhz = 0;
	char line[256];

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "cpu MHz : %lf", &mhz) == 1)
			break;
	if (file)
		fclose(file);
	return mhz * 1000;
}

static uint64_t tsc_khz(void)
{
	static uint64_t khz;

	if (!khz)
		khz = find_tsc_khz();
	return khz;
}

bool true_time_known(void)
{
	return tsc_khz() > 0;
}

uint64_t true_ns(void)
{
	uint64_t khz = tsc_khz();

	return khz ? (unsigned __int128)rdtsc() * 1000000 / khz : 0;
}

void sleep_ns(uint64_t ns)
{
	struct timespec ts = { .tv_sec = ns / NS_PER_S, .tv_nsec = ns % NS_PER_S };

	while (nanosleep(&ts, &ts))
		;
}

void read_line(const char *path, char *line, size_t size)
{
	FILE *file = fopen(path, "r");

	line[0] = '\0';
	if (!file)
		return;
	if (fgets(line, size, file))
		line[strcspn(line, "\n")] = '\0';
	fclose(file);
}

bool write_line(const char *path, const char *line)
{
	FILE *file = fopen(path, "w");
	bool good;

	if (!file)
		return false;
	good = fputs(line, file) >= 0;
	return !fclose(file) && good;
}

void clock_event_device(int cpu, char *name, size_t size)
{
	char path[96];

	snprintf(path, sizeof(path), "/sys/devices/system/clockevents/clockevent%d/current_device",
		 cpu);
	read_line(path, name, size);
}

static bool ends_with_word(const char *line, const char *word)
{
	const char *last = strrchr(line, ' ');

	return last && !strcmp(last + 1, word);
}

bool interrupts(const char *name, uint64_t count[MAX_CPUS])
{
	int cpus = sysconf(_SC_NPROCESSORS_ONLN), cpu;
	char line[512], *next;
	bool found = false;
	FILE *file;

	memset(count, 0, MAX_CPUS * sizeof(count[0]));
	file = fopen("/proc/interrupts", "r");
	while (file && !found && fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		if (!ends_with_word(line, name))
			continue;
		next = line + strcspn(line, ":");
		next += *next == ':';
		for (cpu = 0; cpu < cpus && cpu < MAX_CPUS; cpu++)
			count[cpu] = strtoull(next, &next, 10);
		found = true;
	}
	if (file)
		fclose(file);
	return found;
}

bool run_on(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	return !sched_setaffinity(0, sizeof(set), &set);
}

int run_program(char *const argv[], void (*handle)(const char *line))
{
	int ends[2], status;
	char line[512];
	FILE *output;
	pid_t child;

	if (pipe(ends))
		return -1;
	fflush(stdout);
	child = fork();
	if (!child) {
		dup2(ends[1], STDOUT_FILENO);
		dup2(ends[1], STDERR_FILENO);
		close(ends[0]);
		close(ends[1]);
		execv(argv[0], argv);
		perror(argv[0]);
		_exit(127);
	}
	close(ends[1]);
	output = fdopen(ends[0], "r");
	while (output && fgets(line, sizeof(line), output)) {
		line[strcspn(line, "\n")] = '\0';
		handle(line);
	}
	if (output)
		fclose(output);
	if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status))
		return -1;
	return WEXITSTATUS(status);
}

void kernel_log(void (*handle)(const char *line))
{
	char *log = calloc(1, MAX_LOG), *line, *rest;

	if (!log || klogctl(SYSLOG_ACTION_READ_ALL, log, MAX_LOG - 1) <= 0)
		result(false, "the kernel's log can be read");
	else
		for (line = strtok_r(log, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
			handle(line);
	free(log);
}

static unsigned int complaints;

static void look_for_complaint(const char *line)
{
	static const char * const words[] = {
		"WARNING:", "BUG:", "Call Trace", "nobody cared", "soft lockup", "rcu: INFO", "stall",
		"hrtimer: interrupt took", "blocked for more than", "Spurious",
	};
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strstr(line, words[i])) {
			printf("# kernel: %s\n", line);
			complaints++;
			return;
		}
}

static void check_kernel_log(void)
{
	kernel_log(look_for_complaint);
	result(!complaints, "the kernel has not complained");
}

static void mount_all(void)
{
	static const char * const names[][2] = {
		{ "proc", "/proc" }, { "sysfs", "/sys" }, { "devtmpfs", "/dev" }, { "tmpfs", "/run" },
		{ "tmpfs", "/etc" },
	};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		mkdir(names[i][1], 0755);
		mount(names[i][0], names[i][1], names[i][0], 0, NULL);
	}
}

int main(void)
{
	const char *wanted = getenv("scenario");
	size_t i;

	setvbuf(stdout, NULL, _IOLBF, 0);
	mount_all();
	printf("\n");
	result(true_time_known(), "the host says how fast the time stamp counter is");
	for (i = 0; i < sizeof(scenarios) / sizeof(scenarios[0]); i++)
		if (wanted && !strcmp(wanted, scenarios[i].name))
			break;
	if (i < sizeof(scenarios) / sizeof(scenarios[0]))
		scenarios[i].run();
	else
		result(false, "there is a scenario %s", wanted ? wanted : "(none)");
	check_kernel_log();
	printf("# done\n");
	/* Who started the machine ends it. */
	for (;;)
		pause();
}
