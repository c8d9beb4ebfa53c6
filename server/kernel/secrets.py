"""The one secret of an installation, and everything derived from it.

Refuses to be printed. Two purposes never share key bytes, and a derivation's parts cannot be
confused with one another: each is prefixed with its length before HMAC-SHA256.
"""

import base64
import hmac
import os
import secrets
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

SIZE = 32
NONCE = 12


class SecretError(Exception):
    """The secret's file cannot be used, or something sealed does not open with it."""


def _framed(parts: tuple[str, ...]) -> bytes:
    encoded = [part.encode() for part in parts]
    return b"".join(len(part).to_bytes(4, "big") + part for part in encoded)


class Secret:
    """32 random bytes. Made once; whoever holds them can make every link of this installation."""

    def __init__(self, key: bytes) -> None:
        if len(key) != SIZE:
            raise SecretError(f"a secret has {SIZE} bytes")
        self._key = key

    def __repr__(self) -> str:
        return "Secret(…)"

    @classmethod
    def load(cls, data_dir: Path) -> "Secret":
        """The secret in `data_dir/secret.key`, made there (mode 0600) the first time."""
        path = data_dir / "secret.key"
        if not path.exists():
            _create(path)
        if path.stat().st_mode & 0o077:
            path.chmod(0o600)
        return cls(path.read_bytes())

    def derive(self, purpose: str, *parts: str) -> bytes:
        """32 bytes which depend on the secret, the purpose and every part, in order."""
        return hmac.digest(self._key, _framed((purpose, *parts)), sha256)

    def token(self, purpose: str, *parts: str) -> str:
        """`derive` as 43 URL-safe characters (256 bits)."""
        return base64.urlsafe_b64encode(self.derive(purpose, *parts)).rstrip(b"=").decode()

    def seal(self, purpose: str, owner: str, plain: bytes) -> str:
        """AES-256-GCM under the purpose's key; bound to `owner`, so nobody else can carry it."""
        nonce = secrets.token_bytes(NONCE)
        sealed = AESGCM(self.derive(purpose)).encrypt(nonce, plain, owner.encode())
        return base64.urlsafe_b64encode(nonce + sealed).decode()

    def unseal(self, purpose: str, owner: str, sealed: str) -> bytes:
        """What `seal` was given. Raises `SecretError` when altered, moved, or of another secret."""
        try:
            raw = base64.urlsafe_b64decode(sealed.encode())
            return AESGCM(self.derive(purpose)).decrypt(raw[:NONCE], raw[NONCE:], owner.encode())
        except (InvalidTag, ValueError):
            raise SecretError("sealed with another secret, or altered") from None


def _create(path: Path) -> None:
    """Two processes starting at once must end with one secret: the first link wins."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(SIZE))
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)
        sync_directory(path.parent)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def sync_directory(path: Path) -> None:
    """Makes a name in a directory survive a power cut."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
