// SPDX-License-Identifier: GPL-2.0
/*
 * The lost-tick policy: one event, whichever, from a state of which nothing is
 * known but the invariant, leads to a state of which the invariant holds. As it
 * holds after lost_ticks_init(), it holds after every sequence of events of any
 * length.
 */
#include "proof.h"

/*
 * `run` puts these in place of each division, and of the product of a division's
 * operands, in the copy of lost_ticks.c that it proves. What is used of them is
 * the definition of division, which determines both results:
 *
 *	n = quotient * d + rest, rest < d, nothing overflowing
 *
 * and of a product that 0 and 1 times as much is what it is, and that what is no
 * more than a quotient gives no more than the dividend. More would be too hard to
 * solve.
 */
#include "lost_ticks.c"

#define MAX_BACKLOG_NS	3600000000000ULL
/* Ticks that one timer can see in 292 years, one each ns. */
#define MANY		BIT_ULL(63)
/* Times below 2^62 ns, 146 years. */
#define CENTURY		BIT_ULL(62)

u64 quotient(u64 n, u64 d)
{
	u64 q = __CPROVER_uninterpreted_quotient(n, d);

	PROVE(d, "no division by zero");
	ASSUME(q <= n && (n || !q) && (d != 1 || q == n));
	ASSUME(n >= d ? q : !q);
	return q;
}

u64 rest(u64 n, u64 d)
{
	u64 q = quotient(n, d), most = __CPROVER_uninterpreted_product(q, d);

	ASSUME(most <= n && n - most < d && (q || !most));
	return n - most;
}

/* What the limit was when the ticks were owed. */
static u64 owed_limit_ns, owed_unit;

u64 product(u64 n, u64 unit)
{
	u64 p = __CPROVER_uninterpreted_product(n, unit);

	ASSUME(n || !p);
	ASSUME(n != 1 || p == unit);
	/* So the product of the numbers is the product in 64 bits. */
	PROVE(n <= 1 || (unit == owed_unit && n <= quotient(owed_limit_ns, unit)),
	      "no overflow");
	ASSUME(n <= 1 || p <= owed_limit_ns);
	return p;
}

static u64 any_below(u64 limit)
{
	u64 val = nondet_u64();

	ASSUME(val < limit);
	return val;
}

static bool params_ok(const struct lost_ticks_params *p)
{
	return p->policy <= LOST_TICKS_SLEW && p->max_rate >= 1 &&
		p->max_rate <= LOST_TICKS_MAX_RATE &&
		p->ramp <= LOST_TICKS_MAX_RATE &&
		p->max_backlog_ns <= MAX_BACKLOG_NS;
}

static bool law(const struct lost_ticks *lt)
{
	const struct lost_ticks_count *c = &lt->count;

	return (u128)c->due == (u128)c->delivered + c->masked + c->discarded +
			       lt->backlog;
}

static u64 most_owed(const struct lost_ticks *lt)
{
	u64 first = lt->injecting && !lt->repeating;

	if (!lt->period_ns || lt->params.policy == LOST_TICKS_DISCARD)
		return first + !(lt->in_flight &&
				 lost_ticks_told(lt->ack_mode));
	if (lt->params.policy == LOST_TICKS_MERGE)
		return first + 1;
	return max_t(u64, 1, quotient(lt->params.max_backlog_ns, lt->period_ns));
}

static bool may_fly(const struct lost_ticks *lt)
{
	if (lt->ack_mode == LOST_TICKS_ACK_EDGE)
		return lt->period_ns && lt->params.policy != LOST_TICKS_DISCARD;
	return lost_ticks_told(lt->ack_mode);
}

static bool may_end(const struct lost_ticks *lt)
{
	return lt->ack_mode == LOST_TICKS_ACK_BOTH && lt->period_ns &&
		lt->params.policy != LOST_TICKS_DISCARD;
}

static bool keeps(const struct lost_ticks *lt)
{
	return lt->period_ns && (lt->params.policy == LOST_TICKS_DELAY ||
				 lt->params.policy == LOST_TICKS_SLEW);
}

