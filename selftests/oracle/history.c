// SPDX-License-Identifier: GPL-2.0
/*
 * Random histories. They are divided into episodes, each of which begins with
 * both devices brought to the same state by register writes, so that an episode
 * can be repeated by its number alone.
 *
 * An operation under which a difference is judged makes what it may touch
 * uncertain; a few more operations follow, then the episode ends. As such
 * operations are many, most episodes refuse most of them, and so get long.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "mul_div.h"
#include "oracle.h"

#define MOST_MATCHES	48	/* of one timer in one step */
#define MOST_LOOPS	1000000	/* QEMU finds the next match in a loop */

struct hit {
	unsigned int row, n;
	u32 lines;
};

unsigned long history_operations;

static const struct machine *machine;
static struct world worlds[2], *cur = &worlds[0], *spare = &worlds[1];
static u64 rng;
static unsigned long episode;
static unsigned int accept;		/* per mille of judged operations */
static u64 wanted;			/* rows that are always welcome */
static u64 taint[ORACLE_TIMERS][W_COUNT];
static u32 taint_lines[ORACLE_TIMERS];
static bool tainted, lines_tainted, lines_dirty;
static struct hit hits[ORACLE_ROWS * ORACLE_TIMERS];
static unsigned int num_hits;

/* ---- chance ---- */

