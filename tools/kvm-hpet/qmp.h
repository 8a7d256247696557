/* SPDX-License-Identifier: GPL-2.0 */
#ifndef KVM_HPET_QMP_H
#define KVM_HPET_QMP_H

#include <json-c/json.h>
#include <stdbool.h>
#include <sys/types.h>

/**
 * struct qmp - a connection to a QEMU monitor
 * @fd: the socket, -1 when not connected
 * @cancel_fd: becomes readable when waiting is to be given up, or -1
 * @id: of the last command
 * @tok: parser; keeps the beginning of a message whose end is still to come
 * @buf: what was received and not parsed
 * @used: length of @buf
 * @message: how much of the present message was parsed already
 * @version: QEMU's version
 * @on_event: called for each event, also while waiting for a reply, so that it can't send
 *	commands itself; with the data of the event, or NULL
 * @context: its first argument
 */
struct qmp {
	int fd;
	int cancel_fd;
	int id;
	struct json_tokener *tok;
	char buf[4096];
	size_t used;
	size_t message;
	char version[32];
	void (*on_event)(void *context, const char *name, struct json_object *data);
	void *context;
};

int qmp_connect(struct qmp *qmp, const char *path, pid_t *listener);
int qmp_greet(struct qmp *qmp);
void qmp_close(struct qmp *qmp);
int qmp_command(struct qmp *qmp, const char *name, struct json_object *args,
		struct json_object **result);
int qmp_command_fd(struct qmp *qmp, const char *name, struct json_object *args, int fd,
		   struct json_object **result);
int qmp_query_status(struct qmp *qmp, const char *name, const char *none, char *text, size_t size);
unsigned int qmp_version(const struct qmp *qmp);
int qmp_human_command(struct qmp *qmp, const char *line, struct json_object **text);
int qmp_receive_events(struct qmp *qmp);
int qmp_wait(struct qmp *qmp, const bool *happened, int timeout_ms);

#endif
