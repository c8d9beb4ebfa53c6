"""Where a request may go: specialties that somebody answers, at an organisation within reach."""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from expertise.forms import Invalid
from server.kernel.access import Role
from server.kernel.db import Agreement, Organisation, Person
from server.kernel.i18n import gettext as _


@dataclass(frozen=True)
class Destination:
    """A queue that somebody answers: a specialty at an organisation."""

    specialty: str
    organisation: Organisation

    @property
    def code(self) -> str:
        return f"{self.specialty}@{self.organisation.id}"


async def destinations(
    session: AsyncSession, organisation_id: str, site_id: str | None
) -> list[Destination]:
    """The queues a request from here may go to: those of the organisation, and of those its site
    has an agreement with, where at least one expert is."""
    agreed = sa.select(Agreement.organisation_id).where(Agreement.site_id == (site_id or ""))
    query = (
        sa.select(Person)
        .where(sa.or_(Person.organisation_id == organisation_id,
                      Person.organisation_id.in_(agreed)))
        .where(Person.role == Role.CLINICIAN, Person.disabled_at.is_(None))
    )  # fmt: skip
    found = {
        (code, person.organisation_id): Destination(code, person.organisation)
        for person in await session.scalars(query)
        for code in person.specialties
    }
    return sorted(found.values(), key=lambda each: (each.organisation.name, each.specialty))


async def destination(
    session: AsyncSession, code: str, organisation_id: str, site_id: str | None
) -> Destination:
    reachable = await destinations(session, organisation_id, site_id)
    found = next((each for each in reachable if each.code == code), None)
    if found is None:
        raise Invalid({"to": _("Choisissez une spécialité de la liste.")})
    return found
