// SPDX-License-Identifier: GPL-2.0
/*
 * kvm-hpet doctor: can this host run it, and if not, what is to be changed?
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "block.h"
#include "command.h"
#include "describe.h"
#include "error.h"
#include "kvm_functions.h"

#define CAP_SYS_PTRACE_BIT 19

/* Of a terminal; where what a check found begins */
#define WIDTH		80
#define TEXT_COLUMN	19

enum verdict { FINE, UNKNOWN, WRONG };

/* Each check says what it found, and in case of WRONG what to change. */
typedef enum verdict (*check_fn)(char *text, size_t size);

static const struct option options[] = {
	{ "json", no_argument, NULL, OPT_JSON },
	END_OPTIONS
};

static enum verdict say(char *text, size_t size, enum verdict verdict, const char *what)
{
	snprintf(text, size, "%s", what);
	return verdict;
}

static bool exists(const char *path)
{
	return access(path, F_OK) == 0;
}

static bool read_line(const char *path, char *line, int size)
{
	FILE *file = fopen(path, "re");
	bool ok = file && fgets(line, size, file);

	if (file)
		fclose(file);
	return ok;
}

/* Whether a line of a file contains a text */
static bool file_mentions(const char *path, const char *text)
{
	FILE *file = fopen(path, "re");
	char line[1024];
	bool found = false;

	while (file && !found && fgets(line, sizeof(line), file))
		found = strstr(line, text);
	if (file)
		fclose(file);
	return found;
}

static enum verdict check_kvm(char *text, size_t size)
{
	if (exists("/sys/module/kvm_intel") || exists("/sys/module/kvm_amd"))
		return say(text, size, FINE, exists("/sys/module/kvm_intel") ?
			   "kvm_intel is loaded" : "kvm_amd is loaded");
	if (exists("/dev/kvm"))
		return say(text, size, WRONG, "there is a /dev/kvm, but neither kvm_intel nor kvm_amd is loaded");
	return say(text, size, WRONG, "KVM is not loaded: modprobe kvm_intel or kvm_amd; switch virtualisation on in the firmware");
}

static enum verdict check_kprobes(char *text, size_t size)
{
	if (!file_mentions("/proc/kallsyms", " register_kprobe"))
		return say(text, size, WRONG, "the kernel has no kprobes: use one with CONFIG_KPROBES=y");
	return say(text, size, FINE, "the kernel has kprobes");
}

#define NAME(name) #name,

static const char * const needed[] = { KVM_HPET_NEEDED_FUNCTIONS(NAME) };

#define NEEDED (sizeof(needed) / sizeof(needed[0]))

/* Takes away from a set of needed functions what the kernel and its modules have */
static unsigned int without_those_there(unsigned int missing)
{
	FILE *file = fopen("/proc/kallsyms", "re");
	char line[1024], name[128];

	while (file && missing && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%*s %*c %127s", name) != 1)
			continue;
		for (size_t i = 0; i < NEEDED; i++)
			if (strcmp(name, needed[i]) == 0)
				missing &= ~(1U << i);
	}
	if (file)
		fclose(file);
	return missing;
}

static enum verdict check_functions(char *text, size_t size)
{
	unsigned int missing;

	if (!exists("/sys/module/kvm"))
		return say(text, size, UNKNOWN, "nobody can tell before KVM is loaded");
	missing = without_those_there((1U << NEEDED) - 1);
	if (!missing)
		return say(text, size, FINE, "KVM has all functions that the module needs");
	snprintf(text, size, "KVM has no %s: use a kernel from 6.1 on with CONFIG_KVM_IOAPIC=y (if it has that)",
		 needed[__builtin_ctz(missing)]);
	return WRONG;
}

/*
 * Where the module is for a kernel, by modprobe's list. Return: whether it is
 * installed
 */
static bool module_path(const char *release, char *path, size_t size)
{
	char list[256], line[1024];
	bool found = false;
	FILE *file;

	snprintf(list, sizeof(list), "/lib/modules/%.100s/modules.dep", release);
	file = fopen(list, "re");
	while (file && !found && fgets(line, sizeof(line), file)) {
		line[strcspn(line, ":")] = '\0';
		found = strstr(line, "/kvm_hpet.ko");
		if (found)
			snprintf(path, size, "/lib/modules/%.100s/%.300s", release, line);
	}
	if (file)
		fclose(file);
	return found;
}

static enum verdict check_module(char *text, size_t size)
{
	struct utsname host;
	char path[512];

	if (exists("/sys/module/kvm_hpet"))
		return say(text, size, FINE, "kvm_hpet is loaded");
	uname(&host);
	if (module_path(host.release, path, sizeof(path)))
		return say(text, size, WRONG, "kvm_hpet is installed but not loaded: modprobe kvm_hpet");
	snprintf(text, size, "kvm_hpet is not installed for kernel %s: make && make install, or its DKMS package",
		 host.release);
	return WRONG;
}

static bool only_signed_modules(void)
{
	char line[80];

	if (read_line("/sys/module/module/parameters/sig_enforce", line, sizeof(line)) &&
	    *line == 'Y')
		return true;
	return read_line("/sys/kernel/security/lockdown", line, sizeof(line)) &&
	       !strstr(line, "[none]");
}

/* Whether a file ends with the kernel's mark of a signature */
static bool has_signature(const char *path)
{
	static const char mark[] = "~Module signature appended~\n";
	char end[sizeof(mark)] = "";
	FILE *file = fopen(path, "re");
	bool found = file && !fseek(file, -(long)(sizeof(mark) - 1), SEEK_END) &&
		     fread(end, sizeof(mark) - 1, 1, file) == 1 && !strcmp(end, mark);

	if (file)
		fclose(file);
	return found;
}

