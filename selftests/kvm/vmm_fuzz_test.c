// SPDX-License-Identifier: GPL-2.0
/*
 * Whatever a VMM asks for, from several threads at once: right calls, nearly right
 * ones and nonsense on /dev/kvm_hpet and on the descriptors of blocks; states saved,
 * mutated and loaded, in other blocks too; blocks closed in between; a guest that
 * accesses one of them all the time. Every call either does what it says or gives
 * one of the documented errors, writes nothing beyond what it was told the room
 * for, and one that fails changes nothing. Afterwards the module is as new.
 *
 * HPET_FUZZ_CALLS is how many calls (selftests/kvm/run --env), HPET_FUZZ_SEED where the
 * random numbers begin. The order in which threads run is not in our hands, so a
 * seed makes the calls the same, not the run.
 */
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "hpet_test.h"

#define CALLS		20000ULL
#define THREADS		4
#define SLOTS		8
#define ROOM		16384
#define FENCE		64
#define POISON		0xa5

/* Of a timer's configuration; the rest says what it can do. */
#define TIMER_WRITABLE	(TIMER_LEVEL | TIMER_INT | TIMER_PERIODIC | TIMER_32MODE | \
			 TIMER_ROUTE(31) | TIMER_FSB_EN)

#define LIMIT_PATH	"/sys/module/kvm_hpet/parameters/max_events_per_sec"

/*
 * A descriptor that threads share. Who replaces it has it for himself; who uses it
 * shares it, so that a number never stands for another file.
 */
struct slot {
	pthread_rwlock_t lock;
	int fd;
	bool owner;
	struct kvm_hpet_config config;
};

struct fuzzer {
	pthread_t thread;
	uint64_t x;
	unsigned char *room;	/* up to a page that can't be accessed */
	uint64_t calls;
	uint64_t good;
	uint64_t loaded;
	uint64_t created;
};

static struct slot slots[SLOTS];
/* Shared by who uses another's block, inside the slot's lock. */
static pthread_rwlock_t others = PTHREAD_RWLOCK_INITIALIZER;
static struct machine *vms[2];
static int dev;
static int null;
static atomic_ulong left;
static atomic_bool over;
/* What must not be: how often, and the first one. */
static atomic_ulong odd;
static char first_odd[256];

__attribute__((format(printf, 1, 2)))
static void complain(const char *fmt, ...)
{
	va_list args;

	if (odd++)
		return;
	va_start(args, fmt);
	vsnprintf(first_odd, sizeof(first_odd), fmt, args);
	va_end(args);
}

/* ---- random numbers ---- */

static uint64_t draw(struct fuzzer *f)
{
	f->x ^= f->x << 13;
	f->x ^= f->x >> 7;
	f->x ^= f->x << 17;
	return f->x * 0x2545f4914f6cdd1dULL;
}

static uint64_t below(struct fuzzer *f, uint64_t n)
{
	return (draw(f) >> 16) % n;
}

/* Numbers at which something changes, one off them, and any. */
static uint64_t edge(struct fuzzer *f)
{
	static const uint64_t edges[] = {
		0, 1, 2, 3, 8, 24, 31, 32, 100, 0x400, 1000000, 100000000,
		0xfed00000, 0x7fffffff, 0x80000000, 0xffffffff, 0x100000000,
		1000000000, 3600000000000, 1ULL << 62, 1ULL << 63, ~0ULL,
	};

	switch (below(f, 4)) {
	case 0:
		return draw(f);
	case 1:
		return draw(f) >> below(f, 64);
	case 2:
		return 1ULL << below(f, 64);
	default:
		return edges[below(f, ARRAY_SIZE(edges))] + below(f, 3) - 1;
	}
}

/* Some of its fields, or bits of them, become others. */
static void mutate(struct fuzzer *f, void *data, size_t size)
{
	unsigned int n = 1 + below(f, 3);

	while (n--) {
		size_t at = below(f, size / 4) * 4;
		uint64_t v = edge(f);

		if (below(f, 2)) {
			((unsigned char *)data)[at + below(f, 4)] ^=
				1 << below(f, 8);
			continue;
		}
		memcpy(data + at, &v, at % 8 || below(f, 2) ? 4 : 8);
	}
}

