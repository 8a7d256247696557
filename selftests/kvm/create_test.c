// SPDX-License-Identifier: GPL-2.0
/*
 * Every ioctl takes what its documentation allows, refuses everything else with
 * the very errno that stands there, and a refused call has changed nothing: the
 * list of blocks, configuration, state, policy and statistics are the same
 * before and after.
 */
#include <grp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "hpet_test.h"

#define CLOSED_FD	777

static int dev;

/* A value to put into a structure before a call. */
struct poke {
	size_t offset;
	size_t size;
	uint64_t value;
};

#define POKE(type, field, v) \
	{ offsetof(type, field), sizeof(((type *)0)->field), (uint64_t)(v) }

struct poke_case {
	const char *name;
	int error;	/* 0: is taken */
	struct poke poke[4];
};

static void poke(void *object, const struct poke_case *c)
{
	const struct poke *p;

	for (p = c->poke; p < c->poke + ARRAY_SIZE(c->poke); p++)
		memcpy((char *)object + p->offset, &p->value, p->size);
}

#define CFG(field, v)	POKE(struct kvm_hpet_config, field, v)

/* On the block of default_config(). */
static const struct poke_case config_cases[] = {
	{ "default", 0, {} },
	{ "size 0", EINVAL, { CFG(size, 0) } },
	{ "size one too small", EINVAL,
	  { CFG(size, sizeof(struct kvm_hpet_config) - 1) } },
	{ "flags: first unknown", EINVAL, { CFG(flags, 1 << 3 | 3) } },
	{ "flags: last unknown", EINVAL, { CFG(flags, 1U << 31 | 3) } },
	{ "vm_fd -1", EBADF, { CFG(vm_fd, -1) } },
	{ "vm_fd closed", EBADF, { CFG(vm_fd, CLOSED_FD) } },
	{ "legacy_eventfd without its flag", EINVAL, { CFG(legacy_eventfd, 0) } },
	{ "legacy_eventfd -2 without its flag", EINVAL,
	  { CFG(legacy_eventfd, -2) } },
	{ "legacy_eventfd -1 with its flag", EBADF,
	  { CFG(flags, KVM_HPET_F_ALL) } },
	{ "legacy_eventfd closed", EBADF,
	  { CFG(flags, KVM_HPET_F_ALL), CFG(legacy_eventfd, CLOSED_FD) } },
	{ "base + 1", EINVAL, { CFG(base, BASE + 1) } },
	{ "base + 0x200", EINVAL, { CFG(base, BASE + 0x200) } },
	{ "base + 0x400", 0, { CFG(base, BASE + 0x400) } },
	{ "base above 4 GiB", 0, { CFG(base, 1ULL << 33) } },
	{ "period 0", EINVAL, { CFG(period_fs, 0) } },
	{ "period below the minimum", EINVAL,
	  { CFG(period_fs, KVM_HPET_MIN_PERIOD_FS - 1) } },
	{ "period at the minimum", 0, { CFG(period_fs, KVM_HPET_MIN_PERIOD_FS) } },
	{ "period at the maximum", 0, { CFG(period_fs, KVM_HPET_MAX_PERIOD_FS) } },
	{ "period above the maximum", EINVAL,
	  { CFG(period_fs, KVM_HPET_MAX_PERIOD_FS + 1) } },
	{ "period ~0", EINVAL, { CFG(period_fs, ~0U) } },
	{ "vendor 0", 0, { CFG(vendor_id, 0) } },
	{ "revision 0", EINVAL, { CFG(rev_id, 0) } },
	{ "revision 255", 0, { CFG(rev_id, 255) } },
	{ "0 timers", EINVAL, { CFG(num_timers, 0) } },
	{ "2 timers", EINVAL, { CFG(num_timers, 2) } },
	{ "3 timers, the fourth not 0", EINVAL, { CFG(num_timers, 3) } },
	{ "3 timers", 0, { CFG(num_timers, 3), CFG(timer[3], 0) } },
	{ "5 timers, the fifth without a way to interrupt", EINVAL,
	  { CFG(num_timers, 5) } },
	{ "33 timers", EINVAL, { CFG(num_timers, 33) } },
	{ "255 timers", EINVAL, { CFG(num_timers, 255) } },
	{ "a timer from num_timers on: flags", EINVAL,
	  { CFG(timer[4].flags, KVM_HPET_TIMER_PERIODIC) } },
	{ "a timer from num_timers on: routes", EINVAL,
	  { CFG(timer[4].route_cap, 1) } },
	{ "the last timer from num_timers on: routes", EINVAL,
	  { CFG(timer[31].route_cap, 1 << 4) } },
	{ "timer flags: first unknown", EINVAL, { CFG(timer[0].flags, 1 << 3 | 1) } },
	{ "timer flags: last unknown", EINVAL,
	  { CFG(timer[3].flags, 1U << 31 | 2) } },
	{ "64-bit timers, 32-bit counter", EINVAL,
	  { CFG(flags, KVM_HPET_F_LEGACY_CAP) } },
	{ "32-bit timers, 32-bit counter", 0,
	  { CFG(flags, KVM_HPET_F_LEGACY_CAP), CFG(timer[0].flags, 1),
	    CFG(timer[1].flags, 1), CFG(timer[3].flags, 0) } },
	{ "route 24", EINVAL, { CFG(timer[2].route_cap, 1 << 24) } },
	{ "route 31", EINVAL, { CFG(timer[0].route_cap, 1U << 31) } },
	{ "timers 0 and 1 without routes", 0,
	  { CFG(timer[0].route_cap, 0), CFG(timer[1].route_cap, 0) } },
	{ "timer 0 without routes and legacy mode", EINVAL,
	  { CFG(timer[0].route_cap, 0), CFG(flags, KVM_HPET_F_COUNTER_64) } },
	{ "timer 1 without routes and legacy mode", EINVAL,
	  { CFG(timer[1].route_cap, 0), CFG(flags, KVM_HPET_F_COUNTER_64) } },
	{ "timer 2 without routes and FSB", EINVAL, { CFG(timer[2].route_cap, 0) } },
	{ "timer 3 with FSB, without routes", 0, { CFG(timer[3].route_cap, 0) } },
	{ "no periodic timer", EINVAL,
	  { CFG(timer[0].flags, KVM_HPET_TIMER_64),
	    CFG(timer[1].flags, KVM_HPET_TIMER_64), CFG(timer[2].flags, 0) } },
	{ "only the third timer periodic", 0,
	  { CFG(timer[0].flags, KVM_HPET_TIMER_64),
	    CFG(timer[1].flags, KVM_HPET_TIMER_64) } },
};

