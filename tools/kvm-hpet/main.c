// SPDX-License-Identifier: GPL-2.0
/*
 * kvm-hpet: the command-line tool of a host's administrator. Here are only the
 * table of commands and what is common to their command lines.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/kvm_hpet.h>

#include "command.h"
#include "error.h"

static const struct command * const commands[] = {
	&attach_command,
	&detach_command,
	&list_command,
	&stat_command,
	&top_command,
	&record_command,
	&show_command,
	&set_command,
	&save_command,
	&load_command,
	&doctor_command,
};

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

/* An option whose value is a letter is also that: -h for --help. */
static const char *short_options(char *letters, const struct option *options)
{
	char *end = stpcpy(letters, "+:");

	for (; options->name; options++) {
		if (options->val > 'z')
			continue;
		*end++ = options->val;
		if (options->has_arg == required_argument)
			*end++ = ':';
	}
	*end = '\0';
	return letters;
}

/**
 * next_option() - getopt_long() with the tool's own messages
 * @self: the command
 * @argc: as run() got it
 * @argv: likewise
 * @options: closed by END_OPTIONS
 * @status: exit status in case of OPTION_LEAVE
 *
 * Return: value of an option (its argument is in optarg), OPTION_END or OPTION_LEAVE
 */
int next_option(const struct command *self, int argc, char **argv,
		const struct option *options, int *status)
{
	char letters[32];
	int option = getopt_long(argc, argv, short_options(letters, options), options, NULL);

	*status = EXIT_SUCCESS;
	switch (option) {
	case 'h':
		printf("%s", self->help);
		return OPTION_LEAVE;
	case ':':
		*status = usage_error(self->name, "%s needs a value", argv[optind - 1]);
		return OPTION_LEAVE;
	case '?':
		*status = usage_error(self->name, "there is no option %s", argv[optind - 1]);
		return OPTION_LEAVE;
	case -1:
		if (optind == argc)
			return OPTION_END;
		*status = usage_error(self->name, "%s is one argument too many", argv[optind]);
		return OPTION_LEAVE;
	}
	return option;
}

static void print_help(void)
{
	printf("Usage: kvm-hpet COMMAND [OPTION]...\n"
	       "The HPET of KVM virtual machines inside the host kernel.\n\n");
	for (size_t i = 0; i < COMMANDS; i++)
		printf("  %-8s  %s\n", commands[i]->name, commands[i]->summary);
	printf("\nkvm-hpet COMMAND --help says more of each, man kvm-hpet everything.\n"
	       "Exit status: 0, 1 (failed), 2 (wrong command line).\n");
}

static int run_command(int argc, char **argv)
{
	for (size_t i = 0; i < COMMANDS; i++)
		if (!strcmp(argv[0], commands[i]->name)) {
			int status = commands[i]->run(commands[i], argc, argv);

			if (status == EXIT_FAILURE)
				print_error();
			return status;
		}
	return usage_error(NULL, "there is no command %s", argv[0]);
}

int main(int argc, char **argv)
{
	if (argc < 2)
		return usage_error(NULL, "a command is missing");
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help")) {
		print_help();
		return EXIT_SUCCESS;
	}
	if (!strcmp(argv[1], "--version")) {
		printf("kvm-hpet " VERSION " (API version %d)\n", KVM_HPET_API_VERSION);
		return EXIT_SUCCESS;
	}
	return run_command(argc - 1, argv + 1);
}
