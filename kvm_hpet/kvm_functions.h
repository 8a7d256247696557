/* SPDX-License-Identifier: GPL-2.0 */
/*
 * KVM's functions that are not exported and without which nothing works:
 * kvm_private.c looks for them, and `kvm-hpet doctor` does so beforehand.
 */
#ifndef _KVM_HPET_KVM_FUNCTIONS_H
#define _KVM_HPET_KVM_FUNCTIONS_H

#define KVM_HPET_NEEDED_FUNCTIONS(f)		\
	f(file_is_kvm)				\
	f(kvm_io_bus_register_dev)		\
	f(kvm_io_bus_unregister_dev)		\
	f(kvm_set_irq)				\
	f(kvm_set_msi)				\
	f(kvm_register_irq_ack_notifier)	\
	f(kvm_unregister_irq_ack_notifier)	\
	f(kvm_register_irq_mask_notifier)	\
	f(kvm_unregister_irq_mask_notifier)

#endif /* _KVM_HPET_KVM_FUNCTIONS_H */
