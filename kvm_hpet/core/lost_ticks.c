// SPDX-License-Identifier: GPL-2.0
/*
 * The lost-tick policy. See lost_ticks.h.
 *
 * After Ulrich Obergfell's proposal for QEMU of 2011: lost ticks are made up by
 * additional ones during the following intervals, beginning with one an interval
 * and with more when more are lost meanwhile, with limits on the rate and on
 * what may be owed. New is that delivery is known from the acknowledgment, and
 * that additional ticks are spread evenly.
 */
#include "lost_ticks.h"
#include "mul_div.h"

/*
 * A tick that is never acknowledged, because the guest was reset or changed the
 * vector, must not stop the timer for ever. A tick injected once more is merged
 * with the first if that is still pending.
 */
#define RETRY_FIRST_NS		LOST_TICKS_RETRY_FIRST_NS
#define RETRY_LAST_NS		LOST_TICKS_RETRY_LAST_NS

static bool repeats(const struct lost_ticks *lt)
{
	return lt->period_ns != 0;
}

static u32 policy(const struct lost_ticks *lt)
{
	return repeats(lt) ? lt->params.policy : LOST_TICKS_DISCARD;
}

/* Is what is owed a span of guest time? Else it is just the next tick. */
static bool keeps_owed(const struct lost_ticks *lt)
{
	return policy(lt) == LOST_TICKS_DELAY || policy(lt) == LOST_TICKS_SLEW;
}

/* Does a tick have to be acknowledged before the next one goes out? */
static bool needs_ack(const struct lost_ticks *lt)
{
	if (lt->ack_mode == LOST_TICKS_ACK_EDGE)
		return policy(lt) != LOST_TICKS_DISCARD;
	return lost_ticks_told(lt->ack_mode);
}

/* Is one tick of the backlog being injected? A repeated one is not part of it. */
static u64 taken(const struct lost_ticks *lt)
{
	return lt->injecting && !lt->repeating;
}

/* The most that @backlog may be at this moment. */
static u64 limit(const struct lost_ticks *lt)
{
	switch (policy(lt)) {
	case LOST_TICKS_DISCARD:
		return taken(lt) + !(lt->in_flight && needs_ack(lt));
	case LOST_TICKS_MERGE:
		return taken(lt) + 1;
	default:
		return max_t(u64, 1, lt->params.max_backlog_ns / lt->period_ns);
	}
}

static void give_up(struct lost_ticks *lt, u64 keep)
{
	if (lt->backlog <= keep)
		return;
	lt->count.discarded += lt->backlog - keep;
	lt->backlog = keep;
}

static void stop_waiting(struct lost_ticks *lt)
{
	lt->in_flight = false;
	lt->lapses = false;
	lt->retry_ns = RETRY_FIRST_NS;
}

/* Only who keeps what is owed has another one to send before the interrupt ends. */
static bool needs_end(const struct lost_ticks *lt)
{
	return lt->ack_mode == LOST_TICKS_ACK_BOTH &&
		policy(lt) != LOST_TICKS_DISCARD;
}

/* Another policy or period may wait for less. */
static void stop_needless_waits(struct lost_ticks *lt)
{
	if (!needs_ack(lt))
		stop_waiting(lt);
	lt->ending = lt->ending && needs_end(lt);
}

static void set_rate(struct lost_ticks *lt, u32 rate)
{
	lt->rate = min_t(u32, rate, lt->params.max_rate);
	lt->count.max_rate = max_t(u32, lt->count.max_rate, lt->rate);
}

/* The most that may be left over when a new one falls due: the rest is given up. */
static u64 most_left(const struct lost_ticks *lt)
{
	return limit(lt) - 1;
}

/*
 * @residue ticks were left over when a new one fell due. Is that more than it
 * has been while catching up, the rate does not suffice. Less than that says
 * nothing: where the host stops the guest again and again, what is owed grows
 * with each stop and shrinks in between, though it be paid back in the end.
 */
static void adapt_rate(struct lost_ticks *lt, u64 residue)
{
	u32 rate = lt->rate;

	if (!residue || policy(lt) != LOST_TICKS_SLEW) {
		lt->rate = 0;
		lt->peak = 0;
	} else if (!lt->rate) {
		set_rate(lt, LOST_TICKS_START_RATE);
		lt->peak = residue;
	} else if (residue > min_t(u64, lt->peak, most_left(lt))) {
		set_rate(lt, lt->rate + lt->params.ramp);
		lt->peak = residue;
	}
	lt->rose = lt->rate > rate;
}

