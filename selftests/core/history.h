/* SPDX-License-Identifier: GPL-2.0 */
/* What guests and VMMs do in a simulated world. */
#ifndef _HISTORY_H
#define _HISTORY_H

#include "world.h"

/* A millisecond, in ticks of the world's counter. */
#define MS_TICKS	100000ULL
#define ON		(HPET_TN_ENABLE | HPET_TN_32BIT)

static inline u64 route(u64 gsi)
{
	return gsi << HPET_TN_ROUTE_SHIFT;
}

static inline u32 config(unsigned int n)
{
	return HPET_REG_TIMER(n) + HPET_TIMER_CONFIG;
}

static inline u32 comparator(unsigned int n)
{
	return HPET_REG_TIMER(n) + HPET_TIMER_COMPARATOR;
}

/* Programs a timer as Linux does. Returns the first match. */
u32 periodic(struct world *w, unsigned int n, u32 bits, u32 period);

/* Something that a guest or a VMM may do, at random. Timer n has line 16 + 2n. */
void history_op(struct world *w);

#endif /* _HISTORY_H */
