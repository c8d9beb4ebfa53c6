"""Whatever people, packets and time do to a room, in any order, these things hold."""

import datetime as dt
from dataclasses import replace

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from signaling.consultation import OVER, Status
from signaling.effects import (
    AnswerMedia,
    Audit,
    CloseMedia,
    CloseRoom,
    Drop,
    Effect,
    FindStill,
    KeepPart,
    OpenMedia,
    Reply,
    Send,
    StoreAttendance,
    StoreIncident,
    StoreStage,
    StoreStatus,
    WriteConsent,
    WriteMessage,
    WriteStill,
)
from signaling.events import (
    Arrival,
    Arrived,
    Asked,
    Consented,
    Event,
    Flowing,
    Gone,
    NotOffered,
    Offered,
    PictureResumed,
    PictureStalled,
    Planned,
    Quality,
    Revoked,
    Said,
    Stalled,
    StatusChanged,
    StillBegun,
    StillKept,
    StillRefused,
    Tick,
    Vanished,
    WorkerBack,
    WorkerLost,
)
from signaling.ledger import KINDS
from signaling.messages import (
    Admit,
    Answer,
    Consent,
    DeviceStates,
    End,
    Hand,
    Knock,
    Leave,
    Lock,
    Matter,
    Point,
    Refuse,
    Remove,
    Renew,
    Report,
    Say,
    StillAsk,
    StillBegin,
    StillDrop,
    StillPart,
    StillResume,
)
from signaling.room import step
from signaling.seats import SEATS_IN, Message, Room, Stage
from signaling.still import Still, StillStage
from signaling.ways import RUNGS, Reason, Way
from tests.signaling.playbook import CLINICIAN, DAUGHTER, INTERPRETER, NURSE, START

COLLEAGUE = replace(CLINICIAN, seat="colleague", kind="second_clinician", credential="login-2")
PEOPLE = (CLINICIAN, COLLEAGUE, NURSE, DAUGHTER, INTERPRETER)
SEATS = st.sampled_from([who.seat for who in PEOPLE])
STATES = st.sampled_from(["on", "off", "lost", "none"])
WHYS = ["asked", "rung"]
STILLS = st.sampled_from(["one", "two", "three"])
STAGES = (StillStage("image/webp", 8, 8, 4), StillStage("image/webp", 16, 16, 8))
COMMANDS = st.one_of(
    st.sampled_from([Knock(), Knock(), Leave(), End(), Lock(True), Lock(False), Hand(True)]),
    st.builds(Admit, SEATS),
    st.builds(Refuse, SEATS),
    st.builds(Remove, SEATS),
    st.builds(Consent, st.booleans()),
    st.builds(DeviceStates, STATES, STATES, STATES, st.just("camera")),
    st.builds(Say, st.just("id"), st.just("texte")),
    st.builds(Answer, st.sampled_from(["s1", "s2", "s3"]), st.just("v=0")),
    st.builds(Renew, st.sampled_from(["s1", "s2", "s3"])),
    st.builds(StillAsk, SEATS, st.just("camera")),
    st.builds(StillBegin, STILLS, st.just("camera"), st.just(STAGES), st.sampled_from(WHYS)),
    st.builds(StillPart, STILLS, st.integers(0, 2), st.integers(0, 8), st.just(b"1234")),
    st.builds(StillResume, STILLS),
    st.builds(StillDrop, STILLS),
    st.builds(Point, STILLS, st.just(0.5), st.just(0.5)),
    st.builds(Matter, SEATS, st.just("camera"), st.sampled_from(["speech", "detail"])),
    st.builds(
        Report, st.sampled_from(["s1", "s2"]), st.just(64_000.0), st.none(), st.none(),
        st.just("none"), st.integers(0, 10_000), st.integers(0, 10_000),
    ),
)  # fmt: skip


class RoomMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.room = Room("c1", Status.PLANNED)
        self.now = START
        self.sockets: set[str] = set()
        self.dropped: set[str] = set()
        self.admitted: set[tuple[str, str]] = set()
        self.stays: dict[tuple[str, dt.datetime], list[dt.datetime | None]] = {}
        self.incidents: dict[tuple[str | None, str, dt.datetime], list[dt.datetime | None]] = {}
        self.stages: dict[str, Stage] = {}
        self.media: set[str] = set()
        self.statuses: list[Status] = [Status.PLANNED]
        self.told: dict[str, list[int]] = {}
        self.revs: dict[str, int] = {}
        self.count = 0

    # What may happen

    @rule(
        who=st.sampled_from(PEOPLE), tab=st.integers(1, 2), device=st.integers(1, 2),
        new_link=st.booleans(), seen=st.booleans(),
    )  # fmt: skip
    def arrives(self, who: Arrival, tab: int, device: int, new_link: bool, seen: bool) -> None:
        self.comes(who, tab, device, new_link, seen)

    def comes(self, who: Arrival, tab: int, device: int, new_link: bool, seen: bool) -> None:
        self.count += 1
        socket = f"socket-{self.count}"
        self.sockets.add(socket)
        generation = who.generation + (1 if new_link and not who.member else 0)
        credential = f"{who.credential}/{device}/{generation}"
        arrival = replace(who, credential=credential, since=self.now, generation=generation)
        told = self.room.last_message if seen else 0
        self.told[socket] = [told]
        self.play(Arrived(arrival, socket, f"tab-{who.seat}-{tab}-{device}", told))

    @precondition(lambda self: self.sockets)
    @rule(data=st.data())
    def vanishes(self, data: st.DataObject) -> None:
        socket = data.draw(st.sampled_from(sorted(self.sockets)))
        self.sockets.discard(socket)
        self.play(Vanished(socket))

    @precondition(lambda self: self.sockets)
    @rule(data=st.data(), command=COMMANDS)
    def asks(self, data: st.DataObject, command: object) -> None:
        socket = data.draw(st.sampled_from(sorted(self.sockets)))
        before = self.room
        out = self.play(Asked(socket, command))  # type: ignore[arg-type]
        answers = [e for e in out if isinstance(e, (Reply, WriteConsent, WriteMessage))]
        later = (AnswerMedia, WriteStill, FindStill, KeepPart)
        answers += [e for e in out if isinstance(e, later)]  # type: ignore[misc]
        assert len(answers) == 1, "each command has one acknowledgement"
        self.check_admission(before, socket, command)
        if before.seat_of(socket) is None and before.claim_of(socket) is None:
            assert self.room == before, "a socket without a seat changes nothing"

    def check_admission(self, before: Room, socket: str, command: object) -> None:
        by = before.seat_of(socket)
        for seat in self.room.inside:
            was = before.by_id[seat.id]
            if was.inside and was.credential == seat.credential:
                continue
            if isinstance(command, Admit):
                assert by and by.inside and by.member and command.seat == seat.id
            else:
                assert isinstance(command, Knock) and seat.socket == socket
                assert seat.member and was.stage is not Stage.REMOVED
                assert not before.locked or seat.host

    @rule(who=st.sampled_from([DAUGHTER, INTERPRETER]), waits=st.booleans())
    def guest_comes_as_they_should(self, who: Arrival, waits: bool) -> None:
        """The usual way in, which chance alone seldom finds."""
        for person in (CLINICIAN, who):
            self.comes(person, 1, 1, False, False)
            self.play(Asked(f"socket-{self.count}", Knock()))
        hosts = [s for s in self.room.inside if s.host and s.socket]
        if hosts and not waits:
            self.play(Asked(hosts[0].socket or "", Admit(who.seat)))

    @precondition(lambda self: self.sockets)
    @rule(data=st.data())
    def asks_twice(self, data: st.DataObject) -> None:
        """Commands sent twice act once."""
        socket = data.draw(st.sampled_from(sorted(self.sockets)))
        command = data.draw(COMMANDS)
        self.play(Asked(socket, command))
        once = self.room
        out = self.play(Asked(socket, command))
        assert replace(self.room, rev=0) == replace(once, rev=0)
        assert not any(isinstance(e, (StoreStage, StoreAttendance, OpenMedia)) for e in out)

    @rule(seat=SEATS, session=st.sampled_from(["s1", "s2", "s3"]), now=st.booleans(), kind=SEATS)
    def worker_tells(self, seat: str, session: str, now: bool, kind: str) -> None:
        attempt = self.room.by_id[seat].link.attempt if seat in self.room.by_id else 1
        attempt -= 0 if now else 1
        events: tuple[Event, ...] = (
            Offered(seat, attempt, session, "v=0"), Flowing(seat, session), Gone(seat, session),
            Stalled(seat, session, 2.0), NotOffered(seat, attempt),
        )  # fmt: skip
        self.play(events[(len(seat) + len(kind) + self.count) % len(events)])

    @rule(seat=SEATS, session=st.sampled_from(["s1", "s2", "s3"]))
    def session_comes_up(self, seat: str, session: str) -> None:
        if seat in self.room.by_id:
            self.play(Offered(seat, self.room.by_id[seat].link.attempt, session, "v=0"))
            self.play(Flowing(seat, session))

    @rule(seat=SEATS, source=st.sampled_from(["camera", "exam"]), loss=st.floats(0, 1))
    def pictures_and_quality(self, seat: str, source: str, loss: float) -> None:
        self.play(PictureStalled(seat, source) if loss < 0.5 else PictureResumed(seat, source))
        link = self.room.by_id[seat].link if seat in self.room.by_id else None
        session = (link.session if link else None) or "s1"
        why = Reason("fine" if loss < 0.5 else "loss")
        way = Way(RUNGS[int(loss * 5)], why, 64_000.0 * loss)
        self.play(Quality(seat, session, loss, None, way, way))
        self.play(Planned(seat, session, {"n": self.count}))

    @rule(still=STILLS, seat=SEATS, why=st.sampled_from(WHYS), n=st.integers(0, 2))
    def disk_tells_of_a_still(self, still: str, seat: str, why: str, n: int) -> None:
        if seat in self.room.by_id:
            self.play(StillBegun(Still(still, seat, "camera", why, self.now, STAGES)))
            known = self.room.still(still)
            if n == 2:
                self.play(StillRefused(still))
            elif known and n < len(known.stages) and n == known.have:
                self.play(StillKept(still, n, 4))

    @rule(back=st.booleans(), peers=st.frozensets(SEATS))
    def worker_comes_and_goes(self, back: bool, peers: frozenset[str]) -> None:
        self.play(WorkerBack(peers) if back else WorkerLost())

    @rule(seconds=st.sampled_from([1, 5, 59, 61, 300, 601]))
    def time_passes(self, seconds: int) -> None:
        self.now += dt.timedelta(seconds=seconds)
        self.play(Tick())

    @rule(seat=SEATS, given=st.booleans())
    def consent_is_stored(self, seat: str, given: bool) -> None:
        self.play(Consented(seat, given))

    @precondition(lambda self: self.room.inside)
    @rule(again=st.booleans())
    def message_is_stored(self, again: bool) -> None:
        seat = self.room.inside[0]
        number = self.room.last_message + (0 if again and self.room.messages else 1)
        self.play(Said((Message(number, seat.id, seat.name, "texte", self.now),)))

    @rule(status=st.sampled_from([Status.OPEN, Status.CANCELLED, Status.MISSED, Status.IN_CALL]))
    def page_changes_the_status(self, status: Status) -> None:
        if (self.room.status in OVER) != (status in OVER):
            self.play(StatusChanged(status, self.now if status in OVER else None))

    @rule(who=st.sampled_from(PEOPLE), device=st.integers(1, 2))
    def session_is_revoked(self, who: Arrival, device: int) -> None:
        gone = frozenset({f"{who.credential}/{device}/{who.generation}"})
        self.play(Revoked(gone))
        assert not any(s.inside and s.credential in gone for s in self.room.seats)

    # Played, and followed

    def play(self, event: Event) -> tuple[Effect, ...]:
        before = self.room
        self.room, out = step(self.room, event, self.now)
        for effect in out:
            self.follow(effect)
        assert self.room.rev == before.rev + (self.room != replace(before, rev=self.room.rev))
        return out

    def follow(self, effect: Effect) -> None:
        match effect:
            case Drop(socket):
                self.dropped.add(socket)
                self.sockets.discard(socket)
            case Send(socket, "message", payload):
                assert payload["number"] > self.told[socket][-1], "in order, each once"
                self.told[socket].append(payload["number"])
            case Send(socket, "room", payload):
                assert payload["rev"] > self.revs.get(socket, -1)
                self.revs[socket] = payload["rev"]
                self.check_view(socket, payload)
            case StoreStage(seat, stage):
                self.stages[seat] = stage
            case StoreAttendance(seat, entered_at, left_at):
                self.follow_stay(seat, entered_at, left_at)
            case StoreIncident(seat, kind, started_at, ended_at):
                self.follow_incident((seat, kind, started_at), ended_at)
            case OpenMedia(seat):
                self.media.add(seat)
            case CloseMedia(seat):
                self.media.discard(seat)
            case CloseRoom():
                self.media.clear()
            case StoreStatus() | Audit():
                pass

    def follow_stay(self, seat: str, entered: dt.datetime, left: dt.datetime | None) -> None:
        stay = self.stays.setdefault((seat, entered), [])
        if left is None:
            if stay and stay[-1] is None:
                return  # its bytes so far
            assert not [k for k, v in self.stays.items() if k[0] == seat and v and v[-1] is None]
            assert not stay or stay[-1] == entered, "only a stay of no length goes on"
        else:
            assert stay[-1] is None and left >= entered
        stay.append(left)

    def follow_incident(
        self, key: tuple[str | None, str, dt.datetime], ended: dt.datetime | None
    ) -> None:
        assert key[1] in KINDS
        told = self.incidents.setdefault(key, [])
        if ended is not None:
            assert told and told[-1] is None and ended >= key[2]
        told.append(ended)

    def check_view(self, socket: str, view: dict[str, object]) -> None:
        me = view["me"]
        assert isinstance(me, dict)
        if me["stage"] != "in":
            assert view["seats"] == [] and view["door"] == []
        elif not me["member"]:
            assert view["door"] == []
            seats = view["seats"]
            assert isinstance(seats, list)
            assert all(s["consent"] is None for s in seats if s["seat"] != me["seat"])

    # What always holds

    @invariant()
    def one_live_socket_for_each_seat(self) -> None:
        live = [s.socket for s in self.room.seats if s.socket]
        live += [c.socket for c in self.room.claims]
        assert len(live) == len(set(live))
        assert not set(live) & self.dropped, "a socket that was closed holds nothing"

    @invariant()
    def not_more_in_than_slots(self) -> None:
        assert len(self.room.inside) <= SEATS_IN

    @invariant()
    def when_it_is_over_nobody_is_in_or_waits(self) -> None:
        if self.room.status in OVER:
            assert not self.room.inside
            assert not any(s.stage is Stage.DOOR for s in self.room.seats)

    @invariant()
    def two_are_in_call(self) -> None:
        if len(self.room.inside) >= 2:
            assert self.room.status is Status.IN_CALL and self.room.started_at is not None

    @invariant()
    def what_is_stored_is_what_is(self) -> None:
        for seat in self.room.seats:
            assert self.stages.get(seat.id, Stage.AWAY) is seat.stage
            stay = self.stays.get((seat.id, seat.entered_at)) if seat.entered_at else None
            open_now = stay is not None and stay[-1] is None
            assert open_now is seat.inside
            begun = {k[1]: k[2] for k, v in self.incidents.items()
                     if k[0] == seat.id and v[-1] is None}  # fmt: skip
            assert begun == dict(seat.incidents)

    @invariant()
    def no_media_for_whoever_is_out(self) -> None:
        assert self.media <= {s.id for s in self.room.inside}

    @invariant()
    def automatic_stills_are_of_the_moment(self) -> None:
        inside = {seat.id for seat in self.room.inside}
        passing = [s for s in self.room.stills if not s.lasting]
        assert {s.seat for s in passing} <= inside
        shown = [(s.seat, s.source) for s in passing if s.have]
        assert len(shown) == len(set(shown)), "the newest took the place of the older"
        assert {w.seat for w in self.room.wanted} <= inside

    @invariant()
    def messages_have_no_gap(self) -> None:
        numbers = [m.number for m in self.room.messages]
        assert numbers == list(range(1, len(numbers) + 1))

    @invariant()
    def ten_minutes_run_only_while_gone(self) -> None:
        for seat in self.room.inside:
            assert (seat.gone_at is not None) == seat.gone
            assert (seat.lost_at is not None) == (seat.connection.value == "lost")


RoomMachine.TestCase.settings = settings(max_examples=150, stateful_step_count=60, deadline=None)
TestRoomMachine = RoomMachine.TestCase
