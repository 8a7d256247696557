/* SPDX-License-Identifier: GPL-2.0 */
#ifndef KVM_HPET_HANDOVER_H
#define KVM_HPET_HANDOVER_H

#include <stdbool.h>
#include <stdint.h>

#include "qemu_hpet.h"
#include "qmp.h"

/**
 * struct handover - ways into QEMU's own HPET, laid through its monitor
 * @qmp: the monitor; NULL: not prepared
 * @file: QEMU saves its devices' state here
 * @file_set: by what number QEMU knows that file
 * @stub: our end of a connection to QEMU's gdbstub
 * @connected: the gdbstub listens at the other end
 */
struct handover {
	struct qmp *qmp;
	int file;
	int64_t file_set;
	int stub;
	bool connected;
};

int handover_prepare(struct handover *ho, struct qmp *qmp);
int handover_take(struct handover *ho, const struct hpet_regs *regs, int block,
		  struct kvm_hpet_state *state, bool *silenced);
int handover_silence(struct handover *ho, const struct hpet_regs *regs);
int handover_set_legacy(struct handover *ho, const struct hpet_regs *regs, bool legacy);
int handover_load(struct handover *ho, const struct kvm_hpet_state *state);
void handover_finish(struct handover *ho);

#endif
