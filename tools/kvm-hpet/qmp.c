// SPDX-License-Identifier: GPL-2.0
/*
 * The QEMU machine protocol over a unix socket: one command at a time, events
 * handed to a callback as they come.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "error.h"
#include "qmp.h"

/* QMP serves one client; a further one is accepted by the kernel and hears nothing. */
#define GREETING_MS	5000
/* "stop" waits for the guest's disks. */
#define COMMAND_MS	60000
/* No message that is asked for comes near to it; the guest may have taken QEMU over. */
#define MAX_MESSAGE	(1024 * 1024)

static long long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

/* Paths too long for a socket address are reached through a descriptor. */
static int set_address(struct sockaddr_un *addr, const char *path, int *path_fd)
{
	*addr = (struct sockaddr_un){ .sun_family = AF_UNIX };
	*path_fd = -1;
	if (strlen(path) < sizeof(addr->sun_path)) {
		strcpy(addr->sun_path, path);
		return 0;
	}
	*path_fd = open(path, O_PATH | O_CLOEXEC);
	if (*path_fd < 0)
		return -1;
	snprintf(addr->sun_path, sizeof(addr->sun_path), "/proc/self/fd/%d", *path_fd);
	return 0;
}

static int connect_socket(int fd, const char *path)
{
	struct sockaddr_un addr;
	int path_fd, ret, err;

	if (set_address(&addr, path, &path_fd))
		return -1;
	ret = connect(fd, (struct sockaddr *)&addr, sizeof(addr));
	err = errno;
	if (path_fd >= 0)
		close(path_fd);
	errno = err;
	return ret;
}

/**
 * qmp_connect() - connect to a QMP socket, without a word said yet
 * @qmp: filled in; the callback is set by the caller afterwards
 * @path: of the socket
 * @listener: process that listens there, 0 if it can't be seen from here
 *
 * Return: 0, or -1 after fail()
 */
int qmp_connect(struct qmp *qmp, const char *path, pid_t *listener)
{
	struct ucred peer = { 0 };
	socklen_t len = sizeof(peer);

	*qmp = (struct qmp){ .cancel_fd = -1 };
	/* Non-blocking, since connecting would wait for room in a full queue. */
	qmp->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (qmp->fd < 0)
		return fail("cannot create a socket: %m");
	if (connect_socket(qmp->fd, path)) {
		int err = errno;

		qmp_close(qmp);
		if (err == EAGAIN)
			return fail("the QMP socket %s is busy: it serves one client at a time; give QEMU a second one",
				    path);
		return fail("cannot connect to the QMP socket %s: %s", path, strerror(err));
	}
	getsockopt(qmp->fd, SOL_SOCKET, SO_PEERCRED, &peer, &len);
	*listener = peer.pid;
	return 0;
}

/**
 * qmp_close() - hang up
 * @qmp: the connection
 */
void qmp_close(struct qmp *qmp)
{
	if (qmp->tok)
		json_tokener_free(qmp->tok);
	if (qmp->fd >= 0)
		close(qmp->fd);
	qmp->tok = NULL;
	qmp->fd = -1;
}

/* Return: 1 if there is something to read, 0 if not until @deadline, -1 after fail() */
static int wait_readable(struct qmp *qmp, long long deadline)
{
	struct pollfd fds[2] = {
		{ .fd = qmp->fd, .events = POLLIN },
		{ .fd = qmp->cancel_fd, .events = POLLIN },
	};
	long long left;

	do {
		left = deadline - now_ms();
		if (left <= 0)
			return 0;
	} while (poll(fds, 2, left) < 0 && errno == EINTR);
	if (fds[1].revents)
		return fail("interrupted");
	return fds[0].revents ? 1 : 0;
}

/* Return: 1 if something came, 0 if there is nothing now, -1 after fail() */
static int fill_buffer(struct qmp *qmp)
{
	ssize_t n = read(qmp->fd, qmp->buf + qmp->used, sizeof(qmp->buf) - qmp->used);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n < 0)
		return fail("cannot read from QEMU's monitor: %m");
	if (!n)
		return fail("QEMU closed the connection to its monitor");
	qmp->used += n;
	return 1;
}

/* One message out of the buffer; NULL with *broken unset: more has to be read. */
static struct json_object *parse_message(struct qmp *qmp, bool *broken)
{
	struct json_object *msg = json_tokener_parse_ex(qmp->tok, qmp->buf, qmp->used);
	size_t parsed = json_tokener_get_parse_end(qmp->tok);

	qmp->message = msg ? 0 : qmp->message + parsed;
	*broken = !msg && (json_tokener_get_error(qmp->tok) != json_tokener_continue ||
			   qmp->message > MAX_MESSAGE);
	memmove(qmp->buf, qmp->buf + parsed, qmp->used - parsed);
	qmp->used -= parsed;
	return msg;
}