/* Each part by itself, so that a failure has a name. */
#define FOR_INVARIANT(lt, do) \
	do(law(lt), "due = delivered + masked + discarded + backlog"); \
	do((lt)->count.delivered <= (lt)->count.due, "never more delivered than due"); \
	do(params_ok(&(lt)->params), "parameters stay valid"); \
	do((lt)->ack_mode <= LOST_TICKS_ACK_BOTH, "a way to acknowledge"); \
	do((lt)->rate <= (lt)->params.max_rate, "rate <= max_rate"); \
	do(!(lt)->rate || ((lt)->period_ns && \
	   (lt)->params.policy == LOST_TICKS_SLEW), "only slew has a rate"); \
	do((lt)->backlog <= most_owed(lt), "backlog within its limit"); \
	do(!(lt)->repeating || (lt)->injecting, "a repetition is an injection"); \
	do(!(lt)->injecting || (lt)->repeating || (lt)->backlog, \
	   "what is injected is owed"); \
	do(!(lt)->in_flight || may_fly(lt), "waits only for what can come"); \
	do(!(lt)->lapses || ((lt)->in_flight && \
	   (lt)->ack_mode == LOST_TICKS_ACK_EDGE), "what lapses is a wait"); \
	do(!lost_ticks_told((lt)->ack_mode) || (lt)->retry_ns == RETRY_FIRST_NS, \
	   "what the device tells is never repeated"); \
	do((lt)->ack_mode != LOST_TICKS_ACK_LEVEL || !(lt)->in_flight || \
	   (lt)->retry_at == HPET_NEVER, "a level lasts"); \
	do(!(lt)->ending || may_end(lt), "only an interrupt that is seen to end"); \
	do(!(lt)->ending || (lt)->in_flight || (lt)->retry_at != HPET_NEVER, \
	   "an end that is not seen is not waited for for ever"); \
	do(!(lt)->fraction_ns || (lt)->fraction_ns < (lt)->period_ns, \
	   "a fraction is less than a tick"); \
	do(!(lt)->fraction_ns || keeps(lt), "owed only by who keeps what is owed"); \
	do((lt)->retry_ns >= RETRY_FIRST_NS && (lt)->retry_ns <= RETRY_LAST_NS, \
	   "waits 1 to 16 s")

#define ASSUME_PART(what, why)	ASSUME(what)

static struct lost_ticks any_state(void)
{
	struct lost_ticks lt;

	/* A bool in memory is 0 or 1. */
	lt.injecting = nondet_bool();
	lt.repeating = nondet_bool();
	lt.in_flight = nondet_bool();
	lt.lapses = nondet_bool();
	lt.rose = nondet_bool();
	lt.regular = nondet_bool();
	lt.ending = nondet_bool();
	/*
	 * Counters are only ever added to and never decide anything, so what
	 * they were before can as well be the least that the law allows.
	 */
	lt.count.delivered = lt.count.masked = lt.count.discarded = 0;
	lt.count.due = lt.backlog;
	ASSUME(lt.backlog < MANY);
	FOR_INVARIANT(&lt, ASSUME_PART);
	return lt;
}

void prove_init(void)
{
	struct lost_ticks lt;

	lost_ticks_init(&lt, nondet_u64());
	FOR_INVARIANT(&lt, PROVE);
}

void prove_set_params(void)
{
	struct lost_ticks lt = any_state();
	struct lost_ticks_params p;

	ASSUME(params_ok(&p));
	lost_ticks_set_params(&lt, &p);
	FOR_INVARIANT(&lt, PROVE);
}

/* Guest time that is owed, but for the tick being injected: ns. */
static u128 owed_ns(const struct lost_ticks *lt)
{
	u64 n = lt->backlog - (lt->injecting && !lt->repeating);

	return (u128)(n ? __CPROVER_uninterpreted_product(n, lt->period_ns) : 0) +
		lt->fraction_ns;
}

void prove_set_period(void)
{
	struct lost_ticks lt = any_state(), was = lt;
	u64 period = nondet_u64(), n;
	bool recount = nondet_bool();
	u128 owed;

	owed_limit_ns = lt.params.max_backlog_ns;
	owed_unit = lt.period_ns;
	lost_ticks_set_period(&lt, period, recount);
	FOR_INVARIANT(&lt, PROVE);
	PROVE(lt.count.delivered == was.count.delivered &&
	      lt.count.masked == was.count.masked, "a period delivers nothing");
	/* Beyond the limit it is given up, and counted so. */
	if (!keeps(&was) || !keeps(&lt) || lt.count.discarded)
		return;
	PROVE(recount || was.fraction_ns >= period || lt.count.due == was.count.due,
	      "ticks whose period was never meant stay ticks");
	owed = owed_ns(&was);
	PROVE(owed >> 64 || !recount || owed_ns(&lt) == owed,
	      "guest time that is owed is neither invented nor lost");
	if (period != was.period_ns && !recount) {
		n = lt.backlog - was.backlog;
		PROVE((n ? __CPROVER_uninterpreted_product(n, period) : 0) +
		      lt.fraction_ns == was.fraction_ns,
		      "nor is the fraction, be the ticks new ones");
	}
}

