// SPDX-License-Identifier: GPL-2.0
/*
 * Thousands of rounds in which two or more do at the same moment what can be in
 * each other's way: accesses of two vCPUs and everything the VMM can do to the
 * block, two that create it, descriptors closed in any order, a VMM killed at any
 * moment, attach and detach under a running guest, modules unloaded as their last
 * user goes. The witnesses are what the calls return, what is left, and the
 * kernel's log, best that of a debug kernel (make check-debug).
 *
 * The VMs are tiny, since thousands of them come and go: a page of memory, and
 * vCPUs that run the few instructions of tiny_code for ever.
 *
 * HPET_RACE names those to be run, as main() has them (selftests/kvm/run --env).
 */
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "hpet_test.h"

/* ---- a tiny VM ---- */

#define MAX_VCPUS	2
#define MEM_SIZE	0x1000

struct tiny_vcpu {
	pthread_t thread;
	int fd;
	struct kvm_run *run;
	atomic_bool stop;
	atomic_ulong exits;	/* the block was not there */
	atomic_ulong odd;	/* exits of another kind */
};

struct tiny {
	int vm;
	unsigned int n;
	struct tiny_vcpu vcpu[MAX_VCPUS];
	void *mem;
};

#define LE32(v)	(v) & 0xff, (v) >> 8 & 0xff, (v) >> 16 & 0xff, (v) >> 24 & 0xff
#define READ(reg)	0xa1, LE32(BASE + (reg))
#define WRITE(reg, v)	0xc7, 0x05, LE32(BASE + (reg)), LE32(v)

/*
 * Timer 0 periodic, 0.1 ms, on pin 16; timer 1 level-triggered on pin 17; timer 3
 * by message. Between the writes, reads.
 */
static const uint8_t tiny_code[] = {
	WRITE(REG_TIMER(0), TIMER_ROUTE(16) | TIMER_INT | TIMER_PERIODIC | TIMER_VAL_SET),
	READ(REG_COUNTER),
	WRITE(REG_COMPARATOR(0), MS / 10),
	WRITE(REG_CONFIG, CONFIG_ENABLE),
	READ(REG_COUNTER),
	WRITE(REG_TIMER(1), TIMER_ROUTE(17) | TIMER_INT | TIMER_LEVEL),
	WRITE(REG_COMPARATOR(1), MS / 5),
	READ(REG_COMPARATOR(0)),
	READ(REG_COUNTER),
	WRITE(REG_STATUS, 0xf),
	WRITE(REG_FSB(3) + 4, 0xfee00000),
	WRITE(REG_FSB(3), 0x4f),
	WRITE(REG_TIMER(3), TIMER_INT | TIMER_FSB_EN),
	WRITE(REG_COMPARATOR(3), MS / 3),
	READ(REG_COUNTER),
	READ(REG_CONFIG),
	WRITE(REG_CONFIG, 0),
	READ(REG_STATUS),
	WRITE(REG_COUNTER, 0),
	0xe9, LE32(-(5 * 7 + 10 * 12 + 5)),	/* from the start */
};

static void flat_protected_mode(int vcpu)
{
	struct kvm_regs regs = { .rflags = 2, .rip = 0 };
	struct kvm_sregs s;

	if (ioctl(vcpu, KVM_GET_SREGS, &s))
		die("KVM_GET_SREGS: %s", strerror(errno));
	s.cs.base = 0;
	s.cs.limit = ~0U;
	s.cs.g = 1;
	s.cs.db = 1;
	s.cs.type = 0xb;
	s.ds = s.cs;
	s.ds.type = 3;
	s.es = s.ss = s.fs = s.gs = s.ds;
	s.cs.selector = 8;
	s.cr0 |= 1;
	if (ioctl(vcpu, KVM_SET_SREGS, &s) || ioctl(vcpu, KVM_SET_REGS, &regs))
		die("KVM_SET_REGS: %s", strerror(errno));
}

