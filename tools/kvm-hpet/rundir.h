/* SPDX-License-Identifier: GPL-2.0 */
#ifndef KVM_HPET_RUNDIR_H
#define KVM_HPET_RUNDIR_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Longest answer on the agent's socket */
#define AGENT_MESSAGE	1024
#define REQUEST_DETACH	"detach"
#define REQUEST_FORCE	"detach force"
#define REQUEST_LOAD	"load"	/* with its 0, then a struct kvm_hpet_state */
/* An answer begins with one of these; what follows is for the user. */
#define ANSWER_DONE	"done "
#define ANSWER_BUT	"but "		/* done, but something went wrong */
#define ANSWER_REFUSED	"refused "

/**
 * struct agent_files - what an agent leaves in the file system while it runs
 * @lock: open lock file, -1 when there is none; locked as long as the agent lives
 * @lock_path: PID.lock, where PID is the QEMU's
 * @socket_path: PID.sock, where the agent takes requests
 */
struct agent_files {
	int lock;
	char lock_path[PATH_MAX];
	char socket_path[PATH_MAX];
};

int agent_files_lock(struct agent_files *files, pid_t vm_pid);
int agent_files_listen(struct agent_files *files);
void agent_files_remove(struct agent_files *files);
bool agent_speaks(int fd);
int agent_answer(pid_t vm_pid, int fd, char *text);
int agent_connect(pid_t vm_pid);
size_t agent_list(pid_t *pids, size_t max);

#endif
