// SPDX-License-Identifier: GPL-2.0
/*
 * Between the state of QEMU's own HPET and that of a block, both ways. Pure:
 * what it takes to read and write QEMU's is in handover.c.
 *
 * QEMU's is known whole: the registers do not show the period of a periodic timer,
 * nor whether a match that has passed was served, but the state that QEMU saves
 * for a migration does. It is changed by writes to its registers only, so what
 * no register can be made to say is put into words that lead to the same:
 *
 *  - a tick that is due: the comparator of the last match. QEMU finds it passed
 *    and interrupts at once, then goes on in the old rhythm.
 *  - a one-shot that has matched: enabling the counter would make it match again, so
 *    its comparator gets a value that never matches.
 *
 * A parked HPET holds a state and does nothing, so that what is saved of a stopped VM has
 * it, and the VM may go on all the same: ENABLE_CNF and all INT_ENB are 0, and stand in the
 * counter instead.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "block.h"
#include "error.h"
#include "qemu_hpet.h"

/* Byte offsets of registers */
enum {
	CONFIGURATION = 0x10,
	COUNTER = 0xf0,
	TIMERS = 0x100,
	TIMER_SIZE = 0x20,
	COMPARATOR = 0x08,
	FSB_ROUTE = 0x10,
};

/* In the counter of a silenced HPET, which stands: no guest counts for 4,000 years. */
#define SILENT		0x6b766d2d68706574ULL

/*
 * In the counter of a parked one: that it is, ENABLE_CNF, which of the first timers have a tick
 * due, their INT_ENB; below that the counter
 */
#define PARKED		(1ULL << 63)
#define PARKED_ENABLE	(1ULL << 62)
#define PARKED_DUE	58
#define PARKED_INT_ENB	54
#define PARKED_TIMERS	4
#define PARKED_COUNTER	((1ULL << PARKED_INT_ENB) - 1)

/* A time that does not come, with room for what QEMU adds to it; in ns it has 62 bits. */
#define NEVER_64	(1ULL << 58)

/* How far the counter may have got when it is looked at, in ticks of 10 ns */
#define SOON		1000000000ULL

/* ---- what QEMU saves: migration/savevm.c, big endian ---- */

struct reader {
	const uint8_t *at, *end;
	bool short_of;
};

static uint64_t get(struct reader *r, unsigned int bytes)
{
	uint64_t value = 0;

	if ((size_t)(r->end - r->at) < bytes) {
		r->short_of = true;
		return 0;
	}
	while (bytes--)
		value = value << 8 | *r->at++;
	return value;
}

static bool parse_timer(struct reader *r, struct qemu_hpet *hpet, unsigned int n)
{
	if (get(r, 1) != n)
		return false;
	hpet->timer[n].config = get(r, 8);
	hpet->timer[n].comparator = get(r, 8);
	hpet->timer[n].fsb = get(r, 8);
	hpet->timer[n].period = get(r, 8);
	get(r, 1);	/* one more interrupt as the low half wraps: see device-model.rst */
	hpet->timer[n].pending = get(r, 8) != UINT64_MAX;
	return true;
}

static bool parse_section(struct reader *r, struct qemu_hpet *hpet)
{
	*hpet = (struct qemu_hpet){ 0 };
	hpet->config = get(r, 8);
	hpet->status = get(r, 8);
	hpet->counter = get(r, 8);
	hpet->num_timers = get(r, 1);
	if (hpet->num_timers > HPET_REGS_TIMERS)
		return false;
	for (unsigned int n = 0; n < hpet->num_timers; n++)
		if (!parse_timer(r, hpet, n))
			return false;
	return !r->short_of;
}

static uint64_t reg(const struct hpet_regs *regs, uint32_t offset)
{
	return regs->word[offset / 8];
}

static uint32_t timer_reg(unsigned int timer, uint32_t offset)
{
	return TIMERS + timer * TIMER_SIZE + offset;
}

