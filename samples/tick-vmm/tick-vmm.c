// SPDX-License-Identifier: GPL-2.0
/*
 * tick-vmm [-d hpet|rtc|pit] [POLICY [MS]] - a whole VMM with an in-kernel HPET, to learn from.
 *
 * Its guest (guest.S) counts the HPET's ticks for one second, 1,000 of them; with -d those
 * of an RTC (1,024) or a PIT, which tick from the kernel as well (devices.c). After
 * the first 100 the VMM keeps it from the CPU for MS milliseconds (default: 0). What
 * becomes of the ticks that fall due meanwhile is up to POLICY: "discard" (they are
 * gone; the default), "delay", "merge" or "slew".
 *
 * It prints what the guest has counted and what the module has. Exit status: 0 if the
 * guest has got every tick that fell due, 1 if not or if something failed, 2 for bad
 * usage.
 *
 * Documentation/uapi.rst goes through it step by step, Documentation/tick-sources.rst
 * through the other devices.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <linux/kvm_hpet.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "devices.h"
#include "guest.h"

#define MEMORY_SIZE	0x10000
#define KVM_TSS_ADDRESS	0xfffbd000	/* three unused pages, for Intel's KVM */
#define MAX_STALL_MS	60000

/* The guest's image, from guest.S */
extern const char guest_start[], guest_end[];

struct vm {
	int kvm;
	int fd;
	int vcpu;
	int hpet;
	struct rtc rtc;
	struct pit pit;
	int device;		/* that the guest counts by: DEVICE_* */
	int ticks;		/* its descriptor: HPET or tick source */
	char *memory;
	struct kvm_run *run;
	size_t run_size;
};

static const char * const devices[] = {
	[DEVICE_HPET] = "hpet",
	[DEVICE_RTC] = "rtc",
	[DEVICE_PIT] = "pit",
};

static const char * const policies[] = {
	[KVM_HPET_TICKS_DISCARD] = "discard",
	[KVM_HPET_TICKS_DELAY] = "delay",
	[KVM_HPET_TICKS_MERGE] = "merge",
	[KVM_HPET_TICKS_SLEW] = "slew",
};

/* All ioctls of this program must succeed. */
static int must(int fd, unsigned long number, const char *name, void *argument)
{
	int ret = ioctl(fd, number, argument);

	if (ret < 0)
		err(EXIT_FAILURE, "%s", name);
	return ret;
}

#define MUST(fd, number, argument)	must(fd, number, #number, (void *)(argument))

static int open_device(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		err(EXIT_FAILURE, "%s", path);
	return fd;
}

/*
 * Step 1: the VM. The HPET needs the interrupt controllers in the kernel too, since
 * it hands its interrupts to them; KVM_CREATE_IRQCHIP makes PIC, I/O APIC and local
 * APICs at once, and comes before the first vCPU.
 */
