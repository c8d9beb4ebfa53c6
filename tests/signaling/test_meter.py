"""Bytes of a stay, worth of a link, what a site allows: counted once, remembered, and shared."""

import datetime as dt
from dataclasses import replace

import pytest

from signaling import meter, relay
from signaling.effects import StoreAttendance, StoreSiteLink
from signaling.events import Quality, Tick
from signaling.messages import Knock, Leave, Report
from signaling.meter import FLOOR, Meter, SiteLink
from signaling.ways import Reason, Way
from tests.signaling.playbook import DAUGHTER, NURSE, START, Playbook, in_call

SITE = SiteLink("post", up=64_000, down=128_000, rtt=0.7, ceiling=100_000, bytes=50_000_000)
AT_POST = replace(NURSE, site=SITE)


def counts(book: Playbook, sent: int, received: int, socket: str = "nurse/1") -> Playbook:
    return book.asks(socket, Report("nurse-1", None, None, None, "none", sent, received))


def stays(book: Playbook) -> list[tuple[bool, int, int]]:
    return [(s.left_at is not None, s.sent, s.received) for s in book.found(StoreAttendance)]


# Bytes


def test_a_stay_tells_its_bytes_when_it_ends() -> None:
    book = counts(counts(in_call(NURSE), 1000, 5000).later(seconds=2), 3000, 9000)
    assert book.found(StoreAttendance) == []
    book.later(seconds=10).asks("nurse/1", Leave())
    assert stays(book) == [(True, 3000, 9000)]


def test_and_each_minute_before_so_that_a_power_cut_loses_little() -> None:
    book = counts(in_call(NURSE), 1000, 5000).later(seconds=59) >> Tick()
    assert stays(book) == []
    book.later(seconds=1) >> Tick()
    assert stays(book) == [(False, 1000, 5000)]
    counts(book.later(seconds=30), 2000, 5000)
    assert stays(book) == []


def test_a_page_counts_on_over_sessions_and_a_new_page_begins_anew() -> None:
    book = counts(counts(in_call(NURSE), 1000, 1000), 4000, 4000)
    book.comes(NURSE, "nurse/2", "another page")
    counts(book, 500, 4500, "nurse/2")
    assert book.seat("nurse").meter.sent == 4500 and book.seat("nurse").meter.received == 8500


def test_a_second_stay_of_the_same_page_counts_its_own_bytes() -> None:
    book = counts(in_call(NURSE), 1000, 1000).asks("nurse/1", Leave())
    book.later(seconds=5).asks("nurse/1", Knock())
    counts(book, 1500, 1000)
    now = book.seat("nurse").meter
    assert (now.sent, now.received, now.earlier, now.total) == (500, 0, 2000, 2500)


# Worth


def hears(book: Playbook, times: int, rate: float, code: str = "fine") -> Playbook:
    way = Way("motion", Reason(code), rate)
    for _ in range(times):
        book.later(seconds=2) >> Quality("nurse", "nurse-1", 0.0, 0.5, way, way)
    return book


def test_what_a_link_was_worth_is_kept_with_its_site() -> None:
    book = hears(in_call(AT_POST), 5, 80_000.0).asks("nurse/1", Leave())
    (kept,) = book.found(StoreSiteLink)
    assert kept == StoreSiteLink("post", 80_000.0, 80_000.0, 0.5)


@pytest.mark.parametrize(("times", "code"), [(4, "fine"), (20, "starting")])
def test_a_glimpse_says_nothing_of_a_link(times: int, code: str) -> None:
    book = hears(in_call(AT_POST), times, 80_000.0, code).asks("nurse/1", Leave())
    assert book.found(StoreSiteLink) == []


def test_nobodys_site_is_remembered_for_those_without_one() -> None:
    book = hears(in_call(NURSE), 20, 80_000.0).asks("nurse/1", Leave())
    assert book.found(StoreSiteLink) == []


