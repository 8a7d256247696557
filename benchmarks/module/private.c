// SPDX-License-Identifier: GPL-2.0
/* The floor reaches KVM in the way that kvm_hpet does, or it would be none. */
#include "kvm_private.c"
