/* SPDX-License-Identifier: GPL-2.0 */
#ifndef KVM_HPET_TAKEOVER_H
#define KVM_HPET_TAKEOVER_H

#include <json-c/json.h>
#include <limits.h>
#include <stdbool.h>

#include "agent.h"
#include "handover.h"
#include "hpet_regs.h"
#include "policy.h"

/**
 * struct takeover - what is needed to give a VM its block, and the agent that will hold it
 * @pid: --pid, or 0
 * @qmp_path: --qmp, or NULL
 * @assume_reset: --assume-reset
 * @dry_run: --dry-run: go on after a problem and change nothing
 * @policy: what the user wants of the lost-tick policy
 * @agent: process, monitor and, in the end, the block
 * @device: /dev/kvm_hpet, -1 if not open
 * @was_running: the VM has to be continued in the end
 * @config: what the block looks like; @config.size 0: not known
 * @regs: the registers of QEMU's own HPET
 * @in_use: the guest has used it since its reset
 * @handover: to take its state over, if so
 * @taken: the state taken from QEMU's own HPET, which holds it no more
 * @silenced: @taken counts
 * @problems: texts of what a dry run found to be wrong
 */
struct takeover {
	pid_t pid;
	const char *qmp_path;
	bool assume_reset;
	bool dry_run;
	struct policy_change policy;
	struct agent agent;
	int device;
	bool was_running;
	struct kvm_hpet_config config;
	struct hpet_regs regs;
	bool in_use;
	struct handover handover;
	struct kvm_hpet_state taken;
	bool silenced;
	struct json_object *problems;
};

int takeover_find(struct takeover *to);
int takeover_check(struct takeover *to);
int takeover_create(struct takeover *to);
int takeover_undo(struct takeover *to);

#endif
