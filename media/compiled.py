"""The packet path compiled: `python -m media.compiled` lets mypyc make C of these very sources.

Optional. A worker (`python -m media`) takes the compiled modules when they were built of exactly
the sources that are there, and else the sources themselves: both are the same program, under the
same tests. Needs a C compiler and mypy to build, neither to run.
"""

import hashlib
import importlib.machinery
import importlib.util
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "build" / "compiled"
STAMP = "sources"
# Beside all of media/core: what stands between the sockets and it.
BESIDE = ("adaptation", "down", "leg", "port", "router", "session", "source", "srtp", "track", "up")
NEEDED = ("media", "server/kernel")  # to tell the types
_Failed = subprocess.CalledProcessError
SUFFIX = sysconfig.get_config_var("EXT_SUFFIX") or ".so"


def modules() -> list[Path]:
    """What is compiled, relative to the root."""
    core = sorted((ROOT / "media" / "core").rglob("*.py"))
    beside = [ROOT / "media" / f"{name}.py" for name in BESIDE]
    return [each.relative_to(ROOT) for each in [*core, *beside] if each.name != "__init__.py"]


def digest() -> str:
    """Names these sources, for this Python."""
    found = hashlib.sha256(f"{sys.implementation.cache_tag} {SUFFIX}".encode())
    for each in sorted((ROOT / "media").rglob("*.py")):
        found.update(str(each.relative_to(ROOT)).encode() + b"\0" + each.read_bytes() + b"\0")
    return found.hexdigest()


def is_built() -> bool:
    """Whether what is compiled is of these sources."""
    stamp = FOLDER / STAMP
    return stamp.exists() and stamp.read_text() == digest()


class _Finder(MetaPathFinder):
    """Finds the compiled modules, by name."""

    def __init__(self, files: dict[str, Path]) -> None:
        self._files = files

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Of a compiled module; None of any other."""
        file = self._files.get(fullname)
        return importlib.util.spec_from_file_location(fullname, file) if file else None


def use() -> bool:
    """Take the compiled modules from now on, if they are of these sources. Whether they are."""
    if not is_built():
        return False
    files = {
        ".".join(each.relative_to(FOLDER).parts).removesuffix(SUFFIX): each
        for each in FOLDER.rglob(f"*{SUFFIX}")
    }
    sys.meta_path.insert(0, _Finder(files))
    return True


def is_used() -> bool:
    """Whether this process runs the compiled modules."""
    return any(isinstance(each, _Finder) for each in sys.meta_path)


def build() -> None:
    """Compile into `FOLDER`. Raises CalledProcessError, and then leaves nothing there."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    before = digest()
    with tempfile.TemporaryDirectory() as name:
        there = Path(name)
        for each in NEEDED:
            shutil.copytree(ROOT / each, there / each)
        for each in ("pyproject.toml", "server/__init__.py"):
            shutil.copy(ROOT / each, there / each)
        mypyc = shutil.which("mypyc", path=str(Path(sys.executable).parent)) or "mypyc"
        subprocess.run(  # noqa: S603 - our own command line
            [mypyc, *map(str, modules())],
            cwd=there, check=True, stdout=subprocess.DEVNULL,
            env=os.environ | {"MYPYC_OPT_LEVEL": "3", "MYPYC_DEBUG_LEVEL": "0"},
        )  # fmt: skip
        for made in there.rglob(f"*{SUFFIX}"):
            place = made.relative_to(there)
            if "build" not in place.parts:
                (FOLDER / place).parent.mkdir(parents=True, exist_ok=True)
                shutil.move(made, FOLDER / place)
    if digest() == before:
        (FOLDER / STAMP).write_text(before)


def main() -> int:
    """Build, unless that was done; 1 where it cannot be."""
    if is_built():
        return 0
    try:
        build()
    except (OSError, _Failed) as error:
        why = f"mypyc: {error.returncode}" if isinstance(error, _Failed) else error
        print(f"not compiled, the sources are run as they are: {why}", file=sys.stderr)
        return 1
    print(f"compiled into {FOLDER.relative_to(ROOT)}")
    return 0


def _is_worker() -> bool:
    spec = getattr(sys.modules.get("__main__"), "__spec__", None)
    return spec is not None and spec.name == "media.__main__"


if __name__ == "__main__":
    raise SystemExit(main())
if _is_worker():
    use()
