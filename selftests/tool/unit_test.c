// SPDX-License-Identifier: GPL-2.0
/*
 * The tool's pure functions: times, QEMU's option syntax, the monitor's memory
 * dump and what is concluded from the registers.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../tools/kvm-hpet/block.h"
#include "../../tools/kvm-hpet/error.h"
#include "../../tools/kvm-hpet/hpet_regs.h"
#include "../../tools/kvm-hpet/parse.h"
#include "../../tools/kvm-hpet/qemu_hpet.h"
#include "../../tools/kvm-hpet/qemu_proc.h"

static int count, failed;

__attribute__((format(printf, 2, 3)))
static void check(bool good, const char *fmt, ...)
{
	va_list args;

	printf("%sok %d - ", good ? "" : "not ", ++count);
	failed += !good;
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	putchar('\n');
}

#define SIZE(array) (sizeof(array) / sizeof((array)[0]))
#define HOUR 3600000000000ULL

static void test_times(void)
{
	static const struct {
		const char *text;
		uint64_t ns;
		const char *printed;
	} times[] = {
		{ "0", 0, "0 s" },
		{ "0ns", 0, "0 s" },
		{ "1ns", 1, "1 ns" },
		{ "999ns", 999, "999 ns" },
		{ "1us", 1000, "1 us" },
		{ "1.5us", 1500, "1.5 us" },
		{ "4ms", 4000000, "4 ms" },
		{ "3999984ns", 3999984, "3.999984 ms" },
		{ "500ms", 500000000, "500 ms" },
		{ "5s", 5000000000, "5 s" },
		{ "0.000000001s", 1, "1 ns" },
		{ "1.000000001s", 1000000001, "1.000000001 s" },
		{ "1.50s", 1500000000, "1.5 s" },
		{ "0.5min", 30000000000, "30 s" },
		{ "2min", 120000000000, "120 s" },
		{ "1h", HOUR, "3600 s" },
		{ "3600s", HOUR, "3600 s" },
	};
	static const char * const wrong[] = {
		"", "5", "s", "-1s", "+1s", " 1s", "1s ", "1 s", "1S", "1sec", "0x1s", "1e3s",
		"1.s", ".5s", "1.2.3s", "0.5ns", "1.0000000001s", "1.00000000001s", "3600.1s",
		"3600.000000001s", "1.1h", "61min", "18446744073709551616s", "18446744074s",
	};
	char text[TIME_TEXT];
	uint64_t ns;

	for (size_t i = 0; i < SIZE(times); i++) {
		bool ok = parse_time(times[i].text, HOUR, &ns);

		check(ok && ns == times[i].ns, "%s is %" PRIu64 " ns", times[i].text, times[i].ns);
		format_time(text, sizeof(text), times[i].ns);
		check(!strcmp(text, times[i].printed), "%" PRIu64 " ns prints as %s (%s)",
		      times[i].ns, times[i].printed, text);
	}
	for (size_t i = 0; i < SIZE(wrong); i++)
		check(!parse_time(wrong[i], HOUR, &ns), "\"%s\" is no time up to 1h", wrong[i]);
	format_time(text, sizeof(text), UINT64_MAX);
	check(!strcmp(text, "18446744073.709551615 s"), "the longest time prints whole");
}

static void test_option_values(void)
{
	static const struct {
		const char *options;
		const char *key;
		bool implied;
		const char *value;	/* NULL: not there */
	} cases[] = {
		{ "guest=a,debug-threads=on", "guest", true, "a" },
		{ "a,debug-threads=on", "guest", true, "a" },
		{ "debug-threads=on,guest=b", "guest", true, "b" },
		{ "debug-threads=on", "guest", true, NULL },
		{ "debug-threads=on,flag", "guest", true, NULL },
		{ "a,,b,process=x", "guest", true, "a,b" },
		{ "guest=a,,,process=x", "guest", true, "a," },
		{ "socket,id=q,path=/tmp/a b,server", "path", false, "/tmp/a b" },
		{ "socket,id=q,path=/tmp/a,server", "server", false, "on" },
		{ "socket,id=q,path=/tmp/a,server=off", "server", false, "off" },
		{ "socket,path=/tmp/id=7,id=q", "id", false, "q" },
		{ "socket,idx=1", "id", false, NULL },
		{ "", "id", false, NULL },
		{ "q35,hpet=off", "type", true, "q35" },
		{ "type=q35,hpet=off", "type", true, "q35" },
	};

	for (size_t i = 0; i < SIZE(cases); i++) {
		char value[64] = "";
		bool there = qemu_option_value(cases[i].options, cases[i].key, cases[i].implied,
					       value, sizeof(value));

		check(there == !!cases[i].value && (!there || !strcmp(value, cases[i].value)),
		      "%s in \"%s\" is %s", cases[i].key, cases[i].options,
		      cases[i].value ? cases[i].value : "not there");
	}
}

