// SPDX-License-Identifier: GPL-2.0
/* HPET blocks: what instance.c does not know of them. */
#include <linux/eventfd.h>

#include "hpet_state.h"
#include "instance.h"

static int get_eventfd(struct kvm_hpet *h, int fd)
{
	struct eventfd_ctx *ctx;

	if (!(h->config.flags & KVM_HPET_F_LEGACY_EVENTFD))
		return 0;
	ctx = eventfd_ctx_fdget(fd);
	if (IS_ERR(ctx))
		return PTR_ERR(ctx);
	h->legacy_eventfd = ctx;
	return 0;
}

static void put_eventfd(struct kvm_hpet *h)
{
	if (h->legacy_eventfd)
		eventfd_ctx_put(h->legacy_eventfd);
}

static int plug(struct kvm_hpet *h, int eventfd)
{
	int ret;

	ret = get_eventfd(h, eventfd);
	if (ret)
		return ret;
	ret = kvm_hpet_mmio_register(h);
	if (ret)
		put_eventfd(h);
	return ret;
}

static void unplug(struct kvm_hpet *h)
{
	kvm_hpet_mmio_unregister(h);
	put_eventfd(h);
}

static u32 possible_gsis(const struct kvm_hpet *h, unsigned int n)
{
	u32 gsis = h->config.timer[n].route_cap;

	if (h->config.flags & KVM_HPET_F_LEGACY_CAP) {
		if (n == 0)
			gsis |= BIT(HPET_LEGACY_GSI_TIMER0);
		if (n == 1)
			gsis |= BIT(HPET_LEGACY_GSI_TIMER1);
	}
	return gsis;
}

static void save(const struct kvm_hpet *h, u64 now, void *s)
{
	kvm_hpet_state_save(&h->block, now, s);
}

static const char *check(const struct kvm_hpet *h, const void *s)
{
	return kvm_hpet_state_check(&h->block, s);
}

static void load(struct kvm_hpet *h, u64 now, const void *s)
{
	kvm_hpet_state_load(&h->block, now, s);
}

const struct kvm_hpet_kind kvm_hpet_block_kind = {
	.fd_name = "kvm-hpet",
	.admin_name = "kvm-hpet-admin",
	.config_size = sizeof(struct kvm_hpet_config),
	.state_size = sizeof(struct kvm_hpet_state),
	.plug = plug,
	.unplug = unplug,
	.gsis = possible_gsis,
	.save = save,
	.check = check,
	.load = load,
};

struct kvm_hpet *kvm_hpet_create(const struct kvm_hpet_config *config)
{
	struct kvm_hpet *h;

	if (!kvm_hpet_config_ok(config) ||
	    (!(config->flags & KVM_HPET_F_LEGACY_EVENTFD) &&
	     config->legacy_eventfd != -1))
		return ERR_PTR(-EINVAL);
	h = kvm_hpet_alloc(&kvm_hpet_block_kind, config->num_timers);
	if (!h)
		return ERR_PTR(-ENOMEM);
	h->config = *config;
	h->config.vm_fd = -1;
	h->config.legacy_eventfd = -1;
	h->block.t.ticks = kvm_hpet_room_for_ticks(h, config->num_timers);
	h->block.m.timer = kvm_hpet_room_for_timers(h, config->num_timers);
	kvm_hpet_config_apply(&h->block.m, config);
	hpet_block_init(&h->block, kvm_hpet_min_interval_ns());
	return kvm_hpet_start(h, &h->block.t, config->vm_fd,
			      config->legacy_eventfd);
}
