"""What a site's link may carry: said by its administrators on a page, or by the operator.

Knows no one who may: see `access` (`SITE_LINK`) and `signaling.sites`.
"""

from sqlalchemy.ext.asyncio import AsyncSession

from server.kernel import audit
from server.kernel.audit import Audited
from server.kernel.db import Site

# kbit/s each way, and megabytes (10⁶ bytes) a call. Below the first there is no voice.
CEILINGS, MEGABYTES = range(24, 1_000_001), range(1, 100_001)


def readable(text: str, allowed: range) -> int | None:
    """A whole number within bounds, or None for an empty text. Raises `ValueError`."""
    text = text.strip()
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 10) or int(text) not in allowed:
        raise ValueError("a number within bounds is expected")
    return int(text)


async def limit(
    session: AsyncSession, actor: str, site: Site, kilobits: int | None, megabytes: int | None
) -> None:
    """Sets both limits; None is no limit. Recorded as `actor`'s act."""
    site.link_ceiling = None if kilobits is None else 1000 * kilobits
    site.link_bytes = None if megabytes is None else 1_000_000 * megabytes
    detail = {"ceiling": site.link_ceiling, "bytes": site.link_bytes}
    await audit.record(
        session, actor=actor, action=Audited.SITE_LINK, subject=site.id, detail=detail
    )
