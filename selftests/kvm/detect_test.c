// SPDX-License-Identifier: GPL-2.0
/*
 * That a tick was late or coalesced is noticed however it reaches the guest, and
 * counted to the tick: by way of another vCPU's APIC, of whichever of two has the
 * lowest priority, of an x2APIC, with paravirtual EOI, and as a message. The ways by
 * PIC, and by the I/O APIC to one vCPU, are in lost_test.
 *
 * vCPUs run in turn, so nothing depends on which of them the host lets run.
 */
#include "hpet_test.h"

#define PIN		16
#define VECTOR		VECTOR_PIN(PIN)
#define MSR_APICBASE	0x1b
#define MSR_PV_EOI	0x4b564d04
#define ID_DEST(id)	(1U << (id))

static const uint64_t ks[] = { 2, 3, 10, 50 };

/* A guest with its timer at a millisecond, ready to be enabled. */
static struct machine *detect_machine(uint32_t policy)
{
	struct machine *m = machine_with_block();
	struct guest_irq *irq = &m->g->irq[VECTOR];

	irq->first = MS;
	irq->period = MS;
	irq->max_ahead = INT64_MIN;
	policy_set(m, 1 << 0, policy, 10, 1, 5000000000ULL);
	return m;
}

/* The software-enabled APIC of the vCPU that is run, its logical ID a bit of its own. */
static void apic_on(struct machine *m, uint32_t id)
{
	guest_do(m, OP_WRITE, APIC_DEFAULT_GPA + APIC_SPIV, 4,
		 APIC_SPIV_APIC_ENABLED | 0xff);
	guest_do(m, OP_WRITE, APIC_DEFAULT_GPA + 0xd0, 4, ID_DEST(id) << 24);
}

/* Interrupts off for @k periods; gives the ticks due by then. */
static uint64_t off_for(struct machine *m, uint64_t k)
{
	return ticks_due(guest_spin(m, OP_SPIN_OFF, k * MS + MS / 2), MS, MS);
}

/* What a guest must have seen once it has had the time to. */
static void ok_all_seen(struct machine *m, uint64_t due, uint64_t end,
			const char *name)
{
	struct guest_irq *irq = &m->g->irq[VECTOR];
	struct kvm_hpet_timer_stats s = stats_get(m, 0);

	ok_eq(s.due, ticks_due(end, MS, MS), "%s: due at the end", name);
	ok_eq(irq->seen, s.due, "%s: seen = due", name);
	ok_eq(s.delivered, s.due, "%s: delivered = due", name);
	ok_in(s.coalesced, due - 1, s.due, "%s: coalesced", name);
	ok_in(s.reinjected, due - 2, due - 2 + host_missed(&s, due - 1),
	      "%s: reinjected", name);
	ok_eq(s.retries, 0, "%s: no injection had to be repeated", name);
	ok(irq->max_ahead <= 0, "%s: guest time never ahead", name);
}

/* ---- one vCPU, other ways to acknowledge ---- */

static void start_x2apic(struct machine *m)
{
	guest_pic_init(m, 0);
	vcpu_set_msr(m->vcpu, MSR_APICBASE, APIC_DEFAULT_GPA | 1 << 8 | 1 << 11 |
					    X2APIC_ENABLE);
	guest_do(m, OP_WRMSR, APIC_BASE_MSR + (APIC_SPIV >> 4), 0,
		 APIC_SPIV_APIC_ENABLED | 0xff);
	m->g->irq[VECTOR].eoi = EOI_X2APIC;
}

static void start_pv_eoi(struct machine *m)
{
	guest_apic_init(m);
	guest_do(m, OP_WRMSR, MSR_PV_EOI, 0,
		 addr_gva2gpa(m->vm, (vm_vaddr_t)&guest_memory.pv_eoi) | 1);
	m->g->irq[VECTOR].eoi = EOI_PV;
}

