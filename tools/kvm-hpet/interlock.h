/* SPDX-License-Identifier: GPL-2.0 */
#ifndef KVM_HPET_INTERLOCK_H
#define KVM_HPET_INTERLOCK_H

#include <json-c/json.h>
#include <stdbool.h>

struct agent;

/**
 * struct interlock - QEMU waits for us when the guest is reset
 * @on: so it is
 * @pause: QEMU was to stay when the guest shuts down (-no-shutdown)
 * @wanted: what QEMU waits for: a reset, its end, or nothing
 * @was_running: the guest was, when it was reset
 * @reset_done: QEMU has reset the machine
 */
struct interlock {
	bool on;
	bool pause;
	enum { WANTED_NOTHING, WANTED_RESET, WANTED_QUIT } wanted;
	bool was_running;
	bool reset_done;
};

int interlock_engage(struct agent *agent);
int interlock_release(struct agent *agent);
void interlock_event(struct agent *agent, const char *event, struct json_object *data);
int interlock_reset(struct agent *agent);
int interlock_serve(struct agent *agent);

#endif
