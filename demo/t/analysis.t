#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""The demo's analysis, fed with runs that never were: are its figures right, and does it fail what must fail?"""

import json
import os
import struct
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
sys.path.insert(0, HERE)
sys.path.insert(0, os.path.dirname(HERE))

import analysis  # noqa: E402  (one directory up)
import picture   # noqa: E402
from invented import (  # noqa: E402  (beside this file)
    END, GOOD_LOG, LOAD_END, LOAD_START, QUIET_END, S, T0, TICK,
    a_run, ahead, bursting, done, equal, late, losing, ok, record, sampled, says, stats_at, ticking)


def failings(run):
    return "; ".join(analysis.problems(run, analysis.figures(run)))


# ---- the tests ----

def test_perfect():
    run = a_run(sampled(ticking()))
    found = analysis.figures(run)
    equal((found["ticks_due"], found["ticks_seen"], found["ticks_lost"]), (3749, 3749, 0),
          "a guest that sees every tick: 3,749 of 3,749")
    equal((found["drift_s"], found["max_ahead_s"], found["catch_up_s"]), (0, 0, 0), "and its clock is right")
    equal(failings(run), "", "which is what slew must show")
    equal(failings(a_run(sampled(ticking()), record(load="none"))), "", "and what no load must show")
    says(failings(a_run(sampled(ticking()), record("qemu", None))), "no tick was lost under load",
         "but under load without catching up it is suspicious")


def test_losing():
    samples = losing(125)
    found = analysis.figures(a_run(samples, record("qemu", None)))
    equal((found["ticks_due"], found["ticks_seen"], found["ticks_lost"]), (3749, 3624, 125), "125 ticks are lost")
    equal((found["drift_s"], found["catch_up_s"]), (0.5, None), "the guest stays 0.5 s behind")
    equal((found["policy"], found["max_backlog"], found["max_rate"]), (None, None, None),
          "QEMU's own HPET has no policy, backlog or rate")
    equal(failings(a_run(samples, record("qemu", None))), "", "QEMU's own HPET may lose ticks under load")
    says(failings(a_run(samples, record("qemu", None, "none"))), "without load 125 ticks were lost", "not without")
    says(failings(a_run(samples)), "in the end the guest's clock is off by 0.5000 s", "slew may not")
    says(failings(a_run(losing(2))), "off by 0.0080 s", "not even two")
    equal(failings(a_run(losing(1))), "", "one tick is within what is allowed")


