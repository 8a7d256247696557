// SPDX-License-Identifier: GPL-2.0
/*
 * Tick sources: every tick is counted, whoever acknowledges it; period, phase,
 * pause and state are kept to the tick; every refusal has its errno.
 *
 * The guest's clock is the counter of an HPET without timers in use. A source is
 * started when it stands at about 0, so in the middle of a period by the counter it
 * is certain how many ticks have fallen due.
 */
#include <sys/eventfd.h>
#include <sys/ioctl.h>

#include "hpet_test.h"

#define PERIOD_NS	1000000ULL
#define ACK_PORT	0x510
#define CLOSED_FD	777

enum ack { ACK_EOI, ACK_IOCTL, ACK_EVENTFD, ACK_MSI_UNSEEN };

/* A way for a tick to the guest, and for its acknowledgment back. */
struct route {
	const char *name;
	int gsi;	/* -1: a message */
	int pin;	/* of the I/O APIC; -1: by PIC */
	int vector;
	enum ack ack;
};

static const struct route routes[] = {
	{ "PIC 8, EOI", 8, -1, VECTOR_PIC(8), ACK_EOI },
	{ "PIC 0, EOI", 0, -1, VECTOR_PIC(0), ACK_EOI },
	{ "I/O APIC 8, EOI", 8, 8, VECTOR_PIN(8), ACK_EOI },
	{ "I/O APIC 2, EOI", 0, 2, VECTOR_PIN(2), ACK_EOI },
	{ "I/O APIC 8, ioctl", 8, 8, VECTOR_PIN(8), ACK_IOCTL },
	{ "PIC 8, eventfd", 8, -1, VECTOR_PIC(8), ACK_EVENTFD },
	{ "I/O APIC 20, eventfd", 20, 20, VECTOR_PIN(20), ACK_EVENTFD },
	{ "message, eventfd", -1, -1, 0xa0, ACK_EVENTFD },
	{ "message, ioctl", -1, -1, 0xa0, ACK_IOCTL },
	{ "message", -1, -1, 0xa0, ACK_MSI_UNSEEN },
};

/* A machine with a clock and a source; @m.hpet is the clock. */
struct rig {
	struct machine *m;
	const struct route *r;
	struct guest_irq *irq;
	struct kvm_hpet_tick_source_config config;
	int fd;
	int event;
	uint64_t base;	/* of the counter, when the source was started */
};

static int dev;
static int acked_fd = -1;

static bool on_port(struct machine *m, uint16_t port)
{
	if (port != ACK_PORT)
		return false;
	if (hpet_ioctl(acked_fd, KVM_HPET_ACK_TICK, NULL) != 1)
		die("KVM_HPET_ACK_TICK: no tick was waiting");
	return true;
}

static void must(int ret, const char *what)
{
	if (ret < 0)
		die("%s: %s", what, strerror(-ret));
}

static void bind_port(struct rig *rig)
{
	struct kvm_ioeventfd bind = {
		.addr = ACK_PORT,
		.len = 1,
		.fd = rig->event,
		.flags = KVM_IOEVENTFD_FLAG_PIO,
	};

	vm_ioctl(rig->m->vm, KVM_IOEVENTFD, &bind);
}

static struct kvm_hpet_tick_source_config config_of(const struct route *r, int vm)
{
	struct kvm_hpet_tick_source_config c = {
		.size = sizeof(c),
		.vm_fd = vm,
		.ack_eventfd = -1,
	};

	if (r->gsi < 0) {
		c.flags |= KVM_HPET_SOURCE_MSI;
		c.msi_address = 0xfee00000;
		c.msi_data = r->vector;
	} else {
		c.gsi = r->gsi;
	}
	if (r->ack == ACK_IOCTL || r->ack == ACK_EVENTFD)
		c.flags |= KVM_HPET_SOURCE_ACK_VMM;
	return c;
}

static void rig_new(struct rig *rig, const struct route *r)
{
	struct machine *m = machine_with_block();

	memset(rig, 0, sizeof(*rig));
	rig->m = m;
	rig->r = r;
	rig->irq = &m->g->irq[r->vector];
	rig->event = -1;
	rig->config = config_of(r, m->vm->fd);
	if (r->gsi >= 0 && r->pin < 0)
		guest_pic_init(m, 1 << r->gsi);
	else
		guest_apic_init(m);
	if (r->pin >= 0)
		guest_pin_set(m, r->pin, 0);
	rig->irq->eoi = r->vector < VECTOR_PIN(0) ? EOI_PIC : EOI_APIC;
	if (rig->config.flags & KVM_HPET_SOURCE_ACK_VMM)
		rig->irq->port = ACK_PORT;
	if (r->ack == ACK_EVENTFD) {
		rig->event = eventfd(0, 0);
		rig->config.ack_eventfd = rig->event;
		bind_port(rig);
	}
	rig->fd = hpet_ioctl(dev, KVM_HPET_CREATE_TICK_SOURCE, &rig->config);
	must(rig->fd, "KVM_HPET_CREATE_TICK_SOURCE");
	if (r->ack == ACK_IOCTL) {
		acked_fd = rig->fd;
		m->on_port = on_port;
	}
	block_enable(m, 0);
}

