/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The guest of pit-vmm: for each tick of the PIT, 250 a second, a sample in the ring: 4 ms
 * more of guest time, and the time stamp counter. A busy one takes all of the CPU in between.
 *
 * Entered as samples/tick-vmm/guest.S is.
 */
#include "../../samples/tick-vmm/guest.h"
#include "pit-guest.h"

#define AT(label)	(GUEST_ADDRESS + label - guest_start)

#define IOAPIC_INDEX	0xfec00000
#define IOAPIC_DATA	0xfec00010
#define IOAPIC_PIN(n)	(0x10 + 2 * (n))
#define APIC_EOI	0xfee000b0
#define APIC_SPURIOUS	0xfee000f0
#define APIC_ENABLE	0x100
#define PIC1_MASK	0x21
#define PIC2_MASK	0xa1
#define PIT_COUNTER0	0x40
#define PIT_CONTROL	0x43
#define PIT_COUNT	4773		/* of 1,193,182 Hz, as Linux with 250 ticks a second */
#define TICK_NS		4000000

/* struct tick_ring */
#define RING_MAGIC	(RING_ADDRESS + 0)
#define RING_STATE	(RING_ADDRESS + 4)
#define RING_WISH	(RING_ADDRESS + 8)
#define RING_COUNT	(RING_ADDRESS + 16)
#define RING_SAMPLES	(RING_ADDRESS + 24)
#define MAGIC		0x4b434954
#define COUNTING	1
#define STOP		2

#define VECTOR		0x40

	.section .rodata
	.balign 8
	.globl guest_start, guest_end
	.code32
guest_start:
	movl	$AT(stack), %esp
	lgdt	AT(gdt_pointer)
	lidt	AT(idt_pointer)
	movb	$0xff, %al
	outb	%al, $PIC1_MASK
	outb	%al, $PIC2_MASK
	movl	$(APIC_ENABLE | 0xff), APIC_SPURIOUS
	movl	$(IOAPIC_PIN(PIT_PIN) + 1), IOAPIC_INDEX
	movl	$0, IOAPIC_DATA
	movl	$IOAPIC_PIN(PIT_PIN), IOAPIC_INDEX
	movl	$VECTOR, IOAPIC_DATA

	inb	$PORT_BUSY, %al
	movb	%al, %bl			/* bl: busy */
	xorl	%esi, %esi			/* edi:esi: guest time, ns */
	xorl	%edi, %edi
	movl	$RING_SAMPLES, %ebp		/* the next sample */
	movl	$MAGIC, RING_MAGIC
	movl	$COUNTING, RING_STATE

	movb	$0x34, %al			/* counter 0, both halves, mode 2 */
	outb	%al, $PIT_CONTROL
	movb	$(PIT_COUNT & 0xff), %al
	outb	%al, $PIT_COUNTER0
	movb	$(PIT_COUNT >> 8), %al
	outb	%al, $PIT_COUNTER0

	sti
1:	cmpl	$STOP, RING_WISH
	je	3f
	testb	%bl, %bl
	jnz	1b
	hlt
	jmp	1b

3:	cli
	movb	$0x30, %al			/* mode 0, without a count */
	outb	%al, $PIT_CONTROL
	movl	$STOP, RING_STATE
	outl	%eax, $PORT_RESULT
	hlt

tick:	pushl	%eax
	pushl	%edx
	addl	$TICK_NS, %esi
	adcl	$0, %edi
	movl	%esi, (%ebp)
	movl	%edi, 4(%ebp)
	rdtsc
	movl	%eax, 8(%ebp)
	movl	%edx, 12(%ebp)
	addl	$16, %ebp
	addl	$1, RING_COUNT
	movl	$0, APIC_EOI
	popl	%edx
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
	.fill	256, 1, 0
stack:
guest_end:

	.section .note.GNU-stack, "", @progbits