/* Return: 1 with a message, 0 without one until @deadline (0: now), -1 after fail() */
static int next_message(struct qmp *qmp, long long deadline, struct json_object **msg)
{
	bool broken;
	int ret;

	for (;;) {
		if (qmp->used) {
			*msg = parse_message(qmp, &broken);
			if (*msg)
				return 1;
			if (broken)
				return fail("what answers is not QEMU's machine protocol (QMP)");
		}
		ret = deadline ? wait_readable(qmp, deadline) : 1;
		if (ret > 0)
			ret = fill_buffer(qmp);
		if (ret < 0 || (ret == 0 && (!deadline || now_ms() >= deadline)))
			return ret;
	}
}

static void dispatch_event(struct qmp *qmp, struct json_object *msg)
{
	struct json_object *event, *data = NULL;

	json_object_object_get_ex(msg, "data", &data);
	if (json_object_object_get_ex(msg, "event", &event) && event && qmp->on_event)
		qmp->on_event(qmp->context, json_object_get_string(event), data);
}

/*
 * The first message but for events: those that come while QEMU notices the new connection
 * go to it as to the one before.
 */
static int next_greeting(struct qmp *qmp, struct json_object **msg)
{
	long long deadline = now_ms() + GREETING_MS;
	int ret;

	while ((ret = next_message(qmp, deadline, msg)) > 0 &&
	       json_object_object_get_ex(*msg, "event", NULL))
		json_object_put(*msg);
	return ret;
}

static int read_version(struct qmp *qmp, struct json_object *greeting)
{
	struct json_object *obj, *part;
	int number[3] = { 0 };
	static const char * const names[] = { "major", "minor", "micro" };

	if (!json_object_object_get_ex(greeting, "QMP", &obj) ||
	    !json_object_object_get_ex(obj, "version", &obj) ||
	    !json_object_object_get_ex(obj, "qemu", &obj))
		return fail("what answers is not QEMU's machine protocol (QMP)");
	for (int i = 0; i < 3; i++)
		if (json_object_object_get_ex(obj, names[i], &part))
			number[i] = json_object_get_int(part);
	snprintf(qmp->version, sizeof(qmp->version), "%d.%d.%d", number[0], number[1], number[2]);
	return 0;
}

/**
 * qmp_greet() - wait for QEMU's greeting and enter command mode
 * @qmp: connected by qmp_connect()
 *
 * Return: 0, or -1 after fail()
 */
int qmp_greet(struct qmp *qmp)
{
	struct json_object *msg;
	int ret;

	qmp->tok = json_tokener_new();
	if (!qmp->tok)
		return fail("out of memory");
	ret = next_greeting(qmp, &msg);
	if (ret < 0)
		return ret;
	if (!ret)
		return fail("the QMP socket is busy or QEMU does not answer: it serves one client at a time; give QEMU a second one");
	ret = read_version(qmp, msg);
	json_object_put(msg);
	return ret ? ret : qmp_command(qmp, "qmp_capabilities", NULL, NULL);
}

/* With a descriptor for QEMU, unless it is -1 */
static ssize_t send_text(int socket, const char *text, size_t len, int fd)
{
	struct iovec data = { .iov_base = (char *)text, .iov_len = len };
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { .header = {
		.cmsg_len = CMSG_LEN(sizeof(int)),
		.cmsg_level = SOL_SOCKET,
		.cmsg_type = SCM_RIGHTS,
	} };
	struct msghdr msg = { .msg_iov = &data, .msg_iovlen = 1 };

	if (fd >= 0) {
		memcpy(CMSG_DATA(&control.header), &fd, sizeof(int));
		msg.msg_control = &control;
		msg.msg_controllen = sizeof(control.room);
	}
	return sendmsg(socket, &msg, MSG_NOSIGNAL);
}

static int send_command(struct qmp *qmp, const char *name, struct json_object *args, int fd)
{
	struct json_object *cmd = json_object_new_object();
	const char *text;
	size_t len;
	ssize_t n;

	json_object_object_add(cmd, "execute", json_object_new_string(name));
	if (args)
		json_object_object_add(cmd, "arguments", args);
	json_object_object_add(cmd, "id", json_object_new_int(++qmp->id));
	text = json_object_to_json_string_length(cmd, JSON_C_TO_STRING_PLAIN, &len);
	/* Far less than a socket's buffer, and one command at a time: it fits. */
	n = send_text(qmp->fd, text, len, fd);
	json_object_put(cmd);
	if (n < 0)
		return fail("cannot write to QEMU's monitor: %m");
	return n == (ssize_t)len ? 0 : fail("QEMU's monitor takes no more commands");
}

/* Return: 1 if @msg is the reply to the last command and went well, 0 if not its reply */
static int take_reply(struct qmp *qmp, const char *name, struct json_object *msg,
		      struct json_object **result)
{
	struct json_object *obj;

