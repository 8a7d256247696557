/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/**
 * DOC: kvm_hpet: the HPET of a KVM virtual machine inside the host kernel
 *
 * The contract between the module and a VMM. /dev/kvm_hpet answers
 * KVM_HPET_GET_API_VERSION, KVM_HPET_CHECK_EXTENSION, KVM_HPET_CREATE,
 * KVM_HPET_CREATE_TICK_SOURCE, KVM_HPET_NEXT_BLOCK and KVM_HPET_OPEN_BLOCK; all
 * other ioctls go to the descriptor of a block, or of a tick source: a periodic
 * interrupt without registers, for a timer device of any kind that the VMM emulates.
 *
 * Every structure begins with its own size. A caller sets it to the sizeof it
 * was compiled with. A smaller size than the first published one is -EINVAL; a
 * larger one than the module knows is taken if what the module does not know
 * is zero, else -E2BIG. (As with VFIO, the numbers therefore carry no size; each
 * comment names the structure.) Reserved fields must be 0, or the call is
 * -EINVAL. A call that fails has changed nothing.
 *
 * Times are in nanoseconds (ns) of the host's CLOCK_MONOTONIC, counter periods
 * in femtoseconds (fs), counter and comparator values in counter ticks. A
 * "tick" alone is one period of a periodic timer. Registers are named as in
 * the IA-PC HPET Specification 1.0a.
 */
#ifndef _UAPI_LINUX_KVM_HPET_H
#define _UAPI_LINUX_KVM_HPET_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define KVM_HPET_API_VERSION	1

/* Limits of a configuration (specification 1.0a, 2.3.4). */
#define KVM_HPET_MIN_TIMERS	3
#define KVM_HPET_MAX_TIMERS	32
/* Blocks of a VM (2.1). */
#define KVM_HPET_MAX_BLOCKS	8
/* 1 GHz: finer ticks could not be told apart by a clock that counts ns. */
#define KVM_HPET_MIN_PERIOD_FS	1000000U
#define KVM_HPET_MAX_PERIOD_FS	100000000U
#define KVM_HPET_DEFAULT_BASE	0xfed00000ULL

/* struct kvm_hpet_config.flags */
#define KVM_HPET_F_COUNTER_64		(1U << 0) /* COUNT_SIZE_CAP */
#define KVM_HPET_F_LEGACY_CAP		(1U << 1) /* LEG_RT_CAP */
/*
 * How the VMM hears of a write that changes LEG_RT_CNF, so that it can switch
 * its PIT and RTC: by default the write is handed on, once the module has acted
 * on it, as an ordinary KVM_EXIT_MMIO; with this flag legacy_eventfd is
 * signalled instead and the vCPU stays in the kernel.
 */
#define KVM_HPET_F_LEGACY_EVENTFD	(1U << 2)
#define KVM_HPET_F_ALL			((1U << 3) - 1)

/* struct kvm_hpet_timer_config.flags */
#define KVM_HPET_TIMER_PERIODIC		(1U << 0) /* PER_INT_CAP */
#define KVM_HPET_TIMER_64		(1U << 1) /* SIZE_CAP */
#define KVM_HPET_TIMER_FSB		(1U << 2) /* FSB_INT_DEL_CAP */
#define KVM_HPET_TIMER_ALL		((1U << 3) - 1)

/**
 * struct kvm_hpet_timer_config - what one timer can do
 * @flags: KVM_HPET_TIMER_*; KVM_HPET_TIMER_64 needs KVM_HPET_F_COUNTER_64
 * @route_cap: INT_ROUTE_CAP, one bit for each I/O APIC pin (= GSI) 0 to 23 that
 *	the guest may choose. 0 is allowed for a timer with KVM_HPET_TIMER_FSB,
 *	and for timers 0 and 1 of a block with KVM_HPET_F_LEGACY_CAP
 */
struct kvm_hpet_timer_config {
	__u32 flags;
	__u32 route_cap;
};

