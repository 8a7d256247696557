// SPDX-License-Identifier: GPL-2.0
/*
 * vmm [OPTION]... GUEST 'COMMAND LINE' - the least VMM: runs the benchmarks' guest.
 *
 *	--hpet kvm_hpet	the module's HPET
 *	--hpet floor	the in-kernel device that does nothing
 *	--hpet exit	this VMM answers, as fast as a VMM can
 *	--pit		KVM's PIT
 *	--source pit	a PIT over a tick source of kvm_hpet, that of samples/tick-vmm
 *	--source rtc	an RTC, likewise
 *	--policy slew	of all timers of kvm_hpet; else discard
 *	--vcpus N	vCPUs
 *	--seconds N	for guests that never end: so long after 'S'
 *	--create N	no guest: N blocks are made and removed, one after the other:
 *			lines "create CYCLES", "remove CYCLES"
 *	--latency	kvm_hpet's interrupts: lines "interrupt LATE_NS CYCLES"
 *
 * Between the guest's 'S' and 'E' the host is watched; what the guest says, and
 * lines "ns N", "busy N" for that time go to stdout, and with --seconds the
 * lines "expirations N", "delivered N", "discarded N" of timer 0 and "reads N" as
 * well.
 */
#include <elf.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <linux/kvm.h>
#include <linux/kvm_hpet.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "../../samples/tick-vmm/devices.h"
#include "watch.h"

#define MEMORY		(4UL << 20)
#define COMMAND_LINE	0x8000
#define INFORMATION	0x7000
#define BASE		KVM_HPET_DEFAULT_BASE

enum hpet { HPET_NONE, HPET_KVM, HPET_FLOOR, HPET_EXIT };

static struct {
	enum hpet hpet;
	int pit, vcpus, seconds, create, latency;
	char source;	/* 'p', 'r' */
	__u32 policy;
} option = { .vcpus = 1, .policy = KVM_HPET_TICKS_DISCARD };

static int kvm, vm, hpet = -1;
static __u64 entry;
static struct watch watch;
static struct pit pit_source = { .source = -1 };
static struct rtc rtc_source = { .source = -1 };

static void *map(int fd, size_t size)
{
	int flags = fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED;
	void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, flags, fd, 0);

	if (at == MAP_FAILED)
		err(1, "mmap");
	return at;
}

static int must(int fd, unsigned long cmd, unsigned long arg, const char *what)
{
	int ret = ioctl(fd, cmd, arg);

	if (ret < 0)
		err(1, "%s", what);
	return ret;
}

/* ---- the devices ---- */

/* As QEMU routes: GSI 0 to the I/O APIC's pin 2 and the PIC's 0, GSI 2 nowhere. */
static void route(void)
{
	struct kvm_irq_routing *r = calloc(1, sizeof(*r) +
					   64 * sizeof(r->entries[0]));
	unsigned int gsi;

	for (gsi = 0; gsi < 24; gsi++) {
		struct kvm_irq_routing_entry e = {
			.gsi = gsi, .type = KVM_IRQ_ROUTING_IRQCHIP,
		};

		if (gsi == 2)
			continue;
		if (gsi < 16) {
			e.u.irqchip.irqchip = gsi < 8 ? KVM_IRQCHIP_PIC_MASTER :
							KVM_IRQCHIP_PIC_SLAVE;
			e.u.irqchip.pin = gsi & 7;
			r->entries[r->nr++] = e;
		}
		e.u.irqchip.irqchip = KVM_IRQCHIP_IOAPIC;
		e.u.irqchip.pin = gsi ? gsi : 2;
		r->entries[r->nr++] = e;
	}
	must(vm, KVM_SET_GSI_ROUTING, (unsigned long)r, "KVM_SET_GSI_ROUTING");
	free(r);
}

static int open_device(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		err(1, "%s", path);
	return fd;
}

static void set_policy(int fd, __u32 timers)
{
	struct kvm_hpet_tick_policy policy = {
		.size = sizeof(policy), .timers = timers, .policy = option.policy,
		.max_rate = 10, .ramp = 1, .max_backlog_ns = 5000000000ULL,
	};

	must(fd, KVM_HPET_SET_TICK_POLICY, (unsigned long)&policy,
	     "KVM_HPET_SET_TICK_POLICY");
}

