// SPDX-License-Identifier: GPL-2.0
/*
 * Which block a command is for: --pid, --id, or all.
 */
#include <limits.h>

#include "block.h"
#include "domain.h"
#include "error.h"
#include "parse.h"
#include "target.h"

/**
 * target_option() - take one of TARGET_OPTIONS
 * @command: for the message
 * @target: changed
 * @option: OPT_PID, OPT_DOMAIN or OPT_ID; others are ignored
 * @value: its value
 *
 * Return: 0, or EXIT_USAGE after a message
 */
int target_option(const char *command, struct target *target, int option, const char *value)
{
	uint64_t number;

	if (option == OPT_PID) {
		if (!parse_number(value, 1, INT_MAX, &number))
			return usage_error(command, "--pid %s: it is a process id", value);
		target->pid = number;
	} else if (option == OPT_DOMAIN) {
		target->domain = value;
	} else if (option == OPT_ID) {
		if (!parse_number(value, 1, UINT64_MAX, &target->id))
			return usage_error(command, "--id %s: it is the number of a block", value);
	}
	return 0;
}

/**
 * target_check() - for commands that need one block
 * @command: for the message
 * @target: as named
 *
 * Return: 0, or EXIT_USAGE after a message
 */
int target_check(const char *command, const struct target *target)
{
	if (!!target->pid + !!target->domain + !!target->id != 1)
		return usage_error(command, "exactly one of --pid, --domain and --id is needed");
	return 0;
}

/**
 * target_resolve() - find the process of the domain, if one is named
 * @target: as named
 *
 * Return: 0, or -1 after fail()
 */
int target_resolve(struct target *target)
{
	return target->domain ? domain_pid(target->domain, &target->pid) : 0;
}

/**
 * target_next() - walk over the blocks that are meant
 * @device: from device_open()
 * @target: which
 * @info: @id 0 to begin with; filled in
 *
 * Return: whether there was a further one
 */
bool target_next(int device, const struct target *target, struct kvm_hpet_block_info *info)
{
	while (block_next(device, info))
		if ((!target->pid || info->vm_pid == (uint32_t)target->pid) &&
		    (!target->id || info->id == target->id))
			return true;
	return false;
}

/**
 * target_missing() - say that none was found
 * @target: which
 *
 * Return: -1
 */
int target_missing(const struct target *target)
{
	if (target->id)
		return fail("there is no block %llu that you may open",
			    (unsigned long long)target->id);
	return fail("process %d has no in-kernel HPET that you may open", target->pid);
}

/**
 * target_open() - open the one block that is meant
 * @device: from device_open()
 * @target: names a process or a block
 * @info: filled in
 *
 * Return: a descriptor for administration, or -1 after fail()
 */
int target_open(int device, const struct target *target, struct kvm_hpet_block_info *info)
{
	struct kvm_hpet_block_info other;

	info->id = 0;
	if (!target_next(device, target, info))
		return target_missing(target);
	other.id = info->id;
	if (target_next(device, target, &other))
		return fail("process %d has several blocks: give --id (kvm-hpet list)",
			    target->pid);
	return block_open(device, info->id);
}
