// SPDX-License-Identifier: GPL-2.0
/*
 * State and policies of an HPET as JSON: what save writes and load reads. Registers are
 * strings in hexadecimal, since many readers of JSON can't keep 64 bits.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "block.h"
#include "describe.h"
#include "error.h"
#include "policy.h"
#include "saved.h"

#define FORMAT	"kvm_hpet-state"

enum kind { HEX, U64, S64, U32 };

/* A member of struct kvm_hpet_state or kvm_hpet_timer_state */
struct field {
	const char *name;
	enum kind kind;
	size_t offset;
};

#define STATE(member, kind)	{ #member, kind, offsetof(struct kvm_hpet_state, member) }
#define TIMER(member, kind)	{ #member, kind, offsetof(struct kvm_hpet_timer_state, member) }

static const struct field state_fields[] = {
	STATE(config, HEX), STATE(status, HEX), STATE(counter, HEX), STATE(counter_phase_fs, U32),
	{ NULL, 0, 0 },
};

static const struct field timer_fields[] = {
	TIMER(config, HEX), TIMER(comparator, HEX), TIMER(period, U64), TIMER(fsb_route, HEX),
	TIMER(start, HEX), TIMER(tick_ns, U64), TIMER(backlog, U64), TIMER(fraction_ns, U64),
	TIMER(peak, U64), TIMER(next_in_ns, S64), TIMER(retry_in_ns, S64), TIMER(retry_ns, U64),
	TIMER(flags, U32), TIMER(rate, U32),
	{ NULL, 0, 0 },
};

/* ---- writing ---- */

static struct json_object *fields_json(const void *from, const struct field *field)
{
	struct json_object *obj = json_object_new_object(), *value;

	for (; field->name; field++) {
		const void *at = (const char *)from + field->offset;

		if (field->kind == HEX)
			value = json_hex(*(const uint64_t *)at);
		else if (field->kind == S64)
			value = json_object_new_int64(*(const int64_t *)at);
		else
			value = json_number(field->kind == U32 ? *(const uint32_t *)at :
								 *(const uint64_t *)at);
		json_object_object_add(obj, field->name, value);
	}
	return obj;
}

/* What a block has to be like to take the state */
static struct json_object *config_json(const struct kvm_hpet_config *config)
{
	struct json_object *obj = json_object_new_object(), *timers = json_object_new_array();

	config_add_json(obj, config);
	for (unsigned int i = 0; i < config->num_timers; i++)
		json_object_array_add(timers, timer_config_json(&config->timer[i]));
	json_object_object_add(obj, "timers", timers);
	return obj;
}

/**
 * saved_json() - all that makes an HPET go on elsewhere
 * @sample: of an HPET
 *
 * Return: an object
 */
struct json_object *saved_json(const struct sample *sample)
{
	struct json_object *obj = json_object_new_object(), *timers = json_object_new_array();
	struct json_object *state = fields_json(&sample->state, state_fields);

	json_object_object_add(obj, "format", json_object_new_string(FORMAT));
	json_object_object_add(obj, "version", json_number(sample->state.version));
	json_object_object_add(obj, "hpet", config_json(&sample->config));
	for (unsigned int i = 0; i < sample->config.num_timers; i++) {
		struct json_object *timer = fields_json(&sample->state.timer[i], timer_fields);
		struct json_object *policy = json_object_new_object();

		policy_add_json(policy, &sample->policy[i]);
		json_object_object_add(timer, "lost_ticks", policy);
		json_object_array_add(timers, timer);
	}
	json_object_object_add(state, "timers", timers);
	json_object_object_add(obj, "state", state);
	return obj;
}

/* ---- reading ---- */

static int bad(const char *name)
{
	return fail("this is no state of an HPET: \"%s\" is missing or makes no sense", name);
}

/* Of the type wanted, or NULL */
static struct json_object *member(struct json_object *obj, const char *name, enum json_type type)
{
	struct json_object *value;

	if (!json_object_object_get_ex(obj, name, &value) || !json_object_is_type(value, type))
		return NULL;
	return value;
}

