/* SPDX-License-Identifier: GPL-2.0 */
#ifndef KVM_HPET_AGENT_H
#define KVM_HPET_AGENT_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "interlock.h"
#include "qemu_proc.h"
#include "qmp.h"
#include "rundir.h"
#include "writeback.h"

/**
 * struct agent - what holds a block and keeps it in step with its VM
 * @vm: the QEMU process
 * @qmp: its monitor; @qmp.fd is -1 if there is none
 * @block: descriptor of the block, -1 before and after there is one
 * @files: lock and socket by which the tool finds the agent
 * @listener: socket for requests, -1 if not open yet
 * @client: whoever is connected to it, or -1
 * @signals: signalfd for those that ask the agent to end
 * @spare: connected to the process that takes over if this one is killed, or -1
 * @qmp_path: socket of the monitor, to come back to; "" if there is none
 * @shared: what that process has to know
 * @shared.stopped: we have stopped the VM and not continued it
 * @shared.writeback: what QEMU's own HPET holds, for who saves the VM
 * @running: the VM runs, by QEMU's events
 * @look: the VM was continued, by somebody else
 * @interlock: QEMU waits for us when the guest is reset
 * @stop_began: when agent_stop_vm() was called, ns of CLOCK_MONOTONIC; 0 once the VM was continued
 * @stopped_ns: for how long the VM stood still because of us, the last time
 * @unguarded: a migration may have been completed since we have stopped the VM
 * @cancelled: we have cancelled a migration that went on while we had the VM stopped
 */
struct agent {
	struct qemu_proc vm;
	struct qmp qmp;
	int block;
	struct agent_files files;
	int listener;
	int client;
	int signals;
	int spare;
	char qmp_path[PATH_MAX];
	struct {
		bool stopped;
		struct writeback writeback;
	} *shared;
	bool running;
	bool look;
	struct interlock interlock;
	uint64_t stop_began;
	uint64_t stopped_ns;
	bool unguarded;
	bool cancelled;
};

void agent_init(struct agent *agent);
bool agent_has_monitor(const struct agent *agent);
int agent_query_running(struct agent *agent, bool *running);
int agent_stop_vm(struct agent *agent);
int agent_continue_vm(struct agent *agent);
char *stopped_text(char *text, size_t size, uint64_t ns);
void agent_hear(struct agent *agent);
int agent_follow_run_state(struct agent *agent);
void agent_run(struct agent *agent);
void agent_close(struct agent *agent);

#endif
