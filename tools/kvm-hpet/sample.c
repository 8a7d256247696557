// SPDX-License-Identifier: GPL-2.0
/*
 * What the module tells of a block at a moment, for the commands that look at
 * all of them.
 */
#include <stdio.h>
#include <unistd.h>

#include "block.h"
#include "qemu_proc.h"
#include "sample.h"

static int read_source(int block, struct sample *sample)
{
	if (block_get_source(block, &sample->source, &sample->source_state))
		return -1;
	sample->config = (struct kvm_hpet_config){ .num_timers = 1 };
	sample->state = (struct kvm_hpet_state){ .num_timers = 1 };
	sample->state.timer[0] = sample->source_state.ticks;
	return 0;
}

static int read_hpet(int block, struct sample *sample)
{
	return block_get_config(block, &sample->config) || block_get_state(block, &sample->state) ?
		-1 : 0;
}

/**
 * sample_read() - what the module tells of a block
 * @block: its descriptor
 * @sample: @info is given, the rest filled in
 *
 * Return: 0, or -1 after fail()
 */
int sample_read(int block, struct sample *sample)
{
	if (block_is_source(&sample->info) ? read_source(block, sample) : read_hpet(block, sample))
		return -1;
	if (block_get_stats(block, &sample->stats))
		return -1;
	for (unsigned int i = 0; i < sample->config.num_timers; i++)
		if (block_get_policy(block, i, &sample->policy[i]))
			return -1;
	return 0;
}

/**
 * sample_next() - walk over the blocks that are meant; one that goes meanwhile
 * is left out
 * @device: from device_open()
 * @target: which
 * @sample: @info.id 0 to begin with; filled in
 *
 * Return: whether there was a further one
 */
bool sample_next(int device, const struct target *target, struct sample *sample)
{
	while (target_next(device, target, &sample->info)) {
		int block = block_open(device, sample->info.id), ret;

		if (block < 0)
			continue;
		ret = sample_read(block, sample);
		close(block);
		if (!ret)
			return true;
	}
	return false;
}

/**
 * sample_in_use() - whether a timer is worth showing
 * @sample: of its block
 * @timer: its number
 *
 * Return: true if it has ticked or is to interrupt the guest
 */
bool sample_in_use(const struct sample *sample, unsigned int timer)
{
	if (block_is_source(&sample->info) && sample->source_state.due_in_ns != KVM_HPET_NEVER)
		return true;
	return sample->stats.timer[timer].due ||
	       sample->state.timer[timer].config & HPET_TN_INT_ENB;
}

/**
 * sample_backlog() - the ticks that a block still owes
 * @sample: of the block
 *
 * Return: those of all its timers
 */
uint64_t sample_backlog(const struct sample *sample)
{
	uint64_t backlog = 0;

	for (unsigned int i = 0; i < sample->config.num_timers; i++)
		backlog += sample->stats.timer[i].backlog;
	return backlog;
}

/**
 * sample_mixed() - whether a block's timers have different policies
 * @sample: of the block
 *
 * Return: true if so
 */
bool sample_mixed(const struct sample *sample)
{
	for (unsigned int i = 1; i < sample->config.num_timers; i++)
		if (sample->policy[i].policy != sample->policy[0].policy)
			return true;
	return false;
}

/**
 * vm_name() - name of the guest, or else of its process
 * @pid: of the VM, as of struct kvm_hpet_block_info
 * @name: filled in
 * @size: of @name
 */
void vm_name(pid_t pid, char *name, size_t size)
{
	struct qemu_proc proc;

	process_name(pid, name, size);
	if (!pid || qemu_proc_open(&proc, pid))
		return;
	if (*proc.guest)
		snprintf(name, size, "%s", proc.guest);
	qemu_proc_close(&proc);
}
