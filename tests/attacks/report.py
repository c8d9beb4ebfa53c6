"""Writes `docs/attacks.md` from what was measured: `python -m tests.attacks.report`.

No figure is written by hand. What a person has to say of them, between the page's title and the
first table, is kept as it is.
"""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from tests.fuzz.catalogue import TARGETS

FIGURES = Path("build/figures")
PAGE = Path("docs/attacks.md")
TITLE = "# Attacks, and what they cost the others\n"
FIRST = "## Attacks 1 to 14"
Row = dict[str, Any]


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def struck(row: Row) -> list[str]:
    """An attack as a line of the table."""
    toll = row["toll"]
    broken = row["broken"] + row["slow"]
    if toll is None:
        return [row["number"], row["name"], row["said"], "", "", "", "", "**not held**"]
    return [
        row["number"], row["name"], row["said"],
        f"{toll['seconds']:.0f} s", f"{min(1.0, toll['kept']):.1%} (owed {row['owed']:.0%})",
        f"{1000 * toll['silence']:.0f} ms",
        f"{toll['worker_cpu']:.0%}, {toll['server_cpu']:.0%}",
        "held" if not broken else "**not held**: " + "; ".join(broken),
    ]  # fmt: skip


def tried(name: str, row: Row | None) -> list[str]:
    """A fuzzed parser as a line of the table."""
    owed = f"{TARGETS[name].inputs:,}"
    if row is None:
        return [name, "0", owed, "", "", "**not yet tried**"]
    end = "nothing" if not row["broken"] else "**broken by an input**"
    if row["inputs"] < TARGETS[name].inputs:
        end += ", **not finished**"
    return [name, f"{row['inputs']:,}", owed, f"{row['reached']}",
            f"{row['held']} MB (+{row['grew']})", end]  # fmt: skip


def read(name: str) -> Any:
    path = FIGURES / f"{name}.json"
    return json.loads(path.read_text()) if path.exists() else {}


def page(words: str, attacks: Row, fuzz: dict[str, Row]) -> str:
    written = [TITLE, words.strip() + "\n", FIRST + "\n"]
    if attacks:
        loads = [row["load"] for row in attacks["attacks"]]
        written.append(
            f"`make attacks`, {attacks['at']}, {attacks['cores']} cores, load of the machine "
            f"{min(loads):.1f} to {max(loads):.1f} before each.\n"
        )
        heads = ["", "attack", "what came of it", "lasted", "others' sound kept",
                 "longest silence", "worker, server: core", ""]  # fmt: skip
        written.append(table(heads, map(struck, attacks["attacks"])))
    written.append("## Attack 15: any input\n")
    heads = [
        "parser",
        "inputs tried",
        "owed",
        "places reached",
        "memory at the end",
        "what broke it",
    ]
    written.append(table(heads, (tried(name, fuzz.get(name)) for name in sorted(TARGETS))))
    return "\n".join(written)


def spoken() -> str:
    """What a person wrote, between the title and the first table."""
    if not PAGE.exists():
        return ""
    return PAGE.read_text().removeprefix(TITLE).split(FIRST)[0]


def main() -> None:
    PAGE.write_text(page(spoken(), read("attacks"), read("fuzz")))
    print(f"{PAGE} written")


if __name__ == "__main__":
    main()