void prove_set_ack(void)
{
	struct lost_ticks lt = any_state();
	u32 mode = nondet_u32();

	ASSUME(mode <= LOST_TICKS_ACK_BOTH);
	lost_ticks_set_ack(&lt, mode, nondet_bool());
	FOR_INVARIANT(&lt, PROVE);
}

void prove_restart(void)
{
	struct lost_ticks lt = any_state(), was = lt;

	if (nondet_bool()) {
		lost_ticks_restart(&lt);
	} else {
		lost_ticks_rerouted(&lt);
		PROVE(lt.not_before == was.not_before || was.not_before == HPET_NEVER,
		      "another way is no reason to hurry");
	}
	FOR_INVARIANT(&lt, PROVE);
	PROVE(!lt.in_flight || lost_ticks_told(lt.ack_mode),
	      "nobody waits for the past");
	PROVE(lt.backlog == was.backlog, "nothing is forgotten");
}

void prove_unmasked(void)
{
	struct lost_ticks lt = any_state(), was = lt;
	u64 now = any_below(CENTURY);

	ASSUME(lt.min_interval_ns < CENTURY && lt.period_ns < CENTURY);
	lost_ticks_unmasked(&lt, now);
	FOR_INVARIANT(&lt, PROVE);
	PROVE(lt.backlog == was.backlog && lt.in_flight == was.in_flight,
	      "nothing is forgotten");
	PROVE(lt.retry_at <= was.retry_at, "no wait gets longer");
	PROVE(lt.retry_at == was.retry_at ||
	      ((lt.lapses || lt.ending) && lt.retry_at >= now + lt.period_ns),
	      "one interval is left to it");
	PROVE(lost_ticks_next(&lt) != HPET_NEVER || !lt.backlog || lt.injecting ||
	      lt.in_flight, "the next tick need not fall due first");
}

/* Then what has lapsed is asked for as if it were acknowledged. */
void prove_elapse(void)
{
	struct lost_ticks lt = any_state(), was = lt;
	u64 now = nondet_u64();

	lost_ticks_elapse(&lt, now);
	FOR_INVARIANT(&lt, PROVE);
	PROVE(lt.backlog == was.backlog && lt.count.delivered == was.count.delivered,
	      "time delivers nothing by itself");
	PROVE(lt.in_flight == was.in_flight || (was.lapses && was.retry_at <= now),
	      "a wait that does not lapse goes on");
	PROVE(!lt.in_flight || lost_ticks_next(&lt) > now || !was.lapses,
	      "no tick is repeated whose wait lapses");
}

void prove_reset(void)
{
	struct lost_ticks lt = any_state(), was = lt;
	u32 seq = lt.seq;

	lost_ticks_reset(&lt);
	FOR_INVARIANT(&lt, PROVE);
	PROVE(!lt.backlog && !lt.injecting && !lt.in_flight && !lt.fraction_ns,
	      "nothing is left");
	/* The result of before, which is still to come, changes nothing. */
	was = lt;
	lost_ticks_result(&lt, seq, nondet_int());
	PROVE(lt.backlog == was.backlog && lt.count.delivered == was.count.delivered,
	      "a result from before is ignored");
}

/* kvm_hpet_state_check() has seen to that. */
static struct lost_ticks_state any_saved(void)
{
	struct lost_ticks_state s;

	s.in_flight = nondet_bool();
	s.lapses = nondet_bool();
	s.regular = nondet_bool();
	s.rose = nondet_bool();
	ASSUME(s.backlog <= MAX_BACKLOG_NS);
	ASSUME(s.retry_ns >= RETRY_FIRST_NS && s.retry_ns <= RETRY_LAST_NS);
	return s;
}

