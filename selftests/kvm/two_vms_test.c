// SPDX-License-Identifier: GPL-2.0
/*
 * Blocks know nothing of each other: two VMs at once with different rates, and
 * two blocks of one VM with different clocks, each have exactly the ticks that
 * their own comparator gives.
 */
#include "hpet_test.h"

struct one {
	struct machine *m;
	uint64_t period;
	uint32_t policy;
};

static void start(struct one *o)
{
	struct machine *m = machine_with_block();
	struct guest_irq *irq = &m->g->irq[VECTOR_PIC(0)];

	o->m = m;
	guest_pic_init(m, 1 << 0);
	irq->first = irq->period = o->period;
	irq->max_ahead = INT64_MIN;
	timer_program(m, 0, 0, o->period, o->period);
	policy_set(m, 1, o->policy, 10, 1, 5000000000ULL);
	block_enable(m, CONFIG_LEGACY);
}

static void finish(struct one *o, const char *name)
{
	struct guest_irq *irq = &o->m->g->irq[VECTOR_PIC(0)];
	struct kvm_hpet_timer_stats s;
	uint64_t end;

	if (o->policy == KVM_HPET_TICKS_SLEW)
		guest_drain(o->m, VECTOR_PIC(0));
	end = block_halt_quiet(o->m, o->period, o->period);
	s = stats_get(o->m, 0);
	ok_eq(s.due, ticks_due(end, o->period, o->period), "%s: due", name);
	ok_eq(irq->seen, s.delivered, "%s: seen = delivered", name);
	ok_eq(s.delivered, s.due - s.discarded, "%s: delivered", name);
	if (o->policy == KVM_HPET_TICKS_SLEW)
		ok_eq(s.discarded, 0, "%s: none lost", name);
	ok(irq->max_ahead <= 0, "%s: never ahead", name);
	machine_free(o->m);
}

static void test_two_vms(uint32_t policy, enum op op, const char *name)
{
	struct one a = { .period = MS, .policy = policy };
	struct one b = { .period = 7 * MS / 4, .policy = policy };
	struct guest_thread ta, tb;
	char text[64];

	start(&a);
	start(&b);
	guest_start(&ta, a.m, op, VECTOR_PIC(0), 70);
	guest_start(&tb, b.m, op, VECTOR_PIC(0), 40);
	guest_join(&ta);
	guest_join(&tb);
	snprintf(text, sizeof(text), "two VMs, %s, 1 ms", name);
	finish(&a, text);
	snprintf(text, sizeof(text), "two VMs, %s, 1.75 ms", name);
	finish(&b, text);
}

static void test_two_blocks(uint64_t distance)
{
	struct machine *m = machine_with_block();
	struct kvm_hpet_timer_stats s;
	int first = m->hpet, second;
	uint64_t end0, end1;

	m->config.base = BASE + distance;
	m->config.period_fs = 69841279;
	machine_create_block(m);
	second = m->hpet;
	guest_apic_init(m);
	guest_pin_set(m, 16, 0);
	guest_pin_set(m, 17, 0);

	timer_program(m, 0, TIMER_ROUTE(16), MS, MS);
	m->g->base = BASE + distance;
	timer_program(m, 0, TIMER_ROUTE(17), 50000, 30000);
	ok_eq(guest_read(m, REG_CAP + 4, 4), 69841279,
	      "two blocks, %#lx apart: the second's own period", distance);
	block_enable(m, 0);
	m->g->base = BASE;
	ok_eq(guest_read(m, REG_CAP + 4, 4), PERIOD_FS,
	      "two blocks, %#lx apart: the first's own period", distance);
	ok_eq(guest_read(m, REG_CONFIG, 4), 0,
	      "two blocks, %#lx apart: enabling one leaves the other", distance);
	block_enable(m, 0);

	guest_ticks(m, OP_SPIN_TICKS, VECTOR_PIN(16), 60);
	end0 = block_halt_quiet(m, MS, MS);
	m->g->base = BASE + distance;
	end1 = block_halt_quiet(m, 50000, 30000);

	m->hpet = first;
	s = stats_get(m, 0);
	ok_eq(s.due, ticks_due(end0, MS, MS), "two blocks, %#lx apart: first, due",
	      distance);
	ok_eq(m->g->irq[VECTOR_PIN(16)].seen, s.due,
	      "two blocks, %#lx apart: first, seen", distance);
	m->hpet = second;
	s = stats_get(m, 0);
	ok_eq(s.due, ticks_due(end1, 50000, 30000),
	      "two blocks, %#lx apart: second, due", distance);
	ok_eq(m->g->irq[VECTOR_PIN(17)].seen, s.due,
	      "two blocks, %#lx apart: second, seen", distance);

	/* The first goes, the second does not notice. */
	close(first);
	ok_eq(guest_read(m, REG_CAP + 4, 4), 69841279,
	      "two blocks, %#lx apart: one closed, the other stays", distance);
	m->g->base = BASE;
	ok_eq(guest_read(m, REG_CAP + 4, 4), ~0U,
	      "two blocks, %#lx apart: the closed one is gone", distance);
	machine_free(m);
}

int main(void)
{
	plan_test("several blocks at once");
	test_two_vms(KVM_HPET_TICKS_DISCARD, OP_HALT_TICKS, "discard, idle");
	test_two_blocks(0x400);
	test_two_blocks(0x1000);
	if (!policy_supported()) {
		skip("this build has no lost-tick policy");
		done();
	}
	test_two_vms(KVM_HPET_TICKS_SLEW, OP_HALT_TICKS, "slew, idle");
	test_two_vms(KVM_HPET_TICKS_SLEW, OP_SPIN_TICKS, "slew, both busy");
	done();
}
