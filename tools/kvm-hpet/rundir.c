// SPDX-License-Identifier: GPL-2.0
/*
 * How the tool finds the agent of a VM: a locked file and a socket, named by
 * QEMU's process id. The lock ends with the agent and the agent ends with
 * QEMU, so that neither stale files nor a process id used again can mislead.
 */
#include <errno.h>
#include <fcntl.h>
#include <dirent.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "error.h"
#include "rundir.h"

/* QEMU may need that long to stop its disks, twice. */
#define ANSWER_MS	150000

/* An ordinary user may attach to VMs of their own; /run itself is root's. */
static const char *run_dir(void)
{
	static char dir[PATH_MAX];
	const char *base = getenv("KVM_HPET_RUNDIR");

	if (base)
		return base;
	base = geteuid() ? getenv("XDG_RUNTIME_DIR") : "/run";
	snprintf(dir, sizeof(dir), "%s/kvm-hpet", base ? base : "/run");
	return dir;
}

static int make_run_dir(void)
{
	if (mkdir(run_dir(), 0755) && errno != EEXIST)
		return fail("cannot create %s: %m", run_dir());
	return 0;
}

static int open_lock(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return fail("cannot create %s: %m", path);
	if (flock(fd, LOCK_EX | LOCK_NB)) {
		int err = errno;

		close(fd);
		errno = err;
		return err == EWOULDBLOCK ? -1 : fail("cannot lock %s: %m", path);
	}
	return fd;
}

/* The agent before may have removed the file between our open and our lock. */
static bool still_there(int fd, const char *path)
{
	struct stat open_file, named;

	return !fstat(fd, &open_file) && !stat(path, &named) &&
	       open_file.st_ino == named.st_ino && open_file.st_dev == named.st_dev;
}

/**
 * agent_files_lock() - become the one agent of a VM
 * @files: filled in
 * @vm_pid: QEMU's process id
 *
 * Return: 0, or -1 after fail()
 */
int agent_files_lock(struct agent_files *files, pid_t vm_pid)
{
	files->lock = -1;
	if (make_run_dir())
		return -1;
	snprintf(files->lock_path, PATH_MAX, "%s/%d.lock", run_dir(), vm_pid);
	snprintf(files->socket_path, PATH_MAX, "%s/%d.sock", run_dir(), vm_pid);
	do {
		if (files->lock >= 0)
			close(files->lock);
		files->lock = open_lock(files->lock_path);
		if (files->lock < 0)
			return errno == EWOULDBLOCK ?
				fail("already attached: another kvm-hpet looks after process %d",
				     vm_pid) : -1;
	} while (!still_there(files->lock, files->lock_path));
	return 0;
}

static int set_address(struct sockaddr_un *addr, const char *path)
{
	*addr = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (strlen(path) >= sizeof(addr->sun_path))
		return fail("the path %s is too long for a socket", path);
	strcpy(addr->sun_path, path);
	return 0;
}

/**
 * agent_files_listen() - open the socket for requests
 * @files: locked
 *
 * Return: the listening socket, or -1 after fail()
 */
int agent_files_listen(struct agent_files *files)
{
	struct sockaddr_un addr;
	mode_t mask;
	int fd, ret;

	if (set_address(&addr, files->socket_path))
		return -1;
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return fail("cannot create a socket: %m");
	/* Under the lock, so what is there is a leftover. */
	unlink(files->socket_path);
	mask = umask(0077);
	ret = bind(fd, (struct sockaddr *)&addr, sizeof(addr));
	umask(mask);
	if (ret || listen(fd, 4)) {
		fail("cannot listen on %s: %m", files->socket_path);
		close(fd);
		return -1;
	}
	return fd;
}

/**
 * agent_files_remove() - leave nothing behind
 * @files: locked or not
 */
void agent_files_remove(struct agent_files *files)
{
	if (files->lock < 0)
		return;
	unlink(files->socket_path);
	unlink(files->lock_path);
	close(files->lock);
	files->lock = -1;
}

static int connect_in(const char *dir, pid_t vm_pid)
{
	struct sockaddr_un addr;
	char path[PATH_MAX];
	int fd;

	snprintf(path, sizeof(path), "%s/%d.sock", dir, vm_pid);
	if (set_address(&addr, path))
		return -1;
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return fail("cannot create a socket: %m");
	if (!connect(fd, (struct sockaddr *)&addr, sizeof(addr)))
		return fd;
	if (errno == ENOENT || errno == ECONNREFUSED || errno == ENOTDIR)
		fail("no kvm-hpet is attached to process %d", vm_pid);
	else
		fail("cannot connect to %s: %m", path);
	close(fd);
	return -1;
}

/**
 * agent_connect() - reach the agent of a VM
 * @vm_pid: QEMU's process id
 *
 * Return: a socket, or -1 after fail()
 */
int agent_connect(pid_t vm_pid)
{
	int fd = connect_in(run_dir(), vm_pid);
	char path[PATH_MAX];
	struct stat owner;

	if (fd >= 0 || geteuid())
		return fd;
	/* Root also finds what the QEMU's own user has attached. */
	snprintf(path, sizeof(path), "/proc/%d", vm_pid);
	if (stat(path, &owner) || !owner.st_uid)
		return -1;
	snprintf(path, sizeof(path), "/run/user/%u/kvm-hpet", owner.st_uid);
	return connect_in(path, vm_pid);
}

/**
 * agent_speaks() - wait until an agent has answered, or has ended
 * @fd: connection to it, or its pidfd
 *
 * Return: whether it has
 */
bool agent_speaks(int fd)
{
	struct pollfd wait = { .fd = fd, .events = POLLIN };

	return poll(&wait, 1, ANSWER_MS) > 0;
}

/**
 * agent_answer() - wait for the answer to a request
 * @vm_pid: QEMU's process id
 * @fd: connection to the agent
 * @text: AGENT_MESSAGE characters: ANSWER_DONE or ANSWER_BUT, and what follows it
 *
 * Return: 0, or -1 after fail()
 */
int agent_answer(pid_t vm_pid, int fd, char *text)
{
	ssize_t len;

	if (!agent_speaks(fd))
		return fail("the agent of process %d does not answer", vm_pid);
	len = recv(fd, text, AGENT_MESSAGE - 1, 0);
	if (len <= 0)
		return fail("the agent of process %d ended without an answer", vm_pid);
	text[len] = '\0';
	if (!strncmp(text, ANSWER_REFUSED, strlen(ANSWER_REFUSED)))
		return fail("%s", text + strlen(ANSWER_REFUSED));
	return 0;
}

/**
 * agent_list() - VMs that seem to have an agent
 * @pids: QEMU's process ids; some may be of leftovers
 * @max: room in @pids
 *
 * Return: how many
 */
size_t agent_list(pid_t *pids, size_t max)
{
	DIR *dir = opendir(run_dir());
	struct dirent *entry;
	size_t count = 0;

	while (dir && count < max && (entry = readdir(dir))) {
		char end;

		if (sscanf(entry->d_name, "%d.soc%c", &pids[count], &end) == 2 && end == 'k')
			count++;
	}
	if (dir)
		closedir(dir);
	return count;
}
