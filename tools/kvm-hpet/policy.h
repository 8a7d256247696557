/* SPDX-License-Identifier: GPL-2.0 */
#ifndef KVM_HPET_POLICY_H
#define KVM_HPET_POLICY_H

#include <getopt.h>
#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>
#include <linux/kvm_hpet.h>

/* getopt_long() values of the options that POLICY_OPTIONS adds to a command */
enum {
	OPT_DRIFTFIX = 0x200,
	OPT_MAX_RATE,
	OPT_MAX_BACKLOG,
	OPT_RAMP,
};

#define POLICY_OPTIONS \
	{ "driftfix", required_argument, NULL, OPT_DRIFTFIX }, \
	{ "max-rate", required_argument, NULL, OPT_MAX_RATE }, \
	{ "max-backlog", required_argument, NULL, OPT_MAX_BACKLOG }, \
	{ "ramp", required_argument, NULL, OPT_RAMP }

#define POLICY_HELP \
	"      --driftfix POLICY   what becomes of lost ticks: none (discard), delay,\n" \
	"                          merge, slew (catchup)\n" \
	"      --max-rate N        slew: most additional ticks an interval (1-100)\n" \
	"      --max-backlog TIME  most guest time owed, e.g. 5s or 500ms (0-1h)\n" \
	"      --ramp N            slew: how fast the rate rises (0-100)\n"

/**
 * struct policy_change - what the user wants different; the rest stays
 * @has_policy: @policy was named
 * @has_max_rate: @max_rate was named
 * @has_ramp: @ramp was named
 * @has_max_backlog: @max_backlog_ns was named
 * @policy: KVM_HPET_TICKS_*
 * @max_rate: as in struct kvm_hpet_tick_policy
 * @ramp: likewise
 * @max_backlog_ns: likewise
 */
struct policy_change {
	bool has_policy, has_max_rate, has_ramp, has_max_backlog;
	uint32_t policy;
	uint32_t max_rate;
	uint32_t ramp;
	uint64_t max_backlog_ns;
};

int policy_option(const char *command, struct policy_change *change, int option,
		  const char *value);
bool policy_named(const struct policy_change *change);
int policy_apply(int block, uint32_t timers, const struct policy_change *change);
const char *policy_name(uint32_t policy);
bool policy_parse_json(struct json_object *obj, struct kvm_hpet_tick_policy *policy);
void policy_add_json(struct json_object *obj, const struct kvm_hpet_tick_policy *policy);

#endif
