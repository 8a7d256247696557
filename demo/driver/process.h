/* SPDX-License-Identifier: GPL-2.0 */
/* Processes of the run, and the files that it leaves. */
#ifndef DEMO_PROCESS_H
#define DEMO_PROCESS_H

#include <stdint.h>
#include <sys/types.h>

/* The directory of the run; set once, at the start. */
extern const char *out_directory;

/* A name in it. Good until the fourth call after this one. */
const char *out_path(const char *name);

/* Makes the caller a real-time task on CPU 0, where its children stay. */
void become_observer(void);

/* Starts a program; its stdout goes to file @out, its stderr to @log (both may be the same). */
pid_t start(const char *const argv[], const char *out, const char *log);

/* What a process has used of the CPU, in ns. */
uint64_t cpu_time(pid_t pid);

/* Ends the program if process @pid has ended. */
void check_alive(pid_t pid, const char *what, const char *log);

#endif /* DEMO_PROCESS_H */
