"""The fixtures themselves hold together."""

from server.kernel import sessions
from server.kernel.access import Role
from server.kernel.db import Database
from tests.people import CAYENNE, People, cookie_header, logged_in


async def test_there_is_one_person_of_each_role(people: People) -> None:
    assert {person.role for person in people.everyone} == set(Role)


async def test_a_logged_in_person_is_found_by_their_cookie(
    database: Database, people: People
) -> None:
    opened = await logged_in(database, people.nurse)
    async with database.read() as session:
        found = await sessions.find(session, opened.cookie)
    assert found is not None and found.person is not None
    assert found.person.site is not None and found.person.site.timezone == CAYENNE
    assert cookie_header(opened)["Cookie"].startswith("__Host-carbet=")
