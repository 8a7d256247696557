// SPDX-License-Identifier: GPL-2.0
/*
 * An RTC and a PIT over tick sources: the registers are here, in the VMM, the ticks in
 * the kernel. Only what makes them tick is there of either.
 *
 * Documentation/tick-sources.rst goes through it.
 */
#include <err.h>
#include <linux/kvm_hpet.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <time.h>

#include "devices.h"

#define RTC_GSI		8
#define RTC_INDEX	0x70
#define RTC_DATA	0x71
#define RTC_HZ		32768
#define RTC_A_DIVIDER	0x70		/* register A: 2: it runs from 32,768 Hz */
#define RTC_A_RUNS	0x20
#define RTC_A_RATE	0x0f
#define RTC_B_PERIODIC	0x40
#define RTC_C_IRQ	0x80
#define RTC_C_PERIODIC	0x40

#define PIT_GSI		0
#define PIT_COUNTER0	0x40
#define PIT_CONTROL	0x43
#define PIT_HZ		1193182

#define FS_A_SECOND	1000000000000000ULL
#define FS_A_NS		1000000

static int create(int device, struct kvm_hpet_tick_source_config *config)
{
	int source;

	config->size = sizeof(*config);
	config->ack_eventfd = -1;
	source = ioctl(device, KVM_HPET_CREATE_TICK_SOURCE, config);
	if (source < 0)
		err(EXIT_FAILURE, "KVM_HPET_CREATE_TICK_SOURCE");
	return source;
}

/* @phase_ns: a time at which a tick falls due; 0: a period from now */
static void start(int source, uint64_t period_fs, uint64_t phase_ns)
{
	struct kvm_hpet_tick_period period = {
		.size = sizeof(period),
		.flags = phase_ns ? KVM_HPET_PERIOD_PHASE : 0,
		.period_ns = period_fs / FS_A_NS,
		.period_fs = period_fs % FS_A_NS,
		.phase_ns = phase_ns,
	};

	if (ioctl(source, KVM_HPET_START_TICKS, &period) < 0)
		err(EXIT_FAILURE, "KVM_HPET_START_TICKS");
}

/* One that is stopped already says so, which does not matter here. */
static void stop(int source)
{
	ioctl(source, KVM_HPET_STOP_TICKS, 0);
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

/*
 * The RTC holds its interrupt up until the guest reads register C. That, not the end of
 * interrupt, is what says that the guest has taken a tick.
 */
void rtc_create(struct rtc *rtc, int device, int vm)
{
	struct kvm_hpet_tick_source_config config = {
		.flags = KVM_HPET_SOURCE_ACK_VMM,
		.vm_fd = vm,
		.gsi = RTC_GSI,
	};

	*rtc = (struct rtc){ .source = create(device, &config) };
}

/* Rates 1 and 2 are those of 8 and 9. */
static void rtc_update(struct rtc *rtc)
{
	unsigned int rate = rtc->a & RTC_A_RATE;

	if (!(rtc->b & RTC_B_PERIODIC) || !rate || (rtc->a & RTC_A_DIVIDER) != RTC_A_RUNS) {
		stop(rtc->source);
		return;
	}
	if (rate <= 2)
		rate += 7;
	start(rtc->source, (FS_A_SECOND << (rate - 1)) / RTC_HZ, rtc->begin_ns);
}

bool rtc_write(struct rtc *rtc, uint16_t port, uint8_t value)
{
	if (port == RTC_INDEX) {
		rtc->index = value & 0x7f;
		return true;
	}
	if (port != RTC_DATA)
		return false;
	if (rtc->index == 0x0a) {
		if ((rtc->a ^ value) & RTC_A_DIVIDER)
			rtc->begin_ns = now_ns();
		rtc->a = value;
		rtc_update(rtc);
	} else if (rtc->index == 0x0b) {
		rtc->b = value;
		rtc_update(rtc);
	}
	return true;
}

/* Whether the periodic flag is set, and cleared by this, is what the module knows. */
static uint8_t rtc_read_c(struct rtc *rtc)
{
	int waited = ioctl(rtc->source, KVM_HPET_ACK_TICK, 0);

	if (waited < 0)
		err(EXIT_FAILURE, "KVM_HPET_ACK_TICK");
	return waited ? RTC_C_IRQ | RTC_C_PERIODIC : 0;
}

bool rtc_read(struct rtc *rtc, uint16_t port, uint8_t *value)
{
	if (port != RTC_DATA)
		return false;
	*value = rtc->index == 0x0a ? rtc->a : rtc->index == 0x0b ? rtc->b :
		 rtc->index == 0x0c ? rtc_read_c(rtc) : 0;
	return true;
}

/* The PIT knows nothing of its guest: the end of interrupt has to do. */
void pit_create(struct pit *pit, int device, int vm)
{
	struct kvm_hpet_tick_source_config config = { .vm_fd = vm, .gsi = PIT_GSI };

	*pit = (struct pit){ .source = create(device, &config) };
}

/* Counter 0 is written in two halves; with the second it begins to count. */
bool pit_write(struct pit *pit, uint16_t port, uint8_t value)
{
	unsigned int count;

	if (port == PIT_CONTROL) {
		stop(pit->source);
		pit->have_low = false;
		return true;
	}
	if (port != PIT_COUNTER0)
		return false;
	if (!pit->have_low) {
		pit->low = value;
		pit->have_low = true;
		return true;
	}
	pit->have_low = false;
	count = value << 8 | pit->low;
	start(pit->source, (count ? count : 0x10000) * FS_A_SECOND / PIT_HZ, 0);
	return true;
}