/* Returns false if there is no KVM at the moment. */
static bool tiny_new(struct tiny *t, unsigned int vcpus)
{
	struct kvm_userspace_memory_region region = { .memory_size = MEM_SIZE };
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	unsigned int i;

	memset(t, 0, sizeof(*t));
	if (kvm < 0)
		return false;
	t->vm = ioctl(kvm, KVM_CREATE_VM, 0);
	if (t->vm < 0) {
		close(kvm);
		return false;
	}
	t->mem = mmap(NULL, MEM_SIZE, PROT_READ | PROT_WRITE,
		      MAP_ANONYMOUS | MAP_PRIVATE, -1, 0);
	memcpy(t->mem, tiny_code, sizeof(tiny_code));
	region.userspace_addr = (uintptr_t)t->mem;
	if (ioctl(t->vm, KVM_CREATE_IRQCHIP, 0) ||
	    ioctl(t->vm, KVM_SET_USER_MEMORY_REGION, &region))
		die("the VM's set-up: %s", strerror(errno));
	for (i = 0; i < vcpus; i++) {
		struct tiny_vcpu *v = &t->vcpu[i];
		struct kvm_mp_state mp = { KVM_MP_STATE_RUNNABLE };

		v->fd = ioctl(t->vm, KVM_CREATE_VCPU, i);
		if (v->fd < 0)
			die("KVM_CREATE_VCPU: %s", strerror(errno));
		v->run = mmap(NULL, MEM_SIZE, PROT_READ | PROT_WRITE,
			      MAP_SHARED, v->fd, 0);
		flat_protected_mode(v->fd);
		ioctl(v->fd, KVM_SET_MP_STATE, &mp);
	}
	t->n = vcpus;
	close(kvm);
	return true;
}

static void tiny_close(struct tiny *t)
{
	unsigned int i;

	for (i = 0; i < t->n; i++) {
		munmap(t->vcpu[i].run, MEM_SIZE);
		close(t->vcpu[i].fd);
	}
	close(t->vm);
	munmap(t->mem, MEM_SIZE);
}

static void on_kick(int sig)
{
}

/* What KVM did last, on each CPU; then it is recorded no more. */
static void note_trace(void)
{
	static char last[64][256];
	unsigned int n = 0, i;
	FILE *f;

	trace_write("tracing_on", "0");
	f = trace_open("trace", "r");
	while (fgets(last[n % 64], sizeof(last[0]), f))
		n++;
	fclose(f);
	for (i = n > 64 ? n - 64 : 0; i < n; i++)
		note("%.*s", (int)strcspn(last[i % 64], "\n"), last[i % 64]);
}

/*
 * What is to be known of an exit that may not be. After a triple fault KVM for AMD
 * resets the vCPU: only the trace still has what it did.
 */
static void note_exit(struct tiny_vcpu *v)
{
	struct kvm_vcpu_events e = { 0 };
	struct kvm_regs regs = { 0 };

	note_trace();
	ioctl(v->fd, KVM_GET_REGS, &regs);
	ioctl(v->fd, KVM_GET_VCPU_EVENTS, &e);
	note("a vCPU's exit: %u at %#llx, flags %#llx, exception %u/%u, interrupt %u/%u, NMI %u/%u",
	     v->run->exit_reason, regs.rip, regs.rflags, e.exception.injected,
	     e.exception.nr, e.interrupt.injected, e.interrupt.nr,
	     e.nmi.injected, e.nmi.pending);
}

static void *run_vcpu(void *arg)
{
	struct tiny_vcpu *v = arg;

	while (!v->stop) {
		int ret = ioctl(v->fd, KVM_RUN, 0);

		if (ret < 0) {
			v->odd += errno != EINTR;
			continue;
		}
		if (v->run->exit_reason == KVM_EXIT_MMIO)
			v->exits++;
		else if (!v->odd++)
			note_exit(v);
	}
	return NULL;
}

static void tiny_start(struct tiny *t)
{
	struct sigaction action = { .sa_handler = on_kick };
	unsigned int i;

	sigaction(SIGUSR1, &action, NULL);
	for (i = 0; i < t->n; i++)
		if (pthread_create(&t->vcpu[i].thread, NULL, run_vcpu,
				   &t->vcpu[i]))
			die("pthread_create");
}