static void rig_free(struct rig *rig)
{
	close(rig->fd);
	machine_free(rig->m);
	if (rig->event >= 0)
		close(rig->event);
	acked_fd = -1;
}

static int set_policy(int fd, uint32_t policy)
{
	struct kvm_hpet_tick_policy p = policy_default(1);

	p.policy = policy;
	return hpet_ioctl(fd, KVM_HPET_SET_TICK_POLICY, &p);
}

static struct kvm_hpet_timer_stats stats(const struct rig *rig)
{
	struct kvm_hpet_stats s;

	stats_get_fd(rig->fd, &s);
	return s.timer[0];
}

static int start_at(int fd, uint64_t period, uint32_t flags, uint64_t phase)
{
	struct kvm_hpet_tick_period p = {
		.size = sizeof(p),
		.flags = flags,
		.period_ns = period,
		.phase_ns = phase,
	};

	return hpet_ioctl(fd, KVM_HPET_START_TICKS, &p);
}

static void start(struct rig *rig, uint64_t period)
{
	rig->base = guest_read(rig->m, REG_COUNTER, 8);
	must(start_at(rig->fd, period, 0, 0), "KVM_HPET_START_TICKS");
}

static int stop(const struct rig *rig)
{
	return hpet_ioctl(rig->fd, KVM_HPET_STOP_TICKS, NULL);
}

/* To the middle of the interval after the @n-th ms since the start. */
static void spin(struct rig *rig, enum op op, uint64_t n)
{
	guest_spin(rig->m, op, rig->base + n * MS + MS / 2);
}

static void calm(struct rig *rig)
{
	guest_do(rig->m, OP_STI, 0, 0, 0);
}

/* ---- lost ticks, by every way, under every policy ---- */

static void test_coalesced(const struct route *r, uint32_t policy, uint64_t k)
{
	static const char * const names[] = { "discard", "delay", "merge", "slew" };
	bool unseen = r->ack == ACK_MSI_UNSEEN;
	struct kvm_hpet_timer_stats before, s;
	uint64_t n = k + 120, later, extra, seen;
	struct rig rig;
	char name[64];

	snprintf(name, sizeof(name), "%s, %s, off for %lu", names[policy], r->name, k);
	rig_new(&rig, r);
	if (policy)
		must(set_policy(rig.fd, policy), "policy");
	start(&rig, PERIOD_NS);
	spin(&rig, OP_SPIN_OFF, k);
	before = stats(&rig);
	seen = rig.irq->seen;
	/* No word before that: to write takes a part of an interval. */
	spin(&rig, OP_SPIN_ON, n);
	must(stop(&rig), "KVM_HPET_STOP_TICKS");
	calm(&rig);
	s = stats(&rig);
	/* What fell due after the guest had looked: nothing, but on a slow host. */
	later = slowness() > 1 ? 2 : 0;
	if (s.due > n && s.due <= n + later)
		n = s.due;
	if (before.due > k && before.due <= k + later)
		k = before.due;
	/* Where the host itself kept one waiting later on, that one too. */
	extra = s.coalesced + s.late > k ? s.coalesced + s.late - k : 0;
	extra = max(extra, host_missed(&s, k - 1));
	ok_eq(before.due, k, "%s: due so far", name);
	ok_eq(seen, 0, "%s: none taken so far", name);
	if (!unseen && (policy || rig.config.flags & KVM_HPET_SOURCE_ACK_VMM))
		ok_eq(before.coalesced, k - 1, "%s: coalesced", name);
	ok_eq(s.due, n, "%s: due", name);
	if (unseen || policy == KVM_HPET_TICKS_DISCARD) {
		ok_in(rig.irq->seen, n - (k - 1) - later, n - (k - 1),
		      "%s: seen", name);
	} else if (policy == KVM_HPET_TICKS_SLEW) {
		ok_eq(rig.irq->seen, n, "%s: all are seen", name);
		ok_in(s.reinjected, k - 2 + (k < 2), k - 2 + (k < 2) + extra,
		      "%s: made up", name);
	} else if (policy == KVM_HPET_TICKS_MERGE) {
		ok_eq(rig.irq->seen, n - s.discarded, "%s: seen", name);
		ok_in(s.discarded, k - 2, k - 2 + extra,
		      "%s: merged ones are gone", name);
	} else {
		ok_eq(s.discarded, 0, "%s: none given up", name);
		ok_eq(rig.irq->seen + s.backlog, n, "%s: the rest is owed", name);
	}
	if (!unseen && (policy || rig.config.flags & KVM_HPET_SOURCE_ACK_VMM))
		ok_eq(s.delivered, rig.irq->seen, "%s: delivered = seen", name);
	ok_eq(rig.m->exits, 0, "%s: no access left the kernel", name);
	rig_free(&rig);
}

/* The host's timer is late by more than periods: the whole VMM stood. */
static void test_late(const struct route *r)
{
	struct kvm_hpet_timer_stats s;
	struct rig rig;

	rig_new(&rig, r);
	must(set_policy(rig.fd, KVM_HPET_TICKS_SLEW), "policy");
	/* A phase of long ago is a phase: nothing has been lost. */
	must(start_at(rig.fd, PERIOD_NS, KVM_HPET_PERIOD_PHASE, 1), "phase");
	s = stats(&rig);
	ok_in(s.due, 0, 1, "%s: a phase of long ago makes no ticks", r->name);
	rig_free(&rig);
}

