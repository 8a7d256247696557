// SPDX-License-Identifier: GPL-2.0
/*
 * What is to be seen is what happened: ticks are made late, coalesced, masked,
 * given up and made up for; the tracepoints add up to the statistics, the
 * histograms can be told from the events, and debugfs shows what the ioctl does.
 *
 * All is compared while the counter stands, so nothing depends on when one looks.
 */
#include <dirent.h>
#include <sched.h>

#include "hpet_test.h"

#define DEBUGFS		"/sys/kernel/debug/kvm_hpet"

/* ---- tracefs ---- */

/* Events are ordered by a counter, whatever CPU they come from. */
static void trace_init(void)
{
	trace_instance("observe_test");
	trace_write("buffer_size_kb", "2048");
	trace_write("trace_clock", "counter");
}

static void trace_on(void)
{
	trace_write("trace", "");
	trace_write("events/kvm_hpet/enable", "1");
}

static void trace_off(void)
{
	trace_write("events/kvm_hpet/enable", "0");
}

/* ---- what the events of one timer tell ---- */

enum {
	DUE, DELIVERED, MASKED, DISCARDED, COALESCED, LATE, REINJECTED, RETRIED,
	COUNTS
};

static const char * const count_names[COUNTS] = {
	"due", "delivered", "masked", "discarded", "coalesced", "late",
	"reinjected", "retried",
};

struct told {
	int64_t sum[COUNTS];
	uint64_t total[COUNTS];
	uint64_t backlog;
	uint64_t odd;		/* what contradicts itself */
	uint32_t rate;
	uint32_t max_rate;
	uint64_t arms;
	uint64_t expirations;
	uint64_t lateness[KVM_HPET_LATENESS_BUCKETS];
	uint64_t injected;	/* result above 0 */
	uint64_t refused;	/* result 0 or below */
	uint64_t messages;
	uint64_t present;	/* delivered in the present interval */
	uint64_t burst[KVM_HPET_BURST_BUCKETS];
};

static unsigned int bucket(uint64_t value, unsigned int last)
{
	unsigned int i = 0;

	while (i < last && value >= 1ULL << i)
		i++;
	return i;
}

static void told_count(struct told *t, int which, const char *text)
{
	long long ticks;
	unsigned long long total, backlog;

	if (sscanf(text, "ticks %lld total %llu backlog %llu", &ticks, &total,
		   &backlog) != 3) {
		t->odd++;
		return;
	}
	t->odd += !ticks || t->total[which] + ticks != total;
	t->sum[which] += ticks;
	t->total[which] = total;
	t->backlog = backlog;
	if (which == DELIVERED)
		t->present += ticks;
	if (which == DUE && t->present) {
		t->burst[bucket(t->present - 1, KVM_HPET_BURST_BUCKETS - 1)]++;
		t->present = 0;
	}
}

static void told_rate(struct told *t, const char *text)
{
	unsigned int from, to;

	if (sscanf(text, "from %u to %u", &from, &to) != 2 || from != t->rate ||
	    from == to)
		t->odd++;
	t->rate = to;
	t->max_rate = max(t->max_rate, to);
}

static void told_inject(struct told *t, const char *text)
{
	int gsi, result;

	if (sscanf(text, "gsi %d result %d", &gsi, &result) != 2)
		t->odd++;
	t->messages += gsi == -1;
	t->injected += result > 0;
	t->refused += result <= 0;
}

static void told_expire(struct told *t, const char *text)
{
	unsigned long long late = 0;

	t->odd += sscanf(text, "late %llu", &late) != 1;
	t->expirations++;
	t->lateness[bucket(late / 1000, KVM_HPET_LATENESS_BUCKETS - 1)]++;
}

static void told_event(struct told *t, const char *event, const char *text)
{
	int i;

	for (i = 0; i < COUNTS; i++) {
		if (!strcmp(event, count_names[i])) {
			told_count(t, i, text);
			return;
		}
	}
	if (!strcmp(event, "rate"))
		told_rate(t, text);
	else if (!strcmp(event, "inject"))
		told_inject(t, text);
	else if (!strcmp(event, "expire"))
		told_expire(t, text);
	else if (!strcmp(event, "arm"))
		t->arms += !!strcmp(text, "deadline 0\n");
	else
		t->odd++;
}

