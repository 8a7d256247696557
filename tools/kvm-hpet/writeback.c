// SPDX-License-Identifier: GPL-2.0
/*
 * What is saved of a VM has to have its guest's HPET in it, and QEMU saves its own. So the
 * agent writes the block's state into that while the VM is stopped:
 *
 *  - at STOP, parked: QEMU's own holds the state and does nothing, since the VM may be
 *    continued before the agent hears of it, and must not get its ticks twice. An agent, or
 *    attach, that finds such a one takes it over.
 *  - before a live migration saves the devices, whole: QEMU waits for us
 *    (pause-before-switchover), and who gets the VM needs no kvm-hpet.
 *
 * When the VM goes on here, QEMU's own is silenced again.
 */
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "agent.h"
#include "block.h"
#include "error.h"
#include "handover.h"
#include "writeback.h"

#define PAUSE	"pause-before-switchover"
#define EVENTS	"events"
#define STATUS_TEXT	32
/* For so long a migration may take to end that is just being completed, or was cancelled. */
#define SETTLE_TRIES	3000
#define SETTLE_US	20000

/* ---- migrations ---- */

static struct json_object *capability(const char *name, bool state)
{
	struct json_object *obj = json_object_new_object();

	json_object_object_add(obj, "capability", json_object_new_string(name));
	json_object_object_add(obj, "state", json_object_new_boolean(state));
	return obj;
}

static int set_capabilities(struct agent *agent, bool pause, bool events, bool state)
{
	struct json_object *args = json_object_new_object(), *list = json_object_new_array();

	if (pause)
		json_object_array_add(list, capability(PAUSE, state));
	if (events)
		json_object_array_add(list, capability(EVENTS, state));
	json_object_object_add(args, "capabilities", list);
	return qmp_command(&agent->qmp, "migrate-set-capabilities", args, NULL);
}

/* Return: whether it is set; true also if there is no such capability */
static bool has_capability(struct json_object *list, const char *name)
{
	struct json_object *one, *value;

	for (size_t i = 0; i < json_object_array_length(list); i++) {
		one = json_object_array_get_idx(list, i);
		if (json_object_object_get_ex(one, "capability", &value) &&
		    !strcmp(json_object_get_string(value), name))
			return !json_object_object_get_ex(one, "state", &value) ||
			       json_object_get_boolean(value);
	}
	return true;
}

static bool is_over(const char *status)
{
	return !strcmp(status, "none") || !strcmp(status, "completed") || !strcmp(status, "failed") ||
	       !strcmp(status, "cancelled");
}

/* One that there never was has no status. */
static int query_migration(struct agent *agent, char *text, size_t size)
{
	return qmp_query_status(&agent->qmp, "query-migrate", "none", text, size);
}

/**
 * writeback_check() - that no migration is under way
 * @agent: with a monitor
 *
 * Meanwhile QEMU does not let us change whether it waits.
 *
 * Return: 0, 1 after fail() if there is one, or -1 after fail() if that is not known
 */
int writeback_check(struct agent *agent)
{
	char status[STATUS_TEXT];

	if (query_migration(agent, status, sizeof(status)))
		return -1;
	if (is_over(status))
		return 0;
	fail("process %d is being migrated: try again when that is over", agent->vm.pid);
	return 1;
}

/* What else was set may not go with it. */
static int refused(struct agent *agent)
{
	char reason[512];

	snprintf(reason, sizeof(reason), "%s", error_text());
	if (writeback_check(agent))
		return -1;
	log_line(LOG_WARNING, "detach before process %d is migrated, as it does not wait then: %s",
		 agent->vm.pid, reason);
	return 0;
}

/**
 * writeback_engage() - from now on QEMU waits for us before it migrates
 * @agent: with a monitor
 *
 * Where somebody else has made it wait already, that one lets it go on. Fails if it migrates.
 *
 * Return: 0, or -1 after fail()
 */
int writeback_engage(struct agent *agent)
{
	struct writeback *wb = &agent->shared->writeback;
	struct json_object *list;
	bool pause, events;

	if (qmp_command(&agent->qmp, "query-migrate-capabilities", NULL, &list))
		return -1;
	pause = has_capability(list, PAUSE);
	events = has_capability(list, EVENTS);
	json_object_put(list);
	if ((!pause || !events) && set_capabilities(agent, !pause, !events, true))
		return refused(agent);
	wb->own_events = !events;
	wb->own_pause = !pause;
	if (wb->own_pause)
		agent->unguarded = false;
	return 0;
}

static int let_migrate(struct agent *agent)
{
	struct json_object *args = json_object_new_object();

	json_object_object_add(args, "state", json_object_new_string("pre-switchover"));
	return qmp_command(&agent->qmp, "migrate-continue", args, NULL);
}

/**
 * writeback_release() - QEMU migrates as before
 * @agent: with a monitor; QEMU's own HPET has its state
 *
 * QEMU refuses it while it migrates.
 *
 * Return: 0, or -1 after fail()
 */