/**
 * struct kvm_hpet_config - a block as it is created
 * @size: sizeof(struct kvm_hpet_config)
 * @flags: KVM_HPET_F_*
 * @vm_fd: KVM_HPET_CREATE: descriptor of the VM; KVM_HPET_GET_CONFIG: -1
 * @legacy_eventfd: KVM_HPET_CREATE with KVM_HPET_F_LEGACY_EVENTFD: an eventfd
 *	to which 1 is added at each change of LEG_RT_CNF; else -1
 * @base: guest physical address, a multiple of 0x400
 * @period_fs: COUNTER_CLK_PERIOD, KVM_HPET_MIN_PERIOD_FS to
 *	KVM_HPET_MAX_PERIOD_FS
 * @vendor_id: VENDOR_ID
 * @rev_id: REV_ID, not 0
 * @num_timers: KVM_HPET_MIN_TIMERS to KVM_HPET_MAX_TIMERS
 * @timer: the timers; at least one is periodic, those from @num_timers on are 0
 */
struct kvm_hpet_config {
	__u32 size;
	__u32 flags;
	__s32 vm_fd;
	__s32 legacy_eventfd;
	__u64 base;
	__u32 period_fs;
	__u16 vendor_id;
	__u8 rev_id;
	__u8 num_timers;
	struct kvm_hpet_timer_config timer[KVM_HPET_MAX_TIMERS];
};

/* struct kvm_hpet_timer_state.flags */
/* The comparator equals the counter and that match has been taken already. */
#define KVM_HPET_TIMER_MATCHED		(1U << 0)
/* A tick has been injected and not been acknowledged by the guest so far. */
#define KVM_HPET_TIMER_IN_FLIGHT	(1U << 1)
/* VAL_SET still holds for a write to the low, the high half of the comparator */
#define KVM_HPET_TIMER_VAL_SET_LOW	(1U << 2)
#define KVM_HPET_TIMER_VAL_SET_HIGH	(1U << 3)
/*
 * The low, the high half of the period was set along with @comparator because of
 * VAL_SET, and has not been written by itself since
 */
#define KVM_HPET_TIMER_FRESH_LOW	(1U << 4)
#define KVM_HPET_TIMER_FRESH_HIGH	(1U << 5)
/* The tick of the present interval has not been injected so far. */
#define KVM_HPET_TIMER_REGULAR		(1U << 6)
/* @rate rose when the last tick fell due. */
#define KVM_HPET_TIMER_ROSE		(1U << 7)
/* The wait for the acknowledgment ends at @retry_in_ns; no tick is repeated. */
#define KVM_HPET_TIMER_LAPSES		(1U << 8)
#define KVM_HPET_TIMER_STATE_ALL	((1U << 9) - 1)
/*
 * Only of a tick source with a line and KVM_HPET_SOURCE_ACK_VMM: the end of the last
 * interrupt has not been seen so far
 */
#define KVM_HPET_TIMER_ENDING		(1U << 9)

/* struct kvm_hpet_timer_state.next_in_ns and retry_in_ns */
#define KVM_HPET_NEVER			((__s64)(~0ULL >> 1))
#define KVM_HPET_AT_ONCE		(-KVM_HPET_NEVER - 1)
/* struct kvm_hpet_timer_state.retry_ns */
#define KVM_HPET_MIN_RETRY_NS		1000000000ULL
#define KVM_HPET_MAX_RETRY_NS		16000000000ULL

