#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""demo/report.py - from the runs in OUT/runs to OUT/summary.json, OUT/drift.png, OUT/drift.svg and a table.

usage: report.py OUT QEMU_VERSION LOAD/SUBJECT...

A subject is qemu (QEMU's own HPET), none or slew (kvm_hpet with that policy). In summary.json the policy of qemu is
null; drift_s is positive when the guest is behind; catch_up_s is how long it was more than a tick behind after the load
had let go of QEMU for the last time, null if for good; max_backlog and max_rate, in ticks and in additional ticks an
interval, are the module's maxima since the guest was started, and null for QEMU's own HPET, which has neither.
Exit status 1 if a run is missing or does not show what it must.
"""

import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True

import analysis  # noqa: E402  (beside this file)
import picture   # noqa: E402

SUBJECTS = {
    "qemu": "QEMU's own",
    "none": "kvm_hpet none",
    "slew": "kvm_hpet slew",
}


def read_loads(path):
    """What each load is called in plain words."""
    words = {}
    with open(path, encoding="utf-8") as file:
        for line in file:
            if line.strip() and not line.startswith("#"):
                name, _, _, _, text = line.split(None, 4)
                words[name] = text.strip()
    return words


class Outcome:
    """A run that should have taken place: what it shows, or why there is nothing to show."""

    figures = staticmethod(analysis.figures)
    judge = staticmethod(analysis.problems)

    def __init__(self, out, name):
        self.load, *_, self.subject = name.split("/")
        self.directory = os.path.join(out, "runs", name)
        self.run = self.found = None
        self.problems = []
        try:
            self.take_in()
        except analysis.BadRun as error:
            self.run = self.found = None
            self.problems = [str(error)]

    def label(self):
        return SUBJECTS[self.subject]

    def title(self):
        return f"{self.label()}, {self.load}"

    def verdict(self):
        """The test bed's: it says whether the run itself was good."""
        try:
            with open(os.path.join(self.directory, "testbed", "verdict"), encoding="utf-8") as file:
                return file.read().strip()
        except OSError:
            return "ERROR no run"

    def take_in(self):
        verdict = self.verdict()
        if not verdict.startswith("PASS"):
            raise analysis.BadRun(f"no figure: {verdict}")
        self.run = analysis.read_run(self.directory)
        self.found = self.figures(self.run)
        self.problems = list(self.judge(self.run, self.found))


# ---- summary.json ----

def write_summary(path, outcomes, qemu, **more):
    good = [outcome for outcome in outcomes if outcome.found]
    summary = {
        "kernel": good[0].run.record["kernel"] if good else None,
        "qemu": qemu,
        **more,
        "runs": [outcome.found for outcome in good],
    }
    with open(path, "w", encoding="utf-8") as file:
        json.dump(summary, file, indent=1)
        file.write("\n")


# ---- the table ----

COLUMNS = (
    ("ticks due", "ticks_due", "{:,}"),
    ("seen", "ticks_seen", "{:,}"),
    ("lost", "ticks_lost", "{:,}"),
    ("behind at the end", "drift_s", "{:.3f} s"),
    ("most ahead", "max_ahead_s", "{:.3f} s"),
    ("caught up after", "catch_up_s", "{:.2f} s"),
    ("largest backlog", "max_backlog", "{:,}"),
    ("highest rate", "max_rate", "{:,}"),
)


def cell(found, key, form):
    if found[key] is None:
        return "never" if key == "catch_up_s" else "-"
    text = form.format(found[key])
    return text[1:] if text.startswith("-") and not text.strip("-0. s") else text


def table_rows(outcomes, first, columns):
    yield [first] + [title for title, _, _ in columns]
    for outcome in outcomes:
        if outcome.found:
            cells = [cell(outcome.found, key, form) for _, key, form in columns]
        else:
            cells = ["no figure"] + [""] * (len(columns) - 1)
        yield [outcome.label()] + cells


def print_table(outcomes, words, first="HPET", columns=COLUMNS):
    rows = list(table_rows(outcomes, first, columns))
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = ["  ".join([row[0].ljust(widths[0])] + [c.rjust(w) for c, w in zip(row[1:], widths[1:])]) for row in rows]
    load = None
    print(lines[0])
    for outcome, line in zip(outcomes, lines[1:]):
        if outcome.load != load:
            load = outcome.load
            print(f"\n{words[load]} ({load})")
        print(line.rstrip())
    print("\nCaught up: counted from the end of the last disturbance. Backlog, rate: the largest since the guest was started, "
          "its\nboot included; in ticks, and in additional ticks an interval.\n")


# ---- what was shown, in two sentences ----

def span(values, unit, digits):
    low, high = (f"{value:.{digits}f}" for value in (min(values), max(values)))
    return f"{low} {unit}" if low == high else f"{low} to {high} {unit}"


def loaded(outcomes, subject):
    return [o.found for o in outcomes if o.subject == subject and o.run.is_loaded()]


def fell_behind(found):
    never = all(f["catch_up_s"] is None for f in found)
    return span([f["drift_s"] for f in found], "s", 2) + (" behind for good" if never else " behind")


def first_sentence(outcomes):
    """What happens to a guest whose ticks are lost."""
    clauses = [f"{fell_behind(loaded(outcomes, subject))} with {words}" for subject, words in
               (("qemu", "QEMU's own HPET"), ("none", "kvm_hpet that gives lost ticks up (none)"))
               if loaded(outcomes, subject)]
    if not clauses:
        return ""
    seconds = {round(picture.load_seconds(o.run)) for o in outcomes}
    return (f"On a host that kept disturbing it for {max(seconds)} s, a Linux guest that tells the time by counting the ticks of "
            f"its HPET fell {', and '.join(clauses)}.")


def kept_right(found):
    off, ahead = (max(abs(f[key]) for f in found) * 1000 for key in ("drift_s", "max_ahead_s"))
    after = max(f["catch_up_s"] for f in found)
    return (f"With kvm_hpet that makes lost ticks up (slew) its clock was right again at most {after:.2f} s after the last "
            f"disturbance, to {off:.2f} ms in the end, and never more than {ahead:.2f} ms ahead")


def second_sentence(outcomes):
    """What happens to one whose ticks are made up, and that nothing is done to one without need."""
    clauses = []
    if loaded(outcomes, "slew"):
        clauses.append(kept_right(loaded(outcomes, "slew")))
    idle = [SUBJECTS[o.subject] for o in outcomes if not o.run.is_loaded()]
    if idle:
        where = f"in any of the {len(idle)}" if len(idle) > 1 else f"with {idle[0]}"
        clauses.append(f"without load no tick was lost or added {where}")
    text = "; ".join(clauses)
    return text[:1].upper() + text[1:] + "." if text else ""


def print_verdict(outcomes, out):
    failed = [(outcome, problem) for outcome in outcomes for problem in outcome.problems]
    for outcome, problem in failed:
        print(f"FAIL {outcome.title()}: {problem}")
    for outcome in outcomes:
        if outcome.run and not outcome.problems:
            for line in analysis.complaints(outcome.run):
                print(f"note {outcome.title()}: the guest's kernel complained: {line}")
    if failed:
        print("The demo does not show what it must: see the lines with FAIL.")
    else:
        print("\n".join(filter(None, (first_sentence(outcomes), second_sentence(outcomes)))))
    out = os.path.relpath(out)
    pictures = f"Pictures: {out}/drift.png, {out}/drift.svg; f" if any(outcome.found for outcome in outcomes) else "F"
    print(f"{pictures}igures: {out}/summary.json")
    return 1 if failed else 0


def draw(out, outcomes, words):
    try:
        if outcomes:
            picture.draw(out, outcomes, words)
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"FAIL no picture: {error}")
        return False
    return True


def main(argv):
    if len(argv) < 4:
        sys.stderr.write(__doc__)
        return 2
    out, qemu, names = argv[1], argv[2], argv[3:]
    words = read_loads(os.path.join(os.path.dirname(os.path.abspath(__file__)), "loads"))
    outcomes = [Outcome(out, name) for name in names]
    write_summary(os.path.join(out, "summary.json"), outcomes, qemu)
    drawn = draw(out, [o for o in outcomes if o.found], words)
    print_table(outcomes, words)
    return max(print_verdict(outcomes, out), 0 if drawn else 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv))
