// SPDX-License-Identifier: GPL-2.0
/*
 * init of a Linux guest whose clock is the HPET: says on the console, as TAP
 * without numbers, whether the kernel uses it and whether time passes as it
 * should, then "# done". The time stamp counter is the second clock; its
 * frequency comes from the host (kvm-clock), not from the HPET.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_S	1000000000ULL
#define WINDOWS		3
#define CLOCKSOURCE	"/sys/devices/system/clocksource/clocksource0/"

static void result(int good, const char *what)
{
	printf("%s - %s\n", good ? "ok" : "not ok", what);
}

static uint64_t rdtsc(void)
{
	uint32_t low, high;

	asm volatile("lfence; rdtsc" : "=a"(low), "=d"(high) : : "memory");
	return (uint64_t)high << 32 | low;
}

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

struct sample {
	uint64_t ns;
	uint64_t tsc;
	uint64_t width;	/* of the window in which both were read */
};

/* Of many pairs the one that was interrupted least. */
static struct sample sample(void)
{
	struct sample best = { .width = ~0ULL };
	int i;

	for (i = 0; i < 50; i++) {
		uint64_t before = rdtsc();
		uint64_t ns = now_ns();
		uint64_t after = rdtsc();

		if (after - before < best.width)
			best = (struct sample) { ns, before + (after - before) / 2,
						 after - before };
	}
	return best;
}

static void read_line(const char *path, char *line, size_t size)
{
	FILE *file = fopen(path, "r");

	line[0] = '\0';
	if (!file)
		return;
	if (fgets(line, size, file))
		line[strcspn(line, "\n")] = '\0';
	fclose(file);
}

/* In kHz, 0 if the kernel does not say. */
static double tsc_khz(void)
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

static void check_kernel(void)
{
	char line[256];

	read_line(CLOCKSOURCE "current_clocksource", line, sizeof(line));
	printf("# clocksource %s\n", line);
	result(!strcmp(line, "hpet"), "the clocksource is hpet");
	read_line("/sys/devices/system/clockevents/clockevent0/current_device",
		  line, sizeof(line));
	printf("# clock event device %s\n", line);
	if (getenv("hpet_events"))
		result(!strcmp(line, "hpet"), "the clock event device is hpet");
}

static void check_rate(void)
{
	double khz = tsc_khz(), rate[WINDOWS], lowest, highest;
	struct sample from = sample(), to;
	int i;

	for (i = 0; i < WINDOWS; i++) {
		uint64_t until = now_ns() + NS_PER_S;

		while (now_ns() < until)
			;
		to = sample();
		rate[i] = (double)(to.tsc - from.tsc) / (to.ns - from.ns);
		printf("# %llu ns, %llu cycles, %.6f GHz\n",
		       (unsigned long long)(to.ns - from.ns),
		       (unsigned long long)(to.tsc - from.tsc), rate[i]);
		from = to;
	}
	lowest = highest = rate[0];
	for (i = 1; i < WINDOWS; i++) {
		lowest = rate[i] < lowest ? rate[i] : lowest;
		highest = rate[i] > highest ? rate[i] : highest;
	}
	result(highest / lowest < 1.0005,
	       "the clock is steady against the TSC, to 500 ppm");
	printf("# TSC %.0f kHz by the host\n", khz);
	result(khz > 0 && rate[0] * 1e6 / khz < 1.001 &&
	       rate[0] * 1e6 / khz > 0.999,
	       "a second is a second, to 0.1 %");
}

static void check_order(void)
{
	uint64_t last = now_ns(), back = 0, now;
	int i;

	for (i = 0; i < 20000; i++) {
		now = now_ns();
		back += now < last;
		last = now;
	}
	result(!back, "the clock never goes backwards");
}

static void check_sleep(void)
{
	const struct timespec ts = { .tv_nsec = 20000000 };
	uint64_t early = 0, before, slept;
	int i;

	for (i = 0; i < 20; i++) {
		before = now_ns();
		nanosleep(&ts, NULL);
		slept = now_ns() - before;
		early += slept < (uint64_t)ts.tv_nsec;
	}
	result(!early, "no sleep ends early");
}

int main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	mkdir("/proc", 0755);
	mkdir("/sys", 0755);
	mount("proc", "/proc", "proc", 0, NULL);
	mount("sysfs", "/sys", "sysfs", 0, NULL);
	printf("\n");
	check_kernel();
	check_rate();
	check_order();
	check_sleep();
	printf("# done\n");
	for (;;)
		pause();
}
