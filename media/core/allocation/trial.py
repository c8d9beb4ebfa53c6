"""When a voice that sends no picture beside it may show that its link carries more again. PURE.

What is sent in full arrives in full and proves nothing further, so a link that came back would not
be found out for minutes. Where it carried more before in this call, the voice is sent twice for
some seconds now and then (RFC 2198): bytes of use, and as many again. Where that was too much, the
next time is later. Rates bit/s on the wire, times s.
"""

SOON, LATEST = 5.0, 160.0  # of calm before a trial; doubled each time it was too much
NEXT = 2.0  # of calm between two that went well
LASTING = 4.0  # the page hears of it a round trip later, and what comes is measured over a second
FELT = 2.0  # after its end in which what waits is its doing


class Trial:
    """Of one uplink."""

    def __init__(self, now: float) -> None:
        self._best = 0  # that came in this call
        self._patience = self._wait = SOON
        self._calm_since = now
        self._until = now - FELT

    def step(self, alone: bool, congested: bool, came: int, twice: int, now: float) -> bool:
        """Whether the voice goes twice. `alone`: nothing else does; `twice`: its bit/s then."""
        self._best = max(self._best, came)
        if congested or not alone:
            if congested and now < self._until + FELT:
                self._patience = min(LATEST, 2 * self._patience)
            self._calm_since, self._until, self._wait = now, now - FELT, self._patience
        elif now < self._until:
            self._calm_since = now
        elif now - self._calm_since >= self._wait and twice < self._best:
            self._until, self._wait = now + LASTING, NEXT
        return now < self._until
