// SPDX-License-Identifier: GPL-2.0
/*
 * A multiboot guest for the tests of the tool. The first letter of the second
 * word of its command line says what it does with the HPET or the RTC:
 *
 *	i	nothing at all
 *	u	starts the main counter
 *	t	takes ticks of 10 ms from timer 0 in legacy replacement mode
 *	k	the same once a key has been pressed (HMP sendkey)
 *	c	the same, and says how they go with the main counter
 *	p	as c, but through pin 16 of the I/O APIC, so that no tick can be the PIT's (q35)
 *	r	takes periodic interrupts of the RTC, 128 a second, and says how they go with
 *		the main counter
 *	a	the same by way of the I/O APIC instead of the PICs
 *	v	as r, and changes between 128 and 1,024 a second now and then
 *	s	starts the main counter and suspends the machine to RAM
 *	o	turns the machine off once a key has been pressed
 *
 * On the debug port (-debugcon) it writes "S" when it starts, "K" when it waits
 * for a key and "." for every 10th tick, each on a line of its own. With c, p, r, a and v that
 * one reads ". TICKS BEHIND BACK", in hex: ticks since the timer was started, by how many
 * they are behind the counter, and how often that has gone back. With v a tick is 1/128 s.
 */
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;

#define HPET(offset)	(*(volatile u32 *)(0xfed00000u + (offset)))
#define TICK_FS		10000000000000ULL
#define IOAPIC(offset)	(*(volatile u32 *)(0xfec00000u + (offset)))
#define APIC(offset)	(*(volatile u32 *)(0xfee00000u + (offset)))
#define RTC_TICK_FS	7812500000000ULL
#define TIMER_VECTOR	0x20
#define RTC_VECTOR	0x28
#define HPET_PIN	16

#define RTC_A		0x0a
#define RTC_B		0x0b
#define RTC_C		0x0c
#define RTC_128_HZ	0x29		/* of register A */
#define RTC_1024_HZ	0x26
#define RTC_PERIODIC	0x40		/* of B and C */
#define RTC_24_HOURS	0x02		/* of B */

/* Where SeaBIOS puts it, and SLP_EN with QEMU's SLP_TYP of S3 and S5 */
#define PM1A_CNT	0x604
#define SUSPEND_TO_RAM	0x2400
#define TURN_OFF	0x2000

/* Found by QEMU's loader within the first 8 KiB; flags: none are needed. */
__attribute__((section(".multiboot"), used))
static const u32 header[] = { 0x1badb002, 0, -0x1badb002u };

struct gate {
	u16 offset_low, selector;
	u8 zero, type;
	u16 offset_high;
} __attribute__((packed));

static struct gate idt[RTC_VECTOR + 1];
static volatile u32 ticks;
static u32 tick_counts;		/* of the main counter, in a tick */
static u32 went_back;
static char mode;
static u8 stack[4096] __attribute__((used));

