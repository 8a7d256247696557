// SPDX-License-Identifier: GPL-2.0
/*
 * Taking over the HPET of an unmodified QEMU: find process and monitor, check
 * all that can be checked from outside, create the block with the VM stopped.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "block.h"
#include "error.h"
#include "takeover.h"
#include "writeback.h"

/* After a failed check: 0 if a dry run goes on in spite of it */
static int problem(struct takeover *to)
{
	if (!to->dry_run)
		return -1;
	json_object_array_add(to->problems, json_object_new_string(error_text()));
	return 0;
}

static int not_qemu(const struct qemu_proc *vm)
{
	return fail("process %d (%s) is not a QEMU", vm->pid, vm->program);
}

/* Ask for one member, which is not null, of what a query command returns. */
static int query(struct takeover *to, const char *command, const char *member,
		 struct json_object **value)
{
	struct json_object *result;
	bool there;

	if (qmp_command(&to->agent.qmp, command, NULL, &result))
		return -1;
	there = json_object_object_get_ex(result, member, value) && *value;
	if (there)
		json_object_get(*value);
	json_object_put(result);
	return there ? 0 : fail("QEMU's answer to \"%s\" lacks \"%s\"", command, member);
}

static int connect_monitor(struct takeover *to, const char *path, pid_t *listener)
{
	struct qmp *qmp = &to->agent.qmp;

	if (qmp_connect(qmp, path, listener))
		return -1;
	qmp->cancel_fd = to->agent.signals;
	/* The agent leaves this directory. */
	if (!realpath(path, to->agent.qmp_path))
		return fail("cannot resolve %s: %m", path);
	return 0;
}

static int check_listener(struct takeover *to, pid_t listener)
{
	if (!listener)
		return fail("who listens on %s can't be seen from here: give --pid too",
			    to->qmp_path);
	if (qemu_proc_open(&to->agent.vm, listener))
		return -1;
	if (!qemu_proc_is_qemu(&to->agent.vm) && qemu_proc_find_vm_fd(&to->agent.vm) < 0)
		return fail("%s is served by process %d (%s), which is not a QEMU: if that hands it to a QEMU, give --pid too",
			    to->qmp_path, listener, to->agent.vm.program);
	return 0;
}

static int other_vm(const struct takeover *to, const char *path)
{
	return fail("the QMP socket %s is not that of process %d", path, to->agent.vm.pid);
}

static bool is_qemu(pid_t pid)
{
	struct qemu_proc proc;
	bool ret;

	if (!pid || qemu_proc_open(&proc, pid))
		return false;
	ret = qemu_proc_is_qemu(&proc);
	qemu_proc_close(&proc);
	return ret;
}

/*
 * That the socket is served by the process named. Libvirt opens it for its
 * QEMUs, so that it seems to listen itself; those are told apart by their UUID.
 */
static int check_same_vm(struct takeover *to, const char *path, pid_t listener)
{
	const char *given = qemu_proc_option(&to->agent.vm, "uuid", 0);
	struct json_object *uuid;
	int ret;

	if (listener == to->agent.vm.pid)
		return 0;
	if (is_qemu(listener))
		return other_vm(to, path);
	if (!given)
		return 0;
	if (query(to, "query-uuid", "UUID", &uuid))
		return -1;
	ret = strcasecmp(given, json_object_get_string(uuid)) ? other_vm(to, path) : 0;
	json_object_put(uuid);
	return ret;
}

static int lock_vm(struct takeover *to)
{
	struct kvm_hpet_block_info info;

	if (!to->dry_run && agent_files_lock(&to->agent.files, to->agent.vm.pid))
		return -1;
	/* Without it, what may be wrong with the VM is told first: check_device() */
	to->device = device_open();
	if (to->device < 0)
		return 0;
	if (!block_of_vm(to->device, to->agent.vm.pid, KVM_HPET_DEFAULT_BASE, &info))
		return 0;
	fail("already attached: process %d has block %llu, held by process %u", to->agent.vm.pid,
	     (unsigned long long)info.id, info.owner_pid);
	return problem(to);
}

/*
 * The sockets that QEMU's command line names, until one answers that is really
 * this QEMU's: a command line may say anything.
 */
static int find_monitor(struct takeover *to)
{
	const struct qemu_proc *vm = &to->agent.vm;
	char path[PATH_MAX];
	pid_t listener;
	int i;

	for (i = 0; !qemu_proc_qmp_path(vm, i, path, sizeof(path)); i++) {
		if (!connect_monitor(to, path, &listener) && !qmp_greet(&to->agent.qmp) &&
		    !check_same_vm(to, path, listener))
			return 0;
		qmp_close(&to->agent.qmp);
	}
	if (i)	/* with the reason of the last one */
		return -1;
	if (!qemu_proc_is_qemu(vm))
		return not_qemu(vm);
	return fail("process %d (%s) has no QMP socket on its command line: start it with -qmp unix:PATH,server=on,wait=off or name one with --qmp",
		    vm->pid, vm->program);
}

