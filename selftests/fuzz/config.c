// SPDX-License-Identifier: GPL-2.0
/* A valid configuration from the fuzzer's bytes. */
#include "fuzz.h"

static const u32 periods[] = { 10000000, 69841279, 1000000, 100000000, 1000001, 41666667 };

static void choose_timer(struct input *in, struct kvm_hpet_config *c, unsigned int n)
{
	u8 form = input_u8(in);
	struct kvm_hpet_timer_config *t = &c->timer[n];

	t->flags = form & KVM_HPET_TIMER_ALL;
	if (!n)
		t->flags |= KVM_HPET_TIMER_PERIODIC;
	if (!(c->flags & KVM_HPET_F_COUNTER_64))
		t->flags &= ~KVM_HPET_TIMER_64;
	t->route_cap = form & 0x80 ? 0xff0104 : 1U << (form >> 3 & 15);
}

void fuzz_config(struct input *in, struct kvm_hpet_config *c)
{
	u8 form = input_u8(in);
	unsigned int n;

	memset(c, 0, sizeof(*c));
	c->size = sizeof(*c);
	c->flags = form & (KVM_HPET_F_COUNTER_64 | KVM_HPET_F_LEGACY_CAP);
	c->base = KVM_HPET_DEFAULT_BASE;
	c->vendor_id = 0x8086;
	c->rev_id = 1;
	c->num_timers = form & 0x80 ? 3 + (form >> 2 & 31) % 30 : 3;
	form = input_u8(in);
	c->period_fs = periods[form % ARRAY_SIZE(periods)];
	if (form & 0x80)
		c->period_fs = 1000000 + input_u32(in) % 99000001;
	for (n = 0; n < c->num_timers; n++)
		choose_timer(in, c, n);
	CHECK(kvm_hpet_config_ok(c), "a configuration made to be valid is");
}
