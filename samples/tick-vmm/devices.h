/* SPDX-License-Identifier: GPL-2.0 */
/* An RTC and a PIT, as far as they tick; devices.c says how. */
#ifndef DEVICES_H
#define DEVICES_H

#include <stdbool.h>
#include <stdint.h>

/**
 * struct rtc - the periodic interrupt of a MC146818
 * @source: its tick source
 * @index: the register that port 0x71 means
 * @a: register A: divider and rate
 * @b: register B: periodic interrupt enabled
 * @begin_ns: when the divider was let go: all rates count from there
 */
struct rtc {
	int source;
	uint8_t index;
	uint8_t a;
	uint8_t b;
	uint64_t begin_ns;
};

/**
 * struct pit - counter 0 of an 8254 in mode 2
 * @source: its tick source
 * @low: the low half of the count that is being written
 * @have_low: it has been
 */
struct pit {
	int source;
	uint8_t low;
	bool have_low;
};

/* Both take the descriptors of /dev/kvm_hpet and of the VM, and end the program if it fails. */
void rtc_create(struct rtc *rtc, int device, int vm);
void pit_create(struct pit *pit, int device, int vm);

/* The guest's accesses to their ports. Each returns false if the port is none of its own. */
bool rtc_write(struct rtc *rtc, uint16_t port, uint8_t value);
bool rtc_read(struct rtc *rtc, uint16_t port, uint8_t *value);
bool pit_write(struct pit *pit, uint16_t port, uint8_t value);

#endif
