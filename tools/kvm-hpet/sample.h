/* SPDX-License-Identifier: GPL-2.0 */
#ifndef KVM_HPET_SAMPLE_H
#define KVM_HPET_SAMPLE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <linux/kvm_hpet.h>

#include "target.h"

/**
 * struct sample - the statistics of a block at a moment
 * @info: the block
 * @config: likewise
 * @state: tells which timers are in use
 * @stats: the statistics
 * @policy: of each timer
 */
struct sample {
	struct kvm_hpet_block_info info;
	struct kvm_hpet_config config;
	struct kvm_hpet_state state;
	struct kvm_hpet_stats stats;
	struct kvm_hpet_tick_policy policy[KVM_HPET_MAX_TIMERS];
};

bool sample_next(int device, const struct target *target, struct sample *sample);
bool sample_in_use(const struct sample *sample, unsigned int timer);
void vm_name(pid_t pid, char *name, size_t size);

#endif
