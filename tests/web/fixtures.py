"""Invented people, consultations and page contexts for the templates. Nothing here is stored."""

import datetime as dt
import functools
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import segno
from markupsafe import Markup

from server.kernel.db import (
    Consultation,
    LoginSession,
    Organisation,
    Patient,
    Person,
    Seat,
    Site,
    SiteLink,
)
from server.pages.words import ROLES
from signaling.planning import GUEST_KINDS
from signaling.record import ConsentGiven, Noticed, Record, Said, Stay

NOW = dt.datetime(2026, 11, 23, 13, 5, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
NOTES = "Déficit moteur du bras droit, régressif.\nIRM demandée à Cayenne."
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
    kind="cdps",
    city="Maripasoula",
    timezone="America/Cayenne",
    telephone="05 36 49 99 01",
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
    telephone="03 53 01 99 11",
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


def invitation(number: int, **changes: Any) -> dict[str, Any]:
    url = f"https://carbet.exemple.fr:8443/j#{'kT9s-2vQ' * 3}{number}"
    found = {
        "id": f"inv-{number}",
        "kind_label": GUEST_KINDS["family"],
        "name": "Joseph Alimeck, son fils",
        "url": url,
        "code": "40271963",
        "qr_svg": Markup(segno.make(url, error="m").svg_inline(omitsize=True)),
        "expires_at": NOW + 3 * HOUR,
        "revoked": False,
        "used": False,
    }
    return {**found, **changes}


KINDS = list(GUEST_KINDS.items())
SITES = [MARIPASOULA, TILLEULS]
CAN = dict.fromkeys(("host", "enter", "invite", "cancel", "reopen", "annotate", "record"), True)
DEMO_PEOPLE = [
    {
        "id": "p-claire",
        "name": "Dr Claire Martin",
        "title": "Neurologue",
        "role_label": ROLES["clinician"],
        "organisation": "CHU de Besançon",
        "site": "",
    },
    {
        "id": "p-nadine",
        "name": "Nadine Aloïké",
        "title": "Infirmière",
        "role_label": ROLES["site_staff"],
        "organisation": "Centre hospitalier de Cayenne",
        "site": "CDPS de Maripasoula",
    },
]


def seat(kind: str, name: str, stage: str, place: str = "") -> Seat:
    return Seat(id=f"s-{kind}", kind=kind, name=name, stage=stage, place=place, consent=None)


def agenda(**lists: list[Consultation]) -> SimpleNamespace:
    return SimpleNamespace(**{"upcoming": [], "running": [], "past": [], **lists})


def full_agenda(running: bool) -> SimpleNamespace:
    son = Patient(birth_name="Topo", first_birth_given_name="Élie", sex="M")
    wound = {"patient": son, "reason": "Plaie de jambe, contrôle à quinze jours"}
    bad_name = Patient(birth_name=NASTY, first_birth_given_name="Ève", sex="F")
    return agenda(
        running=[consultation("in_call", -0.25)] if running else [],
        upcoming=[
            consultation("planned", 1.5),
            consultation("planned", 3, **wound, site=TILLEULS),
            consultation("planned", 22, patient=bad_name, reason=NASTY),
        ],
        past=[
            consultation("ended", -24, **wound),
            consultation("missed", -26),
            consultation("cancelled", -49),
        ],
    )


def record() -> Record:
    start = NOW - 24 * HOUR
    claire = ("Dr Claire Martin", "clinician", "CHU de Besançon")
    nadine = ("Nadine Aloïké", "site", "CDPS de Maripasoula")

    def at(minutes: float) -> dt.datetime:
        return start + minutes * HOUR / 60

    return Record(
        attendance=[
            Stay(*claire, entered_at=at(0), left_at=at(27), left_why="ended"),
            Stay(*nadine, entered_at=at(1), left_at=at(27), left_why="ended"),
            Stay(NASTY, "family", "", entered_at=at(4), left_at=at(20), left_why="left"),
        ],
        consents=[
            ConsentGiven("Nadine Aloïké", "site", given=True, at=at(-1)),
            ConsentGiven(NASTY, "family", given=False, at=at(3)),
        ],
        messages=[
            Said(1, "Nadine Aloïké", "Je vous entends mal,\nje coupe l’image.", at(6)),
            Said(2, NASTY, NASTY, at(7)),
        ],
        incidents=[
            Noticed("cut", "Nadine Aloïké", started_at=at(8), ended_at=at(8.5)),
            Noticed("audio_only", "Nadine Aloïké", started_at=at(9), ended_at=None),
            Noticed("worker_lost", "", started_at=at(12), ended_at=at(12.1)),
        ],
        notes=NOTES,
    )


def login_session(name: str, device: str) -> LoginSession:
    return LoginSession(
        id=name, device=device, created_at=NOW - 3 * HOUR, seen_at=NOW, csrf_token="", stage="full"
    )


def one_consultation(status: str, hours: float, notes: str = "", **more: Any) -> dict[str, Any]:
    return {
        "c": consultation(status, hours, notes=notes),
        "seats": [],
        "invitations": [],
        "can": CAN,
        "kinds": KINDS,
        **more,
    }


SEATS = [
    seat("clinician", "Dr Claire Martin", "in", "CHU de Besançon"),
    seat("site", "Nadine Aloïké", "door", "CDPS de Maripasoula"),
    seat("family", NASTY, "away"),
]
INVITATIONS = [
    invitation(1),
    invitation(2, name=NASTY, kind_label="Interprète", used=True),
    invitation(3, name="", revoked=True),
]
WRONG = {
    "date": "La date est dans le passé.",
    "birth_name": "Indiquez le nom de naissance.",
    "birthplace_insee": "Ce code n’existe pas. Il a 5 caractères, par exemple 97353.",
    "sex": "Choisissez une réponse.",
    "guests": "Indiquez qui est chaque personne.",
}
VALUES = {
    "when": "later",
    "date": "2026-11-25",
    "time": "09:00",
    "site_id": "site-m",
    "reason": NASTY,
    "matricule": "251049735312345",
    "guests": [("family", NASTY)],
}
PLANNING = {"sites": SITES, "kinds": KINDS, "clinicians": [("p-claire", "Dr Claire Martin")]}
NOBODY: dict[str, Any] = {"actor": actor("nobody")}
QR = Markup(segno.make("otpauth://totp/Carbet?secret=JBSWY3DPEHPK3PXP").svg_inline(omitsize=True))
PAST = {"c": consultation("ended", -24), "can": CAN, "record": record()}
NO_TRACE = Record(attendance=[], consents=[], messages=[], incidents=[], notes="")
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:153.0) Gecko/20100101 Firefox/153.0"
CHROME = (
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/156.0.0.0 Mobile Safari/537.36"
)
TWO_SESSIONS = [
    login_session("s1", FIREFOX),
    login_session("s2", CHROME),
]


