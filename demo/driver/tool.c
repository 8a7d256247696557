// SPDX-License-Identifier: GPL-2.0
#include <err.h>
#include <glob.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "process.h"
#include "tool.h"

#define ATTACH_LOG	"attach.log"
#define SET_LOG		"set.log"
#define STAT_LOG	"stat.log"
#define SOURCE_STATS	"/sys/kernel/debug/kvm_hpet/*/stats"
#define EVERY_NS	NS_PER_S
#define MAX_READINGS	512

/* When a reading was taken: its program ran from @before to @after. */
struct reading {
	uint64_t before, after;
};

static struct readings {
	unsigned int count;
	struct reading reading[MAX_READINGS];
} *readings;

static struct tool tool;
static pid_t watcher;

void tool_init(const struct tool *given)
{
	tool = *given;
	readings = mmap(NULL, sizeof(*readings), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (readings == MAP_FAILED)
		err(1, "mmap");
}

static void call(const char *const argv[], const char *out, const char *log)
{
	int status;
	pid_t pid = start(argv, out_path(out), out_path(log));

	if (waitpid(pid, &status, 0) != pid || status)
		errx(1, "kvm-hpet %s failed, see %s", argv[1], log);
}

void tool_attach(const char *qmp)
{
	const char *const argv[] = {
		tool.path, "attach", "--qmp", qmp, "--driftfix", tool.policy,
		"--max-rate", tool.max_rate, "--max-backlog", tool.max_backlog, NULL
	};

	if (tool.path)
		call(argv, ATTACH_LOG, ATTACH_LOG);
}

void tool_set(pid_t qemu, const struct tool *wanted, const char *ramp)
{
	char pid[16];
	const char *const argv[] = {
		tool.path, "set", "--pid", pid, "--driftfix", wanted->policy, "--max-rate", wanted->max_rate,
		"--max-backlog", wanted->max_backlog, "--ramp", ramp, NULL
	};

	snprintf(pid, sizeof(pid), "%d", qemu);
	call(argv, SET_LOG, SET_LOG);
}

static FILE *open_source_stats(void)
{
	glob_t paths;
	FILE *file;

	if (glob(SOURCE_STATS, 0, NULL, &paths) || paths.gl_pathc != 1)
		errx(1, "not exactly one tick source in %s", SOURCE_STATS);
	file = fopen(paths.gl_pathv[0], "r");
	if (!file)
		err(1, "%s", paths.gl_pathv[0]);
	globfree(&paths);
	return file;
}

/* The tool does not show tick sources: the figures of its one timer, "timer 0 NAME VALUE", by the names that the tool uses. */
static void source_stat(const char *name)
{
	FILE *in = open_source_stats(), *out = fopen(out_path(name), "w");
	char line[128], figure[64];
	unsigned long long value;

	if (!out)
		err(1, "%s", name);
	fprintf(out, "[{\"timers\":[{\"timer\":0,\"policy\":\"%s\"", tool.policy);
	while (fgets(line, sizeof(line), in))
		if (sscanf(line, "timer 0 %63s %llu", figure, &value) == 2)
			fprintf(out, ",\"%s\":%llu", figure, value);
	fprintf(out, "}]}]\n");
	fclose(in);
	if (fclose(out))
		err(1, "%s", name);
}

void tool_stat(void)
{
	const char *const argv[] = { tool.path, "stat", "--json", NULL };
	struct reading *reading;
	char name[32];

	if (!tool.path && !tool.source)
		return;
	if (readings->count == MAX_READINGS)
		errx(1, "too many readings of the statistics");
	reading = &readings->reading[readings->count];
	snprintf(name, sizeof(name), "stat-%u.json", readings->count);
	reading->before = now_ns();
	if (tool.source)
		source_stat(name);
	else
		call(argv, name, STAT_LOG);
	reading->after = now_ns();
	readings->count++;
}

/* Low priority: what it costs to look must not become a load of its own. */
void tool_watch(uint64_t end)
{
	uint64_t at = now_ns();

	if (!tool.path && !tool.source)
		return;
	watcher = fork();
	if (watcher < 0)
		err(1, "fork");
	if (watcher)
		return;
	setpriority(PRIO_PROCESS, 0, 19);
	for (at += EVERY_NS; at < end; at += EVERY_NS) {
		sleep_until(at);
		tool_stat();
	}
	_exit(0);
}

void tool_watch_end(void)
{
	int status;

	if (!watcher)
		return;
	if (waitpid(watcher, &status, 0) != watcher || status)
		errx(1, "the statistics cannot be watched");
	watcher = 0;
}

void tool_record(FILE *file)
{
	unsigned int i;

	fputc('[', file);
	for (i = 0; i < readings->count; i++)
		fprintf(file, "%s[%llu,%llu]", i ? "," : "",
			(unsigned long long)readings->reading[i].before,
			(unsigned long long)readings->reading[i].after);
	fputc(']', file);
}
