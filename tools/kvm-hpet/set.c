// SPDX-License-Identifier: GPL-2.0
/*
 * kvm-hpet set: changes the lost-tick policy of a live VM.
 */
#include <stdlib.h>
#include <unistd.h>

#include "block.h"
#include "command.h"
#include "error.h"
#include "parse.h"
#include "policy.h"
#include "target.h"

struct set {
	struct target target;
	struct policy_change change;
	int timer;	/* -1: all */
};

static const struct option options[] = {
	TARGET_OPTIONS,
	{ "timer", required_argument, NULL, OPT_TIMER },
	POLICY_OPTIONS,
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

static int set_block(int block, const struct set *set)
{
	struct kvm_hpet_config config;

	if (block_get_config(block, &config))
		return -1;
	if (set->timer >= config.num_timers)
		return fail("the block has no timer %d, only 0 to %u", set->timer,
			    config.num_timers - 1);
	return policy_apply(block, set->timer < 0 ? all_timers(&config) : 1U << set->timer,
			    &set->change);
}

static int run(const struct command *self, int argc, char **argv)
{
	struct set set = { .timer = -1 };
	struct kvm_hpet_block_info info;
	int status = parse_options(self, &set, argc, argv), device, block, ret;

	if (status)
		return status < 0 ? EXIT_SUCCESS : status;
	device = device_open();
	if (device < 0)
		return EXIT_FAILURE;
	block = target_open(device, &set.target, &info);
	close(device);
	if (block < 0)
		return EXIT_FAILURE;
	ret = set_block(block, &set);
	close(block);
	return ret ? EXIT_FAILURE : EXIT_SUCCESS;
}

const struct command set_command = {
	.name = "set",
	.summary = "change what becomes of lost ticks",
	.help =
	"Usage: kvm-hpet set --pid N | --id ID [--timer N] OPTION...\n"
	"Changes the lost-tick policy of a VM, also while it runs. What is not named\n"
	"stays as it is.\n\n"
	TARGET_HELP
	"      --timer N           only this timer instead of all\n"
	POLICY_HELP
	"  -h, --help              this text\n",
	.run = run,
};
