// SPDX-License-Identifier: GPL-2.0
/*
 * The build without a lost-tick policy (KVM_HPET_LOST_TICKS=n): ticks that could
 * not be taken in time are discarded, and still counted. Same interface as
 * lost_ticks.c; see lost_ticks.h.
 */
#include "lost_ticks.h"

static void give_up(struct lost_ticks *lt, u64 keep)
{
	if (lt->backlog <= keep)
		return;
	lt->count.discarded += lt->backlog - keep;
	lt->backlog = keep;
}

/* One tick may wait while another is on its way, none while the line is up. */
static u64 limit(const struct lost_ticks *lt)
{
	return lt->injecting + !lt->in_flight;
}

void lost_ticks_init(struct lost_ticks *lt, u64 min_interval_ns)
{
	memset(lt, 0, sizeof(*lt));
	lt->params.policy = LOST_TICKS_DISCARD;
	lt->params.max_rate = 10;
	lt->params.ramp = 1;
	lt->params.max_backlog_ns = 5000000000ULL;
	lt->min_interval_ns = min_interval_ns;
}

bool lost_ticks_supported(u32 policy)
{
	return policy == LOST_TICKS_DISCARD;
}

void lost_ticks_set_params(struct lost_ticks *lt,
			   const struct lost_ticks_params *params)
{
	lt->params = *params;
}

void lost_ticks_set_period(struct lost_ticks *lt, u64 period_ns, bool recount)
{
	lt->period_ns = period_ns;
}

void lost_ticks_set_ack(struct lost_ticks *lt, u32 ack_mode, bool pending)
{
	lt->ack_mode = ack_mode;
	lt->in_flight = lost_ticks_told(ack_mode) && pending;
	give_up(lt, limit(lt));
}

void lost_ticks_restart(struct lost_ticks *lt)
{
}

void lost_ticks_rerouted(struct lost_ticks *lt)
{
}

void lost_ticks_unmasked(struct lost_ticks *lt, u64 now)
{
}

void lost_ticks_elapse(struct lost_ticks *lt, u64 now)
{
}

void lost_ticks_reset(struct lost_ticks *lt)
{
	lt->injecting = false;
	lt->in_flight = false;
	give_up(lt, 0);
	lt->seq++;
}

void lost_ticks_save(const struct lost_ticks *lt, u64 now,
		     struct lost_ticks_state *s)
{
	memset(s, 0, sizeof(*s));
	s->period_ns = lt->period_ns;
	s->backlog = lt->backlog;
	s->retry_ns = LOST_TICKS_RETRY_FIRST_NS;
	s->next_in_ns = LOST_TICKS_AT_ONCE;
	s->in_flight = lt->in_flight;
	s->retry_in_ns = lt->in_flight ? LOST_TICKS_NEVER : 0;
}

void lost_ticks_load(struct lost_ticks *lt, u64 now,
		     const struct lost_ticks_state *s)
{
	lt->backlog = s->backlog;
	lt->count.due += s->backlog;
	give_up(lt, limit(lt));
}

void lost_ticks_due(struct lost_ticks *lt, u64 n)
{
	if (lt->backlog || lt->in_flight)
		lt->count.coalesced += n;
	else
		lt->count.late += n - 1;
	lt->count.due += n;
	lt->backlog += n;
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
	lt->count.masked += lt->backlog - lt->injecting;
	lt->backlog = lt->injecting;
}

u64 lost_ticks_next(const struct lost_ticks *lt)
{
	if (lt->injecting || lt->in_flight || !lt->backlog)
		return HPET_NEVER;
	return 0;
}

u32 lost_ticks_begin(struct lost_ticks *lt, u64 now)
{
	lt->injecting = true;
	lt->in_flight = lost_ticks_told(lt->ack_mode);
	return ++lt->seq;
}

void lost_ticks_result(struct lost_ticks *lt, u32 seq, int result)
{
	if (seq != lt->seq || !lt->injecting)
		return;
	lt->injecting = false;
	lt->backlog--;
	if (result > 0) {
		lt->count.delivered++;
	} else if (result < 0) {
		lt->count.masked++;
	} else {
		lt->count.coalesced++;
		lt->count.discarded++;
	}
	give_up(lt, limit(lt));
}

void lost_ticks_ack(struct lost_ticks *lt)
{
	lt->in_flight = false;
}

void lost_ticks_told_taken(struct lost_ticks *lt, u64 now)
{
	lost_ticks_ack(lt);
}

void lost_ticks_ended(struct lost_ticks *lt)
{
}

void lost_ticks_rest(struct lost_ticks *lt, u64 until)
{
}

void lost_ticks_resume(struct lost_ticks *lt, u64 paused_ns)
{
}
