"""What the call page's script is told before its socket is open."""

import pytest

from server.kernel.access import Actor
from server.kernel.db import Seat, Site
from server.pages.call import _context
from tests.web.fixtures import consultation


@pytest.mark.parametrize(
    ("own", "other", "place"),
    [("Europe/Paris", "America/Cayenne", "Cayenne"), ("America/Cayenne", "Europe/Paris", "Paris")],
)
def test_each_side_gets_the_clock_of_the_other(own: str, other: str, place: str) -> None:
    reader = Actor("member", id="p-claire", organisation_id="org-b", timezone=own)
    seat = Seat(id="s-1", kind="clinician", name="Dr Claire Martin")
    told = _context(reader, consultation("open", 0), seat)
    assert (told["my_tz"], told["other_tz"], told["other_place"]) == (own, other, place)


def test_each_side_is_told_where_to_telephone_the_other_and_a_guest_nothing() -> None:
    c = consultation("open", 0)
    seat = Seat(id="s-1", kind="site", name="Odile")
    here = Actor("member", id="p", organisation_id="org-b", site_id=c.site.id)
    away = Actor("member", id="p", organisation_id="org-b")
    assert _context(here, c, seat)["reach"] == {
        "name": "Dr Claire Martin",
        "number": "03 53 01 99 11",
    }
    assert _context(away, c, seat)["reach"] == {
        "name": "CDPS de Maripasoula",
        "number": "05 36 49 99 01",
    }
    assert _context(Actor("guest", id="i"), c, seat)["reach"] is None
    c.site = Site(id="site-x", name="CDPS", timezone="America/Cayenne")
    assert _context(away, c, seat)["reach"] is None


def test_only_the_site_is_told_what_its_own_link_allows() -> None:
    c = consultation("open", 0)
    c.site = Site(id="site-x", name="CDPS", timezone="America/Cayenne")
    c.site.link_ceiling, c.site.link_bytes = 256_000, 50_000_000
    seat = Seat(id="s-1", kind="site", name="Odile")
    there = Actor("member", id="p", organisation_id="org-b", site_id="site-x")
    elsewhere = Actor("member", id="p", organisation_id="org-b", site_id="site-y")
    told = [_context(actor, c, seat) for actor in (there, elsewhere)]
    assert [(t["link_ceiling"], t["link_bytes"]) for t in told] == [
        (256_000, 50_000_000),
        (None, None),
    ]
