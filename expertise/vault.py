"""The bytes of photographs on disk: encrypted under the case's key, and never half a part.

A file is a header with a salt, then records, each sealed with AES-256-GCM under the file's own key
(HKDF-SHA256 of the case's key and the salt) and bound to its case, name and place, so that none can
be moved or passed for another. A record which a power cut left torn is cut off, and its bytes are
asked for again. It refuses to know what the bytes show, and keeps no key.
"""

import os
import secrets
import shutil
import struct
from collections.abc import Iterable, Iterator
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from server.kernel.secrets import NONCE, sync_directory

MAGIC, SALT, TAG = b"CBT1", 32, 16
HEADER = len(MAGIC) + SALT
LENGTH = struct.Struct(">I")
# Plain bytes of a record at most: what a cut may cost on a thin link, and what is read at once.
RECORD = 64 * 1024
PART = ".part"


class Damaged(Exception):
    """A file of ours is missing, altered, cut, or of another case."""


class Vault:
    """Files below one folder, by case and name. Every method blocks: call it in a thread, and for
    one file never twice at once. `case` and `name` are ids of ours; `key` is the case's."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        # Where a file of parts ended when it was last seen, and what it held: not read each time.
        self._seen: dict[Path, tuple[int, int]] = {}

    # What arrives

    def append(self, case: str, name: str, key: bytes, offset: int, data: bytes) -> int:
        """Puts bytes which begin at `offset` on disk, and returns where the file goes on. Raises
        `ValueError` when it goes on elsewhere, `OSError` (disk full), and then nothing was
        added."""
        path = self._path(case, name, PART)
        have = self.size(case, name, key)
        if have != offset:
            raise ValueError(f"the file goes on at {have}, not at {offset}")
        created = not path.exists()
        salt = secrets.token_bytes(SALT) if created else self._salt(path)
        header = MAGIC + salt if created else b""
        records = b"".join(self._records(case, name, key, salt, offset, data))
        end = self._write(path, header + records)
        if created:
            sync_directory(path.parent)
        self._seen[path] = (end, have + len(data))
        return have + len(data)

    def size(self, case: str, name: str, key: bytes) -> int:
        """Plain bytes that arrived, whole records only; a torn one is cut off."""
        path = self._path(case, name, PART)
        if not path.exists():
            return 0
        length, (end, have) = path.stat().st_size, self._seen.get(path, (0, 0))
        if end and end == length:
            return have
        have, end = 0, HEADER
        for record_end, plain in self._read(case, name, key, path):
            have, end = have + len(plain), record_end
        if length < HEADER:
            path.unlink()
            return 0
        if end < length:
            os.truncate(path, end)
        self._seen[path] = (end, have)
        return have

    def glance(self, case: str, name: str, key: bytes) -> int:
        """As `size`, but changes nothing: for whoever only looks on while it arrives."""
        path = self._path(case, name, PART)
        end, have = self._seen.get(path, (0, 0))
        if end:
            return have
        return sum(len(plain) for _, plain in self._read(case, name, key, path))

    def cut(self, case: str, name: str, key: bytes, offset: int) -> None:
        """Takes back what came after `offset`, which must be the end of a record."""
        path = self._path(case, name, PART)
        have, end = 0, HEADER
        for record_end, plain in self._read(case, name, key, path):
            if have == offset:
                break
            have, end = have + len(plain), record_end
        if have != offset:
            raise ValueError("not between two records")
        os.truncate(path, end)
        self._seen[path] = (end, have)

    def arrived(self, case: str, name: str, key: bytes) -> bytes:
        """All that arrived so far."""
        return b"".join(
            plain for _, plain in self._read(case, name, key, self._path(case, name, PART))
        )

    def forget_part(self, case: str, name: str) -> None:
        path = self._path(case, name, PART)
        self._seen.pop(path, None)
        path.unlink(missing_ok=True)

    # What stays

    def keep(self, case: str, name: str, key: bytes, data: bytes) -> None:
        """A whole file: all of it is on disk, or none."""
        path = self._path(case, name)
        draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
        salt = secrets.token_bytes(SALT)
        try:
            self._write(
                draft, b"".join((MAGIC, salt, *self._records(case, name, key, salt, 0, data)))
            )
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
        sync_directory(path.parent)

    def read(self, case: str, name: str, key: bytes, length: int) -> bytes:
        """A kept file, which had `length` bytes. Raises `Damaged`."""
        records = self._read(case, name, key, self._path(case, name))
        whole = b"".join(plain for _, plain in records)
        if len(whole) != length:
            raise Damaged(f"{case}/{name}")
        return whole

    def erase(self, case: str, names: Iterable[str]) -> None:
        """Removes files, kept or arriving."""
        for name in names:
            self.forget_part(case, name)
            self._path(case, name).unlink(missing_ok=True)

    def erase_case(self, case: str) -> None:
        """Removes everything of a case; without its key it could not be read in any event."""
        folder = self._folder / case
        for path in [each for each in self._seen if each.parent == folder]:
            del self._seen[path]
        shutil.rmtree(folder, ignore_errors=True)

    # How it is written

    def _path(self, case: str, name: str, suffix: str = "") -> Path:
        return self._folder / case / f"{name}{suffix}"

    @staticmethod
    def _salt(path: Path) -> bytes:
        with path.open("rb") as file:
            return file.read(HEADER)[len(MAGIC) :]

    @staticmethod
    def _cipher(key: bytes, salt: bytes) -> AESGCM:
        return AESGCM(HKDF(SHA256(), 32, salt, b"carbet case file").derive(key))

    def _records(
        self, case: str, name: str, key: bytes, salt: bytes, offset: int, data: bytes
    ) -> Iterator[bytes]:
        cipher = self._cipher(key, salt)
        for at in range(0, len(data), RECORD):
            nonce = secrets.token_bytes(NONCE)
            place = f"{case}/{name}/{offset + at}".encode()
            sealed = cipher.encrypt(nonce, data[at : at + RECORD], place)
            yield LENGTH.pack(len(sealed)) + nonce + sealed

    def _read(self, case: str, name: str, key: bytes, path: Path) -> Iterator[tuple[int, bytes]]:
        """Where each good record ends in the file, and what it holds; up to the first bad one."""
        raw = path.read_bytes() if path.exists() else b""
        if len(raw) < HEADER or not raw.startswith(MAGIC):
            return
        cipher, at, offset = self._cipher(key, raw[len(MAGIC) : HEADER]), HEADER, 0
        while at + LENGTH.size + NONCE + TAG <= len(raw):
            (length,) = LENGTH.unpack_from(raw, at)
            begin = at + LENGTH.size
            at = begin + NONCE + length
            if at > len(raw):
                return
            nonce, sealed = raw[begin : begin + NONCE], raw[begin + NONCE : at]
            try:
                plain = cipher.decrypt(nonce, sealed, f"{case}/{name}/{offset}".encode())
            except InvalidTag:
                return
            offset += len(plain)
            yield at, plain

    @staticmethod
    def _write(path: Path, records: bytes) -> int:
        """Adds to a file, on disk when it returns, and says where it ends now; or adds nothing."""
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+b", 0) as file:
            end = file.seek(0, os.SEEK_END)
            try:
                view = memoryview(records)
                while view:
                    view = view[file.write(view) :]
                os.fsync(file.fileno())
            except OSError:
                os.truncate(path, end)
                raise
            return end + len(records)