static int count_blocks(void)
{
	struct kvm_hpet_block_info info = { .size = sizeof(info) };
	int n = 0;

	while (!hpet_ioctl(dev, KVM_HPET_NEXT_BLOCK, &info))
		n++;
	return n;
}

/* The next descriptor that will be given out: none was left open. */
static int next_fd(void)
{
	int fd = dup(0);

	close(fd);
	return fd;
}

static void ok_errno(int got, int want, const char *what, const char *name)
{
	ok(got == want, "%s: %s: %s", what, name, want ? strerror(-want) : "taken");
	if (got != want)
		note("got %d (%s), expected %d", got,
		     got < 0 ? strerror(-got) : "taken", want);
}

/* A refused creation leaves neither a block nor a descriptor. */
static void ok_refused(struct kvm_hpet_config *config, int error,
		       const char *name)
{
	int blocks = count_blocks(), fd = next_fd();
	int got = hpet_ioctl(dev, KVM_HPET_CREATE, config);

	ok_errno(got, -error, "create", name);
	if (got >= 0)
		close(got);
	else if (count_blocks() != blocks || next_fd() != fd)
		ok(false, "create: %s: something was left behind", name);
}

static void test_device(void)
{
	struct kvm_hpet_block_info info = { .size = sizeof(info) };
	uint64_t id = 1;

	ok_errno(hpet_ioctl(dev, KVM_HPET_GET_API_VERSION, NULL),
		 KVM_HPET_API_VERSION, "version", "is that of the header");
	ok_errno(hpet_ioctl(dev, KVM_HPET_GET_API_VERSION, (void *)1), -EINVAL,
		 "version", "argument not 0");
	ok_errno(hpet_ioctl(dev, KVM_HPET_NEXT_BLOCK, &info), -ENOENT,
		 "next block", "there is none");
	ok_errno(hpet_ioctl(dev, KVM_HPET_OPEN_BLOCK, &id), -ENOENT,
		 "open block", "there is none");
	ok_errno(hpet_ioctl(dev, _IO(KVM_HPET_IOC, 0x0f), NULL), -ENOTTY,
		 "device", "unknown ioctl");
	ok_errno(hpet_ioctl(dev, _IO(KVM_HPET_IOC, 0xff), NULL), -ENOTTY,
		 "device", "another unknown ioctl");
	ok_errno(hpet_ioctl(dev, KVM_HPET_GET_STATS, &info), -ENOTTY,
		 "device", "an ioctl of blocks");
}

static void test_create_fields(struct machine *m)
{
	const struct poke_case *c;

	for (c = config_cases; c < config_cases + ARRAY_SIZE(config_cases); c++) {
		struct kvm_hpet_config config = m->config;
		int fd;

		poke(&config, c);
		if (c->error) {
			ok_refused(&config, c->error, c->name);
			continue;
		}
		fd = hpet_ioctl(dev, KVM_HPET_CREATE, &config);
		ok_errno(fd < 0 ? fd : 0, 0, "create", c->name);
		if (fd >= 0) {
			struct kvm_hpet_config got = { .size = sizeof(got) };

			hpet_ioctl(fd, KVM_HPET_GET_CONFIG, &got);
			config.vm_fd = -1;
			ok(!memcmp(&config, &got, sizeof(got)),
			   "create: %s: the configuration reads back", c->name);
			close(fd);
		}
	}
	ok_eq(count_blocks(), 0, "create: all blocks went with their descriptors");
}

static void test_create_32_timers(struct machine *m)
{
	struct kvm_hpet_config config = m->config;
	struct kvm_hpet_stats stats = { .size = sizeof(stats) };
	struct kvm_hpet_state state = { .size = sizeof(state) };
	int i, fd;

	config.num_timers = 32;
	for (i = 0; i < 32; i++)
		config.timer[i] = config.timer[i % 3];
	fd = hpet_ioctl(dev, KVM_HPET_CREATE, &config);
	ok_errno(fd < 0 ? fd : 0, 0, "create", "32 timers");
	hpet_ioctl(fd, KVM_HPET_GET_STATS, &stats);
	hpet_ioctl(fd, KVM_HPET_GET_STATE, &state);
	ok_eq(stats.num_timers, 32, "32 timers in the statistics");
	ok_eq(state.num_timers, 32, "32 timers in the state");
	ok_eq(state.timer[31].comparator, ~0ULL, "timer 31 is there");
	close(fd);
}

/* Growing structures: what is unknown may be there as long as it is 0. */
static void test_create_size(struct machine *m)
{
	struct {
		struct kvm_hpet_config config;
		char tail[256];
	} big = { .config = m->config };
	int fd;

	big.config.size = sizeof(big);
	fd = hpet_ioctl(dev, KVM_HPET_CREATE, &big);
	ok_errno(fd < 0 ? fd : 0, 0, "create", "larger, the rest 0");
	close(fd);
	big.config.size = sizeof(big.config) + 1;
	fd = hpet_ioctl(dev, KVM_HPET_CREATE, &big);
	ok_errno(fd < 0 ? fd : 0, 0, "create", "larger by 1, the rest 0");
	close(fd);
	big.config.size = sizeof(big);
	big.tail[sizeof(big.tail) - 1] = 1;
	ok_refused(&big.config, E2BIG, "larger, the last byte not 0");
	big.tail[sizeof(big.tail) - 1] = 0;
	big.tail[0] = 0x80;
	ok_refused(&big.config, E2BIG, "larger, the first byte not 0");
}

