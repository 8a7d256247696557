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
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <syslog.h>
#include <unistd.h>

#include "agent.h"
#include "block.h"
#include "error.h"

/*
 * What the block has to do when QEMU tells of something. A reset is told when
 * the vCPUs may run again already; until the block follows, the guest still
 * sees the state before. WAKEUP (from suspend to RAM) resets all devices
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

static void on_event(void *context, const char *event)
{
	struct agent *agent = context;

	if (agent->block < 0)
		return;
	for (size_t i = 0; i < sizeof(reactions) / sizeof(reactions[0]); i++)
		if (!strcmp(event, reactions[i].event) &&
		    block_control(agent->block, reactions[i].request))
			print_error();
}

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
	};
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
	return qmp_command(&agent->qmp, "stop", NULL, NULL);
}

/**
 * agent_continue_vm() - let the VM run on; nobody may interrupt that
 * @agent: has a monitor
 *
 * Return: 0, or -1 after fail()
 */
int agent_continue_vm(struct agent *agent)
{
	agent->qmp.cancel_fd = -1;
	return qmp_command(&agent->qmp, "cont", NULL, NULL);
}

/**
 * agent_follow_run_state() - from now on guest time runs when the VM does
 * @agent: with a new block
 *
 * Return: 0, or -1 after fail()
 */
int agent_follow_run_state(struct agent *agent)
{
	bool running;

	/* First the events, then the question: a change in between is seen twice. */
	agent->qmp.on_event = on_event;
	agent->qmp.context = agent;
	if (block_control(agent->block, KVM_HPET_PAUSE) || agent_query_running(agent, &running))
		return -1;
	return running ? block_control(agent->block, KVM_HPET_RESUME) : 0;
}

static int check_unused(struct agent *agent)
{
	struct kvm_hpet_state state;

	if (block_get_state(agent->block, &state))
		return -1;
	if (state_in_use(&state))
		return fail("the guest of process %d uses its in-kernel HPET, whose state can't be given back to QEMU so far; --force takes it away all the same",
			    agent->vm.pid);
	return 0;
}

static void close_block(struct agent *agent)
{
	close(agent->block);
	agent->block = -1;
}

/* With the VM stopped, if it can be: then no access falls between the two HPETs. */
static int detach_stopped(struct agent *agent, bool force)
{
	bool running = false;
	int ret = 0;

	if (agent_has_monitor(agent) && agent_query_running(agent, &running))
		return -1;
	if (running)
		ret = agent_stop_vm(agent);
	if (!ret && !force)
		ret = check_unused(agent);
	if (!ret)
		close_block(agent);
	if (running && agent_continue_vm(agent))
		return fail_also("; the VM may have been left stopped");
	return ret;
}

/*
 * Return: 0 with the block closed, or -1 after fail(). A VM that uses its
 * block is not stopped just to find that out.
 */
static int detach(struct agent *agent, bool force)
{
	if (!force && check_unused(agent))
		return -1;
	return detach_stopped(agent, force);
}

static void answer(struct agent *agent, const char *kind, const char *text)
{
	char message[AGENT_MESSAGE];

	snprintf(message, sizeof(message), "%s%s", kind, text);
	send(agent->client, message, strlen(message), MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void close_client(struct agent *agent)
{
	close(agent->client);
	agent->client = -1;
}

static void serve_client(struct agent *agent)
{
	char request[AGENT_MESSAGE];
	ssize_t len = recv(agent->client, request, sizeof(request) - 1, MSG_DONTWAIT);
	bool force;
	int ret;

	if (len <= 0) {
		close_client(agent);
		return;
	}
	request[len] = '\0';
	force = !strcmp(request, REQUEST_FORCE);
	if (!force && strcmp(request, REQUEST_DETACH)) {
		answer(agent, ANSWER_REFUSED, "the agent does not know this request");
		return;
	}
	ret = detach(agent, force);
	answer(agent, agent->block >= 0 ? ANSWER_REFUSED : ANSWER_DONE, ret ? error_text() : "");
}

static void take_signal(struct agent *agent)
{
	struct signalfd_siginfo info;

	if (read(agent->signals, &info, sizeof(info)) != sizeof(info))
		return;
	if (detach(agent, false))
		print_error();
}

static void read_events(struct agent *agent)
{
	if (!qmp_receive_events(&agent->qmp))
		return;
	/* QEMU's end closes its sockets before it can be seen otherwise. */
	if (!qemu_proc_ends(&agent->vm, 2000))
		log_line(LOG_ERR, "%s; stop, cont and reset of process %d are no longer followed",
			 error_text(), agent->vm.pid);
	qmp_close(&agent->qmp);
}

/**
 * agent_run() - look after the block until QEMU ends or someone asks to detach
 * @agent: with a block
 */
void agent_run(struct agent *agent)
{
	while (agent->block >= 0) {
		/* A command may have left events behind in the buffer. */
		if (agent_has_monitor(agent) && agent->qmp.used)
			read_events(agent);

		struct pollfd fds[] = {
			{ .fd = agent->qmp.fd, .events = POLLIN },
			{ .fd = agent->client < 0 ? agent->listener : agent->client,
			  .events = POLLIN },
			{ .fd = agent->signals, .events = POLLIN },
			{ .fd = agent->vm.pidfd, .events = POLLIN },
		};

		if (poll(fds, 4, -1) < 0)
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
