// SPDX-License-Identifier: GPL-2.0
/*
 * Every allocation and every registration on the way to a block, and in every
 * other call, is made to fail, one after the other: the call says so with the right
 * errno or does without, nothing is left behind, the next try succeeds, and
 * another block of the VM ticks on exactly.
 *
 * Allocations and copies from and to the VMM: the n-th of a system call fails, for
 * n = 1, 2, ... until the call gets through (/proc/thread-self/fail-nth of a kernel
 * with fault injection). Registrations, which the kernel does in other ways: by
 * hpet_fault.ko.
 */
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "hpet_test.h"

#define SUBJECT_BASE	(BASE + 0x1000)
#define FAULT_MODULE	"hpet_fault"
#define FAIL		"/sys/module/" FAULT_MODULE "/parameters/fail"
#define FAILED		"/sys/module/" FAULT_MODULE "/parameters/failed"

/* A VM with a block that is not to notice, and what the calls need. */
struct bed {
	struct machine *m;
	int dev;
	int got;	/* descriptor that a call gave */
	int subject;	/* block, or -1 */
	int eventfd;
	uint64_t id;	/* of the block that is not to notice */
	struct kvm_hpet_config config;
	struct kvm_hpet_state state;
	struct kvm_irq_routing *routing;
};

static int count_blocks(void)
{
	uint64_t id = 0;
	int n = 0;

	while ((id = next_block(id)))
		n++;
	return n;
}

static void bed_init(struct bed *b)
{
	struct machine *m = machine_with_block();

	*b = (struct bed) {
		.m = m,
		.dev = hpet_device(),
		.got = -1,
		.subject = -1,
		.eventfd = eventfd(0, EFD_CLOEXEC),
		.id = next_block(0),
		.state.size = sizeof(b->state),
		.config = m->config,
		.routing = calloc(1, sizeof(*b->routing) +
				     sizeof(b->routing->entries[0])),
	};
	b->config.base = SUBJECT_BASE;
	b->routing->nr = 1;
	b->routing->entries[0] = (struct kvm_irq_routing_entry) {
		.gsi = 16,
		.type = KVM_IRQ_ROUTING_IRQCHIP,
		.u.irqchip = { KVM_IRQCHIP_IOAPIC, 16 },
	};
	guest_apic_init(m);
	guest_pin_set(m, 16, 0);
	m->g->irq[VECTOR_PIN(16)].first = MS;
	m->g->irq[VECTOR_PIN(16)].period = MS;
	policy_set(m, 1, KVM_HPET_TICKS_SLEW, 10, 1, 5000000000ULL);
}

static void bed_free(struct bed *b)
{
	close(b->eventfd);
	close(b->dev);
	free(b->routing);
	machine_free(b->m);
}

/* The block that is not to notice, over 20 ticks; it stands again afterwards. */
static void ok_ticks(struct bed *b, const char *name)
{
	struct machine *m = b->m;
	struct guest_irq *irq = &m->g->irq[VECTOR_PIN(16)];
	struct kvm_hpet_timer_stats before, after;
	unsigned int exits = m->exits;
	uint64_t end;

	before = stats_get(m, 0);
	irq->seen = 0;
	timer_program(m, 0, TIMER_ROUTE(16), MS, MS);
	block_enable(m, 0);
	guest_ticks(m, OP_SPIN_TICKS, VECTOR_PIN(16), 20);
	guest_drain(m, VECTOR_PIN(16));
	end = block_halt_quiet(m, MS, MS);
	after = stats_get(m, 0);
	ok(irq->seen == ticks_due(end, MS, MS) &&
	   after.due - before.due == irq->seen &&
	   after.discarded == before.discarded && m->exits == exits,
	   "%s: the other block ticks exactly", name);
}

/* ---- the n-th allocation ---- */

static int nth_fd = -1;

static bool set_knob(const char *attr, const char *knob, const char *value)
{
	char path[128];
	int fd, n;

	snprintf(path, sizeof(path), "/sys/kernel/debug/%s/%s", attr, knob);
	fd = open(path, O_WRONLY);
	if (fd < 0)
		return false;
	n = write(fd, value, strlen(value));
	close(fd);
	return n > 0;
}

