// SPDX-License-Identifier: GPL-2.0
/*
 * Errors and messages: a failure is one line, recorded where it is found and
 * printed once, by whoever gives up because of it.
 */
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "error.h"

static char last_error[512];
static bool use_syslog;

/**
 * make_printable() - keep text of other processes from disturbing a terminal
 * @text: changed in place: control characters become '?'
 */
void make_printable(char *text)
{
	for (; *text; text++)
		if (iscntrl((unsigned char)*text))
			*text = '?';
}

/**
 * fail() - record why something failed
 * @fmt: one line without "kvm-hpet:" and without a newline; %m works
 *
 * Return: -1, so that a caller can return it at once
 */
int fail(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(last_error, sizeof(last_error), fmt, args);
	va_end(args);
	make_printable(last_error);
	return -1;
}

/**
 * fail_also() - add to a failure what went wrong while clearing up after it
 * @fmt: continues the line
 *
 * Return: -1
 */
int fail_also(const char *fmt, ...)
{
	size_t used = strlen(last_error);
	va_list args;

	va_start(args, fmt);
	vsnprintf(last_error + used, sizeof(last_error) - used, fmt, args);
	va_end(args);
	make_printable(last_error);
	return -1;
}

/**
 * error_text() - what fail() recorded last
 *
 * Return: the line; the next failure overwrites it
 */
const char *error_text(void)
{
	return last_error;
}

/**
 * print_error() - say why the command failed, on stderr or in the log
 */
void print_error(void)
{
	log_line(LOG_ERR, "%s", last_error);
}

/**
 * usage_error() - say what is wrong with the command line
 * @command: name of the command, NULL before there is one
 * @fmt: the message
 *
 * Return: EXIT_USAGE
 */
int usage_error(const char *command, const char *fmt, ...)
{
	char text[256];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	make_printable(text);
	fprintf(stderr, "kvm-hpet: %s (see kvm-hpet %s%s--help)\n", text,
		command ? command : "", command ? " " : "");
	return EXIT_USAGE;
}

/**
 * log_to_syslog() - from now on nobody reads stderr
 */
void log_to_syslog(void)
{
	openlog("kvm-hpet", LOG_PID, LOG_DAEMON);
	use_syslog = true;
}

/**
 * log_line() - a line for the administrator
 * @priority: LOG_ERR, LOG_WARNING or LOG_INFO
 * @fmt: the line
 */
void log_line(int priority, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	if (use_syslog) {
		vsyslog(priority, fmt, args);
	} else {
		fputs(priority == LOG_WARNING ? "kvm-hpet: warning: " : "kvm-hpet: ", stderr);
		vfprintf(stderr, fmt, args);
		fputc('\n', stderr);
	}
	va_end(args);
}