def sign_in(**more: Any) -> dict[str, Any]:
    return {**NOBODY, "error": None, "retry_after": None, **more}


@functools.cache
def scenes() -> dict[str, Scene]:
    """Every template, each in the situations that change what it shows."""
    from tests.web import case_scenes  # which takes people and places from here

    new, one, past = "/consultations/new", "/consultations/c1", "/consultations/c1/record"
    may = {"can_plan": True, "can_cases": True}
    slow = {"error": "Adresse ou mot de passe incorrect.", "retry_after": 240}
    return {
        "login_demo": Scene("login.html", "/login", sign_in(email="", demo_people=DEMO_PEOPLE)),
        "login": Scene(
            "login.html", "/login", sign_in(email=NASTY, demo_people=[], demo=False, **slow)
        ),
        "login_code": Scene("login_code.html", "/login/code", sign_in()),
        "login_enrol": Scene(
            "login_enrol.html",
            "/login/enrol",
            {**NOBODY, "error": None, "qr_svg": QR, "secret_text": "JBSW Y3DP EHPK 3PXP"},
        ),
        "home": Scene("home.html", "/", {"agenda": full_agenda(True), **may}),
        "home_calm": Scene("home.html", "/", {"agenda": full_agenda(False), **may}),
        "home_empty": Scene("home.html", "/", {"agenda": agenda(), **may}),
        "new": Scene(
            "consultation_new.html", new, {**PLANNING, "clinicians": [], "values": {}, "errors": {}}
        ),
        "new_wrong": Scene(
            "consultation_new.html", new, {**PLANNING, "values": VALUES, "errors": WRONG}
        ),
        "planned": Scene(
            "consultation.html", one, one_consultation("planned", 2, invitations=INVITATIONS)
        ),
        "in_call": Scene(
            "consultation.html",
            one,
            one_consultation("in_call", -0.2, seats=SEATS, invitations=[invitation(1)]),
        ),
        "ended": Scene(
            "consultation.html",
            one,
            one_consultation(
                "ended",
                -24,
                seats=SEATS,
                stale={"draft": NASTY},
                notes=NOTES,
                problem="Ce n’est plus possible.",
            ),
        ),
        "record": Scene("record.html", past, PAST),
        "record_empty": Scene("record.html", past, {**PAST, "record": NO_TRACE}),
        "join": Scene("join.html", "/j", NOBODY),
        "code": Scene(
            "code.html", "/code", sign_in(error="Ce code n’est pas valable.", retry_after=40)
        ),
        "account": Scene(
            "account.html",
            "/account",
            {
                "sessions": TWO_SESSIONS,
                "current_id": "s1",
                "timezones": ["Europe/Paris", "America/Cayenne", "America/Martinique"],
                "telephone": CLAIRE.telephone,
                "links": [(MARIPASOULA, SiteLink(up=118_000, down=490_000)), (TILLEULS, None)],
            },
        ),
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
    } | case_scenes.scenes()
