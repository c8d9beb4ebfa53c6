"""Our SRTP against the vectors of RFC 7714 and RFC 6188, and against libsrtp as the peer."""

import os
import random

import pylibsrtp
import pytest
from pylibsrtp import Policy, Session

from media import srtp
from media.core.packets import rtp
from media.srtp import Opener, Sealer, derive

SALT = bytes.fromhex("517569642070726f2071756f")
PACKET = bytes.fromhex(
    "8040f17b8041f8d35501a0b247616c6c696120657374206f6d6e697320646976697361"
    "20696e207061727465732074726573"
)
SEALED = {
    16: "f24de3a3fb34de6cacba861c9d7e4bcabe633bd50d294e6f42a5f47a51c7d19b"
        "36de3adf8833899d7f27beb16a9152cf765ee4390cce",
    32: "32b1de78a822fe12ef9f78fa332e33aab18012389a58e2f3b50b2a0276ffae0f"
        "1ba63799b87b7aa3db36dfffd6b0f9bb7878d7a76c13",
}  # fmt: skip
REPORT = bytes.fromhex(
    "81c8000d4d6172734e5450314e545032525450200000042a0000e930"
    "4c756e61deadbeefdeadbeefdeadbeefdeadbeefdeadbeef"
)
SEALED_REPORT = {
    16: "63e94885dcdab67ca727d7662f6b7e997ff5c0f76c06f32dc676a5f1730d6fda"
        "4ce09b4686303ded0bb9275bc84aa45896cf4d2fc5abf87245d9eade800005d4",
    32: "d50ae4d1f5ce5d304ba297e47d470c282c3ece5dbffe0a50a2eaa5c1110555be"
        "8415f658c61de0476f1b6fad1d1eb30c4446839f57ff6f6cb26ac3be800005d4",
}  # fmt: skip


def at_session_keys(sealer: Sealer, opener: Opener, key: bytes) -> None:
    """The RFC's vectors begin there: nothing is derived."""
    for each in (sealer, opener):
        each._rtp = each._rtcp = srtp._Cipher(key, SALT)


@pytest.mark.parametrize("size", [16, 32])
def test_the_vectors_of_rfc_7714_for_packets(size: int) -> None:
    key = bytes(range(size))
    sealer, opener = Sealer(key, SALT), Opener(key, SALT)
    at_session_keys(sealer, opener, key)
    sealed = sealer.seal_rtp(PACKET)
    assert sealed == PACKET[:12] + bytes.fromhex(SEALED[size])
    assert opener.open_rtp(sealed) == PACKET


@pytest.mark.parametrize("size", [16, 32])
def test_the_vectors_of_rfc_7714_for_reports(size: int) -> None:
    key = bytes(range(size))
    sealer, opener = Sealer(key, SALT), Opener(key, SALT)
    at_session_keys(sealer, opener, key)
    for _ in range(0x5D3):
        sealer.seal_rtcp(REPORT)
    sealed = sealer.seal_rtcp(REPORT)
    assert sealed == REPORT[:8] + bytes.fromhex(SEALED_REPORT[size])
    assert opener.open_rtcp(sealed) == REPORT


def test_the_vectors_of_key_derivation() -> None:
    # RFC 3711 §B.3.
    key = bytes.fromhex("e1f97a0d3e018be0d64fa32c06de4139")
    salt = bytes.fromhex("0ec675ad498afeebb6960b3aabe6")
    assert derive(key, salt, 0, 16).hex() == "c61e7a93744f39ee10734afe3ff7a087"
    assert derive(key, salt, 2, 14).hex() == "30cbbc08863d8c85d49db34a9ae1"
    # RFC 6188 §7.4.
    key = bytes.fromhex("f0f04914b513f2763a1b1fa130f10e2998f6f6e43e4309d1e622a0e332b9f1b6")
    salt = bytes.fromhex("3b04803de51ee7c96423ab5b78d2")
    assert derive(key, salt, 0, 32).hex() == (
        "5ba1064e30ec51613cad926c5a28ef731ec7fb397f70a960653caf06554cd8c4"
    )
    assert derive(key, salt, 2, 14).hex() == "fa31791685ca444a9e07c6c64e93"


PROFILES = {32: Policy.SRTP_PROFILE_AEAD_AES_256_GCM, 16: Policy.SRTP_PROFILE_AEAD_AES_128_GCM}


class Pair:
    """Ours and libsrtp's, each able to open what the other seals."""

    def __init__(self, size: int = 32) -> None:
        key, salt = os.urandom(size), os.urandom(12)
        self.sealer, self.opener = Sealer(key, salt), Opener(key, salt)
        self.seal = self._session(key + salt, size, Policy.SSRC_ANY_OUTBOUND)
        self.open = self._session(key + salt, size, Policy.SSRC_ANY_INBOUND)

    @staticmethod
    def _session(key: bytes, size: int, kind: int) -> Session:
        policy = Policy(key=key, ssrc_type=kind, srtp_profile=PROFILES[size])
        policy.allow_repeat_tx, policy.window_size = True, 1024
        return Session(policy)


def packet(sequence: int, ssrc: int = 7, payload: bytes = b"speech") -> bytes:
    return rtp.write(96, sequence & 0xFFFF, 960 * sequence & 0xFFFFFFFF, ssrc, payload)


def shapes() -> list[bytes]:
    """Every kind of header: extended, of contributing sources, padded, empty."""
    plain = packet(5)
    extended = rtp.numbered(packet(6), 0x1234)
    sources = bytes((0x82, 96, 0, 7)) + bytes(8) + b"\1\2\3\4\5\6\7\x08" + b"payload"
    return [plain, extended, sources, packet(8, payload=b""),
            rtp.write_padding(97, 9, 1, 7, 200), packet(10, payload=bytes(1100))]  # fmt: skip


