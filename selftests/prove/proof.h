/* SPDX-License-Identifier: GPL-2.0 */
/* What all proofs begin with. */
#ifndef _PROOF_H
#define _PROOF_H

#include "hpet_types.h"

typedef unsigned __int128 u128;

/* Any value at all. */
u64 nondet_u64(void);
u32 nondet_u32(void);
u8 nondet_u8(void);
bool nondet_bool(void);
int nondet_int(void);

#define ASSUME(what)		__CPROVER_assume(what)
#define PROVE(what, why)	__CPROVER_assert(what, why)

/*
 * What `run` puts into its copy of the core in place of divisions and of products
 * that belong to them. Each proof says what it uses of them; what has no body
 * gives any value.
 */
u64 quotient(u64 n, u64 d);
u64 rest(u64 n, u64 d);
u64 product(u64 n, u64 unit);
u128 multiple(u64 n, u64 d);

/* Functions of their operands; nothing else is known of them. */
u64 __CPROVER_uninterpreted_quotient(u64 n, u64 d);
u64 __CPROVER_uninterpreted_rest(u64 n, u64 d);
u64 __CPROVER_uninterpreted_product(u64 n, u64 unit);
u128 __CPROVER_uninterpreted_multiple(u64 n, u64 d);

#define MIN_PERIOD_FS	1000000U
#define MAX_PERIOD_FS	100000000U
#define FS_PER_NS	1000000U

#endif /* _PROOF_H */
