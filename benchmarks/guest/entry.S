/* SPDX-License-Identifier: GPL-2.0 */
/*
 * From the multiboot state (32-bit protected mode, no paging, %ebx the boot
 * information) to 64-bit C, with the first 4 GB mapped one to one. Every vCPU
 * comes this way; its stack goes by its APIC id.
 */
	.section .multiboot, "a"
	/* Found by QEMU's loader within the first 8 KiB; flags: none. */
	.long	0x1badb002, 0, -0x1badb002

	.text
	.code32
	.globl	_start
_start:
	mov	%ebx, %ebp
	mov	$1, %eax
	cpuid
	mov	%ebx, %edi
	shr	$24, %edi

	/* 2,048 pages of 2 MB; every vCPU writes the same. */
	mov	$pages, %esi
	mov	$0x83, %eax
	mov	$2048, %ecx
1:	mov	%eax, (%esi)
	movl	$0, 4(%esi)
	add	$0x200000, %eax
	add	$8, %esi
	dec	%ecx
	jnz	1b
	mov	$pages + 3, %eax
	mov	%eax, table3
	add	$4096, %eax
	mov	%eax, table3 + 8
	add	$4096, %eax
	mov	%eax, table3 + 16
	add	$4096, %eax
	mov	%eax, table3 + 24
	movl	$table3 + 3, table4

	/* PAE, SSE off, long mode, paging */
	mov	%cr4, %eax
	or	$0x20, %eax
	mov	%eax, %cr4
	mov	$table4, %eax
	mov	%eax, %cr3
	mov	$0xc0000080, %ecx
	rdmsr
	or	$0x100, %eax
	wrmsr
	mov	%cr0, %eax
	or	$0x80000001, %eax
	mov	%eax, %cr0
	lgdt	gdt_pointer
	ljmp	$8, $2f

	.code64
2:	mov	$16, %eax
	mov	%eax, %ds
	mov	%eax, %es
	mov	%eax, %ss
	mov	%edi, %edi
	lea	1(%rdi), %rsp
	shl	$12, %rsp
	add	$stacks, %rsp
	mov	%ebp, %esi
	xor	%ebp, %ebp
	call	guest
3:	cli
	hlt
	jmp	3b

/* The tick's interrupt: counts and acknowledges. */
	.globl	tick_apic, tick_pic, tick_level, tick_rtc, ignore
tick_apic:
	push	%rax
	push	%rcx
	push	%rdx
	incq	ticks
	mov	$0x80b, %ecx
	xor	%eax, %eax
	xor	%edx, %edx
	wrmsr
	pop	%rdx
	pop	%rcx
	pop	%rax
	iretq

tick_level:
	push	%rax
	push	%rcx
	push	%rdx
	incq	ticks
	mov	$0xfed00020, %eax
	movl	$1, (%rax)
	mov	$0x80b, %ecx
	xor	%eax, %eax
	xor	%edx, %edx
	wrmsr
	pop	%rdx
	pop	%rcx
	pop	%rax
	iretq

/* The RTC's register C says whether it was one, and with that it may tick again. */
tick_rtc:
	push	%rax
	push	%rcx
	push	%rdx
	mov	$0x0c, %al
	out	%al, $0x70
	in	$0x71, %al
	test	$0x40, %al
	jz	1f
	incq	ticks
1:	mov	$0x80b, %ecx
	xor	%eax, %eax
	xor	%edx, %edx
	wrmsr
	pop	%rdx
	pop	%rcx
	pop	%rax
	iretq

tick_pic:
	push	%rax
	incq	ticks
	mov	$0x20, %al
	out	%al, $0x20
	pop	%rax
ignore:
	iretq

	.data
	.balign	8
gdt:	.quad	0, 0x00af9a000000ffff, 0x00cf92000000ffff
gdt_pointer:
	.word	. - gdt - 1
	.long	gdt

	.bss
	.balign	4096
table4:	.skip	4096
table3:	.skip	4096
pages:	.skip	4 * 4096
	/* For 8 vCPUs, from 4 KiB below for each */
stacks:	.skip	9 * 4096
