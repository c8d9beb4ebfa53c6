"""Where a request comes from, whatever it claims."""

import pytest

from server.kernel import address

PROXIES = ["10.0.0.0/8", "2001:db8:1::/48"]


@pytest.mark.parametrize(
    ("peer", "forwarded", "found"),
    [
        ("192.0.2.1", "", "192.0.2.1"),
        ("192.0.2.1", "203.0.113.9", "192.0.2.1"),
        ("10.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("10.0.0.1", "1.1.1.1, 203.0.113.9", "203.0.113.9"),
        ("10.0.0.1", "1.1.1.1, 203.0.113.9, 10.2.3.4", "203.0.113.9"),
        ("10.0.0.1", "10.9.9.9", "10.9.9.9"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("::ffff:10.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("2001:db8:1::5", "2001:db8:2::7", "2001:db8:2::7"),
        ("10.0.0.1", "203.0.113.9, nonsense", None),
        ("10.0.0.1", "203.0.113.9:4711", None),
        ("", "203.0.113.9", None),
        ("fe80::1%eth0", "", "fe80::1"),
    ],
)
def test_it_is_read_from_the_nearest_hop(peer: str, forwarded: str, found: str | None) -> None:
    parsed = address.client(peer, forwarded, PROXIES)
    assert (str(parsed) if parsed else None) == found


def test_an_ipv6_subscriber_counts_as_one() -> None:
    first, second, other = (address.as_limited(address.parse(each)) for each in (
        "2001:db8::1", "2001:db8::ffff:1", "2001:db8:0:1::1"))  # fmt: skip
    assert first == second != other
    assert address.as_limited(address.parse("192.0.2.1")) == "192.0.2.1"
    assert address.as_limited(address.parse("::ffff:192.0.2.1")) == "192.0.2.1"
    assert address.as_limited(None) == "unknown"


def test_this_machine() -> None:
    local = [each for each in ("127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1", "10.0.0.1", "x")
             if address.is_this_machine(address.parse(each))]  # fmt: skip
    assert local == ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"]