static void trace_read(struct told *t, uint64_t block, unsigned int timer)
{
	FILE *f = trace_open("trace", "r");
	char line[512], event[32], *text;

	while (fgets(line, sizeof(line), f)) {
		unsigned long long b;
		unsigned int n;
		int len = 0;

		text = strstr(line, ": kvm_hpet_");
		if (!text || sscanf(text, ": kvm_hpet_%31[a-z]: block %llu timer %u %n",
				    event, &b, &n, &len) < 3)
			continue;
		if (b == block && n == timer)
			told_event(t, event, text + len);
	}
	fclose(f);
}

static uint64_t block_id(void)
{
	struct kvm_hpet_block_info info = { .size = sizeof(info) };
	int dev = hpet_device();

	if (hpet_ioctl(dev, KVM_HPET_NEXT_BLOCK, &info))
		die("no block");
	close(dev);
	return info.id;
}

static void ok_count(const struct told *t, int which, uint64_t want,
		     const char *name)
{
	ok_eq(t->sum[which], want, "%s: the events of %s add up", name,
	      count_names[which]);
}

/* @before: statistics when tracing began. */
static void ok_told(struct machine *m, int timer, const struct told *t,
		    const struct kvm_hpet_timer_stats *before, const char *name)
{
	struct kvm_hpet_timer_stats s = stats_get(m, timer);
	int i, bad = 0;

	ok_count(t, DUE, s.due - before->due, name);
	ok_count(t, DELIVERED, s.delivered - before->delivered, name);
	ok_count(t, MASKED, s.masked - before->masked, name);
	ok_count(t, DISCARDED, s.discarded - before->discarded, name);
	ok_count(t, COALESCED, s.coalesced - before->coalesced, name);
	ok_count(t, LATE, s.late - before->late, name);
	ok_count(t, REINJECTED, s.reinjected - before->reinjected, name);
	ok_count(t, RETRIED, s.retries - before->retries, name);
	ok_eq(t->backlog, s.backlog, "%s: backlog of the last event", name);
	ok_eq(t->rate, s.rate, "%s: rate of the last event", name);
	ok_in(t->max_rate, before->max_rate ? 0 : s.max_rate, s.max_rate,
	      "%s: highest rate of the events", name);
	ok_eq(t->expirations, s.expirations - before->expirations,
	      "%s: an event for each expiration", name);
	ok_in(t->arms, t->expirations, ~0ULL, "%s: armed before", name);
	for (i = 0; i < KVM_HPET_LATENESS_BUCKETS; i++)
		bad += t->lateness[i] != s.lateness[i] - before->lateness[i];
	ok_eq(bad, 0, "%s: lateness by the events", name);
	for (bad = i = 0; i < KVM_HPET_BURST_BUCKETS; i++)
		bad += t->burst[i] != s.burst[i] - before->burst[i];
	ok_eq(bad, 0, "%s: bursts by the events", name);
	ok_eq(t->odd, 0, "%s: no event contradicts another", name);
}

/* ---- debugfs ---- */

static FILE *debugfs_open(const char *file)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), DEBUGFS "/%lu/%s", block_id(), file);
	f = fopen(path, "r");
	if (!f)
		die("%s: %s", path, strerror(errno));
	return f;
}

/* The figures that debugfs has: as many as it should, each as the ioctl's. */
struct figure {
	const char *name;
	uint64_t value;
};

static bool figure_is(const struct figure *figures, size_t n, const char *name,
		      uint64_t value)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (!strcmp(figures[i].name, name))
			return figures[i].value == value;
	return false;
}