/* A process with this command line; the words are not changed. */
static struct qemu_proc process(int argc, const char *const *argv)
{
	struct qemu_proc proc = { .pid = 1, .pidfd = -1, .program = "qemu-system-x86_64" };

	for (proc.argc = 0; proc.argc < argc; proc.argc++)
		proc.argv[proc.argc] = (char *)argv[proc.argc];
	return proc;
}

#define PROCESS(...) process(SIZE(((const char *[]){ __VA_ARGS__ })), \
			     (const char *[]){ __VA_ARGS__ })

static void check_qmp_path(const struct qemu_proc *proc, int nth, const char *expected,
			   const char *what)
{
	char path[256] = "";
	int ret = qemu_proc_qmp_path(proc, nth, path, sizeof(path));

	check(expected ? !ret && !strcmp(path, expected) : ret, "QMP path: %s (%s)", what, path);
}

static void test_qmp_paths(void)
{
	struct qemu_proc proc;

	proc = PROCESS("q", "-qmp", "unix:/run/a,server=on,wait=off");
	check_qmp_path(&proc, 0, "/run/a", "-qmp");
	check_qmp_path(&proc, 1, NULL, "there is only one");
	proc = PROCESS("q", "--qmp", "unix:/run/a,server,nowait");
	check_qmp_path(&proc, 0, "/run/a", "two dashes, old form");
	proc = PROCESS("q", "-qmp-pretty", "unix:/run/a,server=on");
	check_qmp_path(&proc, 0, "/run/a", "-qmp-pretty");
	proc = PROCESS("q", "-qmp", "unix:/run/a");
	check_qmp_path(&proc, 0, NULL, "QEMU is the client");
	proc = PROCESS("q", "-qmp", "tcp:localhost:4444,server=on");
	check_qmp_path(&proc, 0, NULL, "TCP");
	proc = PROCESS("q", "-qmp", "stdio");
	check_qmp_path(&proc, 0, NULL, "stdio");
	proc = PROCESS("q", "-monitor", "unix:/run/a,server=on");
	check_qmp_path(&proc, 0, NULL, "the human monitor");
	proc = PROCESS("q", "-chardev", "socket,id=m,path=/run/m,server=on", "-mon", "chardev=m");
	check_qmp_path(&proc, 0, NULL, "the human monitor by -mon");
	proc = PROCESS("q", "-chardev", "socket,id=m,path=/run/m,server=on", "-mon",
		       "chardev=m,mode=readline");
	check_qmp_path(&proc, 0, NULL, "the human monitor by its mode");
	proc = PROCESS("q", "-chardev", "socket,id=s,path=/run/s,server=on", "-serial", "chardev:s",
		       "-chardev", "socket,id=m,path=/run/m,server=on,wait=off",
		       "-mon", "chardev=m,mode=control");
	check_qmp_path(&proc, 0, "/run/m", "-chardev and -mon");
	proc = PROCESS("q", "-mon", "m,mode=control,pretty=on",
		       "-chardev", "socket,path=/run/m,,1,id=m,server");
	check_qmp_path(&proc, 0, "/run/m,1", "-mon first, with a comma in the path");
	proc = PROCESS("q", "-chardev", "socket,id=m,fd=25,server=on", "-mon",
		       "chardev=m,id=monitor,mode=control");
	check_qmp_path(&proc, 0, NULL, "libvirt's, which has no path");
	proc = PROCESS("q", "-mon", "chardev=m,mode=control", "-qmp", "unix:/run/b,server=on",
		       "-chardev", "socket,id=m,path=/run/m,server=on", "-qmp",
		       "unix:c,server=on");
	check_qmp_path(&proc, 0, "/run/b", "the first of three");
	check_qmp_path(&proc, 1, "/proc/1/cwd/c", "the second, relative to QEMU's directory");
	check_qmp_path(&proc, 2, "/run/m", "the third");
}

