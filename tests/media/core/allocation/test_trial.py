"""A voice sent twice for a while, to show that a link came back."""

from media.core.allocation.trial import FELT, LASTING, LATEST, NEXT, SOON, Trial

TWICE = 30_000


class Story:
    """A trial and its clock, four looks a second."""

    def __init__(self, best: int = 200_000) -> None:
        self.trial, self.now = Trial(0.0), 0.0
        self.trial.step(False, False, best, TWICE, 0.0)

    def go(self, seconds: float, *, alone: bool = True, congested: bool = False) -> float:
        """Seconds of it in which the voice went twice."""
        tried = 0.0
        for _ in range(int(seconds * 4)):
            self.now += 0.25
            tried += 0.25 * self.trial.step(alone, congested, 15_000, TWICE, self.now)
        return tried


def test_a_calm_voice_is_sent_twice_for_a_while_and_soon_again() -> None:
    story = Story()
    assert story.go(SOON - 0.25) == 0
    assert story.go(LASTING) == LASTING
    assert story.go(NEXT - 0.25) == 0
    assert story.go(LASTING) == LASTING


def test_a_link_that_never_carried_so_much_is_left_alone() -> None:
    assert Story(best=TWICE).go(600) == 0
    assert Story(best=TWICE + 1).go(60) > 0


def test_beside_pictures_there_is_nothing_to_show() -> None:
    story = Story()
    assert story.go(60, alone=False) == 0
    assert story.go(SOON - 0.25) == 0


def test_what_was_too_much_ends_at_once_and_comes_later_each_time() -> None:
    story, waited = Story(), []
    for _ in range(8):
        begun = story.now
        while not story.go(0.25):
            pass
        waited.append(story.now - begun)
        assert story.go(0.25, congested=True) == 0
    assert waited == [SOON, *(min(LATEST, SOON * 2**n) for n in range(1, 8))]


def test_a_queue_of_another_cause_does_not_make_it_rarer() -> None:
    story = Story()
    story.go(3.0, congested=True)
    assert story.go(SOON - 0.25) == 0 and story.go(LASTING) == LASTING
    story.go(FELT, alone=False)
    story.go(1.0, congested=True)
    assert story.go(SOON + LASTING) >= LASTING


def test_what_waits_just_after_a_trial_is_its_doing() -> None:
    story = Story()
    story.go(SOON + LASTING)
    story.go(FELT - 0.5, alone=True)
    story.go(0.25, congested=True)
    assert story.go(2 * SOON - 0.25) == 0
    assert story.go(LASTING) > 0
