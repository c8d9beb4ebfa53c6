"""The INS traits of a patient, read from a form. PURE.

Traits are those of the référentiel national d'identitovigilance (RNIV): birth name, first birth
given name, birth date, sex, birthplace by its INSEE code; matricule, its OID and the identity's
status when they are known. It refuses what no identity paper can hold, and invents nothing:
names are put in capitals without accents, as the RNIV writes them, and left otherwise as they are.
"""

import datetime as dt
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from server.kernel.i18n import gettext as _

# NIR, NIA, and the two of test and demonstration (fr-core, "INS").
OIDS = {
    "1.2.250.1.213.1.4.8": "NIR",
    "1.2.250.1.213.1.4.9": "NIA",
    "1.2.250.1.213.1.4.10": "TEST",
    "1.2.250.1.213.1.4.11": "DEMO",
}
STATUSES = ("PROV", "VALI", "RECUP", "QUAL")
# These two say that the matricule was fetched from the national service.
WITH_MATRICULE = ("RECUP", "QUAL")
SEXES = ("M", "F", "I")
OLDEST = 130

_NAME = re.compile(r"[A-Z](?:[A-Z]|['\- ](?=[A-Z]))*'?")
_INSEE = re.compile(r"(?:0[1-9]|[1-9][0-9]|2[AB])[0-9]{3}")
_MATRICULE = re.compile(r"[1-8][0-9]{4}(?:[0-9]{2}|2[AB])[0-9]{8}")
_LIGATURES = str.maketrans({"Œ": "OE", "Æ": "AE", "ẞ": "SS", "Ø": "O", "Ł": "L", "Đ": "D"})
_APOSTROPHES = str.maketrans({"’": "'", "ʼ": "'", "‐": "-", "‑": "-"})


@dataclass(frozen=True)
class Traits:
    birth_name: str
    first_birth_given_name: str
    birth_date: dt.date
    sex: str
    birthplace_insee: str
    matricule: str | None = None
    matricule_oid: str | None = None
    ins_status: str = "PROV"


def rniv_name(text: str) -> str | None:
    """The name in capitals without accents, or None when it holds something else than letters,
    hyphens, apostrophes and single spaces."""
    upper = text.strip().upper().translate(_LIGATURES).translate(_APOSTROPHES)
    plain = "".join(c for c in unicodedata.normalize("NFD", upper) if not unicodedata.combining(c))
    return plain if len(plain) <= 100 and _NAME.fullmatch(plain) else None


def matricule_holds(matricule: str) -> bool:
    """Whether the last two digits are the key: 97 − (number mod 97), Corsica's 2A and 2B counted
    as 19 and 18 (INSEE)."""
    if not _MATRICULE.fullmatch(matricule):
        return False
    number = matricule[:13].replace("2A", "19").replace("2B", "18")
    return int(matricule[13:]) == 97 - int(number) % 97


def _birth_date(text: str, today: dt.date) -> dt.date | str:
    try:
        date = dt.date.fromisoformat(text)
    except ValueError:
        return _("Indiquez la date de naissance.")
    if date > today:
        return _("La date de naissance est dans le futur.")
    if date.year < today.year - OLDEST:
        return _("Vérifiez l’année de naissance.")
    return date


def _insee(text: str) -> str | None:
    return text if _INSEE.fullmatch(text) else None


def _matricule_errors(matricule: str, oid: str, status: str) -> dict[str, str]:
    errors: dict[str, str] = {}
    if matricule and not matricule_holds(matricule):
        errors["matricule"] = _("Ce matricule n’est pas valable : 15 chiffres, clé comprise.")
    if matricule and oid not in OIDS:
        errors["matricule_oid"] = _("Indiquez la nature du matricule.")
    if oid and not matricule:
        errors["matricule"] = _("Indiquez le matricule, ou choisissez « Sans matricule ».")
    if status not in STATUSES:
        errors["ins_status"] = _("Choisissez une réponse.")
    elif status in WITH_MATRICULE and not matricule:
        errors["ins_status"] = _("Une identité récupérée ou qualifiée a un matricule.")
    return errors


def read_traits(fields: Mapping[str, str], today: dt.date) -> tuple[Traits | None, dict[str, str]]:
    """The traits, or None and what is wrong by field (French texts, for `gettext`)."""
    errors: dict[str, str] = {}
    birth_name = rniv_name(fields.get("birth_name", ""))
    if birth_name is None:
        errors["birth_name"] = _("Indiquez le nom de naissance, en lettres.")
    given_name = rniv_name(fields.get("first_birth_given_name", ""))
    if given_name is None:
        errors["first_birth_given_name"] = _("Indiquez le premier prénom, en lettres.")
    birth_date = _birth_date(fields.get("birth_date", "").strip(), today)
    if isinstance(birth_date, str):
        errors["birth_date"] = birth_date
    sex = fields.get("sex", "")
    if sex not in SEXES:
        errors["sex"] = _("Choisissez une réponse.")
    insee = _insee(fields.get("birthplace_insee", "").strip().upper())
    if insee is None:
        errors["birthplace_insee"] = _("Ce code a 5 caractères, par exemple 97353.")
    matricule = re.sub(r"\s", "", fields.get("matricule", "")).upper()
    oid = fields.get("matricule_oid", "").strip()
    status = fields.get("ins_status", "") or "PROV"
    errors |= _matricule_errors(matricule, oid, status)
    if errors or not (birth_name and given_name and insee and isinstance(birth_date, dt.date)):
        return None, errors
    traits = Traits(
        birth_name, given_name, birth_date, sex, insee, matricule or None, oid or None, status
    )
    return traits, {}
