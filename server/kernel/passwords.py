"""Passwords as argon2id hashes. Never on the event loop: one verification takes a core for tens
of milliseconds and 64 MiB, so a few threads of their own do it, and others wait their turn.
"""

import asyncio
import unicodedata
from concurrent.futures import ThreadPoolExecutor

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.profiles import RFC_9106_LOW_MEMORY

MINIMUM = 12
MAXIMUM = 256


class PasswordRefused(ValueError):
    """A new password which is too short, too long, or one letter repeated."""


def _normal(password: str) -> bytes:
    """The same password typed on two keyboards must be the same bytes (NFKC, as RFC 8265)."""
    return unicodedata.normalize("NFKC", password).encode("utf-8", "replace")


class Passwords:
    """`hash` and `verify`, with RFC 9106's low-memory parameters unless others are given."""

    def __init__(self, hasher: PasswordHasher | None = None, threads: int = 2) -> None:
        self._hasher = hasher or PasswordHasher.from_parameters(RFC_9106_LOW_MEMORY)
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="argon2")
        # Verified against when no account exists, so that both answers take as long.
        self._nobody = self._hasher.hash(b"nobody has this password")

    async def hash(self, password: str) -> str:
        """Raises `PasswordRefused`."""
        if not MINIMUM <= len(password) <= MAXIMUM or len(set(password)) < 4:
            raise PasswordRefused(f"between {MINIMUM} and {MAXIMUM} characters")
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, self._hasher.hash, _normal(password))

    async def verify(self, stored: str | None, password: str) -> bool:
        """Whether `password` is the one. Without a stored hash: no, as slowly."""
        loop = asyncio.get_running_loop()
        known = stored is not None
        return known & await loop.run_in_executor(
            self._pool, self._matches, stored or self._nobody, password
        )

    def _matches(self, stored: str, password: str) -> bool:
        if len(password) > MAXIMUM:
            password = ""
        try:
            return self._hasher.verify(stored, _normal(password))
        except (VerificationError, InvalidHashError):
            return False

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)
