// SPDX-License-Identifier: GPL-2.0
/*
 * As long as a policy needs acknowledgments, and no longer, AMD's AVIC is
 * inhibited for the VM: it would hide the end of edge-triggered interrupts. The
 * PIT's inhibit, and that of another block of the VM, are left as they are.
 *
 * The emulated CPU has no AVIC. kvm-amd is made to believe in one, so KVM does all
 * that it does with it: interrupts go to the CPU's tables, where nobody looks.
 * A guest that gets its ticks shows that AVIC is inhibited indeed.
 */
#include "hpet_test.h"

#define KVM_MODULES	"/testbed/kvm.list"
#define EVENT		"kvm_apicv_inhibit_changed"

/* enum kvm_apicv_inhibit of Linux. */
#define REASON_ABSENT	2

static char kvm_amd[128];

/* ---- kvm-amd ---- */

/* Where the test host has it. */
static bool find_kvm_amd(void)
{
	FILE *f = fopen(KVM_MODULES, "r");
	bool found = false;

	while (f && !found && fgets(kvm_amd, sizeof(kvm_amd), f)) {
		kvm_amd[strcspn(kvm_amd, "\n")] = '\0';
		found = strstr(kvm_amd, "/kvm-amd.ko");
	}
	if (f)
		fclose(f);
	return found;
}

static bool reload(const char *params)
{
	int ret = module_unload(MODULE);

	if (!ret)
		ret = module_unload("kvm_amd");
	if (!ret)
		ret = module_load(kvm_amd, params);
	if (!ret)
		ret = module_load(module_path(), "");
	if (ret)
		note("modules can't be reloaded: %s", strerror(-ret));
	return !ret;
}

static bool avic_is_on(void)
{
	FILE *f = fopen("/sys/module/kvm_amd/parameters/avic", "r");
	int c = f ? fgetc(f) : EOF;

	if (f)
		fclose(f);
	return c == 'Y';
}

/* ---- what KVM says of its inhibits ---- */

static void trace_init(void)
{
	trace_instance("avic_test");
	trace_write("events/kvm/" EVENT "/enable", "1");
}

/* The reasons that hold, as a mask, by the last change; there is one VM at a time. */
static unsigned long inhibits(void)
{
	FILE *f = trace_open("trace", "r");
	unsigned long last = 0;
	char line[256], *at;

	while (fgets(line, sizeof(line), f)) {
		at = strstr(line, "inhibits=");
		if (at)
			last = strtoul(at + strlen("inhibits="), NULL, 16);
	}
	fclose(f);
	return last;
}

static bool is_ours(void)
{
	return inhibits() & (1UL << REASON_ABSENT);
}

/* ---- the tests ---- */

static uint64_t inhibited_ns(int fd)
{
	struct kvm_hpet_stats s;

	stats_get_fd(fd, &s);
	return s.apicv_inhibited_ns;
}

static void set(struct machine *m, uint32_t policy)
{
	policy_set(m, 1, policy, 10, 1, 5000000000ULL);
}

static void test_needed(void)
{
	struct machine *m = machine_with_block();
	uint64_t start, a, b;

	sleep_ms(20);
	ok(!is_ours(), "discard: no inhibit");
	ok_eq(inhibited_ns(m->hpet), 0, "discard: no time counted");
	start = now_ns();
	set(m, KVM_HPET_TICKS_SLEW);
	ok(is_ours(), "slew: inhibit");
	sleep_ms(20);
	a = inhibited_ns(m->hpet);
	ok_in(a, 20000000, now_ns() - start, "slew: time is counted");
	set(m, KVM_HPET_TICKS_MERGE);
	set(m, KVM_HPET_TICKS_DELAY);
	ok(is_ours(), "merge, delay: stays");
	sleep_ms(20);
	b = inhibited_ns(m->hpet);
	ok_in(b, a + 20000000, now_ns() - start,
	      "merge, delay: time is counted");
	set(m, KVM_HPET_TICKS_DISCARD);
	ok(!is_ours(), "discard again: no inhibit");
	a = inhibited_ns(m->hpet);
	sleep_ms(20);
	b = inhibited_ns(m->hpet);
	ok_eq(b, a, "discard again: no more time is counted");
	set(m, KVM_HPET_TICKS_SLEW);
	close(m->hpet);
	m->hpet = -1;
	ok(!is_ours(), "block closed: no inhibit");
	machine_free(m);
}

