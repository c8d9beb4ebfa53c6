"""One script out of a page's modules, by esbuild: a thin link pays a round trip for each file.

What a page imports later (`import("./x.js")`) becomes a part of its own. esbuild alone would put
what page and part share into a third file, fetched before the page can begin; the page is therefore
*injected*, as if every module imported it: all that it has stays together, and parts take from it.
Names of what is made hold a digest: a part never meets the page of another release.
"""

import json
import re
import subprocess
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

BINARIES = Path(__file__).parents[1] / "node_modules" / "@esbuild"
# Browsers of 2023 and after; Firefox's is its ESR.
TARGET = "chrome115,firefox115,safari17"
OPTIONS = (
    "--bundle", "--splitting", "--format=esm", "--minify", "--charset=utf8", f"--target={TARGET}",
    "--outbase=.", "--outdir=made", "--chunk-names=js/parts/[name]-[hash]", "--metafile=meta.json",
    "--tsconfig-raw={}", "--log-level=error", "--log-limit=1", "--color=false",
)  # fmt: skip
SECONDS = 60
SAID = re.compile(r"\[ERROR\] (?P<why>.+)(?:\s+(?P<place>\S+:\d+:\d+):$)?", re.M)


class NotBundled(ValueError):
    """One line, in French and English: the file, and why no script could be made of it."""


def bundled(
    scripts: Mapping[str, bytes], pages: Iterable[str], binaries: Path = BINARIES
) -> tuple[dict[str, bytes], dict[str, str]]:
    """The files to serve, and in which of them each page and each later part is. Raises
    `NotBundled`."""
    binary = next(binaries.glob("*/bin/esbuild"), None)
    if binary is None:
        raise NotBundled(f"{binaries} : esbuild absent, « npm ci » / no esbuild there, npm ci")
    files, places = dict[str, bytes](), dict[str, str]()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        # Else esbuild would look for one in the folders above, which are anybody's.
        for name, body in {**scripts, "package.json": b"{}"}.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_bytes(body)
        for page in pages:
            for name, held in _made(binary, root, page).items():
                files[name] = (root / "made" / name).read_bytes()
                for module in held:
                    if places.setdefault(module, name) != name:
                        raise NotBundled(f"{module} : dans deux pages / part of two pages")
    return files, places


def _made(binary: Path, root: Path, page: str) -> dict[str, list[str]]:
    """The files made for a page, each with what is asked for under its own name."""
    command = [str(binary.absolute()), page, f"--inject:./{page}", *OPTIONS]
    try:
        done = subprocess.run(  # noqa: S603 -- npm's binary, on our own files
            command, cwd=root, timeout=SECONDS, capture_output=True, text=True, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotBundled(f"{page} : esbuild : {error}") from None
    if done.returncode:
        said = SAID.search(done.stderr)
        place, why = (said["place"] or page, said["why"]) if said else (page, done.stderr[:200])
        raise NotBundled(f"{place} : script non assemblé / script not bundled: {why}")
    made = {}
    for path, told in json.loads((root / "meta.json").read_text())["outputs"].items():
        if page in told["inputs"]:
            made[path.removeprefix("made/")] = [page]
        elif told.get("entryPoint") != page:  # else it only names the file which holds the page
            made[path.removeprefix("made/")] = [told["entryPoint"]] if "entryPoint" in told else []
    return made
