"""The part of ``docs/benchmarks.md`` that tells what calls cost, from ``build/figures/cost*.json``;
``tests.lab.report`` writes it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from tests.bench.cost import CORE, EACH, shown
from tests.lab import figures
from tests.lab.figures import Row, number, table

TITLE = "## What calls cost"
WORDS = """By `make bench`: the same load on each system, from processes of its own, with real
ICE, DTLS and SRTP (AES-256-GCM): people who send Opus and VP8 at 1.2 Mbit/s, and receivers that
report once a second and send transport-wide feedback twenty times a second where it is agreed to,
as Chromium does. *Fan-out* 1 is consultations of two, 3 of four. Processor time is that of all
the threads that carry packets, user and kernel, over what reached the receivers. Carbet's worker
is compiled (`make compiled`) but where said. *Estimation off*: nothing that leaves is remembered
and no feedback is read. Stock aiortc is spared decoding and encoding. Janus takes as many threads
as it likes; its time is added up. A delay is from the sender's call to the receiver's kernel, of
sound. Where the time goes is told in [cost.md](cost.md)."""
OWN, OFF = "carbet", "carbet, estimation off"
FAN_OUTS = ("fan-out 1", "fan-out 3")
Figures = dict[tuple[str, str, str], float | None]


def read(name: str) -> list[Row]:
    path = figures.FOLDER / f"{name}.json"
    return [Row(**row) for row in json.loads(path.read_text())] if path.exists() else []


def _ratio(values: Figures, one: tuple[str, str, str], other: tuple[str, str, str]) -> float | None:
    above, below = values.get(one), values.get(other)
    return above / below if above and below else None


def owed(rows: Sequence[Row]) -> Iterator[tuple[str, str, str, str]]:
    """(What, bound, measured, verdict) of all that was measured."""
    values: Figures = {(row.profile, row.system, row.figure): row.value for row in rows}
    told: list[tuple[str, str, float | None, float, bool]] = []
    for way in FAN_OUTS:
        own = (way, OWN, EACH)
        told += [
            (f"{way}: stock aiortc's time for a packet, times Carbet's", "≥ 6",
             _ratio(values, (way, "aiortc", EACH), own), 6, True),
            (f"{way}: Carbet's time, times Janus's", "aim ≤ 1",
             _ratio(values, own, (way, "janus", EACH)), 1, False),
            (f"{way}: forwarded packets for a core", "aim ≥ 60000",
             values.get((way, OWN, CORE)), 60_000, True),
            (f"{way}: time with estimation, times that without", "≤ 1.25",
             _ratio(values, own, (way, OFF, EACH)), 1.25, False),
        ]  # fmt: skip
    two = _ratio(values, ("2 workers", OWN, "consultations of two"),
                 ("1 worker", OWN, "consultations of two"))  # fmt: skip
    told += [
        ("consultations on two workers, times those on one", "1.8 to 2.2", two, 1.8, True),
        ("memory left behind by each of 1,000 calls, kB", "≤ 2",
         next((row.value for row in rows if row.system == OWN and "left behind" in row.figure),
              None), 2, False),
    ]  # fmt: skip
    for what, bound, value, limit, least in told:
        if value is not None:
            good = value >= limit if least else value <= limit
            yield what, bound, number(value), verdict(bound, good)


def verdict(bound: str, good: bool) -> str:
    if bound.startswith("aim"):
        return "aim reached" if good else "aim missed"
    return "met" if good else "**missed**"


def _plain(rows: Sequence[Row]) -> str:
    lines = ((row.system, row.profile, row.figure, f"{number(row.value)} {row.unit}".strip(),
              str(row.runs), row.load) for row in rows)  # fmt: skip
    return table(("system", "at", "figure", "value", "runs", "host"), lines)


def sections() -> Iterator[str]:
    cost, rest = read("cost"), read("cost-delay") + read("cost-calls") + read("cost-memory")
    if not cost:
        return
    judged = table(("what", "owed", "measured", ""), owed(cost + rest))
    runs, load = max(row.runs for row in cost), cost[-1].load
    yield f"{TITLE}\n\n{WORDS}\n"
    yield f"{judged}\n\nMedians of {runs} runs; {load}.\n\n{shown(cost)}\n"
    if rest:
        yield f"{_plain(rest)}\n"