static void scramble(struct fuzzer *f, void *data, size_t size)
{
	size_t i;

	for (i = 0; i + 8 <= size; i += 8) {
		uint64_t v = below(f, 4) ? 0 : edge(f);

		memcpy(data + i, &v, 8);
	}
}

/* ---- calls ---- */

/* All that are documented, of any call here. */
static bool known_error(int ret)
{
	static const int known[] = {
		EBADF, EBADFD, EINVAL, EEXIST, ENXIO, ENOSPC, EFAULT, E2BIG,
		ENOENT, EPERM, ENODEV, EALREADY, EOPNOTSUPP, ENOTTY,
	};
	unsigned int i;

	for (i = 0; ret < 0 && i < ARRAY_SIZE(known); i++)
		if (ret == -known[i])
			return true;
	return ret >= 0;
}

static int call(struct fuzzer *f, int fd, unsigned long cmd, void *arg)
{
	int ret = hpet_ioctl(fd, cmd, arg);

	f->calls++;
	f->good += ret >= 0;
	if (!known_error(ret))
		complain("ioctl %#lx gives %s", cmd, strerror(-ret));
	return ret;
}

/* A structure so placed that a fence follows, or a page that is none. */
static void *place(struct fuzzer *f, size_t size)
{
	if (below(f, 2))
		return f->room + ROOM - size;
	memset(f->room, POISON, size + FENCE);
	return f->room;
}

static void fence_check(struct fuzzer *f, void *data, size_t size,
			unsigned long cmd)
{
	unsigned char *fence = data + size;
	int i;

	if (data != f->room)
		return;
	for (i = 0; i < FENCE; i++)
		if (fence[i] != POISON) {
			complain("ioctl %#lx wrote %zu + %d bytes", cmd, size,
				 i + 1);
			return;
		}
}

static size_t size_of(unsigned long cmd)
{
	switch (cmd) {
	case KVM_HPET_CREATE:
	case KVM_HPET_GET_CONFIG:
		return sizeof(struct kvm_hpet_config);
	case KVM_HPET_GET_STATE:
	case KVM_HPET_SET_STATE:
		return sizeof(struct kvm_hpet_state);
	case KVM_HPET_GET_TICK_POLICY:
	case KVM_HPET_SET_TICK_POLICY:
		return sizeof(struct kvm_hpet_tick_policy);
	case KVM_HPET_GET_STATS:
		return sizeof(struct kvm_hpet_stats);
	case KVM_HPET_NEXT_BLOCK:
		return sizeof(struct kvm_hpet_block_info);
	case KVM_HPET_OPEN_BLOCK:
		return sizeof(uint64_t);
	}
	return 64;
}

/* ---- on a slot that is shared ---- */

/* What GET_STATE gave is always taken back, whatever happened since. */
static void save_and_load(struct fuzzer *f, struct slot *s)
{
	struct kvm_hpet_state state;
	int ret;

	memset(&state, POISON, sizeof(state));
	state.size = sizeof(state);
	if (call(f, s->fd, KVM_HPET_GET_STATE, &state) < 0)
		return;
	ret = call(f, s->fd, KVM_HPET_SET_STATE, &state);
	if (ret && s->owner)
		complain("a state as saved is refused: %s", strerror(-ret));
}

static void load_mutated(struct fuzzer *f, struct slot *s)
{
	struct kvm_hpet_state *state = place(f, sizeof(*state));

	memset(state, 0, sizeof(*state));
	state->size = sizeof(*state);
	if (call(f, s->fd, KVM_HPET_GET_STATE, state) < 0)
		return;
	if (below(f, 2))
		state->config |= 1;
	mutate(f, state, sizeof(*state));
	if (below(f, 4))
		state->size = sizeof(*state);
	f->loaded += !call(f, s->fd, KVM_HPET_SET_STATE, state);
	fence_check(f, state, sizeof(*state), KVM_HPET_SET_STATE);
}

