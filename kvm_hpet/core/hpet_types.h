/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The few types and helpers the core needs, from the kernel or, where the core
 * is tested, from the C library. The core includes nothing else.
 */
#ifndef _HPET_TYPES_H
#define _HPET_TYPES_H

#ifdef __KERNEL__
#include <linux/types.h>
#include <linux/bits.h>
#include <linux/container_of.h>
#include <linux/minmax.h>
#include <linux/nospec.h>
#include <linux/string.h>

/*
 * An array with an element for each timer that a device has. Its memory is the
 * caller's, zeroed; most have three timers, and could have 32.
 */
#define PER_TIMER(name, max)	(*(name))
#else
#include "hpet_types_host.h"
#endif

/* A time (ns) or a count of counter ticks that is never reached. */
#define HPET_NEVER	(~0ULL)

#endif /* _HPET_TYPES_H */
