/* SPDX-License-Identifier: GPL-2.0 */
#ifndef KVM_HPET_TRACE_H
#define KVM_HPET_TRACE_H

#include <stdbool.h>
#include <stdio.h>

#include "moment.h"

void trace_begin(FILE *file);
void trace_add(FILE *file, const struct moment *now, const struct moment *before, uint64_t start_ns,
	       bool all);
bool trace_can_draw(const char *picture);
int trace_draw(const char *trace, const char *picture);

#endif