/* While the device has not acknowledged nothing goes out, however long, whatever the policy. */
static void test_never_acknowledged(uint32_t policy)
{
	struct rig rig;
	struct kvm_hpet_timer_stats s;
	uint64_t one = 1;

	rig_new(&rig, &routes[6]);
	rig.irq->port = 0;
	must(set_policy(rig.fd, policy), "policy");
	start(&rig, PERIOD_NS);
	spin(&rig, OP_SPIN_ON, 3000);
	s = stats(&rig);
	ok_eq(rig.irq->seen, 1, "policy %u, not acknowledged: one is seen", policy);
	ok_eq(s.retries, 0, "policy %u, not acknowledged: and not repeated", policy);
	ok_eq(s.coalesced, 2999, "policy %u, not acknowledged: the others are counted",
	      policy);
	if (policy == KVM_HPET_TICKS_DISCARD)
		ok_eq(s.discarded, 2999, "... and gone");
	if (write(rig.event, &one, sizeof(one)) != sizeof(one))
		die("eventfd");
	spin(&rig, OP_SPIN_ON, 3001);
	ok_eq(rig.irq->seen, 2, "policy %u: the next after the VMM's word", policy);
	ok_eq(hpet_ioctl(rig.fd, KVM_HPET_ACK_TICK, NULL), 1,
	      "policy %u: with an eventfd the ioctl counts as well", policy);
	spin(&rig, OP_SPIN_ON, 3003);
	ok_eq(rig.irq->seen, 3, "policy %u: one more after that", policy);
	rig_free(&rig);
}

/* Acknowledgments that nobody waits for, as a guest may make them up. */
static void test_too_many_acks(void)
{
	struct kvm_hpet_timer_stats s;
	struct rig rig;
	int i;

	rig_new(&rig, &routes[6]);
	must(set_policy(rig.fd, KVM_HPET_TICKS_SLEW), "policy");
	for (i = 0; i < 10; i++)
		guest_outb(rig.m, ACK_PORT, 1);
	start(&rig, PERIOD_NS);
	for (i = 0; i < 20; i++) {
		spin(&rig, OP_SPIN_ON, i);
		guest_outb(rig.m, ACK_PORT, 1);
	}
	spin(&rig, OP_SPIN_ON, 30);
	s = stats(&rig);
	ok_eq(s.due, 30, "acknowledged too often: due");
	ok_eq(rig.irq->seen, 30, "acknowledged too often: seen");
	rig_free(&rig);
}

/*
 * The device's word comes before the guest takes the interrupt, as from a driver that looks
 * at its flags with interrupts off. What is owed must not go out on top of it.
 */
static void test_early_word(const struct route *r)
{
	struct kvm_hpet_tick_source_state state = { .size = sizeof(state) };
	struct kvm_hpet_timer_stats s;
	struct rig rig;

	rig_new(&rig, r);
	must(set_policy(rig.fd, KVM_HPET_TICKS_SLEW), "policy");
	start(&rig, PERIOD_NS);
	spin(&rig, OP_SPIN_OFF, 20);
	ok_eq(hpet_ioctl(rig.fd, KVM_HPET_ACK_TICK, NULL), 1,
	      "early word, %s: a tick waited for it", r->name);
	must(hpet_ioctl(rig.fd, KVM_HPET_GET_STATE, &state), "get state");
	ok_eq(state.ticks.flags & (KVM_HPET_TIMER_ENDING | KVM_HPET_TIMER_IN_FLIGHT),
	      KVM_HPET_TIMER_ENDING, "early word, %s: its interrupt has not ended", r->name);
	spin(&rig, OP_SPIN_OFF, 60);
	s = stats(&rig);
	ok_eq(s.delivered, 1, "early word, %s: none goes out on top of it", r->name);
	ok_eq(s.backlog, 59, "early word, %s: all others are owed", r->name);
	ok_eq(s.coalesced, 59, "early word, %s: as the guest had not taken it", r->name);
	spin(&rig, OP_SPIN_ON, 260);
	calm(&rig);
	s = stats(&rig);
	must(stop(&rig), "KVM_HPET_STOP_TICKS");
	ok_eq(s.due, 260, "early word, %s: due", r->name);
	ok_eq(rig.irq->seen, 260, "early word, %s: every tick is an interrupt", r->name);
	ok_eq(s.delivered, 260, "early word, %s: delivered", r->name);
	rig_free(&rig);
}

/* An end that fails to come is waited for for a second. */
static void test_no_end(void)
{
	struct kvm_hpet_timer_stats s;
	struct rig rig;

	rig_new(&rig, &routes[6]);
	must(set_policy(rig.fd, KVM_HPET_TICKS_SLEW), "policy");
	start(&rig, PERIOD_NS);
	spin(&rig, OP_SPIN_OFF, 20);
	ok_eq(hpet_ioctl(rig.fd, KVM_HPET_ACK_TICK, NULL), 1, "no end: the device's word");
	spin(&rig, OP_SPIN_OFF, 1019);
	ok_eq(stats(&rig).delivered, 1, "no end: none more for a second");
	spin(&rig, OP_SPIN_OFF, 1022);
	s = stats(&rig);
	ok_eq(s.delivered, 2, "no end: one more after it");
	ok_eq(s.retries, 0, "no end: which is no repetition");
	rig_free(&rig);
}

