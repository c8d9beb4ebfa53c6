"""Invented people, consultations and page contexts for the templates. Nothing here is stored."""

import datetime as dt
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import segno
from markupsafe import Markup

from server.kernel.db import (
    Consultation,
    Invitation,
    LoginSession,
    Organisation,
    Patient,
    Person,
    Seat,
    Site,
)

NOW = dt.datetime(2026, 11, 23, 13, 5, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
NASTY = "<script>alert('x')</script> O'Neil & fils \"=1+1\""


@dataclass(frozen=True)
class Scene:
    """One page in one situation."""

    template: str
    path: str
    context: dict[str, Any] = field(default_factory=dict)


BESANCON = Organisation(id="org-b", name="CHU de Besançon")
GUYANE = Organisation(id="org-g", name="Centre hospitalier de Cayenne")
MARIPASOULA = Site(
    id="site-m",
    organisation_id="org-g",
    organisation=GUYANE,
    name="CDPS de Maripasoula",
    kind="health_post",
    city="Maripasoula",
    timezone="America/Cayenne",
)
TILLEULS = Site(
    id="site-t",
    organisation_id="org-b",
    organisation=BESANCON,
    name="EHPAD Les Tilleuls",
    kind="ehpad",
    city="Ornans",
    timezone="Europe/Paris",
)
CLAIRE = Person(
    id="p-claire",
    organisation_id="org-b",
    organisation=BESANCON,
    email="claire.martin@exemple.fr",
    name="Dr Claire Martin",
    title="Neurologue",
    role="clinician",
    locale="fr",
    timezone="Europe/Paris",
)
ROSE = Patient(
    id="pat-1",
    organisation_id="org-b",
    birth_name="Alimeck",
    first_birth_given_name="Rose-Marie",
    birth_date=dt.date(1951, 4, 3),
    sex="F",
    birthplace_insee="97353",
    matricule=None,
    matricule_oid=None,
    ins_status="PROV",
)


def actor(kind: str = "member") -> SimpleNamespace:
    member = kind == "member"
    return SimpleNamespace(
        kind=kind,
        id="p-claire" if member else "",
        organisation_id="org-b",
        site_id=None,
        role="clinician" if member else None,
        invitation_id=None,
        consultation_id=None,
        name="Dr Claire Martin" if member else "",
        locale="fr",
        timezone="Europe/Paris",
    )


def common(path: str) -> dict[str, Any]:
    """What the contract promises to every page."""
    return {"locale": "fr", "actor": actor(), "csrf": "csrf-token", "demo": True, "path": path}


def consultation(status: str, hours: float, **changes: Any) -> Consultation:
    at = NOW + hours * HOUR
    started = at if status in ("in_call", "ended") else None
    fields: dict[str, Any] = {
        "id": f"c-{status}-{hours}",
        "organisation_id": "org-b",
        "site_id": "site-m",
        "site": MARIPASOULA,
        "clinician_id": "p-claire",
        "clinician": CLAIRE,
        "patient_id": "pat-1",
        "patient": ROSE,
        "reason": "Faiblesse du bras droit depuis ce matin, parole difficile",
        "status": status,
        "planned_at": at,
        "planned_minutes": 30,
        "opened_at": started,
        "started_at": started,
        "ended_at": at + HOUR / 2 if status == "ended" else None,
        "locked": False,
        "last_message": 0,
        "notes": "",
        "notes_version": 0,
        "created_at": at - 24 * HOUR,
    }
    return Consultation(**{**fields, **changes})


def scenes() -> dict[str, Scene]:
    return {
        "error": Scene(
            "error.html",
            "/nowhere",
            {
                "status": 404,
                "title": "Page introuvable",
                "text": "Cette page n’existe pas, ou vous n’y avez pas accès.",
                "request_id": "a1b2c3d4",
            },
        ),
    }