static bool timer_figure_is(const struct kvm_hpet_timer_stats *s,
			    const char *name, uint64_t value)
{
	const struct figure figures[] = {
		{ "due", s->due }, { "delivered", s->delivered },
		{ "masked", s->masked }, { "discarded", s->discarded },
		{ "backlog", s->backlog }, { "coalesced", s->coalesced },
		{ "late", s->late }, { "reinjected", s->reinjected },
		{ "retries", s->retries }, { "max_backlog", s->max_backlog },
		{ "rate", s->rate }, { "max_rate", s->max_rate },
		{ "period_ns", s->period_ns },
		{ "expirations", s->expirations },
	};

	return figure_is(figures, ARRAY_SIZE(figures), name, value);
}

static bool block_figure_is(const struct kvm_hpet_stats *s, const char *name,
			    uint64_t value)
{
	const struct figure figures[] = {
		{ "mmio_reads", s->mmio_reads },
		{ "mmio_writes", s->mmio_writes },
		{ "mmio_exits", s->mmio_exits }, { "resets", s->resets },
		{ "apicv_inhibited_ns", s->apicv_inhibited_ns },
		{ "limited", s->limited },
	};

	return figure_is(figures, ARRAY_SIZE(figures), name, value);
}

#define BLOCK_FIGURES	6
#define TIMER_FIGURES	14

static void ok_debugfs_stats(const struct kvm_hpet_stats *s, const char *name)
{
	FILE *f = debugfs_open("stats");
	unsigned int lines = 0, bad = 0;
	char line[128], word[32];

	while (fgets(line, sizeof(line), f)) {
		unsigned long long value;
		unsigned int n;
		bool same = false;

		if (sscanf(line, "timer %u %31s %llu", &n, word, &value) == 3)
			same = n < s->num_timers &&
			       timer_figure_is(&s->timer[n], word, value);
		else if (sscanf(line, "%31s %llu", word, &value) == 2)
			same = block_figure_is(s, word, value);
		if (!same && !bad++)
			note("not as the ioctl: %s", line);
		lines++;
	}
	fclose(f);
	ok_eq(lines, BLOCK_FIGURES + TIMER_FIGURES * s->num_timers,
	      "%s: debugfs has all figures", name);
	ok_eq(bad, 0, "%s: debugfs has the figures of the ioctl", name);
}

static uint64_t histogram(const struct kvm_hpet_timer_stats *s, bool burst,
			  unsigned int i)
{
	return burst ? s->burst[i] : s->lateness[i];
}

static void ok_debugfs_histogram(const struct kvm_hpet_stats *s, bool burst,
				 const char *name)
{
	const char *file = burst ? "burst" : "lateness";
	unsigned int buckets = burst ? KVM_HPET_BURST_BUCKETS :
				       KVM_HPET_LATENESS_BUCKETS;
	unsigned int i = 0, n, bad = 0;
	FILE *f = debugfs_open(file);
	char line[512], *word;

	bad += !fgets(line, sizeof(line), f);
	for (; fgets(line, sizeof(line), f); i++) {
		char bound[32];

		if (i < buckets - 1)
			snprintf(bound, sizeof(bound), "<%u", 1U << i);
		else
			snprintf(bound, sizeof(bound), ">=%u", 1U << (i - 1));
		word = strtok(line, " \n");
		bad += !word || strcmp(word, bound);
		for (n = 0; n < s->num_timers; n++) {
			word = strtok(NULL, " \n");
			bad += !word || i >= buckets ||
			       strtoull(word, NULL, 10) !=
			       histogram(&s->timer[n], burst, i);
		}
	}
	fclose(f);
	ok_eq(i, buckets, "%s: debugfs has the histogram of %s", name, file);
	ok_eq(bad, 0, "%s: and its figures are those of the ioctl", name);
}

static void ok_debugfs(struct machine *m, const char *name)
{
	struct kvm_hpet_stats s;

	stats_get_fd(m->hpet, &s);
	ok_debugfs_stats(&s, name);
	ok_debugfs_histogram(&s, false, name);
	ok_debugfs_histogram(&s, true, name);
}

/* ---- ways of losing ticks ---- */

