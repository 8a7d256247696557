// SPDX-License-Identifier: GPL-2.0
/*
 * What /proc tells of a QEMU process: its command line, its QMP sockets and
 * the descriptor of its virtual machine.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "error.h"
#include "qemu_proc.h"

#define VM_FD_TARGET	"anon_inode:kvm-vm"
/* Longer command lines are cut: nothing looked for stands that far back. */
#define MAX_CMDLINE	(256 * 1024)

static ssize_t read_file(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t used = 0;
	ssize_t n;

	if (fd < 0)
		return -1;
	while ((n = read(fd, buf + used, size - 1 - used)) > 0)
		used += n;
	close(fd);
	buf[used] = '\0';
	return n < 0 ? -1 : (ssize_t)used;
}

static int read_cmdline(struct qemu_proc *proc)
{
	char path[64];
	ssize_t len;

	proc->args = malloc(MAX_CMDLINE);
	if (!proc->args)
		return fail("out of memory");
	snprintf(path, sizeof(path), "/proc/%d/cmdline", proc->pid);
	len = read_file(path, proc->args, MAX_CMDLINE);
	if (len < 0)
		return fail("cannot read %s: %m", path);
	for (char *arg = proc->args; arg < proc->args + len; arg += strlen(arg) + 1)
		if (proc->argc < MAX_ARGS)
			proc->argv[proc->argc++] = arg;
	return 0;
}

/* Readable for others than the owner only in part, hence the second way. */
static void read_program(struct qemu_proc *proc)
{
	char path[64], target[PATH_MAX];
	const char *base;
	ssize_t len;

	snprintf(path, sizeof(path), "/proc/%d/exe", proc->pid);
	len = readlink(path, target, sizeof(target) - 1);
	if (len < 0) {
		process_name(proc->pid, proc->program, sizeof(proc->program));
		return;
	}
	target[len] = '\0';
	base = strrchr(target, '/');
	snprintf(proc->program, sizeof(proc->program), "%.63s", base ? base + 1 : target);
	/* The executable was replaced by an update while it ran. */
	proc->program[strcspn(proc->program, " ")] = '\0';
	make_printable(proc->program);
}

static void read_guest_name(struct qemu_proc *proc)
{
	const char *value = qemu_proc_option(proc, "name", 0);

	if (value)
		qemu_option_value(value, "guest", true, proc->guest, sizeof(proc->guest));
	make_printable(proc->guest);
}

/**
 * qemu_proc_open() - look at a process
 * @proc: filled in
 * @pid: process id
 *
 * Return: 0, or -1 after fail()
 */
int qemu_proc_open(struct qemu_proc *proc, pid_t pid)
{
	*proc = (struct qemu_proc){ .pid = pid };
	proc->pidfd = pidfd_open(pid, 0);
	if (proc->pidfd < 0) {
		/* EINVAL, ENOENT: the id of a thread */
		if (errno == ESRCH || errno == EINVAL || errno == ENOENT)
			return fail("there is no process %d", pid);
		return fail("cannot open process %d: %m", pid);
	}
	if (read_cmdline(proc)) {
		qemu_proc_close(proc);
		return -1;
	}
	read_program(proc);
	read_guest_name(proc);
	/* If it had ended meanwhile, what was read may be of a successor. */
	if (qemu_proc_ends(proc, 0)) {
		qemu_proc_close(proc);
		return fail("there is no process %d", pid);
	}
	return 0;
}

/**
 * qemu_proc_close() - end what qemu_proc_open() began
 * @proc: the process
 */
void qemu_proc_close(struct qemu_proc *proc)
{
	if (proc->pidfd >= 0)
		close(proc->pidfd);
	free(proc->args);
	*proc = (struct qemu_proc){ .pidfd = -1 };
}

/**
 * qemu_proc_ends() - whether the process has ended
 * @proc: the process
 * @timeout_ms: how long to wait for that
 *
 * Return: whether it has
 */
bool qemu_proc_ends(const struct qemu_proc *proc, int timeout_ms)
{
	struct pollfd end = { .fd = proc->pidfd, .events = POLLIN };

	return poll(&end, 1, timeout_ms) > 0;
}

