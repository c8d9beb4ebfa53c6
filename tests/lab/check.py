"""Whether a link is what was asked: ``python -m tests.lab.check [profile …]``, by ping and iperf3.

Delay by an idle ping; rate by more UDP than the link can carry; queue by a ping during that flood;
losses by UDP at half the rate; cuts by the longest silence of a ping. Prints a table, writes
``build/figures/lab-check.json``: each figure once as "asked" and once as "measured".
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from tests.lab import namespaces, profiles
from tests.lab.emulator import BYTES_OF_KBIT, Way
from tests.lab.figures import Row, load_now, number, table, write
from tests.lab.profiles import Profile
from tests.lab.stall import WORST, Stalls
from tests.lab.star import Star

IP_ICMP, IP_UDP = 28, 28
ECHO = 56  # bytes in a ping
FLOOD = 1.5  # times the rate
CALM = 0.5  # of the rate; losses are counted without a queue
SMALL, LARGE = 100, 1000  # bytes of UDP in a packet
MOST_CALM = 400.0  # kbit/s
BEFORE = 2.0  # seconds of a wide link for iperf3's handshake
PATIENT = 0.1  # seconds between pings
HEARD = re.compile(r"^\[([\d.]+)\] .*icmp_seq", re.MULTILINE)
ECHOED = re.compile(r"icmp_seq=(\d+) .*time=([\d.]+) ms")


class Missing(RuntimeError):
    """A program is not installed, or did not answer; the text says which."""


@dataclass(frozen=True)
class Finding:
    """One figure as asked and as measured."""

    profile: str
    figure: str
    asked: float
    measured: float | None
    unit: str


@contextmanager
def running(command: Sequence[str], out: int = subprocess.PIPE) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(command, stdout=out, stderr=subprocess.DEVNULL, text=True)
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


def ping_command(star: Star, site: str, seconds: float, every: float) -> list[str]:
    count = str(int(seconds / every))
    words = ("ping", "-n", "-D", "-c", count, "-i", str(every), "-W", "3", "-s", str(ECHO))
    return namespaces.within(star.namespace_of(site), *words, star.address)


def echoes(said: str) -> dict[int, float]:
    """Round trips in ms, by number."""
    return {int(number): float(ms) for number, ms in ECHOED.findall(said)}


def ping(star: Star, site: str, seconds: float, every: float = PATIENT) -> dict[int, float]:
    command = ping_command(star, site, seconds, every)
    return echoes(subprocess.run(command, capture_output=True, text=True).stdout)


@dataclass(frozen=True)
class Interval:
    """What iperf3's receiver counted between two seconds of the link's own time."""

    start: float
    end: float
    kbit: float  # a second, of IP packets
    packets: int
    lost: int


def iperf(
    star: Star, site: str, down: bool, kbit: float, size: int, seconds: float
) -> list[Interval]:
    """UDP of that many kbit/s of IP packets, after iperf3's own handshake on a wide link."""
    rate = f"{kbit * size / (size + IP_UDP):.3f}K"
    words = ["iperf3", "-c", star.address, "-u", "-J", "-b", rate, "-l", str(size)]
    words += ["-t", f"{seconds + BEFORE:.0f}", "-R" if down else "--get-server-output"]
    star.lift()
    serve = namespaces.within(star.hub, "iperf3", "-s", "-1", "-J", "-B", star.address)
    client = namespaces.within(star.namespace_of(site), *words)
    with running(serve, subprocess.DEVNULL):
        time.sleep(BEFORE)  # a server of its own: the last one may still wait for its client
        said, offset = _measured(star, client, seconds)
    told = said if down else said.get("server_output_json", {})
    if said.get("error") or "intervals" not in told:
        raise Missing(f"iperf3: {said.get('error', 'said nothing')}")
    every = [_interval(each["sum"], offset, size) for each in told["intervals"]]
    return [each for each in every if each.start >= BEFORE and each.end - each.start > 0.9][:-1]


def _measured(star: Star, client: list[str], seconds: float) -> tuple[dict[str, Any], float]:
    """What the client said, and the second of the link's time at which its clock began."""
    started = time.monotonic()
    with running(client) as process:
        time.sleep(BEFORE)
        offset = started - star.impose()
        said = process.communicate(timeout=seconds + 120)[0]
    return json.loads(said or "{}"), offset


def _interval(told: dict[str, Any], offset: float, size: int) -> Interval:
    kbit = told["bits_per_second"] / 1000 * (size + IP_UDP) / size
    times = told["start"] + offset, told["end"] + offset
    return Interval(*times, kbit, told["packets"], told["lost_packets"])


def base(way_out: Way, way_back: Way) -> float:
    """The round trip of a ping on this link without a queue, in ms."""
    size = IP_ICMP + ECHO
    sending = sum(size / (way.rate[0][1] * BYTES_OF_KBIT) for way in (way_out, way_back))
    jitter = (way_out.jitter + way_back.jitter) / 2
    return (way_out.delay + way_back.delay + sending + jitter) * 1000


