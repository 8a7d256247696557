/* SPDX-License-Identifier: GPL-2.0 */
/* As much of QEMU's machine protocol as it takes to start and end a guest. */
#ifndef DEMO_QMP_H
#define DEMO_QMP_H

/* Connects as soon as the socket is there; ends the program if that takes @seconds. */
int qmp_connect(const char *path, unsigned int seconds);

/* Runs a command without arguments; ends the program if QEMU refuses it. */
void qmp_command(int fd, const char *command);

#endif /* DEMO_QMP_H */
