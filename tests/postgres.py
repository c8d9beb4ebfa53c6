"""A private PostgreSQL for one test session: its own folder, a Unix socket in it, no network.

Missing binaries are a failure with its reason, never a skip.
"""

import fcntl
import json
import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

INSTALLED = Path("/usr/lib/postgresql")
# Nothing here outlives the session, so nothing needs to reach the disk.
FAST = (
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "listen_addresses=",
    "max_connections=200",
)


class NoPostgres(RuntimeError):
    pass


def binaries() -> Path:
    """Debian's folder of the newest version, or the one of `initdb` in the path."""
    found = sorted(INSTALLED.glob("*/bin/initdb"), key=lambda each: float(each.parts[-3]))
    if found:
        return found[-1].parent
    if in_path := shutil.which("initdb"):
        return Path(in_path).resolve().parent
    raise NoPostgres("PostgreSQL is needed by these tests: apt-get install postgresql")


def _as_owner(command: list[str]) -> list[str]:
    """PostgreSQL refuses to run as root."""
    return ["runuser", "-u", "postgres", "--", *command] if os.geteuid() == 0 else command


def _run(*command: str | Path) -> None:
    line = _as_owner([str(part) for part in command])
    # The server keeps what it inherits: a pipe would never end.
    with tempfile.TemporaryFile() as said:
        ended = subprocess.run(line, stdin=subprocess.DEVNULL, stdout=said, stderr=said, cwd="/")
        if ended.returncode:
            said.seek(0)
            raise NoPostgres(f"{command[0]} failed:\n{said.read().decode(errors='replace')}")


def start() -> Path:
    """Makes and starts a cluster; returns its folder, which is also its socket's."""
    folder = Path(tempfile.mkdtemp(prefix="carbet-pg-", dir="/tmp"))
    if os.geteuid() == 0:
        try:
            owner = pwd.getpwnam("postgres")
        except KeyError:
            raise NoPostgres("PostgreSQL needs the system user postgres to run as") from None
        os.chown(folder, owner.pw_uid, owner.pw_gid)
    tools = binaries()
    _run(tools / "initdb", "-D", folder / "data", "-U", "carbet", "--auth=trust", "--no-sync",
         "--encoding=UTF8", "--locale=C")  # fmt: skip
    again(folder)
    return folder


def again(folder: Path) -> None:
    """Starts a cluster that was made before."""
    options = " ".join(f"-c {each}" for each in (*FAST, f"unix_socket_directories={folder}"))
    _run(
        binaries() / "pg_ctl", "-D", folder / "data", "-l", folder / "log", "-w", "-o", options,
        "start",
    )  # fmt: skip


def halt(folder: Path) -> None:
    """Ends a cluster at once, as a power cut would; its data stay."""
    _run(binaries() / "pg_ctl", "-D", folder / "data", "-m", "immediate", "-w", "stop")


def stop(folder: Path) -> None:
    halt(folder)
    shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _ledger(path: Path) -> Iterator[dict[str, object]]:
    """Who uses the cluster, shared by the session's processes under a lock."""
    with path.open("a+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        state = json.loads(file.read() or "{}")
        yield state
        file.truncate(0)
        file.write(json.dumps(state))


@contextmanager
def shared(folder: Path) -> Iterator[Path]:
    """One cluster for every process which names the same folder: the first starts it, the last
    stops it."""
    ledger = folder / "postgres.json"
    with _ledger(ledger) as state:
        if not state.get("users"):
            state.update(cluster=str(start()), users=0)
        cluster = Path(str(state["cluster"]))
        state["users"] = int(str(state["users"])) + 1
    try:
        yield cluster
    finally:
        with _ledger(ledger) as state:
            state["users"] = int(str(state["users"])) - 1
            if not state["users"]:
                stop(cluster)


def url(cluster: Path, database: str) -> str:
    return f"postgresql+asyncpg://carbet@/{database}?host={cluster}"


def new_name(purpose: str) -> str:
    return f"{purpose}_{secrets.token_hex(6)}"
