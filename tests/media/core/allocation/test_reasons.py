from media.core.allocation.ladder import Reason
from media.core.allocation.reasons import Telling, cause, lost
from tests.media.core.thin_links import link


def test_loss_of_the_links_own_is_no_congestion() -> None:
    assert lost(link(1, 0.08, 0.08)) == 0
    assert lost(link(1, 0.02, 0.08)) == 0
    assert round(lost(link(1, 0.10, 0.08)), 3) == 0.02


def test_the_cause_is_named_in_order() -> None:
    assert cause(link(1, 0.9, 0.0, 9.0), True) == "ceiling"
    assert cause(link(1, 0.051, 0.0, 9.0), False) == "loss"
    assert cause(link(1, 0.05, 0.0, 0.26), False) == "delay"
    assert cause(link(1, 0.05, 0.0, 0.25), False) == "rate"
    assert cause(link(1, queue=None), False) == "rate"
    assert cause(link(1, why="delay"), False) == "delay"
    assert cause(link(1, why="loss"), False) == "loss"


def tell(telling: Telling, rung: int, now: float, cause: str = "rate", **more: int) -> Reason:
    return telling.step(
        rung, cause, bool(more.get("climbing")), more.get("have", 64_000), 80_001, now
    )


def test_a_cause_lasts_as_long_as_its_rung() -> None:
    telling = Telling(0.0)
    assert tell(telling, 0, 10) == Reason("fine", 64, None)
    assert tell(telling, 2, 11, "delay") == Reason("delay", 64, 81)
    assert tell(telling, 2, 12, "rate").code == "delay"
    assert tell(telling, 2, 13, climbing=1).code == "climbing"
    assert tell(telling, 1, 14).code == "delay", "the rung above is still held down by it"
    assert tell(telling, 2, 15, "loss").code == "loss"


def test_the_first_seconds_are_provisional() -> None:
    assert tell(Telling(0.0), 2, 4.9).code == "starting"
    assert tell(Telling(0.0), 2, 5.0).code == "rate"
    assert tell(Telling(0.0), 2, 1.0, "ceiling").code == "ceiling"


def test_a_choice_a_receiver_a_processor_or_a_ceiling_is_told_while_it_lasts() -> None:
    telling = Telling(0.0)
    for code in ("choice", "receiver", "processor", "ceiling"):
        assert tell(telling, 1, 10, code, climbing=1).code == code
    assert tell(telling, 1, 11, "rate").code == "choice", "what the rung was come to by"


def test_figures_are_told_anew_only_when_they_moved_by_a_quarter() -> None:
    telling = Telling(0.0)
    first = tell(telling, 2, 10, have=64_000)
    assert tell(telling, 2, 11, have=80_000) is first
    assert tell(telling, 2, 12, have=81_000).have == 81
    assert tell(telling, 1, 13, have=82_000).have == 82, "a new rung has its own figures"
