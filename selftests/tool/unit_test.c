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

	check(!hpet_regs_parse(&regs, dump(q35)) && !memcmp(regs.word, q35, sizeof(q35)),
	      "a dump is read");
	for (size_t i = 0; i < SIZE(wrong); i++)
		check(hpet_regs_parse(&regs, wrong[i]) && strstr(error_text(), "monitor printed"),
		      "wrong dump %zu is refused", i);
	text = dump(q35);
	strcat(text, "00000000fed00400: 0x0000000000000000\r\n");
	check(hpet_regs_parse(&regs, text), "a dump that is too long is refused");
	text = dump(q35);
	memcpy(strstr(text, "fed00100"), "fed00180", 8);
	check(hpet_regs_parse(&regs, text), "a dump of other addresses is refused");
	check(hpet_regs_parse(&regs, "00000000fed00000: Cannot access memory\r\n") &&
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
		const char *what;	/* NULL: still in reset state */
	} cases[] = {
		{ 0, 0x009896808086a201, NULL },
		{ 2, 1, "general configuration" },
		{ 2, 2, "general configuration" },
		{ 4, 1, "interrupt status" },
		{ 30, 1, "main counter" },
		{ 32, Q35_TIMER | 4, "timer 0 configuration" },
		{ 32, Q35_TIMER | 8, "timer 0 configuration" },
		{ 36, Q35_TIMER | 2 << 9, "timer 1 configuration" },
		{ 40, Q35_TIMER | 0x4000, "timer 2 configuration" },
		{ 40, Q35_TIMER | 0x8000, NULL },
		{ 37, 0xffffffff, "timer 1 comparator" },
		{ 44, 4, NULL },	/* there is no timer 3 */
	};

	for (size_t i = 0; i < SIZE(cases); i++) {
		struct hpet_regs regs;
		int ret;

		memcpy(regs.word, q35, sizeof(q35));
		regs.word[cases[i].word] = cases[i].value;
		ret = hpet_regs_check_reset(&regs);
		check(cases[i].what ? ret && strstr(error_text(), cases[i].what) : !ret,
		      "word %d = %#" PRIx64 ": %s", cases[i].word, cases[i].value,
		      cases[i].what ? cases[i].what : "reset state");
	}
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
	test_assumed();
	test_in_use();
	printf("1..%d\n", count);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