/* Gives the number of exits that may not be. */
static unsigned long tiny_stop(struct tiny *t)
{
	unsigned long odd = 0;
	unsigned int i;

	for (i = 0; i < t->n; i++) {
		struct tiny_vcpu *v = &t->vcpu[i];

		v->stop = true;
		v->run->immediate_exit = 1;
		pthread_kill(v->thread, SIGUSR1);
		pthread_join(v->thread, NULL);
		odd += v->odd;
	}
	return odd;
}

static unsigned long tiny_exits(struct tiny *t)
{
	return t->vcpu[0].exits + t->vcpu[1].exits;
}

static int tiny_block(struct tiny *t, int dev)
{
	struct kvm_hpet_config config = default_config();

	config.vm_fd = t->vm;
	return hpet_ioctl(dev, KVM_HPET_CREATE, &config);
}

/* ---- chance ---- */

static __thread uint64_t chance = 88172645463325252ULL;

static unsigned int below(unsigned int n)
{
	chance ^= chance << 13;
	chance ^= chance >> 7;
	chance ^= chance << 17;
	return (chance >> 20) % n;
}

static void sleep_us(unsigned int us)
{
	struct timespec ts = { 0, us * 1000L };

	nanosleep(&ts, NULL);
}

/* ---- two vCPUs against everything ---- */

static int any_policy(int fd)
{
	struct kvm_hpet_tick_policy p = policy_default(15);

	p.policy = below(4);
	p.max_rate = 1 + below(100);
	return hpet_ioctl(fd, KVM_HPET_SET_TICK_POLICY, &p);
}

static int any_call(int fd, struct kvm_hpet_state *s)
{
	int ret;

	switch (below(7)) {
	case 0:
		return hpet_ioctl(fd, KVM_HPET_GET_STATE, s);
	case 1:
		return s->version ? hpet_ioctl(fd, KVM_HPET_SET_STATE, s) : 0;
	case 2:
		ret = any_policy(fd);
		return ret == -EOPNOTSUPP ? 0 : ret;
	case 3:
		return hpet_ioctl(fd, KVM_HPET_RESET, NULL);
	case 4:
		ret = hpet_ioctl(fd, KVM_HPET_PAUSE, NULL);
		return ret == -EALREADY ? 0 : ret;
	case 5:
		ret = hpet_ioctl(fd, KVM_HPET_RESUME, NULL);
		return ret == -EALREADY ? 0 : ret;
	default:
		sleep_us(below(200));
		return 0;
	}
}

/* What an administrator has open goes on while the block is closed. */
struct looker {
	pthread_t thread;
	atomic_bool stop;
	unsigned long calls;
	unsigned long odd;
};

static void *look(void *arg)
{
	struct kvm_hpet_stats stats = { .size = sizeof(stats) };
	struct looker *l = arg;
	int dev = hpet_device();

	while (!l->stop) {
		uint64_t id = next_block(0);
		int fd = id ? hpet_ioctl(dev, KVM_HPET_OPEN_BLOCK, &id) : -ENOENT;
		int ret;

		if (fd < 0) {
			l->odd += fd != -ENOENT;
			continue;
		}
		ret = any_policy(fd);
		l->odd += ret && ret != -ENODEV && ret != -EOPNOTSUPP;
		ret = hpet_ioctl(fd, KVM_HPET_GET_STATS, &stats);
		l->odd += ret && ret != -ENODEV;
		l->calls++;
		close(fd);
	}
	close(dev);
	return NULL;
}

