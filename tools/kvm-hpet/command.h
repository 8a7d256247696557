/* SPDX-License-Identifier: GPL-2.0 */
#ifndef KVM_HPET_COMMAND_H
#define KVM_HPET_COMMAND_H

#include <getopt.h>

/* getopt_long() values of options that several commands have */
enum {
	OPT_PID = 0x100,
	OPT_QMP,
	OPT_ID,
	OPT_ALL,
	OPT_TIMER,
	OPT_JSON,
	OPT_PROMETHEUS,
	OPT_FORCE,
	OPT_FOREGROUND,
	OPT_ASSUME_RESET,
	OPT_DRY_RUN,
	OPT_DURATION,
	OPT_DRAW,
	OPT_FROM,
	OPT_DOMAIN,
	OPT_POLICIES,
};

/* What next_option() gives besides the values of the options */
#define OPTION_END	-1	/* no more */
#define OPTION_LEAVE	-2	/* leave the command with *status */

#define END_OPTIONS \
	{ "help", no_argument, NULL, 'h' }, { NULL, 0, NULL, 0 }

/**
 * struct command - a command of the tool
 * @name: as the user types it
 * @summary: one line
 * @help: what --help prints
 * @run: does it; argv[0] is the command's name; returns the exit status
 */
struct command {
	const char *name;
	const char *summary;
	const char *help;
	int (*run)(const struct command *self, int argc, char **argv);
};

extern const struct command attach_command;
extern const struct command detach_command;
extern const struct command list_command;
extern const struct command stat_command;
extern const struct command top_command;
extern const struct command record_command;
extern const struct command show_command;
extern const struct command set_command;
extern const struct command save_command;
extern const struct command load_command;
extern const struct command doctor_command;

int next_option(const struct command *self, int argc, char **argv,
		const struct option *options, int *status);

#endif
