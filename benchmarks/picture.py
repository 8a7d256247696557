# SPDX-License-Identifier: GPL-2.0
"""picture.py BENCH.json PICTURE UNIT: accesses and ticks as bars, a group a bench, a bar a subject; by gnuplot."""

import json
import subprocess
import sys

# Colours that colour-blind readers can tell apart; the floor comes first, as what all others stand on.
SUBJECTS = (
    ("floor", "floor: a device that does nothing", "#999999"),
    ("kvm_hpet", "kvm_hpet", "#0072B2"),
    ("kvm-pit", "KVM's PIT", "#009E73"),
    ("tiny_vmm", "the least VMM", "#F0E442"),
    ("qemu-7.2", "QEMU 7.2", "#E69F00"),
    ("qemu-10.0", "QEMU 10.0", "#D55E00"),
    ("qemu-11.1", "QEMU 11.1", "#CC79A7"),
)

STYLE = """
set terminal svg size 1240,560 font "DejaVu Sans,12" background "white"
set encoding utf8
set termoption noenhanced
set style data histograms
set style histogram clustered gap 1
set style fill solid noborder
set border 3 lc rgb '#555555'
set tics nomirror out
set xtics rotate by -20
set grid ytics lt 1 lw 1 lc rgb '#d0d0d0'
set key top left reverse Left
set yrange [0:*]
set format y "%'.0f"
"""


def main(source, picture, unit):
    with open(source, encoding="utf-8") as file:
        records = json.load(file)
    figures = {}
    for record in (r for r in records if r["unit"] == unit):
        figures.setdefault(record["bench"], {})[record["subject"]] = record["value"]
    groups = [bench for bench in figures if len(figures[bench]) > 1]
    if not groups:
        sys.exit("picture.py: nothing to compare")
    subjects = [s for s in SUBJECTS if any(s[0] in figures[bench] for bench in groups)]
    table = "".join(
        f'"{bench}" ' + " ".join(str(figures[bench].get(s[0], "nan")) for s in subjects) + "\n" for bench in groups)
    bars = ", ".join(
        f"$figures using {i + 2}:xtic(1) title \"{title}\" lc rgb '{colour}'"
        for i, (_, title, colour) in enumerate(subjects))
    title = f"What an access and a tick cost, in {unit} of the host"
    script = f"{STYLE}\nset title \"{title}\"\nset output '{picture}'\n$figures << END\n{table}END\nplot {bars}\n"
    subprocess.run(["gnuplot", "-"], input=script, text=True, check=True)


main(*sys.argv[1:])
