/* SPDX-License-Identifier: GPL-2.0 */
#ifndef KVM_HPET_DESCRIBE_H
#define KVM_HPET_DESCRIBE_H

#include <json-c/json.h>
#include <stdint.h>
#include <linux/kvm_hpet.h>

struct json_object *json_hex(uint64_t value);
struct json_object *json_number(uint64_t value);
void print_json(struct json_object *obj);
void config_add_json(struct json_object *obj, const struct kvm_hpet_config *config);
void source_add_json(struct json_object *obj, const struct kvm_hpet_tick_source_config *config);
const char *source_text(const struct kvm_hpet_tick_source_config *config);
const char *kind_name(const struct kvm_hpet_block_info *info);
void config_print(const struct kvm_hpet_config *config);
struct json_object *timer_config_json(const struct kvm_hpet_timer_config *config);
const char *timer_config_text(const struct kvm_hpet_timer_config *config);

#endif
