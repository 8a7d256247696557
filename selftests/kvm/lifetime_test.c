// SPDX-License-Identifier: GPL-2.0
/*
 * Whatever goes first - VMM, VM, block, administrator, module - and however busy
 * the others are with it: nothing is left behind, nothing is reached that is
 * gone (the kernel's log is the witness), and the module stays for as long as
 * anything needs it.
 */
#include <dirent.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "hpet_test.h"

#define EVENTS	"/sys/kernel/tracing/events/kvm_hpet"

/* A guest that takes ticks through the I/O APIC, 1 ms apart, without further ado. */
static struct machine *guest_ready(void)
{
	struct machine *m = machine_new();

	guest_apic_init(m);
	guest_pin_set(m, 16, 0);
	guest_do(m, OP_STI, 0, 0, 0);
	return m;
}

static void start_ticking(struct machine *m, uint32_t policy)
{
	struct kvm_hpet_state s;

	machine_create_block(m);
	policy_set(m, 1, policy, 10, 1, 5000000000ULL);
	s = state_get(m);
	s.config = CONFIG_ENABLE;
	s.timer[0].config |= TIMER_INT | TIMER_PERIODIC | TIMER_ROUTE(16);
	s.timer[0].comparator = MS;
	s.timer[0].period = MS;
	state_set(m, &s);
}

/* ---- the VMM is killed ---- */

