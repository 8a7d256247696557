/* SPDX-License-Identifier: GPL-2.0 */
#ifndef KVM_HPET_MOMENT_H
#define KVM_HPET_MOMENT_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "sample.h"
#include "target.h"

#define NS_PER_S	1000000000ULL

/**
 * struct moment - all blocks that are meant, at a moment
 * @ns: CLOCK_MONOTONIC
 * @real_ns: CLOCK_REALTIME
 * @count: of @samples
 * @samples: by rising id
 */
struct moment {
	uint64_t ns;
	uint64_t real_ns;
	size_t count;
	struct sample *samples;
};

/**
 * struct watch - looking at blocks again and again
 * @target: which
 * @delay_ns: from one moment to the next
 * @count: of intervals, 0: no end
 * @stop: set by a signal when it is to end, or NULL
 * @show: what is done after each interval
 * @context: handed to it
 */
struct watch {
	struct target target;
	uint64_t delay_ns;
	uint64_t count;
	const volatile sig_atomic_t *stop;
	void (*show)(void *context, const struct moment *now, const struct moment *before);
	void *context;
};

/* A timer's changes in an interval, each in a second */
struct rates {
	double due, delivered, masked, discarded, coalesced, late, reinjected;
};

int delay_option(const char *command, uint64_t *delay_ns, const char *value);
double moment_seconds(const struct moment *now, const struct moment *before);
int moment_watch(int device, const struct watch *watch);
const struct sample *moment_find(const struct moment *moment, const struct sample *sample);
double change_per_s(uint64_t now, uint64_t before, double seconds);
struct rates timer_rates(const struct sample *now, const struct sample *before, unsigned int timer,
			 double seconds);
void print_json_line(FILE *file, const struct moment *now, const struct moment *before, bool all);

#endif
