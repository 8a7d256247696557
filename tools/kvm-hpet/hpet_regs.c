// SPDX-License-Identifier: GPL-2.0
/*
 * The registers of QEMU's own HPET: read through its monitor, understood as
 * the configuration of a block, and looked at for traces of use.
 */
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
static const char *parse_line(struct hpet_regs *regs, size_t *word, size_t end_word,
			      const char *line)
{
	uint64_t address;
	char *end;

	address = strtoull(line, &end, 16);
	if (end == line || *end != ':' || address != KVM_HPET_DEFAULT_BASE + *word * 8)
		return NULL;
	for (line = end + 1; *line == ' '; line = end) {
		uint64_t value = strtoull(line, &end, 16);

		if (end == line || *word == end_word)
			return NULL;
		regs->word[(*word)++] = value;
	}
	return line + strspn(line, "\r\n");
}

/**
 * hpet_regs_parse() - understand what the monitor's xp command printed
 * @regs: filled in, as far as it was printed
 * @dump: "xp /44gx 0xfed00000"
 * @first: word at which it begins
 * @words: how many have to be there
 *
 * Return: 0, or -1 after fail()
 */
int hpet_regs_parse(struct hpet_regs *regs, const char *dump, size_t first, size_t words)
{
	size_t word = first;

	if (strstr(dump, "Cannot access memory"))
		return no_hpet();
	for (const char *line = dump; *line; )
		if (!(line = parse_line(regs, &word, first + words, line)))
			return fail("QEMU's monitor printed something else than memory: \"%.60s\"", dump);
	if (word != first + words)
		return fail("QEMU's monitor printed %zu words of memory instead of %zu",
			    word - first, words);
	return 0;
}

static int read_words(struct hpet_regs *regs, struct qmp *qmp, size_t first, size_t words)
{
	struct json_object *dump;
	char command[64];
	int ret;

	snprintf(command, sizeof(command), "xp /%zugx %#llx", words,
		 KVM_HPET_DEFAULT_BASE + first * 8);
	if (qmp_human_command(qmp, command, &dump))
		return -1;
	ret = hpet_regs_parse(regs, json_object_get_string(dump), first, words);
	json_object_put(dump);
	return ret;
}

/**
 * hpet_regs_read() - read the registers of a QEMU's own HPET
 * @regs: filled in; the registers of timers that it does not have are 0
 * @qmp: monitor; what it reads is QEMU's HPET also while a block hides that from the guest
 *
 * Not all of them, unless there are so many timers: QEMU takes its time to print.
 *
 * Return: 0, or -1 after fail()
 */
int hpet_regs_read(struct hpet_regs *regs, struct qmp *qmp)
{
	size_t words = TIMERS + KVM_HPET_MIN_TIMERS * TIMER_WORDS, more;

	*regs = (struct hpet_regs){ 0 };
	if (read_words(regs, qmp, 0, words))
		return -1;
	more = num_timers(regs) - KVM_HPET_MIN_TIMERS;
	if (num_timers(regs) <= KVM_HPET_MIN_TIMERS || num_timers(regs) > HPET_REGS_TIMERS)
		return 0;
	return read_words(regs, qmp, words, more * TIMER_WORDS);
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

/**
 * hpet_regs_in_use() - whether the guest has touched its HPET since reset
 * @regs: the registers
 *
 * Return: true if so
 */
bool hpet_regs_in_use(const struct hpet_regs *regs)
{
	if (regs->word[CONFIGURATION] || regs->word[STATUS] || regs->word[COUNTER])
		return true;
	for (unsigned int i = 0; i < num_timers(regs); i++) {
		const uint64_t *timer = timer_regs(regs, i);

		if (timer[0] & (HPET_TN_WRITABLE | HPET_TN_VAL_SET) || timer[TIMER_COMPARATOR] != ~0ULL)
			return true;
	}
	return false;
}

/**
 * hpet_regs_armed() - whether a timer would interrupt the guest
 * @regs: the registers
 *
 * Return: true if so
 */
bool hpet_regs_armed(const struct hpet_regs *regs)
{
	for (unsigned int i = 0; i < num_timers(regs); i++)
		if (timer_regs(regs, i)[0] & HPET_TN_INT_ENB)
			return true;
	return false;
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
