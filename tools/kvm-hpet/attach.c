// SPDX-License-Identifier: GPL-2.0
/*
 * kvm-hpet attach: gives an unmodified QEMU the in-kernel HPET. All is done by
 * the process that becomes the agent, so that it owns the block; the one the
 * user started waits for it and hands on its exit status.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

#include "block.h"
#include "command.h"
#include "describe.h"
#include "domain.h"
#include "error.h"
#include "parse.h"
#include "takeover.h"

struct attach {
	struct takeover to;
	const char *domain;
	bool foreground;
	bool json;
	int ready;	/* the parent waits at the other end; -1 in the foreground */
};

static const struct option options[] = {
	{ "pid", required_argument, NULL, OPT_PID },
	{ "domain", required_argument, NULL, OPT_DOMAIN },
	{ "qmp", required_argument, NULL, OPT_QMP },
	{ "assume-reset", no_argument, NULL, OPT_ASSUME_RESET },
	{ "dry-run", no_argument, NULL, OPT_DRY_RUN },
	{ "foreground", no_argument, NULL, OPT_FOREGROUND },
	{ "json", no_argument, NULL, OPT_JSON },
	POLICY_OPTIONS,
	END_OPTIONS
};

static int take_option(struct attach *at, int option)
{
	uint64_t number;

	switch (option) {
	case OPT_PID:
		if (!parse_number(optarg, 1, INT_MAX, &number))
			return usage_error("attach", "--pid %s: it is a process id", optarg);
		at->to.pid = number;
		break;
	case OPT_DOMAIN:
		at->domain = optarg;
		break;
	case OPT_QMP:
		at->to.qmp_path = optarg;
		break;
	case OPT_ASSUME_RESET:
		at->to.assume_reset = true;
		break;
	case OPT_DRY_RUN:
		at->to.dry_run = true;
		break;
	case OPT_FOREGROUND:
		at->foreground = true;
		break;
	case OPT_JSON:
		at->json = true;
		break;
	}
	return policy_option("attach", &at->to.policy, option, optarg);
}

static int parse_options(const struct command *self, struct attach *at, int argc, char **argv)
{
	int option, status;

	while ((option = next_option(self, argc, argv, options, &status)) >= 0) {
		status = take_option(at, option);
		if (status)
			return status;
	}
	if (option == OPTION_LEAVE)
		return status ? status : -1;
	if (!at->to.pid && !at->to.qmp_path && !at->domain)
		return usage_error("attach", "--pid, --domain or --qmp is missing");
	if (at->to.pid && at->domain)
		return usage_error("attach", "--pid does not go with --domain");
	if (at->to.assume_reset && at->to.qmp_path)
		return usage_error("attach", "--assume-reset is for a QEMU without QMP socket: it does not go with --qmp");
	return 0;
}

/* Signals are read like everything else, so that none comes at a bad moment. */
static int open_signals(void)
{
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? fail("cannot create a signalfd: %m") : fd;
}

static uint64_t own_block_id(const struct attach *at)
{
	struct kvm_hpet_block_info info = { 0 };

	while (block_next(at->to.device, &info))
		if (info.owner_pid == (uint32_t)getpid())
			return info.id;
	return 0;
}

static struct json_object *attached_json(const struct attach *at, uint64_t id)
{
	const struct agent *agent = &at->to.agent;
	struct json_object *obj = json_object_new_object();
	struct kvm_hpet_tick_policy policy;

	json_object_object_add(obj, "id", json_number(id));
	json_object_object_add(obj, "vm_pid", json_number(agent->vm.pid));
	json_object_object_add(obj, "owner_pid", json_number(getpid()));
	json_object_object_add(obj, "name", json_object_new_string(agent->vm.guest));
	json_object_object_add(obj, "follows_qemu",
			       json_object_new_boolean(agent_has_monitor(agent)));
	json_object_object_add(obj, "took_state", json_object_new_boolean(at->to.silenced));
	json_object_object_add(obj, "stopped_ns", json_number(agent->stopped_ns));
	config_add_json(obj, &at->to.config);
	if (!block_get_policy(agent->block, 0, &policy))
		policy_add_json(obj, &policy);
	return obj;
}

