// SPDX-License-Identifier: GPL-2.0
/*
 * kvm-hpet save and load: state and policies of a VM's HPET to a file and back.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent.h"
#include "block.h"
#include "command.h"
#include "describe.h"
#include "error.h"
#include "policy.h"
#include "sample.h"
#include "saved.h"
#include "target.h"

struct transfer {
	struct target target;
	const char *file;	/* NULL: stdout, stdin */
	bool policies;		/* load: only these */
	bool json;		/* load: print what there is then */
};

/* ---- save ---- */

static const struct option save_options[] = {
	TARGET_OPTIONS,
	{ "output", required_argument, NULL, 'o' },
	{ "json", no_argument, NULL, OPT_JSON },
	END_OPTIONS
};

static const struct option load_options[] = {
	TARGET_OPTIONS,
	{ "input", required_argument, NULL, 'i' },
	{ "policies", no_argument, NULL, OPT_POLICIES },
	{ "json", no_argument, NULL, OPT_JSON },
	END_OPTIONS
};

static int parse_options(const struct command *self, const struct option *options,
			 struct transfer *tr, int argc, char **argv)
{
	int option, status;

	while ((option = next_option(self, argc, argv, options, &status)) >= 0) {
		if (option == 'o' || option == 'i')
			tr->file = optarg;
		tr->policies |= option == OPT_POLICIES;
		tr->json |= option == OPT_JSON;
		status = target_option(self->name, &tr->target, option, optarg);
		if (status)
			return status;
	}
	if (option == OPTION_LEAVE)
		return status ? status : -1;
	if (tr->file && !strcmp(tr->file, "-"))
		tr->file = NULL;
	return target_check(self->name, &tr->target);
}

/* Return: descriptor of the HPET that is meant, with @sample filled in, or -1 after fail() */
static int open_hpet(struct target *target, struct sample *sample)
{
	int device, block;

	if (target_resolve(target))
		return -1;
	device = device_open();
	if (device < 0)
		return -1;
	block = target_open(device, target, &sample->info);
	close(device);
	if (block < 0)
		return -1;
	if (block_is_source(&sample->info))
		fail("block %llu is a tick source, whose state is its VMM's to save",
		     (unsigned long long)sample->info.id);
	else if (!sample_read(block, sample))
		return block;
	close(block);
	return -1;
}

static int write_saved(const struct transfer *tr, const struct sample *sample)
{
	struct json_object *obj = saved_json(sample);
	int ret = 0;

	if (!tr->file)
		print_json(obj);
	else if (json_object_to_file_ext(tr->file, obj, JSON_C_TO_STRING_PRETTY |
					 JSON_C_TO_STRING_SPACED | JSON_C_TO_STRING_NOSLASHESCAPE))
		ret = fail("cannot write %s: %m", tr->file);
	if (tr->file)
		json_object_put(obj);
	return ret;
}

static int run_save(const struct command *self, int argc, char **argv)
{
	struct sample sample = { 0 };
	struct transfer tr = { 0 };
	int status = parse_options(self, save_options, &tr, argc, argv), block, ret;

	if (status)
		return status < 0 ? EXIT_SUCCESS : status;
	block = open_hpet(&tr.target, &sample);
	if (block < 0)
		return EXIT_FAILURE;
	close(block);
	ret = write_saved(&tr, &sample);
	return ret ? EXIT_FAILURE : EXIT_SUCCESS;
}

const struct command save_command = {
	.name = "save",
	.summary = "write a VM's HPET, state and policies, to a file",
	.help =
	"Usage: kvm-hpet save --pid N | --domain NAME | --id ID [-o FILE] [--json]\n"
	"Writes the state of a VM's in-kernel HPET and its lost-tick policies, in JSON.\n"
	"With the VM stopped that is what belongs to its memory and its other devices.\n\n"
	TARGET_HELP
	"  -o, --output FILE       default: stdout\n"
	"      --json              as it does without\n"
	"  -h, --help              this text\n",
	.run = run_save,
};

/* ---- load ---- */

static struct json_object *read_file(const char *file)
{
	struct json_object *obj = file ? json_object_from_file(file) : json_object_from_fd(STDIN_FILENO);

	if (!obj)
		fail("%s is not a file in JSON that can be read", file ? file : "stdin");
	return obj;
}

static int set_policies(int block, const struct sample *sample)
{
	for (unsigned int i = 0; i < sample->config.num_timers; i++)
		if (block_set_policy(block, &sample->policy[i]))
			return -1;
	return 0;
}

/* The agent holds the block, and only who holds it may set its state. */
static int send_state(pid_t pid, const struct kvm_hpet_state *state)
{
	struct {
		char request[sizeof(REQUEST_LOAD)];
		struct kvm_hpet_state state;
	} __attribute__((packed)) message = { .request = REQUEST_LOAD, .state = *state };
	char answer[AGENT_MESSAGE];
	int fd = agent_connect(pid), ret;

	if (fd < 0)
		return -1;
	if (send(fd, &message, sizeof(message), MSG_NOSIGNAL) < 0)
		ret = fail("cannot reach the agent of process %d: %m", pid);
	else
		ret = agent_answer(pid, fd, answer);
	close(fd);
	return ret;
}

/* First the policies, since they say which ticks may be owed. */
static int load_all(int block, const struct sample *before, const struct sample *sample)
{
	char reason[512];

	if (set_policies(block, sample))
		return -1;
	if (!send_state(sample->info.vm_pid, &sample->state))
		return 0;
	snprintf(reason, sizeof(reason), "%s", error_text());
	set_policies(block, before);
	return fail("%s", reason);
}

static int load(struct transfer *tr, struct json_object *obj)
{
	struct sample sample = { 0 }, before;
	int block = open_hpet(&tr->target, &sample), ret;

	if (block < 0)
		return -1;
	before = sample;
	ret = saved_parse(obj, &sample);
	if (!ret)
		ret = tr->policies ? set_policies(block, &sample) : load_all(block, &before, &sample);
	close(block);
	return ret;
}

static int print_loaded(struct transfer *tr)
{
	struct sample sample = { 0 };
	int block = open_hpet(&tr->target, &sample);

	if (block < 0)
		return -1;
	close(block);
	print_json(saved_json(&sample));
	return 0;
}

static int run_load(const struct command *self, int argc, char **argv)
{
	struct transfer tr = { 0 };
	int status = parse_options(self, load_options, &tr, argc, argv), ret;
	struct json_object *obj;

	if (status)
		return status < 0 ? EXIT_SUCCESS : status;
	obj = read_file(tr.file);
	if (!obj)
		return EXIT_FAILURE;
	ret = load(&tr, obj);
	json_object_put(obj);
	if (!ret && tr.json)
		ret = print_loaded(&tr);
	return ret ? EXIT_FAILURE : EXIT_SUCCESS;
}

const struct command load_command = {
	.name = "load",
	.summary = "give a VM's HPET the state and policies of such a file",
	.help =
	"Usage: kvm-hpet load --pid N | --domain NAME | --id ID [-i FILE] [--policies]\n"
	"                     [--json]\n"
	"Gives the in-kernel HPET of a VM that was attached to what save has written. The\n"
	"guest finds another counter and other timers: that is for a guest whose memory\n"
	"and other devices are of the same moment, or with --policies.\n\n"
	TARGET_HELP
	"  -i, --input FILE        default: stdin\n"
	"      --policies          only the policies; the state stays as it is\n"
	"      --json              print state and policies as they are then, in JSON\n"
	"  -h, --help              this text\n",
	.run = run_load,
};
