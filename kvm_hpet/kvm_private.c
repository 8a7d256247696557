// SPDX-License-Identifier: GPL-2.0
/*
 * The one file that reaches KVM's private functions. See kvm_private.h.
 *
 * A kprobe tells the address of a symbol that is not exported, and a static
 * call makes a direct call of it: that needs no ENDBR at its target, which
 * kernels with IBT have sealed in functions whose address nobody takes. Our
 * dependency on kvm.ko (kvm_get_kvm()) keeps the addresses valid.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/kprobes.h>
#include <linux/static_call.h>

#include "kvm_private.h"

#define KVM_FN(name, ret, args...)			\
	typedef ret name##_fn(args);			\
	DEFINE_STATIC_CALL_NULL(hpet_##name, name##_fn)

KVM_FN(file_is_kvm, bool, struct file *);
KVM_FN(kvm_io_bus_register_dev, int, struct kvm *, enum kvm_bus, gpa_t, int,
       struct kvm_io_device *);
KVM_FN(kvm_io_bus_unregister_dev, int, struct kvm *, enum kvm_bus,
       struct kvm_io_device *);
KVM_FN(kvm_set_irq, int, struct kvm *, int, u32, int, bool);
KVM_FN(kvm_set_msi, int, struct kvm_kernel_irq_routing_entry *, struct kvm *,
       int, int, bool);
KVM_FN(kvm_register_irq_ack_notifier, void, struct kvm *,
       struct kvm_irq_ack_notifier *);
KVM_FN(kvm_unregister_irq_ack_notifier, void, struct kvm *,
       struct kvm_irq_ack_notifier *);
KVM_FN(kvm_register_irq_mask_notifier, void, struct kvm *, int,
       struct kvm_irq_mask_notifier *);
KVM_FN(kvm_unregister_irq_mask_notifier, void, struct kvm *, int,
       struct kvm_irq_mask_notifier *);
KVM_FN(kvm_request_irq_source_id, int, struct kvm *);
KVM_FN(kvm_free_irq_source_id, void, struct kvm *, int);
KVM_FN(kvm_set_or_clear_apicv_inhibit, void, struct kvm *,
       enum kvm_apicv_inhibit, bool);

/* Gone since 6.14, with the reason to have it. */
static bool have_source_ids;
static bool have_apicv_inhibit;

static void *symbol_address(const char *name)
{
	struct kprobe kp = { .symbol_name = name };
	int ret;

	ret = register_kprobe(&kp);
	if (ret) {
		pr_debug("kprobe on %s: %d\n", name, ret);
		return NULL;
	}
	unregister_kprobe(&kp);
	return kp.addr;
}

#define FIND(name)						\
({								\
	void *addr = symbol_address(#name);			\
								\
	if (addr)						\
		static_call_update(hpet_##name, (name##_fn *)addr); \
	addr != NULL;						\
})

#define FIND_OR_FAIL(name)					\
do {								\
	if (!FIND(name)) {					\
		pr_err("can't find KVM's %s: kprobes must be enabled, and KVM one of the supported versions\n", \
		       #name);					\
		return -EOPNOTSUPP;				\
	}							\
} while (0)

int kvm_private_init(void)
{
	FIND_OR_FAIL(file_is_kvm);
	FIND_OR_FAIL(kvm_io_bus_register_dev);
	FIND_OR_FAIL(kvm_io_bus_unregister_dev);
	FIND_OR_FAIL(kvm_set_irq);
	FIND_OR_FAIL(kvm_set_msi);
	FIND_OR_FAIL(kvm_register_irq_ack_notifier);
	FIND_OR_FAIL(kvm_unregister_irq_ack_notifier);
	FIND_OR_FAIL(kvm_register_irq_mask_notifier);
	FIND_OR_FAIL(kvm_unregister_irq_mask_notifier);
	have_source_ids = FIND(kvm_request_irq_source_id) &&
			  FIND(kvm_free_irq_source_id);
	have_apicv_inhibit = FIND(kvm_set_or_clear_apicv_inhibit);
	return 0;
}

bool kvm_private_is_vm(struct file *file)
{
	return static_call(hpet_file_is_kvm)(file);
}

int kvm_private_register_mmio(struct kvm *kvm, gpa_t addr, int len,
			      struct kvm_io_device *dev)
{
	return static_call(hpet_kvm_io_bus_register_dev)(kvm, KVM_MMIO_BUS,
							 addr, len, dev);
}

void kvm_private_unregister_mmio(struct kvm *kvm, struct kvm_io_device *dev)
{
	/*
	 * Out of memory KVM takes the whole bus away. Ours is off it then, too,
	 * and nothing else can be done about it.
	 */
	static_call(hpet_kvm_io_bus_unregister_dev)(kvm, KVM_MMIO_BUS, dev);
}

int kvm_private_set_irq(struct kvm *kvm, int source_id, u32 gsi, int level)
{
	return static_call(hpet_kvm_set_irq)(kvm, source_id, gsi, level, false);
}

int kvm_private_set_msi(struct kvm *kvm, u32 address, u32 data)
{
	struct kvm_kernel_irq_routing_entry e = {
		.type = KVM_IRQ_ROUTING_MSI,
		.msi = { .address_lo = address, .data = data },
	};

	return static_call(hpet_kvm_set_msi)(&e, kvm,
					     KVM_USERSPACE_IRQ_SOURCE_ID, 1,
					     false);
}

void kvm_private_add_ack(struct kvm *kvm, struct kvm_irq_ack_notifier *kian)
{
	static_call(hpet_kvm_register_irq_ack_notifier)(kvm, kian);
}

void kvm_private_del_ack(struct kvm *kvm, struct kvm_irq_ack_notifier *kian)
{
	static_call(hpet_kvm_unregister_irq_ack_notifier)(kvm, kian);
}

void kvm_private_add_mask(struct kvm *kvm, u32 gsi,
			  struct kvm_irq_mask_notifier *kimn)
{
	static_call(hpet_kvm_register_irq_mask_notifier)(kvm, gsi, kimn);
}

void kvm_private_del_mask(struct kvm *kvm, u32 gsi,
			  struct kvm_irq_mask_notifier *kimn)
{
	static_call(hpet_kvm_unregister_irq_mask_notifier)(kvm, gsi, kimn);
}

int kvm_private_get_source_id(struct kvm *kvm)
{
	int id;

	if (!have_source_ids)
		return KVM_USERSPACE_IRQ_SOURCE_ID;
	id = static_call(hpet_kvm_request_irq_source_id)(kvm);
	return id < 0 ? -EBUSY : id;
}

void kvm_private_put_source_id(struct kvm *kvm, int source_id)
{
	if (source_id != KVM_USERSPACE_IRQ_SOURCE_ID)
		static_call(hpet_kvm_free_irq_source_id)(kvm, source_id);
}

bool kvm_private_inhibit_apicv(struct kvm *kvm, bool inhibit)
{
	if (!have_apicv_inhibit)
		return false;
	if (inhibit && test_bit(APICV_INHIBIT_REASON_PIT_REINJ,
				&kvm->arch.apicv_inhibit_reasons))
		return false;
	static_call(hpet_kvm_set_or_clear_apicv_inhibit)
		(kvm, APICV_INHIBIT_REASON_PIT_REINJ, inhibit);
	return true;
}
