// SPDX-License-Identifier: GPL-2.0
/*
 * When the host's timer is to go off for a match: at the first ns at which the
 * counter has come so far. So it is not in the past, nor after the match by more
 * than rounding up to a ns, and whoever looks at that time finds the match.
 */
#include "proof.h"
#include "hpet_model.c"
#include "division.h"

/* The products by the period are in the order of the numbers. */
static void in_order(u64 a, u64 b, u32 period)
{
	if (a < b)
		ASSUME(multiple(b, period) >= multiple(a, period) + period);
	else if (b < a)
		ASSUME(multiple(a, period) >= multiple(b, period) + period);
}

void prove_first(void)
{
	struct hpet_model m;
	u64 now = nondet_u64(), at, then = nondet_u64(), elapsed, later;
	u32 n = nondet_u32();

	m.period_fs = any_period();
	m.base_phase_fs = any_phase(m.period_fs);
	m.running = true;
	ASSUME(n < HPET_MAX_TIMERS);
	ASSUME(m.base_ns <= now && now < 1ULL << 62 && m.base_ns <= then);
	elapsed = hpet_elapsed(&m, now);
	/* As all that model.c is about leaves it. */
	ASSUME(m.timer[n].next > elapsed);
	in_order(elapsed, m.timer[n].next, m.period_fs);
	at = hpet_timer_ns(&m, n);
	PROVE(at > now, "never in the past");
	PROVE(at != HPET_NEVER || m.timer[n].next == HPET_NEVER ||
	      multiple(m.timer[n].next, m.period_fs) >> 64 >= FS_PER_NS / 4,
	      "never is 146 years away");
	if (at == HPET_NEVER)
		return;
	later = hpet_elapsed(&m, then);
	in_order(later, m.timer[n].next, m.period_fs);
	PROVE(then < at || later >= m.timer[n].next, "then it has matched");
	PROVE(then >= at || later < m.timer[n].next, "a ns before it has not");
}
