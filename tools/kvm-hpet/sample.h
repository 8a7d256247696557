/* SPDX-License-Identifier: GPL-2.0 */
#ifndef KVM_HPET_SAMPLE_H
#define KVM_HPET_SAMPLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <linux/kvm_hpet.h>

#include "target.h"

/**
 * struct sample - all that the module tells of a block at a moment
 * @info: the block
 * @source: of a tick source, how it was created
 * @source_state: likewise, its state
 * @config: of an HPET, how it was created; a tick source has one timer
 * @state: of an HPET; of a tick source only its ticks, as those of timer 0
 * @stats: the statistics
 * @policy: of each timer
 */
struct sample {
	struct kvm_hpet_block_info info;
	struct kvm_hpet_tick_source_config source;
	struct kvm_hpet_tick_source_state source_state;
	struct kvm_hpet_config config;
	struct kvm_hpet_state state;
	struct kvm_hpet_stats stats;
	struct kvm_hpet_tick_policy policy[KVM_HPET_MAX_TIMERS];
};

int sample_read(int block, struct sample *sample);
bool sample_next(int device, const struct target *target, struct sample *sample);
uint64_t sample_backlog(const struct sample *sample);
bool sample_mixed(const struct sample *sample);
bool sample_in_use(const struct sample *sample, unsigned int timer);
void vm_name(pid_t pid, char *name, size_t size);

#endif
