// SPDX-License-Identifier: GPL-2.0
/*
 * The lost-tick policy: one event, whichever, from a state of which nothing is
 * known but the invariant, leads to a state of which the invariant holds. As it
 * holds after lost_ticks_init(), it holds after every sequence of events of any
 * length.
 */
#include "proof.h"

/*
 * `run` puts this in place of each division in the copy of lost_ticks.c that it
 * proves. All that is used of a quotient is that it is a function of its operands
 * and no larger than the dividend: more would be too hard to solve.
 */
u64 __CPROVER_uninterpreted_quotient(u64 n, u64 d);
static u64 quotient(u64 n, u64 d);

#include "lost_ticks.c"

#define MAX_BACKLOG_NS	3600000000000ULL
/* Ticks that one timer can see in 292 years, one each ns. */
#define MANY		(1ULL << 63)

static u64 quotient(u64 n, u64 d)
{
	u64 q = __CPROVER_uninterpreted_quotient(n, d);

	PROVE(d, "no division by zero");
	ASSUME(q <= n);
	return q;
}

/* What is used of mul_div_sat(), which clock.c is about. */
u64 mul_div_any(u64 a, u64 b, u64 c)
{
	u64 q = nondet_u64();

	PROVE(c, "no division by zero");
	ASSUME(b > c || q <= a);
	return q;
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
				 lt->ack_mode == LOST_TICKS_ACK_LEVEL);
	if (lt->params.policy == LOST_TICKS_MERGE)
		return first + 1;
	return max_t(u64, 1, quotient(lt->params.max_backlog_ns, lt->period_ns));
}

static bool may_fly(const struct lost_ticks *lt)
{
	if (lt->ack_mode == LOST_TICKS_ACK_EDGE)
		return lt->period_ns && lt->params.policy != LOST_TICKS_DISCARD;
	return lt->ack_mode == LOST_TICKS_ACK_LEVEL;
}

/* Each part by itself, so that a failure has a name. */
#define FOR_INVARIANT(lt, do) \
	do(law(lt), "due = delivered + masked + discarded + backlog"); \
	do((lt)->count.delivered <= (lt)->count.due, "never more delivered than due"); \
	do(params_ok(&(lt)->params), "parameters stay valid"); \
	do((lt)->ack_mode <= LOST_TICKS_ACK_LEVEL, "a way to acknowledge"); \
	do((lt)->rate <= (lt)->params.max_rate, "rate <= max_rate"); \
	do(!(lt)->rate || ((lt)->period_ns && \
	   (lt)->params.policy == LOST_TICKS_SLEW), "only slew has a rate"); \
	do((lt)->backlog <= most_owed(lt), "backlog within its limit"); \
	do(!(lt)->repeating || (lt)->injecting, "a repetition is an injection"); \
	do(!(lt)->injecting || (lt)->repeating || (lt)->backlog, \
	   "what is injected is owed"); \
	do(!(lt)->in_flight || may_fly(lt), "waits only for what can come"); \
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
	lt.regular = nondet_bool();
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

static u64 any_below(u64 limit)
{
	u64 val = nondet_u64();

	ASSUME(val < limit);
	return val;
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

void prove_set_period(void)
{
	struct lost_ticks lt = any_state(), was = lt;

	lost_ticks_set_period(&lt, nondet_u64(), nondet_bool());
	FOR_INVARIANT(&lt, PROVE);
	PROVE(lt.count.delivered == was.count.delivered &&
	      lt.count.masked == was.count.masked, "a period delivers nothing");
	PROVE(lt.period_ns < was.period_ns || lt.backlog <= was.backlog,
	      "a longer period owes no more ticks");
}

void prove_set_ack(void)
{
	struct lost_ticks lt = any_state();
	u32 mode = nondet_u32();

	ASSUME(mode <= LOST_TICKS_ACK_LEVEL);
	lost_ticks_set_ack(&lt, mode, nondet_bool());
	FOR_INVARIANT(&lt, PROVE);
}

void prove_restart(void)
{
	struct lost_ticks lt = any_state();

	if (nondet_bool())
		lost_ticks_restart(&lt);
	else
		lost_ticks_unmasked(&lt, true);
	FOR_INVARIANT(&lt, PROVE);
	PROVE(lt.in_flight == false || lt.ack_mode == LOST_TICKS_ACK_LEVEL,
	      "nobody waits for the past");
}

void prove_reset(void)
{
	struct lost_ticks lt = any_state(), was = lt;
	u32 seq = lt.seq;

	lost_ticks_reset(&lt);
	FOR_INVARIANT(&lt, PROVE);
	PROVE(!lt.backlog && !lt.injecting && !lt.in_flight, "nothing is left");
	/* The result of before, which is still to come, changes nothing. */
	was = lt;
	lost_ticks_result(&lt, seq, nondet_int());
	PROVE(lt.backlog == was.backlog && lt.count.delivered == was.count.delivered,
	      "a result from before is ignored");
	/* What is loaded comes after a reset. */
	lost_ticks_load(&lt, any_below(MANY), nondet_u32(), nondet_bool(), nondet_u64());
	FOR_INVARIANT(&lt, PROVE);
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

	if (nondet_bool())
		lost_ticks_ack(&lt);
	else
		lost_ticks_resume(&lt, nondet_u64());
	FOR_INVARIANT(&lt, PROVE);
	PROVE(lt.backlog == was.backlog && lt.count.delivered == was.count.delivered,
	      "an acknowledgment delivers nothing by itself");
}

/* Times below 2^62 ns, 146 years. */
#define CENTURY	(1ULL << 62)

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
	PROVE(lt.ack_mode == LOST_TICKS_ACK_LEVEL ||
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
