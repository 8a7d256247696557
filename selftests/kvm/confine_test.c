// SPDX-License-Identifier: GPL-2.0
/*
 * What a block takes is its VMM's: its memory is accounted to the VMM's cgroup, and
 * so is its worker. What leaves the kernel is what it is said to be: no byte that
 * was not meant, no address of the kernel's, and none written beyond what the
 * caller has room for.
 */
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "hpet_test.h"

#define CGROUPS		"/sys/fs/cgroup"
#define GROUP		CGROUPS "/confine"
#define VMS		4
#define BLOCKS		KVM_HPET_MAX_BLOCKS
/* struct kvm_hpet alone, with 32 timers, is more. */
#define LEAST_BYTES	(16 * 1024)

static void file_write(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	if (!f || fputs(text, f) < 0 || fclose(f))
		die("%s: %s", path, strerror(errno));
}

static bool has_memory_cgroup(void)
{
	FILE *f = fopen(CGROUPS "/cgroup.controllers", "r");
	char name[32];
	bool found = false;

	while (f && !found && fscanf(f, "%31s", name) == 1)
		found = !strcmp(name, "memory");
	if (f)
		fclose(f);
	return found;
}

static int64_t memory_current(void)
{
	FILE *f = fopen(GROUP "/memory.current", "r");
	long long bytes = -1;

	if (!f || fscanf(f, "%lld", &bytes) != 1)
		die(GROUP "/memory.current: %s", strerror(errno));
	fclose(f);
	return bytes;
}

static struct kvm_hpet_config large_config(struct machine *m)
{
	struct kvm_hpet_config config = m->config;
	int i;

	config.num_timers = KVM_HPET_MAX_TIMERS;
	for (i = 0; i < KVM_HPET_MAX_TIMERS; i++)
		config.timer[i] = m->config.timer[i % NUM_TIMERS];
	return config;
}

/* ---- what it takes ---- */

static int blocks_make(struct machine **m, int *fds)
{
	int dev = hpet_device();
	int i, n = 0;

	for (i = 0; i < VMS * BLOCKS; i++) {
		struct kvm_hpet_config config = large_config(m[i / BLOCKS]);

		config.base = BASE + 0x1000 * (i % BLOCKS);
		fds[i] = hpet_ioctl(dev, KVM_HPET_CREATE, &config);
		n += fds[i] >= 0;
	}
	close(dev);
	return n;
}

static void test_memory(void)
{
	struct machine *m[VMS];
	int64_t before, with, after;
	int fds[VMS * BLOCKS];
	int i;

	if (!has_memory_cgroup()) {
		skip("this host has no memory cgroup");
		return;
	}
	file_write(CGROUPS "/cgroup.subtree_control", "+memory");
	if (mkdir(GROUP, 0755) && errno != EEXIST)
		die(GROUP ": %s", strerror(errno));
	file_write(GROUP "/cgroup.procs", "0");
	for (i = 0; i < VMS; i++)
		m[i] = machine_new();
	before = memory_current();
	ok_eq(blocks_make(m, fds), VMS * BLOCKS, "%d blocks of 32 timers",
	      VMS * BLOCKS);
	with = memory_current();
	ok_in(with - before, VMS * BLOCKS * LEAST_BYTES, 64 << 20,
	      "the VMM's cgroup is charged for their memory");
	ok_eq(count_workers("/confine"), VMS * BLOCKS,
	      "their workers are in the VMM's cgroup");
	for (i = 0; i < VMS * BLOCKS; i++)
		close(fds[i]);
	/* What is freed by RCU, and what CPUs keep in stock. */
	sleep_ms(500);
	after = memory_current();
	ok(after - before < (with - before) / 2, "and no longer once they are gone");
	note("memory.current: %lld KiB, %lld KiB with them, %lld KiB afterwards: %lld bytes a block",
	     (long long)before / 1024, (long long)with / 1024,
	     (long long)after / 1024,
	     (long long)(with - before) / (VMS * BLOCKS));
	for (i = 0; i < VMS; i++)
		machine_free(m[i]);
	file_write(CGROUPS "/cgroup.procs", "0");
	rmdir(GROUP);
}

static void test_many(void)
{
	struct machine *m = machine_new();
	int fds[BLOCKS], dev = hpet_device();
	struct kvm_hpet_config config;
	int i;

	for (i = 0; i < BLOCKS; i++) {
		config = m->config;
		config.base = BASE + 0x1000 * i;
		fds[i] = hpet_ioctl(dev, KVM_HPET_CREATE, &config);
		if (fds[i] < 0)
			die("block %d: %s", i, strerror(-fds[i]));
	}
	config.base = BASE + 0x1000 * i;
	ok_eq(-hpet_ioctl(dev, KVM_HPET_CREATE, &config), ENOSPC,
	      "a VM has at most %d blocks", BLOCKS);
	close(fds[3]);
	fds[3] = hpet_ioctl(dev, KVM_HPET_CREATE, &config);
	ok(fds[3] >= 0, "one less, and there is room for another");
	for (i = 0; i < BLOCKS; i++)
		close(fds[i]);
	close(dev);
	machine_free(m);
}

