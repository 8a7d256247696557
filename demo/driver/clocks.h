/* SPDX-License-Identifier: GPL-2.0 */
/* Pairs of the test host's clock and its time stamp counter, by which samples of the guest are dated. */
#ifndef DEMO_CLOCKS_H
#define DEMO_CLOCKS_H

#include <stdint.h>
#include <stdio.h>

/* Reads both; beyond a number that is of use, in place of the last pair. */
void clocks_note(void);

/* The host's time at a value of its time stamp counter, by the first and last pair. */
uint64_t clocks_time_of(uint64_t tsc);

/* "tsc_offset" and "clocks" of a record. */
void clocks_record(FILE *file);

#endif /* DEMO_CLOCKS_H */
