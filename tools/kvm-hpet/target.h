/* SPDX-License-Identifier: GPL-2.0 */
#ifndef KVM_HPET_TARGET_H
#define KVM_HPET_TARGET_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <linux/kvm_hpet.h>

#include "command.h"

#define TARGET_OPTIONS \
	{ "pid", required_argument, NULL, OPT_PID }, \
	{ "domain", required_argument, NULL, OPT_DOMAIN }, \
	{ "id", required_argument, NULL, OPT_ID }

#define TARGET_HELP \
	"      --pid N             the block of the QEMU with this process id\n" \
	"      --domain NAME       the block of this domain of libvirt's\n" \
	"      --id ID             the block with this id (kvm-hpet list)\n"

/**
 * struct target - which blocks a command is for
 * @pid: process id of the VM, 0: any
 * @domain: libvirt's name of the VM, NULL: any; target_resolve() makes it @pid
 * @id: of the block, 0: any
 */
struct target {
	pid_t pid;
	const char *domain;
	uint64_t id;
};

int target_option(const char *command, struct target *target, int option, const char *value);
int target_resolve(struct target *target);
int target_check(const char *command, const struct target *target);
bool target_next(int device, const struct target *target, struct kvm_hpet_block_info *info);
int target_missing(const struct target *target);
int target_open(int device, const struct target *target, struct kvm_hpet_block_info *info);

#endif