static void run_vmm(int to_parent)
{
	struct machine *m;
	int fds[2];

	/* It has our output open: a run would wait for it if we had died. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	m = guest_ready();
	start_ticking(m, KVM_HPET_TICKS_SLEW);
	fds[0] = m->hpet;
	fds[1] = m->vm->fd;
	guest_ticks(m, OP_HALT_TICKS, VECTOR_PIN(16), 3);
	if (write(to_parent, fds, sizeof(fds)) != sizeof(fds))
		_exit(1);
	guest_ticks(m, OP_SPIN_TICKS, VECTOR_PIN(16), ~0ULL);
	_exit(0);
}

/* Gives the numbers of the child's descriptors of block and VM. */
static pid_t start_vmm(int fds[2])
{
	int pipes[2];
	pid_t pid;

	if (pipe(pipes))
		die("pipe");
	pid = fork();
	if (!pid)
		run_vmm(pipes[1]);
	close(pipes[1]);
	if (read(pipes[0], fds, 2 * sizeof(int)) != 2 * sizeof(int))
		die("the VMM does not come up");
	close(pipes[0]);
	return pid;
}

static void kill_vmm(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static int take_fd(pid_t pid, int fd)
{
	int pidfd = syscall(SYS_pidfd_open, pid, 0);
	int ret = syscall(SYS_pidfd_getfd, pidfd, fd, 0);

	if (ret < 0)
		die("pidfd_getfd: %s", strerror(errno));
	close(pidfd);
	return ret;
}

static void test_kill(void)
{
	struct kvm_hpet_stats stats = { .size = sizeof(stats) };
	struct pollfd p = { .events = POLLIN };
	int fds[2], dev = hpet_device();
	uint64_t id;
	pid_t pid;

	pid = start_vmm(fds);
	id = next_block(0);
	ok(id, "VMM killed: there is a block before");
	p.fd = hpet_ioctl(dev, KVM_HPET_OPEN_BLOCK, &id);
	ok(p.fd >= 0, "VMM killed: an administrator has it open");
	kill_vmm(pid);
	ok_nothing_left("VMM killed");
	ok_eq(-hpet_ioctl(p.fd, KVM_HPET_GET_STATS, &stats), ENODEV,
	      "VMM killed: ENODEV for the administrator");
	ok(poll(&p, 1, -1) == 1 && p.revents & POLLHUP,
	   "VMM killed: hang-up for the administrator");
	close(p.fd);
	close(dev);
}

/* Who waits in poll() is woken. */
static void *wait_hangup(void *arg)
{
	struct pollfd *p = arg;

	poll(p, 1, -1);
	return NULL;
}

static void test_hangup_wakes(void)
{
	struct machine *m = guest_ready();
	struct pollfd p = { .events = POLLIN };
	int dev = hpet_device();
	pthread_t thread;
	uint64_t id;

	start_ticking(m, KVM_HPET_TICKS_SLEW);
	id = next_block(0);
	p.fd = hpet_ioctl(dev, KVM_HPET_OPEN_BLOCK, &id);
	pthread_create(&thread, NULL, wait_hangup, &p);
	sleep_ms(20);
	close(m->hpet);
	m->hpet = -1;
	pthread_join(thread, NULL);
	ok(p.revents & POLLHUP, "who waits in poll() is woken");
	close(p.fd);
	close(dev);
	machine_free(m);
}

/* Another process holds the block: it and the VM live on without the VMM. */
static void test_kill_fd_held(void)
{
	struct kvm_hpet_stats a, b;
	int fds[2], block;
	pid_t pid;

	pid = start_vmm(fds);
	block = take_fd(pid, fds[0]);
	kill_vmm(pid);
	ok(next_block(0), "VMM killed, block held by another: the block is there");
	stats_get_fd(block, &a);
	sleep_ms(20);
	stats_get_fd(block, &b);
	ok(b.timer[0].due > a.timer[0].due,
	   "VMM killed, block held by another: its time goes on");
	close(block);
	ok_nothing_left("VMM killed, block held by another, closed");
}

/* As an administrator's tool attaches to a VMM that knows nothing of it. */
static void test_attach(bool kill_first)
{
	struct kvm_hpet_config config = default_config();
	struct kvm_hpet_block_info info = { .size = sizeof(info) };
	int dev = hpet_device(), fds[2], vm, block;
	pid_t pid;

	pid = start_vmm(fds);
	info.id = next_block(0);
	vm = take_fd(pid, fds[1]);
	config.vm_fd = vm;
	config.base = BASE + 0x1000;
	block = hpet_ioctl(dev, KVM_HPET_CREATE, &config);
	ok(block >= 0, "attach: a block for another process's VM");
	ok_eq(hpet_ioctl(dev, KVM_HPET_NEXT_BLOCK, &info), 0, "attach: listed");
	ok_eq(info.vm_pid, pid, "attach: pid of the VM's process");
	ok_eq(info.owner_pid, getpid(), "attach: pid of the block's process");
	close(vm);
	if (kill_first)
		kill_vmm(pid);
	close(block);
	if (!kill_first)
		kill_vmm(pid);
	close(dev);
	ok_nothing_left(kill_first ? "attach, VMM killed, detach" :
				     "attach, detach, VMM killed");
}

/* ---- the block is closed ---- */

#define CLOSE_ROUNDS	40

static void test_close_running(uint32_t policy)
{
	struct machine *m = guest_ready();
	struct guest_irq *irq = &m->g->irq[VECTOR_PIN(16)];
	struct guest_thread t;
	unsigned int i, ticked = 0, exited = 0, silent = 0;
	uint64_t seen;

	for (i = 0; i < CLOSE_ROUNDS; i++) {
		m->exits = 0;
		seen = irq->seen;
		start_ticking(m, policy);
		/* Ends when a read gives all ones: nothing is there any more. */
		guest_start(&t, m, OP_SPIN_ON, 0, ~0ULL);
		while (i % 2 && *(volatile uint64_t *)&irq->seen < seen + 5)
			sleep_ms(1);
		close(m->hpet);
		m->hpet = -1;
		guest_join(&t);
		exited += m->exits == 1 && !m->exit[0].write &&
			  m->exit[0].addr == BASE + REG_COUNTER;
		ticked += irq->seen >= seen + 5;
		guest_do(m, OP_STI, 0, 0, 0);
		seen = irq->seen;
		sleep_ms(3);
		guest_do(m, OP_STI, 0, 0, 0);
		silent += irq->seen == seen;
	}
	ok_eq(exited, CLOSE_ROUNDS,
	      "block closed under a running guest: its next read comes out to the VMM");
	ok_in(ticked, CLOSE_ROUNDS / 2, CLOSE_ROUNDS,
	      "block closed under a running guest: it had ticked");
	ok_eq(silent, CLOSE_ROUNDS,
	      "block closed under a running guest: no tick afterwards");
	ok_nothing_left("block closed under a running guest");
	machine_free(m);
}

/* A level line that is up does not stay up. */
static void test_close_level(void)
{
	struct machine *m = machine_with_block();

	guest_apic_init(m);
	guest_pin_set(m, 17, PIN_LEVEL | PIN_MASKED);
	timer_program(m, 1, TIMER_LEVEL | TIMER_ROUTE(17), MS, 0);
	block_enable(m, 0);
	guest_spin(m, OP_SPIN_ON, 2 * MS);
	close(m->hpet);
	m->hpet = -1;
	guest_pin_set(m, 17, PIN_LEVEL);
	guest_do(m, OP_STI, 0, 0, 0);
	ok_eq(m->g->irq[VECTOR_PIN(17)].seen, 0,
	      "block closed with its line up: lowered");
	machine_free(m);
}

static void test_vm_first(void)
{
	struct machine *m = guest_ready();
	struct kvm_hpet_stats stats;
	struct kvm_hpet_state state;
	int block;

	start_ticking(m, KVM_HPET_TICKS_SLEW);
	guest_ticks(m, OP_SPIN_TICKS, VECTOR_PIN(16), 5);
	block = m->hpet;
	m->hpet = -1;
	kvm_vm_free(m->vm);
	sleep_ms(5);
	stats_get_fd(block, &stats);
	m->hpet = block;
	state = state_get(m);
	ok(state.counter > 0, "VM closed first: the block still answers");
	ok_eq(hpet_ioctl(block, KVM_HPET_PAUSE, NULL), 0, "VM closed first: pause");
	ok_eq(hpet_ioctl(block, KVM_HPET_RESUME, NULL), 0,
	      "VM closed first: resume");
	ok_eq(hpet_ioctl(block, KVM_HPET_RESET, NULL), 0, "VM closed first: reset");
	close(block);
	free(m);
	ok_nothing_left("VM closed first");
}

/* The block lives until its last descriptor is closed. */
static void test_last_descriptor(void)
{
	struct machine *m = guest_ready();
	int copy;

	start_ticking(m, KVM_HPET_TICKS_DISCARD);
	copy = dup(m->hpet);
	close(m->hpet);
	ok(next_block(0), "one of two descriptors closed: the block is there");
	ok_eq(guest_read(m, REG_CAP + 4, 4), PERIOD_FS,
	      "one of two descriptors closed: the guest reads it");
	m->hpet = -1;
	close(copy);
	ok_nothing_left("both descriptors closed");
	ok_eq(guest_read(m, REG_CAP + 4, 4), ~0U,
	      "both descriptors closed: the guest does not");
	machine_free(m);
}

/* ---- everything at once ---- */

static atomic_bool hammer_stop;

struct hammer {
	pthread_t thread;
	struct machine *m;
	int fd;
	uint64_t calls;
	uint64_t odd;	/* answers that are not documented */
};

static void hammer_call(struct hammer *h, unsigned long cmd, void *arg,
			int allowed)
{
	int ret = hpet_ioctl(h->fd, cmd, arg);

	h->calls++;
	h->odd += ret && ret != allowed;
}

static void *hammer_owner(void *arg)
{
	struct hammer *h = arg;
	struct kvm_hpet_state s = { .size = sizeof(s) };

	while (!hammer_stop) {
		hammer_call(h, KVM_HPET_GET_STATE, &s, 0);
		hammer_call(h, KVM_HPET_PAUSE, NULL, -EALREADY);
		hammer_call(h, KVM_HPET_SET_STATE, &s, 0);
		hammer_call(h, KVM_HPET_RESUME, NULL, -EALREADY);
		if (h->calls % 64 == 0)
			hammer_call(h, KVM_HPET_RESET, NULL, 0);
	}
	return NULL;
}

static void *hammer_admin(void *arg)
{
	struct hammer *h = arg;
	uint64_t round = 0;

	while (!hammer_stop) {
		struct kvm_hpet_config config = { .size = sizeof(config) };
		struct kvm_hpet_stats stats = { .size = sizeof(stats) };
		struct kvm_hpet_tick_policy policy = policy_default(7);
		uint64_t id = next_block(0);
		int dev = hpet_device();

		h->fd = hpet_ioctl(dev, KVM_HPET_OPEN_BLOCK, &id);
		h->odd += h->fd < 0;
		policy.policy = round++ & 3;
		hammer_call(h, KVM_HPET_SET_TICK_POLICY, &policy,
			    policy_supported() ? 0 : -EOPNOTSUPP);
		hammer_call(h, KVM_HPET_GET_CONFIG, &config, 0);
		hammer_call(h, KVM_HPET_PAUSE, NULL, -EPERM);
		if (h->fd >= 0)
			stats_get_fd(h->fd, &stats);
		close(h->fd);
		close(dev);
	}
	return NULL;
}

/* The guest's share: all registers, all widths, as fast as it can. */
static __attribute__((target("general-regs-only"), force_align_arg_pointer))
void guest_hammer(void)
{
	uint64_t x = 88172645463325252ULL;

	for (;;) {
		uint64_t addr, i;

		for (i = 0; i < 1000; i++) {
			x ^= x << 13;
			x ^= x >> 7;
			x ^= x << 17;
			addr = BASE + (x & 0x1fc);
			if (x & 1 << 12)
				*(volatile uint32_t *)addr = x >> 20;
			else
				(void)*(volatile uint32_t *)addr;
		}
		GUEST_SYNC(1);
	}
}

static void *hammer_guest(void *arg)
{
	struct hammer *h = arg;
	struct kvm_vcpu *vcpu = h->m->vcpu;

	while (!hammer_stop) {
		int ret = __vcpu_run(vcpu);

		if (ret < 0 && errno != EINTR)
			h->odd++;
		if (vcpu->run->exit_reason == KVM_EXIT_IO)
			get_ucall(vcpu, NULL);
		else
			h->odd += vcpu->run->exit_reason != KVM_EXIT_MMIO;
		h->calls++;
	}
	return NULL;
}

static void test_hammer(void)
{
	struct machine *m = machine_new_code(guest_hammer);
	struct hammer guest = { .m = m }, owner = { .m = m }, admin = { .m = m };
	struct kvm_hpet_stats stats;

	machine_create_block(m);
	owner.fd = m->hpet;
	hammer_stop = false;
	pthread_create(&guest.thread, NULL, hammer_guest, &guest);
	pthread_create(&owner.thread, NULL, hammer_owner, &owner);
	pthread_create(&admin.thread, NULL, hammer_admin, &admin);
	sleep_ms(3000);
	hammer_stop = true;
	pthread_join(guest.thread, NULL);
	pthread_join(owner.thread, NULL);
	pthread_join(admin.thread, NULL);
	ok_in(count_debugfs(), 1, 1, "all at once: a directory in debugfs");
	stats_get_fd(m->hpet, &stats);
	note("%lu rounds of the guest, %lu calls of the owner, %lu of an administrator, %llu MMIO writes",
	     guest.calls, owner.calls, admin.calls, stats.mmio_writes);
	ok(guest.calls && owner.calls && admin.calls, "all at once: all get through");
	ok_eq(guest.odd, 0, "all at once: the guest's exits are the documented ones");
	ok_eq(owner.odd, 0, "all at once: the owner's calls succeed");
	ok_eq(admin.odd, 0, "all at once: the administrator's calls succeed");
	machine_free(m);
	ok_nothing_left("all at once");
}

/*
 * Blocks come and go for one VM, from two threads, while its guest runs and a
 * third thread looks at them.
 */
#define CHURN_ROUNDS	100

struct look {
	pthread_t thread;
	atomic_bool stop;
	uint64_t bytes;
	uint64_t odd;	/* answers that are not documented */
};

static void *churn(void *arg)
{
	struct machine *m = arg;
	struct kvm_hpet_config config = m->config;
	uint64_t i, bad = 0;
	int dev = hpet_device();

	config.base += 0x400;
	for (i = 0; i < CHURN_ROUNDS; i++) {
		int fd = hpet_ioctl(dev, KVM_HPET_CREATE, &config);

		if (fd >= 0)
			close(fd);
		else
			bad += fd != -EEXIST;
	}
	close(dev);
	return (void *)bad;
}

/* Whatever is in debugfs, with the blocks changing under the reader. */
static void read_file(const char *block, const char *file, struct look *look)
{
	char path[600], text[4096];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), DEBUGFS "/%s/%s", block, file);
	fd = open(path, O_RDONLY);
	if (fd < 0) {
		look->odd += errno != ENOENT;
		return;
	}
	while ((n = read(fd, text, sizeof(text))) > 0)
		look->bytes += n;
	look->odd += n < 0 && errno != EIO;
	close(fd);
}

