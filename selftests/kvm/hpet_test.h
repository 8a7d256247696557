/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the kselftests of kvm_hpet have in common.
 *
 * A test is a host program that drives its guest step by step: the guest runs
 * one small program (hpet_guest.c) that does one operation after the other as
 * the host asks for them (read a register, spin with interrupts off until the
 * counter has come so far, ...) and counts the interrupts it takes. So a test
 * reads from top to bottom, on one side.
 *
 * Results are TAP, one property a line. The plan comes last, so that a test that
 * dies in the middle has none and fails.
 */
#ifndef HPET_TEST_H
#define HPET_TEST_H

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "test_util.h"
#include "kvm_util.h"
#include "processor.h"
#include "apic.h"

#include <linux/kvm_hpet.h>

/* Registers and their bits, specification 1.0a, 2.3. */
#define REG_CAP			0x000
#define REG_CONFIG		0x010
#define REG_STATUS		0x020
#define REG_COUNTER		0x0f0
#define REG_TIMER(n)		(0x100 + 0x20 * (n))
#define REG_COMPARATOR(n)	(0x108 + 0x20 * (n))
#define REG_FSB(n)		(0x110 + 0x20 * (n))

#define CONFIG_ENABLE		(1ULL << 0)
#define CONFIG_LEGACY		(1ULL << 1)

#define TIMER_LEVEL		(1ULL << 1)
#define TIMER_INT		(1ULL << 2)
#define TIMER_PERIODIC		(1ULL << 3)
#define TIMER_PER_CAP		(1ULL << 4)
#define TIMER_SIZE_CAP		(1ULL << 5)
#define TIMER_VAL_SET		(1ULL << 6)
#define TIMER_32MODE		(1ULL << 8)
#define TIMER_ROUTE(pin)	((uint64_t)(pin) << 9)
#define TIMER_FSB_EN		(1ULL << 14)
#define TIMER_FSB_CAP		(1ULL << 15)

/*
 * The block that tests use unless they say otherwise: 100 MHz, so that 100,000
 * counter ticks are a millisecond; all pins but 2 for every timer; timers 0 and
 * 1 can do everything, 2 is a 32-bit one, 3 can only do one-shot.
 */
#define BASE			KVM_HPET_DEFAULT_BASE
#define PERIOD_FS		10000000U
#define MS			100000ULL
#define NUM_TIMERS		4
#define ROUTES			0x00fffffbU

/* Vectors: the PICs' pins begin at 0x30, I/O APIC pin n has 0x40 + n. */
#define VECTOR_PIC(pin)		(0x30 + (pin))
#define VECTOR_PIN(pin)		(0x40 + (pin))

/* What the guest's program can be asked for. */
enum op {
	OP_NOP,
	OP_READ,	/* value = *addr */
	OP_WRITE,	/* *addr = value */
	OP_OUT,		/* outb(value, addr) */
	OP_WRMSR,	/* wrmsr(addr, value) */
	OP_CLI,
	OP_STI,
	OP_SPIN_OFF,	/* interrupts off, until the counter >= value */
	OP_SPIN_OFF_STI,/* likewise, then on in the next instruction */
	OP_SPIN_ON,	/* interrupts on, until the counter >= value */
	OP_HALT_TICKS,	/* halt until irq[addr].seen >= value; on */
	OP_SPIN_TICKS,	/* spin until irq[addr].seen >= value; on */
	OP_DRAIN,	/* spin, on, until irq[addr] has seen what is due */
};

enum eoi {
	EOI_PIC,
	EOI_APIC,
	EOI_X2APIC,
	EOI_PV,		/* without an exit where KVM allows it */
	EOI_NONE,	/* never acknowledge */
};

/* One vector, as the guest sees it. */
struct guest_irq {
	uint64_t seen;
	uint32_t eoi;
	uint32_t status;	/* what to write to the status register */
	uint32_t port;		/* where to say that it was taken, 0: nowhere */
	/* Expected at counter = first + i * period; 0: not known. */
	uint64_t first;
	uint64_t period;
	int64_t max_ahead;	/* largest lead over what was due */
};

#define GUEST_LOG_MAX	4096

