#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""drift/summary.py - from the runs in OUT/runs to FIGURES, OUT/table.txt, OUT/LOAD.png and OUT/LOAD.svg.

usage: summary.py OUT FIGURES QEMU_VERSION LOAD/GUEST/SUBJECT...

FIGURES is as the demo's summary.json, with more in each run: subject, guest (idle, busy), timer, most_behind_s, max_step_s
(the most by which guest time went on within 0.1 s), given_up (ticks that kvm_hpet gave up and counted), cpu_share (QEMU's of
the CPU during the 10 s of load), starved (slew: less than the ticks take), complaints (of the guest's kernel),
problems (what does not hold that must), notes. "skipped" has the subjects that this machine can't run, with the reason;
"missing" the runs without figures, "modules" the builds of kvm_hpet that runs were made with. Exit status 1 if a run is missing
or kvm_hpet does not show what it must.
"""

import contextlib
import io
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(HERE, "..", "demo"))
sys.path.insert(0, HERE)

import judgement  # noqa: E402  (beside this file)
import picture    # noqa: E402  (the demo's)
import report     # noqa: E402

# Each with its line in the pictures; from the rivals to the one that has to stay at 0, which is drawn last.
SUBJECTS = (
    ("qemu-7.2", "QEMU 7.2's HPET", "lc rgb '#E69F00' lw 7"),
    ("qemu-10.0", "QEMU 10.0's HPET", "lc rgb '#8B5A00' lw 2 dt (6,6)"),
    ("pit-delay", "KVM's PIT, delay", "lc rgb '#D55E00' lw 2.5"),
    ("pit-discard", "KVM's PIT, discard", "lc rgb '#D55E00' lw 2 dt (3,5)"),
    ("rtc-slew", "QEMU's RTC, slew", "lc rgb '#CC79A7' lw 2.5"),
    ("discard", "kvm_hpet discard", "lc rgb '#0072B2' lw 2 dt (12,8)"),
    ("delay", "kvm_hpet delay", "lc rgb '#56B4E9' lw 2.5"),
    ("merge", "kvm_hpet merge", "lc rgb '#000000' lw 1.5 dt (8,4,2,4)"),
    ("slew", "kvm_hpet slew", "lc rgb '#009E73' lw 3"),
    ("rtc-source", "RTC, kvm_hpet slew", "lc rgb '#7B3FA0' lw 2.5 dt (10,4)"),
    ("pit-source", "PIT, kvm_hpet slew", "lc rgb '#004D40' lw 2 dt (4,4)"),
)

NAMES = {name: text for name, text, _ in SUBJECTS}

TITLE = "How far a guest's clock falls behind that counts ticks"

COLUMNS = (
    ("ticks due", "ticks_due", "{:,}"),
    ("lost", "ticks_lost", "{:,}"),
    ("most behind", "most_behind_s", "{:.3f} s"),
    ("at the end", "drift_s", "{:.3f} s"),
    ("most ahead", "max_ahead_s", "{:.3f} s"),
    ("caught up after", "catch_up_s", "{:.2f} s"),
    ("step in 0.1 s", "max_step_s", "{:.3f} s"),
    ("backlog", "max_backlog", "{:,}"),
    ("rate", "max_rate", "{:,}"),
    ("given up", "given_up", "{:,}"),
    ("CPU", "cpu_share", "{:.1%}"),
    ("complaints", "num_complaints", "{}"),
)


class Outcome(report.Outcome):
    judge = staticmethod(judgement.problems)

    def __init__(self, out, name):
        self.name = name
        self.guest = name.split("/")[1]
        self.notes = []
        super().__init__(out, name)

    def figures(self, run):
        found = judgement.figures(run)
        return {"subject": self.subject, **found, "num_complaints": len(found["complaints"])}

    def label(self):
        return f"{NAMES[self.subject]}, {self.guest}"


def compare(outcomes):
    """Slew with the PIT in the same place, and whether its guest was starved."""
    there = {outcome.name: outcome for outcome in outcomes if outcome.found}
    for outcome in there.values():
        rival = there.get(f"{outcome.load}/{outcome.guest}/pit-delay")
        if outcome.subject == "slew" and rival:
            outcome.notes += judgement.compare_steps(outcome.found, rival.found)
            outcome.problems += judgement.check_against_pit(outcome.found, rival.found)
        if outcome.found["starved"]:
            outcome.notes.append("the guest did not get the CPU time that its ticks need")


def read_skipped(out):
    try:
        with open(os.path.join(out, "skipped"), encoding="utf-8") as file:
            return [dict(zip(("subject", "reason"), line.strip().split(" ", 1))) for line in file if line.strip()]
    except OSError:
        return []


# ---- what is written ----

def write_figures(path, outcomes, qemu, skipped):
    for outcome in outcomes:
        if outcome.found:
            del outcome.found["num_complaints"]
            outcome.found["problems"] = outcome.problems
            outcome.found["notes"] = outcome.notes
    modules = modules_of([outcome for outcome in outcomes if outcome.found])
    missing = [{"run": o.name, "reason": "; ".join(o.problems)} for o in outcomes if not o.found]
    report.write_summary(path, outcomes, qemu, modules=modules, skipped=skipped, missing=missing)


def modules_of(outcomes):
    """The builds of kvm_hpet that the runs were made with, shortened checksums."""
    found = set()
    for outcome in outcomes:
        with contextlib.suppress(OSError), open(os.path.join(outcome.directory, "module"), encoding="utf-8") as file:
            found.add(file.read().strip())
    return sorted(found)


def print_all(outcomes, words, skipped):
    report.print_table(outcomes, words, "timer, guest", COLUMNS)
    for entry in skipped:
        print(f"skipped: {NAMES[entry['subject']]}: {entry['reason']}")
    for outcome in outcomes:
        if outcome.found:
            for complaint in outcome.found["complaints"]:
                print(f"note {outcome.title()}: the guest's kernel complained: {complaint['text']}")
            for note in outcome.notes:
                print(f"note {outcome.title()}: {note}")
    if len(modules_of(outcomes)) > 1:
        print("note: the runs were made with several builds of kvm_hpet; --again repeats them with this one")
    for outcome in outcomes:
        for problem in outcome.problems:
            print(f"FAIL {outcome.title()}: {problem}")


def draw(out, outcomes, words):
    good = [outcome for outcome in outcomes if outcome.found]
    lines = [(name, text, style) for name, text, style in SUBJECTS]
    for load in dict.fromkeys(outcome.load for outcome in good):
        panels = []
        for guest in ("idle", "busy"):
            of_guest = [o for o in good if (o.load, o.guest) == (load, guest)]
            if of_guest:
                panels.append((f"{words[load]}; {guest} guest", of_guest))
        rows = 3 if len(panels) > 1 else 5
        picture.Picture(TITLE, lines, panels, key_rows=rows).draw(os.path.join(out, load))


def main(argv):
    if len(argv) < 5:
        sys.stderr.write(__doc__)
        return 2
    out, figures, qemu, names = argv[1], argv[2], argv[3], argv[4:]
    words = report.read_loads(os.path.join(HERE, "..", "demo", "loads"))
    outcomes = [Outcome(out, name) for name in names]
    compare(outcomes)
    skipped = read_skipped(out)
    table = io.StringIO()
    with contextlib.redirect_stdout(table):
        print_all(outcomes, words, skipped)
    print(table.getvalue(), end="")
    with open(os.path.join(out, "table.txt"), "w", encoding="utf-8") as file:
        file.write(table.getvalue())
    failed = any(outcome.problems for outcome in outcomes)
    write_figures(figures, outcomes, qemu, skipped)
    try:
        draw(out, outcomes, words)
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"FAIL no picture: {error}")
        failed = True
    print(f"Table: {os.path.relpath(out)}/table.txt; pictures: {os.path.relpath(out)}/LOAD.png, .svg; "
          f"figures: {os.path.relpath(figures)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
