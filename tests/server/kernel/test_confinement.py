"""A script on bytes nobody trusts: what it may use, what it may not, and how its end is told."""

import asyncio
import os
from pathlib import Path

import pytest

from server.kernel.confinement import Confinement, Failed, Limits

PROBE = """
import os, resource, sys
data = sys.stdin.buffer.read()
told = []
try:
    bytearray(700 * 2**20)
    told.append("memory")
except MemoryError:
    pass
try:
    with open(sys.argv[1], "w") as file:
        file.write("x")
    told.append("file")
except OSError:
    pass
told += [str(resource.getrlimit(resource.RLIMIT_CPU)[0]), str(len(os.environ)), str(len(data))]
print(" ".join(told), end="")
"""


def script(folder: Path, text: str) -> Path:
    path = folder / "script.py"
    path.write_text(text)
    return path


async def test_little_memory_no_file_and_no_environment(tmp_path: Path) -> None:
    child = Confinement(script(tmp_path, PROBE))
    told = (await child.run((str(tmp_path / "made"),), b"x" * 1000)).decode().split()
    # The interpreter itself sets one variable, for its own locale.
    assert told[0] == "10" and int(told[1]) <= 1 and told[2:] == ["1000"]
    assert (tmp_path / "made").stat().st_size == 0, "a name at most, never a byte"


@pytest.mark.parametrize(
    "text",
    [
        "import sys; sys.exit(3)",
        "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)",
        "import sys; sys.stdin.buffer.read()",
        "raise RuntimeError",
        "this is no Python",
    ],
)
async def test_whatever_it_dies_of_is_one_refusal(tmp_path: Path, text: str) -> None:
    with pytest.raises(Failed):
        await Confinement(script(tmp_path, text)).run((), b"data")


async def test_one_that_does_not_end_is_ended(tmp_path: Path) -> None:
    mark = tmp_path / "pid"
    text = "import os, sys, time; print(os.getpid(), flush=True); time.sleep(600)"
    child = Confinement(script(tmp_path, text), Limits(within=1.0))
    with pytest.raises(Failed):
        await child.run((str(mark),), b"")
    assert not [pid for pid in _python_children() if str(tmp_path) in pid]


def _python_children() -> list[str]:
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                found.append((folder / "cmdline").read_bytes().decode(errors="replace"))
            except OSError:
                continue
    return found


async def test_a_loop_ends_by_its_processor_time(tmp_path: Path) -> None:
    child = Confinement(script(tmp_path, "while True: pass"), Limits(processor=1, within=60))
    with pytest.raises(Failed):
        await child.run((), b"")


async def test_they_take_turns(tmp_path: Path) -> None:
    text = (
        "import os, sys, time; p = sys.argv[1]; n = sys.stdin.read()\n"
        "time.sleep(0.2); print(len(os.listdir('/proc/self/fd')))"
    )
    child = Confinement(script(tmp_path, text), side_by_side=2)
    made = await asyncio.gather(*(child.run((str(os.getpid()),), b"x") for _ in range(5)))
    assert len(made) == 5 and all(made)
