// SPDX-License-Identifier: GPL-2.0
/*
 * A state that is saved and loaded, into the same block or that of another VM,
 * in whatever the timers are in the middle of, costs the guest no tick and gives
 * it none: the counter goes on from the femtosecond at which it was saved. While
 * a block is paused nothing falls due and nothing is injected. A reset is the
 * state after creation, with lines lowered.
 */
#include "hpet_test.h"

/* ---- the same block ---- */

/* Of ten and a half periods without interrupts; on a slow host they last longer. */
static uint64_t owed(const struct kvm_hpet_state *s)
{
	return slowness() > 1 ? ticks_due(s->counter, MS, MS) - 1 : 9;
}

static void test_same(int pin)
{
	const int vector = pin < 0 ? VECTOR_PIC(0) : VECTOR_PIN(pin);
	struct machine *m = machine_ticking(KVM_HPET_TICKS_SLEW, pin);
	struct kvm_hpet_timer_stats before, after;
	struct kvm_hpet_state s, t;
	char name[64];

	/* Interrupts off: one in flight, the others owed. */
	guest_spin(m, OP_SPIN_OFF, 10 * MS + MS / 2);
	hpet_call(m, KVM_HPET_PAUSE);
	s = state_get(m);
	snprintf(name, sizeof(name), "same block, pin %d", pin);
	ok_eq(s.timer[0].backlog, owed(&s), "%s: backlog in the state", name);
	ok(s.timer[0].flags & KVM_HPET_TIMER_IN_FLIGHT,
	   "%s: the one in flight too", name);
	ok_eq(s.timer[0].period, MS, "%s: the period too", name);
	before = stats_get(m, 0);
	t = s;
	state_set(m, &t);
	t = state_get(m);
	ok(!memcmp(&s, &t, sizeof(s)), "%s: loaded as saved", name);
	after = stats_get(m, 0);
	ok_eq(after.backlog, 9, "%s: the backlog is in the statistics", name);
	ok_in(after.due, before.due, ~0ULL, "%s: statistics go on", name);
	hpet_call(m, KVM_HPET_RESUME);
	ok_every_tick(m, vector, name);

	/* In mid catch-up, again and again. */
	guest_write(m, REG_CONFIG, 4, pin < 0 ? CONFIG_LEGACY | 1 : 1);
	guest_spin(m, OP_SPIN_OFF_STI, m->g->counter + 30 * MS);
	while (m->g->irq[vector].seen < ticks_due(m->g->counter, MS, MS)) {
		hpet_call(m, KVM_HPET_PAUSE);
		s = state_get(m);
		state_set(m, &s);
		hpet_call(m, KVM_HPET_RESUME);
		guest_spin(m, OP_SPIN_ON, m->g->counter + MS / 3);
	}
	snprintf(name, sizeof(name), "same block, pin %d, in mid catch-up", pin);
	ok_every_tick(m, vector, name);
	machine_free(m);
}

/* ---- another VM ---- */

/* All of the VM but its HPET: memory, vCPU, interrupt controllers. */
static void migrate_vm(struct machine *from, struct machine *to)
{
	struct userspace_mem_region *a = memslot2region(from->vm, 0);
	struct userspace_mem_region *b = memslot2region(to->vm, 0);
	struct kvm_x86_state *vcpu = vcpu_save_state(from->vcpu);
	struct kvm_lapic_state lapic;
	int i;

	memcpy(b->host_mem, a->host_mem, a->region.memory_size);
	vcpu_ioctl(from->vcpu, KVM_GET_LAPIC, &lapic);
	vcpu_load_state(to->vcpu, vcpu);
	vcpu_ioctl(to->vcpu, KVM_SET_LAPIC, &lapic);
	for (i = 0; i < 3; i++) {
		struct kvm_irqchip chip = { .chip_id = i };

		vm_ioctl(from->vm, KVM_GET_IRQCHIP, &chip);
		vm_ioctl(to->vm, KVM_SET_IRQCHIP, &chip);
	}
	kvm_x86_state_cleanup(vcpu);
}

