// SPDX-License-Identifier: GPL-2.0
/*
 * The main counter is the host's CLOCK_MONOTONIC in units of its period, to the
 * last femtosecond: each reading, by ioctl and by the guest, lies between what
 * follows from a look at the clock before it and one after it. It never goes
 * backwards, on whichever vCPU it is read, stands while it is halted and while
 * the block is paused, and goes on from there.
 */
#include "hpet_test.h"

#define SAMPLES		200
#define FS_PER_NS	1000000ULL

typedef unsigned __int128 u128;

static const uint32_t periods[] = {
	KVM_HPET_MIN_PERIOD_FS, 1000001, 10000000, 69841279,
	KVM_HPET_MAX_PERIOD_FS - 1, KVM_HPET_MAX_PERIOD_FS,
};

/* The moment at which something happened, as far as it is known. */
struct moment {
	uint64_t earliest;
	uint64_t latest;
};

static struct moment load(struct machine *m, struct kvm_hpet_state *s)
{
	struct moment when;

	when.earliest = now_ns();
	state_set(m, s);
	when.latest = now_ns();
	return when;
}

/* Guest time in fs since the counter was 0. */
static u128 guest_fs(struct machine *m, const struct kvm_hpet_state *s)
{
	return (u128)s->counter * m->config.period_fs + s->counter_phase_fs;
}

static bool between(u128 fs, uint64_t low_ns, uint64_t high_ns)
{
	return fs >= (u128)low_ns * FS_PER_NS && fs <= (u128)high_ns * FS_PER_NS;
}

static void test_period(uint32_t period_fs)
{
	struct machine *m = machine_new();
	struct kvm_hpet_state s;
	unsigned int i, bad = 0, phase = 0, back = 0;
	struct moment start, now;
	u128 start_fs, last = 0;

	m->config.period_fs = period_fs;
	machine_create_block(m);
	s = state_get(m);
	s.config = CONFIG_ENABLE;
	s.counter = 1ULL << 40;
	s.counter_phase_fs = period_fs - 1;
	start_fs = guest_fs(m, &s);
	start = load(m, &s);

	for (i = 0; i < SAMPLES; i++) {
		now.earliest = now_ns();
		s = state_get(m);
		now.latest = now_ns();
		bad += !between(guest_fs(m, &s) - start_fs,
				now.earliest - start.latest,
				now.latest - start.earliest);
		phase += s.counter_phase_fs >= period_fs;
		back += guest_fs(m, &s) < last;
		last = guest_fs(m, &s);
	}
	ok_eq(bad, 0, "%u fs: %d states lie between two looks at the clock",
	      period_fs, SAMPLES);
	ok_eq(phase, 0, "%u fs: the phase is below the period", period_fs);
	ok_eq(back, 0, "%u fs: the counter never goes backwards", period_fs);

	for (i = bad = 0; i < SAMPLES; i++) {
		uint64_t low, high, counter;

		now.earliest = now_ns();
		counter = guest_read(m, REG_COUNTER, 8);
		now.latest = now_ns();
		low = (start_fs + (u128)(now.earliest - start.latest) *
		       FS_PER_NS) / period_fs;
		high = (start_fs + (u128)(now.latest - start.earliest) *
			FS_PER_NS) / period_fs;
		bad += counter < low || counter > high;
	}
	ok_eq(bad, 0, "%u fs: %d reads of the guest lie between two looks at the clock",
	      period_fs, SAMPLES);
	machine_free(m);
}

/* Over a long time: the 128-bit product and the wrap at the top. */
static void test_wide(void)
{
	struct machine *m = machine_with_block();
	struct kvm_hpet_state s = state_get(m);

	s.config = CONFIG_ENABLE;
	s.counter = ~0ULL - 99;
	load(m, &s);
	sleep_ms(1);
	s = state_get(m);
	ok_in(s.counter, MS - 100, 1000000 * MS, "64 bits: wraps to 0");
	machine_free(m);

	m = machine_new();
	m->config.flags = 0;
	m->config.timer[0].flags = KVM_HPET_TIMER_PERIODIC;
	m->config.timer[1].flags = KVM_HPET_TIMER_PERIODIC;
	m->config.timer[3].flags = 0;
	machine_create_block(m);
	s = state_get(m);
	s.config = CONFIG_ENABLE;
	s.counter = 0xffffffff - 99;
	load(m, &s);
	sleep_ms(1);
	s = state_get(m);
	ok_in(s.counter, MS - 100, 0xf0000000, "32 bits: wraps to 0");
	ok_in(guest_read(m, REG_COUNTER, 8), s.counter, 0xf0000000,
	      "32 bits: the high half reads 0");
	machine_free(m);
}

