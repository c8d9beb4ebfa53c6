"""The bytes of stills on disk: encrypted, appended part by part, never half a part.

A file is a row of records, each sealed with AES-256-GCM under its consultation's key and bound to
its still, stage and place, so that none can be moved or passed for another. A record that a power
cut left torn is cut off, and its part asked for again. It refuses to know what the bytes show.
"""

import os
import secrets
import shutil
import struct
from collections.abc import Iterator
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from server.kernel.secrets import NONCE, Secret, sync_directory

LENGTH = struct.Struct(">I")
TAG = 16
PART = ".part"


class Damaged(Exception):
    """A file of ours is missing, altered, or of another installation."""


class Album:
    """The stills below one folder. Every method blocks: call it in a thread, and for one still
    never twice at once. `consultation` and `still` are ids of ours; while a stage arrives it is
    gathered in a file beside the one that will hold it whole."""

    def __init__(self, folder: Path, secret: Secret) -> None:
        self._folder, self._secret = folder, secret
        # Where a file of parts ended when it was last seen, and what it held: not read each time.
        self._seen: dict[Path, tuple[int, int]] = {}

    def append(self, consultation: str, still: str, stage: int, offset: int, data: bytes) -> int:
        """Puts what is new of a part on disk; returns where the stage goes on, which is below
        `offset` when something before is missing. Raises `OSError` (full disk), and then nothing
        was added."""
        have = self.size(consultation, still, stage)
        fresh = data[have - offset :] if offset <= have else b""
        if not fresh:
            return have
        path = self._path(consultation, still, stage, PART)
        created = not path.exists()
        end = self._write(path, self._record(consultation, still, stage, have, fresh))
        if created:
            sync_directory(path.parent)
        self._seen[path] = (end, have + len(fresh))
        return have + len(fresh)

    def _write(self, path: Path, record: bytes) -> int:
        """Adds a record to a file, and says where it ends now."""
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+b") as file:
            end = file.seek(0, os.SEEK_END)
            try:
                file.write(record)
                file.flush()
                os.fsync(file.fileno())
            except OSError:
                os.truncate(path, end)
                raise
            return end + len(record)

    def size(self, consultation: str, still: str, stage: int) -> int:
        """Bytes gathered of a stage, whole records only; a torn one is cut off."""
        path = self._path(consultation, still, stage, PART)
        if not path.exists():
            return 0
        length, (end, have) = path.stat().st_size, self._seen.get(path, (0, 0))
        if end == length:
            return have
        have, end = 0, 0
        for record_end, plain in self._records(consultation, still, stage, PART):
            have, end = have + len(plain), record_end
        if end < length:
            os.truncate(path, end)
        self._seen[path] = (end, have)
        return have

    def gathered(self, consultation: str, still: str, stage: int) -> bytes:
        """What arrived of a stage so far."""
        records = self._records(consultation, still, stage, PART)
        return b"".join(plain for _, plain in records)

    def keep(self, consultation: str, still: str, stage: int, plain: bytes) -> None:
        """The stage as it stays: all of it is on disk, or none."""
        path = self._path(consultation, still, stage)
        draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
        try:
            self._write(draft, self._record(consultation, still, stage, 0, plain))
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
        sync_directory(path.parent)

    def read(self, consultation: str, still: str, stage: int) -> bytes:
        """A stage as it was kept. Raises `Damaged`."""
        whole = b"".join(plain for _, plain in self._records(consultation, still, stage))
        if not whole:
            raise Damaged("a still is not as it was stored")
        return whole

    def forget_parts(self, consultation: str, still: str, stage: int) -> None:
        """Removes what was gathered of a stage."""
        path = self._path(consultation, still, stage, PART)
        self._seen.pop(path, None)
        path.unlink(missing_ok=True)

    def erase(self, consultation: str, still: str, stages: range) -> None:
        """Removes stages, kept or gathered."""
        for stage in stages:
            self.forget_parts(consultation, still, stage)
            self._path(consultation, still, stage).unlink(missing_ok=True)

    def clear(self) -> None:
        """Removes everything: for what is not to outlive the server."""
        self._seen.clear()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _path(self, consultation: str, still: str, stage: int, suffix: str = "") -> Path:
        return self._folder / consultation / f"{still}-{stage}{suffix}"

    def _key(self, consultation: str) -> AESGCM:
        return AESGCM(self._secret.derive("stills", consultation))

    @staticmethod
    def _place(still: str, stage: int, offset: int) -> bytes:
        return f"{still}/{stage}/{offset}".encode()

    def _record(
        self, consultation: str, still: str, stage: int, offset: int, plain: bytes
    ) -> bytes:
        nonce, place = secrets.token_bytes(NONCE), self._place(still, stage, offset)
        sealed = self._key(consultation).encrypt(nonce, plain, place)
        return LENGTH.pack(len(sealed)) + nonce + sealed

    def _records(
        self, consultation: str, still: str, stage: int, suffix: str = ""
    ) -> Iterator[tuple[int, bytes]]:
        """Where each good record ends in the file, and what it holds; up to the first bad one."""
        path, key = self._path(consultation, still, stage, suffix), self._key(consultation)
        raw = path.read_bytes() if path.exists() else b""
        at, offset = 0, 0
        while at + LENGTH.size + NONCE + TAG <= len(raw):
            (length,) = LENGTH.unpack_from(raw, at)
            begin = at + LENGTH.size
            at = begin + NONCE + length
            if at > len(raw):
                return
            nonce, sealed = raw[begin : begin + NONCE], raw[begin + NONCE : at]
            try:
                plain = key.decrypt(nonce, sealed, self._place(still, stage, offset))
            except InvalidTag:
                return
            offset += len(plain)
            yield at, plain
