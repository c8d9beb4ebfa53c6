"""An expert's opinion: what it says, and what is signed of it. PURE; stores nothing."""

import datetime as dt
import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from expertise.forms import Invalid, newlines
from server.kernel.i18n import gettext as _
from server.kernel.text import storable

LONGEST, HYPOTHESIS, HYPOTHESES = 8000, 300, 3
CONFIDENCES: dict[str, str] = {
    "low": _("peu probable"),
    "medium": _("probable"),
    "high": _("très probable"),
}
URGENCIES: dict[str, str] = {
    "same": _("Le degré d’urgence ne change pas"),
    "higher": _("Plus urgent qu’il n’était demandé"),
    "lower": _("Moins urgent qu’il n’était demandé"),
}
TRANSFERS: dict[str, str] = {
    "none": _("Aucun transfert n’était en question"),
    "avoided": _("Transfert ou évacuation évité"),
    "needed": _("Transfert ou évacuation nécessaire"),
}


@dataclass(frozen=True)
class Hypothesis:
    text: str
    confidence: str


@dataclass(frozen=True)
class Content:
    findings: str = ""
    hypotheses: tuple[Hypothesis, ...] = ()
    advice: str = ""
    urgency: str = ""
    transfer: str = ""

    def stored(self) -> dict[str, Any]:
        return asdict(self) | {"hypotheses": [asdict(each) for each in self.hypotheses]}

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> "Content":
        """What `stored` made."""
        hypotheses = tuple(Hypothesis(**each) for each in stored["hypotheses"])
        return cls(**{**stored, "hypotheses": hypotheses})


def read_content(fields: Mapping[str, str]) -> Content:
    """An opinion, however unfinished, in a form's fields. Raises `Invalid`."""
    errors = {}
    texts = {name: newlines(fields.get(name, "")) for name in ("findings", "advice")}
    for name, text in texts.items():
        if len(text) > LONGEST or not storable(text):
            errors[name] = _("Ce texte est trop long.")
    hypotheses = []
    for number in range(1, HYPOTHESES + 1):
        text = newlines(fields.get(f"hypothesis-{number}", "")).strip()
        confidence = fields.get(f"confidence-{number}", "")
        if len(text) > HYPOTHESIS or not storable(text):
            errors[f"hypothesis-{number}"] = _("Ce texte est trop long.")
        elif text:
            hypotheses.append(Hypothesis(text, confidence if confidence in CONFIDENCES else ""))
    if errors:
        raise Invalid(errors)
    urgency, transfer = fields.get("urgency", ""), fields.get("transfer", "")
    return Content(
        texts["findings"],
        tuple(hypotheses),
        texts["advice"],
        urgency if urgency in URGENCIES else "",
        transfer if transfer in TRANSFERS else "",
    )


def missing(content: Content) -> dict[str, str]:
    """What keeps an opinion from being signed, by field."""
    errors = {}
    if not content.findings.strip():
        errors["findings"] = _("Décrivez ce que vous constatez.")
    if not content.advice.strip():
        errors["advice"] = _("Écrivez la conduite à tenir.")
    for number, each in enumerate(content.hypotheses, 1):
        if not each.confidence:
            errors[f"confidence-{number}"] = _("Dites à quel point elle est probable.")
    if not content.urgency:
        errors["urgency"] = _("Choisissez une réponse.")
    if not content.transfer:
        errors["transfer"] = _("Choisissez une réponse.")
    return errors


def digest(
    case_id: str, number: int, content: Content, author_id: str, signed_at: dt.datetime
) -> str:
    """SHA-256 of all that the signature stands for; it is also in the audit chain."""
    signed = {
        "case": case_id,
        "number": number,
        "content": content.stored(),
        "author": author_id,
        "at": signed_at.astimezone(dt.UTC).isoformat(timespec="microseconds"),
    }
    text = json.dumps(signed, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()
