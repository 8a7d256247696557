// SPDX-License-Identifier: GPL-2.0
/*
 * The module's ioctls, each errno turned into a line that says what to do.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "block.h"
#include "error.h"

/**
 * device_open() - open /dev/kvm_hpet and see that both speak the same language
 *
 * Return: a descriptor, or -1 after fail()
 */
int device_open(void)
{
	int fd = open(DEVICE, O_RDWR | O_CLOEXEC), version;

	if (fd < 0 && (errno == ENOENT || errno == ENODEV || errno == ENXIO))
		return fail("there is no " DEVICE ": the kernel module is not loaded (modprobe kvm_hpet)");
	if (fd < 0 && (errno == EACCES || errno == EPERM))
		return fail("no permission to open " DEVICE ": be root or in its group");
	if (fd < 0)
		return fail("cannot open " DEVICE ": %m");
	version = ioctl(fd, KVM_HPET_GET_API_VERSION, 0);
	if (version == KVM_HPET_API_VERSION)
		return fd;
	if (version < 0)
		fail(DEVICE " does not tell its API version: %m");
	else
		fail("the kernel module has API version %d, this tool needs %d: install the same release of both",
		     version, KVM_HPET_API_VERSION);
	close(fd);
	return -1;
}

/**
 * block_create() - give a VM an in-kernel HPET
 * @device: from device_open()
 * @config: everything but @size, which is set here
 *
 * Return: descriptor of the block, or -1 after fail()
 */
int block_create(int device, struct kvm_hpet_config *config)
{
	int fd;

	config->size = sizeof(*config);
	fd = ioctl(device, KVM_HPET_CREATE, config);
	if (fd >= 0)
		return fd;
	switch (errno) {
	case EEXIST:
		return fail("already attached: the VM has an in-kernel device at %#llx",
			    (unsigned long long)config->base);
	case ENXIO:
		return fail("the VM has no in-kernel interrupt controllers: start QEMU with -machine kernel-irqchip=on");
	case ENOSPC:
		return fail("the VM has no room for another in-kernel device");
	case EINVAL:
		return fail("the kernel module can't imitate this HPET (invalid configuration)");
	default:
		return fail("cannot create the in-kernel HPET: %m");
	}
}

/**
 * block_next() - walk over the blocks of the host, tick sources among them
 * @device: from device_open()
 * @info: @id 0 to begin with; filled in
 *
 * Return: whether there was a further one
 */
bool block_next(int device, struct kvm_hpet_block_info *info)
{
	*info = (struct kvm_hpet_block_info){ .size = sizeof(*info), .id = info->id };
	return ioctl(device, KVM_HPET_NEXT_BLOCK, info) == 0;
}

/**
 * block_of_vm() - the HPET that a VM has at an address
 * @device: from device_open()
 * @pid: process that created the VM
 * @base: guest physical address
 * @info: filled in
 *
 * Return: whether there is one
 */
bool block_of_vm(int device, pid_t pid, uint64_t base, struct kvm_hpet_block_info *info)
{
	info->id = 0;
	while (block_next(device, info))
		if (!block_is_source(info) && info->vm_pid == (uint32_t)pid && info->base == base)
			return true;
	return false;
}

/**
 * block_is_source() - whether it is a tick source, not an HPET
 * @info: of the block
 *
 * Return: true if so
 */
bool block_is_source(const struct kvm_hpet_block_info *info)
{
	return info->kind == KVM_HPET_KIND_TICK_SOURCE;
}

/**
 * block_open() - open a block for administration
 * @device: from device_open()
 * @id: of the block
 *
 * Return: a descriptor, or -1 after fail(), with errno kept
 */
int block_open(int device, uint64_t id)
{
	__u64 arg = id;
	int fd = ioctl(device, KVM_HPET_OPEN_BLOCK, &arg);

	if (fd >= 0)
		return fd;
	if (errno == ENOENT)
		return fail("there is no block %llu", (unsigned long long)id);
	if (errno == EPERM)
		return fail("block %llu belongs to another user", (unsigned long long)id);
	return fail("cannot open block %llu: %m", (unsigned long long)id);
}

static int failed(const char *what)
{
	if (errno == ENODEV)
		return fail("the block has gone meanwhile");
	return fail("cannot %s: %m", what);
}

/**
 * block_get_config() - how a block was created
 * @block: its descriptor
 * @config: filled in
 *
 * Return: 0, or -1 after fail(), with errno kept
 */
int block_get_config(int block, struct kvm_hpet_config *config)
{
	*config = (struct kvm_hpet_config){ .size = sizeof(*config) };
	return ioctl(block, KVM_HPET_GET_CONFIG, config) ?
		failed("read the block's configuration") : 0;
}

/**
 * block_get_state() - the registers and more
 * @block: its descriptor
 * @state: filled in
 *
 * Return: 0, or -1 after fail(), with errno kept
 */
int block_get_state(int block, struct kvm_hpet_state *state)
{
	*state = (struct kvm_hpet_state){ .size = sizeof(*state) };
	return ioctl(block, KVM_HPET_GET_STATE, state) ? failed("read the block's state") : 0;
}