/**
 * struct kvm_hpet_timer_state - state of one timer
 * @config: timer configuration and capability register, without VAL_SET
 * @comparator: comparator register
 * @period: last value written to the accumulator of a periodic timer, in
 *	counter ticks; 0: none written
 * @fsb_route: FSB interrupt route register
 * @start: the comparator as it was written with VAL_SET, if the period, or the
 *	other half of the comparator, is still to follow: with
 *	KVM_HPET_TIMER_FRESH_* or one of KVM_HPET_TIMER_VAL_SET_*; else 0
 * @tick_ns: the interval that @backlog is counted in; 0 unless periodic. Between
 *	the writes to comparator and period it is the old one
 * @backlog: ticks that are due and not delivered; at most 1 unless periodic
 * @fraction_ns: guest time that is owed beyond @backlog, below @tick_ns
 * @peak: most that was left of the backlog when a tick fell due, since catching up
 *	began or @rate rose: when it is more, @rate rises
 * @next_in_ns: the next tick goes out no sooner than in so many ns (below 0: that
 *	has passed), KVM_HPET_AT_ONCE, or KVM_HPET_NEVER: with the next that falls
 *	due
 * @retry_in_ns: with KVM_HPET_TIMER_IN_FLIGHT: the acknowledgment is waited for so
 *	many ns more, then the tick is injected again; or KVM_HPET_NEVER. With
 *	KVM_HPET_TIMER_ENDING: the end of interrupt is. Else 0
 * @retry_ns: the whole of such a wait, KVM_HPET_MIN_RETRY_NS to
 *	KVM_HPET_MAX_RETRY_NS; or 0 for the least
 * @flags: KVM_HPET_TIMER_MATCHED and those below it
 * @rate: additional ticks an interval with which a catch-up goes on, 0: none
 *
 * A VMM that makes up a state, from that of another HPET for instance, can give all
 * fields from @tick_ns on the value 0.
 */
struct kvm_hpet_timer_state {
	__u64 config;
	__u64 comparator;
	__u64 period;
	__u64 fsb_route;
	__u64 start;
	__u64 tick_ns;
	__u64 backlog;
	__u64 fraction_ns;
	__u64 peak;
	__s64 next_in_ns;
	__s64 retry_in_ns;
	__u64 retry_ns;
	__u32 flags;
	__u32 rate;
};

#define KVM_HPET_STATE_VERSION	1

/**
 * struct kvm_hpet_state - the whole state of a block
 * @size: sizeof(struct kvm_hpet_state)
 * @version: KVM_HPET_STATE_VERSION
 * @config: general configuration register
 * @status: general interrupt status register
 * @counter: main counter at the moment of the call
 * @counter_phase_fs: how far the counter is into its present tick, below
 *	the period
 * @num_timers: as in the configuration
 * @timer: the timers; those from @num_timers on are 0
 *
 * Nothing in it is an absolute time: a state loaded later, or on another host,
 * goes on where it was saved.
 */
struct kvm_hpet_state {
	__u32 size;
	__u32 version;
	__u64 config;
	__u64 status;
	__u64 counter;
	__u32 counter_phase_fs;
	__u32 num_timers;
	struct kvm_hpet_timer_state timer[KVM_HPET_MAX_TIMERS];
};

/* struct kvm_hpet_tick_policy.policy; the names are QEMU's and libvirt's. */
#define KVM_HPET_TICKS_DISCARD	0 /* "discard", "none": lost ticks are gone */
#define KVM_HPET_TICKS_DELAY	1 /* "delay": all delivered, at the normal rate */
#define KVM_HPET_TICKS_MERGE	2 /* "merge": all that were missed become one */
#define KVM_HPET_TICKS_SLEW	3 /* "slew", "catchup": faster until caught up */

#define KVM_HPET_MAX_RATE	100U
#define KVM_HPET_MAX_BACKLOG_NS	3600000000000ULL

/**
 * struct kvm_hpet_tick_policy - what becomes of ticks that were lost
 * @size: sizeof(struct kvm_hpet_tick_policy)
 * @timers: bit mask of timers; KVM_HPET_GET_TICK_POLICY: exactly one bit
 * @policy: KVM_HPET_TICKS_*
 * @max_rate: most additional ticks in an interval (one period of the timer) with
 *	KVM_HPET_TICKS_SLEW, 1 to KVM_HPET_MAX_RATE; starting value 10
 * @ramp: how many additional ticks an interval are added each time the backlog
 *	grows while catching up, 0 to KVM_HPET_MAX_RATE; starting value 1. A
 *	catch-up begins with one additional tick an interval
 * @reserved: 0
 * @max_backlog_ns: most guest time that may be owed, 0 to
 *	KVM_HPET_MAX_BACKLOG_NS; what exceeds it is given up, oldest first, and
 *	counted as discarded; starting value 5 s
 */
