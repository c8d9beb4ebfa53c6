"""The call page with everything around it played by the test: server, media, devices.

For what is shown, in a real browser; what really crosses a link is for `tests/e2e` and the
laboratory. Sends nothing anywhere.
"""

from pathlib import Path
from typing import Any

from playwright.sync_api import Page, Route

from tests.web import gallery
from tests.web.fixtures import Scene

HERE = Path(__file__).parent
ME, SITE, SON = "s-doc", "s-site", "s-son"
CLINICIAN = {
    "consultation": "c1",
    "seat": ME,
    "name": "Dr Claire Martin",
    "kind": "clinician",
    "member": True,
    "host": True,
    "title": "Dr Claire Martin",
    "place": "CDPS de Maripasoula",
    "back_url": "/consultations/c1",
    "record_url": None,
    "other_tz": "America/Cayenne",
    "other_place": "Cayenne",
    "my_tz": "Europe/Paris",
}
NURSE = CLINICIAN | {
    "seat": SITE,
    "name": "Odile Apatou",
    "kind": "site",
    "host": False,
    "place": "CHU de Besançon",
    "other_tz": "Europe/Paris",
    "other_place": "Paris",
    "my_tz": "America/Cayenne",
}


def seat(code: str, **changes: Any) -> dict[str, Any]:
    return {
        "seat": code, "name": code, "place": "", "kind": "family", "stage": "in", "host": False,
        "hand": False, "mic": "on", "camera": "on", "exam": "off", "exam_kind": "camera",
        "connection": "good", "lost_at": None, "consent": True,
    } | changes  # fmt: skip


DOCTOR_SEAT = seat(
    ME, name="Dr Claire Martin", place="CHU de Besançon", kind="clinician", host=True
)
SITE_SEAT = seat(SITE, name="Odile Apatou", place="CDPS de Maripasoula", kind="site")
SON_SEAT = seat(SON, name="Joseph Alimeck")


def way(rung: str = "motion", code: str = "fine", have: int | None = None, **more: Any) -> Any:
    why = {"code": code, "have": have, "need": more.pop("need", None)}
    rate = have * 1000 if have else None
    return {"rung": rung, "why": why, "rate": rate, "spare": 0, "queue": 0, "loss": 0.0} | more


class Call:
    """A page in a call, and the server it believes to speak with."""

    def __init__(self, page: Page, context: dict[str, Any]) -> None:
        self.page = page
        self.me = context["seat"]
        self.rev = 0
        self._context = context

    def open(self) -> None:
        scene = Scene(
            "call.html", "/consultations/c1/call", {"page_context": self._context, "early": ""}
        )
        html = gallery.render(scene)
        headers = {"Content-Security-Policy": gallery.POLICY}

        def answer(route: Route) -> None:
            route.fulfill(body=html, content_type="text/html", headers=headers)

        self.page.route("**/see/call", answer)
        self.page.route(
            "**/vendor/socket.io.esm.min.js",
            lambda route: route.fulfill(path=HERE / "call_server.js"),
        )
        self.page.add_init_script(f"({(HERE / 'call_media.js').read_text()})()")

    def tell(self, event: str, payload: Any) -> None:
        self.page.evaluate("([event, payload]) => __server.tell(event, payload)", [event, payload])

    def room(self, *seats: dict[str, Any], **more: Any) -> None:
        self.rev += 1
        mine = {"seat": self.me, "stage": "in", "host": True, "member": True, "consent": None}
        self.tell(
            "room",
            {"rev": self.rev, "status": "in_call", "locked": False, "me": mine, "door": []}
            | {"seats": list(seats), "refusals": [], "matters": {}}
            | more,
        )

    def media(self, *people: str, exam: str | None = None) -> None:
        """A session with these persons in the first slots, and perhaps a second picture."""
        slots = [{"slot": n, "seat": one, "kind": "person"} for n, one in enumerate(people)]
        if exam:
            slots.append({"slot": 5, "seat": exam, "kind": "exam"})
        self.tell("offer", {"session": "m1", "sdp": ""})
        self.tell("slots", {"session": "m1", "slots": slots})

    def quality(self, **ways: tuple[Any, Any]) -> None:
        """What each seat sends and gets; the keys are `me`, `site`, `son`."""
        names = {"doc": ME, "site": SITE, "son": SON}
        seats = [{"seat": names[k], "up": up, "down": down} for k, (up, down) in ways.items()]
        self.tell("quality", {"seats": seats})

    def said(self, event: str) -> list[dict[str, Any]]:
        pairs = self.page.evaluate("__server.said")
        return [payload for name, payload in pairs if name == event]
