/* SPDX-License-Identifier: GPL-2.0 */
#ifndef KVM_HPET_WRITEBACK_H
#define KVM_HPET_WRITEBACK_H

#include <json-c/json.h>
#include <stdbool.h>

#include "hpet_regs.h"

struct agent;

/**
 * struct writeback - the state of the block in QEMU's own HPET, while the VM is stopped
 * @park: the VM was stopped, by somebody else
 * @switchover: QEMU waits to save its devices for a migration
 * @parked: QEMU's own holds what @regs says, and does nothing
 * @armed: QEMU's own has the whole state, and would run if the VM did
 * @unsure: what it has is ours, but writing it failed
 * @own_pause: it was we who made migrations wait
 * @own_events: it was we who made QEMU tell of them
 * @resumes: how often the VM was continued
 * @regs: with @parked
 */
struct writeback {
	bool park, switchover;
	bool parked, armed, unsure;
	bool own_pause, own_events;
	unsigned int resumes;
	struct hpet_regs regs;
};

int writeback_check(struct agent *agent);
int writeback_engage(struct agent *agent);
int writeback_release(struct agent *agent);
int writeback_settle(struct agent *agent);
void writeback_drop(struct agent *agent);
int writeback_resume(struct agent *agent);
void writeback_event(struct agent *agent, const char *event, struct json_object *data);
bool writeback_wanted(const struct agent *agent);
void writeback_serve(struct agent *agent);
void writeback_again(struct agent *agent, bool running);
bool writeback_is(const struct agent *agent, const struct hpet_regs *regs);
int writeback_undo(struct agent *agent);

#endif
