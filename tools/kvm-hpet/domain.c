// SPDX-License-Identifier: GPL-2.0
/*
 * Domains of libvirt: which process is meant. Its files are asked, not libvirt itself, so that a
 * hook, which must not call libvirt back, can use this too.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "domain.h"
#include "error.h"
#include "parse.h"
#include "qemu_proc.h"

/* Where libvirt keeps the process ids of its QEMUs: the system's, or a user's own */
static void pid_file(char *path, size_t size, const char *domain)
{
	const char *own = getenv("XDG_RUNTIME_DIR");

	if (geteuid() && own)
		snprintf(path, size, "%s/libvirt/qemu/run/%s.pid", own, domain);
	else
		snprintf(path, size, "/run/libvirt/qemu/%s.pid", domain);
}

static bool read_pid(const char *path, pid_t *pid)
{
	FILE *file = fopen(path, "re");
	char text[24] = "";
	uint64_t number;

	if (!file)
		return false;
	if (!fgets(text, sizeof(text), file))
		*text = '\0';
	fclose(file);
	text[strcspn(text, "\n")] = '\0';
	if (!parse_number(text, 1, INT_MAX, &number))
		return false;
	*pid = number;
	return true;
}

/**
 * domain_pid() - the QEMU of a domain of libvirt's
 * @domain: its name
 * @pid: result
 *
 * Return: 0, or -1 after fail()
 */
int domain_pid(const char *domain, pid_t *pid)
{
	struct qemu_proc proc;
	char path[PATH_MAX];
	bool same;

	if (!*domain || strchr(domain, '/'))
		return fail("%s is not the name of a domain", domain);
	pid_file(path, sizeof(path), domain);
	if (!read_pid(path, pid) || qemu_proc_open(&proc, *pid))
		return fail("libvirt has no running domain %s: %s has no process id of a QEMU", domain, path);
	/* The file may be a leftover and the number used again. */
	same = !strncmp(proc.guest, domain, sizeof(proc.guest) - 1);
	qemu_proc_close(&proc);
	return same ? 0 : fail("process %d is not the domain %s: %s is out of date", *pid, domain, path);
}