/* Also allocations that may wait; and nothing is said of each. */
static bool nth_init(void)
{
	static const char * const attrs[] = {
		"failslab", "fail_page_alloc", "fail_usercopy",
	};
	unsigned int i;

	nth_fd = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	if (nth_fd < 0)
		return false;
	for (i = 0; i < ARRAY_SIZE(attrs); i++)
		if (!set_knob(attrs[i], "verbose", "0"))
			return false;
	return set_knob("failslab", "ignore-gfp-wait", "N") &&
	       set_knob("fail_page_alloc", "ignore-gfp-wait", "N") &&
	       set_knob("fail_page_alloc", "min-order", "0");
}

static void nth_arm(unsigned int n)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%u", n);

	if (pwrite(nth_fd, text, len, 0) != len)
		die("fail-nth: %s", strerror(errno));
}

/*
 * Has something failed since? Otherwise this very look may, or the write that
 * ends it: then there was nothing left to fail.
 */
static bool nth_disarm(void)
{
	char text[16] = "";
	bool fired = pread(nth_fd, text, sizeof(text) - 1, 0) > 0 &&
		     !atoi(text);

	while (pwrite(nth_fd, "0", 1, 0) != 1)
		;
	return fired;
}

/**
 * struct failing - a system call in which things are to fail
 * @name: for the results
 * @prepare: what it needs each time
 * @call: one system call; gives -errno
 * @undo: undoes one that succeeded
 * @never: it may not fail, whatever is missing
 */
struct failing {
	const char *name;
	void (*prepare)(struct bed *b);
	int (*call)(struct bed *b);
	void (*undo)(struct bed *b);
	bool never;
};

static int result(int ret)
{
	return ret < 0 ? -errno : ret;
}

static void close_got(struct bed *b)
{
	close(b->got);
}

static int call_open(struct bed *b)
{
	b->got = open("/dev/kvm_hpet", O_RDWR | O_CLOEXEC);
	return result(b->got);
}

static int call_create(struct bed *b)
{
	b->got = ioctl(b->dev, KVM_HPET_CREATE, &b->config);
	return result(b->got);
}

static void with_eventfd(struct bed *b)
{
	b->config.flags |= KVM_HPET_F_LEGACY_EVENTFD;
	b->config.legacy_eventfd = b->eventfd;
}

static void without_eventfd(struct bed *b)
{
	b->config.flags &= ~KVM_HPET_F_LEGACY_EVENTFD;
	b->config.legacy_eventfd = -1;
}

static int call_next(struct bed *b)
{
	static struct kvm_hpet_block_info info = { .size = sizeof(info) };

	info.id = 0;
	return result(ioctl(b->dev, KVM_HPET_NEXT_BLOCK, &info));
}

static int call_open_block(struct bed *b)
{
	b->got = ioctl(b->dev, KVM_HPET_OPEN_BLOCK, &b->id);
	return result(b->got);
}

static void make_subject(struct bed *b)
{
	if (b->subject >= 0)
		return;
	b->subject = hpet_ioctl(b->dev, KVM_HPET_CREATE, &b->config);
	if (b->subject < 0)
		die("KVM_HPET_CREATE: %s", strerror(-b->subject));
}

static void ready_subject(struct bed *b)
{
	struct machine *m = b->m;
	int other = m->hpet;

	make_subject(b);
	m->hpet = b->subject;
	b->state = state_get(m);
	policy_set(m, 15, KVM_HPET_TICKS_DISCARD, 10, 1, 5000000000ULL);
	m->hpet = other;
}

static int call_get_config(struct bed *b)
{
	static struct kvm_hpet_config config = { .size = sizeof(config) };

	return result(ioctl(b->subject, KVM_HPET_GET_CONFIG, &config));
}

static int call_get_state(struct bed *b)
{
	return result(ioctl(b->subject, KVM_HPET_GET_STATE, &b->state));
}

static int call_set_state(struct bed *b)
{
	return result(ioctl(b->subject, KVM_HPET_SET_STATE, &b->state));
}

static int call_get_stats(struct bed *b)
{
	static struct kvm_hpet_stats stats = { .size = sizeof(stats) };

	return result(ioctl(b->subject, KVM_HPET_GET_STATS, &stats));
}