/* ---- period, phase, stop, pause, state ---- */

static void test_period_change(void)
{
	struct kvm_hpet_timer_stats a, b;
	struct rig rig;

	rig_new(&rig, &routes[2]);
	must(set_policy(rig.fd, KVM_HPET_TICKS_SLEW), "policy");
	start(&rig, PERIOD_NS);
	spin(&rig, OP_SPIN_OFF, 41);
	a = stats(&rig);
	ok_eq(a.backlog, 40, "another period: 40 owed, one on its way");
	start(&rig, 4 * PERIOD_NS);
	b = stats(&rig);
	ok_eq(b.backlog, 10, "another period: 40 of 1 ms are 10 of 4 ms");
	ok_eq(b.period_ns, 4 * PERIOD_NS, "another period: in the statistics");
	ok_eq(b.due, a.due - 30, "another period: due is counted in the new unit");
	spin(&rig, OP_SPIN_ON, 401);
	calm(&rig);
	a = stats(&rig);
	ok_eq(rig.irq->seen, 1 + 10 + 100, "another period: seen");
	ok_eq(a.backlog, 0, "another period: nothing owed");
	rig_free(&rig);
}

static void test_phase(void)
{
	struct rig rig;
	uint64_t now;

	rig_new(&rig, &routes[2]);
	calm(&rig);
	rig.base = guest_read(rig.m, REG_COUNTER, 8);
	now = now_ns();
	must(start_at(rig.fd, 10 * PERIOD_NS, KVM_HPET_PERIOD_PHASE,
		      now + 3 * PERIOD_NS), "phase");
	spin(&rig, OP_SPIN_ON, 2);
	ok_eq(rig.irq->seen, 0, "phase: none before");
	spin(&rig, OP_SPIN_ON, 3);
	ok_eq(rig.irq->seen, 1, "phase: the first at 3 ms");
	spin(&rig, OP_SPIN_ON, 12);
	ok_eq(rig.irq->seen, 1, "phase: not yet the second");
	spin(&rig, OP_SPIN_ON, 13);
	ok_eq(rig.irq->seen, 2, "phase: the second at 13 ms");
	/* The same phase with half the period: at 18, 23, ... */
	must(start_at(rig.fd, 5 * PERIOD_NS, KVM_HPET_PERIOD_PHASE,
		      now + 3 * PERIOD_NS), "phase");
	spin(&rig, OP_SPIN_ON, 17);
	ok_eq(rig.irq->seen, 2, "phase of before: none in between");
	spin(&rig, OP_SPIN_ON, 18);
	ok_eq(rig.irq->seen, 3, "phase of before: at 18 ms");
	rig_free(&rig);
}

static void test_stop(uint32_t policy)
{
	struct kvm_hpet_timer_stats s;
	struct rig rig;
	const char *name = policy ? "slew" : "discard";

	rig_new(&rig, &routes[2]);
	must(set_policy(rig.fd, policy), "policy");
	start(&rig, PERIOD_NS);
	spin(&rig, OP_SPIN_OFF, 20);
	must(stop(&rig), "KVM_HPET_STOP_TICKS");
	ok_eq(stop(&rig), -EALREADY, "%s, stopped: not again", name);
	spin(&rig, OP_SPIN_ON, 60);
	s = stats(&rig);
	ok_eq(s.due, 20, "%s, stopped: none fall due", name);
	ok_eq(rig.irq->seen, 1, "%s, stopped: none goes out", name);
	ok_eq(s.backlog, policy ? 19 : 0, "%s, stopped: owed", name);
	start(&rig, PERIOD_NS);
	spin(&rig, OP_SPIN_ON, 60);
	s = stats(&rig);
	ok_eq(s.due, 80, "%s, started again: due", name);
	ok_eq(rig.irq->seen, policy ? 80 : 61, "%s, started again: seen", name);
	rig_free(&rig);
}

static void test_pause(void)
{
	struct kvm_hpet_timer_stats s;
	struct rig rig;
	uint64_t at;

	rig_new(&rig, &routes[2]);
	start(&rig, 10 * PERIOD_NS);
	spin(&rig, OP_SPIN_ON, 13);
	must(hpet_ioctl(rig.fd, KVM_HPET_PAUSE, NULL), "pause");
	ok_eq(hpet_ioctl(rig.fd, KVM_HPET_PAUSE, NULL), -EALREADY, "paused: not again");
	sleep_ms(1000);
	at = guest_spin(rig.m, OP_SPIN_ON, 0);
	s = stats(&rig);
	ok_eq(s.due, 1, "paused: none fall due");
	must(hpet_ioctl(rig.fd, KVM_HPET_RESUME, NULL), "resume");
	ok_eq(hpet_ioctl(rig.fd, KVM_HPET_RESUME, NULL), -EALREADY,
	      "resumed: not again");
	guest_spin(rig.m, OP_SPIN_ON, at + 6 * MS);
	ok_eq(rig.irq->seen, 1, "resumed: the rest of the period is kept");
	guest_spin(rig.m, OP_SPIN_ON, at + 7 * MS);
	ok_eq(rig.irq->seen, 2, "resumed: then the next");
	rig_free(&rig);
}