/* What xp prints for a reset HPET of -M q35, with a few words replaced */
static char *dump(const uint64_t *words)
{
	static char text[8192];
	char *at = text;

	for (int i = 0; i < HPET_REGS_WORDS; i += 2)
		at += sprintf(at, "%016llx: 0x%016" PRIx64 " 0x%016" PRIx64 "\r\n",
			      KVM_HPET_DEFAULT_BASE + i * 8ULL, words[i], words[i + 1]);
	return text;
}

#define Q35_TIMER 0x00ff010400000030ULL
static const uint64_t q35[HPET_REGS_WORDS] = {
	[0] = 0x009896808086a201,
	[32] = Q35_TIMER, ~0ULL,
	[36] = Q35_TIMER, ~0ULL,
	[40] = Q35_TIMER, ~0ULL,
};

static void test_dump(void)
{
	static const char * const wrong[] = {
		"", "unknown command: 'xp'\r\n", "00000000fed00000: 0x0000000000000000\r\n",
		"00000000fed00000: zzz\r\n", "00000000fed00010: 0x0 0x0\r\n",
	};
	struct hpet_regs regs;
	char *text;

	check(!hpet_regs_parse(&regs, dump(q35), 0, HPET_REGS_WORDS) && !memcmp(regs.word, q35, sizeof(q35)),
	      "a dump is read");
	for (size_t i = 0; i < SIZE(wrong); i++)
		check(hpet_regs_parse(&regs, wrong[i], 0, HPET_REGS_WORDS) && strstr(error_text(), "monitor printed"),
		      "wrong dump %zu is refused", i);
	text = dump(q35);
	strcat(text, "00000000fed00400: 0x0000000000000000\r\n");
	check(hpet_regs_parse(&regs, text, 0, HPET_REGS_WORDS), "a dump that is too long is refused");
	text = dump(q35);
	memcpy(strstr(text, "fed00100"), "fed00180", 8);
	check(hpet_regs_parse(&regs, text, 0, HPET_REGS_WORDS), "a dump of other addresses is refused");
	check(hpet_regs_parse(&regs, "00000000fed00000: Cannot access memory\r\n", 0, HPET_REGS_WORDS) &&
	      strstr(error_text(), "no HPET"), "no memory there: no HPET");
}

static void test_config(void)
{
	struct hpet_regs regs = { 0 };
	struct kvm_hpet_config config;

	memcpy(regs.word, q35, sizeof(q35));
	check(!hpet_regs_config(&regs, &config) && config.period_fs == 10000000 &&
	      config.vendor_id == 0x8086 && config.rev_id == 1 && config.num_timers == 3 &&
	      config.flags == (KVM_HPET_F_COUNTER_64 | KVM_HPET_F_LEGACY_CAP) &&
	      config.base == 0xfed00000 && config.vm_fd == -1 && config.legacy_eventfd == -1,
	      "QEMU's capabilities are understood");
	check(config.timer[2].flags == (KVM_HPET_TIMER_PERIODIC | KVM_HPET_TIMER_64) &&
	      config.timer[2].route_cap == 0xff0104 && !config.timer[3].flags,
	      "QEMU's timers are understood");
	regs.word[36] = 0x0000000400008000;
	hpet_regs_config(&regs, &config);
	check(config.timer[1].flags == KVM_HPET_TIMER_FSB && config.timer[1].route_cap == 4,
	      "a timer with nothing but FSB is understood");
	regs.word[0] = 0x05f5e10012340203;
	hpet_regs_config(&regs, &config);
	check(!config.flags && config.rev_id == 3 && config.vendor_id == 0x1234 &&
	      config.period_fs == 100000000 && config.num_timers == 3,
	      "a poorer HPET is understood");
	regs.word[0] = 0x009896808086b701;
	check(!hpet_regs_config(&regs, &config) && config.num_timers == 24, "24 timers fit");
	regs.word[0] = 0x009896808086b801;
	check(hpet_regs_config(&regs, &config) && strstr(error_text(), "25 timers"),
	      "25 timers do not fit");
	regs.word[0] = 0;
	check(hpet_regs_config(&regs, &config) && strstr(error_text(), "no HPET"),
	      "zeros: no HPET");
	regs.word[0] = ~0ULL;
	check(hpet_regs_config(&regs, &config) && strstr(error_text(), "no HPET"),
	      "ones: no HPET");
}

