"""How links do, told no oftener than they can bear; what matters, and what pages are to send."""

from dataclasses import replace

import pytest

from signaling.effects import Audit, ReportLink, StoreMatters, TellMatters
from signaling.events import Offered, Planned, Quality, Tick, WorkerBack
from signaling.messages import Knock, Leave, Matter, Renew, Report
from signaling.seats import Connection
from signaling.ways import RUNGS, Reason, Way
from tests.signaling.playbook import CLINICIAN, DAUGHTER, NURSE, Playbook, in_call

FINE = Way("motion", Reason("fine"), 500_000.0, 50_000.0)


def way(rung: str, code: str = "rate", rate: float = 500_000.0, **more: float) -> Way:
    return Way(rung, Reason(code), rate, **more)


def told(book: Playbook, socket: str) -> list[tuple[str, str, str]]:
    """Seat, rung up, rung down, of each row in the order told."""
    rows = [row for payload in book.sent(socket, "quality") for row in payload["seats"]]
    return [(row["seat"], row["up"]["rung"], row["down"]["rung"]) for row in rows]


def hears(book: Playbook, up: Way = FINE, down: Way = FINE, seat: str = "nurse") -> Playbook:
    return book >> Quality(seat, f"{seat}-1", 0.0, 0.1, up, down)


def test_a_link_is_told_to_everybody_in_and_to_nobody_else() -> None:
    book = in_call(NURSE).comes(DAUGHTER)
    hears(book, way("sharp"))
    for socket in ("dr/1", "nurse/1"):
        assert told(book, socket) == [("nurse", "sharp", "motion")]
    assert told(book, "family/1") == []
    (payload,) = book.sent("dr/1", "quality")
    assert payload["seats"][0]["up"]["why"] == {"code": "rate", "have": None, "need": None}


def test_a_changed_rung_is_told_at_once_but_not_twice_in_a_second() -> None:
    book = hears(in_call(NURSE))
    hears(book.later(seconds=1), way("sharp"))
    assert told(book, "dr/1") == [("nurse", "sharp", "motion")]
    hears(book.later(seconds=0.9), way("stills"))
    assert told(book, "dr/1") == []
    book.later(seconds=0.1) >> Tick()
    assert told(book, "dr/1") == [("nurse", "stills", "motion")]
    book.later(seconds=30) >> Tick()
    assert told(book, "dr/1") == []


def test_a_changed_reason_is_told_at_once() -> None:
    book = hears(in_call(NURSE), way("sharp", "rate"))
    hears(book.later(seconds=1), way("sharp", "loss"))
    assert len(told(book, "dr/1")) == 1


@pytest.mark.parametrize(("rate", "pace"), [(100_000, 2), (99_999, 5), (32_000, 5), (31_999, 10)])
def test_a_moved_rate_waits_for_what_the_receivers_link_can_bear(rate: float, pace: float) -> None:
    book = hears(in_call(NURSE), down=way("voice", rate=rate))
    at = book.now
    hears(book.later(seconds=1), way("motion", "fine", 700_000.0), way("voice", rate=rate))
    while not told(book, "nurse/1"):
        book.later(seconds=1) >> Tick()
    assert (book.now - at).total_seconds() == pace


@pytest.mark.parametrize(
    ("changed", "told_again"),
    [
        ({"rate": 575_000.0}, False), ({"rate": 575_001.0}, True), ({"rate": 424_000.0}, True),
        ({"loss": 0.019}, False), ({"loss": 0.02}, True), ({"spare": 0.0}, True),
        ({"spare": 1.0}, False), ({"queue": 900.0}, False),
    ],
)  # fmt: skip
def test_what_moved_by_little_is_not_told(changed: dict[str, float], told_again: bool) -> None:
    book = hears(in_call(NURSE))
    hears(book.later(minutes=1), replace(FINE, **changed))  # type: ignore[arg-type]
    assert bool(told(book, "dr/1")) is told_again


