# SPDX-License-Identifier: GPL-2.0
"""What became of a guest's clock: from the record of a run to figures and verdicts.

No files are written and nothing is printed here, so that the tests can feed it runs that never were.

True time is the test host's CLOCK_MONOTONIC. Guest time is the guest's, for each tick of its timer that it has seen
the time from one to the next: 4 ms with the HPET. Drift is true time minus guest time since a moment before the load:
positive when the guest is behind.
"""

import bisect
import json
import os
import re
import struct

TICK_NS = 4_000_000         # 250 Hz

# Each timer's true interval, and what the guest takes it for. The PIT divides 1,193,182 Hz by whole numbers, so that a guest
# that takes its interval for 4 ms is 57 ppm slow on any machine, which is not what is looked for here.
INTERVAL_NS = {"hpet": TICK_NS, "pit": 4773 * 10**9 / 1_193_182, "pit-vmm": 4773 * 10**9 / 1_193_182, "rtc": 10**9 / 256}
TAKEN_FOR_NS = {"hpet": TICK_NS, "pit": TICK_NS, "pit-vmm": TICK_NS, "rtc": 10**9 / 256}

# What the guest's console says of its clocks.
CLOCKS = {
    "hpet": ("clocksource: jiffies", "clockevent: hpet"),
    "pit": ("clocksource: jiffies", "clockevent: pit"),
    "pit-vmm": ("counts: pit",),
    "rtc": ("counts: rtc",),
}

FINEST_NS = 100_000_000     # samples further apart than this, in guest time, could hide a clock that is ahead
SETTLED_NS = 500_000_000    # "at the end" means this long

RING_MAGIC = 0x4B434954
RING_HEADER = struct.Struct("<IIIIQ")
RING_SAMPLE = struct.Struct("<QQ")

# Kernel messages of the guest that are part of how it is booted.
EXPECTED_COMPLAINTS = ("Marking TSC unstable due to boot parameter notsc",)

BALANCE = ("delivered", "masked", "discarded", "backlog")


class BadRun(Exception):
    """The record of a run cannot be used: there are no figures."""


class Run:
    """One run: what was tried, when what happened, what the guest and kvm_hpet counted."""

    def __init__(self, record, samples, stats=(), log=""):
        self.hpet = record["hpet"]
        self.policy = record.get("policy")
        self.load = record["load"]
        self.timer = record.get("timer", "hpet")
        self.tick_ns = INTERVAL_NS[self.timer]
        self.record = record
        self.samples = samples      # (true ns, guest ns), in order
        self.stats = stats          # (before ns, after ns, the timers' statistics)
        self.log = log              # the guest's console

    def name(self):
        return f"{self.hpet} {self.policy}" if self.policy else self.hpet

    def catches_up(self):
        return self.policy == "slew"

    def is_loaded(self):
        return self.load != "none"


# ---- reading a record ----

def host_time(tsc, clocks):
    """The host's time at a value of its time stamp counter, from pairs (ns, tsc) that were read together."""
    tscs = [pair[1] for pair in clocks]
    i = min(max(bisect.bisect(tscs, tsc), 1), len(clocks) - 1)
    (ns0, tsc0), (ns1, tsc1) = clocks[i - 1], clocks[i]
    return ns0 + (tsc - tsc0) * (ns1 - ns0) / (tsc1 - tsc0)


def read_ring(data):
    """The guest's samples (guest ns, guest tsc)."""
    magic, _, _, _, count = RING_HEADER.unpack_from(data)
    if magic != RING_MAGIC or RING_HEADER.size + count * RING_SAMPLE.size != len(data):
        raise BadRun("the guest's samples are damaged")
    return list(RING_SAMPLE.iter_unpack(data[RING_HEADER.size:]))


def find_timers(tree):
    """Every timer's statistics in the tool's JSON, wherever they stand in it."""
    if isinstance(tree, dict):
        if "due" in tree and all(key in tree for key in BALANCE):
            yield tree
        tree = list(tree.values())
    if isinstance(tree, list):
        for item in tree:
            yield from find_timers(item)


def read_stats(directory, times):
    for i, (before, after) in enumerate(times):
        with open(os.path.join(directory, f"stat-{i}.json"), encoding="utf-8") as file:
            timers = list(find_timers(json.load(file)))
        if not timers:
            raise BadRun(f"stat-{i}.json has no timers")
        yield before, after, timers


def read_run(directory):
    """The run that demo/driver left in a directory."""
    try:
        with open(os.path.join(directory, "run.json"), encoding="utf-8") as file:
            record = json.load(file)
        with open(os.path.join(directory, "ring"), "rb") as file:
            ring = read_ring(file.read())
        with open(os.path.join(directory, "guest.log"), encoding="utf-8", errors="replace") as file:
            log = file.read()
        stats = list(read_stats(directory, record["stats"]))
    except (OSError, ValueError, KeyError, struct.error) as error:
        raise BadRun(f"no usable record: {error}") from error
    offset, timer = record["tsc_offset"], record.get("timer", "hpet")
    pace = INTERVAL_NS[timer] / TAKEN_FOR_NS[timer]
    samples = [(host_time(tsc - offset, record["clocks"]), guest * pace) for guest, tsc in ring]
    return Run(record, samples, stats, log)


