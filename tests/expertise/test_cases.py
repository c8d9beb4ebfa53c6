"""Requests on both databases: written, sent, every act once, and two people at once."""

import asyncio
from dataclasses import replace

import pytest
import sqlalchemy as sa

from expertise import cases, lateness
from expertise.case import Act, Refused
from expertise.cases import Stale
from expertise.forms import Draft, Invalid
from expertise.keys import Erased, key_of
from expertise.queues import destinations
from expertise.worklist import worklist
from server.kernel.cases import Case, CaseEvent
from server.kernel.db import AuditRow, Person
from server.kernel.refusals import NotFound, begin
from tests.expertise.conftest import HOUR, NOW, TO_SKIN, WRITTEN, Desk

EVERYBODY = (
    "clinician", "colleague", "coordinator", "caregiver", "nurse", "requester", "technician",
    "administrator", "stranger",
)  # fmt: skip


async def _audited(desk: Desk, case: Case, outcome: str = "done") -> list[str]:
    query = sa.select(AuditRow.action).where(
        AuditRow.subject == case.id, AuditRow.outcome == outcome
    )
    async with desk.db.read() as session:
        rows = await session.scalars(query.order_by(AuditRow.number))
        return [action.rsplit(":", 1)[1] for action in rows]


async def _listed(desk: Desk, name: str) -> dict[str, list[str]]:
    async with begin(desk.db) as session:
        found = await worklist(session, desk.who(name), desk.now)
    return {key: [case.id for case in some] for key, some in vars(found).items() if some}


async def test_from_the_first_word_to_closed(desk: Desk) -> None:
    case = await desk.taken()
    await desk.act("clinician", case, Act.ASK, text="Une vue avec réglette ?")
    desk.now = NOW + 5 * HOUR
    await desk.act("nurse", case, Act.GIVE, text="Voici.")
    await desk.sign(case)
    await desk.act("nurse", case, Act.ACKNOWLEDGE)
    closed = await desk.act("nurse", case, Act.CLOSE)
    assert (closed.status, closed.expert_id) == ("closed", "person-clinician")
    assert closed.due_at == NOW + 53 * HOUR, "48 h, and the five it waited for the requester"
    async with desk.db.read() as session:
        told = [(e.act, e.person_id, e.text, e.status) for e in await cases.events_of(
            session, closed)]  # fmt: skip
    nurse, doctor = "person-nurse", "person-clinician"
    assert told == [
        ("submit", nurse, "", "submitted"),
        ("claim", doctor, "", "assigned"),
        ("ask", doctor, "Une vue avec réglette ?", "more_asked"),
        ("give", nurse, "Voici.", "assigned"),
        ("answer", doctor, "", "answered"),
        ("acknowledge", nurse, "", "acknowledged"),
        ("close", nurse, "", "closed"),
    ]
    assert await _audited(desk, case) == [
        "create", "write", "submit", "claim", "ask", "give", "write", "answer", "acknowledge",
        "close",
    ]  # fmt: skip


async def test_queues_within_reach(desk: Desk) -> None:
    async with desk.db.read() as session:
        near = await destinations(session, "org-cayenne", "site-cdps")
        own = await destinations(session, "org-chu", None)
        far = await destinations(session, "org-stranger", "site-elsewhere")
    assert [each.code for each in near] == [TO_SKIN, "wounds@org-chu"]
    assert near == own and far == []
    async with desk.db.begin() as session:
        (await session.get_one(Person, "person-clinician")).disabled_at = NOW
    async with desk.db.read() as session:
        assert await destinations(session, "org-chu", None) == []
    for to in ("", "dermatology@org-x", "%", TO_SKIN):
        with pytest.raises(Invalid):
            await desk.create(to=to)


