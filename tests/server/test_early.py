"""The one script within a page: it runs because the policy names it, and only as it was written."""

import base64
import hashlib
import re
from typing import Any

from aiohttp.test_utils import TestClient

from server.kernel.db import Database
from tests.people import People
from tests.server.conftest import Planned, visitor


def call_of(planned: Planned) -> str:
    return f"/consultations/{planned.consultation.id}/call"


async def test_the_policy_names_the_script_of_the_call_page(
    site: TestClient[Any, Any], database: Database, people: People, planned: Planned
) -> None:
    clinician = await visitor(site, database, people.clinician)
    shown = await clinician.get(call_of(planned))
    assert shown.status == 200
    (script,) = re.findall(r"<script>([^<]*)</script>", shown.text)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = shown.headers["Content-Security-Policy"]
    assert f"script-src 'self' 'sha256-{digest}';" in policy


async def test_the_page_before_names_what_the_call_needs(
    site: TestClient[Any, Any], database: Database, people: People, planned: Planned
) -> None:
    clinician = await visitor(site, database, people.clinician)
    shown = await clinician.get(f"/consultations/{planned.consultation.id}")
    (named,) = re.findall(r'<meta name="later" content="([^"]+)">', shown.text)
    for address in named.split():
        assert (await clinician.get(address)).headers["Cache-Control"].endswith("immutable")
    assert named.split()[0] in (await clinician.get(call_of(planned))).text