/* Where the readable part of a page ends @good bytes behind the pointer. */
static void *page_end(size_t good)
{
	static char *pages;
	size_t page = getpagesize();

	if (!pages) {
		pages = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		munmap(pages + page, page);
	}
	return pages + page - good;
}

static void test_create_descriptors(struct machine *m)
{
	struct kvm_hpet_config config = m->config;
	struct kvm_hpet_config *cut;
	int event = eventfd(0, 0), null = open("/dev/null", O_RDWR);
	int block, fd;
	static const char * const names[] = {
		"vm_fd is an eventfd", "vm_fd is /dev/null", "vm_fd is /dev/kvm",
		"vm_fd is a vCPU", "vm_fd is /dev/kvm_hpet", "vm_fd is a block",
	};

	block = hpet_ioctl(dev, KVM_HPET_CREATE, &config);
	{
		const int wrong[] = { event, null, m->vm->kvm_fd, m->vcpu->fd,
				      dev, block };
		size_t i;

		for (i = 0; i < ARRAY_SIZE(wrong); i++) {
			config.vm_fd = wrong[i];
			config.base = BASE + 0x1000;
			ok_refused(&config, EBADFD, names[i]);
		}
	}
	ok(fcntl(block, F_GETFD) & FD_CLOEXEC, "create: O_CLOEXEC is set");

	config = m->config;
	ok_refused(&config, EEXIST, "a block at the same address");
	config.base = 0xfec00000;
	ok_refused(&config, EEXIST, "the I/O APIC's address");
	close(block);

	config = m->config;
	config.flags |= KVM_HPET_F_LEGACY_EVENTFD;
	config.legacy_eventfd = null;
	ok_refused(&config, EINVAL, "legacy_eventfd is /dev/null");
	config.legacy_eventfd = m->vm->fd;
	ok_refused(&config, EINVAL, "legacy_eventfd is a VM");
	config.legacy_eventfd = event;
	fd = hpet_ioctl(dev, KVM_HPET_CREATE, &config);
	ok_errno(fd < 0 ? fd : 0, 0, "create", "legacy_eventfd is an eventfd");
	close(fd);

	ok_errno(hpet_ioctl(dev, KVM_HPET_CREATE, NULL), -EFAULT, "create",
		 "no structure");
	cut = page_end(sizeof(uint32_t));
	cut->size = sizeof(*cut);
	ok_errno(hpet_ioctl(dev, KVM_HPET_CREATE, cut), -EFAULT, "create",
		 "only the size can be read");
	cut = page_end(sizeof(*cut));
	*cut = m->config;
	fd = hpet_ioctl(dev, KVM_HPET_CREATE, cut);
	ok_errno(fd < 0 ? fd : 0, 0, "create", "up to the end of a page");
	close(fd);
	cut->size = sizeof(*cut) + 8;
	ok_errno(hpet_ioctl(dev, KVM_HPET_CREATE, cut), -EFAULT, "create",
		 "larger, and what is more can't be read");
	close(event);
	close(null);
}

static void test_create_resources(struct machine *m)
{
	struct kvm_hpet_config config = m->config;
	struct rlimit old, limit;
	unsigned int i;
	struct kvm_vm *vm;

	getrlimit(RLIMIT_NOFILE, &old);
	limit = old;
	limit.rlim_cur = next_fd();
	setrlimit(RLIMIT_NOFILE, &limit);
	ok_errno(hpet_ioctl(dev, KVM_HPET_CREATE, &config), -EMFILE, "create",
		 "no descriptor left");
	setrlimit(RLIMIT_NOFILE, &old);
	ok_eq(count_blocks(), 0, "... and no block left behind");

	/* A coalesced zone is a device on the bus, and cheap. */
	for (i = 0; i < 2000; i++) {
		struct kvm_coalesced_mmio_zone zone = {
			.addr = 0xd0000000 + i * 0x1000,
			.size = 8,
		};

		if (__vm_ioctl(m->vm, KVM_REGISTER_COALESCED_MMIO, &zone))
			break;
	}
	ok(i < 2000 && errno == ENOSPC, "the bus is full after %u devices", i);
	ok_refused(&config, ENOSPC, "the bus is full");
	for (i = 0; i < 2000; i++) {
		struct kvm_coalesced_mmio_zone zone = {
			.addr = 0xd0000000 + i * 0x1000,
			.size = 8,
		};

		__vm_ioctl(m->vm, KVM_UNREGISTER_COALESCED_MMIO, &zone);
	}

	vm = vm_create_barebones();
	config.vm_fd = vm->fd;
	ok_refused(&config, ENXIO, "no in-kernel irqchip");
	kvm_vm_free(vm);

	vm = vm_create_barebones();
	vm_enable_cap(vm, KVM_CAP_SPLIT_IRQCHIP, 24);
	config.vm_fd = vm->fd;
	ok_refused(&config, ENXIO, "only the local APICs in the kernel");
	kvm_vm_free(vm);
}

/* ---- a block: everything that may be refused, on one that stands ---- */

struct snapshot {
	struct kvm_hpet_config config;
	struct kvm_hpet_state state;
	struct kvm_hpet_tick_policy policy[NUM_TIMERS];
	struct kvm_hpet_stats stats;
};

static void snapshot_take(int fd, struct snapshot *s)
{
	int i;

	memset(s, 0, sizeof(*s));
	s->config.size = sizeof(s->config);
	s->state.size = sizeof(s->state);
	if (hpet_ioctl(fd, KVM_HPET_GET_CONFIG, &s->config) ||
	    hpet_ioctl(fd, KVM_HPET_GET_STATE, &s->state))
		die("the block cannot be read");
	for (i = 0; i < NUM_TIMERS; i++)
		s->policy[i] = policy_get(fd, i);
	stats_get_fd(fd, &s->stats);
}

static void ok_call(int fd, unsigned long cmd, void *arg, int error,
		    const char *what, const char *name)
{
	struct snapshot before, after;
	int got;

	snapshot_take(fd, &before);
	got = hpet_ioctl(fd, cmd, arg);
	snapshot_take(fd, &after);
	ok_errno(got, -error, what, name);
	if (error && memcmp(&before, &after, sizeof(before)))
		ok(false, "%s: %s: the refused call changed something", what, name);
}