def test_the_end_of_a_call_weighs_more_than_its_start() -> None:
    book = hears(hears(in_call(AT_POST), 30, 500_000.0), 30, 80_000.0)
    up = book.seat("nurse").meter.up
    assert up is not None and 80_000 < up < 100_000
    assert Meter(up=100.0).weighed(*[Way("slow", Reason("rate"), 200.0)] * 2, None).up == 110.0


def test_a_site_remembers_its_last_calls_most() -> None:
    remembered: float | None = None
    for rate in (1000.0, 2000.0, 2000.0):
        remembered = meter.kept(remembered, rate)
    assert remembered == 1750.0 and meter.kept(7.0, None) == 7.0


# What may be used


@pytest.mark.parametrize(
    ("site", "used", "left", "sharing", "saver", "most"),
    [
        (None, 0, 1800.0, 1, False, None),
        (None, 0, 1800.0, 1, True, 200_000),
        (SiteLink("s"), 10**9, 0.0, 1, False, None),
        (SiteLink("s", ceiling=64_000), 0, 1800.0, 1, False, 64_000),
        (SiteLink("s", ceiling=64_000), 0, 1800.0, 2, False, 32_000),
        (SiteLink("s", ceiling=64_000), 0, 1800.0, 4, False, FLOOR),
        (SiteLink("s", ceiling=900_000), 0, 1800.0, 1, True, 200_000),
        # 45 MB over 30 minutes are 200 kbit/s, both ways together.
        (SiteLink("s", bytes=45_000_000), 0, 1800.0, 1, False, 100_000),
        (SiteLink("s", bytes=45_000_000), 22_500_000, 900.0, 1, False, 100_000),
        (SiteLink("s", bytes=45_000_000), 45_000_000, 900.0, 1, False, FLOOR),
        (SiteLink("s", bytes=45_000_000), 41_250_000, 10.0, 1, False, 50_000),
        (SiteLink("s", ceiling=60_000, bytes=45_000_000), 0, 1800.0, 1, False, 60_000),
    ],
)  # fmt: skip
def test_what_a_site_allows(
    site: SiteLink | None, used: int, left: float, sharing: int, saver: bool, most: int | None
) -> None:
    assert meter.ceiling(site, used, left, sharing, saver) == most
    assert FLOOR == 24_000, "a voice, its packets and what tells of it"


def test_the_worker_is_told_what_is_known_before_anything_is_carried() -> None:
    book = in_call(AT_POST)
    told = relay.hint(book.room, book.seat("nurse"), book.now)
    assert (told.up, told.down, told.rtt, told.ceiling) == (64_000, 128_000, 0.7, 100_000)
    book.comes(AT_POST, "nurse/2", rtt=1.1)
    assert relay.hint(book.room, book.seat("nurse"), book.now).rtt == 1.1
    other = relay.hint(book.room, book.seat("dr"), book.now)
    assert (other.up, other.down, other.rtt, other.ceiling) == (None, None, None, None)


def test_a_link_that_comes_back_in_the_same_call_is_worth_what_it_was_a_moment_ago() -> None:
    book = in_call(AT_POST)
    hears(book, 3, 3e5, "starting")
    hint = relay.hint(book.room, book.seat("nurse"), book.now)
    assert (hint.up, hint.down) == (64_000, 128_000), "nothing was measured yet"
    hears(book, 1, 3e5)
    hint = relay.hint(book.room, book.seat("nurse"), book.now)
    assert (hint.up, hint.down, hint.rtt) == (300_000, 300_000, 0.5)


def test_two_at_one_site_share_its_link_and_its_bytes() -> None:
    helper = replace(DAUGHTER, seat="helper", member=True, credential="h", site=SITE)
    book = in_call(AT_POST, helper)
    counts(book, 20_000_000, 20_000_000)
    started = book.room.started_at
    assert started == START
    # 10 MB are left for 30 minutes, both ways, two persons: 11 kbit/s, which is no voice.
    assert relay.hint(book.room, book.seat("helper"), START).ceiling == FLOOR
    soon = started + dt.timedelta(minutes=28)
    assert relay.hint(book.room, book.seat("helper"), soon).ceiling == 50_000, "they share 100"
