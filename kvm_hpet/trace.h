/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tracepoints kvm_hpet:*, for perf, trace-cmd and bpftrace. Where each comes from
 * is said in Documentation/observing.rst. In all of them
 *
 * block: number of the block, as of KVM_HPET_NEXT_BLOCK and kvm-hpet list
 * timer: number of the timer in it
 *
 * Accesses, lines and acknowledgments have tracepoints of KVM's own: kvm:kvm_mmio,
 * kvm:kvm_set_irq, kvm:kvm_ack_irq.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM kvm_hpet

#if !defined(_KVM_HPET_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _KVM_HPET_TRACE_H

#include <linux/tracepoint.h>

#include "tracing.h"

/*
 * A count of struct kvm_hpet_timer_stats has changed. Emitted under the block's
 * lock, so in the order in which it happened; the sum of all @ticks of a timer
 * is its count.
 *
 * ticks: by how many; below 0 only for kvm_hpet_due, if a change of the period
 *	counts the backlog anew
 * total: the count now
 * backlog: ticks owed now
 */
DECLARE_EVENT_CLASS(kvm_hpet_count,
	TP_PROTO(u64 block, u32 timer, s64 ticks, u64 total, u64 backlog),
	TP_ARGS(block, timer, ticks, total, backlog),

	TP_STRUCT__entry(
		__field(u64, block)
		__field(u32, timer)
		__field(s64, ticks)
		__field(u64, total)
		__field(u64, backlog)
	),

	TP_fast_assign(
		__entry->block = block;
		__entry->timer = timer;
		__entry->ticks = ticks;
		__entry->total = total;
		__entry->backlog = backlog;
	),

	TP_printk("block %llu timer %u ticks %lld total %llu backlog %llu",
		  __entry->block, __entry->timer, __entry->ticks,
		  __entry->total, __entry->backlog)
);

#define KVM_HPET_COUNT_EVENT(name)					\
DEFINE_EVENT_FN(kvm_hpet_count, name,					\
	TP_PROTO(u64 block, u32 timer, s64 ticks, u64 total, u64 backlog), \
	TP_ARGS(block, timer, ticks, total, backlog),			\
	kvm_hpet_tracing_begin, kvm_hpet_tracing_end)

/* Ticks fell due. */
KVM_HPET_COUNT_EVENT(kvm_hpet_due);
/* Ticks were delivered, additional ones included. */
KVM_HPET_COUNT_EVENT(kvm_hpet_delivered);
/* Ticks fell due while the guest had them masked. */
KVM_HPET_COUNT_EVENT(kvm_hpet_masked);
/* Ticks were given up: lost for good. */
KVM_HPET_COUNT_EVENT(kvm_hpet_discarded);
/* Ticks fell due, or were injected, while another was unacknowledged. */
KVM_HPET_COUNT_EVENT(kvm_hpet_coalesced);
/* Ticks fell due unnoticed: the host was late by a period or more. */
KVM_HPET_COUNT_EVENT(kvm_hpet_late);
/* Of those delivered: in addition to the regular ones. */
KVM_HPET_COUNT_EVENT(kvm_hpet_reinjected);
/* A tick is injected again, for want of an acknowledgment. */
KVM_HPET_COUNT_EVENT(kvm_hpet_retried);

/*
 * The rate of a catch-up has changed.
 *
 * from, to: additional ticks an interval, before and now; 0: no catch-up
 * backlog: ticks owed now
 */
TRACE_EVENT_FN(kvm_hpet_rate,
	TP_PROTO(u64 block, u32 timer, u32 from, u32 to, u64 backlog),
	TP_ARGS(block, timer, from, to, backlog),

	TP_STRUCT__entry(
		__field(u64, block)
		__field(u32, timer)
		__field(u32, from)
		__field(u32, to)
		__field(u64, backlog)
	),

	TP_fast_assign(
		__entry->block = block;
		__entry->timer = timer;
		__entry->from = from;
		__entry->to = to;
		__entry->backlog = backlog;
	),

	TP_printk("block %llu timer %u from %u to %u backlog %llu",
		  __entry->block, __entry->timer, __entry->from, __entry->to,
		  __entry->backlog),

	kvm_hpet_tracing_begin, kvm_hpet_tracing_end
);

/*
 * An edge-triggered interrupt or a message was handed to KVM.
 *
 * gsi: the line, -1: a message
 * result: what KVM returned; below 0: masked, 0: merged with one still pending,
 *	above: so many CPUs have it
 */
TRACE_EVENT(kvm_hpet_inject,
	TP_PROTO(u64 block, u32 timer, s32 gsi, s32 result),
	TP_ARGS(block, timer, gsi, result),

	TP_STRUCT__entry(
		__field(u64, block)
		__field(u32, timer)
		__field(s32, gsi)
		__field(s32, result)
	),

	TP_fast_assign(
		__entry->block = block;
		__entry->timer = timer;
		__entry->gsi = gsi;
		__entry->result = result;
	),

	TP_printk("block %llu timer %u gsi %d result %d",
		  __entry->block, __entry->timer, __entry->gsi,
		  __entry->result)
);

/*
 * The host timer was armed or cancelled.
 *
 * deadline: when it is to fire, ns of CLOCK_MONOTONIC; 0: not at all
 */
TRACE_EVENT(kvm_hpet_arm,
	TP_PROTO(u64 block, u32 timer, u64 deadline),
	TP_ARGS(block, timer, deadline),

	TP_STRUCT__entry(
		__field(u64, block)
		__field(u32, timer)
		__field(u64, deadline)
	),

	TP_fast_assign(
		__entry->block = block;
		__entry->timer = timer;
		__entry->deadline = deadline;
	),

	TP_printk("block %llu timer %u deadline %llu",
		  __entry->block, __entry->timer, __entry->deadline)
);

/*
 * The host timer fired.
 *
 * late: ns after its deadline
 */
TRACE_EVENT(kvm_hpet_expire,
	TP_PROTO(u64 block, u32 timer, u64 late),
	TP_ARGS(block, timer, late),

	TP_STRUCT__entry(
		__field(u64, block)
		__field(u32, timer)
		__field(u64, late)
	),

	TP_fast_assign(
		__entry->block = block;
		__entry->timer = timer;
		__entry->late = late;
	),

	TP_printk("block %llu timer %u late %llu",
		  __entry->block, __entry->timer, __entry->late)
);

#endif /* _KVM_HPET_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