/**
 * qemu_proc_is_qemu() - whether its executable is named as distributions name QEMU
 * @proc: the process
 *
 * Return: whether it is
 */
bool qemu_proc_is_qemu(const struct qemu_proc *proc)
{
	return strstr(proc->program, "qemu") || !strcmp(proc->program, "kvm");
}

/**
 * qemu_proc_option() - the value of an option on QEMU's command line
 * @proc: the process
 * @option: its name without dashes
 * @nth: which one, from 0, if it stands there repeatedly
 *
 * Return: the argument after it ("" at the end), NULL if it is not there
 */
const char *qemu_proc_option(const struct qemu_proc *proc, const char *option, int nth)
{
	for (int i = 1; i < proc->argc; i++) {
		const char *arg = proc->argv[i];

		if (*arg != '-')
			continue;
		arg += arg[1] == '-' ? 2 : 1;
		if (!strcmp(arg, option) && nth-- == 0)
			return i + 1 < proc->argc ? proc->argv[i + 1] : "";
	}
	return NULL;
}

/* One "key=value" at *options, up to an unescaped comma; ",," stands for one. */
static void next_option(const char **options, char *text, size_t size)
{
	const char *from = *options;
	size_t used = 0;

	for (; *from; from++) {
		if (*from == ',' && *++from != ',') {
			from--;
			break;
		}
		if (used < size - 1)
			text[used++] = *from;
	}
	text[used] = '\0';
	*options = *from ? from + 1 : from;
}

/**
 * qemu_option_value() - a value out of a list as in "-name guest=a,debug-threads=on"
 * @options: the list
 * @key: what is looked for; a key without "=" has the value "on"
 * @implied: the first value may stand without its key, and the key is this one
 * @value: copied here
 * @size: of @value
 *
 * Return: whether the key is there
 */
bool qemu_option_value(const char *options, const char *key, bool implied, char *value,
		       size_t size)
{
	char text[PATH_MAX];
	bool first = true;

	while (*options) {
		char *equals;

		next_option(&options, text, sizeof(text));
		equals = strchr(text, '=');
		if (equals)
			*equals = '\0';
		if (!equals && first && implied) {
			snprintf(value, size, "%s", text);
			return true;
		}
		if (!strcmp(text, key)) {
			snprintf(value, size, "%s", equals ? equals + 1 : "on");
			return true;
		}
		first = false;
	}
	return false;
}

static bool is_server(const char *options)
{
	char value[8];

	return qemu_option_value(options, "server", false, value, sizeof(value)) &&
	       strcmp(value, "off") && strcmp(value, "no");
}

/* "unix:PATH,server=on": the short form of -qmp */
static bool short_form_path(const char *options, char *path, size_t size)
{
	return !strncmp(options, "unix:", 5) && is_server(options) &&
	       qemu_option_value(options + 5, "path", true, path, size);
}

/* "-mon chardev=ID,mode=control" with "-chardev socket,id=ID,path=PATH,server=on" */
static bool mon_path(const struct qemu_proc *proc, const char *mon, char *path, size_t size)
{
	char mode[16], id[64], other[64];
	const char *chardev;

	if (!qemu_option_value(mon, "mode", false, mode, sizeof(mode)) || strcmp(mode, "control") ||
	    !qemu_option_value(mon, "chardev", true, id, sizeof(id)))
		return false;
	for (int i = 0; (chardev = qemu_proc_option(proc, "chardev", i)); i++)
		if (qemu_option_value(chardev, "id", false, other, sizeof(other)) &&
		    !strcmp(id, other))
			return is_server(chardev) &&
			       qemu_option_value(chardev, "path", false, path, size);
	return false;
}