/*
 * For a structure of any kind: what the size rule says. @first is its size as it
 * was first published.
 */
static void test_grown_size_rule(int fd, unsigned long cmd, const void *good,
				 uint32_t size, uint32_t first, const char *what)
{
	union {
		uint32_t size;
		char bytes[16384];
	} b;

	memset(&b, 0, sizeof(b));
	memcpy(&b, good, size);
	b.size = first - 1;
	ok_call(fd, cmd, &b, EINVAL, what, "size one too small");
	b.size = 0;
	ok_call(fd, cmd, &b, EINVAL, what, "size 0");
	b.size = size + 64;
	ok_call(fd, cmd, &b, 0, what, "larger, the rest 0");
	memcpy(&b, good, size);
	b.size = size + 64;
	b.bytes[size + 63] = 1;
	ok_call(fd, cmd, &b, E2BIG, what, "larger, the rest not 0");
	ok_call(fd, cmd, NULL, EFAULT, what, "no structure");
	*(uint32_t *)page_end(sizeof(uint32_t)) = size;
	ok_call(fd, cmd, page_end(sizeof(uint32_t)), EFAULT, what,
		"only the size can be read");
	b.size = size;
	b.bytes[size + 63] = 0;
	ok_call(fd, cmd, &b, 0, what, "its own size");
	if (first == size)
		return;
	memset(b.bytes + first, 0x5a, size - first);
	b.size = first;
	ok_call(fd, cmd, &b, 0, what, "its first size");
	ok(b.size == first && b.bytes[first] == 0x5a &&
	   b.bytes[size - 1] == 0x5a, "%s: its first size: no more is written",
	   what);
}

static void test_size_rule(int fd, unsigned long cmd, const void *good,
			   uint32_t size, const char *what)
{
	test_grown_size_rule(fd, cmd, good, size, size, what);
}

#define POL(field, v)	POKE(struct kvm_hpet_tick_policy, field, v)

/* On { all four timers, slew, rate 10, ramp 1, 5 s }. */
static const struct poke_case policy_cases[] = {
	{ "no timer", EINVAL, { POL(timers, 0) } },
	{ "a timer that is not there", ENXIO, { POL(timers, 1 << 4) } },
	{ "one that is and one that is not", ENXIO, { POL(timers, 1 << 4 | 1) } },
	{ "the last possible timer", ENXIO, { POL(timers, 1U << 31) } },
	{ "policy 4", EINVAL, { POL(policy, 4) } },
	{ "policy ~0", EINVAL, { POL(policy, ~0U) } },
	{ "max_rate 0", EINVAL, { POL(max_rate, 0) } },
	{ "max_rate above its limit", EINVAL,
	  { POL(max_rate, KVM_HPET_MAX_RATE + 1) } },
	{ "max_rate ~0", EINVAL, { POL(max_rate, ~0U) } },
	{ "ramp above its limit", EINVAL, { POL(ramp, KVM_HPET_MAX_RATE + 1) } },
	{ "reserved", EINVAL, { POL(reserved, 1) } },
	{ "max_backlog_ns above its limit", EINVAL,
	  { POL(max_backlog_ns, KVM_HPET_MAX_BACKLOG_NS + 1) } },
	{ "max_backlog_ns ~0", EINVAL, { POL(max_backlog_ns, ~0ULL) } },
	{ "discard", 0, { POL(policy, KVM_HPET_TICKS_DISCARD) } },
	{ "delay", 0, { POL(policy, KVM_HPET_TICKS_DELAY) } },
	{ "merge", 0, { POL(policy, KVM_HPET_TICKS_MERGE) } },
	{ "slew", 0, { POL(policy, KVM_HPET_TICKS_SLEW) } },
	{ "max_rate 1", 0, { POL(max_rate, 1) } },
	{ "max_rate at its limit", 0, { POL(max_rate, KVM_HPET_MAX_RATE) } },
	{ "ramp 0", 0, { POL(ramp, 0) } },
	{ "ramp at its limit", 0, { POL(ramp, KVM_HPET_MAX_RATE) } },
	{ "max_backlog_ns 0", 0, { POL(max_backlog_ns, 0) } },
	{ "max_backlog_ns at its limit", 0,
	  { POL(max_backlog_ns, KVM_HPET_MAX_BACKLOG_NS) } },
	{ "one timer of the four", 0, { POL(timers, 1 << 2) } },
};

static void test_policy(struct machine *m)
{
	struct kvm_hpet_tick_policy p, got, all = policy_default(0xf);
	const struct poke_case *c;
	int i;

	for (i = 0; i < NUM_TIMERS; i++) {
		p = policy_default(1 << i);
		got = policy_get(m->hpet, i);
		ok(!memcmp(&p, &got, sizeof(p)),
		   "policy: timer %d starts with discard, 10, 1, 5 s", i);
	}
	p.timers = 0;
	ok_call(m->hpet, KVM_HPET_GET_TICK_POLICY, &p, EINVAL, "get policy",
		"no timer");
	p.timers = 3;
	ok_call(m->hpet, KVM_HPET_GET_TICK_POLICY, &p, EINVAL, "get policy",
		"two timers");
	p.timers = 1 << NUM_TIMERS;
	ok_call(m->hpet, KVM_HPET_GET_TICK_POLICY, &p, ENXIO, "get policy",
		"a timer that is not there");

	all.policy = KVM_HPET_TICKS_SLEW;
	p = all;
	if (hpet_ioctl(m->hpet, KVM_HPET_SET_TICK_POLICY, &p) == -EOPNOTSUPP) {
		skip("policy: this build has none");
		return;
	}
	for (c = policy_cases; c < policy_cases + ARRAY_SIZE(policy_cases); c++) {
		p = all;
		hpet_ioctl(m->hpet, KVM_HPET_SET_TICK_POLICY, &p);
		p = all;
		poke(&p, c);
		ok_call(m->hpet, KVM_HPET_SET_TICK_POLICY, &p, c->error,
			"set policy", c->name);
		if (c->error)
			continue;
		for (i = 0; i < NUM_TIMERS; i++) {
			struct kvm_hpet_tick_policy want = all;

			if (p.timers & 1U << i)
				want = p;
			want.timers = 1U << i;
			got = policy_get(m->hpet, i);
			if (memcmp(&want, &got, sizeof(got)))
				ok(false, "policy: %s: timer %d reads back wrong",
				   c->name, i);
		}
	}
	p = policy_default(1);
	test_size_rule(m->hpet, KVM_HPET_GET_TICK_POLICY, &p, sizeof(p),
		       "get policy");
	test_size_rule(m->hpet, KVM_HPET_SET_TICK_POLICY, &p, sizeof(p),
		       "set policy");
	p = policy_default(0xf);
	hpet_ioctl(m->hpet, KVM_HPET_SET_TICK_POLICY, &p);
}

