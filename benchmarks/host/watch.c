// SPDX-License-Identifier: GPL-2.0
/* See watch.h. */
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "watch.h"

void watch_open(struct watch *w, bool latency)
{
	memset(w, 0, sizeof(*w));
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->change, NULL);
	w->latency = latency;
	w->fd = open("/dev/kvm_hpet_watch", O_RDWR | O_CLOEXEC);
	if (w->fd < 0)
		err(1, "/dev/kvm_hpet_watch");
}

static void set(struct watch *w, bool *what)
{
	pthread_mutex_lock(&w->lock);
	*what = true;
	pthread_cond_broadcast(&w->change);
	pthread_mutex_unlock(&w->lock);
}

void watch_await(struct watch *w, const bool *what)
{
	pthread_mutex_lock(&w->lock);
	while (!*what)
		pthread_cond_wait(&w->change, &w->lock);
	pthread_mutex_unlock(&w->lock);
}

static void look(struct watch *w, struct watch_busy *busy)
{
	if (ioctl(w->fd, WATCH_BUSY, busy))
		err(1, "WATCH_BUSY");
}

void watch_start(struct watch *w)
{
	if (w->latency && ioctl(w->fd, WATCH_RESET))
		err(1, "WATCH_RESET");
	look(w, &w->before);
}

void watch_stop(struct watch *w)
{
	look(w, &w->after);
}

void watch_output(struct watch *w, char c)
{
	if (c == 'S') {
		watch_start(w);
		set(w, &w->started);
		return;
	}
	if (c == 'E') {
		watch_stop(w);
		return;
	}
	putchar(c);
	if (c != '\n') {
		if (w->length + 1 < sizeof(w->line))
			w->line[w->length++] = c;
		return;
	}
	w->line[w->length] = '\0';
	w->length = 0;
	if (!strncmp(w->line, "done ", 5))
		set(w, &w->done);
}

void watch_report(const struct watch *w)
{
	__u64 ns = w->after.ns - w->before.ns;
	__u64 cycles = w->after.tsc - w->before.tsc;
	__u64 idle = w->after.idle - w->before.idle;
	struct watch_interrupt seen[64];
	ssize_t n, i;

	printf("ns %llu\nelapsed %llu\nbusy %llu\n", ns, cycles, cycles - idle);
	if (!w->latency)
		return;
	while ((n = read(w->fd, seen, sizeof(seen))) > 0)
		for (i = 0; i < n / (ssize_t)sizeof(seen[0]); i++)
			printf("interrupt %llu %llu\n", seen[i].late_ns,
			       seen[i].cycles);
}