static void test_vcpus(void)
{
	static struct kvm_hpet_state state = { .size = sizeof(state) };
	struct looker l = { .stop = false };
	unsigned int i, k, bad = 0, n = rounds(2000);
	int dev = hpet_device();
	struct tiny t;

	if (!tiny_new(&t, 2))
		die("no VM: %s", strerror(errno));
	tiny_start(&t);
	pthread_create(&l.thread, NULL, look, &l);
	for (i = 0; i < n; i++) {
		int fd = tiny_block(&t, dev);

		if (fd < 0) {
			bad++;
			continue;
		}
		for (k = below(12); k; k--)
			bad += any_call(fd, &state) != 0;
		close(fd);
		still_alive();
	}
	l.stop = true;
	pthread_join(l.thread, NULL);
	ok_eq(tiny_stop(&t), 0, "two vCPUs against all calls: no odd exit");
	note("%u blocks, %lu exits while there was none, %lu looks", n,
	     tiny_exits(&t), l.calls);
	ok_eq(bad, 0, "two vCPUs against all calls: they succeed");
	ok_eq(l.odd, 0, "two vCPUs against all calls: only ENODEV for an administrator");
	ok(tiny_exits(&t) && l.calls, "two vCPUs against all calls: all took part");
	tiny_close(&t);
	close(dev);
	ok_nothing_left("two vCPUs against all calls");
}

/* ---- two creators ---- */

struct creator {
	pthread_t thread;
	struct tiny *t;
	pthread_barrier_t *start;
	pthread_barrier_t *end;
	unsigned int n;
	int fd;
};

static void *create(void *arg)
{
	struct creator *c = arg;
	int dev = hpet_device();
	unsigned int i;

	for (i = 0; i < c->n; i++) {
		pthread_barrier_wait(c->start);
		c->fd = tiny_block(c->t, dev);
		pthread_barrier_wait(c->end);
		if (c->fd >= 0)
			close(c->fd);
	}
	close(dev);
	return NULL;
}

static void test_two_creators(void)
{
	unsigned int i, odd = 0, first = 0, n = rounds(3000);
	pthread_barrier_t start, end;
	struct creator c[2];
	struct tiny t;

	if (!tiny_new(&t, 1))
		die("no VM: %s", strerror(errno));
	tiny_start(&t);
	pthread_barrier_init(&start, NULL, 3);
	pthread_barrier_init(&end, NULL, 3);
	for (i = 0; i < 2; i++) {
		c[i] = (struct creator) {
			.t = &t, .start = &start, .end = &end, .n = n,
		};
		pthread_create(&c[i].thread, NULL, create, &c[i]);
	}
	for (i = 0; i < n; i++) {
		int a, b;

		pthread_barrier_wait(&start);
		/* Both hold what they have until all have come here. */
		pthread_barrier_wait(&end);
		a = c[0].fd;
		b = c[1].fd;
		odd += !((a >= 0 && b == -EEXIST) || (b >= 0 && a == -EEXIST));
		first += a >= 0;
		still_alive();
	}
	for (i = 0; i < 2; i++)
		pthread_join(c[i].thread, NULL);
	ok_eq(tiny_stop(&t), 0, "two creators: no odd exit");
	note("%u rounds, won by the first in %u", n, first);
	ok_eq(odd, 0, "two creators of one address: one has it, the other EEXIST");
	tiny_close(&t);
	ok_nothing_left("two creators");
}

/* ---- the VM's bus ---- */

#define ELSEWHERE	0xd0000000ULL
#define REACHED_MS	10000

/* Devices of KVM's own come and go on the bus; each call has to succeed. */
struct binder {
	pthread_t thread;
	struct tiny *t;
	atomic_bool stop;
	unsigned long calls;
	unsigned long odd;
};

static void *bind_events(void *arg)
{
	struct binder *b = arg;
	struct kvm_ioeventfd bind = {
		.addr = ELSEWHERE, .len = 4, .fd = eventfd(0, EFD_CLOEXEC),
	};

	while (!b->stop) {
		bind.flags = 0;
		b->odd += ioctl(b->t->vm, KVM_IOEVENTFD, &bind) != 0;
		bind.flags = KVM_IOEVENTFD_FLAG_DEASSIGN;
		b->odd += ioctl(b->t->vm, KVM_IOEVENTFD, &bind) != 0;
		b->calls += 2;
	}
	close(bind.fd);
	return NULL;
}

