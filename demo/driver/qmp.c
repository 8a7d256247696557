// SPDX-License-Identifier: GPL-2.0
#include <err.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "clock.h"
#include "qmp.h"

/* One message is one line. */
static void read_line(int fd, char *line, size_t size)
{
	size_t used = 0;
	char c;

	for (;;) {
		if (read(fd, &c, 1) != 1)
			errx(1, "QEMU closed its monitor");
		if (c == '\n')
			break;
		if (used < size - 1)
			line[used++] = c;
	}
	line[used] = 0;
}

/* Events come in between; the greeting is neither. */
static void read_answer(int fd, const char *command)
{
	char line[4096];

	do
		read_line(fd, line, sizeof(line));
	while (!strstr(line, "\"return\"") && !strstr(line, "\"error\""));
	if (strstr(line, "\"error\""))
		errx(1, "QEMU refuses \"%s\": %s", command, line);
}

void qmp_command(int fd, const char *command)
{
	char line[128];
	int length;

	length = snprintf(line, sizeof(line), "{\"execute\":\"%s\"}\n", command);
	if (write(fd, line, length) != length)
		err(1, "cannot write to QEMU's monitor");
	read_answer(fd, command);
}

int qmp_connect(const char *path, unsigned int seconds)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	uint64_t give_up = now_ns() + seconds * NS_PER_S;
	int fd;

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		err(1, "socket");
	while (connect(fd, (struct sockaddr *)&address, sizeof(address))) {
		if (now_ns() > give_up)
			err(1, "no answer from QEMU at %s", path);
		sleep_until(now_ns() + 10 * NS_PER_MS);
	}
	qmp_command(fd, "qmp_capabilities");
	return fd;
}
