"""Who may do what: one pure function, `can`, over one table.

Knows no route and makes no query. What it does not name, it refuses. Data of an organisation is
invisible to another, unless a consultation joins them: a consultation's site may belong to
another organisation, whose agreement lets its staff be planned with. A request for an opinion
joins two in the same way: the requester's, and that of the experts it was sent to.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from server.kernel.cases import Case
from server.kernel.db import Consultation, Invitation, Organisation, Person, Site


class Role(StrEnum):
    CLINICIAN = "clinician"
    SITE_STAFF = "site_staff"
    REQUESTER = "requester"
    TECHNICIAN = "technician"
    COORDINATOR = "coordinator"
    ADMINISTRATOR = "administrator"


class SiteKind(StrEnum):
    EHPAD = "ehpad"
    UCSA = "ucsa"
    CDPS = "cdps"
    MSP = "msp"
    HOSPITAL = "hospital"
    OFFICE = "office"


ROLES = tuple(Role)
SITE_KINDS = tuple(SiteKind)


class Action(StrEnum):
    """What can be asked of `can`; in brackets, the subject it is asked about."""

    PLAN = "consultation:plan"  # Site, or None for "any at all"
    LIST = "consultation:list"  # None
    SEE = "consultation:see"  # Consultation, as all below
    ENTER = "consultation:enter"
    OPEN = "consultation:open"
    HOST = "consultation:host"  # remove, lock, end for all
    ADMIT = "consultation:admit"  # admit and refuse at the door
    INVITE = "consultation:invite"
    ANNOTATE = "consultation:annotate"
    RECORD = "consultation:record"  # see and export the record
    STILL = "consultation:still"  # see a still that is kept with it
    REOPEN = "consultation:reopen"
    CANCEL = "consultation:cancel"
    CASE_REQUEST = "case:request"  # None
    CASE_LIST = "case:list"  # None
    CASE_SEE = "case:see"  # Case, as all below
    CASE_WRITE = "case:write"  # as the requester, or their site once it was sent
    CASE_TAKE = "case:take"  # as an expert of its specialty
    CASE_ANSWER = "case:answer"  # as the expert who took it
    SITE_LINK = "site:link"  # Site: say what its link may carry
    PERSON_MANAGE = "person:manage"  # Person, or None
    ACCOUNT = "account:see"  # Person: one's own
    AUDIT_READ = "audit:read"  # Organisation, or None
    METRICS_READ = "metrics:read"  # None


Kind = Literal["member", "guest", "nobody"]


@dataclass(frozen=True)
class Actor:
    """Whoever asks. A member has an account; a guest holds one invitation to one consultation."""

    kind: Kind
    id: str = ""
    organisation_id: str | None = None
    site_id: str | None = None
    role: Role | None = None
    invitation_id: str | None = None
    consultation_id: str | None = None
    name: str = ""
    locale: str = "fr"
    timezone: str = "Europe/Paris"
    specialties: frozenset[str] = frozenset()

    @property
    def audit_name(self) -> str:
        """How the audit log names this actor: `member:ID`, `guest:ID` or `nobody`."""
        return f"{self.kind}:{self.id}" if self.id else self.kind


NOBODY = Actor("nobody")
Subject = Consultation | Case | Site | Person | Organisation | Invitation | None


def member(person: Person) -> Actor:
    """The actor a person's session stands for. An unknown role may do nothing."""
    role = Role(person.role) if person.role in ROLES else None
    return Actor(
        "member",
        id=person.id,
        organisation_id=person.organisation_id,
        site_id=person.site_id,
        role=role,
        name=person.name,
        locale=person.locale,
        timezone=person.timezone,
        specialties=frozenset(person.specialties or ()) if role is Role.CLINICIAN else frozenset(),
    )


def guest(invitation: Invitation, *, locale: str = "fr", timezone: str = "Europe/Paris") -> Actor:
    """The actor an invitation's session stands for. Its locale is the browser's."""
    return Actor(
        "guest",
        id=invitation.id,
        invitation_id=invitation.id,
        consultation_id=invitation.consultation_id,
        name=invitation.name,
        locale=locale,
        timezone=timezone,
    )


Test = Callable[[Actor, Subject], bool]


def _is(role: Role) -> Test:
    """The role, within the organisation which answers for the subject (if there is a subject)."""

    def test(actor: Actor, subject: Subject) -> bool:
        if actor.kind != "member" or actor.role is not role or not actor.organisation_id:
            return False
        owner = subject.id if isinstance(subject, Organisation) else _owner(subject)
        return subject is None or owner == actor.organisation_id

    return test


def _owner(subject: Subject) -> str | None:
    return getattr(subject, "organisation_id", None)


def _at_site(actor: Actor, subject: Subject) -> bool:
    """Site staff, where the consultation's patient is: whichever organisation planned it."""
    if actor.kind != "member" or actor.role is not Role.SITE_STAFF or not actor.site_id:
        return False
    return subject is None or (
        isinstance(subject, Consultation) and subject.site_id == actor.site_id
    )


