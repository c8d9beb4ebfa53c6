import dataclasses
import re

import pytest

from media.quality import DEFAULT, QualityError, lines_of, load, parse

TEXT = DEFAULT.read_text("utf-8")


def refused(text: str) -> list[tuple[int, str, str]]:
    with pytest.raises(QualityError) as caught:
        parse(text)
    return [(one.line, one.key, one.en) for one in caught.value.problems]


def line_of(needle: str, nth: int = 0) -> int:
    lines = [n for n, line in enumerate(TEXT.splitlines(), 1) if line.startswith(needle)]
    return lines[nth]


def swapped(section: str, key: str, value: str, nth: int = 0) -> tuple[str, int]:
    """The file with another value, and that line's number."""
    lines = TEXT.splitlines()
    start = line_of(f"[{section}]", nth)
    at = next(n for n in range(start, len(lines)) if lines[n].startswith(f"{key} "))
    lines[at] = f"{key} = {value}"
    return "\n".join(lines), at + 1


def test_the_ladder_that_comes_with_carbet_is_read_whole() -> None:
    """Figure by figure: whoever changes one in the file changes it here, knowingly."""
    quality = load()
    assert {(rung, matters): dataclasses.astuple(level)
            for rung, row in quality.levels.items() for matters, level in row.items()} == {
        ("motion", "speech"): (120_000, 2_500_000, 30, 3),
        ("motion", "motion"): (90_000, 2_500_000, 30, 3),
        ("motion", "detail"): (500_000, 4_000_000, 20, 3),
        ("slow", "speech"): (50_000, 900_000, 15, 2),
        ("slow", "motion"): (42_000, 700_000, 15, 2),
        ("slow", "detail"): (160_000, 1_500_000, 10, 2),
        ("sharp", "speech"): (21_000, 400_000, 9, 2),
        ("sharp", "motion"): (21_000, 400_000, 10, 2),
        ("sharp", "detail"): (21_000, 700_000, 5, 2),
    }  # fmt: skip
    assert dataclasses.astuple(quality.link) == (0.10, 3000, 0.30)
    assert dataclasses.astuple(quality.stills) == (21_500, 6.0, 20.0, 9000, 3000)
    assert quality.voice_least == 8000
    assert quality.heights == {
        "speech": ((0, 144), (24_000, 180), (60_000, 240), (140_000, 360), (270_000, 480),
                   (1_000_000, 720)),
        "motion": ((0, 144), (45_000, 180), (90_000, 240), (200_000, 360), (480_000, 480),
                   (1_300_000, 720)),
        "detail": ((0, 180), (24_000, 240), (60_000, 360), (120_000, 480), (300_000, 720),
                   (1_000_000, 1080)),
    }  # fmt: skip
    assert quality.ample == {"speech": 420_000, "motion": 700_000, "detail": 1_500_000}
    assert dataclasses.astuple(quality.codec) == (200_000, 280_000, 38_000)
    assert [(*dataclasses.astuple(row.step), row.least, row.loss) for row in quality.audio] == [
        (32_000, 20, True, 700_000, 0.0),
        (32_000, 20, False, 400_000, 0.0),
        (24_000, 20, True, 340_000, 0.004),
        (24_000, 20, False, 260_000, 0.0),
        (16_000, 40, False, 180_000, 0.0),
        (16_000, 60, True, 120_000, 0.004),
        (16_000, 60, False, 90_000, 0.0),
        (12_000, 60, True, 80_000, 0.02),
        (8_000, 60, True, 44_000, 0.025),
        (12_000, 60, False, 28_000, 0.0),
        (6_000, 120, True, 24_500, 0.04),
        (8_000, 60, False, 22_000, 0.0),
        (6_000, 120, False, 0, 0.0),
    ]
    assert dataclasses.asdict(quality.hysteresis) == {
        "fall": 1.0, "climb": 4.0, "room": 1.15, "relapse": 30.0, "longest": 60.0, "window": 60.0,
        "voice": 5.0, "layer": 2.0, "focus": 8.0,
    }  # fmt: skip
    assert dataclasses.astuple(quality.start) == (300_000, 100_000, 0.1, 0.8)


