"""A request of the river's health post to the dermatologists of the CHU, and who acts on it."""

import datetime as dt
from dataclasses import dataclass, field

import pytest

from expertise import cases, drafts, opinions, specialties
from expertise.case import Act
from expertise.forms import Draft
from expertise.opinion import Content, Hypothesis
from server.kernel.access import Action, Actor
from server.kernel.cases import Case, Opinion
from server.kernel.db import Database
from server.kernel.identity import Traits
from server.kernel.refusals import begin
from server.kernel.secrets import Secret
from tests.people import People, actor_of
from tests.server.conftest import site

__all__ = ["site"]

FORMS = specialties.load()
NOW = dt.datetime(2026, 11, 22, 8, 0, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
TO_SKIN = "dermatology@org-chu"
TRAITS = Traits("ANATO", "JOSEPHINE", dt.date(1957, 3, 14), "F", "97353")
WRITTEN = Draft(
    "Faut-il une biopsie ?",
    {field.code: f"dit de {field.code}" for field in FORMS["dermatology"].fields},
    "soon",
    True,
)
ANSWER = Content(
    "Lésion pigmentée à bords réguliers",
    (Hypothesis("Nævus", "high"),),
    "Surveillance à trois mois",
    "lower",
    "avoided",
)


@dataclass
class Desk:
    """The use cases, each in its transaction, as one person after another."""

    db: Database
    secret: Secret
    people: People
    now: dt.datetime = field(default=NOW)

    def who(self, name: str) -> Actor:
        return actor_of(getattr(self.people, name))

    async def create(self, name: str = "nurse", to: str = TO_SKIN) -> Case:
        async with begin(self.db) as session:
            return await drafts.create(
                session, self.who(name), to, TRAITS, secret=self.secret, now=self.now
            )

    async def save(
        self, case: Case, draft: Draft = WRITTEN, version: int | None = None, name: str = "nurse"
    ) -> Case:
        async with begin(self.db) as session:
            row = await session.get_one(Case, case.id)
            return await drafts.save(
                session, self.who(name), row, draft, version or row.version, self.now
            )

    async def submit(self, case: Case, pictures: tuple[int, int] = (1, 0)) -> Case:
        async with begin(self.db) as session:
            row = await session.get_one(Case, case.id)
            return await drafts.submit(
                session, self.who("nurse"), row, row.version, FORMS, pictures, self.now
            )

    async def act(
        self, name: str, case: Case, what: Act, version: int | None = None, **how: object
    ) -> Case:
        async with begin(self.db) as session:
            row = await session.get_one(Case, case.id)
            return await cases.act(
                session, self.who(name), row, what, version or row.version,
                **{"now": self.now, **how},
            )  # type: ignore[arg-type]  # fmt: skip

    async def sent(self) -> Case:
        return await self.submit(await self.save(await self.create()))

    async def taken(self) -> Case:
        return await self.act("clinician", await self.sent(), Act.CLAIM)

    async def write(
        self, case: Case, content: Content = ANSWER, revision: int = 0, name: str = "clinician"
    ) -> Opinion:
        async with begin(self.db) as session:
            row = await session.get_one(Case, case.id)
            return await opinions.save(session, self.who(name), row, content, revision, self.now)

    async def sign(
        self, case: Case, content: Content = ANSWER, revision: int = 0, name: str = "clinician"
    ) -> Opinion:
        async with begin(self.db) as session:
            row = await session.get_one(Case, case.id)
            return await opinions.sign(session, self.who(name), row, content, revision,
                                       row.version, "code", self.now)  # fmt: skip

    async def see(self, name: str, case: Case) -> Case:
        async with begin(self.db) as session:
            return await cases.find(session, self.who(name), case.id, Action.CASE_SEE)

    async def stored(self, case: Case) -> Case:
        async with self.db.read() as session:
            return await session.get_one(Case, case.id)


@pytest.fixture
def desk(database: Database, secret: Secret, people: People) -> Desk:
    return Desk(database, secret, people)