static void *look_around(void *arg)
{
	struct look *look = arg;
	struct dirent *entry;

	while (!look->stop) {
		DIR *dir = opendir(DEBUGFS);

		while ((entry = readdir(dir))) {
			if (entry->d_name[0] == '.')
				continue;
			read_file(entry->d_name, "stats", look);
			read_file(entry->d_name, "lateness", look);
			read_file(entry->d_name, "burst", look);
		}
		closedir(dir);
	}
	return NULL;
}

static void test_churn(void)
{
	struct machine *m = guest_ready();
	struct look look = { .stop = false };
	struct guest_thread t;
	pthread_t thread[2];
	void *bad[2];
	int i;

	pthread_create(&look.thread, NULL, look_around, &look);
	start_ticking(m, KVM_HPET_TICKS_SLEW);
	guest_start(&t, m, OP_SPIN_ON, 0, ~0ULL);
	for (i = 0; i < 2; i++)
		pthread_create(&thread[i], NULL, churn, m);
	for (i = 0; i < 2; i++)
		pthread_join(thread[i], &bad[i]);
	ok(!bad[0] && !bad[1],
	   "blocks made and closed by two threads: only EEXIST besides success");
	close(m->hpet);
	m->hpet = -1;
	guest_join(&t);
	look.stop = true;
	pthread_join(look.thread, NULL);
	note("%lu bytes read in debugfs", look.bytes);
	ok(look.bytes && !look.odd,
	   "blocks made and closed by two threads: debugfs read meanwhile");
	ok_nothing_left("blocks made and closed by two threads");
	machine_free(m);
}