#define ST(field, v)	POKE(struct kvm_hpet_state, field, v)
#define CAPS_0	((uint64_t)ROUTES << 32 | TIMER_PER_CAP | TIMER_SIZE_CAP)
#define CAPS_2	((uint64_t)ROUTES << 32 | TIMER_PER_CAP)
#define CAPS_3	((uint64_t)ROUTES << 32 | TIMER_SIZE_CAP | TIMER_FSB_CAP)

/* On a state that stands, with a little of everything: see test_state(). */
static const struct poke_case state_cases[] = {
	{ "version 0", EINVAL, { ST(version, 0) } },
	{ "version 2", EINVAL, { ST(version, KVM_HPET_STATE_VERSION + 1) } },
	{ "config: bit 2", EINVAL, { ST(config, 4) } },
	{ "config: bit 63", EINVAL, { ST(config, 1ULL << 63) } },
	{ "config: legacy", 0, { ST(config, CONFIG_LEGACY) } },
	{ "status: of a timer that is not there", EINVAL, { ST(status, 1 << 4) } },
	{ "status: upper half", EINVAL, { ST(status, 1ULL << 32) } },
	{ "counter at the top", 0, { ST(counter, ~0ULL) } },
	{ "phase at the period", EINVAL, { ST(counter_phase_fs, PERIOD_FS) } },
	{ "phase ~0", EINVAL, { ST(counter_phase_fs, ~0U) } },
	{ "phase below the period", 0, { ST(counter_phase_fs, PERIOD_FS - 1) } },
	{ "num_timers one less", EINVAL, { ST(num_timers, NUM_TIMERS - 1) } },
	{ "num_timers one more", EINVAL, { ST(num_timers, NUM_TIMERS + 1) } },
	{ "num_timers 0", EINVAL, { ST(num_timers, 0) } },
	{ "timer config: bit 0", EINVAL, { ST(timer[0].config, CAPS_0 | 1) } },
	{ "timer config: bit 7", EINVAL, { ST(timer[0].config, CAPS_0 | 1 << 7) } },
	{ "timer config: bit 16", EINVAL,
	  { ST(timer[0].config, CAPS_0 | 1 << 16) } },
	{ "timer config: bit 31", EINVAL,
	  { ST(timer[0].config, CAPS_0 | 1ULL << 31) } },
	{ "timer config: VAL_SET", EINVAL,
	  { ST(timer[0].config, CAPS_0 | TIMER_VAL_SET) } },
	{ "timer config: a route that is not there", EINVAL,
	  { ST(timer[2].config, CAPS_2 | TIMER_ROUTE(2)) } },
	{ "timer config: route 24", EINVAL,
	  { ST(timer[2].config, CAPS_2 | TIMER_ROUTE(24)) } },
	/* In legacy mode a guest can write any, and it is not used. */
	{ "timer config: route 2 of a legacy timer", 0,
	  { ST(timer[0].config, CAPS_0 | TIMER_PERIODIC | TIMER_ROUTE(2)) } },
	{ "timer config: route 23", 0,
	  { ST(timer[0].config, CAPS_0 | TIMER_PERIODIC | TIMER_ROUTE(23)) } },
	{ "timer config: other routes than it can", EINVAL,
	  { ST(timer[0].config, CAPS_0 ^ 1ULL << 40) } },
	{ "timer config: without a capability", EINVAL,
	  { ST(timer[0].config, CAPS_0 ^ TIMER_PER_CAP) } },
	{ "timer config: 64 bits it can't", EINVAL,
	  { ST(timer[2].config, CAPS_2 | TIMER_SIZE_CAP) } },
	{ "timer config: 32MODE of a 32-bit timer", EINVAL,
	  { ST(timer[2].config, CAPS_2 | TIMER_32MODE) } },
	{ "timer config: FSB_EN without the capability", EINVAL,
	  { ST(timer[0].config, CAPS_0 | TIMER_FSB_EN) } },
	{ "timer config: FSB_EN with it", 0,
	  { ST(timer[3].config, CAPS_3 | TIMER_FSB_EN) } },
	{ "timer config: periodic without the capability", EINVAL,
	  { ST(timer[3].config, CAPS_3 | TIMER_PERIODIC) } },
	{ "timer config: of one that is not there", EINVAL,
	  { ST(timer[4].config, 1 << 2) } },
	{ "comparator: too wide for a 32-bit timer", EINVAL,
	  { ST(timer[2].comparator, 1ULL << 32) } },
	{ "comparator: of one that is not there", EINVAL,
	  { ST(timer[31].comparator, 1) } },
	{ "period: too wide for a 32-bit timer", EINVAL,
	  { ST(timer[2].period, 1ULL << 32) } },
	{ "period: of a timer that can't", EINVAL, { ST(timer[3].period, 1) } },
	{ "period: of one that is not there", EINVAL, { ST(timer[4].period, 1) } },
	{ "fsb_route: without the capability", EINVAL,
	  { ST(timer[0].fsb_route, 1) } },
	{ "fsb_route: with it", 0,
	  { ST(timer[3].fsb_route, 0xfee0000000000041ULL) } },
	/* One may be on its way at that moment. */
	{ "backlog: 2, not periodic", EINVAL, { ST(timer[3].backlog, 2) } },
	{ "backlog: more than an hour of the shortest period", EINVAL,
	  { ST(timer[0].backlog, KVM_HPET_MAX_BACKLOG_NS + 1) } },
	{ "flags: first unknown", EINVAL,
	  { ST(timer[0].flags, KVM_HPET_TIMER_STATE_ALL + 1) } },
	{ "flags: last unknown", EINVAL, { ST(timer[0].flags, 1U << 31) } },
	{ "flags: of one that is not there", EINVAL, { ST(timer[4].flags, 1) } },
	{ "flags: low half fresh, not periodic", EINVAL,
	  { ST(timer[3].flags, KVM_HPET_TIMER_FRESH_LOW) } },
	{ "flags: high half fresh, not periodic", EINVAL,
	  { ST(timer[3].flags, KVM_HPET_TIMER_FRESH_HIGH) } },
	{ "start: without its flag", EINVAL, { ST(timer[0].start, 1) } },
	{ "start: with it", 0,
	  { ST(timer[0].flags, KVM_HPET_TIMER_FRESH_LOW),
	    ST(timer[0].start, 1) } },
	{ "start: with half of a comparator", 0,
	  { ST(timer[0].config, CAPS_0 | TIMER_PERIODIC),
	    ST(timer[0].flags, KVM_HPET_TIMER_VAL_SET_HIGH),
	    ST(timer[0].start, 1) } },
	{ "start: too wide for a 32-bit timer", EINVAL,
	  { ST(timer[2].config, CAPS_2 | TIMER_PERIODIC),
	    ST(timer[2].flags, KVM_HPET_TIMER_FRESH_HIGH),
	    ST(timer[2].start, 1ULL << 32) } },
	{ "tick_ns: not periodic", EINVAL, { ST(timer[3].tick_ns, 1) } },
	{ "fraction_ns: not below tick_ns", EINVAL,
	  { ST(timer[0].tick_ns, 1000), ST(timer[0].fraction_ns, 1000) } },
	{ "next_in_ns: more than an hour", EINVAL,
	  { ST(timer[0].next_in_ns, KVM_HPET_MAX_BACKLOG_NS + 1) } },
	{ "retry_in_ns: more than an hour", EINVAL,
	  { ST(timer[0].retry_in_ns, KVM_HPET_MAX_BACKLOG_NS + 1) } },
	{ "retry_ns: too short", EINVAL,
	  { ST(timer[0].retry_ns, KVM_HPET_MIN_RETRY_NS - 1) } },
	{ "retry_ns: too long", EINVAL,
	  { ST(timer[0].retry_ns, KVM_HPET_MAX_RETRY_NS + 1) } },
	{ "status: of a timer that is not level-triggered", EINVAL,
	  { ST(status, 1 << 0) } },
	{ "rate: not periodic", EINVAL, { ST(timer[3].rate, 1) } },
	{ "flags: VAL_SET holds for both halves", 0,
	  { ST(timer[0].config, CAPS_0 | TIMER_PERIODIC),
	    ST(timer[0].flags, KVM_HPET_TIMER_VAL_SET_LOW |
			       KVM_HPET_TIMER_VAL_SET_HIGH) } },
	{ "rate above its limit", EINVAL,
	  { ST(timer[0].rate, KVM_HPET_MAX_RATE + 1) } },
	{ "rate ~0", EINVAL, { ST(timer[0].rate, ~0U) } },
};