static void test_reset(void)
{
	static const struct {
		int word;
		uint64_t value;
		bool in_use;
	} cases[] = {
		{ 0, 0x009896808086a201, false },
		{ 2, 1, true },
		{ 2, 2, true },
		{ 4, 1, true },
		{ 30, 1, true },
		{ 32, Q35_TIMER | 4, true },
		{ 32, Q35_TIMER | 8, true },
		{ 36, Q35_TIMER | 2 << 9, true },
		{ 40, Q35_TIMER | 0x4000, true },
		{ 40, Q35_TIMER | 0x8000, false },
		{ 37, 0xffffffff, true },
		{ 44, 4, false },	/* there is no timer 3 */
	};

	for (size_t i = 0; i < SIZE(cases); i++) {
		struct hpet_regs regs;

		memcpy(regs.word, q35, sizeof(q35));
		regs.word[cases[i].word] = cases[i].value;
		check(hpet_regs_in_use(&regs) == cases[i].in_use, "word %d = %#" PRIx64 ": %s",
		      cases[i].word, cases[i].value, cases[i].in_use ? "in use" : "reset state");
	}
}

/* ---- QEMU's HPET into a block and back ---- */

#define SAVED_MAX	512

struct saved {
	uint8_t bytes[SAVED_MAX];
	size_t size;
};

static void save(struct saved *to, uint64_t value, unsigned int bytes)
{
	while (bytes--)
		to->bytes[to->size++] = value >> 8 * bytes;
}

/* As migration/savevm.c writes it: @hpet is what the registers say as well. */
static void save_hpet(struct saved *to, const struct qemu_hpet *hpet)
{
	save(to, 0x0400000017, 5);
	save(to, 4, 1);
	save(to, 0x68706574, 4);
	save(to, 2, 8);
	save(to, hpet->config, 8);
	save(to, hpet->status, 8);
	save(to, hpet->counter, 8);
	save(to, hpet->num_timers, 1);
	for (unsigned int n = 0; n < hpet->num_timers; n++) {
		save(to, n, 1);
		save(to, hpet->timer[n].config, 8);
		save(to, hpet->timer[n].comparator, 8);
		save(to, hpet->timer[n].fsb, 8);
		save(to, hpet->timer[n].period, 8);
		save(to, 0, 1);
		save(to, hpet->timer[n].pending ? 123456 : UINT64_MAX, 8);
	}
	save(to, 0x7e00000017, 5);
}

/* A tick-counting Linux: timer 0 periodic with 32 bits, next match in 1,000 */
static const struct qemu_hpet linux_ticks = {
	.config = HPET_ENABLE_CNF | HPET_LEG_RT_CNF,
	.counter = 0x123456789,
	.num_timers = 3,
	.timer = {
		{ .config = Q35_TIMER | 0x13c, .comparator = 0x23456b71, .period = 400000,
		  .pending = true },
		{ .config = Q35_TIMER, .comparator = UINT64_MAX },
		{ .config = Q35_TIMER, .comparator = UINT64_MAX },
	},
};

static void regs_of(const struct qemu_hpet *hpet, struct hpet_regs *regs)
{
	memcpy(regs->word, q35, sizeof(q35));
	regs->word[2] = hpet->config;
	regs->word[4] = hpet->status;
	regs->word[30] = hpet->counter;
	for (unsigned int n = 0; n < 3; n++) {
		regs->word[32 + 4 * n] = hpet->timer[n].config;
		regs->word[33 + 4 * n] = hpet->timer[n].comparator;
		regs->word[34 + 4 * n] = hpet->timer[n].fsb;
	}
}

