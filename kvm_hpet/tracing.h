/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Does anybody trace what becomes of ticks? One key for all nine tracepoints: to look at
 * each one's at each taking of a block's lock was 29 of the 958 instructions that a tick
 * by message took in this module.
 */
#ifndef _KVM_HPET_TRACING_H
#define _KVM_HPET_TRACING_H

#include <linux/jump_label.h>

DECLARE_STATIC_KEY_FALSE(kvm_hpet_tracing_key);

/**
 * kvm_hpet_tracing() - is any of these tracepoints enabled
 *
 * Context: any.
 * Return: true if so.
 */
static inline bool kvm_hpet_tracing(void)
{
	return static_branch_unlikely(&kvm_hpet_tracing_key);
}

/**
 * kvm_hpet_tracing_begin() - one of them gets its first listener
 *
 * Context: process. Sleeps. Called by the kernel, with its mutex of tracepoints held.
 * Return: 0.
 */
int kvm_hpet_tracing_begin(void);

/**
 * kvm_hpet_tracing_end() - one of them has lost its last listener
 *
 * Context: as kvm_hpet_tracing_begin().
 */
void kvm_hpet_tracing_end(void);

#endif /* _KVM_HPET_TRACING_H */
