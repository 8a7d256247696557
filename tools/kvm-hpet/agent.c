// SPDX-License-Identifier: GPL-2.0
/*
 * The agent: holds the block, which lives as long as its descriptor, follows
 * QEMU's events and takes requests of the tool. It ends with QEMU.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "agent.h"
#include "block.h"
#include "error.h"
#include "handover.h"
#include "parse.h"
#include "spare.h"
#include "writeback.h"

/* For so long a detach waits until no tick is due that QEMU could not make up. */
#define DETACH_NS	10000000000ULL
#define RETRY_US	3000
#define RECONNECT_TRIES	100
#define RECONNECT_MS	20

/*
 * What the block has to do when QEMU tells of something. A reset is told when
 * the vCPUs may run again already, but for the interlock. WAKEUP (from suspend to RAM) resets all devices
 * without an event RESET.
 */
static const struct {
	const char *event;
	unsigned long request;
} reactions[] = {
	{ "STOP", KVM_HPET_PAUSE },
	{ "RESUME", KVM_HPET_RESUME },
	{ "RESET", KVM_HPET_RESET },
	{ "WAKEUP", KVM_HPET_RESET },
};

static void on_event(void *context, const char *event, struct json_object *data)
{
	struct agent *agent = context;

	writeback_event(agent, event, data);
	if (agent->block < 0)
		return;
	interlock_event(agent, event, data);
	if (!strcmp(event, "STOP") || !strcmp(event, "RESUME"))
		agent->running = !strcmp(event, "RESUME");
	agent->look = agent->look || !strcmp(event, "RESUME");
	for (size_t i = 0; i < sizeof(reactions) / sizeof(reactions[0]); i++)
		if (!strcmp(event, reactions[i].event) &&
		    block_control(agent->block, reactions[i].request))
			print_error();
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

/* Without memory to share nothing is known of a process that was killed. */
static typeof(*((struct agent *)0)->shared) no_memory;

/**
 * agent_init() - an agent that has nothing yet
 * @agent: filled in
 */
void agent_init(struct agent *agent)
{
	*agent = (struct agent){
		.vm = { .pidfd = -1 },
		.qmp = { .fd = -1 },
		.block = -1,
		.files = { .lock = -1 },
		.listener = -1,
		.client = -1,
		.signals = -1,
		.spare = -1,
	};
	agent->shared = mmap(NULL, sizeof(*agent->shared), PROT_READ | PROT_WRITE,
			     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (agent->shared == MAP_FAILED)
		agent->shared = &no_memory;
}

/**
 * agent_has_monitor() - whether QEMU can be talked to
 * @agent: the agent
 *
 * Return: whether so
 */
bool agent_has_monitor(const struct agent *agent)
{
	return agent->qmp.fd >= 0;
}

/**
 * agent_query_running() - whether the VM runs
 * @agent: has a monitor
 * @running: result
 *
 * Return: 0, or -1 after fail()
 */
int agent_query_running(struct agent *agent, bool *running)
{
	struct json_object *status, *value;

	if (qmp_command(&agent->qmp, "query-status", NULL, &status))
		return -1;
	*running = json_object_object_get_ex(status, "running", &value) &&
		   json_object_get_boolean(value);
	json_object_put(status);
	return 0;
}

/**
 * agent_stop_vm() - stop the VM
 * @agent: has a monitor
 *
 * Return: 0, or -1 after fail()
 */
int agent_stop_vm(struct agent *agent)
{
	agent->stop_began = now_ns();
	agent->shared->stopped = true;
	agent->unguarded = !agent->shared->writeback.own_pause;
	return qmp_command(&agent->qmp, "stop", NULL, NULL);
}

/*
 * QEMU continues a VM that has been migrated, which then runs twice; and it refuses one of which the
 * devices are being saved. Return: 0, 1 if the VM waits for its reset, or -1 after fail()
 */
static int try_continue(struct agent *agent)
{
	if (agent->unguarded && writeback_settle(agent))
		return -1;
	if (!qmp_command(&agent->qmp, "cont", NULL, NULL))
		return 0;
	if (agent->interlock.wanted)
		return 1;
	if (writeback_settle(agent))
		return -1;
	return qmp_command(&agent->qmp, "cont", NULL, NULL);
}

/**
 * agent_continue_vm() - let the VM run on; nobody may interrupt that
 * @agent: has a monitor
 *
 * A guest that asked for a reset while it was being stopped runs when that is done. One that
 * has been migrated stays stopped.
 *
 * Return: 0, or -1 after fail()
 */
int agent_continue_vm(struct agent *agent)
{
	int ret;

	agent->qmp.cancel_fd = -1;
	ret = try_continue(agent);
	if (ret)
		return ret < 0 ? -1 : 0;
	agent->unguarded = false;
	agent->shared->stopped = false;
	if (agent->stop_began)
		agent->stopped_ns = now_ns() - agent->stop_began;
	agent->stop_began = 0;
	agent->look = false;	/* that was us */
	return 0;
}

/**
 * stopped_text() - for how long a VM stood still, for reading
 * @text: buffer of at least TIME_TEXT characters
 * @size: of the buffer
 * @ns: the time
 *
 * Return: @text
 */
char *stopped_text(char *text, size_t size, uint64_t ns)
{
	return format_time(text, size, (ns + 5000) / 10000 * 10000);
}

/**
 * agent_hear() - from now on events are noted
 * @agent: with a monitor
 */
void agent_hear(struct agent *agent)
{
	agent->qmp.on_event = on_event;
	agent->qmp.context = agent;
}

/**
 * agent_follow_run_state() - from now on guest time runs when the VM does
 * @agent: with a new block
 *
 * Return: 0, or -1 after fail()
 */
int agent_follow_run_state(struct agent *agent)
{
	/* First the events, then the question: a change in between is seen twice. */
	agent_hear(agent);
	if (block_control(agent->block, KVM_HPET_PAUSE) ||
	    agent_query_running(agent, &agent->running))
		return -1;
	return agent->running ? block_control(agent->block, KVM_HPET_RESUME) : 0;
}

static void close_block(struct agent *agent)
{
	spare_end(agent);
	close(agent->block);
	agent->block = -1;
}

/* Does QEMU's own HPET have to be told of the block's state? */
static int look_back(struct agent *agent, struct kvm_hpet_state *state, bool *needed)
{
	struct hpet_regs regs;

	if (block_get_state(agent->block, state) || hpet_regs_read(&regs, &agent->qmp))
		return -1;
	*needed = state_touched(state) || hpet_regs_in_use(&regs) || qemu_hpet_is_parked(&regs);
	return 0;
}

/* A refusal leaves QEMU's own as it was: silent. */
static int load_back(struct agent *agent, const struct kvm_hpet_state *state)
{
	struct handover ho = { 0 };
	struct hpet_regs regs;
	int ret;

	if (handover_prepare(&ho, &agent->qmp))
		return -1;
	ret = handover_load(&ho, state);
	if (ret && !hpet_regs_read(&regs, &agent->qmp))
		handover_silence(&ho, &regs);
	handover_finish(&ho);
	return ret;
}

/* With the VM stopped and the block paused */
static int give_back(struct agent *agent, bool force)
{
	struct kvm_hpet_state state;
	bool needed;

	if (look_back(agent, &state, &needed))
		return -1;
	if (!needed)
		return 0;
	if (!force && qemu_hpet_takes(&state, qmp_version(&agent->qmp)))
		return -1;
	return load_back(agent, &state);
}

/*
 * The guest was faster: it has asked for a reset while it was being stopped. QEMU tells of it after
 * it has answered to "stop", but before it answers to what give_back() asks.
 */
static int catch_up_with_guest(struct agent *agent, bool force, bool *running)
{
	switch (agent->interlock.wanted) {
	case WANTED_RESET:
		*running = agent->interlock.was_running;
		return interlock_reset(agent) || give_back(agent, force) ? -1 : 0;
	case WANTED_QUIT:
		return interlock_serve(agent);
	default:
		return 0;
	}
}

/* QEMU's own HPET is not to run beside the block. */
static int silence_again(struct agent *agent)
{
	struct handover ho = { 0 };
	struct hpet_regs regs;
	int ret;

	if (hpet_regs_read(&regs, &agent->qmp))
		return -1;
	if (!hpet_regs_in_use(&regs) || qemu_hpet_is_silent(&regs))
		return 0;
	ret = handover_prepare(&ho, &agent->qmp) || handover_silence(&ho, &regs);
	handover_finish(&ho);
	return ret ? -1 : 0;
}

/* A migration has begun since the VM was stopped: QEMU's own HPET has the state, but waits for us. */
static int stay(struct agent *agent, bool running)
{
	if (silence_again(agent)) {
		agent->shared->writeback.unsure = true;
		return -1;
	}
	writeback_again(agent, running);
	return fail("process %d is being migrated: try again when that is over", agent->vm.pid);
}

/*
 * Forced, QEMU is not to wait for anybody either. Once the VM runs, a command may cost it a tick. Last of
 * all migrations wait no more: closing the block takes so long that one could be through before "cont".
 */
static int let_go(struct agent *agent, bool running, bool force)
{
	int ret = writeback_check(agent);

	if (ret > 0)
		return stay(agent, running);
	if (ret && !force)
		return -1;
	ret |= interlock_release(agent);
	close_block(agent);
	writeback_drop(agent);
	return ret;
}

/*
 * One try. Return: 0 with the block closed, or -1 after fail() with all as it was,
 * but for what the text says. With @force the block is closed, unless a migration goes on.
 */
static int try_detach(struct agent *agent, bool running, bool force)
{
	int ret = running ? agent_stop_vm(agent) : 0;

	if (!ret)
		ret = block_control(agent->block, KVM_HPET_PAUSE);
	if (!ret)
		ret = give_back(agent, force);
	if (agent->interlock.wanted)
		ret = catch_up_with_guest(agent, force, &running);
	if (!ret || force)
		ret |= let_go(agent, running, force);
	if (running && agent_continue_vm(agent))
		return fail_also("; the VM may have been left stopped");
	return ret;
}

/*
 * Ticks that are due and can't be given back are mostly delivered a moment later; but
 * not to a VM that was stopped already.
 */
static int detach_with_monitor(struct agent *agent, bool force)
{
	uint64_t give_up = now_ns() + DETACH_NS;
	bool running;
	int ret;

	agent->cancelled = false;
	do {
		ret = writeback_check(agent);
		if (ret > 0 || (ret && !force) || agent_query_running(agent, &running))
			return -1;
		ret = try_detach(agent, running, force);
	} while (ret && agent->block >= 0 && running && now_ns() < give_up && !usleep(RETRY_US));
	if (!ret && agent->cancelled)
		return fail("a migration that had begun at that very moment was cancelled: start it again");
	return ret;
}

static int detach_without_monitor(struct agent *agent, bool force)
{
	struct kvm_hpet_state state;

	if (!force) {
		if (block_get_state(agent->block, &state))
			return -1;
		if (state_in_use(&state))
			return fail("the guest of process %d uses its in-kernel HPET, whose state can't be given back to QEMU without QMP; --force takes it away all the same",
				    agent->vm.pid);
	}
	close_block(agent);
	return 0;
}

/* Return: 0 with the block closed, or -1 after fail() */
static int detach(struct agent *agent, bool force)
{
	return agent_has_monitor(agent) ? detach_with_monitor(agent, force) :
					  detach_without_monitor(agent, force);
}

static void answer(struct agent *agent, const char *kind, const char *text)
{
	char message[AGENT_MESSAGE];

	snprintf(message, sizeof(message), "%s%s", kind, text);
	send(agent->client, message, strlen(message), MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void answer_number(struct agent *agent, uint64_t number)
{
	char text[24];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)number);
	answer(agent, ANSWER_DONE, text);
}

static void answer_detach(struct agent *agent, int ret)
{
	if (agent->block >= 0)
		answer(agent, ANSWER_REFUSED, error_text());
	else if (ret)
		answer(agent, ANSWER_BUT, error_text());
	else
		answer_number(agent, agent->stopped_ns);
}

static void close_client(struct agent *agent)
{
	close(agent->client);
	agent->client = -1;
}

/* PIT and RTC are switched by QEMU's own HPET, as when the guest itself does it. */
static int switch_legacy(struct agent *agent, bool legacy)
{
	struct handover ho = { 0 };
	struct hpet_regs regs;
	int ret;

	if (hpet_regs_read(&regs, &agent->qmp) || handover_prepare(&ho, &agent->qmp))
		return -1;
	ret = handover_set_legacy(&ho, &regs, legacy);
	handover_finish(&ho);
	return ret;
}

/* With the block paused, and the VM stopped if there is a monitor. */
static int change_state(struct agent *agent, const struct kvm_hpet_state *state)
{
	bool legacy = state->config & HPET_LEG_RT_CNF;
	struct kvm_hpet_state before;

	if (block_get_state(agent->block, &before) || block_set_state(agent->block, state))
		return -1;
	if (legacy == !!(before.config & HPET_LEG_RT_CNF))
		return 0;
	if (!switch_legacy(agent, legacy))
		return 0;
	ioctl(agent->block, KVM_HPET_SET_STATE, &before);
	return -1;
}

static int load_state(struct agent *agent, const struct kvm_hpet_state *state)
{
	bool running;
	int ret;

	if (!agent_has_monitor(agent))
		return fail("without QMP process %d can't be stopped for a state to be loaded", agent->vm.pid);
	if (agent_query_running(agent, &running) || (running && agent_stop_vm(agent)))
		return -1;
	ret = block_control(agent->block, KVM_HPET_PAUSE) || change_state(agent, state) ? -1 : 0;
	if (running && agent_continue_vm(agent))
		return fail_also("; the VM may have been left stopped");
	writeback_again(agent, running);
	return ret;
}

static void serve_load(struct agent *agent, const char *request, size_t len)
{
	struct kvm_hpet_state state;

	if (len != sizeof(REQUEST_LOAD) + sizeof(state)) {
		answer(agent, ANSWER_REFUSED, "the agent is of another release");
		return;
	}
	memcpy(&state, request + sizeof(REQUEST_LOAD), sizeof(state));
	if (load_state(agent, &state))
		answer(agent, ANSWER_REFUSED, error_text());
	else
		answer(agent, ANSWER_DONE, "");
}

static void serve_client(struct agent *agent)
{
	char request[sizeof(REQUEST_LOAD) + sizeof(struct kvm_hpet_state) + 1];
	ssize_t len = recv(agent->client, request, sizeof(request) - 1, MSG_DONTWAIT);
	bool force;

	if (len <= 0) {
		close_client(agent);
		return;
	}
	request[len] = '\0';
	if (!strcmp(request, REQUEST_LOAD)) {
		serve_load(agent, request, len);
		return;
	}
	force = !strcmp(request, REQUEST_FORCE);
	if (!force && strcmp(request, REQUEST_DETACH)) {
		answer(agent, ANSWER_REFUSED, "the agent does not know this request");
		return;
	}
	agent->stopped_ns = 0;
	answer_detach(agent, detach(agent, force));
}

static void take_signal(struct agent *agent)
{
	struct signalfd_siginfo info;

	if (read(agent->signals, &info, sizeof(info)) != sizeof(info))
		return;
	if (detach(agent, false))
		print_error();
}

/* QEMU has loaded the state of a machine (loadvm): that of its HPET belongs to the block. */
static int take_loaded(struct agent *agent)
{
	struct kvm_hpet_state state;
	struct handover ho = { 0 };
	struct hpet_regs regs;
	bool silenced = false;
	int ret;

	log_line(LOG_INFO, "QEMU's own HPET of process %d has a state again: taking it over",
		 agent->vm.pid);
	if (agent_stop_vm(agent))
		return -1;
	ret = block_control(agent->block, KVM_HPET_PAUSE) || hpet_regs_read(&regs, &agent->qmp) ||
		handover_prepare(&ho, &agent->qmp) ||
		handover_take(&ho, &regs, agent->block, &state, &silenced);
	handover_finish(&ho);
	return agent_continue_vm(agent) || ret ? -1 : 0;
}

/*
 * The machine runs again, perhaps from another state. Only loading one brings timers with
 * their interrupts enabled into QEMU's own HPET: no guest's access reaches them.
 */
static int look_for_state(struct agent *agent)
{
	struct hpet_regs regs;

	agent->look = false;
	if (!agent->running)
		return 0;
	if (hpet_regs_read(&regs, &agent->qmp))
		return -1;
	if (writeback_is(agent, &regs))
		return writeback_undo(agent);
	return hpet_regs_armed(&regs) || qemu_hpet_is_parked(&regs) ? take_loaded(agent) : 0;
}

/* What events ask for that takes commands. Return: whether there was anything */
static bool serve_events(struct agent *agent)
{
	if (!agent->interlock.wanted && !agent->look && !writeback_wanted(agent))
		return false;
	if (interlock_serve(agent))
		print_error();
	writeback_serve(agent);
	if (agent->look && look_for_state(agent))
		print_error();
	return true;
}

/* Until none is left: a command reads further ones into the buffer, where poll() sees none. */
static void read_events(struct agent *agent)
{
	int ret;

	do
		ret = qmp_receive_events(&agent->qmp);
	while (!ret && serve_events(agent));
	if (!ret)
		return;
	/* QEMU's end closes its sockets before it can be seen otherwise. */
	if (!qemu_proc_ends(&agent->vm, 2000))
		log_line(LOG_ERR, "%s; stop, cont and reset of process %d are no longer followed",
			 error_text(), agent->vm.pid);
	qmp_close(&agent->qmp);
}

/* QEMU needs a moment to see that the one before has gone. */
static int reconnect(struct agent *agent)
{
	pid_t listener;
	int ret = -1;

	for (int i = 0; ret && i < RECONNECT_TRIES && !qemu_proc_ends(&agent->vm, RECONNECT_MS); i++) {
		ret = qmp_connect(&agent->qmp, agent->qmp_path, &listener);
		if (!ret)
			ret = qmp_greet(&agent->qmp);
		if (ret)
			qmp_close(&agent->qmp);
	}
	return ret;
}

/* The one before may have been killed while it gave the state back. */
static int resume_work(struct agent *agent)
{
	if (reconnect(agent) || agent_follow_run_state(agent))
		return -1;
	if (!agent->shared->stopped)
		return writeback_resume(agent);
	agent->unguarded = !agent->shared->writeback.own_pause;
	return silence_again(agent) ? -1 : agent_continue_vm(agent);
}

/* Before anything is done, so that it is done with a spare process at hand. */
static void have_spare(struct agent *agent)
{
	struct pollfd gone = { .fd = agent->spare, .events = POLLIN };

	if (agent->spare >= 0 && poll(&gone, 1, 0) > 0) {
		log_line(LOG_WARNING, "the spare agent of process %d was killed", agent->vm.pid);
		close(agent->spare);
		agent->spare = -1;
	}
	while (agent->spare < 0) {
		int ret = spare_start(agent);

		if (ret < 0)
			print_error();
		if (ret <= 0)
			return;
		log_line(LOG_WARNING, "the agent of process %d was killed: the spare one goes on",
			 agent->vm.pid);
		if (*agent->qmp_path && resume_work(agent))
			log_line(LOG_ERR, "%s; stop, cont and reset of process %d are no longer followed",
				 error_text(), agent->vm.pid);
	}
}

/**
 * agent_run() - look after the block until QEMU ends or someone asks to detach
 * @agent: with a block
 */
void agent_run(struct agent *agent)
{
	while (agent->block >= 0) {
		have_spare(agent);
		/* A command may have left events behind, in the buffer or seen already. */
		if (agent_has_monitor(agent))
			read_events(agent);
		if (agent->block < 0)
			break;

		struct pollfd fds[] = {
			{ .fd = agent->qmp.fd, .events = POLLIN },
			{ .fd = agent->client < 0 ? agent->listener : agent->client,
			  .events = POLLIN },
			{ .fd = agent->signals, .events = POLLIN },
			{ .fd = agent->vm.pidfd, .events = POLLIN },
			{ .fd = agent->spare, .events = POLLIN },
		};

		if (poll(fds, 5, -1) < 0)
			continue;
		if (fds[3].revents) {
			log_line(LOG_INFO, "process %d has ended", agent->vm.pid);
			return;
		}
		if (fds[0].revents)
			read_events(agent);
		if (fds[1].revents && agent->client < 0)
			agent->client = accept4(agent->listener, NULL, NULL, SOCK_CLOEXEC);
		else if (fds[1].revents)
			serve_client(agent);
		if (fds[2].revents && agent->block >= 0)
			take_signal(agent);
	}
	log_line(LOG_INFO, "detached from process %d", agent->vm.pid);
}

/**
 * agent_close() - give back everything; the block ends, if there was one
 * @agent: the agent
 */
void agent_close(struct agent *agent)
{
	if (agent->block >= 0)
		close_block(agent);
	qmp_close(&agent->qmp);
	agent_files_remove(&agent->files);
	if (agent->listener >= 0)
		close(agent->listener);
	/* Last, since it tells the tool that all is done. */
	if (agent->client >= 0)
		close_client(agent);
	qemu_proc_close(&agent->vm);
	if (agent->signals >= 0)
		close(agent->signals);
}
