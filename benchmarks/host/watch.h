/* SPDX-License-Identifier: GPL-2.0 */
/* What the guest says, and what the host does between its 'S' and its 'E'. */
#ifndef BENCH_WATCH_H
#define BENCH_WATCH_H

#include <pthread.h>
#include <stdbool.h>

#include "../module/bench.h"

/**
 * struct watch - a guest and its host
 * @fd: /dev/kvm_hpet_watch
 * @latency: interrupts are watched as well
 * @before: the host at 'S'
 * @after: the host at 'E'
 * @line: what the guest has said since the last end of line
 * @length: of that
 * @started: 'S' has come
 * @done: the guest has said "done"
 * @lock: protects these two
 * @change: of one of them
 */
struct watch {
	int fd;
	bool latency;
	struct watch_busy before, after;
	char line[128];
	unsigned int length;
	bool started, done;
	pthread_mutex_t lock;
	pthread_cond_t change;
};

void watch_open(struct watch *w, bool latency);
/* A character of the guest's. All but its marks is passed on to stdout. */
void watch_output(struct watch *w, char c);
void watch_start(struct watch *w);
void watch_stop(struct watch *w);
/* Waits for @started or @done. */
void watch_await(struct watch *w, const bool *what);
/* Lines on stdout: "ns N", "elapsed N", "busy N" (cycles), and "interrupt LATE_NS CYCLES" for each. */
void watch_report(const struct watch *w);

#endif /* BENCH_WATCH_H */
