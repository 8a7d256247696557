/* SPDX-License-Identifier: GPL-2.0 */
/*
 * For the init of a guest: memory that it shares with its observer on the host
 * (QEMU's ivshmem-plain), so that what it has to say costs it no exit and cannot disturb
 * what is measured. To be included by one source file.
 */
#ifndef TICK_GUEST_IVSHMEM_H
#define TICK_GUEST_IVSHMEM_H

#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static int is_ivshmem(const char *directory)
{
	char path[128], id[16] = "";
	FILE *file;

	snprintf(path, sizeof(path), "%s/device", directory);
	file = fopen(path, "r");
	if (!file)
		return 0;
	if (!fgets(id, sizeof(id), file))
		id[0] = 0;
	fclose(file);
	return !strcmp(id, "0x1110\n");
}

/* Memory space decoding is off in a device that has no driver. */
static int enable_device(const char *directory)
{
	char path[128];
	int fd, done;

	snprintf(path, sizeof(path), "%s/enable", directory);
	fd = open(path, O_WRONLY);
	if (fd < 0)
		return 0;
	done = write(fd, "1", 1) == 1;
	close(fd);
	return done;
}

static void *map_shared_memory(const char *directory, size_t size)
{
	char path[128];
	void *memory;
	int fd;

	snprintf(path, sizeof(path), "%s/resource2", directory);
	fd = open(path, O_RDWR);
	if (fd < 0)
		return NULL;
	memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	return memory == MAP_FAILED ? NULL : memory;
}

/* NULL if the guest was given none. */
static void *find_shared_memory(size_t size)
{
	void *memory = NULL;
	glob_t devices;
	size_t i;

	if (glob("/sys/bus/pci/devices/*", 0, NULL, &devices))
		return NULL;
	for (i = 0; i < devices.gl_pathc && !memory; i++)
		if (is_ivshmem(devices.gl_pathv[i]) && enable_device(devices.gl_pathv[i]))
			memory = map_shared_memory(devices.gl_pathv[i], size);
	globfree(&devices);
	return memory;
}

#endif /* TICK_GUEST_IVSHMEM_H */