static int call_get_policy(struct bed *b)
{
	struct kvm_hpet_tick_policy p = { .size = sizeof(p), .timers = 1 };

	return result(ioctl(b->subject, KVM_HPET_GET_TICK_POLICY, &p));
}

static int call_slew(struct bed *b)
{
	struct kvm_hpet_tick_policy p = policy_default(15);

	p.policy = KVM_HPET_TICKS_SLEW;
	return result(ioctl(b->subject, KVM_HPET_SET_TICK_POLICY, &p));
}

static int call_reset(struct bed *b)
{
	return result(ioctl(b->subject, KVM_HPET_RESET, 0));
}

static char stats_path[64];

static int call_debugfs(struct bed *b)
{
	b->got = open(stats_path, O_RDONLY | O_CLOEXEC);
	return result(b->got);
}

static void open_debugfs(struct bed *b)
{
	if (call_debugfs(b) < 0)
		die("%s: %s", stats_path, strerror(errno));
}

static int call_read(struct bed *b)
{
	static char text[4096];
	int ret = result(read(b->got, text, sizeof(text)));

	return ret;
}

static int call_routing(struct bed *b)
{
	return result(ioctl(b->m->vm->fd, KVM_SET_GSI_ROUTING, b->routing));
}

static int call_close(struct bed *b)
{
	int fd = b->subject;

	b->subject = -1;
	return result(close(fd));
}

static const struct failing ops[] = {
	{ .name = "open /dev/kvm_hpet", .call = call_open,
	  .undo = close_got },
	{ .name = "KVM_HPET_CREATE", .call = call_create,
	  .prepare = without_eventfd, .undo = close_got },
	{ .name = "KVM_HPET_CREATE with an eventfd", .call = call_create,
	  .prepare = with_eventfd, .undo = close_got },
	{ .name = "KVM_HPET_NEXT_BLOCK", .call = call_next, },
	{ .name = "KVM_HPET_OPEN_BLOCK", .call = call_open_block,
	  .undo = close_got },
	{ .name = "KVM_HPET_GET_CONFIG", .call = call_get_config,
	  .prepare = make_subject },
	{ .name = "KVM_HPET_GET_STATE", .call = call_get_state,
	  .prepare = make_subject },
	{ .name = "KVM_HPET_SET_STATE", .call = call_set_state,
	  .prepare = ready_subject },
	{ .name = "KVM_HPET_GET_STATS", .call = call_get_stats,
	  .prepare = make_subject },
	{ .name = "KVM_HPET_GET_TICK_POLICY", .call = call_get_policy,
	  .prepare = make_subject },
	{ .name = "KVM_HPET_SET_TICK_POLICY", .call = call_slew,
	  .prepare = ready_subject },
	{ .name = "KVM_HPET_RESET", .call = call_reset,
	  .prepare = make_subject, .never = true },
	{ .name = "open in debugfs", .call = call_debugfs,
	  .undo = close_got },
	{ .name = "read in debugfs", .call = call_read,
	  .prepare = open_debugfs },
	{ .name = "KVM_SET_GSI_ROUTING beside blocks", .call = call_routing,
	  .prepare = make_subject },
	{ .name = "close of a block", .call = call_close,
	  .prepare = make_subject, .never = true },
};

#define MAX_ALLOCATIONS	2000

struct tally {
	unsigned int refused;	/* the call failed */
	unsigned int harmless;	/* the call did without */
	unsigned int odd;	/* an errno that is not documented */
	unsigned int left;	/* a block more or less than before */
};

/* Returns true if something failed. */
static bool fail_one(struct bed *b, const struct failing *op, unsigned int n,
		     struct tally *t)
{
	int before, ret;
	bool fired;

	if (op->prepare)
		op->prepare(b);
	before = count_blocks();
	nth_arm(n);
	ret = op->call(b);
	fired = nth_disarm();
	if (ret >= 0 && op->undo)
		op->undo(b);
	if (op->call == call_read)
		close_got(b);
	if (op->call == call_close)
		before--;
	if (fired) {
		t->refused += ret < 0;
		t->harmless += ret >= 0;
	}
	if (ret < 0 && (op->never || !fired || (ret != -ENOMEM && ret != -EFAULT))) {
		if (!t->odd++)
			note("%s, failure %u: %s", op->name, n, strerror(-ret));
	}
	t->left += count_blocks() != before;
	still_alive();
	return fired;
}

