/* SPDX-License-Identifier: GPL-2.0 */
#ifndef KVM_HPET_SPARE_H
#define KVM_HPET_SPARE_H

struct agent;

int spare_start(struct agent *agent);
void spare_end(struct agent *agent);

#endif
