# SPDX-License-Identifier: GPL-2.0
"""The demo's picture: drift over time, a panel a load, a line a subject; by gnuplot."""

import os
import subprocess

import analysis

# Colours that colour-blind readers can tell apart, widths and dashes for those who print. The wide line comes first,
# since two lines may lie on each other.
LINES = (
    ("qemu", "QEMU's own HPET", "lc rgb '#E69F00' lw 7"),
    ("none", "kvm\\_hpet, lost ticks given up (none)", "lc rgb '#0072B2' lw 2 dt (12,8)"),
    ("slew", "kvm\\_hpet, lost ticks made up (slew)", "lc rgb '#009E73' lw 2.5"),
)

EVERY_S = 0.02      # a point at least so often,
STEP_S = 0.002      # and wherever the line moves by as much

STYLE = """
set encoding utf8
set style fill noborder
set border 3 lc rgb '#555555'
set tics nomirror out
set grid ytics lc rgb '#dddddd' lt 1
set key off
set xlabel "seconds since the load began"
set ylabel "seconds behind" offset 1
"""

TITLE = "How far the clock of a guest falls behind that counts the ticks of its HPET"


def thin_out(line):
    """The same picture with fewer points."""
    kept = [line[0]]
    for previous, point in zip(line, line[1:]):
        if abs(point[1] - kept[-1][1]) >= STEP_S:
            if previous is not kept[-1]:
                kept.append(previous)
            kept.append(point)
        elif point[0] - kept[-1][0] >= EVERY_S:
            kept.append(point)
    if kept[-1] is not line[-1]:
        kept.append(line[-1])
    return kept


def write_points(path, run):
    with open(path, "w", encoding="utf-8") as file:
        for when, drift in thin_out(analysis.drift_line(run)):
            file.write(f"{when:.4f} {drift:.6f}\n")


def load_seconds(run):
    return (run.record["load_end"] - run.record["load_start"]) / 1e9


def panel(outcomes, words, with_key):
    """Gnuplot's words for the panel of one load."""
    run = outcomes[0].run
    there = {outcome.subject: outcome for outcome in outcomes}
    lines = [(text, style, there[subject]) for subject, text, style in LINES if subject in there]
    lost = ", ".join(f"{outcome.found['ticks_lost']:,}" for _, _, outcome in lines)
    yield f'set title "{words}" font ",13"'
    yield "unset object 1"
    yield "unset label 1"
    if run.is_loaded():
        yield (f"set object 1 rectangle from 0,graph 0 to {load_seconds(run)},graph 1 behind "
               "fc rgb '#eeeeee'")
        yield f'set label 1 "load" at {load_seconds(run) / 2},graph 0.05 center tc rgb "#777777"'
    yield f'set label 2 "ticks lost: {lost}" at graph 0.03,graph 0.93 tc rgb "#333333"'
    yield f"set key {'at screen 0.5,screen 0.915 center top maxrows 1 samplen 3' if with_key else 'off'}"
    plots = [f'"{outcome.directory}/drift.dat" with lines {style} title "{text}"' for text, style, outcome in lines]
    yield "plot " + ", ".join(plots)


def ranges(outcomes):
    """One scale for all panels: they are to be compared."""
    lines = [analysis.drift_line(outcome.run) for outcome in outcomes]
    top = max(max(drift for _, drift in line) for line in lines)
    bottom = min(min(drift for _, drift in line) for line in lines)
    yield f"set xrange [{min(line[0][0] for line in lines):.1f}:{max(line[-1][0] for line in lines):.1f}]"
    yield f"set yrange [{min(bottom * 1.1, -0.05 * max(top, 0.1)):.3f}:{max(top, 0.1) * 1.15:.3f}]"


def script(out, outcomes, words, terminal, suffix):
    loads = list(dict.fromkeys(outcome.load for outcome in outcomes))
    columns = 2 if len(loads) > 1 else 1
    rows = (len(loads) + columns - 1) // columns
    yield f"set terminal {terminal} size {620 * columns},{150 + 330 * rows}"
    yield f'set output "{out}/drift.{suffix}"'
    yield STYLE
    yield from ranges(outcomes)
    yield (f'set multiplot layout {rows},{columns} title "{TITLE}" font ",17" '
           f"margins 0.065,0.98,0.09,{1 - 125 / (150 + 330 * rows):.3f} spacing 0.075,{0.36 / rows:.3f}")
    for i, load in enumerate(loads):
        yield from panel([o for o in outcomes if o.load == load], words[load], i == 0)
    yield "unset multiplot"


def draw(out, outcomes, words):
    if not outcomes:
        raise OSError("no run to draw")
    for outcome in outcomes:
        write_points(os.path.join(outcome.directory, "drift.dat"), outcome.run)
    for terminal, suffix in (('pngcairo font "DejaVu Sans,11"', "png"), ('svg font "DejaVu Sans,11"', "svg")):
        text = "\n".join(script(out, outcomes, words, terminal, suffix)) + "\n"
        subprocess.run(["gnuplot"], input=text, text=True, check=True, stderr=subprocess.PIPE)
