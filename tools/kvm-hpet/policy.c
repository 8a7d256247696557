// SPDX-License-Identifier: GPL-2.0
/*
 * The lost-tick policy: its names, its options and changing it on a block.
 */
#include <string.h>

#include "block.h"
#include "error.h"
#include "parse.h"
#include "policy.h"

static const struct {
	const char *name;
	uint32_t policy;
} names[] = {	/* the first one of several is the one printed */
	{ "discard", KVM_HPET_TICKS_DISCARD },
	{ "none", KVM_HPET_TICKS_DISCARD },
	{ "delay", KVM_HPET_TICKS_DELAY },
	{ "merge", KVM_HPET_TICKS_MERGE },
	{ "slew", KVM_HPET_TICKS_SLEW },
	{ "catchup", KVM_HPET_TICKS_SLEW },
};

#define NAMES (sizeof(names) / sizeof(names[0]))

/**
 * policy_name() - the name of a policy
 * @policy: KVM_HPET_TICKS_*
 *
 * Return: the name
 */
const char *policy_name(uint32_t policy)
{
	for (size_t i = 0; i < NAMES; i++)
		if (names[i].policy == policy)
			return names[i].name;
	return "?";
}

static bool parse_policy(const char *text, uint32_t *policy)
{
	for (size_t i = 0; i < NAMES; i++)
		if (!strcmp(names[i].name, text)) {
			*policy = names[i].policy;
			return true;
		}
	return false;
}

/**
 * policy_option() - take one of POLICY_OPTIONS
 * @command: for the message
 * @change: what was named so far
 * @option: OPT_DRIFTFIX and so on; others are ignored
 * @value: its value
 *
 * Return: 0, or EXIT_USAGE after a message
 */
int policy_option(const char *command, struct policy_change *change, int option,
		  const char *value)
{
	uint64_t number;

	switch (option) {
	case OPT_DRIFTFIX:
		if (!parse_policy(value, &change->policy))
			return usage_error(command, "--driftfix %s: it is one of none, discard, delay, merge, slew, catchup",
					   value);
		change->has_policy = true;
		break;
	case OPT_MAX_RATE:
		if (!parse_number(value, 1, KVM_HPET_MAX_RATE, &number))
			return usage_error(command, "--max-rate %s: it is a number from 1 to %u",
					   value, KVM_HPET_MAX_RATE);
		change->has_max_rate = true;
		change->max_rate = number;
		break;
	case OPT_RAMP:
		if (!parse_number(value, 0, KVM_HPET_MAX_RATE, &number))
			return usage_error(command, "--ramp %s: it is a number from 0 to %u",
					   value, KVM_HPET_MAX_RATE);
		change->has_ramp = true;
		change->ramp = number;
		break;
	case OPT_MAX_BACKLOG:
		if (!parse_time(value, KVM_HPET_MAX_BACKLOG_NS, &change->max_backlog_ns))
			return usage_error(command, "--max-backlog %s: it is a time with its unit, such as 5s or 500ms, at most 1h",
					   value);
		change->has_max_backlog = true;
		break;
	}
	return 0;
}

/**
 * policy_named() - whether the user wants anything different
 * @change: the change
 *
 * Return: whether so
 */
bool policy_named(const struct policy_change *change)
{
	return change->has_policy || change->has_max_rate || change->has_ramp ||
	       change->has_max_backlog;
}

static int apply_to_timer(int block, unsigned int timer, const struct policy_change *change)
{
	struct kvm_hpet_tick_policy policy;

	if (block_get_policy(block, timer, &policy))
		return -1;
	if (change->has_policy)
		policy.policy = change->policy;
	if (change->has_max_rate)
		policy.max_rate = change->max_rate;
	if (change->has_ramp)
		policy.ramp = change->ramp;
	if (change->has_max_backlog)
		policy.max_backlog_ns = change->max_backlog_ns;
	return block_set_policy(block, &policy);
}

/**
 * policy_apply() - change the policy of a block's timers
 * @block: descriptor of the block
 * @timers: bit mask of timers
 * @change: what is to be different; the rest stays as each timer has it
 *
 * Return: 0, or -1 after fail()
 */
int policy_apply(int block, uint32_t timers, const struct policy_change *change)
{
	for (unsigned int i = 0; i < KVM_HPET_MAX_TIMERS; i++)
		if (timers & (1U << i) && apply_to_timer(block, i, change))
			return -1;
	return 0;
}

/**
 * policy_add_json() - describe a policy
 * @obj: the members are added here
 * @policy: the policy
 */
void policy_add_json(struct json_object *obj, const struct kvm_hpet_tick_policy *policy)
{
	json_object_object_add(obj, "policy", json_object_new_string(policy_name(policy->policy)));
	json_object_object_add(obj, "max_rate", json_object_new_uint64(policy->max_rate));
	json_object_object_add(obj, "ramp", json_object_new_uint64(policy->ramp));
	json_object_object_add(obj, "max_backlog_ns",
			       json_object_new_uint64(policy->max_backlog_ns));
}

static bool take_number(struct json_object *obj, const char *name, uint64_t max, uint64_t *number)
{
	struct json_object *value;

	if (!json_object_object_get_ex(obj, name, &value) || !json_object_is_type(value, json_type_int) ||
	    json_object_get_int64(value) < 0)
		return false;
	*number = json_object_get_uint64(value);
	return *number <= max;
}

/**
 * policy_parse_json() - read what policy_add_json() has made
 * @obj: has it as members
 * @policy: all but size and timers is filled in
 *
 * Return: whether it is one
 */
bool policy_parse_json(struct json_object *obj, struct kvm_hpet_tick_policy *policy)
{
	struct json_object *name;
	uint64_t max_rate, ramp, max_backlog_ns;

	if (!json_object_object_get_ex(obj, "policy", &name) ||
	    !parse_policy(json_object_get_string(name), &policy->policy) ||
	    !take_number(obj, "max_rate", KVM_HPET_MAX_RATE, &max_rate) ||
	    !take_number(obj, "ramp", KVM_HPET_MAX_RATE, &ramp) ||
	    !take_number(obj, "max_backlog_ns", KVM_HPET_MAX_BACKLOG_NS, &max_backlog_ns))
		return false;
	policy->max_rate = max_rate;
	policy->ramp = ramp;
	policy->max_backlog_ns = max_backlog_ns;
	return max_rate > 0;
}
