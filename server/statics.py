"""Scripts, styles and pictures, kept in memory, compressed once, and named by their content.

An address carries one digest of the whole tree: files may name each other by relative paths, a
browser keeps them for ever, and a new release is a new address. Of scripts, only what is made for
pages (`bundles.py`) is served. Serves nothing a person sent.
"""

import gzip
import hashlib
import mimetypes
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from server.bundles import NotBundled, bundled

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "web" / "static"
# What npm brings, under the name the pages import it by.
VENDOR = {
    "vendor/socket.io.esm.min.js": ROOT / "node_modules/socket.io-client/dist/socket.io.esm.min.js",
    "vendor/tus.min.js": ROOT / "node_modules/tus-js-client/dist/tus.min.js",
}
PAGES = "js/pages/"  # scripts which a page loads; all others are loaded by these
FOR_EVER = "public, max-age=31536000, immutable"
TEXTUAL = ("text/", "application/json", "image/svg")


@dataclass(frozen=True)
class File:
    body: bytes
    squeezed: bytes | None
    media_type: str


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise NotBundled(f"{path} : absent, « npm ci » / not there, npm ci") from None


def _file(name: str, body: bytes) -> File:
    media_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
    squeezed = gzip.compress(body, 9, mtime=0) if media_type.startswith(TEXTUAL) else None
    return File(body, squeezed, media_type)


class Statics:
    """The files, by their path below the tree. Raises `NotBundled`."""

    def __init__(self) -> None:
        paths = {
            str(path.relative_to(SOURCE)): path for path in SOURCE.rglob("*") if path.is_file()
        }
        bodies = {name: _read(path) for name, path in sorted((paths | VENDOR).items())}
        scripts = {name: body for name, body in bodies.items() if name.endswith(".js")}
        pages = [name for name in scripts if name.startswith(PAGES)]
        made, self._places = bundled(scripts, pages)
        served = {name: body for name, body in bodies.items() if name not in scripts} | made
        self._files = {name: _file(name, body) for name, body in served.items()}
        digest = hashlib.sha256()
        for name, file in sorted(self._files.items()):
            digest.update(name.encode() + b"\0" + file.body)
        self.version = digest.hexdigest()[:12]

    def address(self, name: str) -> str:
        """The address of a file of the tree; for a script, of what was made of it. Raises
        `KeyError` for one that is not there."""
        name = self._places.get(name, name)
        if name not in self._files:
            raise KeyError(name)
        return f"/static/{self.version}/{name}"

    def names(self) -> Iterable[str]:
        return self._files

    def file(self, name: str) -> File:
        """The file of that name. Raises `KeyError`."""
        return self._files[name]

    async def serve(self, request: web.Request) -> web.Response:
        """Answers `/static/VERSION/NAME`; an older page's version gets the file of today."""
        file = self._files.get(request.match_info["name"])
        if file is None:
            raise web.HTTPNotFound
        current = request.match_info["version"] == self.version
        headers = {
            "Cache-Control": FOR_EVER if current else "no-cache",
            "Content-Type": file.media_type,
            "Vary": "Accept-Encoding",
        }
        if file.squeezed and "gzip" in request.headers.get("Accept-Encoding", ""):
            return web.Response(body=file.squeezed, headers=headers | {"Content-Encoding": "gzip"})
        return web.Response(body=file.body, headers=headers)