static void test_apic(const char *what, void (*start)(struct machine *m),
		      uint64_t k)
{
	struct machine *m = detect_machine(KVM_HPET_TICKS_SLEW);
	uint64_t due, end;
	char name[64];

	snprintf(name, sizeof(name), "%s, off for %lu", what, k);
	start(m);
	guest_pin_set(m, PIN, 0);
	timer_program(m, 0, TIMER_ROUTE(PIN), MS, MS);
	block_enable(m, 0);
	due = off_for(m, k);
	guest_drain(m, VECTOR);
	end = block_halt_quiet(m, MS, MS);
	ok_all_seen(m, due, end, name);
	/* KVM spares no EOI of a vector that somebody wants to hear of. */
	ok_eq(m->g->pv_eois, 0, "%s: each EOI was seen", name);
	machine_free(m);
}

/* ---- two vCPUs ---- */

/* Each for a while, until both have taken what was sent to them. */
static void drain_in_turn(struct machine *m, struct kvm_vcpu *vcpu[2])
{
	struct guest_irq *irq = &m->g->irq[VECTOR];
	uint64_t now;
	int i = 0;

	do {
		machine_switch(m, vcpu[i ^= 1]);
		guest_do(m, OP_STI, 0, 0, 0);
		now = guest_spin(m, OP_SPIN_ON, m->g->counter + MS / 16);
		guest_do(m, OP_CLI, 0, 0, 0);
	} while (irq->seen < ticks_due(now, MS, MS));
}

static void test_two_vcpus(const char *what, uint32_t flags, uint32_t dest,
			   uint64_t k)
{
	struct machine *m = detect_machine(KVM_HPET_TICKS_SLEW);
	struct kvm_vcpu *vcpu[2] = { m->vcpu, machine_add_vcpu(m, 1) };
	struct kvm_hpet_timer_stats s;
	uint64_t due, end, seen[2] = {};
	char name[64];
	int i;

	snprintf(name, sizeof(name), "%s, off for %lu", what, k);
	guest_pic_init(m, 0);
	for (i = 0; i < 2; i++) {
		machine_switch(m, vcpu[i]);
		apic_on(m, i);
		guest_do(m, OP_CLI, 0, 0, 0);
	}
	guest_pin_set_to(m, PIN, flags, dest);
	timer_program(m, 0, TIMER_ROUTE(PIN), MS, MS);
	block_enable(m, 0);
	due = off_for(m, k);
	s = stats_get(m, 0);
	ok_in(s.due, due, due + host_missed(&s, due - 1), "%s: due meanwhile", name);
	ok_eq(s.coalesced, s.due - 1, "%s: coalesced meanwhile", name);
	drain_in_turn(m, vcpu);
	/* Here nothing is on its way; whoever gets the next ones takes them. */
	for (i = 0; i < 20; i++) {
		uint64_t before = m->g->irq[VECTOR].seen;

		machine_switch(m, vcpu[i & 1]);
		guest_spin(m, OP_SPIN_ON, m->g->counter + MS / 4);
		seen[i & 1] += m->g->irq[VECTOR].seen - before;
		guest_do(m, OP_CLI, 0, 0, 0);
	}
	drain_in_turn(m, vcpu);
	end = block_halt(m);
	for (i = 0; i < 2; i++) {
		machine_switch(m, vcpu[i]);
		guest_do(m, OP_STI, 0, 0, 0);
	}
	ok_eq(stats_get(m, 0).due, ticks_due(end, MS, MS), "%s: due", name);
	ok_eq(m->g->irq[VECTOR].seen, ticks_due(end, MS, MS), "%s: seen = due",
	      name);
	ok_eq(stats_get(m, 0).delivered, stats_get(m, 0).due,
	      "%s: delivered = due", name);
	ok_eq(stats_get(m, 0).retries, 0, "%s: none repeated", name);
	ok(m->g->irq[VECTOR].max_ahead <= 0, "%s: guest time never ahead", name);
	/* Which of the two it is KVM decides by the vector. */
	if (flags & PIN_LOWEST)
		ok(!seen[0] != !seen[1], "%s: one of the two had them", name);
	else
		ok(!seen[0] && seen[1], "%s: only the second had any", name);
	machine_free(m);
}

/* ---- messages ---- */

static struct machine *fsb_machine(uint64_t period)
{
	struct machine *m = machine_new();