static void test_saved_state(void)
{
	struct qemu_hpet other = linux_ticks, hpet;
	struct saved saved = { .size = 0 };
	struct hpet_regs regs;

	regs_of(&linux_ticks, &regs);
	check(qemu_hpet_parse(&hpet, &regs, saved.bytes, 0), "nothing saved: no HPET");
	other.counter++;
	save_hpet(&saved, &other);
	check(qemu_hpet_parse(&hpet, &regs, saved.bytes, saved.size) &&
	      strstr(error_text(), "agrees"), "a state that the registers contradict is refused");
	save_hpet(&saved, &linux_ticks);
	check(!qemu_hpet_parse(&hpet, &regs, saved.bytes, saved.size) &&
	      !memcmp(&hpet, &linux_ticks, sizeof(hpet)), "the one that they agree with is found");
	check(qemu_hpet_parse(&hpet, &regs, saved.bytes, saved.size - 10),
	      "one that is cut short is refused");
	other = linux_ticks;
	other.num_timers = 255;
	saved.size = 0;
	save_hpet(&saved, &(struct qemu_hpet){ .num_timers = 3 });
	saved.bytes[18 + 24] = 255;
	check(qemu_hpet_parse(&hpet, &regs, saved.bytes, saved.size), "255 timers are refused");
}

static struct kvm_hpet_state taken(const struct qemu_hpet *hpet)
{
	struct kvm_hpet_state state;

	check(!qemu_hpet_to_state(hpet, &state), "the state can be taken");
	return state;
}

static void test_take(void)
{
	struct qemu_hpet hpet = linux_ticks;
	struct kvm_hpet_state s = taken(&hpet);

	check(s.config == 3 && s.counter == hpet.counter && s.num_timers == 3 && !s.status &&
	      s.timer[0].config == (Q35_TIMER | 0x13c) && s.timer[0].comparator == 0x23456b71 &&
	      s.timer[0].period == 400000 && !s.timer[0].backlog && !s.timer[0].flags &&
	      s.timer[1].comparator == UINT64_MAX, "a match to come is taken as it is");
	hpet.timer[0].comparator = 0x23456789 - 1000;
	s = taken(&hpet);
	check(s.timer[0].backlog == 1 && s.timer[0].comparator == 0x23456789 - 1000 + 400000,
	      "a match that QEMU was late for is due, the next one in the old rhythm");
	hpet.timer[0].comparator = 0x23456789 - 801000;
	s = taken(&hpet);
	check(s.timer[0].backlog == 3 && s.timer[0].comparator == 0x23456789 - 801000 + 1200000,
	      "and so are three");
	hpet.timer[0].pending = false;
	s = taken(&hpet);
	check(!s.timer[0].backlog, "but not if QEMU waits for none");
	hpet.timer[0].comparator = 0x23456789;
	s = taken(&hpet);
	check(s.timer[0].flags == KVM_HPET_TIMER_MATCHED, "a match just served is over");
	hpet.timer[0].pending = true;
	s = taken(&hpet);
	check(!s.timer[0].flags, "a match just now is one");
	hpet.timer[0].comparator = 0xfffffff0;
	hpet.counter = 0x500000010;
	s = taken(&hpet);
	check(s.timer[0].backlog == 1 && s.timer[0].comparator == 0xfffffff0 - 0x100000000 + 400000,
	      "32 bits wrap");
	hpet.timer[0].config = Q35_TIMER | 0x134;
	s = taken(&hpet);
	check(s.timer[0].backlog == 1 && s.timer[0].comparator == 0xfffffff0, "a late one-shot is due");
	hpet.timer[0].config = Q35_TIMER | 0x130;
	s = taken(&hpet);
	check(!s.timer[0].backlog, "nobody waits for one without INT_ENB");
	hpet.config = 0;
	hpet.timer[0].config = Q35_TIMER | 0x174;
	s = taken(&hpet);
	check(!s.timer[0].backlog && s.timer[0].config == (Q35_TIMER | 0x134) && s.timer[0].flags ==
	      (KVM_HPET_TIMER_VAL_SET_LOW | KVM_HPET_TIMER_VAL_SET_HIGH),
	      "halted nothing is due; VAL_SET is kept");
	hpet.status = 7;
	hpet.timer[2].config = Q35_TIMER | 2;
	s = taken(&hpet);
	check(s.status == 4, "only level-triggered timers have a status");
	hpet.timer[2].config = Q35_TIMER | 3 << 9;
	check(qemu_hpet_to_state(&hpet, &s) && strstr(error_text(), "the route 3"),
	      "a route that is not allowed is refused");
	hpet.timer[2].config = Q35_TIMER | HPET_TN_FSB_EN;
	check(qemu_hpet_to_state(&hpet, &s) && strstr(error_text(), "messages"),
	      "messages without the capability are refused");
}

