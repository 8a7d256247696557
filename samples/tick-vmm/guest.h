/* SPDX-License-Identifier: GPL-2.0 */
/* What the VMM and its guest have agreed on. */
#ifndef GUEST_H
#define GUEST_H

#define GUEST_ADDRESS	0x1000		/* where it is loaded and starts */
#define HPET_BASE	0xfed00000
#define HPET_PIN	20		/* of the I/O APIC, for timer 0 */
#define RTC_PIN		8		/* of the RTC */
#define PIT_PIN		0		/* of the PIT; by KVM's own routing */
#define TICKS_A_SECOND	1000		/* of HPET and PIT; the RTC has 1,024 */

/* Ports on which the guest speaks to the VMM: 32-bit accesses */
#define PORT_STALL	0x10		/* take the CPU away from me, if you like */
#define PORT_RESULT	0x14		/* ticks that I have counted in a second; the end */
#define PORT_DEVICE	0x18		/* a read: which timer am I to use */

#define DEVICE_HPET	0
#define DEVICE_RTC	1
#define DEVICE_PIT	2

#endif
