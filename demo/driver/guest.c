// SPDX-License-Identifier: GPL-2.0
#include <err.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../selftests/guests/tick-guest/tick-guest.h"
#include "clock.h"
#include "guest.h"
#include "process.h"
#include "qmp.h"

#define SHM		"/dev/shm/tick-guest"
#define QMP		"/tmp/drift-qmp"
#define LOG		"qemu.log"
#define BOOT_LIMIT_S	180
#define END_LIMIT_S	30

/* What makes the guest's time the count of its HPET's, or PIT's, ticks. */
#define TICKS_ONLY \
	"clocksource=jiffies nohz=off highres=off nolapic_timer notsc no-kvmclock"

#define MAX_ARGUMENTS	64

/* The RTC's ticks are counted by the guest's init, beside a clock of the kernel's. */
static const struct timer {
	const char *name, *machine, *append;
} timers[] = {
	{ "hpet", "pc,hpet=on", TICKS_ONLY },
	{ "pit", "pc,hpet=off", TICKS_ONLY },
	{ "rtc", "pc,hpet=off", "count-rtc" },
	{ "pit-vmm", NULL, NULL },	/* not a QEMU */
};

static pid_t qemu;
static int qmp = -1;		/* a QEMU's monitor */
static struct tick_ring *ring;

static void create_ring(void)
{
	int fd;

	unlink(SHM);
	fd = open(SHM, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0 || ftruncate(fd, TICK_GUEST_SIZE))
		err(1, SHM);
	ring = mmap(NULL, TICK_GUEST_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (ring == MAP_FAILED)
		err(1, "mmap");
	close(fd);
}

static const struct timer *find_timer(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(timers) / sizeof(timers[0]); i++)
		if (!strcmp(timers[i].name, name))
			return &timers[i];
	return NULL;
}

int guest_check(const struct guest_setup *setup)
{
	if (find_timer(setup->timer))
		return 0;
	warnx("no timer \"%s\"", setup->timer);
	return -1;
}

/* Takes @words apart, in place. */
static void add_words(const char *argv[MAX_ARGUMENTS], char *words)
{
	unsigned int count = 0;
	char *word;

	while (argv[count])
		count++;
	for (word = strtok(words, " "); word; word = strtok(NULL, " ")) {
		if (count == MAX_ARGUMENTS - 1)
			errx(1, "too many options for QEMU");
		argv[count++] = word;
	}
}

/* It has no console: what it prints stands for that. */
static pid_t start_pit_vmm(const struct guest_setup *setup)
{
	const char *const argv[] = { setup->qemu, SHM, setup->busy ? "busy" : "idle", NULL };

	return start(argv, out_path("guest.log"), out_path(LOG));
}

/* As anybody would start it, apart from the shared memory. */
static pid_t start_qemu(const struct guest_setup *setup, const struct timer *timer)
{
	char serial[300], append[1024], options[1024];
	const char *argv[MAX_ARGUMENTS] = {
		setup->qemu, "-S", "-M", timer->machine, "-cpu", "host", "-accel", "kvm",
		"-smp", "1", "-m", "128", "-no-user-config", "-nodefaults", "-display", "none", "-no-reboot",
		"-qmp", "unix:" QMP ",server=on,wait=off",
		"-qmp", "unix:" GUEST_QMP_TOOL ",server=on,wait=off",
		"-object", "memory-backend-file,id=ticks,share=on,size=" TICK_GUEST_MEMORY ",mem-path=" SHM,
		"-device", "ivshmem-plain,memdev=ticks",
		"-kernel", setup->kernel, "-initrd", setup->initrd,
		"-serial", serial, "-append", append, NULL
	};

	snprintf(serial, sizeof(serial), "file:%s", out_path("guest.log"));
	snprintf(append, sizeof(append), "console=ttyS0 panic=-1 %s %s", timer->append, setup->append);
	snprintf(options, sizeof(options), "%s", setup->options);
	add_words(argv, options);
	return start(argv, out_path(LOG), out_path(LOG));
}

pid_t guest_start(const struct guest_setup *setup)
{
	const struct timer *timer = find_timer(setup->timer);

	create_ring();
	if (timer->machine) {
		qemu = start_qemu(setup, timer);
		qmp = qmp_connect(QMP, BOOT_LIMIT_S);
	} else {
		qemu = start_pit_vmm(setup);
	}
	return qemu;
}

static uint64_t ticks_sampled(void)
{
	return __atomic_load_n(&ring->count, __ATOMIC_ACQUIRE);
}

void guest_boot(void)
{
	uint64_t give_up = now_ns() + BOOT_LIMIT_S * NS_PER_S;

	if (qmp >= 0)
		qmp_command(qmp, "cont");
	while (!ticks_sampled()) {
		check_alive(qemu, "QEMU", LOG);
		if (now_ns() > give_up)
			errx(1, "the guest does not count ticks after %d s, see guest.log", BOOT_LIMIT_S);
		sleep_until(now_ns() + 20 * NS_PER_MS);
	}
}

uint64_t guest_time(void)
{
	return ring->sample[ticks_sampled() - 1].guest_ns;
}

long long guest_tsc_offset(void)
{
	long long offset;
	glob_t paths;
	FILE *file;

	if (glob("/sys/kernel/debug/kvm/*/vcpu0/tsc-offset", 0, NULL, &paths) || paths.gl_pathc != 1)
		errx(1, "no tsc-offset of exactly one guest in /sys/kernel/debug/kvm");
	file = fopen(paths.gl_pathv[0], "r");
	if (!file || fscanf(file, "%lld", &offset) != 1)
		err(1, "%s", paths.gl_pathv[0]);
	fclose(file);
	globfree(&paths);
	return offset;
}

uint64_t guest_last_tick(void)
{
	return ring->sample[ticks_sampled() - 1].tsc - guest_tsc_offset();
}

static void save_ring(void)
{
	size_t size = sizeof(*ring) + ticks_sampled() * sizeof(ring->sample[0]);
	FILE *file = fopen(out_path("ring"), "w");

	if (!file || fwrite(ring, size, 1, file) != 1 || fclose(file))
		err(1, "ring");
	unlink(SHM);
}

/* The guest first says in its log whether its kernel had complaints. */
void guest_end(void)
{
	uint64_t give_up = now_ns() + END_LIMIT_S * NS_PER_S;

	ring->wish = TICK_GUEST_STOP;
	while (*(volatile uint32_t *)&ring->state != TICK_GUEST_STOP) {
		if (now_ns() > give_up)
			errx(1, "the guest does not end");
		sleep_until(now_ns() + 20 * NS_PER_MS);
	}
	if (qmp >= 0)
		qmp_command(qmp, "quit");
	waitpid(qemu, NULL, 0);
	save_ring();
}
