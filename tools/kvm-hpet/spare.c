// SPDX-License-Identifier: GPL-2.0
/*
 * The block goes when the last process that holds it does, and takes the guest's
 * clock along. So there are two: the agent, and a spare one that does nothing but
 * wait. If the agent is killed, the spare takes up its work and starts a spare of its
 * own; if the spare is killed, the agent starts another.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <syslog.h>
#include <unistd.h>

#include "agent.h"
#include "error.h"
#include "spare.h"

/* Signals for the agent may be meant for both; it decides what becomes of them. */
static void hand_on_signal(const struct agent *agent, pid_t active)
{
	struct signalfd_siginfo info;

	if (read(agent->signals, &info, sizeof(info)) == sizeof(info))
		kill(active, info.ssi_signo);
}

/* Return: when the agent was killed; ends with it otherwise */
static void wait_for_turn(struct agent *agent, pid_t active)
{
	struct pollfd fds[] = {
		{ .fd = agent->spare, .events = POLLIN },
		{ .fd = agent->signals, .events = POLLIN },
	};
	char byte;

	for (;;) {
		if (poll(fds, 2, -1) < 0)
			continue;
		if (fds[0].revents) {
			if (read(agent->spare, &byte, 1) == 1)
				_exit(EXIT_SUCCESS);
			break;
		}
		if (fds[1].revents)
			hand_on_signal(agent, active);
	}
	close(agent->spare);
	agent->spare = -1;
}

/**
 * spare_start() - start a process that takes over if this one is killed
 * @agent: with a block
 *
 * Return: 0 in the agent, 1 in the spare, as soon as that has become the agent, or -1 after fail()
 */
int spare_start(struct agent *agent)
{
	pid_t active = getpid(), child;
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
		return fail("cannot create a pair of sockets: %m");
	/* Nobody asks for its exit status. */
	signal(SIGCHLD, SIG_IGN);
	child = fork();
	if (child < 0) {
		close(ends[0]);
		close(ends[1]);
		return fail("cannot start a spare agent: %m");
	}
	agent->spare = ends[child ? 0 : 1];
	close(ends[child ? 1 : 0]);
	if (child)
		return 0;
	/* QEMU serves one client, who can only be gone when all have closed. */
	qmp_close(&agent->qmp);
	if (agent->client >= 0)
		close(agent->client);
	agent->client = -1;
	wait_for_turn(agent, active);
	return 1;
}

/**
 * spare_end() - end the spare process, which holds the block too
 * @agent: with one or without
 */
void spare_end(struct agent *agent)
{
	char byte = 0;

	if (agent->spare < 0)
		return;
	/* It has ended when it has closed its end. */
	if (send(agent->spare, &byte, 1, MSG_NOSIGNAL) == 1)
		while (read(agent->spare, &byte, 1) < 0 && errno == EINTR)
			;
	close(agent->spare);
	agent->spare = -1;
}