/* Timers that tick, as a guest would have programmed them. */
static void load_ticking(struct fuzzer *f, struct slot *s)
{
	struct kvm_hpet_state state = { .size = sizeof(state) };
	unsigned int i;

	if (call(f, s->fd, KVM_HPET_GET_STATE, &state) < 0)
		return;
	state.config = 1 | below(f, 2) << 1;
	state.status = 0;
	for (i = 0; i < state.num_timers && i < KVM_HPET_MAX_TIMERS; i++) {
		struct kvm_hpet_timer_state *t = &state.timer[i];
		uint64_t caps = t->config & ~(uint64_t)TIMER_WRITABLE;
		uint64_t can = TIMER_LEVEL;

		can |= caps & TIMER_PER_CAP ? TIMER_PERIODIC : 0;
		can |= caps & TIMER_FSB_CAP ? TIMER_FSB_EN : 0;
		*t = (struct kvm_hpet_timer_state) {
			.config = caps | TIMER_INT | TIMER_ROUTE(16) |
				(draw(f) & can),
			.comparator = (uint32_t)draw(f),
		};
		if (caps & TIMER_PER_CAP)
			t->period = 1 + below(f, 100000);
		if (caps & TIMER_FSB_CAP)
			t->fsb_route = 0xfee0000000000040ULL;
	}
	f->loaded += !call(f, s->fd, KVM_HPET_SET_STATE, &state);
}

static void set_policy(struct fuzzer *f, struct slot *s)
{
	struct kvm_hpet_tick_policy *p = place(f, sizeof(*p));

	*p = policy_default(below(f, 3) ? (1ULL << s->config.num_timers) - 1 :
					  draw(f));
	p->policy = below(f, 4);
	p->max_rate = 1 + below(f, 100);
	if (below(f, 3) == 0)
		mutate(f, p, sizeof(*p));
	if (p->size > sizeof(*p))
		p->size = sizeof(*p);
	call(f, s->fd, below(f, 3) ? KVM_HPET_SET_TICK_POLICY :
				     KVM_HPET_GET_TICK_POLICY, p);
	fence_check(f, p, sizeof(*p), KVM_HPET_SET_TICK_POLICY);
}

static void any_get(struct fuzzer *f, struct slot *s)
{
	static const unsigned long cmds[] = {
		KVM_HPET_GET_CONFIG, KVM_HPET_GET_STATE, KVM_HPET_GET_STATS,
		KVM_HPET_GET_TICK_POLICY,
	};
	unsigned long cmd = cmds[below(f, ARRAY_SIZE(cmds))];
	size_t size = size_of(cmd);
	void *arg = place(f, size);

	scramble(f, arg, size);
	*(uint32_t *)arg = below(f, 3) ? size : below(f, size);
	call(f, s->fd, cmd, arg);
	fence_check(f, arg, size, cmd);
}

static void run_state(struct fuzzer *f, struct slot *s)
{
	static const unsigned long cmds[] = {
		KVM_HPET_PAUSE, KVM_HPET_RESUME, KVM_HPET_RESET,
	};

	call(f, s->fd, cmds[below(f, 3)],
	     below(f, 8) ? NULL : (void *)edge(f));
}

/* Bad pointers, bad numbers. */
static void nonsense(struct fuzzer *f, int fd)
{
	unsigned long cmd = _IO(KVM_HPET_IOC, below(f, 3) ? below(f, 0x1a) :
							    below(f, 0x100));
	void *arg;

	switch (below(f, 4)) {
	case 0:
		arg = (void *)edge(f);
		break;
	case 1:
		arg = f->room + ROOM - below(f, 16);
		break;
	default:
		arg = place(f, 8192);
		scramble(f, arg, 8192);
		if (below(f, 2))
			*(uint32_t *)arg = size_of(cmd);
	}
	/* These would make or open one that nobody closes. */
	if (fd == dev && (cmd == KVM_HPET_CREATE || cmd == KVM_HPET_OPEN_BLOCK))
		cmd = KVM_HPET_NEXT_BLOCK;
	if (below(f, 8) == 0)
		cmd |= draw(f) & 0xffff0000;
	call(f, fd, cmd, arg);
}

