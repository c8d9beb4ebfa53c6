"""What the call page costs on the wire, counted by the browser itself.

Cold: nothing kept, up to the moment the device page can be used, everything included (page,
script, style, socket). Warm: the same again with the browser's cache. A satellite link of
128 kbit/s carries 120 kB in eight seconds.
"""

from __future__ import annotations

import base64
import hashlib
import ssl
from collections import Counter
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from playwright.async_api import Page, Playwright

from tests.e2e import journey
from tests.e2e.process import Carbet
from tests.peers import browsers
from tests.peers.measure import until

COLD, WARM = 120_000, 5_000  # bytes


def fingerprint(carbet: Carbet) -> str:
    """SHA-256 of the public key of the certificate Carbet made for itself, as Chromium wants it.

    Chromium caches nothing that came over a certificate it merely ignores."""
    pem = ssl.get_server_certificate(("localhost", carbet.port))
    key = x509.load_pem_x509_certificate(pem.encode()).public_key()
    spki = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(hashlib.sha256(spki).digest()).decode()


class Meter:
    """Bytes received by one page, by address: headers and bodies as they came, and the socket."""

    def __init__(self) -> None:
        self.bytes: Counter[str] = Counter()
        self._address: dict[str, str] = {}

    async def watch(self, page: Page) -> None:
        devtools = await page.context.new_cdp_session(page)
        devtools.on("Network.requestWillBeSent", self._asked)
        devtools.on("Network.webSocketCreated", self._asked)
        devtools.on("Network.loadingFinished", self._came)
        devtools.on("Network.webSocketHandshakeResponseReceived", self._upgraded)
        devtools.on("Network.webSocketFrameReceived", self._frame)
        await devtools.send("Network.enable")

    def _asked(self, event: dict[str, Any]) -> None:
        url = event.get("url") or event["request"]["url"]
        self._address[event["requestId"]] = url.split("?")[0]

    def _came(self, event: dict[str, Any]) -> None:
        address = self._address.get(event["requestId"], "?")
        self.bytes[address] += int(event["encodedDataLength"])

    def _upgraded(self, event: dict[str, Any]) -> None:
        address = self._address.get(event["requestId"], "?")
        self.bytes[address] += len(event["response"].get("headersText", ""))

    def _frame(self, event: dict[str, Any]) -> None:
        address = self._address.get(event["requestId"], "?")
        self.bytes[address] += len(event["response"]["payloadData"].encode())

    @property
    def total(self) -> int:
        return sum(self.bytes.values())

    def table(self) -> str:
        return "\n".join(f"{n:8} {address}" for address, n in self.bytes.most_common())


async def usable(page: Page) -> None:
    """The device page is drawn and the socket is there."""
    await journey.at_devices(page)
    connecting = page.get_by_text("Connexion à Carbet…")
    await until("socket", connecting.count, lambda shown: shown == 0)
    await page.wait_for_load_state("networkidle")


async def test_the_call_page_is_light(carbet: Carbet, play: Playwright) -> None:
    trusting = f"--ignore-certificate-errors-spki-list={fingerprint(carbet)}"
    browser = await browsers.chromium(play, switches=(trusting,))
    context = await browser.new_context(locale="fr-FR")
    page = await context.new_page()
    await journey.enter_demo(page, carbet.address, "Dr Claire Morel")
    consultation = await journey.plan_now(page, carbet.address)
    known = await context.storage_state()
    await context.close()

    fresh = await browser.new_context(locale="fr-FR", storage_state=known)
    sizes = []
    for _ in ("cold", "warm"):
        page = await fresh.new_page()
        meter = Meter()
        await meter.watch(page)
        await page.goto(f"{consultation}/call")
        await usable(page)
        await page.close()
        print(f"{meter.total} bytes\n{meter.table()}")
        sizes.append(meter.total)
    await browser.close()
    cold, warm = sizes
    assert cold <= COLD
    if warm > WARM:
        pytest.fail(f"warm: {warm} bytes\n{meter.table()}")
