"""What a site's link carried in its calls, and what its administrators allow it to carry.

It refuses to guess: a site without a call behind it says nothing, and no limit is no limit.
"""

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from server.kernel import audit, site_links, telephones
from server.kernel.access import Action, Actor, can
from server.kernel.audit import Audited
from server.kernel.db import Site, SiteLink
from server.kernel.i18n import gettext as _
from server.kernel.refusals import NotFound
from server.kernel.text import storable
from signaling import meter
from signaling.planning import InvalidPlan

WRONG = {
    "ceiling": _("Écrivez un débit de 24 à 1 000 000 kbit/s, ou rien."),
    "bytes": _("Écrivez un volume de 1 à 100 000 Mo, ou rien."),
    "telephone": _("Écrivez un numéro de téléphone, par exemple 0594 37 00 00, ou rien."),
}


async def link_of(session: AsyncSession, site: Site | None) -> meter.SiteLink | None:
    """What is known of a site, for whoever arrives from there."""
    if site is None:
        return None
    row = await session.get(SiteLink, site.id)
    had = (row.up, row.down, row.rtt) if row else (None, None, None)
    return meter.SiteLink(site.id, *had, ceiling=site.link_ceiling, bytes=site.link_bytes)


async def remember(
    session: AsyncSession,
    site_id: str,
    up: float | None,
    down: float | None,
    rtt: float | None,
    now: dt.datetime,
) -> None:
    """One more call is over: bit/s each way, s."""
    row = await session.get(SiteLink, site_id, with_for_update=True)
    if row is None:
        row = SiteLink(site_id=site_id, up=None, down=None, rtt=None, calls=0, measured_at=now)
        session.add(row)
    row.up = _whole(meter.kept(row.up, up))
    row.down = _whole(meter.kept(row.down, down))
    row.rtt = meter.kept(row.rtt, rtt)
    row.calls, row.measured_at = row.calls + 1, now
    await session.flush()


def _whole(value: float | None) -> int | None:
    return None if value is None else round(value)


async def administered(session: AsyncSession, actor: Actor) -> list[tuple[Site, SiteLink | None]]:
    """The sites whose link this actor may limit, with what it carried."""
    if actor.organisation_id is None:
        return []
    rows = await session.execute(
        sa.select(Site, SiteLink)
        .outerjoin(SiteLink, SiteLink.site_id == Site.id)
        .where(Site.organisation_id == actor.organisation_id)
        .order_by(Site.name, Site.id)
    )
    return [(site, link) for site, link in rows if can(actor, Action.SITE_LINK, site)]


async def limit(
    session: AsyncSession, actor: Actor, site_id: str, ceiling: str, megabytes: str
) -> None:
    """Sets what a site's link may carry, as a form says it; empty texts lift a limit. Raises
    `NotFound`, and `InvalidPlan` (keys `ceiling`, `bytes`)."""
    site = await _administered(session, actor, site_id)
    kilobits = _read("ceiling", ceiling, site_links.CEILINGS)
    mega = _read("bytes", megabytes, site_links.MEGABYTES)
    await site_links.limit(session, actor.audit_name, site, kilobits, mega)


async def reach(session: AsyncSession, actor: Actor, site_id: str, telephone: str) -> None:
    """Sets where a site is telephoned when nothing else passes; an empty text: nowhere. Raises
    `NotFound`, and `InvalidPlan` (key `telephone`)."""
    site = await _administered(session, actor, site_id)
    number = telephone_of(telephone)
    if number == site.telephone:
        return
    site.telephone = number
    await audit.record(session, actor=actor.audit_name, action=Audited.SITE_LINK, subject=site.id,
                       detail={"telephone": number is not None})  # fmt: skip


def telephone_of(text: str) -> str | None:
    """Raises `InvalidPlan` (key `telephone`)."""
    try:
        return telephones.readable(text)
    except ValueError:
        raise InvalidPlan({"telephone": WRONG["telephone"]}) from None


async def _administered(session: AsyncSession, actor: Actor, site_id: str) -> Site:
    site = await session.get(Site, site_id) if storable(site_id) else None
    if site is None or not can(actor, Action.SITE_LINK, site):
        raise NotFound(actor, Audited.SITE_LINK, site.id if site else "")
    return site


def _read(field: str, text: str, allowed: range) -> int | None:
    try:
        return site_links.readable(text, allowed)
    except ValueError:
        raise InvalidPlan({field: WRONG[field]}) from None