/* What looks like the HPET in the state of all devices has to be it. */
static bool agrees(const struct qemu_hpet *hpet, const struct hpet_regs *regs)
{
	if (hpet->num_timers != ((reg(regs, 0) >> 8) & 0x1f) + 1 ||
	    hpet->config != reg(regs, CONFIGURATION) || hpet->counter != reg(regs, COUNTER))
		return false;
	for (unsigned int n = 0; n < hpet->num_timers; n++)
		if (hpet->timer[n].config != reg(regs, timer_reg(n, 0)) ||
		    hpet->timer[n].comparator != reg(regs, timer_reg(n, COMPARATOR)) ||
		    hpet->timer[n].fsb != reg(regs, timer_reg(n, FSB_ROUTE)))
			return false;
	return true;
}

/**
 * qemu_hpet_parse() - find the HPET in the device state that QEMU has saved
 * @hpet: filled in
 * @regs: its registers, read while the VM was stopped, as it was when it saved
 * @data: what QEMU wrote
 * @size: of @data
 *
 * Return: 0, or -1 after fail()
 */
int qemu_hpet_parse(struct qemu_hpet *hpet, const struct hpet_regs *regs, const uint8_t *data,
		    size_t size)
{
	/* Name, instance and version of a section */
	static const uint8_t header[] = "\4hpet\0\0\0\0\0\0\0\2";
	struct reader r = { .end = data + size };
	const uint8_t *at = data;

	while ((at = memmem(at, data + size - at, header, sizeof(header) - 1))) {
		at += sizeof(header) - 1;
		r.at = at;
		r.short_of = false;
		if (parse_section(&r, hpet) && agrees(hpet, regs))
			return 0;
	}
	return fail("the state that QEMU saves (%zu bytes) has no HPET that agrees with its registers", size);
}

/* ---- to a block ---- */

static bool is_32bit(uint64_t config)
{
	return (config & HPET_TN_32MODE) || !(config & HPET_TN_SIZE_CAP);
}

static uint64_t mask_of(uint64_t config)
{
	return is_32bit(config) ? UINT32_MAX : UINT64_MAX;
}

/* By how much the counter has passed a comparator; below 0: it has not. QEMU compares this way. */
static int64_t passed_by(uint64_t config, uint64_t counter, uint64_t comparator)
{
	uint64_t past = counter - comparator;

	return is_32bit(config) ? (int32_t)past : (int64_t)past;
}

static bool is_periodic(const struct kvm_hpet_timer_state *timer)
{
	return (timer->config & HPET_TN_TYPE) && timer->period;
}

/* QEMU has not come to serve a match that has passed, or never will. */
static void take_match(struct kvm_hpet_timer_state *timer, uint64_t counter, bool pending)
{
	int64_t past = passed_by(timer->config, counter, timer->comparator);
	uint64_t matches = 1;

	if (past < 0)
		return;
	if (!past) {
		/* Else the block finds them equal, which is a match. */
		timer->flags |= pending ? 0 : KVM_HPET_TIMER_MATCHED;
		return;
	}
	if (is_periodic(timer)) {
		matches += past / timer->period;
		timer->comparator += matches * timer->period;
		timer->comparator &= mask_of(timer->config);
	}
	if (pending && (timer->config & HPET_TN_INT_ENB))
		timer->backlog = matches;
}

static int check_timer(const struct qemu_hpet *hpet, unsigned int n)
{
	uint64_t config = hpet->timer[n].config;
	unsigned int route = config >> HPET_TN_ROUTE_SHIFT & HPET_TN_ROUTE_MASK;

	/* In legacy mode timers 0 and 1 do not use theirs. */
	if (route && n >= 2 && !(config >> 32 & 1U << route))
		return fail("timer %u of the guest's HPET has the route %u, which its capabilities don't allow: that can't be imitated",
			    n, route);
	if ((config & HPET_TN_FSB_EN) && !(config & HPET_TN_FSB_CAP))
		return fail("timer %u of the guest's HPET sends messages without the capability: that can't be imitated",
			    n);
	return 0;
}

static void take_timer(const struct qemu_hpet *hpet, unsigned int n,
		       struct kvm_hpet_timer_state *timer)
{
	uint64_t config = hpet->timer[n].config;

	*timer = (struct kvm_hpet_timer_state){
		.config = config & ~HPET_TN_VAL_SET,
		.comparator = hpet->timer[n].comparator & mask_of(config),
		.period = config & HPET_TN_PER_CAP ? hpet->timer[n].period & mask_of(config) : 0,
		.fsb_route = config & HPET_TN_FSB_CAP ? hpet->timer[n].fsb : 0,
	};
	if (config & HPET_TN_VAL_SET)
		timer->flags = KVM_HPET_TIMER_VAL_SET_LOW | KVM_HPET_TIMER_VAL_SET_HIGH;
	if (hpet->config & HPET_ENABLE_CNF)
		take_match(timer, hpet->counter, hpet->timer[n].pending);
}

