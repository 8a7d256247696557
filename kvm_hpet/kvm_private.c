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
#include <linux/slab.h>
#include <linux/static_call.h>

#include "kvm_functions.h"
#include "kvm_private.h"

#define DEFINE_CALL(name) DEFINE_STATIC_CALL_NULL(hpet_##name, name);

KVM_HPET_NEEDED_FUNCTIONS(DEFINE_CALL)
DEFINE_CALL(kvm_request_irq_source_id)
DEFINE_CALL(kvm_free_irq_source_id)
DEFINE_CALL(kvm_set_or_clear_apicv_inhibit)

/**
 * struct kvm_function - a function of KVM's and the call of it
 * @name: KVM's name
 * @key: the static call
 * @trampoline: likewise
 * @optional: there is a way without it
 * @found: it is there
 */
struct kvm_function {
	const char *name;
	struct static_call_key *key;
	void *trampoline;
	bool optional;
	bool found;
};

#define KVM_FUNCTION(_name, _optional) {			\
	.name = #_name,						\
	.key = &STATIC_CALL_KEY(hpet_##_name),			\
	.trampoline = STATIC_CALL_TRAMP_ADDR(hpet_##_name),	\
	.optional = (_optional),				\
}

#define NEEDED(name) KVM_FUNCTION(name, false),

enum {
	SOURCE_GET,
	SOURCE_PUT,
	INHIBIT,
};

static struct kvm_function functions[] = {
	[SOURCE_GET] = KVM_FUNCTION(kvm_request_irq_source_id, true),
	[SOURCE_PUT] = KVM_FUNCTION(kvm_free_irq_source_id, true),
	[INHIBIT] = KVM_FUNCTION(kvm_set_or_clear_apicv_inhibit, true),
	KVM_HPET_NEEDED_FUNCTIONS(NEEDED)
};

/*
 * A probe that is never armed: it only tells the address, even if kprobes are
 * switched off in debugfs.
 */
static int find(struct kvm_function *f)
{
	struct kprobe kp = {
		.symbol_name = f->name,
		.flags = KPROBE_FLAG_DISABLED,
	};
	int ret;

	ret = register_kprobe(&kp);
	if (ret)
		return ret;
	unregister_kprobe(&kp);
	__static_call_update(f->key, f->trampoline, kp.addr);
	f->found = true;
	return 0;
}

int kvm_private_init(void)
{
	unsigned int i;
	int ret;

	for (i = 0; i < ARRAY_SIZE(functions); i++) {
		struct kvm_function *f = &functions[i];

		ret = find(f);
		if (ret == -ENOMEM)
			return ret;
		if (!ret || f->optional)
			continue;
		pr_err("KVM has no function %s (%d): this kernel's KVM can't be used; not loaded\n",
		       f->name, ret);
		return -EOPNOTSUPP;
	}
	return 0;
}

bool kvm_private_is_vm(struct file *file)
{
	return static_call(hpet_file_is_kvm)(file);
}

int kvm_private_register_mmio(struct kvm *kvm, gpa_t addr, int len,
			      struct kvm_io_device *dev)
{
	return static_call(hpet_kvm_io_bus_register_dev)(kvm, KVM_MMIO_BUS, addr, len, dev);
}

/*
 * The allocator warns of whoever can't do without more than this, and gives
 * that much in any case. There is room for 340 devices.
 */
#define BUS_NEVER_FAILS	(2 * PAGE_SIZE)

/* The bus without device @i. */
static struct kvm_io_bus *shrunk_bus(const struct kvm_io_bus *bus, int i)
{
	size_t size = struct_size(bus, range, bus->dev_count - 1);
	struct kvm_io_bus *new;

	new = kmalloc(size, size > BUS_NEVER_FAILS ? GFP_KERNEL_ACCOUNT :
		      GFP_KERNEL_ACCOUNT | __GFP_NOFAIL);
	if (!new)
		return NULL;
	memcpy(new, bus, struct_size(bus, range, i));
	new->dev_count--;
	memcpy(new->range + i, bus->range + i + 1,
	       flex_array_size(new, range, new->dev_count - i));
	return new;
}

static int bus_index(const struct kvm_io_bus *bus,
		     const struct kvm_io_device *dev)
{
	int i;

	for (i = 0; bus && i < bus->dev_count; i++)
		if (bus->range[i].dev == dev)
			return i;
	return -1;
}

/*
 * KVM's own function, out of memory, takes the whole bus away, and with it every
 * other in-kernel device of the VM: so this does what that does, but does not run
 * out. (It did, for somebody else, if our device is there no more.)
 */
void kvm_private_unregister_mmio(struct kvm *kvm, struct kvm_io_device *dev)
{
	struct kvm_io_bus *new, *bus = kvm_get_bus(kvm, KVM_MMIO_BUS);
	int i = bus_index(bus, dev);

	if (i < 0)
		return;
	new = shrunk_bus(bus, i);
	if (!new) {
		static_call(hpet_kvm_io_bus_unregister_dev)(kvm, KVM_MMIO_BUS, dev);
		return;
	}
	rcu_assign_pointer(kvm->buses[KVM_MMIO_BUS], new);
	synchronize_srcu_expedited(&kvm->srcu);
	kfree(bus);
}

int kvm_private_set_irq(struct kvm *kvm, int source_id, u32 gsi, int level)
{
	return static_call(hpet_kvm_set_irq)(kvm, source_id, gsi, level, false);
}

/* A message (SDM 3A, 10.11). */
#define MSI_LOGICAL	BIT(2)
#define MSI_REDIRECT	BIT(3)
#define MSI_TO_ALL	GENMASK(19, 12)
#define MSI_MODE	GENMASK(10, 8)
#define MSI_LOWEST	BIT(8)

static bool is_lowest_of_all(u32 address, u32 data)
{
	return (address & (MSI_TO_ALL | MSI_LOGICAL)) == MSI_TO_ALL &&
		((address & MSI_REDIRECT) || (data & MSI_MODE) == MSI_LOWEST);
}

/*
 * A message for the one of all CPUs that is least busy is none that there is. KVM
 * makes it one for all of them, and says so in the log each time: a guest could
 * flood that.
 */
int kvm_private_set_msi(struct kvm *kvm, u32 address, u32 data)
{
	struct kvm_kernel_irq_routing_entry e = {
		.type = KVM_IRQ_ROUTING_MSI,
		.msi = { .address_lo = address, .data = data },
	};

	if (is_lowest_of_all(address, data)) {
		e.msi.address_lo &= ~MSI_REDIRECT;
		e.msi.data &= ~MSI_MODE;
	}
	return static_call(hpet_kvm_set_msi)(&e, kvm, KVM_USERSPACE_IRQ_SOURCE_ID,
					 1, false);
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

	if (!functions[SOURCE_GET].found || !functions[SOURCE_PUT].found)
		return KVM_USERSPACE_IRQ_SOURCE_ID;
	id = static_call(hpet_kvm_request_irq_source_id)(kvm);
	return id < 0 ? -EBUSY : id;
}

void kvm_private_put_source_id(struct kvm *kvm, int source_id)
{
	if (source_id != KVM_USERSPACE_IRQ_SOURCE_ID)
		static_call(hpet_kvm_free_irq_source_id)(kvm, source_id);
}

/* See apicv.c. */
#define APICV_REASON	APICV_INHIBIT_REASON_ABSENT

bool kvm_private_inhibit_apicv(struct kvm *kvm)
{
	if (!functions[INHIBIT].found || !boot_cpu_has(X86_FEATURE_SVM) ||
	    test_bit(APICV_INHIBIT_REASON_DISABLED,
		     &kvm->arch.apicv_inhibit_reasons))
		return false;
	static_call(hpet_kvm_set_or_clear_apicv_inhibit)
		(kvm, APICV_REASON, true);
	return true;
}

void kvm_private_allow_apicv(struct kvm *kvm)
{
	static_call(hpet_kvm_set_or_clear_apicv_inhibit)
		(kvm, APICV_REASON, false);
}
