# SPDX-License-Identifier: GPL-2.0
"""The demo's picture: drift over time, a panel a load, a line a subject; by gnuplot."""

import os
import subprocess

import analysis

# Colours that colour-blind readers can tell apart, widths and dashes for those who print. The wide line comes first,
# since two lines may lie on each other.
LINES = (
    ("qemu", "QEMU's own HPET", "lc rgb '#E69F00' lw 7"),
    ("none", "kvm_hpet, lost ticks given up (none)", "lc rgb '#0072B2' lw 2 dt (12,8)"),
    ("slew", "kvm_hpet, lost ticks made up (slew)", "lc rgb '#009E73' lw 2.5"),
)

SHORT = {"qemu": "QEMU", "none": "none", "slew": "slew"}

# In pixels; the heading holds the title and the key.
WIDTH, HEIGHT, HEADING, FOOTING, GAP = 620, 250, 130, 62, 140

EVERY_S = 0.02      # a point at least so often,
STEP_S = 0.002      # and wherever the line moves by as much

STYLE = """
set encoding utf8
set style fill noborder
set border 3 lc rgb '#555555'
set tics nomirror out
set grid ytics lt 1 lw 1 lc rgb '#d0d0d0'
set key off
set xlabel "seconds since the load began"
set ylabel "seconds behind" offset 1
"""

# Above the panels, in the middle; drawn with the first one.
KEY = "at screen 0.5,screen KEY_Y center center maxrows 1 reverse Left samplen 3"

TITLE = "How far a guest's clock falls behind that counts the ticks of its HPET"


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


def panel(outcomes, words, key):
    """Gnuplot's words for the panel of one load."""
    run = outcomes[0].run
    there = {outcome.subject: outcome for outcome in outcomes}
    lines = [(text, style, there[subject]) for subject, text, style in LINES if subject in there]
    lost = ", ".join(f"{outcome.found['ticks_lost']:,} ({SHORT[outcome.subject]})" for _, _, outcome in lines)
    yield f'set title "{{/=13 {words[0].upper() + words[1:]}}}\\n{{/=10 ticks lost: {lost}}}" offset 0,-0.6 textcolor rgb "#222222"'
    yield "unset object 1"
    yield "unset label 1"
    if run.is_loaded():
        yield (f"set object 1 rectangle from 0,graph 0 to {load_seconds(run)},graph 1 behind "
               "fc rgb '#ededed' fs solid noborder")
        yield f'set label 1 "load" at {load_seconds(run) / 2},graph 0.94 center tc rgb "#777777"'
    yield f"set key {key}"
    plots = [f'"{outcome.directory}/drift.dat" with lines {style} title "{text}" noenhanced' for text, style, outcome in lines]
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
    width, height = WIDTH * columns, HEADING + (HEIGHT + GAP) * rows - GAP + FOOTING
    yield f"set terminal {terminal} size {width},{height}"
    yield f'set output "{out}/drift.{suffix}"'
    yield STYLE
    yield from ranges(outcomes)
    yield (f'set multiplot layout {rows},{columns} title "{TITLE}" font ",17" '
           f"margins 0.065,0.98,{FOOTING / height:.4f},{1 - HEADING / height:.4f} spacing 0.075,{GAP / height:.4f}")
    for i, load in enumerate(loads):
        yield from panel([o for o in outcomes if o.load == load], words[load], KEY.replace("KEY_Y", f"{1 - 58 / height:.4f}") if i == 0 else "off")
    yield "unset multiplot"


def draw(out, outcomes, words):
    if not outcomes:
        raise OSError("no run to draw")
    for outcome in outcomes:
        write_points(os.path.join(outcome.directory, "drift.dat"), outcome.run)
    for terminal, suffix in (('pngcairo font "DejaVu Sans,11"', "png"), ('svg background "white" font "DejaVu Sans,11"', "svg")):
        text = "\n".join(script(out, outcomes, words, terminal, suffix)) + "\n"
        subprocess.run(["gnuplot"], input=text, text=True, check=True, stderr=subprocess.PIPE)
