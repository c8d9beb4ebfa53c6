"""Writes ``docs/faults.md`` from ``build/figures/faults.json``: ``python -m tests.faults.report``.

No figure is written by hand. What a person has to say of them, between the page's title and the
table, is kept as it is.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.faults import figures, keep
from tests.faults.catalogue import FAULTS
from tests.lab import versions

PAGE = Path("docs/faults.md")
TITLE = "# What each fault costs, in seconds\n"
FIRST = "## Owed and measured"
WHAT = {
    "reload": "the page is reloaded",
    "browser-killed": "the browser is killed (`kill -9`) and opened again, from its asking",
    "second-tab": "a second tab takes the seat, the newest wins",
    "server-restarted": "the server is restarted, as for an upgrade (SIGTERM): control, from ready",
    "server-killed": "the server is killed (`kill -9`) and started: control, from ready",
    "worker-killed": "the media worker is killed (`kill -9`)",
    "address-changed": "Wi-Fi goes, mobile data comes: another address",
    "address-lingers": "mobile data comes, and the Wi-Fi, still there, carries nothing any more",
    "cut-5": "nothing passes for 5 s, from its end",
    "cut-30": "nothing passes for 30 s, from its end",
    "cut-120": "nothing passes for 120 s, from its end",
}
WROTE = "vous a écrit"  # a passing word of the tries' own messages
Rows = list[dict[str, Any]]


def seconds(value: float) -> str:
    return "never" if value == math.inf else f"{value:.1f}"


def row(rows: Rows, name: str) -> str:
    if not any(each["fault"] == name for each in rows):
        return f"| {WHAT[name]} | | | | | {FAULTS[name].owed:g} | not measured |"
    s = figures.summary(rows, name)
    said = "met" if s["met"] and not s["complaints"] else "**missed**"
    told = (s["p50"], s["p95"], s["worst"])
    cells = [WHAT[name], str(s["tries"]), *map(seconds, told), f"{s['owed']:g}", said]
    return f"| {' | '.join(cells)} |"


def beside(rows: Rows) -> list[str]:
    """What the table's seconds leave out."""
    restarts = [each for each in rows if FAULTS[each["fault"]].whole and each["missed"]]
    stopped = sum(max(each["missed"].values()) > 0 for each in restarts)
    away = [each["asides"]["server away"] for each in restarts]
    wrong = [text for each in rows for text in each["complaints"]]
    said = [
        f"- The record and the messages of {len(rows)} tries were read after each:"
        f" {len(wrong)} complaints." + "".join(f"\n  - {text}" for text in wrong),
    ]
    if restarts:
        said.append(
            f"- Sound and picture of {len(restarts)} restarts of the server: a pause in {stopped}."
            f" The server itself was away for {seconds(figures.quantile(away, 0.5))} s"
            f" (median), {seconds(max(away))} s at most."
        )
    return said


def words(rows: Rows, name: str) -> str:
    """What the person hit reads, of the try that took the median."""
    of_it = sorted((each for each in rows if each["fault"] == name), key=lambda r: r["seconds"])
    if not of_it:
        return ""
    one = of_it[len(of_it) // 2]
    told = [text for text in one["words"].get(one["victim"], []) if text and WROTE not in text]
    shown = " → ".join(f"« {text} »" for text in told) or "nothing: it is over before"
    return f"- {WHAT[name]}: {shown}"


def machine(rows: Rows) -> list[str]:
    known = versions.programs()
    loads, stalls = [each["load"] for each in rows], [each["stalled"] for each in rows]
    load, stall = figures.quantile(loads, 0.5), figures.quantile(stalls, 0.5)
    days = sorted({each["at"][:10] for each in rows})
    return [
        f"Held {' and '.join(days)} on {known['processors']} processors, kernel"
        f" {known['kernel']}, {known['chromium']}. Load of the machine during tries:"
        f" {load:.1f} (median), {max(loads):.1f} at most; it stood still for {stall:.1f} % of the"
        f" time (median of tries), {max(stalls):.1f} % at worst.",
    ]


def page(rows: Rows, said: str) -> str:
    head = "| fault | tries | p50 | p95 | worst | owed, p95 | |"
    lines = [
        TITLE, said, FIRST, "",
        "`make faults`; one of them: `python -m tests.faults --fault reload --tries 30`.", "",
        *machine(rows), "",
        head, "|---|--:|--:|--:|--:|--:|---|",
        *(row(rows, name) for name in FAULTS), "",
        *beside(rows), "",
        "## What the person reads meanwhile", "",
        *filter(None, (words(rows, name) for name in FAULTS)), "",
        *keep.section(),
    ]  # fmt: skip
    return "\n".join(lines)


def kept(page: Path) -> str:
    """What stands between the title and the table."""
    if not page.exists():
        return ""
    text = page.read_text()
    return text[len(TITLE) : text.index(FIRST)].strip("\n") + "\n" if FIRST in text else ""


def main(argv: Sequence[str] | None = None) -> int:
    rows = figures.read(figures.PATH)
    if not rows:
        print(f"nothing in {figures.PATH}: run python -m tests.faults", file=sys.stderr)
        return 1
    PAGE.write_text(page(rows, kept(PAGE)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
