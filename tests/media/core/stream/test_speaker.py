from media.core.stream.speaker import SpeakerChoice


def talk(
    choice: SpeakerChoice, levels: dict[str, int], start: float, seconds: float
) -> list[str | None]:
    """20 ms packets of each peer; the speaker after each 200 ms."""
    said = []
    for n in range(int(seconds * 50)):
        now = start + n / 50
        for peer, level in levels.items():
            choice.hear(peer, level, now)
        if n % 10 == 9:
            said.append(choice.choose(now))
    return said


def test_whoever_talks_becomes_the_speaker_once() -> None:
    choice = SpeakerChoice()
    said = talk(choice, {"ana": 20, "bo": 127}, 0, 3)
    assert said[0] is None and said[-1] == "ana"
    said = talk(choice, {"ana": 127, "bo": 25}, 3, 3)
    assert said[-1] == "bo" and len({*said}) == 2


def test_a_cough_changes_nothing() -> None:
    choice = SpeakerChoice()
    talk(choice, {"ana": 30, "bo": 127}, 0, 3)
    talk(choice, {"ana": 40, "bo": 10}, 3, 0.3)
    assert set(talk(choice, {"ana": 30, "bo": 127}, 3.3, 2)) == {"ana"}


def test_after_silence_nobody_speaks() -> None:
    choice = SpeakerChoice()
    talk(choice, {"ana": 30}, 0, 2)
    assert talk(choice, {"ana": 127}, 2, 5)[-1] is None


def test_who_left_speaks_no_more() -> None:
    choice = SpeakerChoice()
    talk(choice, {"ana": 30}, 0, 2)
    choice.forget("ana")
    assert choice.choose(2.1) is None
