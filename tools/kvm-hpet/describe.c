// SPDX-License-Identifier: GPL-2.0
/*
 * The configuration of a block in words and in JSON. Numbers that are
 * addresses or registers are strings in hexadecimal in JSON, since many of its
 * readers can't keep 64 bits.
 */
#include <inttypes.h>
#include <stdio.h>

#include "block.h"
#include "describe.h"

/**
 * json_hex() - a register for JSON
 * @value: the value
 *
 * Return: a string
 */
struct json_object *json_hex(uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "0x%" PRIx64, value);
	return json_object_new_string(text);
}

/**
 * json_number() - a count for JSON
 * @value: the value
 *
 * Return: a number
 */
struct json_object *json_number(uint64_t value)
{
	return json_object_new_uint64(value);
}

/**
 * print_json() - print to stdout and let go
 * @obj: given away
 */
void print_json(struct json_object *obj)
{
	puts(json_object_to_json_string_ext(obj, JSON_C_TO_STRING_PRETTY |
					    JSON_C_TO_STRING_SPACED |
					    JSON_C_TO_STRING_NOSLASHESCAPE));
	fflush(stdout);
	json_object_put(obj);
}

/**
 * timer_config_json() - what a timer can do
 * @config: of the timer
 *
 * Return: an object
 */
struct json_object *timer_config_json(const struct kvm_hpet_timer_config *config)
{
	struct json_object *obj = json_object_new_object();

	json_object_object_add(obj, "periodic",
			       json_object_new_boolean(!!(config->flags & KVM_HPET_TIMER_PERIODIC)));
	json_object_object_add(obj, "size_64",
			       json_object_new_boolean(!!(config->flags & KVM_HPET_TIMER_64)));
	json_object_object_add(obj, "fsb",
			       json_object_new_boolean(!!(config->flags & KVM_HPET_TIMER_FSB)));
	json_object_object_add(obj, "route_cap", json_hex(config->route_cap));
	return obj;
}

/**
 * timer_config_text() - what a timer can do, in words
 * @config: of the timer
 *
 * Return: static buffer
 */
const char *timer_config_text(const struct kvm_hpet_timer_config *config)
{
	static char text[96];

	snprintf(text, sizeof(text), "%s, %s-bit%s, I/O APIC pins 0x%x",
		 config->flags & KVM_HPET_TIMER_PERIODIC ? "periodic" : "one-shot",
		 config->flags & KVM_HPET_TIMER_64 ? "64" : "32",
		 config->flags & KVM_HPET_TIMER_FSB ? ", message-signalled" : "",
		 config->route_cap);
	return text;
}

/**
 * config_add_json() - what a block looks like, without its timers
 * @obj: the members are added here
 * @config: of the block
 */
void config_add_json(struct json_object *obj, const struct kvm_hpet_config *config)
{
	json_object_object_add(obj, "base", json_hex(config->base));
	json_object_object_add(obj, "period_fs", json_number(config->period_fs));
	json_object_object_add(obj, "vendor_id", json_hex(config->vendor_id));
	json_object_object_add(obj, "rev_id", json_number(config->rev_id));
	json_object_object_add(obj, "num_timers", json_number(config->num_timers));
	json_object_object_add(obj, "counter_64",
			       json_object_new_boolean(!!(config->flags & KVM_HPET_F_COUNTER_64)));
	json_object_object_add(obj, "legacy_cap",
			       json_object_new_boolean(!!(config->flags & KVM_HPET_F_LEGACY_CAP)));
}

/**
 * kind_name() - what a block is
 * @info: of the block
 *
 * Return: a word for JSON
 */
const char *kind_name(const struct kvm_hpet_block_info *info)
{
	return block_is_source(info) ? "tick-source" : "hpet";
}

/**
 * source_add_json() - what a tick source looks like
 * @obj: the members are added here
 * @config: of the source
 */
void source_add_json(struct json_object *obj, const struct kvm_hpet_tick_source_config *config)
{
	if (config->flags & KVM_HPET_SOURCE_MSI) {
		json_object_object_add(obj, "msi_address", json_hex(config->msi_address));
		json_object_object_add(obj, "msi_data", json_hex(config->msi_data));
	} else {
		json_object_object_add(obj, "gsi", json_number(config->gsi));
	}
	json_object_object_add(obj, "acknowledged_by", json_object_new_string(
			       config->flags & KVM_HPET_SOURCE_ACK_VMM ? "vmm" : "eoi"));
}

/**
 * source_text() - by what a tick source interrupts its guest
 * @config: of the source
 *
 * Return: "GSI 8" or "message"; static buffer
 */
const char *source_text(const struct kvm_hpet_tick_source_config *config)
{
	static char text[16];

	if (config->flags & KVM_HPET_SOURCE_MSI)
		return "message";
	snprintf(text, sizeof(text), "GSI %u", config->gsi);
	return text;
}

/**
 * config_print() - what a block looks like, without its timers
 * @config: of the block
 */
void config_print(const struct kvm_hpet_config *config)
{
	printf("base 0x%llx, period %g ns, vendor 0x%04x, revision %u\n",
	       (unsigned long long)config->base, config->period_fs / 1e6, config->vendor_id,
	       config->rev_id);
	printf("%u timers, %s-bit counter%s\n", config->num_timers,
	       config->flags & KVM_HPET_F_COUNTER_64 ? "64" : "32",
	       config->flags & KVM_HPET_F_LEGACY_CAP ? ", legacy replacement possible" : "");
}
