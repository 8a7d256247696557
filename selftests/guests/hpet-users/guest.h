/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the guests that use the HPET have in common.
 *
 * A guest says on its console, as TAP without numbers, what it found, and "# done"
 * at its end. True time is the time stamp counter's: it goes on with the host's,
 * and its frequency comes from the host (kvm-clock), not from the HPET.
 */
#ifndef HPET_USERS_GUEST_H
#define HPET_USERS_GUEST_H

#include <stdbool.h>
#include <stdint.h>
#include <stddef.h>

#define NS_PER_S	1000000000ULL
#define NS_PER_MS	1000000ULL
#define NS_PER_US	1000ULL
#define MAX_CPUS	2

/* One point of TAP; the name is a format. Returns @good. */
bool result(bool good, const char *name, ...) __attribute__((format(printf, 2, 3)));

/* True time in ns. The first call finds out about the TSC. */
uint64_t true_ns(void);
bool true_time_known(void);

/* Sleeps for a while without a look at when it ends. */
void sleep_ns(uint64_t ns);

/* The first line of a file, "" if it cannot be read. */
void read_line(const char *path, char *line, size_t size);
bool write_line(const char *path, const char *line);

/* The clock event device of a CPU, "" if there is none. */
void clock_event_device(int cpu, char *name, size_t size);

/*
 * Of the interrupts in /proc/interrupts whose last word is @name, how many each
 * CPU had. False if there is no such line.
 */
bool interrupts(const char *name, uint64_t count[MAX_CPUS]);

/* Runs on this CPU from now on. */
bool run_on(int cpu);

/*
 * Runs a program and hands every line it writes (stdout and stderr), without its
 * end, to @line. Returns the exit status, or -1.
 */
int run_program(char *const argv[], void (*line)(const char *line));

/* Hands every line of the kernel's log to @line. */
void kernel_log(void (*line)(const char *line));

/* Sleeps end neither early nor much too late, on the CPU that runs this. */
void check_sleeps(const char *where);

/* A timerfd that expires @hz times a second wakes its reader as often. Returns how often. */
uint64_t check_timerfd(const char *where, unsigned int hz);

/* So does a POSIX timer with its signal. */
void check_posix_timer(const char *where, unsigned int hz);

/* The scenarios, each in its own file. */
void dev_hpet(void);
void per_cpu(void);
void per_cpu_tick(void);
void rtc(void);
void hrtimers(void);

#endif /* HPET_USERS_GUEST_H */