async def test_a_draft_is_saved_as_it_is_and_sent_only_whole(desk: Desk) -> None:
    case = await desk.create()
    await desk.save(case, Draft(question="Et si"))
    with pytest.raises(Invalid) as refused:
        await desk.submit(case, pictures=(0, 0))
    assert set(refused.value.errors) == {
        "question", "urgency", "consent", "photos", "context-history", "context-risks",
        "context-treatments", "context-site_of_lesion", "context-lesion",
    } - {"question"}  # fmt: skip
    await desk.save(case, replace(WRITTEN, consent=False))
    for pictures in ((1, 0), (1, 1)):
        with pytest.raises(Invalid) as refused:
            await desk.submit(case, pictures)
        assert "consent" in refused.value.errors
        assert ("photos" in refused.value.errors) is bool(pictures[1])
    assert (await desk.stored(case)).consent is False, "the refusal is kept"
    await desk.save(case)
    sent = await desk.submit(case)
    assert sent.due_at == NOW + 48 * HOUR and sent.submitted_at == NOW
    with pytest.raises(Refused):
        await desk.save(case)


async def test_nobody_else_finds_a_draft_and_the_refusal_is_recorded(desk: Desk) -> None:
    case = await desk.create()
    for name in set(EVERYBODY) - {"nurse"}:
        with pytest.raises(NotFound):
            await desk.see(name, case)
        with pytest.raises(NotFound):
            await desk.save(case, name=name)
    assert len(await _audited(desk, case, "refused")) == 2 * (len(EVERYBODY) - 1)
    for identifier in ("AAAAAAAAAAAAAAAA", "\0", "\ud800"):
        with pytest.raises(NotFound):
            await desk.see("nurse", Case(id=identifier))


async def test_who_may_do_each_act(desk: Desk) -> None:
    sent = await desk.sent()
    for name in set(EVERYBODY) - {"nurse", "clinician"}:
        for what in (Act.CLAIM, Act.DECLINE, Act.WITHDRAW, Act.ACKNOWLEDGE):
            with pytest.raises(NotFound):
                await desk.act(name, sent, what, text="non")
    with pytest.raises(NotFound):
        await desk.act("nurse", sent, Act.CLAIM)
    with pytest.raises(NotFound):
        await desk.act("clinician", sent, Act.WITHDRAW)


async def _second_dermatologist(desk: Desk) -> None:
    async with desk.db.begin() as session:
        colleague = await session.get_one(Person, "person-colleague")
        colleague.specialties = ["dermatology"]
    desk.people.colleague.specialties = ["dermatology"]


async def test_of_two_who_claim_at_once_one_has_it_and_the_other_is_told(desk: Desk) -> None:
    await _second_dermatologist(desk)
    sent = await desk.sent()
    ends = await asyncio.gather(
        *(desk.act(name, sent, Act.CLAIM, sent.version) for name in ("clinician", "colleague")),
        return_exceptions=True,
    )
    assert sorted(type(end).__name__ for end in ends) == ["Case", "Stale"]
    owner = (await desk.stored(sent)).expert_id
    assert owner == next(end.expert_id for end in ends if isinstance(end, Case))
    assert (await _audited(desk, sent)).count("claim") == 1


async def test_the_same_button_pressed_twice_is_pressed_once(desk: Desk) -> None:
    sent = await desk.sent()
    for _ in range(2):
        case = await desk.act("clinician", sent, Act.CLAIM, sent.version)
        assert case.expert_id == "person-clinician"
    assert (await _audited(desk, sent)).count("claim") == 1
    await desk.act("clinician", case, Act.ASK, case.version, text="quoi ?")
    with pytest.raises(Stale):
        await desk.act("clinician", case, Act.ASK, case.version, text="autre chose ?")


async def test_what_was_written_over_an_older_version_is_not_stored(desk: Desk) -> None:
    case = await desk.create()
    first = await desk.save(case)
    with pytest.raises(Stale):
        await desk.save(case, replace(WRITTEN, question="d’un autre onglet"), first.version - 1)
    assert (await desk.stored(case)).question == WRITTEN.question


