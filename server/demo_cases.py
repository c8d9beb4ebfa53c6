"""Invented requests for an opinion, written and sent as anybody's are."""

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from expertise import drafts, specialties
from expertise.forms import Draft
from server.kernel.access import member
from server.kernel.cases import Case
from server.kernel.db import Person
from server.kernel.identity import Traits
from server.kernel.secrets import Secret

# requester, specialty at an organisation, patient, urgency, question, context
REQUESTS = (
    ("apatou", "infectious@demo-org-chu",
     Traits("TOKO", "ELIANE", dt.date(1989, 6, 2), "F", "97353"), "urgent",
     "Fièvre depuis quatre jours au retour d’un site d’orpaillage : quel bilan ici, et faut-il "
     "commencer un traitement avant l’avion de demain ?",
     {"history": "Fièvre à 39,5 °C par accès, frissons, céphalées. Test rapide du paludisme "
                 "négatif ce matin.",
      "risks": "Aucun connu. Pas de grossesse.",
      "treatments": "Paracétamol.",
      "symptoms": "Pas de signe méningé, pas d’ictère, pas de saignement.",
      "travel": "Trois semaines sur le Haut-Maroni, rentrée il y a six jours.",
      "vitals": "11/7, pouls 104, 39,1 °C, saturation 98 %, à 8 h 30."}),
    ("roussel", "geriatrics@demo-org-chu",
     Traits("BOUVERET", "MARCEL", dt.date(1938, 11, 2), "M", "25434"), "usual",
     "Chutes répétées depuis un mois : peut-on alléger le traitement ?",
     {"history": "Quatre chutes en cinq semaines, toujours au lever.",
      "risks": "Hypertension, fibrillation auriculaire.",
      "treatments": "Bisoprolol 5 mg, ramipril 5 mg, furosémide 40 mg, zopiclone 7,5 mg.",
      "autonomy": "Marche avec une canne, GIR 4, MMS 22.",
      "vitals": "Couché 13/7, debout 10/6 à trois minutes."}),
)  # fmt: skip


async def fill(session: AsyncSession, secret: Secret, now: dt.datetime) -> None:
    """Sends the requests above, when there is none at all."""
    if (await session.scalars(sa.select(Case.id).limit(1))).first() is not None:
        return
    forms = specialties.load()
    for key, to, traits, urgency, question, context in REQUESTS:
        actor = member(await session.get_one(Person, f"demo-person-{key}"))
        case = await drafts.create(session, actor, to, traits, secret=secret, now=now)
        draft = Draft(question, context, urgency, True)
        case = await drafts.save(session, actor, case, draft, case.version, now)
        await drafts.submit(session, actor, case, case.version, forms, (0, 0), now)
