// SPDX-License-Identifier: GPL-2.0
/*
 * kvm-hpet list: the in-kernel HPETs and tick sources of the host.
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
#include "table.h"

/* The names that go with a block */
struct names {
	char process[64];
	char guest[64];
	char owner[64];
};

static const struct option options[] = {
	{ "json", no_argument, NULL, OPT_JSON },
	END_OPTIONS
};

static struct names read_names(const struct kvm_hpet_block_info *info)
{
	struct names names = { 0 };
	struct qemu_proc proc;

	process_name(info->vm_pid, names.process, sizeof(names.process));
	process_name(info->owner_pid, names.owner, sizeof(names.owner));
	if (info->vm_pid && !qemu_proc_open(&proc, info->vm_pid)) {
		memcpy(names.guest, proc.guest, sizeof(names.guest));
		qemu_proc_close(&proc);
	}
	return names;
}

static struct json_object *block_json(const struct sample *sample)
{
	const struct names names = read_names(&sample->info);
	struct json_object *obj = json_object_new_object();

	json_object_object_add(obj, "id", json_number(sample->info.id));
	json_object_object_add(obj, "kind", json_object_new_string(kind_name(&sample->info)));
	json_object_object_add(obj, "vm_pid", json_number(sample->info.vm_pid));
	json_object_object_add(obj, "process", json_object_new_string(names.process));
	json_object_object_add(obj, "name", json_object_new_string(names.guest));
	json_object_object_add(obj, "owner_pid", json_number(sample->info.owner_pid));
	json_object_object_add(obj, "owner", json_object_new_string(names.owner));
	if (block_is_source(&sample->info))
		source_add_json(obj, &sample->source);
	else
		config_add_json(obj, &sample->config);
	if (sample_mixed(sample))
		json_object_object_add(obj, "policy", json_object_new_string("mixed"));
	else
		policy_add_json(obj, &sample->policy[0]);
	json_object_object_add(obj, "backlog", json_number(sample_backlog(sample)));
	return obj;
}

static void add_heading(struct table *table)
{
	static const char * const heading[] = { "ID", "PID", "NAME", "BASE", "OWNER", "PERIOD",
						"TIMERS", "POLICY", "BACKLOG" };

	for (size_t i = 0; i < table->columns; i++)
		table_add(table, "%s", heading[i]);
}

/* Of an HPET its address, its counter's period and its timers; of a tick source the period of its ticks */
static void add_form(struct table *table, const struct sample *sample)
{
	char period[TIME_TEXT];

	if (!block_is_source(&sample->info)) {
		table_add(table, "0x%llx", (unsigned long long)sample->config.base);
		table_add(table, "%u", sample->info.owner_pid);
		table_add(table, "%g ns", sample->config.period_fs / 1e6);
		table_add(table, "%u", sample->config.num_timers);
		return;
	}
	table_add(table, "%s", source_text(&sample->source));
	table_add(table, "%u", sample->info.owner_pid);
	table_add(table, "%s", sample->state.timer[0].tick_ns ?
		  format_time(period, sizeof(period), sample->state.timer[0].tick_ns) : "-");
	table_add(table, "-");
}

static void add_row(struct table *table, const struct sample *sample)
{
	const struct names names = read_names(&sample->info);

	table_add(table, "%llu", (unsigned long long)sample->info.id);
	table_add(table, "%u", sample->info.vm_pid);
	table_add(table, "%.18s", *names.guest ? names.guest : names.process);
	add_form(table, sample);
	table_add(table, "%s", sample_mixed(sample) ? "mixed" : policy_name(sample->policy[0].policy));
	table_add(table, "%llu", (unsigned long long)sample_backlog(sample));
}

static void list_blocks(int device, bool json)
{
	struct table table = { .columns = 9, .left = 1U << 2 | 1U << 7 };
	struct json_object *array = json_object_new_array();
	const struct target all = { 0 };
	struct sample sample = { 0 };

	add_heading(&table);
	while (sample_next(device, &all, &sample)) {
		json_object_array_add(array, block_json(&sample));
		add_row(&table, &sample);
	}
	if (json)
		print_json(array);
	else
		table_print(&table, "");
}

static int run(const struct command *self, int argc, char **argv)
{
	bool json = false;
	int option, status, device;

	while ((option = next_option(self, argc, argv, options, &status)) >= 0)
		json = true;
	if (option == OPTION_LEAVE)
		return status;
	device = device_open();
	if (device < 0)
		return EXIT_FAILURE;
	list_blocks(device, json);
	close(device);
	return EXIT_SUCCESS;
}

const struct command list_command = {
	.name = "list",
	.summary = "the in-kernel HPETs and tick sources of this host",
	.help =
	"Usage: kvm-hpet list [--json]\n"
	"Lists the in-kernel HPETs that you may open: of your own VMs, or all for root;\n"
	"and tick sources of VMMs, with their interrupt line instead of an address.\n"
	"OWNER is the process that holds it, BACKLOG the ticks that are still owed.\n\n"
	"      --json  print in JSON\n"
	"  -h, --help  this text\n",
	.run = run,
};
