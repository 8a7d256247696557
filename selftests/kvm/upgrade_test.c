// SPDX-License-Identifier: GPL-2.0
/*
 * The module is replaced by another build while VMs use it: each VMM takes the state
 * of its block and lets go of it, the module goes and the other comes, and each VMM
 * gives the state to a new block, brought forward by the time that has passed. The
 * guests see every tick once, and their time is right to a tick.
 */
#include "hpet_test.h"

/*
 * Loading the module takes the test host a second, so a thousand ticks are owed
 * each time; making them up takes longer than that.
 */
#define ROUNDS		4
#define MAX_OWED_NS	60000000000ULL
#define VMS		2
#define SRCVERSION	"/sys/module/" MODULE "/srcversion"

/* What a VMM keeps of a block. */
struct kept {
	struct kvm_hpet_state state;
	struct kvm_hpet_tick_policy policy[NUM_TIMERS];
	uint64_t at_ns;
};

static void let_go(struct machine *m, struct kept *k)
{
	int n;

	for (n = 0; n < NUM_TIMERS; n++)
		k->policy[n] = policy_get(m->hpet, n);
	hpet_call(m, KVM_HPET_PAUSE);
	k->at_ns = now_ns();
	k->state = state_get(m);
	close(m->hpet);
	m->hpet = -1;
}

/* As if the timer had gone on for @ticks of a counter that stands at @counter. */
static void timer_forward(struct kvm_hpet_timer_state *t, uint64_t counter,
			  uint64_t ticks)
{
	uint64_t ahead = t->comparator - counter, n;

	if (!(t->config & TIMER_PERIODIC) || !t->period || ticks < ahead)
		return;
	n = 1 + (ticks - ahead) / t->period;
	t->comparator += n * t->period;
	t->backlog += n;
}

/* Documentation/howto/upgrade.rst has this for VMMs. */
static void state_forward(struct kvm_hpet_state *s, uint64_t ns)
{
	unsigned __int128 fs = (unsigned __int128)ns * 1000000 +
		s->counter_phase_fs;
	uint64_t ticks = fs / PERIOD_FS;
	int n;

	s->counter_phase_fs = fs % PERIOD_FS;
	for (n = 0; n < s->num_timers; n++)
		timer_forward(&s->timer[n], s->counter, ticks);
	s->counter += ticks;
}

static void take_again(struct machine *m, struct kept *k)
{
	int n, ret;

	machine_create_block(m);
	for (n = 0; n < NUM_TIMERS; n++) {
		ret = hpet_ioctl(m->hpet, KVM_HPET_SET_TICK_POLICY,
				 &k->policy[n]);
		if (ret)
			die("KVM_HPET_SET_TICK_POLICY: %s", strerror(-ret));
	}
	state_forward(&k->state, now_ns() - k->at_ns);
	state_set(m, &k->state);
}

static void srcversion(char *text, size_t size)
{
	FILE *f = fopen(SRCVERSION, "r");

	if (!f || !fgets(text, size, f))
		die(SRCVERSION ": %s", strerror(errno));
	fclose(f);
}

/* How far guest time is behind the host's, from an arbitrary beginning. */
static int64_t behind_ns(struct machine *m)
{
	struct kvm_hpet_state s = state_get(m);

	return now_ns() - s.counter * (PERIOD_FS / 1000000);
}

int main(void)
{
	const char * const modules[] = { module_path(), getenv("HPET_NEXT_MODULE") };
	static const int pins[VMS] = { 16, -1 };
	static const int vectors[VMS] = { VECTOR_PIN(16), VECTOR_PIC(0) };
	int64_t begin[VMS], off;
	struct machine *m[VMS];
	struct kept kept[VMS];
	char is[64], was[64];
	uint64_t longest = 0, start;
	int i, round, same = 0, refused = 0;

	plan_test("another build of the module while VMs use it");
	if (!modules[1] || !policy_supported()) {
		skip(modules[1] ? "this build has no lost-tick policy" :
		     "no other build of the module (HPET_NEXT_MODULE)");
		done();
	}
	for (i = 0; i < VMS; i++) {
		m[i] = machine_ticking(KVM_HPET_TICKS_SLEW, pins[i]);
		policy_set(m[i], 1, KVM_HPET_TICKS_SLEW, 10, 1, MAX_OWED_NS);
		begin[i] = behind_ns(m[i]);
	}
	for (round = 1; round <= ROUNDS; round++) {
		/* From the second on in the middle of catching up. */
		for (i = 0; i < VMS; i++)
			guest_spin(m[i], OP_SPIN_ON,
				   m[i]->g->counter + 5 * MS + MS / 7 * round);
		srcversion(was, sizeof(was));
		start = now_ns();
		for (i = 0; i < VMS; i++) {
			refused += module_unload(MODULE) == -EAGAIN;
			let_go(m[i], &kept[i]);
		}
		if (module_unload(MODULE) || module_load(modules[round % 2], ""))
			die("the module can't be replaced");
		/* As long as it takes on a slow host, or an administrator. */
		sleep_ms(round * 7);
		for (i = 0; i < VMS; i++)
			take_again(m[i], &kept[i]);
		if (now_ns() - start > longest)
			longest = now_ns() - start;
		srcversion(is, sizeof(is));
		same += !strcmp(is, was);
	}
	note("%d times, %lu ms at most", ROUNDS, (unsigned long)longest / 1000000);
	ok_eq(same, 0, "each time the module is another build");
	ok_eq(refused, ROUNDS * VMS, "it is not unloaded before all have let go");
	for (i = 0; i < VMS; i++) {
		const char *name = pins[i] < 0 ? "by PIC" : "by I/O APIC";

		off = behind_ns(m[i]) - begin[i];
		note("%s: %ld ns behind", name, (long)off);
		ok(off > -1000000 && off < 1000000,
		   "%s: guest time is right to a tick", name);
		ok_in(kept[i].state.timer[0].backlog, 28, 20000,
		      "%s: ticks were owed by the last exchange", name);
		ok_every_tick(m[i], vectors[i], name);
		machine_free(m[i]);
	}
	ok_nothing_left("at the end");
	done();
}
