// SPDX-License-Identifier: GPL-2.0
/* The host's side of the kselftests of kvm_hpet; hpet_test.h says how they work. */
#include <dirent.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "hpet_test.h"

/*
 * No result takes so long, in the test host's time, however slow the machine is:
 * who has none by then hangs. What is slept through on purpose does not count.
 */
#define HANG_SECONDS	120

static atomic_ulong law_reads;
static atomic_ulong law_broken;

static void on_hang(int sig)
{
	static const char message[] = "Bail out! hang: nothing comes any more\n";
	ssize_t n = write(STDOUT_FILENO, message, sizeof(message) - 1);

	(void)n;
	_exit(KSFT_FAIL);
}

/* First call of each test. */
void plan_test(const char *what)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	ksft_print_header();
	note("%s", what);
	signal(SIGALRM, on_hang);
	still_alive();
}

unsigned int slowness(void)
{
	const char *text = getenv("HPET_SLOW");
	int n = text ? atoi(text) : 1;

	return n > 1 ? n : 1;
}

unsigned int rounds(unsigned int n)
{
	unsigned int scaled = n / slowness();

	if (scaled < n)
		note("%u rounds in place of %u: this host is slow", scaled, n);
	return scaled ? scaled : 1;
}

void still_alive(void)
{
	alarm(HANG_SECONDS * slowness());
}

static int kept_vm = -1, kept_vcpu = -1;

void kvm_keep(void)
{
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);

	if (kvm < 0)
		die("/dev/kvm: %s", strerror(errno));
	kept_vm = ioctl(kvm, KVM_CREATE_VM, 0);
	if (kept_vm < 0 || ioctl(kept_vm, KVM_CREATE_IRQCHIP, 0))
		die("KVM_CREATE_VM: %s", strerror(errno));
	/* Its APIC is off, which KVM minds as long as it exists. */
	kept_vcpu = ioctl(kept_vm, KVM_CREATE_VCPU, 0);
	if (kept_vcpu < 0)
		die("KVM_CREATE_VCPU: %s", strerror(errno));
	close(kvm);
}

void kvm_release(void)
{
	close(kept_vcpu);
	close(kept_vm);
}

static bool result(bool good, const char *fmt, va_list args)
{
	char line[512];

	still_alive();
	vsnprintf(line, sizeof(line), fmt, args);
	ksft_test_result(good, "%s\n", line);
	return good;
}

bool ok(bool good, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	result(good, fmt, args);
	va_end(args);
	return good;
}

bool ok_in(uint64_t got, uint64_t low, uint64_t high, const char *fmt, ...)
{
	bool good = got >= low && got <= high;
	va_list args;

	va_start(args, fmt);
	result(good, fmt, args);
	va_end(args);
	if (!good && low == high)
		note("got %lld (%#llx), expected %lld (%#llx)",
		     (long long)got, (unsigned long long)got,
		     (long long)low, (unsigned long long)low);
	else if (!good)
		note("got %lld, expected %lld to %lld", (long long)got,
		     (long long)low, (long long)high);
	return good;
}

