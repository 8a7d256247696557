/* SPDX-License-Identifier: GPL-2.0 */
#ifndef KVM_HPET_HPET_REGS_H
#define KVM_HPET_HPET_REGS_H

#include <stdint.h>
#include <linux/kvm_hpet.h>

#include "qemu_proc.h"
#include "qmp.h"

#define HPET_REGS_BYTES	0x400
#define HPET_REGS_WORDS	(HPET_REGS_BYTES / 8)
/* No more fit into HPET_REGS_BYTES. */
#define HPET_REGS_TIMERS	24

/**
 * struct hpet_regs - the registers of an HPET, as a monitor reads them
 * @word: the 64-bit words from the base address on
 */
struct hpet_regs {
	uint64_t word[HPET_REGS_WORDS];
};

int hpet_regs_parse(struct hpet_regs *regs, const char *dump, size_t first, size_t words);
int hpet_regs_read(struct hpet_regs *regs, struct qmp *qmp);
int hpet_regs_config(const struct hpet_regs *regs, struct kvm_hpet_config *config);
bool hpet_regs_in_use(const struct hpet_regs *regs);
bool hpet_regs_armed(const struct hpet_regs *regs);
int hpet_assumed_config(const struct qemu_proc *proc, struct kvm_hpet_config *config);

#endif
