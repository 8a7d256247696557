# SPDX-License-Identifier: GPL-2.0
"""What a run of make drift shows beyond what one of the demo does, and whether kvm_hpet does in it what it must.

The rivals are measured, not judged: of their runs only that they are sound is required, and that the guest counts the
ticks it is meant to.
"""

import math
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "demo"))

import analysis  # noqa: E402  (of the demo)

STEP_NS = 100_000_000       # the step of guest time is looked for in this much true time
SPARE_NS = 1_000_000_000    # for catching up, in addition to what the backlog takes
FAR_BELOW = 0.6             # of the PIT's step, where it makes up more than STEP_NS at once
LEAST_RATE = 1              # additional ticks an interval with which slew begins

# What a tick costs a busy guest's QEMU of the CPU, at most; an idle one's is measured in its own quiet time.
TICK_CPU_NS = 200_000

# A guest's words for a clock that went wrong, by what they mean.
COMPLAINTS = (
    ("soft lockup", r"soft lockup"),
    ("clocksource unstable", r"clocksource.*unstable|unstable.*clocksource|Marking .* unstable|TSC .*unstable"),
    ("rcu stall", r"rcu.*stall|stall.*rcu|rcu: INFO"),
)


def kind_of(line):
    for kind, pattern in COMPLAINTS:
        if re.search(pattern, line, re.IGNORECASE):
            return kind
    return "other"


# ---- figures ----

def spent(run, key, start, end):
    """QEMU's share of the CPU in a while."""
    return run.record[key] / (run.record[end] - run.record[start])


def needed_ns(run):
    """What QEMU needs of the CPU under load so that no more ticks are owed in the end than may be."""
    quiet = (run.record["quiet_end"] - run.record["counting"]) / run.tick_ns
    cost = run.record["cpu_quiet"] / quiet if run.record["guest"] == "idle" else TICK_CPU_NS
    due = (run.record["load_end"] - run.record["load_start"]) / run.tick_ns
    _, max_backlog = analysis.limits(run)
    return cost * max(due - max_backlog, 0)


def is_starved(run):
    """Did the guest get less than the CPU time it needs?"""
    return run.record["cpu_load"] < needed_ns(run)


def most_behind_ns(run, since=0):
    true0, guest0 = analysis.zero(run)
    return max([(true - true0) - (guest - guest0) for true, guest in analysis.in_window(run) if true >= since] + [0])


def given_up(run):
    """Ticks that kvm_hpet gave up between its first and last reading; None for others."""
    if len(run.stats) < 2:
        return None
    return analysis.busiest(run.stats[-1][2])["discarded"] - analysis.busiest(run.stats[0][2])["discarded"]


def figures(run):
    """One record of drift.json: the demo's, and more."""
    return {
        **analysis.figures(run),
        "timer": run.timer,
        "guest": run.record["guest"],
        "most_behind_s": round(most_behind_ns(run) / 1e9, 6),
        "max_step_s": round(analysis.largest_step_ns(run, STEP_NS) / 1e9, 6),
        "given_up": given_up(run),
        "cpu_share": round(spent(run, "cpu_load", "load_start", "load_end"), 4),
        "starved": is_starved(run) if run.catches_up() else None,
        "complaints": [{"kind": kind_of(line), "text": line} for line in analysis.complaints(run)],
    }


# ---- verdicts: each yields what is wrong, in words ----

def check_caught_up_in_time(run, found):
    """With one additional tick an interval, the least that slew gives, a tick owed takes one interval."""
    backlog = most_behind_ns(run, run.record["let_go"]) / run.tick_ns
    allowed = (backlog / LEAST_RATE * run.tick_ns + SPARE_NS) / 1e9
    if found["catch_up_s"] is not None and found["catch_up_s"] > allowed:
        yield f"{backlog:.0f} ticks were made up within {found['catch_up_s']:.2f} s, more than {allowed:.2f} s"


def check_step(run, found):
    """Guest time goes no faster than the highest rate, in whole ticks; two for the jitter at both ends."""
    ticks = (found["max_rate"] + 1) * math.ceil(STEP_NS / run.tick_ns) + 2
    allowed = round(ticks * run.tick_ns / 1e9, 6)
    if found["max_step_s"] > allowed:
        yield f"guest time went on by {found['max_step_s']:.3f} s within 0.1 s, more than {allowed:.3f} s at its highest rate"


def check_starved(run, found):
    """A guest that did not get what it needs is behind by what was given up and counted, and by nothing else."""
    off = found["drift_s"] - found["given_up"] * run.tick_ns / 1e9
    if abs(off) > run.tick_ns / 1e9:
        yield f"the starved guest's clock is off by {found['drift_s']:.4f} s, but {found['given_up']} ticks were given up"


def check_slew(run, found):
    yield from analysis.check_limits(run, found)
    yield from analysis.check_ahead(run, found)
    yield from analysis.check_complaints(run)
    # A starved guest takes ticks, but its programs do not get to run in between, and cannot see how fast they come.
    if is_starved(run):
        yield from check_starved(run, found)
        return
    yield from analysis.check_end(run, found)
    yield from analysis.check_samples(run)
    yield from analysis.check_pace(run)
    yield from check_caught_up_in_time(run, found)
    yield from check_step(run, found)


def check_statistics(run):
    if len(run.stats) < 2:
        yield "fewer than two readings of kvm_hpet's statistics"
        return
    yield from analysis.check_balance(run)
    yield from analysis.check_counts(run)


def problems(run, found):
    """Everything that does not hold which must, in words."""
    yield from analysis.check_clocks(run)
    if run.hpet != "kvm_hpet":
        return
    yield from check_statistics(run)
    if not run.is_loaded():
        yield from analysis.check_unloaded(run, found)
        yield from analysis.check_ahead(run, found)
        yield from analysis.check_samples(run)
    if run.catches_up() and len(run.stats) > 1:
        yield from check_slew(run, found)


def makes_up_more_than_a_window(rival):
    """Twice as much as true time: then it is for the timer to choose how much of it comes within one window.

    Less, and the outage was shorter than the window. Any timer that keeps up goes on by as much when the load ends.
    """
    return rival["max_step_s"] > 2 * STEP_NS / 1e9


def check_against_pit(found, rival):
    """Slew's step is far below that of KVM's PIT under the same load."""
    allowed = FAR_BELOW * rival["max_step_s"]
    if makes_up_more_than_a_window(rival) and found["max_step_s"] > allowed:
        yield f"guest time went on by {found['max_step_s']:.3f} s within 0.1 s, more than {allowed:.3f} s ({FAR_BELOW} of KVM's PIT's)"


def compare_steps(found, rival):
    """Where slew's step is larger than that of KVM's PIT under the same load, that is said."""
    if found["max_step_s"] > rival["max_step_s"]:
        yield f"guest time went on by {found['max_step_s']:.3f} s within 0.1 s, with KVM's PIT by {rival['max_step_s']:.3f} s"
