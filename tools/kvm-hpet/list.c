// SPDX-License-Identifier: GPL-2.0
/*
 * kvm-hpet list: the in-kernel HPETs of the host.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "block.h"
#include "command.h"
#include "describe.h"
#include "error.h"
#include "policy.h"
#include "qemu_proc.h"
#include "table.h"

/* What is told of a block */
struct entry {
	struct kvm_hpet_block_info info;
	struct kvm_hpet_config config;
	struct kvm_hpet_tick_policy policy;
	bool mixed;		/* the timers have different policies */
	uint64_t backlog;	/* of all timers */
	char process[64];
	char guest[64];
	char owner[64];
};

static const struct option options[] = {
	{ "json", no_argument, NULL, OPT_JSON },
	END_OPTIONS
};

static int read_policy(int block, struct entry *entry)
{
	struct kvm_hpet_tick_policy other;

	if (block_get_policy(block, 0, &entry->policy))
		return -1;
	for (unsigned int i = 1; i < entry->config.num_timers; i++) {
		if (block_get_policy(block, i, &other))
			return -1;
		entry->mixed |= other.policy != entry->policy.policy;
	}
	return 0;
}

static int read_block(int block, struct entry *entry)
{
	struct kvm_hpet_stats stats;

	if (block_get_config(block, &entry->config) || block_get_stats(block, &stats))
		return -1;
	for (unsigned int i = 0; i < entry->config.num_timers; i++)
		entry->backlog += stats.timer[i].backlog;
	return read_policy(block, entry);
}

static void read_names(struct entry *entry)
{
	struct qemu_proc proc;

	process_name(entry->info.vm_pid, entry->process, sizeof(entry->process));
	process_name(entry->info.owner_pid, entry->owner, sizeof(entry->owner));
	if (entry->info.vm_pid && !qemu_proc_open(&proc, entry->info.vm_pid)) {
		memcpy(entry->guest, proc.guest, sizeof(entry->guest));
		qemu_proc_close(&proc);
	}
}

/* Return: false if the block has gone since it was found */
static bool read_entry(int device, struct entry *entry)
{
	int block = block_open(device, entry->info.id), ret;

	if (block < 0)
		return false;
	ret = read_block(block, entry);
	close(block);
	read_names(entry);
	return !ret;
}

static struct json_object *entry_json(const struct entry *entry)
{
	struct json_object *obj = json_object_new_object();

	json_object_object_add(obj, "id", json_number(entry->info.id));
	json_object_object_add(obj, "vm_pid", json_number(entry->info.vm_pid));
	json_object_object_add(obj, "process", json_object_new_string(entry->process));
	json_object_object_add(obj, "name", json_object_new_string(entry->guest));
	json_object_object_add(obj, "owner_pid", json_number(entry->info.owner_pid));
	json_object_object_add(obj, "owner", json_object_new_string(entry->owner));
	config_add_json(obj, &entry->config);
	if (entry->mixed)
		json_object_object_add(obj, "policy", json_object_new_string("mixed"));
	else
		policy_add_json(obj, &entry->policy);
	json_object_object_add(obj, "backlog", json_number(entry->backlog));
	return obj;
}

static void add_heading(struct table *table)
{
	static const char * const heading[] = { "ID", "PID", "NAME", "BASE", "OWNER", "PERIOD",
						"TIMERS", "POLICY", "BACKLOG" };

	for (size_t i = 0; i < table->columns; i++)
		table_add(table, "%s", heading[i]);
}

static void add_row(struct table *table, const struct entry *entry)
{
	table_add(table, "%llu", (unsigned long long)entry->info.id);
	table_add(table, "%u", entry->info.vm_pid);
	table_add(table, "%.18s", *entry->guest ? entry->guest : entry->process);
	table_add(table, "0x%llx", (unsigned long long)entry->config.base);
	table_add(table, "%u", entry->info.owner_pid);
	table_add(table, "%g ns", entry->config.period_fs / 1e6);
	table_add(table, "%u", entry->config.num_timers);
	table_add(table, "%s", entry->mixed ? "mixed" : policy_name(entry->policy.policy));
	table_add(table, "%llu", (unsigned long long)entry->backlog);
}

static void list_blocks(int device, bool json)
{
	struct table table = { .columns = 9, .left = 1U << 2 | 1U << 7 };
	struct json_object *array = json_object_new_array();
	struct kvm_hpet_block_info info = { 0 };

	add_heading(&table);
	while (block_next(device, &info)) {
		struct entry entry = { .info = info };

		if (!read_entry(device, &entry))
			continue;
		json_object_array_add(array, entry_json(&entry));
		add_row(&table, &entry);
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
	.summary = "the in-kernel HPETs of this host",
	.help =
	"Usage: kvm-hpet list [--json]\n"
	"Lists the in-kernel HPETs that you may open: of your own VMs, or all for root.\n"
	"OWNER is the process that holds it, BACKLOG the ticks that are still owed.\n\n"
	"      --json  print in JSON\n"
	"  -h, --help  this text\n",
	.run = run,
};