/* ---- the module ---- */

/* The events of a module go with it, whoever had them enabled. */
static void trace_all(bool on)
{
	FILE *f = fopen(EVENTS "/enable", "w");

	if (!f || fprintf(f, "%d", on) < 0 || fclose(f))
		die(EVENTS ": %s", strerror(errno));
}

#define LOAD_ROUNDS	5

static int open_debugfs(uint64_t id)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), DEBUGFS "/%lu/stats", id);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		die("%s: %s", path, strerror(errno));
	return fd;
}

static void test_unload(void)
{
	struct machine *m = guest_ready();
	int i, dev, admin, reader, ret;
	uint64_t id;

	start_ticking(m, KVM_HPET_TICKS_SLEW);
	ok_eq(-module_unload(MODULE), EAGAIN, "unload with a block: refused");
	dev = hpet_device();
	id = next_block(0);
	admin = hpet_ioctl(dev, KVM_HPET_OPEN_BLOCK, &id);
	reader = open_debugfs(id);
	close(m->hpet);
	m->hpet = -1;
	close(dev);
	ok_eq(-module_unload(MODULE), EAGAIN, "unload with an administrator's descriptor: refused");
	close(admin);
	dev = hpet_device();
	ok_eq(-module_unload(MODULE), EAGAIN, "unload with the device open: refused");
	close(dev);
	ok_eq(-module_unload(MODULE), EAGAIN, "unload with a file of debugfs open: refused");
	close(reader);
	trace_all(true);

	for (i = 1; i <= LOAD_ROUNDS; i++) {
		ret = module_unload(MODULE);
		if (!ok_eq(-ret, 0, "unload %d: nobody uses it", i))
			break;
		ok(access("/dev/kvm_hpet", F_OK) && errno == ENOENT,
		   "unload %d: the device node is gone", i);
		ok_eq(count_debugfs(), -1, "unload %d: nothing left in debugfs",
		      i);
		ok(access(EVENTS, F_OK) && errno == ENOENT,
		   "unload %d: the tracepoints are gone, enabled or not", i);
		guest_do(m, OP_STI, 0, 0, 0);
		ret = module_load(module_path(), "");
		if (!ok_eq(-ret, 0, "load %d", i))
			die("the module does not load again");
		trace_all(i % 2);
		start_ticking(m, KVM_HPET_TICKS_SLEW);
		m->g->irq[VECTOR_PIN(16)].seen = 0;
		guest_ticks(m, OP_SPIN_TICKS, VECTOR_PIN(16), 5);
		ok(true, "load %d: ticks come", i);
		close(m->hpet);
		m->hpet = -1;
	}
	ok_nothing_left("after the last load");
	machine_free(m);
}

