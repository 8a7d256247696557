// SPDX-License-Identifier: GPL-2.0
/*
 * The ways of a tick on a host that is a slow emulation of VMX (make check-intel):
 * through PIC, I/O APIC and as a message, acknowledged, and made up for after
 * the guest did not run. Nothing here needs AMD or VMX, or an exact host: counts
 * are compared with the comparator's arithmetic in the middle of a period.
 *
 * The guest never spins with interrupts off: that emulator gives the host no
 * interrupt meanwhile.
 */
#include "hpet_test.h"

#define PERIOD		(10 * MS)
#define TICKS		10

static const struct way ways[] = {
	{ "PIC", 0, 0, CONFIG_LEGACY, VECTOR_PIC(0), -1, 0, 0 },
	{ "I/O APIC, edge", 0, TIMER_ROUTE(16), 0, VECTOR_PIN(16), 16, 0, 0 },
	{ "I/O APIC, level", 1, TIMER_ROUTE(17) | TIMER_LEVEL, 0,
	  VECTOR_PIN(17), 17, PIN_LEVEL, 1 << 1 },
	{ "message", 3, TIMER_FSB_EN, 0, 0xa0, -1, 0, 0 },
};

static bool by_pic(const struct way *w)
{
	return w->bits == 0;
}

static bool by_message(const struct way *w)
{
	return w->bits == TIMER_FSB_EN;
}

static struct machine *ticking(const struct way *w, uint32_t policy)
{
	struct machine *m = machine_new();
	struct guest_irq *irq = &m->g->irq[w->vector];

	m->config.timer[3].flags |= KVM_HPET_TIMER_PERIODIC;
	machine_create_block(m);
	if (by_pic(w))
		guest_pic_init(m, 1 << (w->vector - VECTOR_PIC(0)));
	else
		guest_apic_init(m);
	if (w->pin >= 0)
		guest_pin_set(m, w->pin, w->pin_flags);
	if (by_message(w)) {
		irq->eoi = EOI_APIC;
		guest_write(m, REG_FSB(w->timer), 8,
			    0xfee00000ULL << 32 | w->vector);
	}
	irq->status = w->status;
	irq->first = PERIOD;
	irq->period = PERIOD;
	irq->max_ahead = INT64_MIN;
	policy_set(m, 1U << w->timer, policy, 10, 1, 5000000000ULL);
	timer_program(m, w->timer, w->bits, PERIOD, PERIOD);
	block_enable(m, w->config);
	return m;
}

static void finish(struct machine *m, const struct way *w, const char *what,
		   uint64_t least_reinjected)
{
	struct guest_irq *irq = &m->g->irq[w->vector];
	uint64_t end = block_halt_quiet(m, PERIOD, PERIOD);
	struct kvm_hpet_timer_stats s = stats_get(m, w->timer);

	ok_eq(s.due, ticks_due(end, PERIOD, PERIOD), "%s, %s: due", w->name,
	      what);
	ok_eq(irq->seen, s.due, "%s, %s: every one seen", w->name, what);
	ok_eq(s.delivered, s.due, "%s, %s: every one delivered", w->name, what);
	ok_eq(s.discarded + s.masked + s.backlog, 0, "%s, %s: nothing else",
	      w->name, what);
	ok_in(s.reinjected, least_reinjected, s.due, "%s, %s: made up", w->name,
	      what);
	ok(irq->max_ahead <= 0, "%s, %s: guest time never ahead", w->name, what);
	machine_free(m);
}

static void test_ticks(const struct way *w)
{
	struct machine *m = ticking(w, KVM_HPET_TICKS_DISCARD);

	guest_spin(m, OP_SPIN_ON, TICKS * PERIOD + PERIOD / 2);
	finish(m, w, "ticks", 0);
}

/* Each additional tick waits for the acknowledgment of the one before. */
static void test_slew(const struct way *w)
{
	struct machine *m = ticking(w, KVM_HPET_TICKS_SLEW);

	guest_spin(m, OP_SPIN_ON, 2 * PERIOD + PERIOD / 2);
	sleep_ms(TICKS * PERIOD / MS);
	guest_drain(m, w->vector);
	finish(m, w, "slew", TICKS / 2);
}

int main(void)
{
	unsigned int i;

	plan_test("every way of a tick, on any host");
	for (i = 0; i < ARRAY_SIZE(ways); i++) {
		test_ticks(&ways[i]);
		if (!by_message(&ways[i]) && policy_supported())
			test_slew(&ways[i]);
	}
	done();
}