static int find_by_pid(struct takeover *to)
{
	struct qemu_proc *vm = &to->agent.vm;
	char path[PATH_MAX];

	if (qemu_proc_open(vm, to->pid))
		return -1;
	if (!qemu_proc_is_qemu(vm) &&
	    (to->assume_reset || qemu_proc_qmp_path(vm, 0, path, sizeof(path))))
		return not_qemu(vm);
	if (lock_vm(to))
		return -1;
	return to->assume_reset ? 0 : find_monitor(to);
}

static int find_by_socket(struct takeover *to)
{
	pid_t listener;

	if (to->pid && qemu_proc_open(&to->agent.vm, to->pid))
		return -1;
	if (connect_monitor(to, to->qmp_path, &listener))
		return -1;
	if (!to->pid && check_listener(to, listener))
		return -1;
	if (lock_vm(to) || qmp_greet(&to->agent.qmp))
		return -1;
	return check_same_vm(to, to->qmp_path, listener);
}

/**
 * takeover_find() - find the QEMU and become its one agent
 * @to: what the user named; the agent's process and monitor are filled in
 *
 * Return: 0, or -1 after fail()
 */
int takeover_find(struct takeover *to)
{
	return to->qmp_path ? find_by_socket(to) : find_by_pid(to);
}

static int check_architecture(const struct qemu_proc *vm, const char *arch)
{
	if (!strcmp(arch, "x86_64") || !strcmp(arch, "i386"))
		return 0;
	return fail("process %d is a QEMU for %s, which has no HPET: only x86 guests do", vm->pid,
		    arch);
}

static int check_target(struct takeover *to)
{
	struct json_object *arch;
	int ret;

	if (query(to, "query-target", "arch", &arch))
		return -1;
	ret = check_architecture(&to->agent.vm, json_object_get_string(arch));
	json_object_put(arch);
	return ret;
}

static int check_accelerator(struct takeover *to)
{
	struct json_object *enabled;
	bool kvm;

	if (query(to, "query-kvm", "enabled", &enabled))
		return -1;
	kvm = json_object_get_boolean(enabled);
	json_object_put(enabled);
	if (kvm)
		return 0;
	return fail("process %d (%s) does not use KVM but TCG or another accelerator: start QEMU with -accel kvm",
		    to->agent.vm.pid, to->agent.vm.program);
}

/*
 * A VM that waits for its state would get that of QEMU's own HPET. One that is
 * suspended to RAM does not run, but will without an event RESUME.
 */
static int check_status(struct takeover *to, bool *running)
{
	char text[32];

	if (qmp_query_status(&to->agent.qmp, "query-status", "", text, sizeof(text)))
		return -1;
	*running = !strcmp(text, "running");
	if (!strcmp(text, "inmigrate") || !strcmp(text, "postmigrate") ||
	    !strcmp(text, "finish-migrate") || !strcmp(text, "preconfig") ||
	    !strcmp(text, "suspended"))
		return fail("process %d can't be attached to in its state \"%s\"",
			    to->agent.vm.pid, text);
	return 0;
}

static int check_without_monitor(struct takeover *to)
{
	const struct qemu_proc *vm = &to->agent.vm;
	static const char prefix[] = "qemu-system-";
	char arch[64] = "x86_64";

	if (!strncmp(vm->program, prefix, strlen(prefix))) {
		snprintf(arch, sizeof(arch), "%s", vm->program + strlen(prefix));
		arch[strcspn(arch, "-")] = '\0';
	}
	return check_architecture(vm, arch);
}

static int check_with_monitor(struct takeover *to)
{
	bool running;

	if (check_target(to) && problem(to))
		return -1;
	if (check_accelerator(to))
		return problem(to);
	/* Else takeover_create() finds these out: while the VM runs a further command can cost it a tick. */
	if (!to->dry_run)
		return 0;
	if (check_status(to, &running) && problem(to))
		return -1;
	return writeback_check(&to->agent) ? problem(to) : 0;
}

static int check_device(struct takeover *to)
{
	if (to->device < 0)
		to->device = device_open();
	return to->device < 0 ? problem(to) : 0;
}

/**
 * takeover_check() - what can be checked without stopping the VM
 * @to: found
 *
 * Return: 0, or -1 after fail(); a dry run only fails for what keeps it from
 * reading the registers
 */
int takeover_check(struct takeover *to)
{
	if (agent_has_monitor(&to->agent)) {
		if (check_with_monitor(to))
			return -1;
	} else if (check_without_monitor(to) && problem(to)) {
		return -1;
	}
	/* Not again, if QEMU itself said that it does without KVM */
	if (to->dry_run && json_object_array_length(to->problems))
		return check_device(to);
	if (qemu_proc_find_vm_fd(&to->agent.vm) < 0 && problem(to))
		return -1;
	return check_device(to);
}