# ---- figures ----

def in_window(run):
    return [s for s in run.samples if run.record["counting"] <= s[0] <= run.record["end"]]


def zero(run):
    """The sample that counts as drift 0: the one of the quiet time that was taken soonest after its tick."""
    quiet = [s for s in in_window(run) if s[0] < run.record["quiet_end"]]
    if not quiet:
        raise BadRun("the guest saw no tick before the load")
    return min(quiet, key=lambda s: s[0] - s[1])


def drift_line(run):
    """(seconds since the load began, drift in seconds) for every sample."""
    true0, guest0 = zero(run)
    start = run.record["load_start"]
    return [((true - start) / 1e9, ((true - true0) - (guest - guest0)) / 1e9) for true, guest in in_window(run)]


def final_drift_ns(run):
    """Of the last half second the value farthest from 0, so that a lucky moment does not count."""
    true0, guest0 = zero(run)
    last = [(true - true0) - (guest - guest0) for true, guest in in_window(run)
            if true >= run.record["end"] - SETTLED_NS]
    if not last:
        raise BadRun("the guest saw no tick at the end")
    return max(last, key=abs)


def max_ahead_ns(run):
    true0, guest0 = zero(run)
    return max(max((guest - guest0) - (true - true0) for true, guest in in_window(run)), 0)


def catch_up_ns(run):
    """How long the guest was still more than a tick behind after the load let go of QEMU; None if it is for good."""
    true0, guest0 = zero(run)
    late = [true for true, guest in in_window(run) if (true - true0) - (guest - guest0) > run.tick_ns]
    if abs(final_drift_ns(run)) > run.tick_ns:
        return None
    return max(late[-1] - run.record["let_go"], 0) if late else 0


def ticks(run):
    """Ticks due and seen from the first sample to the last. Both are taken right after a tick, so both counts are whole."""
    (true0, guest0), *_, (true1, guest1) = in_window(run)
    return round((true1 - true0) / run.tick_ns), round((guest1 - guest0) / run.tick_ns)


def largest_step_ns(run, within_ns):
    """The most by which a program in the guest saw its time go on in less than such a time.

    To it, several ticks between two samples came at once, with the second: it did not get to run in between.
    """
    window, most, first = in_window(run), 0, 0
    for true, guest in window:
        while true - window[first][0] >= within_ns:
            first += 1
        most = max(most, guest - window[max(first - 1, 0)][1])
    return most


def fastest(run):
    """The most ticks that the guest saw within the time of one."""
    return round(largest_step_ns(run, run.tick_ns) / run.tick_ns)


def largest(run, key):
    """The largest value of a statistic, of all timers and readings; None without kvm_hpet."""
    values = [timer[key] for _, _, timers in run.stats for timer in timers if key in timer]
    return max(values) if values else None


def figures(run):
    """One entry of summary.json."""
    due, seen = ticks(run)
    catch_up = catch_up_ns(run)
    return {
        "hpet": run.hpet,
        "policy": run.policy,
        "load": run.load,
        "ticks_due": due,
        "ticks_seen": seen,
        "ticks_lost": due - seen,
        "drift_s": round(final_drift_ns(run) / 1e9, 6),
        "max_ahead_s": round(max_ahead_ns(run) / 1e9, 6),
        "catch_up_s": None if catch_up is None else round(catch_up / 1e9, 3),
        "max_backlog": largest(run, "max_backlog"),
        "max_rate": largest(run, "max_rate"),
    }


# ---- limits that were set ----

def parse_ns(text):
    """A time as the tool takes it: "5s", "250ms"."""
    match = re.fullmatch(r"(\d+)(ns|us|ms|s)", text)
    if not match:
        raise BadRun(f"not a time: {text}")
    return int(match.group(1)) * {"ns": 1, "us": 10**3, "ms": 10**6, "s": 10**9}[match.group(2)]


def limits(run):
    """Most additional ticks an interval, most ticks owed."""
    return int(run.record["max_rate"]), parse_ns(run.record["max_backlog"]) // run.tick_ns


# ---- verdicts: each yields what is wrong, in words ----

def complaints(run):
    found = re.findall(r"^complaint: (.*)$", run.log, re.MULTILINE)
    return [line.strip() for line in found if not any(text in line for text in EXPECTED_COMPLAINTS)]


def check_clocks(run):
    """Is it a guest that counts ticks?"""
    for clock in CLOCKS[run.timer]:
        if clock not in run.log:
            yield f"the guest does not keep time by its {run.timer.upper()} ticks (no \"{clock}\")"
    guests = [guest for _, guest in in_window(run)]
    if any((guest - guests[0] + 1000) % run.tick_ns > 2000 for guest in guests):
        yield "the guest's clock does not go by whole ticks"