static void reset_to(struct lost_ticks *lt, u64 period_ns, u32 ack, bool pending)
{
	lost_ticks_reset(lt);
	lost_ticks_set_period(lt, period_ns, false);
	lost_ticks_set_ack(lt, ack, pending);
}

void prove_load(void)
{
	struct lost_ticks lt = any_state();
	struct lost_ticks_state s = any_saved();
	u32 ack = nondet_u32();

	ASSUME(ack <= LOST_TICKS_ACK_BOTH);
	reset_to(&lt, nondet_u64(), ack, nondet_bool());
	lost_ticks_load(&lt, any_below(CENTURY), &s);
	FOR_INVARIANT(&lt, PROVE);
}

/* Whatever the timer was before: what is loaded goes on as what was saved. */
void prove_save(void)
{
	struct lost_ticks from = any_state(), lt = any_state();
	struct lost_ticks_state s;
	u64 now = any_below(CENTURY), then = any_below(CENTURY);
	u64 shift = then - now;

	ASSUME(!from.injecting);
	ASSUME(!from.not_before || from.not_before == HPET_NEVER ||
	       (from.not_before < 2 * CENTURY - 1 && from.not_before + then > now));
	/* It began in the past, and is not prolonged. */
	ASSUME(!(from.in_flight || from.ending) || from.retry_at == HPET_NEVER ||
	       (from.retry_at <= now + from.retry_ns &&
		from.retry_at && from.retry_at + then > now));
	ASSUME(!from.in_flight || lost_ticks_told(from.ack_mode) ||
	       from.retry_at != HPET_NEVER);
	lt.params = from.params;
	lost_ticks_reset(&lt);
	lost_ticks_save(&from, now, &s);
	reset_to(&lt, s.period_ns, from.ack_mode, from.in_flight);
	lost_ticks_load(&lt, then, &s);
	PROVE(lt.backlog == from.backlog && lt.fraction_ns == from.fraction_ns,
	      "as much is owed");
	PROVE(lt.rate == from.rate && lt.peak == from.peak &&
	      lt.regular == from.regular && lt.rose == from.rose,
	      "at the same rate");
	PROVE(lt.in_flight == from.in_flight && lt.lapses == from.lapses &&
	      lt.retry_ns == from.retry_ns, "the same is in flight");
	PROVE(lt.ending == from.ending, "its end is as open");
	PROVE(!(lt.ending || (lt.in_flight && !lost_ticks_told(lt.ack_mode))) ||
	      lt.retry_at == from.retry_at +
	      (from.retry_at == HPET_NEVER ? 0 : shift), "for as long");
	PROVE(lt.not_before == from.not_before ||
	      lt.not_before == from.not_before + shift, "the next one is as far");
}

void prove_due(void)
{
	struct lost_ticks lt = any_state(), was = lt;
	u64 n = any_below(MANY);

	ASSUME(n);
	lost_ticks_due(&lt, n);
	FOR_INVARIANT(&lt, PROVE);
	PROVE(lt.count.due == was.count.due + n, "each is counted once");
	PROVE(lt.count.delivered == was.count.delivered &&
	      lt.count.masked == was.count.masked, "none is delivered by falling due");
	PROVE(lt.backlog || lt.in_flight, "one is owed, or one is with the guest");
}

void prove_masked(void)
{
	struct lost_ticks lt = any_state(), was = lt;

	if (nondet_bool())
		lost_ticks_masked(&lt, any_below(MANY));
	else
		lost_ticks_mute(&lt);
	FOR_INVARIANT(&lt, PROVE);
	PROVE(lt.count.delivered == was.count.delivered, "none is delivered");
	PROVE(lt.count.discarded == was.count.discarded, "a masked tick is not lost");
}

