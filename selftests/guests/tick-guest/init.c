// SPDX-License-Identifier: GPL-2.0
/*
 * tick-guest: init of a guest whose time is the count of its timer's ticks
 *
 * Booted with "clocksource=jiffies nohz=off highres=off nolapic_timer notsc
 * no-kvmclock", Linux knows of time only what the periodic interrupt of the HPET
 * (or, in a machine without one, of the PIT) tells it: CLOCK_MONOTONIC is ticks x 4 ms. The time stamp counter of an unmodified
 * guest goes on with the host's. The two, read together after every tick,
 * are the guest's drift.
 *
 * The guest is idle apart from that, unless init is given the word "busy": then a
 * task of low priority takes all the time that is left. Sleeping "1 ns" ends with the next tick, so
 * every sample is taken right after the tick that moved the clock: a clock that
 * is ahead, be it for one tick, is seen.
 *
 * Samples go to memory shared with the observer (tick-guest.h). A guest that was
 * given none prints a line "tick NS TSC" every 10 ticks instead.
 *
 * With the word "count-rtc" it counts the periodic interrupts of the RTC instead, 256 a
 * second, which no clock of Linux is made from: it sets them going past the driver (whose
 * own, of /dev/rtc, come from another timer) and reads how many there were.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "ivshmem.h"
#include "tick-guest.h"

#define TICKS_A_LINE	10

#define RTC_IRQ_COUNT	"/sys/kernel/irq/8/per_cpu_count"
#define RTC_TICK_NS	3906250		/* 256 Hz */
#define RTC_LOOK_NS	2000000		/* so often, to see each of them */

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
static struct tick_sample sample_kernel_tick(void)
{
	static const struct timespec shortest = { .tv_nsec = 1 };
	struct tick_sample sample;

	nanosleep(&shortest, NULL);
	sample.guest_ns = guest_ns();
	sample.tsc = rdtsc();
	return sample;
}

/* ---- the RTC's ticks ---- */

static int rtc_count_fd = -1;

static uint64_t rtc_ns(void)
{
	char text[32] = "";

	if (pread(rtc_count_fd, text, sizeof(text) - 1, 0) <= 0)
		return 0;
	return strtoull(text, NULL, 10) * RTC_TICK_NS;
}

static struct tick_sample sample_rtc_tick(void)
{
	static const struct timespec look = { .tv_nsec = RTC_LOOK_NS };
	static uint64_t last;
	struct tick_sample sample;

	do {
		nanosleep(&look, NULL);
		sample.guest_ns = rtc_ns();
	} while (sample.guest_ns == last);
	sample.tsc = rdtsc();
	last = sample.guest_ns;
	return sample;
}

static int rtc_access(int port, uint8_t reg, uint8_t *value, int writing)
{
	if (pwrite(port, &reg, 1, 0x70) != 1)
		return -1;
	if (writing)
		return pwrite(port, value, 1, 0x71) == 1 ? 0 : -1;
	return pread(port, value, 1, 0x71) == 1 ? 0 : -1;
}

static int rtc_change(int port, uint8_t reg, uint8_t clear, uint8_t set)
{
	uint8_t value;

	if (rtc_access(port, reg, &value, 0))
		return -1;
	value = (value & ~clear) | set;
	return rtc_access(port, reg, &value, 1);
}

/* Rate 8 of register A is 256 Hz; bit 6 of register B: periodic interrupts. */
static void start_rtc(void)
{
	int port = open("/dev/port", O_RDWR);

	rtc_count_fd = open(RTC_IRQ_COUNT, O_RDONLY);
	if (port < 0 || rtc_count_fd < 0 || rtc_change(port, 0x0a, 0x0f, 8) || rtc_change(port, 0x0b, 0, 0x40))
		printf("complaint: the RTC's periodic interrupt cannot be set going\n");
	close(port);
	printf("counts: rtc\n");
}

/* ---- whose ticks, and what else goes on ---- */

static struct tick_sample (*sample_next_tick)(void) = sample_kernel_tick;

/* At low priority: samples are still taken right after the tick. */
static void be_busy(void)
{
	if (fork())
		return;
	if (nice(19) == -1)
		printf("complaint: no low priority\n");
	for (;;)
		;
}

static void heed(int argc, char *argv[])
{
	int i;

	for (i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "count-rtc")) {
			start_rtc();
			sample_next_tick = sample_rtc_tick;
		} else if (!strcmp(argv[i], "busy")) {
			be_busy();
			printf("guest: busy\n");
		}
	}
}

/* ---- samples for the observer ---- */

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

int main(int argc, char *argv[])
{
	struct tick_ring *ring;

	setvbuf(stdout, NULL, _IOLBF, 0);
	mount_all();
	print_clocks();
	heed(argc, argv);
	ring = find_shared_memory(TICK_GUEST_SIZE);
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