def check_samples(run):
    """Was it looked at often enough?"""
    guests = [guest for _, guest in in_window(run)]
    if any(b - a > FINEST_NS for a, b in zip(guests, guests[1:])):
        yield "samples are too far apart to see whether the guest was ahead"


def check_guest(run):
    yield from check_clocks(run)
    yield from check_samples(run)


def check_unloaded(run, found):
    lost = found["ticks_lost"]
    if lost:
        yield f"without load {abs(lost)} ticks were {'lost' if lost > 0 else 'added'}"
    if abs(found["drift_s"]) > run.tick_ns / 1e9:
        yield f"without load the guest's clock is off by {found['drift_s']:.4f} s"


def check_loaded(found):
    if found["ticks_lost"] <= 0:
        yield "no tick was lost under load: the load is no load, or the count is wrong"


def check_end(run, found):
    if abs(found["drift_s"]) > run.tick_ns / 1e9:
        yield f"in the end the guest's clock is off by {found['drift_s']:.4f} s, more than one tick"


def check_limits(run, found):
    """As the module counts."""
    max_rate, max_backlog = limits(run)
    if found["max_rate"] is None or found["max_rate"] > max_rate:
        yield f"rate {found['max_rate']} above the limit of {max_rate} additional ticks an interval"
    if found["max_backlog"] is None or found["max_backlog"] > max_backlog:
        yield f"backlog {found['max_backlog']} above the limit of {max_backlog} ticks"


def check_pace(run):
    """As the guest sees it."""
    max_rate, _ = limits(run)
    # One tick is the regular one; another may fall into the same time by chance, as the guest takes them with some jitter.
    if fastest(run) > max_rate + 2:
        yield f"the guest saw {fastest(run)} ticks within the time of one, with a limit of {max_rate} additional ones"


def check_caught_up(run, found):
    yield from check_end(run, found)
    yield from check_limits(run, found)
    yield from check_pace(run)


def check_ahead(run, found):
    if found["max_ahead_s"] > run.tick_ns / 1e9:
        yield f"the guest's clock was {found['max_ahead_s']:.4f} s ahead, more than one tick"


def check_complaints(run):
    for line in complaints(run):
        yield f"the guest's kernel complained: {line}"


def check_balance(run):
    """The conservation law, in everything the tool ever printed."""
    for i, (_, _, timers) in enumerate(run.stats):
        for timer in timers:
            accounted = sum(timer[key] for key in BALANCE)
            if timer["due"] != accounted:
                yield (f"reading {i} of the statistics does not balance: due {timer['due']}, "
                       f"but delivered + masked + discarded + backlog = {accounted}")


def busiest(timers):
    """The timer that ticks: the guest uses one."""
    return max(timers, key=lambda timer: timer["due"])


def seen_until(run, true):
    """How many ticks the guest had seen at a moment."""
    at = bisect.bisect(run.samples, (true, float("inf"))) - 1
    return round((run.samples[max(at, 0)][1] - run.samples[0][1]) / run.tick_ns)


def check_counts(run):
    """Do the module's counts agree with the guest's, between the first and the last reading?

    A reading was taken some time between before and after, so what lies in between is uncertain; one tick more at
    each end may be on its way into the guest.
    """
    before0, after0, first = run.stats[0]
    before1, after1, last = run.stats[-1]
    first, last = busiest(first), busiest(last)
    due = last["due"] - first["due"]
    least, most = (before1 - after0) / run.tick_ns - 1, (after1 - before0) / run.tick_ns + 1
    if not least <= due <= most:
        yield f"kvm_hpet counts {due} ticks due, true time says {least:.1f} to {most:.1f}"
    delivered = last["delivered"] - first["delivered"]
    least = seen_until(run, before1) - seen_until(run, after0) - 1
    most = seen_until(run, after1) - seen_until(run, before0) + 1
    # Without catching up nobody looks whether the guest has taken a tick: "delivered" only says that KVM has.
    if delivered < least or (run.catches_up() and delivered > most):
        yield f"kvm_hpet counts {delivered} ticks delivered, the guest saw {least} to {most}"


def problems(run, found):
    """Everything that does not hold which must, in words; empty if the run shows what it should."""
    yield from check_guest(run)
    if run.is_loaded() and not run.catches_up():
        yield from check_loaded(found)
    if not run.is_loaded():
        yield from check_unloaded(run, found)
        yield from check_ahead(run, found)
    if run.catches_up():
        yield from check_caught_up(run, found)
        yield from check_ahead(run, found)
        yield from check_complaints(run)
    if run.hpet == "kvm_hpet":
        if len(run.stats) < 2:
            yield "fewer than two readings of kvm_hpet's statistics"
            return
        yield from check_balance(run)
        yield from check_counts(run)
