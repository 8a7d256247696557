/* SPDX-License-Identifier: GPL-2.0 */
/* What the VMM and its guest have agreed on. */
#ifndef GUEST_H
#define GUEST_H

#define GUEST_ADDRESS	0x1000		/* where it is loaded and starts */
#define HPET_BASE	0xfed00000
#define HPET_PIN	20		/* of the I/O APIC, for timer 0 */
#define TICKS_A_SECOND	1000

/* Ports on which the guest speaks to the VMM: 32-bit writes */
#define PORT_STALL	0x10		/* take the CPU away from me, if you like */
#define PORT_RESULT	0x14		/* ticks that I have counted in a second; the end */

#endif