static void report_attached(const struct attach *at)
{
	const struct agent *agent = &at->to.agent;
	struct kvm_hpet_tick_policy policy;
	uint64_t id = own_block_id(at);
	char text[TIME_TEXT];

	if (at->json) {
		print_json(attached_json(at, id));
		return;
	}
	printf("attached to process %d%s%s: block %llu, %u timers", agent->vm.pid,
	       *agent->vm.guest ? ", guest " : "", agent->vm.guest, (unsigned long long)id,
	       at->to.config.num_timers);
	if (!block_get_policy(agent->block, 0, &policy))
		printf(", lost ticks: %s", policy_name(policy.policy));
	if (agent->stopped_ns)
		printf(", VM stopped for %s", stopped_text(text, sizeof(text), agent->stopped_ns));
	putchar('\n');
	fflush(stdout);
}

static struct json_object *dry_run_json(const struct attach *at)
{
	const struct takeover *to = &at->to;
	struct json_object *obj = json_object_new_object(), *timers;

	json_object_object_add(obj, "would_attach", json_object_new_boolean(
			       !json_object_array_length(to->problems)));
	json_object_object_add(obj, "problems", json_object_get(to->problems));
	json_object_object_add(obj, "vm_pid", json_number(to->agent.vm.pid));
	json_object_object_add(obj, "program", json_object_new_string(to->agent.vm.program));
	json_object_object_add(obj, "name", json_object_new_string(to->agent.vm.guest));
	json_object_object_add(obj, "qemu_version",
			       json_object_new_string(to->agent.qmp.version));
	if (!to->config.num_timers)
		return obj;
	json_object_object_add(obj, "in_use", json_object_new_boolean(to->in_use));
	config_add_json(obj, &to->config);
	timers = json_object_new_array();
	for (unsigned int i = 0; i < to->config.num_timers; i++)
		json_object_array_add(timers, timer_config_json(&to->config.timer[i]));
	json_object_object_add(obj, "timers", timers);
	return obj;
}

static void print_dry_run(const struct attach *at)
{
	const struct takeover *to = &at->to;

	printf("process %d (%s)%s%s\n", to->agent.vm.pid, to->agent.vm.program,
	       *to->agent.vm.guest ? ", guest " : "", to->agent.vm.guest);
	if (to->config.num_timers)
		config_print(&to->config);
	for (unsigned int i = 0; i < to->config.num_timers; i++)
		printf("timer %u: %s\n", i, timer_config_text(&to->config.timer[i]));
	if (to->in_use)
		printf("the guest uses its HPET, whose state would be taken over\n");
	for (size_t i = 0; i < json_object_array_length(to->problems); i++)
		printf("problem: %s\n", json_object_get_string(
		       json_object_array_get_idx(to->problems, i)));
	if (!json_object_array_length(to->problems))
		printf("nothing speaks against attaching\n");
	fflush(stdout);
}

static int dry_run(struct attach *at)
{
	struct takeover *to = &at->to;
	size_t found;

	to->problems = json_object_new_array();
	if (takeover_find(to) || takeover_check(to) || takeover_create(to))
		json_object_array_add(to->problems, json_object_new_string(error_text()));
	if (at->json)
		print_json(dry_run_json(at));
	else
		print_dry_run(at);
	found = json_object_array_length(to->problems);
	if (found)
		fail("%s", json_object_get_string(json_object_array_get_idx(to->problems, 0)));
	json_object_put(to->problems);
	return found ? EXIT_FAILURE : EXIT_SUCCESS;
}

static void close_stdio(void)
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return;
	for (int i = 0; i < 3; i++)
		dup2(fd, i);
	close(fd);
}

/*
 * As far as the user's rights go: if memory ran out and the agent were chosen,
 * the guest would lose its HPET; and on a busy host it has to hear of a reset
 * before the guest has booted that far. It hardly ever runs.
 */
static void be_preferred(void)
{
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, "-900", 4) < 0)
		log_line(LOG_INFO, "can't be spared when memory runs out: %m");
	if (fd >= 0)
		close(fd);
	if (setpriority(PRIO_PROCESS, 0, -20))
		log_line(LOG_INFO, "can't be preferred on a busy host: %m");
}

/* All has gone well: let go of the terminal and of the process that waits. */
static void become_daemon(struct attach *at)
{
	if (at->ready < 0)
		return;
	prctl(PR_SET_PDEATHSIG, 0);
	if (write(at->ready, "", 1) != 1)
		log_line(LOG_WARNING, "attached, with nobody left to hear of it");
	close(at->ready);
	setsid();
	if (chdir("/"))
		log_line(LOG_INFO, "stays in its directory: %m");
	close_stdio();
	log_to_syslog();
}

