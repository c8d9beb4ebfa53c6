from media.core.allocation.layers import Choice, Focus, Picture


def picture(
    key: str = "v0", source: str = "camera", speaking: bool = False,
    layers: tuple[int, ...] = (40, 60, 100), low: tuple[int, ...] | None = None,
) -> Picture:  # fmt: skip
    return Picture(key, "p" + key, source, "speech", speaking, layers, low)


def test_the_exam_comes_first_then_who_speaks() -> None:
    pictures = [picture("v0"), picture("v1", speaking=True), picture("x0", "exam")]
    assert [one.key for one in Focus(8.0).order(pictures, 0.0)] == ["x0", "v1", "v0"]


def test_a_speaker_keeps_the_place_for_eight_seconds_and_after_falling_silent() -> None:
    focus = Focus(8.0)
    first = [picture("v0", speaking=True), picture("v1")]
    then = [picture("v0"), picture("v1", speaking=True)]
    quiet = [picture("v0"), picture("v1")]
    assert focus.order(first, 0.0)[0].key == "v0"
    assert focus.order(then, 7.9)[0].key == "v0"
    assert focus.order(quiet, 100.0)[0].key == "v0"
    assert focus.order(then, 101.0)[0].key == "v1"
    assert focus.order(first, 108.9)[0].key == "v1"
    assert focus.order(first, 109.0)[0].key == "v0"
    assert focus.order([quiet[1]], 110.0)[0].key == "v1"


def test_an_exam_camera_cannot_be_the_speaker() -> None:
    pictures = [picture("x0", "exam", speaking=True), picture("v0", speaking=True)]
    focus = Focus(8.0)
    focus.order(pictures, 0.0)
    assert [one.key for one in focus.order([picture("v1"), picture("v0")], 1.0)] == ["v0", "v1"]


def test_layers_fall_at_once_and_come_back_one_after_two_seconds() -> None:
    choice = Choice(2.0)
    assert choice.step(picture(), 100, 0, 0.0) == 100 and choice.layers == 3
    assert choice.step(picture(), 99, 0, 0.2) == 60 and choice.layers == 2
    assert choice.step(picture(), 59, 0, 0.4) == 40 and choice.layers == 1
    assert choice.step(picture(), 100, 0, 1.0) == 40
    assert choice.step(picture(), 100, 0, 2.9) == 40
    assert choice.step(picture(), 100, 0, 3.0) == 100 and choice.layers == 3


def test_a_wavering_link_gives_no_layer_back() -> None:
    choice = Choice(2.0)
    choice.step(picture(), 60, 0, 0.0)
    for n in range(50):
        assert choice.step(picture(), 100 if n % 5 else 60, 0, n / 5) == 60


def test_only_a_picture_that_does_not_fit_at_all_is_paused() -> None:
    choice = Choice(2.0)
    assert choice.step(picture(), 39, 0, 0.0) == 0 and choice.layers == 0


def test_a_shown_picture_leans_on_the_margin_a_paused_one_does_not() -> None:
    choice = Choice(2.0)
    choice.step(picture(), 50, 0, 0.0)
    assert choice.step(picture(), 35, 5, 0.2) == 40
    assert choice.step(picture(), 35, 4, 0.4) == 0
    for n in range(20):
        assert choice.step(picture(), 35, 5, 1 + n / 5) == 0
    assert choice.step(picture(), 0, 500, 9.0) == 0, "nothing is wanted: nothing leans"


def test_all_layers_stay_all_when_the_sender_makes_more() -> None:
    choice = Choice(2.0)
    assert choice.step(picture(layers=(40, 60)), 100, 0, 0.0) == 60 and choice.layers == 3
    assert choice.step(picture(layers=(40, 60, 100)), 100, 0, 0.2) == 100


def test_nothing_arrives_and_everything_may() -> None:
    choice = Choice(2.0)
    assert choice.step(picture(layers=()), 100, 0, 0.0) == 0 and choice.layers == 3
    assert choice.step(picture(layers=()), 0, 0, 0.2) == 0 and choice.layers == 0


def test_the_small_copy_when_the_large_does_not_fit_and_back_after_four_seconds() -> None:
    choice, both = Choice(2.0), picture(layers=(400, 600, 1000), low=(20, 30))
    assert choice.step(both, 300, 0, 0.0) == 30 and choice.which == "low"
    assert choice.step(both, 399, 0, 1.0) == 30
    assert choice.step(both, 599, 0, 2.0) == 30, "the base alone would be worse"
    assert choice.step(both, 600, 0, 3.0) == 30
    assert choice.step(both, 600, 0, 6.9) == 30
    assert choice.step(both, 600, 0, 7.0) == 600 and choice.which == "camera"
    assert choice.step(picture(layers=(400, 600)), 300, 0, 8.0) == 0 and choice.which == "camera"


def test_without_its_small_copy_a_picture_is_the_camera_again() -> None:
    choice = Choice(2.0)
    choice.step(picture(layers=(400,), low=(20,)), 300, 0, 0.0)
    assert choice.which == "low"
    assert choice.step(picture(layers=(30,)), 300, 0, 0.2) == 30 and choice.which == "camera"


def test_an_overshoot_leans_on_the_margin_and_what_fell_comes_back_on_half_of_it() -> None:
    choice = Choice(2.0)
    assert choice.step(picture(), 95, 5, 0.0) == 100
    assert choice.step(picture(), 94, 5, 0.2) == 60, "no further"
    for n in range(20):
        assert choice.step(picture(), 97, 5, 1 + n / 5) == 60
    assert choice.step(picture(), 98, 4, 6.0) == 60
    assert choice.step(picture(), 98, 4, 8.0) == 100


def test_what_a_drain_took_comes_back_with_its_end() -> None:
    choice = Choice(2.0)
    choice.step(picture(), 100, 0, 0.0)
    assert choice.step(picture(), 20, 0, 1.0, drains=True) == 0
    assert choice.step(picture(), 100, 0, 1.9) == 100
    assert choice.step(picture(), 20, 0, 2.0, drains=True) == 0
    assert choice.step(picture(), 30, 0, 2.2) == 0
    assert choice.step(picture(), 100, 0, 3.1) == 0, "it was not the drain any more"
    assert choice.step(picture(), 100, 0, 5.2) == 100


def test_an_encoder_that_overshoots_for_a_second_loses_no_layer() -> None:
    choice = Choice(2.0)
    for n in range(20):
        assert choice.step(picture(layers=(40, 60, 92)), 100, 5, n / 4, False, 1.15) == 92
    over = picture(layers=(60, 90, 118))
    kept = [choice.step(over, 100, 5, 5 + n / 4, False, 1.15) for n in range(20)]
    assert [size > 100 for size in kept] == [True] * 8 + [False] * 12, "but not for long"
    assert choice.step(picture(layers=(60, 90, 122)), 100, 5, 12.2, False, 1.15) < 92, "nor by much"
    thin = Choice(2.0)
    thin.step(picture(layers=(40, 60, 92)), 100, 5, 0.0)
    assert thin.step(over, 100, 5, 0.2) == 90, "nor on a thin link"