struct kvm_hpet_tick_policy {
	__u32 size;
	__u32 timers;
	__u32 policy;
	__u32 max_rate;
	__u32 ramp;
	__u32 reserved;
	__u64 max_backlog_ns;
};

#define KVM_HPET_LATENESS_BUCKETS	16
#define KVM_HPET_BURST_BUCKETS		8

/**
 * struct kvm_hpet_timer_stats - what became of the ticks of one timer
 * @due: ticks (and one-shot expiries) that fell due, by the comparator's
 *	arithmetic. A change of the period counts the backlog anew in the new
 *	unit, and @due with it
 * @delivered: of these, delivered: with KVM_HPET_TICKS_DISCARD accepted by KVM's
 *	interrupt controllers, else injected with none before it unacknowledged
 * @masked: fell due while the guest had the interrupt masked
 * @discarded: lost for good: coalesced, late or beyond a limit, and not made up
 * @backlog: due, not delivered, and still to come
 * @coalesced: fell due while the one before was not acknowledged, or found it
 *	still pending; with an I/O APIC or MSI and KVM_HPET_TICKS_DISCARD this
 *	can't be seen, and such ticks count as delivered
 * @late: fell due unnoticed, because the host's timer ran a period or more late
 * @reinjected: delivered in addition to the regular ticks to make up for loss
 * @retries: ticks injected again because no acknowledgment came
 * @max_backlog: largest @backlog seen; 1 is the tick on its way
 * @rate: additional ticks an interval at this moment
 * @max_rate: largest @rate seen
 * @period_ns: the interval, 0 for a one-shot timer; rounded down
 * @expirations: how often the host timer fired for it
 * @lateness: histogram of how late the host timer was: [0] below 1 us,
 *	[i] below 2^i us, the last one everything above
 * @burst: histogram of how many ticks beyond the first were delivered in an
 *	interval of a periodic timer: [0] none, [i] 2^(i-1) and more, but below
 *	2^i, the last one everything above. An interval goes from one tick that
 *	falls due to the next and is counted when it is over; those without a
 *	delivered tick, and those in which the period changes, are not
 *
 * At every moment due = delivered + masked + discarded + backlog.
 */
struct kvm_hpet_timer_stats {
	__u64 due;
	__u64 delivered;
	__u64 masked;
	__u64 discarded;
	__u64 backlog;
	__u64 coalesced;
	__u64 late;
	__u64 reinjected;
	__u64 retries;
	__u64 max_backlog;
	__u64 rate;
	__u64 max_rate;
	__u64 period_ns;
	__u64 expirations;
	__u64 lateness[KVM_HPET_LATENESS_BUCKETS];
	__u64 burst[KVM_HPET_BURST_BUCKETS];
};

/**
 * struct kvm_hpet_stats - statistics of a block, since it was created
 * @size: sizeof(struct kvm_hpet_stats)
 * @num_timers: as in the configuration
 * @mmio_reads: reads served in the kernel
 * @mmio_writes: writes served in the kernel, those handed on included
 * @mmio_exits: writes handed on to the VMM (changes of LEG_RT_CNF)
 * @resets: KVM_HPET_RESET calls
 * @apicv_inhibited_ns: for how long AMD's AVIC was inhibited for this block, since
 *	a policy needs acknowledgments, in ns; 0 on hosts that do not use it
 * @timer: the timers
 * @limited: how often a host timer was set later than a timer needed it, since the
 *	block had taken of the host what it may (module parameter
 *	max_events_per_sec); what fell due meanwhile is in @timer's late
 */
struct kvm_hpet_stats {
	__u32 size;
	__u32 num_timers;
	__u64 mmio_reads;
	__u64 mmio_writes;
	__u64 mmio_exits;
	__u64 resets;
	__u64 apicv_inhibited_ns;
	struct kvm_hpet_timer_stats timer[KVM_HPET_MAX_TIMERS];
	/* Since API version 1's first size, which had all above. */
	__u64 limited;
};

