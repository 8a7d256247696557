/* SPDX-License-Identifier: GPL-2.0 */
#ifndef KVM_HPET_QEMU_PROC_H
#define KVM_HPET_QEMU_PROC_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define MAX_ARGS	1024

/**
 * struct qemu_proc - a process that may be a QEMU, as /proc shows it
 * @pid: its id
 * @pidfd: keeps what is done from reaching another process with the same id
 * @program: base name of its executable
 * @guest: name of the guest (-name), or ""
 * @argc: number of arguments
 * @argv: its arguments
 * @args: memory that @argv points to
 */
struct qemu_proc {
	pid_t pid;
	int pidfd;
	char program[64];
	char guest[64];
	int argc;
	char *argv[MAX_ARGS];
	char *args;
};

int qemu_proc_open(struct qemu_proc *proc, pid_t pid);
void qemu_proc_close(struct qemu_proc *proc);
bool qemu_proc_ends(const struct qemu_proc *proc, int timeout_ms);
bool qemu_proc_is_qemu(const struct qemu_proc *proc);
const char *qemu_proc_option(const struct qemu_proc *proc, const char *option, int nth);
bool qemu_option_value(const char *options, const char *key, bool implied, char *value,
		       size_t size);
int qemu_proc_qmp_path(const struct qemu_proc *proc, int nth, char *path, size_t size);
int qemu_proc_find_vm_fd(const struct qemu_proc *proc);
int qemu_proc_take_fd(const struct qemu_proc *proc, int fd);
const char *process_name(pid_t pid, char *name, size_t size);

#endif