static void test_standing(void)
{
	struct machine *m = machine_with_block();
	struct kvm_hpet_state s = state_get(m), t;
	struct moment start, pause, resume, now;

	s.config = 0;
	s.counter = 12345;
	s.counter_phase_fs = 678;
	load(m, &s);
	sleep_ms(2);
	t = state_get(m);
	ok(!memcmp(&s, &t, sizeof(s)), "halted: nothing moves, the phase neither");

	s.config = CONFIG_ENABLE;
	start = load(m, &s);
	sleep_ms(1);
	pause.earliest = now_ns();
	hpet_ioctl(m->hpet, KVM_HPET_PAUSE, NULL);
	pause.latest = now_ns();
	t = state_get(m);
	ok(between(guest_fs(m, &t) - guest_fs(m, &s),
		   pause.earliest - start.latest, pause.latest - start.earliest),
	   "paused: stands at the moment of the pause");
	sleep_ms(5);
	s = state_get(m);
	ok(!memcmp(&s, &t, sizeof(s)), "paused: nothing moves");
	ok_eq(guest_read(m, REG_COUNTER, 8), s.counter,
	      "paused: the guest reads the same");
	resume.earliest = now_ns();
	hpet_ioctl(m->hpet, KVM_HPET_RESUME, NULL);
	resume.latest = now_ns();
	sleep_ms(1);
	now.earliest = now_ns();
	t = state_get(m);
	now.latest = now_ns();
	ok(between(guest_fs(m, &t) - guest_fs(m, &s),
		   now.earliest - resume.latest, now.latest - resume.earliest),
	   "resumed: goes on from where it stood");

	/* A state loaded into a paused block stands as well. */
	hpet_ioctl(m->hpet, KVM_HPET_PAUSE, NULL);
	s.counter = 999;
	load(m, &s);
	sleep_ms(1);
	t = state_get(m);
	ok(!memcmp(&s, &t, sizeof(s)), "paused: a loaded state stands");
	resume.earliest = now_ns();
	hpet_ioctl(m->hpet, KVM_HPET_RESUME, NULL);
	resume.latest = now_ns();
	now.earliest = now_ns();
	t = state_get(m);
	now.latest = now_ns();
	ok(between(guest_fs(m, &t) - guest_fs(m, &s),
		   now.earliest - resume.latest, now.latest - resume.earliest),
	   "resumed: the loaded state goes on");

	/* Enabling while paused starts nothing before the resume. */
	guest_write(m, REG_CONFIG, 4, 0);
	hpet_ioctl(m->hpet, KVM_HPET_PAUSE, NULL);
	guest_write(m, REG_CONFIG, 4, CONFIG_ENABLE);
	s = state_get(m);
	sleep_ms(1);
	t = state_get(m);
	ok(!memcmp(&s, &t, sizeof(s)), "paused: enabling starts nothing");
	hpet_ioctl(m->hpet, KVM_HPET_RESUME, NULL);
	machine_free(m);
}

/* ---- two vCPUs ---- */

#define VCPUS		2
#define RACE_READS	10000

static struct {
	uint64_t last;
	uint64_t backwards;
	uint64_t reads;
} race;

/* What anyone has read before we read is not more than what we read. */
static __attribute__((target("general-regs-only"), force_align_arg_pointer))
void guest_race(void)
{
	volatile uint64_t *counter = (void *)(BASE + REG_COUNTER);
	int i;

	for (i = 0; i < RACE_READS; i++) {
		uint64_t before = __atomic_load_n(&race.last, __ATOMIC_SEQ_CST);
		uint64_t now = *counter;

		if (now < before)
			__atomic_add_fetch(&race.backwards, 1, __ATOMIC_SEQ_CST);
		while (before < now &&
		       !__atomic_compare_exchange_n(&race.last, &before, now,
						    false, __ATOMIC_SEQ_CST,
						    __ATOMIC_SEQ_CST))
			;
		__atomic_add_fetch(&race.reads, 1, __ATOMIC_SEQ_CST);
	}
	GUEST_DONE();
}

static void *run_vcpu(void *arg)
{
	struct kvm_vcpu *vcpu = arg;
	int ret;

	do {
		ret = __vcpu_run(vcpu);
	} while (ret < 0 && errno == EINTR);
	if (ret || get_ucall(vcpu, NULL) != UCALL_DONE)
		die("a racing vCPU did not come through");
	return NULL;
}

static void test_race(void)
{
	struct machine *m = machine_new_code(guest_race);
	struct kvm_hpet_state s;
	pthread_t thread[VCPUS];
	struct kvm_vcpu *vcpu[VCPUS] = { m->vcpu };
	typeof(race) *seen = addr_gva2hva(m->vm, (vm_vaddr_t)&race);
	unsigned int i, pauses = 0;
	uint64_t total = (uint64_t)VCPUS * RACE_READS;

	for (i = 1; i < VCPUS; i++) {
		vcpu[i] = vm_vcpu_add(m->vm, i, guest_race);
		vcpu_init_descriptor_tables(vcpu[i]);
	}
	machine_create_block(m);
	s = state_get(m);
	s.config = CONFIG_ENABLE;
	load(m, &s);
	for (i = 0; i < VCPUS; i++)
		pthread_create(&thread[i], NULL, run_vcpu, vcpu[i]);
	while (__atomic_load_n(&seen->reads, __ATOMIC_SEQ_CST) < total) {
		hpet_ioctl(m->hpet, KVM_HPET_PAUSE, NULL);
		hpet_ioctl(m->hpet, KVM_HPET_RESUME, NULL);
		pauses++;
		sleep_ms(1);
	}
	for (i = 0; i < VCPUS; i++)
		pthread_join(thread[i], NULL);
	ok_eq(seen->reads, total, "%d vCPUs: all reads done, over %u pauses",
	      VCPUS, pauses);
	ok_eq(seen->backwards, 0,
	      "%d vCPUs: no read is behind one that ended before it began",
	      VCPUS);
	machine_free(m);
}

int main(void)
{
	size_t i;

	plan_test("main counter against the host's clock");
	for (i = 0; i < ARRAY_SIZE(periods); i++)
		test_period(periods[i]);
	test_wide();
	test_standing();
	test_race();
	done();
}
