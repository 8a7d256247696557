// SPDX-License-Identifier: GPL-2.0
/* See history.h. */
#include "history.h"

u32 periodic(struct world *w, unsigned int n, u32 bits, u32 period)
{
	u32 first;

	world_w32(w, config(n), ON | HPET_TN_PERIODIC | HPET_TN_VAL_SET | bits);
	first = (u32)world_r64(w, HPET_REG_COUNTER) + period;
	world_w32(w, comparator(n), first);
	world_w32(w, comparator(n), period);
	return first;
}

static void random_timer(struct world *w)
{
	unsigned int n = rng_below(&w->rng, WORLD_TIMERS);
	u32 bits = route(16 + 2 * n);
	u32 now = world_r64(w, HPET_REG_COUNTER);

	bits |= rng_chance(&w->rng, 30) ? HPET_TN_LEVEL : 0;
	bits |= rng_chance(&w->rng, 20) ? HPET_TN_FSB_ENABLE : 0;
	if (rng_chance(&w->rng, 60)) {
		periodic(w, n, bits, 5 * (MS_TICKS >> rng_below(&w->rng, 10)));
		return;
	}
	world_w32(w, config(n), ON | bits);
	world_w32(w, comparator(n), now + rng_below(&w->rng, MS_TICKS) - 100);
}

/* One step of programming a periodic timer: others may come in between. */
static void random_step(struct world *w)
{
	unsigned int n = rng_below(&w->rng, WORLD_TIMERS);
	u32 bits = HPET_TN_ENABLE | HPET_TN_PERIODIC | route(16 + 2 * n);
	u32 now = world_r64(w, HPET_REG_COUNTER);

	switch (rng_below(&w->rng, 4)) {
	case 0:
		bits |= rng_chance(&w->rng, 70) ? HPET_TN_VAL_SET : 0;
		bits |= rng_chance(&w->rng, 50) ? HPET_TN_32BIT : 0;
		world_w32(w, config(n), bits);
		break;
	case 1:
		world_w32(w, comparator(n),
			  now + rng_below(&w->rng, 2 * MS_TICKS) - 1000);
		break;
	case 2:
		world_w32(w, comparator(n) + 4, rng_chance(&w->rng, 5));
		break;
	default:
		world_w32(w, comparator(n), MS_TICKS >> rng_below(&w->rng, 8));
	}
}

static void random_bits(struct world *w)
{
	static const u64 bits[] = { HPET_TN_ENABLE, HPET_TN_LEVEL,
		HPET_TN_FSB_ENABLE, HPET_TN_PERIODIC, HPET_TN_32BIT };
	unsigned int n = rng_below(&w->rng, WORLD_TIMERS);
	u64 old = world_r64(w, config(n));

	world_w32(w, config(n), old ^ bits[rng_below(&w->rng, ARRAY_SIZE(bits))]);
	if (rng_chance(&w->rng, 60))
		world_w32(w, config(n), old);
}

static void random_guest(struct world *w)
{
	u64 config = world_r64(w, HPET_REG_CONFIG);
	unsigned int n = rng_below(&w->rng, WORLD_TIMERS);

	switch (rng_below(&w->rng, 12)) {
	case 0:
		w->irqs_off_until = w->now + (rng_magnitude(&w->rng) >> 33);
		break;
	case 1:
		world_mask(w, 16 + 2 * n, rng_chance(&w->rng, 50));
		break;
	case 2:
	case 3:
		random_timer(w);
		break;
	case 4:
		random_bits(w);
		break;
	case 5:
		world_w32(w, HPET_REG_CONFIG, config ^ HPET_CONFIG_ENABLE);
		if (rng_chance(&w->rng, 30))
			world_w32(w, HPET_REG_COUNTER, rng_below(&w->rng, MS_TICKS));
		if (rng_chance(&w->rng, 70))
			world_w32(w, HPET_REG_CONFIG, config);
		break;
	case 6:
		world_w32(w, HPET_REG_CONFIG, config ^ HPET_CONFIG_LEGACY);
		break;
	case 7:
		world_w32(w, HPET_REG_STATUS, rng_below(&w->rng, 8));
		break;
	case 8:
		world_w32(w, comparator(n), MS_TICKS >> rng_below(&w->rng, 12));
		break;
	default:
		random_step(w);
	}
}

static void random_vmm(struct world *w)
{
	static const u64 spans[] = { 0, MS, 100 * MS, 5 * SEC };
	u64 a = rng_u64(&w->rng) >> 8, b = rng_u64(&w->rng) >> 8;
	u64 c = rng_u64(&w->rng) >> 8, d = rng_u64(&w->rng) >> 8;

	switch (rng_below(&w->rng, 4)) {
	case 0:
		world_policy(w, a % 4, 1 + b % 100, c % 10, spans[d % 4]);
		break;
	case 1:
		world_pause(w, !w->b.m.paused);
		break;
	case 2:
		if (rng_chance(&w->rng, 10))
			world_reset(w);
		break;
	default:
		w->late_ns = rng_magnitude(&w->rng) >> 40;
		w->work_ns = rng_magnitude(&w->rng) >> 40;
		w->gap_ns = rng_magnitude(&w->rng) >> 44;
		w->take_ns = rng_magnitude(&w->rng) >> 40;
		w->eoi_ns = rng_magnitude(&w->rng) >> 42;
	}
}

void history_op(struct world *w)
{
	if (rng_chance(&w->rng, 80))
		random_guest(w);
	else
		random_vmm(w);
}