def test_catching_up():
    run = a_run(late(125), max_rate=1, max_backlog=125)
    found = analysis.figures(run)
    equal((found["ticks_lost"], found["drift_s"], found["max_ahead_s"]), (0, 0, 0), "125 late ticks are made up in the end")
    equal((found["max_backlog"], found["max_rate"]), (125, 1), "largest backlog and highest rate come from the statistics")
    equal(found["catch_up_s"], 0, "made up while the load went on")
    equal(failings(run), "", "which is what slew must show")

    found = analysis.figures(a_run(late(125, at=LOAD_END - S // 2)))
    equal(found["catch_up_s"], 0.994, "0.5 s of lost ticks, made up by one more each interval, until within a tick")
    equal(max(drift for _, drift in analysis.drift_line(a_run(late(125)))), 0.5, "the line shows 0.5 s behind")


def test_limits():
    samples = late(125, extra=4)
    says(failings(a_run(samples, max_rate=11)), "rate 11 above the limit of 10", "a rate above its limit fails")
    equal(failings(a_run(samples, max_rate=10, max_backlog=1250)), "", "at the limits is good")
    says(failings(a_run(samples, max_backlog=1251)), "backlog 1251 above the limit of 1250", "5 s are 1,250 ticks")
    equal(analysis.fastest(a_run(samples)), 5, "four additional ticks an interval: five within the time of one")
    equal(failings(a_run(bursting(11))), "", "eleven additional ones at once could be ten and jitter")
    says(failings(a_run(bursting(12))), "13 ticks within the time of one", "twelve could not, whatever the statistics say")
    equal([analysis.parse_ns(text) for text in ("5s", "250ms", "7us", "1ns")], [5 * S, S // 4, 7000, 1], "times are parsed")


def test_ahead():
    run = a_run(ahead(1))
    equal(analysis.figures(run)["max_ahead_s"], 0.004, "one tick that was not due: one tick ahead")
    equal(failings(run), "", "that much is allowed")
    run = a_run(ahead(2))
    equal(analysis.figures(run)["max_ahead_s"], 0.008, "two of them: two ticks ahead, though the end is right")
    says(failings(run), "0.0080 s ahead, more than one tick", "which fails")


def test_counts():
    samples = late(125)
    good = [stats_at(QUIET_END, samples), stats_at(END, samples)]
    bad = stats_at(LOAD_START + 3 * S, samples, masked=1)
    says(failings(a_run(samples, stats=[good[0], bad, good[1]])), "reading 1 of the statistics does not balance",
         "a reading in between that does not balance fails")
    few = stats_at(END, samples)
    few[2][0]["delivered"] -= 10
    few[2][0]["discarded"] += 10
    says(failings(a_run(samples, stats=[good[0], few])), "ticks delivered, the guest saw", "10 delivered too few fail")
    many = stats_at(END, samples)
    many[2][0]["due"] += 10
    many[2][0]["backlog"] += 10
    says(failings(a_run(samples, stats=[good[0], many])), "ticks due, true time says", "10 due too many fail")
    says(failings(a_run(samples, stats=good[:1])), "fewer than two readings", "one reading is not enough")

    blind = losing(125)
    unseen = stats_at(END, blind, delivered=(END - T0) // TICK + 1, backlog=0)
    equal(failings(a_run(blind, record(policy="none"), [stats_at(QUIET_END, blind), unseen])), "",
          "with none, what KVM took and the guest did not see counts as delivered")


def test_guest():
    samples = sampled(ticking())
    says(failings(a_run(samples, log=GOOD_LOG.replace("jiffies", "tsc"))), "does not keep time by its HPET ticks",
         "another clocksource fails")
    says(failings(a_run(samples, log=GOOD_LOG + "complaint: watchdog: BUG: soft lockup\n")), "soft lockup",
         "a complaint of the guest's kernel fails slew")
    says(failings(a_run([(true, guest + i * 100) for i, (true, guest) in enumerate(samples)])), "whole ticks",
         "a clock that does not go by ticks fails")
    says(failings(a_run(samples[::26])), "too far apart", "samples too far apart fail")


def test_reading():
    offset, clocks = -5 * S, [[T0, 10 * S], [T0 + 10 * S, 20 * S], [T0 + 20 * S, 30 * S + 1000]]
    equal(analysis.host_time(15 * S, clocks), T0 + 5 * S, "the host's time between two pairs of clocks")
    equal(round(analysis.host_time(25 * S + 500, clocks)), T0 + 15 * S, "each stretch has its own pace")
    equal(analysis.host_time(9 * S, clocks), T0 - S, "before the first pair its pace goes on")
    tree = {"blocks": [{"id": 1, "timers": [{"due": 5, "delivered": 5, "masked": 0, "discarded": 0, "backlog": 0}, {"due": 1}]}]}
    equal(len(list(analysis.find_timers(tree))), 1, "timers are found wherever they stand")
    made = dict(record(), tsc_offset=offset, clocks=clocks, stats=[[1, 2]])
    with tempfile.TemporaryDirectory() as directory:
        def put(name, data):
            with open(os.path.join(directory, name), "wb") as file:
                file.write(data)
        put("run.json", json.dumps(made).encode())
        put("guest.log", GOOD_LOG.encode())
        put("stat-0.json", json.dumps(tree).encode())
        ring = struct.pack("<IIIIQ", analysis.RING_MAGIC, 1, 0, 0, 2) + struct.pack("<QQQQ", TICK, 5 * S, 2 * TICK, 6 * S)
        put("ring", ring)
        run = analysis.read_run(directory)
        equal(run.samples, [(T0, TICK), (T0 + S, 2 * TICK)], "a record is read, the guest's counter becomes the host's time")
        put("ring", ring[:-1])
        try:
            analysis.read_run(directory)
            ok(False, "a damaged record is refused")
        except analysis.BadRun as error:
            says(str(error), "damaged", "a damaged record is refused")


def test_picture():
    line = [(i * 0.004, 0.0) for i in range(1000)] + [(4.5, 0.5)] + [(4.5 + i * 0.004, 0.5) for i in range(1000)]
    thin = picture.thin_out(line)
    ok(len(thin) < 500, "a line is drawn with fewer points", f"{len(thin)} points")
    ok(line[999] in thin and line[1000] in thin and line[-1] in thin, "but with its corners and its end")


for test in (test_perfect, test_losing, test_catching_up, test_limits, test_ahead, test_counts, test_guest, test_reading,
             test_picture):
    test()
done()