static void create_vm(struct vm *vm)
{
	struct kvm_userspace_memory_region region = { .memory_size = MEMORY_SIZE };

	vm->kvm = open_device("/dev/kvm");
	vm->fd = MUST(vm->kvm, KVM_CREATE_VM, 0);
	MUST(vm->fd, KVM_SET_TSS_ADDR, KVM_TSS_ADDRESS);
	MUST(vm->fd, KVM_CREATE_IRQCHIP, 0);

	vm->memory = mmap(NULL, MEMORY_SIZE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (vm->memory == MAP_FAILED)
		err(EXIT_FAILURE, "guest memory");
	region.userspace_addr = (uintptr_t)vm->memory;
	MUST(vm->fd, KVM_SET_USER_MEMORY_REGION, &region);
	memcpy(vm->memory + GUEST_ADDRESS, guest_start, guest_end - guest_start);

	vm->vcpu = MUST(vm->fd, KVM_CREATE_VCPU, 0);
	vm->run_size = MUST(vm->kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
	vm->run = mmap(NULL, vm->run_size, PROT_READ | PROT_WRITE, MAP_SHARED, vm->vcpu, 0);
	if (vm->run == MAP_FAILED)
		err(EXIT_FAILURE, "vCPU");
}

/*
 * Step 2: the HPET. One ioctl, and the guest finds it at its address: no exit will
 * ever come for it. (One would for legacy replacement, KVM_HPET_F_LEGACY_CAP, since a
 * VMM has to switch its PIT and RTC off then. This one has neither.)
 *
 * The descriptor is the HPET: closing it takes the device out of the VM.
 */
static void create_hpet(struct vm *vm)
{
	struct kvm_hpet_config config = {
		.size = sizeof(config),
		.vm_fd = vm->fd,
		.legacy_eventfd = -1,
		.base = HPET_BASE,
		.period_fs = 10000000,			/* 10 ns: 100 MHz */
		.vendor_id = 0x8086,
		.rev_id = 1,
		.num_timers = KVM_HPET_MIN_TIMERS,
	};
	int device = open_device("/dev/kvm_hpet"), version;

	version = MUST(device, KVM_HPET_GET_API_VERSION, 0);
	if (version != KVM_HPET_API_VERSION)
		errx(EXIT_FAILURE, "the module has API version %d, not %d", version,
		     KVM_HPET_API_VERSION);
	for (int i = 0; i < config.num_timers; i++) {
		config.timer[i].flags = KVM_HPET_TIMER_PERIODIC;
		config.timer[i].route_cap = 1U << HPET_PIN;
	}
	vm->hpet = MUST(device, KVM_HPET_CREATE, &config);
	close(device);
}

/*
 * The devices that the guest did not ask for stand still, and cost nothing. From here on
 * the ticks of one are like those of another: same policy, same statistics.
 */
static void create_devices(struct vm *vm)
{
	int device = open_device("/dev/kvm_hpet");

	rtc_create(&vm->rtc, device, vm->fd);
	pit_create(&vm->pit, device, vm->fd);
	close(device);
	vm->ticks = vm->device == DEVICE_RTC ? vm->rtc.source :
		    vm->device == DEVICE_PIT ? vm->pit.source : vm->hpet;
}

/*
 * Step 3: what is to become of lost ticks. Can be changed at any time. What is not to
 * be changed is read first.
 */
static void set_policy(const struct vm *vm, int policy)
{
	struct kvm_hpet_tick_policy p = { .size = sizeof(p), .timers = 1 };

	MUST(vm->ticks, KVM_HPET_GET_TICK_POLICY, &p);
	p.policy = policy;
	MUST(vm->ticks, KVM_HPET_SET_TICK_POLICY, &p);
}

/* Step 4: the vCPU at the guest's first instruction, in protected mode, all flat. */
static void set_up_vcpu(const struct vm *vm)
{
	struct kvm_segment data = {
		.limit = 0xffffffff, .selector = 0x10, .type = 3, .present = 1, .db = 1,
		.s = 1, .g = 1,
	}, code = data;
	struct kvm_regs regs = { .rip = GUEST_ADDRESS, .rflags = 2 };
	struct kvm_sregs sregs;

	code.selector = 0x08;
	code.type = 11;
	MUST(vm->vcpu, KVM_GET_SREGS, &sregs);
	sregs.cs = code;
	sregs.ds = data;
	sregs.es = data;
	sregs.ss = data;
	sregs.cr0 |= 1;
	MUST(vm->vcpu, KVM_SET_SREGS, &sregs);
	MUST(vm->vcpu, KVM_SET_REGS, &regs);
}

/* Not running the vCPU is what a busy host does to a guest. */
static void stall(unsigned int ms)
{
	struct timespec left = { ms / 1000, ms % 1000 * 1000000L };

	while (nanosleep(&left, &left) && errno == EINTR)
		;
}

/* The guest's access to RTC or PIT. Returns false if it is none. */
static bool handle_device(struct vm *vm, uint8_t *value)
{
	uint16_t port = vm->run->io.port;

	if (vm->run->io.direction == KVM_EXIT_IO_IN)
		return rtc_read(&vm->rtc, port, value);
	return rtc_write(&vm->rtc, port, *value) || pit_write(&vm->pit, port, *value);
}

/* The guest speaks to us. Returns true if that was its last word. */
static bool handle_port(struct vm *vm, unsigned int stall_ms, uint32_t *counted)
{
	const struct kvm_run *run = vm->run;
	uint32_t *value = (uint32_t *)((char *)vm->run + run->io.data_offset);

	if (run->io.size == 1 && handle_device(vm, (uint8_t *)value))
		return false;
	if (run->io.size != sizeof(*value) ||
	    (run->io.direction == KVM_EXIT_IO_IN) != (run->io.port == PORT_DEVICE))
		errx(EXIT_FAILURE, "the guest's access to port %#x makes no sense", run->io.port);
	switch (run->io.port) {
	case PORT_DEVICE:
		*value = vm->device;
		return false;
	case PORT_STALL:
		stall(stall_ms);
		return false;
	case PORT_RESULT:
		*counted = *value;
		return true;
	default:
		errx(EXIT_FAILURE, "the guest writes to port %#x", run->io.port);
	}
}

/*
 * Step 5: run the guest. Neither its ticks nor its accesses to the HPET are seen here,
 * nor its hlt: it comes out when it speaks to a port. run_guest() returns the number
 * of ticks that it has counted.
 */
static void run_to_port(struct vm *vm)
{
	while (ioctl(vm->vcpu, KVM_RUN, 0) < 0)
		if (errno != EINTR)
			err(EXIT_FAILURE, "KVM_RUN");
	if (vm->run->exit_reason != KVM_EXIT_IO)
		errx(EXIT_FAILURE, "the guest has ended by exit %u", vm->run->exit_reason);
}

static uint32_t run_guest(struct vm *vm, unsigned int stall_ms)
{
	uint32_t counted = 0;

	do
		run_to_port(vm);
	while (!handle_port(vm, stall_ms, &counted));
	return counted;
}

/*
 * Step 6: what became of the ticks. At every moment
 * due = delivered + masked + discarded + backlog.
 */
static bool report(const struct vm *vm, uint32_t counted)
{
	struct kvm_hpet_stats stats = { .size = sizeof(stats) };
	const struct kvm_hpet_timer_stats *t = &stats.timer[0];

	MUST(vm->ticks, KVM_HPET_GET_STATS, &stats);
	printf("the guest counted %u ticks\n", counted);
	printf("due %llu delivered %llu masked %llu discarded %llu backlog %llu\n",
	       t->due, t->delivered, t->masked, t->discarded, t->backlog);
	printf("coalesced %llu late %llu reinjected %llu max_backlog %llu max_rate %llu\n",
	       t->coalesced, t->late, t->reinjected, t->max_backlog, t->max_rate);
	if (vm->device == DEVICE_HPET)
		printf("accesses served in the kernel: %llu reads, %llu writes\n",
		       stats.mmio_reads, stats.mmio_writes);
	return counted == t->due;
}

/* Step 7: the reverse of the first steps. HPET and tick sources keep the VM, so they go first. */
static void destroy(struct vm *vm)
{
	close(vm->pit.source);
	close(vm->rtc.source);
	close(vm->hpet);
	munmap(vm->run, vm->run_size);
	close(vm->vcpu);
	close(vm->fd);
	munmap(vm->memory, MEMORY_SIZE);
	close(vm->kvm);
}

static int usage(void)
{
	fprintf(stderr, "usage: tick-vmm [-d hpet|rtc|pit] [discard|delay|merge|slew [MS]], MS: 0 to %d\n",
		MAX_STALL_MS);
	return 2;
}

/* -1 if it is none of them */
static int find(const char * const *names, int number, const char *name)
{
	for (int i = 0; i < number; i++)
		if (!strcmp(name, names[i]))
			return i;
	return -1;
}

/* -1 if it is no number, or too large */
static int parse_ms(const char *text)
{
	char *end;
	unsigned long ms = strtoul(text, &end, 10);

	return *text && !*end && ms <= MAX_STALL_MS ? (int)ms : -1;
}

int main(int argc, char **argv)
{
	struct vm vm = { .device = DEVICE_HPET };
	int policy = KVM_HPET_TICKS_DISCARD, stall_ms = 0;
	bool complete;

	if (argc > 2 && !strcmp(argv[1], "-d")) {
		vm.device = find(devices, 3, argv[2]);
		argc -= 2;
		argv += 2;
	}
	if (argc > 1)
		policy = find(policies, 4, argv[1]);
	if (argc > 2)
		stall_ms = parse_ms(argv[2]);
	if (argc > 3 || vm.device < 0 || policy < 0 || stall_ms < 0)
		return usage();

	create_vm(&vm);
	create_hpet(&vm);
	create_devices(&vm);
	set_policy(&vm, policy);
	set_up_vcpu(&vm);
	complete = report(&vm, run_guest(&vm, stall_ms));
	destroy(&vm);
	return complete ? EXIT_SUCCESS : EXIT_FAILURE;
}
