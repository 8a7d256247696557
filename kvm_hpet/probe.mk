# SPDX-License-Identifier: GPL-2.0
# For the Kbuild of whatever uses compat.h.
#
# What differs between kernels is found by looking, so that backports are seen.
kvm-hpet-has = $(shell grep -qs '$(1)' $(srctree)/$(2) && echo -D$(3))
ccflags-y += $(call kvm-hpet-has,\<hrtimer_setup\>,include/linux/hrtimer.h,HAVE_HRTIMER_SETUP)
ccflags-y += $(call kvm-hpet-has,\<kthread_run_worker\>,include/linux/kthread.h,HAVE_KTHREAD_RUN_WORKER)
ccflags-y += $(call kvm-hpet-has,eventfd_signal.struct eventfd_ctx .ctx.$$,include/linux/eventfd.h,HAVE_EVENTFD_SIGNAL_ONE)
ccflags-y += $(call kvm-hpet-has,^struct kvm_irq_mask_notifier {,arch/x86/include/asm/kvm_host.h,HAVE_KVM_IRQ_MASK_NOTIFIER)
ccflags-y += $(call kvm-hpet-has,\<kvm_request_irq_source_id\>,include/linux/kvm_host.h,HAVE_KVM_IRQ_SOURCE_ID)
ccflags-y += $(call kvm-hpet-has,^enum kvm_apicv_inhibit {,arch/x86/include/asm/kvm_host.h,HAVE_KVM_APICV_INHIBIT)
ccflags-y += $(call kvm-hpet-has,\<APICV_INHIBIT_REASON_DISABLED\>,arch/x86/include/asm/kvm_host.h,HAVE_APICV_DISABLED)
