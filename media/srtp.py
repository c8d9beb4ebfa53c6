"""SRTP and SRTCP with AES-GCM (RFC 3711, RFC 7714), one direction of one browser.

Beside libsrtp because a packet costs a third so: the cipher is OpenSSL's, by `cryptography`, and
nothing is copied through buffers. Opens each packet once, in any order within the replay window.
Knows neither where keys come from nor what packets mean.
"""

from array import array

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

TAG = 16
SALT = 12
KEYS = {"SRTP_AEAD_AES_256_GCM": 32, "SRTP_AEAD_AES_128_GCM": 16}  # profile → bytes of its key
WINDOW = 1024  # packets behind the highest which may still come
REPORT_WINDOW = 128
LARGEST = 1500
MOST_INDEX = (1 << 48) - 1
ENCRYPTED = 0x80000000  # the E bit before an SRTCP index
RTP_KEY, RTP_SALT, RTCP_KEY, RTCP_SALT = 0, 2, 3, 5  # labels (RFC 3711 §4.3.2)


def derive(key: bytes, salt: bytes, label: int, size: int) -> bytes:
    """A session key or salt of so many bytes (RFC 3711 §4.3.3, RFC 6188; no re-keying)."""
    start = int.from_bytes(salt.ljust(14, b"\0"), "big") ^ label << 48
    cipher = Cipher(algorithms.AES(key), modes.CTR((start << 16).to_bytes(16, "big")))
    return cipher.encryptor().update(bytes(size))


class Numbers:
    """Of one stream: each sequence number's place in the whole (RFC 3711 §3.3.1), and which places
    were there (§3.3.2). `base`: its part of every nonce."""

    __slots__ = ("_seen", "_window", "base", "highest")

    def __init__(self, base: int, window: int) -> None:
        self.highest = -1
        self.base = base
        self._window = window
        self._seen = array("q", [-1]) * window

    def place(self, sequence: int) -> int:
        """The index, nearest to the highest; negative when it lies before the first turn."""
        highest = self.highest
        if highest < 0:
            return sequence
        return highest + ((sequence - highest + 0x8000) & 0xFFFF) - 0x8000

    def is_old(self, place: int) -> bool:
        """Whether it was there, or is too far behind to tell."""
        window = self._window
        return place < 0 or place <= self.highest - window or self._seen[place % window] == place

    def note(self, place: int) -> None:
        """It was there."""
        self._seen[place % self._window] = place
        if place > self.highest:
            self.highest = place


def _start(packet: bytes) -> int:
    """Where the payload of an RTP packet starts; behind its end when it has none whole."""
    start = 12 + 4 * (packet[0] & 0x0F)
    if packet[0] & 0x10:
        if len(packet) < start + 4:
            return LARGEST + 1
        start += 4 + 4 * (packet[start + 2] << 8 | packet[start + 3])
    return start


def _nonce(base: int, index: int) -> bytes:
    return (base ^ index).to_bytes(SALT, "big")


class _Cipher:
    """The keys of RTP or RTCP."""

    __slots__ = ("aead", "salt")

    def __init__(self, key: bytes, salt: bytes) -> None:
        self.aead = AESGCM(key)
        self.salt = int.from_bytes(salt, "big")

    def base(self, ssrc: bytes) -> int:
        """What of the nonces of one stream stays the same (RFC 7714 §8.1, §9.1)."""
        return int.from_bytes(ssrc, "big") << 48 ^ self.salt


class _Direction:
    def __init__(self, key: bytes, salt: bytes) -> None:
        """`key` and `salt` are the master's."""
        size = len(key)
        self._rtp = _Cipher(derive(key, salt, RTP_KEY, size), derive(key, salt, RTP_SALT, SALT))
        self._rtcp = _Cipher(derive(key, salt, RTCP_KEY, size), derive(key, salt, RTCP_SALT, SALT))


class Sealer(_Direction):
    """What leaves. No place of a stream is sealed twice: two texts under one nonce give the key
    away (RFC 7714 §8.1). What is to leave again leaves as it was sealed."""

    def __init__(self, key: bytes, salt: bytes) -> None:
        super().__init__(key, salt)
        self._streams: dict[bytes, Numbers] = {}
        self._reports = 0

    def seal_rtp(self, packet: bytes) -> bytes | None:
        """Encrypted; None when it is too long, no packet, sealed before or too old to tell."""
        size = len(packet)
        if not 12 <= size <= LARGEST - TAG:
            return None
        start = _start(packet)
        ssrc, sequence = packet[8:12], packet[2] << 8 | packet[3]
        rtp, stream = self._rtp, self._streams.get(ssrc)
        if stream is None:
            stream = self._streams[ssrc] = Numbers(rtp.base(ssrc), WINDOW)
        place = stream.place(sequence)
        if start > size or place > MOST_INDEX or stream.is_old(place):
            return None
        stream.note(place)
        head = packet[:start]
        return head + rtp.aead.encrypt(_nonce(stream.base, place), packet[start:], head)

    def seal_rtcp(self, packet: bytes) -> bytes | None:
        """Encrypted; None when it is too long or no packet, or the keys are used up."""
        self._reports += 1
        if not 8 <= len(packet) <= LARGEST - TAG - 4 or self._reports >= ENCRYPTED:
            return None
        rtcp, head = self._rtcp, packet[:8]
        trailer = (ENCRYPTED | self._reports).to_bytes(4, "big")
        nonce = _nonce(rtcp.base(packet[4:8]), self._reports)
        return head + rtcp.aead.encrypt(nonce, packet[8:], head + trailer) + trailer


class Opener(_Direction):
    """What comes. A stream is remembered from its first packet that is genuine."""

    def __init__(self, key: bytes, salt: bytes) -> None:
        super().__init__(key, salt)
        self._streams: dict[bytes, Numbers] = {}
        self._reports: dict[bytes, Numbers] = {}

    def open_rtp(self, data: bytes) -> bytes | None:
        """The packet; None when it is forged, replayed, or no packet."""
        if len(data) < 12 + TAG:
            return None
        start = _start(data)
        if start + TAG > len(data):
            return None
        rtp, ssrc = self._rtp, data[8:12]
        stream = self._streams.get(ssrc)
        numbers = Numbers(rtp.base(ssrc), WINDOW) if stream is None else stream
        place = numbers.place(data[2] << 8 | data[3])
        if numbers.is_old(place) or place > MOST_INDEX:
            return None
        head = data[:start]
        try:
            payload = rtp.aead.decrypt(_nonce(numbers.base, place), data[start:], head)
        except InvalidTag:
            return None
        if stream is None:
            self._streams[ssrc] = numbers
        numbers.note(place)
        return head + payload

    def open_rtcp(self, data: bytes) -> bytes | None:
        """The datagram; None when it is forged, replayed, in clear, or no packet."""
        if len(data) < 8 + TAG + 4:
            return None
        ssrc, trailer = data[4:8], data[-4:]
        index = int.from_bytes(trailer, "big") ^ ENCRYPTED
        rtcp, sender = self._rtcp, self._reports.get(ssrc)
        numbers = Numbers(rtcp.base(ssrc), REPORT_WINDOW) if sender is None else sender
        if index >= ENCRYPTED or numbers.is_old(index):
            return None
        head = data[:8]
        try:
            rest = rtcp.aead.decrypt(_nonce(numbers.base, index), data[8:-4], head + trailer)
        except InvalidTag:
            return None
        if sender is None:
            self._reports[ssrc] = numbers
        numbers.note(index)
        return head + rest