def test_a_new_socket_is_told_everything_again() -> None:
    book = hears(hears(in_call(NURSE)), seat="dr")
    book.later(seconds=5).comes(NURSE, "nurse/2", "nurse/1", session="nurse-1")
    assert sorted(seat for seat, *_ in told(book, "nurse/2")) == ["dr", "nurse"]


def test_two_that_changed_together_are_one_message() -> None:
    book = hears(hears(in_call(NURSE)), seat="dr").later(seconds=2)
    book >> Tick()
    hears(book, way("sharp"), seat="dr").later(seconds=0.5)
    hears(book, way("voice"))
    assert told(book, "nurse/1") == []
    book.later(seconds=0.5) >> Tick()
    (payload,) = book.sent("nurse/1", "quality")
    assert [row["up"]["rung"] for row in payload["seats"]] == ["sharp", "voice"]


def test_of_an_older_session_nothing_is_believed() -> None:
    book = in_call(NURSE) >> Quality("nurse", "older", 0.5, 9.0, way("voice"), way("voice"))
    assert told(book, "dr/1") == [] and book.seat("nurse").connection is Connection.GOOD


def test_a_long_round_trip_is_weak_until_it_is_clearly_shorter() -> None:
    book, seen = in_call(NURSE), []
    for rtt in (1.5, 1.51, 1.3, 1.21, 1.2, 1.5):
        book >> Quality("nurse", "nurse-1", 0.0, rtt, FINE, FINE)
        seen.append(book.seat("nurse").connection.value)
    assert seen == ["good", "weak", "weak", "weak", "good", "good"]


@pytest.mark.parametrize("rung", RUNGS)
@pytest.mark.parametrize("code", ["rate", "loss", "delay", "climbing", "choice", "fine",
                                  "starting", "processor", "ceiling", "receiver"])  # fmt: skip
def test_sharp_or_lower_is_weak_when_the_link_makes_it_so(rung: str, code: str) -> None:
    low = rung in ("sharp", "stills", "voice", "text")
    of_link = code in ("rate", "loss", "delay", "climbing")
    for ways in ((way(rung, code), FINE), (FINE, way(rung, code))):
        book = hears(in_call(NURSE), *ways)
        weak = book.seat("nurse").connection is Connection.WEAK
        assert weak is (low and of_link)


# What pages are to send


def test_a_plan_reaches_its_page_and_its_next_socket_and_nobody_else() -> None:
    book = in_call(NURSE) >> Planned("nurse", "nurse-1", {"n": 2, "rung": "sharp"})
    plan = {"session": "nurse-1", "plan": {"n": 2, "rung": "sharp"}}
    assert book.sent("nurse/1", "encode") == [plan] and book.sent("dr/1", "encode") == []
    book >> Planned("nurse", "nurse-1", {"n": 2, "rung": "voice"})
    assert book.sent("nurse/1", "encode") == []
    book.vanishes("nurse/1").comes(NURSE, "nurse/2", "nurse/1", session="nurse-1")
    assert book.sent("nurse/2", "encode") == [plan]


def test_an_offer_brings_its_first_plan_behind_it() -> None:
    book = in_call().comes(NURSE).asks("nurse/1", Knock())
    book >> Offered("nurse", 1, "s1", "v=0", {"n": 1})
    sent = [e.event for e in book.out if getattr(e, "socket", "") == "nurse/1"]  # type: ignore[union-attr]
    assert [e for e in sent if e in ("offer", "encode")] == ["offer", "encode"]


@pytest.mark.parametrize(("n", "told_n"), [(0, 1), (2, 2)])
def test_a_plan_that_overtook_its_offer_is_told_with_it(n: int, told_n: int) -> None:
    book = in_call().comes(NURSE).asks("nurse/1", Knock()) >> Planned("nurse", "s1", {"n": n})
    assert book.sent("nurse/1", "encode") == []
    book >> Offered("nurse", 1, "s1", "v=0", {"n": 1})
    assert book.sent("nurse/1", "encode") == [{"session": "s1", "plan": {"n": told_n}}]