async def test_passing_on_and_declining_say_why(desk: Desk) -> None:
    sent = await desk.sent()
    for what in (Act.PASS_ON, Act.DECLINE):
        with pytest.raises(Invalid) as wrong:
            await desk.act("clinician", sent, what, text="  ", to="wounds@org-chu")
        assert set(wrong.value.errors) == {"text"}
    for to in (TO_SKIN, "cardiology@org-chu", ""):
        with pytest.raises(Invalid) as wrong:
            await desk.act("clinician", sent, Act.PASS_ON, text="plaie", to=to)
        assert set(wrong.value.errors) == {"to"}
    passed = await desk.act("clinician", sent, Act.PASS_ON, text="plaie", to="wounds@org-chu")
    assert (passed.specialty, passed.status, passed.due_at) == (
        "wounds", "submitted", sent.due_at,
    )  # fmt: skip
    declined = await desk.act("clinician", passed, Act.DECLINE, text="hors de mon domaine")
    again = await desk.act("nurse", declined, Act.REVISE)
    assert (again.status, again.due_at) == ("draft", None)
    with pytest.raises(NotFound):
        await desk.see("clinician", again)


async def test_what_somebody_took_only_they_decline(desk: Desk) -> None:
    await _second_dermatologist(desk)
    taken = await desk.taken()
    for what in (Act.DECLINE, Act.ASK):
        with pytest.raises(NotFound):
            await desk.act("colleague", taken, what, text="non")
    with pytest.raises(Refused):
        await desk.act("colleague", taken, Act.TAKE_OVER)
    desk.now = NOW + 49 * HOUR
    over = await desk.act("colleague", taken, Act.TAKE_OVER)
    assert over.expert_id == "person-colleague"


async def test_late_is_noticed_once_and_seen_by_the_specialty(desk: Desk) -> None:
    await _second_dermatologist(desk)
    taken = await desk.taken()
    async with desk.db.begin() as session:
        assert await lateness.sweep(session, NOW + 47 * HOUR) == []
    desk.now = NOW + 48 * HOUR
    for expected in ([taken.id], []):
        async with desk.db.begin() as session:
            assert await lateness.sweep(session, desk.now) == expected
    assert (await desk.stored(taken)).late_since == desk.now
    assert await _listed(desk, "colleague") == {"late_elsewhere": [taken.id]}
    async with desk.db.read() as session:
        events = await session.scalars(sa.select(CaseEvent).where(CaseEvent.act == "late"))
        assert [(each.person_id, each.status) for each in events] == [(None, "assigned")]


async def test_each_list_holds_what_waits_there(desk: Desk) -> None:
    draft = await desk.create()
    assert await _listed(desk, "nurse") == {"to_do": [draft.id]}
    assert await _listed(desk, "clinician") == {}
    sent = await desk.submit(await desk.save(draft))
    assert await _listed(desk, "nurse") == {"waiting": [sent.id]}
    assert await _listed(desk, "clinician") == {"queue": [sent.id]}
    await desk.act("clinician", sent, Act.CLAIM)
    assert await _listed(desk, "clinician") == {"taken": [sent.id]}
    await desk.act("clinician", sent, Act.ASK, text="?")
    assert await _listed(desk, "clinician") == {"asked": [sent.id]}
    assert await _listed(desk, "nurse") == {"to_do": [sent.id]}
    await desk.act("nurse", sent, Act.GIVE, text="!")
    await desk.sign(sent)
    assert await _listed(desk, "clinician") == {"answered": [sent.id]}
    assert await _listed(desk, "nurse") == {"to_do": [sent.id]}
    await desk.act("nurse", sent, Act.ACKNOWLEDGE)
    assert await _listed(desk, "nurse") == {"over": [sent.id]}
    for name in set(EVERYBODY) - {"nurse", "clinician"}:
        if name in ("technician", "coordinator", "administrator"):
            with pytest.raises(NotFound):
                await _listed(desk, name)
        else:
            assert await _listed(desk, name) == {}


async def test_a_draft_given_up_is_erased_with_its_key(desk: Desk) -> None:
    case = await desk.save(await desk.create())
    assert len(key_of(desk.secret, case)) == 32
    gone = await desk.act("nurse", case, Act.WITHDRAW)
    assert (gone.status, gone.question, gone.context) == ("withdrawn", "", {})
    with pytest.raises(Erased):
        key_of(desk.secret, gone)
    sent = await desk.sent()
    withdrawn = await desk.act("nurse", sent, Act.WITHDRAW)
    assert withdrawn.question and key_of(desk.secret, withdrawn), "what was sent stays"