/**
 * qemu_hpet_to_state() - the state of a block that goes on where QEMU's HPET stands
 * @hpet: QEMU's
 * @state: filled in
 *
 * Return: 0, or -1 after fail(): the guest has made something of it that a block can't be
 */
int qemu_hpet_to_state(const struct qemu_hpet *hpet, struct kvm_hpet_state *state)
{
	*state = (struct kvm_hpet_state){
		.size = sizeof(*state),
		.version = KVM_HPET_STATE_VERSION,
		.config = hpet->config & (HPET_ENABLE_CNF | HPET_LEG_RT_CNF),
		.counter = hpet->counter,
		.num_timers = hpet->num_timers,
	};
	for (unsigned int n = 0; n < hpet->num_timers; n++) {
		if (check_timer(hpet, n))
			return -1;
		take_timer(hpet, n, &state->timer[n]);
		if (hpet->timer[n].config & HPET_TN_INT_TYPE)
			state->status |= hpet->status & 1ULL << n;
	}
	return 0;
}

/* ---- and back ---- */

static struct hpet_write *put(struct hpet_write *w, uint32_t offset, uint32_t value)
{
	*w = (struct hpet_write){ offset, value };
	return w + 1;
}

static struct hpet_write *put_both(struct hpet_write *w, uint32_t offset, uint64_t value)
{
	return put(put(w, offset, value), offset + 4, value >> 32);
}

/**
 * qemu_hpet_silence() - the writes that make QEMU's own HPET do nothing
 * @regs: its registers
 * @writes: room for QEMU_HPET_MAX_WRITES
 *
 * Legacy replacement stays as it is, so that the PIT and the RTC do. The counter halts
 * at a value by which a silenced HPET is known: qemu_hpet_is_silent().
 *
 * Return: how many writes
 */
size_t qemu_hpet_silence(const struct hpet_regs *regs, struct hpet_write *writes)
{
	unsigned int num_timers = ((reg(regs, 0) >> 8) & 0x1f) + 1;
	struct hpet_write *w = writes;

	w = put(w, CONFIGURATION, reg(regs, CONFIGURATION) & HPET_LEG_RT_CNF);
	for (unsigned int n = 0; n < num_timers; n++) {
		w = put(w, timer_reg(n, 0), 0);
		w = put_both(w, timer_reg(n, COMPARATOR), UINT64_MAX);
	}
	return put_both(w, COUNTER, SILENT) - writes;
}

/**
 * qemu_hpet_set_legacy() - registers that differ in LEG_RT_CNF
 * @regs: changed
 * @legacy: whether it is set
 */
void qemu_hpet_set_legacy(struct hpet_regs *regs, bool legacy)
{
	uint64_t *config = &regs->word[CONFIGURATION / 8];

	*config &= ~HPET_LEG_RT_CNF;
	*config |= legacy ? HPET_LEG_RT_CNF : 0;
}

/**
 * qemu_hpet_is_silent() - whether QEMU's own HPET was silenced and nothing has changed that
 * @regs: its registers
 *
 * Return: true if so: there is no state of a guest in it
 */
bool qemu_hpet_is_silent(const struct hpet_regs *regs)
{
	unsigned int num_timers = ((reg(regs, 0) >> 8) & 0x1f) + 1;

	/* The guest's switch to legacy mode may have set it going, from there. */
	if (reg(regs, COUNTER) < SILENT || reg(regs, COUNTER) >= PARKED)
		return false;
	for (unsigned int n = 0; n < num_timers; n++)
		if (reg(regs, timer_reg(n, 0)) & HPET_TN_WRITABLE ||
		    reg(regs, timer_reg(n, COMPARATOR)) != UINT64_MAX)
			return false;
	return true;
}

/* Is there a tick that QEMU's would have to give at once? */
static bool tick_due(const struct kvm_hpet_state *state, unsigned int n)
{
	return state->timer[n].backlog || (state->status & 1ULL << n);
}

