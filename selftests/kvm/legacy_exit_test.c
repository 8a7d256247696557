// SPDX-License-Identifier: GPL-2.0
/*
 * A write that changes LEG_RT_CNF comes out to the VMM as an ordinary MMIO exit
 * with the very data the guest has written, once the module has acted on it, so
 * that the VMM can switch its PIT and RTC there and then; no other write does.
 * With an eventfd instead, the vCPU stays in the kernel and each change counts
 * one.
 */
#include <sys/eventfd.h>

#include "hpet_test.h"

static uint64_t config_at_exit[MMIO_EXITS_MAX];

/* What the block says while the vCPU still waits for the VMM. */
static void at_exit(struct machine *m)
{
	struct kvm_hpet_state s = state_get(m);

	if (m->exits <= MMIO_EXITS_MAX)
		config_at_exit[m->exits - 1] = s.config;
}

struct write_case {
	const char *name;
	uint64_t reg;
	int width;
	uint64_t value;
	bool changes;	/* LEG_RT_CNF */
	uint64_t config;/* afterwards */
};

static const struct write_case cases[] = {
	{ "enable", REG_CONFIG, 4, 1, false, 1 },
	{ "the same again", REG_CONFIG, 4, 1, false, 1 },
	{ "legacy on", REG_CONFIG, 4, 3, true, 3 },
	{ "legacy on again", REG_CONFIG, 4, 3, false, 3 },
	{ "halt, legacy stays on", REG_CONFIG, 4, 2, false, 2 },
	{ "legacy off, enable", REG_CONFIG, 4, 1, true, 1 },
	{ "legacy on, halt, 64 bits", REG_CONFIG, 8, 2, true, 2 },
	{ "the high half", REG_CONFIG + 4, 4, ~0U, false, 2 },
	{ "a byte of it", REG_CONFIG, 1, 0, false, 2 },
	{ "legacy off, with reserved bits", REG_CONFIG, 4, 0xfffffff0, true, 0 },
	{ "the status register", REG_STATUS, 4, 2, false, 0 },
	{ "the counter", REG_COUNTER, 8, 2, false, 0 },
	{ "a timer's configuration", REG_TIMER(0), 4, 2, false, 0 },
	{ "a comparator", REG_COMPARATOR(0), 8, 2, false, 0 },
	{ "a timer that is not there", REG_TIMER(20), 4, 2, false, 0 },
	{ "legacy on at last", REG_CONFIG, 4, 2, true, 2 },
};

static void test_exits(void)
{
	struct machine *m = machine_with_block();
	struct kvm_hpet_stats s, before;
	const struct write_case *c;
	unsigned int changes = 0;

	m->on_exit = at_exit;
	stats_get_fd(m->hpet, &before);
	for (c = cases; c < cases + ARRAY_SIZE(cases); c++) {
		const struct mmio_exit *e = &m->exit[changes];

		guest_write(m, c->reg, c->width, c->value);
		if (!ok_eq(m->exits, changes + c->changes, "%s: %s", c->name,
			   c->changes ? "one exit" : "no exit"))
			break;
		ok_eq(guest_read(m, REG_CONFIG, 8), c->config,
		      "%s: the configuration", c->name);
		if (!c->changes)
			continue;
		ok_eq(e->addr, BASE + REG_CONFIG, "%s: address", c->name);
		ok_eq(e->len, c->width, "%s: width", c->name);
		ok(e->write, "%s: is a write", c->name);
		ok_eq(e->data, c->value, "%s: data as written", c->name);
		ok_eq(config_at_exit[changes], c->config,
		      "%s: the module has acted already", c->name);
		changes++;
	}
	stats_get_fd(m->hpet, &s);
	ok_eq(s.mmio_exits, changes, "statistics: exits");
	ok_eq(s.mmio_writes - before.mmio_writes, ARRAY_SIZE(cases),
	      "statistics: writes, with those handed on");
	machine_free(m);
}

static void test_eventfd(void)
{
	struct machine *m = machine_new();
	int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	const struct write_case *c;
	unsigned int changes = 0;
	uint64_t count = 0;

	m->config.flags |= KVM_HPET_F_LEGACY_EVENTFD;
	m->config.legacy_eventfd = fd;
	machine_create_block(m);
	for (c = cases; c < cases + ARRAY_SIZE(cases); c++) {
		ssize_t n;

		guest_write(m, c->reg, c->width, c->value);
		count = 0;
		n = read(fd, &count, sizeof(count));
		ok(c->changes ? n == 8 && count == 1 : n < 0 && errno == EAGAIN,
		   "eventfd, %s: %s", c->name,
		   c->changes ? "one event" : "no event");
		ok_eq(guest_read(m, REG_CONFIG, 8), c->config,
		      "eventfd, %s: the configuration", c->name);
		changes += c->changes;
	}
	for (c = cases; c < cases + ARRAY_SIZE(cases); c++)
		guest_write(m, c->reg, c->width, c->value);
	/* Legacy was on at the end: the first case switches it off. */
	changes++;
	ok(read(fd, &count, sizeof(count)) == sizeof(count),
	   "eventfd: events add up");
	ok_eq(count, changes, "eventfd: one for each change");
	ok_eq(m->exits, 0, "eventfd: no exit");

	/* The VMM's descriptor goes first: the block keeps the eventfd. */
	close(fd);
	guest_write(m, REG_CONFIG, 4, 0);
	guest_write(m, REG_CONFIG, 4, 2);
	ok_eq(m->exits, 0, "eventfd closed by the VMM: still no exit");
	machine_free(m);
}

static void test_no_capability(void)
{
	struct machine *m = machine_new();

	m->config.flags &= ~KVM_HPET_F_LEGACY_CAP;
	machine_create_block(m);
	guest_write(m, REG_CONFIG, 4, 3);
	ok_eq(m->exits, 0, "no legacy capability: no exit");
	ok_eq(guest_read(m, REG_CONFIG, 4), 1,
	      "no legacy capability: the bit can't be set");
	ok_eq(guest_read(m, REG_CAP, 4) & 1 << 15, 0,
	      "no legacy capability: LEG_RT_CAP is clear");
	machine_free(m);
}

int main(void)
{
	plan_test("changes of legacy replacement reach the VMM");
	test_exits();
	test_eventfd();
	test_no_capability();
	done();
}