static void make_source(void)
{
	int dev = open_device("/dev/kvm_hpet");

	if (option.source == 'p') {
		pit_create(&pit_source, dev, vm);
		hpet = pit_source.source;
	} else {
		rtc_create(&rtc_source, dev, vm);
		hpet = rtc_source.source;
	}
	set_policy(hpet, 1);
	close(dev);
}

/* As QEMU's HPET on -M q35, with messages. */
static void make_hpet(void)
{
	struct kvm_hpet_config config = {
		.size = sizeof(config),
		.flags = KVM_HPET_F_COUNTER_64 | KVM_HPET_F_LEGACY_CAP,
		.vm_fd = vm, .legacy_eventfd = -1, .base = BASE,
		.period_fs = 10000000, .vendor_id = 0x8086, .rev_id = 1,
		.num_timers = 3,
	};
	int i, dev = open_device("/dev/kvm_hpet");

	for (i = 0; i < 3; i++) {
		config.timer[i].flags = KVM_HPET_TIMER_PERIODIC |
			KVM_HPET_TIMER_64 | KVM_HPET_TIMER_FSB;
		config.timer[i].route_cap = 0xff0104;
	}
	hpet = must(dev, KVM_HPET_CREATE, (unsigned long)&config,
		    "KVM_HPET_CREATE");
	set_policy(hpet, 7);
	close(dev);
}

static void make_devices(void)
{
	struct kvm_pit_config pit = { .flags = KVM_PIT_SPEAKER_DUMMY };

	must(vm, KVM_SET_TSS_ADDR, 0xfffbd000, "KVM_SET_TSS_ADDR");
	must(vm, KVM_CREATE_IRQCHIP, 0, "KVM_CREATE_IRQCHIP");
	route();
	if (option.pit)
		must(vm, KVM_CREATE_PIT2, (unsigned long)&pit,
		     "KVM_CREATE_PIT2");
	if (option.hpet == HPET_KVM)
		make_hpet();
	if (option.source)
		make_source();
	if (option.hpet == HPET_FLOOR)
		must(open_device("/dev/kvm_hpet_floor"), FLOOR_ATTACH, vm,
		     "FLOOR_ATTACH");
}

static __u64 load_guest(const char *path, char *memory)
{
	int i, fd = open_device(path);
	Elf32_Phdr segment;
	Elf32_Ehdr header;

	if (pread(fd, &header, sizeof(header), 0) != sizeof(header))
		err(1, "%s", path);
	for (i = 0; i < header.e_phnum; i++) {
		off_t at = header.e_phoff + i * sizeof(segment);

		if (pread(fd, &segment, sizeof(segment), at) != sizeof(segment))
			err(1, "%s", path);
		if (segment.p_type != PT_LOAD)
			continue;
		if (segment.p_paddr + segment.p_memsz > MEMORY)
			errx(1, "%s is too large", path);
		if (pread(fd, memory + segment.p_paddr, segment.p_filesz,
			  segment.p_offset) != (ssize_t)segment.p_filesz)
			err(1, "%s", path);
	}
	close(fd);
	return header.e_entry;
}

static void make_memory(const char *guest, const char *command)
{
	void *memory = map(-1, MEMORY);
	struct kvm_userspace_memory_region region = {
		.memory_size = MEMORY, .userspace_addr = (__u64)memory,
	};
	__u32 *information = memory + INFORMATION;

	entry = load_guest(guest, memory);
	snprintf(memory + COMMAND_LINE, 4096, "%s", command);
	information[0] = 1 << 2;
	information[4] = COMMAND_LINE;
	must(vm, KVM_SET_USER_MEMORY_REGION, (unsigned long)&region,
	     "KVM_SET_USER_MEMORY_REGION");
}

/* ---- a vCPU ---- */

static void set_segment(struct kvm_segment *s, __u16 selector, __u8 type)
{
	*s = (struct kvm_segment){
		.limit = ~0U, .selector = selector, .type = type,
		.present = 1, .db = 1, .s = 1, .g = 1,
	};
}