/* struct kvm_hpet_tick_source_config.flags */
/* The interrupt is the message msi_address, msi_data, not a line. */
#define KVM_HPET_SOURCE_MSI		(1U << 0)
/*
 * What counts as acknowledgment is what the VMM reports, by KVM_HPET_ACK_TICK or
 * ack_eventfd: for devices whose guest says itself that it has taken the tick, as
 * by reading register C of an RTC. It is waited for as long as it takes, as the
 * device would hold its interrupt up so long; until then no other tick goes out,
 * whatever the policy. A guest can say so before it takes the interrupt: so what is
 * owed waits for the end of interrupt as well, at most 1 s (with a message, which
 * has no end that could be seen, a quarter of the module's parameter
 * min_interval_us, or of the period if that is less). Without the flag it is the
 * guest's end of interrupt alone, which with a message can't be seen.
 */
#define KVM_HPET_SOURCE_ACK_VMM		(1U << 1)
#define KVM_HPET_SOURCE_ALL		((1U << 2) - 1)

/* GSIs (pins of the I/O APIC) that a tick source can drive: 0 to this - 1. */
#define KVM_HPET_NUM_GSIS		24

/**
 * struct kvm_hpet_tick_source_config - a tick source as it is created
 * @size: sizeof(struct kvm_hpet_tick_source_config)
 * @flags: KVM_HPET_SOURCE_*
 * @vm_fd: KVM_HPET_CREATE_TICK_SOURCE: descriptor of the VM; KVM_HPET_GET_CONFIG:
 *	-1
 * @ack_eventfd: KVM_HPET_CREATE_TICK_SOURCE with KVM_HPET_SOURCE_ACK_VMM: an
 *	eventfd that is signalled for each acknowledgment (KVM_IOEVENTFD can bind it
 *	to a write to a port or to memory), or -1; else -1
 * @gsi: without KVM_HPET_SOURCE_MSI: the line, below KVM_HPET_NUM_GSIS, of which
 *	each tick is an edge; else 0
 * @msi_address: with KVM_HPET_SOURCE_MSI: message address; else 0
 * @msi_data: with KVM_HPET_SOURCE_MSI: message data; else 0
 * @reserved: 0
 */
struct kvm_hpet_tick_source_config {
	__u32 size;
	__u32 flags;
	__s32 vm_fd;
	__s32 ack_eventfd;
	__u32 gsi;
	__u32 msi_address;
	__u32 msi_data;
	__u32 reserved;
};

#define KVM_HPET_MAX_TICK_NS		3600000000000ULL

/* struct kvm_hpet_tick_period.flags */
/* phase_ns says when. Without it the first tick falls due a period from now. */
#define KVM_HPET_PERIOD_PHASE		(1U << 0)
#define KVM_HPET_PERIOD_ALL		((1U << 1) - 1)

/**
 * struct kvm_hpet_tick_period - when the ticks of a tick source fall due
 * @size: sizeof(struct kvm_hpet_tick_period)
 * @flags: KVM_HPET_PERIOD_*
 * @period_ns: from one tick to the next, 1 to KVM_HPET_MAX_TICK_NS. Where it is
 *	shorter than the module's parameter min_interval_us the ticks fall due all the
 *	same, and the host looks at them no more often than that
 * @period_fs: so many fs more, 0 to 999,999: crystals give periods that are no whole
 *	number of ns (1,024 Hz: 976,562 ns and 500,000 fs), and nothing drifts
 * @reserved: 0
 * @phase_ns: with KVM_HPET_PERIOD_PHASE: a time (CLOCK_MONOTONIC) at which a tick
 *	falls due: the first one if it is still to come, at most KVM_HPET_MAX_TICK_NS
 *	from now; else the first is the next one at a whole number of periods from
 *	it. Else 0. While guest time is paused "now" is the time of the pause
 */
struct kvm_hpet_tick_period {
	__u32 size;
	__u32 flags;
	__u64 period_ns;
	__u32 period_fs;
	__u32 reserved;
	__u64 phase_ns;
};

