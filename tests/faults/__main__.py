"""The command: ``python -m tests.faults --fault reload --tries 30``.

Makes namespaces, holds a call, lets faults fall into it, prints p50 and p95 and writes every try to
``build/figures/faults.json``; tries of faults that are not named stay there. Needs root.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

from tests.faults import call, figures
from tests.faults.call import Call, Try
from tests.faults.catalogue import FAULTS, Fault
from tests.faults.places import Places
from tests.lab.stall import Stalls
from tests.peers.talking_head import CLINICIAN, GUEST

TRIES = 30
AGAIN = 3  # times a try is made, at most, where the host spoils it
WORST = 10.0  # percent of a try in which the host stood still
IN_VAIN = 3  # calls in a row that could not be begun
HURRIED = (1.0, 1.0)  # seconds of undisturbed call, and of chance, before a fault
FEWER = {"cut-30": 10, "cut-120": 5}  # they take minutes


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--fault", action="append", choices=[*FAULTS, "all"], default=None)
    parser.add_argument("--tries", type=int, default=0, help="30, fewer of the long cuts")
    parser.add_argument("--seed", type=int, default=1, help="of the first try")
    parser.add_argument("--hurried", action="store_true", help="hardly settle before each fault")
    parser.add_argument("--to", type=Path, default=figures.PATH)
    return parser.parse_args(argv)


def asked(options: argparse.Namespace) -> list[tuple[Fault, int]]:
    """Every try, a fault and its seed: each in its turn, so that none falls twice in a row."""
    names = options.fault or ["all"]
    faults = [FAULTS[name] for name in FAULTS if name in names or "all" in names]
    return [
        (fault, options.seed + turn)
        for turn in range(options.tries or TRIES)
        for fault in faults
        if options.tries or turn < FEWER.get(fault.name, TRIES)
    ]


def survived(one: Try) -> bool:
    """Whether the next fault may fall into the same call."""
    return one.seconds < float("inf") and not one.complaints


async def _series(
    places: Places, tries: list[tuple[Fault, int]], path: Path, hurried: bool
) -> None:
    """All tries, in as few calls as they leave alive. Raises when no call can be begun."""
    in_vain = 0
    while tries:
        left = len(tries)
        try:
            await _one_call(places, tries, path, hurried)
        except AssertionError:  # of waiting for a call to begin, on a machine with no time for it
            traceback.print_exc()
            in_vain = in_vain + 1 if len(tries) == left else 0
            if in_vain == IN_VAIN:
                raise


async def _one_call(
    places: Places, tries: list[tuple[Fault, int]], path: Path, hurried: bool
) -> None:
    """Tries in one call, until one is not survived."""
    with call.folder() as folder:
        async with call.held(places, Path(folder)) as held:
            if hurried:
                held.settled, held.spread = HURRIED
            again = 1 if hurried else AGAIN
            while tries and await _once(held, *tries.pop(0), path, again):
                pass


async def _once(held: Call, fault: Fault, seed: int, path: Path, again: int) -> bool:
    """One try, kept; made again while the host stood still too much for it to tell of us."""
    for _ in range(again):
        one, stalled = await _struck(held, fault, seed)
        if stalled <= WORST or not survived(one):
            break
        print(f"{fault.name} {seed}: {one.seconds:.2f} s, host stood still {stalled:.0f} %")
    figures.keep(path, one, stalled)
    print(figures.line(one), flush=True)
    if not survived(one):
        print(held.carbet.last_words(15), flush=True)
    return survived(one)


async def _struck(held: Call, fault: Fault, seed: int) -> tuple[Try, float]:
    with Stalls() as stalls:
        try:
            one = await held.strike(fault, seed)
        except Exception as error:
            traceback.print_exc()
            one = figures.failed(fault.name, seed, error)
    return one, stalls.percent()


def main(argv: Sequence[str] | None = None) -> int:
    options = parse(argv)
    tries = asked(options)
    figures.begin(options.to, {fault.name for fault, _ in tries})
    with Places([CLINICIAN.name, GUEST.name]) as places, places.within_hub():
        asyncio.run(_series(places, tries, options.to, options.hurried))
    print(figures.table(options.to))
    return 0


if __name__ == "__main__":
    sys.exit(main())