/* As the multiboot specification has it. */
static void set_registers(int vcpu)
{
	struct kvm_regs regs = {
		.rip = entry, .rflags = 2, .rax = 0x2badb002,
		.rbx = INFORMATION,
	};
	struct kvm_sregs sregs;

	must(vcpu, KVM_GET_SREGS, (unsigned long)&sregs, "KVM_GET_SREGS");
	set_segment(&sregs.cs, 8, 11);
	set_segment(&sregs.ds, 16, 3);
	sregs.es = sregs.fs = sregs.gs = sregs.ss = sregs.ds;
	sregs.cr0 |= 1;
	must(vcpu, KVM_SET_SREGS, (unsigned long)&sregs, "KVM_SET_SREGS");
	must(vcpu, KVM_SET_REGS, (unsigned long)&regs, "KVM_SET_REGS");
}

static void set_cpuid(int vcpu, __u32 id)
{
	struct kvm_cpuid2 *cpuid = calloc(1, sizeof(*cpuid) +
					  256 * sizeof(cpuid->entries[0]));
	__u32 i;

	cpuid->nent = 256;
	must(kvm, KVM_GET_SUPPORTED_CPUID, (unsigned long)cpuid,
	     "KVM_GET_SUPPORTED_CPUID");
	for (i = 0; i < cpuid->nent; i++)
		if (cpuid->entries[i].function == 1)
			cpuid->entries[i].ebx =
				(cpuid->entries[i].ebx & 0xffffff) | id << 24;
	must(vcpu, KVM_SET_CPUID2, (unsigned long)cpuid, "KVM_SET_CPUID2");
	free(cpuid);
}

/* Nothing but what the guest's access needs. */
static void on_mmio(struct kvm_run *run)
{
	__u64 value = (__u64)10000000 << 32 | 0x8086a201;

	if (!run->mmio.is_write)
		memcpy(run->mmio.data, &value, run->mmio.len);
}

static void on_port(struct kvm_run *run)
{
	__u8 *value = (__u8 *)run + run->io.data_offset;

	if (run->io.port == 0xe9)
		watch_output(&watch, *value);
	else if (option.source == 'p')
		pit_write(&pit_source, run->io.port, *value);
	else if (option.source == 'r' && run->io.direction == KVM_EXIT_IO_IN)
		rtc_read(&rtc_source, run->io.port, value);
	else if (option.source == 'r')
		rtc_write(&rtc_source, run->io.port, *value);
}

/*
 * The host's own tick, 250 Hz, takes a few microseconds. An interrupt that falls due
 * meanwhile waits for it, and with 5,000 Hz that is each twentieth or none, by chance.
 * Begun here, none does.
 */
static void await_host_tick(void)
{
	struct timespec before, now;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &before);
	do
		clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	while (now.tv_sec == before.tv_sec && now.tv_nsec == before.tv_nsec);
}

static void *run_vcpu(void *arg)
{
	int vcpu = must(vm, KVM_CREATE_VCPU, (unsigned long)arg,
			"KVM_CREATE_VCPU");
	struct kvm_mp_state runnable = { KVM_MP_STATE_RUNNABLE };
	struct kvm_run *run;

	run = map(vcpu, must(kvm, KVM_GET_VCPU_MMAP_SIZE, 0, "mmap size"));
	set_cpuid(vcpu, (unsigned long)arg);
	set_registers(vcpu);
	must(vcpu, KVM_SET_MP_STATE, (unsigned long)&runnable,
	     "KVM_SET_MP_STATE");
	if (option.latency)
		await_host_tick();
	for (;;) {
		if (ioctl(vcpu, KVM_RUN, 0) && errno != EINTR)
			err(1, "KVM_RUN");
		switch (run->exit_reason) {
		case KVM_EXIT_MMIO:
			on_mmio(run);
			break;
		case KVM_EXIT_IO:
			on_port(run);
			break;
		case KVM_EXIT_INTR:
			break;
		default:
			errx(1, "exit reason %u", run->exit_reason);
		}
	}
	return NULL;
}