static void other_calls(struct fuzzer *f, struct slot *s)
{
	struct pollfd p = { .fd = s->fd, .events = draw(f) };
	char byte = 0;
	void *map;

	f->calls++;
	switch (below(f, 4)) {
	case 0:
		poll(&p, 1, 0);
		break;
	case 1:
		if (s->fd != null && read(s->fd, &byte, 1) >= 0)
			complain("a block can be read");
		break;
	case 2:
		if (s->fd != null && write(s->fd, &byte, 1) >= 0)
			complain("a block can be written");
		break;
	default:
		map = mmap(NULL, 4096, PROT_READ, MAP_SHARED, s->fd, 0);
		if (map != MAP_FAILED && s->fd != null)
			complain("a block can be mapped");
	}
}

/* ---- with a slot for oneself ---- */

static void slot_put(struct slot *s, int fd, bool owner)
{
	if (s->fd != null)
		close(s->fd);
	s->fd = fd;
	s->owner = owner;
}

static void create(struct fuzzer *f, struct slot *s)
{
	struct kvm_hpet_config config = default_config();
	int ret, i;

	config.vm_fd = vms[below(f, 2)]->vm->fd;
	config.base = BASE + 0x2000 * below(f, 10);
	config.num_timers = 3 + below(f, 30);
	for (i = 3; i < KVM_HPET_MAX_TIMERS; i++)
		config.timer[i] = i < config.num_timers ?
			config.timer[below(f, 4)] :
			(struct kvm_hpet_timer_config){};
	if (below(f, 3) == 0)
		mutate(f, &config, sizeof(config));
	if (config.size > sizeof(config))
		config.size = sizeof(config);
	slot_put(s, null, false);
	ret = call(f, dev, KVM_HPET_CREATE, &config);
	if (ret < 0)
		return;
	f->created++;
	s->config = config;
	slot_put(s, ret, true);
}

static void open_other(struct fuzzer *f, struct slot *s)
{
	struct kvm_hpet_block_info info = {
		.size = sizeof(info), .id = draw(f) % (f->created * 8 + 8),
	};
	uint64_t id;
	int ret;

	if (call(f, dev, KVM_HPET_NEXT_BLOCK, &info) < 0)
		return;
	id = info.id;
	ret = call(f, dev, KVM_HPET_OPEN_BLOCK, &id);
	if (ret >= 0)
		slot_put(s, ret, false);
}

/*
 * While guest time stands nothing but a call changes a block, of which only one is
 * accessed by a guest.
 */
static void fail_without_trace(struct fuzzer *f, struct slot *s)
{
	struct kvm_hpet_state before, after, bad;
	int ret;

	memset(&before, 0, sizeof(before));
	before.size = sizeof(before);
	call(f, s->fd, KVM_HPET_PAUSE, NULL);
	if (call(f, s->fd, KVM_HPET_GET_STATE, &before) < 0)
		return;
	bad = before;
	mutate(f, &bad, sizeof(bad));
	if (bad.size > sizeof(bad))
		bad.size = sizeof(bad);
	ret = call(f, s->fd, KVM_HPET_SET_STATE, &bad);
	if (ret < 0 && s->config.base != BASE) {
		after = before;
		call(f, s->fd, KVM_HPET_GET_STATE, &after);
		if (memcmp(&before, &after, sizeof(after)))
			complain("a state was refused (%s) and changed the block",
				 strerror(-ret));
	}
	call(f, s->fd, KVM_HPET_RESUME, NULL);
}

static void alone(struct fuzzer *f, struct slot *s)
{
	pthread_rwlock_wrlock(&s->lock);
	switch (below(f, 8)) {
	case 0:
		slot_put(s, null, false);
		f->calls++;
		break;
	case 1:
		open_other(f, s);
		break;
	case 2:
	case 3:
		create(f, s);
		break;
	default:
		pthread_rwlock_wrlock(&others);
		if (s->owner)
			fail_without_trace(f, s);
		pthread_rwlock_unlock(&others);
	}
	pthread_rwlock_unlock(&s->lock);
}

