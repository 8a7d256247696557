#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""make endurance's judgement, fed with runs that never were: does it pass what is good, and fail all else?"""

import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(HERE))
sys.path.insert(0, os.path.join(HERE, "..", "..", "demo", "t"))

import summary  # noqa: E402  (one directory up)
from invented import (  # noqa: E402  (the demo's)
    END, GOOD_LOG, QUIET_END, a_run, ahead, done, equal, late, losing, record, sampled, says, stats_at, ticking)

SEGMENTS = [
    {"load": "quota-25", "before": {"policy": "slew"}, "meanwhile": {"policy": "delay"}, "spell": None},
    {"load": "none", "before": {"policy": "slew"}, "meanwhile": None, "spell": "merge"},
    {"load": "quota-25", "before": {"policy": "slew"}, "meanwhile": None, "spell": None},
]


def long_run(samples, minutes=0.25, log=GOOD_LOG, **last):
    made = dict(record(load="random"), minutes=minutes, seed=7, kernel="6.1", segments=SEGMENTS, guest="idle")
    counts = dict.fromkeys(("late", "coalesced", "reinjected", "retries"), 0)
    stats = [stats_at(QUIET_END, samples, **counts), stats_at(END, samples, **{**counts, "max_rate": 3, **last})]
    return a_run(samples, made, stats, log)


def failings(run):
    return "; ".join(summary.problems(run, summary.figures(run)))


found = summary.figures(long_run(late(125), reinjected=125))
equal((found["minutes"], found["segments"], found["loads"], found["policy_changes"]), (0.25, 3, {"none": 1, "quota-25": 2}, 7),
      "what was done is counted")
equal((found["ticks_due"], found["ticks_seen"], found["most_behind_s"], found["max_rate"]), (3749, 3749, 0.5, 3), "ticks, too")
equal((found["module"]["due"], found["module"]["delivered"], found["module"]["reinjected"]), (3250, 3250, 125),
      "the module's counts are those from the first reading to the last")
equal(failings(long_run(sampled(ticking()))), "", "a run in which nothing happens is good")
equal(failings(long_run(late(125))), "", "one in which all is made up, too")
says(failings(long_run(losing(2))), "in the end the guest's clock is off by 0.0080 s", "two ticks lost fail")
says(failings(long_run(ahead(2))), "ahead, more than one tick", "and two too many for a while")
says(failings(long_run(losing(2), discarded=2)), "2 ticks were given up", "and ticks given up, though counted")
says(failings(long_run(late(125), masked=1)), "does not balance", "and statistics that do not add up")
says(failings(long_run(late(125), delivered=3000, backlog=751)), "the guest saw",
     "and ones that are not the guest's count")
says(failings(long_run(late(125), minutes=1)), "took 0.25 minutes of guest time instead of 1", "and a run that was cut short")
says(failings(long_run(late(125), log=GOOD_LOG + "complaint: watchdog: BUG: soft lockup\n")), "soft lockup", "and a complaint")
says(failings(long_run(late(125), log="clocksource: tsc\n")), "does not keep time by its HPET ticks", "and another clock")
done()
