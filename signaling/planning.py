"""What a clinician writes to plan a consultation, read from a form. PURE.

Reasons and names are kept exactly as written: it is for pages, tables and logs to show them
inert. Only what no database can hold (NUL, half characters) is refused.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from server.kernel.i18n import gettext as _
from server.kernel.identity import Traits, read_traits
from server.kernel.text import storable

REASON = 500
NAME = 100
GUESTS = 10
MINUTES = range(5, 241)
# A form may lie open for a while.
LATE = dt.timedelta(minutes=15)
AHEAD = dt.timedelta(days=730)

GUEST_KINDS: dict[str, str] = {
    "patient": _("Patient"),
    "family": _("Proche"),
    "interpreter": _("Interprète"),
    "second_clinician": _("Second médecin"),
    "escort": _("Accompagnant"),
}


class InvalidPlan(Exception):
    """What is wrong, by field; texts are French, for `gettext`."""

    def __init__(self, errors: dict[str, str]) -> None:
        self.errors = errors
        super().__init__(", ".join(sorted(errors)))


@dataclass(frozen=True)
class Guest:
    kind: str
    name: str


@dataclass(frozen=True)
class Plan:
    """`at` is None for now. `clinician_id` is empty when the planner is the clinician."""

    at: dt.datetime | None
    minutes: int
    site_id: str
    reason: str
    traits: Traits
    guests: tuple[Guest, ...] = ()
    clinician_id: str = ""


def local_time(date: str, time: str, timezone: str) -> dt.datetime | None:
    """The instant of a wall clock in a zone; None when it is none (wrong, or skipped in spring)."""
    try:
        wall = dt.datetime.fromisoformat(f"{date.strip()}T{time.strip()}")
    except ValueError:
        return None
    if wall.tzinfo is not None:
        return None
    zone = ZoneInfo(timezone)
    instant = wall.replace(tzinfo=zone).astimezone(dt.UTC)
    return instant if instant.astimezone(zone).replace(tzinfo=None) == wall else None


def _when(
    fields: Mapping[str, str], timezone: str, now: dt.datetime
) -> tuple[dt.datetime | None, dict[str, str]]:
    if fields.get("when") == "now":
        return None, {}
    if fields.get("when") != "later":
        return None, {"when": _("Choisissez une réponse.")}
    at = local_time(fields.get("date", ""), fields.get("time", ""), timezone)
    if at is None:
        return None, {"date": _("Indiquez une date et une heure.")}
    if at < now - LATE:
        return None, {"date": _("La date est dans le passé.")}
    if at > now + AHEAD:
        return None, {"date": _("La date est trop lointaine.")}
    return at, {}


def _minutes(text: str) -> int | None:
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 4 else 0
    return number if number in MINUTES else None


def read_guest(kind: str, name: str) -> Guest | str:
    """A guest, or what is wrong. A name may be left out: the kind is then shown."""
    if kind not in GUEST_KINDS:
        return _("Indiquez qui est chaque personne.")
    if len(name) > NAME or not storable(name):
        return _("Ce nom est trop long.")
    return Guest(kind, "" if name.isspace() else name)


def _guests(pairs: Sequence[tuple[str, str]]) -> tuple[tuple[Guest, ...], dict[str, str]]:
    read = [read_guest(kind, name) for kind, name in pairs if kind or name.strip()]
    guests = tuple(guest for guest in read if isinstance(guest, Guest))
    if len(read) > GUESTS:
        return (), {"guests": _("Trop de personnes.")}
    wrong = next((problem for problem in read if isinstance(problem, str)), None)
    return guests, {"guests": wrong} if wrong else {}


def read_plan(
    fields: Mapping[str, str],
    guests: Sequence[tuple[str, str]] = (),
    *,
    timezone: str,
    now: dt.datetime,
) -> Plan:
    """The plan in a form's `fields`, with (kind, name) of each guest; rows left empty are passed
    over. Dates are the wall clock of `timezone`. Raises `InvalidPlan`."""
    at, errors = _when(fields, timezone, now)
    today = now.astimezone(ZoneInfo(timezone)).date()
    traits, wrong = read_traits(fields, today)
    errors |= wrong
    minutes = _minutes(fields.get("minutes", "30").strip() or "30")
    if minutes is None:
        errors["minutes"] = _("Entre 5 et 240 minutes.")
    reason = fields.get("reason", "")
    if not reason.strip() or len(reason) > REASON or not storable(reason):
        errors["reason"] = _("Indiquez le motif, en 500 caractères au plus.")
    site_id = fields.get("site_id", "")
    if not site_id or len(site_id) > 24 or not storable(site_id):
        errors["site_id"] = _("Choisissez un site.")
    people, wrong = _guests(guests)
    errors |= wrong
    if errors or traits is None or minutes is None:
        raise InvalidPlan(errors)
    clinician_id = fields.get("clinician_id", "")[:24]
    return Plan(at, minutes, site_id, reason, traits, people, clinician_id)