static void together(struct fuzzer *f, struct slot *s)
{
	bool foreign;

	pthread_rwlock_rdlock(&s->lock);
	foreign = !s->owner;
	if (foreign)
		pthread_rwlock_rdlock(&others);
	switch (below(f, 10)) {
	case 0:
		save_and_load(f, s);
		break;
	case 1:
	case 2:
		load_mutated(f, s);
		break;
	case 3:
		load_ticking(f, s);
		break;
	case 4:
		set_policy(f, s);
		break;
	case 5:
		run_state(f, s);
		break;
	case 6:
		other_calls(f, s);
		break;
	case 7:
		nonsense(f, s->fd);
		break;
	case 8:
		nonsense(f, dev);
		break;
	default:
		any_get(f, s);
	}
	if (foreign)
		pthread_rwlock_unlock(&others);
	pthread_rwlock_unlock(&s->lock);
}

/* ---- threads ---- */

static void *fuzz(void *arg)
{
	struct fuzzer *f = arg;
	uint64_t before;

	while (left < 1ULL << 62 && left) {
		struct slot *s = &slots[below(f, SLOTS)];

		before = f->calls;
		if (below(f, 16) == 0)
			alone(f, s);
		else
			together(f, s);
		left -= f->calls - before;
	}
	return NULL;
}

__attribute__((target("general-regs-only"), force_align_arg_pointer))
static void guest_hammer(void)
{
	uint64_t x = 88172645463325252ULL;
	int i;

	for (;;) {
		for (i = 0; i < 100; i++) {
			x ^= x << 13;
			x ^= x >> 7;
			x ^= x << 17;
			if (x & 1 << 20)
				*(volatile uint32_t *)(BASE + (x & 0x1fc)) = x >> 24;
			else
				(void)*(volatile uint32_t *)(BASE + (x & 0x1fc));
		}
		GUEST_SYNC(1);
	}
}

static void *run_guest(void *arg)
{
	struct kvm_vcpu *vcpu = arg;

	while (!over) {
		if (__vcpu_run(vcpu) < 0 && errno != EINTR && errno != EAGAIN)
			break;
		if (vcpu->run->exit_reason == KVM_EXIT_IO)
			get_ucall(vcpu, NULL);
		else if (vcpu->run->exit_reason != KVM_EXIT_MMIO)
			break;
	}
	if (!over)
		note("the guest stopped: %s",
		     exit_reason_str(vcpu->run->exit_reason));
	return NULL;
}

