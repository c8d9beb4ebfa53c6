"""From a cookie to a seat: who connects, and whether they may.

One answer for every refusal: a consultation that exists and is not yours looks like one that
does not exist. It refuses to look at anything the client says of itself.
"""

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from server.kernel import access, audit, sessions
from server.kernel.access import Action, Actor, Role, can
from server.kernel.audit import Audited
from server.kernel.db import Consultation, Database, LoginSession, Seat, new_id
from server.kernel.settings import SessionSettings
from server.kernel.text import storable
from signaling import sites
from signaling.events import Arrival
from signaling.planning import GUEST_KINDS
from signaling.seats import Stage

LASTING = frozenset({Stage.IN.value, Stage.DOOR.value})


class Unknown(Exception):
    """May not be here. Says nothing more."""


def cookie_of(header: str, name: str) -> str | None:
    """A cookie's value in a `Cookie` header (RFC 6265, §4.2)."""
    for pair in header.split(";"):
        key, _, value = pair.strip().partition("=")
        if key == name:
            return value
    return None


def cookies_of(header: str) -> tuple[str, ...]:
    """The session cookies sent, the member's first."""
    found = (cookie_of(header, name) for name in (sessions.MEMBER_COOKIE, sessions.GUEST_COOKIE))
    return tuple(cookie for cookie in found if cookie)


def actor_of(login: LoginSession) -> Actor | None:
    """Whom a session stands for; nobody, until its second factor was given."""
    if login.person is not None:
        return access.member(login.person) if login.stage == sessions.FULL else None
    return access.guest(login.invitation) if login.invitation is not None else None


async def arrival_of(
    db: Database, header: str, consultation_id: str, policy: SessionSettings, now: dt.datetime
) -> Arrival:
    """Who arrives by these cookies, with their seat, made if need be. Raises `Unknown`.

    Whoever comes back to a seat writes nothing, and neither do made-up cookies: a crowd at the
    entrance must not queue for the one place where one writes."""
    async with db.read() as session:
        known, arrival = await _known(session, header, consultation_id, policy, now)
    if not known:
        raise Unknown
    if arrival is not None:
        return arrival
    async with db.begin() as session:
        arrival = await _arrival(session, header, consultation_id, policy, now)
    if arrival is None:
        raise Unknown
    return arrival


async def _known(
    session: AsyncSession,
    header: str,
    consultation_id: str,
    policy: SessionSettings,
    now: dt.datetime,
) -> tuple[bool, Arrival | None]:
    """Whether any of these cookies is somebody's, and who it is where nothing need be written."""
    stored = storable(consultation_id)
    # Its own row is all that is asked of it here.
    bare = [sa.orm.lazyload("*")]
    consultation = (
        await session.get(Consultation, consultation_id, options=bare) if stored else None
    )
    known = False
    for cookie in cookies_of(header):
        login = await sessions.find(session, cookie, policy=policy, now=now)
        actor = actor_of(login) if login else None
        if login is None or actor is None:
            continue
        known = True
        if consultation is None or not can(actor, Action.ENTER, consultation):
            continue
        seat = (await session.scalars(_seat_of(actor, consultation))).one_or_none()
        # Who is in, or at the door, is kept alive by the minute (`presence`).
        if seat is None or (seat.stage not in LASTING and sessions.needs_touch(login, now)):
            return True, None
        return True, await _described_arrival(session, seat, login, actor, consultation)
    return known, None


async def _arrival(
    session: AsyncSession,
    header: str,
    consultation_id: str,
    policy: SessionSettings,
    now: dt.datetime,
) -> Arrival | None:
    stored = storable(consultation_id)
    consultation = await session.get(Consultation, consultation_id) if stored else None
    refused: Actor | None = None
    for cookie in cookies_of(header):
        login = await sessions.find(session, cookie, policy=policy, now=now)
        actor = actor_of(login) if login else None
        if login is None or actor is None:
            continue
        if consultation is not None and can(actor, Action.ENTER, consultation):
            await sessions.keep_alive(session, login.id, now)
            return await _seated(session, login, actor, consultation)
        refused = refused or actor
    if refused is not None:
        await audit.record(
            session,
            actor=refused.audit_name,
            action=Audited.SEAT_CONNECT,
            subject=consultation.id if consultation else "",
            outcome="refused",
        )
    return None


async def _seated(
    session: AsyncSession, login: LoginSession, actor: Actor, consultation: Consultation
) -> Arrival:
    seat = await seat_of(session, actor, consultation, login)
    return await _described_arrival(session, seat, login, actor, consultation)


async def _described_arrival(
    session: AsyncSession,
    seat: Seat,
    login: LoginSession,
    actor: Actor,
    consultation: Consultation,
) -> Arrival:
    invitation = login.invitation
    return Arrival(
        seat.id,
        seat.name,
        seat.kind,
        login.id,
        login.created_at,
        place=seat.place,
        host=can(actor, Action.HOST, consultation),
        member=actor.kind == "member",
        again=invitation is not None and invitation.uses > 1,
        generation=invitation.generation if invitation else 0,
        stage=Stage(seat.stage),
        consent=seat.consent,
        site=await sites.link_of(session, login.person.site if login.person else None),
    )


def _mine(actor: Actor) -> dict[str, str]:
    return {"person_id": actor.id} if actor.kind == "member" else {"invitation_id": actor.id}


def _seat_of(actor: Actor, consultation: Consultation) -> sa.Select[Seat]:
    return sa.select(Seat).filter_by(consultation_id=consultation.id, **_mine(actor))


async def seat_of(
    session: AsyncSession, actor: Actor, consultation: Consultation, login: LoginSession
) -> Seat:
    """This actor's place in this consultation; two tabs at once find the same."""
    mine = _mine(actor)
    # The consultation's row is held, so that a second connection waits for the first's seat.
    lock = sa.select(Consultation.id).where(Consultation.id == consultation.id)
    await session.execute(lock.with_for_update())
    seat = (await session.scalars(_seat_of(actor, consultation))).one_or_none()
    kind, name, place = _described(actor, consultation, login)
    if seat is None:
        seat = Seat(
            id=new_id(),
            consultation_id=consultation.id,
            person_id=mine.get("person_id"),
            invitation_id=mine.get("invitation_id"),
            kind=kind,
            name=name,
            place=place,
            stage=Stage.AWAY.value,
        )
        session.add(seat)
        await session.flush()
    return seat


def _described(
    actor: Actor, consultation: Consultation, login: LoginSession
) -> tuple[str, str, str]:
    """Kind, name and place, as the others see them."""
    person, invitation = login.person, login.invitation
    if person is not None:
        place = person.site.name if person.site else person.organisation.name
        if actor.role is Role.SITE_STAFF:
            return "site", person.name, place
        own = person.id == consultation.clinician_id
        return "clinician" if own else "second_clinician", person.name, place
    if invitation is None:
        raise Unknown
    return invitation.kind, invitation.name or GUEST_KINDS[invitation.kind], ""