int writeback_release(struct agent *agent)
{
	struct writeback *wb = &agent->shared->writeback;

	if ((wb->own_pause || wb->own_events) &&
	    set_capabilities(agent, wb->own_pause, wb->own_events, false))
		return -1;
	*wb = (struct writeback){ .resumes = wb->resumes };
	return 0;
}

static void cancel(struct agent *agent)
{
	agent->shared->writeback.switchover = false;
	if (qmp_command(&agent->qmp, "migrate_cancel", NULL, NULL))
		return;
	agent->cancelled = true;
	log_line(LOG_WARNING, "the migration of process %d was cancelled, since the VM was stopped for a moment when it was to be completed: start it again",
		 agent->vm.pid);
}

/**
 * writeback_settle() - what has become of a migration while we had the VM stopped
 * @agent: with a monitor
 *
 * Where it was sent to it would not run, as it did not here. So a migration that waits for us is cancelled,
 * and the end is waited for of one that does not.
 *
 * Return: 0 if the VM may be continued, or -1 after fail()
 */
int writeback_settle(struct agent *agent)
{
	char vm[STATUS_TEXT], migration[STATUS_TEXT];
	bool told = false;

	for (int i = 0; i < SETTLE_TRIES; i++) {
		if (qmp_query_status(&agent->qmp, "query-status", "", vm, sizeof(vm)))
			return -1;
		if (strcmp(vm, "finish-migrate") && strcmp(vm, "postmigrate"))
			return 0;
		if (query_migration(agent, migration, sizeof(migration)))
			return -1;
		if (!strcmp(vm, "postmigrate") && !strcmp(migration, "completed"))
			return fail("process %d has been migrated; where it went to it may have to be continued",
				    agent->vm.pid);
		if (!strcmp(vm, "postmigrate"))
			return 0;
		if (!told && !strcmp(migration, "pre-switchover")) {
			cancel(agent);
			told = true;
		}
		usleep(SETTLE_US);
	}
	return fail("the migration of process %d does not end", agent->vm.pid);
}

/**
 * writeback_drop() - QEMU migrates as before, and a migration that has begun meanwhile is no more
 * @agent: with a monitor; the VM stopped
 */
void writeback_drop(struct agent *agent)
{
	bool told = false, over = false;

	for (int i = 0; i < SETTLE_TRIES && writeback_release(agent); i++) {
		int migrates = writeback_check(agent);

		/* Over, and still refused: for another reason */
		if (migrates < 0 || (!migrates && over))
			return;
		over = !migrates;
		if (migrates && !told)
			cancel(agent);
		told |= migrates;
		usleep(SETTLE_US);
	}
}

/**
 * writeback_resume() - the agent before was killed, perhaps while a migration waited for it
 * @agent: with a monitor
 *
 * Return: 0, or -1 after fail()
 */
int writeback_resume(struct agent *agent)
{
	struct writeback *wb = &agent->shared->writeback;
	char status[STATUS_TEXT];

	if (!wb->own_pause)
		return 0;
	if (query_migration(agent, status, sizeof(status)))
		return -1;
	wb->switchover = !strcmp(status, "pre-switchover");
	return 0;
}

/* ---- what happens ---- */

static bool is_switchover(struct json_object *data)
{
	struct json_object *status;

	return json_object_object_get_ex(data, "status", &status) &&
	       !strcmp(json_object_get_string(status), "pre-switchover");
}

/**
 * writeback_event() - note what is to be done
 * @agent: with a block, or without one any more
 * @event: name of the event
 * @data: what came with it, or NULL
 */
void writeback_event(struct agent *agent, const char *event, struct json_object *data)
{
	struct writeback *wb = &agent->shared->writeback;

	if (!strcmp(event, "STOP")) {
		wb->park = !agent->stop_began;
	} else if (!strcmp(event, "RESUME")) {
		wb->park = wb->switchover = false;
		wb->resumes++;
	} else if (!strcmp(event, "MIGRATION")) {
		wb->switchover = is_switchover(data);
	}
}

/**
 * writeback_wanted() - whether there is anything to do
 * @agent: with a block
 *
 * Return: whether so
 */
bool writeback_wanted(const struct agent *agent)
{
	const struct writeback *wb = &agent->shared->writeback;

	return wb->park || wb->switchover;
}

static bool is_loaded(const struct agent *agent, const struct hpet_regs *regs)
{
	return (hpet_regs_armed(regs) || qemu_hpet_is_parked(regs)) && !writeback_is(agent, regs);
}