/*
 * The least time from one tick to the next, 0: they go out as they fall due. With
 * policies that keep nothing, none is left to wait when one goes out.
 */
static u64 spacing(const struct lost_ticks *lt)
{
	u32 rate = max_t(u32, lt->rate, LOST_TICKS_START_RATE);
	u64 gap = lt->period_ns;

	if (!lt->rate && lt->backlog <= 1)
		return 0;
	if (policy(lt) == LOST_TICKS_SLEW)
		gap = (lt->period_ns - 1) / (rate + 1) + 1;
	return max_t(u64, gap, lt->min_interval_ns);
}

static u64 add_sat(u64 a, u64 b)
{
	return a + b < a ? ~0ULL : a + b;
}

/*
 * When the next one may follow one that goes out now. Delayed ticks keep the
 * rhythm of the period: if each counted from the one before, whatever the host
 * is late would add up, and the delay grow without further loss.
 */
static u64 follow(const struct lost_ticks *lt, u64 now)
{
	u64 gap = spacing(lt);
	u64 late = now - lt->not_before;

	if (!gap || policy(lt) != LOST_TICKS_DELAY || late >= gap)
		return add_sat(now, gap);
	return now + max_t(u64, gap - late, lt->min_interval_ns);
}

void lost_ticks_init(struct lost_ticks *lt, u64 min_interval_ns)
{
	memset(lt, 0, sizeof(*lt));
	lt->params.policy = LOST_TICKS_DISCARD;
	lt->params.max_rate = 10;
	lt->params.ramp = 1;
	lt->params.max_backlog_ns = 5000000000ULL;
	lt->min_interval_ns = min_interval_ns;
	lt->retry_ns = RETRY_FIRST_NS;
}

bool lost_ticks_supported(u32 policy)
{
	return policy <= LOST_TICKS_SLEW;
}

void lost_ticks_set_params(struct lost_ticks *lt,
			   const struct lost_ticks_params *params)
{
	lt->params = *params;
	stop_needless_waits(lt);
	if (!keeps_owed(lt))
		lt->fraction_ns = 0;
	lt->rate = policy(lt) == LOST_TICKS_SLEW ?
		   min_t(u32, lt->rate, params->max_rate) : 0;
	lt->not_before = 0;
	give_up(lt, limit(lt));
}

/*
 * The guest time that is owed, @n ticks of @unit ns and the fraction, in ticks of
 * the present period. The product is no more than the limit, or one tick.
 */
static u64 count_anew(struct lost_ticks *lt, u64 n, u64 unit)
{
	u64 owed = add_sat(n * unit, lt->fraction_ns);

	lt->fraction_ns = owed % lt->period_ns;
	return owed / lt->period_ns;
}

static void period_changed(struct lost_ticks *lt, u64 from, bool recount)
{
	u64 n = lost_ticks_waiting(lt);
	u64 owed = count_anew(lt, recount ? n : 0, from) + (recount ? 0 : n);

	/* Far beyond every limit a period of centuries would give nonsense. */
	owed = min_t(u64, owed, limit(lt) + (u32)~0U);
	lt->count.due += owed - n;
	lt->backlog += owed - n;
}

void lost_ticks_set_period(struct lost_ticks *lt, u64 period_ns, bool recount)
{
	u64 from = lt->period_ns;

	if (period_ns == from)
		return;
	lt->period_ns = period_ns;
	lt->not_before = 0;
	/* A tick that does not repeat stands for no span of time. */
	if (!period_ns)
		give_up(lt, taken(lt));
	if (!keeps_owed(lt))
		lt->fraction_ns = 0;
	else if (from)
		period_changed(lt, from, recount);
	lt->peak = lt->backlog;
	if (policy(lt) != LOST_TICKS_SLEW)
		lt->rate = 0;
	stop_needless_waits(lt);
	give_up(lt, limit(lt));
}

void lost_ticks_set_ack(struct lost_ticks *lt, u32 ack_mode, bool pending)
{
	bool same = lt->ack_mode == ack_mode;

	lt->ack_mode = ack_mode;
	lt->ending = false;
	if (lost_ticks_told(ack_mode)) {
		stop_waiting(lt);
		lt->in_flight = pending;
		lt->retry_at = HPET_NEVER;
	} else if (!same || !needs_ack(lt)) {
		stop_waiting(lt);
	}
	give_up(lt, limit(lt));
}

void lost_ticks_restart(struct lost_ticks *lt)
{
	if (!lost_ticks_told(lt->ack_mode))
		stop_waiting(lt);
	lt->not_before = 0;
}

