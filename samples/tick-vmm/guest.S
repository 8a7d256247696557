/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The guest: it counts the ticks of the HPET's timer 0, of the RTC or of the PIT for
 * one second by the HPET's main counter, and says how many there were.
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

#define RTC_INDEX	0x70
#define RTC_DATA	0x71
#define PIT_COUNTER0	0x40
#define PIT_CONTROL	0x43
#define PIT_COUNT	1193		/* of 1,193,182 Hz: 1,000 a second */

#define PIC1_MASK	0x21
#define PIC2_MASK	0xa1

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

	inl	$PORT_DEVICE, %eax
	movl	%eax, AT(device)

	/* RTC and PIT are on the PICs too, which are to leave us alone. */
	movb	$0xff, %al
	outb	%al, $PIC1_MASK
	outb	%al, $PIC2_MASK
	movl	AT(device), %eax

	/* Its pin of the I/O APIC: VECTOR to this CPU, edge-triggered. */
	movl	$(APIC_ENABLE | 0xff), APIC_SPURIOUS
	movl	AT(pins)(, %eax, 4), %eax
	leal	(IOAPIC_PIN(0) + 1)(, %eax, 2), %ecx
	movl	%ecx, IOAPIC_INDEX
	movl	$0, IOAPIC_DATA
	decl	%ecx
	movl	%ecx, IOAPIC_INDEX
	movl	$VECTOR, IOAPIC_DATA

	/* ebx: counts of the main counter in a tick; ebp: in the second */
	movl	$(FS_A_TICK >> 32), %edx
	movl	$(FS_A_TICK & 0xffffffff), %eax
	divl	HPET_PERIOD
	movl	%eax, %ebx
	imull	$TICKS_A_SECOND, %ebx, %ebp

	xorl	%esi, %esi			/* esi: ticks counted */
	cmpl	$DEVICE_RTC, AT(device)
	je	rtc
	ja	pit

	/*
	 * With VAL_SET the next write sets the comparator, that is, when the first
	 * tick falls due; the one after it sets the period.
	 */
	movl	$(TIMER_PIN(HPET_PIN) | TIMER_32 | TIMER_VAL_SET | \
		  TIMER_PERIODIC | TIMER_INT_ENB), TIMER0_CONFIG
	movl	%ebx, TIMER0_COMP
	movl	%ebx, TIMER0_COMP
	movl	$CONFIG_RUN, HPET_CONFIG
	jmp	count

	/*
	 * The others have clocks of their own, and begin just after the HPET's: half a
	 * tick before the second is over, the next one is the last.
	 */
rtc:	movl	$CONFIG_RUN, HPET_CONFIG
	movl	$0x260a, %eax			/* the divider runs; rate 6: 1,024 Hz */
	call	rtc_set
	movl	$0x420b, %eax			/* periodic interrupt */
	call	rtc_set
	jmp	half

pit:	movl	$CONFIG_RUN, HPET_CONFIG
	movb	$0x34, %al			/* counter 0, both halves, mode 2 */
	outb	%al, $PIT_CONTROL
	movb	$(PIT_COUNT & 0xff), %al
	outb	%al, $PIT_COUNTER0
	movb	$(PIT_COUNT >> 8), %al
	outb	%al, $PIT_COUNTER0

half:	movl	%ebx, %eax
	shrl	$1, %eax
	subl	%eax, %ebp
count:
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
	movl	$0x020b, %eax
	call	rtc_set
	movb	$0x30, %al			/* mode 0, without a count */
	outb	%al, $PIT_CONTROL
	sti
	nop
	cli
	movl	%esi, %eax
	outl	%eax, $PORT_RESULT
	hlt

/* Writes ah to the RTC's register al. */
rtc_set:
	outb	%al, $RTC_INDEX
	movb	%ah, %al
	outb	%al, $RTC_DATA
	ret

/* The RTC wants its register C to be read, and without its flag it was not the RTC. */
tick:
	pushl	%eax
	cmpl	$DEVICE_RTC, AT(device)
	jne	1f
	movb	$0x0c, %al
	outb	%al, $RTC_INDEX
	inb	$RTC_DATA, %al
	testb	$0xc0, %al
	jz	2f
1:	incl	%esi
2:	movl	$0, APIC_EOI
	popl	%eax
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
device:	.long	0
pins:	.long	HPET_PIN, RTC_PIN, PIT_PIN
	.fill	256, 1, 0
stack:
guest_end:

	.section .note.GNU-stack, "", @progbits
