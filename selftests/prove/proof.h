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

#define MIN_PERIOD_FS	1000000U
#define MAX_PERIOD_FS	100000000U
#define FS_PER_NS	1000000U

#endif /* _PROOF_H */