static void test_state(const struct route *r, bool in_flight)
{
	struct kvm_hpet_tick_source_state s = { .size = sizeof(s) }, again = s;
	struct kvm_hpet_timer_stats t;
	struct rig a, b;
	bool again_seen;
	char name[64];
	uint64_t n;

	snprintf(name, sizeof(name), "state, %s%s", r->name,
		 in_flight ? ", one in flight" : "");
	rig_new(&a, r);
	must(set_policy(a.fd, KVM_HPET_TICKS_SLEW), "policy");
	start(&a, PERIOD_NS);
	spin(&a, OP_SPIN_OFF, in_flight ? 30 : 0);
	must(hpet_ioctl(a.fd, KVM_HPET_PAUSE, NULL), "pause");
	must(hpet_ioctl(a.fd, KVM_HPET_GET_STATE, &s), "get state");
	ok_eq(s.ticks.backlog, in_flight ? 29 : 0, "%s: backlog", name);
	ok_eq(!!(s.ticks.flags & KVM_HPET_TIMER_IN_FLIGHT), in_flight,
	      "%s: in flight", name);
	ok_in(s.due_in_ns, 1, PERIOD_NS, "%s: due in", name);

	rig_new(&b, r);
	must(set_policy(b.fd, KVM_HPET_TICKS_SLEW), "policy");
	must(hpet_ioctl(b.fd, KVM_HPET_PAUSE, NULL), "pause");
	must(hpet_ioctl(b.fd, KVM_HPET_SET_STATE, &s), "set state");
	must(hpet_ioctl(b.fd, KVM_HPET_GET_STATE, &again), "get state");
	ok(!memcmp(&s, &again, sizeof(s)), "%s: reads back", name);
	must(hpet_ioctl(b.fd, KVM_HPET_RESUME, NULL), "resume");
	calm(&b);
	b.base = guest_read(b.m, REG_COUNTER, 8);
	if (in_flight) {
		spin(&b, OP_SPIN_ON, 3);
		ok_eq(b.irq->seen, 0, "%s: the one in flight is waited for", name);
		/*
		 * That VM's interrupt controllers were not moved. So the VMM
		 * says it, and the end is waited for for a second, or the tick
		 * is injected again after one.
		 */
		again_seen = r->ack == ACK_EOI;
		n = r->gsi >= 0 ? 2600 : 100;
		if (!again_seen)
			ok_eq(hpet_ioctl(b.fd, KVM_HPET_ACK_TICK, NULL), 1,
			      "%s: it was waited for", name);
		spin(&b, OP_SPIN_ON, n);
		t = stats(&b);
		ok_eq(t.retries, again_seen, "%s: repeated", name);
		ok_eq(b.irq->seen, t.due + again_seen,
		      "%s: all that was owed is made up", name);
		ok_in(t.due, 29 + n, 29 + n + 1, "%s: due", name);
	} else {
		spin(&b, OP_SPIN_ON, 10);
		ok_in(b.irq->seen, 10, 11, "%s: goes on", name);
	}
	rig_free(&a);
	rig_free(&b);
}

static void test_reset(void)
{
	struct kvm_hpet_timer_stats s;
	struct rig rig;

	rig_new(&rig, &routes[6]);
	must(set_policy(rig.fd, KVM_HPET_TICKS_SLEW), "policy");
	start(&rig, PERIOD_NS);
	spin(&rig, OP_SPIN_OFF, 20);
	must(hpet_ioctl(rig.fd, KVM_HPET_RESET, NULL), "reset");
	s = stats(&rig);
	ok_eq(s.backlog, 0, "reset: nothing owed");
	ok_eq(s.discarded, 19, "reset: it is discarded");
	ok_eq(stop(&rig), -EALREADY, "reset: stopped");
	ok_eq(policy_get(rig.fd, 0).policy, KVM_HPET_TICKS_SLEW, "reset: policy stays");
	calm(&rig);
	start(&rig, PERIOD_NS);
	spin(&rig, OP_SPIN_ON, 10);
	ok_eq(rig.irq->seen, 11, "reset: what was in flight, and ten anew");
	rig_free(&rig);
}

/* The host timer is driven no faster than min_interval_us, however short the period. */
static void test_short_period(void)
{
	struct kvm_hpet_timer_stats s;
	struct rig rig;

	rig_new(&rig, &routes[2]);
	start(&rig, 1);
	spin(&rig, OP_SPIN_ON, 10);
	s = stats(&rig);
	ok_in(s.expirations, 50, 106, "a period of 1 ns: the host timer fires every 100 us");
	ok(s.due > 10000000, "a period of 1 ns: every tick is counted");
	rig_free(&rig);
}

/* ---- refusals ---- */