/**
 * qemu_hpet_takes() - whether all of a state can be given to QEMU's own HPET
 * @state: that of a paused block
 * @version: QEMU's, major << 8 | minor
 *
 * Return: 0, or -1 after fail(): ticks that are due would get lost
 */
int qemu_hpet_takes(const struct kvm_hpet_state *state, unsigned int version)
{
	for (unsigned int n = 0; n < state->num_timers; n++) {
		const struct kvm_hpet_timer_state *timer = &state->timer[n];

		if (timer->backlog > 1 ||
		    (timer->backlog && (timer->flags & KVM_HPET_TIMER_IN_FLIGHT)) ||
		    (timer->backlog && version >= QEMU_WIDE_COMPARATORS && is_32bit(timer->config)))
			return fail("timer %u still owes the guest %llu tick%s, which QEMU's own HPET can't make up",
				    n, (unsigned long long)timer->backlog,
				    timer->backlog == 1 ? "" : "s");
	}
	return 0;
}

static uint64_t never(uint64_t config, uint64_t comparator, unsigned int version)
{
	if (!is_32bit(config))
		return NEVER_64;
	/* The older leave a timer alone only for all ones, in 64 bits whatever its size. */
	return version < QEMU_WIDE_COMPARATORS ? UINT64_MAX : comparator;
}

/* The comparator that makes QEMU's timer do next what the block's would. */
static uint64_t comparator_for(const struct kvm_hpet_state *state, unsigned int n,
			       unsigned int version)
{
	const struct kvm_hpet_timer_state *timer = &state->timer[n];
	uint64_t mask = mask_of(timer->config);

	if (is_periodic(timer))
		return (timer->comparator - (tick_due(state, n) ? timer->period : 0)) & mask;
	if (!(state->config & HPET_ENABLE_CNF) || !(timer->config & HPET_TN_INT_ENB) ||
	    tick_due(state, n) ||
	    passed_by(timer->config, state->counter, timer->comparator) < 0)
		return timer->comparator;
	return never(timer->config, timer->comparator, version);
}

static struct hpet_write *load_periodic(struct hpet_write *w, uint32_t base, uint32_t config,
					uint64_t comparator, uint64_t period, bool wide)
{
	w = put(w, base, config | HPET_TN_VAL_SET);
	w = put(w, base + COMPARATOR, comparator);
	if (wide) {	/* a write takes VAL_SET back */
		w = put(w, base, config | HPET_TN_VAL_SET);
		w = put(w, base + COMPARATOR + 4, comparator >> 32);
	}
	w = put(w, base + COMPARATOR, period);
	return wide ? put(w, base + COMPARATOR + 4, period >> 32) : w;
}

static struct hpet_write *load_timer(struct hpet_write *w, const struct kvm_hpet_state *state,
				     unsigned int n, unsigned int version)
{
	const struct kvm_hpet_timer_state *timer = &state->timer[n];
	uint64_t comparator = comparator_for(state, n, version);
	uint32_t base = timer_reg(n, 0), config = timer->config & HPET_TN_WRITABLE;

	if (timer->config & HPET_TN_FSB_CAP)
		w = put_both(w, base + FSB_ROUTE, timer->fsb_route);
	w = put(w, base, config);
	if (config & HPET_TN_TYPE)
		w = load_periodic(w, base, config, comparator, timer->period,
				  !is_32bit(timer->config));
	else
		w = put_both(w, base + COMPARATOR, comparator);
	if (timer->flags & (KVM_HPET_TIMER_VAL_SET_LOW | KVM_HPET_TIMER_VAL_SET_HIGH))
		w = put(w, base, config | HPET_TN_VAL_SET);
	return w;
}

/**
 * qemu_hpet_load() - the writes that give QEMU's own HPET a state
 * @state: which
 * @version: QEMU's, major << 8 | minor
 * @writes: room for QEMU_HPET_MAX_WRITES
 *
 * Return: how many writes
 */
size_t qemu_hpet_load(const struct kvm_hpet_state *state, unsigned int version,
		      struct hpet_write *writes)
{
	struct hpet_write *w = writes;

	/* The counter takes a value while it is halted. */
	w = put(w, CONFIGURATION, state->config & HPET_LEG_RT_CNF);
	w = put_both(w, COUNTER, state->counter);
	for (unsigned int n = 0; n < state->num_timers; n++)
		w = load_timer(w, state, n, version);
	return put(w, CONFIGURATION, state->config) - writes;
}