static void test_other(int pin, bool irqs_off)
{
	const int vector = pin < 0 ? VECTOR_PIC(0) : VECTOR_PIN(pin);
	struct machine *a, *b;
	struct kvm_hpet_state s, t;
	uint64_t counter;
	char name[64];

	snprintf(name, sizeof(name), "another VM, pin %d, %s", pin,
		 irqs_off ? "with a backlog" : "without loss");
	b = machine_new();
	guest_do(b, OP_NOP, 0, 0, 0);
	machine_create_block(b);
	policy_set(b, 1, KVM_HPET_TICKS_SLEW, 10, 1, 5000000000ULL);
	hpet_call(b, KVM_HPET_PAUSE);

	a = machine_ticking(KVM_HPET_TICKS_SLEW, pin);
	guest_spin(a, irqs_off ? OP_SPIN_OFF : OP_SPIN_ON, 10 * MS + MS / 2);
	hpet_call(a, KVM_HPET_PAUSE);
	guest_do(a, OP_NOP, 0, 0, 0);
	s = state_get(a);
	ok_eq(s.timer[0].backlog, irqs_off ? owed(&s) : 0, "%s: backlog", name);
	migrate_vm(a, b);
	close(a->hpet);
	a->hpet = -1;
	sleep_ms(20);
	t = s;
	state_set(b, &t);
	t = state_get(b);
	ok(!memcmp(&s, &t, sizeof(s)), "%s: loaded as saved", name);
	machine_free(a);
	counter = guest_read(b, REG_COUNTER, 8);
	ok_eq(counter, s.counter, "%s: the counter goes on where it was", name);
	hpet_call(b, KVM_HPET_RESUME);
	guest_spin(b, OP_SPIN_ON, 15 * MS);
	ok_in(b->g->counter, counter, counter + 1000 * MS,
	      "%s: the counter does not jump", name);
	ok_every_tick(b, vector, name);
	machine_free(b);
}

/* One-shot, armed, half way through. */
static void test_other_oneshot(void)
{
	struct machine *a = machine_with_block(), *b = machine_new();
	struct kvm_hpet_state s;

	guest_do(b, OP_NOP, 0, 0, 0);
	machine_create_block(b);
	guest_apic_init(a);
	guest_pin_set(a, 16, 0);
	a->g->log_vector = VECTOR_PIN(16);
	timer_program(a, 0, TIMER_ROUTE(16), 10 * MS, 0);
	block_enable(a, 0);
	guest_spin(a, OP_SPIN_ON, 5 * MS);
	hpet_call(a, KVM_HPET_PAUSE);
	s = state_get(a);
	ok_eq(a->g->irq[VECTOR_PIN(16)].seen, 0, "one-shot, half way: not yet");
	migrate_vm(a, b);
	close(a->hpet);
	a->hpet = -1;
	sleep_ms(20);
	state_set(b, &s);
	guest_spin(b, OP_SPIN_ON, 12 * MS);
	ok_eq(b->g->irq[VECTOR_PIN(16)].seen, 1, "one-shot, half way: once");
	ok(b->g->log[0] >= 10 * MS, "one-shot, half way: not before its time");
	/* And one that has fired does not fire again. */
	s = state_get(b);
	state_set(b, &s);
	guest_spin(b, OP_SPIN_ON, 15 * MS);
	ok_eq(b->g->irq[VECTOR_PIN(16)].seen, 1, "one-shot, fired: not again");
	machine_free(a);
	machine_free(b);
}

/* A comparator that equals the counter: fired or not is in the state. */
static void test_match_at_save(bool matched)
{
	struct machine *m = machine_with_block();
	struct kvm_hpet_state s;

	guest_apic_init(m);
	guest_pin_set(m, 16, 0);
	timer_program(m, 0, TIMER_ROUTE(16), 1000, 0);
	s = state_get(m);
	s.config = CONFIG_ENABLE;
	s.counter = 1000;
	if (matched)
		s.timer[0].flags |= KVM_HPET_TIMER_MATCHED;
	state_set(m, &s);
	guest_spin(m, OP_SPIN_ON, 3 * MS);
	ok_eq(m->g->irq[VECTOR_PIN(16)].seen, !matched,
	      "saved on the very match, %s", matched ? "taken" : "not taken yet");
	machine_free(m);
}

/* A level that was up is up again where the state is loaded. */
static void test_level(void)
{
	struct machine *a = machine_with_block(), *b = machine_new();
	struct kvm_hpet_state s;

	guest_do(b, OP_NOP, 0, 0, 0);
	machine_create_block(b);
	guest_apic_init(a);
	guest_pin_set(a, 17, PIN_LEVEL | PIN_MASKED);
	a->g->irq[VECTOR_PIN(17)].status = 1 << 1;
	timer_program(a, 1, TIMER_LEVEL | TIMER_ROUTE(17), MS, 0);
	block_enable(a, 0);
	guest_spin(a, OP_SPIN_ON, 2 * MS);
	s = state_get(a);
	ok_eq(s.status, 1 << 1, "level up: in the state");
	migrate_vm(a, b);
	state_set(b, &s);
	guest_pin_set(b, 17, PIN_LEVEL);
	guest_spin(b, OP_SPIN_ON, 5 * MS);
	ok_eq(b->g->irq[VECTOR_PIN(17)].seen, 1, "level up: seen by the other VM");

	/* A state without it lowers the line. */
	guest_pin_set(a, 17, PIN_LEVEL | PIN_MASKED);
	s = state_get(a);
	s.status = 0;
	state_set(a, &s);
	guest_pin_set(a, 17, PIN_LEVEL);
	guest_spin(a, OP_SPIN_ON, 5 * MS);
	ok_eq(a->g->irq[VECTOR_PIN(17)].seen, 0,
	      "level up, a state without it: lowered");
	machine_free(a);
	machine_free(b);
}

/* ---- pause ---- */

