// SPDX-License-Identifier: GPL-2.0
/*
 * The guest of all benchmarks. Its command line says what it does:
 *
 *	read32 | read64 | none	reads of the main counter; the same loop without
 *	comparator	a one-shot timer is armed again, 1 ms ahead each time
 *	comparator-far	likewise, an hour ahead
 *	config		INT_ENB of an armed timer goes off and on
 *	enable		ENABLE_CNF goes off and on
 *	status		the status register is cleared
 *	tick WAY	a periodic timer's interrupts, halted in between
 *	spin WAY	likewise, while it spins
 *	load WAY	as tick, for ever; WAY can be one that keeps it from being heard
 *	readers		all vCPUs read, for ever
 *	idle		nothing at all, for ever
 *
 * with n=, rounds=, hz= as numbers. On the debug port it writes 'S' when it
 * begins and 'E' when it has ended, and then what it has found, as "NAME VALUE"
 * lines.
 */
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;

#define HPET		0xfed00000ull
#define REG32(offset)	(*(volatile u32 *)(HPET + (offset)))
#define REG64(offset)	(*(volatile u64 *)(HPET + (offset)))
#define CAP		0x00
#define CONFIG		0x10
#define STATUS		0x20
#define COUNTER		0xf0
#define TIMER(n)	(0x100 + 0x20 * (n))
#define COMPARATOR(n)	(0x108 + 0x20 * (n))
#define FSB(n)		(0x110 + 0x20 * (n))

#define ENABLE		1
#define LEGACY		2
#define T_LEVEL		0x2
#define T_INT		0x4
#define T_PERIODIC	0x8
#define T_VAL_SET	0x40
#define T_ROUTE(pin)	((pin) << 9)
#define T_FSB		0x4000

#define VECTOR		0x40
#define IOAPIC(reg)	(*(volatile u32 *)(0xfec00000ull + (reg)))
#define MASKED		0x10000

void tick_apic(void);
void tick_pic(void);
void tick_level(void);
void tick_rtc(void);
void ignore(void);
volatile u64 ticks;

static void out8(u16 port, u8 value)
{
	asm volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static void put(char c)
{
	out8(0xe9, c);
}

static void say(const char *name, u64 n)
{
	char digits[21];
	int i = sizeof(digits);

	while (*name)
		put(*name++);
	put(' ');
	digits[--i] = '\0';
	do {
		digits[--i] = '0' + n % 10;
		n /= 10;
	} while (n);
	while (digits[i])
		put(digits[i++]);
	put('\n');
}

static u64 tsc(void)
{
	u32 low, high;

	asm volatile("rdtsc" : "=a"(low), "=d"(high));
	return (u64)high << 32 | low;
}

static void wrmsr(u32 msr, u64 value)
{
	asm volatile("wrmsr" : : "c"(msr), "a"((u32)value),
		     "d"((u32)(value >> 32)));
}

static u64 rdmsr(u32 msr)
{
	u32 low, high;

	asm volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr));
	return (u64)high << 32 | low;
}

/* ---- the command line ---- */

static const char *command;

static int is_space(char c)
{
	return c == ' ' || !c;
}

/* The text behind @name in the command line, or 0. */
static const char *find(const char *name)
{
	const char *at, *p, *n;

	for (at = command; *at; at++) {
		if (at != command && at[-1] != ' ')
			continue;
		for (p = at, n = name; *n && *p == *n; p++, n++)
			;
		if (!*n)
			return p;
	}
	return 0;
}

static int asked(const char *word)
{
	const char *p = find(word);

	return p && is_space(*p);
}

static u64 number(const char *name, u64 otherwise)
{
	const char *p = find(name);
	u64 n = 0;

	if (!p)
		return otherwise;
	for (; *p >= '0' && *p <= '9'; p++)
		n = 10 * n + *p - '0';
	return n;
}

/* ---- accesses ---- */

/* The loops differ by what is measured alone. */
#define TIME(n, what, ...) ({						\
	u64 left_ = (n), start_ = tsc();				\
	asm volatile("1: " what "\n"					\
		     "dec %0\n"						\
		     "jnz 1b" : "+r"(left_) : __VA_ARGS__		\
		     : "rax", "memory", "cc");				\
	tsc() - start_; })

static u64 time_writes(u32 reg, u32 n, u64 first, u64 step)
{
	u64 start = tsc();

	for (; n; n--) {
		REG64(reg) = first;
		first += step;
	}
	return tsc() - start;
}

