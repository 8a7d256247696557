// SPDX-License-Identifier: GPL-2.0
/*
 * pit-vmm RING idle|busy - the sample VMM (samples/tick-vmm) with its PIT over a tick source, policy slew, and a guest that
 * counts the PIT's ticks into the file RING for as long as the observer wishes (selftests/guests/tick-guest/tick-guest.h).
 *
 * Prints what the guest counts, as the tick-guest does, and its end.
 */
#define main sample_main
#include "../../samples/tick-vmm/tick-vmm.c"
#undef main

#include "../../selftests/guests/tick-guest/tick-guest.h"
#include "pit-guest.h"

static void add_ring(const struct vm *vm, const char *path)
{
	struct kvm_userspace_memory_region region = {
		.slot = 1, .guest_phys_addr = RING_ADDRESS, .memory_size = TICK_GUEST_SIZE,
	};
	int fd = open(path, O_RDWR | O_CLOEXEC);
	void *ring;

	if (fd < 0)
		err(EXIT_FAILURE, "%s", path);
	ring = mmap(NULL, TICK_GUEST_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (ring == MAP_FAILED)
		err(EXIT_FAILURE, "%s", path);
	close(fd);
	region.userspace_addr = (uintptr_t)ring;
	MUST(vm->fd, KVM_SET_USER_MEMORY_REGION, &region);
}

static void create_pit(struct vm *vm)
{
	int device = open_device("/dev/kvm_hpet");

	pit_create(&vm->pit, device, vm->fd);
	vm->ticks = vm->pit.source;
	close(device);
}

/* Returns true if it was the guest's last word. */
static bool handle_access(struct vm *vm, bool busy)
{
	uint8_t *value = (uint8_t *)vm->run + vm->run->io.data_offset;

	if (vm->run->io.direction == KVM_EXIT_IO_IN) {
		*value = busy;
		return false;
	}
	return !pit_write(&vm->pit, vm->run->io.port, *value) && vm->run->io.port == PORT_RESULT;
}

static void count(struct vm *vm, bool busy)
{
	do
		run_to_port(vm);
	while (!handle_access(vm, busy));
}

int main(int argc, char **argv)
{
	struct vm vm = { .device = DEVICE_PIT };

	if (argc != 3 || (strcmp(argv[2], "idle") && strcmp(argv[2], "busy"))) {
		fputs("usage: pit-vmm RING idle|busy\n", stderr);
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	create_vm(&vm);
	add_ring(&vm, argv[1]);
	create_pit(&vm);
	set_policy(&vm, KVM_HPET_TICKS_SLEW);
	set_up_vcpu(&vm);
	printf("counts: pit\n");
	count(&vm, !strcmp(argv[2], "busy"));
	printf("tick-guest: end\n");
	return 0;
}
