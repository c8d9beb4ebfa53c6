"""Writes ``docs/benchmarks.md`` from ``build/figures``: ``python -m tests.lab.report``.

No figure is written by hand. What a person has to say of them, between the page's title and the
first table, is kept as it is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

from tests.bench import report as cost
from tests.lab import figures, profiles
from tests.lab.__main__ import COLUMNS
from tests.lab.figures import number, table
from tests.lab.owed import CARBET, MOST_CHANGES, OTHERS, OWED, Figures, compared, judged

PAGE = Path("docs/benchmarks.md")
TITLE = "# The call on thin links, measured\n"
FIRST = "## Owed and measured"
SHOWN = [name for name in COLUMNS if name not in ("sound buffer", "queue drops")]
SIGNS = {
    "aim": "aim reached",
    "met": "met",
    "missed": "**missed**",
    "short": "aim missed",
    None: "not measured",
}
Rows = Sequence[Mapping[str, Any]]


def read(name: str) -> list[dict[str, Any]]:
    path = figures.FOLDER / f"{name}.json"
    found: list[dict[str, Any]] = json.loads(path.read_text()) if path.exists() else []
    return found


def told(rows: Rows) -> Figures:
    return {(row["profile"], row["system"], row["figure"]): row["value"] for row in rows}


def owed_table(values: Figures) -> str:
    lines: list[tuple[str, ...]] = []
    for owed in OWED:
        got = [values.get((owed.profile, owed.system, figure)) for figure in owed.figures]
        sign = judged(owed, values)
        sense, unit = "≥" if owed.least else "≤", owed.unit
        bound = "" if owed.owed is None else f"{sense} {number(owed.owed)} {unit}".strip()
        aim = "" if owed.aim is None else f"{sense} {number(owed.aim)} {unit}".strip()
        measured = " / ".join(number(value) for value in got) if sign else ""
        spared = owed.instead and sign == "missed" and lines[-1][-1] in (SIGNS["met"], SIGNS["aim"])
        said = "not needed" if spared else SIGNS[sign]
        lines.append((owed.profile, owed.what, bound, aim, measured, said))
    heads = ("link", "what", "owed", "aim", "measured (up / down)", "")
    return table(heads, lines)


def halves(values: Figures) -> Iterator[tuple[str, ...]]:
    """On 3G and Wi-Fi: freezes against those of Chromium alone."""
    for profile in ("3g", "wifi"):
        own = [values.get((profile, CARBET, f"{way} unseen")) for way in ("up", "down")]
        alone = [values.get((profile, "direct", f"{way} frozen")) for way in ("up", "down")]
        if (profile, CARBET, "up unseen") in values and (profile, "direct", "up frozen") in values:
            yield profile, *(" / ".join(map(number, each)) for each in (own, alone))


def changes(values: Figures, names: Sequence[str]) -> str:
    """How often a minute the rung told on a picture changed, on every link."""
    lines = []
    for name in names:
        got = [values.get((name, CARBET, f"{way} changes")) for way in ("up", "down")]
        if known := [value for value in got if value is not None]:
            sign = SIGNS["met" if max(known) < MOST_CHANGES else "missed"]
            lines.append((name, f"< {MOST_CHANGES}", " / ".join(map(number, got)), sign or ""))
    return table(("link", "changes of rung a minute, owed", "seen (up / down)", ""), lines)


def compared_table(values: Figures, names: Sequence[str]) -> str:
    lines = []
    for name in names:
        every = list(compared(name, values))
        if not every:
            continue
        counts = [sum(c.verdict == word for c in every) for word in ("better", "equal", "worse")]
        worse = "; ".join(
            f"{c.figure} {number(c.own)}, {c.by} {number(c.best)}"
            for c in every
            if c.verdict == "worse"
        )
        lines.append((name, *map(str, counts), worse))
    return table(("link", "better", "equal", "worse", "where it is worse"), lines)


def link_table(rows: Rows) -> str:
    """One link: a line for each part of its call and system."""
    cells: dict[tuple[str, str], dict[str, list[str]]] = {}
    for row in rows:
        words = row["figure"].split()
        split = next(i for i, word in enumerate(words) if word in ("up", "down"))
        name = next(f for f in COLUMNS if row["figure"].endswith(f" {f}"))
        part = " ".join([*words[:split], *words[split + 1 : len(words) - len(name.split())]])
        line = cells.setdefault((part, row["system"]), {})
        line.setdefault(name, []).append(number(row["value"]))
        line["runs"], line["host"] = [str(row["runs"])], [row["load"]]
    used = [name for name in SHOWN if any(_says(line.get(name)) for line in cells.values())]
    heads = ["part", "system", *(f"{name} {COLUMNS[name]}".strip() for name in used)]
    order = [CARBET, *OTHERS]
    keys = sorted(cells, key=lambda key: (key[0], order.index(key[1]) if key[1] in order else 9))
    lines = [
        (*key, *(" / ".join(cells[key].get(name, [])) for name in [*used, "runs", "host"]))
        for key in keys
    ]
    return table([*heads, "runs", "host"], lines)


def _says(texts: list[str] | None) -> bool:
    return any(text not in ("–", "0") for text in texts or ())


def versions(runs: Rows) -> str:
    held = [entry["run"]["held"] for entry in runs]
    last: dict[str, Any] = max(held, key=lambda each: str(each.get("at", "")), default={})
    commits = {each.get("commit", "") for e, each in zip(runs, held, strict=True)
               if e["system"].startswith(CARBET)}  # fmt: skip
    janus = re.sub(r".*\((.*)\)", r"Janus \1", last.get("janus", ""))
    words = [last.get("chromium", ""), janus, f"Linux {last.get('kernel', '')}"]
    cores = f"{last.get('processors', '')} processors"
    carbet = f"Carbet at {', '.join(sorted(commits)) or 'no commit'}"
    return ", ".join([*filter(None, words), cores, carbet])


def checks(rows: Rows) -> str:
    """What each emulated link really gave, by ping and iperf3."""
    values = told(rows)
    hosts = {(row["profile"], row["figure"]): row["load"] for row in rows}

    def of(profile: str, system: str, figure: str) -> str:
        return number(values.get((profile, system, figure)))

    lines = [
        (profile, figure, of(profile, "asked", figure), of(profile, "measured", figure), host)
        for (profile, figure), host in hosts.items()
    ]
    return table(("link", "figure", "asked", "measured", "host"), lines)


def plain(rows: Rows) -> str:
    lines = ((row["profile"], row["figure"], f"{number(row['value'])} {row['unit']}".strip(),
              str(row["runs"]), row["load"]) for row in rows)  # fmt: skip
    return table(("on", "figure", "value", "runs", "host"), lines)


def sections() -> Iterator[str]:
    rows, runs = read("lab"), read("lab-runs")
    values = told(rows)
    known = list(profiles.load())
    written = {row["profile"] for row in rows}
    names = [name for name in known if name in written] + sorted(written - set(known))
    yield f"{FIRST}\n\n{owed_table(values)}\n"
    if frozen := list(halves(values)):
        heads = ("link", "frozen %, Carbet (up / down)", "Chromium's own; owed ≤ half, aim a third")
        yield f"{table(heads, frozen)}\n"
    yield f"{changes(values, names)}\n"
    yield f"## Against the best of the three others\n\n{compared_table(values, names)}\n"
    yield f"## Link by link\n\n{versions(runs)}.\n"
    for name in names:
        seconds = {e["run"]["held"].get("seconds") for e in runs if e["profile"] == name}
        lasting = ", ".join(f"{each:.0f} s" for each in sorted(filter(None, seconds)))
        shown = link_table([row for row in rows if row["profile"] == name])
        yield f"### {name}\n\nCalls of {lasting}.\n\n{shown}\n"
    yield from chain.from_iterable(
        (f"## {title}\n\n{made(found)}\n",)
        for name, title, made in (
            ("lab-check", "What the links really give", checks),
            ("estimator", "The server's estimator", plain),
            ("media", "The media worker", plain),
        )
        if (found := read(name))
    )
    yield from cost.sections()


def page(before: str) -> str:
    """The page anew; ``before``: as it was, whose words are kept."""
    words = before.removeprefix(TITLE).partition(FIRST)[0].strip()
    return "\n".join([TITLE, *([f"{words}\n"] if words else []), *sections()])


def main() -> int:
    PAGE.write_text(page(PAGE.read_text() if PAGE.exists() else TITLE))
    print(PAGE)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
