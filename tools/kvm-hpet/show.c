// SPDX-License-Identifier: GPL-2.0
/*
 * kvm-hpet show: configuration, registers and policy of one block, or tick source.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "block.h"
#include "command.h"
#include "describe.h"
#include "parse.h"
#include "policy.h"
#include "qemu_proc.h"
#include "sample.h"
#include "target.h"

struct bit_name {
	uint64_t bit;
	const char *name;
};

static const struct bit_name config_bits[] = {
	{ HPET_ENABLE_CNF, "ENABLE_CNF" },
	{ HPET_LEG_RT_CNF, "LEG_RT_CNF" },
	{ 0, NULL },
};

/* What the guest sets; capabilities are told apart from it. */
static const struct bit_name timer_bits[] = {
	{ HPET_TN_INT_TYPE, "INT_TYPE" },
	{ HPET_TN_INT_ENB, "INT_ENB" },
	{ HPET_TN_TYPE, "TYPE" },
	{ HPET_TN_32MODE, "32MODE" },
	{ HPET_TN_FSB_EN, "FSB_EN" },
	{ 0, NULL },
};

static const struct bit_name flag_bits[] = {
	{ KVM_HPET_TIMER_MATCHED, "matched" },
	{ KVM_HPET_TIMER_IN_FLIGHT, "in flight" },
	{ KVM_HPET_TIMER_VAL_SET_LOW, "accumulator low" },
	{ KVM_HPET_TIMER_VAL_SET_HIGH, "accumulator high" },
	{ KVM_HPET_TIMER_FRESH_LOW, "period low awaited" },
	{ KVM_HPET_TIMER_FRESH_HIGH, "period high awaited" },
	{ KVM_HPET_TIMER_ENDING, "interrupt not ended" },
	{ 0, NULL },
};

static const struct option options[] = {
	TARGET_OPTIONS,
	{ "json", no_argument, NULL, OPT_JSON },
	END_OPTIONS
};

static bool is_running(const struct sample *source)
{
	return source->source_state.due_in_ns != KVM_HPET_NEVER;
}

static unsigned int route(uint64_t config)
{
	return config >> HPET_TN_ROUTE_SHIFT & HPET_TN_ROUTE_MASK;
}

static struct json_object *bits_json(uint64_t value, const struct bit_name *names)
{
	struct json_object *array = json_object_new_array();

	for (; names->name; names++)
		if (value & names->bit)
			json_object_array_add(array, json_object_new_string(names->name));
	return array;
}

static struct json_object *timer_json(const struct sample *view, unsigned int i)
{
	const struct kvm_hpet_timer_state *timer = &view->state.timer[i];
	struct json_object *obj = timer_config_json(&view->config.timer[i]);

	json_object_object_add(obj, "timer", json_number(i));
	json_object_object_add(obj, "config", json_hex(timer->config));
	json_object_object_add(obj, "config_bits", bits_json(timer->config, timer_bits));
	json_object_object_add(obj, "route", json_number(route(timer->config)));
	json_object_object_add(obj, "comparator", json_hex(timer->comparator));
	json_object_object_add(obj, "period", json_number(timer->period));
	json_object_object_add(obj, "fsb_route", json_hex(timer->fsb_route));
	json_object_object_add(obj, "backlog", json_number(timer->backlog));
	json_object_object_add(obj, "fraction_ns", json_number(timer->fraction_ns));
	json_object_object_add(obj, "rate", json_number(timer->rate));
	json_object_object_add(obj, "flags", bits_json(timer->flags, flag_bits));
	policy_add_json(obj, &view->policy[i]);
	return obj;
}

static struct json_object *source_json(const struct sample *view)
{
	const struct kvm_hpet_tick_source_state *state = &view->source_state;
	struct json_object *obj = json_object_new_object();

	json_object_object_add(obj, "id", json_number(view->info.id));
	json_object_object_add(obj, "kind", json_object_new_string(kind_name(&view->info)));
	json_object_object_add(obj, "vm_pid", json_number(view->info.vm_pid));
	json_object_object_add(obj, "owner_pid", json_number(view->info.owner_pid));
	source_add_json(obj, &view->source);
	json_object_object_add(obj, "running", json_object_new_boolean(is_running(view)));
	json_object_object_add(obj, "period_ns", json_number(state->ticks.tick_ns));
	json_object_object_add(obj, "backlog", json_number(state->ticks.backlog));
	json_object_object_add(obj, "fraction_ns", json_number(state->ticks.fraction_ns));
	json_object_object_add(obj, "rate", json_number(state->ticks.rate));
	json_object_object_add(obj, "flags", bits_json(state->ticks.flags, flag_bits));
	policy_add_json(obj, &view->policy[0]);
	return obj;
}

static struct json_object *view_json(const struct sample *view)
{
	struct json_object *obj = json_object_new_object(), *timers = json_object_new_array();

	json_object_object_add(obj, "id", json_number(view->info.id));
	json_object_object_add(obj, "kind", json_object_new_string(kind_name(&view->info)));
	json_object_object_add(obj, "vm_pid", json_number(view->info.vm_pid));
	json_object_object_add(obj, "owner_pid", json_number(view->info.owner_pid));
	config_add_json(obj, &view->config);
	json_object_object_add(obj, "config", json_hex(view->state.config));
	json_object_object_add(obj, "config_bits", bits_json(view->state.config, config_bits));
	json_object_object_add(obj, "status", json_hex(view->state.status));
	json_object_object_add(obj, "counter", json_hex(view->state.counter));
	json_object_object_add(obj, "counter_phase_fs", json_number(view->state.counter_phase_fs));
	for (unsigned int i = 0; i < view->config.num_timers; i++)
		json_object_array_add(timers, timer_json(view, i));
	json_object_object_add(obj, "timers", timers);
	return obj;
}

