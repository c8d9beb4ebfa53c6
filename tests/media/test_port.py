"""The port follows the machine's addresses. (What strangers may send: test_attacks.py.)"""

from collections import Counter

import pytest

from media import port as ports
from media.port import Port
from tests.media.workshop import Workshop


async def test_new_addresses_are_listened_on_and_lost_ones_let_go(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    there = ["127.0.0.1"]
    monkeypatch.setattr(ports, "own_addresses", lambda: there)
    port = Port(Counter())
    port.open([], 0)
    number = port.number
    there[:] = ["127.0.0.1", "127.0.0.9", "::1"]
    port.renew(1.0)
    assert port.addresses == there and port.number == number
    there[:] = ["127.0.0.9", "203.0.113.77"]  # the last is not ours: it is tried again later
    port.renew(2.0)
    assert port.addresses == ["127.0.0.9"]
    port.close()


async def test_only_the_addresses_asked_for() -> None:
    port = Port(Counter())
    port.open(["127.0.0.1"], 0)
    port.renew(1.0)
    assert port.addresses == ["127.0.0.1"]
    with pytest.raises(OSError):
        Port(Counter()).open(["127.0.0.1"], port.number)  # taken: never shared with another
    with pytest.raises(OSError):
        Port(Counter()).open(["203.0.113.77"], 0)
    port.close()


async def test_a_call_over_ipv6_alone() -> None:
    workshop = Workshop(["::1"])
    ana, bo = [await workshop.peer(name).join() for name in ("ana", "bo")]
    await ana.receive("v0")
    await bo.receive("a0")
    assert {address[0] for address in workshop.port._by_address} != {"127.0.0.1"}
    await workshop.close()
