#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""blocks.py DIR - the commands of the manual as shell scripts, DIR/NAME.sh

A block of commands in Documentation/ is a ".. code-block:: sh" with a :name:. One without a name, or with that of another, is an
error, and so is a literal block that begins with a command: it would be run by nobody.
"""
import pathlib
import re
import sys

COMMANDS = re.compile(r"^ +(make|kvm-hpet|perf|trace-cmd|bpftrace|modprobe|apt-get|apt|echo|cat|cd|dkms|selftests/\S+) ")
OPTIONS = re.compile(r"^ +:(\w+): *(.*)$")


def indent(line):
    return len(line) - len(line.lstrip())


def body(lines, start, outer):
    """The indented lines from start on, without their indentation, and where they end"""
    taken = []
    at = start
    while at < len(lines) and (not lines[at].strip() or indent(lines[at]) > outer):
        taken.append(lines[at])
        at += 1
    depth = min((indent(line) for line in taken if line.strip()), default=0)
    return "\n".join(line[depth:] for line in taken).strip() + "\n", at


def blocks(path):
    lines = path.read_text(encoding="utf-8").splitlines()
    for at, line in enumerate(lines):
        if re.match(r" *\.\. code-block:: (sh|console|bash)$", line):
            name, start = None, at + 1
            while start < len(lines) and OPTIONS.match(lines[start]):
                key, value = OPTIONS.match(lines[start]).groups()
                name = value if key == "name" else name
                start += 1
            yield f"{path.name}:{at + 1}", name, body(lines, start, indent(line))[0]
        elif line.endswith("::") and not line.lstrip().startswith(".."):
            start = at + 2
            if start < len(lines) and COMMANDS.match(lines[start]):
                yield f"{path.name}:{at + 1}", None, lines[start]


def main():
    out = pathlib.Path(sys.argv[1])
    root = pathlib.Path(__file__).resolve().parents[2]
    seen, bad = set(), 0
    for path in sorted((root / "Documentation").rglob("*.rst")):
        for where, name, text in blocks(path):
            if not name or name in seen:
                print(f"{where}: a block of commands {'has no name' if not name else 'has the name of another: ' + name}",
                      file=sys.stderr)
                bad += 1
                continue
            seen.add(name)
            (out / f"{name}.sh").write_text(text, encoding="utf-8")
    sys.exit(bad > 0)


main()