void prove_ack(void)
{
	struct lost_ticks lt = any_state(), was = lt;

	if (nondet_bool()) {
		lost_ticks_ack(&lt);
		PROVE(!lt.in_flight && !lt.ending, "it is waited for no longer");
	} else if (nondet_bool()) {
		u64 now = any_below(CENTURY);

		lost_ticks_told_taken(&lt, now);
		PROVE(!lt.in_flight && lt.ending == was.ending,
		      "the device's word does not end the interrupt");
		PROVE(lt.injecting || !lt.ending || !was.in_flight || !lt.backlog ||
		      lost_ticks_next(&lt) <= max_t(u64, lt.not_before,
						    now + RETRY_FIRST_NS),
		      "nor is its end waited for long");
	} else if (nondet_bool()) {
		lost_ticks_ended(&lt);
		PROVE(!lt.ending, "it has ended");
		PROVE(lt.in_flight == (was.in_flight &&
				       was.ack_mode != LOST_TICKS_ACK_EDGE),
		      "the end is a word only of an edge");
	} else {
		ASSUME(lt.not_before < CENTURY || lt.not_before == HPET_NEVER);
		ASSUME(lt.retry_at < CENTURY || lt.retry_at == HPET_NEVER);
		lost_ticks_resume(&lt, any_below(CENTURY));
		PROVE(lt.not_before >= was.not_before && lt.retry_at >= was.retry_at,
		      "nothing comes earlier for a pause");
	}
	FOR_INVARIANT(&lt, PROVE);
	PROVE(lt.backlog == was.backlog && lt.count.delivered == was.count.delivered,
	      "an acknowledgment delivers nothing by itself");
}

void prove_begin(void)
{
	struct lost_ticks lt = any_state(), was = lt;
	u64 now = any_below(CENTURY);

	ASSUME(lt.min_interval_ns < CENTURY && lt.period_ns < CENTURY);
	ASSUME(lost_ticks_next(&lt) <= now);
	lost_ticks_begin(&lt, now);
	FOR_INVARIANT(&lt, PROVE);
	PROVE(!was.injecting, "one at a time");
	PROVE(!was.in_flight || (lt.repeating && was.retry_at <= now),
	      "none goes out while one is in flight, but to repeat it in time");
	PROVE(was.in_flight || was.backlog, "none goes out that nobody owes");
	PROVE(lt.backlog == was.backlog && lt.count.delivered == was.count.delivered,
	      "what becomes of it is not known yet");
	PROVE(lost_ticks_next(&lt) == HPET_NEVER, "none follows before its result");
	PROVE(lt.not_before >= now, "the next one does not go back in time");
	PROVE(keeps(&was) || lt.not_before == now,
	      "what is not kept goes out as it falls due");
	PROVE(!was.ending || was.in_flight || was.retry_at <= now,
	      "none goes out before the last one has ended, or in time");
	PROVE(lost_ticks_told(lt.ack_mode) ||
	      (lt.retry_at >= now + RETRY_FIRST_NS &&
	       lt.retry_at <= now + RETRY_LAST_NS), "a wait ends");
}

/* While it catches up: at most max_rate more than one in each period. */
void prove_rate(void)
{
	struct lost_ticks lt = any_state(), was = lt;
	u64 now = any_below(CENTURY);

	ASSUME(lt.min_interval_ns < CENTURY && lt.period_ns < CENTURY);
	ASSUME(lost_ticks_next(&lt) <= now);
	ASSUME(lt.period_ns && lt.params.policy == LOST_TICKS_SLEW);
	ASSUME(lt.rate || lt.backlog > 1);
	lost_ticks_begin(&lt, now);
	/* The period by the rate and one more, rounded up; rate <= max_rate. */
	PROVE(lt.not_before - now >=
	      quotient(lt.period_ns - 1, max_t(u32, lt.rate, 1) + 1) + 1,
	      "at most rate additional ticks in a period");
	PROVE(lt.not_before - now >= lt.min_interval_ns,
	      "never closer than the least interval");
}

void prove_result(void)
{
	struct lost_ticks lt = any_state(), was = lt;
	int result = nondet_int();
	u32 seq = nondet_u32();

	lost_ticks_result(&lt, seq, result);
	FOR_INVARIANT(&lt, PROVE);
	PROVE(lt.count.delivered - was.count.delivered <= 1, "one at most");
	PROVE(lt.count.delivered == was.count.delivered ||
	      (result > 0 && was.injecting && !was.repeating && seq == was.seq),
	      "only what went out and arrived is delivered, and once");
	PROVE(lt.count.due == was.count.due, "nothing falls due by it");
}

/* From the first two asserted ends: what is owed and can go out will be asked for. */
void prove_next(void)
{
	struct lost_ticks lt = any_state();

	PROVE(lost_ticks_next(&lt) != HPET_NEVER || !lt.backlog || lt.injecting ||
	      lt.in_flight || lt.not_before == HPET_NEVER,
	      "what is owed is asked for");
}