static bool is_compressed(const char *path)
{
	return strcmp(path + strlen(path) - strlen(".ko"), ".ko");
}

/* Secure Boot: what Documentation/howto/secure-boot.rst explains */
static enum verdict check_signature(char *text, size_t size)
{
	struct utsname host;
	char path[512];

	if (!only_signed_modules())
		return say(text, size, FINE, "the kernel takes modules without a signature");
	if (exists("/sys/module/kvm_hpet"))
		return say(text, size, FINE, "the kernel only takes signed modules, and the module is loaded");
	uname(&host);
	if (!module_path(host.release, path, sizeof(path)))
		return say(text, size, UNKNOWN, "the kernel only takes signed modules: DKMS signs, or scripts/sign-file of the kernel's headers");
	if (is_compressed(path))
		return say(text, size, UNKNOWN, "the kernel only takes modules signed with a key that it knows: see modinfo -F signer kvm_hpet, mokutil --list-enrolled");
	if (!has_signature(path))
		return say(text, size, WRONG, "the module is not signed, and the kernel only takes signed ones: sign it, with scripts/sign-file of its headers");
	if (exists("/var/lib/dkms/mok.pub"))
		return say(text, size, UNKNOWN, "the module is signed; if it is refused: mokutil --import /var/lib/dkms/mok.pub, reboot, enroll the key");
	return say(text, size, UNKNOWN, "the module is signed; if it is refused its key must be enrolled: mokutil --import, reboot");
}

static enum verdict check_device(char *text, size_t size)
{
	int fd = device_open();

	if (fd < 0)
		return say(text, size, WRONG, error_text());
	close(fd);
	return say(text, size, FINE, DEVICE " opens and has the right API version");
}

static bool may_ptrace(void)
{
	FILE *file = fopen("/proc/self/status", "re");
	unsigned long long caps = 0;
	char line[256];

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "CapEff: %llx", &caps) == 1)
			break;
	if (file)
		fclose(file);
	return caps >> CAP_SYS_PTRACE_BIT & 1;
}

static enum verdict check_getfd(char *text, size_t size)
{
	char line[16] = "0";

	if (pidfd_getfd(-1, 0, 0) < 0 && errno == ENOSYS)
		return say(text, size, WRONG, "the kernel has no pidfd_getfd: Linux 5.6 or newer is needed");
	read_line("/proc/sys/kernel/yama/ptrace_scope", line, sizeof(line));
	if (*line == '3')
		return say(text, size, WRONG, "kernel.yama.ptrace_scope is 3: nobody can take a QEMU's descriptors until the next boot with less");
	if (may_ptrace())
		return say(text, size, FINE, "descriptors of any QEMU can be taken");
	if (*line != '0')
		return say(text, size, WRONG, "without CAP_SYS_PTRACE no descriptor of a QEMU can be taken: be root");
	return say(text, size, UNKNOWN, "only descriptors of your own QEMUs can be taken: be root for others");
}

static const struct {
	const char *name;
	check_fn check;
} checks[] = {
	{ "kvm", check_kvm },
	{ "kprobes", check_kprobes },
	{ "functions", check_functions },
	{ "module", check_module },
	{ "signature", check_signature },
	{ "device", check_device },
	{ "pidfd_getfd", check_getfd },
};

static const char * const verdict_names[] = { "ok", "note", "FAIL" };

static struct json_object *check_json(const char *name, enum verdict verdict, const char *text)
{
	static const char * const names[] = { "ok", "note", "fail" };
	struct json_object *obj = json_object_new_object();

	json_object_object_add(obj, "check", json_object_new_string(name));
	json_object_object_add(obj, "result", json_object_new_string(names[verdict]));
	json_object_object_add(obj, "text", json_object_new_string(text));
	return obj;
}

/* Words that would go beyond the width of a terminal go on below the first one. */
static void print_text(const char *text)
{
	int column = TEXT_COLUMN;

	while (*text) {
		int len = strcspn(text, " ");

		if (column > TEXT_COLUMN && column + 1 + len > WIDTH) {
			printf("\n%*s", TEXT_COLUMN, "");
			column = TEXT_COLUMN;
		} else if (column > TEXT_COLUMN) {
			putchar(' ');
			column++;
		}
		printf("%.*s", len, text);
		column += len;
		text += len + strspn(text + len, " ");
	}
	putchar('\n');
}

static int examine(bool json)
{
	struct json_object *array = json_object_new_array();
	char text[256];
	int wrong = 0;

	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
		enum verdict verdict = checks[i].check(text, sizeof(text));

		wrong += verdict == WRONG;
		json_object_array_add(array, check_json(checks[i].name, verdict, text));
		if (json)
			continue;
		printf("%-4s  %-11s  ", verdict_names[verdict], checks[i].name);
		print_text(text);
	}
	if (json)
		print_json(array);
	else
		json_object_put(array);
	fflush(stdout);
	return wrong ? fail("this host can't run it yet: %d of %zu checks failed", wrong,
			    sizeof(checks) / sizeof(checks[0])) : 0;
}

static int run(const struct command *self, int argc, char **argv)
{
	bool json = false;
	int option, status;

	while ((option = next_option(self, argc, argv, options, &status)) >= 0)
		json = true;
	if (option == OPTION_LEAVE)
		return status;
	return examine(json) ? EXIT_FAILURE : EXIT_SUCCESS;
}

const struct command doctor_command = {
	.name = "doctor",
	.summary = "can this host run it; if not, what to change",
	.help =
	"Usage: kvm-hpet doctor [--json]\n"
	"Checks whether this host can run it, and says what to change if not.\n\n"
	"      --json  print in JSON\n"
	"  -h, --help  this text\n",
	.run = run,
};
