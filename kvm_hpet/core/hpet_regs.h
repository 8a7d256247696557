/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Register layout of the IA-PC HPET Specification 1.0a, chapter 2.3. All
 * registers are 64 bits wide and lie on multiples of 8.
 */
#ifndef _HPET_REGS_H
#define _HPET_REGS_H

#include "hpet_types.h"

#define HPET_MAX_TIMERS		32

/* General registers (2.3.4 to 2.3.7). */
#define HPET_REG_CAP		0x000
#define HPET_REG_CONFIG		0x010
#define HPET_REG_STATUS		0x020
#define HPET_REG_COUNTER	0x0f0

/* Timer n's registers (2.3.8 to 2.3.10) begin at HPET_REG_TIMER(n). */
#define HPET_REG_TIMER(n)	(0x100 + 0x20 * (n))
#define HPET_REG_TIMER_SIZE	0x20
#define HPET_TIMER_CONFIG	0x00
#define HPET_TIMER_COMPARATOR	0x08
#define HPET_TIMER_FSB		0x10

/*
 * 0x400 bytes hold 24 timers. The specification allows 32 without saying where
 * the other eight lie; here the block just goes on.
 */
#define HPET_BLOCK_SIZE		0x400
#define HPET_BLOCK_SIZE_MAX	HPET_REG_TIMER(HPET_MAX_TIMERS)

/* General capabilities and ID. */
#define HPET_CAP_REV_SHIFT	0
#define HPET_CAP_TIMERS_SHIFT	8
#define HPET_CAP_COUNTER_64	BIT_ULL(13)
#define HPET_CAP_LEGACY		BIT_ULL(15)
#define HPET_CAP_VENDOR_SHIFT	16
#define HPET_CAP_PERIOD_SHIFT	32

/* General configuration. */
#define HPET_CONFIG_ENABLE	BIT_ULL(0)
#define HPET_CONFIG_LEGACY	BIT_ULL(1)

/* Timer configuration and capabilities. */
#define HPET_TN_LEVEL		BIT_ULL(1)	/* INT_TYPE */
#define HPET_TN_ENABLE		BIT_ULL(2)	/* INT_ENB */
#define HPET_TN_PERIODIC	BIT_ULL(3)	/* TYPE */
#define HPET_TN_PERIODIC_CAP	BIT_ULL(4)
#define HPET_TN_SIZE_CAP	BIT_ULL(5)
#define HPET_TN_VAL_SET		BIT_ULL(6)
#define HPET_TN_32BIT		BIT_ULL(8)	/* 32MODE */
#define HPET_TN_ROUTE_SHIFT	9
#define HPET_TN_ROUTE_MASK	GENMASK_ULL(13, 9)
#define HPET_TN_FSB_ENABLE	BIT_ULL(14)
#define HPET_TN_FSB_CAP		BIT_ULL(15)
#define HPET_TN_ROUTE_CAP_SHIFT	32

/* Legacy replacement drives these ISA interrupts (2.4.2.1). */
#define HPET_LEGACY_GSI_TIMER0	0
#define HPET_LEGACY_GSI_TIMER1	8

/* Pins of KVM's I/O APIC, and so the routes there can be. */
#define HPET_NUM_GSIS		24

#endif /* _HPET_REGS_H */
