// SPDX-License-Identifier: GPL-2.0
/*
 * tick-guest: init of a guest whose time is the count of its HPET ticks
 *
 * Booted with "clocksource=jiffies nohz=off highres=off nolapic_timer notsc
 * no-kvmclock", Linux knows of time only what the periodic interrupt of the HPET
 * tells it: CLOCK_MONOTONIC is ticks x 4 ms. The time stamp counter of an unmodified
 * guest goes on with the host's. The two, read together after every tick,
 * are the guest's drift.
 *
 * The guest is idle apart from that. Sleeping "1 ns" ends with the next tick, so
 * every sample is taken right after the tick that moved the clock: a clock that
 * is ahead, be it for one tick, is seen.
 *
 * Samples go to memory shared with the observer (tick-guest.h). A guest that was
 * given none prints a line "tick NS TSC" every 10 ticks instead.
 */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "tick-guest.h"

#define TICKS_A_LINE	10

static uint64_t guest_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static uint64_t rdtsc(void)
{
	uint32_t low, high;

	asm volatile("lfence; rdtsc" : "=a"(low), "=d"(high) : : "memory");
	return (uint64_t)high << 32 | low;
}

/* Guest time first: a tick in between then only makes the sample look late. */
static struct tick_sample sample_next_tick(void)
{
	static const struct timespec shortest = { .tv_nsec = 1 };
	struct tick_sample sample;

	nanosleep(&shortest, NULL);
	sample.guest_ns = guest_ns();
	sample.tsc = rdtsc();
	return sample;
}

static int is_ivshmem(const char *directory)
{
	char path[128], id[16] = "";
	FILE *file;

	snprintf(path, sizeof(path), "%s/device", directory);
	file = fopen(path, "r");
	if (!file)
		return 0;
	if (!fgets(id, sizeof(id), file))
		id[0] = 0;
	fclose(file);
	return !strcmp(id, "0x1110\n");
}

/* Memory space decoding is off in a device that has no driver. */
static int enable_device(const char *directory)
{
	char path[128];
	int fd, done;

	snprintf(path, sizeof(path), "%s/enable", directory);
	fd = open(path, O_WRONLY);
	if (fd < 0)
		return 0;
	done = write(fd, "1", 1) == 1;
	close(fd);
	return done;
}

static struct tick_ring *map_shared_memory(const char *directory)
{
	char path[128];
	void *memory;
	int fd;

	snprintf(path, sizeof(path), "%s/resource2", directory);
	fd = open(path, O_RDWR);
	if (fd < 0)
		return NULL;
	memory = mmap(NULL, TICK_GUEST_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	return memory == MAP_FAILED ? NULL : memory;
}

static struct tick_ring *find_shared_memory(void)
{
	struct tick_ring *ring = NULL;
	glob_t devices;
	size_t i;

	if (glob("/sys/bus/pci/devices/*", 0, NULL, &devices))
		return NULL;
	for (i = 0; i < devices.gl_pathc && !ring; i++)
		if (is_ivshmem(devices.gl_pathv[i]) && enable_device(devices.gl_pathv[i]))
			ring = map_shared_memory(devices.gl_pathv[i]);
	globfree(&devices);
	return ring;
}

static void count_into(volatile struct tick_ring *ring)
{
	uint64_t n;

	ring->magic = TICK_GUEST_MAGIC;
	ring->state = TICK_GUEST_COUNTING;
	for (n = 0; n < TICK_GUEST_SAMPLES && ring->wish != TICK_GUEST_STOP; n++) {
		ring->sample[n] = sample_next_tick();
		__atomic_store_n(&ring->count, n + 1, __ATOMIC_RELEASE);
	}
}

static void count_aloud(void)
{
	struct tick_sample sample;
	unsigned int n;

	for (n = 0;; n++) {
		sample = sample_next_tick();
		if (n % TICKS_A_LINE == 0)
			printf("tick %llu %llu\n", (unsigned long long)sample.guest_ns,
			       (unsigned long long)sample.tsc);
	}
}

/* What a guest says of a clock that went wrong. */
static int is_complaint(const char *line)
{
	static const char *const words[] = {
		"soft lockup", "hard LOCKUP", "unstable", "rcu: INFO", "stall", "BUG:", "WARNING:",
		"blocked for more than", "Call Trace", "nobody cared", "lost ticks", "hrtimer: interrupt took",
	};
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strstr(line, words[i]))
			return 1;
	return 0;
}

/* A record is "priority,number,time,flag;text"; one read gives one record. */
static void print_log(int (*wanted)(const char *line), const char *prefix)
{
	char record[2048], *text;
	ssize_t length;
	int fd;

	fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK);
	if (fd < 0)
		return;
	for (;;) {
		length = read(fd, record, sizeof(record) - 1);
		if (length < 0 && errno == EPIPE)	/* overwritten meanwhile */
			continue;
		if (length <= 0)
			break;
		record[length] = 0;
		text = strchr(record, ';');
		if (!text)
			continue;
		text[1 + strcspn(text + 1, "\n")] = 0;
		if (wanted(text))
			printf("%s: %s\n", prefix, text + 1);
	}
	close(fd);
}

static void print_file(const char *prefix, const char *path)
{
	char line[256] = "";
	FILE *file = fopen(path, "r");

	if (file) {
		if (!fgets(line, sizeof(line), file))
			line[0] = 0;
		fclose(file);
	}
	line[strcspn(line, "\n")] = 0;
	printf("%s: %s\n", prefix, line);
}

/* Whatever else the guest counts would not be ticks of the HPET. */
static void print_clocks(void)
{
	print_file("clocksource", "/sys/devices/system/clocksource/clocksource0/current_clocksource");
	print_file("clockevent", "/sys/devices/system/clockevents/clockevent0/current_device");
}

static void mount_all(void)
{
	static const char *const names[][2] = {
		{ "proc", "/proc" }, { "sysfs", "/sys" }, { "devtmpfs", "/dev" },
	};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		mkdir(names[i][1], 0755);
		mount(names[i][0], names[i][1], names[i][0], 0, NULL);
	}
}

int main(void)
{
	struct tick_ring *ring;

	setvbuf(stdout, NULL, _IOLBF, 0);
	mount_all();
	print_clocks();
	ring = find_shared_memory();
	if (ring)
		count_into(ring);
	else
		count_aloud();
	print_log(is_complaint, "complaint");
	printf("tick-guest: end\n");
	ring->state = TICK_GUEST_STOP;
	/* The observer ends the machine. */
	for (;;)
		pause();
}
