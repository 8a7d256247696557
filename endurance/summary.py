#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""endurance/summary.py - from the run in OUT to OUT/endurance.json, OUT/endurance.png and .svg, and a verdict.

usage: summary.py OUT QEMU_VERSION

Times in endurance.json are in seconds, positive when the guest is behind; the module's counts are of the run, without what
came before it. Exit status 1 if the run does not show what it must: in the end the guest's clock is right to a tick, it was
never ahead by more, nothing was given up, and every reading of the statistics adds up.
"""

import collections
import json
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(HERE, "..", "demo"))
sys.path.insert(0, os.path.join(HERE, "..", "drift"))

import analysis   # noqa: E402  (the demo's)
import judgement  # noqa: E402  (make drift's)
import picture    # noqa: E402  (the demo's)

COUNTS = ("due", "delivered", "masked", "discarded", "late", "coalesced", "reinjected", "retries")


def counts(run):
    """What the module counted from the first reading to the last, and what is owed at the end."""
    first, last = (analysis.busiest(run.stats[i][2]) for i in (0, -1))
    found = {key: last[key] - first[key] for key in COUNTS}
    found["backlog"] = last["backlog"]
    return found


def figures(run):
    due, seen = analysis.ticks(run)
    segments = run.record["segments"]
    return {
        "minutes": round((run.record["end"] - run.record["counting"]) / 60e9, 2),
        "seed": run.record["seed"],
        "kernel": run.record["kernel"],
        "segments": len(segments),
        "loads": dict(sorted(collections.Counter(s["load"] for s in segments).items())),
        "policy_changes": sum(1 + bool(s["meanwhile"]) + 3 * bool(s["spell"]) for s in segments),
        "ticks_due": due,
        "ticks_seen": seen,
        "drift_s": round(analysis.final_drift_ns(run) / 1e9, 6),
        "max_ahead_s": round(analysis.max_ahead_ns(run) / 1e9, 6),
        "most_behind_s": round(judgement.most_behind_ns(run) / 1e9, 6),
        "max_backlog": analysis.largest(run, "max_backlog"),
        "max_rate": analysis.largest(run, "max_rate"),
        "readings": len(run.stats),
        "module": counts(run),
    }


def check_length(run, found):
    if found["minutes"] < run.record["minutes"]:
        yield f"the run took {found['minutes']} minutes of guest time instead of {run.record['minutes']}"


def check_nothing_given_up(found):
    if found["module"]["discarded"]:
        yield f"{found['module']['discarded']} ticks were given up, though what may be owed was enough"


def problems(run, found):
    """Everything that does not hold which must, in words."""
    yield from analysis.check_clocks(run)
    yield from check_length(run, found)
    yield from analysis.check_end(run, found)
    yield from analysis.check_ahead(run, found)
    yield from analysis.check_complaints(run)
    yield from judgement.check_statistics(run)
    yield from check_nothing_given_up(found)


def draw(out, run):
    points = os.path.join(out, "drift.dat")
    picture.write_points(points, run)
    script = f"""
{picture.STYLE}
set title "How far the guest's clock falls behind under random loads, policy and limits changing (kvm_hpet)" noenhanced
set xlabel "minutes"
set xrange [0:{run.record["minutes"]}]
"""
    for terminal, suffix in (("pngcairo size 1200,400", "png"), ("svg size 1200,400", "svg")):
        script += f"""
set terminal {terminal} font "DejaVu Sans,11"
set output "{out}/endurance.{suffix}"
plot "{points}" using ($1/60):2 with lines lc rgb '#009E73' lw 1.5
"""
    subprocess.run(["gnuplot"], input=script, text=True, check=True)


def main(argv):
    if len(argv) != 3:
        sys.stderr.write(__doc__)
        return 2
    out, qemu = argv[1:]
    try:
        run = analysis.read_run(out)
        found = figures(run)
    except analysis.BadRun as error:
        print(f"FAIL {error}")
        return 1
    wrong = list(problems(run, found))
    with open(os.path.join(out, "endurance.json"), "w", encoding="utf-8") as file:
        json.dump({"qemu": qemu, **found, "problems": wrong}, file, indent=1)
        file.write("\n")
    for key, value in found.items():
        print(f"{key:15} {value}")
    draw(out, run)
    for problem in wrong:
        print(f"FAIL {problem}")
    if not wrong:
        print(f"The guest's clock is right to a tick after {found['minutes']:.0f} minutes under {found['segments']} loads.")
    print(f"Picture: {os.path.relpath(out)}/endurance.png, .svg; figures: {os.path.relpath(out)}/endurance.json")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