/**
 * struct kvm_hpet_tick_source_state - the whole state of a tick source
 * @size: sizeof(struct kvm_hpet_tick_source_state)
 * @version: KVM_HPET_STATE_VERSION
 * @due_in_ns: from now until the next tick falls due, 0 to KVM_HPET_MAX_TICK_NS;
 *	KVM_HPET_NEVER: it is stopped
 * @period_fs: of a source that runs, what its period has beyond @ticks.tick_ns, in
 *	fs, 0 to 999,999
 * @early_fs: by how much the tick falls due before @due_in_ns, which is rounded up;
 *	0 to 999,999, and 0 with @due_in_ns 0
 * @ticks: as of a timer of a HPET, from @ticks.tick_ns on: the period, which a
 *	stopped source keeps as the unit of its backlog, and where its ticks stand.
 *	Those before are 0, and so are flags of registers
 *
 * Nothing in it is an absolute time.
 */
struct kvm_hpet_tick_source_state {
	__u32 size;
	__u32 version;
	__s64 due_in_ns;
	__u32 period_fs;
	__u32 early_fs;
	struct kvm_hpet_timer_state ticks;
};

/* struct kvm_hpet_block_info.kind */
#define KVM_HPET_KIND_HPET		0
#define KVM_HPET_KIND_TICK_SOURCE	1

/**
 * struct kvm_hpet_block_info - a block of the host, for administration
 * @size: sizeof(struct kvm_hpet_block_info)
 * @reserved: 0
 * @id: KVM_HPET_NEXT_BLOCK: in, any number; out, the smallest id of a block
 *	above it. Ids begin at 1 and are not used again
 * @base: guest physical address
 * @vm_pid: process that created the VM, as the caller's PID namespace has it;
 *	0 if it can't be seen from there
 * @owner_pid: process that created the block, likewise
 * @kind: out: KVM_HPET_KIND_*. A caller whose structure ends before it is not told
 *	of tick sources
 * @gsi: out: the line of a tick source, -1: a message; else 0
 */
struct kvm_hpet_block_info {
	__u32 size;
	__u32 reserved;
	__u64 id;
	__u64 base;
	__u32 vm_pid;
	__u32 owner_pid;
	__u32 kind;
	__s32 gsi;
};

#define KVM_HPET_IOC	0xBE

/* On /dev/kvm_hpet. */

/**
 * DOC: KVM_HPET_GET_API_VERSION
 *
 * KVM_HPET_GET_API_VERSION - returns KVM_HPET_API_VERSION. The argument must be
 * 0 (-EINVAL).
 */
#define KVM_HPET_GET_API_VERSION _IO(KVM_HPET_IOC, 0x00)
/**
 * DOC: KVM_HPET_CREATE
 *
 * KVM_HPET_CREATE (struct kvm_hpet_config) - returns the descriptor (O_CLOEXEC)
 * of a new block in reset state. Possession of the VM's descriptor is the
 * authority to do so, whichever process created the VM. The block lives until its
 * last descriptor is closed and keeps the VM alive until then.
 *
 *  -EBADF   vm_fd or legacy_eventfd is not an open descriptor
 *  -EBADFD  vm_fd is not a KVM virtual machine
 *  -EINVAL  a field is out of range or a reserved one is not 0; legacy_eventfd
 *           is no eventfd, or given without its flag
 *  -EEXIST  the VM has an in-kernel device at this address already
 *  -ENXIO   the VM has no in-kernel PIC, I/O APIC and local APIC
 *  -ENOSPC  the VM has KVM_HPET_MAX_BLOCKS blocks, or no room for another
 *           in-kernel device
 *  -EBUSY   KVM has no identity left for its interrupt lines (some 60 blocks and
 *           tick sources)
 *  -ENOMEM  as usual, and so are -EMFILE, -EFAULT and -E2BIG
 */
#define KVM_HPET_CREATE		_IO(KVM_HPET_IOC, 0x01)
/**
 * DOC: KVM_HPET_NEXT_BLOCK
 *
 * KVM_HPET_NEXT_BLOCK (struct kvm_hpet_block_info) - the block with the smallest
 * id above the one given, of those the caller may open (KVM_HPET_OPEN_BLOCK).
 *
 *  -ENOENT  there is none
 */
