"""What remains of a consultation: who, from where, from when to when, consent, messages, and the
technical incidents noticed by Carbet itself (art. R.6316-4 CSP).

It decides nothing about who may read it: see `consultations.find` with `Action.RECORD`. Texts are
given as they were written; only in the CSV are cells that a spreadsheet would compute made inert.
"""

import csv
import datetime as dt
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from server.kernel import audit
from server.kernel.access import Actor
from server.kernel.audit import Audited
from server.kernel.db import Attendance, Consultation, Incident, Message, Seat, Still
from server.kernel.i18n import gettext as _
from server.kernel.refusals import NotFound
from server.kernel.text import storable
from signaling.ledger import KINDS

# A cell beginning with one of these is a formula to a spreadsheet (OWASP, "CSV Injection").
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
BOM = "\ufeff"

INCIDENTS = dict(
    zip(
        KINDS,
        (
            _("Coupure de la liaison"),
            _("Reconnexion"),
            _("Son seul, sans image"),
            _("Micro perdu"),
            _("Caméra perdue"),
            _("Seconde image perdue"),
            _("Image figée"),
            _("Seconde image figée"),
            _("Arrêt du relais audio et vidéo"),
            _("Images fixes au lieu de la vidéo, à l’envoi"),
            _("Voix sans image, à l’envoi"),
            _("Ni image ni voix, à l’envoi"),
            _("Images fixes au lieu de la vidéo, à la réception"),
            _("Voix sans image, à la réception"),
            _("Ni image ni voix, à la réception"),
            _("Message écrit non remis"),
            _("Image demandée non reçue"),
        ),
        strict=True,
    )
)
INCIDENT_WHY = {
    "rate": _("débit trop faible"),
    "loss": _("trop de pertes"),
    "delay": _("trop de retard"),
    "processor": _("appareil trop lent"),
    "ceiling": _("limite fixée pour ce site"),
    "climbing": _("liaison en cours de rétablissement"),
}
PICTURES = {"camera": _("Caméra"), "exam": _("Seconde image")}
LEFT_WHY = {
    "left": _("parti"),
    "ended": _("fin pour tous"),
    "removed": _("retiré par le médecin"),
    "lost": _("liaison perdue"),
    "revoked": _("accès retiré"),
    "moved": _("a changé d’appareil"),
}


@dataclass(frozen=True)
class Stay:
    """`left_why` is empty while the person is in; `sent` and `received` are bytes."""

    name: str
    kind: str
    place: str
    entered_at: dt.datetime
    left_at: dt.datetime | None
    left_why: str
    sent: int = 0
    received: int = 0


@dataclass(frozen=True)
class ConsentGiven:
    name: str
    kind: str
    given: bool
    at: dt.datetime | None


@dataclass(frozen=True)
class Said:
    number: int
    name: str
    text: str
    at: dt.datetime


@dataclass(frozen=True)
class Noticed:
    """`name` is empty when everybody was concerned; `why` where no reason is known."""

    kind: str
    name: str
    started_at: dt.datetime
    ended_at: dt.datetime | None
    why: str = ""


@dataclass(frozen=True)
class Taken:
    """A still that is kept, at its sharpest: `stage` is the one to be shown. `by` asked for it;
    empty when its taker offered it."""

    id: str
    name: str
    source: str
    by: str
    at: dt.datetime
    stage: int
    type: str
    width: int
    height: int


@dataclass(frozen=True)
class Kept:
    """One size of a still on disk, and its media type."""

    id: str
    stage: int
    type: str


@dataclass(frozen=True)
class Record:
    attendance: list[Stay]
    consents: list[ConsentGiven]
    messages: list[Said]
    incidents: list[Noticed]
    notes: str
    stills: list[Taken] = field(default_factory=list)


async def record_of(session: AsyncSession, consultation: Consultation) -> Record:
    """The record as it stands now."""
    c = consultation.id
    seats = {s.id: s for s in await session.scalars(sa.select(Seat).filter_by(consultation_id=c))}
    stays = await session.scalars(
        sa.select(Attendance).filter_by(consultation_id=c).order_by(Attendance.entered_at)
    )
    messages = await session.scalars(
        sa.select(Message).filter_by(consultation_id=c).order_by(Message.number)
    )
    incidents = await session.scalars(
        sa.select(Incident).filter_by(consultation_id=c).order_by(Incident.started_at)
    )
    stills = await session.scalars(
        sa.select(Still).filter_by(consultation_id=c).order_by(Still.begun_at, Still.id)
    )
    return Record(
        attendance=[_stay(row, seats[row.seat_id]) for row in stays],
        consents=[
            ConsentGiven(s.name, s.kind, s.consent, s.consent_at)
            for s in sorted(seats.values(), key=lambda s: (str(s.consent_at), s.id))
            if s.consent is not None
        ],
        messages=[Said(m.number, seats[m.seat_id].name, m.text, m.sent_at) for m in messages],
        incidents=[_noticed(row, seats) for row in incidents],
        notes=consultation.notes,
        stills=[_taken(row, seats) for row in stills if row.have],
    )