/* The vCPU accesses it all the time, so that soon it is reached or never. */
static bool is_reached(int fd)
{
	struct kvm_hpet_stats stats = { .size = sizeof(stats) };
	uint64_t end = now_ns() + REACHED_MS * 1000000ULL * slowness();

	do {
		if (hpet_ioctl(fd, KVM_HPET_GET_STATS, &stats))
			return false;
		if (stats.mmio_reads)
			return true;
		sleep_us(20);
	} while (now_ns() < end);
	return false;
}

/*
 * KVM copies the whole bus for each device that comes or goes. A copy that somebody
 * else makes at the same time lacks it, or has it still.
 */
static void test_bus(void)
{
	unsigned int i, bad = 0, unreached = 0, n = rounds(2000);
	struct binder b = { .stop = false };
	int dev = hpet_device();
	struct tiny t;

	if (!tiny_new(&t, 1))
		die("no VM: %s", strerror(errno));
	tiny_start(&t);
	b.t = &t;
	pthread_create(&b.thread, NULL, bind_events, &b);
	for (i = 0; i < n && !bad && !unreached; i++) {
		int fd = tiny_block(&t, dev);

		if (fd < 0) {
			note("round %u: %s", i, strerror(-fd));
			bad++;
			continue;
		}
		unreached += !is_reached(fd);
		close(fd);
		still_alive();
	}
	b.stop = true;
	pthread_join(b.thread, NULL);
	ok_eq(tiny_stop(&t), 0, "the bus in motion: no odd exit");
	note("%u blocks, %lu calls for ioeventfds", i, b.calls);
	ok_eq(bad, 0, "the bus in motion: the address is free when the block has gone");
	ok_eq(unreached, 0, "the bus in motion: the guest reaches each block");
	ok_eq(b.odd, 0, "the bus in motion: nor is KVM disturbed");
	tiny_close(&t);
	close(dev);
	ok_nothing_left("the bus in motion");
}

/* ---- attach and detach ---- */

static void test_attach(void)
{
	static struct kvm_hpet_state s = { .size = sizeof(s) };
	unsigned int i, bad = 0, back = 0, n = rounds(3000);
	int dev = hpet_device();
	uint64_t last = 0;
	struct tiny t;

	if (!tiny_new(&t, 2))
		die("no VM: %s", strerror(errno));
	tiny_start(&t);
	for (i = 0; i < n; i++) {
		int fd = tiny_block(&t, dev);

		if (fd < 0) {
			bad++;
			continue;
		}
		bad += hpet_ioctl(fd, KVM_HPET_PAUSE, NULL) != 0;
		if (i)
			bad += hpet_ioctl(fd, KVM_HPET_SET_STATE, &s) != 0;
		bad += hpet_ioctl(fd, KVM_HPET_RESUME, NULL) != 0;
		sleep_us(below(500));
		bad += hpet_ioctl(fd, KVM_HPET_PAUSE, NULL) != 0;
		bad += hpet_ioctl(fd, KVM_HPET_GET_STATE, &s) != 0;
		close(fd);
		/* The guest sets it to 0 when it halts it. */
		back += s.counter < last;
		last = s.counter;
		still_alive();
	}
	ok_eq(tiny_stop(&t), 0, "attach and detach: no odd exit");
	note("%u rounds, the guest had set the counter back in %u", n, back);
	ok_eq(bad, 0, "attach and detach under a running guest: every state is taken");
	tiny_close(&t);
	close(dev);
	ok_nothing_left("attach and detach");
}

/* ---- descriptors in any order ---- */

struct closer {
	pthread_t thread;
	pthread_barrier_t *start;
	int fd;
	unsigned int after_us;
};

static void *close_it(void *arg)
{
	struct closer *c = arg;

	pthread_barrier_wait(c->start);
	if (c->after_us)
		sleep_us(c->after_us);
	close(c->fd);
	return NULL;
}

