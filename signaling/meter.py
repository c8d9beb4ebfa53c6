"""What a stay used of a link, what that link was worth, and what a site allows. PURE.

A page's own count of bytes is taken: it alone sees its envelopes. It refuses to believe a count
that went back: that is another page's, and begins anew.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, replace

from signaling.ways import Way

# Each report of the worker (every two seconds) weighs this much of what a link was worth: after
# half a minute a call tells more of itself than of its start.
WEIGHT = 0.1
# A stay of fewer reports than this says nothing of a link.
REPORTS = 5
# Never less than a voice and its envelopes, whatever was used before.
FLOOR = 24_000
# What a browser told to save data is given, bit/s each way.
SAVING = 200_000
# However long a call goes on, what is left of its bytes is spread over this long at least, in s.
SPREAD = 300.0


@dataclass(frozen=True)
class SiteLink:
    """A site as its people arrive: what its link was worth (bit/s, s), what it allows (bit/s each
    way, bytes a call). None: not known, not limited."""

    id: str
    up: int | None = None
    down: int | None = None
    rtt: float | None = None
    ceiling: int | None = None
    bytes: int | None = None


@dataclass(frozen=True)
class Meter:
    """Bytes of this stay and of `earlier` ones; what the page counted last; the link's worth,
    smoothed, of `reports` reports; `stored` is when it was last kept."""

    sent: int = 0
    received: int = 0
    earlier: int = 0
    page: tuple[int, int] = (0, 0)
    up: float | None = None
    down: float | None = None
    rtt: float | None = None
    reports: int = 0
    stored: dt.datetime | None = None

    @property
    def total(self) -> int:
        return self.earlier + self.sent + self.received

    def fresh(self, now: dt.datetime) -> "Meter":
        """For a new stay of the same person."""
        return Meter(earlier=self.total, page=self.page, stored=now)

    def counted(self, sent: int, received: int) -> "Meter":
        """With what a page counts since it was opened. A smaller count is a new page's."""
        last_sent, last_received = self.page
        again = sent < last_sent or received < last_received
        more_sent = sent if again else sent - last_sent
        more_received = received if again else received - last_received
        return replace(
            self,
            sent=self.sent + more_sent,
            received=self.received + more_received,
            page=(sent, received),
        )

    def weighed(self, up: Way | None, down: Way | None, rtt: float | None) -> "Meter":
        """With one more report of the link. What was not measured yet weighs nothing."""
        measured = up is not None and down is not None
        if not measured or any(way and way.why.code == "starting" for way in (up, down)):
            return self
        return replace(
            self,
            up=_smoothed(self.up, up.rate if up else None),
            down=_smoothed(self.down, down.rate if down else None),
            rtt=_smoothed(self.rtt, rtt),
            reports=self.reports + 1,
        )

    @property
    def telling(self) -> bool:
        return self.reports >= REPORTS


def _smoothed(old: float | None, new: float | None) -> float | None:
    if old is None or new is None:
        return old if new is None else new
    return old + WEIGHT * (new - old)


def ceiling(site: SiteLink | None, used: int, left: float, sharing: int, saver: bool) -> int | None:
    """What one seat may use each way, in bit/s; None: as much as there is. `used` are the bytes of
    all the site's seats so far, `left` the seconds planned, `sharing` how many of them are in."""
    bounds: list[float] = [SAVING] if saver else []
    if site and site.ceiling is not None:
        bounds.append(site.ceiling / max(1, sharing))
    if site and site.bytes is not None:
        rest = 8.0 * max(0, site.bytes - used) / max(SPREAD, left)
        # Both ways count.
        bounds.append(rest / 2 / max(1, sharing))
    return max(FLOOR, round(min(bounds))) if bounds else None


def kept(old: float | None, new: float | None) -> float | None:
    """What is remembered of a site when one more call is over: the last calls count most."""
    if old is None or new is None:
        return old if new is None else new
    return (old + new) / 2


def total(meters: Iterable[Meter]) -> int:
    return sum(meter.total for meter in meters)