/* The path as this process has to write it: QEMU may have another root or directory. */
static void translate_path(const struct qemu_proc *proc, const char *path, char *out,
			   size_t size)
{
	char own[64] = "", its[64] = "", link[64];
	const char *prefix = "";

	snprintf(link, sizeof(link), "/proc/%d/ns/mnt", proc->pid);
	if (*path != '/')
		prefix = "cwd/";
	else if (readlink("/proc/self/ns/mnt", own, sizeof(own) - 1) > 0 &&
		 readlink(link, its, sizeof(its) - 1) > 0 && strcmp(own, its))
		prefix = "root";
	if (*prefix)
		snprintf(out, size, "/proc/%d/%s%s", proc->pid, prefix, path);
	else
		snprintf(out, size, "%s", path);
}

/**
 * qemu_proc_qmp_path() - a QMP socket that QEMU's command line names
 * @proc: the process
 * @nth: which, from 0
 * @path: the socket's path
 * @size: of @path
 *
 * Return: 0, or -1 if there are not that many (without fail())
 */
int qemu_proc_qmp_path(const struct qemu_proc *proc, int nth, char *path, size_t size)
{
	static const char * const short_forms[] = { "qmp", "qmp-pretty" };
	char text[PATH_MAX];
	const char *value;

	for (int form = 0; form < 2; form++)
		for (int i = 0; (value = qemu_proc_option(proc, short_forms[form], i)); i++)
			if (short_form_path(value, text, sizeof(text)) && nth-- == 0) {
				translate_path(proc, text, path, size);
				return 0;
			}
	for (int i = 0; (value = qemu_proc_option(proc, "mon", i)); i++)
		if (mon_path(proc, value, text, sizeof(text)) && nth-- == 0) {
			translate_path(proc, text, path, size);
			return 0;
		}
	return -1;
}

static bool is_vm_fd(int dir, const char *name)
{
	char target[sizeof(VM_FD_TARGET) + 1];
	ssize_t len = readlinkat(dir, name, target, sizeof(target));

	return len == sizeof(VM_FD_TARGET) - 1 && !memcmp(target, VM_FD_TARGET, len);
}

/**
 * qemu_proc_find_vm_fd() - the process's descriptor of its KVM virtual machine
 * @proc: the process
 *
 * Return: the number it has there, or -1 after fail()
 */
int qemu_proc_find_vm_fd(const struct qemu_proc *proc)
{
	int fd = -1, found = 0;
	struct dirent *entry;
	char path[64];
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fd", proc->pid);
	dir = opendir(path);
	if (!dir && errno == EACCES)
		return fail("no permission to look at the descriptors of process %d", proc->pid);
	if (!dir)
		return fail("cannot read %s: %m", path);
	while ((entry = readdir(dir)))
		if (isdigit((unsigned char)*entry->d_name) && is_vm_fd(dirfd(dir), entry->d_name)) {
			fd = atoi(entry->d_name);
			found++;
		}
	closedir(dir);
	if (!found)
		return fail("process %d (%s) has no KVM virtual machine", proc->pid,
			    proc->program);
	if (found > 1)
		return fail("process %d (%s) has %d KVM virtual machines: there is no telling which is meant",
			    proc->pid, proc->program, found);
	return fd;
}

/**
 * qemu_proc_take_fd() - duplicate a descriptor of the process into this one
 * @proc: the process
 * @fd: its number there
 *
 * Return: the descriptor here, or -1 after fail()
 */
int qemu_proc_take_fd(const struct qemu_proc *proc, int fd)
{
	int copy = pidfd_getfd(proc->pidfd, fd, 0);

	if (copy < 0 && errno == EPERM)
		return fail("no permission to take the virtual machine's descriptor from process %d: this needs CAP_SYS_PTRACE (kvm-hpet doctor says more)",
			    proc->pid);
	if (copy < 0)
		return fail("cannot take descriptor %d from process %d: %m", fd, proc->pid);
	return copy;
}

/**
 * process_name() - the short name of a process
 * @pid: process id, 0 for one that can't be seen from here
 * @name: copied here
 * @size: of @name
 *
 * Return: @name
 */
const char *process_name(pid_t pid, char *name, size_t size)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	if (!pid || read_file(path, name, size) < 0)
		snprintf(name, size, "?");
	name[strcspn(name, "\n")] = '\0';
	make_printable(name);
	return name;
}
