// SPDX-License-Identifier: GPL-2.0
/*
 * A multiboot guest that reads the HPET's main counter as fast as it can and
 * says on the debug port, in decimal, what that took by its time stamp counter:
 *
 *	capabilities V		low half of register 0: who answers
 *	reads N empty T loop T	a line for each round: N reads, and N times nothing
 *	done
 *
 * 32-bit protected mode without paging, interrupts off: nothing but the reads.
 */
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;

#define HPET(offset)	(*(volatile u32 *)(0xfed00000u + (offset)))
#define READS		20000
#define ROUNDS		4

/* Found by QEMU's loader within the first 8 KiB; flags: none are needed. */
__attribute__((section(".multiboot"), used))
static const u32 header[] = { 0x1badb002, 0, -0x1badb002u };

static u8 stack[4096] __attribute__((used));

static void put(char c)
{
	asm volatile("outb %0, %1" : : "a"(c), "Nd"((u16)0xe9));
}

static void say(const char *s)
{
	while (*s)
		put(*s++);
}

static void say_number(u32 n)
{
	char digits[11];
	int i = sizeof(digits);

	digits[--i] = '\0';
	do {
		digits[--i] = '0' + n % 10;
		n /= 10;
	} while (n);
	say(&digits[i]);
}

static u64 now(void)
{
	u32 low, high;

	asm volatile("rdtsc" : "=a"(low), "=d"(high));
	return (u64)high << 32 | low;
}

/* The two loops differ by the one instruction. */
static u32 time_reads(void)
{
	u32 n = READS, value;
	u64 start = now();

	asm volatile("1: movl 0xfed000f0, %0\n"
		     "dec %1\n"
		     "jnz 1b" : "=&a"(value), "+c"(n) : : "memory", "cc");
	return now() - start;
}

static u32 time_nothing(void)
{
	u32 n = READS;
	u64 start = now();

	asm volatile("1: dec %0\n"
		     "jnz 1b" : "+c"(n) : : "memory", "cc");
	return now() - start;
}

__attribute__((used)) static void guest(void)
{
	int i;

	HPET(0x10) = 1;
	say("capabilities ");
	say_number(HPET(0));
	say("\n");
	for (i = 0; i < ROUNDS; i++) {
		u32 empty = time_nothing();
		u32 loop = time_reads();

		say("reads ");
		say_number(READS);
		say(" empty ");
		say_number(empty);
		say(" loop ");
		say_number(loop);
		say("\n");
	}
	say("done\n");
	for (;;)
		asm volatile("cli; hlt");
}

asm(".globl _start\n"
    "_start:\n"
    "	mov $stack + 4096, %esp\n"
    "	call guest\n");
