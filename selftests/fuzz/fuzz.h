/* SPDX-License-Identifier: GPL-2.0 */
/* What the targets share. */
#ifndef _FUZZ_H
#define _FUZZ_H

#include <stdio.h>
#include <stdlib.h>

#include "hpet_state.h"
#include "input.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

#define CHECK(ok, ...) do {						\
	if (!(ok)) {							\
		fprintf(stderr, "%s:%d: not so: ", __FILE__, __LINE__);	\
		fprintf(stderr, __VA_ARGS__);				\
		fputc('\n', stderr);					\
		abort();						\
	}								\
} while (0)

/* With FUZZ_LOG in the environment: what happens, to read a find by. */
extern bool fuzz_log;
#define LOG(...) do {							\
	if (fuzz_log)							\
		fprintf(stderr, __VA_ARGS__);				\
} while (0)

/* Edges of the core's control flow that were passed since it was set to 0. */
extern u64 fuzz_work;

void fuzz_config(struct input *in, struct kvm_hpet_config *c);

#endif /* _FUZZ_H */