/* After a tick that was masked the next one need not fall due first. */
static void dont_wait_for_next(struct lost_ticks *lt)
{
	if (lt->not_before == HPET_NEVER)
		lt->not_before = 0;
}

void lost_ticks_rerouted(struct lost_ticks *lt)
{
	if (!lost_ticks_told(lt->ack_mode))
		stop_waiting(lt);
	dont_wait_for_next(lt);
}

void lost_ticks_unmasked(struct lost_ticks *lt, u64 now)
{
	u64 until = add_sat(now, max_t(u64, lt->period_ns,
				       lt->min_interval_ns));

	if (lt->ending)
		lt->retry_at = min_t(u64, lt->retry_at, until);
	if (lt->in_flight && !lost_ticks_told(lt->ack_mode) &&
	    until < lt->retry_at) {
		lt->retry_at = until;
		lt->lapses = true;
	}
	dont_wait_for_next(lt);
}

void lost_ticks_elapse(struct lost_ticks *lt, u64 now)
{
	if (lt->lapses && lt->retry_at <= now)
		stop_waiting(lt);
}

void lost_ticks_reset(struct lost_ticks *lt)
{
	lt->injecting = false;
	lt->repeating = false;
	lt->ending = false;
	stop_waiting(lt);
	give_up(lt, 0);
	lt->rate = 0;
	lt->fraction_ns = 0;
	lt->peak = 0;
	lt->not_before = 0;
	lt->regular = false;
	lt->rose = false;
	lt->seq++;
}

/* Between a time and how far it is from another; no such time stays none. */
static s64 time_until(u64 at, u64 now)
{
	if (!at)
		return LOST_TICKS_AT_ONCE;
	return at == HPET_NEVER ? LOST_TICKS_NEVER : (s64)(at - now);
}

static u64 time_after(u64 now, s64 ns)
{
	if (ns == LOST_TICKS_NEVER)
		return HPET_NEVER;
	return ns < 0 && now <= -(u64)ns ? 0 : now + ns;
}

void lost_ticks_save(const struct lost_ticks *lt, u64 now,
		     struct lost_ticks_state *s)
{
	s->period_ns = lt->period_ns;
	s->backlog = lt->backlog;
	s->fraction_ns = lt->fraction_ns;
	s->peak = lt->peak;
	s->retry_ns = lt->retry_ns;
	s->retry_in_ns = lt->in_flight || lt->ending ?
			 time_until(lt->retry_at, now) : 0;
	s->next_in_ns = time_until(lt->not_before, now);
	s->rate = lt->rate;
	s->in_flight = lt->in_flight;
	s->lapses = lt->lapses;
	s->regular = lt->regular;
	s->rose = lt->rose;
	s->ending = lt->ending;
}

void lost_ticks_load(struct lost_ticks *lt, u64 now,
		     const struct lost_ticks_state *s)
{
	lt->backlog = s->backlog;
	lt->count.due += s->backlog;
	lt->peak = s->peak;
	lt->regular = s->regular;
	lt->rose = s->rose;
	/* As in lost_ticks_set_period(): another rhythm begins at once. */
	if (s->period_ns == lt->period_ns)
		lt->not_before = time_after(now, s->next_in_ns);
	if (keeps_owed(lt) && s->fraction_ns < lt->period_ns)
		lt->fraction_ns = s->fraction_ns;
	if (policy(lt) == LOST_TICKS_SLEW)
		lt->rate = min_t(u32, s->rate, lt->params.max_rate);
	lt->ending = s->ending && needs_end(lt);
	if (lt->ending)
		lt->retry_at = time_after(now, lt->in_flight ? s->retry_in_ns :
					  min_t(s64, s->retry_in_ns,
						RETRY_FIRST_NS));
	/* With lost_ticks_told() the device has said so already. */
	if (!lost_ticks_told(lt->ack_mode)) {
		lt->in_flight = s->in_flight && needs_ack(lt);
		lt->lapses = s->lapses && lt->in_flight;
		lt->retry_ns = s->retry_ns;
		lt->retry_at = time_after(now, min_t(s64, s->retry_in_ns,
						     s->retry_ns));
	}
	give_up(lt, limit(lt));
}

