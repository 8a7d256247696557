/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A block of timers whose ticks are not lost: the registers of hpet_model.h, and
 * below them the ticks of ticker.h, which are told of every change what the
 * registers now say. Still without clock and calls.
 *
 * Context: any; the caller serialises all calls for one block.
 */
#ifndef _HPET_BLOCK_H
#define _HPET_BLOCK_H

#include "hpet_model.h"
#include "ticker.h"

/**
 * struct hpet_block - the block
 * @m: registers, counter, comparators
 * @t: what becomes of the matches
 */
struct hpet_block {
	struct hpet_model m;
	struct ticker t;
};

/**
 * hpet_block_init() - reset state, policy discard, counters 0
 * @b: the block, zeroed but for its model's capabilities
 * @min_interval_ns: see struct ticker
 */
void hpet_block_init(struct hpet_block *b, u64 min_interval_ns);

/**
 * hpet_block_read() - a guest reads a register
 * @b: the block
 * @now: time, ns
 * @offset: in the block
 * @len: bytes
 *
 * Return: as hpet_model_read().
 */
u64 hpet_block_read(struct hpet_block *b, u64 now, u32 offset,
		    unsigned int len);

/**
 * hpet_block_write() - a guest writes a register
 * @b: the block
 * @now: time, ns
 * @offset: in the block
 * @len: bytes
 * @val: the value
 *
 * Return: true if LEG_RT_CNF changed, which the VMM must learn.
 */
bool hpet_block_write(struct hpet_block *b, u64 now, u32 offset,
		      unsigned int len, u64 val);

/**
 * hpet_block_sync() - the model was changed from outside: let the ticks follow
 * @b: the block, brought up to now
 */
void hpet_block_sync(struct hpet_block *b);

/**
 * hpet_block_matched() - timers match at this moment
 * @b: the block
 * @timers: bit mask
 */
void hpet_block_matched(struct hpet_block *b, u32 timers);

#endif /* _HPET_BLOCK_H */
