// SPDX-License-Identifier: GPL-2.0
/*
 * Reading and writing the HPET of a running, unmodified QEMU, with the VM stopped.
 *
 * It is read through the state that QEMU saves of its devices, which has what no
 * register shows, and written through QEMU's gdbstub, which can write physical
 * memory. QEMU is handed the descriptors for both, so that no path has to exist where
 * it can see it, and nothing listens anywhere.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "block.h"
#include "error.h"
#include "handover.h"

/* How QEMU knows what it is handed */
#define NAME		"kvm-hpet-gdb"
#define STUB_MS		10000
/* What it reads at once, so that the VM can't be continued in the middle; a packet has less than 40. */
#define STUB_BYTES	4096
#define STUB_WRITES	(STUB_BYTES / 40 - 2)
/* No device state comes near to it. */
#define MAX_STATE	(256L << 20)

/* ---- preparation, while the VM runs ---- */

static struct json_object *one(const char *key, struct json_object *value)
{
	struct json_object *obj = json_object_new_object();

	json_object_object_add(obj, key, value);
	return obj;
}

static struct json_object *two(const char *key, struct json_object *value, const char *other,
			       struct json_object *with)
{
	struct json_object *obj = one(key, value);

	json_object_object_add(obj, other, with);
	return obj;
}

static bool has_chardev(struct json_object *chardevs, const char *label)
{
	struct json_object *it;

	for (size_t i = 0; i < json_object_array_length(chardevs); i++)
		if (json_object_object_get_ex(json_object_array_get_idx(chardevs, i), "label", &it) &&
		    !strcmp(json_object_get_string(it), label))
			return true;
	return false;
}

static int human(struct handover *ho, const char *line, const char *bad)
{
	struct json_object *text;
	int ret = 0;

	if (qmp_human_command(ho->qmp, line, &text))
		return -1;
	if (strstr(json_object_get_string(text), bad))
		ret = fail("QEMU's monitor says to \"%s\": %s", line, json_object_get_string(text));
	json_object_put(text);
	return ret;
}

static void remove_chardev(struct handover *ho)
{
	qmp_command(ho->qmp, "chardev-remove", one("id", json_object_new_string(NAME)), NULL);
}

/* QEMU has one gdbstub. Whoever was killed in the middle may have left it to us. */
static int check_stub(struct handover *ho)
{
	struct json_object *chardevs;
	int ret = 0;

	if (qmp_command(ho->qmp, "query-chardev", NULL, &chardevs))
		return -1;
	if (has_chardev(chardevs, "gdb"))
		ret = fail("QEMU's gdbserver (-s, -gdb) is in use, through which its HPET has to be written");
	else if (has_chardev(chardevs, NAME) && !human(ho, "gdbserver none", "Could not"))
		remove_chardev(ho);
	json_object_put(chardevs);
	return ret;
}

static int offer_file(struct handover *ho)
{
	struct json_object *result, *id;
	char path[32];
	int fd, ret;

	ho->file = memfd_create("kvm-hpet-state", MFD_CLOEXEC);
	if (ho->file < 0)
		return fail("cannot create a file in memory: %m");
	/* QEMU wants exactly the access that it will use. */
	snprintf(path, sizeof(path), "/proc/self/fd/%d", ho->file);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return fail("cannot open a file in memory: %m");
	ret = qmp_command_fd(ho->qmp, "add-fd", NULL, fd, &result);
	close(fd);
	if (ret)
		return -1;
	if (json_object_object_get_ex(result, "fdset-id", &id))
		ho->file_set = json_object_get_int64(id);
	json_object_put(result);
	return ho->file_set >= 0 ? 0 : fail("QEMU's answer to \"add-fd\" makes no sense");
}

static int offer_stub(struct handover *ho)
{
	struct json_object *addr, *data;
	int ends[2], ret;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
		return fail("cannot create a pair of sockets: %m");
	ho->stub = ends[0];
	ret = qmp_command_fd(ho->qmp, "getfd", one("fdname", json_object_new_string(NAME)), ends[1],
			     NULL);
	close(ends[1]);
	if (ret)
		return -1;
	addr = two("type", json_object_new_string("fd"),
		   "data", one("str", json_object_new_string(NAME)));
	data = two("addr", addr, "server", json_object_new_boolean(false));
	return qmp_command(ho->qmp, "chardev-add",
			   two("id", json_object_new_string(NAME), "backend",
			       two("type", json_object_new_string("socket"), "data", data)), NULL);
}

