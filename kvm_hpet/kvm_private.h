/* SPDX-License-Identifier: GPL-2.0 */
/*
 * KVM's functions that are not exported to modules. kvm_private.c is the one
 * file that names them. All need a reference to the VM.
 */
#ifndef _KVM_HPET_KVM_PRIVATE_H
#define _KVM_HPET_KVM_PRIVATE_H

#include "compat.h"

struct kvm_io_device;

/**
 * kvm_private_init() - finds the functions
 *
 * Context: module initialisation. Sleeps.
 * Return: 0, -ENOMEM, or a negative errno after one line in the log that says
 * what is missing.
 */
int kvm_private_init(void);

/**
 * kvm_private_is_vm() - is a file a KVM virtual machine
 * @file: an open file
 *
 * Return: true if its private data is a struct kvm.
 */
bool kvm_private_is_vm(struct file *file);

/**
 * kvm_private_register_mmio() - puts a device on the VM's MMIO bus
 * @kvm: the VM; slots_lock is held
 * @addr: guest physical address
 * @len: bytes
 * @dev: the device
 *
 * Context: sleeps.
 * Return: 0, -ENOSPC or -ENOMEM.
 */
int kvm_private_register_mmio(struct kvm *kvm, gpa_t addr, int len,
			      struct kvm_io_device *dev);

/**
 * kvm_private_unregister_mmio() - takes it off; no handler runs afterwards
 * @kvm: the VM; slots_lock is held
 * @dev: the device, or one that is there no more; its destructor is not called
 *
 * Other devices stay, whether there is memory or not.
 *
 * Context: sleeps. Not from an MMIO handler.
 */
void kvm_private_unregister_mmio(struct kvm *kvm, struct kvm_io_device *dev);

/**
 * kvm_private_set_irq() - raises or lowers a line
 * @kvm: the VM
 * @source_id: from kvm_private_get_source_id()
 * @gsi: the line
 * @level: 1 or 0
 *
 * Context: process. Not from an interrupt: the interrupt controllers' locks are
 * not safe there.
 * Return: below 0: not delivered (masked), 0: merged with one that is pending,
 * above 0: delivered to that many CPUs; reference: virt/kvm/irqchip.c.
 */
int kvm_private_set_irq(struct kvm *kvm, int source_id, u32 gsi, int level);

/**
 * kvm_private_set_msi() - sends a message
 * @kvm: the VM
 * @address: low 32 bits of the message address
 * @data: message data
 *
 * Context: any.
 * Return: as kvm_private_set_irq().
 */
int kvm_private_set_msi(struct kvm *kvm, u32 address, u32 data);

/**
 * kvm_private_add_ack() - calls back when the guest acknowledges
 * @kvm: the VM
 * @kian: with GSI and function. That is called from the vCPU's exit, with
 *	irq_srcu held
 *
 * Context: sleeps.
 */
void kvm_private_add_ack(struct kvm *kvm, struct kvm_irq_ack_notifier *kian);

/**
 * kvm_private_del_ack() - stops that; the function does not run afterwards
 * @kvm: the VM
 * @kian: as there
 *
 * Context: sleeps. Not from an acknowledgment.
 */
void kvm_private_del_ack(struct kvm *kvm, struct kvm_irq_ack_notifier *kian);

/**
 * kvm_private_add_mask() - calls back when the guest masks or unmasks an I/O APIC
 * pin
 * @kvm: the VM
 * @gsi: the line of the pin
 * @kimn: with function. That is called from the vCPU's exit, with irq_srcu and
 *	the I/O APIC's lock held
 *
 * Context: sleeps.
 */
void kvm_private_add_mask(struct kvm *kvm, u32 gsi,
			  struct kvm_irq_mask_notifier *kimn);

/**
 * kvm_private_del_mask() - stops that; the function does not run afterwards
 * @kvm: the VM
 * @gsi: as there
 * @kimn: as there
 *
 * Context: sleeps. Not from a notifier.
 */
void kvm_private_del_mask(struct kvm *kvm, u32 gsi,
			  struct kvm_irq_mask_notifier *kimn);

/**
 * kvm_private_get_source_id() - an identity for lines of our own
 * @kvm: the VM
 *
 * A line is up as long as one source holds it up. Kernels without private
 * sources share user space's.
 *
 * Context: sleeps.
 * Return: the source id, or -EBUSY.
 */
int kvm_private_get_source_id(struct kvm *kvm);

/**
 * kvm_private_put_source_id() - gives it back
 * @kvm: the VM
 * @source_id: the id
 *
 * Context: sleeps.
 */
void kvm_private_put_source_id(struct kvm *kvm, int source_id);

/**
 * kvm_private_inhibit_apicv() - has AMD's AVIC report the end of edge-triggered
 * interrupts
 * @kvm: the VM, with an irqchip
 *
 * Context: sleeps.
 * Return: true if it has an effect on this host; only then must it be undone.
 */
bool kvm_private_inhibit_apicv(struct kvm *kvm);

/**
 * kvm_private_allow_apicv() - undoes that
 * @kvm: the VM
 *
 * Context: sleeps.
 */
void kvm_private_allow_apicv(struct kvm *kvm);

#endif /* _KVM_HPET_KVM_PRIVATE_H */
