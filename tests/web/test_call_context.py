"""What the call page's script is told before its socket is open."""

import pytest

from server.kernel.access import Actor
from server.kernel.db import Seat
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
