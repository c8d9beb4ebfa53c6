"""What one line sent in the last seconds, and what of it is sent once more: each packet at most
once a round trip, within the receiver's budget. Sends nothing itself."""

from collections.abc import Iterable
from typing import NamedTuple

from media.core.packets import rtp
from media.core.packets.lines import RTX_OF
from media.core.packets.wire import OVERHEAD
from media.core.stream.budget import Budget
from media.core.stream.history import History
from media.core.stream.rewrite import Rewriter, Sent

MOST_REMEMBERED = 512
SOUND_ROUND_TRIP = 0.25  # s; sound sent again later than this would miss its playout


class Again(NamedTuple):
    """Something to be sent once more."""

    sequence: int
    size: int  # bytes of payload


class Repairs:
    """See the module. `codecs` are those with a retransmission format (RFC 4588). Sound is sent
    again as it was; pictures without such a format are not: their number, which only one packet
    may ever have, is taken."""

    def __init__(self, rewriter: Rewriter, rtx_ssrc: int, budget: Budget) -> None:
        self.codecs: frozenset[int] = frozenset()
        self.sent: History[Sent] = History()
        self._rewriter = rewriter
        self._ssrc = rtx_ssrc
        self._sequence = 0
        self._budget = budget
        self._at: dict[int, float] = {}  # when each was sent again

    def wanted(self, sequences: Iterable[int], now: float, round_trip: float) -> list[Again]:
        """What to send, of what a NACK names."""
        found = []
        for sequence in sequences:
            sent = self.sent.get(sequence, now)
            if sent is None or (self._ssrc and sent[5] not in self.codecs):
                continue
            # The answer must have had time to arrive, and the next ask to come back.
            if now - self._at.get(sequence, -1e9) < 1.1 * round_trip + 0.01:
                continue
            if not self._budget.spend(len(sent[1]) + OVERHEAD):
                break
            self._at.pop(sequence, None)
            self._at[sequence] = now
            found.append(Again(sequence, len(sent[1])))
        while len(self._at) > MOST_REMEMBERED:
            del self._at[next(iter(self._at))]
        return found

    def write(self, again: Again, now: float) -> bytes | None:
        """The packet; None when it is too old by now."""
        sent = self.sent.get(again.sequence, now)
        if sent is None:
            return None
        codec = sent[5]
        rtx = (self._ssrc, self._number(), RTX_OF[codec]) if codec in self.codecs else None
        return self._rewriter.write_again(sent, again.sequence, rtx)

    def idle(self, size: int, now: float) -> bytes | None:
        """Something of no new content of at most `size` bytes on the wire, for a probe: what was
        sent last once more, which may spare a repair, else padding."""
        if not self.codecs:
            return None
        sequence = self._rewriter.sequence & 0xFFFF
        last = self.sent.get(sequence, now)
        if last is not None and len(last[1]) + OVERHEAD <= size:
            return self.write(Again(sequence, len(last[1])), now)
        kind = RTX_OF[max(self.codecs)]
        padding = min(255, max(1, size - OVERHEAD))
        return rtp.write_padding(kind, self._number(), 0, self._ssrc, padding)

    def _number(self) -> int:
        self._sequence = (self._sequence + 1) & 0xFFFF
        return self._sequence