static void test_state(struct machine *m)
{
	struct kvm_hpet_state reset, full, s, got;
	const struct poke_case *c;
	int i;

	reset = state_get(m);
	ok_eq(reset.version, KVM_HPET_STATE_VERSION, "reset state: version");
	ok_eq(reset.config, 0, "reset state: halted, not legacy");
	ok_eq(reset.status, 0, "reset state: status");
	ok_eq(reset.counter, 0, "reset state: counter");
	ok_eq(reset.counter_phase_fs, 0, "reset state: phase");
	for (i = 0; i < NUM_TIMERS; i++) {
		struct kvm_hpet_timer_state want = {
			.config = i < 2 ? CAPS_0 : i == 2 ? CAPS_2 : CAPS_3,
			.comparator = i == 2 ? ~0U : ~0ULL,
			.next_in_ns = KVM_HPET_AT_ONCE,
			.retry_ns = KVM_HPET_MIN_RETRY_NS,
		};

		/* The first route it can take, or 0: that bit is free here. */
		ok(!memcmp(&want, &reset.timer[i], sizeof(want)),
		   "reset state: timer %d: disabled, comparator all ones", i);
	}

	full = reset;
	full.counter = 0x123456789abcULL;
	full.counter_phase_fs = 4321;
	full.status = 1 << 1;
	full.timer[0].config |= TIMER_PERIODIC | TIMER_ROUTE(16);
	full.timer[0].comparator = 0x123456789b00ULL;
	full.timer[0].period = 0x1000;
	full.timer[0].tick_ns = 0x1000 * (uint64_t)m->config.period_fs / 1000000;
	full.timer[1].config |= TIMER_LEVEL | TIMER_ROUTE(17);
	/* Level-triggered: in flight for as long as the status bit is set. */
	full.timer[1].flags = KVM_HPET_TIMER_IN_FLIGHT;
	full.timer[1].retry_in_ns = KVM_HPET_NEVER;
	full.timer[2].comparator = 0x89abcdef;
	s = full;
	ok_call(m->hpet, KVM_HPET_SET_STATE, &s, 0, "set state", "valid");
	got = state_get(m);
	ok(!memcmp(&full, &got, sizeof(full)), "set state: reads back as set");

	for (c = state_cases; c < state_cases + ARRAY_SIZE(state_cases); c++) {
		s = full;
		state_set(m, &s);
		s = full;
		poke(&s, c);
		ok_call(m->hpet, KVM_HPET_SET_STATE, &s, c->error, "set state",
			c->name);
		got = state_get(m);
		if (!c->error && memcmp(&s, &got, sizeof(s)))
			ok(false, "set state: %s: reads back otherwise", c->name);
	}
	test_size_rule(m->hpet, KVM_HPET_SET_STATE, &full, sizeof(full),
		       "set state");
	s = full;
	test_size_rule(m->hpet, KVM_HPET_GET_STATE, &s, sizeof(s), "get state");
	ok_call(m->hpet, KVM_HPET_RESET, NULL, 0, "reset", "of a full state");
	got = state_get(m);
	ok(!memcmp(&reset, &got, sizeof(reset)),
	   "reset: the state is that after creation");
}

