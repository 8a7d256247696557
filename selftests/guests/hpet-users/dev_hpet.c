// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/hpet: the kernel's driver gives user space a level-triggered timer. It
 * never uses one with messages (FSB); those are the per-CPU clock events.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/hpet.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "guest.h"

#define WINDOW_NS	(4 * NS_PER_S)

struct outcome {
	uint64_t ticks;		/* as the driver counted its interrupts */
	uint64_t reads;		/* as often it said so */
	uint64_t span_ns;	/* in which they came */
	uint64_t gap_ns;	/* the longest without one */
};

/* How many interrupts since the last read, 0 if none comes until @until. */
static unsigned long wait_tick(int fd, uint64_t until)
{
	struct pollfd ready = { .fd = fd, .events = POLLIN };
	uint64_t now = true_ns();
	unsigned long ticks;

	if (now >= until || poll(&ready, 1, (until - now) / NS_PER_MS + 1) != 1)
		return 0;
	return read(fd, &ticks, sizeof(ticks)) == sizeof(ticks) ? ticks : 0;
}

/* From one interrupt to another, or to the end of the time, should none come any more. */
static struct outcome count_ticks(int fd)
{
	struct outcome outcome = { 0 };
	uint64_t start, last, now;
	unsigned long ticks;

	start = last = true_ns();
	if (!wait_tick(fd, start + NS_PER_S)) {
		outcome.span_ns = outcome.gap_ns = true_ns() - start;
		return outcome;
	}
	start = last = true_ns();
	do {
		ticks = wait_tick(fd, start + WINDOW_NS);
		now = true_ns();
		outcome.ticks += ticks;
		outcome.reads += ticks > 0;
		if (now - last > outcome.gap_ns)
			outcome.gap_ns = now - last;
		last = now;
	} while (ticks && now < start + WINDOW_NS);
	outcome.span_ns = now - start;
	return outcome;
}

static bool start_timer(int fd, unsigned long hz, bool periodic)
{
	if (ioctl(fd, HPET_IRQFREQ, hz) || ioctl(fd, periodic ? HPET_EPI : HPET_DPI, 0) ||
	    ioctl(fd, HPET_IE_ON, 0)) {
		result(false, "%lu Hz: the timer starts (%s)", hz, strerror(errno));
		return false;
	}
	return true;
}

static void check(unsigned int hz, bool periodic)
{
	const char *how = periodic ? "periodic" : "one-shot";
	struct outcome outcome;
	double rate, period_ns = (double)NS_PER_S / hz;
	int fd;

	fd = open("/dev/hpet", O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		result(false, "%u Hz: /dev/hpet opens (%s)", hz, strerror(errno));
		return;
	}
	if (start_timer(fd, hz, periodic)) {
		outcome = count_ticks(fd);
		/* Before anything is printed, which holds interrupts up. */
		ioctl(fd, HPET_IE_OFF, 0);
		rate = outcome.ticks * (double)NS_PER_S / outcome.span_ns;
		printf("# %u Hz %s: %.3f Hz (%llu interrupts, %llu reads in %.3f s), longest gap %.2f periods\n",
		       hz, how, rate, (unsigned long long)outcome.ticks,
		       (unsigned long long)outcome.reads, outcome.span_ns / (double)NS_PER_S,
		       outcome.gap_ns / period_ns);
		if (periodic)
			result(rate > 0.99 * hz && rate < 1.01 * hz, "%u Hz: the rate is right to 1 %%", hz);
		else
			/* The driver counts on from when it was called, so it is late each time. */
			result(rate > 0.9 * hz && rate < 1.01 * hz, "%u Hz, one-shot: the rate is near", hz);
		result(outcome.gap_ns < 3 * period_ns, "%u Hz, %s: no gap of 3 periods", hz, how);
	}
	close(fd);
}

/* Nothing comes from a timer that has been switched off. */
static void check_silence(void)
{
	int fd = open("/dev/hpet", O_RDONLY | O_CLOEXEC);
	uint64_t count[MAX_CPUS];
	bool silent, again;

	if (fd < 0 || !start_timer(fd, 512, true))
		return;
	sleep_ns(100 * NS_PER_MS);
	interrupts("hpet2", count);
	ioctl(fd, HPET_IE_OFF, 0);
	wait_tick(fd, true_ns() + 2 * NS_PER_MS);
	silent = !wait_tick(fd, true_ns() + 200 * NS_PER_MS);
	again = !ioctl(fd, HPET_IE_ON, 0) && wait_tick(fd, true_ns() + 200 * NS_PER_MS);
	ioctl(fd, HPET_IE_OFF, 0);
	result(count[0] > 0, "they are interrupts of timer 2 (%llu so far)",
	       (unsigned long long)count[0]);
	result(silent, "no interrupt after the timer is off");
	result(again, "but when it is on again");
	close(fd);
}

void dev_hpet(void)
{
	check(64, true);
	check(512, true);
	check(1000, true);
	check(64, false);
	check_silence();
}
