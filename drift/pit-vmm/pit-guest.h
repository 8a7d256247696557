/* SPDX-License-Identifier: GPL-2.0 */
/* What pit-vmm and its guest have agreed on, beyond samples/tick-vmm/guest.h. */
#ifndef PIT_GUEST_H
#define PIT_GUEST_H

#define RING_ADDRESS	0x100000	/* struct tick_ring */
#define PORT_BUSY	0x1c		/* a read, 8 bits: is all of the CPU wanted? */

#endif
