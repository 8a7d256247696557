/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The guest: it counts the ticks of the HPET's timer 0 for one second by the
 * HPET's main counter, and says how many there were.
 *
 * 32-bit protected mode without paging. The VMM copies all from guest_start to
 * guest_end to GUEST_ADDRESS and enters at its first instruction, with flat
 * segments and interrupts off.
 */
#include "guest.h"

#define AT(label)	(GUEST_ADDRESS + label - guest_start)

/* Registers of the HPET (specification 1.0a, 2.3) */
#define HPET_PERIOD	(HPET_BASE + 0x004)	/* of the counter, in fs */
#define HPET_CONFIG	(HPET_BASE + 0x010)
#define HPET_COUNTER	(HPET_BASE + 0x0f0)
#define TIMER0_CONFIG	(HPET_BASE + 0x100)
#define TIMER0_COMP	(HPET_BASE + 0x108)

#define CONFIG_RUN	0x001			/* HPET_CONFIG: ENABLE_CNF */
#define TIMER_INT_ENB	0x004			/* TIMER0_CONFIG */
#define TIMER_PERIODIC	0x008
#define TIMER_VAL_SET	0x040
#define TIMER_32	0x100
#define TIMER_PIN(n)	((n) << 9)

#define IOAPIC_INDEX	0xfec00000
#define IOAPIC_DATA	0xfec00010
#define IOAPIC_PIN(n)	(0x10 + 2 * (n))	/* and the next one, its high half */
#define APIC_EOI	0xfee000b0
#define APIC_SPURIOUS	0xfee000f0
#define APIC_ENABLE	0x100

#define VECTOR		0x40
#define FS_A_TICK	(1000000000000000 / TICKS_A_SECOND)

	.section .rodata
	.balign 8
	.globl guest_start, guest_end
	.code32
guest_start:
	movl	$AT(stack), %esp
	lgdt	AT(gdt_pointer)
	lidt	AT(idt_pointer)

	/* Pin 20 of the I/O APIC: VECTOR to this CPU, edge-triggered. */
	movl	$(APIC_ENABLE | 0xff), APIC_SPURIOUS
	movl	$(IOAPIC_PIN(HPET_PIN) + 1), IOAPIC_INDEX
	movl	$0, IOAPIC_DATA
	movl	$IOAPIC_PIN(HPET_PIN), IOAPIC_INDEX
	movl	$VECTOR, IOAPIC_DATA

	/* ebx: counts of the main counter in a tick; ebp: in the second */
	movl	$(FS_A_TICK >> 32), %edx
	movl	$(FS_A_TICK & 0xffffffff), %eax
	divl	HPET_PERIOD
	movl	%eax, %ebx
	imull	$TICKS_A_SECOND, %ebx, %ebp

	/*
	 * With VAL_SET the next write sets the comparator, that is, when the first
	 * tick falls due; the one after it sets the period.
	 */
	movl	$(TIMER_PIN(HPET_PIN) | TIMER_32 | TIMER_VAL_SET | \
		  TIMER_PERIODIC | TIMER_INT_ENB), TIMER0_CONFIG
	movl	%ebx, TIMER0_COMP
	movl	%ebx, TIMER0_COMP
	xorl	%esi, %esi			/* esi: ticks counted */
	movl	$CONFIG_RUN, HPET_CONFIG

	/* Wait for the first tenth of a second, let the VMM disturb us, then go on. */
1:	sti
	hlt
	cli
	cmpl	$(TICKS_A_SECOND / 10), %esi
	jb	1b
	outl	%eax, $PORT_STALL

2:	sti
	hlt
	cli
	movl	HPET_COUNTER, %eax
	cmpl	%ebp, %eax
	jb	2b

	/* Nothing falls due any more: take what is on its way, and say the sum. */
	movl	$0, HPET_CONFIG
	sti
	nop
	cli
	movl	%esi, %eax
	outl	%eax, $PORT_RESULT
	hlt

tick:
	incl	%esi
	movl	$0, APIC_EOI
	iret

	.balign 8
gdt:	.quad	0				/* none */
	.quad	0x00cf9b000000ffff		/* 0x08: code, 4 GiB */
	.quad	0x00cf93000000ffff		/* 0x10: data, 4 GiB */
gdt_pointer:
	.short	. - gdt - 1
	.long	AT(gdt)

	.balign 8
idt:	.fill	VECTOR, 8, 0
	.short	AT(tick), 0x08, 0x8e00, 0	/* 32-bit interrupt gate */
idt_pointer:
	.short	. - idt - 1
	.long	AT(idt)

	.balign	8
	.fill	256, 1, 0
stack:
guest_end:

	.section .note.GNU-stack, "", @progbits
