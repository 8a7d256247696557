// SPDX-License-Identifier: GPL-2.0
/*
 * Bounds: whatever the state of the block, no loop runs more than once for each
 * timer. `run` takes everything away that has no loop and does not change the
 * number of timers, so only this is proved here, not what is computed.
 */
#include "proof.h"
#include "hpet_model.c"
#include "ticker.c"
#include "tick_source.c"
#include "hpet_block.c"
#include "state.c"

static struct hpet_block *any_block(void)
{
	static struct hpet_block b;

	__CPROVER_havoc_object(&b);
	ASSUME(b.m.num_timers >= 3 && b.m.num_timers <= HPET_MAX_TIMERS);
	b.t.num_timers = b.m.num_timers;
	b.t.ops = &block_ops;
	return &b;
}

/* What the device does when it is asked is proved with the block. */
static struct ticker *any_ticker(void)
{
	static struct ticker t;

	__CPROVER_havoc_object(&t);
	ASSUME(t.num_timers >= 1 && t.num_timers <= TICKER_MAX_TIMERS);
	t.ops = &block_ops;
	return &t;
}

void prove_advance(void)
{
	ticker_advance(any_ticker(), nondet_u32(), nondet_u64());
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
	struct hpet_effects fx;

	counter_write(&any_block()->m, nondet_u64(), nondet_u64(), &fx);
}

void prove_effects(void)
{
	struct hpet_effects fx;

	apply_effects(any_block(), &fx);
}

void prove_take(void)
{
	struct ticker_delivery d;

	ticker_take(any_ticker(), nondet_u64(), nondet_bool(), &d);
}

void prove_ready(void)
{
	ticker_ready(any_ticker(), nondet_u64(), nondet_u32());
}

void prove_ack(void)
{
	ticker_ack(any_ticker(), nondet_u64(), nondet_u32());
}

void prove_sync(void)
{
	hpet_block_sync(any_block());
}

void prove_unmasked(void)
{
	ticker_unmasked(any_ticker(), nondet_u64(), nondet_u32());
}

void prove_pause(void)
{
	ticker_pause(&any_block()->t, nondet_u64(), nondet_bool());
}

void prove_block_reset(void)
{
	ticker_reset(&any_block()->t, nondet_u64());
}

void prove_init(void)
{
	hpet_block_init(any_block(), nondet_u64());
}

void prove_lines(void)
{
	level_lines(any_block());
	ticker_quiet(any_ticker());
}

static struct tick_source *any_source(void)
{
	static struct tick_source s;

	__CPROVER_havoc_object(&s);
	s.t.num_timers = 1;
	s.t.ops = &source_ops;
	return &s;
}

void prove_source(void)
{
	struct tick_source *s = any_source();

	tick_source_start(s, nondet_u64(), nondet_u64(), nondet_u64());
	tick_source_stop(s, nondet_u64());
	tick_source_ack(s, nondet_u64());
	ticker_pause(&s->t, nondet_u64(), nondet_bool());
	ticker_reset(&s->t, nondet_u64());
}

static struct kvm_hpet_state state;

void prove_save(void)
{
	kvm_hpet_state_save(any_block(), nondet_u64(), &state);
}

/* From the VMM: nothing is known of it. */
void prove_check(void)
{
	__CPROVER_havoc_object(&state);
	kvm_hpet_state_check(any_block(), &state);
}

void prove_load(void)
{
	__CPROVER_havoc_object(&state);
	kvm_hpet_state_load(any_block(), nondet_u64(), &state);
}

void prove_config(void)
{
	static struct kvm_hpet_config config;

	__CPROVER_havoc_object(&config);
	if (kvm_hpet_config_ok(&config))
		kvm_hpet_config_apply(&any_block()->m, &config);
}