/* As much of QEMU 7.2's HPET as it takes to see what the writes lead to */
static void write_regs(struct hpet_regs *regs, uint64_t *period, const struct hpet_write *writes,
		       size_t count)
{
	for (size_t i = 0; i < count; i++) {
		uint32_t offset = writes[i].offset, shift = (offset & 4) * 8, n = (offset - 0x100) / 32;
		uint64_t *word = &regs->word[offset / 8], value = (uint64_t)writes[i].value << shift;
		uint64_t keep = ~(0xffffffffULL << shift);
		uint64_t *config = offset < 0x100 ? NULL : &regs->word[32 + 4 * n];

		if (config == word) {
			*word = (*word & ~0x7f4eULL) | (value & 0x7f4e);
			if (*word & HPET_TN_32MODE)
				word[1] = (uint32_t)word[1];
			continue;
		}
		if (config && (offset & 0x18) == 8) {
			if (*config & HPET_TN_TYPE)
				period[n] = (period[n] & keep) | value;
			if (!(*config & HPET_TN_TYPE) || (*config & HPET_TN_VAL_SET))
				*word = (*word & keep) | value;
			*config &= ~HPET_TN_VAL_SET;
			continue;
		}
		check(offset < 0x100 ? offset == 0x10 || !(regs->word[2] & 1) : true,
		      "only a halted counter is written");
		*word = (*word & keep) | value;
	}
}

static void test_silence(void)
{
	struct hpet_write writes[QEMU_HPET_MAX_WRITES];
	uint64_t period[3] = { 0 };
	struct hpet_regs regs;

	regs_of(&linux_ticks, &regs);
	check(!qemu_hpet_is_silent(&regs), "an HPET in use is not silent");
	write_regs(&regs, period, writes, qemu_hpet_silence(&regs, writes));
	check(regs.word[2] == HPET_LEG_RT_CNF, "silence halts it, and leaves PIT and RTC alone");
	check(qemu_hpet_is_silent(&regs), "silence is known as such");
	check(hpet_regs_in_use(&regs), "and is no reset state");
	regs.word[30] = 0;
	check(!qemu_hpet_is_silent(&regs), "after a reset it is not silent");
	memcpy(regs.word, q35, sizeof(q35));
	check(!qemu_hpet_is_silent(&regs), "reset state is not silent");
}

static void given_back(const struct kvm_hpet_state *state, unsigned int version,
		       struct hpet_regs *regs, uint64_t *period)
{
	struct hpet_write writes[QEMU_HPET_MAX_WRITES];

	regs_of(&linux_ticks, regs);
	write_regs(regs, period, writes, qemu_hpet_silence(regs, writes));
	write_regs(regs, period, writes, qemu_hpet_load(state, version, writes));
	check(!qemu_hpet_verify(regs, state, version), "QEMU's own HPET has taken the state");
}