static atomic_bool race_stop;

static void *race_users(void *arg)
{
	struct machine *m = arg;
	struct kvm_hpet_config config = m->config;

	while (!race_stop) {
		int dev, fd;

		/* Now and then nobody uses it. */
		sleep_ms(1);
		dev = open("/dev/kvm_hpet", O_RDWR | O_CLOEXEC);
		if (dev < 0)
			continue;
		fd = hpet_ioctl(dev, KVM_HPET_CREATE, &config);
		close(dev);
		if (fd >= 0)
			close(fd);
	}
	return NULL;
}

static void test_unload_race(void)
{
	struct machine *m = machine_new();
	int i, ret, done_rounds = 0, refused = 0, odd = 0;
	pthread_t thread;

	race_stop = false;
	pthread_create(&thread, NULL, race_users, m);
	for (i = 0; i < 500 && done_rounds < 5; i++) {
		sleep_ms(i % 4);
		ret = module_unload(MODULE);
		refused += ret == -EAGAIN;
		odd += ret && ret != -EAGAIN;
		if (!ret) {
			done_rounds++;
			if (module_load(module_path(), ""))
				die("the module does not load again");
		}
	}
	race_stop = true;
	pthread_join(thread, NULL);
	note("unloaded %d times, refused %d times", done_rounds, refused);
	ok_eq(odd, 0, "unload against users: it happens or is refused with EAGAIN");
	ok_nothing_left("unload against users");
	machine_free(m);
}

int main(void)
{
	plan_test("whoever goes first, nothing is left and nothing is missed");
	kvm_keep();
	note("lost-tick policy: %s", policy_supported() ? "yes" : "no");
	test_kill();
	test_hangup_wakes();
	test_kill_fd_held();
	test_attach(false);
	test_attach(true);
	test_close_running(KVM_HPET_TICKS_DISCARD);
	test_close_running(KVM_HPET_TICKS_SLEW);
	test_close_level();
	test_vm_first();
	test_last_descriptor();
	test_hammer();
	test_churn();
	test_unload();
	test_unload_race();
	done();
}
