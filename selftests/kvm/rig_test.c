// SPDX-License-Identifier: GPL-2.0
/*
 * The rig itself, without the module: the guest takes each interrupt that the
 * VMM raises once, through the PIC and through the I/O APIC, and an address
 * where nothing lives comes out to the VMM. When this fails, the other tests say
 * nothing about kvm_hpet.
 */
#include "hpet_test.h"

#define PULSES	50

static void pulse(struct machine *m, int gsi, int vector)
{
	int i;

	for (i = 1; i <= PULSES; i++) {
		kvm_irq_line(m->vm, gsi, 1);
		kvm_irq_line(m->vm, gsi, 0);
		guest_ticks(m, OP_SPIN_TICKS, vector, i);
	}
	ok_eq(m->g->irq[vector].seen, PULSES,
	      "GSI %d: each of %d pulses seen once with vector %#x", gsi,
	      PULSES, vector);
}

int main(void)
{
	struct machine *m;

	plan_test("guest, interrupt controllers and exits without kvm_hpet");
	m = machine_new();
	guest_pic_init(m, 1 << 0 | 1 << 8);
	guest_do(m, OP_STI, 0, 0, 0);
	pulse(m, 0, VECTOR_PIC(0));
	pulse(m, 8, VECTOR_PIC(8));

	guest_apic_init(m);
	guest_pin_set(m, 2, 0);
	guest_pin_set(m, 16, 0);
	pulse(m, 0, VECTOR_PIN(2));
	pulse(m, 16, VECTOR_PIN(16));

	ok_eq(guest_read(m, REG_CAP, 4), 0xffffffff,
	      "no HPET: a read comes out to the VMM");
	ok_eq(m->exits, 1, "... once");
	ok_eq(m->exit[0].addr, BASE + REG_CAP, "... with its address");
	machine_free(m);
	done();
}
