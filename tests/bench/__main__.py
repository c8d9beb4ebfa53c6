"""``make bench``, or ``python -m tests.bench [part …]``: what calls cost, side by side.

In a network of its own (``tests/alone``). Writes ``build/figures/cost*.json``, from which
``python -m tests.lab.report`` writes its part of ``docs/benchmarks.md``.
"""

from __future__ import annotations

import argparse
import asyncio

from tests.bench import capacity, cost, estimator, memory, signalling
from tests.lab.figures import write

BOTH = ("carbet", "janus")
MOST_PEOPLE = 300  # for a core
SYSTEMS = ("carbet", "unestimated", "plain", "janus", "aiortc")


def tell(text: str) -> None:
    print(text, flush=True)


async def _cost(options: argparse.Namespace) -> None:
    found = await cost.cost(
        options.systems or SYSTEMS, options.fan_out or (1, 3), options.runs, options.seconds,
        options.packets, tell,
    )  # fmt: skip
    tell(cost.shown(found))
    tell(f"written to {write('cost', found)}")


async def _delay(options: argparse.Namespace) -> None:
    found = []
    for system in options.systems or BOTH:
        found += await capacity.delay(system, options.runs, options.seconds, MOST_PEOPLE, tell)
    tell(f"written to {write('cost-delay', found)}")


async def _calls(options: argparse.Namespace) -> None:
    found = await capacity.calls((1, 2), options.runs, options.seconds, MOST_PEOPLE, tell)
    tell(f"written to {write('cost-calls', found)}")


async def _memory(options: argparse.Namespace) -> None:
    found = []
    for system in options.systems or BOTH:
        found += await memory.weighed(system, memory.CALLS, memory.BEFORE, memory.COMING, tell)
    tell(f"written to {write('cost-memory', found)}")


async def _estimator(options: argparse.Namespace) -> None:
    estimator.main(tell)


async def _signalling(options: argparse.Namespace) -> None:
    await signalling.run(tell)


PARTS = {
    "signalling": _signalling,
    "cost": _cost, "delay": _delay, "calls": _calls, "memory": _memory, "estimator": _estimator,
}  # fmt: skip


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("part", nargs="*", choices=[[], *PARTS], help="what to measure; all")
    parser.add_argument("--systems", nargs="+", choices=SYSTEMS, default=[])
    parser.add_argument("--fan-out", type=int, nargs="+", default=[])
    parser.add_argument("--packets", type=float, default=cost.PACKETS, help="a second, in")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=10.0, help="of one window")
    return parser.parse_args()


async def main() -> None:
    options = parse()
    for part in options.part or PARTS:
        await PARTS[part](options)


if __name__ == "__main__":
    asyncio.run(main())