/* QEMU's own may be in any state after a failure, so it is silenced. */
static int write_state(struct agent *agent, const struct kvm_hpet_state *state, bool whole)
{
	struct writeback *wb = &agent->shared->writeback;
	struct handover ho = { 0 };
	struct hpet_regs regs;
	int ret;

	if (handover_prepare(&ho, &agent->qmp))
		return -1;
	ret = hpet_regs_read(&regs, &agent->qmp);
	/* QEMU has loaded a state (loadvm), perhaps before it came to answer: look_for_state() */
	if (ret || is_loaded(agent, &regs)) {
		handover_finish(&ho);
		return ret;
	}
	wb->unsure = true;
	ret = handover_load(&ho, state) || hpet_regs_read(&wb->regs, &agent->qmp);
	wb->armed = !ret && whole;
	wb->parked = !ret && !whole;
	if (!ret || (!hpet_regs_read(&regs, &agent->qmp) && !handover_silence(&ho, &regs)))
		wb->unsure = false;
	handover_finish(&ho);
	return ret;
}

static int write_back(struct agent *agent, bool whole)
{
	struct kvm_hpet_state state, shown;

	if (block_get_state(agent->block, &state))
		return -1;
	if (!state_touched(&state))
		return 0;
	shown = state;
	if (!whole && qemu_hpet_park(&state, &shown))
		return -1;
	if (qemu_hpet_takes(&state, qmp_version(&agent->qmp)))
		log_line(LOG_NOTICE, "what is saved of process %d now lacks ticks: %s", agent->vm.pid,
			 error_text());
	return write_state(agent, &shown, whole);
}

/* The gdbstub stops a VM that somebody has continued in the meantime. */
static void park(struct agent *agent)
{
	struct writeback *wb = &agent->shared->writeback;
	unsigned int resumes = wb->resumes;

	wb->park = false;
	if (agent->running || agent->stop_began)
		return;
	if (write_back(agent, false))
		log_line(LOG_WARNING, "what is saved of process %d now does not have its HPET: %s",
			 agent->vm.pid, error_text());
	wb->park = false;
	if (wb->resumes == resumes)
		return;
	if (agent_continue_vm(agent))
		print_error();
	wb->park = false;
	/* It was not us at first: there may be a state that QEMU has loaded, and ours is to be silenced. */
	agent->look = true;
}

static void migrate(struct agent *agent)
{
	struct writeback *wb = &agent->shared->writeback;
	unsigned int resumes = wb->resumes;
	int ret;

	wb->switchover = wb->park = false;
	ret = write_back(agent, true);
	/* QEMU has continued the VM, since the migration was cancelled, and perhaps the gdbstub has stopped it again. */
	if (wb->resumes != resumes) {
		if (writeback_undo(agent))
			print_error();
		wb->park = false;
		return;
	}
	if (ret)
		log_line(LOG_WARNING, "process %d migrates without its HPET: %s", agent->vm.pid, error_text());
	else if (!wb->own_pause)
		log_line(LOG_WARNING, "process %d may migrate without its HPET: somebody else says when it goes on",
			 agent->vm.pid);
	if (wb->own_pause && let_migrate(agent))
		print_error();
}

/**
 * writeback_serve() - do what is to be done
 * @agent: with a block
 */
void writeback_serve(struct agent *agent)
{
	struct writeback *wb = &agent->shared->writeback;

	if (wb->switchover)
		migrate(agent);
	else if (wb->park)
		park(agent);
}

/**
 * writeback_again() - the block of a stopped VM has another state
 * @agent: with a block
 * @running: whether the VM runs
 */
void writeback_again(struct agent *agent, bool running)
{
	if (running)
		return;
	agent->shared->writeback.park = true;
	writeback_serve(agent);
}

/**
 * writeback_is() - whether what QEMU's own HPET has is what we gave it
 * @agent: with a block
 * @regs: QEMU's registers
 *
 * Return: true if so: there is nothing to take over
 */
bool writeback_is(const struct agent *agent, const struct hpet_regs *regs)
{
	const struct writeback *wb = &agent->shared->writeback;

	return wb->armed || wb->unsure || (wb->parked && !memcmp(regs, &wb->regs, sizeof(*regs)));
}

/**
 * writeback_undo() - the VM runs again: QEMU's own HPET is silent again
 * @agent: with a block
 *
 * Else a state that QEMU loads later on could not be told from it.
 *
 * Return: 0, or -1 after fail()
 */
int writeback_undo(struct agent *agent)
{
	struct writeback *wb = &agent->shared->writeback;
	struct handover ho = { 0 };
	struct hpet_regs regs;
	int ret;

	if (wb->armed)
		log_line(LOG_WARNING, "process %d goes on after a migration that failed: its guest may have had ticks twice",
			 agent->vm.pid);
	if (agent_stop_vm(agent))
		return -1;
	ret = hpet_regs_read(&regs, &agent->qmp) || handover_prepare(&ho, &agent->qmp) ||
		handover_silence(&ho, &regs);
	handover_finish(&ho);
	wb->parked = wb->armed = false;
	wb->unsure = ret;
	return agent_continue_vm(agent) || ret ? -1 : 0;
}