static const struct way pic = {
	"PIC", 0, 0, CONFIG_LEGACY, VECTOR_PIC(0), -1, 0, 0,
};
static const struct way edge = {
	"I/O APIC, edge", 0, TIMER_ROUTE(16), 0, VECTOR_PIN(16), 16, 0, 0,
};
static const struct way level = {
	"I/O APIC, level", 1, TIMER_ROUTE(17) | TIMER_LEVEL, 0, VECTOR_PIN(17),
	17, PIN_LEVEL, 1 << 1,
};

static const struct kvm_hpet_timer_stats nothing;

/* Traced from the beginning; not enabled yet. */
static struct machine *traced_machine(const struct way *w, uint32_t policy,
				      uint64_t max_backlog_ns)
{
	struct guest_irq *irq;
	struct machine *m;

	trace_on();
	m = machine_with_block();
	irq = &m->g->irq[w->vector];
	if (w->pin < 0) {
		guest_pic_init(m, 1 << (w->vector - VECTOR_PIC(0)));
	} else {
		guest_apic_init(m);
		guest_pin_set(m, w->pin, w->pin_flags);
	}
	irq->status = w->status;
	irq->first = irq->period = MS;
	policy_set(m, 1U << w->timer, policy, 10, 1, max_backlog_ns);
	timer_program(m, w->timer, w->bits, MS, MS);
	return m;
}

/* The counter stands. Gives what the events told. */
static struct told finish(struct machine *m, const struct way *w,
			  const char *name)
{
	struct told t = { 0 };

	trace_off();
	trace_read(&t, block_id(), w->timer);
	ok_told(m, w->timer, &t, &nothing, name);
	ok_debugfs(m, name);
	machine_free(m);
	return t;
}

/* With interrupts off for k periods the guest gets one tick. */
static void test_coalesced(uint64_t k)
{
	struct machine *m = traced_machine(&pic, KVM_HPET_TICKS_DISCARD, 0);
	uint64_t now, due;
	struct told t;
	char name[64];

	snprintf(name, sizeof(name), "discard, PIC, off for %lu", k);
	block_enable(m, pic.config);
	now = guest_spin(m, OP_SPIN_OFF_STI, k * MS + MS / 2);
	due = ticks_due(now, MS, MS);
	guest_spin(m, OP_SPIN_ON, (k + 10) * MS);
	block_halt_quiet(m, MS, MS);
	t = finish(m, &pic, name);
	ok_eq(t.sum[COALESCED], due - 1, "%s: coalesced", name);
	ok_eq(t.sum[DISCARDED], due - 1, "%s: given up", name);
	ok_eq(t.injected, t.sum[DELIVERED], "%s: so many KVM has taken", name);
	ok_eq(t.refused, due - 1, "%s: so many it has merged", name);
	ok_eq(t.burst[0], t.sum[DELIVERED] - t.present,
	      "%s: never two in an interval", name);
}

/* The same, made up for at one more an interval. */
static void test_made_up(const struct way *w, uint64_t k)
{
	struct machine *m = traced_machine(w, KVM_HPET_TICKS_SLEW, 5000000000ULL);
	uint64_t now, due;
	struct told t;
	char name[64];

	snprintf(name, sizeof(name), "slew, %s, off for %lu", w->name, k);
	block_enable(m, w->config);
	now = guest_spin(m, OP_SPIN_OFF_STI, k * MS + MS / 2);
	due = ticks_due(now, MS, MS);
	guest_drain(m, w->vector);
	block_halt_quiet(m, MS, MS);
	t = finish(m, w, name);
	ok_eq(t.sum[REINJECTED], due - 2, "%s: reinjected", name);
	ok_eq(t.max_rate, k > 2, "%s: rate", name);
	ok_in(t.burst[1], due - 2 - (due > 2), due - 2,
	      "%s: one more in so many intervals", name);
	ok_eq(t.burst[2], 0, "%s: never two more", name);
}

