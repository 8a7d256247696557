// SPDX-License-Identifier: GPL-2.0
/*
 * A multiboot guest for the tests of the tool. The first letter of the second
 * word of its command line says what it does with the HPET:
 *
 *	i	nothing at all
 *	u	starts the main counter
 *	t	takes ticks of 10 ms from timer 0 in legacy replacement mode
 *	k	the same once a key has been pressed (HMP sendkey)
 *	c	the same, and says how they go with the main counter
 *	s	starts the main counter and suspends the machine to RAM
 *	o	turns the machine off once a key has been pressed
 *
 * On the debug port (-debugcon) it writes "S" when it starts, "K" when it waits
 * for a key and "." for every 10th tick, each on a line of its own. With c that one reads
 * ". TICKS BEHIND BACK", in hex: ticks since the HPET was started, by how many they are
 * behind the counter, and how often that has gone back.
 */
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;

#define HPET(offset)	(*(volatile u32 *)(0xfed00000u + (offset)))
#define TICK_FS		10000000000000ULL
#define TIMER_VECTOR	0x20

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

static struct gate idt[TIMER_VECTOR + 1];
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

struct frame;
__attribute__((interrupt)) static void tick(struct frame *frame)
{
	(void)frame;
	outb(0x20, 0x20);
	if (++ticks % 10)
		return;
	outb(0xe9, '.');
	if (mode == 'c')
		say_how_they_go();
	outb(0xe9, '\n');
}

static void set_up_interrupts(void)
{
	struct {
		u16 limit;
		u32 base;
	} __attribute__((packed)) idtr = { sizeof(idt) - 1, (u32)idt };
	struct gate *gate = &idt[TIMER_VECTOR];
	u16 selector;

	asm("mov %%cs, %0" : "=r"(selector));
	gate->offset_low = (u32)tick;
	gate->offset_high = (u32)tick >> 16;
	gate->selector = selector;
	gate->type = 0x8e;
	asm volatile("lidt %0" : : "m"(idtr));
	outb(0x20, 0x11);		/* PIC: vectors from 0x20, only IRQ 0 */
	outb(0x21, TIMER_VECTOR);
	outb(0x21, 0x04);
	outb(0x21, 0x01);
	outb(0x21, 0xfe);
	outb(0xa1, 0xff);
}

static void start_ticks(void)
{
	tick_counts = divide(TICK_FS, HPET(0x04));
	set_up_interrupts();
	HPET(0x100) = 0x14c;	/* 32 bits, periodic, enabled, accumulator next */
	HPET(0x108) = tick_counts;
	HPET(0x108) = tick_counts;
	HPET(0x10) = 3;		/* legacy replacement, run */
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
	if (mode == 't' || mode == 'k' || mode == 'c')
		start_ticks();
	for (;;)
		if (mode == 't' || mode == 'k' || mode == 'c')
			asm volatile("sti; hlt");
		else
			asm volatile("cli; hlt");
}

asm(".globl _start\n"
    "_start:\n"
    "	mov $stack + 4096, %esp\n"
    "	push %ebx\n"
    "	call guest\n");
