// SPDX-License-Identifier: GPL-2.0
/*
 * The interrupts of the real time clock: with legacy replacement on, the kernel makes them of timer 1, which
 * looks at the clock 64 times a second while somebody waits for an alarm or an update.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/rtc.h>
#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "guest.h"

#define UPDATES		4
#define POLL_HZ		64

static bool wait_update(int fd)
{
	struct pollfd ready = { .fd = fd, .events = POLLIN };
	unsigned long data;

	return poll(&ready, 1, 3000) == 1 && read(fd, &data, sizeof(data)) == sizeof(data);
}

static bool is_emulated(void)
{
	FILE *file = fopen("/proc/driver/rtc", "r");
	bool yes = false;
	char line[128], word[16];

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "HPET_emulated : %15s", word) == 1)
			yes = !strcmp(word, "yes");
	if (file)
		fclose(file);
	return yes;
}

/* One update a second, found out by 64 interrupts a second. */
static void check_updates(void)
{
	uint64_t before[MAX_CPUS], after[MAX_CPUS], start, last, now, worst = 0;
	double rate;
	int fd, i;

	fd = open("/dev/rtc0", O_RDONLY | O_CLOEXEC);
	if (fd < 0 || ioctl(fd, RTC_UIE_ON, 0) || !wait_update(fd)) {
		result(false, "updates: one comes");
		return;
	}
	interrupts("rtc0", before);
	start = last = true_ns();
	for (i = 0; i < UPDATES && wait_update(fd); i++) {
		now = true_ns();
		worst = llabs((long long)(now - last - NS_PER_S)) > (long long)worst ?
			llabs((long long)(now - last - NS_PER_S)) : worst;
		last = now;
	}
	interrupts("rtc0", after);
	rate = (after[0] - before[0]) * (double)NS_PER_S / (true_ns() - start);
	printf("# updates: %d, the worst off by %llu ms; %.2f interrupts of the RTC a second\n", i,
	       (unsigned long long)(worst / NS_PER_MS), rate);
	result(i == UPDATES && worst < 2 * NS_PER_S / POLL_HZ, "updates: every second, to 2/%d s", POLL_HZ);
	result(rate > 0.99 * POLL_HZ && rate < 1.01 * POLL_HZ,
	       "updates: timer 1 interrupts %d times a second, to 1 %%", POLL_HZ);
	ioctl(fd, RTC_UIE_OFF, 0);
	close(fd);
	sleep_ns(100 * NS_PER_MS);
	interrupts("rtc0", before);
	sleep_ns(NS_PER_S);
	interrupts("rtc0", after);
	result(after[0] == before[0], "updates: no interrupt when nobody waits (%llu)",
	       (unsigned long long)(after[0] - before[0]));
}

static unsigned int rtctest_points;

static void rtctest_line(const char *line)
{
	char name[64];

	if (sscanf(line, "ok %*u rtc.%63s", name) == 1 || sscanf(line, "ok %*u %63s", name) == 1) {
		/* A test that cannot be done here passes, and says so before. */
		result(true, "rtctest: %s", name);
		rtctest_points++;
	} else if (sscanf(line, "not ok %*u rtc.%63s", name) == 1 ||
		   sscanf(line, "not ok %*u %63s", name) == 1) {
		result(false, "rtctest: %s", name);
		rtctest_points++;
	} else if (strstr(line, " skip ")) {
		result(false, "rtctest: %s", line);
	} else if (!strstr(line, " RUN ") && !strstr(line, " OK ")) {
		printf("# rtctest: %s\n", line);
	}
}

static void check_rtctest(void)
{
	static char * const argv[] = { "/bin/rtctest", NULL };
	int status = run_program(argv, rtctest_line);

	result(!status && rtctest_points >= 8, "rtctest: exit status %d after %u tests", status,
	       rtctest_points);
}

static bool got_tick, timed_out;
static double shown;

/* Much about what it does, and last "2026-01-01 00:01:02.345678+00:00". */
static void hwclock_line(const char *line)
{
	struct tm tm = { 0 };
	const char *rest;
	char *end;

	got_tick |= strstr(line, "got clock tick") != NULL;
	timed_out |= strstr(line, "timed out") != NULL;
	rest = strptime(line, "%Y-%m-%d %H:%M:%S", &tm);
	if (rest) {
		printf("# hwclock: %s\n", line);
		shown = timegm(&tm);
		if (*rest == '.')
			shown += strtod(rest, &end);
	}
}

static double real_time(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return ts.tv_sec + ts.tv_nsec / (double)NS_PER_S;
}

static void check_hwclock(char *what, const char *name, bool waits)
{
	char * const argv[] = { "/bin/hwclock", what, "--utc", "--verbose", "--noadjfile", NULL };
	uint64_t before[MAX_CPUS], after[MAX_CPUS];
	int status;

	got_tick = timed_out = false;
	shown = 0;
	interrupts("rtc0", before);
	status = run_program(argv, hwclock_line);
	interrupts("rtc0", after);
	result(!status, "hwclock %s: exit status %d", name, status);
	if (waits)
		result(got_tick && !timed_out && after[0] > before[0],
		       "hwclock %s: the clock's update came by interrupt (%llu)", name,
		       (unsigned long long)(after[0] - before[0]));
}

static void check_difference(const char *when)
{
	double off = -real_time();

	/* What it shows is the time at which it was started. */
	check_hwclock("--show", when, true);
	off += shown;
	printf("# hwclock, %s: off by %.4f s\n", when, off);
	result(fabs(off) < 0.25, "hwclock, %s: RTC and system time agree to 0.25 s", when);
}

static void check_hwclocks(void)
{
	struct timespec ts = { .tv_sec = 1900000000 };

	if (access("/bin/hwclock", X_OK)) {
		printf("skip - hwclock: the package util-linux-extra is not installed\n");
		return;
	}
	check_hwclock("--hctosys", "sets the system time", true);
	check_difference("after setting the system time");
	clock_settime(CLOCK_REALTIME, &ts);
	check_hwclock("--systohc", "sets the RTC", false);
	check_difference("after setting the RTC");
}

static unsigned int lost;

static void look_for_lost(const char *line)
{
	const char *text = strstr(line, "hpet: ");
	unsigned int n;

	if (text && sscanf(text, "hpet: Lost %u RTC interrupts", &n) == 1) {
		printf("# kernel: %s\n", text);
		lost += n;
	}
}

void rtc(void)
{
	result(is_emulated(), "the kernel emulates the RTC's interrupts by the HPET");
	check_updates();
	check_hwclocks();
	check_rtctest();
	/*
	 * The handler itself waits for up to 10 ms, and says so on the console, when it finds QEMU's RTC in an update: then
	 * it is late for the next one.
	 */
	kernel_log(look_for_lost);
	result(lost <= 3, "at most 3 interrupts were missed in all (%u)", lost);
}
