"""A worker in this process, with aiortc as the browsers."""

import asyncio

import pytest

from media.worker import Refused
from tests.media.aiortc_peer import AiortcPeer
from tests.media.bench import Bench


async def test_two_peers_exchange_sound_and_picture(bench: Bench) -> None:
    ana, bo = [await bench.peer(name).join() for name in ("ana", "bo")]
    for peer in (ana, bo):
        frame = await peer.receive("v0")
        assert (frame.width, frame.height) == (640, 480)
        assert (await peer.receive("a0")).sample_rate == 48_000
    assert not {k: v for k, v in bench.counts.items() if k.startswith(("dropped_srtp", "failed"))}


async def test_the_answer_may_come_long_after_the_first_checks_and_handshake(bench: Bench) -> None:
    """On a satellite the answer is slower than ICE: the browser's ClientHello must wait for it."""
    ana = bench.peer("ana")
    sdp = await ana.answer()
    await asyncio.sleep(1.5)
    bench.worker.answer("room", "ana", ana.session, sdp)
    await ana.connected()
    await bench.event("peer_up", peer="ana", session=ana.session)


async def test_another_certificate_than_the_answers_is_refused(bench: Bench) -> None:
    ana = bench.peer("ana")
    sdp = await ana.answer()
    rows = [
        row[:-2] + ("00" if row[-2:] != "00" else "11") if row.startswith("a=fingerprint") else row
        for row in sdp.split("\r\n")
    ]
    bench.worker.answer("room", "ana", ana.session, "\r\n".join(rows))
    await bench.event("peer_gone", peer="ana", why="refused")
    assert bench.worker.sessions() == 0


async def test_a_session_is_answered_once_and_by_its_peer_only(bench: Bench) -> None:
    ana = bench.peer("ana")
    sdp = await ana.answer()
    for room, peer, session in (
        ("room", "bo", ana.session), ("other", "ana", ana.session), ("room", "ana", "guess")
    ):  # fmt: skip
        with pytest.raises(Refused, match="no such session"):
            bench.worker.answer(room, peer, session, sdp)
    with pytest.raises(Refused, match="not a session description"):
        bench.worker.answer("room", "ana", ana.session, "hello")
    bench.worker.answer("room", "ana", ana.session, sdp)
    with pytest.raises(Refused, match="answered before"):
        bench.worker.answer("room", "ana", ana.session, sdp)
    await ana.connected()


async def test_a_browser_which_says_goodbye_is_gone_at_once(bench: Bench) -> None:
    ana, bo = [await bench.peer(name).join() for name in ("ana", "bo")]
    await bo.receive("v0")
    await ana.close()
    assert (await bench.event("peer_gone", peer="ana"))["why"] == "closed"
    slots = (await bench.event("slots", peer="bo"))["slots"]
    assert slots[0] == (0, None, "person")


async def test_closing_ends_the_peer_without_an_event(bench: Bench) -> None:
    await bench.peer("ana").join()
    bench.worker.close("room", "ana")
    bench.worker.close("room", "ana")
    assert bench.worker.sessions() == 0 and not bench.worker.rooms
    assert not [e for e in bench.events if e["event"] == "peer_gone"]


async def test_rooms_do_not_hear_each_other(bench: Bench) -> None:
    ana = await bench.peer("ana").join()
    other = AiortcPeer("eve", bench.worker, "elsewhere")
    bench.peers.append(other)
    await other.join()
    bo = await bench.peer("bo").join()
    await ana.receive("v0")
    await bo.receive("v0")
    told = [e for e in bench.events if e["event"] == "slots" and e["room"] == "elsewhere"]
    assert all(name is None for e in told for _, name, _ in e["slots"])
    assert all(track.packets == 0 for leg in bench.worker._legs if leg.peer == "eve"
               for track in leg.tracks.values())  # fmt: skip


async def test_a_room_has_an_end(bench: Bench) -> None:
    for n in range(32):
        bench.worker.open("room", f"p{n}")
    with pytest.raises(Refused, match="full"):
        bench.worker.open("room", "one more")


async def test_a_key_serves_a_day_and_its_sessions_to_their_end(bench: Bench) -> None:
    def shown(sdp: str) -> str:
        return next(row for row in sdp.split("\r\n") if row.startswith("a=fingerprint"))

    ana = bench.peer("ana")
    sdp = await ana.answer()
    _, first, _ = bench.worker.open("room", "bo")
    _, second, _ = bench.worker.open("room", "bo")
    assert shown(first) == shown(second)
    bench.worker._made_at -= 86_401
    _, third, _ = bench.worker.open("room", "bo")
    assert shown(third) != shown(second)
    bench.worker.answer("room", "ana", ana.session, sdp)
    await ana.connected()