/* What QEMU's own HPET looks like, and whether the guest has begun to use it */
static int learn_config(struct takeover *to)
{
	if (!agent_has_monitor(&to->agent))
		return hpet_assumed_config(&to->agent.vm, &to->config);
	if (hpet_regs_read(&to->regs, &to->agent.qmp) || hpet_regs_config(&to->regs, &to->config))
		return -1;
	to->in_use = hpet_regs_in_use(&to->regs) || qemu_hpet_is_parked(&to->regs);
	if (!qemu_hpet_is_silent(&to->regs))
		return 0;
	fail("the guest's HPET stands still: a kvm-hpet that held its state was killed; reset the guest");
	return problem(to);
}

/* The block keeps the VM, so its descriptor is only needed for this moment. */
static int create_block(struct takeover *to)
{
	int fd = qemu_proc_find_vm_fd(&to->agent.vm);

	if (fd < 0)
		return -1;
	to->config.vm_fd = qemu_proc_take_fd(&to->agent.vm, fd);
	if (to->config.vm_fd < 0)
		return -1;
	to->agent.block = block_create(to->device, &to->config);
	close(to->config.vm_fd);
	to->config.vm_fd = -1;
	return to->agent.block < 0 ? -1 : 0;
}

static int stop_if_running(struct takeover *to)
{
	bool running;

	if (!agent_has_monitor(&to->agent))
		return 0;
	if (check_status(to, &running))
		return -1;
	/* A VM that stands still may be through with a migration before it can be made to wait. */
	if (running && writeback_check(&to->agent))
		return -1;
	/* Before the attempt: a stop that was not answered may come all the same. */
	to->was_running = running;
	return running ? agent_stop_vm(&to->agent) : 0;
}

/* Before anything else: a stopped VM is soon migrated, and its destination would not run. */
static int make_migrations_wait(struct takeover *to)
{
	if (!agent_has_monitor(&to->agent))
		return 0;
	agent_hear(&to->agent);
	return writeback_engage(&to->agent);
}

/*
 * The guest uses its HPET: the block goes on from there, and QEMU's own is silenced.
 * All of it while the VM stands: what keeps QEMU busy for longer than a period makes
 * its own HPET lose a tick.
 */
static int take_state(struct takeover *to)
{
	int ret;

	if (handover_prepare(&to->handover, &to->agent.qmp))
		return -1;
	ret = handover_take(&to->handover, &to->regs, to->agent.block, &to->taken, &to->silenced);
	handover_finish(&to->handover);
	return ret;
}

/**
 * takeover_create() - stop the VM and create the block; a dry run only reads
 * @to: checked. The VM stays stopped, also after a failure: see takeover_undo()
 *
 * Return: 0, or -1 after fail()
 */
int takeover_create(struct takeover *to)
{
	if (to->dry_run)
		return learn_config(to);
	if (stop_if_running(to) || make_migrations_wait(to) || learn_config(to) || create_block(to))
		return -1;
	if (policy_named(&to->policy) &&
	    policy_apply(to->agent.block, all_timers(&to->config), &to->policy))
		return -1;
	if (!agent_has_monitor(&to->agent))
		return 0;
	if (agent_follow_run_state(&to->agent))
		return -1;
	if (to->in_use && take_state(to))
		return -1;
	return interlock_engage(&to->agent);
}

/* Its own HPET goes on where the block, which has not run, would have. */
static int restore(struct takeover *to)
{
	int ret = 0;

	if (to->silenced)
		ret = handover_prepare(&to->handover, &to->agent.qmp) ||
			handover_load(&to->handover, &to->taken);
	handover_finish(&to->handover);
	return ret;
}

/**
 * takeover_undo() - leave the VM as it was before
 * @to: after a failure, whose text is kept
 *
 * Return: -1
 */
int takeover_undo(struct takeover *to)
{
	char reason[512], why[512];
	int failed;

	snprintf(reason, sizeof(reason), "%s", error_text());
	to->agent.qmp.cancel_fd = -1;
	/* If that fails, so does what follows, or nothing depends on it. */
	interlock_release(&to->agent);
	if (to->agent.block >= 0)
		close(to->agent.block);
	to->agent.block = -1;
	failed = restore(to);
	if (failed)
		snprintf(why, sizeof(why), "%s", error_text());
	writeback_drop(&to->agent);
	if (failed)
		return fail("%s; and QEMU's own HPET could not be given its state back, so the VM was left stopped: %s",
			    reason, why);
	if (to->was_running && agent_continue_vm(&to->agent))
		return fail("%s; and the VM may have been left stopped: %s", reason,
			    error_text());
	return fail("%s", reason);
}
