"""Records the traces kept in tests/media/traces: ``python -m tests.media.record_traces``.

To be run, and its result looked at, when a change of the estimator is meant: the tests compare
what is decided today with what was decided then.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from media.core.link.trace import Trace
from tests.lab.emulator import Way
from tests.media.core.thin_call import Kept, Media, ThinCall

FOLDER = Path(__file__).parent / "traces"
MOST = 60_000  # bytes of a trace
SPEECH = Media(video=0, voice_bytes=150, voice_every=1 / 12)
SMALL = Media(voice_bytes=150, voice_every=0.08, fps=8)


def edge(trace: Trace) -> None:
    """A thin mobile link that loses 1 % and is cut for four seconds."""
    way = Way(((0, 96),), delay=0.2, queue=7200, loss=0.01, cuts=((12, 16),))
    ThinCall(way, way, start=48_000, trip=0.4, media=SMALL, trace=trace, tick=0.04).run(23)


def step(trace: Trace) -> None:
    """160, then 48, then 160 kbit/s by satellite."""
    way = Way(((0, 160), (8, 48), (15, 160)), delay=0.3, queue=8000)
    ThinCall(way, way, start=120_000, trip=0.6, media=SMALL, trace=trace, tick=0.04).run(22)


def wifi(trace: Trace) -> None:
    """8 % lost at any rate, more once a policer is met, and a queue of 20 ms."""
    way = Way(((0, 240),), delay=0.02, jitter=0.005, queue=1500, loss=0.08)
    back = Way(((0, 1000),), delay=0.02, loss=0.05)
    ThinCall(way, back, start=64_000, trip=0.05, media=SMALL, trace=trace, tick=0.05).run(22)


def speech(trace: Trace) -> None:
    """Twelve packets a second for a while, then a receiver that only reports."""
    way = Way(((0, 24),), delay=0.3, queue=3000, loss=0.02, burst=3)
    call = ThinCall(way, way, start=24_000, trip=0.6, media=SPEECH, trace=trace, tick=0.1)
    call.run(20)
    estimator = call.estimator
    for n in range(500):
        now = 20.05 + n / 10
        estimator.sent(150, now)
        estimator.tick(now)
        if n % 10 == 9:
            estimator.report(0.2 if n > 400 else 0.0, 0.6 if n < 300 else 0.95, now)


TRACES: dict[str, Callable[[Trace], None]] = {
    "edge-cut": edge, "satellite-step": step, "wifi-policed": wifi, "speech-blind": speech,
}  # fmt: skip


def recorded(name: str) -> str:
    kept = Kept()
    TRACES[name](Trace(kept))
    return "".join(kept.lines)


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    for name in TRACES:
        lines = recorded(name)
        assert len(lines) <= MOST, f"{name}: {len(lines)} bytes"
        (FOLDER / f"{name}.jsonl").write_text(lines)
        print(f"{name}: {len(lines)} bytes")


if __name__ == "__main__":
    main()