@pytest.mark.parametrize("size", [16, 32])
def test_libsrtp_opens_what_we_seal_and_we_what_it_seals(size: int) -> None:
    pair = Pair(size)
    for each in shapes():
        sealed = pair.sealer.seal_rtp(each)
        assert sealed is not None and sealed == pair.seal.protect(each)
        assert pair.open.unprotect(sealed) == each
        assert pair.opener.open_rtp(sealed) == each
    for ssrc in (1, 2, 1):
        report = REPORT[:4] + ssrc.to_bytes(4, "big") + REPORT[8:]
        sealed = pair.sealer.seal_rtcp(report)
        assert sealed is not None and pair.open.unprotect_rtcp(sealed) == report


def test_each_sender_of_reports_has_its_own_count_with_libsrtp() -> None:
    pair = Pair()
    for ssrc in (1, 2, 1, 3, 2):
        report = REPORT[:4] + ssrc.to_bytes(4, "big") + REPORT[8:]
        sealed = pair.seal.protect_rtcp(report)
        assert pair.opener.open_rtcp(sealed) == report
        assert pair.opener.open_rtcp(sealed) is None


def test_numbers_turn_over_as_with_libsrtp() -> None:
    pair = Pair()
    for n in range(65_000, 65_000 + 3 * 65_536, 97):
        ours, theirs = pair.sealer.seal_rtp(packet(n)), pair.seal.protect(packet(n))
        assert ours == theirs
        assert pair.opener.open_rtp(theirs) == packet(n)


def test_what_is_late_opens_once_and_within_the_window_only() -> None:
    pair = Pair()
    order = list(range(65_000, 67_500))
    shuffled = random.Random(3)
    late = sorted(order, key=lambda n: n + shuffled.uniform(0, 900))
    sealed = {n: pair.seal.protect(packet(n)) for n in [*order, 67_500, 67_501, 67_500 + 1024]}
    first = late.index(65_000)
    assert all(pair.opener.open_rtp(sealed[n]) == packet(n) for n in late[first:])
    assert all(pair.opener.open_rtp(sealed[n]) is None for n in order)
    assert pair.opener.open_rtp(sealed[67_500 + 1024]) is not None
    # Never seen, one number too old, and one just young enough.
    assert pair.opener.open_rtp(sealed[67_500]) is None
    assert pair.opener.open_rtp(sealed[67_501]) == packet(67_501)


def test_what_left_before_the_first_turn_is_not_taken() -> None:
    pair = Pair()
    assert pair.opener.open_rtp(pair.seal.protect(packet(3))) == packet(3)
    ahead = Pair().seal.protect(packet(65_535))
    assert pair.opener.open_rtp(ahead) is None
    assert pair.sealer.seal_rtp(packet(3)) is not None
    assert pair.sealer.seal_rtp(packet(65_535)) is None


def test_what_is_changed_anywhere_is_not_opened() -> None:
    pair = Pair()
    sealed, report = pair.seal.protect(shapes()[1]), pair.seal.protect_rtcp(REPORT)
    for data, opens in ((sealed, pair.opener.open_rtp), (report, pair.opener.open_rtcp)):
        for at in range(len(data)):
            changed = bytearray(data)
            changed[at] ^= 0x01
            assert opens(bytes(changed)) is None, at
        for size in range(len(data)):
            assert opens(data[:size]) is None
        assert opens(data) is not None  # none of that spoilt the state


def test_what_is_no_packet_is_refused_without_an_error() -> None:
    pair, numbers = Pair(), random.Random(5)
    for _ in range(20_000):
        data = numbers.randbytes(numbers.randrange(0, 60))
        assert pair.opener.open_rtp(data) is None
        assert pair.opener.open_rtcp(data) is None
        pair.sealer.seal_rtp(data)
    assert pair.sealer.seal_rtp(packet(1, payload=bytes(1473))) is None
    assert pair.sealer.seal_rtp(packet(1, payload=bytes(1472))) is not None
    assert pair.sealer.seal_rtcp(bytes(7)) is None
    with pytest.raises(pylibsrtp.Error):
        pair.open.unprotect(bytes(60))


def test_another_key_opens_nothing() -> None:
    sealed = Pair().sealer.seal_rtp(packet(1))
    assert sealed is not None and Pair().opener.open_rtp(sealed) is None


def test_no_place_is_ever_sealed_twice() -> None:
    """Two texts under one nonce give the key of the tags away (RFC 7714 §8.1)."""
    sealer, other = Sealer(bytes(32), SALT), Sealer(bytes(32), SALT)
    packet = rtp.write(111, 7, 960, 5, b"voice")
    assert sealer.seal_rtp(packet)
    for again in (packet, rtp.numbered(packet, 9), rtp.write(111, 7, 960, 5, b"other")):
        assert sealer.seal_rtp(again) is None
    assert sealer.seal_rtp(rtp.write(111, 7, 960, 6, b"voice")), "another stream, another nonce"
    late = [rtp.write(111, number, 0, 5, b"late") for number in (2000, 1500, 1500, 900, 2000)]
    assert [bool(sealer.seal_rtp(each)) for each in late] == [True, True, False, False, False]
    # After a turn of the numbers the place is another.
    for number in range(7, 7 + 0x10000, 1000):
        other.seal_rtp(rtp.write(111, number & 0xFFFF, 0, 5, b"voice"))
    assert other.seal_rtp(rtp.write(111, 7, 0, 5, b"a turn later"))
