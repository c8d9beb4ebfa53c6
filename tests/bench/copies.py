"""Two other workers, made of copies of the sources, to tell what something costs by what it costs
without.

*Unestimated*: nothing that leaves is remembered, no feedback is read, and every link is taken to be
wide; compiled where the original is. All else is the same, the telling of arrivals to browsers, by
which they estimate, included. *Plain*: the same program, never compiled.
"""

from __future__ import annotations

import ast
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from media import compiled

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "build" / "unestimated"
PLAIN = ROOT / "build" / "plain"
COPIED = ("media", "server", "config")
ESTIMATOR = "media/core/link/estimator.py"
WIDE = 20_000_000  # bit/s
INSTEAD = {
    "__init__": f"start = {WIDE}",  # before all else it does
    "sent": "self._best += 1.0; return int(self._best) & 0xFFFF",
    "feedback": "return",
    "report": "return",
    "tick": "return",
    "wants_probe": "return None",
}


def blindfolded(source: str) -> str:
    """The estimator's source, each of these methods beginning otherwise; most end there."""
    tree = ast.parse(source)
    estimator = next(
        node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == "Estimator"
    )
    found = set()
    for node in estimator.body:
        if isinstance(node, ast.FunctionDef) and node.name in INSTEAD:
            found.add(node.name)
            instead = ast.parse(INSTEAD[node.name]).body
            node.body = [*instead, *node.body] if node.name == "__init__" else instead
    if found != set(INSTEAD):
        raise LookupError(f"the estimator has no {set(INSTEAD) - found}")
    return ast.unparse(tree)


def _copied(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    for each in COPIED:
        shutil.copytree(ROOT / each, folder / each)
    shutil.copy(ROOT / "pyproject.toml", folder)


def plain() -> Path:
    """The sources, and nothing compiled of them."""
    stamp = PLAIN / "of"
    if not stamp.exists() or stamp.read_text() != compiled.digest():
        _copied(PLAIN)
        stamp.write_text(compiled.digest())
    return PLAIN


def unestimated() -> Path:
    """The copy, made anew where the sources are others than they were. Compiling takes minutes."""
    is_compiled = compiled.is_built()
    name = hashlib.sha256(f"{compiled.digest()} {is_compiled} {INSTEAD}".encode()).hexdigest()
    stamp = FOLDER / "of"
    if stamp.exists() and stamp.read_text() == name:
        return FOLDER
    _copied(FOLDER)
    there = FOLDER / ESTIMATOR
    there.write_text(blindfolded(there.read_text()))
    if is_compiled:
        subprocess.run([sys.executable, "-m", "media.compiled"], cwd=FOLDER, check=True,
                       env=os.environ | {"PYTHONPATH": str(FOLDER)})  # fmt: skip
    stamp.write_text(name)
    return FOLDER
