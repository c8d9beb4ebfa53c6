"""A real link: namespaces, TUN devices and ping. Needs root and /dev/net/tun, and says so.

No test of time: how near the link comes to what was asked is measured by ``python -m
tests.lab.check``.
"""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time

import pytest

from tests.lab import namespaces
from tests.lab.emulator import Way
from tests.lab.star import Link, Star

QUICK = Way(rate=((0, 10_000),), delay=0.05)


def ping(star: Star, site: str, count: int = 10, to: str = Star.address) -> str:
    command = namespaces.within(
        star.namespace_of(site), "ping", "-c", str(count), "-i", "0.02", "-W", "2", to
    )
    return subprocess.run(command, capture_output=True, text=True, timeout=30).stdout


def answered(said: str) -> list[float]:
    """Round trips in ms."""
    return [float(found) for found in re.findall(r"time=([\d.]+) ms", said)]


def test_two_sites_reach_the_hub_and_each_other_through_their_own_links() -> None:
    slow = Way(rate=((0, 10_000),), delay=0.1)
    with Star({"near": Link(QUICK, QUICK), "far": Link(slow, slow)}) as star:
        star.impose()
        near, far = answered(ping(star, "near")), answered(ping(star, "far"))
        across = answered(ping(star, "near", to=star.address_of("far")))
        journal = star.journal()
        names = list(star.sites.values())
    assert len(near) == len(far) == len(across) == 10
    assert min(near) >= 100 and min(far) >= 200 and min(across) >= 300
    assert [len(journal.of(way)) for way in ("near up", "near down")] == [20, 20]
    assert not [name for name in names if (namespaces.FOLDER / name).exists()]


def test_a_link_loses_what_it_is_told_to_lose() -> None:
    with Star({"site": Link(Way(rate=((0, 10_000),), loss=0.5), QUICK)}, seed=3) as star:
        star.impose()
        got = len(answered(ping(star, "site", count=40)))
        fates = [crossing.cause for crossing in star.journal().of("site up")]
    assert len(fates) == 40 and got == fates.count("") < 40


def test_before_it_is_imposed_a_link_is_wide() -> None:
    cut = Way(rate=((0, 10_000),), cuts=((0, 60),))
    with Star({"site": Link(cut, cut)}) as star:
        assert len(answered(ping(star, "site"))) == 10
        star.impose()
        assert not answered(ping(star, "site", count=2))
        star.lift()
        assert len(answered(ping(star, "site"))) == 10


def test_nothing_is_left_when_the_owner_is_killed() -> None:
    """First the user dies: the link process takes all away. Then the link process itself."""
    script = (
        "import sys, time\nfrom tests.lab.emulator import Way\nfrom tests.lab.star import *\n"
        "way = Way(rate=((0, 100),))\n"
        "with Star({'site': Link(way, way)}) as star: print(star.hub, flush=True); time.sleep(60)"
    )
    user = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert user.stdout
    hub = user.stdout.readline().strip()
    assert (namespaces.FOLDER / hub).exists()
    user.send_signal(signal.SIGKILL)
    user.wait()
    for _ in range(100):
        if not (namespaces.FOLDER / hub).exists():
            break
        time.sleep(0.1)
    assert not (namespaces.FOLDER / hub).exists()


def test_what_a_killed_link_process_left_is_swept_away_by_the_next() -> None:
    star = Star({"site": Link(QUICK, QUICK)}).__enter__()
    assert star._process
    star._process.kill()
    star.__exit__(None, None, None)
    assert (namespaces.FOLDER / star.hub).exists()
    with Star({"site": Link(QUICK, QUICK)}):
        assert not (namespaces.FOLDER / star.hub).exists()


def test_only_namespaces_of_ours_are_touched() -> None:
    with pytest.raises(ValueError):
        namespaces.make("hospital")
    namespaces.remove("hospital")