static void test_give_back(void)
{
	struct qemu_hpet hpet = linux_ticks;
	struct kvm_hpet_state s = taken(&hpet);
	struct hpet_regs regs, before;
	uint64_t period[3];

	regs_of(&hpet, &before);
	given_back(&s, 0x702, &regs, period);
	check(!memcmp(&regs, &before, sizeof(regs)) && period[0] == 400000,
	      "what was taken and given back is the same, with the period");
	s.timer[0].backlog = 1;
	given_back(&s, 0x702, &regs, period);
	check(regs.word[33] == 0x23456b71 - 400000, "a tick that is due: the match before");
	check(!qemu_hpet_takes(&s, 0x702), "one tick that is due can be given back");
	check(qemu_hpet_takes(&s, 0x0a00) && strstr(error_text(), "owes the guest 1 tick,"),
	      "not to a QEMU that would take it for one a turn later");
	s.timer[0].flags = KVM_HPET_TIMER_IN_FLIGHT;
	check(qemu_hpet_takes(&s, 0x702), "nor one that waits for the one before");
	s.timer[0].flags = 0;
	s.timer[0].backlog = 2;
	check(qemu_hpet_takes(&s, 0x702) && strstr(error_text(), "2 ticks"), "nor two");

	hpet.timer[0].config = Q35_TIMER | 0x1c;	/* 64 bits */
	hpet.timer[0].comparator = 0x323456789;
	hpet.timer[0].period = 0x200000000;
	s = taken(&hpet);
	given_back(&s, 0x702, &regs, period);
	check(regs.word[33] == 0x323456789 && period[0] == 0x200000000,
	      "comparator and period of 64 bits");

	hpet.timer[0].config = Q35_TIMER | 0x134;	/* one-shot, 32 bits, has matched */
	hpet.timer[0].comparator = 0x23456789 - 10;
	hpet.timer[0].pending = false;
	s = taken(&hpet);
	given_back(&s, 0x702, &regs, period);
	check(regs.word[33] == UINT64_MAX, "a one-shot that has matched does not again");
	given_back(&s, 0x0a00, &regs, period);
	check(regs.word[33] == 0x23456789 - 10, "a newer QEMU knows by itself");
	s.timer[0].backlog = 1;
	given_back(&s, 0x702, &regs, period);
	check(regs.word[33] == 0x23456789 - 10, "one whose tick is due matches at once");
	s.timer[0].backlog = 0;
	s.timer[0].config = Q35_TIMER | 0x130;
	given_back(&s, 0x702, &regs, period);
	check(regs.word[33] == 0x23456789 - 10, "without INT_ENB the comparator stays");
	s.timer[0].config = Q35_TIMER | 0x14;
	s.timer[0].comparator = 5;
	given_back(&s, 0x702, &regs, period);
	check(regs.word[33] > 1ULL << 57, "one of 64 bits that has matched");
	s.timer[0].flags = KVM_HPET_TIMER_VAL_SET_LOW;
	s.timer[0].config = Q35_TIMER | 0x1c;
	given_back(&s, 0x702, &regs, period);
	check(regs.word[32] == (Q35_TIMER | 0x5c), "VAL_SET is given back");
	regs.word[30] += 1000;
	check(!qemu_hpet_verify(&regs, &s, 0x702), "the counter may have gone on");
	regs.word[30] -= 1001;
	check(qemu_hpet_verify(&regs, &s, 0x702) && strstr(error_text(), "main counter"),
	      "another counter is noticed");
}

/* What QEMU's own HPET holds, as it is read after that */
static struct qemu_hpet parked(const struct kvm_hpet_state *state, unsigned int version,
			       struct hpet_regs *regs)
{
	struct qemu_hpet hpet = { .num_timers = 3 };
	struct kvm_hpet_state shown;
	uint64_t period[3] = { 0 };

	check(!qemu_hpet_park(state, &shown), "it can be parked");
	given_back(&shown, version, regs, period);
	check(qemu_hpet_is_parked(regs) && !qemu_hpet_is_silent(regs), "and is known as parked");
	check(!(regs->word[2] & HPET_ENABLE_CNF) && !hpet_regs_armed(regs), "and does nothing");
	hpet.config = regs->word[2];
	hpet.counter = regs->word[30];
	for (int n = 0; n < 3; n++) {
		hpet.timer[n].config = regs->word[32 + 4 * n];
		hpet.timer[n].comparator = regs->word[33 + 4 * n];
		hpet.timer[n].period = period[n];
	}
	qemu_hpet_unpark(&hpet);
	return hpet;
}