/**
 * block_get_source() - all there is of a tick source but policy and statistics
 * @block: its descriptor
 * @config: how it was created, filled in
 * @state: filled in
 *
 * Return: 0, or -1 after fail(), with errno kept
 */
int block_get_source(int block, struct kvm_hpet_tick_source_config *config,
		     struct kvm_hpet_tick_source_state *state)
{
	*config = (struct kvm_hpet_tick_source_config){ .size = sizeof(*config) };
	*state = (struct kvm_hpet_tick_source_state){ .size = sizeof(*state) };
	return ioctl(block, KVM_HPET_GET_CONFIG, config) || ioctl(block, KVM_HPET_GET_STATE, state) ?
		failed("read the tick source") : 0;
}

/**
 * block_set_state() - replace the whole state
 * @block: its descriptor
 * @state: the new one
 *
 * Return: 0, or -1 after fail(), with errno kept
 */
int block_set_state(int block, const struct kvm_hpet_state *state)
{
	if (!ioctl(block, KVM_HPET_SET_STATE, state))
		return 0;
	if (errno == EINVAL)
		return fail("the in-kernel HPET does not take this state (invalid)");
	return failed("set the block's state");
}

/**
 * block_get_stats() - what became of the ticks
 * @block: its descriptor
 * @stats: filled in
 *
 * Return: 0, or -1 after fail(), with errno kept
 */
int block_get_stats(int block, struct kvm_hpet_stats *stats)
{
	*stats = (struct kvm_hpet_stats){ .size = sizeof(*stats) };
	return ioctl(block, KVM_HPET_GET_STATS, stats) ?
		failed("read the block's statistics") : 0;
}

/**
 * block_get_policy() - the lost-tick policy of a timer
 * @block: its descriptor
 * @timer: number of the timer
 * @policy: filled in
 *
 * Return: 0, or -1 after fail(), with errno kept
 */
int block_get_policy(int block, unsigned int timer, struct kvm_hpet_tick_policy *policy)
{
	*policy = (struct kvm_hpet_tick_policy){ .size = sizeof(*policy), .timers = 1U << timer };
	if (!ioctl(block, KVM_HPET_GET_TICK_POLICY, policy))
		return 0;
	if (errno == ENXIO)
		return fail("the block has no timer %u", timer);
	return failed("read the lost-tick policy");
}

/**
 * block_set_policy() - change the lost-tick policy
 * @block: its descriptor
 * @policy: which timers, and the whole new policy
 *
 * Return: 0, or -1 after fail(), with errno kept
 */
int block_set_policy(int block, const struct kvm_hpet_tick_policy *policy)
{
	if (!ioctl(block, KVM_HPET_SET_TICK_POLICY, policy))
		return 0;
	if (errno == EOPNOTSUPP)
		return fail("this build of the kernel module only has the policy none (KVM_HPET_LOST_TICKS=n)");
	return failed("set the lost-tick policy");
}

/**
 * block_control() - KVM_HPET_PAUSE, KVM_HPET_RESUME or KVM_HPET_RESET
 * @block: its descriptor
 * @request: which; pausing what is paused and resuming what runs is no error
 *
 * Return: 0, or -1 after fail()
 */
int block_control(int block, unsigned long request)
{
	if (!ioctl(block, request, 0) || errno == EALREADY)
		return 0;
	return failed(request == KVM_HPET_PAUSE ? "pause the in-kernel HPET" :
		      request == KVM_HPET_RESUME ? "resume the in-kernel HPET" :
		      "reset the in-kernel HPET");
}

/**
 * state_in_use() - whether a guest would miss this HPET
 * @state: its state
 *
 * Return: true if its counter runs or an interrupt is enabled
 */
bool state_in_use(const struct kvm_hpet_state *state)
{
	if (state->config & HPET_ENABLE_CNF)
		return true;
	for (unsigned int i = 0; i < state->num_timers && i < KVM_HPET_MAX_TIMERS; i++)
		if (state->timer[i].config & HPET_TN_INT_ENB)
			return true;
	return false;
}

/**
 * state_touched() - whether a guest has touched this HPET since its reset
 * @state: its state
 *
 * Return: true if so
 */
bool state_touched(const struct kvm_hpet_state *state)
{
	if (state->config || state->status || state->counter)
		return true;
	for (unsigned int i = 0; i < state->num_timers && i < KVM_HPET_MAX_TIMERS; i++) {
		const struct kvm_hpet_timer_state *timer = &state->timer[i];
		uint64_t reset = timer->config & HPET_TN_SIZE_CAP ? UINT64_MAX : UINT32_MAX;

		if ((timer->config & HPET_TN_WRITABLE) || timer->comparator != reset)
			return true;
	}
	return false;
}

/**
 * all_timers() - bit mask of the timers a block has
 * @config: of the block
 *
 * Return: the mask
 */
uint32_t all_timers(const struct kvm_hpet_config *config)
{
	return config->num_timers < 32 ? (1U << config->num_timers) - 1 : ~0U;
}
