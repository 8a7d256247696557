/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A plain HPET to compare with, written from Documentation/device-model.rst: it
 * adds up femtoseconds in 128 bits, and a comparator's next match is a place on
 * a counter that never wraps and that no halt or pause disturbs. It has no host
 * timers and no ticks to lose: it counts matches, heard and unheard.
 *
 * The general status register is not modelled: when it is set depends on the
 * policy for lost ticks.
 */
#ifndef _REFERENCE_H
#define _REFERENCE_H

#include <linux/kvm_hpet.h>

#include "hpet_types.h"
#include "hpet_regs.h"

typedef unsigned __int128 u128;

/**
 * struct ref_timer - a comparator
 * @config: register, without VAL_SET
 * @cmp: register
 * @period: last value written to the accumulator
 * @fsb: register
 * @start: comparator as last written with VAL_SET
 * @next: place of the next match
 * @has_next: there is one
 * @stale: comparator, counter or mode were changed while the counter stood
 * @over: the comparator equals the counter that stands, and that match is over
 * @matches: since it was written with VAL_SET, while it repeats; 2: or more
 * @awaited: halves of the period that were given along with that, and not by
 *	themselves so far
 * @val_set: halves that VAL_SET holds for
 * @heard: matches that somebody listened to
 * @unheard: the others
 */
struct ref_timer {
	u64 config;
	u64 cmp;
	u64 period;
	u64 fsb;
	u64 start;
	u128 next;
	bool has_next;
	bool stale;
	bool over;
	unsigned int matches;
	unsigned int awaited;
	unsigned int val_set;
	u64 heard;
	u64 unheard;
};

struct ref {
	u64 cap;
	u64 config;
	u64 offset;
	u128 fs;
	u64 last_ns;
	u32 period_fs;
	unsigned int num_timers;
	bool paused;
	struct ref_timer timer[HPET_MAX_TIMERS];
};

void ref_init(struct ref *r, const struct kvm_hpet_config *c, u64 now);
void ref_advance(struct ref *r, u64 now);
bool ref_running(const struct ref *r);
u64 ref_counter(const struct ref *r);
bool ref_audible(const struct ref *r, unsigned int n);

/* When a timer matches next: the first whole ns, or false if never. */
bool ref_match_ns(const struct ref *r, unsigned int n, u128 *ns);

/* Registers other than the status; all brought up to the time before. */
u64 ref_read(const struct ref *r, u32 offset, unsigned int len);
void ref_write(struct ref *r, u32 offset, unsigned int len, u64 val);
void ref_reset(struct ref *r);
void ref_pause(struct ref *r, bool paused);
void ref_load(struct ref *r, const struct kvm_hpet_state *s);

#endif /* _REFERENCE_H */