static void fuzzer_start(struct fuzzer *f, uint64_t seed)
{
	unsigned char *room = mmap(NULL, ROOM + 4096, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (room == MAP_FAILED || mprotect(room + ROOM, 4096, PROT_NONE))
		die("mmap: %s", strerror(errno));
	*f = (struct fuzzer){ .x = seed * 0x9e3779b97f4a7c15ULL | 1, .room = room };
	if (pthread_create(&f->thread, NULL, fuzz, f))
		die("pthread_create");
}

static void limit_set(unsigned int events)
{
	FILE *f = fopen(LIMIT_PATH, "w");

	if (!f || fprintf(f, "%u", events) < 0 || fclose(f))
		die(LIMIT_PATH ": %s", strerror(errno));
}

static uint64_t number_from(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text ? strtoull(text, NULL, 0) : otherwise;
}

static void fuzz_all(uint64_t calls, uint64_t seed)
{
	uint64_t made = 0, good = 0, loaded = 0, created = 0, told = 0, n;
	struct fuzzer f[THREADS];
	pthread_t guest;
	int i;

	/* Blocks that tick as fast as they may are not to take all of a slow host. */
	limit_set(2000);
	left = calls;
	for (i = 0; i < SLOTS; i++) {
		pthread_rwlock_init(&slots[i].lock, NULL);
		slots[i].fd = null;
		slots[i].config = default_config();
	}
	for (i = 0; i < 2; i++)
		vms[i] = machine_new_code(guest_hammer);
	if (pthread_create(&guest, NULL, run_guest, vms[0]->vcpu))
		die("pthread_create");
	for (i = 0; i < THREADS; i++)
		fuzzer_start(&f[i], seed + i);
	/* A word now and then, so that it is not taken for a hang. */
	while ((n = left) && n < 1ULL << 62) {
		if (calls - n >= told + 50000) {
			told = calls - n;
			note("%lu calls so far", told);
		}
		sleep_ms(100);
	}
	for (i = 0; i < THREADS; i++) {
		pthread_join(f[i].thread, NULL);
		made += f[i].calls;
		good += f[i].good;
		loaded += f[i].loaded;
		created += f[i].created;
	}
	over = true;
	pthread_join(guest, NULL);
	for (i = 0; i < SLOTS; i++)
		slot_put(&slots[i], null, false);
	for (i = 0; i < 2; i++)
		machine_free(vms[i]);
	limit_set(40000);

	note("seed %lu: %lu calls, %lu of them with success, %lu blocks made, %lu other states loaded",
	     seed, made, good, created, loaded);
	if (!ok_eq(odd, 0, "nothing that must not be"))
		note("the first: %s", first_odd);
	ok_in(made, calls, calls + 100, "as many calls as wanted");
	ok_in(good, made / 10, made - made / 10,
	      "a good part of them does something, and a good part is refused");
	ok(created > calls / 1000 && loaded > calls / 1000,
	   "blocks and states come and go");
}

/* ---- afterwards ---- */

/* Slow enough for a host that others keep busy as well. */
#define TICK	(20 * MS)

static void test_as_new(void)
{
	struct machine *m = machine_with_block();
	struct guest_irq *irq = &m->g->irq[VECTOR_PIN(16)];
	struct kvm_hpet_timer_stats s;
	uint64_t end;

	guest_apic_init(m);
	guest_pin_set(m, 16, 0);
	irq->first = irq->period = TICK;
	timer_program(m, 0, TIMER_ROUTE(16), TICK, TICK);
	policy_set(m, 1, KVM_HPET_TICKS_SLEW, 10, 1, 5000000000ULL);
	block_enable(m, 0);
	guest_ticks(m, OP_HALT_TICKS, VECTOR_PIN(16), 50);
	guest_drain(m, VECTOR_PIN(16));
	end = block_halt_quiet(m, TICK, TICK);
	s = stats_get(m, 0);
	ok_eq(s.due, ticks_due(end, TICK, TICK), "a new block: ticks due");
	ok_eq(irq->seen, s.delivered, "a new block: the guest has those delivered");
	if (policy_supported())
		ok_eq(s.delivered + s.backlog, s.due, "a new block: none lost");
	ok(irq->max_ahead <= 0, "a new block: never ahead");
	machine_free(m);
}

static int unload_patiently(void)
{
	int ret, i;

	/* What was closed last may not be gone to the last reference. */
	for (i = 0; i < 100; i++) {
		ret = module_unload(MODULE);
		if (ret != -EAGAIN)
			break;
		sleep_ms(10);
	}
	return ret;
}

static void test_unload(void)
{
	struct kvm_hpet_block_info info = { .size = sizeof(info) };

	ok_eq(-hpet_ioctl(dev, KVM_HPET_NEXT_BLOCK, &info), ENOENT,
	      "no block is left");
	close(dev);
	ok_eq(-unload_patiently(), 0, "the module can be unloaded");
	ok_eq(-module_load(module_path(), ""), 0, "and loaded");
}

int main(void)
{
	plan_test("whatever a VMM asks for");
	kvm_keep();
	dev = hpet_device();
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	policy_supported();
	fuzz_all(number_from("HPET_FUZZ_CALLS", CALLS),
		 number_from("HPET_FUZZ_SEED", 1));
	test_as_new();
	test_unload();
	done();
}
