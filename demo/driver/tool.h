/* SPDX-License-Identifier: GPL-2.0 */
/* The command-line tool kvm-hpet, as its user calls it. */
#ifndef DEMO_TOOL_H
#define DEMO_TOOL_H

#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

struct tool {
	const char *path;	/* NULL: QEMU's own HPET is looked at, or a tick source of its */
	const char *policy, *max_rate, *max_backlog;
	int source;		/* QEMU has its ticks from the module itself: statistics from debugfs */
};

/* Must come first: readings made by child processes are seen by their parent. */
void tool_init(const struct tool *tool);

/* "kvm-hpet attach"; the agent that it leaves behind ends with QEMU. */
void tool_attach(const char *qmp);

/* "kvm-hpet set" for process @qemu: policy and limits, and how the rate rises. */
void tool_set(pid_t qemu, const struct tool *wanted, const char *ramp);

/* The statistics, as of "kvm-hpet stat --json", into the next file stat-N.json; does nothing without kvm_hpet. */
void tool_stat(void);

/* Reads statistics every second until @end, in a process of low priority, for as long as a load lasts. */
void tool_watch(uint64_t end);
void tool_watch_end(void);

/* [[before, after], ...]: when which file was written. */
void tool_record(FILE *file);

#endif /* DEMO_TOOL_H */