static u64 rnd(void)
{
	u64 z = rng += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

static u64 below(u64 n)
{
	return n ? rnd() % n : 0;
}

static bool chance(unsigned int per_mille)
{
	return below(1000) < per_mille;
}

/* Small numbers as likely as large ones. */
static u64 log_random(unsigned int bits)
{
	return rnd() >> (64 - bits + below(bits));
}

/* ---- commands ---- */

static void push(struct expect *e, const char *command)
{
	e->episode = episode;
	e->machine = machine->name;
	compare_expect(e, command);
}

static void command(struct expect *e, const char *text)
{
	push(e, text);
	qtest_send(text);
}

static void plain(const char *text)
{
	struct expect e = { .kind = E_OK };

	command(&e, text);
}

static const char *suffix(u32 len)
{
	return len == 1 ? "b" : len == 2 ? "w" : len == 4 ? "l" : "q";
}

static void excuse_read(struct expect *e)
{
	unsigned int n;
	int straddle = judged_find("straddle");

	e->bits = ~0ULL;
	if (!access_defined(&e->op)) {
		e->what = W_UNDEFINED;
		if (e->op.len == 8 && !e->value && straddle >= 0 &&
		    (rows[straddle].versions & cur->version))
			e->rows = BIT_ULL(straddle);
		return;
	}
	e->what = classify(cur, e->op.offset, &n);
	if (e->what == W_STATUS) {
		e->bits = 0;
		for (n = 0; n < machine->num_timers; n++) {
			e->rows |= taint[n][W_STATUS];
			e->bits |= taint[n][W_STATUS] ? BIT_ULL(n) : 0;
		}
	} else if (e->what == W_COUNTER || (e->what == W_ABSENT && !e->value)) {
		e->rows = taint[0][e->what];
	} else if (e->what != W_OTHER && e->what != W_ABSENT) {
		e->rows = taint[n][e->what];
	}
}

static void emit(const struct op *op, u64 val)
{
	struct expect e = { .op = *op };
	char text[64];
	u64 at = ORACLE_BASE + op->offset;

	switch (op->kind) {
	case OP_READ:
		e.kind = E_VALUE;
		e.value = val;
		excuse_read(&e);
		snprintf(text, sizeof(text), "read%s 0x%" PRIx64,
			 suffix(op->len), at);
		break;
	case OP_WRITE:
		e.kind = E_OK;
		snprintf(text, sizeof(text), "write%s 0x%" PRIx64 " 0x%" PRIx64,
			 suffix(op->len), at, op->val);
		break;
	case OP_STEP:
		e.kind = E_STEP;
		e.value = cur->now;
		snprintf(text, sizeof(text), "clock_step %" PRIu64, op->ns);
		break;
	}
	command(&e, text);
	history_operations++;
}

/* Both have had time to do what they do: compare the lines. */
static void checkpoint(void)
{
	struct expect e = { .kind = E_LINES, .lines = cur->lines };
	int second = judged_find("second-pulse");
	bool judged = second >= 0 && (rows[second].versions & cur->version);
	unsigned int i, n;

	if (!lines_dirty)
		return;
	lines_dirty = false;
	for (i = 0; i < ORACLE_LINES; i++) {
		u32 echoes = judged ? cur->echoes[i] : 0;

		e.own[i] = cur->raises[i];
		e.most[i] = e.own[i] + echoes;
		e.least[i] = cur->version == QEMU_7_2 ? e.most[i] : e.own[i];
	}
	for (n = 0; n < machine->num_timers; n++)
		for (i = 0; i < ORACLE_LINES; i++)
			if (taint[n][W_LINE] && ((taint_lines[n] >> i & 1) ||
						 raw_line(cur, n) == (int)i))
				e.line_rows[i] |= taint[n][W_LINE];
	push(&e, "(lines)");
	memset(cur->raises, 0, sizeof(cur->raises));
	memset(cur->echoes, 0, sizeof(cur->echoes));
}

static void forget_lines(void)
{
	struct expect e = { .kind = E_FORGET };

	push(&e, "(lines from here on)");
	memset(cur->raises, 0, sizeof(cur->raises));
	memset(cur->echoes, 0, sizeof(cur->echoes));
	lines_dirty = true;
}

/* ---- an operation ---- */

static void find_hits(const struct op *op)
{
	struct look l = { .old = cur, .new = spare, .op = op };
	unsigned int i, n;

	l.in_window = op->kind != OP_STEP && world_busy(cur) > cur->now;
	num_hits = 0;
	for (i = 0; i < num_rows; i++) {
		if (!rows[i].when || !(rows[i].versions & cur->version))
			continue;
		for (n = 0; n < machine->num_timers; n++) {
			l.n = n;
			l.lines = BIT(raw_line(cur, n)) |
				  BIT(raw_line(spare, n));
			if (rows[i].when(&l))
				hits[num_hits++] = (struct hit){ i, n, l.lines };
		}
	}
}

/* For the report, in the place where it belongs among the commands. */
static void note(const char *what, unsigned int n)
{
	struct expect e = { .kind = E_NOTE };
	char text[64];

	snprintf(text, sizeof(text), "(timer %u: %s)", n, what);
	push(&e, text);
}

static void take_hits(void)
{
	unsigned int i, what;

	for (i = 0; i < num_hits; i++) {
		const struct row *r = &rows[hits[i].row];
		unsigned int n = hits[i].n;

		tainted = true;
		note(r->id, n);
		for (what = 0; what < W_COUNT; what++)
			if (r->what & BIT(what))
				taint[n][what] |= BIT_ULL(hits[i].row);
		if (r->what & BIT(W_LINE)) {
			taint_lines[n] |= hits[i].lines;
			lines_tainted = true;
		}
	}
}

/* How often QEMU would go round to bring a comparator past the counter. */
static bool loops_long(u64 cmp, u64 period, u64 now, bool mode32)
{
	u64 past = mode32 ? (u32)(now - cmp) : now - cmp;
	bool ahead = mode32 ? (s32)past <= 0 : (int64_t)past <= 0;

	return !ahead && period && past / period > MOST_LOOPS;
}

/*
 * Would QEMU be busy for ever? Whatever half of a comparator or period it takes
 * from a write (see "judged"), its loops must come to an end.
 */
static bool hangs(const struct op *op, unsigned int n)
{
	const struct hpet_timer *was = &cur->b.m.timer[n];
	const struct hpet_timer *is = &spare->b.m.timer[n];
	u64 low = 0xffffffffULL, now = counter(spare);
	bool mode32 = is->config & HPET_TN_32BIT;
	u64 val = 0, mask = 0, period = is->period;

	if (!(is->config & HPET_TN_PERIODIC))
		return false;
	writes(op, timer_reg(n, HPET_TIMER_COMPARATOR), &val, &mask);
	if (period >> 62)	/* backwards */
		return true;
	if (mode32 && !(u32)period && val >> 32)
		return true;
	if (mode32 && (period & BIT_ULL(31)) && (period & (low >> 1)) < 1000000)
		return true;
	if (!(spare->b.m.config & HPET_CONFIG_ENABLE))
		return false;
	if (now > ~0ULL / TICK_NS - (1ULL << 40))
		return true;
	if (cur->version == QEMU_10_0 &&
	    max_t(u64, is->cmp, now) > (~0ULL >> 1) / TICK_NS - (1ULL << 40))
		return true;
	if (op->kind == OP_STEP)
		return false;
	if ((u32)period)
		period = (u32)period;
	return loops_long(is->cmp, period, now, mode32) ||
		loops_long(was->cmp, period, now, mode32) ||
		loops_long((was->cmp & ~low) | (val & low), period, now, mode32) ||
		loops_long((was->cmp & low) | (val & ~low), period, now, mode32);
}

static bool any_hangs(const struct op *op)
{
	unsigned int n;

	for (n = 0; n < machine->num_timers; n++)
		if (hangs(op, n))
			return true;
	return false;
}

/* What is uncertain already must not become wild. */
static bool writes_uncertain(const struct op *op)
{
	enum what what;
	unsigned int n;

	if (op->kind != OP_WRITE || !tainted)
		return false;
	what = classify(cur, op->offset, &n);
	if (what != W_CONFIG && what != W_COMPARATOR && what != W_FSB)
		return false;
	for (what = 0; what < W_COUNT; what++)
		if (taint[n][what])
			return true;
	return false;
}

static bool unwelcome(void)
{
	unsigned int i;

	for (i = 0; i < num_hits; i++)
		if (!(wanted >> hits[i].row & 1))
			return true;
	return false;
}

/* Does @op; or refuses, if a difference is to be expected and unwelcome. */
static bool attempt(const struct op *op, bool refuse)
{
	struct world *w = spare;
	u64 val;

	*spare = *cur;
	val = world_apply(spare, op);
	world_shadow(cur, spare, op);
	if (any_hangs(op) || writes_uncertain(op))
		return false;
	find_hits(op);
	if (refuse && unwelcome() && !chance(accept))
		return false;
	take_hits();
	spare = cur;
	cur = w;
	lines_dirty |= op->kind != OP_READ;
	emit(op, val);
	return true;
}

static bool step(u64 ns, bool refuse)
{
	struct op op = { .kind = OP_STEP, .ns = ns };

	/* QEMU 10.0 takes 0 for "to the next deadline". */
	return !ns || attempt(&op, refuse);
}

/* As world_busy(), for timers of which something is still to be compared. */
static u64 busy(void)
{
	u64 until = 0;
	unsigned int n;

	for (n = 0; n < machine->num_timers; n++)
		if (!taint[n][W_LINE] || !taint[n][W_MESSAGE])
			until = max_t(u64, until, cur->sh[n].busy_until);
	return until;
}

/* Lets QEMU finish what a match set off. */
static bool settle(void)
{
	unsigned int tries = 30;

	while (busy() > cur->now && tries--)
		if (!step(busy() - cur->now, false))
			return false;
	if (busy() > cur->now)
		return false;
	checkpoint();
	return true;
}

static bool access(enum op_kind kind, u32 offset, u32 len, u64 val)
{
	struct op op = {
		.kind = kind, .offset = offset, .len = len,
		.val = len == 8 ? val : val & (BIT_ULL(8 * len) - 1),
	};

	if (world_busy(cur) > cur->now && chance(300) && attempt(&op, true))
		return true;
	return settle() && attempt(&op, true);
}

static bool read_reg(u32 offset, u32 len)
{
	return access(OP_READ, offset, len, 0);
}

static bool write_reg(u32 offset, u32 len, u64 val)
{
	return access(OP_WRITE, offset, len, val);
}

/* ---- the state in which an episode begins ---- */

/* Without regard to differences: they do not outlive this. */
static void force(u32 offset, u64 val)
{
	struct op op = { .kind = OP_WRITE, .offset = offset, .len = 8,
			 .val = val };

	world_apply(cur, &op);
	emit(&op, 0);
}

static u64 some_route(void)
{
	unsigned int route;

	do {
		route = below(HPET_NUM_GSIS);
	} while (!(machine->route_cap >> route & 1));
	return (u64)route << HPET_TN_ROUTE_SHIFT;
}

/* QEMU forgets to lower lines; a timer that is switched off lowers its own. */
static void lower_all_lines(void)
{
	u32 reg = timer_reg(2, HPET_TIMER_CONFIG);
	u64 line;

	for (line = 0; line < ORACLE_LINES; line++) {
		force(reg, line << HPET_TN_ROUTE_SHIFT | HPET_TN_LEVEL |
		      HPET_TN_ENABLE);
		force(reg, line << HPET_TN_ROUTE_SHIFT);
	}
}

static u64 start_count(void)
{
	switch (below(8)) {
	case 0:
		return 0;
	case 1:
	case 2:	/* before a wrap */
		return (below(4) << 32) - 1 - log_random(20);
	case 3:	/* before the low half turns negative */
		return (below(4) << 32) + 0x80000000ULL - log_random(20);
	case 4:
		return log_random(58);
	case 5:
		return chance(200) ? ~0ULL - log_random(60) : log_random(40);
	default:
		return log_random(40);
	}
}

static void reset_timer(unsigned int n, u64 count)
{
	u64 route = some_route();
	u32 config = timer_reg(n, HPET_TIMER_CONFIG);
	u32 cmp = timer_reg(n, HPET_TIMER_COMPARATOR);

	force(config, route | HPET_TN_PERIODIC);
	force(cmp, 1000 + log_random(24));
	force(config, route);
	force(cmp, count + 1000 + log_random(30));
	force(timer_reg(n, HPET_TIMER_FSB), 0);
}

static void clear_mail(unsigned int n)
{
	char text[64];

	snprintf(text, sizeof(text), "writel 0x%llx 0", ORACLE_MAILBOX + 8 * n);
	plain(text);
	cur->mail[n] = 0;
}

static void reset(void)
{
	u64 count = start_count();
	unsigned int n;

	force(HPET_REG_CONFIG, 0);
	force(HPET_REG_STATUS, ~0ULL);
	if (lines_tainted)
		lower_all_lines();
	for (n = 0; n < machine->num_timers; n++) {
		reset_timer(n, count);
		clear_mail(n);
	}
	force(timer_reg(n, HPET_TIMER_CONFIG), 0);
	force(timer_reg(n, HPET_TIMER_COMPARATOR), 0);
	force(timer_reg(n, HPET_TIMER_FSB), 0);
	force(HPET_REG_COUNTER, count);
	memset(cur->sh, 0, sizeof(cur->sh));
	memset(taint, 0, sizeof(taint));
	memset(taint_lines, 0, sizeof(taint_lines));
	tainted = false;
	lines_tainted = false;
	forget_lines();
}

/* ---- looking ---- */

static bool look_at_mail(unsigned int n)
{
	struct expect e = { .kind = E_MAIL, .what = W_MESSAGE, .bits = ~0ULL };
	char text[64];

	if (!settle())
		return false;
	e.value = cur->mail[n];
	e.rows = taint[n][W_MESSAGE];
	snprintf(text, sizeof(text), "readl 0x%llx", ORACLE_MAILBOX + 8 * n);
	command(&e, text);
	clear_mail(n);
	return true;
}

static bool look_at_all(void)
{
	unsigned int n;
	bool ok = settle() && read_reg(HPET_REG_CONFIG, 8) &&
		  read_reg(HPET_REG_STATUS, 8) && read_reg(HPET_REG_COUNTER, 8);

	for (n = 0; ok && n < machine->num_timers; n++)
		ok = read_reg(timer_reg(n, HPET_TIMER_CONFIG), 8) &&
		     read_reg(timer_reg(n, HPET_TIMER_COMPARATOR), 8) &&
		     read_reg(timer_reg(n, HPET_TIMER_FSB), 8) &&
		     look_at_mail(n);
	return ok;
}

static u32 some_register(void)
{
	static const u32 general[] = {
		HPET_REG_CAP, HPET_REG_CONFIG, HPET_REG_STATUS,
		HPET_REG_STATUS, HPET_REG_COUNTER, HPET_REG_COUNTER,
	};

	if (chance(400))
		return general[below(ARRAY_SIZE(general))];
	if (chance(40))
		return 8 * below(HPET_BLOCK_SIZE / 8);
	return timer_reg(below(machine->num_timers + chance(30)), 8 * below(3));
}

static bool some_read(void)
{
	u32 reg = some_register();

	if (chance(30))
		return read_reg(reg + below(8), 1 << below(4));
	if (chance(500))
		return read_reg(reg, 8);
	return read_reg(reg + 4 * below(2), 4);
}

/* ---- writing ---- */

static u64 small(void)
{
	return log_random(12);
}

/* Where something could go wrong, seen from the counter. */
static u64 some_comparator(void)
{
	u64 now = counter(cur), turn = now & ~0xffffffffULL;

	switch (below(20)) {
	case 0:
		return now;
	case 1:
		return now + 1;
	case 2:
		return now - 1;
	case 3:
		return now - log_random(27);
	case 4:
		return now - SECOND + 2 - below(5);
	case 5:
		return now + 0x80000000ULL + 2 - below(5);
	case 6:
		return turn + 0xffffffffULL - small();
	case 7:
		return turn + 0x100000000ULL + small();
	case 8:
		return turn + 0x100000000ULL * below(3);
	case 9:
		return now + 0x100000000ULL + small() - small();
	case 10:
		return chance(500) ? 0 : ~0ULL - (chance(500) ? 0 : small());
	case 11:
		return rnd();
	case 12:
		return (u32)now + 1 + small();
	default:
		return now + 300 + log_random(20);
	}
}

static u64 some_period(void)
{
	switch (below(20)) {
	case 0:
		return chance(500) ? below(200) : below(4);
	case 1:
		return rnd() >> below(32);
	case 2:
		return (u32)rnd() | 0x80000000ULL;
	default:
		return 1000 + log_random(20);
	}
}

static u32 comparator(unsigned int n)
{
	return timer_reg(n, HPET_TIMER_COMPARATOR);
}

static bool write_halves(unsigned int n, u64 val)
{
	if (chance(500))
		return write_reg(comparator(n), 4, val) &&
			write_reg(comparator(n) + 4, 4, val >> 32);
	return write_reg(comparator(n) + 4, 4, val >> 32) &&
		write_reg(comparator(n), 4, val);
}

static bool write_comparator(unsigned int n, u64 val)
{
	switch (below(8)) {
	case 0:
		return write_halves(n, val);
	case 1:
		return write_reg(comparator(n) + 4, 4, val >> 32);
	case 2:
	case 3:
	case 4:
		return write_reg(comparator(n), 4, val);
	default:
		return write_reg(comparator(n), 8, val);
	}
}

static u64 some_flips(void)
{
	static const u64 bits[] = {
		HPET_TN_LEVEL, HPET_TN_ENABLE, HPET_TN_ENABLE, HPET_TN_PERIODIC,
		HPET_TN_VAL_SET, HPET_TN_32BIT, HPET_TN_ENABLE,
	};
	u64 flips = 0;
	unsigned int i = 1 + below(3);

	while (i--)
		flips ^= bits[below(ARRAY_SIZE(bits))];
	if (chance(machine->fsb ? 150 : 5))
		flips ^= HPET_TN_FSB_ENABLE;
	return flips;
}

static bool write_config(unsigned int n)
{
	u64 val = cur->b.m.timer[n].config ^ some_flips();
	u32 reg = timer_reg(n, HPET_TIMER_CONFIG);

	if (chance(200))
		val = (val & ~HPET_TN_ROUTE_MASK) | some_route();
	if (chance(10))
		val ^= below(32) << HPET_TN_ROUTE_SHIFT;
	if (chance(20))
		val = rnd();
	if (chance(100))
		return write_reg(reg, 8, val);
	if (chance(20))
		return write_reg(reg + 4, 4, rnd());
	return write_reg(reg, 4, val);
}

/* As Linux programs a periodic timer. */
static bool write_periodic(unsigned int n)
{
	u64 config = cur->b.m.timer[n].config | HPET_TN_PERIODIC |
		     HPET_TN_VAL_SET | HPET_TN_ENABLE;
	u64 period = 1000 + log_random(18);
	u64 first = counter(cur) + period;
	u32 len = 4;

	if (chance(700))
		config |= HPET_TN_32BIT;
	else if (chance(500))
		len = 8;
	return write_reg(timer_reg(n, HPET_TIMER_CONFIG), 4, config) &&
		write_reg(comparator(n), len, first) &&
		(chance(300) || write_reg(comparator(n), len, period));
}

/* Reads the counter, writes a time ahead of it, looks whether it was late. */
static bool write_one_shot(unsigned int n)
{
	u64 config = cur->b.m.timer[n].config & ~HPET_TN_PERIODIC;
	u64 ahead = 1 + log_random(18);

	return write_reg(timer_reg(n, HPET_TIMER_CONFIG), 4,
			 config | HPET_TN_ENABLE) &&
		write_reg(comparator(n), chance(500) ? 4 : 8,
			  counter(cur) + ahead) &&
		read_reg(HPET_REG_COUNTER, 4);
}

static bool write_fsb(unsigned int n)
{
	u64 at = (ORACLE_MAILBOX + 8 * n) << 32 | (u32)rnd();
	u32 reg = timer_reg(n, HPET_TIMER_FSB);

	if (chance(500))
		return write_reg(reg, 8, at);
	return write_reg(reg, 4, at) && write_reg(reg + 4, 4, at >> 32);
}

static bool write_timer(unsigned int n)
{
	bool periodic = cur->b.m.timer[n].config & HPET_TN_PERIODIC;

	switch (below(12)) {
	case 0:
	case 1:
		return write_periodic(n);
	case 2:
		return write_one_shot(n);
	case 3:
	case 4:
	case 5:
	case 6:
		return write_config(n);
	case 7:
		return machine->fsb || chance(50) ? write_fsb(n) : true;
	case 8:
		return write_comparator(n, periodic ? some_period() :
						      some_comparator());
	default:
		return write_comparator(n, some_comparator());
	}
}

/* Where no timer is. QEMU has one there, which must not make itself heard. */
static bool write_absent(void)
{
	bool halted = !(cur->b.m.config & HPET_CONFIG_ENABLE);
	u32 reg = timer_reg(machine->num_timers,
			    halted ? 8 * below(3) : HPET_TIMER_FSB);

	if (!chance(100))
		return true;
	return write_reg(reg, 4, rnd() & ~(HPET_TN_ENABLE | HPET_TN_LEVEL)) &&
		read_reg(reg, 4);
}

/* What an acknowledging guest writes, and what it should not. */
static bool write_status(void)
{
	u64 val = chance(800) ? cur->b.m.status : rnd();

	if (chance(300))
		val &= rnd();
	if (chance(500))
		return write_reg(HPET_REG_STATUS, 8, val);
	return write_reg(HPET_REG_STATUS + 4 * chance(100), 4, val);
}

static bool write_general(void)
{
	u64 val = cur->b.m.config ^ (chance(700) ? HPET_CONFIG_ENABLE :
					       HPET_CONFIG_LEGACY);

	if (chance(100))
		val ^= rnd() & ~3ULL;
	return write_reg(HPET_REG_CONFIG, chance(500) ? 4 : 8, val);
}

static bool write_counter(void)
{
	u64 val = start_count();

	if (chance(300))
		return write_reg(HPET_REG_COUNTER, 8, val);
	return write_reg(HPET_REG_COUNTER + 4 * below(2), 4, val);
}

/* Comparators ahead of the counter, so that starting it is no difference. */
static bool start(void)
{
	unsigned int n;

	for (n = 0; n < machine->num_timers; n++)
		if (!write_reg(comparator(n), 8, counter(cur) + 1000 +
			       log_random(20)))
			return false;
	return write_reg(HPET_REG_CONFIG, 4,
			 cur->b.m.config | HPET_CONFIG_ENABLE);
}

static bool some_write(void)
{
	unsigned int n = below(machine->num_timers);

	if (!(cur->b.m.config & HPET_CONFIG_ENABLE) && chance(150))
		return start();
	switch (below(24)) {
	case 0:
		return write_general();
	case 1:
		return write_counter();
	case 2:
	case 3:
	case 4:
		return write_status();
	case 5:
		if (chance(800))
			return true;
		return write_reg(some_register() + below(8), 1 << below(4),
				 rnd());
	case 6:
		return write_absent();
	default:
		return write_timer(n);
	}
}

/* ---- time ---- */

static u64 next_match(void)
{
	u64 next = HPET_NEVER;
	unsigned int n;

	for (n = 0; n < machine->num_timers; n++)
		next = min_t(u64, next, hpet_timer_ns(&cur->b.m, n));
	return next;
}

/*
 * The time in which a periodic timer matches as often as it may in a step. What
 * QEMU takes for the period of one that is uncertain may be tiny.
 */
static u64 most_matches(unsigned int n)
{
	const struct hpet_timer *t = &cur->b.m.timer[n];

	if (taint[n][W_COMPARATOR])
		return 1000000;
	return max_t(u64, TICK_NS,
		     mul_div_sat(t->period, TICK_NS * MOST_MATCHES, 1));
}

/* No timer may match too often in one step. */
static u64 longest_step(void)
{
	u64 longest = 100 * SECOND * TICK_NS;
	unsigned int n;

	for (n = 0; n < machine->num_timers; n++) {
		const struct hpet_timer *t = &cur->b.m.timer[n];

		if (cur->b.m.running && hpet_timer_is_periodic(t))
			longest = min_t(u64, longest, most_matches(n));
	}
	return longest;
}

static u64 some_time(void)
{
	u64 next = next_match() - cur->now;
	u64 to_wrap = (0x100000000ULL - (u32)counter(cur)) * TICK_NS;

	switch (below(16)) {
	case 0:
	case 1:
	case 2:
	case 3:
		return next;
	case 4:
	case 5:
		return next - TICK_NS;
	case 6:
		return next + TICK_NS;
	case 7:
	case 8:
		return next + below(10) * TICK_NS * small();
	case 9:
		return to_wrap + TICK_NS * (2 - below(5));
	case 10:
		return TICK_NS;
	case 11:
		return chance(200) ? to_wrap + (TICK_NS << 32) : TICK_NS * small();
	case 12:
		return TICK_NS * log_random(31);
	default:
		return TICK_NS * log_random(18);
	}
}

static bool some_step(void)
{
	u64 ns = some_time();

	if (cur->odd_ns)
		ns += below(TICK_NS);
	if (ns > longest_step())
		ns = TICK_NS * (1 + small());
	return step(ns ? ns : TICK_NS, true);
}

/* ---- episodes ---- */

static bool operation(void)
{
	switch (below(10)) {
	case 0:
	case 1:
	case 2:
		return some_step();
	case 3:
	case 4:
		return some_read();
	case 5:
		return chance(50) ? look_at_all() :
				    look_at_mail(below(machine->num_timers));
	default:
		return some_write();
	}
}

/* One bit of a timer's configuration, or its route. */
static bool disturb_config(unsigned int n)
{
	static const u64 bits[] = {
		HPET_TN_LEVEL, HPET_TN_ENABLE, HPET_TN_PERIODIC,
		HPET_TN_32BIT, HPET_TN_FSB_ENABLE, HPET_TN_VAL_SET, 0, 0,
	};
	u64 config = cur->b.m.timer[n].config;
	u64 bit = bits[below(ARRAY_SIZE(bits))];

	config ^= bit;
	if (!bit)
		config = (config & ~HPET_TN_ROUTE_MASK) |
			 (chance(800) ? some_route() :
			  below(32) << HPET_TN_ROUTE_SHIFT);
	return write_reg(timer_reg(n, HPET_TIMER_CONFIG), 4, config);
}

static bool disturb(unsigned int n)
{
	u64 general = cur->b.m.config;

	switch (below(6)) {
	case 0:
		return write_reg(HPET_REG_CONFIG, 4, general ^ HPET_CONFIG_LEGACY);
	case 1:
		return write_reg(HPET_REG_CONFIG, 4, general ^ HPET_CONFIG_ENABLE);
	case 2:
		return write_status();
	default:
		return disturb_config(n);
	}
}

/*
 * A timer with some configuration fires, then something is changed while that
 * still shows; and once more. Chance alone seldom gets there.
 */
static void scenario(void)
{
	unsigned int n = below(chance(600) ? 2 : machine->num_timers), i;
	u64 config = cur->b.m.timer[n].config | HPET_TN_ENABLE;

	if (chance(300))	/* soon a wrap */
		write_reg(HPET_REG_COUNTER, 8, (1 + below(3)) * BIT_ULL(32) -
			  log_random(16));
	if (chance(300))
		write_reg(HPET_REG_CONFIG, 4, HPET_CONFIG_LEGACY);
	config |= chance(700) ? HPET_TN_LEVEL : 0;
	config |= chance(300) ? HPET_TN_PERIODIC | HPET_TN_VAL_SET : 0;
	config |= chance(300) ? HPET_TN_32BIT : 0;
	config |= chance(machine->fsb ? 400 : 0) ? HPET_TN_FSB_ENABLE : 0;
	write_fsb(n);
	start();
	write_reg(timer_reg(n, HPET_TIMER_CONFIG), 4, config);
	for (i = 0; i < 3 && !tainted; i++) {
		if (chance(200))
			disturb_config(n);
		write_reg(comparator(n), 8, counter(cur) + 1 + log_random(17));
		if (next_match() - cur->now <= longest_step())
			step(next_match() - cur->now, true);
		if (cur->odd_ns && chance(300))
			step(1 + below(8), true);
		disturb(n);
		if (chance(300))
			disturb(n);
	}
}

/* ---- differences that chance seldom gets to ---- */

static bool write_timer_config(unsigned int n, u64 config)
{
	return write_reg(timer_reg(n, HPET_TIMER_CONFIG), 4, config);
}

static bool flip(unsigned int n, u64 bits)
{
	return write_timer_config(n, cur->b.m.timer[n].config ^ bits);
}

static bool to_match(void)
{
	u64 ns = next_match() - cur->now;

	return ns <= longest_step() && step(ns, true);
}

/* Timer @n with this configuration has matched once, not just now. */
static bool fire(unsigned int n, u64 config)
{
	return write_timer_config(n, some_route() | config | HPET_TN_ENABLE) &&
		write_reg(comparator(n), config & HPET_TN_32BIT ? 4 : 8,
			  counter(cur) + 1 + below(1000)) &&
		to_match() && step(10 * TICK_NS, true);
}

/* A periodic timer that has matched once. */
static bool periodic(unsigned int n, u64 config, u64 period)
{
	u32 len = config & HPET_TN_32BIT ? 4 : 8;

	return write_timer_config(n, some_route() | config | HPET_TN_ENABLE |
				  HPET_TN_PERIODIC | HPET_TN_VAL_SET) &&
		write_reg(comparator(n), len, counter(cur) + 1000) &&
		write_reg(comparator(n), len, period) && to_match();
}

/*
 * A level-triggered timer that has matched, and will match again: nothing is
 * past that 10.0 could fire again when the timer is configured.
 */
static bool hold(unsigned int n, u64 config)
{
	return periodic(n, HPET_TN_LEVEL | HPET_TN_32BIT | config, 1000000);
}

static bool step_ticks(u64 ticks)
{
	return step(ticks * TICK_NS, true);
}

static bool arm(unsigned int n, u64 config, u64 cmp)
{
	return write_timer_config(n, some_route() | config) &&
		write_reg(comparator(n), 8, cmp);
}

static void aim_past_write(unsigned int n)
{
	arm(n, HPET_TN_ENABLE, counter(cur) - SECOND - 2 - small());
}

static void aim_past_start(unsigned int n)
{
	if (fire(n, 0) && write_reg(HPET_REG_CONFIG, 4, 0))
		write_reg(HPET_REG_CONFIG, 4, 1);
}

static void aim_past_config(unsigned int n)
{
	if (fire(n, 0) && flip(n, HPET_TN_ENABLE))
		flip(n, HPET_TN_ENABLE);
}

static void aim_held_up(unsigned int n)
{
	arm(n, HPET_TN_ENABLE | HPET_TN_32BIT, counter(cur) - 1 - small());
}

static void aim_far(unsigned int n)
{
	arm(n, HPET_TN_ENABLE, ~0ULL - small());
}

static void aim_wrap(unsigned int n)
{
	if (arm(n, HPET_TN_ENABLE | HPET_TN_32BIT, 1000000))
		step_ticks(BIT_ULL(32) + 1000 - (u32)counter(cur));
}

static void aim_once(unsigned int n)
{
	if (fire(n, HPET_TN_32BIT))
		step_ticks(BIT_ULL(32));
}

/* It matches too often to be led to its first match in one step. */
static void aim_tiny_period(unsigned int n)
{
	u64 period = 1 + below(cur->version == QEMU_7_2 ? 2 : 150);

	if (write_timer_config(n, some_route() | HPET_TN_32BIT |
			       HPET_TN_ENABLE | HPET_TN_PERIODIC |
			       HPET_TN_VAL_SET) &&
	    write_reg(comparator(n), 4, counter(cur) + 20) &&
	    write_reg(comparator(n), 4, period) && step_ticks(20 + below(100)))
		read_reg(comparator(n), 8);
}

static void aim_long_period(unsigned int n)
{
	periodic(n, HPET_TN_32BIT, 0xc0000000 + log_random(29));
	read_reg(comparator(n), 8);
}

static void aim_window(unsigned int n)
{
	if (periodic(n, 0, 10000))
		read_reg(comparator(n), 8);
}

static void aim_halt(unsigned int n)
{
	if (hold(n, 0) && write_reg(HPET_REG_CONFIG, 4, 0))
		read_reg(HPET_REG_STATUS, 4);
}

static void aim_enable_off(unsigned int n)
{
	if (hold(n, 0) && flip(n, HPET_TN_ENABLE))
		read_reg(HPET_REG_STATUS, 4);
}

static void aim_enable_off_periodic(unsigned int n)
{
	if (periodic(n, 0, 10000) && flip(n, HPET_TN_ENABLE) &&
	    step_ticks(20000))
		read_reg(comparator(n), 8);
}

static void aim_enable_0(unsigned int n)
{
	if (arm(n, HPET_TN_LEVEL, counter(cur) + 100) && to_match())
		read_reg(HPET_REG_STATUS, 4);
}

static void aim_level_to_edge(unsigned int n)
{
	if (hold(n, 0) && flip(n, HPET_TN_LEVEL))
		read_reg(HPET_REG_STATUS, 4);
}

static void aim_route(unsigned int n)
{
	u64 config;

	if (!hold(n, 0))
		return;
	config = cur->b.m.timer[n].config & ~HPET_TN_ROUTE_MASK;
	write_timer_config(n, config | some_route());
}

static void aim_legacy(unsigned int n)
{
	if (hold(n & 1, 0))
		write_reg(HPET_REG_CONFIG, 4, 3);
}

static void aim_shared(unsigned int n)
{
	unsigned int other = (n + 1) % machine->num_timers;
	u64 config;

	if (!hold(n, 0))
		return;
	config = cur->b.m.timer[n].config;
	if (write_timer_config(other, config) &&
	    write_reg(comparator(other), 8, counter(cur) + 100) && to_match())
		write_reg(HPET_REG_STATUS, 4, BIT(other));
}

static void aim_refused(unsigned int n)
{
	write_timer_config(n, 3 << HPET_TN_ROUTE_SHIFT);
	read_reg(timer_reg(n, HPET_TIMER_CONFIG), 4);
}

static void aim_route_silent(unsigned int n)
{
	u64 config = (u64)(3 + below(4)) << HPET_TN_ROUTE_SHIFT;

	/* Legacy replacement takes any route. */
	if (write_reg(HPET_REG_CONFIG, 4, 3) &&
	    write_timer_config(n & 1, config | HPET_TN_ENABLE) &&
	    write_reg(HPET_REG_CONFIG, 4, 1) &&
	    write_reg(comparator(n & 1), 8, counter(cur) + 100))
		to_match();
}

static void aim_mode(unsigned int n)
{
	if (arm(n, HPET_TN_ENABLE, counter(cur) + BIT_ULL(32) + 1000) &&
	    flip(n, HPET_TN_32BIT))
		step_ticks(2000);
}

static void aim_phase(unsigned int n)
{
	cur->odd_ns = true;
	if (step(1007, true) && write_reg(HPET_REG_CONFIG, 4, 0) &&
	    write_reg(HPET_REG_CONFIG, 4, 1) && step(8, true))
		read_reg(HPET_REG_COUNTER, 8);
}

static void aim_val_set(unsigned int n)
{
	u64 cmp = counter(cur) + BIT_ULL(33) + small();

	if (!write_timer_config(n, some_route() | HPET_TN_PERIODIC |
				HPET_TN_VAL_SET))
		return;
	if (chance(500))
		write_reg(comparator(n), 8, cmp);
	else
		write_halves(n, cmp);
	read_reg(comparator(n), 8);
}

static void aim_period_late(unsigned int n)
{
	bool narrow = cur->version == QEMU_7_2 || chance(500);
	u64 config = HPET_TN_ENABLE | HPET_TN_PERIODIC | HPET_TN_VAL_SET |
		     (narrow ? HPET_TN_32BIT : 0);

	if (write_timer_config(n, some_route() | config) &&
	    write_reg(comparator(n), narrow ? 4 : 8, counter(cur) + 1000) &&
	    to_match() && write_reg(comparator(n), 4, 100000))
		read_reg(comparator(n), 8);
}

static void aim_high_half(unsigned int n)
{
	arm(n, HPET_TN_32BIT, counter(cur) + BIT_ULL(33) + 1000);
	read_reg(comparator(n), 8);
}

static void aim_fsb_no_cap(unsigned int n)
{
	flip(n, HPET_TN_FSB_ENABLE);
	read_reg(timer_reg(n, HPET_TIMER_CONFIG), 4);
}

static void aim_fsb_register(unsigned int n)
{
	write_fsb(n);
	read_reg(timer_reg(n, HPET_TIMER_FSB), 8);
}

static void aim_fsb_on(unsigned int n)
{
	if (hold(n, 0) && flip(n, HPET_TN_FSB_ENABLE))
		read_reg(HPET_REG_STATUS, 4);
}

static void aim_fsb_level(unsigned int n)
{
	if (write_fsb(n) && hold(n, HPET_TN_FSB_ENABLE) &&
	    read_reg(HPET_REG_STATUS, 4))
		flip(n, HPET_TN_FSB_ENABLE);
}

static void aim_fsb_again(unsigned int n)
{
	if (write_fsb(n) && hold(n, HPET_TN_FSB_ENABLE) &&
	    look_at_mail(n) && flip(n, HPET_TN_ENABLE) &&
	    flip(n, HPET_TN_ENABLE))
		look_at_mail(n);
}

static void aim_straddle(unsigned int n)
{
	u32 at = timer_reg(n, 8 * below(2)) + 4;

	if (chance(500))
		read_reg(at, 8);
	else
		write_reg(at, 8, rnd());
}

static void aim_absent(unsigned int n)
{
	write_reg(HPET_REG_CONFIG, 4, 0);
	write_absent();
}

static const struct {
	const char *id;
	void (*aim)(unsigned int n);
} aims[] = {
	{ "past-write", aim_past_write },
	{ "past-start", aim_past_start },
	{ "past-config", aim_past_config },
	{ "held-up-32", aim_held_up },
	{ "far-64", aim_far },
	{ "wrap-32", aim_wrap },
	{ "once-32", aim_once },
	{ "tiny-period", aim_tiny_period },
	{ "in-window", aim_window },
	{ "halt-status", aim_halt },
	{ "enb-off-status", aim_enable_off },
	{ "enb-off-stops", aim_enable_off_periodic },
	{ "enb-0-status", aim_enable_0 },
	{ "enb-off-line", aim_enable_off },
	{ "level-to-edge", aim_level_to_edge },
	{ "route-line", aim_route },
	{ "legacy-line", aim_legacy },
	{ "shared-line", aim_shared },
	{ "route-refused", aim_refused },
	{ "route-silent", aim_route_silent },
	{ "mode-armed", aim_mode },
	{ "phase-lost", aim_phase },
	{ "val-set-qword", aim_val_set },
	{ "val-set-halves", aim_val_set },
	{ "period-late", aim_period_late },
	{ "high-half-32", aim_high_half },
	{ "period-bit-31", aim_long_period },
	{ "fsb-no-cap", aim_fsb_no_cap },
	{ "fsb-register", aim_fsb_register },
	{ "fsb-level-status", aim_fsb_level },
	{ "fsb-on-status", aim_fsb_on },
	{ "fsb-on-line", aim_fsb_on },
	{ "fsb-off-line", aim_fsb_level },
	{ "fsb-again", aim_fsb_again },
	{ "straddle", aim_straddle },
	{ "absent-timer", aim_absent },
};

static bool possible_here(int row)
{
	bool fsb, no_fsb;

	if (row < 0 || !(rows[row].versions & cur->version))
		return false;
	no_fsb = !strcmp(rows[row].id, "fsb-no-cap") ||
		 !strcmp(rows[row].id, "fsb-register");
	fsb = strstr(rows[row].id, "fsb") && !no_fsb;
	return machine->fsb ? !no_fsb : !fsb;
}

static void aim(void)
{
	unsigned int i, n = below(machine->num_timers), tries = 10;
	char text[64];
	int row;

	do {
		i = below(ARRAY_SIZE(aims));
		row = judged_find(aims[i].id);
	} while (tries-- && !possible_here(row));
	if (!possible_here(row))
		return;
	wanted = BIT_ULL(row);
	if (chance(500))	/* soon a wrap */
		write_reg(HPET_REG_COUNTER, 8, (1 + below(3)) * BIT_ULL(32) -
			  1 - log_random(16));
	snprintf(text, sizeof(text), "aims at %s", aims[i].id);
	note(text, n);
	if (start())
		aims[i].aim(n);
}

void history_begin(const struct machine *m, unsigned int version)
{
	struct kvm_hpet_config c = {
		.period_fs = TICK_NS * 1000000, .num_timers = m->num_timers,
		.rev_id = 1, .vendor_id = 0x8086,
		.flags = KVM_HPET_F_COUNTER_64 | KVM_HPET_F_LEGACY_CAP,
	};
	unsigned int n;

	machine = m;
	for (n = 0; n < m->num_timers; n++) {
		c.timer[n].flags = KVM_HPET_TIMER_PERIODIC | KVM_HPET_TIMER_64 |
				   (m->fsb ? KVM_HPET_TIMER_FSB : 0);
		c.timer[n].route_cap = m->route_cap;
	}
	world_init(cur, &c, version);
	compare_begin();
	plain("irq_intercept_in ioapic");
	lines_tainted = true;
}

/*
 * Calm episodes get long; half of them want to see one of the judged
 * differences, so that it occurs by itself; a few are wild.
 */
static void choose_manner(void)
{
	unsigned int kind = below(10);

	accept = kind < 9 ? 5 : 1000;
	wanted = kind < 4 ? 0 : BIT_ULL(below(num_rows));
	cur->odd_ns = chance(kind < 4 ? 50 : 200);
}

void history_episode(u64 seed, unsigned long number)
{
	unsigned int length, after;

	rng = seed + number * 0xd1342543de82ef95ULL;
	rnd();
	episode = number;
	choose_manner();
	reset();
	if (!look_at_all())
		return;
	if (chance(400))
		aim();
	else if (chance(500))
		scenario();
	length = 20 + log_random(11);
	after = below(8);
	while (length-- && !qtest_fault && (!tainted || after--)) {
		operation();
		if (world_busy(cur) > cur->now + 1000000)
			break;
	}
	if (settle() && tainted)
		look_at_all();
}