#define KVM_HPET_NEXT_BLOCK	_IO(KVM_HPET_IOC, 0x02)
/**
 * DOC: KVM_HPET_OPEN_BLOCK
 *
 * KVM_HPET_OPEN_BLOCK (__u64) - returns a descriptor (O_CLOEXEC) for
 * administration of an existing block: KVM_HPET_GET_CONFIG, _GET_STATE,
 * _GET_STATS and _{GET,SET}_TICK_POLICY work on it, the others are -EPERM. It
 * does not keep the block: once that is gone every call gives -ENODEV. Needs the user id that
 * created the block, or CAP_SYS_ADMIN. The argument is a pointer to the id.
 *
 *  -ENOENT  no such block
 *  -EPERM   another user's
 */
#define KVM_HPET_OPEN_BLOCK	_IO(KVM_HPET_IOC, 0x03)

/**
 * DOC: KVM_HPET_CHECK_EXTENSION
 *
 * KVM_HPET_CHECK_EXTENSION - returns 1 if this module has what the argument names,
 * a KVM_HPET_CAP_*, else 0.
 */
#define KVM_HPET_CHECK_EXTENSION	_IO(KVM_HPET_IOC, 0x04)
#define KVM_HPET_CAP_LOST_TICKS		0 /* policies but KVM_HPET_TICKS_DISCARD */
#define KVM_HPET_CAP_TICK_SOURCE	1 /* KVM_HPET_CREATE_TICK_SOURCE */
/**
 * DOC: KVM_HPET_CREATE_TICK_SOURCE
 *
 * KVM_HPET_CREATE_TICK_SOURCE (struct kvm_hpet_tick_source_config) - returns the
 * descriptor (O_CLOEXEC) of a new tick source that is stopped. Authority and
 * lifetime as with KVM_HPET_CREATE.
 *
 *  -EBADF   vm_fd or ack_eventfd is not an open descriptor
 *  -EBADFD  vm_fd is not a KVM virtual machine
 *  -EINVAL  a field is out of range or a reserved one is not 0; ack_eventfd is no
 *           eventfd, or given without KVM_HPET_SOURCE_ACK_VMM
 *  -ENXIO   the VM has no in-kernel PIC, I/O APIC and local APIC
 *  -EBUSY   as for KVM_HPET_CREATE
 *  -ENOMEM  as usual, and so are -EMFILE, -EFAULT and -E2BIG
 */
#define KVM_HPET_CREATE_TICK_SOURCE	_IO(KVM_HPET_IOC, 0x05)

/**
 * DOC: On the descriptor of a block or a tick source
 *
 * Those from KVM_HPET_START_TICKS on are for tick sources only, and -ENOTTY for a
 * block; all others mean the same for both, with a tick source's own structures for
 * configuration and state, and its ticks as timer 0 in policy and statistics.
 *
 * All give -EFAULT for a bad pointer, -EINVAL or -E2BIG for the size as said at
 * the top, -ENODEV once the block is gone (only a descriptor for administration
 * lives to see it).
 *
 * poll() reports EPOLLHUP once the block is gone.
 */

/**
 * DOC: KVM_HPET_GET_CONFIG
 *
 * KVM_HPET_GET_CONFIG (struct kvm_hpet_config) - how the block was created.
 * Of a tick source: struct kvm_hpet_tick_source_config.
 */
#define KVM_HPET_GET_CONFIG	_IO(KVM_HPET_IOC, 0x10)
/**
 * DOC: KVM_HPET_GET_STATE
 *
 * KVM_HPET_GET_STATE (struct kvm_hpet_state) - the whole state; the block runs
 * on. Of a tick source: struct kvm_hpet_tick_source_state.
 */
