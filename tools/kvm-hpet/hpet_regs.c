// SPDX-License-Identifier: GPL-2.0
/*
 * The registers of QEMU's own HPET: read through its monitor, understood as
 * the configuration of a block, and looked at for traces of use.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "block.h"
#include "error.h"
#include "hpet_regs.h"

/* Word numbers of registers (byte offset / 8) */
enum {
	CAPABILITIES = 0x00 / 8,
	CONFIGURATION = 0x10 / 8,
	STATUS = 0x20 / 8,
	COUNTER = 0xf0 / 8,
	TIMERS = 0x100 / 8,
	TIMER_WORDS = 0x20 / 8,
	TIMER_COMPARATOR = 1,
};

/* The guest may clear these only with the device in use; reset leaves them 0. */
#define TN_WRITABLE	(HPET_TN_INT_TYPE | HPET_TN_INT_ENB | HPET_TN_TYPE | HPET_TN_VAL_SET | \
			 HPET_TN_32MODE | HPET_TN_ROUTE_MASK << HPET_TN_ROUTE_SHIFT | HPET_TN_FSB_EN)

static const uint64_t *timer_regs(const struct hpet_regs *regs, unsigned int timer)
{
	return &regs->word[TIMERS + timer * TIMER_WORDS];
}

static unsigned int num_timers(const struct hpet_regs *regs)
{
	return ((regs->word[CAPABILITIES] >> 8) & 0x1f) + 1;
}

static int no_hpet(void)
{
	return fail("the VM has no HPET at %#llx: start QEMU with -machine hpet=on",
		    KVM_HPET_DEFAULT_BASE);
}

/* One line of xp: "00000000fed00000: 0x009896808086a201 0x0000000000000000" */
static const char *parse_line(struct hpet_regs *regs, size_t *words, const char *line)
{
	uint64_t address;
	char *end;

	address = strtoull(line, &end, 16);
	if (end == line || *end != ':' || address != KVM_HPET_DEFAULT_BASE + *words * 8)
		return NULL;
	for (line = end + 1; *line == ' '; line = end) {
		uint64_t value = strtoull(line, &end, 16);

		if (end == line || *words == HPET_REGS_WORDS)
			return NULL;
		regs->word[(*words)++] = value;
	}
	return line + strspn(line, "\r\n");
}

/**
 * hpet_regs_parse() - understand what the monitor's xp command printed
 * @regs: filled in
 * @dump: "xp /128gx 0xfed00000"
 *
 * Return: 0, or -1 after fail()
 */
int hpet_regs_parse(struct hpet_regs *regs, const char *dump)
{
	size_t words = 0;

	if (strstr(dump, "Cannot access memory"))
		return no_hpet();
	for (const char *line = dump; *line; )
		if (!(line = parse_line(regs, &words, line)))
			return fail("QEMU's monitor printed something else than memory: \"%.60s\"", dump);
	if (words != HPET_REGS_WORDS)
		return fail("QEMU's monitor printed %zu words of memory instead of %d", words,
			    HPET_REGS_WORDS);
	return 0;
}

/**
 * hpet_regs_read() - read the registers of a QEMU's own HPET
 * @regs: filled in
 * @qmp: monitor; what it reads is QEMU's HPET also while a block hides that from the guest
 *
 * Return: 0, or -1 after fail()
 */
int hpet_regs_read(struct hpet_regs *regs, struct qmp *qmp)
{
	struct json_object *dump;
	char command[64];
	int ret;

	snprintf(command, sizeof(command), "xp /%dgx %#llx", HPET_REGS_WORDS,
		 KVM_HPET_DEFAULT_BASE);
	if (qmp_human_command(qmp, command, &dump))
		return -1;
	ret = hpet_regs_parse(regs, json_object_get_string(dump));
	json_object_put(dump);
	return ret;
}

static void timer_config(const uint64_t *timer, struct kvm_hpet_timer_config *config)
{
	uint64_t reg = timer[0];

	config->route_cap = reg >> 32;
	config->flags = (reg & HPET_TN_PER_CAP ? KVM_HPET_TIMER_PERIODIC : 0) |
			(reg & HPET_TN_SIZE_CAP ? KVM_HPET_TIMER_64 : 0) |
			(reg & HPET_TN_FSB_CAP ? KVM_HPET_TIMER_FSB : 0);
}

/**
 * hpet_regs_config() - the configuration of a block that looks like this HPET
 * @regs: the registers
 * @config: filled in but for the descriptors
 *
 * Return: 0, or -1 after fail(): there is no HPET, or not one that can be imitated
 */