/* ---- ---- */

static void read_stats(struct kvm_hpet_stats *stats)
{
	memset(stats, 0, sizeof(*stats));
	stats->size = sizeof(*stats);
	if (hpet >= 0)
		must(hpet, KVM_HPET_GET_STATS, (unsigned long)stats,
		     "KVM_HPET_GET_STATS");
}

/* For guests that say 'S' and no more. */
static void watch_for(int seconds)
{
	struct kvm_hpet_stats before, after;

	watch_await(&watch, &watch.started);
	printf("started\n");
	read_stats(&before);
	watch_start(&watch);
	sleep(seconds);
	watch_stop(&watch);
	read_stats(&after);
	printf("expirations %llu\ndelivered %llu\ndiscarded %llu\nreads %llu\n",
	       after.timer[0].expirations - before.timer[0].expirations,
	       after.timer[0].delivered - before.timer[0].delivered,
	       after.timer[0].discarded - before.timer[0].discarded,
	       after.mmio_reads - before.mmio_reads);
}

static void mark(const char *what)
{
	int fd = open("/sys/kernel/tracing/trace_marker", O_WRONLY);

	if (fd >= 0 && write(fd, what, strlen(what)) < 0)
		warn("trace_marker");
	close(fd);
}

static void create_and_remove(int n)
{
	while (n--) {
		__u64 start = __builtin_ia32_rdtsc(), made;

		mark("create");
		make_hpet();
		mark("created");
		made = __builtin_ia32_rdtsc();
		close(hpet);
		printf("create %llu\nremove %llu\n", made - start,
		       (__u64)__builtin_ia32_rdtsc() - made);
	}
}

static void parse(int argc, char **argv)
{
	static const struct option options[] = {
		{ "hpet", 1, NULL, 'h' }, { "pit", 0, NULL, 'p' },
		{ "source", 1, NULL, 'S' }, { "policy", 1, NULL, 'o' },
		{ "vcpus", 1, NULL, 'v' },
		{ "seconds", 1, NULL, 's' }, { "create", 1, NULL, 'c' },
		{ "latency", 0, NULL, 'l' }, { }
	};
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 'h':
			option.hpet = !strcmp(optarg, "kvm_hpet") ? HPET_KVM :
				!strcmp(optarg, "floor") ? HPET_FLOOR :
				!strcmp(optarg, "exit") ? HPET_EXIT : HPET_NONE;
			break;
		case 'p':
			option.pit = 1;
			break;
		case 'S':
			option.source = optarg[0];
			break;
		case 'o':
			option.policy = !strcmp(optarg, "slew") ?
				KVM_HPET_TICKS_SLEW : KVM_HPET_TICKS_DISCARD;
			break;
		case 'v':
			option.vcpus = atoi(optarg);
			break;
		case 's':
			option.seconds = atoi(optarg);
			break;
		case 'c':
			option.create = atoi(optarg);
			break;
		case 'l':
			option.latency = 1;
			break;
		default:
			errx(2, "usage: vmm [OPTION]... GUEST 'COMMAND LINE'");
		}
	}
	if (argc - optind != 2)
		errx(2, "usage: vmm [OPTION]... GUEST 'COMMAND LINE'");
}

int main(int argc, char **argv)
{
	long i;

	parse(argc, argv);
	setvbuf(stdout, NULL, _IOLBF, 0);
	watch_open(&watch, option.latency);
	kvm = open_device("/dev/kvm");
	vm = must(kvm, KVM_CREATE_VM, 0, "KVM_CREATE_VM");
	make_devices();
	if (option.create) {
		create_and_remove(option.create);
		return 0;
	}
	make_memory(argv[optind], argv[optind + 1]);
	for (i = 0; i < option.vcpus; i++) {
		pthread_t thread;

		if (pthread_create(&thread, NULL, run_vcpu, (void *)i))
			errx(1, "pthread_create");
	}
	if (option.seconds)
		watch_for(option.seconds);
	else
		watch_await(&watch, &watch.done);
	watch_report(&watch);
	fflush(stdout);
	_exit(0);
}