#define KVM_HPET_GET_STATE	_IO(KVM_HPET_IOC, 0x11)
/**
 * DOC: KVM_HPET_SET_STATE
 *
 * KVM_HPET_SET_STATE (struct kvm_hpet_state) - replaces the whole state and
 * clears what the old one was waiting for. Statistics go on.
 *
 *  -EINVAL  version, a register with a bit set that can't be set in this
 *           configuration, or another field out of range; the kernel log (debug
 *           level) names the field
 *
 * Of a tick source: struct kvm_hpet_tick_source_state.
 */
#define KVM_HPET_SET_STATE	_IO(KVM_HPET_IOC, 0x12)
/**
 * DOC: KVM_HPET_PAUSE, KVM_HPET_RESUME
 *
 * KVM_HPET_PAUSE, KVM_HPET_RESUME - stop and continue guest time: while paused
 * the counter stands, nothing falls due and nothing is injected. The argument
 * must be 0 (-EINVAL).
 *
 *  -EALREADY  paused, not paused
 */
#define KVM_HPET_PAUSE		_IO(KVM_HPET_IOC, 0x13)
#define KVM_HPET_RESUME		_IO(KVM_HPET_IOC, 0x14)
/**
 * DOC: KVM_HPET_RESET
 *
 * KVM_HPET_RESET - reset state, as after creation; lines are lowered, the backlog
 * is discarded, policy and statistics stay. The argument must be 0 (-EINVAL). A tick
 * source is stopped.
 */
#define KVM_HPET_RESET		_IO(KVM_HPET_IOC, 0x15)
/**
 * DOC: KVM_HPET_GET_TICK_POLICY, KVM_HPET_SET_TICK_POLICY
 *
 * KVM_HPET_GET_TICK_POLICY, KVM_HPET_SET_TICK_POLICY
 * (struct kvm_hpet_tick_policy) - at any time, also while the guest runs and
 * catches up. A backlog that the new policy does not keep is counted as
 * discarded.
 *
 *  -EINVAL      a value out of range; timers names none, or (get) several
 *  -ENXIO       timers names one that the block does not have
 *  -EOPNOTSUPP  this build has no lost-tick policy (KVM_HPET_LOST_TICKS=n) and
 *               only takes KVM_HPET_TICKS_DISCARD
 */
#define KVM_HPET_GET_TICK_POLICY	_IO(KVM_HPET_IOC, 0x16)
#define KVM_HPET_SET_TICK_POLICY	_IO(KVM_HPET_IOC, 0x17)
/**
 * DOC: KVM_HPET_GET_STATS
 *
 * KVM_HPET_GET_STATS (struct kvm_hpet_stats) - all taken at one moment.
 */
#define KVM_HPET_GET_STATS	_IO(KVM_HPET_IOC, 0x18)
/**
 * DOC: KVM_HPET_START_TICKS
 *
 * KVM_HPET_START_TICKS (struct kvm_hpet_tick_period) - starts a tick source, or, if
 * it runs, gives it another period: guest time that is owed stays the same, and is
 * counted anew in the new period.
 *
 *  -EINVAL  a value out of range
 */
#define KVM_HPET_START_TICKS	_IO(KVM_HPET_IOC, 0x19)
/**
 * DOC: KVM_HPET_STOP_TICKS
 *
 * KVM_HPET_STOP_TICKS - no more ticks fall due, and none goes out. What is owed is
 * kept for the next start, except with KVM_HPET_TICKS_DISCARD. The argument must be
 * 0 (-EINVAL).
 *
 *  -EALREADY  stopped
 */
#define KVM_HPET_STOP_TICKS	_IO(KVM_HPET_IOC, 0x1a)
/**
 * DOC: KVM_HPET_ACK_TICK
 *
 * KVM_HPET_ACK_TICK - the guest has taken the last tick. Returns 1 if a tick waited
 * for that, so if the device's interrupt flag was set; else 0, and nothing is done.
 * The argument must be 0 (-EINVAL).
 *
 *  -EINVAL  the source was created without KVM_HPET_SOURCE_ACK_VMM
 */
#define KVM_HPET_ACK_TICK	_IO(KVM_HPET_IOC, 0x1b)

#endif /* _UAPI_LINUX_KVM_HPET_H */