static void outb(u16 port, u8 value)
{
	asm volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static void outw(u16 port, u16 value)
{
	asm volatile("outw %0, %1" : : "a"(value), "Nd"(port));
}

static u8 inb(u16 port)
{
	u8 value;

	asm volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

static void say(char what)
{
	outb(0xe9, what);
	outb(0xe9, '\n');
}

/* 32 bits divided without the library's 64-bit division */
static u32 divide(unsigned long long value, u32 by)
{
	u32 result, rest;

	asm("divl %4" : "=a"(result), "=d"(rest)
	    : "a"((u32)value), "d"((u32)(value >> 32)), "r"(by));
	return result;
}

static void say_number(u32 value)
{
	outb(0xe9, ' ');
	for (int shift = 28; shift >= 0; shift -= 4)
		outb(0xe9, "0123456789abcdef"[value >> shift & 15]);
}

static unsigned long long counter(void)
{
	u32 high, low;

	do {
		high = HPET(0xf4);
		low = HPET(0xf0);
	} while (high != HPET(0xf4));
	return (unsigned long long)high << 32 | low;
}

/* The counter began at 0 with the first interval. */
static void say_how_they_go(void)
{
	static unsigned long long last;
	unsigned long long now = counter();

	went_back += now < last;
	last = now;
	say_number(ticks);
	say_number(divide(now, tick_counts) - ticks);
	say_number(went_back);
}

static int takes_ticks(void)
{
	return mode == 't' || mode == 'k' || mode == 'c' || mode == 'p';
}

static int counts_rtc(void)
{
	return mode == 'r' || mode == 'a' || mode == 'v';
}

static void count_tick(void)
{
	if (++ticks % 10)
		return;
	outb(0xe9, '.');
	if (mode == 'c' || mode == 'p' || counts_rtc())
		say_how_they_go();
	outb(0xe9, '\n');
}

struct frame;
__attribute__((interrupt)) static void tick(struct frame *frame)
{
	(void)frame;
	if (mode == 'p')
		APIC(0xb0) = 0;
	else
		outb(0x20, 0x20);
	count_tick();
}

static void rtc_write(u8 reg, u8 value)
{
	outb(0x70, reg);
	outb(0x71, value);
}

/* Is the periodic interrupt's flag set? That clears it. */
static int rtc_has_ticked(void)
{
	outb(0x70, RTC_C);
	return inb(0x71) & RTC_PERIODIC;
}

static void wait_counts(u32 counts)
{
	unsigned long long until = counter() + counts;

	while (counter() < until)
		asm volatile("pause");
}

static void count_eighth(void)
{
	static u32 eighths;

	if (!(++eighths % 8))
		count_tick();
}

/*
 * Between two ticks: what has passed since the last one is time too. If ticks are owed
 * one has come meanwhile, half an interval after the last at the latest. It is counted
 * here, with interrupts off, and until its own interrupt is taken no other goes out:
 * so none is on its way of which nobody could say which rate's it is.
 */
static void count_and_change_rate(void)
{
	static u32 changed_at;
	static u8 fast;
	void (*count)(void) = fast ? count_eighth : count_tick;

	count();
	if (ticks < changed_at + 16)
		return;
	wait_counts(fast ? tick_counts / 8 * 5 / 8 : tick_counts / 2);
	while (rtc_has_ticked())
		count();
	changed_at = ticks;
	fast = !fast;
	rtc_write(RTC_A, fast ? RTC_1024_HZ : RTC_128_HZ);
}

/* Without its flag it was not the periodic interrupt. */
__attribute__((interrupt)) static void rtc_tick(struct frame *frame)
{
	(void)frame;
	if (mode == 'a') {
		APIC(0xb0) = 0;
	} else {
		outb(0xa0, 0x20);
		outb(0x20, 0x20);
	}
	if (!rtc_has_ticked())
		return;
	if (mode == 'v')
		count_and_change_rate();
	else
		count_tick();
}

static void set_gate(u8 vector, void *handler, u16 selector)
{
	struct gate *gate = &idt[vector];

	gate->offset_low = (u32)handler;
	gate->offset_high = (u32)handler >> 16;
	gate->selector = selector;
	gate->type = 0x8e;
}

/* PICs: vectors from 0x20 and 0x28, no lines but these */
static void set_up_interrupts(u16 lines)
{
	struct {
		u16 limit;
		u32 base;
	} __attribute__((packed)) idtr = { sizeof(idt) - 1, (u32)idt };
	u16 selector;

	asm("mov %%cs, %0" : "=r"(selector));
	set_gate(TIMER_VECTOR, tick, selector);
	set_gate(RTC_VECTOR, rtc_tick, selector);
	asm volatile("lidt %0" : : "m"(idtr));
	outb(0x20, 0x11);
	outb(0x21, TIMER_VECTOR);
	outb(0x21, 0x04);
	outb(0x21, 0x01);
	outb(0xa0, 0x11);
	outb(0xa1, RTC_VECTOR);
	outb(0xa1, 0x02);
	outb(0xa1, 0x01);
	outb(0x21, ~lines);
	outb(0xa1, ~lines >> 8);
}

/* Edges of a pin of the I/O APIC to this CPU, and nothing by the PICs */
static void set_up_apics(u8 pin, u8 vector)
{
	set_up_interrupts(0);
	APIC(0xf0) = 0x1ff;
	IOAPIC(0) = 0x10 + 2 * pin + 1;
	IOAPIC(0x10) = 0;
	IOAPIC(0) = 0x10 + 2 * pin;
	IOAPIC(0x10) = vector;
}

static void start_ticks(void)
{
	u32 config = 0x14c;	/* 32 bits, periodic, enabled, accumulator next */

	tick_counts = divide(TICK_FS, HPET(0x04));
	if (mode == 'p') {
		set_up_apics(HPET_PIN, TIMER_VECTOR);
		config |= HPET_PIN << 9;
	} else {
		set_up_interrupts(1 << 0);
	}
	HPET(0x100) = config;
	HPET(0x108) = tick_counts;
	HPET(0x108) = tick_counts;
	HPET(0x10) = mode == 'p' ? 1 : 3;	/* run; legacy replacement */
}

/*
 * The counter is half a tick ahead, so that it is never at the edge of an interval when
 * a tick comes.
 */
static void start_rtc(void)
{
	tick_counts = divide(RTC_TICK_FS, HPET(0x04));
	HPET(0xf0) = tick_counts / 2;
	if (mode == 'a')
		set_up_apics(8, RTC_VECTOR);
	else
		set_up_interrupts(1 << 8 | 1 << 2);
	rtc_write(RTC_A, RTC_128_HZ);
	rtc_write(RTC_B, RTC_PERIODIC | RTC_24_HOURS);
	HPET(0x10) = 1;
}

static void wait_for_key(void)
{
	while (inb(0x64) & 1)
		inb(0x60);
	say('K');
	while (!(inb(0x64) & 1))
		asm volatile("pause");
}

/* The word behind the name of the kernel, which QEMU puts first */
static char wish(const u32 *info)
{
	const char *line = (const char *)info[4];

	while (*line && *line != ' ')
		line++;
	return *line ? line[1] : 'i';
}

__attribute__((used)) static void guest(const u32 *info)
{
	mode = wish(info);
	say('S');
	if (mode == 'u' || mode == 's')
		HPET(0x10) = 1;
	if (mode == 's')
		outw(PM1A_CNT, SUSPEND_TO_RAM);
	if (mode == 'k' || mode == 'o')
		wait_for_key();
	if (mode == 'o')
		outw(PM1A_CNT, TURN_OFF);
	if (takes_ticks())
		start_ticks();
	if (counts_rtc())
		start_rtc();
	for (;;)
		if (takes_ticks() || counts_rtc())
			asm volatile("sti; hlt");
		else
			asm volatile("cli; hlt");
}

asm(".globl _start\n"
    "_start:\n"
    "	mov $stack + 4096, %esp\n"
    "	push %ebx\n"
    "	call guest\n");