def _stay(row: Attendance, seat: Seat) -> Stay:
    return Stay(
        seat.name, seat.kind, seat.place, row.entered_at, row.left_at, row.left_why,
        row.sent, row.received,
    )  # fmt: skip


def _taken(row: Still, seats: dict[str, Seat]) -> Taken:
    stage = row.have - 1
    size = row.stages[stage]
    by = seats[row.asked_by].name if row.asked_by else ""
    return Taken(
        row.id, seats[row.seat_id].name, row.source, by, row.begun_at,
        stage, size["type"], size["width"], size["height"],
    )  # fmt: skip


def _noticed(row: Incident, seats: dict[str, Seat]) -> Noticed:
    name = seats[row.seat_id].name if row.seat_id else ""
    return Noticed(row.kind, name, row.started_at, row.ended_at, row.why)


async def still_of(
    session: AsyncSession, actor: Actor, consultation: Consultation, still: str, stage: str
) -> Kept:
    """One size of a still of this consultation, for whoever may see it; recorded. Raises
    `NotFound`."""
    named = storable(still) and len(still) == 36 and stage.isascii() and stage.isdigit()
    row = await session.get(Still, (consultation.id, still)) if named else None
    number = int(stage) if row and len(stage) < 3 else -1
    if row is None or not 0 <= number < row.have:
        raise NotFound(actor, Audited.STILL_READ, consultation.id)
    await audit.record(
        session,
        actor=actor.audit_name,
        action=Audited.STILL_READ,
        subject=row.id,
        detail={"consultation": consultation.id, "stage": number},
    )
    return Kept(row.id, number, row.stages[number]["type"])


# CSV


def inert(cell: str) -> str:
    """The cell, kept from being computed: an apostrophe before what begins like a formula."""
    return f"'{cell}" if cell.lstrip(" ").startswith(FORMULA) or cell.startswith(FORMULA) else cell


async def export(
    session: AsyncSession,
    actor: Actor,
    consultation: Consultation,
    gettext: Callable[[str], str] = str,
) -> str:
    """The record as CSV, times in `actor.timezone`; recorded. For French spreadsheets: semicolons,
    a byte order mark. `gettext` translates the headings."""
    record = await record_of(session, consultation)
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=";", quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    for row in rows(record, consultation, gettext, actor.timezone):
        writer.writerow([inert(cell) for cell in row])
    await audit.record(
        session,
        actor=actor.audit_name,
        action=Audited.RECORD_EXPORT,
        subject=consultation.id,
    )
    return BOM + text.getvalue()


def _described(still: Taken, said: Callable[[str], str]) -> str:
    asked = said(_("demandée par %(name)s")) % {"name": still.by} if still.by else ""
    size = f"{still.width} × {still.height}"
    parts = (said(PICTURES.get(still.source, still.source)), asked, size, still.id)
    return " · ".join(part for part in parts if part)


def rows(
    record: Record, consultation: Consultation, gettext: Callable[[str], str], timezone: str
) -> Iterator[list[str]]:
    """Section, person, what, begin, end: one row for each line of the record."""
    zone = ZoneInfo(timezone)

    def at(moment: dt.datetime | None) -> str:
        return moment.astimezone(zone).isoformat(sep=" ", timespec="seconds") if moment else ""

    def said(text: str) -> str:
        return gettext(text) if text else ""

    yield [said(t) for t in (_("Rubrique"), _("Personne"), _("Contenu"), _("Début"), _("Fin"))]
    planned = at(consultation.planned_at)
    yield [said(_("Acte")), consultation.clinician.name, consultation.reason, planned, ""]
    for stay in record.attendance:
        why = said(LEFT_WHY.get(stay.left_why, stay.left_why))
        used = stay.sent + stay.received
        weight = said(_("%(count)s ko")) % {"count": -(-used // 1000)} if used else ""
        what = " · ".join(part for part in (stay.place, why, weight) if part)
        yield [said(_("Présence")), stay.name, what, at(stay.entered_at), at(stay.left_at)]
    for consent in record.consents:
        answer = said(_("accepte") if consent.given else _("refuse"))
        yield [said(_("Consentement")), consent.name, answer, at(consent.at), ""]
    for incident in record.incidents:
        kind, why = INCIDENTS.get(incident.kind, incident.kind), INCIDENT_WHY.get(incident.why, "")
        what = " · ".join(said(part) for part in (kind, why) if part)
        begun, ended = at(incident.started_at), at(incident.ended_at)
        yield [said(_("Incident technique")), incident.name, what, begun, ended]
    for still in record.stills:
        yield [said(_("Image")), still.name, _described(still, said), at(still.at), ""]
    for message in record.messages:
        yield [said(_("Message")), message.name, message.text, at(message.at), ""]
    if record.notes:
        yield [said(_("Notes")), "", record.notes, "", ""]
