"""A request for an opinion in real browsers: written, photographed, cut off, resumed, answered,
signed, read. What the page says is on the server is compared with what the server has.
"""

from __future__ import annotations

import re
import signal
from pathlib import Path

import pytest
from playwright.async_api import Browser, CDPSession, Page, expect

from tests.e2e import journey
from tests.e2e.conftest import People
from tests.e2e.process import Carbet
from tests.e2e.test_pages import WIDTHS, Gallery
from tests.expertise.photographs import photograph
from tests.peers.measure import until

NURSE, DOCTOR = "Odile Apatou", "Dr Claire Morel"
SKIN = "Dermatologie — CHU de Besançon"
PASSWORD = "carbet demonstration"
THIN = 120_000  # bytes/s upward, so that a photograph takes as long as a hand needs to cut it
SLOW = 60_000
CONTEXT = {
    "Que voulez-vous savoir de cette lésion ?": "Faut-il une biopsie ?",
    "Histoire de la maladie": "Depuis trois mois.",
    "Facteurs de risque et antécédents": "Aucun connu.",
    "Traitements en cours": "Aucun.",
    "Siège et côté de la lésion": "Jambe gauche, face interne.",
    "Taille, aspect, évolution": "Huit millimètres, a grandi.",
}
KEPT = "Sur le serveur, vérifiée."
CLOSE, WIDE = "Vue rapprochée, de face", "Vue large : la région du corps"


