// SPDX-License-Identifier: GPL-2.0
/*
 * Ticks that a guest cannot take are lost, kept, merged or made up for as the
 * policy says, to the tick, and never without being counted: a guest keeps its
 * interrupts off (or does not run, or is kept from running by the host) for k
 * periods, in each of the ways in which a tick reaches it. Guest time, that is
 * the number of ticks it has seen, is never ahead of the counter; rate and
 * backlog stay within their limits; nothing stalls for ever.
 *
 * Every count is compared with the comparator's arithmetic at the counter's value
 * in the middle of a period, so none depends on how fast anything is.
 */
#include <sched.h>

#include "hpet_test.h"

static const struct way ways[] = {
	{ "PIC, legacy", 0, 0, CONFIG_LEGACY, VECTOR_PIC(0), -1, 0, 0 },
	{ "PIC, legacy timer 1", 1, 0, CONFIG_LEGACY, VECTOR_PIC(8), -1, 0, 0 },
	{ "PIC, route 11", 0, TIMER_ROUTE(11), 0, VECTOR_PIC(11), -1, 0, 0 },
	{ "I/O APIC, legacy", 0, 0, CONFIG_LEGACY, VECTOR_PIN(2), 2, 0, 0 },
	{ "I/O APIC, legacy timer 1", 1, 0, CONFIG_LEGACY, VECTOR_PIN(8), 8, 0,
	  0 },
	{ "I/O APIC, edge", 0, TIMER_ROUTE(16), 0, VECTOR_PIN(16), 16, 0, 0 },
	{ "I/O APIC, edge, 32 bits", 2, TIMER_ROUTE(20), 0, VECTOR_PIN(20), 20,
	  0, 0 },
	{ "I/O APIC, level", 1, TIMER_ROUTE(17) | TIMER_LEVEL, 0, VECTOR_PIN(17),
	  17, PIN_LEVEL, 1 << 1 },
};

#define PIC_WAYS	3

/* A guest whose timer is set up that way, not enabled yet. */
static struct machine *lost_machine(const struct way *w, uint64_t period)
{
	struct machine *m = machine_with_block();
	struct guest_irq *irq = &m->g->irq[w->vector];

	if (w->pin < 0) {
		guest_pic_init(m, 1 << (w->vector - VECTOR_PIC(0)));
	} else {
		guest_apic_init(m);
		guest_pin_set(m, w->pin, w->pin_flags);
	}
	irq->status = w->status;
	irq->first = period;
	irq->period = period;
	irq->max_ahead = INT64_MIN;
	m->g->log_vector = w->vector;
	timer_program(m, w->timer, w->bits, period, period);
	return m;
}

static void policy(struct machine *m, const struct way *w, uint32_t policy)
{
	policy_set(m, 1U << w->timer, policy, 10, 1, 5000000000ULL);
}

/* Interrupts off for @k periods from the start; gives the ticks due by then. */
static uint64_t off_for(struct machine *m, uint64_t k, uint64_t period)
{
	uint64_t now = guest_spin(m, OP_SPIN_OFF_STI, k * period + period / 2);

	return ticks_due(now, period, period);
}

/*
 * The ticks due when the statistics were read: those when the guest stopped, and
 * what fell due since then if the host was held up.
 */
static void ok_due(struct machine *m, const struct kvm_hpet_timer_stats *s,
		   uint64_t due, const char *name)
{
	ok_in(s->due, due, ticks_due(state_get(m).counter, MS, MS),
	      "%s: due by then", name);
}

static void ok_ahead(struct machine *m, const struct way *w, const char *name)
{
	int64_t ahead = m->g->irq[w->vector].max_ahead;

	ok(ahead <= 0, "%s: guest time never ahead", name);
	if (ahead > 0)
		note("%lld ticks ahead", (long long)ahead);
}

/* ---- discard ---- */

static void test_discard(const struct way *w, uint64_t k)
{
	struct machine *m = lost_machine(w, MS);
	struct guest_irq *irq = &m->g->irq[w->vector];
	struct kvm_hpet_timer_stats s;
	uint64_t due, later, end;
	char name[64];

	snprintf(name, sizeof(name), "discard, %s, off for %lu", w->name, k);
	block_enable(m, w->config);
	due = off_for(m, k, MS);
	s = stats_get(m, w->timer);
	ok_due(m, &s, due, name);
	later = s.due - due;
	ok_in(irq->seen, 1, 1 + later, "%s: one seen of %lu", name, due);
	ok_eq(s.backlog, 0, "%s: no backlog", name);
	if (w->pin < 0) {
		ok_in(s.delivered, 1, 1 + later, "%s: delivered what was seen",
		      name);
		ok_eq(s.coalesced, s.due - s.delivered,
		      "%s: the others coalesced", name);
		ok_eq(s.discarded, s.coalesced, "%s: and are gone", name);
	}
	guest_spin(m, OP_SPIN_ON, (k + 10) * MS);
	end = block_halt_quiet(m, MS, MS);
	s = stats_get(m, w->timer);
	ok_eq(s.due, ticks_due(end, MS, MS), "%s: due at the end", name);
	ok_in(irq->seen, s.due - (due + later - 1), s.due - (due - 1),
	      "%s: no other lost, none made up", name);
	if (w->pin < 0)
		ok_eq(s.delivered, irq->seen, "%s: delivered = seen", name);
	ok_eq(s.reinjected, 0, "%s: none reinjected", name);
	ok_eq(s.late, 0, "%s: none late", name);
	ok_ahead(m, w, name);
	machine_free(m);
}