/* A backlog of at most @limit ticks: the rest is given up. */
static void test_given_up(uint64_t limit)
{
	struct machine *m = traced_machine(&edge, KVM_HPET_TICKS_SLEW,
					   limit * 1000000);
	uint64_t now, due;
	struct told t;
	char name[64];

	snprintf(name, sizeof(name), "slew, at most %lu owed", limit);
	block_enable(m, edge.config);
	now = guest_spin(m, OP_SPIN_OFF_STI, 20 * MS + MS / 2);
	due = ticks_due(now, MS, MS);
	guest_spin(m, OP_SPIN_ON, (30 + limit) * MS);
	block_halt_quiet(m, MS, MS);
	t = finish(m, &edge, name);
	ok_eq(t.sum[DISCARDED], due - 1 - limit, "%s: given up", name);
}

/* Merged ticks, then a pin that is masked for a while. */
static void test_masked(void)
{
	const char *name = "merge, masked for a while";
	struct machine *m = traced_machine(&edge, KVM_HPET_TICKS_MERGE, 0);
	struct told t;

	block_enable(m, edge.config);
	guest_spin(m, OP_SPIN_OFF_STI, 5 * MS + MS / 2);
	guest_spin(m, OP_SPIN_ON, 10 * MS + MS / 2);
	guest_pin_set(m, 16, PIN_MASKED);
	guest_spin(m, OP_SPIN_ON, m->g->counter + 10 * MS);
	guest_pin_set(m, 16, 0);
	guest_spin(m, OP_SPIN_ON, m->g->counter + 10 * MS);
	block_halt_quiet(m, MS, MS);
	t = finish(m, &edge, name);
	ok_in(t.sum[MASKED], 9, 12, "%s: masked", name);
	ok_in(t.refused, 9, 12, "%s: so many KVM has refused", name);
}

/*
 * Something of higher priority than the worker has the CPU: of the ticks that
 * fall due meanwhile each one after the first finds the one before waiting.
 */
static void test_late(void)
{
	struct sched_param fifo = { .sched_priority = 50 }, other = { 0 };
	struct machine *m = traced_machine(&pic, KVM_HPET_TICKS_DISCARD, 0);
	struct kvm_hpet_timer_stats a, b;
	const char *name = "discard, host busy";
	bool policy = policy_supported();
	uint64_t late;
	struct told t;

	block_enable(m, pic.config);
	guest_spin(m, OP_SPIN_ON, 5 * MS + MS / 2);
	guest_do(m, OP_STI, 0, 0, 0);
	if (sched_setscheduler(0, SCHED_FIFO, &fifo))
		die("sched_setscheduler: %s", strerror(errno));
	a = stats_get(m, 0);
	for (b = a; b.due < a.due + 7; b = stats_get(m, 0)) {
		uint64_t until = now_ns() + 20000000;

		while (now_ns() < until)
			;
	}
	sched_setscheduler(0, SCHED_OTHER, &other);
	/* Without a policy a tick that finds another waiting is coalesced. */
	late = policy ? b.late - a.late : b.coalesced - a.coalesced;
	ok_eq(late, b.due - a.due - 1, "%s: %lu late", name, late);
	guest_spin(m, OP_SPIN_ON, m->g->counter + 5 * MS);
	block_halt_quiet(m, MS, MS);
	t = finish(m, &pic, name);
	ok_in(t.sum[policy ? LATE : COALESCED], late, ~0ULL, "%s: late", name);
}

/* Injected again and again for want of an acknowledgment. */
static void test_retried(void)
{
	struct machine *m = traced_machine(&edge, KVM_HPET_TICKS_SLEW,
					   5000000000ULL);
	const char *name = "never acknowledged";
	struct told t;

	m->g->irq[edge.vector].eoi = EOI_NONE;
	block_enable(m, edge.config);
	guest_spin(m, OP_SPIN_ON, 4000 * MS);
	block_halt(m);
	t = finish(m, &edge, name);
	ok_eq(t.sum[RETRIED], 2, "%s: tried again after 1 s and 2 s more", name);
	ok_eq(t.injected, t.sum[DELIVERED] + t.sum[RETRIED],
	      "%s: so many KVM has taken", name);
}

