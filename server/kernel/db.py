"""All tables; the engine that reaches them is `engine`. Holds no rule about who may do what.

Times are stored and returned as aware UTC datetimes. Identifiers are opaque
random strings, so that an address tells nothing and cannot be counted through.
"""

import datetime as dt
import secrets
from typing import Any, ClassVar

import sqlalchemy as sa
from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from server.kernel.clock import utcnow
from server.kernel.engine import Database, DatabaseAway, make_engine

# Reached through here too, beside every table.
__all__ = ["Database", "DatabaseAway", "make_engine", "utcnow"]


def new_id() -> str:
    """An opaque identifier: 96 random bits, 16 URL-safe characters."""
    return secrets.token_urlsafe(12)


class Utc(sa.TypeDecorator[dt.datetime]):
    """An aware UTC datetime. SQLite keeps no zone, so it is put back on reading."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: Any) -> dt.datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a stored time needs a zone")
        return value.astimezone(dt.UTC)

    def process_result_value(self, value: dt.datetime | None, dialect: Any) -> dt.datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=dt.UTC) if value.tzinfo is None else value.astimezone(dt.UTC)


NAMES = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    metadata = sa.MetaData(naming_convention=NAMES)
    type_annotation_map: ClassVar = {dt.datetime: Utc, dict[str, Any]: sa.JSON}


Id = String(24)
Code = String(32)
Name = String(200)
Telephone = String(32)


class Organisation(Base):
    __tablename__ = "organisations"
    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(Name)


class Site(Base):
    """A place where patients are. `kind` is one of `access.SITE_KINDS`. What its link may be used
    for: `link_ceiling` in bit/s each way, `link_bytes` in bytes a call; None: no limit.
    `telephone` as `telephones` reads it."""

    __tablename__ = "sites"
    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    organisation_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"), index=True)
    name: Mapped[str] = mapped_column(Name)
    kind: Mapped[str] = mapped_column(Code)
    city: Mapped[str] = mapped_column(Name)
    timezone: Mapped[str] = mapped_column(String(64), default="Europe/Paris")
    link_ceiling: Mapped[int | None]
    link_bytes: Mapped[int | None] = mapped_column(sa.BigInteger)
    telephone: Mapped[str | None] = mapped_column(Telephone)
    organisation: Mapped[Organisation] = relationship(lazy="joined", innerjoin=True)
    agreements: Mapped[list["Agreement"]] = relationship(lazy="selectin")


class SiteLink(Base):
    """What a site's link carried in its calls so far, the last ones counting most: bit/s towards
    Carbet and from it, round trip in seconds. See `signaling.sites`."""

    __tablename__ = "site_links"
    site_id: Mapped[str] = mapped_column(ForeignKey("sites.id"), primary_key=True)
    up: Mapped[int | None] = mapped_column(sa.BigInteger)
    down: Mapped[int | None] = mapped_column(sa.BigInteger)
    rtt: Mapped[float | None] = mapped_column(sa.Double)
    calls: Mapped[int] = mapped_column(default=0)
    measured_at: Mapped[dt.datetime]


class Agreement(Base):
    """A site which agreed (convention de télémédecine) to be planned with by an organisation
    other than its own."""

    __tablename__ = "agreements"
    site_id: Mapped[str] = mapped_column(ForeignKey("sites.id"), primary_key=True)
    organisation_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"), primary_key=True)


class Person(Base):
    """Somebody with an account. `role` is one of `access.ROLES`; `specialties`, those they give an
    expert's opinion in: see `config/specialties.toml`."""

    __tablename__ = "persons"
    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    organisation_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"), index=True)
    site_id: Mapped[str | None] = mapped_column(ForeignKey("sites.id"), index=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    name: Mapped[str] = mapped_column(Name)
    title: Mapped[str] = mapped_column(Name, default="")
    role: Mapped[str] = mapped_column(Code)
    locale: Mapped[str] = mapped_column(String(8), default="fr")
    timezone: Mapped[str] = mapped_column(String(64), default="Europe/Paris")
    password_hash: Mapped[str] = mapped_column(String(255))
    totp_secret: Mapped[str | None] = mapped_column(String(255))
    totp_last_step: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    disabled_at: Mapped[dt.datetime | None]
    telephone: Mapped[str | None] = mapped_column(Telephone)
    specialties: Mapped[list[Any]] = mapped_column(sa.JSON, default=list)
    organisation: Mapped[Organisation] = relationship(lazy="joined", innerjoin=True)
    site: Mapped[Site | None] = relationship(lazy="joined")


class LoginSession(Base):
    """A browser that has shown who it is: a person, or the holder of an invitation.

    Only the SHA-256 of the cookie's value is kept. `stage` is `password` until
    the second factor has been given, then `full`; a guest's is `guest`.
    """

    __tablename__ = "login_sessions"
    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    csrf_token: Mapped[str] = mapped_column(String(64))
    person_id: Mapped[str | None] = mapped_column(ForeignKey("persons.id"), index=True)
    invitation_id: Mapped[str | None] = mapped_column(ForeignKey("invitations.id"), index=True)
    stage: Mapped[str] = mapped_column(Code)
    created_at: Mapped[dt.datetime]
    seen_at: Mapped[dt.datetime]
    expires_at: Mapped[dt.datetime]
    revoked_at: Mapped[dt.datetime | None]
    device: Mapped[str] = mapped_column(Name, default="")
    person: Mapped[Person | None] = relationship(lazy="joined")
    invitation: Mapped["Invitation | None"] = relationship(lazy="joined")


class Limit(Base):
    """How often something guessable was tried, by a hashed key (account, address, code)."""

    __tablename__ = "limits"
    key: Mapped[str] = mapped_column(String(96), primary_key=True)
    tries: Mapped[int] = mapped_column(default=0)
    since: Mapped[dt.datetime]
    blocked_until: Mapped[dt.datetime | None]


class KnownAddress(Base):
    """Where a person has logged in from before, by a keyed digest of the address: an attack
    on the account from elsewhere does not slow this person there."""

    __tablename__ = "known_addresses"
    person_id: Mapped[str] = mapped_column(ForeignKey("persons.id"), primary_key=True)
    address_digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    seen_at: Mapped[dt.datetime]


class Patient(Base):
    """The INS traits of one person, as the RNIV names them; the matricule is optional."""

    __tablename__ = "patients"
    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    organisation_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"), index=True)
    birth_name: Mapped[str] = mapped_column(Name)
    first_birth_given_name: Mapped[str] = mapped_column(Name)
    birth_date: Mapped[dt.date]
    sex: Mapped[str] = mapped_column(String(1))
    birthplace_insee: Mapped[str] = mapped_column(String(5))
    matricule: Mapped[str | None] = mapped_column(String(15))
    matricule_oid: Mapped[str | None] = mapped_column(String(64))
    ins_status: Mapped[str] = mapped_column(String(4), default="PROV")


class Consultation(Base):
    """One téléconsultation. `status` is one of `signaling.consultation.STATUSES`."""

    __tablename__ = "consultations"
    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    organisation_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"), index=True)
    site_id: Mapped[str] = mapped_column(ForeignKey("sites.id"), index=True)
    clinician_id: Mapped[str] = mapped_column(ForeignKey("persons.id"), index=True)
    patient_id: Mapped[str] = mapped_column(ForeignKey("patients.id"))
    reason: Mapped[str] = mapped_column(String(500))
    status: Mapped[str] = mapped_column(Code, index=True)
    planned_at: Mapped[dt.datetime] = mapped_column(index=True)
    planned_minutes: Mapped[int] = mapped_column(default=30)
    opened_at: Mapped[dt.datetime | None]
    started_at: Mapped[dt.datetime | None]
    ended_at: Mapped[dt.datetime | None]
    locked: Mapped[bool] = mapped_column(default=False)
    last_message: Mapped[int] = mapped_column(default=0)
    notes: Mapped[str] = mapped_column(sa.Text, default="")
    notes_version: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[dt.datetime] = mapped_column(default=utcnow)
    site: Mapped[Site] = relationship(lazy="joined", innerjoin=True)
    clinician: Mapped[Person] = relationship(lazy="joined", innerjoin=True)
    patient: Mapped[Patient] = relationship(lazy="joined", innerjoin=True)


class Invitation(Base):
    """A third party's own link. Token and short code are derived from the server's
    secret and `generation`, and only their digests are stored: see `signaling.invitations`."""

    __tablename__ = "invitations"
    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    consultation_id: Mapped[str] = mapped_column(ForeignKey("consultations.id"), index=True)
    kind: Mapped[str] = mapped_column(Code)
    name: Mapped[str] = mapped_column(Name)
    generation: Mapped[int] = mapped_column(default=1)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    code_hash: Mapped[str] = mapped_column(String(64), unique=True)
    expires_at: Mapped[dt.datetime]
    revoked_at: Mapped[dt.datetime | None]
    used_at: Mapped[dt.datetime | None]
    uses: Mapped[int] = mapped_column(default=0)


class Seat(Base):
    """One person's place in one consultation, account or not. Survives their absences."""

    __tablename__ = "seats"
    __table_args__ = (
        UniqueConstraint("consultation_id", "person_id"),
        UniqueConstraint("invitation_id"),
    )
    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    consultation_id: Mapped[str] = mapped_column(ForeignKey("consultations.id"), index=True)
    person_id: Mapped[str | None] = mapped_column(ForeignKey("persons.id"))
    invitation_id: Mapped[str | None] = mapped_column(ForeignKey("invitations.id"))
    kind: Mapped[str] = mapped_column(Code)
    name: Mapped[str] = mapped_column(Name)
    place: Mapped[str] = mapped_column(Name, default="")
    stage: Mapped[str] = mapped_column(Code, default="away")
    consent: Mapped[bool | None]
    consent_at: Mapped[dt.datetime | None]
    matters: Mapped[dict[str, Any]] = mapped_column(default=dict)


class Attendance(Base):
    """From when to when a seat was in the call, and the bytes its page sent and received."""

    __tablename__ = "attendances"
    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    consultation_id: Mapped[str] = mapped_column(ForeignKey("consultations.id"), index=True)
    seat_id: Mapped[str] = mapped_column(ForeignKey("seats.id"))
    entered_at: Mapped[dt.datetime]
    left_at: Mapped[dt.datetime | None]
    left_why: Mapped[str] = mapped_column(Code, default="")
    sent: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    received: Mapped[int] = mapped_column(sa.BigInteger, default=0)


class Message(Base):
    """A text message of a call: numbered by the server, made once by the client's own id."""

    __tablename__ = "messages"
    __table_args__ = (UniqueConstraint("seat_id", "client_id"),)
    consultation_id: Mapped[str] = mapped_column(ForeignKey("consultations.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    seat_id: Mapped[str] = mapped_column(ForeignKey("seats.id"))
    client_id: Mapped[str] = mapped_column(String(36))
    text: Mapped[str] = mapped_column(sa.Text)
    sent_at: Mapped[dt.datetime]


class Incident(Base):
    """A technical incident noticed by Carbet (art. R.6316-4 CSP); kinds in `signaling.ledger`;
    `why` is one of `signaling.ways.REASONS`, or empty."""

    __tablename__ = "incidents"
    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    consultation_id: Mapped[str] = mapped_column(ForeignKey("consultations.id"), index=True)
    seat_id: Mapped[str | None] = mapped_column(ForeignKey("seats.id"))
    kind: Mapped[str] = mapped_column(Code)
    why: Mapped[str] = mapped_column(Code, default="")
    started_at: Mapped[dt.datetime]
    ended_at: Mapped[dt.datetime | None]


class Still(Base):
    """A still picture taken during a call; its bytes are in `signaling.album`. `stages` are its
    sizes, smallest first: type, width, height, bytes; `have` of them are complete."""

    __tablename__ = "stills"
    consultation_id: Mapped[str] = mapped_column(ForeignKey("consultations.id"), primary_key=True)
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    seat_id: Mapped[str] = mapped_column(ForeignKey("seats.id"))
    asked_by: Mapped[str | None] = mapped_column(ForeignKey("seats.id"))
    source: Mapped[str] = mapped_column(Code)
    begun_at: Mapped[dt.datetime]
    stages: Mapped[list[Any]] = mapped_column(sa.JSON)
    have: Mapped[int] = mapped_column(default=0)
    kept_at: Mapped[dt.datetime | None]


class AuditRow(Base):
    """One link of the audit chain; written only by `kernel.audit`."""

    __tablename__ = "audit"
    number: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True, autoincrement=False)
    at: Mapped[dt.datetime]
    actor: Mapped[str] = mapped_column(String(64))
    action: Mapped[str] = mapped_column(String(64), index=True)
    subject: Mapped[str] = mapped_column(String(64), index=True)
    outcome: Mapped[str] = mapped_column(String(16))
    detail: Mapped[dict[str, Any]]
    previous: Mapped[str] = mapped_column(String(64))
    digest: Mapped[str] = mapped_column(String(64))
