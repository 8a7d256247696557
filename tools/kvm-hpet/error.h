/* SPDX-License-Identifier: GPL-2.0 */
#ifndef KVM_HPET_ERROR_H
#define KVM_HPET_ERROR_H

#include <stdbool.h>

#define EXIT_USAGE	2

int fail(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
int fail_also(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
const char *error_text(void);
void print_error(void);
int usage_error(const char *command, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void log_to_syslog(void);
void log_line(int priority, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void make_printable(char *text);

#endif