static int take_over(struct attach *at)
{
	struct takeover *to = &at->to;

	if (takeover_create(to))
		return -1;
	to->agent.listener = agent_files_listen(&to->agent.files);
	if (to->agent.listener < 0)
		return -1;
	if (to->was_running && agent_continue_vm(&to->agent))
		return -1;
	to->was_running = false;
	to->agent.qmp.cancel_fd = -1;
	if (!agent_has_monitor(&to->agent))
		log_line(LOG_WARNING, "the block does not follow QEMU's reset, stop and cont: they can't be seen without QMP");
	report_attached(at);
	become_daemon(at);
	return 0;
}

static int attach(struct attach *at)
{
	struct takeover *to = &at->to;
	int ret;

	/* A reader of the output who has seen enough must not end the agent. */
	signal(SIGPIPE, SIG_IGN);
	to->agent.signals = open_signals();
	if (to->agent.signals < 0)
		return EXIT_FAILURE;
	if (to->dry_run) {
		ret = dry_run(at);
	} else if (takeover_find(to) || takeover_check(to)) {
		ret = EXIT_FAILURE;
	} else if (take_over(at)) {
		takeover_undo(to);
		ret = EXIT_FAILURE;
	} else {
		close(to->device);
		be_preferred();
		log_line(LOG_INFO, "attached to process %d", to->agent.vm.pid);
		agent_run(&to->agent);
		ret = EXIT_SUCCESS;
	}
	agent_close(&to->agent);
	return ret;
}

/*
 * The parent's part: until the agent has said that it is ready, or has ended.
 * Does not return, since the agent has said itself what went wrong.
 */
static void wait_for_agent(pid_t child, int ready)
{
	int status = 0;
	ssize_t n;
	char byte;

	/* Ctrl-C reaches the agent too, which then leaves all as it was. */
	signal(SIGINT, SIG_IGN);
	do {
		n = read(ready, &byte, 1);
	} while (n < 0 && errno == EINTR);
	if (n == 1)
		exit(EXIT_SUCCESS);
	waitpid(child, &status, 0);
	if (WIFSIGNALED(status))
		log_line(LOG_ERR, "the agent was killed by signal %d", WTERMSIG(status));
	exit(EXIT_FAILURE);
}

static int attach_in_background(struct attach *at)
{
	int ends[2];
	pid_t child;

	if (pipe2(ends, O_CLOEXEC)) {
		fail("cannot create a pipe: %m");
		return EXIT_FAILURE;
	}
	fflush(stdout);
	child = fork();
	if (child < 0) {
		fail("cannot start the agent: %m");
		return EXIT_FAILURE;
	}
	close(ends[child ? 1 : 0]);
	if (child)
		wait_for_agent(child, ends[0]);
	/* If the waiting process is killed, nobody wants this any more. */
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	at->ready = ends[1];
	return attach(at);
}

static int run(const struct command *self, int argc, char **argv)
{
	struct attach at = { .to = { .device = -1 }, .ready = -1 };
	int status;

	agent_init(&at.to.agent);
	status = parse_options(self, &at, argc, argv);
	if (status)
		return status < 0 ? EXIT_SUCCESS : status;
	if (at.domain && domain_pid(at.domain, &at.to.pid))
		return EXIT_FAILURE;
	if (at.foreground || at.to.dry_run)
		return attach(&at);
	return attach_in_background(&at);
}

const struct command attach_command = {
	.name = "attach",
	.summary = "give a QEMU the in-kernel HPET",
	.help =
	"Usage: kvm-hpet attach --pid N | --domain NAME | --qmp SOCKET [OPTION]...\n"
	"Gives an unmodified QEMU the whole HPET inside the host kernel, which goes on\n"
	"from where QEMU's own stands, and leaves a process behind that keeps it in step.\n\n"
	"      --pid N             process id of the QEMU\n"
	"      --domain NAME       a domain of libvirt's with a second QMP socket\n"
	"      --qmp SOCKET        a QMP socket of it that nobody else uses\n"
	"      --assume-reset      without QMP: you promise that the guest has not used\n"
	"                          its HPET; reset, stop, cont are not followed\n"
	POLICY_HELP
	"      --dry-run           only check, and print what would be created\n"
	"      --foreground        stay, with messages on stderr\n"
	"      --json              print in JSON\n"
	"  -h, --help              this text\n",
	.run = run,
};
