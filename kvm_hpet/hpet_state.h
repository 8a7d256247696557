/* SPDX-License-Identifier: GPL-2.0 */
/* Configuration and state: between the UAPI's structures and the model. */
#ifndef _KVM_HPET_STATE_H
#define _KVM_HPET_STATE_H

#include <linux/kvm_hpet.h>

#include "hpet_block.h"
#include "tick_source.h"

/**
 * kvm_hpet_config_ok() - is a configuration valid
 * @c: from the VMM
 *
 * Return: true if every field is in range. Descriptors are not looked at.
 */
bool kvm_hpet_config_ok(const struct kvm_hpet_config *c);

/**
 * kvm_hpet_config_apply() - gives a model its capabilities
 * @m: the model
 * @c: a valid configuration
 */
void kvm_hpet_config_apply(struct hpet_model *m,
			   const struct kvm_hpet_config *c);

/**
 * kvm_hpet_state_save() - the state of a block
 * @b: the block, brought up to @now, with nothing being injected
 * @now: time, ns
 * @s: the state
 */
void kvm_hpet_state_save(const struct hpet_block *b, u64 now,
			 struct kvm_hpet_state *s);

/**
 * kvm_hpet_state_check() - is a state valid for a block
 * @b: the block
 * @s: from the VMM
 *
 * Return: NULL, or the name of the first field that is not.
 */
const char *kvm_hpet_state_check(const struct hpet_block *b,
				 const struct kvm_hpet_state *s);

/**
 * kvm_hpet_state_load() - replaces the state of a block
 * @b: the block
 * @now: time, ns
 * @s: a valid state
 */
void kvm_hpet_state_load(struct hpet_block *b, u64 now,
			 const struct kvm_hpet_state *s);

/**
 * kvm_hpet_source_config_ok() - is a tick source's configuration valid
 * @c: from the VMM
 *
 * Return: true if every field is in range. Descriptors are not looked at.
 */
bool kvm_hpet_source_config_ok(const struct kvm_hpet_tick_source_config *c);

/**
 * kvm_hpet_source_config_apply() - makes a source as configured
 * @s: the source
 * @c: a valid configuration
 * @min_interval_ns: see struct ticker
 */
void kvm_hpet_source_config_apply(struct tick_source *s,
				  const struct kvm_hpet_tick_source_config *c,
				  u64 min_interval_ns);

/**
 * kvm_hpet_source_period_ok() - is a period valid
 * @p: from the VMM
 * @guest_now: ticker_guest_now()
 *
 * Return: true if every field is in range.
 */
bool kvm_hpet_source_period_ok(const struct kvm_hpet_tick_period *p,
			       u64 guest_now);

/**
 * kvm_hpet_source_start() - starts a source
 * @s: the source
 * @now: time, ns
 * @p: a valid period
 */
void kvm_hpet_source_start(struct tick_source *s, u64 now,
			   const struct kvm_hpet_tick_period *p);

/**
 * kvm_hpet_source_save() - the state of a source
 * @source: the source, brought up to @now, with nothing being injected
 * @now: time, ns
 * @s: the state
 */
void kvm_hpet_source_save(const struct tick_source *source, u64 now,
			  struct kvm_hpet_tick_source_state *s);

/**
 * kvm_hpet_source_check() - is a state valid
 * @s: from the VMM
 *
 * Return: NULL, or the name of the first field that is not.
 */
const char *kvm_hpet_source_check(const struct kvm_hpet_tick_source_state *s);

/**
 * kvm_hpet_source_load() - replaces the state of a source
 * @source: the source
 * @now: time, ns
 * @s: a valid state
 */
void kvm_hpet_source_load(struct tick_source *source, u64 now,
			  const struct kvm_hpet_tick_source_state *s);

#endif /* _KVM_HPET_STATE_H */
