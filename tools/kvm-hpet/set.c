// SPDX-License-Identifier: GPL-2.0
/*
 * kvm-hpet set: changes the lost-tick policy of a live VM.
 */
#include <stdlib.h>
#include <unistd.h>

#include "block.h"
#include "command.h"
#include "describe.h"
#include "error.h"
#include "parse.h"
#include "policy.h"
#include "sample.h"
#include "target.h"

struct set {
	struct target target;
	struct policy_change change;
	int timer;	/* -1: all */
	bool json;
};

static const struct option options[] = {
	TARGET_OPTIONS,
	{ "timer", required_argument, NULL, OPT_TIMER },
	POLICY_OPTIONS,
	{ "json", no_argument, NULL, OPT_JSON },
	END_OPTIONS
};

static int take_option(struct set *set, int option)
{
	uint64_t number;
	int status;

	if (option == OPT_TIMER) {
		if (!parse_number(optarg, 0, KVM_HPET_MAX_TIMERS - 1, &number))
			return usage_error("set", "--timer %s: it is the number of a timer, 0 to %d",
					   optarg, KVM_HPET_MAX_TIMERS - 1);
		set->timer = number;
	}
	set->json |= option == OPT_JSON;
	status = target_option("set", &set->target, option, optarg);
	return status ? status : policy_option("set", &set->change, option, optarg);
}

static int parse_options(const struct command *self, struct set *set, int argc, char **argv)
{
	int option, status;

	while ((option = next_option(self, argc, argv, options, &status)) >= 0) {
		status = take_option(set, option);
		if (status)
			return status;
	}
	if (option == OPTION_LEAVE)
		return status ? status : -1;
	if (!policy_named(&set->change))
		return usage_error("set", "nothing to set is named");
	return target_check("set", &set->target);
}

static struct json_object *policies_json(const struct sample *now)
{
	struct json_object *obj = json_object_new_object(), *timers = json_object_new_array();

	json_object_object_add(obj, "id", json_number(now->info.id));
	json_object_object_add(obj, "vm_pid", json_number(now->info.vm_pid));
	for (unsigned int i = 0; i < now->config.num_timers; i++) {
		struct json_object *timer = json_object_new_object();

		json_object_object_add(timer, "timer", json_number(i));
		policy_add_json(timer, &now->policy[i]);
		json_object_array_add(timers, timer);
	}
	json_object_object_add(obj, "timers", timers);
	return obj;
}

/* @now: with @info; what the block has afterwards */
static int set_block(int block, const struct set *set, struct sample *now)
{
	uint32_t timers;

	if (sample_read(block, now))
		return -1;
	if (set->timer >= now->config.num_timers)
		return fail("the block has no timer %d, only 0 to %u", set->timer,
			    now->config.num_timers - 1);
	timers = set->timer < 0 ? all_timers(&now->config) : 1U << set->timer;
	return policy_apply(block, timers, &set->change) || sample_read(block, now) ? -1 : 0;
}

static int run(const struct command *self, int argc, char **argv)
{
	struct set set = { .timer = -1 };
	struct sample now = { 0 };
	int status = parse_options(self, &set, argc, argv), device, block, ret;

	if (status)
		return status < 0 ? EXIT_SUCCESS : status;
	if (target_resolve(&set.target))
		return EXIT_FAILURE;
	device = device_open();
	if (device < 0)
		return EXIT_FAILURE;
	block = target_open(device, &set.target, &now.info);
	close(device);
	if (block < 0)
		return EXIT_FAILURE;
	ret = set_block(block, &set, &now);
	close(block);
	if (!ret && set.json)
		print_json(policies_json(&now));
	return ret ? EXIT_FAILURE : EXIT_SUCCESS;
}

const struct command set_command = {
	.name = "set",
	.summary = "change what becomes of lost ticks",
	.help =
	"Usage: kvm-hpet set --pid N | --domain NAME | --id ID [--timer N]\n"
	"                    OPTION... [--json]\n"
	"Changes the lost-tick policy of a VM, also while it runs. What is not named\n"
	"stays as it is.\n\n"
	TARGET_HELP
	"      --timer N           only this timer instead of all\n"
	POLICY_HELP
	"      --json              print the policies of all timers then, in JSON\n"
	"  -h, --help              this text\n",
	.run = run,
};
