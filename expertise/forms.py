"""What a requester writes, read from a form. PURE.

A draft may hold anything that can be stored, or nothing: what is missing is told when it is to be
sent. Texts are kept exactly as written.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from expertise.specialties import Specialty
from server.kernel.i18n import gettext as _
from server.kernel.text import storable

QUESTION, FIELD, SAID = 2000, 4000, 2000
CONSENTS: dict[str, bool | None] = {"": None, "yes": True, "no": False}

TOO_LONG = _("Ce texte est trop long.")
UNREADABLE = _("Ce texte contient un caractère qui ne peut pas être enregistré.")
NEEDED = _("Nécessaire. S’il n’y a rien à dire, écrivez-le.")


class Invalid(Exception):
    """What is wrong, by field; texts are French, for `gettext`."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        self.errors = dict(errors)
        super().__init__(", ".join(sorted(errors)))


@dataclass(frozen=True)
class Draft:
    """`context` is keyed by the fields of the specialty; `consent` is None until it was asked."""

    question: str = ""
    context: Mapping[str, str] = field(default_factory=dict)
    urgency: str = ""
    consent: bool | None = None


def _problem(text: str, most: int) -> str:
    return TOO_LONG if len(text) > most else "" if storable(text) else UNREADABLE


def newlines(text: str) -> str:
    """A form's line ends, as everybody else writes them."""
    return text.replace("\r\n", "\n")


def read_draft(fields: Mapping[str, str], specialty: Specialty) -> Draft:
    """The draft in a form's fields. Raises `Invalid` for what could not be stored."""
    texts = {f"context-{each.code}": FIELD for each in specialty.fields} | {"question": QUESTION}
    written = {name: newlines(fields.get(name, "")) for name in texts}
    wrong = {name: problem for name, text in written.items()
             if (problem := _problem(text, texts[name]))}  # fmt: skip
    if wrong:
        raise Invalid(wrong)
    urgency = fields.get("urgency", "")
    return Draft(
        written["question"],
        {each.code: written[f"context-{each.code}"] for each in specialty.fields},
        urgency if specialty.urgency(urgency) else "",
        CONSENTS.get(fields.get("consent", "")),
    )


def missing(draft: Draft, specialty: Specialty, pictures: int, arriving: int) -> dict[str, str]:
    """What keeps a draft from being sent, by field. `pictures` are kept, `arriving` on their
    way: a request does not leave without what it says it shows."""
    errors = {}
    if not draft.question.strip():
        errors["question"] = _("Écrivez votre question.")
    for each in specialty.fields:
        if each.needed and not draft.context.get(each.code, "").strip():
            errors[f"context-{each.code}"] = NEEDED
    if not draft.urgency:
        errors["urgency"] = _("Dites à quel point c’est urgent.")
    if arriving:
        errors["photos"] = _("Des photographies sont encore en route. Attendez, ou retirez-les.")
    elif pictures < specialty.pictures:
        errors["photos"] = _("Cette spécialité demande au moins une photographie.")
    if draft.consent is None:
        errors["consent"] = _("Dites si le patient accepte.")
    elif draft.consent is False:
        errors["consent"] = _(
            "Le patient refuse : la demande ne peut pas partir. Son refus est enregistré."
        )
    return errors


def read_said(text: str, needed: bool) -> str:
    """What is said with an act. Raises `Invalid`, key `text`."""
    text = newlines(text).strip()
    if needed and not text:
        raise Invalid({"text": _("Écrivez quelques mots : l’autre côté les lira.")})
    if problem := _problem(text, SAID):
        raise Invalid({"text": problem})
    return text