static void print_bits(uint64_t value, const struct bit_name *names)
{
	for (; names->name; names++)
		if (value & names->bit)
			printf(" %s", names->name);
}

static void print_policy(const struct kvm_hpet_tick_policy *policy)
{
	char text[TIME_TEXT];

	printf("  lost ticks           %s, backlog at most %s", policy_name(policy->policy),
	       format_time(text, sizeof(text), policy->max_backlog_ns));
	if (policy->policy == KVM_HPET_TICKS_SLEW)
		printf(", rate at most %u, ramp %u", policy->max_rate, policy->ramp);
	putchar('\n');
}

static void print_ticks(const struct kvm_hpet_timer_state *timer)
{
	if (timer->backlog || timer->rate)
		printf("  backlog              %llu ticks, rate %u\n",
		       (unsigned long long)timer->backlog, timer->rate);
	if (timer->flags) {
		printf("  flags               ");
		print_bits(timer->flags, flag_bits);
		putchar('\n');
	}
}

static void print_timer(const struct sample *view, unsigned int i)
{
	const struct kvm_hpet_timer_state *timer = &view->state.timer[i];

	printf("timer %u: %s\n", i, timer_config_text(&view->config.timer[i]));
	printf("  configuration        0x%llx", (unsigned long long)timer->config);
	print_bits(timer->config, timer_bits);
	printf(", pin %u\n", route(timer->config));
	printf("  comparator           0x%llx\n", (unsigned long long)timer->comparator);
	if (timer->period)
		printf("  period               %llu counts, %g ms\n",
		       (unsigned long long)timer->period,
		       (double)timer->period * view->config.period_fs / 1e12);
	if (view->config.timer[i].flags & KVM_HPET_TIMER_FSB)
		printf("  FSB route            0x%llx\n", (unsigned long long)timer->fsb_route);
	print_ticks(timer);
	print_policy(&view->policy[i]);
}

static void print_source(const struct sample *view)
{
	const struct kvm_hpet_timer_state *ticks = &view->source_state.ticks;
	char text[TIME_TEXT];

	printf("tick source: %s, acknowledged by %s\n", source_text(&view->source),
	       view->source.flags & KVM_HPET_SOURCE_ACK_VMM ? "its VMM" : "the end of interrupt");
	printf("  period               %s, %s\n", ticks->tick_ns ?
	       format_time(text, sizeof(text), ticks->tick_ns) : "none so far",
	       is_running(view) ? "running" : "stopped");
	print_ticks(ticks);
	print_policy(&view->policy[0]);
}

static void print_hpet(const struct sample *view)
{
	config_print(&view->config);
	printf("general configuration  0x%llx", (unsigned long long)view->state.config);
	print_bits(view->state.config, config_bits);
	printf("\ninterrupt status       0x%llx\n", (unsigned long long)view->state.status);
	printf("main counter           0x%llx\n", (unsigned long long)view->state.counter);
	for (unsigned int i = 0; i < view->config.num_timers; i++)
		print_timer(view, i);
}

static void print_view(const struct sample *view)
{
	char process[64], owner[64];

	printf("block %llu of process %u (%s), held by process %u (%s)\n",
	       (unsigned long long)view->info.id, view->info.vm_pid,
	       process_name(view->info.vm_pid, process, sizeof(process)), view->info.owner_pid,
	       process_name(view->info.owner_pid, owner, sizeof(owner)));
	if (block_is_source(&view->info))
		print_source(view);
	else
		print_hpet(view);
}

static int show_block(int device, const struct target *target, bool json)
{
	struct sample view = { 0 };
	int block = target_open(device, target, &view.info), ret;

	if (block < 0)
		return -1;
	ret = sample_read(block, &view);
	close(block);
	if (ret)
		return ret;
	if (json)
		print_json(block_is_source(&view.info) ? source_json(&view) : view_json(&view));
	else
		print_view(&view);
	return 0;
}

static int run(const struct command *self, int argc, char **argv)
{
	struct target target = { 0 };
	bool json = false;
	int option, status, device, ret;

	while ((option = next_option(self, argc, argv, options, &status)) >= 0) {
		status = target_option("show", &target, option, optarg);
		if (status)
			return status;
		json |= option == OPT_JSON;
	}
	if (option == OPTION_LEAVE)
		return status;
	status = target_check("show", &target);
	if (status)
		return status;
	if (target_resolve(&target))
		return EXIT_FAILURE;
	device = device_open();
	if (device < 0)
		return EXIT_FAILURE;
	ret = show_block(device, &target, json);
	close(device);
	return ret ? EXIT_FAILURE : EXIT_SUCCESS;
}

const struct command show_command = {
	.name = "show",
	.summary = "configuration, registers and policy of a VM's HPET",
	.help =
	"Usage: kvm-hpet show --pid N | --domain NAME | --id ID [--json]\n"
	"Shows the configuration, the registers and the lost-tick policy of a VM's\n"
	"in-kernel HPET. Names are those of the IA-PC HPET Specification 1.0a.\n\n"
	TARGET_HELP
	"      --json              print in JSON\n"
	"  -h, --help              this text\n",
	.run = run,
};