/* VM, vCPU and block, each by a thread of its own, the vCPU's memory last. */
static void test_any_order(void)
{
	unsigned int i, k, n = rounds(1000);
	int dev = hpet_device();
	pthread_barrier_t start;
	struct closer c[3];
	struct tiny t;

	pthread_barrier_init(&start, NULL, 3);
	for (i = 0; i < n; i++) {
		if (!tiny_new(&t, 1))
			die("no VM: %s", strerror(errno));
		tiny_start(&t);
		c[0].fd = tiny_block(&t, dev);
		if (c[0].fd < 0)
			die("KVM_HPET_CREATE: %s", strerror(-c[0].fd));
		if (below(2))
			any_policy(c[0].fd);
		sleep_us(below(300));
		if (tiny_stop(&t))
			die("odd exits");
		munmap(t.vcpu[0].run, MEM_SIZE);
		c[1].fd = t.vcpu[0].fd;
		c[2].fd = t.vm;
		for (k = 0; k < 3; k++) {
			c[k].start = &start;
			c[k].after_us = below(4) * 30;
			pthread_create(&c[k].thread, NULL, close_it, &c[k]);
		}
		for (k = 0; k < 3; k++)
			pthread_join(c[k].thread, NULL);
		munmap(t.mem, MEM_SIZE);
		still_alive();
	}
	close(dev);
	ok(true, "VM, vCPU and block closed in any order, %u rounds", n);
	ok_nothing_left("closed in any order");
}

/* ---- a VMM that is killed ---- */

static void *call_for_ever(void *arg)
{
	static struct kvm_hpet_state state = { .size = sizeof(state) };
	int fd = *(int *)arg;

	for (;;)
		any_call(fd, &state);
	return NULL;
}

static void run_vmm(void)
{
	pthread_t thread;
	struct tiny t;
	int dev, fd;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	dev = hpet_device();
	if (!tiny_new(&t, 2))
		_exit(1);
	tiny_start(&t);
	pthread_create(&thread, NULL, call_for_ever, &fd);
	for (;;) {
		fd = tiny_block(&t, dev);
		sleep_us(below(2000));
		close(fd);
	}
}

static void test_killed(void)
{
	unsigned int i, odd = 0, n = rounds(1000);
	int status;
	pid_t pid;

	for (i = 0; i < n; i++) {
		fflush(stdout);
		pid = fork();
		if (!pid) {
			chance += i * 7919;
			run_vmm();
		}
		/* From before it has a VM to long after. */
		sleep_us(below(20000));
		kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
		odd += !WIFSIGNALED(status);
		still_alive();
	}
	ok_eq(odd, 0, "VMM killed at any moment, %u times", n);
	ok_nothing_left("VMM killed at any moment");
}

/* ---- modules ---- */

/* Unloads and loads it as often as it can until told to stop. */
struct unloader {
	pthread_t thread;
	const char *name;
	char path[128];
	atomic_bool stop;
	atomic_uint done;
	unsigned int refused;
	unsigned int odd;
};

static void *unload(void *arg)
{
	struct unloader *u = arg;

	while (!u->stop) {
		int ret = module_unload(u->name);

		if (ret) {
			u->refused++;
			u->odd += ret != -EAGAIN;
			sleep_us(50);
			continue;
		}
		u->done++;
		if (module_load(u->path, ""))
			die("%s does not load again", u->name);
		still_alive();
	}
	return NULL;
}

static void unload_start(struct unloader *u, const char *name, const char *path)
{
	*u = (struct unloader) { .name = name };
	snprintf(u->path, sizeof(u->path), "%s", path);
	pthread_create(&u->thread, NULL, unload, u);
}

static void unload_stop(struct unloader *u, const char *name)
{
	u->stop = true;
	pthread_join(u->thread, NULL);
	note("%s: unloaded %u times, refused %u times", u->name, u->done,
	     u->refused);
	ok_eq(u->odd, 0, "%s: unloaded or EAGAIN", name);
}

