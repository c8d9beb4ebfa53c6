"""Tables of téléexpertise, beside those of `db`. Holds no rule about who may do what.

What a person wrote is in these rows; what they photographed is in `expertise.vault`, under the
case's own key, which is here only wrapped by the installation's secret.
"""

import datetime as dt
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from server.kernel.db import Base, Code, Id, Name, Organisation, Patient, Person, Site, new_id


class Case(Base):
    """One request for an opinion. `status` is one of `expertise.case.STATUSES`; `version` grows
    with every change of the row, and a form says which it was shown. `organisation_id` is the
    requester's, `to_organisation_id` that of the experts asked. `context` is keyed by the fields
    of the specialty. `wrapped_key` is emptied when the case is erased."""

    __tablename__ = "cases"
    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    organisation_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"), index=True)
    site_id: Mapped[str | None] = mapped_column(ForeignKey("sites.id"), index=True)
    requester_id: Mapped[str] = mapped_column(ForeignKey("persons.id"), index=True)
    patient_id: Mapped[str] = mapped_column(ForeignKey("patients.id"))
    specialty: Mapped[str] = mapped_column(Code, index=True)
    to_organisation_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"), index=True)
    expert_id: Mapped[str | None] = mapped_column(ForeignKey("persons.id"), index=True)
    status: Mapped[str] = mapped_column(Code, index=True)
    version: Mapped[int] = mapped_column(default=1)
    question: Mapped[str] = mapped_column(sa.Text, default="")
    context: Mapped[dict[str, Any]] = mapped_column(default=dict)
    urgency: Mapped[str] = mapped_column(Code, default="")
    consent: Mapped[bool | None]
    consent_at: Mapped[dt.datetime | None]
    created_at: Mapped[dt.datetime]
    submitted_at: Mapped[dt.datetime | None]
    due_at: Mapped[dt.datetime | None] = mapped_column(index=True)
    paused_at: Mapped[dt.datetime | None]
    late_since: Mapped[dt.datetime | None]
    wrapped_key: Mapped[str] = mapped_column(String(255))
    organisation: Mapped[Organisation] = relationship(
        lazy="joined", innerjoin=True, foreign_keys=organisation_id
    )
    to_organisation: Mapped[Organisation] = relationship(
        lazy="joined", innerjoin=True, foreign_keys=to_organisation_id
    )
    site: Mapped[Site | None] = relationship(lazy="joined")
    requester: Mapped[Person] = relationship(
        lazy="joined", innerjoin=True, foreign_keys=requester_id
    )
    expert: Mapped[Person | None] = relationship(lazy="joined", foreign_keys=expert_id)
    patient: Mapped[Patient] = relationship(lazy="joined", innerjoin=True)


class CaseEvent(Base):
    """One act of a case's life: who, when, what, and what was said with it. `person_id` is empty
    for the clock's own."""

    __tablename__ = "case_events"
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[dt.datetime]
    person_id: Mapped[str | None] = mapped_column(ForeignKey("persons.id"))
    act: Mapped[str] = mapped_column(Code)
    status: Mapped[str] = mapped_column(Code)
    text: Mapped[str] = mapped_column(sa.Text, default="")
    person: Mapped[Person | None] = relationship(lazy="joined")


class Opinion(Base):
    """One version of an expert's answer. Until `signed_at` only its author sees it; from then on
    the database refuses to change it, and it has its `number`. `revision` grows with every save of
    the draft."""

    __tablename__ = "opinions"
    __table_args__ = (UniqueConstraint("case_id", "number"),)
    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"), index=True)
    number: Mapped[int | None]
    author_id: Mapped[str] = mapped_column(ForeignKey("persons.id"))
    revision: Mapped[int] = mapped_column(default=1)
    content: Mapped[dict[str, Any]]
    saved_at: Mapped[dt.datetime]
    signed_at: Mapped[dt.datetime | None]
    signed_by: Mapped[str] = mapped_column(Name, default="")
    proof: Mapped[str] = mapped_column(Code, default="")
    digest: Mapped[str] = mapped_column(String(64), default="")
    author: Mapped[Person] = relationship(lazy="joined", innerjoin=True)


class CaseImage(Base):
    """A photograph of a case. While it arrives its bytes are counted by the vault alone; `state`
    is one of `expertise.images.STATES`. `sizes` are the copies that are served, smallest first:
    name, type, width, height, bytes."""

    __tablename__ = "case_images"
    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"), index=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("persons.id"))
    view: Mapped[str] = mapped_column(Code)
    name: Mapped[str] = mapped_column(Name)
    length: Mapped[int] = mapped_column(sa.BigInteger)
    sha256: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(Code)
    why: Mapped[str] = mapped_column(Code, default="")
    sizes: Mapped[list[Any]] = mapped_column(sa.JSON, default=list)
    created_at: Mapped[dt.datetime]
    expires_at: Mapped[dt.datetime]
    kept_at: Mapped[dt.datetime | None]