/* ---- slew ---- */

static void ok_made_up(struct machine *m, const struct way *w, uint64_t end,
		       uint64_t period, const char *name)
{
	struct kvm_hpet_timer_stats s = stats_get(m, w->timer);

	ok_eq(s.due, ticks_due(end, period, period), "%s: due at the end", name);
	ok_eq(m->g->irq[w->vector].seen, s.due, "%s: seen = due", name);
	ok_eq(s.delivered, s.due, "%s: delivered = due", name);
	ok_eq(s.discarded + s.masked + s.backlog, 0, "%s: nothing else", name);
	ok_eq(s.retries, 0, "%s: no injection had to be repeated", name);
	ok_ahead(m, w, name);
}

static void test_slew(const struct way *w, uint64_t k, bool watched)
{
	struct machine *m = lost_machine(w, MS);
	struct kvm_hpet_timer_stats s;
	struct watcher watcher;
	uint64_t due, end, drained;
	char name[64];

	snprintf(name, sizeof(name), "slew, %s, off for %lu%s", w->name, k,
		 watched ? ", watched" : "");
	policy(m, w, KVM_HPET_TICKS_SLEW);
	block_enable(m, w->config);
	if (watched)
		watch_start(&watcher, m, w->timer);
	due = off_for(m, k, MS);
	drained = guest_drain(m, w->vector);
	end = block_halt_quiet(m, MS, MS);
	if (watched)
		watch_stop(&watcher);
	ok_made_up(m, w, end, MS, name);
	s = stats_get(m, w->timer);
	ok_in(s.coalesced, due - 1, s.due, "%s: coalesced", name);
	/* The second to the last but one found no interval of their own. */
	ok_in(s.reinjected, due - 2, due - 2 + host_missed(&s, due - 1),
	      "%s: reinjected", name);
	ok_in(s.max_backlog, due - 1, due, "%s: largest backlog", name);
	if (watched)
		ok_in(watcher.max_backlog, 0, s.max_backlog,
		      "%s: backlog in %lu statistics", name, watcher.reads);
	/*
	 * While the guest takes none nothing is being made up, and whoever
	 * looks on does not change that.
	 */
	ok_eq(s.max_rate, k > 2, "%s: nothing lost in the catch-up, rate 1", name);
	/* At one more in each interval, and a second for good measure. */
	ok_in(ticks_due(drained, MS, MS) - due, 0, due + 1000,
	      "%s: intervals until it is made up", name);
	ok_eq(s.rate, 0, "%s: no catch-up at the end", name);
	machine_free(m);
}

/*
 * Off for so long that the tick in flight is given up waiting for and injected
 * again: merged with itself, so not one tick more.
 */
static void test_slew_long(const struct way *w)
{
	const uint64_t period = 4 * MS, k = 400;
	struct machine *m = lost_machine(w, period);
	struct kvm_hpet_timer_stats s;
	uint64_t end;
	char name[64];

	snprintf(name, sizeof(name), "slew, %s, off for 1.6 s", w->name);
	policy(m, w, KVM_HPET_TICKS_SLEW);
	block_enable(m, w->config);
	off_for(m, k, period);
	guest_drain(m, w->vector);
	end = block_halt_quiet(m, period, period);
	s = stats_get(m, w->timer);
	ok_eq(s.due, ticks_due(end, period, period), "%s: due", name);
	ok_eq(m->g->irq[w->vector].seen, s.due, "%s: seen = due", name);
	ok_eq(s.delivered, s.due, "%s: delivered = due", name);
	ok_in(s.retries, 1, 2, "%s: injected again, not all the time", name);
	ok_ahead(m, w, name);
	machine_free(m);
}

/* No loss: nothing to make up, whatever the policy. */
static void test_no_loss(const struct way *w)
{
	static const char * const names[] = { "discard", "delay", "merge", "slew" };
	uint32_t p;

	for (p = 0; p < ARRAY_SIZE(names); p++) {
		struct machine *m = lost_machine(w, MS);
		struct kvm_hpet_timer_stats s;
		uint64_t end;
		char name[64];

		snprintf(name, sizeof(name), "%s, %s, no loss", names[p], w->name);
		policy(m, w, p);
		block_enable(m, w->config);
		guest_ticks(m, OP_HALT_TICKS, w->vector, 30);
		guest_spin(m, OP_SPIN_ON, 60 * MS);
		end = block_halt_quiet(m, MS, MS);
		ok_made_up(m, w, end, MS, name);
		s = stats_get(m, w->timer);
		ok_eq(s.reinjected + s.coalesced + s.late, 0,
		      "%s: none lost, none added", name);
		machine_free(m);
	}
}

/* The vCPU does not run at all for a while, as a stopped VMM's. */
static void test_stopped(const struct way *w)
{
	struct machine *m = lost_machine(w, MS);
	uint64_t end;
	int i;

	policy(m, w, KVM_HPET_TICKS_SLEW);
	block_enable(m, w->config);
	for (i = 0; i < 3; i++) {
		guest_do(m, OP_STI, 0, 0, 0);
		sleep_ms(25);
		guest_do(m, OP_STI, 0, 0, 0);
		sleep_ms(3);
	}
	guest_drain(m, w->vector);
	end = block_halt_quiet(m, MS, MS);
	ok_made_up(m, w, end, MS, "slew, vCPU stopped for 25 ms, three times");
	machine_free(m);
}

