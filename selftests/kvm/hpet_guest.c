// SPDX-License-Identifier: GPL-2.0
/*
 * The guest of the kselftests: one operation after the other, as the host asks.
 *
 * An interrupt may come anywhere, also within the library's exit to the host, and
 * its entry code saves no SSE registers: so nothing here uses them.
 */
#include "hpet_test.h"

#define __guest __attribute__((target("general-regs-only")))

struct guest guest_memory;

#define g ((volatile struct guest *)&guest_memory)

static __guest inline uint64_t mmio_read(uint64_t addr, uint64_t width)
{
	uint64_t v = 0;

	switch (width) {
	case 1:
		asm volatile("movb (%1), %b0" : "+q"(v) : "r"(addr) : "memory");
		break;
	case 2:
		asm volatile("movw (%1), %w0" : "+r"(v) : "r"(addr) : "memory");
		break;
	case 4:
		asm volatile("movl (%1), %k0" : "+r"(v) : "r"(addr) : "memory");
		break;
	case 8:
		asm volatile("movq (%1), %0" : "+r"(v) : "r"(addr) : "memory");
		break;
	}
	return v;
}

static __guest inline void mmio_write(uint64_t addr, uint64_t width, uint64_t v)
{
	switch (width) {
	case 1:
		asm volatile("movb %b0, (%1)" :: "q"(v), "r"(addr) : "memory");
		break;
	case 2:
		asm volatile("movw %w0, (%1)" :: "r"(v), "r"(addr) : "memory");
		break;
	case 4:
		asm volatile("movl %k0, (%1)" :: "r"(v), "r"(addr) : "memory");
		break;
	case 8:
		asm volatile("movq %0, (%1)" :: "r"(v), "r"(addr) : "memory");
		break;
	}
}

static __guest inline void out8(uint16_t port, uint8_t v)
{
	asm volatile("outb %0, %1" :: "a"(v), "Nd"(port));
}

static __guest inline void write_msr(uint32_t msr, uint64_t v)
{
	asm volatile("wrmsr" :: "c"(msr), "a"((uint32_t)v), "d"(v >> 32));
}

static __guest inline uint64_t counter(void)
{
	return mmio_read(g->base + REG_COUNTER, 8);
}

static __guest inline void irqs_off(void)
{
	asm volatile("cli" ::: "memory");
}

/* The nop ends the shadow of sti, so that what is pending is taken here. */
static __guest inline void irqs_on(void)
{
	asm volatile("sti; nop" ::: "memory");
}

static __guest uint64_t due(volatile struct guest_irq *irq, uint64_t now)
{
	if (now < irq->first)
		return 0;
	return (now - irq->first) / irq->period + 1;
}

/* Linux's way: if KVM lets it, clear a bit instead. */
static __guest void pv_eoi(void)
{
	bool spared;

	asm volatile("lock btrl $0, %0" : "+m"(guest_memory.pv_eoi),
		     "=@ccc"(spared) :: "memory");
	if (spared)
		g->pv_eois++;
	else
		mmio_write(APIC_DEFAULT_GPA + APIC_EOI, 4, 0);
}

__guest void guest_isr(struct ex_regs *regs)
{
	volatile struct guest_irq *irq = &g->irq[regs->vector];
	bool log = g->log_vector == regs->vector;

	irq->seen++;
	if (irq->period || log) {
		uint64_t now = counter();
		int64_t ahead;

		if (irq->period) {
			ahead = irq->seen - due(irq, now);
			if (ahead > irq->max_ahead)
				irq->max_ahead = ahead;
		}
		if (log && g->log_len < GUEST_LOG_MAX)
			g->log[g->log_len++] = now;
	}
	if (irq->status)
		mmio_write(g->base + REG_STATUS, 4, irq->status);
	if (irq->port)
		out8(irq->port, 1);

	switch (irq->eoi) {
	case EOI_PIC:
		if (regs->vector >= VECTOR_PIC(8))
			out8(0xa0, 0x20);
		out8(0x20, 0x20);
		break;
	case EOI_APIC:
		mmio_write(APIC_DEFAULT_GPA + APIC_EOI, 4, 0);
		break;
	case EOI_X2APIC:
		write_msr(APIC_BASE_MSR + (APIC_EOI >> 4), 0);
		break;
	case EOI_PV:
		pv_eoi();
		break;
	}
}

static __guest void operate(void)
{
	volatile struct guest_irq *irq;
	uint64_t now = 0;

	switch (g->op) {
	case OP_READ:
		g->value = mmio_read(g->addr, g->width);
		break;
	case OP_WRITE:
		mmio_write(g->addr, g->width, g->value);
		break;
	case OP_OUT:
		out8(g->addr, g->value);
		break;
	case OP_WRMSR:
		write_msr(g->addr, g->value);
		break;
	case OP_CLI:
		irqs_off();
		break;
	case OP_STI:
		irqs_on();
		break;
	case OP_SPIN_OFF:
	case OP_SPIN_OFF_STI:
		irqs_off();
		do {
			now = counter();
		} while (now < g->value);
		if (g->op == OP_SPIN_OFF_STI)
			irqs_on();
		break;
	case OP_SPIN_ON:
		irqs_on();
		do {
			now = counter();
		} while (now < g->value);
		break;
	case OP_HALT_TICKS:
		irq = &g->irq[g->addr];
		irqs_off();
		while (irq->seen < g->value)
			asm volatile("sti; hlt; cli" ::: "memory");
		irqs_on();
		break;
	case OP_SPIN_TICKS:
		irq = &g->irq[g->addr];
		irqs_on();
		while (irq->seen < g->value)
			asm volatile("pause" ::: "memory");
		break;
	case OP_DRAIN:
		irq = &g->irq[g->addr];
		irqs_on();
		do {
			now = counter();
		} while (irq->seen < due(irq, now));
		break;
	}
	if (now)
		g->counter = now;
}

/* The library enters here with a stack that a compiler does not expect. */
__attribute__((force_align_arg_pointer)) void guest_main(void)
{
	for (;;) {
		GUEST_SYNC(0);
		operate();
	}
}