static bool parse_hex(const char *text, uint64_t *value)
{
	char *end;

	if (strncmp(text, "0x", 2) || strspn(text + 2, "0123456789abcdefABCDEF") != strlen(text + 2))
		return false;
	errno = 0;
	*value = strtoull(text, &end, 16);
	return !errno && text[2];
}

static bool take_field(struct json_object *value, enum kind kind, void *to)
{
	uint64_t number;

	if (kind == HEX)
		return parse_hex(json_object_get_string(value), to);
	if (kind == S64) {
		*(int64_t *)to = json_object_get_int64(value);
		return true;
	}
	if (json_object_get_int64(value) < 0)
		return false;
	number = json_object_get_uint64(value);
	if (kind == U64)
		*(uint64_t *)to = number;
	else
		*(uint32_t *)to = number;
	return kind == U64 || number <= UINT32_MAX;
}

static int take_fields(struct json_object *obj, const struct field *field, void *to)
{
	for (; field->name; field++) {
		struct json_object *value = member(obj, field->name, field->kind == HEX ?
						   json_type_string : json_type_int);

		if (!value || !take_field(value, field->kind, (char *)to + field->offset))
			return bad(field->name);
	}
	return 0;
}

static int take_policy(struct json_object *timer, struct kvm_hpet_tick_policy *policy, unsigned int i)
{
	struct json_object *obj = member(timer, "lost_ticks", json_type_object);

	*policy = (struct kvm_hpet_tick_policy){ .size = sizeof(*policy), .timers = 1U << i };
	return obj && policy_parse_json(obj, policy) ? 0 : bad("lost_ticks");
}

static int take_timers(struct json_object *timers, struct sample *sample)
{
	for (unsigned int i = 0; i < sample->state.num_timers; i++) {
		struct json_object *timer = json_object_array_get_idx(timers, i);

		if (!json_object_is_type(timer, json_type_object))
			return bad("timers");
		if (take_fields(timer, timer_fields, &sample->state.timer[i]) ||
		    take_policy(timer, &sample->policy[i], i))
			return -1;
	}
	return 0;
}

/* The block is what the saved one was: else neither registers nor times mean the same. */
static int check_config(struct json_object *obj, const struct kvm_hpet_config *config)
{
	struct json_object *saved = member(obj, "hpet", json_type_object);
	struct json_object *own = config_json(config);
	int ret = 0;

	if (!saved)
		ret = bad("hpet");
	json_object_object_foreach(own, name, value) {
		struct json_object *other;

		if (ret || !strcmp(name, "base"))
			continue;
		if (!json_object_object_get_ex(saved, name, &other) || !json_object_equal(value, other))
			ret = fail("the state is of another kind of HPET: \"%s\" differs", name);
	}
	json_object_put(own);
	return ret;
}

/**
 * saved_parse() - read what saved_json() has made
 * @obj: it
 * @sample: with the configuration of the block that it is for; state and policies are filled in
 *
 * Return: 0, or -1 after fail(). Whether a state makes sense, the module says
 */
int saved_parse(struct json_object *obj, struct sample *sample)
{
	struct json_object *format = member(obj, "format", json_type_string);
	struct json_object *version = member(obj, "version", json_type_int);
	struct json_object *state = member(obj, "state", json_type_object), *timers;

	if (!format || strcmp(json_object_get_string(format), FORMAT))
		return fail("this is no state of an HPET as kvm-hpet save writes it");
	if (!version || json_object_get_int64(version) != KVM_HPET_STATE_VERSION)
		return fail("the state is of another version: this tool knows %d", KVM_HPET_STATE_VERSION);
	if (check_config(obj, &sample->config))
		return -1;
	timers = state ? member(state, "timers", json_type_array) : NULL;
	if (!timers || json_object_array_length(timers) != sample->config.num_timers)
		return bad("timers");
	sample->state = (struct kvm_hpet_state){
		.size = sizeof(sample->state),
		.version = KVM_HPET_STATE_VERSION,
		.num_timers = sample->config.num_timers,
	};
	return take_fields(state, state_fields, &sample->state) || take_timers(timers, sample) ? -1 : 0;
}
