/* SPDX-License-Identifier: GPL-2.0 */
/* What disturbs QEMU: one row of demo/loads. */
#ifndef DEMO_LOAD_H
#define DEMO_LOAD_H

#include <stdint.h>
#include <sys/types.h>

#define LOAD_NS		10000000000ull	/* how long a load lasts */

struct load_kind;

struct load {
	const struct load_kind *kind;
	uint64_t on_ns;		/* QEMU is disturbed for this long ... */
	uint64_t of_ns;		/* ... of this long */
};

/* Looks a load up by its name; complains and returns -1 if it is not there. */
int load_find(const char *table, const char *name, struct load *load);

/* When a load that starts then lets go of QEMU for the last time. */
uint64_t load_let_go(const struct load *load, uint64_t start);

/* Puts the load on process @qemu from @start on (CLOCK_MONOTONIC), for LOAD_NS. */
void load_run(const struct load *load, pid_t qemu, uint64_t start);

#endif /* DEMO_LOAD_H */
