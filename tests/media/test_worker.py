"""A worker in this process, with aiortc as the browsers."""

import asyncio

import pytest

from media.worker import Refused
from tests.media.aiortc_peer import AiortcPeer
from tests.media.workshop import Workshop


async def test_two_peers_exchange_sound_and_picture(workshop: Workshop) -> None:
    ana, bo = [await workshop.peer(name).join() for name in ("ana", "bo")]
    for peer in (ana, bo):
        frame = await peer.receive("v0")
        assert (frame.width, frame.height) == (640, 480)
        assert (await peer.receive("a0")).sample_rate == 48_000
    assert not {
        k: v for k, v in workshop.counts.items() if k.startswith(("dropped_srtp", "failed"))
    }


async def test_the_answer_may_come_long_after_the_first_checks_and_handshake(
    workshop: Workshop,
) -> None:
    """On a satellite the answer is slower than ICE: the browser's ClientHello must wait for it."""
    ana = workshop.peer("ana")
    sdp = await ana.answer()
    await asyncio.sleep(1.5)
    workshop.worker.answer("room", "ana", ana.session, sdp)
    await ana.connected()
    await workshop.event("peer_up", peer="ana", session=ana.session)


async def test_another_certificate_than_the_answers_is_refused(workshop: Workshop) -> None:
    ana = workshop.peer("ana")
    sdp = await ana.answer()
    rows = [
        row[:-2] + ("00" if row[-2:] != "00" else "11") if row.startswith("a=fingerprint") else row
        for row in sdp.split("\r\n")
    ]
    workshop.worker.answer("room", "ana", ana.session, "\r\n".join(rows))
    await workshop.event("peer_gone", peer="ana", why="refused")
    assert workshop.worker.sessions() == 0


async def test_a_session_is_answered_once_and_by_its_peer_only(workshop: Workshop) -> None:
    ana = workshop.peer("ana")
    sdp = await ana.answer()
    for room, peer, session in (
        ("room", "bo", ana.session), ("other", "ana", ana.session), ("room", "ana", "guess")
    ):  # fmt: skip
        with pytest.raises(Refused, match="no such session"):
            workshop.worker.answer(room, peer, session, sdp)
    with pytest.raises(Refused, match="not a session description"):
        workshop.worker.answer("room", "ana", ana.session, "hello")
    workshop.worker.answer("room", "ana", ana.session, sdp)
    with pytest.raises(Refused, match="answered before"):
        workshop.worker.answer("room", "ana", ana.session, sdp)
    await ana.connected()


async def test_a_browser_which_says_goodbye_is_gone_at_once(workshop: Workshop) -> None:
    ana, bo = [await workshop.peer(name).join() for name in ("ana", "bo")]
    await bo.receive("v0")
    await ana.close()
    assert (await workshop.event("peer_gone", peer="ana"))["why"] == "closed"
    slots = (await workshop.event("slots", peer="bo"))["slots"]
    assert slots[0] == (0, None, "person")


async def test_closing_ends_the_peer_without_an_event(workshop: Workshop) -> None:
    await workshop.peer("ana").join()
    workshop.worker.close("room", "ana")
    workshop.worker.close("room", "ana")
    assert workshop.worker.sessions() == 0 and not workshop.worker.rooms
    assert not [e for e in workshop.events if e["event"] == "peer_gone"]


async def test_rooms_do_not_hear_each_other(workshop: Workshop) -> None:
    ana = await workshop.peer("ana").join()
    other = AiortcPeer("eve", workshop.worker, "elsewhere")
    workshop.peers.append(other)
    await other.join()
    bo = await workshop.peer("bo").join()
    await ana.receive("v0")
    await bo.receive("v0")
    told = [e for e in workshop.events if e["event"] == "slots" and e["room"] == "elsewhere"]
    assert all(name is None for e in told for _, name, _ in e["slots"])
    assert all(track.packets == 0 for leg in workshop.worker._legs if leg.peer == "eve"
               for track in leg.tracks.values())  # fmt: skip


async def test_a_room_has_an_end(workshop: Workshop) -> None:
    for n in range(32):
        workshop.worker.open("room", f"p{n}")
    with pytest.raises(Refused, match="full"):
        workshop.worker.open("room", "one more")


async def test_a_key_serves_a_day_and_its_sessions_to_their_end(workshop: Workshop) -> None:
    def shown(sdp: str) -> str:
        return next(row for row in sdp.split("\r\n") if row.startswith("a=fingerprint"))

    ana = workshop.peer("ana")
    sdp = await ana.answer()
    _, first, _ = workshop.worker.open("room", "bo")
    _, second, _ = workshop.worker.open("room", "bo")
    assert shown(first) == shown(second)
    workshop.worker._made_at -= 86_401
    _, third, _ = workshop.worker.open("room", "bo")
    assert shown(third) != shown(second)
    workshop.worker.answer("room", "ana", ana.session, sdp)
    await ana.connected()