static void test_pause(uint32_t policy, bool backlog, unsigned int ms)
{
	struct machine *m = machine_ticking(policy, -1);
	struct guest_irq *irq = &m->g->irq[VECTOR_PIC(0)];
	struct kvm_hpet_timer_stats a, b;
	uint64_t seen;
	char name[64];

	snprintf(name, sizeof(name), "paused for %u ms%s", ms,
		 backlog ? " with a backlog" : "");
	if (backlog)
		guest_spin(m, OP_SPIN_OFF_STI, 20 * MS + MS / 2);
	else
		guest_spin(m, OP_SPIN_ON, 5 * MS + MS / 2);
	hpet_call(m, KVM_HPET_PAUSE);
	guest_do(m, OP_STI, 0, 0, 0);
	a = stats_get(m, 0);
	seen = irq->seen;
	sleep_ms(ms);
	guest_do(m, OP_STI, 0, 0, 0);
	b = stats_get(m, 0);
	ok_eq(b.due, a.due, "%s: nothing falls due", name);
	ok_eq(b.delivered, a.delivered, "%s: nothing is injected", name);
	ok_eq(b.expirations, a.expirations, "%s: the host's timer sleeps", name);
	ok_eq(irq->seen, seen, "%s: the guest sees none", name);
	hpet_call(m, KVM_HPET_RESUME);
	guest_spin(m, OP_SPIN_ON, m->g->counter + 5 * MS);
	ok_every_tick(m, VECTOR_PIC(0), name);
	machine_free(m);
}

/* ---- reset ---- */

static void test_reset(void)
{
	struct machine *m = machine_with_block();
	struct kvm_hpet_state fresh = state_get(m), s;
	struct kvm_hpet_tick_policy policy, same;
	struct kvm_hpet_stats before, after;
	struct guest_irq *irq = &m->g->irq[VECTOR_PIN(17)];

	guest_apic_init(m);
	guest_pin_set(m, 16, 0);
	guest_pin_set(m, 17, PIN_LEVEL | PIN_MASKED);
	m->g->irq[VECTOR_PIN(16)].first = MS;
	timer_program(m, 1, TIMER_LEVEL | TIMER_ROUTE(17), MS, 0);
	timer_program(m, 0, TIMER_ROUTE(16), MS, MS);
	policy_set(m, 1, KVM_HPET_TICKS_SLEW, 7, 3, 1000000000);
	policy = policy_get(m->hpet, 0);
	block_enable(m, 0);
	guest_spin(m, OP_SPIN_OFF, 20 * MS + MS / 2);
	hpet_call(m, KVM_HPET_PAUSE);
	stats_get_fd(m->hpet, &before);
	hpet_call(m, KVM_HPET_RESET);
	stats_get_fd(m->hpet, &after);
	hpet_call(m, KVM_HPET_RESUME);

	s = state_get(m);
	ok(!memcmp(&fresh, &s, sizeof(s)), "reset: the state after creation");
	same = policy_get(m->hpet, 0);
	ok(!memcmp(&policy, &same, sizeof(same)), "reset: the policy stays");
	ok_eq(after.resets, before.resets + 1, "reset: is counted");
	ok_eq(after.timer[0].due, before.timer[0].due, "reset: statistics stay");
	ok_in(before.timer[0].backlog, 19, 19, "reset: there was a backlog");
	ok_eq(after.timer[0].backlog, 0, "reset: it is gone");
	ok_eq(after.timer[0].discarded - before.timer[0].discarded, 19,
	      "reset: and counted as discarded");
	guest_pin_set(m, 17, PIN_LEVEL);
	guest_do(m, OP_STI, 0, 0, 0);
	ok_eq(irq->seen, 0, "reset: the line of the level timer is lowered");

	/* The guest boots again; the tick that was in flight is no obstacle. */
	guest_do(m, OP_NOP, 0, 0, 0);
	m->g->irq[VECTOR_PIN(16)] = (struct guest_irq) {
		.eoi = EOI_APIC, .first = MS, .period = MS,
	};
	timer_program(m, 0, TIMER_ROUTE(16), MS, MS);
	block_enable(m, 0);
	guest_spin(m, OP_SPIN_ON, 10 * MS);
	ok_every_tick(m, VECTOR_PIN(16), "reset: programmed anew");
	machine_free(m);
}

int main(void)
{
	plan_test("state saved and loaded, pause, reset");
	test_pause(KVM_HPET_TICKS_DISCARD, false, 50);
	test_other_oneshot();
	test_match_at_save(false);
	test_match_at_save(true);
	test_level();
	if (!policy_supported()) {
		skip("this build has no lost-tick policy");
		done();
	}
	test_reset();
	test_same(-1);
	test_same(16);
	test_other(-1, false);
	test_other(-1, true);
	test_other(16, true);
	test_pause(KVM_HPET_TICKS_SLEW, false, 50);
	test_pause(KVM_HPET_TICKS_SLEW, true, 50);
	test_pause(KVM_HPET_TICKS_SLEW, true, HOUR_MS);
	done();
}