/**
 * handover_prepare() - all that can be done before the VM is stopped
 * @ho: zeroed, or prepared already
 * @qmp: QEMU's monitor
 *
 * Return: 0, or -1 after fail(), with nothing left behind
 */
int handover_prepare(struct handover *ho, struct qmp *qmp)
{
	if (ho->qmp)
		return 0;
	*ho = (struct handover){ .qmp = qmp, .file = -1, .file_set = -1, .stub = -1 };
	if (!check_stub(ho) && !offer_file(ho) && !offer_stub(ho))
		return 0;
	handover_finish(ho);
	return -1;
}

/**
 * handover_finish() - leave QEMU as it was; the VM may run
 * @ho: prepared or not; the text of an earlier failure is kept
 */
void handover_finish(struct handover *ho)
{
	char reason[512];

	if (!ho->qmp)
		return;
	snprintf(reason, sizeof(reason), "%s", error_text());
	/* Takes the device away with it. */
	if (ho->connected)
		human(ho, "gdbserver none", "Could not");
	else if (ho->stub >= 0)
		remove_chardev(ho);
	if (ho->file_set >= 0)
		qmp_command(ho->qmp, "remove-fd", one("fdset-id",
			    json_object_new_int64(ho->file_set)), NULL);
	if (ho->stub >= 0)
		close(ho->stub);
	if (ho->file >= 0)
		close(ho->file);
	*ho = (struct handover){ 0 };
	fail("%s", reason);
}

/* ---- reading ---- */

static int save_devices(struct handover *ho)
{
	struct json_object *args;
	char name[40];

	if (ftruncate(ho->file, 0))
		return fail("cannot empty a file in memory: %m");
	snprintf(name, sizeof(name), "/dev/fdset/%lld", (long long)ho->file_set);
	/* "live" would let go of the VM's disks. */
	args = two("filename", json_object_new_string(name), "live", json_object_new_boolean(false));
	return qmp_command(ho->qmp, "xen-save-devices-state", args, NULL);
}

/* The whole state; the registers were read with the VM stopped, as it still is. */
static int read_state(struct handover *ho, const struct hpet_regs *regs, struct qemu_hpet *hpet)
{
	struct stat saved;
	void *data;
	int ret;

	if (save_devices(ho))
		return -1;
	if (fstat(ho->file, &saved) || !saved.st_size || saved.st_size > MAX_STATE)
		return fail("QEMU does not save the state of its devices");
	data = mmap(NULL, saved.st_size, PROT_READ, MAP_PRIVATE, ho->file, 0);
	if (data == MAP_FAILED)
		return fail("cannot map a file in memory: %m");
	ret = qemu_hpet_parse(hpet, regs, data, saved.st_size);
	munmap(data, saved.st_size);
	if (!ret)
		qemu_hpet_unpark(hpet);
	return ret;
}

/* ---- writing: the remote protocol of gdb ---- */

/*
 * Each packet is answered; the first + is for the answer before it. If somebody has continued
 * the VM in the meantime, the first character that is no such + stops it again and is lost: it
 * may not be the $, since what follows it would then be lost as well, and a write behind a
 * lost PhyMemMode would go to the guest's memory. The answer to what a connection before sent
 * last is waited for, too.
 */
static char *put_packet(char *at, const char *text)
{
	unsigned char sum = 0;

	for (const char *c = text; *c; c++)
		sum += *c;
	return at + sprintf(at, "++$%s#%02x", text, sum);
}

static char *put_write(char *at, const struct hpet_write *w)
{
	const unsigned char *b = (const unsigned char *)&w->value;
	char text[40];

	snprintf(text, sizeof(text), "M%llx,4:%02x%02x%02x%02x", KVM_HPET_DEFAULT_BASE + w->offset,
		 b[0], b[1], b[2], b[3]);
	return put_packet(at, text);
}

