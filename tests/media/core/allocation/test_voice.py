import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.core.allocation.ladder import VoiceStep
from media.core.allocation.voice import Hearing, Voice, VoiceChoice
from tests.media.core.thin_links import QUALITY


def settled(rate: int, loss: float = 0.0, transfer: bool = False) -> VoiceStep:
    choice = VoiceChoice(QUALITY, 0.0)
    return choice.step(rate, loss, transfer, 0.0)


@pytest.mark.parametrize(
    ("step", "wire"),
    [
        (VoiceStep(32000, 20, False), 57_600),  # the browsers' own: 58 kbit/s on the wire
        (VoiceStep(16000, 60, False), 24_533),
        (VoiceStep(6000, 120, False), 10_266),
        (VoiceStep(16000, 60, True), 41_200),
    ],
)
def test_headers_are_counted(step: VoiceStep, wire: int) -> None:
    assert step.wire == wire


@pytest.mark.parametrize(
    ("link", "step"),
    [
        (16_000, (6000, 120, False)),
        (24_000, (8000, 60, False)),
        (32_000, (12000, 60, False)),
        (64_000, (12000, 60, False)),
        (128_000, (16000, 60, False)),
        (256_000, (16000, 40, False)),
        (300_000, (24000, 20, False)),
        (512_000, (32000, 20, False)),
        (2_000_000, (32000, 20, True)),
    ],
)
def test_the_voice_of_a_clean_link(link: int, step: tuple[int, int, bool]) -> None:
    assert dataclasses.astuple(settled(link)) == step


@pytest.mark.parametrize(
    ("link", "loss", "step"),
    [
        (64_000, 0.01, (12000, 60, False)),  # EDGE: one in a hundred is bearable, headers are not
        (64_000, 0.03, (8000, 60, True)),
        (256_000, 0.02, (16000, 60, True)),  # 3G
        (100_000, 0.02, (12000, 60, True)),
        (2_000_000, 0.08, (24000, 20, True)),  # Wi-Fi
        (26_000, 0.05, (6000, 120, True)),
        (16_000, 0.5, (6000, 120, False)),  # no room for anything else
    ],
)
def test_the_voice_of_a_link_that_loses(
    link: int, loss: float, step: tuple[int, int, bool]
) -> None:
    assert dataclasses.astuple(settled(link, loss)) == step


def test_every_voice_fits_its_link_with_margin_and_feedback() -> None:
    for row in QUALITY.audio:
        if row.least:
            assert row.step.wire + 3000 <= 0.9 * row.least


def test_where_fec_is_meant_to_work_it_can() -> None:
    """In-band FEC: 24 kbit/s and 20 ms at least. Loss rows below that carry RED."""
    for row in QUALITY.audio:
        if row.loss:
            assert row.step.red


@pytest.mark.parametrize("link", [28_000, 32_000, 40_000, 47_000])
def test_a_still_of_nine_kilobytes_crosses_in_ten_seconds_beside_the_voice(link: int) -> None:
    spare = QUALITY.usable(link) - settled(link, transfer=True).wire
    assert 9000 * 8 * 1.3 / spare <= 10


def test_the_voice_goes_down_for_a_still_no_further_than_it_takes() -> None:
    assert settled(32_000, transfer=True) == VoiceStep(6000, 120, False)
    assert settled(24_000, transfer=True) == VoiceStep(6000, 120, False)
    assert settled(16_000, transfer=True) == VoiceStep(6000, 120, False)
    assert settled(35_000, transfer=True) == VoiceStep(8000, 60, False)
    for link in (37_000, 64_000, 128_000, 2_000_000):  # there is room as it is
        assert settled(link, transfer=True) == settled(link)


def test_no_redundancy_comes_with_making_room() -> None:
    assert not settled(32_000, transfer=True).red
    assert settled(46_000, 0.04, transfer=True).red


def test_down_at_once_up_after_five_seconds_and_with_room() -> None:
    choice = VoiceChoice(QUALITY, 0.0)
    assert choice.step(100_000, 0, False, 0.0).bitrate == 16000
    assert choice.step(27_000, 0, False, 0.2).bitrate == 8000
    assert choice.step(30_000, 0, False, 30.0).bitrate == 8000  # 28000 and not ten percent more
    assert choice.step(31_000, 0, False, 31.0).bitrate == 12000
    assert choice.step(120_000, 0, False, 35.9).bitrate == 12000
    assert choice.step(120_000, 0, False, 36.0).bitrate == 16000


def test_protection_comes_at_once_and_goes_after_ten_calm_seconds() -> None:
    choice = VoiceChoice(QUALITY, 0.0)
    assert not choice.step(256_000, 0.003, False, 0.0).red
    assert choice.step(256_000, 0.02, False, 0.2).red
    for n in range(100):
        assert choice.step(256_000, 0.0 if n % 50 else 0.02, False, 0.4 + n / 5).red
    now = 0.4 + 99 / 5
    assert choice.step(256_000, 0.0101, False, now + 9).red  # more than half of what it came for
    assert choice.step(256_000, 0.003, False, now + 10).red
    assert choice.step(256_000, 0.003, False, now + 19.9).red
    assert not choice.step(256_000, 0.003, False, now + 20).red


@given(
    st.lists(
        st.tuples(st.integers(-(2**63), 2**63), st.floats(), st.booleans(), st.floats(0, 30)),
        max_size=40,
    )
)
def test_any_figures_give_a_voice_of_the_table(
    asked: list[tuple[int, float, bool, float]],
) -> None:
    choice, now = VoiceChoice(QUALITY, 0.0), 0.0
    for rate, loss, transfer, pause in asked:
        now += pause
        step = choice.step(rate, loss, transfer, now)
        rows = {row.step: row.least for row in QUALITY.audio}
        assert rows[step] <= max(0, rate) or transfer


def test_on_a_thin_link_only_the_one_who_speaks_is_heard() -> None:
    voices = [Voice("ana", 10_000, False), Voice("bo", 10_000, True), Voice("cy", 10_000, False)]
    assert [one.peer for one in Hearing().choose(voices, 10_266, 25_000)] == ["bo"]
    assert len(Hearing().choose(voices, 10_266, 41_064)) == 2
    assert len(Hearing().choose(voices, 24_533, 400_000)) == 3
    assert Hearing().choose([], 10_266, 25_000) == []


def test_who_spoke_last_is_heard_until_another_speaks() -> None:
    hearing = Hearing()
    quiet = [Voice("ana", 10_000, False), Voice("bo", 10_000, False)]
    assert hearing.choose([quiet[0], Voice("bo", 1, True)], 10_266, 15_000)[0].peer == "bo"
    assert hearing.choose(quiet, 10_266, 15_000)[0].peer == "bo"
    assert hearing.choose(quiet, 10_266, 0)[0].peer == "bo"