static void fail_each(struct bed *b, const struct failing *op)
{
	struct tally t = { 0 };
	unsigned int n = 1;

	while (n < MAX_ALLOCATIONS && fail_one(b, op, n, &t))
		n++;
	note("%s: %u places, the call failed in %u", op->name, n - 1, t.refused);
	ok(n < MAX_ALLOCATIONS && !t.odd,
	   "%s: the errno is right, and it succeeds when nothing fails", op->name);
	ok_eq(t.left, 0, "%s: nothing left of the failed ones", op->name);
	ok_ticks(b, op->name);
}

static void test_nth(void)
{
	struct bed b;
	unsigned int i;

	bed_init(&b);
	snprintf(stats_path, sizeof(stats_path), DEBUGFS "/%lu/stats", b.id);
	for (i = 0; i < ARRAY_SIZE(ops); i++) {
		fail_each(&b, &ops[i]);
		if (b.subject >= 0)
			close(b.subject);
		b.subject = -1;
		without_eventfd(&b);
		if (ops[i].call == call_routing)
			machine_irqchip_like_qemu(b.m->vm);
	}
	bed_free(&b);
	ok_nothing_left("after all of these");
}

/* ---- no allocation at all ---- */

static int starve_fd;

static void starve_init(void)
{
	static const char * const attrs[] = { "failslab", "fail_page_alloc" };
	unsigned int i;

	starve_fd = open("/proc/thread-self/make-it-fail", O_WRONLY | O_CLOEXEC);
	if (starve_fd < 0)
		die("make-it-fail: %s", strerror(errno));
	for (i = 0; i < ARRAY_SIZE(attrs); i++)
		if (!set_knob(attrs[i], "task-filter", "Y") ||
		    !set_knob(attrs[i], "times", "-1") ||
		    !set_knob(attrs[i], "probability", "100"))
			die("%s: %s", attrs[i], strerror(errno));
}

/* From now on every allocation of this thread fails that may, or none does. */
static void starve(bool on)
{
	if (pwrite(starve_fd, on ? "1" : "0", 1, 0) != 1)
		die("make-it-fail: %s", strerror(errno));
}

/* KVM's own way would take all of the VM's devices from it. */
static void test_starved_close(void)
{
	int probe, fds[KVM_HPET_MAX_BLOCKS - 1];
	unsigned int i;
	struct bed b;

	bed_init(&b);
	for (i = 0; i < ARRAY_SIZE(fds); i++) {
		b.config.base = SUBJECT_BASE + 0x1000 * i;
		fds[i] = call_create(&b);
		if (fds[i] < 0)
			die("KVM_HPET_CREATE: %s", strerror(-fds[i]));
	}
	starve_init();
	starve(true);
	probe = call_open(&b);
	for (i = 0; i < ARRAY_SIZE(fds); i++)
		close(fds[i]);
	starve(false);
	close(starve_fd);
	ok_eq(-probe, ENOMEM, "no memory: nothing can be opened");
	ok_eq(count_blocks(), 1, "no memory: the other blocks are closed");
	/* Without its bus the guest would wait for ticks for ever. */
	guest_read(b.m, REG_CAP, 4);
	if (ok_eq(b.m->exits, 0, "no memory: the VM has its other devices"))
		ok_ticks(&b, "no memory as blocks are closed");
	b.config.base = SUBJECT_BASE;
	b.got = call_create(&b);
	ok(b.got >= 0, "no memory as blocks are closed: their addresses are free");
	close_got(&b);
	bed_free(&b);
	ok_nothing_left("no memory as blocks are closed");
}

/*
 * KVM itself, out of memory as an ioeventfd goes, takes the VM's bus away: the
 * block is no longer reached, and closing it does no harm.
 */
