// SPDX-License-Identifier: GPL-2.0
/*
 * kvm-hpet detach: asks the agent of a VM to give up its block.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent.h"
#include "command.h"
#include "describe.h"
#include "domain.h"
#include "error.h"
#include "parse.h"

#define MAX_AGENTS	4096

struct detach {
	pid_t pid;
	const char *domain;
	const char *qmp_path;
	bool all;
	bool force;
	struct json_object *json;	/* what was done, or NULL */
};

static const struct option options[] = {
	{ "pid", required_argument, NULL, OPT_PID },
	{ "domain", required_argument, NULL, OPT_DOMAIN },
	{ "qmp", required_argument, NULL, OPT_QMP },
	{ "all", no_argument, NULL, OPT_ALL },
	{ "force", no_argument, NULL, OPT_FORCE },
	{ "json", no_argument, NULL, OPT_JSON },
	END_OPTIONS
};

static int take_option(struct detach *de, int option)
{
	uint64_t number;

	switch (option) {
	case OPT_PID:
		if (!parse_number(optarg, 1, INT_MAX, &number))
			return usage_error("detach", "--pid %s: it is a process id", optarg);
		de->pid = number;
		break;
	case OPT_DOMAIN:
		de->domain = optarg;
		break;
	case OPT_QMP:
		de->qmp_path = optarg;
		break;
	case OPT_ALL:
		de->all = true;
		break;
	case OPT_FORCE:
		de->force = true;
		break;
	case OPT_JSON:
		de->json = de->json ? de->json : json_object_new_array();
		break;
	}
	return 0;
}

static int parse_options(const struct command *self, struct detach *de, int argc, char **argv)
{
	int option, status;

	while ((option = next_option(self, argc, argv, options, &status)) >= 0) {
		status = take_option(de, option);
		if (status)
			return status;
	}
	if (option == OPTION_LEAVE)
		return status ? status : -1;
	if (!!de->pid + !!de->domain + !!de->qmp_path + de->all != 1)
		return usage_error("detach", "exactly one of --pid, --domain, --qmp and --all is needed");
	return 0;
}

static int open_peer(int fd)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len))
		return -1;
	return pidfd_open(peer.pid, 0);
}

static void report(const struct detach *de, pid_t pid, uint64_t stopped_ns)
{
	struct json_object *obj;
	char text[TIME_TEXT];

	if (de->json) {
		obj = json_object_new_object();
		json_object_object_add(obj, "vm_pid", json_number(pid));
		json_object_object_add(obj, "stopped_ns", json_number(stopped_ns));
		json_object_array_add(de->json, obj);
		return;
	}
	printf("detached from process %d", pid);
	if (stopped_ns)
		printf(", VM stopped for %s", stopped_text(text, sizeof(text), stopped_ns));
	putchar('\n');
}

static int take_answer(const struct detach *de, pid_t pid, int fd, int agent)
{
	uint64_t stopped_ns;
	char text[AGENT_MESSAGE];

	if (agent_answer(pid, fd, text))
		return -1;
	if (agent >= 0 && !agent_speaks(agent))
		return fail("the agent of process %d does not end", pid);
	if (!strncmp(text, ANSWER_BUT, strlen(ANSWER_BUT)))
		return fail("detached from process %d, but: %s", pid, text + strlen(ANSWER_BUT));
	/* An agent of an earlier release does not give a number. */
	if (!parse_number(text + strlen(ANSWER_DONE), 0, UINT64_MAX, &stopped_ns))
		stopped_ns = 0;
	report(de, pid, stopped_ns);
	return 0;
}

static int ask_agent(const struct detach *de, pid_t pid, int fd)
{
	const char *request = de->force ? REQUEST_FORCE : REQUEST_DETACH;
	int agent = open_peer(fd), ret;

	if (send(fd, request, strlen(request), MSG_NOSIGNAL) < 0)
		ret = fail("cannot reach the agent of process %d: %m", pid);
	else
		ret = take_answer(de, pid, fd, agent);
	if (agent >= 0)
		close(agent);
	return ret;
}

static int detach_from(const struct detach *de)
{
	int fd = agent_connect(de->pid), ret;

	if (fd < 0)
		return -1;
	ret = ask_agent(de, de->pid, fd);
	close(fd);
	return ret;
}

/* Each one that can be; a failure of one does not keep the others. */
static int detach_all(const struct detach *de)
{
	pid_t pids[MAX_AGENTS];
	size_t count = agent_list(pids, MAX_AGENTS), failed = 0;
	char reason[512] = "";

	for (size_t i = 0; i < count; i++) {
		int fd = agent_connect(pids[i]);

		if (fd < 0)	/* a leftover */
			continue;
		if (ask_agent(de, pids[i], fd) && !failed++)
			snprintf(reason, sizeof(reason), "%s", error_text());
		close(fd);
	}
	if (failed > 1)
		return fail("%zu VMs could not be detached; the first: %s", failed, reason);
	return failed ? fail("%s", reason) : 0;
}

/* Whoever listens: connecting is enough to know, also if QMP itself is busy. */
static int pid_of_socket(struct detach *de)
{
	struct qmp qmp;

	if (qmp_connect(&qmp, de->qmp_path, &de->pid))
		return -1;
	qmp_close(&qmp);
	if (!de->pid)
		return fail("who listens on %s can't be seen from here: give --pid", de->qmp_path);
	return 0;
}

static int run(const struct command *self, int argc, char **argv)
{
	struct detach de = { 0 };
	int status = parse_options(self, &de, argc, argv);

	if (status)
		return status < 0 ? EXIT_SUCCESS : status;
	if (de.domain && domain_pid(de.domain, &de.pid))
		return EXIT_FAILURE;
	if (de.qmp_path && pid_of_socket(&de))
		return EXIT_FAILURE;
	status = (de.all ? detach_all(&de) : detach_from(&de)) ? EXIT_FAILURE : EXIT_SUCCESS;
	if (de.json)
		print_json(de.json);
	return status;
}

const struct command detach_command = {
	.name = "detach",
	.summary = "give the guest back to QEMU's own HPET",
	.help =
	"Usage: kvm-hpet detach --pid N | --domain NAME | --qmp SOCKET | --all [--force]\n"
	"                       [--json]\n"
	"Takes the in-kernel HPET away again, so that QEMU's own one serves the guest.\n"
	"QEMU's goes on from where the in-kernel one stands.\n\n"
	"      --pid N       process id of the QEMU\n"
	"      --domain NAME a domain of libvirt's\n"
	"      --qmp SOCKET  the QMP socket of the QEMU\n"
	"      --all         all that were attached\n"
	"      --force       also if ticks that are still due get lost with it, or if the\n"
	"                    state can't be given back: then the guest's HPET is gone\n"
	"                    until its next reset\n"
	"      --json        print an array of what was detached, in JSON\n"
	"  -h, --help        this text\n",
	.run = run,
};
