// SPDX-License-Identifier: GPL-2.0
/*
 * Bounds: whatever the state of the block, no loop runs more than once for each
 * timer. `run` takes everything away that has no loop and does not change the
 * number of timers, so only this is proved here, not what is computed.
 */
#include "proof.h"
#include "hpet_model.c"
#include "hpet_block.c"

static struct hpet_block *any_block(void)
{
	static struct hpet_block b;

	__CPROVER_havoc_object(&b);
	ASSUME(b.m.num_timers >= 3 && b.m.num_timers <= HPET_MAX_TIMERS);
	return &b;
}

void prove_advance(void)
{
	hpet_block_advance(any_block(), nondet_u64());
}

void prove_start(void)
{
	hpet_model_start(&any_block()->m, nondet_u64());
}

void prove_stop(void)
{
	hpet_model_stop(&any_block()->m, nondet_u64());
}

void prove_model_reset(void)
{
	hpet_model_reset(&any_block()->m);
}

void prove_counter_write(void)
{
	counter_write(&any_block()->m, nondet_u64(), nondet_u64());
}

void prove_effects(void)
{
	struct hpet_effects fx;

	apply_effects(any_block(), &fx);
}

void prove_take(void)
{
	struct hpet_delivery d;

	hpet_block_take(any_block(), nondet_u64(), nondet_bool(), &d);
}

void prove_ready(void)
{
	hpet_block_ready(any_block(), nondet_u64(), nondet_u32());
}

void prove_ack(void)
{
	hpet_block_ack(any_block(), nondet_u64(), nondet_u32());
}

void prove_sync(void)
{
	hpet_block_sync(any_block());
}
