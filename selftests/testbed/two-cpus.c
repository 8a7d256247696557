// SPDX-License-Identifier: GPL-2.0
/*
 * two-cpus N - does the emulator keep what two CPUs do apart?
 *
 * A guest on the first CPU writes to its memory and exits, N times, while the second
 * CPU does nothing but load its FPU's registers: that is what made an emulated CPU
 * mix up a guest's memory and the host's (qemu-ignne-race.patch), within seconds.
 * Exit status 1 if the guest's memory or an exit is not as it should be; the host's
 * own trouble shows in its kernel's log.
 */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#define MEMORY	0x4000
#define CODE	0x1000
#define WORD	0x2000

/* incw WORD; out %al, $0x10; and again */
static const uint8_t code[] = { 0xff, 0x06, 0x00, 0x20, 0xe6, 0x10, 0xeb, 0xf8 };

static void pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		err(2, "CPU %d", cpu);
}

static void *load_fpu(void *arg)
{
	static uint8_t area[512] __attribute__((aligned(16)));

	pin(1);
	asm volatile("fxsave %0" : "=m"(area));
	for (;;)
		asm volatile("fxrstor %0" : : "m"(area));
	return arg;
}

static int must(int fd, unsigned long cmd, const void *arg, const char *what)
{
	int ret = ioctl(fd, cmd, arg);

	if (ret < 0)
		err(2, "%s", what);
	return ret;
}

static void *map(int fd, size_t size)
{
	void *at = mmap(NULL, size, PROT_READ | PROT_WRITE,
			fd < 0 ? MAP_SHARED | MAP_ANONYMOUS : MAP_SHARED, fd, 0);

	if (at == MAP_FAILED)
		err(2, "mmap");
	return at;
}

/* A vCPU in real mode at CODE. */
static int make_vcpu(int kvm, uint8_t *memory)
{
	struct kvm_userspace_memory_region region = {
		.memory_size = MEMORY,
		.userspace_addr = (uintptr_t)memory,
	};
	struct kvm_regs regs = { .rip = CODE, .rflags = 2 };
	struct kvm_sregs sregs;
	int vm = must(kvm, KVM_CREATE_VM, NULL, "KVM_CREATE_VM");
	int vcpu;

	must(vm, KVM_SET_USER_MEMORY_REGION, &region, "memory");
	vcpu = must(vm, KVM_CREATE_VCPU, NULL, "KVM_CREATE_VCPU");
	must(vcpu, KVM_GET_SREGS, &sregs, "KVM_GET_SREGS");
	sregs.cs.base = 0;
	sregs.cs.selector = 0;
	must(vcpu, KVM_SET_SREGS, &sregs, "KVM_SET_SREGS");
	must(vcpu, KVM_SET_REGS, &regs, "KVM_SET_REGS");
	return vcpu;
}

int main(int argc, char **argv)
{
	unsigned long i, n = argc > 1 ? strtoul(argv[1], NULL, 0) : 100000;
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC), vcpu;
	uint8_t *memory = map(-1, MEMORY);
	struct kvm_run *run;
	pthread_t thread;
	uint16_t word;

	if (kvm < 0)
		err(2, "/dev/kvm");
	pin(0);
	memcpy(memory + CODE, code, sizeof(code));
	vcpu = make_vcpu(kvm, memory);
	run = map(vcpu, must(kvm, KVM_GET_VCPU_MMAP_SIZE, NULL, "mmap size"));
	if (pthread_create(&thread, NULL, load_fpu, NULL))
		errx(2, "pthread_create");
	for (i = 1; i <= n; i++) {
		must(vcpu, KVM_RUN, NULL, "KVM_RUN");
		memcpy(&word, memory + WORD, sizeof(word));
		if (run->exit_reason != KVM_EXIT_IO || word != (uint16_t)i)
			errx(1, "exit %lu: reason %u, the guest has counted %u",
			     i, run->exit_reason, word);
	}
	printf("%lu exits\n", n);
	return 0;
}