	m->config.timer[3].flags |= KVM_HPET_TIMER_PERIODIC;
	machine_create_block(m);
	guest_apic_init(m);
	m->g->irq[VECTOR].first = period;
	m->g->irq[VECTOR].period = period;
	m->g->irq[VECTOR].max_ahead = INT64_MIN;
	guest_write(m, REG_TIMER(3) + 0x10, 8, 0xfee00000ULL << 32 | VECTOR);
	timer_program(m, 3, TIMER_FSB_EN, period, period);
	return m;
}

/* A message that finds the one before still pending is merged with it, unseen. */
static void test_fsb_coalesced(uint32_t policy, uint64_t k)
{
	struct machine *m = fsb_machine(MS);
	struct kvm_hpet_timer_stats s;
	uint64_t due;
	char name[64];

	snprintf(name, sizeof(name), "FSB, policy %u, off for %lu", policy, k);
	policy_set(m, 1 << 3, policy, 10, 1, 5000000000ULL);
	block_enable(m, 0);
	due = off_for(m, k);
	block_halt(m);
	guest_do(m, OP_STI, 0, 0, 0);
	s = stats_get(m, 3);
	ok_eq(s.due, due, "%s: due", name);
	ok_eq(m->g->irq[VECTOR].seen, 1, "%s: one seen", name);
	ok_eq(s.delivered, due, "%s: all count as delivered", name);
	ok_eq(s.coalesced, 0, "%s: as the documentation says", name);
	machine_free(m);
}

/*
 * Ticks closer together than the host's timer may fire are late, all but one at
 * each look: they can be counted, and made up.
 */
static void test_fsb_late(uint32_t policy)
{
	const uint64_t period = MS / 25, end = 40 * MS;
	struct machine *m = fsb_machine(period);
	struct kvm_hpet_timer_stats s;
	uint64_t now;
	char name[64];

	snprintf(name, sizeof(name), "FSB, policy %u, faster than the host's timer",
		 policy);
	policy_set(m, 1 << 3, policy, 10, 1, 5000000000ULL);
	block_enable(m, 0);
	guest_spin(m, OP_SPIN_ON, end);
	now = block_halt(m);
	guest_do(m, OP_STI, 0, 0, 0);
	s = stats_get(m, 3);
	ok_eq(s.due, ticks_due(now, period, period), "%s: due", name);
	ok_in(s.late, s.due / 4, s.due, "%s: late", name);
	/* Merged ones, sent while the guest does not run, can't be told. */
	ok_in(m->g->irq[VECTOR].seen, s.delivered * 9 / 10, s.delivered,
	      "%s: delivered what was seen", name);
	if (policy == KVM_HPET_TICKS_DISCARD)
		ok_in(s.discarded, s.late, s.late + s.coalesced,
		      "%s: late ones are gone", name);
	else
		ok_eq(s.discarded, 0, "%s: late ones are owed", name);
	ok(m->g->irq[VECTOR].max_ahead <= 0, "%s: guest time never ahead", name);
	machine_free(m);
}

int main(void)
{
	size_t i;

	plan_test("late and coalesced ticks, in every way to be delivered");
	test_fsb_late(KVM_HPET_TICKS_DISCARD);
	for (i = 0; i < ARRAY_SIZE(ks); i++)
		test_fsb_coalesced(KVM_HPET_TICKS_DISCARD, ks[i]);
	if (!policy_supported()) {
		skip("this build has no lost-tick policy");
		done();
	}
	test_fsb_late(KVM_HPET_TICKS_SLEW);
	test_fsb_coalesced(KVM_HPET_TICKS_SLEW, 10);
	for (i = 0; i < ARRAY_SIZE(ks); i++) {
		test_apic("xAPIC", guest_apic_init, ks[i]);
		test_apic("x2APIC", start_x2apic, ks[i]);
		test_apic("paravirtual EOI", start_pv_eoi, ks[i]);
		test_two_vcpus("fixed, second vCPU", 0, 1, ks[i]);
		test_two_vcpus("lowest priority", PIN_LOWEST | PIN_LOGICAL, 3,
			       ks[i]);
	}
	done();
}