/* Lies in the guest's memory; the host reads and writes it while it stands. */
struct guest {
	uint64_t op;
	uint64_t addr;
	uint64_t width;
	uint64_t value;
	uint64_t counter;	/* as last seen by an operation that spins */
	uint64_t base;		/* of the HPET */
	struct guest_irq irq[256];
	uint32_t pv_eoi;	/* what KVM and guest share for EOI_PV */
	uint64_t pv_eois;	/* acknowledged that way */
	uint64_t log_vector;	/* counter at each of its interrupts */
	uint64_t log_len;
	uint64_t log[GUEST_LOG_MAX];
};

extern struct guest guest_memory;
void guest_main(void);
void guest_isr(struct ex_regs *regs);

/* An access that came out to the VMM. */
struct mmio_exit {
	uint64_t addr;
	uint64_t data;
	uint32_t len;
	bool write;
};

#define MMIO_EXITS_MAX	16

/* A VM with one vCPU and, mostly, one block. */
struct machine {
	struct kvm_vm *vm;
	struct kvm_vcpu *vcpu;	/* the one that is run */
	struct guest *g;
	int hpet;
	struct kvm_hpet_config config;
	unsigned int exits;
	struct mmio_exit exit[MMIO_EXITS_MAX];
	/* Called at an exit, before the vCPU goes on. */
	void (*on_exit)(struct machine *m);
	/* Called at an access to a port; false: not the test's. */
	bool (*on_port)(struct machine *m, uint16_t port);
};

/* A way for a tick to reach the guest. */
struct way {
	const char *name;
	int timer;
	uint64_t bits;
	uint64_t config;
	int vector;
	int pin;	/* of the I/O APIC; -1: by PIC */
	uint32_t pin_flags;
	uint32_t status;
};

/* TAP */
void plan_test(const char *what);
__attribute__((format(printf, 2, 3)))
bool ok(bool good, const char *fmt, ...);
__attribute__((format(printf, 3, 4)))
bool ok_eq(uint64_t got, uint64_t want, const char *fmt, ...);
__attribute__((format(printf, 4, 5)))
bool ok_in(uint64_t got, uint64_t low, uint64_t high, const char *fmt, ...);
__attribute__((format(printf, 1, 2)))
void skip(const char *fmt, ...);
__attribute__((format(printf, 1, 2)))
void note(const char *fmt, ...);
__attribute__((noreturn)) void done(void);
__attribute__((noreturn, format(printf, 1, 2)))
void die(const char *fmt, ...);

/*
 * How many times slower than others this host is: a debug kernel. How many rounds
 * a race is to be run there that others run @n times; says so.
 */
unsigned int slowness(void);
unsigned int rounds(unsigned int n);
/* Not hanging, although no result has come for long. */
void still_alive(void);
/*
 * A VM that nobody runs, from here to there: the last one to go and the first one
 * to come make Linux patch its own code and KVM take its CPUs, each time, which is
 * not what tests of many short VMs are about, and what the emulated host may hang
 * in. Not for whoever unloads kvm.
 */
void kvm_keep(void);
void kvm_release(void);

/* ioctl() that gives -errno */
int hpet_ioctl(int fd, unsigned long cmd, void *arg);
int hpet_device(void);

/* The block of the comment above, without a VM. */
struct kvm_hpet_config default_config(void);

/* A VM with its irqchip routed as QEMU does; no block yet. */
struct machine *machine_new(void);
struct machine *machine_new_code(void (*code)(void));
void machine_irqchip_like_qemu(struct kvm_vm *vm);
/* Creates the block in m->config. */
void machine_create_block(struct machine *m);
/* Both. */
struct machine *machine_with_block(void);
void machine_free(struct machine *m);

/* Another vCPU, which has run as far as the first one: not at all. */
struct kvm_vcpu *machine_add_vcpu(struct machine *m, uint32_t id);
/* From now on this one is run, and the others stand still. */
void machine_switch(struct machine *m, struct kvm_vcpu *vcpu);

/* The guest's operations. */
uint64_t guest_do(struct machine *m, enum op op, uint64_t addr, uint64_t width,
		  uint64_t value);
uint64_t guest_read(struct machine *m, uint64_t reg, int width);
void guest_write(struct machine *m, uint64_t reg, int width, uint64_t value);
void guest_outb(struct machine *m, uint16_t port, uint8_t value);
uint64_t guest_spin(struct machine *m, enum op op, uint64_t until);
uint64_t guest_ticks(struct machine *m, enum op op, int vector, uint64_t n);
uint64_t guest_drain(struct machine *m, int vector);

