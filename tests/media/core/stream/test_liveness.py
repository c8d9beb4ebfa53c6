from media.core.stream.liveness import Liveness, Pulse


def test_media_which_stops_is_a_stall_after_two_and_a_half_seconds() -> None:
    life = Liveness(0)
    for n in range(100):
        life.media(n / 50)
    assert life.pulse(4.4) is Pulse.ALIVE
    assert life.pulse(4.6) is Pulse.STALLED
    life.heard(5)
    assert life.pulse(5.1) is Pulse.ALIVE


def test_without_media_only_missing_consent_is_a_stall() -> None:
    life = Liveness(0)
    for n in range(10):  # a consent check each five seconds, nothing else
        life.heard(n * 5)
        assert life.pulse(n * 5 + 4.99) is Pulse.ALIVE
    assert life.pulse(45 + 8.1) is Pulse.STALLED


def test_media_which_was_said_to_end_is_no_stall() -> None:
    life = Liveness(0)
    life.media(1)
    life.media_ended()
    assert life.pulse(5) is Pulse.ALIVE


def test_thirty_seconds_of_nothing_is_gone() -> None:
    life = Liveness(0)
    life.media(1)
    assert life.pulse(30.9) is Pulse.STALLED and life.pulse(31) is Pulse.GONE
    assert life.silence(31) == 30