static void test_two_blocks(void)
{
	struct machine *m = machine_with_block();
	int first = m->hpet;
	uint64_t a;

	m->config.base = BASE + 0x10000;
	machine_create_block(m);
	set(m, KVM_HPET_TICKS_SLEW);
	a = inhibited_ns(first);
	ok_eq(a, 0, "two blocks: only for the one that needs it");
	close(first);
	ok(is_ours(), "two blocks: the other one goes, the inhibit stays");
	machine_free(m);
}

static void test_pit(void)
{
	struct kvm_pit_config config = { .flags = KVM_PIT_SPEAKER_DUMMY };
	struct kvm_reinject_control reinject = { .pit_reinject = 0 };
	struct machine *m = machine_with_block();
	unsigned long before = inhibits();

	vm_ioctl(m->vm, KVM_CREATE_PIT2, &config);
	ok(inhibits() != before, "PIT: inhibits by itself");
	before = inhibits();
	set(m, KVM_HPET_TICKS_SLEW);
	ok(inhibits() != before, "PIT and slew: both");
	set(m, KVM_HPET_TICKS_DISCARD);
	ok_eq(inhibits(), before, "PIT and discard: the PIT's stays");
	set(m, KVM_HPET_TICKS_SLEW);
	vm_ioctl(m->vm, KVM_REINJECT_CONTROL, &reinject);
	ok(is_ours(), "the PIT needs none any more: ours stays");
	machine_free(m);
}

/* Edge-triggered, with interrupts off in between. */
static void test_ticks(int pin)
{
	const int vector = pin < 0 ? VECTOR_PIC(0) : VECTOR_PIN(pin);
	struct machine *m = machine_with_block();
	struct kvm_hpet_timer_stats s;
	uint64_t end;

	set(m, KVM_HPET_TICKS_SLEW);
	if (pin < 0) {
		guest_pic_init(m, 1 << 0);
	} else {
		guest_apic_init(m);
		guest_pin_set(m, pin, 0);
	}
	m->g->irq[vector].first = m->g->irq[vector].period = MS;
	timer_program(m, 0, pin < 0 ? 0 : TIMER_ROUTE(pin), MS, MS);
	block_enable(m, pin < 0 ? CONFIG_LEGACY : 0);
	guest_spin(m, OP_SPIN_OFF_STI, 20 * MS + MS / 2);
	guest_drain(m, vector);
	end = block_halt_quiet(m, MS, MS);
	s = stats_get(m, 0);
	ok_eq(s.due, ticks_due(end, MS, MS), "slew, pin %d: due", pin);
	ok_eq(m->g->irq[vector].seen, s.due, "slew, pin %d: seen = due", pin);
	ok_eq(s.retries, 0, "slew, pin %d: acknowledgments come", pin);
	machine_free(m);
}

int main(void)
{
	plan_test("AVIC is inhibited while acknowledgments are needed");
	if (!policy_supported()) {
		skip("this build has no lost-tick policy");
		done();
	}
	if (!find_kvm_amd() || !reload("avic=1 force_avic=1")) {
		skip("kvm-amd can't be reloaded here");
		done();
	}
	if (!avic_is_on()) {
		skip("this kvm-amd can't be made to use AVIC");
		done();
	}
	trace_init();
	test_needed();
	test_two_blocks();
	test_pit();
	test_ticks(-1);
	test_ticks(16);
	trace_instance_end();
	ok(reload(""), "kvm-amd as it was");
	done();
}
