"""The last row of the audit log, remembered outside the database.

A chain cannot tell that its end was cut off. So its head is written, with a MAC, to a file beside
the database, every minute; rows added since are not covered yet. An anchor which no longer holds
is never overwritten. Whoever can write the file *and* read the installation's secret can still
forge both: copy the file elsewhere to be protected from that person too.
"""

import hmac
import json
import os
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncSession

from server.kernel import audit
from server.kernel.audit import Broken, Head
from server.kernel.db import AuditRow, Database
from server.kernel.metrics import METRICS
from server.kernel.secrets import Secret, sync_directory

NAME = "audit.head"


class AnchorForged(Exception):
    """The anchor's file is not one this installation wrote."""


class Anchor:
    def __init__(self, data_dir: Path, secret: Secret) -> None:
        self._path = data_dir / NAME
        self._secret = secret

    def read(self) -> Head | None:
        """What was last remembered; None before the first time. Raises `AnchorForged`."""
        try:
            kept = json.loads(self._path.read_bytes())
            head = Head(int(kept["number"]), str(kept["digest"]))
            genuine = hmac.compare_digest(str(kept["mac"]), self._mac(head))
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError):
            raise AnchorForged from None
        if not genuine:
            raise AnchorForged
        return head

    async def check(self, session: AsyncSession) -> Broken | None:
        """Whether the remembered row is still there, unchanged."""
        head = self.read()
        if head is None or head.number == 0:
            return None
        row = await session.get(AuditRow, head.number)
        if row is None:
            last = await audit.head(session)
            return Broken(min(last.number + 1, head.number), "cut")
        return None if row.digest == head.digest else Broken(head.number, "changed")

    async def keep(self, db: Database) -> Broken | None:
        """Remembers the present head, unless what was remembered no longer holds."""
        async with db.read() as session:
            broken = await self.check(session)
            METRICS.audit_broken.set(broken is not None)
            head = await audit.head(session)
        if broken is None and head != self.read():
            self._write(head)
        return broken

    async def verify(self, session: AsyncSession) -> Broken | None:
        """The whole chain, then the anchor: the first bad row."""
        return await audit.verify(session) or await self.check(session)

    def _mac(self, head: Head) -> str:
        return self._secret.token("audit-anchor", str(head.number), head.digest)

    def _write(self, head: Head) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = self._path.with_name(f".{NAME}.draft")
        kept = {"number": head.number, "digest": head.digest, "mac": self._mac(head)}
        with draft.open("w") as file:
            json.dump(kept, file)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self._path)
        sync_directory(self._path.parent)