/* An operation that takes its time, in a thread of its own. */
struct guest_thread {
	pthread_t thread;
	struct machine *m;
	enum op op;
	uint64_t addr;
	uint64_t value;
};
void guest_start(struct guest_thread *t, struct machine *m, enum op op,
		 uint64_t addr, uint64_t value);
void guest_join(struct guest_thread *t);

/* Interrupt controllers of the guest. */
void guest_pic_init(struct machine *m, uint16_t unmasked);
void guest_apic_init(struct machine *m);
#define PIN_LEVEL	(1U << 15)
#define PIN_MASKED	(1U << 16)
#define PIN_LOWEST	(1U << 8)
#define PIN_LOGICAL	(1U << 11)
void guest_pin_set(struct machine *m, int pin, uint32_t flags);
/* To another APIC than the first. */
void guest_pin_set_to(struct machine *m, int pin, uint32_t flags,
		      uint32_t dest);

/*
 * Program timer @n, while the counter is halted: periodic (@period in counter
 * ticks) or one-shot (0), first match at @first. The counter is set to 0.
 */
void timer_program(struct machine *m, int n, uint64_t bits, uint64_t first,
		   uint64_t period);
/* Writes the general configuration; a change of LEG_RT_CNF exits. */
void block_enable(struct machine *m, uint64_t config);
/* Halts the counter and gives the value it stands at. */
uint64_t block_halt(struct machine *m);
/*
 * The same in the middle of a period, with interrupts on before and after: what
 * was due by then has been seen or never will be.
 */
uint64_t block_halt_quiet(struct machine *m, uint64_t first, uint64_t period);

/* Matches of first, first + period, ... up to @counter. */
uint64_t ticks_due(uint64_t counter, uint64_t first, uint64_t period);
/*
 * Ticks that came late or coalesced besides the @meant ones: 0, except on a slow
 * host, which takes a good part of a period for what is nothing on others.
 */
uint64_t host_missed(const struct kvm_hpet_timer_stats *s, uint64_t meant);

/* Each of these looks whether the law holds; done() reports it. */
void stats_get_fd(int fd, struct kvm_hpet_stats *stats);
struct kvm_hpet_timer_stats stats_get(struct machine *m, int timer);
struct kvm_hpet_state state_get(struct machine *m);
void state_set(struct machine *m, struct kvm_hpet_state *state);
struct kvm_hpet_tick_policy policy_default(uint32_t timers);
struct kvm_hpet_tick_policy policy_get(int fd, int timer);
/* Does this build have a lost-tick policy? Else policy_set() leaves discard. */
bool policy_supported(void);
void policy_set(struct machine *m, uint32_t timers, uint32_t policy,
		uint32_t max_rate, uint32_t ramp, uint64_t max_backlog_ns);

/*
 * A machine whose guest takes ticks, a millisecond apart, on an I/O APIC pin, or in
 * legacy mode by the PIC (@pin -1), interrupts off. Then, whatever has happened since:
 * has it seen every tick once, and none before its time? The block is halted.
 */
struct machine *machine_ticking(uint32_t policy, int pin);
void ok_every_tick(struct machine *m, int vector, const char *name);
/* A call without argument that must succeed. */
void hpet_call(struct machine *m, unsigned long cmd);

uint64_t now_ns(void);
void sleep_ms(unsigned int ms);
/* In an exact run an hour in which nothing happens passes in seconds. */
#define HOUR_MS			3600000U

/*
 * What there is of blocks: their ids, workers (all, or those in the cgroup whose path
 * has @cgroup in it), directories (-1: not even theirs).
 */
#define DEBUGFS		"/sys/kernel/debug/kvm_hpet"
uint64_t next_block(uint64_t after);
int count_workers(const char *cgroup);
int count_debugfs(void);
void ok_nothing_left(const char *name);

/* Modules; these give -errno. */
#define MODULE		"kvm_hpet"
const char *module_path(void);
int module_unload(const char *name);
int module_load(const char *path, const char *params);

/* An instance of tracefs for this test; its files. */
void trace_instance(const char *name);
void trace_instance_end(void);
FILE *trace_open(const char *file, const char *mode);
void trace_write(const char *file, const char *text);

/* Reads the statistics all the time, in a thread of its own. */
struct watcher {
	pthread_t thread;
	int fd;
	int timer;
	atomic_bool stop;
	uint64_t reads;
	uint64_t max_backlog;
	uint64_t max_rate;
};
void watch_start(struct watcher *w, struct machine *m, int timer);
void watch_stop(struct watcher *w);

#endif /* HPET_TEST_H */
