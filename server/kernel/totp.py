"""Time-based one-time passwords (RFC 6238): six digits, thirty seconds, one step of leeway.

A code is accepted once: the step it belongs to is remembered, and neither that step nor an
earlier one is accepted again (RFC 6238 §5.2). Secrets are stored sealed, never in clear.
"""

import base64
import datetime as dt
import hmac

import pyotp
import sqlalchemy as sa
from markupsafe import Markup
from sqlalchemy.ext.asyncio import AsyncSession

from server.kernel import qr
from server.kernel.db import Person
from server.kernel.secrets import Secret

STEP = 30
LEEWAY = 1
DIGITS = 6
ISSUER = "Carbet"


def seal_secret(secret: Secret, person_id: str, shared: str) -> str:
    """The shared secret (base32) as stored: nobody else's row can carry it."""
    return secret.seal("totp", person_id, shared.encode())


def unseal_secret(secret: Secret, person_id: str, sealed: str) -> str:
    return secret.unseal("totp", person_id, sealed).decode()


def proposed_secret(secret: Secret, session_id: str) -> str:
    """The shared secret shown while enrolling: the session's own, so nothing is stored before
    the person has proved that their telephone has it. 160 bits (RFC 4226 §4)."""
    raw = secret.derive("totp-enrol", session_id)[:20]
    return base64.b32encode(raw).decode()


def matching_step(shared: str, code: str, last_step: int, now: dt.datetime) -> int | None:
    """The step whose code this is, if it is within the leeway and after `last_step`. Pure."""
    digits = "".join(code.split())
    if len(digits) != DIGITS or not digits.isascii() or not digits.isdigit():
        return None
    generator = pyotp.TOTP(shared, digits=DIGITS, interval=STEP)
    present = int(now.timestamp()) // STEP
    found = None
    for step in range(present - LEEWAY, present + LEEWAY + 1):
        same = hmac.compare_digest(generator.generate_otp(step), digits)
        if same and step > last_step:
            found = step
    return found


async def spend(session: AsyncSession, person_id: str, step: int) -> bool:
    """Marks a step as used. False when it, or a later one, was used meanwhile: a replay."""
    spent = await session.execute(
        sa.update(Person)
        .where(Person.id == person_id, Person.totp_last_step < step)
        .values(totp_last_step=step)
        .returning(Person.id)
        .execution_options(synchronize_session=False)
    )
    return spent.first() is not None


def picture(shared: str, email: str) -> Markup:
    """The enrolment's QR code as inline SVG, without any style or script."""
    address = pyotp.TOTP(shared, digits=DIGITS, interval=STEP).provisioning_uri(
        name=email, issuer_name=ISSUER
    )
    # Drawn here, from modules only: nothing of the address is in it as text.
    return qr.drawing(address)
