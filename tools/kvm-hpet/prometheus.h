/* SPDX-License-Identifier: GPL-2.0 */
#ifndef KVM_HPET_PROMETHEUS_H
#define KVM_HPET_PROMETHEUS_H

#include <stdbool.h>
#include <stddef.h>

#include "sample.h"

void prometheus_print(const struct sample *samples, size_t count, bool all_timers);

#endif