static void ok_errno(int got, int want, const char *name)
{
	ok(got == want, "%s: %s", name, want ? strerror(-want) : "taken");
	if (got != want)
		note("got %d, expected %d", got, want);
	if (got >= 0 && want < 0)
		close(got);
}

#define CFG(field, v) \
	{ offsetof(struct kvm_hpet_tick_source_config, field), (uint32_t)(v) }

static void test_create(struct machine *m)
{
	static const struct {
		const char *name;
		int error;
		struct { size_t at; uint32_t value; } poke[3];
	} cases[] = {
		{ "create: GSI 23", 0, { CFG(gsi, 23) } },
		{ "create: GSI 24", EINVAL, { CFG(gsi, 24) } },
		{ "create: unknown flag", EINVAL, { CFG(flags, 1 << 2) } },
		{ "create: last flag", EINVAL, { CFG(flags, 1U << 31) } },
		{ "create: reserved", EINVAL, { CFG(reserved, 1) } },
		{ "create: message with a GSI", EINVAL,
		  { CFG(flags, KVM_HPET_SOURCE_MSI), CFG(gsi, 1) } },
		{ "create: message", 0,
		  { CFG(flags, KVM_HPET_SOURCE_MSI), CFG(gsi, 0), CFG(msi_data, 1) } },
		{ "create: line with message data", EINVAL, { CFG(msi_data, 1) } },
		{ "create: line with message address", EINVAL, { CFG(msi_address, 1) } },
		{ "create: eventfd without its flag", EINVAL, { CFG(ack_eventfd, 0) } },
		{ "create: eventfd closed", EBADF,
		  { CFG(flags, KVM_HPET_SOURCE_ACK_VMM), CFG(ack_eventfd, CLOSED_FD) } },
		{ "create: eventfd -2", EBADF,
		  { CFG(flags, KVM_HPET_SOURCE_ACK_VMM), CFG(ack_eventfd, -2) } },
		{ "create: no VM", EBADF, { CFG(vm_fd, -1) } },
		{ "create: VM closed", EBADF, { CFG(vm_fd, CLOSED_FD) } },
		{ "create: size 0", EINVAL, { CFG(size, 0) } },
		{ "create: size one too small", EINVAL,
		  { CFG(size, sizeof(struct kvm_hpet_tick_source_config) - 1) } },
	};
	struct {
		struct kvm_hpet_tick_source_config config;
		uint32_t more;
	} big = { .config = config_of(&routes[0], m->vm->fd) };
	struct kvm_hpet_tick_source_config c, got = { .size = sizeof(got) };
	struct kvm_vm *bare = vm_create_barebones();
	size_t i, j;
	int fd;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		c = config_of(&routes[0], m->vm->fd);
		for (j = 0; j < ARRAY_SIZE(cases[i].poke); j++)
			if (cases[i].poke[j].at || cases[i].poke[j].value || !j)
				memcpy((char *)&c + cases[i].poke[j].at,
				       &cases[i].poke[j].value, 4);
		if (!c.size && strcmp(cases[i].name, "create: size 0"))
			c.size = sizeof(c);
		fd = hpet_ioctl(dev, KVM_HPET_CREATE_TICK_SOURCE, &c);
		ok_errno(fd < 0 || cases[i].error ? fd : 0, -cases[i].error,
			 cases[i].name);
		if (fd >= 0 && !cases[i].error) {
			hpet_ioctl(fd, KVM_HPET_GET_CONFIG, &got);
			c.vm_fd = -1;
			ok(!memcmp(&c, &got, sizeof(c)), "%s: reads back", cases[i].name);
			ok(fcntl(fd, F_GETFD) & FD_CLOEXEC, "%s: O_CLOEXEC", cases[i].name);
			close(fd);
		}
	}
	c = config_of(&routes[4], dev);
	ok_errno(hpet_ioctl(dev, KVM_HPET_CREATE_TICK_SOURCE, &c), -EBADFD,
		 "create: vm_fd is no VM");
	c = config_of(&routes[4], m->vm->fd);
	c.ack_eventfd = dev;
	ok_errno(hpet_ioctl(dev, KVM_HPET_CREATE_TICK_SOURCE, &c), -EINVAL,
		 "create: ack_eventfd is no eventfd");
	c = config_of(&routes[0], bare->fd);
	ok_errno(hpet_ioctl(dev, KVM_HPET_CREATE_TICK_SOURCE, &c), -ENXIO,
		 "create: no in-kernel irqchip");
	kvm_vm_free(bare);
	ok_errno(hpet_ioctl(dev, KVM_HPET_CREATE_TICK_SOURCE, NULL), -EFAULT,
		 "create: no structure");
	big.config.size = sizeof(big);
	fd = hpet_ioctl(dev, KVM_HPET_CREATE_TICK_SOURCE, &big);
	ok_errno(fd < 0 ? fd : 0, 0, "create: larger, the rest 0");
	close(fd);
	big.more = 1;
	ok_errno(hpet_ioctl(dev, KVM_HPET_CREATE_TICK_SOURCE, &big), -E2BIG,
		 "create: larger, the rest not 0");
}

