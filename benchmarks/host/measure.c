// SPDX-License-Identifier: GPL-2.0
/*
 * measure COMMAND... - runs a VMM that passes on its guest's debug port on stdout,
 * and watches the host as vmm does. Ends it when the guest is done.
 */
#include <err.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "watch.h"

int main(int argc, char **argv)
{
	struct watch w;
	int ends[2];
	pid_t vmm;
	char c;

	if (argc < 2)
		errx(2, "usage: measure COMMAND...");
	watch_open(&w, false);
	if (pipe(ends))
		err(1, "pipe");
	vmm = fork();
	if (vmm < 0)
		err(1, "fork");
	if (!vmm) {
		dup2(ends[1], STDOUT_FILENO);
		close(ends[0]);
		execvp(argv[1], argv + 1);
		err(1, "%s", argv[1]);
	}
	close(ends[1]);
	while (!w.done && read(ends[0], &c, 1) == 1)
		watch_output(&w, c);
	kill(vmm, SIGTERM);
	waitpid(vmm, NULL, 0);
	if (!w.done)
		errx(1, "the guest did not come to its end");
	watch_report(&w);
	return 0;
}