static void test_bus_gone(void)
{
	struct kvm_ioeventfd io = {
		.addr = BASE + 0x10000,
		.len = 4,
		.fd = eventfd(0, EFD_CLOEXEC),
	};
	unsigned int n, gone = 0;
	struct machine *m;

	for (n = 1; n < 20 && !gone; n++) {
		m = machine_with_block();
		policy_set(m, 1, KVM_HPET_TICKS_SLEW, 10, 1, 5000000000ULL);
		io.flags = 0;
		vm_ioctl(m->vm, KVM_IOEVENTFD, &io);
		io.flags = KVM_IOEVENTFD_FLAG_DEASSIGN;
		nth_arm(n);
		ioctl(m->vm->fd, KVM_IOEVENTFD, &io);
		nth_disarm();
		guest_read(m, REG_CAP, 4);
		gone = m->exits;
		machine_free(m);
	}
	close(io.fd);
	ok(gone, "KVM takes the bus away: the guest's read comes out to the VMM");
	ok_nothing_left("KVM takes the bus away");
}

/*
 * ---- loading ----
 *
 * By registrations only: the n-th allocation is mostly one of the kernel's loader and
 * of its tracepoints, which warn of some.
 */

static int load_fd = -1;

static int load(void)
{
	return result(syscall(SYS_finit_module, load_fd, "", 0));
}

/* ---- registrations ---- */

static bool fault_write(const char *text)
{
	int fd = open(FAIL, O_WRONLY);
	bool good = fd >= 0 && write(fd, text, strlen(text)) > 0;

	close(fd);
	return good;
}

static unsigned int fault_failed(void)
{
	FILE *f = fopen(FAILED, "r");
	unsigned int n = 0;

	if (!f || fscanf(f, "%u", &n) != 1)
		die(FAILED ": %s", strerror(errno));
	fclose(f);
	return n;
}

/**
 * struct registration - a function that is to fail
 * @functions: its names in Linux's versions, until NULL
 * @value: what it returns
 * @call: which call of it
 * @errno_of: of the call under test; 0: it does without
 */
struct registration {
	const char *functions[4];
	long value;
	unsigned int call;
	int want;
};

static bool fault_arm(const struct registration *r, const char **function)
{
	char text[128];
	unsigned int i;

	for (i = 0; r->functions[i]; i++) {
		snprintf(text, sizeof(text), "%s %ld %u", r->functions[i],
			 r->value, r->call);
		*function = r->functions[i];
		if (fault_write(text))
			return true;
	}
	return false;
}

static const struct registration on_create[] = {
	{ { "kvm_io_bus_register_dev" }, -ENOMEM, 1, ENOMEM },
	{ { "kvm_io_bus_register_dev" }, -ENOSPC, 1, ENOSPC },
	{ { "kvm_request_irq_source_id" }, -EFAULT, 1, EBUSY },
	{ { "kthread_create_worker", "kthread_create_worker_on_node" },
	  -ENOMEM, 1, ENOMEM },
	{ { "cgroup_attach_task_all" }, -ENOMEM, 1, ENOMEM },
	{ { "__alloc_percpu_gfp", "pcpu_alloc", "pcpu_alloc_noprof" },
	  0, 1, ENOMEM },
	{ { "kvmalloc_node", "__kvmalloc_node_noprof" }, 0, 1, ENOMEM },
	{ { "eventfd_ctx_fdget" }, -ENOMEM, 1, ENOMEM },
	{ { "anon_inode_getfile" }, -ENFILE, 1, ENFILE },
	{ { "debugfs_create_dir" }, -ENOMEM, 1, 0 },
	{ { "debugfs_create_file" }, -ENOMEM, 1, 0 },
	{ { "debugfs_create_file" }, -ENOMEM, 3, 0 },
};

static const struct registration on_load[] = {
	{ { "register_kprobe" }, -ENOMEM, 1, ENOMEM },
	{ { "register_kprobe" }, -ENOMEM, 7, ENOMEM },
	{ { "register_kprobe" }, -ENOENT, 7, EOPNOTSUPP },
	{ { "misc_register" }, -EBUSY, 1, EBUSY },
	{ { "debugfs_create_dir" }, -ENOMEM, 1, 0 },
};