static void test_refusals(void)
{
	struct kvm_hpet_tick_period p = { .size = sizeof(p) - 1, .period_ns = 1 };
	struct kvm_hpet_tick_source_state s = { .size = sizeof(s) }, bad;
	struct kvm_hpet_block_info info = { .size = sizeof(info) };
	struct kvm_hpet_tick_policy policy = policy_default(2);
	struct kvm_hpet_tick_source_config c;
	struct rig rig;
	uint64_t one = 1;
	int admin, fd;

	ok_eq(hpet_ioctl(dev, KVM_HPET_CHECK_EXTENSION, (void *)KVM_HPET_CAP_TICK_SOURCE),
	      1, "extension: tick sources");
	ok_eq(hpet_ioctl(dev, KVM_HPET_CHECK_EXTENSION, (void *)KVM_HPET_CAP_LOST_TICKS),
	      policy_supported(), "extension: lost ticks");
	ok_eq(hpet_ioctl(dev, KVM_HPET_CHECK_EXTENSION, (void *)~0UL), 0,
	      "extension: none such");
	rig_new(&rig, &routes[2]);
	fd = rig.fd;
	test_create(rig.m);

	ok_errno(hpet_ioctl(fd, KVM_HPET_START_TICKS, &p), -EINVAL, "start: size");
	ok_errno(hpet_ioctl(fd, KVM_HPET_START_TICKS, NULL), -EFAULT, "start: no structure");
	ok_errno(start_at(fd, 0, 0, 0), -EINVAL, "start: period 0");
	ok_errno(start_at(fd, KVM_HPET_MAX_TICK_NS + 1, 0, 0), -EINVAL,
		 "start: period beyond the maximum");
	ok_errno(start_at(fd, KVM_HPET_MAX_TICK_NS, 0, 0), 0, "start: the longest period");
	ok_errno(start_at(fd, 1000, 2, 0), -EINVAL, "start: unknown flag");
	ok_errno(start_at(fd, 1000, 0, 1), -EINVAL, "start: phase without its flag");
	ok_errno(start_at(fd, 1000, 1, now_ns() + 2 * KVM_HPET_MAX_TICK_NS), -EINVAL,
		 "start: phase too far away");
	ok_eq(stats(&rig).period_ns, KVM_HPET_MAX_TICK_NS,
	      "start: the refused ones have changed nothing");
	ok_errno(hpet_ioctl(fd, KVM_HPET_STOP_TICKS, (void *)1), -EINVAL, "stop: argument");
	ok_errno(hpet_ioctl(fd, KVM_HPET_ACK_TICK, NULL), -EINVAL,
		 "acknowledgment: it is the EOI that counts");
	ok_errno(hpet_ioctl(fd, KVM_HPET_PAUSE, (void *)1), -EINVAL, "pause: argument");
	ok_errno(hpet_ioctl(fd, KVM_HPET_RESET, (void *)1), -EINVAL, "reset: argument");
	ok_errno(hpet_ioctl(fd, KVM_HPET_SET_TICK_POLICY, &policy), -ENXIO,
		 "policy: timer 1");
	ok_errno(hpet_ioctl(fd, _IO(KVM_HPET_IOC, 0x7f), NULL), -ENOTTY, "unknown ioctl");

	must(hpet_ioctl(fd, KVM_HPET_GET_STATE, &s), "get state");
	bad = s;
	bad.version = 2;
	ok_errno(hpet_ioctl(fd, KVM_HPET_SET_STATE, &bad), -EINVAL, "state: version");
	bad = s;
	bad.due_in_ns = -1;
	ok_errno(hpet_ioctl(fd, KVM_HPET_SET_STATE, &bad), -EINVAL, "state: due_in_ns");
	bad = s;
	bad.ticks.config = 4;
	ok_errno(hpet_ioctl(fd, KVM_HPET_SET_STATE, &bad), -EINVAL, "state: a register");
	bad = s;
	bad.size--;
	ok_errno(hpet_ioctl(fd, KVM_HPET_SET_STATE, &bad), -EINVAL, "state: size");
	ok_errno(hpet_ioctl(fd, KVM_HPET_SET_STATE, &s), 0, "state: its own");

	ok_errno(hpet_ioctl(rig.m->hpet, KVM_HPET_START_TICKS, &p), -ENOTTY,
		 "an HPET: start");
	ok_errno(hpet_ioctl(rig.m->hpet, KVM_HPET_STOP_TICKS, NULL), -ENOTTY,
		 "an HPET: stop");
	ok_errno(hpet_ioctl(rig.m->hpet, KVM_HPET_ACK_TICK, NULL), -ENOTTY,
		 "an HPET: acknowledgment");

	/* First the clock's block, then the source; who does not know of them sees none. */
	must(hpet_ioctl(dev, KVM_HPET_NEXT_BLOCK, &info), "next");
	ok_eq(info.kind, KVM_HPET_KIND_HPET, "list: the HPET");
	ok_eq(info.base, BASE, "list: its address");
	must(hpet_ioctl(dev, KVM_HPET_NEXT_BLOCK, &info), "next");
	ok_eq(info.kind, KVM_HPET_KIND_TICK_SOURCE, "list: the tick source");
	ok_eq(info.gsi, 8, "list: its line");
	admin = hpet_ioctl(dev, KVM_HPET_OPEN_BLOCK, &info.id);
	info.id--;
	info.size = offsetof(struct kvm_hpet_block_info, kind);
	ok_errno(hpet_ioctl(dev, KVM_HPET_NEXT_BLOCK, &info), -ENOENT,
		 "list: not for who does not know of tick sources");
	info.size--;
	ok_errno(hpet_ioctl(dev, KVM_HPET_NEXT_BLOCK, &info), -EINVAL, "list: size");
	must(admin, "KVM_HPET_OPEN_BLOCK");
	ok_errno(start_at(admin, 1000, 0, 0), -EPERM, "administrator: start");
	ok_errno(hpet_ioctl(admin, KVM_HPET_STOP_TICKS, NULL), -EPERM,
		 "administrator: stop");
	ok_errno(hpet_ioctl(admin, KVM_HPET_ACK_TICK, NULL), -EPERM,
		 "administrator: acknowledgment");
	ok_errno(hpet_ioctl(admin, KVM_HPET_GET_STATE, &s), 0, "administrator: state");
	close(rig.fd);
	rig.fd = dup(dev);
	ok_errno(hpet_ioctl(admin, KVM_HPET_GET_STATE, &s), -ENODEV, "source gone: state");
	ok_errno(hpet_ioctl(admin, KVM_HPET_ACK_TICK, NULL), -EPERM,
		 "source gone: acknowledgment");
	close(admin);
	rig_free(&rig);

	rig_new(&rig, &routes[5]);
	ok_errno(hpet_ioctl(rig.fd, KVM_HPET_ACK_TICK, (void *)1), -EINVAL,
		 "acknowledgment: argument");
	c = (struct kvm_hpet_tick_source_config){ .size = sizeof(c) };
	must(hpet_ioctl(rig.fd, KVM_HPET_GET_CONFIG, &c), "config");
	ok_eq(c.ack_eventfd, -1, "configuration: no descriptor is given away");
	if (write(rig.event, &one, sizeof(one)) != sizeof(one))
		die("eventfd");
	rig_free(&rig);
}