int hpet_regs_config(const struct hpet_regs *regs, struct kvm_hpet_config *config)
{
	uint64_t caps = regs->word[CAPABILITIES];
	uint32_t period = caps >> 32;

	/* Where there is no device, reads give all zeros or all ones. */
	if (!(caps & 0xff) || !period || period > KVM_HPET_MAX_PERIOD_FS)
		return no_hpet();
	if (num_timers(regs) > HPET_REGS_TIMERS)
		return fail("the VM's HPET has %u timers, of which only %d have registers",
			    num_timers(regs), HPET_REGS_TIMERS);
	*config = (struct kvm_hpet_config){
		.size = sizeof(*config),
		.flags = (caps & (1U << 13) ? KVM_HPET_F_COUNTER_64 : 0) |
			 (caps & (1U << 15) ? KVM_HPET_F_LEGACY_CAP : 0),
		.vm_fd = -1,
		.legacy_eventfd = -1,
		.base = KVM_HPET_DEFAULT_BASE,
		.period_fs = period,
		.vendor_id = caps >> 16,
		.rev_id = caps,
		.num_timers = num_timers(regs),
	};
	for (unsigned int i = 0; i < config->num_timers; i++)
		timer_config(timer_regs(regs, i), &config->timer[i]);
	return 0;
}

static int in_use(const char *what, uint64_t value)
{
	return fail("the guest already uses its HPET (%s %#" PRIx64 "): attach before it boots, or reset it",
		    what, value);
}

/**
 * hpet_regs_check_reset() - see that the guest has not touched its HPET since reset
 * @regs: the registers
 *
 * Return: 0, or -1 after fail()
 */
int hpet_regs_check_reset(const struct hpet_regs *regs)
{
	char what[40];

	if (regs->word[CONFIGURATION])
		return in_use("general configuration", regs->word[CONFIGURATION]);
	if (regs->word[STATUS])
		return in_use("interrupt status", regs->word[STATUS]);
	if (regs->word[COUNTER])
		return in_use("main counter", regs->word[COUNTER]);
	for (unsigned int i = 0; i < num_timers(regs); i++) {
		const uint64_t *timer = timer_regs(regs, i);

		snprintf(what, sizeof(what), "timer %u configuration", i);
		if (timer[0] & TN_WRITABLE)
			return in_use(what, timer[0]);
		snprintf(what, sizeof(what), "timer %u comparator", i);
		if (timer[TIMER_COMPARATOR] != ~0ULL)
			return in_use(what, timer[TIMER_COMPARATOR]);
	}
	return 0;
}

/* I/O APIC pins that QEMU's machine types allow the HPET's timers */
static uint32_t machine_routes(const struct qemu_proc *proc)
{
	static const char * const options[] = { "M", "machine" };
	char type[64] = "pc", value[16];
	const char *machine;

	/* QEMU takes several of them together. */
	for (int form = 0; form < 2; form++)
		for (int i = 0; (machine = qemu_proc_option(proc, options[form], i)); i++) {
			qemu_option_value(machine, "type", true, type, sizeof(type));
			if (qemu_option_value(machine, "hpet", false, value, sizeof(value)) &&
			    strcmp(value, "on") && strcmp(value, "yes"))
				return 0;
		}
	if (qemu_proc_option(proc, "no-hpet", 0))
		return 0;
	if (!strcmp(type, "q35") || strstr(type, "-q35-"))
		return 0xff0104;
	if (!strcmp(type, "pc") || !strncmp(type, "pc-i440fx", 9))
		return 0x4;
	return 0;
}

/**
 * hpet_assumed_config() - what QEMU's HPET looks like when it can't be read
 * @proc: QEMU
 * @config: filled in but for the descriptors
 *
 * Return: 0, or -1 after fail(): the command line is not one of a known machine
 */
int hpet_assumed_config(const struct qemu_proc *proc, struct kvm_hpet_config *config)
{
	uint32_t routes = machine_routes(proc);
	const char *global;

	if (!routes)
		return fail("process %d (%s) is not known to have an HPET by its command line: give QEMU a QMP socket",
			    proc->pid, proc->program);
	for (int i = 0; (global = qemu_proc_option(proc, "global", i)); i++)
		if (!strncmp(global, "hpet.", 5))
			return fail("process %d (%s) has an HPET changed by -global %s: give QEMU a QMP socket",
				    proc->pid, proc->program, global);
	*config = (struct kvm_hpet_config){
		.size = sizeof(*config),
		.flags = KVM_HPET_F_COUNTER_64 | KVM_HPET_F_LEGACY_CAP,
		.vm_fd = -1,
		.legacy_eventfd = -1,
		.base = KVM_HPET_DEFAULT_BASE,
		.period_fs = 10000000,
		.vendor_id = 0x8086,
		.rev_id = 1,
		.num_timers = 3,
	};
	for (int i = 0; i < config->num_timers; i++)
		config->timer[i] = (struct kvm_hpet_timer_config){
			.flags = KVM_HPET_TIMER_PERIODIC | KVM_HPET_TIMER_64,
			.route_cap = routes,
		};
	return 0;
}
