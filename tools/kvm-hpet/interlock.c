// SPDX-License-Identifier: GPL-2.0
/*
 * A reset without a moment in which the guest runs on with the old state.
 *
 * QEMU tells of a reset when the vCPUs may run again already. So it is told
 * (set-action) to shut down instead, and to pause instead of that: then a guest
 * that wants a reset, or whose user does, stands still until we have done it.
 */
#include <string.h>
#include <syslog.h>
#include <time.h>

#include "agent.h"
#include "error.h"
#include "interlock.h"

/* QEMU 6.0 has set-action. */
#define SET_ACTION	0x0600
#define RESET_MS	30000

static int set_action(struct agent *agent, const char *reboot, const char *shutdown)
{
	struct json_object *args = json_object_new_object();

	json_object_object_add(args, "reboot", json_object_new_string(reboot));
	if (shutdown)
		json_object_object_add(args, "shutdown", json_object_new_string(shutdown));
	return qmp_command(&agent->qmp, "set-action", args, NULL);
}

/* Whether QEMU was started with -action WHAT=VALUE, or an older option for the same */
static bool started_with(const struct qemu_proc *vm, const char *what, const char *value,
			 const char *option)
{
	const char *actions;
	char set[32];
	bool ret = qemu_proc_option(vm, option, 0);

	for (int i = 0; (actions = qemu_proc_option(vm, "action", i)); i++)
		if (qemu_option_value(actions, what, false, set, sizeof(set)))
			ret = !strcmp(set, value);
	return ret;
}

/* It would take the pause for the end of the guest. */
static bool of_libvirt(const struct qemu_proc *vm)
{
	for (int i = 1; i < vm->argc; i++)
		if (strstr(vm->argv[i], "charmonitor"))
			return true;
	return false;
}

/**
 * interlock_engage() - from now on QEMU waits for us when the guest is reset
 * @agent: with a monitor
 *
 * Where that can't be, the block is reset when QEMU reports it.
 *
 * Return: 0, or -1 after fail()
 */
int interlock_engage(struct agent *agent)
{
	struct interlock *lock = &agent->interlock;

	/* There a reset is the end. */
	if (started_with(&agent->vm, "reboot", "shutdown", "no-reboot"))
		return 0;
	if (of_libvirt(&agent->vm) || qmp_version(&agent->qmp) < SET_ACTION)
		return 0;
	lock->pause = started_with(&agent->vm, "shutdown", "pause", "no-shutdown");
	if (set_action(agent, "shutdown", "pause"))
		return -1;
	lock->on = true;
	return 0;
}

/**
 * interlock_release() - QEMU resets and shuts down as before
 * @agent: with a monitor
 *
 * Return: 0, or -1 after fail()
 */
int interlock_release(struct agent *agent)
{
	if (!agent->interlock.on)
		return 0;
	agent->interlock.on = false;
	return set_action(agent, "reset", agent->interlock.pause ? "pause" : "poweroff");
}

static const char *reason_of(struct json_object *data)
{
	struct json_object *reason;

	return json_object_object_get_ex(data, "reason", &reason) ?
		json_object_get_string(reason) : "";
}

/**
 * interlock_event() - note what QEMU waits for
 * @agent: with a block; @agent->running is still what it was before
 * @event: name of the event
 * @data: what came with it, or NULL
 */
void interlock_event(struct agent *agent, const char *event, struct json_object *data)
{
	struct interlock *lock = &agent->interlock;
	const char *reason = reason_of(data);

	if (!strcmp(event, "RESET"))
		lock->reset_done = true;
	if (!lock->on || strcmp(event, "SHUTDOWN"))
		return;
	if (!strcmp(reason, "guest-reset") || !strcmp(reason, "host-qmp-system-reset")) {
		lock->wanted = WANTED_RESET;
		/* Also if it was we who stopped it in the meantime */
		lock->was_running = agent->running || agent->stop_began;
	} else if (strcmp(reason, "host-qmp-quit") && strcmp(reason, "host-signal")) {
		lock->wanted = WANTED_QUIT;
	}
}

/**
 * interlock_reset() - the reset that QEMU waits for; the VM stays stopped
 * @agent: with a block, which the event RESET resets
 *
 * Whether it is to run then, is in @agent->interlock.was_running.
 *
 * Return: 0, or -1 after fail()
 */
int interlock_reset(struct agent *agent)
{
	struct interlock *lock = &agent->interlock;

	lock->wanted = WANTED_NOTHING;
	lock->reset_done = false;
	if (set_action(agent, "reset", NULL) ||
	    qmp_command(&agent->qmp, "system_reset", NULL, NULL) ||
	    qmp_wait(&agent->qmp, &lock->reset_done, RESET_MS))
		return -1;
	return set_action(agent, "shutdown", NULL);
}

/**
 * interlock_serve() - do what QEMU waits for
 * @agent: with a block
 *
 * Return: 0, or -1 after fail()
 */
int interlock_serve(struct agent *agent)
{
	struct interlock *lock = &agent->interlock;

	switch (lock->wanted) {
	case WANTED_RESET:
		if (interlock_reset(agent))
			return -1;
		return lock->was_running ? agent_continue_vm(agent) : 0;
	case WANTED_QUIT:
		lock->wanted = WANTED_NOTHING;
		return lock->pause ? 0 : qmp_command(&agent->qmp, "quit", NULL, NULL);
	default:
		return 0;
	}
}
