# SPDX-License-Identifier: GPL-2.0
"""Pictures of drift over time, a panel a load (or a kind of guest), a line a subject; by gnuplot."""

import os
import subprocess

import analysis

# Colours that colour-blind readers can tell apart, widths and dashes for those who print. The wide line comes first,
# since two lines may lie on each other. The short names are for the ticks lost.
LINES = (
    ("qemu", "QEMU's own HPET", "lc rgb '#E69F00' lw 7", "QEMU"),
    ("none", "kvm_hpet, lost ticks given up (none)", "lc rgb '#0072B2' lw 2 dt (12,8)", "none"),
    ("slew", "kvm_hpet, lost ticks made up (slew)", "lc rgb '#009E73' lw 2.5", "slew"),
)

# In pixels; the heading holds the title and the key.
WIDTH, HEIGHT, HEADING, FOOTING, GAP, LEFT, KEY_ROW = 620, 250, 130, 62, 140, 80.6, 20

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
KEY = "at screen 0.5,screen KEY_Y center center maxrows KEY_ROWS reverse Left samplen 3"

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


def load_box(run):
    """Gnuplot's words that shade the time of the load."""
    yield "unset object 1"
    yield "unset label 1"
    if run.is_loaded():
        yield (f"set object 1 rectangle from 0,graph 0 to {load_seconds(run)},graph 1 behind "
               "fc rgb '#ededed' fs solid noborder")
        yield f'set label 1 "load" at {load_seconds(run) / 2},graph 0.94 center tc rgb "#777777"'


class Picture:
    """Several panels with the same lines, in one file."""

    def __init__(self, title, lines, panels, key_rows=1):
        self.title = title
        self.lines = lines          # as LINES; without short names panels do not say what was lost
        self.panels = panels        # (words, outcomes)
        self.key_rows = key_rows
        self.columns = 2 if len(panels) > 1 else 1
        self.rows = (len(panels) + self.columns - 1) // self.columns
        self.heading = HEADING + KEY_ROW * (key_rows - 1)
        self.width = WIDTH * self.columns
        self.height = self.heading + (HEIGHT + GAP) * self.rows - GAP + FOOTING

    def outcomes(self):
        return [outcome for _, outcomes in self.panels for outcome in outcomes]

    def heading_of(self, words, lines):
        text = f"{{/=13 {words[0].upper() + words[1:]}}}"
        if len(lines[0][0]) > 3:      # there is a short name
            lost = ", ".join(f"{outcome.found['ticks_lost']:,} ({short})" for (_, _, _, short), outcome in lines)
            text += f"\\n{{/=10 ticks lost: {lost}}}"
        return text

    def panel(self, words, outcomes, key):
        there = {outcome.subject: outcome for outcome in outcomes}
        lines = [(line, there[line[0]]) for line in self.lines if line[0] in there]
        yield f'set title "{self.heading_of(words, lines)}" offset 0,-0.6 textcolor rgb "#222222"'
        yield from load_box(outcomes[0].run)
        yield f"set key {key}"
        plots = [f'"{outcome.directory}/drift.dat" with lines {line[2]} title "{line[1]}" noenhanced' for line, outcome in lines]
        yield "plot " + ", ".join(plots)

    def key(self):
        middle = 1 - (58 + KEY_ROW * (self.key_rows - 1) / 2) / self.height
        return KEY.replace("KEY_Y", f"{middle:.4f}").replace("KEY_ROWS", str(self.key_rows))

    def script(self, out, terminal, suffix):
        yield f"set terminal {terminal} size {self.width},{self.height}"
        yield f'set output "{out}.{suffix}"'
        yield STYLE
        yield from ranges(self.outcomes())
        yield (f'set multiplot layout {self.rows},{self.columns} title "{self.title}" font ",17" '
               f"margins {LEFT / self.width:.4f},0.98,{FOOTING / self.height:.4f},{1 - self.heading / self.height:.4f} "
               f"spacing 0.075,{GAP / self.height:.4f}")
        for i, (words, outcomes) in enumerate(self.panels):
            yield from self.panel(words, outcomes, self.key() if i == 0 else "off")
        yield "unset multiplot"

    def draw(self, out):
        """Into OUT.png and OUT.svg."""
        for outcome in self.outcomes():
            write_points(os.path.join(outcome.directory, "drift.dat"), outcome.run)
        for terminal, suffix in (('pngcairo font "DejaVu Sans,11"', "png"), ('svg background "white" font "DejaVu Sans,11"', "svg")):
            text = "\n".join(self.script(out, terminal, suffix)) + "\n"
            subprocess.run(["gnuplot"], input=text, text=True, check=True, stderr=subprocess.PIPE)


def ranges(outcomes):
    """One scale for all panels: they are to be compared."""
    lines = [analysis.drift_line(outcome.run) for outcome in outcomes]
    top = max(max(drift for _, drift in line) for line in lines)
    bottom = min(min(drift for _, drift in line) for line in lines)
    yield f"set xrange [{min(line[0][0] for line in lines):.1f}:{max(line[-1][0] for line in lines):.1f}]"
    yield f"set yrange [{min(bottom * 1.1, -0.05 * max(top, 0.1)):.3f}:{max(top, 0.1) * 1.15:.3f}]"


def draw(out, outcomes, words):
    """The demo's: a panel a load."""
    if not outcomes:
        raise OSError("no run to draw")
    loads = list(dict.fromkeys(outcome.load for outcome in outcomes))
    panels = [(words[load], [outcome for outcome in outcomes if outcome.load == load]) for load in loads]
    Picture(TITLE, LINES, panels).draw(os.path.join(out, "drift"))
