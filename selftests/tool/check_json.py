#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""check_json.py DIR TAP - the second half of testbed-attach

Continues the TAP stream of the file TAP with checks of the JSON that the tool
printed in the test host, DIR/*.json, and of the test bed's own verdict.
"""
import csv
import json
import pathlib
import re
import sys

TIMER_STATS = ["due", "delivered", "masked", "discarded", "backlog", "coalesced", "late", "reinjected",
               "retries", "max_backlog", "rate", "max_rate", "period_ns", "expirations"]

directory = pathlib.Path(sys.argv[1])
lines = pathlib.Path(sys.argv[2]).read_text(encoding="utf-8").splitlines()
count = sum(bool(re.match(r"(not )?ok ", line)) for line in lines)
plans = [line for line in lines if re.match(r"1\.\.\d", line)]
failed = 0


def check(good, name):
    global count, failed
    count += 1
    failed += not good
    print(f"{'ok' if good else 'not ok'} {count} - {name}")


def load(name):
    try:
        return json.loads((directory / f"{name}.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        print(f"# {name}: {error}")
        return None


def check_top(machine, attached):
    try:
        text = (directory / f"{machine}-top.json").read_text(encoding="utf-8")
        tables = [json.loads(line) for line in text.splitlines()]
    except (OSError, ValueError) as error:
        print(f"# {machine}-top: {error}")
        tables = []
    blocks = [table["blocks"][0] for table in tables if len(table["blocks"]) == 1]
    check(len(tables) == 2 and len(blocks) == 2 and all(0.4 < table["interval_s"] < 5 for table in tables)
          and all(block["vm_pid"] == attached["vm_pid"] and block["name"] == machine
                  and isinstance(block["mmio_reads_per_s"], float) and len(block["timers"]) == 3
                  for block in blocks),
          f"{machine}: JSON of top is an object an interval")
    timers = [block["timers"][0] for block in blocks]
    check(len(timers) == 2 and all(timer["policy"] == "slew" and timer["period_ns"] == 10000000
          and 10 < timer["due_per_s"] < 400 and timer["discarded_per_s"] == 0 and timer["delivered_per_s"] > 0
          for timer in timers),
          f"{machine}: JSON of top: about 100 ticks fall due a second, none is lost")


def check_machine(machine):
    attached = load(f"{machine}-attach")
    check(attached is not None and attached["num_timers"] == 3 and attached["follows_qemu"] is True
          and attached["policy"] == "slew" and attached["max_rate"] == 7 and attached["ramp"] == 1
          and attached["max_backlog_ns"] == 3000000000 and attached["name"] == machine,
          f"{machine}: JSON of attach")
    listed = load(f"{machine}-list")
    check(attached is not None and listed is not None and len(listed) == 1
          and all(listed[0][key] == attached[key] for key in attached
                  if key not in ("follows_qemu", "took_state", "stopped_ns")),
          f"{machine}: JSON of list says the same")
    check(attached is not None and attached["took_state"] is False and attached["stopped_ns"] == 0,
          f"{machine}: JSON of attach: there was nothing to take over, the VM stood anyway")
    again = load(f"{machine}-again")
    check(again is not None and again["took_state"] is True and again["stopped_ns"] > 0 and again["policy"] == "slew",
          f"{machine}: JSON of attach while the guest uses its HPET")
    stats = load(f"{machine}-stat")
    timers = stats[0]["timers"] if stats else []
    check(len(timers) == 1 and all(isinstance(timers[0].get(key), int) for key in TIMER_STATS),
          f"{machine}: JSON of stat has all members for the timer in use")
    check(len(timers) == 1 and timers[0]["due"] == sum(timers[0][key] for key in
          ("delivered", "masked", "discarded", "backlog")) and timers[0]["due"] >= 30
          and timers[0]["period_ns"] == 10000000 and len(timers[0]["lateness"]) == 16
          and sum(timers[0]["lateness"]) == timers[0]["expirations"] and len(timers[0]["burst"]) == 8
          and 0 < sum(timers[0]["burst"]) <= timers[0]["delivered"],
          f"{machine}: JSON of stat agrees with itself")
    check_top(machine, attached)
    shown = load(f"{machine}-show")
    check(shown is not None and shown["config"] == "0x3" and shown["config_bits"] == ["ENABLE_CNF", "LEG_RT_CNF"]
          and shown["timers"][0]["period"] == 1000000
          and {"INT_ENB", "TYPE", "32MODE"} <= set(shown["timers"][0]["config_bits"])
          and shown["timers"][0]["route_cap"] == {"pc": "0x4", "q35": "0xff0104"}[machine],
          f"{machine}: JSON of show")


def check_saved(machine):
    saved = load(f"{machine}-saved")
    state = saved["state"] if saved else {}
    check(saved is not None and saved["format"] == "kvm_hpet-state" and saved["hpet"]["period_fs"] == 10000000
          and state["config"] == "0x3" and int(state["counter"], 16) > 0 and len(state["timers"]) == 3
          and state["timers"][0]["period"] == 1000000
          and [timer["lost_ticks"]["policy"] for timer in state["timers"]] == ["discard", "delay", "discard"],
          f"{machine}: JSON of save")
    policies = load(f"{machine}-policies")
    check(policies is not None and policies["hpet"] == saved["hpet"]
          and policies["state"]["counter"] != state["counter"]
          and [timer["lost_ticks"] for timer in policies["state"]["timers"]]
          == [timer["lost_ticks"] for timer in state["timers"]], f"{machine}: JSON of load --policies")
    changed = load(f"{machine}-set")
    check(changed is not None and [(timer["policy"], timer["max_backlog_ns"]) for timer in changed["timers"]]
          == [("discard", 250000000), ("delay", 250000000), ("merge", 1000000000)], f"{machine}: JSON of set")
    try:
        with open(directory / f"{machine}-trace.csv", newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
    except OSError:
        rows = []
    check(len(rows) == 2 and all(10 < float(row["due_per_s"]) < 400 and float(row["discarded_per_s"]) == 0
                                 and row["name"] == machine for row in rows)
          and [round(float(row["time_s"]), 0) for row in rows][-1] >= 1, f"{machine}: the trace is CSV")


check(len(plans) == 1 and plans[0] == f"1..{count}", "the tests in the test host came to their end")
for name in ("pc", "q35"):
    check_machine(name)
    check_saved(name)
two = load("two-stat")
check(two is not None and len(two) == 2 and [len(block["timers"]) for block in two] == [1, 0],
      "JSON of stat for two VMs")
detached = load("two-detach")
check(detached is not None and len(detached) == 2 and sum(one["stopped_ns"] > 0 for one in detached) >= 1,
      "JSON of detach for two VMs")
source = load("source-show")
check(source is not None and source["kind"] == "tick-source" and source["gsi"] == 8 and source["running"] is True
      and source["period_ns"] == 976562 and source["backlog"] > 0 and source["policy"] == "delay",
      "JSON of show for a tick source")
listed = load("source-list") or []
rtc = [block for block in listed if block.get("gsi") == 8]
check(sorted(block["kind"] for block in listed) == ["hpet", "tick-source", "tick-source"] and len(rtc) == 1
      and rtc[0]["acknowledged_by"] == "vmm" and rtc[0]["policy"] == "delay" and rtc[0]["backlog"] > 0
      and rtc[0]["process"] == "tick-vmm", "JSON of list for tick sources")
stats = load("source-stat") or []
check(len(stats) == 1 and stats[0]["kind"] == "tick-source" and len(stats[0]["timers"]) == 1
      and stats[0]["timers"][0]["backlog"] > 0 and stats[0]["timers"][0]["period_ns"] == 976562,
      "JSON of stat for a tick source")
watched = (load("source-top") or {"blocks": []})["blocks"]
check(len(watched) == 1 and watched[0]["kind"] == "tick-source" and len(watched[0]["timers"]) == 1
      and watched[0]["timers"][0]["policy"] == "delay" and watched[0]["timers"][0]["due_per_s"] > 100,
      "JSON of top for a tick source")
messages = [block for block in load("message-list") or [] if "msi_address" in block]
check(len(messages) == 1 and messages[0]["msi_address"] == "0xfee01000" and messages[0]["msi_data"] == "0x31"
      and messages[0]["acknowledged_by"] == "eoi" and "gsi" not in messages[0], "JSON of list for a message")
message = load("message-show")
check(message is not None and message["running"] is False and message["period_ns"] == 0
      and message["msi_address"] == "0xfee01000", "JSON of show for a message")
doctor = load("doctor")
check(doctor is not None and len(doctor) == 7 and all(line["result"] == "ok" for line in doctor), "JSON of doctor")
in_l1 = sum(line.startswith("not ok ") for line in lines)
verdict = (directory / "testbed" / "verdict").read_text(encoding="utf-8").strip()
check(verdict.startswith("PASS") or (in_l1 and "exit status" in verdict), f"test bed: {verdict}")
print(f"1..{count}")
sys.exit(failed > 0 or in_l1 > 0)
