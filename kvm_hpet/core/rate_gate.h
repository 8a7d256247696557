/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A limit on how often something may happen: a gate that each event shuts for a
 * while. Virtual scheduling, as ATM's "generic cell rate algorithm" has it: no
 * count is kept and no window has edges to gather at.
 *
 * It refuses nothing: whoever obeys it comes when it is open. For work that is only
 * known when it is done, as many events as that was are charged afterwards; so
 * in any span of time there are no more than
 *
 *	span / interval + burst / interval + the most that is charged at once
 *
 * Context: any; the caller serialises calls for one gate.
 */
#ifndef _RATE_GATE_H
#define _RATE_GATE_H

#include "hpet_types.h"

/**
 * struct rate_gate - the gate
 * @interval_ns: what each event is worth
 * @burst_ns: how much of that may be spent in advance
 * @opens_ns: time from which on events may happen
 */
struct rate_gate {
	u64 interval_ns;
	u64 burst_ns;
	u64 opens_ns;
};

/**
 * rate_gate_init() - a gate that is open
 * @g: the gate
 * @per_second: events, 1 to 1,000,000,000
 * @burst: events that may happen at once after a rest
 */
static inline void rate_gate_init(struct rate_gate *g, u32 per_second,
				  u32 burst)
{
	g->interval_ns = (1000000000ULL + per_second - 1) / per_second;
	g->burst_ns = burst * g->interval_ns;
	g->opens_ns = 0;
}

/**
 * rate_gate_charge_more() - further events at the time of the last rate_gate_charge()
 * @g: the gate
 * @events: how many; as there, together with those
 */
static inline void rate_gate_charge_more(struct rate_gate *g, u32 events)
{
	g->opens_ns += events * g->interval_ns;
}

/**
 * rate_gate_charge() - events have happened
 * @g: the gate
 * @now: time, ns; it does not go backwards
 * @events: how many, at most 2^32 / 1000
 */
static inline void rate_gate_charge(struct rate_gate *g, u64 now, u32 events)
{
	u64 rested = now > g->burst_ns ? now - g->burst_ns : 0;

	g->opens_ns = max_t(u64, g->opens_ns, rested);
	rate_gate_charge_more(g, events);
}

#endif /* _RATE_GATE_H */
