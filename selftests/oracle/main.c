// SPDX-License-Identifier: GPL-2.0
/*
 * The oracle's driver: see "run", which gets what is needed and calls this.
 *
 * Exit status: 0 no difference but judged ones, 1 others, 2 it did not run.
 */
#include <getopt.h>
#include <stdlib.h>
#include <unistd.h>

#include "oracle.h"

#define ROUTES_PC	0x00000004
#define ROUTES_Q35	0x00ff0104

static const struct machine machines[] = {
	{ "q35", { "-M", "q35,hpet=on,pit=off" }, 3, ROUTES_Q35, false },
	{ "q35-msi-8", { "-M", "q35,hpet=on,pit=off", "-global", "hpet.msi=on",
			 "-global", "hpet.timers=8" }, 8, ROUTES_Q35, true },
	{ "pc", { "-M", "pc,hpet=on,pit=off" }, 3, ROUTES_PC, false },
};

struct options {
	const char *judged;
	const char *qemu;
	const char *machine;
	unsigned int version;
	unsigned long ops;
	u64 seed;
	long only;
	bool all_must_occur;
	char **extra;
};

static unsigned long episodes;

static bool start_qemu(const struct options *o, const struct machine *m)
{
	static const char *const common[] = {
		"-accel", "qtest", "-nodefaults", "-display", "none", "-m", "16",
		"-chardev", "socket,id=qtest,fd=3", "-qtest", "chardev:qtest",
		"-qtest-log", "/dev/null",
	};
	const char *argv[64] = { o->qemu };
	unsigned int i, n = 1;

	for (i = 0; i < ARRAY_SIZE(common); i++)
		argv[n++] = common[i];
	for (i = 0; m->options[i]; i++)
		argv[n++] = m->options[i];
	for (i = 0; o->extra[i] && n < 62; i++)
		argv[n++] = o->extra[i];
	return qtest_start((char *const *)argv);
}

/* On one machine, until it has had its share of the operations. */
static bool run_machine(const struct options *o, const struct machine *m,
			unsigned long until)
{
	if (!start_qemu(o, m)) {
		printf("# %s: %s\n", m->name, qtest_fault);
		return false;
	}
	history_begin(m, o->version);
	if (o->only >= 0) {
		history_episode(o->seed, o->only);
	} else {
		while (history_operations < until && !qtest_fault &&
		       compare_failures < compare_max_failures)
			history_episode(o->seed, episodes++);
	}
	qtest_drain(0);
	if (qtest_fault) {
		printf("# %s: %s\n", m->name, qtest_fault);
		compare_stuck();
	}
	qtest_quit();
	return !qtest_fault;
}

static bool run(const struct options *o)
{
	/* In per cent. Timers on one line are for the PC alone. */
	static const unsigned int share[ARRAY_SIZE(machines)] = { 40, 90, 100 };
	bool ok = true;
	unsigned int i;

	for (i = 0; ok && i < ARRAY_SIZE(machines); i++) {
		if (o->machine && strcmp(o->machine, machines[i].name))
			continue;
		ok = run_machine(o, &machines[i], o->machine ? o->ops :
				 o->ops * share[i] / 100);
	}
	return ok;
}

static int bad_usage(void)
{
	fprintf(stderr,
		"usage: oracle --judged FILE --qemu PATH --version 7.2|10.0\n"
		"              [--machine NAME] [--ops N] [--seed S] [--only EPISODE]\n"
		"              [--max-failures N] [--all-must-occur] [--verbose]\n"
		"              [-- QEMU-OPTION...]\n");
	return 2;
}

static unsigned int version_of(const char *name)
{
	if (!strcmp(name, "7.2"))
		return QEMU_7_2;
	return strcmp(name, "10.0") ? 0 : QEMU_10_0;
}

static bool take_option(struct options *o, int option)
{
	switch (option) {
	case 'j':
		o->judged = optarg;
		break;
	case 'q':
		o->qemu = optarg;
		break;
	case 'V':
		o->version = version_of(optarg);
		break;
	case 'm':
		o->machine = optarg;
		break;
	case 'n':
		o->ops = strtoul(optarg, NULL, 0);
		break;
	case 's':
		o->seed = strtoull(optarg, NULL, 0);
		break;
	case 'o':
		o->only = atol(optarg);
		break;
	case 'f':
		compare_max_failures = strtoul(optarg, NULL, 0);
		break;
	case 'a':
		o->all_must_occur = true;
		break;
	case 'v':
		compare_verbose = true;
		break;
	default:
		return false;
	}
	return true;
}

static bool parse(struct options *o, int argc, char **argv)
{
	static const struct option known[] = {
		{ "judged", 1, NULL, 'j' }, { "qemu", 1, NULL, 'q' },
		{ "version", 1, NULL, 'V' }, { "machine", 1, NULL, 'm' },
		{ "ops", 1, NULL, 'n' }, { "seed", 1, NULL, 's' },
		{ "only", 1, NULL, 'o' }, { "max-failures", 1, NULL, 'f' },
		{ "all-must-occur", 0, NULL, 'a' }, { "verbose", 0, NULL, 'v' },
		{ }
	};
	int option;

	while ((option = getopt_long(argc, argv, "", known, NULL)) != -1)
		if (!take_option(o, option))
			return false;
	o->extra = argv + optind;
	return o->judged && o->qemu && o->version;
}

int main(int argc, char **argv)
{
	struct options o = { .ops = 1000000, .seed = 1, .only = -1 };
	bool ran, occurred;

	if (!parse(&o, argc, argv))
		return bad_usage();
	if (!judged_load(o.judged))
		return 2;
	ran = run(&o);
	occurred = judged_report(o.version, o.all_must_occur && o.only < 0);
	printf("# %lu operations in %lu episodes, in %lu of these unjudged differences\n",
	       history_operations, episodes, compare_failures);
	if (!ran && !compare_failures)
		return 2;
	return compare_failures || !occurred ? 1 : 0;
}