/* ---- what it tells ---- */

/* Where Linux for x86 has its memory; the last 16 MiB are small negative numbers. */
static bool is_kernel_address(uint64_t v)
{
	return v >= 0xff00000000000000ULL && v < 0xffffffffff000000ULL;
}

/*
 * The answer to a call has the same bytes whatever stood in the caller's memory
 * before, and none follows. What is @in goes in.
 */
static void test_answer(int fd, unsigned long cmd, const void *in, size_t in_size,
			size_t size, void *answer, const char *name)
{
	static unsigned char a[16384], b[16384];
	unsigned int i, same = 0, addresses = 0;

	memset(a, 0xa5, sizeof(a));
	memset(b, 0x5a, sizeof(b));
	memcpy(a, in, in_size);
	memcpy(b, in, in_size);
	*(uint32_t *)a = *(uint32_t *)b = size;
	ok_eq(-hpet_ioctl(fd, cmd, a), 0, "%s", name);
	ok_eq(-hpet_ioctl(fd, cmd, b), 0, "%s: again", name);
	ok(!memcmp(a, b, size), "%s: says the same of the same", name);
	for (i = size; i < sizeof(a); i++)
		same += a[i] == 0xa5 && b[i] == 0x5a;
	ok_eq(same, sizeof(a) - size, "%s: nothing is written beyond it", name);
	for (i = 0; i + 8 <= size; i += 8) {
		uint64_t v;

		memcpy(&v, a + i, sizeof(v));
		addresses += is_kernel_address(v);
	}
	ok_eq(addresses, 0, "%s: no address of the kernel's", name);
	memcpy(answer, a, size);
}

static bool all_zero(const void *data, size_t size)
{
	const unsigned char *p = data;

	while (size--)
		if (*p++)
			return false;
	return true;
}

static void test_answers(void)
{
	struct kvm_hpet_block_info info = { .size = sizeof(info) };
	struct kvm_hpet_tick_policy policy = policy_default(1 << 1);
	struct machine *m = machine_with_block();
	struct kvm_hpet_config config;
	struct kvm_hpet_state state;
	struct kvm_hpet_stats stats;
	int dev = hpet_device();

	/* So that two calls, one after the other, see the same. */
	ok_eq(-hpet_ioctl(m->hpet, KVM_HPET_PAUSE, NULL), 0, "pause");
	test_answer(m->hpet, KVM_HPET_GET_CONFIG, &config, 0, sizeof(config),
		    &config, "get config");
	ok(all_zero(&config.timer[NUM_TIMERS], sizeof(config) -
		    offsetof(struct kvm_hpet_config, timer[NUM_TIMERS])),
	   "get config: timers that are not there are 0");
	ok(config.vm_fd == -1 && config.legacy_eventfd == -1,
	   "get config: no descriptors");
	test_answer(m->hpet, KVM_HPET_GET_STATE, &state, 0, sizeof(state),
		    &state, "get state");
	ok(all_zero(&state.timer[NUM_TIMERS], sizeof(state) -
		    offsetof(struct kvm_hpet_state, timer[NUM_TIMERS])),
	   "get state: timers that are not there are 0");
	test_answer(m->hpet, KVM_HPET_GET_STATS, &stats, 0, sizeof(stats),
		    &stats, "get stats");
	ok(all_zero(&stats.timer[NUM_TIMERS], sizeof(stats) -
		    offsetof(struct kvm_hpet_stats, timer[NUM_TIMERS])),
	   "get stats: timers that are not there are 0, and nothing was limited");
	test_answer(m->hpet, KVM_HPET_GET_TICK_POLICY, &policy, sizeof(policy),
		    sizeof(policy), &policy, "get policy");
	ok_eq(policy.reserved, 0, "get policy: what is reserved is 0");
	test_answer(dev, KVM_HPET_NEXT_BLOCK, &info, sizeof(info), sizeof(info),
		    &info, "next block");
	ok_eq(info.reserved, 0, "next block: what is reserved is 0");
	close(dev);
	machine_free(m);
}

/* What a guest reads: registers that there are, 0 where there are none. */
static void test_registers(void)
{
	struct machine *m = machine_with_block();
	unsigned int addresses = 0, odd = 0, reg;

	for (reg = 0; reg < 0x400; reg += 4) {
		bool defined = reg < 8 || (reg & ~7U) == REG_CONFIG ||
			(reg >= REG_TIMER(0) && reg < REG_TIMER(NUM_TIMERS) &&
			 (reg & 0x1f) < 0x18);

		odd += !defined && guest_read(m, reg, 4);
		odd += guest_read(m, reg, 2) || guest_read(m, reg, 1);
		if (reg % 8 == 0)
			addresses += is_kernel_address(guest_read(m, reg, 8));
	}
	ok_eq(odd, 0, "registers that are none, and accesses that are none, read 0");
	ok_eq(addresses, 0, "no address of the kernel's in a register");
	machine_free(m);
}

int main(void)
{
	plan_test("what a block takes is its VMM's, and it tells no more than it should");
	test_many();
	test_answers();
	test_registers();
	test_memory();
	done();
}
