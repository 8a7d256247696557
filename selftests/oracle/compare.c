// SPDX-License-Identifier: GPL-2.0
/* QEMU's answers against what was expected, in the order of the commands. */
#include <inttypes.h>
#include <stdlib.h>

#include "oracle.h"

#define RING		BIT(16)	/* commands under way, and remembered */
#define COMMAND_LEN	64
#define REPORT_COMMANDS	60
#define FLOOD		2000000	/* line changes for one command: no end to it */

unsigned long compare_failures;
unsigned long compare_max_failures = 10;
bool compare_verbose;

static struct expect expects[RING];
static char commands[RING][COMMAND_LEN];
static unsigned long head, tail;	/* next one to add, to be answered */
static u16 raised[ORACLE_LINES];
static u32 up;
static unsigned long changes;	/* of lines, since the last answer */
static unsigned long failed_episode = ~0UL;

/*
 * Checkpoints are no commands: they are due as soon as the command before them
 * is answered.
 */
static void checkpoints(void);

/* Another QEMU: all its lines are down. */
void compare_begin(void)
{
	tail = head;
	up = 0;
	changes = 0;
	memset(raised, 0, sizeof(raised));
}

void compare_expect(const struct expect *e, const char *command)
{
	while (head - tail >= RING / 2 && !qtest_fault)
		qtest_drain(RING / 4);
	expects[head % RING] = *e;
	snprintf(commands[head % RING], COMMAND_LEN, "%s", command);
	head++;
	checkpoints();
}

unsigned long compare_outstanding(void)
{
	return head - tail;
}

static void history(unsigned long episode)
{
	unsigned long i = tail > REPORT_COMMANDS ? tail - REPORT_COMMANDS : 0;

	for (; i < tail; i++)
		if (expects[i % RING].episode == episode)
			printf("#     %s\n", commands[i % RING]);
}

/* Only the first failure of an episode means something. */
static bool begin_failure(const struct expect *e)
{
	if (e->episode == failed_episode)
		return false;
	failed_episode = e->episode;
	compare_failures++;
	if (compare_failures > compare_max_failures)
		return false;
	printf("# DIFFERENCE in episode %lu of machine %s:\n", e->episode,
	       e->machine);
	history(e->episode);
	printf("# at: %s\n", commands[tail % RING]);
	return true;
}

/* QEMU hangs or has died: over what? */
void compare_stuck(void)
{
	if (tail == head)
		return;
	printf("# at \"%s\", after:\n", commands[tail % RING]);
	history(expects[tail % RING].episode);
}

static void credit(u64 explained_by, enum what what)
{
	bool single = !(explained_by & (explained_by - 1));
	unsigned int i;

	for (i = 0; i < num_rows; i++) {
		if (!(explained_by & BIT_ULL(i)))
			continue;
		if (single)
			rows[i].seen[what]++;
		else
			rows[i].shared++;
	}
}

static void value_came(const struct expect *e, u64 value)
{
	u64 differing = value ^ e->value;

	if (!differing)
		return;
	if (e->rows && !(differing & ~e->bits)) {
		credit(e->rows, e->what);
		return;
	}
	if (begin_failure(e))
		printf("# QEMU: 0x%016" PRIx64 "\n# ours: 0x%016" PRIx64 "\n",
		       value, e->value);
}

static void line_differs(const struct expect *e, unsigned int i)
{
	if (begin_failure(e))
		printf("# line %u: QEMU: raised %u times, now %s; ours: %u to %u times, now %s\n",
		       i, raised[i], up >> i & 1 ? "up" : "down", e->least[i],
		       e->most[i], e->lines >> i & 1 ? "up" : "down");
}

static void lines_came(const struct expect *e)
{
	int second = judged_find("second-pulse");
	unsigned int i;

	for (i = 0; i < ORACLE_LINES; i++) {
		bool same = !((up ^ e->lines) >> i & 1);

		if (same && raised[i] >= e->least[i] &&
		    raised[i] <= e->most[i]) {
			if (raised[i] > e->own[i] && second >= 0)
				rows[second].seen[W_LINE]++;
		} else if (e->line_rows[i]) {
			credit(e->line_rows[i], W_LINE);
		} else {
			line_differs(e, i);
		}
	}
	memset(raised, 0, sizeof(raised));
}

static void checkpoints(void)
{
	while (tail < head) {
		const struct expect *e = &expects[tail % RING];

		if (e->kind != E_LINES && e->kind != E_FORGET &&
		    e->kind != E_NOTE)
			return;
		if (e->kind == E_LINES)
			lines_came(e);
		if (e->kind != E_NOTE)
			memset(raised, 0, sizeof(raised));
		if (compare_verbose)
			printf("# %s\n", commands[tail % RING]);
		tail++;
	}
}

void compare_irq(bool raise, unsigned int line)
{
	if (++changes > FLOOD)
		qtest_fault = "QEMU raises a line without end";
	if (line >= ORACLE_LINES)
		return;
	if (compare_verbose)
		printf("#   IRQ %s %u\n", raise ? "raise" : "lower", line);
	raised[line] += raise;
	if (raise)
		up |= BIT(line);
	else
		up &= ~BIT(line);
}

void compare_reply(const char *line)
{
	const struct expect *e = &expects[tail % RING];
	u64 value = 0;

	changes = 0;
	if (tail == head || strncmp(line, "OK", 2)) {
		qtest_fault = "QEMU does not understand";
		printf("# %s: %s\n", commands[tail % RING], line);
		return;
	}
	if (line[2])
		value = strtoull(line + 3, NULL, 0);
	if (compare_verbose)
		printf("# %s -> %s\n", commands[tail % RING], line);
	if (e->kind != E_OK)
		value_came(e, value);
	tail++;
	checkpoints();
}
