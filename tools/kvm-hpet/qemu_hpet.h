/* SPDX-License-Identifier: GPL-2.0 */
#ifndef KVM_HPET_QEMU_HPET_H
#define KVM_HPET_QEMU_HPET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <linux/kvm_hpet.h>

#include "hpet_regs.h"

/**
 * struct qemu_hpet - the whole state of QEMU's own HPET, as it saves it
 * @config: general configuration
 * @status: general interrupt status
 * @counter: main counter
 * @num_timers: how many of @timer there are
 * @timer: the timers
 * @timer.config: configuration and capabilities, with VAL_SET
 * @timer.comparator: comparator; of a periodic timer: the next match, or one that has
 *	passed and has not been served
 * @timer.fsb: FSB interrupt route
 * @timer.period: last value written to the accumulator; no register shows it
 * @timer.pending: QEMU will act on the next match; no register shows that
 */
struct qemu_hpet {
	uint64_t config;
	uint64_t status;
	uint64_t counter;
	unsigned int num_timers;
	struct {
		uint64_t config;
		uint64_t comparator;
		uint64_t fsb;
		uint64_t period;
		bool pending;
	} timer[HPET_REGS_TIMERS];
};

/* Newer ones keep the comparator of a 32-bit timer in 64 bits. */
#define QEMU_WIDE_COMPARATORS	0x0901

/* Writes for a reload of a timer: its route, its comparator with VAL_SET by halves, ... */
#define QEMU_HPET_MAX_WRITES	(4 + HPET_REGS_TIMERS * 10)

/**
 * struct hpet_write - a write to a register of QEMU's own HPET
 * @offset: from the base address, a multiple of 4
 * @value: what is written
 */
struct hpet_write {
	uint32_t offset;
	uint32_t value;
};

int qemu_hpet_parse(struct qemu_hpet *hpet, const struct hpet_regs *regs, const uint8_t *data,
		    size_t size);
int qemu_hpet_to_state(const struct qemu_hpet *hpet, struct kvm_hpet_state *state);
size_t qemu_hpet_silence(const struct hpet_regs *regs, struct hpet_write *writes);
void qemu_hpet_set_legacy(struct hpet_regs *regs, bool legacy);
bool qemu_hpet_is_silent(const struct hpet_regs *regs);
int qemu_hpet_takes(const struct kvm_hpet_state *state, unsigned int version);
size_t qemu_hpet_load(const struct kvm_hpet_state *state, unsigned int version,
		      struct hpet_write *writes);
int qemu_hpet_verify(const struct hpet_regs *regs, const struct kvm_hpet_state *state,
		     unsigned int version);

int qemu_hpet_park(const struct kvm_hpet_state *state, struct kvm_hpet_state *shown);
bool qemu_hpet_is_parked(const struct hpet_regs *regs);
void qemu_hpet_unpark(struct qemu_hpet *hpet);

#endif
