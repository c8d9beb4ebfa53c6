"""Words and times as a person reads them. French is the text in the code; other languages are
catalogues in `config/translations`, read as they are, without a compilation step.
"""

import datetime as dt
import zoneinfo
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from babel.dates import format_date as babel_date
from babel.dates import format_datetime, format_skeleton
from babel.messages.pofile import read_po
from markupsafe import Markup, escape

SOURCE = "fr"
LOCALES = ("fr", "en")
DOMAIN = "carbet"


def gettext(msgid: str) -> str:
    """Marks a French text for the catalogue, where no locale is known yet. Returns it as it is."""
    return msgid


_ = gettext


class Translations:
    """The catalogues of every language but French."""

    def __init__(
        self,
        texts: Mapping[str, Mapping[str, str | tuple[str, ...]]] | None = None,
        in_javascript: frozenset[str] = frozenset(),
    ) -> None:
        self._texts = texts or {}
        self._in_javascript = in_javascript

    @classmethod
    def load(cls, folder: Path) -> "Translations":
        """Reads `LOCALE/LC_MESSAGES/carbet.po` under `folder`. Missing catalogues are empty."""
        texts: dict[str, dict[str, str | tuple[str, ...]]] = {}
        in_javascript: set[str] = set()
        for path in sorted(folder.glob(f"*/LC_MESSAGES/{DOMAIN}.po")):
            locale = path.parent.parent.name
            texts[locale] = {}
            with path.open("rb") as file:
                catalogue = read_po(file, locale=locale, abort_invalid=True)
            for message in catalogue:
                if not message.id or message.fuzzy:
                    continue
                key = message.id if isinstance(message.id, str) else message.id[0]
                string = message.string
                if string and (isinstance(string, str) or all(string)):
                    texts[locale][key] = string if isinstance(string, str) else tuple(string)
                if any(name.endswith(".js") for name, _line in message.locations):
                    in_javascript.add(key)
        return cls(texts, frozenset(in_javascript))

    def gettext(self, locale: str, msgid: str, /, **values: Any) -> str:
        """The text in `locale`, or in French when it has none. `{name}` takes `values`."""
        found = self._texts.get(locale, {}).get(msgid, msgid)
        text = found if isinstance(found, str) else found[0]
        return text.format(**values) if values else text

    def ngettext(
        self, locale: str, singular: str, plural: str, number: int, /, **values: Any
    ) -> str:
        """As `gettext`, by number: French says the singular for 0 and 1, English for 1 only."""
        found = self._texts.get(locale, {}).get(singular)
        if isinstance(found, tuple):
            text = found[0] if number == 1 else found[-1]
        else:
            text = singular if abs(number) < 2 else plural
        return text.format(number=number, **values)

    def javascript_catalogue(self, locale: str) -> dict[str, str]:
        """What scripts need, for `locale`; empty for French."""
        return {
            msgid: text
            for msgid, text in sorted(self._texts.get(locale, {}).items())
            if msgid in self._in_javascript and isinstance(text, str)
        }

    def missing(self, locale: str, msgids: frozenset[str]) -> frozenset[str]:
        """The texts which have no translation in `locale`."""
        return frozenset() if locale == SOURCE else msgids - self._texts.get(locale, {}).keys()


def zone(name: str) -> zoneinfo.ZoneInfo:
    """The IANA zone `name`, or Paris when it does not exist."""
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return zoneinfo.ZoneInfo("Europe/Paris")


def local_time(moment: dt.datetime, timezone: str) -> dt.datetime:
    """The same moment, on the clocks of `timezone`."""
    return moment.astimezone(zone(timezone))


# How a moment is written, by what the reader needs of it.
FORMS = ("short", "long", "day", "hour", "second")
DAY = {"fr": "EEEE d MMMM", "en": "EEEE d MMMM"}
# Days before months, in English too: the birth dates of the same pages are written so.
CUSTOMS = {"fr": "fr", "en": "en_GB"}


def written(moment: dt.datetime, locale: str, timezone: str, form: str = "short") -> str:
    """A moment on the clocks of `timezone`, in one of `FORMS`. A short one of this year leaves
    the year out: `lun. 23 nov. 14:30`."""
    local, custom = local_time(moment, timezone), CUSTOMS[locale]
    hour = format_skeleton("Hms" if form == "second" else "Hm", local, locale=custom)
    if form in ("hour", "second"):
        return hour
    if form == "day":
        return babel_date(local, DAY[locale], custom)
    if form == "long":
        return f"{babel_date(local, 'full', custom)}, {hour}"
    this_year = local.year == dt.datetime.now(dt.UTC).year
    return f"{format_skeleton('MMMEd' if this_year else 'yMMMEd', local, locale=custom)} {hour}"


def when(
    moment: dt.datetime,
    locale: str,
    timezone: str,
    other: str | None = None,
    *,
    form: str = "short",
) -> Markup:
    """`<time>` in the reader's zone. Its title is the whole date, and the time at the other
    place when the clocks there differ."""
    title = format_datetime(local_time(moment, timezone), "full", locale=CUSTOMS[locale])
    here, there = local_time(moment, timezone), local_time(moment, other or timezone)
    if other and there.utcoffset() != here.utcoffset():
        place = other.rpartition("/")[2].replace("_", " ")
        title += f" — {place} : {written(moment, locale, other)}"
    machine = moment.astimezone(dt.UTC).isoformat(timespec="seconds")
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        machine, escape(title), written(moment, locale, timezone, form)
    )