def test_every_figure_of_the_file_is_read() -> None:
    """No key is there for show: the file has as many figures as the ladder."""
    assert len(re.findall(r"(?m)^\w+ = (?!\[)", TEXT)) == 3 + 9 * 4 + 5 + 1 + 3 + 3 + 13 * 5 + 9 + 4


@pytest.mark.parametrize(
    ("section", "key", "value", "en"),
    [
        ("link", "margin", "0.6", "within these bounds: 0 … 0.5"),
        ("link", "margin", "nan", "within these bounds: 0 … 0.5"),
        ("link", "feedback", "-1", "within these bounds: 0 … 50000"),
        ("link", "feedback", "3000.0", "a whole number is expected"),
        ("link", "transfer", '"much"', "a number is expected"),
        ("slow.speech", "fps", "true", "a whole number is expected"),
        ("slow.speech", "fps", "0", "within these bounds: 1 … 60"),
        ("slow.speech", "fps", "30", "less than the rung above is expected"),
        ("slow.speech", "least", "120000", "less than the rung above is expected"),
        ("slow.speech", "best", "2500001", "no more than the rung above"),
        ("sharp.motion", "least", "400001", "beyond best"),
        ("sharp.detail", "layers", "4", "within these bounds: 1 … 3"),
        ("stills", "every", "20.5", "at most 20 is expected"),
        ("stills", "fewest", "9001", "at most 9000 is expected"),
        ("voice", "least", "21500", "at most 21499 is expected"),
        ("ample", "speech", "2500001", "beyond best"),
        ("ample", "detail", "0", "within these bounds: 1 … 1e+08"),
        ("codec", "av1_below", "280001", "at most 280000 is expected"),
        ("hysteresis", "climb", "61", "at most 60 is expected"),
        ("hysteresis", "room", "0.9", "within these bounds: 1 … 3"),
        ("hysteresis", "fall", "0", "within these bounds: 0.1 … 600"),
        ("start", "far", "300001", "at most 300000 is expected"),
        ("start", "remembered", "2", "within these bounds: 0.1 … 1"),
        ("heights", "speech", "[[0, 144], [20000, 100]]", "growing pairs expected"),
        ("heights", "motion", "[[0, 144], [0, 180]]", "growing pairs expected"),
        ("heights", "detail", "[[5, 144]]", "from [0, …] to 4320 lines at most"),
        ("heights", "detail", "[[0, 15]]", "from [0, …] to 4320 lines at most"),
        ("heights", "detail", "[[0, 4321]]", "from [0, …] to 4320 lines at most"),
        ("heights", "detail", "[]", "list of [bit/s, lines] expected"),
        ("heights", "detail", "[[0, 1.5]]", "list of [bit/s, lines] expected"),
        ("heights", "detail", "[[0]]", "list of [bit/s, lines] expected"),
    ],
)
def test_an_absurd_value_is_refused_on_its_line(
    section: str, key: str, value: str, en: str
) -> None:
    text, line = swapped(section, key, value)
    assert (line, f"{section}.{key}", en) in refused(text)


@pytest.mark.parametrize(
    ("row", "key", "value", "en"),
    [
        (0, "ptime", "30", "20, 40, 60 or 120 is expected"),
        (1, "red", "1", "true or false is expected"),
        (1, "bitrate", "5999", "within these bounds: 6000 … 510000"),
        (3, "least", "400000", "less than the row before is expected"),
        (11, "least", "21000", "the voice takes 16533 of it with its headers"),
        (2, "loss", "1.5", "within these bounds: 0 … 1"),
    ],
)
def test_an_absurd_row_of_the_voice_is_refused_on_its_line(
    row: int, key: str, value: str, en: str
) -> None:
    text, line = swapped("[audio]", key, value, row)
    assert (line, f"audio.{row}.{key}", en) in refused(text)