static int differs(const char *what, uint64_t is, uint64_t given)
{
	return fail("QEMU's own HPET does not take the state it is given: %s is %#" PRIx64 " instead of %#" PRIx64,
		    what, is, given);
}

/**
 * qemu_hpet_verify() - see that QEMU's own HPET has become what was written to it
 * @regs: its registers, after the writes of qemu_hpet_load()
 * @state: what it was given
 * @version: QEMU's, major << 8 | minor
 *
 * Return: 0, or -1 after fail()
 */
int qemu_hpet_verify(const struct hpet_regs *regs, const struct kvm_hpet_state *state,
		     unsigned int version)
{
	char what[40];

	/* While the guest is suspended to RAM QEMU's clock goes on. */
	if (reg(regs, COUNTER) - state->counter > (state->config & HPET_ENABLE_CNF ? SOON : 0))
		return differs("the main counter", reg(regs, COUNTER), state->counter);
	if (reg(regs, CONFIGURATION) != state->config)
		return differs("the general configuration", reg(regs, CONFIGURATION), state->config);
	for (unsigned int n = 0; n < state->num_timers; n++) {
		uint64_t config = reg(regs, timer_reg(n, 0)) & ~HPET_TN_VAL_SET;
		uint64_t comparator = reg(regs, timer_reg(n, COMPARATOR));

		snprintf(what, sizeof(what), "timer %u configuration", n);
		if (config != state->timer[n].config)
			return differs(what, config, state->timer[n].config);
		snprintf(what, sizeof(what), "timer %u comparator", n);
		if (comparator != comparator_for(state, n, version))
			return differs(what, comparator, comparator_for(state, n, version));
	}
	return 0;
}

/* ---- parking ---- */

/**
 * qemu_hpet_park() - the state that a parked HPET shows
 * @state: what it is to hold
 * @shown: filled in: what qemu_hpet_load() and qemu_hpet_verify() are given
 *
 * Return: 0, or -1 after fail(): there is no room for what it keeps in its counter
 */
int qemu_hpet_park(const struct kvm_hpet_state *state, struct kvm_hpet_state *shown)
{
	if (state->counter > PARKED_COUNTER)
		return fail("the guest's main counter is too large");
	*shown = *state;
	shown->counter |= PARKED | (state->config & HPET_ENABLE_CNF ? PARKED_ENABLE : 0);
	shown->config &= ~HPET_ENABLE_CNF;
	for (unsigned int n = 0; n < state->num_timers; n++) {
		if (!(state->timer[n].config & HPET_TN_INT_ENB))
			continue;
		if (n >= PARKED_TIMERS)
			return fail("the guest uses timer %u", n);
		shown->counter |= 1ULL << (PARKED_INT_ENB + n);
		shown->counter |= tick_due(state, n) ? 1ULL << (PARKED_DUE + n) : 0;
		shown->timer[n].config &= ~HPET_TN_INT_ENB;
	}
	return 0;
}

/**
 * qemu_hpet_is_parked() - whether QEMU's own HPET holds a state and does nothing
 * @regs: its registers
 *
 * Return: true if so
 */
bool qemu_hpet_is_parked(const struct hpet_regs *regs)
{
	return (reg(regs, COUNTER) & PARKED) && !(reg(regs, CONFIGURATION) & HPET_ENABLE_CNF);
}

/**
 * qemu_hpet_unpark() - what a parked HPET was before
 * @hpet: changed, if it is one
 */
void qemu_hpet_unpark(struct qemu_hpet *hpet)
{
	uint64_t kept = hpet->counter;

	if (!(kept & PARKED) || (hpet->config & HPET_ENABLE_CNF))
		return;
	hpet->counter = kept & PARKED_COUNTER;
	hpet->config |= kept & PARKED_ENABLE ? HPET_ENABLE_CNF : 0;
	for (unsigned int n = 0; n < hpet->num_timers && n < PARKED_TIMERS; n++)
		if (kept & 1ULL << (PARKED_INT_ENB + n)) {
			hpet->timer[n].config |= HPET_TN_INT_ENB;
			hpet->timer[n].pending = kept & 1ULL << (PARKED_DUE + n);
		}
}