bool ok_eq(uint64_t got, uint64_t want, const char *fmt, ...)
{
	char line[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	return ok_in(got, want, want, "%s", line);
}

void skip(const char *fmt, ...)
{
	char line[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	ksft_test_result_skip("%s\n", line);
}

void note(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	printf("# ");
	vprintf(fmt, args);
	printf("\n");
	va_end(args);
}

void die(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	printf("Bail out! ");
	vprintf(fmt, args);
	printf("\n");
	va_end(args);
	exit(KSFT_FAIL);
}

/* Last call of each test: the law, the plan, the exit status. */
void done(void)
{
	if (law_reads)
		ok(!law_broken,
		   "due = delivered + masked + discarded + backlog in each of the %lu statistics read",
		   (unsigned long)law_reads);
	ksft_set_plan(ksft_test_num());
	ksft_finished();
	exit(KSFT_FAIL);
}

int hpet_ioctl(int fd, unsigned long cmd, void *arg)
{
	int ret = ioctl(fd, cmd, arg);

	return ret < 0 ? -errno : ret;
}

int hpet_device(void)
{
	int fd = open("/dev/kvm_hpet", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		die("/dev/kvm_hpet: %s", strerror(errno));
	return fd;
}

struct kvm_hpet_config default_config(void)
{
	struct kvm_hpet_config config = {
		.size = sizeof(config),
		.flags = KVM_HPET_F_COUNTER_64 | KVM_HPET_F_LEGACY_CAP,
		.vm_fd = -1,
		.legacy_eventfd = -1,
		.base = BASE,
		.period_fs = PERIOD_FS,
		.vendor_id = 0x8086,
		.rev_id = 1,
		.num_timers = NUM_TIMERS,
		.timer = {
			{ KVM_HPET_TIMER_PERIODIC | KVM_HPET_TIMER_64, ROUTES },
			{ KVM_HPET_TIMER_PERIODIC | KVM_HPET_TIMER_64, ROUTES },
			{ KVM_HPET_TIMER_PERIODIC, ROUTES },
			{ KVM_HPET_TIMER_64 | KVM_HPET_TIMER_FSB, ROUTES },
		},
	};

	return config;
}

/*
 * GSI 0 goes to PIC pin 0 and I/O APIC pin 2, the other fifteen of the PICs to
 * the pins of their number on both, 16 to 23 to the I/O APIC; GSI 2 nowhere.
 */
void machine_irqchip_like_qemu(struct kvm_vm *vm)
{
	struct kvm_irq_routing *routing = calloc(1, sizeof(*routing) +
			64 * sizeof(routing->entries[0]));
	unsigned int gsi;

	for (gsi = 0; gsi < 24; gsi++) {
		struct kvm_irq_routing_entry entry = {
			.gsi = gsi,
			.type = KVM_IRQ_ROUTING_IRQCHIP,
		};

		if (gsi == 2)
			continue;
		if (gsi < 16) {
			entry.u.irqchip.irqchip = gsi < 8 ?
				KVM_IRQCHIP_PIC_MASTER : KVM_IRQCHIP_PIC_SLAVE;
			entry.u.irqchip.pin = gsi & 7;
			routing->entries[routing->nr++] = entry;
		}
		entry.u.irqchip.irqchip = KVM_IRQCHIP_IOAPIC;
		entry.u.irqchip.pin = gsi ? gsi : 2;
		routing->entries[routing->nr++] = entry;
	}
	vm_ioctl(vm, KVM_SET_GSI_ROUTING, routing);
	free(routing);
}

struct machine *machine_new_code(void (*code)(void))
{
	struct machine *m = calloc(1, sizeof(*m));
	int i;

	m->vm = vm_create_with_one_vcpu(&m->vcpu, code);
	machine_irqchip_like_qemu(m->vm);
	virt_map(m->vm, BASE, BASE, 16);
	virt_map(m->vm, 0xfec00000, 0xfec00000, 1);
	virt_map(m->vm, APIC_DEFAULT_GPA, APIC_DEFAULT_GPA, 1);
	vm_init_descriptor_tables(m->vm);
	vcpu_init_descriptor_tables(m->vcpu);
	for (i = 0x20; i < 0x100; i++)
		vm_install_exception_handler(m->vm, i, guest_isr);

	m->g = addr_gva2hva(m->vm, (vm_vaddr_t)&guest_memory);
	m->g->base = BASE;
	for (i = 0; i < 256; i++)
		m->g->irq[i].eoi = i < VECTOR_PIN(0) ? EOI_PIC : EOI_APIC;
	m->config = default_config();
	m->config.vm_fd = m->vm->fd;
	m->hpet = -1;
	return m;
}

struct machine *machine_new(void)
{
	return machine_new_code(guest_main);
}

struct kvm_vcpu *machine_add_vcpu(struct machine *m, uint32_t id)
{
	struct kvm_vcpu *vcpu = vm_vcpu_add(m->vm, id, guest_main);

	vcpu_init_descriptor_tables(vcpu);
	return vcpu;
}

void machine_create_block(struct machine *m)
{
	int dev = hpet_device();

	m->hpet = hpet_ioctl(dev, KVM_HPET_CREATE, &m->config);
	if (m->hpet < 0)
		die("KVM_HPET_CREATE: %s", strerror(-m->hpet));
	close(dev);
}

struct machine *machine_with_block(void)
{
	struct machine *m = machine_new();

	machine_create_block(m);
	return m;
}

void machine_free(struct machine *m)
{
	if (m->hpet >= 0)
		close(m->hpet);
	kvm_vm_free(m->vm);
	free(m);
}

/* A write is kept for the test, a read gives ones, as of nothing. */
static void machine_mmio_exit(struct machine *m)
{
	struct kvm_run *run = m->vcpu->run;
	struct mmio_exit *e;

	if (!run->mmio.is_write)
		memset(run->mmio.data, 0xff, sizeof(run->mmio.data));
	if (m->exits < MMIO_EXITS_MAX) {
		e = &m->exit[m->exits];
		*e = (struct mmio_exit) {
			.addr = run->mmio.phys_addr,
			.len = run->mmio.len,
			.write = run->mmio.is_write,
		};
		if (e->write)
			memcpy(&e->data, run->mmio.data, e->len);
	}
	m->exits++;
	if (m->on_exit)
		m->on_exit(m);
}

/* Until the guest asks for its next operation. */
static void machine_run(struct machine *m)
{
	struct ucall uc;

	for (;;) {
		if (__vcpu_run(m->vcpu) < 0) {
			if (errno == EINTR || errno == EAGAIN)
				continue;
			die("KVM_RUN: %s", strerror(errno));
		}
		switch (m->vcpu->run->exit_reason) {
		case KVM_EXIT_MMIO:
			machine_mmio_exit(m);
			continue;
		case KVM_EXIT_IO:
			if (m->on_port && m->on_port(m, m->vcpu->run->io.port))
				continue;
			break;
		default:
			die("the guest stopped with exit reason %u (%s)",
			    m->vcpu->run->exit_reason,
			    exit_reason_str(m->vcpu->run->exit_reason));
		}
		switch (get_ucall(m->vcpu, &uc)) {
		case UCALL_SYNC:
			return;
		case UCALL_UNHANDLED:
			die("the guest took the unexpected vector %#lx",
			    uc.args[0]);
		default:
			die("the guest made the unexpected call %lu", uc.cmd);
		}
	}
}

uint64_t guest_do(struct machine *m, enum op op, uint64_t addr, uint64_t width,
		  uint64_t value)
{
	volatile struct guest *guest = m->g;

	/* The very first run only brings it to where it asks. */
	if (!guest->op) {
		guest->op = OP_NOP + 1;
		machine_run(m);
	}
	guest->op = op;
	guest->addr = addr;
	guest->width = width;
	guest->value = value;
	machine_run(m);
	return guest->value;
}

uint64_t guest_read(struct machine *m, uint64_t reg, int width)
{
	return guest_do(m, OP_READ, m->g->base + reg, width, 0);
}

void guest_write(struct machine *m, uint64_t reg, int width, uint64_t value)
{
	guest_do(m, OP_WRITE, m->g->base + reg, width, value);
}

void guest_outb(struct machine *m, uint16_t port, uint8_t value)
{
	guest_do(m, OP_OUT, port, 1, value);
}

uint64_t guest_spin(struct machine *m, enum op op, uint64_t until)
{
	guest_do(m, op, 0, 0, until);
	return m->g->counter;
}

uint64_t guest_ticks(struct machine *m, enum op op, int vector, uint64_t n)
{
	guest_do(m, op, vector, 0, n);
	return m->g->irq[vector].seen;
}

uint64_t guest_drain(struct machine *m, int vector)
{
	guest_do(m, OP_DRAIN, vector, 0, 0);
	return m->g->counter;
}

void machine_switch(struct machine *m, struct kvm_vcpu *vcpu)
{
	bool anew = vcpu != m->vcpu;

	m->vcpu = vcpu;
	if (anew && vcpu->run->exit_reason == KVM_EXIT_UNKNOWN) {
		m->g->op = OP_NOP;
		guest_do(m, OP_NOP, 0, 0, 0);
	}
}

static void *guest_thread(void *arg)
{
	struct guest_thread *t = arg;

	guest_do(t->m, t->op, t->addr, 0, t->value);
	return NULL;
}

void guest_start(struct guest_thread *t, struct machine *m, enum op op,
		 uint64_t addr, uint64_t value)
{
	*t = (struct guest_thread) {
		.m = m, .op = op, .addr = addr, .value = value,
	};
	if (pthread_create(&t->thread, NULL, guest_thread, t))
		die("pthread_create");
}

void guest_join(struct guest_thread *t)
{
	pthread_join(t->thread, NULL);
}

/* Both PICs: edge, vectors from VECTOR_PIC(0), normal EOI. */
void guest_pic_init(struct machine *m, uint16_t unmasked)
{
	guest_outb(m, 0x20, 0x11);
	guest_outb(m, 0x21, VECTOR_PIC(0));
	guest_outb(m, 0x21, 0x04);
	guest_outb(m, 0x21, 0x01);
	guest_outb(m, 0xa0, 0x11);
	guest_outb(m, 0xa1, VECTOR_PIC(8));
	guest_outb(m, 0xa1, 0x02);
	guest_outb(m, 0xa1, 0x01);
	if (unmasked & 0xff00)
		unmasked |= 1 << 2;	/* the cascade */
	guest_outb(m, 0x21, ~unmasked & 0xff);
	guest_outb(m, 0xa1, (~unmasked >> 8) & 0xff);
}

void guest_apic_init(struct machine *m)
{
	guest_pic_init(m, 0);
	guest_do(m, OP_WRITE, APIC_DEFAULT_GPA + APIC_SPIV, 4,
		 APIC_SPIV_APIC_ENABLED | 0xff);
}

void guest_pin_set(struct machine *m, int pin, uint32_t flags)
{
	guest_pin_set_to(m, pin, flags, 0);
}

void guest_pin_set_to(struct machine *m, int pin, uint32_t flags, uint32_t dest)
{
	guest_do(m, OP_WRITE, 0xfec00000, 4, 0x10 + 2 * pin + 1);
	guest_do(m, OP_WRITE, 0xfec00010, 4, dest << 24);
	guest_do(m, OP_WRITE, 0xfec00000, 4, 0x10 + 2 * pin);
	guest_do(m, OP_WRITE, 0xfec00010, 4, flags | VECTOR_PIN(pin));
}

void timer_program(struct machine *m, int n, uint64_t bits, uint64_t first,
		   uint64_t period)
{
	guest_write(m, REG_COUNTER, 8, 0);
	if (period) {
		guest_write(m, REG_TIMER(n), 4, bits | TIMER_INT |
			    TIMER_PERIODIC | TIMER_VAL_SET);
		guest_write(m, REG_COMPARATOR(n), 8, first);
		guest_write(m, REG_COMPARATOR(n), 8, period);
	} else {
		guest_write(m, REG_TIMER(n), 4, bits | TIMER_INT);
		guest_write(m, REG_COMPARATOR(n), 8, first);
	}
}

void block_enable(struct machine *m, uint64_t config)
{
	guest_write(m, REG_CONFIG, 4, config | CONFIG_ENABLE);
}

uint64_t block_halt(struct machine *m)
{
	uint64_t config = guest_read(m, REG_CONFIG, 4);

	guest_write(m, REG_CONFIG, 4, config & ~CONFIG_ENABLE);
	return guest_read(m, REG_COUNTER, 8);
}

uint64_t block_halt_quiet(struct machine *m, uint64_t first, uint64_t period)
{
	uint64_t now = guest_spin(m, OP_SPIN_ON, 0);
	uint64_t n = ticks_due(now, first, period);

	/* Not this period, of which half may be over: the next. */
	guest_spin(m, OP_SPIN_ON, first + n * period + period / 2);
	now = block_halt(m);
	guest_do(m, OP_STI, 0, 0, 0);
	return now;
}

uint64_t host_missed(const struct kvm_hpet_timer_stats *s, uint64_t meant)
{
	uint64_t missed = s->coalesced + s->late;

	return slowness() > 1 && missed > meant ? missed - meant : 0;
}

uint64_t ticks_due(uint64_t counter, uint64_t first, uint64_t period)
{
	return counter < first ? 0 : (counter - first) / period + 1;
}

void stats_get_fd(int fd, struct kvm_hpet_stats *stats)
{
	unsigned int i;
	int ret;

	memset(stats, 0, sizeof(*stats));
	stats->size = sizeof(*stats);
	ret = hpet_ioctl(fd, KVM_HPET_GET_STATS, stats);
	if (ret)
		die("KVM_HPET_GET_STATS: %s", strerror(-ret));
	law_reads++;
	for (i = 0; i < stats->num_timers; i++) {
		struct kvm_hpet_timer_stats *t = &stats->timer[i];

		if (t->due == t->delivered + t->masked + t->discarded +
			      t->backlog)
			continue;
		if (!law_broken++)
			note("timer %u: due %llu, delivered %llu, masked %llu, discarded %llu, backlog %llu",
			     i, t->due, t->delivered, t->masked, t->discarded,
			     t->backlog);
	}
}

struct kvm_hpet_timer_stats stats_get(struct machine *m, int timer)
{
	struct kvm_hpet_stats stats;

	stats_get_fd(m->hpet, &stats);
	return stats.timer[timer];
}

struct kvm_hpet_state state_get(struct machine *m)
{
	struct kvm_hpet_state state = { .size = sizeof(state) };
	int ret = hpet_ioctl(m->hpet, KVM_HPET_GET_STATE, &state);

	if (ret)
		die("KVM_HPET_GET_STATE: %s", strerror(-ret));
	return state;
}

void state_set(struct machine *m, struct kvm_hpet_state *state)
{
	int ret = hpet_ioctl(m->hpet, KVM_HPET_SET_STATE, state);

	if (ret)
		die("KVM_HPET_SET_STATE: %s", strerror(-ret));
}

struct kvm_hpet_tick_policy policy_default(uint32_t timers)
{
	struct kvm_hpet_tick_policy policy = {
		.size = sizeof(policy),
		.timers = timers,
		.policy = KVM_HPET_TICKS_DISCARD,
		.max_rate = 10,
		.ramp = 1,
		.max_backlog_ns = 5000000000ULL,
	};

	return policy;
}

struct kvm_hpet_tick_policy policy_get(int fd, int timer)
{
	struct kvm_hpet_tick_policy policy = {
		.size = sizeof(policy),
		.timers = 1U << timer,
	};
	int ret = hpet_ioctl(fd, KVM_HPET_GET_TICK_POLICY, &policy);

	if (ret)
		die("KVM_HPET_GET_TICK_POLICY: %s", strerror(-ret));
	return policy;
}

void policy_set(struct machine *m, uint32_t timers, uint32_t policy,
		uint32_t max_rate, uint32_t ramp, uint64_t max_backlog_ns)
{
	struct kvm_hpet_tick_policy p = {
		.size = sizeof(p),
		.timers = timers,
		.policy = policy,
		.max_rate = max_rate,
		.ramp = ramp,
		.max_backlog_ns = max_backlog_ns,
	};
	int ret = hpet_ioctl(m->hpet, KVM_HPET_SET_TICK_POLICY, &p);

	if (ret && (ret != -EOPNOTSUPP || policy_supported()))
		die("KVM_HPET_SET_TICK_POLICY: %s", strerror(-ret));
}

bool policy_supported(void)
{
	static int supported = -1;
	struct kvm_hpet_tick_policy p = policy_default(1);
	struct machine *m;

	if (supported < 0) {
		m = machine_new();
		m->config.base = BASE + 0x2000;
		machine_create_block(m);
		p.policy = KVM_HPET_TICKS_SLEW;
		supported = hpet_ioctl(m->hpet, KVM_HPET_SET_TICK_POLICY,
				       &p) != -EOPNOTSUPP;
		machine_free(m);
	}
	return supported;
}

uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

void sleep_ms(unsigned int ms)
{
	struct timespec ts = { ms / 1000, ms % 1000 * 1000000L };

	alarm(HANG_SECONDS * slowness() + ms / 1000);
	while (clock_nanosleep(CLOCK_MONOTONIC, 0, &ts, &ts) == EINTR)
		;
}

static void *watch(void *arg)
{
	struct watcher *w = arg;
	struct kvm_hpet_stats stats;
	struct timespec ts = { 0, 300000 };

	while (!w->stop) {
		struct kvm_hpet_timer_stats *t = &stats.timer[w->timer];

		stats_get_fd(w->fd, &stats);
		w->reads++;
		w->max_backlog = max(w->max_backlog, (uint64_t)t->backlog);
		w->max_rate = max(w->max_rate, (uint64_t)t->rate);
		nanosleep(&ts, NULL);
	}
	return NULL;
}

void watch_start(struct watcher *w, struct machine *m, int timer)
{
	*w = (struct watcher) { .fd = m->hpet, .timer = timer };
	if (pthread_create(&w->thread, NULL, watch, w))
		die("pthread_create");
}

void watch_stop(struct watcher *w)
{
	w->stop = true;
	pthread_join(w->thread, NULL);
}

/* ---- what there is of blocks ---- */

uint64_t next_block(uint64_t after)
{
	struct kvm_hpet_block_info info = { .size = sizeof(info), .id = after };
	int dev = hpet_device();
	int ret = hpet_ioctl(dev, KVM_HPET_NEXT_BLOCK, &info);

	close(dev);
	return ret ? 0 : info.id;
}

/* The first line of /proc/@process/@name that begins with @start. */
static bool proc_line(const char *process, const char *name, const char *start,
		      char *line, int size)
{
	bool found = false;
	char path[300];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%s/%s", process, name);
	file = fopen(path, "r");
	if (!file)
		return false;
	while (!found && fgets(line, size, file))
		found = !strncmp(line, start, strlen(start));
	fclose(file);
	return found;
}

int count_workers(const char *cgroup)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	int n = 0;

	while ((entry = readdir(proc))) {
		const char *process = entry->d_name;
		char line[256];

		if (!proc_line(process, "comm", "kvm-hpet/", line, sizeof(line)))
			continue;
		n += !cgroup || (proc_line(process, "cgroup", "0::", line,
					   sizeof(line)) &&
				 strstr(line, cgroup));
	}
	closedir(proc);
	return n;
}

/* Directories of blocks; -1: not even theirs is there. */
int count_debugfs(void)
{
	DIR *dir = opendir(DEBUGFS);
	struct dirent *entry;
	int n = 0;

	if (!dir)
		return -1;
	while ((entry = readdir(dir)))
		n += entry->d_name[0] != '.';
	closedir(dir);
	return n;
}

void ok_nothing_left(const char *name)
{
	ok_eq(count_debugfs(), 0, "%s: nothing left in debugfs", name);
	ok_eq(next_block(0), 0, "%s: no block left", name);
	ok_eq(count_workers(NULL), 0, "%s: no worker left", name);
}

/* ---- modules ---- */

const char *module_path(void)
{
	const char *path = getenv("HPET_MODULE");

	return path ? path : "/modules/kvm_hpet.ko";
}

int module_unload(const char *name)
{
	return syscall(SYS_delete_module, name, O_NONBLOCK) ? -errno : 0;
}

int module_load(const char *path, const char *params)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int ret;

	if (fd < 0)
		return -errno;
	ret = syscall(SYS_finit_module, fd, params, 0) ? -errno : 0;
	close(fd);
	return ret;
}

/* ---- a guest that counts ---- */

struct machine *machine_ticking(uint32_t policy, int pin)
{
	const int vector = pin < 0 ? VECTOR_PIC(0) : VECTOR_PIN(pin);
	struct machine *m = machine_with_block();
	struct guest_irq *irq = &m->g->irq[vector];

	if (pin < 0) {
		guest_pic_init(m, 1 << 0);
	} else {
		guest_apic_init(m);
		guest_pin_set(m, pin, 0);
	}
	irq->first = MS;
	irq->period = MS;
	irq->max_ahead = INT64_MIN;
	timer_program(m, 0, pin < 0 ? 0 : TIMER_ROUTE(pin), MS, MS);
	policy_set(m, 1, policy, 10, 1, 5000000000ULL);
	block_enable(m, pin < 0 ? CONFIG_LEGACY : 0);
	return m;
}

void hpet_call(struct machine *m, unsigned long cmd)
{
	int ret = hpet_ioctl(m->hpet, cmd, NULL);

	if (ret)
		die("ioctl %#lx: %s", cmd, strerror(-ret));
}

void ok_every_tick(struct machine *m, int vector, const char *name)
{
	struct guest_irq *irq = &m->g->irq[vector];
	uint64_t end;

	guest_drain(m, vector);
	end = block_halt_quiet(m, MS, MS);
	ok_eq(irq->seen, ticks_due(end, MS, MS), "%s: every tick, once", name);
	ok(irq->max_ahead <= 0, "%s: never ahead", name);
}

/* ---- tracefs ---- */

static char tracefs[128];

void trace_instance(const char *name)
{
	snprintf(tracefs, sizeof(tracefs), "/sys/kernel/tracing/instances/%s",
		 name);
	if (mkdir(tracefs, 0755))
		die("mkdir %s: %s", tracefs, strerror(errno));
}

void trace_instance_end(void)
{
	rmdir(tracefs);
}

FILE *trace_open(const char *file, const char *mode)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", tracefs, file);
	f = fopen(path, mode);
	if (!f)
		die("%s: %s", path, strerror(errno));
	return f;
}

void trace_write(const char *file, const char *text)
{
	FILE *f = trace_open(file, "w");

	if (fputs(text, f) < 0 || fclose(f))
		die("%s/%s: %s", tracefs, file, strerror(errno));
}
