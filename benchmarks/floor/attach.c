// SPDX-License-Identifier: GPL-2.0
/*
 * attach-floor PID: puts the device that does nothing into the VM of a process,
 * says "attached", and holds it until it is killed.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "floor.h"

static int die(const char *what)
{
	fprintf(stderr, "attach-floor: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* The number of the process's descriptor of its VM. */
static int find_vm(int pid)
{
	char path[300], target[64];
	struct dirent *entry;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	dir = opendir(path);
	if (!dir)
		die(path);
	while ((entry = readdir(dir))) {
		ssize_t n;

		snprintf(path, sizeof(path), "/proc/%d/fd/%s", pid,
			 entry->d_name);
		n = readlink(path, target, sizeof(target) - 1);
		if (n < 0)
			continue;
		target[n] = '\0';
		if (!strcmp(target, "anon_inode:kvm-vm"))
			return atoi(entry->d_name);
	}
	errno = ENOENT;
	return die("no VM in that process");
}

int main(int argc, char **argv)
{
	int pid, pidfd, vm, dev;

	if (argc != 2) {
		fprintf(stderr, "usage: attach-floor PID\n");
		return 2;
	}
	pid = atoi(argv[1]);
	pidfd = syscall(SYS_pidfd_open, pid, 0);
	if (pidfd < 0)
		die("pidfd_open");
	vm = syscall(SYS_pidfd_getfd, pidfd, find_vm(pid), 0);
	if (vm < 0)
		die("pidfd_getfd");
	dev = open("/dev/kvm_hpet_floor", O_RDWR);
	if (dev < 0)
		die("/dev/kvm_hpet_floor");
	if (ioctl(dev, FLOOR_ATTACH, vm))
		die("FLOOR_ATTACH");
	printf("attached\n");
	fflush(stdout);
	for (;;)
		pause();
}
