"""A call of two as a target: one of them sends whatever the input says, validly sealed; the other
must be forwarded to them as before, and what is kept of the first must stay small."""

from collections.abc import Iterator

from media.core.packets import rtp
from tests.fuzz.targets import Target, rtcp_seeds, rtp_seeds
from tests.media.test_session import CAMERA, MIC, Someone

STEPS = (0.0, 0.001, 0.02, 0.3, 2.0, 30.0, -1.0, 0.005)  # s between two packets
MOST = 40  # packets of one input


def packets(data: bytes) -> Iterator[tuple[bool, float, bytes]]:
    """(whether RTCP, seconds since the one before, packet), each behind a byte of how, one of
    length."""
    at = 0
    for _ in range(MOST):
        if at + 2 > len(data):
            return
        how, size = data[at], data[at + 1]
        yield bool(how & 1), STEPS[how >> 1 & 7], data[at + 2 : at + 2 + size]
        at += 2 + size


def packed(*each: tuple[bool, int, bytes]) -> bytes:
    """An input from packets; the step is its place in STEPS."""
    return b"".join(
        bytes((int(report) | step << 1, len(packet[:255]))) + packet[:255]
        for report, step, packet in each
    )


def try_call(data: bytes) -> None:
    ana, bo = Someone("ana"), Someone("bo")
    ana.watch(bo)
    bo.watch(ana)
    now = 10.0
    bo.film(1, now, key=True)
    ana.film(1, now, key=True)
    for report, step, packet in packets(data):
        now += step
        take = ana.session.receive_rtcp if report else ana.session.receive_rtp
        take(packet, now)
        ana.session.tick(now)
        bo.session.tick(now)
    assert len(ana.session._by_ssrc) <= 36
    assert len(ana.out.rtcp) <= 200 * (1 + data.count(b"\n") + MOST), "answers without end"
    before = len(ana.out.rtp)
    voice = rtp.write(111, 5, 4800, MIC, b"opus")
    bo.session.receive_rtp(voice, now + 1)
    assert len(ana.out.rtp) > before, "the other is no longer heard"


def call_seeds() -> Iterator[bytes]:
    film = [
        (False, 2, rtp.write(96, n, n * 3000, CAMERA, b"\x90\x80\x80" + bytes((n, n > 1)) + b"p"))
        for n in range(1, 6)
    ]
    talk = [(False, 2, rtp.write(111, n, n * 960, MIC, b"opus")) for n in range(1, 6)]
    again = (False, 1, rtp.write(97, 1, 3000, 502, b"\x00\x03\x90\x80\x80\x03\x01p"))
    yield packed(*film, again, *talk)
    yield packed(*((False, 1, each) for each in rtp_seeds()))
    yield packed(*((True, 3, each) for each in rtcp_seeds()))
    yield packed(*talk, film[4], *((True, 1, each) for each in rtcp_seeds()), film[1])


# Two whole sessions for each input: some hundred a second, not tens of thousands.
CALL = Target(try_call, call_seeds, 2000, 100_000)