	if (!json_object_object_get_ex(msg, "id", &obj) || json_object_get_int(obj) != qmp->id) {
		dispatch_event(qmp, msg);
		return 0;
	}
	if (json_object_object_get_ex(msg, "error", &obj) &&
	    json_object_object_get_ex(obj, "desc", &obj))
		return fail("QEMU refuses \"%s\": %s", name, json_object_get_string(obj));
	if (!json_object_object_get_ex(msg, "return", &obj))
		return fail("QEMU's answer to \"%s\" makes no sense", name);
	if (result)
		*result = json_object_get(obj);
	return 1;
}

/**
 * qmp_command() - send a command and wait for its reply
 * @qmp: the connection
 * @name: of the command
 * @args: its arguments or NULL; given away
 * @result: what it returned, for json_object_put(); or NULL
 *
 * Return: 0, or -1 after fail()
 */
int qmp_command(struct qmp *qmp, const char *name, struct json_object *args,
		struct json_object **result)
{
	return qmp_command_fd(qmp, name, args, -1, result);
}

/**
 * qmp_command_fd() - a command that hands QEMU a descriptor
 * @qmp: the connection
 * @name: of the command
 * @args: its arguments or NULL; given away
 * @fd: the descriptor, or -1
 * @result: what it returned, for json_object_put(); or NULL
 *
 * Return: 0, or -1 after fail()
 */
int qmp_command_fd(struct qmp *qmp, const char *name, struct json_object *args, int fd,
		   struct json_object **result)
{
	long long deadline = now_ms() + COMMAND_MS;
	struct json_object *msg;
	int ret = send_command(qmp, name, args, fd);

	while (!ret) {
		ret = next_message(qmp, deadline, &msg);
		if (ret < 0)
			break;
		if (!ret)
			return fail("QEMU does not answer to \"%s\"", name);
		ret = take_reply(qmp, name, msg, result);
		json_object_put(msg);
	}
	return ret < 0 ? ret : 0;
}

/**
 * qmp_human_command() - a command of the human monitor
 * @qmp: the connection
 * @line: the command
 * @text: what it printed, a string for json_object_put()
 *
 * Return: 0, or -1 after fail()
 */
int qmp_human_command(struct qmp *qmp, const char *line, struct json_object **text)
{
	struct json_object *args = json_object_new_object();

	json_object_object_add(args, "command-line", json_object_new_string(line));
	if (qmp_command(qmp, "human-monitor-command", args, text))
		return -1;
	if (json_object_is_type(*text, json_type_string))
		return 0;
	json_object_put(*text);
	return fail("QEMU's answer to \"%s\" makes no sense", line);
}

/**
 * qmp_query_status() - QEMU's word for what something does
 * @qmp: the connection
 * @name: of the command that tells, as "status" of its answer
 * @none: what it is if the answer has none
 * @text: buffer for it
 * @size: of the buffer
 *
 * Return: 0, or -1 after fail()
 */
int qmp_query_status(struct qmp *qmp, const char *name, const char *none, char *text, size_t size)
{
	struct json_object *answer, *status;

	if (qmp_command(qmp, name, NULL, &answer))
		return -1;
	snprintf(text, size, "%s", json_object_object_get_ex(answer, "status", &status) ?
		 json_object_get_string(status) : none);
	json_object_put(answer);
	return 0;
}

/**
 * qmp_version() - QEMU's version as a number
 * @qmp: greeted
 *
 * Return: major << 8 | minor
 */
unsigned int qmp_version(const struct qmp *qmp)
{
	unsigned int major = 0, minor = 0;

	sscanf(qmp->version, "%u.%u", &major, &minor);
	return major << 8 | minor;
}

/**
 * qmp_receive_events() - take what has come without waiting
 * @qmp: the connection
 *
 * Return: 0, or -1 after fail() if the connection is lost
 */
int qmp_receive_events(struct qmp *qmp)
{
	struct json_object *msg;
	int ret;

	while ((ret = next_message(qmp, 0, &msg)) > 0) {
		dispatch_event(qmp, msg);
		json_object_put(msg);
	}
	return ret;
}

/**
 * qmp_wait() - wait for an event
 * @qmp: the connection
 * @happened: set by the callback when it has come
 * @timeout_ms: for no longer than that
 *
 * Return: 0, or -1 after fail()
 */
int qmp_wait(struct qmp *qmp, const bool *happened, int timeout_ms)
{
	long long deadline = now_ms() + timeout_ms;
	struct json_object *msg;
	int ret;

	while (!*happened) {
		ret = next_message(qmp, deadline, &msg);
		if (ret < 0)
			return ret;
		if (!ret)
			return fail("QEMU does not do what it was told");
		dispatch_event(qmp, msg);
		json_object_put(msg);
	}
	return 0;
}