void lost_ticks_due(struct lost_ticks *lt, u64 n)
{
	u64 waiting = lost_ticks_waiting(lt);
	u64 residue = waiting + n - 1;

	/* An interrupt that has not ended is one that was not taken, for all one knows. */
	if (lost_ticks_waits(lt) || lt->ending)
		lt->count.coalesced += n;
	else
		lt->count.late += n - 1 + (lt->regular && waiting);
	lt->count.due += n;
	lt->backlog += n;
	dont_wait_for_next(lt);
	/*
	 * While none goes out it makes no difference how often one looks: it is
	 * one loss, for which the rate rises once, at the first look or when it
	 * is over.
	 */
	if (!lt->regular || !residue)
		adapt_rate(lt, residue);
	else if (lt->rose)
		lt->peak = residue;
	lt->regular = true;
	/* One may always wait, but with some ways while another is on its way. */
	if (lt->backlog > 1 || lt->in_flight)
		give_up(lt, limit(lt));
	lt->count.max_backlog = max_t(u64, lt->count.max_backlog, lt->backlog);
}

void lost_ticks_masked(struct lost_ticks *lt, u64 n)
{
	lt->count.due += n;
	lt->count.masked += n;
}

void lost_ticks_mute(struct lost_ticks *lt)
{
	if (policy(lt) != LOST_TICKS_DISCARD)
		return;
	lt->count.masked += lost_ticks_waiting(lt);
	lt->backlog = taken(lt);
}

u64 lost_ticks_next(const struct lost_ticks *lt)
{
	if (lt->injecting)
		return HPET_NEVER;
	if (lt->in_flight)
		return lost_ticks_told(lt->ack_mode) ? HPET_NEVER : lt->retry_at;
	if (!lt->backlog)
		return HPET_NEVER;
	return lt->ending ? max_t(u64, lt->not_before, lt->retry_at) :
			    lt->not_before;
}

u32 lost_ticks_begin(struct lost_ticks *lt, u64 now)
{
	lt->injecting = true;
	lt->repeating = lt->in_flight;
	lt->lapses = false;
	if (lt->repeating) {
		lt->count.retries++;
		lt->retry_ns = min_t(u64, 2 * lt->retry_ns, RETRY_LAST_NS);
	}
	lt->in_flight = needs_ack(lt);
	lt->ending = needs_end(lt);
	lt->not_before = follow(lt, now);
	lt->retry_at = lost_ticks_told(lt->ack_mode) ? HPET_NEVER :
						       now + lt->retry_ns;
	return ++lt->seq;
}

static void count_delivered(struct lost_ticks *lt)
{
	lt->backlog--;
	lt->count.delivered++;
	if (!lt->regular)
		lt->count.reinjected++;
	lt->regular = false;
}

/*
 * Masked at the interrupt controller. Only the tick of this interval was: what
 * is owed from before is kept, and tried again with the next tick.
 */
static void count_masked(struct lost_ticks *lt)
{
	lt->backlog--;
	lt->count.masked++;
	lt->regular = false;
}

/* Merged with one that is still pending, whose acknowledgment will come. */
static void count_merged(struct lost_ticks *lt)
{
	lt->count.coalesced++;
	if (needs_ack(lt))
		return;
	lt->backlog--;
	lt->count.discarded++;
}

void lost_ticks_result(struct lost_ticks *lt, u32 seq, int result)
{
	bool first = taken(lt);

	if (seq != lt->seq || !lt->injecting)
		return;
	lt->injecting = false;
	lt->repeating = false;
	if (result < 0) {
		lt->ending = false;
		stop_waiting(lt);
		lt->not_before = HPET_NEVER;
	}
	if (!first)
		return;
	if (result > 0)
		count_delivered(lt);
	else if (result < 0)
		count_masked(lt);
	else
		count_merged(lt);
	if (lt->backlog)
		give_up(lt, limit(lt));
}

void lost_ticks_ack(struct lost_ticks *lt)
{
	lt->ending = false;
	stop_waiting(lt);
}

void lost_ticks_told_taken(struct lost_ticks *lt, u64 now)
{
	if (lt->ending && lt->in_flight)
		lt->retry_at = min_t(u64, lt->retry_at, now + RETRY_FIRST_NS);
	stop_waiting(lt);
}

void lost_ticks_ended(struct lost_ticks *lt)
{
	if (lt->ack_mode == LOST_TICKS_ACK_EDGE)
		lost_ticks_ack(lt);
	lt->ending = false;
}

void lost_ticks_rest(struct lost_ticks *lt, u64 until)
{
	lt->not_before = max_t(u64, lt->not_before, until);
}

static u64 delayed(u64 at, u64 by)
{
	return at && at != HPET_NEVER ? at + by : at;
}

void lost_ticks_resume(struct lost_ticks *lt, u64 paused_ns)
{
	lt->not_before = delayed(lt->not_before, paused_ns);
	lt->retry_at = delayed(lt->retry_at, paused_ns);
}