static int send_all(int fd, const char *text, size_t len)
{
	while (len) {
		ssize_t n = send(fd, text, len, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fail("cannot write to QEMU's gdbserver: %m");
		text += n;
		len -= n;
	}
	return 0;
}

static int next_char(int fd, char *c)
{
	struct pollfd wait = { .fd = fd, .events = POLLIN };

	if (poll(&wait, 1, STUB_MS) <= 0 || recv(fd, c, 1, 0) != 1)
		return fail("QEMU's gdbserver does not answer");
	return 0;
}

/* The next packet: what stands between $ and #, cut off if it is long */
static int next_packet(int fd, char *text, size_t size)
{
	size_t len = 0;
	char c;

	do {
		if (next_char(fd, &c))
			return -1;
	} while (c != '$');
	while (!next_char(fd, &c) && c != '#')
		if (len < size - 1)
			text[len++] = c;
	text[len] = '\0';
	/* The check sum: a socket does not change what goes through it. */
	return c != '#' || next_char(fd, &c) || next_char(fd, &c) ? -1 : 0;
}

/*
 * Return: 0 if @count answers came and all were good. A T in between says that the VM has been
 * stopped: somebody else had continued it, and what we write stops it again.
 */
static int take_answers(int fd, size_t count)
{
	char text[16];

	while (count) {
		if (next_packet(fd, text, sizeof(text)))
			return -1;
		if (*text == 'T')
			continue;
		if (strcmp(text, "OK"))
			return fail("QEMU's gdbserver refuses to write to the HPET");
		count--;
	}
	return 0;
}

static int connect_stub(struct handover *ho)
{
	if (ho->connected)
		return 0;
	ho->connected = true;
	return human(ho, "gdbserver chardev:" NAME, "Could not");
}

/* At most STUB_WRITES */
static int write_part(struct handover *ho, const struct hpet_write *writes, size_t count)
{
	char text[STUB_BYTES], *at = text;

	at = put_packet(at, "Qqemu.PhyMemMode:1");
	for (size_t i = 0; i < count; i++)
		at = put_write(at, &writes[i]);
	at = put_packet(at, "Qqemu.PhyMemMode:0");
	if (send_all(ho->stub, text, at - text))
		return -1;
	return take_answers(ho->stub, count + 2);
}

/* In one go, if it is not for many timers: that is what takes the time. */
static int write_registers(struct handover *ho, const struct hpet_write *writes, size_t count)
{
	int ret = connect_stub(ho);

	for (size_t done = 0; !ret && done < count; done += STUB_WRITES) {
		size_t left = count - done;

		ret = write_part(ho, writes + done, left < STUB_WRITES ? left : STUB_WRITES);
	}
	return ret;
}

/**
 * handover_silence() - QEMU's own HPET does nothing from now on
 * @ho: prepared
 * @regs: its registers
 *
 * The VM has to be stopped.
 *
 * Return: 0, or -1 after fail(): it may be in any state
 */
int handover_silence(struct handover *ho, const struct hpet_regs *regs)
{
	struct hpet_write writes[QEMU_HPET_MAX_WRITES];
	struct hpet_regs after;

	if (write_registers(ho, writes, qemu_hpet_silence(regs, writes)) ||
	    hpet_regs_read(&after, ho->qmp))
		return -1;
	return qemu_hpet_is_silent(&after) ? 0 : fail("QEMU's own HPET can't be silenced");
}

/**
 * handover_set_legacy() - as handover_silence(), but with LEG_RT_CNF as it is wanted
 * @ho: prepared
 * @regs: its registers
 * @legacy: whether it is set
 *
 * Return: 0, or -1 after fail(): it may be in any state
 */
int handover_set_legacy(struct handover *ho, const struct hpet_regs *regs, bool legacy)
{
	struct hpet_regs wanted = *regs;

	qemu_hpet_set_legacy(&wanted, legacy);
	return handover_silence(ho, &wanted);
}

/**
 * handover_load() - QEMU's own HPET goes on from a state
 * @ho: prepared
 * @state: which
 *
 * The VM has to be stopped.
 *
 * Return: 0, or -1 after fail(): it may be in any state
 */
int handover_load(struct handover *ho, const struct kvm_hpet_state *state)
{
	unsigned int version = qmp_version(ho->qmp);
	struct hpet_write writes[QEMU_HPET_MAX_WRITES];
	struct hpet_regs regs;

	if (write_registers(ho, writes, qemu_hpet_load(state, version, writes)) ||
	    hpet_regs_read(&regs, ho->qmp))
		return -1;
	return qemu_hpet_verify(&regs, state, version);
}

/**
 * handover_take() - a block goes on where QEMU's own HPET stands, which then is silent
 * @ho: prepared
 * @regs: its registers
 * @block: paused
 * @state: what was taken
 * @silenced: set if QEMU's own may no longer be as it was
 *
 * The VM has to be stopped, since before the registers were read.
 *
 * Return: 0, or -1 after fail()
 */
int handover_take(struct handover *ho, const struct hpet_regs *regs, int block,
		  struct kvm_hpet_state *state, bool *silenced)
{
	struct qemu_hpet hpet;

	if (read_state(ho, regs, &hpet) || qemu_hpet_to_state(&hpet, state) ||
	    block_set_state(block, state))
		return -1;
	*silenced = true;
	return handover_silence(ho, regs);
}