@pytest.fixture(scope="module")
def photo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made by code, with a place and a maker in it."""
    path = tmp_path_factory.mktemp("photos") / "lésion <b>1.jpg"
    path.write_bytes(photograph(2000, 1400, turn=6, quality=95))
    return path


async def begin(page: Page, carbet: Carbet, patient: str = "ANATO") -> None:
    """From the agenda to an empty draft for a patient."""
    await journey.enter_demo(page, carbet.address, NURSE)
    await page.get_by_role("link", name="Demandes d’avis").click()
    await page.get_by_role("link", name="Nouvelle demande").click()
    await page.get_by_label("Spécialité").select_option(label=SKIN)
    plan = journey.Plan()
    await page.get_by_label("Nom de naissance", exact=True).fill(patient)
    await page.get_by_label("Premier prénom de naissance").fill(plan.given_name)
    await page.get_by_label("Date de naissance").fill(plan.birth_date)
    await page.get_by_label("Code INSEE du lieu de naissance").fill(plan.birthplace)
    await page.get_by_role("radio", name=plan.sex).check()
    await page.get_by_role("button", name="Commencer la demande").click()
    await expect(page.get_by_text("Brouillon", exact=True)).to_be_visible()


async def write(page: Page) -> None:
    for label, text in CONTEXT.items():
        await page.get_by_label(label).fill(text)
    await page.get_by_role("radio", name=re.compile("^Rapide")).check()
    await page.get_by_role("radio", name="Il accepte").check()
    await expect(page.get_by_role("status").filter(has_text="Enregistré")).to_be_visible(
        timeout=SLOW
    )


async def choose(page: Page, view: str, photo: Path) -> None:
    await page.get_by_role("button", name=view, exact=True).set_input_files(photo)


class Line:
    """The link of a health post, which can be cut."""

    def __init__(self, session: CDPSession) -> None:
        self._session = session

    @classmethod
    async def of(cls, page: Page) -> Line:
        line = cls(await page.context.new_cdp_session(page))
        await line._session.send("Network.enable")
        await line.is_there()
        return line

    async def is_there(self, there: bool = True) -> None:
        await self._session.send("Network.emulateNetworkConditions", {
            "offline": not there, "latency": 50, "downloadThroughput": -1,
            "uploadThroughput": THIN,
        })  # fmt: skip


async def told(page: Page) -> str:
    return await page.get_by_role("listitem").filter(has_text="lésion").first.inner_text()


async def sent_some(page: Page) -> int:
    """Until a part has left; how many kB the page says."""

    async def kilobytes() -> int:
        found = re.search(r"Envoi : (\d+) ko sur", await told(page))
        return int(found[1]) if found else 0

    return await until("some kB sent", kilobytes, lambda count: count > 300, patience=60)


async def offset_of(page: Page) -> int:
    """What the server has of the one photograph, asked as the page itself would ask."""
    return int(
        await page.evaluate(
            """async () => {
              const row = document.querySelector("[data-photo]");
              const at = document.querySelector("[data-uploads]").dataset.uploads;
              const answer = await fetch(`${at}/${row.dataset.photo}`,
                { method: "HEAD", headers: { "Tus-Resumable": "1.0.0" } });
              return answer.headers.get("Upload-Offset");
            }"""
        )
    )


async def send(page: Page) -> str:
    await page.get_by_role("button", name="Envoyer la demande").click()
    await expect(page.get_by_text("Envoyée", exact=True)).to_be_visible(timeout=SLOW)
    return page.url


async def answer(doctor: Page, carbet: Carbet, patient: str = "ANATO") -> None:
    """From the worklist to a signed answer; the first proof is wrong, and nothing is lost."""
    await doctor.goto(f"{carbet.address}/cases")
    await doctor.get_by_role("link", name=patient).click()
    await doctor.get_by_role("button", name="Prendre en charge").click()
    await doctor.get_by_label("Constatations").fill("Lésion pigmentée asymétrique")
    await doctor.get_by_label("Hypothèse 1", exact=True).fill("Mélanome")
    await doctor.get_by_label("Probabilité de l’hypothèse 1").select_option(label="très probable")
    await doctor.get_by_label("Conduite à tenir").fill("Exérèse sous quinze jours")
    await doctor.get_by_role("radio", name="Plus urgent qu’il n’était demandé").check()
    await doctor.get_by_role("radio", name="Transfert ou évacuation nécessaire").check()


async def sign(doctor: Page) -> None:
    proof = doctor.get_by_label("Votre code à 6 chiffres, ou votre mot de passe")
    await proof.fill("ce n’est pas lui")
    await doctor.get_by_role("button", name="Signer la réponse").click()
    await expect(doctor.get_by_role("alert")).to_contain_text("ni votre mot de passe")
    await expect(doctor.get_by_label("Conduite à tenir")).to_have_value("Exérèse sous quinze jours")
    await proof.fill(PASSWORD)
    await doctor.get_by_role("button", name="Signer la réponse").click()
    await expect(doctor.get_by_text("Signé par")).to_be_visible(timeout=SLOW)


async def test_from_the_health_post_to_the_answer_with_the_link_cut(
    carbet: Carbet, chromium: Browser, people: People, photo: Path
) -> None:
    nurse = await people.sit(chromium, width=360, height=740)
    await begin(nurse, carbet)
    await write(nurse)
    line = await Line.of(nurse)
    await choose(nurse, CLOSE, photo)
    await sent_some(nurse)
    await line.is_there(False)
    row = nurse.get_by_role("listitem").filter(has_text="lésion")
    await expect(row).to_contain_text("Liaison coupée", timeout=SLOW)
    said = re.search(r"(\d+) ko sur", await row.inner_text())
    await nurse.get_by_label("Traitements en cours").fill("Aucun traitement.")
    saved = nurse.locator("#saved")
    await expect(saved).to_contain_text("n’est que sur cette page", timeout=SLOW)
    await line.is_there()
    await expect(row).to_contain_text("Envoi :", timeout=SLOW)
    again = re.search(r"Envoi : (\d+) ko sur", await row.inner_text())
    assert said and again and int(again[1]) >= int(said[1]) > 0, "it went on, not anew"
    await expect(row).to_contain_text(KEPT, timeout=SLOW)
    assert await offset_of(nurse) == photo.stat().st_size
    await expect(saved).to_contain_text("Enregistré sur le serveur", timeout=SLOW)
    address = await send(nurse)

    doctor = await people.sit(chromium, width=1440, height=900)
    await journey.enter_demo(doctor, carbet.address, DOCTOR)
    await answer(doctor, carbet)
    shown = doctor.get_by_role("figure").locator("img")
    await shown.scroll_into_view_if_needed()
    size = await shown.evaluate(
        "async (i) => { await i.decode(); return [i.naturalWidth, i.naturalHeight]; }"
    )
    assert size == [224, 320], "upright, although the camera lay on its side"
    await expect(doctor.get_by_text("Aucun traitement.")).to_be_visible()
    await nurse.goto(address)
    assert "Exérèse" not in await nurse.content(), "a draft is its author's alone"
    await sign(doctor)
    await nurse.goto(f"{carbet.address}/cases")
    await nurse.get_by_role("link", name="ANATO").click()
    await expect(nurse.get_by_text("Exérèse sous quinze jours")).to_be_visible()
    await nurse.get_by_role("button", name="J’ai lu la réponse").click()
    await expect(nurse.get_by_text("Réponse lue", exact=True)).to_be_visible()
    await nurse.get_by_role("button", name="Clore la demande").click()
    await expect(nurse.get_by_text("Close", exact=True)).to_be_visible()


async def test_the_server_killed_and_the_page_left_in_the_middle(
    own_carbet: Carbet, chromium: Browser, people: People, photo: Path
) -> None:
    nurse = await people.sit(chromium)
    await begin(nurse, own_carbet, "KOUROU")
    await Line.of(nurse)
    await choose(nurse, WIDE, photo)
    await sent_some(nurse)
    await own_carbet.stop(signal.SIGKILL)
    row = nurse.get_by_role("listitem").filter(has_text="lésion")
    await expect(row).to_contain_text("Liaison coupée", timeout=SLOW)
    await own_carbet.start()
    await expect(row).to_contain_text("Envoi :", timeout=SLOW)
    # The page is left and comes back: what is on the server is told, and the same file goes on.
    nurse.on("dialog", lambda dialog: dialog.accept())
    await nurse.goto(nurse.url)
    await expect(row).to_contain_text("sont sur le serveur. Choisissez de nouveau le même fichier")
    has = await offset_of(nurse)
    assert 0 < has < photo.stat().st_size
    await choose(nurse, WIDE, photo)
    await expect(row).to_contain_text(KEPT, timeout=SLOW)
    assert await row.count() == 1 and await offset_of(nurse) == photo.stat().st_size


async def test_what_is_no_photograph_is_said_and_removed(
    carbet: Carbet, chromium: Browser, people: People, tmp_path: Path
) -> None:
    false = tmp_path / "lésion.jpg"
    false.write_bytes(b"<script>alert(1)</script>" * 40)
    nurse = await people.sit(chromium)
    await begin(nurse, carbet, "FAUX")
    await choose(nurse, CLOSE, false)
    row = nurse.get_by_role("listitem").filter(has_text="lésion")
    await expect(row).to_contain_text("n’est pas une photographie lisible", timeout=SLOW)
    await row.get_by_role("button").click()
    await expect(row).to_have_count(0)
    await nurse.reload()
    await expect(row).to_have_count(0)


@pytest.mark.parametrize("width", WIDTHS)
async def test_pages_of_a_request(
    carbet: Carbet, chromium: Browser, people: People, photo: Path, width: str
) -> None:
    gallery = Gallery(width)
    wide, high = WIDTHS[width]
    nurse = await people.sit(chromium, width=wide, height=high)
    doctor = await people.sit(chromium, width=wide, height=high)
    for page in (nurse, doctor):
        gallery.listen(page)
    patient = {"telephone": "TELON", "desk": "BUREAU"}[width]
    await begin(nurse, carbet, patient)
    await nurse.get_by_role("button", name="Envoyer la demande").click()
    await gallery.show(nurse, "expertise-1-refused")
    await write(nurse)
    await choose(nurse, CLOSE, photo)
    await expect(nurse.get_by_text(KEPT).first).to_be_visible(timeout=SLOW)
    await gallery.show(nurse, "expertise-2-draft")
    await send(nurse)
    await gallery.show(nurse, "expertise-3-sent")
    await journey.enter_demo(doctor, carbet.address, DOCTOR)
    await doctor.goto(f"{carbet.address}/cases")
    await gallery.show(doctor, "expertise-4-worklist")
    await answer(doctor, carbet, patient)
    await gallery.show(doctor, "expertise-5-answering")
    await sign(doctor)
    await gallery.show(doctor, "expertise-6-signed")
    await nurse.goto(f"{carbet.address}/cases")
    await gallery.show(nurse, "expertise-7-list")
    await nurse.get_by_role("link", name=patient).click()
    await gallery.show(nurse, "expertise-8-answer")
    await nurse.get_by_role("button", name="J’ai lu la réponse").click()
    await nurse.goto(f"{carbet.address}/cases/new")
    await gallery.show(nurse, "expertise-9-new")
    assert not gallery.wrong, "\n".join(gallery.wrong)