def test_bounds_are_within() -> None:
    text, _ = swapped("heights", "detail", "[[0, 16], [1, 4320]]")
    assert parse(text).heights["detail"] == ((0, 16), (1, 4320))


def test_the_rows_made_for_loss_descend_by_themselves() -> None:
    text, line = swapped("[audio]", "least", "340000", 5)
    assert (line, "audio.5.least", "less than the row before is expected") in refused(text)


def test_a_ladder_without_a_last_voice_is_refused() -> None:
    text, _ = swapped("[audio]", "least", "20000", 12)
    assert [key for _, key, _ in refused(text)] == ["audio"]
    without = re.sub(r"\[\[audio\]\][^\[]*", "", TEXT)
    assert (0, "audio", "at least one [[audio]] row is expected") in refused(without)


def test_unknown_keys_and_sections_are_refused() -> None:
    last = len(TEXT.splitlines())
    assert refused(TEXT + "wrong = 1\n") == [(last + 1, "start.wrong", "unknown key")]
    assert refused(TEXT + "[extra]\n") == [(last + 1, "extra", "unknown section")]
    assert refused(TEXT + "[sharp.colour]\n") == [(last + 1, "sharp.colour", "unknown key")]
    assert refused(TEXT + "[heights.x]\n") == [(last + 1, "heights.x", "unknown key")]
    assert refused(TEXT + "[text.x]\n") == [(last + 1, "text.x", "unknown key")]


def test_a_missing_key_is_named_on_the_line_of_its_section() -> None:
    assert refused(TEXT.replace("feedback = 3000", "")) == [
        (line_of("[link]"), "link.feedback", "key expected")
    ]


@pytest.mark.parametrize("rung", ["sharp.speech", "stills", "voice", "text", "codec", "start"])
def test_an_empty_ladder_or_one_without_a_rung_is_refused(rung: str) -> None:
    without = re.sub(rf"(?m)^\[{re.escape(rung)}\]\n(?:(?!\[).*\n)*", "", TEXT)
    assert without != TEXT
    assert rung in [key for _, key, _ in refused(without)]


def test_an_empty_file_is_refused_with_everything_it_lacks() -> None:
    assert len(refused("")) > 15


def test_a_scalar_where_a_section_is_expected() -> None:
    assert (1, "link", "section expected") in refused("link = 3\n" + TEXT.replace("[link]", "[x]"))
    assert (1, "audio", "at least one [[audio]] row is expected") in refused("audio = 3")
    assert (1, "motion.speech", "section expected") in refused("motion = 3")
    assert (0, "audio.0", "section expected") in [
        (0, key, en) for _, key, en in refused("audio = [3]")
    ]


def test_malformed_toml_is_refused_with_its_line() -> None:
    (found,) = refused("[link]\nmargin = \n")
    assert found[:2] == (2, "TOML")
    assert refused("[" * 5000)


def test_a_file_that_cannot_be_read(tmp_path) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(QualityError) as caught:
        load(tmp_path / "none.toml")
    assert caught.value.problems[0].en == "file cannot be read"
    (tmp_path / "latin.toml").write_bytes(b"# \xe9")
    with pytest.raises(QualityError):
        load(tmp_path / "latin.toml")


def test_a_problem_is_told_in_both_languages_with_its_line() -> None:
    with pytest.raises(QualityError) as caught:
        parse(TEXT.replace("feedback = 3000", "feedback = 3"[:-1] + '"x"'))
    line = line_of("feedback")
    assert str(caught.value) == (
        f"quality.toml:{line}: link.feedback: un nombre entier est attendu"
        " / a whole number is expected"
    )


def test_lines_are_found_by_dotted_name() -> None:
    text = "a = 1\n[s]\n# b = 2\n b.c = 3\n[[r]]\nx = 1\n[[r]]\nx = 2\n"
    assert lines_of(text) == {
        "a": 1,
        "s": 2,
        "s.b.c": 4,
        "r.0": 5,
        "r.0.x": 6,
        "r.1": 7,
        "r.1.x": 8,
    }