def _invited(actor: Actor, subject: Subject) -> bool:
    return (
        actor.kind == "guest"
        and bool(actor.consultation_id)
        and isinstance(subject, Consultation)
        and subject.id == actor.consultation_id
    )


def _under_agreement(actor: Actor, subject: Subject) -> bool:
    """A clinician or coordinator, for a site which agreed to work with their organisation."""
    return (
        actor.kind == "member"
        and actor.role in (Role.CLINICIAN, Role.COORDINATOR)
        and isinstance(subject, Site)
        and any(each.organisation_id == actor.organisation_id for each in subject.agreements)
    )


def _oneself(actor: Actor, subject: Subject) -> bool:
    return actor.kind == "member" and isinstance(subject, Person) and subject.id == actor.id


def _asks(actor: Actor, subject: Subject) -> bool:
    """Whoever may write a request: any professional who cares for patients."""
    asking = (Role.SITE_STAFF, Role.REQUESTER, Role.CLINICIAN)
    return actor.kind == "member" and actor.role in asking and subject is None


def _sent(subject: Subject) -> bool:
    """Whether a request left the hands of its requester: a draft is theirs alone."""
    return isinstance(subject, Case) and subject.status != "draft" and bool(subject.submitted_at)


def _wrote(actor: Actor, subject: Subject) -> bool:
    mine = isinstance(subject, Case) and subject.requester_id == actor.id
    return actor.kind == "member" and mine and _owner(subject) == actor.organisation_id


def _beside(actor: Actor, subject: Subject) -> bool:
    """Staff of the site it was sent from: the answer may come on a colleague's shift."""
    at_site = actor.kind == "member" and actor.role is Role.SITE_STAFF and bool(actor.site_id)
    return at_site and _sent(subject) and getattr(subject, "site_id", None) == actor.site_id


def _expert(actor: Actor, subject: Subject) -> bool:
    """An expert of the specialty, in the organisation it was sent to, who did not ask."""
    return (
        actor.kind == "member"
        and isinstance(subject, Case)
        and subject.requester_id != actor.id
        and _sent(subject)
        and subject.specialty in actor.specialties
        and subject.to_organisation_id == actor.organisation_id
    )


def _took(actor: Actor, subject: Subject) -> bool:
    mine = isinstance(subject, Case) and subject.expert_id == actor.id
    return actor.kind == "member" and mine and _sent(subject)


_clinician = _is(Role.CLINICIAN)
_coordinator = _is(Role.COORDINATOR)
_technician = _is(Role.TECHNICIAN)
_administrator = _is(Role.ADMINISTRATOR)

TABLE: dict[Action, tuple[Test, ...]] = {
    Action.PLAN: (_clinician, _coordinator, _under_agreement),
    Action.LIST: (_clinician, _coordinator, _at_site),
    Action.SEE: (_clinician, _coordinator, _at_site),
    Action.ENTER: (_clinician, _at_site, _invited),
    Action.OPEN: (_clinician,),
    Action.HOST: (_clinician,),
    Action.ADMIT: (_clinician, _at_site),
    Action.INVITE: (_clinician, _coordinator),
    Action.ANNOTATE: (_clinician,),
    Action.RECORD: (_clinician, _at_site),
    Action.STILL: (_clinician, _at_site),
    Action.REOPEN: (_clinician,),
    Action.CANCEL: (_clinician, _coordinator),
    Action.CASE_REQUEST: (_asks,),
    Action.CASE_LIST: (_asks,),
    Action.CASE_SEE: (_wrote, _beside, _expert, _took),
    Action.CASE_WRITE: (_wrote, _beside),
    Action.CASE_TAKE: (_expert, _took),
    Action.CASE_ANSWER: (_took,),
    Action.SITE_LINK: (_administrator, _technician),
    Action.PERSON_MANAGE: (_administrator,),
    Action.ACCOUNT: (_oneself,),
    Action.AUDIT_READ: (_administrator,),
    Action.METRICS_READ: (_administrator, _technician),
}

# What an action is asked about. Anything else is refused, whoever asks.
SUBJECTS: dict[Action, tuple[type, ...]] = {
    Action.PLAN: (Site, type(None)),
    Action.LIST: (type(None),),
    Action.CASE_REQUEST: (type(None),),
    Action.CASE_LIST: (type(None),),
    Action.CASE_SEE: (Case,),
    Action.CASE_WRITE: (Case,),
    Action.CASE_TAKE: (Case,),
    Action.CASE_ANSWER: (Case,),
    Action.SITE_LINK: (Site,),
    Action.PERSON_MANAGE: (Person, type(None)),
    Action.ACCOUNT: (Person,),
    Action.AUDIT_READ: (Organisation, type(None)),
    Action.METRICS_READ: (type(None),),
}


def can(actor: Actor, action: Action, subject: Subject) -> bool:
    """Whether `actor` may do `action` to `subject`. Refuses whatever the table does not allow."""
    if not isinstance(subject, SUBJECTS.get(action, (Consultation,))):
        return False
    return any(test(actor, subject) for test in TABLE.get(action, ()))