/* ---- who goes first ---- */

static void test_lifetime(const struct route *r, bool vm_first)
{
	uint64_t one = 1;
	struct rig rig;
	int vm;

	rig_new(&rig, r);
	must(set_policy(rig.fd, KVM_HPET_TICKS_SLEW), "policy");
	start(&rig, PERIOD_NS);
	spin(&rig, OP_SPIN_OFF, 5);
	if (!vm_first) {
		/* In mid-flight; the guest goes on without. */
		close(rig.fd);
		rig.fd = -1;
		if (rig.event >= 0 && write(rig.event, &one, sizeof(one)) < 0)
			die("eventfd");
		if (r->ack == ACK_IOCTL)
			rig.irq->port = 0;
		spin(&rig, OP_SPIN_ON, 20);
		ok_eq(rig.irq->seen, 1, "closed first: %s: the one on its way, no more",
		      r->name);
		rig_free(&rig);
		return;
	}
	vm = rig.fd;
	machine_free(rig.m);
	sleep_ms(20);
	ok_in(stats(&rig).due, 25, ~0ULL, "VM first: %s: it ticks on", r->name);
	if (rig.event >= 0) {
		if (write(rig.event, &one, sizeof(one)) < 0)
			die("eventfd");
		close(rig.event);
		sleep_ms(5);
	}
	must(close(vm) ? -errno : 0, "close");
	ok(true, "VM first: %s: closed", r->name);
	acked_fd = -1;
}

int main(void)
{
	static const uint64_t ks[] = { 2, 3, 30 };
	size_t i, j;
	uint32_t p;

	plan_test("tick sources: exact counts, whoever acknowledges");
	dev = hpet_device();
	test_refusals();
	for (i = 0; i < ARRAY_SIZE(routes); i++)
		for (j = 0; j < ARRAY_SIZE(ks); j++)
			test_coalesced(&routes[i], KVM_HPET_TICKS_DISCARD, ks[j]);
	test_phase();
	test_pause();
	test_short_period();
	test_stop(KVM_HPET_TICKS_DISCARD);
	test_never_acknowledged(KVM_HPET_TICKS_DISCARD);
	if (!policy_supported()) {
		skip("this build has no lost-tick policy");
		done();
	}
	for (i = 0; i < ARRAY_SIZE(routes); i++)
		for (p = KVM_HPET_TICKS_DELAY; p <= KVM_HPET_TICKS_SLEW; p++)
			for (j = 0; j < ARRAY_SIZE(ks); j++)
				test_coalesced(&routes[i], p, ks[j]);
	test_late(&routes[2]);
	test_never_acknowledged(KVM_HPET_TICKS_SLEW);
	test_too_many_acks();
	test_early_word(&routes[5]);
	test_early_word(&routes[6]);
	test_no_end();
	test_period_change();
	test_stop(KVM_HPET_TICKS_SLEW);
	test_reset();
	test_state(&routes[2], false);
	test_state(&routes[2], true);
	test_state(&routes[4], true);
	for (i = 0; i < ARRAY_SIZE(routes); i++) {
		test_lifetime(&routes[i], false);
		test_lifetime(&routes[i], true);
	}
	done();
}
