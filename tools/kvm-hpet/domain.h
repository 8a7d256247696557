/* SPDX-License-Identifier: GPL-2.0 */
#ifndef KVM_HPET_DOMAIN_H
#define KVM_HPET_DOMAIN_H

#include <sys/types.h>

int domain_pid(const char *domain, pid_t *pid);

#endif