/* A guest runs all the time, and two threads make and close blocks. */
static void *use(void *arg)
{
	struct tiny *t = arg;

	while (!t->vcpu[0].stop) {
		int dev = open("/dev/kvm_hpet", O_RDWR | O_CLOEXEC);
		int fd;

		if (dev >= 0) {
			fd = tiny_block(t, dev);
			if (fd >= 0) {
				any_policy(fd);
				close(fd);
			}
			close(dev);
		}
		/* Now and then nobody uses it. */
		sleep_us(below(20000));
	}
	return NULL;
}

static void test_unload(void)
{
	unsigned int i, n = rounds(40);
	struct unloader u;
	pthread_t user[2];
	struct tiny t;

	if (!tiny_new(&t, 1))
		die("no VM: %s", strerror(errno));
	tiny_start(&t);
	unload_start(&u, MODULE, module_path());
	for (i = 0; i < 2; i++)
		pthread_create(&user[i], NULL, use, &t);
	while (u.done < n)
		sleep_us(10000);
	t.vcpu[0].stop = true;
	for (i = 0; i < 2; i++)
		pthread_join(user[i], NULL);
	unload_stop(&u, "rmmod and insmod under load");
	ok_eq(tiny_stop(&t), 0, "rmmod and insmod under load: no odd exit");
	tiny_close(&t);
	ok_nothing_left("rmmod and insmod under load");
}

/* The last user of kvm-amd is a block whose VM has been closed. */
static void test_unload_kvm(void)
{
	unsigned int n = rounds(40), blocks = 0;
	char path[128] = "";
	struct unloader u;
	struct tiny t;
	FILE *f = fopen("/testbed/kvm.list", "r");
	int dev, fd;

	while (f && fgets(path, sizeof(path), f) && !strstr(path, "/kvm-amd.ko"))
		;
	if (f)
		fclose(f);
	path[strcspn(path, "\n")] = '\0';
	if (!strstr(path, "/kvm-amd.ko")) {
		skip("kvm-amd unloaded under blocks: this host has another");
		return;
	}
	dev = hpet_device();
	unload_start(&u, "kvm_amd", path);
	while (u.done < n) {
		/* Gone at the moment? */
		if (!tiny_new(&t, 1))
			continue;
		fd = tiny_block(&t, dev);
		blocks += fd >= 0;
		tiny_close(&t);
		sleep_us(below(500));
		close(fd);
		still_alive();
	}
	unload_stop(&u, "kvm-amd unloaded as its last user goes");
	ok(blocks, "kvm-amd unloaded as its last user goes: %u blocks", blocks);
	close(dev);
	ok_nothing_left("kvm-amd unloaded as its last user goes");
}

/* What is small enough to be looked through, and says what came before an odd exit. */
static void trace_kvm(void)
{
	static const char * const events[] = {
		"kvm_entry", "kvm_exit", "kvm_inj_virq", "kvm_inj_exception",
		"kvm_mmio", "kvm_userspace_exit",
	};
	char path[64];
	unsigned int i;

	trace_instance("race");
	trace_write("buffer_size_kb", "64");
	for (i = 0; i < ARRAY_SIZE(events); i++) {
		snprintf(path, sizeof(path), "events/kvm/%s/enable", events[i]);
		trace_write(path, "1");
	}
}

static void timed(const char *name, void (*test)(void))
{
	const char *only = getenv("HPET_RACE");
	uint64_t start = now_ns();

	if (only && !strstr(only, name))
		return;
	test();
	note("that took %lu s", (unsigned long)(now_ns() - start) / 1000000000);
}

int main(void)
{
	plan_test("two at the same moment, thousands of times");
	trace_kvm();
	kvm_keep();
	timed("vcpus", test_vcpus);
	timed("creators", test_two_creators);
	timed("bus", test_bus);
	timed("attach", test_attach);
	timed("order", test_any_order);
	timed("killed", test_killed);
	timed("unload", test_unload);
	kvm_release();
	trace_write("events/enable", "0");
	trace_instance_end();
	timed("kvm", test_unload_kvm);
	done();
}
