/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A firmware of 64 KiB that resets the machine again and again. Each time, with its first
 * instructions, it writes the low digit of the HPET's general configuration and
 * that of timer 0 to the debug port (-debugcon) as two letters from "@" on, then
 * sets both to something else. After a reset it has to find "@@", or "@" and what
 * timer 0 has after reset.
 */
	.code16
	.globl _start
_start:
	cli
	lgdtl	%cs:gdtr - _start
	movl	%cr0, %eax
	orb	$1, %al
	movl	%eax, %cr0
	ljmpl	$8, $0xffff0000 + protected - _start

	.align 8
gdt:
	.quad 0
	.quad 0x00cf9b000000ffff
	.quad 0x00cf93000000ffff
gdtr:
	.word gdtr - gdt - 1
	.long 0xffff0000 + gdt - _start

	.code32
protected:
	movw	$16, %ax
	movw	%ax, %ds
	movl	0xfed00010, %eax
	andb	$15, %al
	addb	$'@', %al
	outb	%al, $0xe9
	movl	0xfed00100, %eax
	andb	$15, %al
	addb	$'@', %al
	outb	%al, $0xe9
	movb	$'\n', %al
	outb	%al, $0xe9
	movl	$6, 0xfed00100
	movl	$1, 0xfed00010
	movl	$20000, %ecx
1:	loop	1b
	movw	$0xcf9, %dx
	movb	$6, %al
	outb	%al, %dx
1:	hlt
	jmp	1b

	.code16
	.org 0xfff0
	ljmpw	$0xf000, $0
	.org 0x10000
