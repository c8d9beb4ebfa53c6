"""The bench's parts, briefly: that each system carries the load, not how fast."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from media.core.packets import rtp, vp8
from tests.bench.capacity import holds
from tests.bench.copies import ESTIMATOR, ROOT, WIDE, blindfolded
from tests.bench.cost import CORE, EACH, Case, rows, shown
from tests.bench.memory import weighed
from tests.bench.processor import Spent, memory, spent
from tests.bench.report import OFF, TITLE, owed, sections
from tests.bench.systems import SYSTEMS
from tests.bench.traffic import AUDIO_EVERY, FRAME_EVERY, NUMBER_ID, OPUS, VP8, Publisher
from tests.bench.window import Loading, Window
from tests.lab import figures
from tests.lab.figures import Row


@pytest.mark.parametrize("system", SYSTEMS)
async def test_each_system_carries_every_sound_and_picture(system: str, tmp_path: Path) -> None:
    async with SYSTEMS[system](tmp_path) as running, Loading(running, system, 1, 2, 1) as load:
        assert load.profiles == {"SRTP_AEAD_AES_256_GCM"}
        await load.activate(2)
        await asyncio.sleep(3)
        window = await load.window(2)
        assert window.sent > 100
        assert window.sounds >= 0.9 * window.sounds_sent > 0
        assert window.received > 1.5 * window.sounds  # and pictures
        assert window.delays and 0 < window.delay(0.5) < 1
        for pid in running.pids:
            assert spent(pid).all > 0
            assert memory(pid) > 1_000_000


def test_what_is_sent_looks_like_a_browsers() -> None:
    publisher = Publisher(1, 11, 22, 0.0)
    found = [packet for n in range(1000) for packet in publisher.packets(n / 1000)]
    numbers, sounds, frames = [], 0, set()
    for packet in found:
        second, _, timestamp, ssrc, block, start, end = rtp.parse(packet)
        number, level, _ = rtp.known(packet, block, start)
        numbers.append(number)
        if ssrc == 11:
            assert second == OPUS and 0 <= level <= 127
            sounds += 1
        else:
            assert second & 0x7F == VP8
            picture = vp8.parse(packet[start:end])
            assert picture.temporal >= 0 and picture.picture_id > 0
            frames.add(timestamp)
    assert numbers == list(range(1, len(found) + 1))
    assert sounds == round(1 / AUDIO_EVERY) and len(frames) == round(1 / FRAME_EVERY)
    assert NUMBER_ID == rtp.TRANSPORT_SEQUENCE


def test_a_key_frame_is_sent_when_asked_for() -> None:
    publisher = Publisher(1, 11, 22, 0.0)

    def keys(begin: float) -> int:
        found = [p for n in range(1000) for p in publisher.packets(begin + n / 1000)]
        pictures = [vp8.parse(p[rtp.parse(p)[5] :]) for p in found if p[8:12] == b"\0\0\0\x16"]
        return sum(picture.keyframe for picture in pictures)

    assert keys(0.0) == 1
    assert keys(2.0) == 0
    publisher.want_key()
    assert keys(4.0) == 1


def _window(received: int, seconds: float) -> Window:
    return Window(10.0, Spent(seconds, 0.0), 0.1, received, received, 50, 50, 0, 0, [])


def test_a_line_tells_the_ratio_to_carbet() -> None:
    found = [*rows(Case("carbet", 1, 1), [_window(1000, 0.01)]),
             *rows(Case("janus", 1, 1), [_window(1000, 0.03), _window(1000, 0.02)])]  # fmt: skip
    lines = shown(found).splitlines()
    assert lines[2].split("|")[3].strip() == "10"
    assert lines[3].split("|")[3].strip() == "25"
    assert lines[3].split("|")[-2].strip() == "2.5"


def test_what_a_process_took_is_told_by_the_kernel() -> None:
    import os

    before = spent(os.getpid())
    while (spent(os.getpid()) - before).all < 0.05:
        sum(range(1000))
    assert memory(os.getpid()) > 1_000_000


def test_without_its_estimator_a_worker_forwards_the_same() -> None:
    source = (ROOT / ESTIMATOR).read_text()
    spoilt = blindfolded(source)
    names: dict[str, Any] = {"__name__": "estimator"}
    exec(compile(spoilt, "estimator", "exec"), names)
    blind = names["Estimator"](0.0, 50_000)
    assert blind.estimate.bitrate == WIDE
    assert [blind.sent(1000, 0.1) for _ in range(3)] == [1, 2, 3]
    blind.feedback(b"", 0.2)  # not even read
    blind.tick(60.0)
    assert blind.estimate.bitrate == WIDE and blind.wants_probe(WIDE, 61.0) is None
    with pytest.raises(LookupError):
        blindfolded(source.replace("def tick", "def tock"))


def test_a_worker_holds_while_a_thousandth_of_the_sound_is_missing_and_no_more() -> None:
    def heard(sounds: int) -> Window:
        return Window(5.0, Spent(1.0, 0.0), 0.1, 1, 1, 10_000, sounds, 0, 0, [])

    assert holds(heard(10_000)) and holds(heard(9_990))
    assert not holds(heard(9_989))


def test_delays_are_told_by_their_place() -> None:
    window = Window(1.0, Spent(1.0, 0.0), 0.1, 1, 1, 1, 1, 0, 0, list(range(0, 1_000_000, 1_000)))
    assert window.delay(0.5) == pytest.approx(500e-6, rel=0.01)
    assert window.delay(0.99) == pytest.approx(990e-6, rel=0.01)
    assert window.delay(1.0) == pytest.approx(999e-6, rel=0.01)


async def test_calls_come_and_go_and_are_weighed(tmp_path: Path) -> None:
    told: list[str] = []
    found = await weighed("carbet", 2, 4, 4, told.append)
    values = {row.figure: row.value for row in found}
    assert len(told) == 2
    assert values["a consultation of two"] is not None
    assert 10 < (values["empty"] or 0) < (values["after 4 calls"] or 0) + 50


def test_what_is_owed_is_judged_by_what_was_measured() -> None:
    def row(system: str, value: float, figure: str = EACH, profile: str = "fan-out 1") -> Row:
        return Row(figure, system, profile, value, "", 1, "")

    found = [row("carbet", 10), row("aiortc", 60), row("janus", 9.9), row(OFF, 8),
             row("carbet", 60_000, CORE), row("carbet", 100, "consultations of two", "1 worker"),
             row("carbet", 179, "consultations of two", "2 workers")]  # fmt: skip
    assert [line[-1] for line in owed(found)] == [
        "met", "aim missed", "aim reached", "met", "**missed**",
    ]  # fmt: skip
    found[1], found[3] = row("aiortc", 59), row(OFF, 7.9)
    assert [line[-1] for line in owed(found)][0::3] == ["**missed**", "**missed**"]


def test_the_page_tells_what_calls_cost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(figures, "FOLDER", tmp_path)
    assert not list(sections())
    figures.write("cost", rows(Case("carbet", 1, 1), [_window(1000, 0.01)]))
    text = "\n".join(sections())
    assert text.startswith(TITLE) and "| fan-out 1 | carbet | 10 " in text
