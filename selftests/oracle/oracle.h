/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The oracle: this repository's device model and QEMU's HPET are given the same
 * history, and what a guest can see of both is compared.
 *
 *	world.c		our device, with the clock and the interrupt lines
 *	rows.c		conditions under which a difference is judged
 *	judged.c	the list of judged differences
 *	history.c	random histories
 *	compare.c	what QEMU answered against what was expected
 *	qtest.c		QEMU, and its test protocol
 *	main.c		options, report
 *
 * A history is made from our device alone, so that QEMU's answers can come
 * later: thousands of commands are under way at a time.
 */
#ifndef _ORACLE_H
#define _ORACLE_H

#include <stdio.h>

#include <linux/kvm_hpet.h>

#include "hpet_block.h"

#define ORACLE_TIMERS	8		/* most timers of a block here */
#define ORACLE_LINES	HPET_NUM_GSIS
#define ORACLE_ROWS	64		/* most rows: they are bits of a u64 */
#define ORACLE_BASE	0xfed00000ULL
#define ORACLE_MAILBOX	0x100000ULL	/* RAM where messages are sent to */
#define TICK_NS		10ULL		/* QEMU's counter period, fixed */
#define SECOND		100000000ULL	/* ticks */

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/* Versions of QEMU, as bits. */
#define QEMU_7_2	1
#define QEMU_10_0	2

/* What can be looked at. A judged row names one or more of these. */
enum what {
	W_COUNTER, W_CONFIG, W_COMPARATOR, W_FSB, W_STATUS, W_LINE, W_MESSAGE,
	W_UNDEFINED, W_ABSENT, W_OTHER,
	W_COUNT
};

enum op_kind { OP_READ, OP_WRITE, OP_STEP };

/* An access of a guest, or time that passes. */
struct op {
	enum op_kind kind;
	u32 offset;
	u32 len;
	u64 val;
	u64 ns;
};

/**
 * struct shadow - what must be known of QEMU's host timer for one of ours
 * @busy_until: it may still act on the last match until then
 * @late: it may be late by that much with the next match
 * @spent: one-shot that has matched and was not armed since
 * @dead: INT_ENB was cleared and it was not armed since
 */
struct shadow {
	u64 busy_until;
	u64 late;
	bool spent;
	bool dead;
};

/**
 * struct world - our device and what surrounds it
 * @b: the device
 * @now: time, ns
 * @lines: lines that are up
 * @raises: how often each line went up since the last checkpoint
 * @echoes: of these, pulses that QEMU may give twice
 * @mail: the last message to each of the addresses for them, 0: none
 * @sh: see struct shadow
 * @version: the QEMU that is compared with
 * @odd_ns: time passes in other steps than whole ticks
 */
struct world {
	struct hpet_block b;
	u64 now;
	u32 lines;
	u32 raises[ORACLE_LINES];
	u32 echoes[ORACLE_LINES];
	u32 mail[ORACLE_TIMERS];
	struct shadow sh[ORACLE_TIMERS];
	unsigned int version;
	bool odd_ns;
};

/* world.c */
void world_init(struct world *w, const struct kvm_hpet_config *c,
		unsigned int version);
u64 world_apply(struct world *w, const struct op *op);
void world_shadow(const struct world *old, struct world *new,
		  const struct op *op);
u64 world_busy(const struct world *w);
u64 counter(const struct world *w);
u64 crossings(const struct world *old, const struct world *new, unsigned int n);
bool access_defined(const struct op *op);
enum what classify(const struct world *w, u32 offset, unsigned int *n);
int raw_line(const struct world *w, unsigned int n);
bool holds_line(const struct world *w, unsigned int n);
u64 matches(const struct world *old, const struct world *new, unsigned int n);
bool arms(const struct world *old, const struct world *new,
	  const struct op *op, unsigned int n);
bool writes(const struct op *op, u32 reg, u64 *val, u64 *mask);
u32 timer_reg(unsigned int n, u32 reg);

/* rows.c */
/**
 * struct look - one timer at one operation, for a row's condition
 * @old: before
 * @new: after
 * @op: the operation
 * @n: the timer
 * @in_window: the operation comes while QEMU may still act on a match
 * @lines: out: the lines at which the difference can show
 */
struct look {
	const struct world *old;
	const struct world *new;
	const struct op *op;
	unsigned int n;
	bool in_window;
	u32 lines;
};

struct condition {
	const char *id;
	bool (*when)(struct look *l);
};

extern const struct condition conditions[];
extern const unsigned int num_conditions;

/* judged.c */
/**
 * struct row - a judged difference
 * @id: its name
 * @versions: where it occurs
 * @what: bit mask of enum what: what differs
 * @when: under which condition
 * @seen: how often nothing else explained a difference, by what it was in
 * @shared: how often it was one of several explanations
 */
struct row {
	char id[40];
	unsigned int versions;
	unsigned int what;
	bool (*when)(struct look *l);
	unsigned long seen[W_COUNT];
	unsigned long shared;
};

extern struct row rows[ORACLE_ROWS];
extern unsigned int num_rows;
bool judged_load(const char *path);
int judged_find(const char *id);
bool judged_report(unsigned int version, bool all_must_occur);

/* compare.c */
/**
 * struct expect - what a command must bring
 * @kind: see the enum
 * @op: the operation; for E_MAIL: the address in @op.offset
 * @what: what is read
 * @value: expected value; of the clock for a step
 * @rows: rows that may explain another value
 * @bits: for the status register: bits that they explain
 * @episode: for the report
 * @machine: for the report
 * @line_rows: at a checkpoint: rows that may explain what a line does
 * @lines: lines up
 * @own: how often each line goes up here
 * @least: in QEMU, at least
 * @most: and at most
 */
struct expect {
	enum { E_OK, E_VALUE, E_MAIL, E_STEP, E_LINES, E_FORGET, E_NOTE } kind;
	struct op op;
	enum what what;
	u64 value;
	u64 rows;
	u64 bits;
	unsigned long episode;
	const char *machine;
	u64 line_rows[ORACLE_LINES];
	u32 lines;
	u16 own[ORACLE_LINES];
	u16 least[ORACLE_LINES];
	u16 most[ORACLE_LINES];
};

void compare_begin(void);
void compare_expect(const struct expect *e, const char *command);
void compare_reply(const char *line);
void compare_irq(bool raise, unsigned int line);
unsigned long compare_outstanding(void);
void compare_stuck(void);
extern unsigned long compare_failures;
extern unsigned long compare_max_failures;
extern bool compare_verbose;

/* qtest.c */
bool qtest_start(char *const argv[]);
void qtest_send(const char *command);
void qtest_drain(unsigned long until_outstanding);
void qtest_quit(void);
extern const char *qtest_fault;

/* history.c */
struct machine {
	const char *name;
	const char *options[8];
	unsigned int num_timers;
	u32 route_cap;
	bool fsb;
};

extern unsigned long history_operations;
void history_begin(const struct machine *m, unsigned int version);
void history_episode(u64 seed, unsigned long episode);

#endif /* _ORACLE_H */
