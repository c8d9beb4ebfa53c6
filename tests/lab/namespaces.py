"""Network namespaces of our own, by ``ip netns``: made, filled with TUN devices, and taken away.

Names carry the process id of their owner (``carbet-1234-hub``), so that what a killed owner left
is known and removed by the next. Refuses to touch any namespace whose name is not of this form.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import re
import signal
import struct
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

OURS = re.compile(r"^carbet-(\d+)-[a-z0-9]+$")
FOLDER = Path("/run/netns")
TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 0x0001, 0x1000  # linux/if_tun.h
CLONE_NEWNET = 0x40000000


class NoNamespace(RuntimeError):
    """This machine or this user cannot have a namespace or a TUN device; the text says why."""


def ip(*words: str) -> str:
    """Run ``ip`` and return what it printed. Raises NoNamespace with its complaint."""
    try:
        done = subprocess.run(["ip", *words], capture_output=True, text=True, timeout=20)
    except FileNotFoundError:
        raise NoNamespace("the program ip is missing: install the package iproute2") from None
    if done.returncode:
        raise NoNamespace(f"ip {' '.join(words)}: {done.stderr.strip()}")
    return done.stdout


def within(name: str, *command: str) -> list[str]:
    """The command line which runs this command in that namespace."""
    return ["ip", "netns", "exec", name, *command]


def make(name: str, forwards: bool = False) -> None:
    """A namespace with loopback and without IPv6, whose chatter would use the thin link."""
    if not OURS.match(name):
        raise ValueError(f"{name} is not a name of ours")
    ip("netns", "add", name)
    ip("-n", name, "link", "set", "lo", "up")
    settings = {"net.ipv6.conf.all.disable_ipv6": 1, "net.ipv4.ip_forward": int(forwards)}
    words = [f"{key}={value}" for key, value in settings.items()]
    subprocess.run(within(name, "sysctl", "-qw", *words), check=True, timeout=20)


def tun(name: str, device: str, namespace: str) -> int:
    """A TUN device of that name in the namespace; returns the descriptor that holds its packets.

    It is made here under ``name``, unique on the machine, and moved: the descriptor follows it.
    """
    try:
        file = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        fcntl.ioctl(file, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TUN | IFF_NO_PI))
    except OSError as error:
        raise NoNamespace(f"no TUN device: {error}") from error
    ip("link", "set", "dev", name, "netns", namespace, "name", device)
    return file


def address(namespace: str, device: str, own: str, peer: str, *routes: str) -> None:
    """Give a device its address and bring it up, with routes through it."""
    ip("-n", namespace, "address", "add", own, "peer", peer, "dev", device)
    ip("-n", namespace, "link", "set", device, "up")
    for route in routes:
        ip("-n", namespace, "route", "add", route, "dev", device, "src", own)


def remove(name: str) -> None:
    """End what still runs in a namespace of ours, then take it away."""
    if not OURS.match(name) or not (FOLDER / name).exists():
        return
    for pid in map(int, ip("netns", "pids", name).split()):
        if pid not in (os.getpid(), os.getppid()):  # a driver may be inside, and ends by itself
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
    ip("netns", "delete", name)


def sweep() -> list[str]:
    """Remove the namespaces of owners that are no more; returns their names."""
    left = []
    for path in sorted(FOLDER.glob("carbet-*")):
        found = OURS.match(path.name)
        if found and not Path("/proc", found[1]).exists():
            remove(path.name)
            left.append(path.name)
    return left


def _enter(path: str) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    with open(path, "rb") as file:
        if libc.setns(file.fileno(), CLONE_NEWNET):
            raise NoNamespace(f"setns {path}: {os.strerror(ctypes.get_errno())}")


@contextmanager
def inside(name: str) -> Iterator[None]:
    """This thread, and all it starts, within that namespace; back again afterwards."""
    with open("/proc/thread-self/ns/net", "rb") as home:
        _enter(str(FOLDER / name))
        try:
            yield
        finally:
            _enter(f"/proc/self/fd/{home.fileno()}")
