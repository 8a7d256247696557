// SPDX-License-Identifier: GPL-2.0
/*
 * init of a Linux guest whose HPET is taken over and given back while it runs
 *
 * With the word "ticks" on the kernel's command line (and those that make the HPET's ticks all it
 * knows of time) CLOCK_MONOTONIC is the number of ticks seen, times 4 ms; it is
 * read right after each tick, and the HPET's counter next to it. A tick that
 * was lost leaves the first behind the second by 4 ms for good, one that was
 * doubled puts it ahead.
 *
 * With the word "clock" CLOCK_MONOTONIC is the HPET's counter (clocksource=hpet): read as
 * fast as can be, in bursts.
 *
 * In both cases the counter itself is compared with the time stamp counter, which
 * nobody touches: it may stand while the VM does, but never go back or jump.
 *
 * What was seen so far goes to memory shared with the test (ivshmem), as 64-bit numbers; what is said
 * on a console would itself cost ticks.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "../../guests/tick-guest/ivshmem.h"

#define HPET_BASE	0xfed00000
#define HPET_PERIOD	0x004
#define HPET_COUNTER	0x0f0
#define NS_PER_S	1000000000ULL
#define BURST		50

static volatile uint32_t *hpet;
static uint64_t period_fs;
static double tsc_mhz;

struct sample {
	int64_t clock;		/* CLOCK_MONOTONIC, ns */
	int64_t count;		/* the HPET's counter, ns */
	uint64_t before, after;	/* the TSC, around it */
};

/* In the order in which takeover-in-l1 names them */
struct report {
	int64_t samples;
	int64_t ahead;		/* of the clock, against the counter and the first sample, ns */
	int64_t least, most;	/* that was so far */
	int64_t clock_back, counter_back;
	int64_t jump;		/* most that the counter got ahead of the TSC between two samples, ns */
	int64_t stood;		/* for how long it stood, by the TSC, all together, ns */
	int64_t clock;		/* CLOCK_MONOTONIC since the first sample, ns */
};

static volatile struct report *report;
static struct sample first, last;

static uint64_t rdtsc(void)
{
	uint32_t low, high;

	asm volatile("lfence; rdtsc; lfence" : "=a"(low), "=d"(high) : : "memory");
	return (uint64_t)high << 32 | low;
}

static int64_t clock_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

/* In full, from its low half. */
static int64_t counter_ns(void)
{
	static uint64_t count;
	uint32_t low = hpet[HPET_COUNTER / 4];

	count += (int32_t)(low - (uint32_t)count);
	return count * (period_fs / 1000) / 1000;
}

static struct sample take_sample(void)
{
	struct sample now;

	now.clock = clock_ns();
	now.before = rdtsc();
	now.count = counter_ns();
	now.after = rdtsc();
	return now;
}

static int64_t tsc_ns(uint64_t from, uint64_t to)
{
	return (to - from) * 1000 / tsc_mhz;
}

static void look_at(const struct sample *now)
{
	int64_t ahead, jump;

	static int settling = 250;

	/* What the guest's own start has cost is not looked at. */
	if (settling && settling--) {
		first = last = *now;
		return;
	}
	ahead = now->clock - first.clock - (now->count - first.count);
	jump = now->count - last.count - tsc_ns(last.before, now->after);
	report->ahead = ahead;
	if (ahead < report->least)
		report->least = ahead;
	if (ahead > report->most)
		report->most = ahead;
	report->clock_back += now->clock < last.clock;
	report->counter_back += now->count < last.count;
	if (jump > report->jump)
		report->jump = jump;
	report->stood = tsc_ns(first.before, now->after) - (now->count - first.count);
	report->clock = now->clock - first.clock;
	report->samples++;
	last = *now;
}

/* Sleeping "1 ns" ends with the next tick. */
static void watch_ticks(void)
{
	static const struct timespec shortest = { .tv_nsec = 1 };
	struct sample now;

	for (;;) {
		nanosleep(&shortest, NULL);
		now = take_sample();
		look_at(&now);
	}
}

static void watch_clock(void)
{
	static const struct timespec pause = { .tv_nsec = 5000000 };
	struct sample now;

	for (;;) {
		for (int i = 0; i < BURST; i++) {
			now = take_sample();
			look_at(&now);
		}
		nanosleep(&pause, NULL);
	}
}

static void print_file(const char *what, const char *path)
{
	char line[256] = "";
	FILE *file = fopen(path, "r");

	if (file && fgets(line, sizeof(line), file))
		line[strcspn(line, "\n")] = 0;
	printf("%s %s\n", what, line);
	if (file)
		fclose(file);
}

static void read_tsc_rate(void)
{
	FILE *file = fopen("/proc/cpuinfo", "r");
	char line[256];

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "cpu MHz : %lf", &tsc_mhz) == 1)
			break;
	if (file)
		fclose(file);
}

static int map_hpet(void)
{
	int fd = open("/dev/mem", O_RDWR | O_SYNC);

	hpet = mmap(NULL, 0x1000, PROT_READ, MAP_SHARED, fd, HPET_BASE);
	if (fd < 0 || hpet == MAP_FAILED)
		return -1;
	period_fs = hpet[HPET_PERIOD / 4];
	return 0;
}

int main(int argc, char *argv[])
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	mkdir("/proc", 0755);
	mkdir("/sys", 0755);
	mkdir("/dev", 0755);
	mount("proc", "/proc", "proc", 0, NULL);
	mount("sysfs", "/sys", "sysfs", 0, NULL);
	mount("devtmpfs", "/dev", "devtmpfs", 0, NULL);
	printf("\n");
	print_file("clocksource", "/sys/devices/system/clocksource/clocksource0/current_clocksource");
	print_file("clockevent", "/sys/devices/system/clockevents/clockevent0/current_device");
	read_tsc_rate();
	report = find_shared_memory(sizeof(*report));
	if (map_hpet() || !tsc_mhz || !report) {
		printf("no HPET, no TSC or no memory shared with the test\n");
		pause();
	}
	for (int i = 1; i < argc; i++)
		if (!strcmp(argv[i], "ticks"))
			watch_ticks();
	watch_clock();
}