/* A block with as little as possible knows still less. */
static void test_state_small(struct machine *m)
{
	static const struct poke_case cases[] = {
		{ "32-bit counter, no legacy: as it is", 0, {} },
		{ "32-bit counter: 33 bits", EINVAL,
		  { ST(counter, 1ULL << 32) } },
		{ "no legacy: LEG_RT_CNF", EINVAL, { ST(config, CONFIG_LEGACY) } },
		{ "32-bit counter: enable", 0, { ST(config, CONFIG_ENABLE) } },
	};
	const struct poke_case *c;
	int i;

	m->config.flags = 0;
	m->config.num_timers = 3;
	m->config.timer[3] = m->config.timer[4];
	for (i = 0; i < 3; i++)
		m->config.timer[i].flags = KVM_HPET_TIMER_PERIODIC;
	machine_create_block(m);
	for (c = cases; c < cases + ARRAY_SIZE(cases); c++) {
		struct kvm_hpet_state s = state_get(m);

		poke(&s, c);
		ok_errno(hpet_ioctl(m->hpet, KVM_HPET_SET_STATE, &s), -c->error,
			 "set state", c->name);
	}
	close(m->hpet);
	m->hpet = -1;
	m->config = default_config();
	m->config.vm_fd = m->vm->fd;
}

static void test_block(struct machine *m)
{
	struct kvm_hpet_config config = { .size = sizeof(config) };
	struct kvm_hpet_stats stats = { .size = sizeof(stats) };
	struct pollfd p = { .events = POLLIN };
	int fd = m->hpet;

	ok_call(fd, _IO(KVM_HPET_IOC, 0x1f), NULL, ENOTTY, "block",
		"unknown ioctl");
	ok_call(fd, KVM_HPET_GET_API_VERSION, NULL, ENOTTY, "block",
		"an ioctl of the device");
	ok_call(fd, KVM_HPET_CREATE, &m->config, ENOTTY, "block",
		"creation on a block");
	ok_call(fd, KVM_HPET_RESUME, NULL, EALREADY, "resume", "not paused");
	ok_call(fd, KVM_HPET_PAUSE, (void *)1, EINVAL, "pause",
		"argument not 0");
	ok_call(fd, KVM_HPET_PAUSE, NULL, 0, "pause", "running");
	ok_call(fd, KVM_HPET_PAUSE, NULL, EALREADY, "pause", "paused already");
	ok_call(fd, KVM_HPET_RESUME, (void *)1, EINVAL, "resume",
		"argument not 0");
	ok_call(fd, KVM_HPET_PAUSE, NULL, EALREADY, "pause", "still paused");
	ok_call(fd, KVM_HPET_RESUME, NULL, 0, "resume", "paused");
	ok_call(fd, KVM_HPET_RESUME, NULL, EALREADY, "resume", "twice");
	ok_call(fd, KVM_HPET_RESET, (void *)1, EINVAL, "reset",
		"argument not 0");
	test_size_rule(fd, KVM_HPET_GET_CONFIG, &config, sizeof(config),
		       "get config");
	test_grown_size_rule(fd, KVM_HPET_GET_STATS, &stats, sizeof(stats),
			     offsetof(struct kvm_hpet_stats, limited),
			     "get stats");

	p.fd = fd;
	ok(poll(&p, 1, 0) == 0 || !(p.revents & (POLLHUP | POLLERR)),
	   "poll: no hang-up while the block is there");
}

/* ---- administration ---- */

struct admin_case {
	const char *name;
	unsigned long cmd;
	bool allowed;
};

static const struct admin_case admin_cases[] = {
	{ "get config", KVM_HPET_GET_CONFIG, true },
	{ "get state", KVM_HPET_GET_STATE, true },
	{ "get stats", KVM_HPET_GET_STATS, true },
	{ "get policy", KVM_HPET_GET_TICK_POLICY, true },
	{ "set policy", KVM_HPET_SET_TICK_POLICY, true },
	{ "set state", KVM_HPET_SET_STATE, false },
	{ "pause", KVM_HPET_PAUSE, false },
	{ "resume", KVM_HPET_RESUME, false },
	{ "reset", KVM_HPET_RESET, false },
};

static void *admin_argument(struct machine *m, unsigned long cmd)
{
	static struct kvm_hpet_config config;
	static struct kvm_hpet_state state;
	static struct kvm_hpet_stats stats;
	static struct kvm_hpet_tick_policy policy;

	config = (struct kvm_hpet_config) { .size = sizeof(config) };
	stats = (struct kvm_hpet_stats) { .size = sizeof(stats) };
	policy = policy_default(1);
	switch (cmd) {
	case KVM_HPET_GET_CONFIG:
		return &config;
	case KVM_HPET_GET_STATE:
	case KVM_HPET_SET_STATE:
		return &state;
	case KVM_HPET_GET_STATS:
		return &stats;
	case KVM_HPET_GET_TICK_POLICY:
	case KVM_HPET_SET_TICK_POLICY:
		return &policy;
	}
	if (!state.size)
		state = state_get(m);
	return NULL;
}