static u64 time_toggles(u32 reg, u32 n, u32 a, u32 b)
{
	u64 start = tsc();

	for (; n; n -= 2) {
		REG32(reg) = a;
		REG32(reg) = b;
	}
	return tsc() - start;
}

/* The floor has no period: any will do. */
static u64 counter_hz(void)
{
	u32 period = REG64(CAP) >> 32;

	return 1000000000000000ull / (period ? period : 10000000);
}

/* Timer 0, one-shot, with its comparator far ahead. */
static void arm(void)
{
	REG32(CONFIG) = ENABLE;
	REG32(TIMER(0)) = T_INT | T_ROUTE(16);
	REG64(COMPARATOR(0)) = REG64(COUNTER) + 3600 * counter_hz();
}

/*
 * The comparator is to stay 1 ms ahead of the counter, and reading that would
 * cost as much as the write: so it goes by the time stamp counter.
 */
static u64 time_rearming(u32 n)
{
	u64 counter = REG64(COUNTER), ahead = counter_hz() / 1000;
	u64 start = tsc(), rate;

	while (tsc() - start < 1000000)
		asm volatile("pause");
	rate = ((REG64(COUNTER) - counter) << 32) / (tsc() - start);
	counter = REG64(COUNTER);
	start = tsc();
	for (; n; n--)
		REG64(COMPARATOR(0)) = counter + ahead +
			(u64)((unsigned __int128)(tsc() - start) * rate >> 32);
	return tsc() - start;
}

static u64 time_access(u32 n)
{

	if (asked("none"))
		return TIME(n, "", "r"(HPET));
	if (asked("read32"))
		return TIME(n, "mov (%1), %%eax", "r"(HPET + COUNTER));
	if (asked("read64"))
		return TIME(n, "mov (%1), %%rax", "r"(HPET + COUNTER));
	if (asked("comparator"))
		return time_rearming(n);
	if (asked("comparator-far"))
		return time_writes(COMPARATOR(0), n,
				   REG64(COUNTER) + 3600 * counter_hz(), 1000);
	if (asked("config"))
		return time_toggles(TIMER(0), n, T_ROUTE(16),
				    T_INT | T_ROUTE(16));
	if (asked("enable"))
		return time_toggles(CONFIG, n, 0, ENABLE);
	if (asked("status"))
		return time_writes(STATUS, n, 1, 0);
	return 0;
}

static void accesses(void)
{
	u32 n = number("n=", 5000), rounds = number("rounds=", 3);
	u64 time[16];
	u32 i;

	if (rounds > 16)
		rounds = 16;
	arm();
	put('S');
	for (i = 0; i < rounds; i++)
		time[i] = time_access(n);
	put('E');
	REG32(TIMER(0)) = 0;
	say("capabilities", REG64(CAP));
	say("n", n);
	for (i = 0; i < rounds; i++)
		say("cycles", time[i]);
}

/* ---- ticks ---- */

struct gate {
	u16 low, selector, flags, middle;
	u32 high, zero;
} __attribute__((packed));

static struct gate idt[256];

static void set_gate(u32 vector, void (*handler)(void))
{
	u64 at = (u64)handler;

	idt[vector] = (struct gate){ .low = at, .selector = 8,
		.flags = 0x8e00, .middle = at >> 16, .high = at >> 32 };
}

static void load_idt(void)
{
	struct {
		u16 limit;
		u64 base;
	} __attribute__((packed)) pointer = { sizeof(idt) - 1, (u64)idt };
	u32 i;

	for (i = 32; i < 256; i++)
		set_gate(i, ignore);
	asm volatile("lidt %0" : : "m"(pointer));
}

/* All masked but the pins in @open; vectors from VECTOR on. */
static void init_pics(u8 open)
{
	out8(0x20, 0x11);
	out8(0x21, VECTOR);
	out8(0x21, 4);
	out8(0x21, 1);
	out8(0xa0, 0x11);
	out8(0xa1, VECTOR + 8);
	out8(0xa1, 2);
	out8(0xa1, 1);
	out8(0xa1, 0xff);
	out8(0x21, ~open);
}

/* x2APIC mode, enabled; LINT0 takes the PIC's interrupts if it is to. */
static void init_apic(int from_pic)
{
	wrmsr(0x1b, rdmsr(0x1b) | 0xc00);
	wrmsr(0x80f, 0x1ff);
	wrmsr(0x835, from_pic ? 0x700 : MASKED);
}

static void set_pin(u32 pin, u32 flags)
{
	IOAPIC(0) = 0x11 + 2 * pin;
	IOAPIC(0x10) = 0;
	IOAPIC(0) = 0x10 + 2 * pin;
	IOAPIC(0x10) = VECTOR | flags;
}