static void test_message(void)
{
	struct way w = { "message", 3, TIMER_FSB_EN, 0, 0xa0, -1, 0, 0 };
	struct machine *m;
	struct told t;

	trace_on();
	m = machine_with_block();
	guest_apic_init(m);
	m->g->irq[w.vector].eoi = EOI_APIC;
	guest_write(m, REG_FSB(3), 8, 0xfee00000ULL << 32 | w.vector);
	timer_program(m, 3, TIMER_FSB_EN, MS, 0);
	block_enable(m, 0);
	guest_ticks(m, OP_HALT_TICKS, w.vector, 1);
	block_halt(m);
	t = finish(m, &w, "message");
	ok_eq(t.sum[DELIVERED], 1, "message: delivered");
	ok_eq(t.messages, 1, "message: as a message");
	ok_eq(t.injected, 1, "message: KVM has taken it");
}

/*
 * Who begins to trace a block that lives sees what happens from then on.
 *
 * An interval that is under way then is not told whole, so bursts are compared
 * only if it was none: after a restart of the timer.
 */
static void test_midway(void)
{
	const char *name = "traced from midway";
	struct machine *m = traced_machine(&pic, KVM_HPET_TICKS_SLEW,
					   5000000000ULL);
	struct kvm_hpet_timer_stats before;
	struct told t = { 0 };
	int i;

	trace_off();
	block_enable(m, pic.config);
	guest_spin(m, OP_SPIN_OFF_STI, 20 * MS + MS / 2);
	guest_drain(m, pic.vector);
	block_halt_quiet(m, MS, MS);
	before = stats_get(m, 0);
	ok(before.due > 20 && before.coalesced, "%s: much has happened before",
	   name);
	trace_on();
	block_enable(m, pic.config);
	t.present = 1;
	for (i = 0; i < COUNTS; i++)
		t.total[i] = (&(uint64_t [COUNTS]) {
			before.due, before.delivered, before.masked,
			before.discarded, before.coalesced, before.late,
			before.reinjected, before.retries })[0][i];
	guest_spin(m, OP_SPIN_OFF_STI, m->g->counter + 20 * MS);
	guest_drain(m, pic.vector);
	block_halt_quiet(m, MS, MS);
	trace_off();
	trace_read(&t, block_id(), 0);
	ok_told(m, 0, &t, &before, name);
	ok(t.sum[DUE] >= 20 && t.sum[REINJECTED], "%s: and since", name);
	machine_free(m);
}

/* ---- a block that goes while it is looked at ---- */

static unsigned int count_entries(void)
{
	DIR *dir = opendir(DEBUGFS);
	struct dirent *entry;
	unsigned int n = 0;

	if (!dir)
		die(DEBUGFS ": %s", strerror(errno));
	while ((entry = readdir(dir)))
		n += entry->d_name[0] != '.';
	closedir(dir);
	return n;
}

static void test_gone(void)
{
	struct machine *m = machine_with_block();
	struct machine *other;
	char text[64];
	FILE *f;

	ok_eq(count_entries(), 1, "debugfs: one directory for one block");
	f = debugfs_open("stats");
	setvbuf(f, NULL, _IONBF, 0);
	other = machine_with_block();
	ok_eq(count_entries(), 2, "debugfs: two for two");
	machine_free(m);
	ok_eq(count_entries(), 1, "debugfs: one after the first is closed");
	ok(!fgets(text, sizeof(text), f) && errno == EIO,
	   "debugfs: who has it open reads nothing more");
	fclose(f);
	ok_debugfs(other, "the other block");
	machine_free(other);
	ok_eq(count_entries(), 0, "debugfs: none in the end");
}

int main(void)
{
	static const struct way * const ways[] = { &pic, &edge, &level };
	size_t i;

	plan_test("tracepoints, histograms and debugfs tell what happened");
	trace_init();
	test_coalesced(2);
	test_coalesced(30);
	test_late();
	test_message();
	test_gone();
	if (!policy_supported()) {
		skip("this build has no lost-tick policy");
	} else {
		for (i = 0; i < ARRAY_SIZE(ways); i++) {
			test_made_up(ways[i], 3);
			test_made_up(ways[i], 30);
		}
		test_given_up(5);
		test_masked();
		test_retried();
		test_midway();
	}
	trace_instance_end();
	done();
}
