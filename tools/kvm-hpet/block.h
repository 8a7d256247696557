/* SPDX-License-Identifier: GPL-2.0 */
#ifndef KVM_HPET_BLOCK_H
#define KVM_HPET_BLOCK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <linux/kvm_hpet.h>

#define DEVICE	"/dev/kvm_hpet"

/* Register bits of specification 1.0a that the tool looks at */
#define HPET_ENABLE_CNF		(1ULL << 0)
#define HPET_LEG_RT_CNF		(1ULL << 1)
#define HPET_TN_INT_TYPE	(1ULL << 1)
#define HPET_TN_INT_ENB		(1ULL << 2)
#define HPET_TN_TYPE		(1ULL << 3)
#define HPET_TN_PER_CAP		(1ULL << 4)
#define HPET_TN_SIZE_CAP	(1ULL << 5)
#define HPET_TN_VAL_SET		(1ULL << 6)
#define HPET_TN_32MODE		(1ULL << 8)
#define HPET_TN_ROUTE_SHIFT	9
#define HPET_TN_ROUTE_MASK	0x1fULL
#define HPET_TN_FSB_EN		(1ULL << 14)
#define HPET_TN_FSB_CAP		(1ULL << 15)
/* What a guest can write, but for VAL_SET; reset leaves it 0 */
#define HPET_TN_WRITABLE	(HPET_TN_INT_TYPE | HPET_TN_INT_ENB | HPET_TN_TYPE | HPET_TN_32MODE | \
				 HPET_TN_ROUTE_MASK << HPET_TN_ROUTE_SHIFT | HPET_TN_FSB_EN)

int device_open(void);
int block_create(int device, struct kvm_hpet_config *config);
bool block_next(int device, struct kvm_hpet_block_info *info);
bool block_is_source(const struct kvm_hpet_block_info *info);
bool block_of_vm(int device, pid_t pid, uint64_t base, struct kvm_hpet_block_info *info);
int block_open(int device, uint64_t id);
int block_get_config(int block, struct kvm_hpet_config *config);
int block_get_state(int block, struct kvm_hpet_state *state);
int block_get_source(int block, struct kvm_hpet_tick_source_config *config,
		     struct kvm_hpet_tick_source_state *state);
int block_set_state(int block, const struct kvm_hpet_state *state);
int block_get_stats(int block, struct kvm_hpet_stats *stats);
int block_get_policy(int block, unsigned int timer, struct kvm_hpet_tick_policy *policy);
int block_set_policy(int block, const struct kvm_hpet_tick_policy *policy);
int block_control(int block, unsigned long request);
bool state_touched(const struct kvm_hpet_state *state);
bool state_in_use(const struct kvm_hpet_state *state);
uint32_t all_timers(const struct kvm_hpet_config *config);

#endif