/*
 * Nor for an hour: what exceeds the backlog limit is counted, the rest made up,
 * and the host's timers mostly sleep.
 */
static void test_stopped_for_an_hour(const struct way *w)
{
	const uint64_t period = 4 * MS, limit = 1250;
	struct machine *m = lost_machine(w, period);
	struct guest_irq *irq = &m->g->irq[w->vector];
	struct kvm_hpet_timer_stats s;
	uint64_t now, end;
	char name[64];

	snprintf(name, sizeof(name), "slew, %s, vCPU stopped for an hour",
		 w->name);
	policy(m, w, KVM_HPET_TICKS_SLEW);
	block_enable(m, w->config);
	guest_spin(m, OP_SPIN_ON, 2 * period + period / 2);
	sleep_ms(HOUR_MS);
	s = stats_get(m, w->timer);
	ok_in(s.due, 900000, ~0ULL, "%s: due", name);
	ok_eq(s.backlog, limit, "%s: backlog at its limit", name);
	ok_in(s.expirations, 1, 400, "%s: expirations", name);
	irq->period = 0;
	now = guest_read(m, REG_COUNTER, 8);
	guest_spin(m, OP_SPIN_ON, now + 6 * 1000 * MS);
	end = block_halt_quiet(m, period, period);
	s = stats_get(m, w->timer);
	ok_eq(s.due, ticks_due(end, period, period), "%s: due at the end", name);
	ok_eq(s.backlog, 0, "%s: no backlog at the end", name);
	ok_eq(s.delivered + s.discarded, s.due, "%s: delivered or counted", name);
	ok_eq(irq->seen, s.delivered, "%s: seen = delivered", name);
	ok_in(s.delivered, limit, limit + 1600, "%s: so much was made up", name);
	machine_free(m);
}

/* ---- the host's clocks ---- */

