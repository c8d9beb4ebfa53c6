"""What one way of a link carried: PURE, from the journal of its packets and the figures asked."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence, Set
from dataclasses import dataclass
from itertools import accumulate

from tests.lab.emulator import BYTES_OF_KBIT, Capacity, Way
from tests.lab.sight import Window
from tests.lab.star import Crossing

PERCENTILE = 0.95
REGAINED = 0.9  # of the rate before a link got thinner
EARLIER = 10.0  # seconds over which that rate is taken
OVER = 2.0  # and over which the new one is
TAGS = {"SRTP_AES128_CM_HMAC_SHA1_80": 10, "SRTP_AES128_CM_HMAC_SHA1_32": 4}
GCM_TAG = 16


def tag(ciphers: Set[str]) -> int:
    """Bytes of authentication at the end of each media packet (RFC 5764 §4.1.2, RFC 7714)."""
    return min((TAGS.get(cipher, GCM_TAG) for cipher in ciphers), default=GCM_TAG)


@dataclass(frozen=True)
class Carried:
    """``repairs``: SSRCs of retransmissions; ``tag``: bytes in each payload that are no media."""

    crossings: Sequence[Crossing]
    way: Way
    tag: int
    repairs: Set[int]

    def _within(self, window: Window) -> list[Crossing]:
        return [c for c in self.crossings if window[0] <= c.at < window[1]]

    def used(self, window: Window) -> float:
        """Percent of what the link could have sent, its cuts left out."""
        sent = [c for c in self.crossings if c.used_link and window[0] <= c.sent < window[1]]
        room = Capacity(self.way.rate)
        able = room.between(*window) - sum(
            room.between(max(a, window[0]), max(a, min(b, window[1]))) for a, b in self.way.cuts
        )
        return 100 * sum(c.size for c in sent if c.cause != "cut") / able

    def overhead(self, window: Window) -> float | None:
        """Percent of the bytes delivered that are no payload of sound or picture."""
        came = [c for c in self._within(window) if not c.cause]
        media = sum(max(0, c.payload - self.tag) for c in came)
        total = sum(c.size for c in came)
        return 100 * (1 - media / total) if total else None

    def tcp(self, window: Window) -> float:
        """What TCP got of the link, kbit/s: pages, messages, and a download that competes."""
        came = [c for c in self._within(window) if not c.cause and c.kind == "tcp"]
        return sum(c.size for c in came) / BYTES_OF_KBIT / (window[1] - window[0])

    def queue_p95(self, window: Window) -> float | None:
        """How long packets waited before they were sent, 95th percentile, ms."""
        waits = sorted(c.queued for c in self._within(window) if c.used_link)
        return 1000 * waits[math.ceil(len(waits) * PERCENTILE) - 1] if waits else None

    def dropped(self, window: Window) -> float | None:
        """Percent of the packets offered that found the queue full."""
        within = self._within(window)
        full = sum(not c.used_link for c in within)
        return 100 * full / len(within) if within else None

    def repairs_per_loss(self, window: Window) -> float | None:
        """Retransmissions handed to the link for each media packet it did not deliver."""
        media = [c for c in self._within(window) if c.kind == "rtp"]
        repairs = sum(c.ssrc in self.repairs for c in media)
        lost = sum(bool(c.cause) for c in media)
        return repairs / lost if lost else None

    def regained(self) -> float | None:
        """Seconds from the link's last widening until it carries what it did before it got thinner;
        none for a link whose rate does not return to its first value, or where it never does."""
        steps = self.way.rate
        if len(steps) < 2 or steps[-1][1] != steps[0][1]:
            return None
        thinner, wider = steps[1][0], steps[-1][0]
        came = sorted((c.sent, c.size) for c in self.crossings if not c.cause)
        instants = [at for at, _ in came]
        total = [0, *accumulate(size for _, size in came)]

        def rate(start: float, end: float) -> float:
            first, last = (bisect_left(instants, at) for at in (start, end))
            return (total[last] - total[first]) / (end - start)

        earlier = rate(thinner - EARLIER, thinner)
        back = (at for at in instants if at >= wider + OVER
                and rate(at - OVER, at) >= REGAINED * earlier)  # fmt: skip
        return next((at - wider for at in back), None)
