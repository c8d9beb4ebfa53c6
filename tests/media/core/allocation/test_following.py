from dataclasses import replace

from media.core.allocation.following import NOTHING, Following, Pair, Want

RICH = Want(1_000_000, "speech", 720, True, "motion")
THIN = Want(30_000, "speech", 180, True, "sharp")


def settled(wants: list[Want], room: int, least: int = 80_000):  # type: ignore[no-untyped-def]
    following = Following()
    for n in range(20):
        found = following.step(wants, room, least, n / 5)
    return found


def test_one_receiver_is_what_the_stream_is_sized_for() -> None:
    found = settled([THIN], 500_000)
    assert (found.rate, found.low, found.height, found.rung) == (30_000, 0, 180, 2)
    assert settled([RICH], 300_000).rate == 300_000


def test_nobody_looks_and_nothing_is_sent() -> None:
    assert settled([], 500_000) == NOTHING
    assert settled([replace(RICH, rate=0)], 500_000).rate == 0


def test_who_does_not_look_decides_no_rung_and_who_is_on_stills_does() -> None:
    assert settled([replace(RICH, rate=0)], 500_000).rung == 0
    assert settled([Want(0, "detail", 0, False, "stills")], 500_000).rung == 3
    assert settled([Want(9_000, "speech", 0, True, "voice")], 500_000).rung == 4
    nonsense = Want(9_000, "speech", 0, True, "nonsense")
    assert settled([nonsense], 500_000).rung == 0


def test_the_best_of_those_on_stills_decides() -> None:
    wants = [Want(0, "speech", 0, True, "voice"), Want(0, "detail", 0, True, "stills")]
    found = settled(wants, 500_000)
    assert (found.rung, found.matters) == (3, "detail")


def test_unlike_receivers_get_a_copy_each_after_three_seconds() -> None:
    following = Following()
    for n in range(15):
        found = following.step([RICH, THIN], 500_000, 80_000, n / 5)
        assert (found.rate, found.low) == (1_000_000 if False else 500_000, 0)
    found = following.step([RICH, THIN], 500_000, 80_000, 3.0)
    assert (found.rate, found.low, found.rung) == (470_000, 30_000, 0)


def test_who_sees_it_small_does_not_decide() -> None:
    small = replace(THIN, height=359)
    large = replace(THIN, height=360)
    following = Following()
    assert following.step([RICH, small], 500_000, 80_000, 0.0).rate == 500_000
    assert Following().step([RICH, large], 500_000, 80_000, 0.0).rate == 30_000


def test_receivers_much_alike_share_one_stream_for_the_thinnest() -> None:
    other = replace(RICH, rate=500_000)
    assert settled([RICH, other], 2_000_000).rate == 500_000
    assert settled([RICH, replace(RICH, rate=499_999)], 2_000_000).low == 499_999


def test_a_thin_uplink_makes_one_stream() -> None:
    large = replace(THIN, height=720)
    assert settled([RICH, large], 109_999).low == 0
    assert settled([RICH, large], 109_999).rate == 30_000
    assert settled([RICH, large], 110_000).low == 30_000
    assert settled([RICH, replace(large, rate=100_000)], 299_999).low == 0
    assert settled([RICH, replace(large, rate=100_000)], 300_000).low == 100_000


def test_two_copies_stay_until_receivers_are_clearly_alike() -> None:
    following = Following()
    for n in range(20):
        following.step([RICH, THIN], 500_000, 80_000, n / 5)
    nearer = replace(RICH, rate=46_000)
    for n in range(20, 60):
        assert following.step([nearer, THIN], 500_000, 80_000, n / 5).low == 30_000
    alike = replace(RICH, rate=44_000)
    assert following.step([alike, THIN], 500_000, 80_000, 12.0).low == 30_000
    assert following.step([alike, THIN], 500_000, 80_000, 15.0).low == 0


def test_a_moment_of_difference_makes_no_copy() -> None:
    following, alike = Following(), replace(THIN, rate=40_000)
    for n in range(100):
        other = alike if n % 10 == 0 else RICH
        assert following.step([other, THIN], 500_000, 80_000, n / 5).low == 0


def test_av1_only_when_all_who_look_can() -> None:
    assert settled([RICH, THIN], 500_000).av1
    assert not settled([RICH, replace(THIN, av1=False)], 500_000).av1


def test_a_face_beside_the_exam_needs_room_that_lasts() -> None:
    pair = Pair(1.15, 4.0)
    assert pair.step(60_000, 60_000, 0.0)
    assert not pair.step(59_999, 60_000, 0.2)
    assert not pair.step(68_999, 60_000, 1.0)
    assert not pair.step(69_000, 60_000, 2.0)
    assert not pair.step(69_000, 60_000, 5.9)
    assert pair.step(69_000, 60_000, 6.0)
    assert pair.step(60_000, 60_000, 7.0)