/* Another user, with the same descriptors. */
static void test_other_user(uint64_t id)
{
	int status = 0;
	pid_t pid = fork();

	if (!pid) {
		struct kvm_hpet_block_info info = { .size = sizeof(info) };
		int ret = 0;

		if (setgroups(0, NULL) || setgid(65534) || setuid(65534))
			_exit(64);
		if (hpet_ioctl(dev, KVM_HPET_NEXT_BLOCK, &info) != -ENOENT)
			ret |= 1;
		if (hpet_ioctl(dev, KVM_HPET_OPEN_BLOCK, &id) != -EPERM)
			ret |= 2;
		id += 1000;
		if (hpet_ioctl(dev, KVM_HPET_OPEN_BLOCK, &id) != -ENOENT)
			ret |= 4;
		_exit(ret);
	}
	waitpid(pid, &status, 0);
	if (!WIFEXITED(status) || WEXITSTATUS(status) & 64)
		die("no other user");
	ok(!(WEXITSTATUS(status) & 1), "next block: another user sees none");
	ok(!(WEXITSTATUS(status) & 2), "open block: another user's: EPERM");
	ok(!(WEXITSTATUS(status) & 4),
	   "open block: no such block, as another user: ENOENT");
}

static void test_admin(struct machine *m)
{
	struct kvm_hpet_block_info info = { .size = sizeof(info) };
	struct pollfd p = { .events = POLLIN };
	uint64_t first, id;
	int second, fd;
	size_t i;

	ok_errno(hpet_ioctl(dev, KVM_HPET_NEXT_BLOCK, &info), 0, "next block",
		 "the first");
	first = info.id;
	ok(info.id >= 1, "next block: ids begin at 1");
	ok_eq(info.base, BASE, "next block: base");
	ok_eq(info.vm_pid, getpid(), "next block: the VM's process");
	ok_eq(info.owner_pid, getpid(), "next block: the block's process");
	m->config.base = BASE + 0x400;
	second = hpet_ioctl(dev, KVM_HPET_CREATE, &m->config);
	m->config.base = BASE;
	ok_errno(hpet_ioctl(dev, KVM_HPET_NEXT_BLOCK, &info), 0, "next block",
		 "the second");
	ok(info.id > first, "next block: ids rise");
	ok_eq(info.base, BASE + 0x400, "next block: base of the second");
	ok_errno(hpet_ioctl(dev, KVM_HPET_NEXT_BLOCK, &info), -ENOENT,
		 "next block", "after the last");
	info.id = ~0ULL;
	ok_errno(hpet_ioctl(dev, KVM_HPET_NEXT_BLOCK, &info), -ENOENT,
		 "next block", "after any");
	info.id = 0;
	info.reserved = 1;
	ok_errno(hpet_ioctl(dev, KVM_HPET_NEXT_BLOCK, &info), -EINVAL,
		 "next block", "reserved");
	info.reserved = 0;
	/* As first published. */
	info.size = offsetof(struct kvm_hpet_block_info, kind) - 1;
	ok_errno(hpet_ioctl(dev, KVM_HPET_NEXT_BLOCK, &info), -EINVAL,
		 "next block", "size too small");
	ok_errno(hpet_ioctl(dev, KVM_HPET_NEXT_BLOCK, NULL), -EFAULT,
		 "next block", "no structure");
	close(second);
	id = first;
	info = (struct kvm_hpet_block_info) { .size = sizeof(info), .id = id };
	ok_errno(hpet_ioctl(dev, KVM_HPET_NEXT_BLOCK, &info), -ENOENT,
		 "next block", "the second is gone");
	test_other_user(id);

	ok_errno(hpet_ioctl(dev, KVM_HPET_OPEN_BLOCK, NULL), -EFAULT,
		 "open block", "no id");
	id = first + 1;
	ok_errno(hpet_ioctl(dev, KVM_HPET_OPEN_BLOCK, &id), -ENOENT,
		 "open block", "one that is gone");
	id = 0;
	ok_errno(hpet_ioctl(dev, KVM_HPET_OPEN_BLOCK, &id), -ENOENT,
		 "open block", "id 0");
	id = first;
	fd = hpet_ioctl(dev, KVM_HPET_OPEN_BLOCK, &id);
	ok_errno(fd < 0 ? fd : 0, 0, "open block", "one that is there");
	ok(fcntl(fd, F_GETFD) & FD_CLOEXEC, "open block: O_CLOEXEC is set");
	admin_argument(m, 0);
	for (i = 0; i < ARRAY_SIZE(admin_cases); i++)
		ok_call(fd, admin_cases[i].cmd,
			admin_argument(m, admin_cases[i].cmd),
			admin_cases[i].allowed ? 0 : EPERM, "administration",
			admin_cases[i].name);
	ok_call(fd, KVM_HPET_CREATE, &m->config, ENOTTY, "administration",
		"an ioctl of the device");
	p.fd = fd;
	ok(poll(&p, 1, 0) == 0 || !(p.revents & (POLLHUP | POLLERR)),
	   "poll: no hang-up while the block is there");

	close(m->hpet);
	m->hpet = -1;
	for (i = 0; i < ARRAY_SIZE(admin_cases); i++)
		ok_errno(hpet_ioctl(fd, admin_cases[i].cmd,
				    admin_argument(m, admin_cases[i].cmd)),
			 -ENODEV, "administration of what is gone",
			 admin_cases[i].name);
	ok(poll(&p, 1, 0) == 1 && p.revents & POLLHUP,
	   "poll: hang-up once the block is gone");
	close(fd);
	ok_eq(count_blocks(), 0, "next block: none left");

	machine_create_block(m);
	info = (struct kvm_hpet_block_info) { .size = sizeof(info) };
	hpet_ioctl(dev, KVM_HPET_NEXT_BLOCK, &info);
	ok(info.id > first + 1, "next block: ids are not used again");
	close(m->hpet);
	m->hpet = -1;
}

int main(void)
{
	struct machine *m;

	plan_test("every documented errno, and nothing changed by a refused call");
	dev = hpet_device();
	m = machine_new();
	test_device();
	test_create_fields(m);
	test_create_32_timers(m);
	test_create_size(m);
	test_create_descriptors(m);
	test_create_resources(m);
	test_state_small(m);

	machine_create_block(m);
	test_block(m);
	test_policy(m);
	test_state(m);
	test_admin(m);
	machine_free(m);
	done();
}