class Examination:
    """One site's link, examined figure by figure."""

    def __init__(self, star: Star, profile: Profile, site: str, seconds: float) -> None:
        self.star, self.site, self.seconds = star, site, seconds
        self.link = star.links[site]
        self.name = profile.name if len(profile.links) == 1 else f"{profile.name} {site}"

    def find(self, figure: str, asked: float, measured: float | None, unit: str) -> Finding:
        return Finding(self.name, figure, asked, measured, unit)

    def delay(self) -> Iterator[Finding]:
        self.star.impose()
        trips = ping(self.star, self.site, 5)
        measured = statistics.median(trips.values()) if trips else None
        yield self.find("round trip", base(self.link.up, self.link.down), measured, "ms")

    def rate(self, direction: str, way: Way) -> Iterator[Finding]:
        """What iperf3 received of a flood, second by second; and how long a ping waited in it."""
        seconds = max([self.seconds, *(at + 8 for at, _ in way.rate[1:4])])
        size = LARGE if way.rate[0][1] > 60 else SMALL
        kbit = FLOOD * max(kbit for _, kbit in way.rate)
        idle = base(self.link.up, self.link.down)
        with running(ping_command(self.star, self.site, seconds, 0.2)) as pinging:
            got = iperf(self.star, self.site, direction == "down", kbit, size, seconds)
            trips = [ms for ms in echoes(pinging.communicate()[0]).values() if ms >= 0.95 * idle]
        room = self.star.capacity(f"{self.site} {direction}")
        ready = [
            room.between(each.start - way.delay, each.end - way.delay) / BYTES_OF_KBIT
            for each in got
            if not any(a < each.end and each.start < b for a, b in way.cuts)
        ]
        asked = statistics.mean(ready) * (1 - way.loss)
        flooded = seconds - 2 * BEFORE  # the ping began on a wide link; now it takes its part
        pinged = len(trips) * (IP_ICMP + ECHO) / flooded / BYTES_OF_KBIT
        measured = statistics.mean(each.kbit for each in got) + pinged if got else None
        yield self.find(f"rate {direction}", asked, measured, "kbit/s")
        if len(way.rate) == 1 and trips:
            queue = way.queue / (way.rate[0][1] * BYTES_OF_KBIT) * 1000
            yield self.find(f"queue {direction}", queue, max(trips) - idle, "ms")

    def loss(self, direction: str, way: Way) -> Iterator[Finding]:
        if not way.loss:
            return
        kbit = min(MOST_CALM, CALM * min(kbit for _, kbit in way.rate))
        got = iperf(self.star, self.site, direction == "down", kbit, 40, 3 * self.seconds)
        lost, packets = sum(each.lost for each in got), sum(each.packets for each in got)
        yield self.find(f"loss {direction}", way.loss * 100, 100 * lost / packets, "%")

    def cuts(self) -> Iterator[Finding]:
        for start, end in self.link.up.cuts[:1]:
            self.star.impose()
            command = ping_command(self.star, self.site, end + 5, PATIENT)
            said = subprocess.run(command, capture_output=True, text=True).stdout
            heard = [float(at) for at in HEARD.findall(said)]
            silence = max((b - a for a, b in pairwise(heard)), default=None)
            measured = None if silence is None else silence - PATIENT
            yield self.find("cut", end - start, measured, "s")

    def every(self) -> Iterator[Finding]:
        yield from self.delay()
        for direction, way in (("up", self.link.up), ("down", self.link.down)):
            yield from self.rate(direction, way)
            yield from self.loss(direction, way)
        yield from self.cuts()


def examine(profile: Profile, seconds: float) -> list[Finding]:
    """Every figure of every link of a profile, and how punctual its packets were."""
    findings: list[Finding] = []
    with Star(profile.links) as star:
        for site in profile.links:
            findings += Examination(star, profile, site, seconds).every()
        late = star.journal().late_p99
    return [*findings, Finding(profile.name, "late p99", 0, late, "ms")]


def rows(finding: Finding, load: str) -> Iterator[Row]:
    for system, value in (("asked", finding.asked), ("measured", finding.measured)):
        yield Row(finding.figure, system, finding.profile, value, finding.unit, 1, load)


def undisturbed(profile: Profile, seconds: float) -> tuple[list[Finding], str]:
    """An examination during which the host stood still at most WORST percent, or the third."""
    for _ in range(3):
        with Stalls() as stalls:
            findings = examine(profile, seconds)
        if stalls.percent() <= WORST:
            break
    return findings, f"{load_now()}, stall {stalls.percent():.1f} %"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.lab.check", description=__doc__)
    parser.add_argument("profile", nargs="*", help="all of them when none is named")
    parser.add_argument("--seconds", type=float, default=12.0, help="of each measurement")
    options = parser.parse_args()
    lines = []
    for name in options.profile or profiles.load():
        findings, load = undisturbed(profiles.one(name), options.seconds)
        for f in findings:
            values = f"{number(f.asked)} {f.unit}", f"{number(f.measured)} {f.unit}"
            lines.append((f.profile, f.figure, *values, load))
            print("  ".join(lines[-1]), flush=True)
        write("lab-check", (row for f in findings for row in rows(f, load)))
    print(table(("profile", "figure", "asked", "measured", "host"), lines))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
