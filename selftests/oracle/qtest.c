// SPDX-License-Identifier: GPL-2.0
/*
 * QEMU with its test protocol on a socket: commands go out in batches, answers
 * are taken as they come, so that neither side waits for the other.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "oracle.h"

#define TIMEOUT_MS	120000

const char *qtest_fault;

static int sock = -1;
static pid_t child;
static char out[1 << 16];
static size_t out_len;
static char in[1 << 16];
static size_t in_len;

static void run_qemu(char *const argv[], int fd)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* The descriptor's number stands on the command line: 3. */
	if (fd == 3)
		fcntl(fd, F_SETFD, 0);
	else
		dup2(fd, 3);
	execv(argv[0], argv);
	perror(argv[0]);
	_exit(127);
}

bool qtest_start(char *const argv[])
{
	int fd[2], size = 1 << 20;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd))
		return false;
	setsockopt(fd[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	setsockopt(fd[1], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	child = fork();
	if (!child)
		run_qemu(argv, fd[1]);
	close(fd[1]);
	sock = fd[0];
	out_len = 0;
	in_len = 0;
	qtest_fault = child > 0 ? NULL : "fork failed";
	return child > 0;
}

static void line_came(const char *line)
{
	unsigned int n;

	if (sscanf(line, "IRQ raise %u", &n) == 1)
		compare_irq(true, n);
	else if (sscanf(line, "IRQ lower %u", &n) == 1)
		compare_irq(false, n);
	else
		compare_reply(line);
}

static void take_lines(void)
{
	char *start = in, *end;

	while ((end = memchr(start, '\n', in + in_len - start))) {
		*end = 0;
		line_came(start);
		start = end + 1;
	}
	in_len -= start - in;
	memmove(in, start, in_len);
}

static void receive(void)
{
	ssize_t n = read(sock, in + in_len, sizeof(in) - in_len);

	if (n > 0)
		in_len += n;
	else if (!n || (errno != EINTR && errno != EAGAIN))
		qtest_fault = "QEMU has gone";
	take_lines();
}

static void transmit(void)
{
	ssize_t n = send(sock, out, out_len, MSG_NOSIGNAL | MSG_DONTWAIT);

	if (n < 0 && errno != EAGAIN && errno != EINTR)
		qtest_fault = "QEMU has gone";
	if (n <= 0)
		return;
	out_len -= n;
	memmove(out, out + n, out_len);
}

static void exchange(void)
{
	struct pollfd p = { .fd = sock, .events = POLLIN };
	int ready;

	if (out_len)
		p.events |= POLLOUT;
	ready = poll(&p, 1, TIMEOUT_MS);
	if (!ready)
		qtest_fault = "QEMU does not answer";
	if (ready <= 0)
		return;
	if (p.revents & POLLOUT)
		transmit();
	if (p.revents & (POLLIN | POLLHUP | POLLERR))
		receive();
}

void qtest_send(const char *command)
{
	size_t len = strlen(command);

	while (out_len + len + 1 > sizeof(out) && !qtest_fault)
		exchange();
	if (qtest_fault)
		return;
	memcpy(out + out_len, command, len);
	out_len += len;
	out[out_len++] = '\n';
}

void qtest_drain(unsigned long until_outstanding)
{
	while (!qtest_fault && (out_len ||
				compare_outstanding() > until_outstanding))
		exchange();
}

void qtest_quit(void)
{
	if (sock >= 0)
		close(sock);
	sock = -1;
	if (child > 0) {
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
	}
	child = 0;
}
