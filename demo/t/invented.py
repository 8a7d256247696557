# SPDX-License-Identifier: GPL-2.0
"""Runs that never were, and TAP: for the tests of the demo's analysis and of make drift's judgement."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

import analysis  # noqa: E402  (one directory up)

TICK = analysis.TICK_NS
S = 10**9
T0 = 1000 * S       # the host's time when the guest begins to count
LATENCY = 3000      # from a tick to its sample
COUNTING, QUIET_END, LOAD_START, LOAD_END, END = (T0 + x * S for x in (0, 2, 2, 12, 15))
GOOD_LOG = "clocksource: jiffies\nclockevent: hpet\ntick-guest: end\n"


# ---- runs that never were ----

def record(hpet="kvm_hpet", policy="slew", load="stop-500-1000"):
    made = {"hpet": hpet, "load": load, "counting": COUNTING, "quiet_end": QUIET_END, "load_start": LOAD_START,
            "let_go": LOAD_END - S // 2, "load_end": LOAD_END, "end": END, "max_rate": "10", "max_backlog": "5s"}
    if policy:
        made["policy"] = policy
    return made


def ticking(until=END):
    """True times of all ticks that are due, the first one a tick before the guest counts."""
    return list(range(T0, until + 1, TICK))


def sampled(tick_times):
    """A sample after every tick that the guest sees."""
    return [(true + LATENCY, (i + 1) * TICK) for i, true in enumerate(tick_times)]


def losing(count, at=LOAD_START + S):
    """Some ticks never come."""
    ticks = ticking()
    first = ticks.index(at)
    return sampled(ticks[:first] + ticks[first + count:])


def late(count, extra=1, at=LOAD_START + S):
    """Some ticks come later, so many in addition to each regular one."""
    ticks = ticking()
    first = ticks.index(at)
    seen, owed = ticks[:first], count
    for true in ticks[first + count:]:
        seen.append(true)
        for i in range(min(extra, owed)):
            seen.append(true + TICK * (i + 1) // (extra + 1))
        owed = max(owed - extra, 0)
    return sampled(seen)


def ahead(count, at=LOAD_START + S):
    """Ticks that were not due come in between, and as many regular ones are left out a second later."""
    ticks = ticking()
    first, second = ticks.index(at), ticks.index(at + S)
    extra = [at + 1000 * (i + 1) for i in range(count)]
    return sampled(ticks[:first + 1] + extra + ticks[first + 1:second] + ticks[second + count:])


def stats_at(when, samples, **more):
    """A reading that agrees with the guest."""
    seen = sum(1 for true, _ in samples if true <= when)
    timer = {"due": (when - T0) // TICK + 1, "delivered": seen, "masked": 0, "discarded": 0,
             "backlog": 0, "max_backlog": 0, "max_rate": 0}
    timer["backlog"] = timer["due"] - seen
    timer.update(more)
    return when - 1000, when + 1000, [timer]


def bursting(count, at=LOAD_START + S):
    """Some ticks come later, all within the time of one."""
    ticks = ticking()
    first = ticks.index(at)
    return sampled(ticks[:first] + [ticks[first + count] - 1000 * i for i in range(count, 0, -1)] + ticks[first + count:])


def a_run(samples, made=None, stats=None, log=GOOD_LOG, **more):
    made = made or record()
    if stats is None and made["hpet"] == "kvm_hpet":
        stats = [stats_at(QUIET_END, samples), stats_at(END, samples, **more)]
    return analysis.Run(made, samples, stats or [], log)


# ---- TAP ----

COUNT = 0
FAILED = 0


def ok(good, what, *details):
    global COUNT, FAILED
    COUNT += 1
    FAILED += not good
    print(f"{'ok' if good else 'not ok'} {COUNT} - {what}")
    if not good:
        for detail in details:
            print(f"# {detail}")


def equal(got, wanted, what):
    ok(got == wanted, what, f"got {got!r}", f"wanted {wanted!r}")


def says(text, words, what):
    ok(words in text, what, f"got \"{text}\"", f"wanted \"{words}\" in it")


def done():
    """The plan, and the exit status."""
    print(f"1..{COUNT}")
    sys.exit(1 if FAILED else 0)
