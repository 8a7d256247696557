#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""drift/rst.py - the figures of make drift as tables for the manual.

usage: rst.py DRIFT_JSON LOADS IMAGES >Documentation/drift.rst

LOADS is demo/loads; IMAGES is where the pictures stand, LOAD.png, as the page names it. Only what was measured is in it.
"""

import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(HERE, "..", "demo"))
sys.path.insert(0, HERE)

import report   # noqa: E402  (the demo's)
import summary  # noqa: E402  (beside this file)

HEADING = ("timer", "lost", "most behind", "at the end", "caught up after", "step", "given up", "CPU")

INTRO = """.. SPDX-License-Identifier: GPL-2.0
.. Written by drift/rst.py from out/drift.json.

Drift under every load
======================

``make drift``, {runs} of {all} runs, one for each timer, load and guest; QEMU {qemu}
in a test host with Linux {kernel}. How it is measured, and what it shows: :doc:`measurements`.

Ticks are lost for good unless made up; "most behind" and "step" (the most by which guest time goes on within 0.1 s of true time) are
what a program in the guest sees; "caught up" counts from the end of the last disturbance; "given up" are ticks that kvm_hpet
counted as discarded; CPU is QEMU's share during the load. An asterisk: the guest got less CPU time than its ticks take.
What a tick costs in instructions, with a tick source and its rivals as well: :doc:`measurements`. {complaints}
"""


def seconds(value, digits):
    return "never" if value is None else f"{value:.{digits}f} s"


def cells(run):
    return (summary.NAMES[run["subject"]] + (" (*)" if run["starved"] else ""), f"{run['ticks_lost']:,}",
            seconds(run["most_behind_s"], 2), seconds(run["drift_s"], 3), seconds(run["catch_up_s"], 2),
            seconds(run["max_step_s"], 3), "" if run["given_up"] is None else f"{run['given_up']:,}",
            f"{run['cpu_share']:.1%}")


def table(rows):
    """A simple table of reStructuredText."""
    rows = [HEADING, *rows]
    widths = [max(len(row[i]) for row in rows) for i in range(len(HEADING))]
    line = " ".join("=" * width for width in widths)
    # An empty first cell would join two rows; none is.
    text = [" ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows]
    return "\n".join([line, text[0], line, *text[1:], line])


def complaints(runs):
    """Who complained of its clock, of a CPU or of the kernel standing still."""
    who = [f"{summary.NAMES[run['subject']]}, ``{run['load']}``, {run['guest']}" for run in runs if run["complaints"]]
    return f"Guests whose kernel complained: {'; '.join(who)}." if who else "No guest's kernel complained in any of them."


def order(run):
    return [name for name, _, _ in summary.SUBJECTS].index(run["subject"])


def section(load, words, runs, images):
    title = words[load][0].upper() + words[load][1:]
    yield f"{title}\n{'-' * len(title)}\n"
    yield f".. image:: {images}/{load}.png\n"
    for guest in ("idle", "busy"):
        of_guest = sorted((run for run in runs if run["guest"] == guest), key=order)
        if of_guest:
            yield f"``{load}``, {guest} guest:\n"
            yield table([cells(run) for run in of_guest]) + "\n"


def main(argv):
    if len(argv) != 4:
        sys.stderr.write(__doc__)
        return 2
    with open(argv[1], encoding="utf-8") as file:
        found = json.load(file)
    words = report.read_loads(argv[2])
    runs = found["runs"]
    print(INTRO.format(runs=len(runs), all=2 * len(words) * len(summary.SUBJECTS), qemu=found["qemu"],
                       kernel=found["kernel"], complaints=complaints(runs)))
    for load in words:
        of_load = [run for run in runs if run["load"] == load]
        if of_load:
            print("\n".join(section(load, words, of_load, argv[3])))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
