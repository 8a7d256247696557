#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""make drift's judgement, fed with runs that never were: are its figures right, and does it fail what must fail?"""

import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(HERE))
sys.path.insert(0, os.path.join(HERE, "..", "..", "demo", "t"))

import judgement  # noqa: E402  (one directory up)
import rst        # noqa: E402
from invented import (  # noqa: E402  (the demo's)
    END, GOOD_LOG, LOAD_END, LOAD_START, QUIET_END, S, TICK,
    a_run, ahead, analysis, bursting, done, equal, late, losing, ok, record, sampled, says, stats_at, ticking)

UNSTABLE = "clocksource: timekeeping watchdog on CPU0: Marking clocksource 'tsc' as unstable because the skew is too large:"


def a_record(hpet="kvm_hpet", policy="slew", load="stop-500-1000", guest="idle", cpu_load=S // 5, timer="hpet"):
    """80 us of the CPU for a tick in the quiet time."""
    return dict(record(hpet, policy, load), guest=guest, timer=timer, cpu_quiet=S // 25, cpu_load=cpu_load)


def drift_run(samples, made=None, stats=None, log=GOOD_LOG, **more):
    return a_run(samples, made or a_record(), stats, log, **more)


def failings(run):
    return "; ".join(judgement.problems(run, judgement.figures(run)))


def slow(count, every, at):
    """Some ticks come later, one more in every so many intervals."""
    ticks = ticking()
    first = ticks.index(at)
    seen, owed = ticks[:first], count
    for i, true in enumerate(ticks[first + count:]):
        seen.append(true)
        if owed and not i % every:
            seen.append(true + TICK // 2)
            owed -= 1
    return sampled(seen)


def test_figures():
    found = judgement.figures(drift_run(late(125), max_rate=1, max_backlog=125))
    equal((found["guest"], found["timer"], found["complaints"]), ("idle", "hpet", []), "the record says what was run")
    equal(found["most_behind_s"], 0.5, "125 late ticks: 0.5 s behind at most")
    equal(found["max_step_s"], 0.2, "one more each interval: twice the pace")
    equal((found["given_up"], found["cpu_share"], found["starved"]), (0, 0.02, False), "nothing given up; QEMU's share of the CPU")
    equal(judgement.figures(drift_run(sampled(ticking())))["max_step_s"], 0.1, "at its normal pace it goes on by as much as true time")
    jumping = sampled(ticking())
    del jumping[1000:1125]
    equal(judgement.figures(drift_run(jumping, a_record("qemu", None)))["max_step_s"], 0.6,
          "0.5 s that no program in the guest saw pass came at once, to it")
    equal(failings(drift_run(jumping, a_record("qemu", None))), "", "which is a rival's to do")
    says(failings(drift_run(jumping, max_rate=9)), "too far apart", "but not slew's")
    found = judgement.figures(drift_run(losing(125), a_record("qemu", None)))
    equal((found["given_up"], found["starved"]), (None, None), "QEMU's own HPET gives nothing up that is counted")
    kinds = [judgement.kind_of(line) for line in
             ("watchdog: BUG: soft lockup - CPU#0 stuck for 23s!", UNSTABLE, "rcu: INFO: rcu_sched self-detected stall on CPU",
              "WARNING: CPU: 0")]
    equal(kinds, ["soft lockup", "clocksource unstable", "rcu stall", "other"], "complaints are told apart")


def test_timers():
    equal(round(analysis.INTERVAL_NS["pit"]), 4000228, "the PIT's interval is what its divisor makes it")
    run = drift_run([(true, guest * 125 / 128) for true, guest in sampled(ticking())], a_record(None, None, timer="rtc"))
    equal(run.tick_ns, 3906250, "the RTC's tick has its own length")
    says(failings(run), "does not keep time by its RTC ticks", "a guest that does not count the RTC's fails")
    pit = GOOD_LOG.replace("clockevent: hpet", "clockevent: pit")
    says(failings(drift_run(losing(125), a_record(None, None, timer="pit"))), "by its PIT ticks", "nor one that counts others than the PIT's")
    ok("by its" not in failings(drift_run(losing(125), a_record(None, None, timer="pit"), log=pit)), "one that counts the PIT's is good")


def test_rivals():
    equal(failings(drift_run(losing(125), a_record("qemu", None))), "", "a rival may lose ticks")
    equal(failings(drift_run(losing(125), a_record("qemu", None, "none"))), "", "even without load: it is measured, not judged")
    equal(failings(drift_run(sampled(ticking()), a_record("qemu", None))), "", "or none under load")


def test_no_load():
    for policy in ("discard", "delay", "merge", "slew"):
        equal(failings(drift_run(sampled(ticking()), a_record(policy=policy, load="none"))), "",
              f"without load {policy} loses and adds nothing")
    blind = losing(2)
    says(failings(drift_run(blind, a_record(policy="merge", load="none"))), "without load 2 ticks were lost", "two ticks lost fail")
    says(failings(drift_run(ahead(2), a_record(policy="discard", load="none"))), "ahead, more than one tick", "and two too many")


def test_slew():
    equal(failings(drift_run(late(125), max_rate=1, max_backlog=125)), "", "slew that makes all up is good")
    says(failings(drift_run(losing(2))), "in the end the guest's clock is off by 0.0080 s", "two ticks in the end fail")
    says(failings(drift_run(ahead(2), max_rate=1)), "ahead, more than one tick", "and being ahead")
    says(failings(drift_run(late(125), log=GOOD_LOG + f"complaint: {UNSTABLE}\n", max_rate=1)), "complained", "and a complaint")
    at = LOAD_END - S // 2
    equal(failings(drift_run(slow(125, 1, at), max_rate=1)), "", "0.5 s made up within 0.5 s and 1 s to spare is good")
    says(failings(drift_run(slow(125, 4, at), max_rate=1)), "made up within 2.4", "but not within 2.5 s")


def test_law():
    samples = late(125)
    good = [stats_at(QUIET_END, samples), stats_at(END, samples, max_rate=1)]
    says(failings(drift_run(samples, stats=good[:1])), "fewer than two readings", "one reading is not enough")
    bad = stats_at(END, samples, max_rate=1, masked=1)
    says(failings(drift_run(samples, a_record(policy="delay"), stats=[good[0], bad])), "does not balance",
         "the conservation law is for every policy")


def test_step():
    says(failings(drift_run(bursting(11), max_rate=0)), "more than 0.108 s at its highest rate", "a step above the rate fails")
    equal(failings(drift_run(bursting(11), max_rate=1)), "", "one within it is good")
    found = judgement.figures(drift_run(late(125)))
    equal(list(judgement.compare_steps(found, {"max_step_s": 0.6})), [], "a step smaller than the PIT's is as it should be")
    says("; ".join(judgement.compare_steps(found, {"max_step_s": 0.15})), "with KVM's PIT by 0.150 s", "a larger one is noted")
    equal(list(judgement.check_against_pit(found, {"max_step_s": 0.15})), [], "and no more where the PIT makes up less than 0.1 s at once")
    equal(list(judgement.check_against_pit(found, {"max_step_s": 0.34})), [], "0.2 s are far below 0.34 s")
    says("; ".join(judgement.check_against_pit(found, {"max_step_s": 0.3})), "more than 0.180 s (0.6 of KVM's PIT's)", "not below 0.3 s")


def test_starved():
    run = drift_run(losing(1500))
    equal(judgement.needed_ns(run), 100_000_000, "10 s of load, 5 s of which may be owed: 1,250 ticks of 80 us")
    equal(judgement.needed_ns(drift_run(losing(1500), a_record(guest="busy"))), 250_000_000, "a busy guest's cost 200 us")
    says(failings(run), "in the end the guest's clock is off by 6.0000 s", "a guest that got twice of that must be right")
    starved, samples = a_record(cpu_load=S // 20), losing(1500)

    def after(**last):
        return [stats_at(QUIET_END, samples), stats_at(END, samples, backlog=1, max_backlog=1250, max_rate=1, **last)]

    equal(failings(drift_run(samples, starved, after(discarded=1500))), "", "one that got half may be behind by what was given up")
    samples = [sample for sample in samples if not LOAD_START < sample[0] < LOAD_END]
    equal(failings(drift_run(samples, starved, after(discarded=1500, delivered=2250))), "", "and not seen how fast it goes")
    samples = losing(1500)
    says(failings(drift_run(samples, starved, after(discarded=1400, masked=100))), "but 1400 ticks were given up",
         "but not by more than that")


def test_page():
    run = dict(judgement.figures(drift_run(late(125), max_rate=1, max_backlog=125)), subject="slew")
    equal(rst.cells(run), ("kvm_hpet slew", "0", "0.50 s", "0.000 s", "0.00 s", "0.200 s", "0", "2.0%"), "a row of the manual's table")
    lost = dict(judgement.figures(drift_run(losing(125), a_record("qemu", None))), subject="qemu-7.2")
    equal(rst.cells(lost)[1:5], ("125", "0.50 s", "0.500 s", "never"), "ticks lost for good")
    equal(rst.complaints([run]), "No guest's kernel complained in any of them.", "no complaint is worth a sentence")
    says(rst.complaints([run | {"complaints": [{"kind": "rcu stall", "text": "x"}]}]), "complained: kvm_hpet slew, ``", "one is named")
    equal(rst.cells(dict(run, starved=True))[0], "kvm_hpet slew (*)", "a guest without the CPU time it needs")
    lines = rst.table([rst.cells(run), rst.cells(lost)]).split("\n")
    ok(lines[0] == lines[2] == lines[-1] and set(lines[0]) == {"=", " "}, "the table has its three lines")
    ok(all(len(line) <= len(lines[0]) for line in lines), "and no row is wider")


for test in (test_page, test_figures, test_timers, test_rivals, test_no_load, test_slew, test_law, test_step, test_starved):
    test()
done()
