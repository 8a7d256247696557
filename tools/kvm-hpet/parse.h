/* SPDX-License-Identifier: GPL-2.0 */
#ifndef KVM_HPET_PARSE_H
#define KVM_HPET_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Enough for every text that format_time() makes. */
#define TIME_TEXT	40

bool parse_number(const char *text, uint64_t min, uint64_t max, uint64_t *value);
bool parse_time(const char *text, uint64_t max_ns, uint64_t *ns);
char *format_time(char *text, size_t size, uint64_t ns);

#endif