static void start_pit(u64 hz)
{
	u64 divisor = 1193182 / hz;

	out8(0x43, 0x34);
	out8(0x40, divisor);
	out8(0x40, divisor >> 8);
}

static void write_rtc(u8 reg, u8 value)
{
	out8(0x70, reg);
	out8(0x71, value);
}

/* The divider runs, rate 6: 1,024 Hz; periodic interrupt. */
static void start_rtc(void)
{
	write_rtc(0x0a, 0x26);
	write_rtc(0x0b, 0x42);
}

static void start_hpet(u32 bits, u64 hz, u32 config)
{
	u64 period = counter_hz() / hz;

	REG32(CONFIG) = 0;
	REG64(COUNTER) = 0;
	REG64(FSB(0)) = 0xfee0000000000000ull | VECTOR;
	REG32(TIMER(0)) = bits | T_PERIODIC | T_VAL_SET;
	REG64(COMPARATOR(0)) = period;
	REG64(COMPARATOR(0)) = period;
	REG32(CONFIG) = config;
}

static void start_ticks(void)
{
	u64 hz = number("hz=", 1000);
	int pic = asked("pic") || asked("pit-pic");

	load_idt();
	set_gate(VECTOR, asked("level") ? tick_level : pic ? tick_pic :
		 asked("rtc") ? tick_rtc : tick_apic);
	init_pics(pic);
	init_apic(pic);
	if (asked("ioapic") || asked("pit-ioapic"))
		set_pin(2, 0);
	if (asked("level"))
		set_pin(16, 0x8000);
	if (asked("pin16"))
		set_pin(16, 0);
	if (asked("masked"))
		set_pin(2, MASKED);
	if (asked("rtc"))
		set_pin(8, 0);

	if (asked("rtc"))
		start_rtc();
	else if (asked("pit-ioapic") || asked("pit-pic"))
		start_pit(hz);
	else if (asked("level"))
		start_hpet(T_INT | T_LEVEL | T_ROUTE(16), hz, ENABLE);
	else if (asked("pin16"))
		start_hpet(T_INT | T_ROUTE(16), hz, ENABLE);
	else if (asked("msi"))
		start_hpet(T_INT | T_FSB, hz, ENABLE);
	else if (asked("silent"))
		start_hpet(0, hz, ENABLE | LEGACY);
	else if (asked("disabled"))
		start_hpet(T_INT, hz, LEGACY);
	else
		start_hpet(T_INT, hz, ENABLE | LEGACY);
}

static void wait_until(u64 n, int spin)
{
	while (ticks < n) {
		if (spin)
			asm volatile("pause");
		else
			asm volatile("sti; hlt; cli");
	}
}

static void halt_for_ever(void)
{
	for (;;)
		asm volatile("sti; hlt");
}

/* From one tick's end to another's, so that whole ticks are counted. */
static void take_ticks(int spin)
{
	u64 n = number("n=", 1000), start, first;

	start_ticks();
	if (spin)
		asm volatile("sti");
	wait_until(3, spin);
	first = ticks;
	put('S');
	start = tsc();
	wait_until(first + n, spin);
	start = tsc() - start;
	put('E');
	asm volatile("cli");
	say("ticks", ticks - first);
	say("cycles", start);
	say("capabilities", REG64(CAP));
}

/* ---- ---- */

static volatile u32 ready;

/* The other vCPUs do the same accesses, for ever; the first one measures. */
static void other_vcpu(void)
{
	__atomic_fetch_add(&ready, 1, __ATOMIC_SEQ_CST);
	for (;;)
		time_access(1000);
}

struct boot_information {
	u32 flags, memory[2], device, command_line;
};

void guest(u64 id, const struct boot_information *info)
{
	command = (const char *)(u64)info->command_line;
	if (id)
		other_vcpu();
	while (ready + 1 < number("vcpus=", 1))
		asm volatile("pause");
	if (asked("tick")) {
		take_ticks(0);
	} else if (asked("spin")) {
		take_ticks(1);
	} else if (asked("load")) {
		start_ticks();
		put('S');
		halt_for_ever();
	} else if (asked("readers")) {
		put('S');
		for (;;)
			time_access(1000);
	} else if (asked("idle")) {
		load_idt();
		init_pics(0);
		put('S');
		for (;;)
			asm volatile("cli; hlt");
	} else {
		accesses();
	}
	say("done", 0);
	for (;;)
		asm volatile("cli; hlt");
}