static void test_create_fault(struct bed *b, const struct registration *r)
{
	const char *f;
	char name[128];
	int ret;

	if (!fault_arm(r, &f)) {
		skip("KVM_HPET_CREATE without %s: this kernel has no such function",
		     r->functions[0]);
		return;
	}
	snprintf(name, sizeof(name), "KVM_HPET_CREATE, call %u of %s gives %ld",
		 r->call, f, r->value);
	with_eventfd(b);
	ret = call_create(b);
	ok(fault_failed() == 1 && (r->want ? ret == -r->want : ret >= 0),
	   "%s: %s", name, r->want ? strerror(r->want) : "a block all the same");
	fault_write("none");
	if (ret >= 0)
		close(ret);
	ok(count_blocks() == 1 && count_workers(NULL) == 1 && count_debugfs() == 1,
	   "%s: nothing left", name);
	ret = call_create(b);
	if (ok(ret >= 0, "%s: the next try succeeds", name))
		close(ret);
	ok_ticks(b, name);
}

/* No descriptor to be had. */
static void test_no_descriptor(struct bed *b)
{
	struct rlimit limit, none = { 3, 3 };
	int ret;

	getrlimit(RLIMIT_NOFILE, &limit);
	none.rlim_max = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &none);
	ret = call_create(b);
	setrlimit(RLIMIT_NOFILE, &limit);
	ok_eq(-ret, EMFILE, "KVM_HPET_CREATE without a free descriptor: EMFILE");
	ok_eq(count_blocks(), 1, "KVM_HPET_CREATE without a free descriptor: nothing left");
	ok_ticks(b, "KVM_HPET_CREATE without a free descriptor");
}

/* It is not asked: where it fails it takes the other devices along. */
static void test_close_fault(struct bed *b)
{
	static const struct registration r = {
		{ "kvm_io_bus_unregister_dev" }, -ENOMEM, 1, 0,
	};
	const char *f;

	make_subject(b);
	if (!fault_arm(&r, &f))
		die("no kvm_io_bus_unregister_dev to fail");
	call_close(b);
	ok_eq(fault_failed(), 0, "close of a block: KVM's way of shrinking the bus is not taken");
	fault_write("none");
	ok_eq(count_blocks(), 1, "close of a block without it: it is gone");
	ok_ticks(b, "close of a block without it");
	make_subject(b);
	ok(call_close(b) >= 0, "close of a block without it: its address is free");
}

static void test_load_fault(const struct registration *r)
{
	const char *f;
	int ret;

	if (!fault_arm(r, &f)) {
		skip("insmod without %s: this kernel has no such function",
		     r->functions[0]);
		return;
	}
	ret = load();
	ok(fault_failed() == 1 && ret == -r->want,
	   "insmod, call %u of %s gives %ld: %s", r->call, f, r->value,
	   r->want ? strerror(r->want) : "loaded all the same");
	fault_write("none");
	if (!ret)
		ret = module_unload(MODULE);
	ok(access("/sys/module/" MODULE, F_OK) && access("/dev/kvm_hpet", F_OK) &&
	   count_debugfs() < 0, "insmod, call %u of %s gives %ld: nothing left",
	   r->call, f, r->value);
}

static bool fault_init(void)
{
	const char *path = getenv("HPET_FAULT_MODULE");
	int ret = path ? module_load(path, "") : -ENOENT;

	if (ret)
		skip("registrations that fail: no " FAULT_MODULE ".ko for this kernel");
	return !ret;
}

static void test_registrations(void)
{
	struct bed b;
	unsigned int i;

	bed_init(&b);
	for (i = 0; i < ARRAY_SIZE(on_create); i++)
		test_create_fault(&b, &on_create[i]);
	test_no_descriptor(&b);
	test_close_fault(&b);
	bed_free(&b);
	ok_nothing_left("after all of these");
}

int main(void)
{
	bool faults, nth;
	unsigned int i;

	plan_test("whatever fails, it is said, and nothing comes of it");
	if (!policy_supported()) {
		skip("this build has no lost-tick policy");
		done();
	}
	faults = fault_init();
	if (faults)
		test_registrations();
	nth = nth_init();
	if (nth) {
		test_nth();
		test_starved_close();
		test_bus_gone();
	} else {
		skip("allocations that fail: this kernel has no fault injection");
	}

	load_fd = open(module_path(), O_RDONLY | O_CLOEXEC);
	if (module_unload(MODULE))
		die("the module does not unload");
	for (i = 0; faults && i < ARRAY_SIZE(on_load); i++)
		test_load_fault(&on_load[i]);
	ok_eq(load(), 0, "insmod when nothing fails");
	if (faults)
		module_unload(FAULT_MODULE);
	ok_nothing_left("at the end");
	done();
}
