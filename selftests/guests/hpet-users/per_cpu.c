// SPDX-License-Identifier: GPL-2.0
/*
 * Clock events by message-signalled HPET interrupts, a timer for each CPU.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "guest.h"

#define CPU1_ONLINE	"/sys/devices/system/cpu/cpu1/online"
#define TICK_HZ		250
#define WINDOW_NS	(4 * NS_PER_S)

/* Its name says which timer of the block it is: hpet2 and on. */
static bool has_own_timer(int cpu, char *name, size_t size)
{
	unsigned int timer;

	clock_event_device(cpu, name, size);
	printf("# cpu %d: clock event device %s\n", cpu, name);
	return sscanf(name, "hpet%u", &timer) == 1 && timer >= 2;
}

static bool check_devices(char name[MAX_CPUS][32])
{
	bool good = true;
	int cpu;

	result(sysconf(_SC_NPROCESSORS_ONLN) == MAX_CPUS, "there are %d CPUs", MAX_CPUS);
	for (cpu = 0; cpu < MAX_CPUS; cpu++)
		good &= result(has_own_timer(cpu, name[cpu], sizeof(name[cpu])),
			       "cpu %d: the clock event device is an HPET timer's", cpu);
	good &= result(strcmp(name[0], name[1]), "each CPU has its own");
	return good;
}

static void check_cpu(int cpu, const char *name)
{
	uint64_t before[MAX_CPUS], after[MAX_CPUS], wakeups;
	char where[16];

	snprintf(where, sizeof(where), "cpu %d", cpu);
	result(run_on(cpu), "%s: runs programs", where);
	check_sleeps(where);
	interrupts(name, before);
	wakeups = check_timerfd(where, 64) + check_timerfd(where, 512) + check_timerfd(where, 1000);
	interrupts(name, after);
	printf("# %s: %llu interrupts of %s, %llu on the other\n", where,
	       (unsigned long long)(after[cpu] - before[cpu]), name, (unsigned long long)after[!cpu]);
	result(after[cpu] - before[cpu] >= wakeups * 99 / 100, "%s: by interrupts of %s", where, name);
}

void per_cpu(void)
{
	char name[MAX_CPUS][32];
	int cpu;

	if (!check_devices(name))
		return;
	for (cpu = 0; cpu < MAX_CPUS; cpu++)
		check_cpu(cpu, name[cpu]);
	/* The timer is given back, and taken again with a new message. */
	run_on(0);
	result(write_line(CPU1_ONLINE, "0") && sysconf(_SC_NPROCESSORS_ONLN) == 1, "cpu 1 goes offline");
	check_sleeps("cpu 0, alone");
	result(write_line(CPU1_ONLINE, "1") && sysconf(_SC_NPROCESSORS_ONLN) == 2, "cpu 1 comes back");
	if (result(has_own_timer(1, name[1], sizeof(name[1])), "and has its timer again")) {
		result(run_on(1), "cpu 1, again: runs programs");
		check_sleeps("cpu 1, again");
	}
}

/*
 * No high-resolution timers, no tickless idling: a tick that goes on by itself, though Linux makes it of one shots,
 * since it looks at the wrong bit to find out whether the timer can be periodic.
 */
void per_cpu_tick(void)
{
	uint64_t before[MAX_CPUS], after[MAX_CPUS], start, span;
	char name[MAX_CPUS][32];
	double rate;
	int cpu;

	if (!check_devices(name))
		return;
	for (cpu = 0; cpu < MAX_CPUS; cpu++) {
		interrupts(name[cpu], before);
		start = true_ns();
		sleep_ns(WINDOW_NS);
		interrupts(name[cpu], after);
		span = true_ns() - start;
		rate = (after[cpu] - before[cpu]) * (double)NS_PER_S / span;
		printf("# cpu %d: %.3f interrupts a second\n", cpu, rate);
		result(rate > 0.99 * TICK_HZ && rate < 1.01 * TICK_HZ, "cpu %d: ticks at %d Hz, to 1 %%",
		       cpu, TICK_HZ);
	}
}