def test_the_last_words_of_an_older_session_cover_no_plan_of_the_next() -> None:
    book = in_call(NURSE).asks("nurse/1", Renew("nurse-1"))
    book >> Planned("nurse", "s2", {"n": 2}) >> Planned("nurse", "nurse-1", {"n": 9})
    book >> Offered("nurse", 2, "s2", "v=0", {"n": 1})
    assert book.sent("nurse/1", "encode") == [{"session": "s2", "plan": {"n": 2}}]


def test_a_new_session_begins_with_its_own_numbers() -> None:
    book = in_call(NURSE) >> Planned("nurse", "nurse-1", {"n": 9})
    book.asks("nurse/1", Renew("nurse-1")) >> Offered("nurse", 2, "nurse-2", "v=0", {"n": 1})
    assert book.sent("nurse/1", "encode") == [{"session": "nurse-2", "plan": {"n": 1}}]


# What pages say


def says(session: str = "nurse-1", up: float | None = 64_000.0) -> Report:
    return Report(session, up, 0.7, 0.01, "bandwidth", 10, 20)


def test_what_a_page_says_of_its_sending_is_for_the_worker() -> None:
    book = in_call(NURSE).asks("nurse/1", says())
    told_worker = ReportLink("nurse", "nurse-1", 64_000.0, 0.7, 0.01, "bandwidth")
    assert book.found(ReportLink) == [told_worker] and book.reply.code is None
    book.asks("nurse/1", says("older"))
    assert book.found(ReportLink) == [] and book.reply.code is None
    book.asks("nurse/1", Leave()).asks("nurse/1", says())
    assert book.found(ReportLink) == [] and book.reply.code == "not_allowed"


# What matters


def test_what_matters_is_kept_shown_and_told_to_the_worker() -> None:
    book = in_call(NURSE).asks("dr/1", Matter("nurse", "exam", "detail"))
    assert book.found(TellMatters) == [TellMatters("nurse", "exam", "detail")]
    assert book.found(StoreMatters) == [StoreMatters("nurse", (("exam", "detail"),))]
    for socket in ("dr/1", "nurse/1"):
        assert book.sent(socket, "room")[0]["matters"] == {"nurse/exam": "detail"}
    book.asks("dr/1", Matter("nurse", "exam", "detail"))
    assert book.found(TellMatters) == [] and book.reply.code is None
    book.asks("dr/1", Matter("nurse", "camera", "speech"))
    both = {"nurse/exam": "detail", "nurse/camera": "speech"}
    assert book.sent("nurse/1", "room")[0]["matters"] == both


def test_a_new_worker_is_told_what_matters_again() -> None:
    book = in_call(NURSE).asks("dr/1", Matter("nurse", "camera", "motion"))
    book >> WorkerBack(frozenset({"nurse"}))
    assert book.found(TellMatters) == [TellMatters("nurse", "camera", "motion")]
    book.asks("nurse/1", Renew("nurse-1")) >> Offered("nurse", 2, "nurse-2", "v=0")
    assert book.found(TellMatters) == [TellMatters("nurse", "camera", "motion")]


@pytest.mark.parametrize(("who", "may"), [("dr", True), ("second", True), ("nurse", False),
                                          ("family", False)])  # fmt: skip
def test_who_may_say_what_matters(who: str, may: bool) -> None:
    second = replace(DAUGHTER, seat="second", kind="second_clinician", credential="link-2")
    book = in_call(NURSE, DAUGHTER, second)
    book.asks(f"{who}/1", Matter("nurse", "camera", "speech"))
    assert book.reply.code == (None if may else "not_allowed")
    assert bool(book.seat("nurse").matters) is may


@pytest.mark.parametrize("target", ["nobody", "nurse"])
def test_only_pictures_of_those_who_are_in_matter(target: str) -> None:
    book = in_call().comes(NURSE).asks("dr/1", Matter(target, "camera", "speech"))
    assert book.reply.code == "not_allowed" and book.found(Audit) == []
    away = Playbook().comes(CLINICIAN).asks("dr/1", Matter("dr", "camera", "speech"))
    assert away.reply.code == "not_allowed"
