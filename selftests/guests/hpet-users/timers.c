// SPDX-License-Identifier: GPL-2.0
/*
 * Users of timers: whatever hardware is behind them, they are to come in time.
 */
#include <signal.h>
#include <stdio.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "guest.h"

#define WINDOW_S	2

/*
 * Late by what waking up takes here, and by another thread's turn on the one CPU
 * of the test host, not by a lost interrupt.
 */
#define MEAN_LATE_NS	(500 * NS_PER_US)
#define WORST_LATE_NS	(10 * NS_PER_MS)

void check_sleeps(const char *where)
{
	static const struct {
		unsigned int us;
		unsigned int times;
	} sleeps[] = { { 200, 100 }, { 1000, 100 }, { 10000, 50 }, { 100000, 10 }, { 1500000, 1 } };
	unsigned int i, n, all = 0, early = 0;
	uint64_t sum = 0, worst = 0;

	for (i = 0; i < sizeof(sleeps) / sizeof(sleeps[0]); i++)
		for (n = 0; n < sleeps[i].times; n++) {
			uint64_t wanted = sleeps[i].us * NS_PER_US, before, slept;

			before = true_ns();
			sleep_ns(wanted);
			slept = true_ns() - before;
			all++;
			/* The kernel's clock and the TSC may differ by a hair. */
			if (slept + wanted / 10000 + NS_PER_US < wanted) {
				early++;
				continue;
			}
			slept = slept > wanted ? slept - wanted : 0;
			sum += slept;
			worst = slept > worst ? slept : worst;
		}
	printf("# %s: %u sleeps of 0.2 ms to 1.5 s: %llu us late on average, %llu us at worst\n", where,
	       all, (unsigned long long)(sum / all / NS_PER_US), (unsigned long long)(worst / NS_PER_US));
	result(!early, "%s: no sleep ends early (%u did)", where, early);
	result(sum / all < MEAN_LATE_NS && worst < WORST_LATE_NS, "%s: and none much too late", where);
}

static void report(const char *where, const char *what, unsigned int hz, uint64_t wakeups,
		   uint64_t span_ns)
{
	double rate = wakeups * (double)NS_PER_S / span_ns;

	printf("# %s: %s at %u Hz: %.3f Hz (%llu wake-ups in %.3f s)\n", where, what, hz, rate,
	       (unsigned long long)wakeups, span_ns / (double)NS_PER_S);
	result(rate > 0.99 * hz && rate < 1.01 * hz, "%s: %s at %u Hz wakes up so often, to 1 %%", where,
	       what, hz);
}

static struct itimerspec every(unsigned int hz)
{
	struct timespec period = { .tv_sec = hz == 1, .tv_nsec = hz == 1 ? 0 : NS_PER_S / hz };

	return (struct itimerspec) { .it_interval = period, .it_value = period };
}

uint64_t check_timerfd(const char *where, unsigned int hz)
{
	struct itimerspec timer = every(hz);
	uint64_t wakeups = 0, start, expired;
	int fd;

	fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	if (fd < 0 || timerfd_settime(fd, 0, &timer, NULL)) {
		result(false, "%s: a timerfd at %u Hz starts", where, hz);
		return 0;
	}
	start = true_ns();
	while (wakeups < hz * WINDOW_S && true_ns() - start < 2 * WINDOW_S * NS_PER_S &&
	       read(fd, &expired, sizeof(expired)) == sizeof(expired))
		wakeups++;
	report(where, "a timerfd", hz, wakeups, true_ns() - start);
	close(fd);
	return wakeups;
}

void check_posix_timer(const char *where, unsigned int hz)
{
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN };
	const struct timespec patience = { .tv_sec = 1 };
	struct itimerspec spec = every(hz);
	uint64_t wakeups = 0, start;
	sigset_t set;
	timer_t timer;

	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	sigprocmask(SIG_BLOCK, &set, NULL);
	if (timer_create(CLOCK_MONOTONIC, &event, &timer) || timer_settime(timer, 0, &spec, NULL)) {
		result(false, "%s: a POSIX timer at %u Hz starts", where, hz);
		return;
	}
	start = true_ns();
	while (wakeups < hz * WINDOW_S && sigtimedwait(&set, NULL, &patience) == SIGRTMIN)
		wakeups++;
	report(where, "a POSIX timer", hz, wakeups, true_ns() - start);
	timer_delete(timer);
}

/* Timer 0 by legacy replacement, one shot after the other. */
void hrtimers(void)
{
	uint64_t before[MAX_CPUS], after[MAX_CPUS];
	struct timespec resolution;
	char device[32];

	clock_event_device(0, device, sizeof(device));
	printf("# clock event device %s\n", device);
	result(device[0] == 'h' && device[4] == '\0', "the clock event device is hpet");
	clock_getres(CLOCK_MONOTONIC, &resolution);
	result(resolution.tv_sec == 0 && resolution.tv_nsec == 1, "timers are high-resolution ones");
	interrupts("timer", before);
	check_sleeps("timer 0");
	check_timerfd("timer 0", 64);
	check_timerfd("timer 0", 512);
	check_timerfd("timer 0", 1000);
	check_posix_timer("timer 0", 500);
	interrupts("timer", after);
	result(after[0] - before[0] >= 4000, "they were interrupts of timer 0 (%llu)",
	       (unsigned long long)(after[0] - before[0]));
}
