/* SPDX-License-Identifier: GPL-2.0 */
/* The fuzzer's bytes as choices. Where they end, everything is 0. */
#ifndef _INPUT_H
#define _INPUT_H

#include "hpet_types.h"

struct input {
	const u8 *data;
	size_t left;
};

static inline void input_bytes(struct input *in, void *to, size_t len)
{
	size_t there = min_t(size_t, len, in->left);

	memset(to, 0, len);
	memcpy(to, in->data, there);
	in->data += there;
	in->left -= there;
}

static inline u8 input_u8(struct input *in)
{
	u8 val;

	input_bytes(in, &val, sizeof(val));
	return val;
}

static inline u32 input_u32(struct input *in)
{
	u32 val;

	input_bytes(in, &val, sizeof(val));
	return val;
}

/* Of all magnitudes, in few bytes: as many as the first says, moved as it says. */
static inline u64 input_u64(struct input *in)
{
	u8 form = input_u8(in);
	u64 val = 0;

	input_bytes(in, &val, form & 3 ? 1 << (form & 3) : 1);
	val <<= form >> 3 & 31;
	return form & 4 ? ~val : val;
}

static inline u64 input_below(struct input *in, u64 n)
{
	return n > 1 ? input_u8(in) % n : 0;
}

#endif /* _INPUT_H */