static uint64_t clock_ns(clockid_t id)
{
	struct timespec t;

	if (clock_gettime(id, &t))
		die("clock_gettime: %s", strerror(errno));
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

static void step_clock(int64_t sec)
{
	struct timespec t;

	if (clock_gettime(CLOCK_REALTIME, &t))
		die("clock_gettime: %s", strerror(errno));
	t.tv_sec += sec;
	if (clock_settime(CLOCK_REALTIME, &t))
		die("clock_settime: %s", strerror(errno));
}

/* Somebody sets the host's clock, an hour on and two back, also in mid catch-up. */
static void test_clock_stepped(const struct way *w)
{
	struct machine *m = lost_machine(w, MS);
	uint64_t before, end;
	char name[64];

	snprintf(name, sizeof(name), "slew, %s, host clock stepped", w->name);
	policy(m, w, KVM_HPET_TICKS_SLEW);
	block_enable(m, w->config);
	guest_spin(m, OP_SPIN_ON, 5 * MS + MS / 2);
	before = guest_read(m, REG_COUNTER, 8);
	step_clock(3600);
	ok_in(guest_read(m, REG_COUNTER, 8) - before, 0, 1000 * MS,
	      "%s: the counter does not jump", name);
	guest_spin(m, OP_SPIN_OFF_STI, m->g->counter + 20 * MS);
	step_clock(-7200);
	guest_spin(m, OP_SPIN_ON, m->g->counter + 5 * MS);
	step_clock(3600);
	guest_drain(m, w->vector);
	end = block_halt_quiet(m, MS, MS);
	ok_made_up(m, w, end, MS, name);
	machine_free(m);
}

static bool sysfs_write(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");
	bool good = f && fputs(text, f) >= 0;

	return f && !fclose(f) && good;
}

/* To the last step before power goes off, and back after some seconds. */
static bool suspend(void)
{
	bool good;

	if (!sysfs_write("/sys/power/pm_test", "core"))
		return false;
	good = sysfs_write("/sys/power/state", "mem");
	sysfs_write("/sys/power/pm_test", "none");
	return good;
}

/*
 * The host sleeps: CLOCK_MONOTONIC stands, and so does the guest's counter. No
 * tick falls due, none is lost.
 */
static void test_suspended(const struct way *w, bool backlog)
{
	struct machine *m = lost_machine(w, MS);
	uint64_t before, end, awake, slept;
	char name[64];

	snprintf(name, sizeof(name), "slew, %s, host suspended%s", w->name,
		 backlog ? " with a backlog" : "");
	policy(m, w, KVM_HPET_TICKS_SLEW);
	block_enable(m, w->config);
	if (backlog)
		guest_spin(m, OP_SPIN_OFF_STI, 30 * MS + MS / 2);
	else
		guest_spin(m, OP_SPIN_ON, 5 * MS + MS / 2);
	before = guest_read(m, REG_COUNTER, 8);
	awake = clock_ns(CLOCK_MONOTONIC);
	slept = clock_ns(CLOCK_BOOTTIME);
	if (!suspend()) {
		skip("%s: this host cannot be suspended", name);
		machine_free(m);
		return;
	}
	awake = clock_ns(CLOCK_MONOTONIC) - awake;
	slept = clock_ns(CLOCK_BOOTTIME) - slept - awake;
	ok_in(slept, 1000000000, ~0ULL, "%s: it slept", name);
	ok_in(guest_read(m, REG_COUNTER, 8) - before, 0, awake / 10 + MS,
	      "%s: the counter stands meanwhile", name);
	guest_drain(m, w->vector);
	guest_spin(m, OP_SPIN_ON, m->g->counter + 20 * MS);
	end = block_halt_quiet(m, MS, MS);
	ok_made_up(m, w, end, MS, name);
	machine_free(m);
}

/* Something of higher priority has the host's CPU. */
static void test_hog(const struct way *w, uint32_t p)
{
	const char *name = p ? "slew, host busy" : "discard, host busy";
	struct sched_param fifo = { .sched_priority = 50 }, other = { 0 };
	struct machine *m = lost_machine(w, MS);
	struct kvm_hpet_timer_stats s;
	struct guest_thread t;
	uint64_t end, until;

	policy(m, w, p);
	block_enable(m, w->config);
	guest_start(&t, m, OP_SPIN_ON, 0, 60 * MS);
	sleep_ms(5);
	if (sched_setscheduler(0, SCHED_FIFO, &fifo))
		die("sched_setscheduler: %s", strerror(errno));
	until = now_ns() + 20000000;
	while (now_ns() < until)
		;
	sched_setscheduler(0, SCHED_OTHER, &other);
	guest_join(&t);
	if (p)
		guest_drain(m, w->vector);
	end = block_halt_quiet(m, MS, MS);
	if (p) {
		ok_made_up(m, w, end, MS, name);
	} else {
		s = stats_get(m, w->timer);
		ok_eq(s.due, ticks_due(end, MS, MS), "%s: due", name);
		ok_eq(m->g->irq[w->vector].seen, s.delivered,
		      "%s: delivered = seen", name);
		ok_ahead(m, w, name);
	}
	machine_free(m);
}

/* ---- limits ---- */

/*
 * With a rate of at most r a window of one period has at most r + 1 ticks if
 * they are evenly spread, and never more than r + 2 however late one of them is
 * seen. The backlog grows in the catch-up, so that the rate rises to r.
 */
static void test_max_rate(const struct way *w, uint32_t r)
{
	const uint64_t period = 4 * MS;
	struct machine *m = lost_machine(w, period);
	volatile struct guest *g = m->g;
	struct kvm_hpet_timer_stats s;
	uint64_t now, end, i, bad = 0, n;
	struct watcher watcher;
	char name[64];

	snprintf(name, sizeof(name), "slew, %s, max_rate %u", w->name, r);
	policy_set(m, 1U << w->timer, KVM_HPET_TICKS_SLEW, r, 2, 5000000000ULL);
	block_enable(m, w->config);
	watch_start(&watcher, m, w->timer);
	off_for(m, 20, period);
	for (i = 0; i < 3; i++) {
		now = guest_spin(m, OP_SPIN_ON, m->g->counter + 3 * period);
		guest_spin(m, OP_SPIN_OFF_STI, now + 20 * period);
	}
	guest_drain(m, w->vector);
	end = block_halt_quiet(m, period, period);
	watch_stop(&watcher);
	ok_made_up(m, w, end, period, name);
	s = stats_get(m, w->timer);
	ok_eq(s.max_rate, r, "%s: reached, not exceeded", name);
	ok_in(watcher.max_rate, 0, r, "%s: in each of %lu statistics", name,
	      watcher.reads);
	n = g->log_len;
	for (i = 0; i + r + 2 < n; i++)
		bad += g->log[i + r + 2] - g->log[i] < period;
	ok_eq(bad, 0, "%s: no period with more than %u ticks", name, r + 2);
	machine_free(m);
}

/* A catch-up begins with one more tick an interval, evenly placed. */
static void test_first_rate(const struct way *w)
{
	const uint64_t period = 4 * MS, k = 10;
	struct machine *m = lost_machine(w, period);
	volatile struct guest *g = m->g;
	struct kvm_hpet_timer_stats s;
	uint64_t due, end, i, bad = 0, close = 0;

	policy(m, w, KVM_HPET_TICKS_SLEW);
	block_enable(m, w->config);
	due = off_for(m, k, period);
	guest_drain(m, w->vector);
	end = block_halt_quiet(m, period, period);
	ok_made_up(m, w, end, period, "slew, first rate");
	s = stats_get(m, w->timer);
	ok_eq(s.max_rate, 1, "slew, no loss meanwhile: the rate stays at 1");
	/* log[0] is the one that waited since the first period. */
	for (i = 1; i + 3 < g->log_len; i++) {
		bad += g->log[i + 3] - g->log[i] < period;
		close += g->log[i + 1] - g->log[i] < period / 4;
	}
	ok_eq(bad, 0, "slew, rate 1: never four ticks in a period");
	ok_eq(close, 0, "slew, rate 1: never two ticks in a quarter of one");
	ok_in(due, k, k, "slew, first rate: off for as long as meant");
	machine_free(m);
}

static void test_backlog_limit(const struct way *w, uint64_t limit)
{
	const uint64_t k = 20;
	struct machine *m = lost_machine(w, MS);
	struct guest_irq *irq = &m->g->irq[w->vector];
	struct kvm_hpet_timer_stats s;
	struct watcher watcher;
	uint64_t due, end, lost;
	char name[64];

	snprintf(name, sizeof(name), "slew, %s, backlog limit %lu", w->name,
		 limit);
	policy_set(m, 1U << w->timer, KVM_HPET_TICKS_SLEW, 10, 1,
		   limit * 1000000);
	block_enable(m, w->config);
	watch_start(&watcher, m, w->timer);
	due = off_for(m, k, MS);
	guest_spin(m, OP_SPIN_ON, (k + limit + 10) * MS);
	end = block_halt_quiet(m, MS, MS);
	watch_stop(&watcher);
	/* One tick may always be owed. */
	limit = limit ? limit : 1;
	lost = due - 1 > limit ? due - 1 - limit : 0;
	s = stats_get(m, w->timer);
	ok_in(s.max_backlog, 0, limit, "%s: never exceeded", name);
	ok_in(watcher.max_backlog, 0, limit, "%s: in each of %lu statistics",
	      name, watcher.reads);
	ok_eq(s.due, ticks_due(end, MS, MS), "%s: due", name);
	ok_in(s.discarded, lost, lost + host_missed(&s, due - 1),
	      "%s: what exceeds it is discarded", name);
	ok_eq(s.delivered, s.due - s.discarded, "%s: the rest delivered", name);
	ok_eq(irq->seen, s.delivered, "%s: seen = delivered", name);
	ok_ahead(m, w, name);
	machine_free(m);
}

/* ---- delay and merge ---- */

static void test_delay(const struct way *w, uint64_t k)
{
	struct machine *m = lost_machine(w, MS);
	struct guest_irq *irq = &m->g->irq[w->vector];
	struct kvm_hpet_timer_stats s;
	uint64_t due, end, seen;
	char name[64];

	snprintf(name, sizeof(name), "delay, %s, off for %lu", w->name, k);
	policy(m, w, KVM_HPET_TICKS_DELAY);
	block_enable(m, w->config);
	due = off_for(m, k, MS);
	/* Ticks fall due at 0 of a period and go out at half of it: look between. */
	guest_spin(m, OP_SPIN_ON, (k + 5) * MS + 3 * MS / 4);
	seen = irq->seen;
	guest_spin(m, OP_SPIN_ON, (k + 25) * MS + 3 * MS / 4);
	ok_eq(irq->seen - seen, 20, "%s: the normal rate", name);
	s = stats_get(m, w->timer);
	ok_in(s.backlog, due - 2, due - 1, "%s: lags for good", name);
	ok_eq(s.discarded, 0, "%s: none is given up", name);
	ok_eq(s.delivered, irq->seen, "%s: delivered = seen", name);
	end = block_halt_quiet(m, MS, MS);
	s = stats_get(m, w->timer);
	ok_eq(s.due, ticks_due(end, MS, MS), "%s: due", name);
	ok_eq(s.delivered, irq->seen, "%s: delivered = seen at the end", name);
	ok_ahead(m, w, name);
	machine_free(m);
}

static void test_merge(const struct way *w, uint64_t k)
{
	struct machine *m = lost_machine(w, MS);
	struct guest_irq *irq = &m->g->irq[w->vector];
	struct kvm_hpet_timer_stats s;
	uint64_t due, end;
	char name[64];

	snprintf(name, sizeof(name), "merge, %s, off for %lu", w->name, k);
	policy(m, w, KVM_HPET_TICKS_MERGE);
	block_enable(m, w->config);
	due = off_for(m, k, MS);
	guest_spin(m, OP_SPIN_ON, (k + 10) * MS);
	end = block_halt_quiet(m, MS, MS);
	s = stats_get(m, w->timer);
	ok_eq(s.due, ticks_due(end, MS, MS), "%s: due", name);
	/* The one in flight, and one for all that came after it. */
	ok_eq(s.discarded, due - 2, "%s: all missed ones but one are gone", name);
	ok_eq(irq->seen, s.due - s.discarded, "%s: seen", name);
	ok_eq(s.delivered, irq->seen, "%s: delivered = seen", name);
	ok_eq(s.backlog, 0, "%s: no backlog", name);
	ok_ahead(m, w, name);
	machine_free(m);
}

/* ---- masked ---- */

static void mask(struct machine *m, const struct way *w, bool on)
{
	if (w->pin >= 0)
		guest_pin_set(m, w->pin, w->pin_flags | (on ? PIN_MASKED : 0));
	else if (w->vector < VECTOR_PIC(8))
		guest_outb(m, 0x21, on ? 0xff : ~(1 << (w->vector - VECTOR_PIC(0))));
	else
		guest_outb(m, 0xa1, on ? 0xff : ~(1 << (w->vector - VECTOR_PIC(8))));
}

static void test_masked(const struct way *w, uint32_t p)
{
	struct machine *m = lost_machine(w, MS);
	struct guest_irq *irq = &m->g->irq[w->vector];
	struct kvm_hpet_timer_stats s;
	uint64_t end, masked;
	char name[64];

	snprintf(name, sizeof(name), "%s, %s, masked for 10",
		 p ? "slew" : "discard", w->name);
	policy(m, w, p);
	block_enable(m, w->config);
	guest_spin(m, OP_SPIN_ON, 5 * MS + MS / 2);
	ok_eq(irq->seen, 5, "%s: 5 before", name);
	mask(m, w, true);
	guest_spin(m, OP_SPIN_ON, 15 * MS + MS / 2);
	ok_eq(irq->seen, 5, "%s: none meanwhile", name);
	s = stats_get(m, w->timer);
	ok_due(m, &s, 15, name);
	ok_eq(s.masked + s.delivered, s.due, "%s: masked, not lost", name);
	mask(m, w, false);
	/* A busy host may let one more fall due before the mask is off. */
	s = stats_get(m, w->timer);
	masked = s.masked;
	ok_in(masked, 10, s.due - 5, "%s: masked until then", name);
	guest_spin(m, OP_SPIN_ON, 25 * MS + MS / 2);
	end = block_halt_quiet(m, MS, MS);
	s = stats_get(m, w->timer);
	ok_eq(s.due, ticks_due(end, MS, MS), "%s: due", name);
	/*
	 * Whether an edge waits behind the mask is the controller's affair: the
	 * PIC latches one, so that one of the masked is seen after all.
	 */
	ok_in(irq->seen, s.due - masked, s.due - masked + 1,
	      "%s: none invented", name);
	ok_in(s.masked, s.due - irq->seen, masked,
	      "%s: masked in the statistics", name);
	ok_eq(s.delivered, s.due - s.masked, "%s: the others delivered", name);
	ok_eq(s.discarded + s.backlog + s.reinjected, 0,
	      "%s: nothing to make up", name);
	ok_ahead(m, w, name);
	machine_free(m);
}

/* ---- changes in mid catch-up ---- */

/* With a backlog of about 47, standing: nothing moves while the block is paused. */
static struct machine *catching_up(const struct way *w)
{
	struct machine *m = lost_machine(w, MS);

	policy(m, w, KVM_HPET_TICKS_SLEW);
	block_enable(m, w->config);
	off_for(m, 50, MS);
	guest_spin(m, OP_SPIN_ON, 53 * MS + MS / 2);
	if (hpet_ioctl(m->hpet, KVM_HPET_PAUSE, NULL))
		die("KVM_HPET_PAUSE");
	guest_do(m, OP_STI, 0, 0, 0);
	return m;
}

static void resume(struct machine *m)
{
	if (hpet_ioctl(m->hpet, KVM_HPET_RESUME, NULL))
		die("KVM_HPET_RESUME");
}

static void test_policy_change(const struct way *w, uint32_t p)
{
	static const char * const names[] = {
		"slew to discard", "slew to delay", "slew to merge",
	};
	const char *name = names[p];
	struct machine *m = catching_up(w);
	struct guest_irq *irq = &m->g->irq[w->vector];
	struct kvm_hpet_timer_stats a, b;
	uint64_t end;

	a = stats_get(m, w->timer);
	ok_in(a.backlog, 40, 49, "%s: a backlog", name);
	policy(m, w, p);
	b = stats_get(m, w->timer);
	ok_eq(b.due, a.due, "%s: due stays", name);
	ok_eq(b.delivered, a.delivered, "%s: delivered stays", name);
	switch (p) {
	case KVM_HPET_TICKS_DISCARD:
		ok_in(b.backlog, 0, 1, "%s: only the tick on its way", name);
		ok_eq(b.discarded - a.discarded, a.backlog - b.backlog,
		      "%s: the backlog is discarded, at once", name);
		break;
	case KVM_HPET_TICKS_DELAY:
		ok_eq(b.backlog, a.backlog, "%s: the backlog stays", name);
		break;
	case KVM_HPET_TICKS_MERGE:
		ok_in(b.backlog, 0, 1, "%s: at most one is left", name);
		break;
	}
	resume(m);
	guest_spin(m, OP_SPIN_ON, 75 * MS);
	end = block_halt_quiet(m, MS, MS);
	b = stats_get(m, w->timer);
	ok_eq(b.due, ticks_due(end, MS, MS), "%s: due at the end", name);
	ok_eq(irq->seen, b.delivered, "%s: delivered = seen", name);
	ok_ahead(m, w, name);
	machine_free(m);
}

static void test_limit_change(const struct way *w)
{
	struct machine *m = catching_up(w);
	struct kvm_hpet_timer_stats a, b;

	a = stats_get(m, w->timer);
	policy_set(m, 1U << w->timer, KVM_HPET_TICKS_SLEW, 10, 1, 7000000);
	b = stats_get(m, w->timer);
	ok_eq(b.backlog, 7, "a smaller backlog limit holds at once");
	ok_eq(b.discarded - a.discarded, a.backlog - 7,
	      "a smaller backlog limit: the rest is discarded");
	policy_set(m, 1U << w->timer, KVM_HPET_TICKS_SLEW, 1, 0, 5000000000ULL);
	resume(m);
	guest_spin(m, OP_SPIN_ON, 75 * MS);
	block_halt_quiet(m, MS, MS);
	b = stats_get(m, w->timer);
	ok_eq(m->g->irq[w->vector].seen, b.delivered,
	      "a smaller backlog limit: delivered = seen");
	ok_eq(b.delivered, b.due - b.discarded,
	      "a smaller backlog limit: what it left was made up");
	machine_free(m);
}

/* Lost is lost: slew does not bring back what discard gave up. */
static void test_discard_to_slew(const struct way *w)
{
	struct machine *m = lost_machine(w, MS);
	struct kvm_hpet_timer_stats s;
	uint64_t due;

	block_enable(m, w->config);
	due = off_for(m, 10, MS);
	policy(m, w, KVM_HPET_TICKS_SLEW);
	s = stats_get(m, w->timer);
	ok_eq(s.backlog, 0, "discard to slew: no backlog");
	guest_spin(m, OP_SPIN_ON, 30 * MS);
	block_halt_quiet(m, MS, MS);
	s = stats_get(m, w->timer);
	ok_eq(m->g->irq[w->vector].seen, s.due - (due - 1),
	      "discard to slew: what was lost stays lost");
	ok_eq(s.reinjected, 0, "discard to slew: none reinjected");
	machine_free(m);
}

/* Another period in mid catch-up, as Windows does: owed time does not grow. */
static void test_period_change(const struct way *w, uint64_t period)
{
	struct machine *m = catching_up(w);
	struct guest_irq *irq = &m->g->irq[w->vector];
	struct kvm_hpet_timer_stats a, b;
	uint64_t now, due, seen;
	char name[64];

	snprintf(name, sizeof(name), "slew, period from 1 ms to %lu us",
		 period / 100);
	irq->period = 0;
	a = stats_get(m, w->timer);
	now = guest_read(m, REG_COUNTER, 8);
	guest_write(m, REG_TIMER(w->timer), 4, w->bits | TIMER_INT |
		    TIMER_PERIODIC | TIMER_VAL_SET);
	guest_write(m, REG_COMPARATOR(w->timer), 8, now + period);
	guest_write(m, REG_COMPARATOR(w->timer), 8, period);
	b = stats_get(m, w->timer);
	seen = irq->seen;
	ok_in(b.backlog * period, 0, a.backlog * MS, "%s: owed time", name);
	ok_eq(b.delivered, a.delivered, "%s: delivered stays", name);
	resume(m);
	/* Twice what a catch-up at the rate of 1 would need. */
	guest_spin(m, OP_SPIN_ON, now + (2 * b.backlog + 20) * period);
	due = block_halt_quiet(m, now + period, period);
	due = ticks_due(due, now + period, period);
	b = stats_get(m, w->timer);
	ok_in(irq->seen - seen, due, due + a.backlog * MS / period,
	      "%s: ticks seen since", name);
	ok_eq(irq->seen, b.delivered, "%s: delivered = seen", name);
	ok_eq(b.backlog, 0, "%s: no backlog at the end", name);
	machine_free(m);
}

/* To one-shot in mid catch-up: one expiry, and nothing of the old ticks. */
static void test_to_oneshot(const struct way *w)
{
	struct machine *m = catching_up(w);
	struct guest_irq *irq = &m->g->irq[w->vector];
	struct kvm_hpet_timer_stats s;
	uint64_t now, seen = irq->seen;

	irq->period = 0;
	now = guest_read(m, REG_COUNTER, 8);
	guest_write(m, REG_TIMER(w->timer), 4, w->bits | TIMER_INT);
	guest_write(m, REG_COMPARATOR(w->timer), 8, now + 2 * MS);
	s = stats_get(m, w->timer);
	ok_eq(s.backlog, 0, "slew to one-shot: no backlog");
	resume(m);
	guest_spin(m, OP_SPIN_ON, now + 10 * MS);
	ok_eq(irq->seen, seen + 1, "slew to one-shot: one interrupt");
	s = stats_get(m, w->timer);
	ok_eq(irq->seen, s.delivered, "slew to one-shot: delivered = seen");
	machine_free(m);
}

/* ---- no acknowledgement ---- */

static void test_never_acknowledged(void)
{
	const struct way *w = &ways[5];
	struct machine *m = lost_machine(w, MS);
	struct guest_irq *irq = &m->g->irq[w->vector];
	struct kvm_hpet_timer_stats s;
	uint64_t seen;
	int i;

	irq->eoi = EOI_NONE;
	policy(m, w, KVM_HPET_TICKS_SLEW);
	block_enable(m, w->config);
	/* How long it waits is not said, but not for a minute. */
	for (i = 0; i < 60; i++) {
		guest_spin(m, OP_SPIN_ON, m->g->counter + 1000 * MS);
		s = stats_get(m, w->timer);
		if (s.retries)
			break;
	}
	ok(s.retries > 0, "never acknowledged: tried again within %d s", i + 1);
	ok_eq(irq->seen, 1, "never acknowledged: the guest has seen one");
	irq->eoi = EOI_APIC;
	guest_do(m, OP_WRITE, APIC_DEFAULT_GPA + APIC_EOI, 4, 0);
	seen = irq->seen;
	guest_spin(m, OP_SPIN_ON, m->g->counter + 30 * MS);
	ok_in(irq->seen - seen, 29, ~0ULL, "acknowledged at last: goes on");
	ok_ahead(m, w, "never acknowledged");
	machine_free(m);
}

/*
 * With a tick in flight the guest starts anew: its interrupt controllers forget
 * it, no acknowledgement will ever come, and the timer is programmed again.
 */
static void test_forgotten(const struct way *w)
{
	struct machine *m = lost_machine(w, MS);
	struct guest_irq *irq = &m->g->irq[w->vector];
	struct kvm_hpet_timer_stats s, before;
	uint64_t end;

	policy(m, w, KVM_HPET_TICKS_SLEW);
	block_enable(m, w->config);
	guest_spin(m, OP_SPIN_OFF, 10 * MS + MS / 2);
	block_halt(m);
	guest_pic_init(m, 1 << (w->vector - VECTOR_PIC(0)));
	irq->seen = 0;
	before = stats_get(m, w->timer);
	timer_program(m, w->timer, w->bits, MS, MS);
	irq->period = 0;
	block_enable(m, w->config);
	guest_spin(m, OP_SPIN_ON, 50 * MS);
	end = block_halt_quiet(m, MS, MS);
	s = stats_get(m, w->timer);
	ok_eq(s.due - before.due, ticks_due(end, MS, MS),
	      "programmed anew: due since then");
	ok_eq(irq->seen, s.delivered - before.delivered,
	      "programmed anew: seen = delivered since then");
	ok_in(irq->seen, ticks_due(end, MS, MS),
	      ticks_due(end, MS, MS) + before.backlog,
	      "programmed anew: every tick, and at most what was owed");
	ok_eq(s.retries, 0, "programmed anew: without a retry");
	machine_free(m);
}

/* ---- two timers, two policies ---- */

static void test_two_timers(void)
{
	struct machine *m = lost_machine(&ways[0], MS);
	struct kvm_hpet_timer_stats s0, s1;
	uint64_t due0, due1, end;
	const int v0 = VECTOR_PIC(0), v1 = VECTOR_PIC(8);

	guest_pic_init(m, 1 << 0 | 1 << 8);
	timer_program(m, 1, 0, 3 * MS, 3 * MS);
	policy_set(m, 1 << 0, KVM_HPET_TICKS_SLEW, 10, 1, 5000000000ULL);
	block_enable(m, CONFIG_LEGACY);
	due0 = off_for(m, 30, MS);
	due1 = ticks_due(m->g->counter, 3 * MS, 3 * MS);
	guest_drain(m, v0);
	end = block_halt_quiet(m, MS, MS);
	s0 = stats_get(m, 0);
	s1 = stats_get(m, 1);
	ok_eq(s0.due, ticks_due(end, MS, MS), "two timers: slew: due");
	ok_eq(m->g->irq[v0].seen, s0.due, "two timers: slew: seen = due");
	ok_eq(s1.due, ticks_due(end, 3 * MS, 3 * MS), "two timers: discard: due");
	ok_eq(m->g->irq[v1].seen, s1.due - (due1 - 1),
	      "two timers: discard: what was lost stays lost");
	ok_eq(s1.discarded, due1 - 1, "two timers: discard: and is counted");
	ok(due0 > due1, "two timers: at different rates");
	machine_free(m);
}

int main(void)
{
	static const uint64_t ks[] = { 2, 3, 10, 50 };
	size_t i, j;

	plan_test("lost ticks: exact counts, limits, and nothing uncounted");
	for (i = 0; i < ARRAY_SIZE(ways); i++)
		for (j = 0; j < ARRAY_SIZE(ks); j++)
			if (!ways[i].status)
				test_discard(&ways[i], ks[j]);
	test_hog(&ways[0], KVM_HPET_TICKS_DISCARD);
	if (!policy_supported()) {
		skip("this build has no lost-tick policy");
		done();
	}
	for (i = 0; i < ARRAY_SIZE(ways); i++)
		for (j = 0; j < ARRAY_SIZE(ks); j++)
			test_slew(&ways[i], ks[j], j & 1);
	for (i = 0; i < ARRAY_SIZE(ways); i += 3)
		test_slew(&ways[i], 50, false);
	test_slew_long(&ways[0]);
	test_slew_long(&ways[5]);
	for (i = 0; i < ARRAY_SIZE(ways); i++)
		test_no_loss(&ways[i]);
	test_stopped(&ways[0]);
	test_stopped(&ways[3]);
	test_stopped_for_an_hour(&ways[0]);
	test_clock_stepped(&ways[0]);
	test_clock_stepped(&ways[5]);
	test_suspended(&ways[0], false);
	test_suspended(&ways[5], true);
	test_hog(&ways[0], KVM_HPET_TICKS_SLEW);
	test_hog(&ways[5], KVM_HPET_TICKS_SLEW);

	test_max_rate(&ways[0], 1);
	test_max_rate(&ways[3], 2);
	test_max_rate(&ways[5], 4);
	test_first_rate(&ways[0]);
	test_first_rate(&ways[5]);
	test_backlog_limit(&ways[0], 5);
	test_backlog_limit(&ways[3], 5);
	test_backlog_limit(&ways[5], 1);
	test_backlog_limit(&ways[5], 0);

	test_delay(&ways[0], 10);
	test_delay(&ways[5], 10);
	test_merge(&ways[0], 10);
	test_merge(&ways[5], 10);
	for (i = 0; i < ARRAY_SIZE(ways); i++) {
		if (ways[i].status)
			continue;
		test_masked(&ways[i], KVM_HPET_TICKS_DISCARD);
		test_masked(&ways[i], KVM_HPET_TICKS_SLEW);
	}

	test_policy_change(&ways[0], KVM_HPET_TICKS_DISCARD);
	test_policy_change(&ways[5], KVM_HPET_TICKS_DISCARD);
	test_policy_change(&ways[5], KVM_HPET_TICKS_DELAY);
	test_policy_change(&ways[5], KVM_HPET_TICKS_MERGE);
	test_limit_change(&ways[5]);
	test_discard_to_slew(&ways[0]);
	test_period_change(&ways[0], 4 * MS);
	test_period_change(&ways[5], 16 * MS);
	test_period_change(&ways[5], MS / 2);
	test_to_oneshot(&ways[5]);
	test_never_acknowledged();
	test_forgotten(&ways[0]);
	test_two_timers();
	done();
}
