/* SPDX-License-Identifier: GPL-2.0 */
/* What hpet_types.h takes from the kernel, for tests on the host. */
#ifndef _HPET_TYPES_HOST_H
#define _HPET_TYPES_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int8_t s8;
typedef int32_t s32;
typedef int64_t s64;

#define BIT(n)			(1UL << (n))
#define BIT_ULL(n)		(1ULL << (n))
#define GENMASK_ULL(h, l)	((~0ULL >> (63 - (h))) & (~0ULL << (l)))

#define min_t(type, a, b)	((type)(a) < (type)(b) ? (type)(a) : (type)(b))
#define max_t(type, a, b)	((type)(a) > (type)(b) ? (type)(a) : (type)(b))

#define container_of(ptr, type, member) \
	((type *)((char *)(ptr) - offsetof(type, member)))

/* Here always room for all, so that a whole device can be copied. */
#define PER_TIMER(name, max)	(name)[max]

#define __weak			__attribute__((__weak__))

/* There is one thread here. */
#define data_race(expr)		(expr)

/* Speculation is a matter of the kernel's; tests can see that it was thought of. */
unsigned int __weak host_nospec_calls;
#define array_index_nospec(index, size) \
	((void)(size), host_nospec_calls++, (index))

#endif /* _HPET_TYPES_HOST_H */
