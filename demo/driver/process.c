// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "process.h"

#define PRIORITY	90	/* above the real-time hog of a load */

const char *out_directory = "/out";

const char *out_path(const char *name)
{
	static char path[4][256];
	static unsigned int turn;

	turn = (turn + 1) % 4;
	snprintf(path[turn], sizeof(path[turn]), "%s/%s", out_directory, name);
	return path[turn];
}

/* mlockall: a page fault at the wrong moment would shift a load. */
void become_observer(void)
{
	struct sched_param param = { .sched_priority = PRIORITY };
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(0, &cpus);
	if (sched_setaffinity(0, sizeof(cpus), &cpus))
		err(1, "sched_setaffinity");
	if (sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &param))
		err(1, "sched_setscheduler");
	if (mlockall(MCL_CURRENT | MCL_FUTURE))
		err(1, "mlockall");
}

static void redirect(const char *path, int to)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	if (fd < 0 || dup2(fd, to) < 0)
		err(1, "%s", path);
	close(fd);
}

/* Whatever ends us ends our children too. */
pid_t start(const char *const argv[], const char *out, const char *log)
{
	pid_t pid = fork();

	if (pid < 0)
		err(1, "fork");
	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	redirect(log, 2);
	if (strcmp(out, log))
		redirect(out, 1);
	else if (dup2(2, 1) < 0)
		err(1, "dup2");
	execv(argv[0], (char *const *)argv);
	err(127, "%s", argv[0]);
}

uint64_t cpu_time(pid_t pid)
{
	struct timespec ts;
	clockid_t clock;

	if (clock_getcpuclockid(pid, &clock) || clock_gettime(clock, &ts))
		errx(1, "cannot read the CPU time of process %d", pid);
	return (uint64_t)ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

void check_alive(pid_t pid, const char *what, const char *log)
{
	int status;

	if (waitpid(pid, &status, WNOHANG) != pid)
		return;
	if (WIFSIGNALED(status))
		errx(1, "%s was killed by signal %d, see %s", what, WTERMSIG(status), log);
	errx(1, "%s ended with status %d, see %s", what, WEXITSTATUS(status), log);
}