static void test_park(void)
{
	struct qemu_hpet hpet = linux_ticks, again;
	struct kvm_hpet_state s = taken(&hpet), t;
	struct hpet_regs regs;

	again = parked(&s, 0x702, &regs);
	t = taken(&again);
	check(!memcmp(&s, &t, sizeof(s)), "what was parked and taken is the same");
	s.timer[0].backlog = 1;
	again = parked(&s, 0x702, &regs);
	t = taken(&again);
	check(t.timer[0].backlog == 1 && t.timer[0].comparator == s.timer[0].comparator,
	      "with a tick that is due");
	s.timer[0].backlog = 0;
	s.timer[0].config = Q35_TIMER | 0x134;	/* one-shot, has matched */
	s.timer[0].comparator = 0x23456789 - 10;
	again = parked(&s, 0x702, &regs);
	t = taken(&again);
	check(!t.timer[0].backlog, "a one-shot that has matched does not again");
	s.timer[0].backlog = 1;
	again = parked(&s, 0x702, &regs);
	t = taken(&again);
	check(t.timer[0].backlog == 1, "but one whose tick is due does");
	s = taken(&linux_ticks);
	s.config = HPET_LEG_RT_CNF;
	again = parked(&s, 0x702, &regs);
	t = taken(&again);
	check(t.config == s.config && t.counter == s.counter, "a halted one stays halted");
	for (int n = 0; n < 3; n++)
		s.timer[n] = taken(&(struct qemu_hpet){ .num_timers = 3, .timer = { [2] = {
					.config = Q35_TIMER, .comparator = UINT64_MAX } } }).timer[2];
	s.config = HPET_ENABLE_CNF;
	again = parked(&s, 0x702, &regs);
	check(again.config == HPET_ENABLE_CNF, "one of which only the counter is used");
	again = linux_ticks;
	qemu_hpet_unpark(&again);
	check(!memcmp(&again, &linux_ticks, sizeof(again)), "one that is not parked stays as it is");
	s.counter = 1ULL << 54;
	check(qemu_hpet_park(&s, &t) && strstr(error_text(), "too large"), "a counter that is too large");
	s.counter--;
	check(!qemu_hpet_park(&s, &t), "and the largest");
	s.num_timers = 5;
	s.timer[4].config = HPET_TN_INT_ENB;
	check(qemu_hpet_park(&s, &t) && strstr(error_text(), "timer 4"), "too many timers");
}

static void check_assumed(struct qemu_proc proc, uint32_t routes, const char *what)
{
	struct kvm_hpet_config config = { 0 };
	int ret = hpet_assumed_config(&proc, &config);

	check(routes ? !ret && config.timer[0].route_cap == routes && config.num_timers == 3 :
	      ret, "assumed from the command line: %s", what);
}

static void test_assumed(void)
{
	check_assumed(PROCESS("q", "-M", "pc"), 0x4, "pc");
	check_assumed(PROCESS("q", "-accel", "kvm"), 0x4, "no -M");
	check_assumed(PROCESS("q", "-machine", "q35,accel=kvm"), 0xff0104, "q35");
	check_assumed(PROCESS("q", "-machine", "type=pc-q35-7.2"), 0xff0104, "pc-q35-7.2");
	check_assumed(PROCESS("q", "-M", "pc-i440fx-7.2,hpet=on"), 0x4, "pc-i440fx-7.2");
	check_assumed(PROCESS("q", "-M", "pc,hpet=off"), 0, "hpet=off");
	check_assumed(PROCESS("q", "-M", "pc", "-machine", "hpet=off"), 0, "two options");
	check_assumed(PROCESS("q", "-machine", "kernel-irqchip=on", "-machine", "q35"), 0xff0104,
		      "two options, the machine in the second");
	check_assumed(PROCESS("q", "-M", "pc", "-no-hpet"), 0, "-no-hpet");
	check_assumed(PROCESS("q", "-M", "microvm"), 0, "microvm");
	check_assumed(PROCESS("q", "-M", "q35", "-global", "hpet.timers=8"), 0, "hpet.timers=8");
}

static void test_in_use(void)
{
	struct kvm_hpet_state state = { .num_timers = 3, .config = HPET_LEG_RT_CNF };

	check(!state_in_use(&state), "a halted HPET with no interrupt enabled is not in use");
	state.timer[2].config = HPET_TN_INT_ENB;
	check(state_in_use(&state), "a timer with its interrupt enabled is in use");
	state.timer[2].config = 0;
	state.timer[3].config = HPET_TN_INT_ENB;
	check(!state_in_use(&state), "a timer that is not there is not in use");
	state.config = HPET_ENABLE_CNF;
	check(state_in_use(&state), "a running counter is in use");
}

int main(void)
{
	test_times();
	test_option_values();
	test_qmp_paths();
	test_dump();
	test_config();
	test_reset();
	test_saved_state();
	test_take();
	test_silence();
	test_give_back();
	test_park();
	test_assumed();
	test_in_use();
	printf("1..%d\n", count);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
