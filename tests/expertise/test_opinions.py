"""An answer: nobody's but its author's until it is signed, and nobody's to change after."""

from dataclasses import replace

import pytest
import sqlalchemy as sa

from expertise import opinions
from expertise.case import Act
from expertise.cases import Stale
from expertise.forms import Invalid
from expertise.opinion import Content, Hypothesis, missing, read_content
from server.kernel.cases import Opinion
from server.kernel.db import AuditRow, Person
from server.kernel.refusals import NotFound
from tests.expertise.conftest import ANSWER, HOUR, NOW, Desk

FORM = {
    "findings": "Lésion pigmentée à bords réguliers", "advice": "Surveillance à trois mois",
    "hypothesis-1": " Nævus ", "confidence-1": "high", "hypothesis-2": "", "confidence-2": "low",
    "urgency": "lower", "transfer": "avoided",
}  # fmt: skip


def test_read_from_a_form_and_stored() -> None:
    content = read_content(FORM)
    assert content == ANSWER and Content.read(content.stored()) == content
    assert missing(content) == {}


def test_what_is_missing_before_it_is_signed() -> None:
    empty = read_content({"hypothesis-1": "Nævus", "confidence-1": "sure", "urgency": "x"})
    assert set(missing(empty)) == {"findings", "advice", "confidence-1", "urgency", "transfer"}


@pytest.mark.parametrize("field", ["findings", "advice", "hypothesis-2"])
def test_what_cannot_be_stored_is_told(field: str) -> None:
    for text in ("x" * 9000, "\0", "\ud800"):
        with pytest.raises(Invalid) as wrong:
            read_content({**FORM, field: text})
        assert set(wrong.value.errors) == {field}


async def test_the_draft_is_its_authors_until_it_is_signed(desk: Desk) -> None:
    case = await desk.taken()
    draft = await desk.write(case, replace(ANSWER, advice=""))
    again = await desk.write(case, ANSWER, draft.revision)
    assert (again.id, again.revision) == (draft.id, 2)
    async with desk.db.read() as session:
        assert await opinions.signed(session, case) == []
        assert await opinions.draft_of(session, desk.who("nurse"), case) is None
        assert (await opinions.draft_of(session, desk.who("clinician"), case)) is not None
    for name in ("nurse", "colleague", "stranger"):
        with pytest.raises(NotFound):
            await desk.write(case, name=name)


async def test_a_second_tab_does_not_write_over_the_first(desk: Desk) -> None:
    case = await desk.taken()
    await desk.write(case)
    other = replace(ANSWER, advice="autre")
    with pytest.raises(Stale):
        await desk.write(case, other, 0)
    await desk.write(case, ANSWER, 0)  # the same words twice are no conflict
    await desk.write(case, other, 1)
    with pytest.raises(Stale):
        await desk.write(case, ANSWER, 1)


async def test_signed_it_is_numbered_and_told_in_the_audit_log(desk: Desk) -> None:
    case = await desk.taken()
    with pytest.raises(Invalid):
        await desk.sign(case, replace(ANSWER, findings=" "))
    opinion = await desk.sign(case)
    assert (opinion.number, opinion.signed_by, opinion.proof) == (
        1, "Dr Claire Morel, dermatologue", "code",
    )  # fmt: skip
    assert (await desk.stored(case)).status == "answered" and opinions.holds(opinion)
    async with desk.db.read() as session:
        row = (await session.scalars(
            sa.select(AuditRow).where(AuditRow.action == "case:case:answer")
        )).one()  # fmt: skip
    assert row.detail == {"status": "answered", "opinion": opinion.digest, "proof": "code"}


async def test_the_database_refuses_to_change_what_is_signed(desk: Desk) -> None:
    opinion = await desk.sign(await desk.taken())
    for change in (
        sa.update(Opinion).where(Opinion.id == opinion.id).values(content={}),
        sa.update(Opinion).where(Opinion.id == opinion.id).values(signed_at=None),
        sa.delete(Opinion).where(Opinion.id == opinion.id),
    ):
        with pytest.raises(sa.exc.DBAPIError, match="stays as it is"):
            async with desk.db.begin() as session:
                await session.execute(change)
    async with desk.db.read() as session:
        assert opinions.holds(await session.get_one(Opinion, opinion.id))


def test_a_changed_word_no_longer_holds() -> None:
    opinion = Opinion(case_id="k", number=1, author_id="p", signed_at=NOW, content=ANSWER.stored())
    from expertise.opinion import digest

    opinion.digest = digest("k", 1, ANSWER, "p", NOW)
    assert opinions.holds(opinion)
    for other in (
        replace(ANSWER, advice="Biopsie"), replace(ANSWER, hypotheses=(Hypothesis("N", "low"),)),
    ):  # fmt: skip
        opinion.content = other.stored()
        assert not opinions.holds(opinion)


async def test_reopened_it_gets_a_second_version_and_keeps_the_first(desk: Desk) -> None:
    case = await desk.taken()
    first = await desk.sign(case)
    await desk.act("nurse", case, Act.REOPEN, text="Elle a saigné.", within=24 * HOUR)
    assert (await desk.stored(case)).due_at == NOW + 24 * HOUR
    second = await desk.sign(case, replace(ANSWER, advice="Biopsie"))
    async with desk.db.read() as session:
        found = await opinions.signed(session, case)
    assert [(each.id, each.number) for each in found] == [(second.id, 2), (first.id, 1)]


async def test_whoever_lost_the_case_is_told_and_writes_no_more(desk: Desk) -> None:
    case = await desk.taken()
    await desk.write(case)
    async with desk.db.begin() as session:
        colleague = await session.get_one(Person, "person-colleague")
        colleague.specialties = ["dermatology"]
    desk.people.colleague.specialties = ["dermatology"]
    desk.now = NOW + 49 * HOUR
    await desk.act("colleague", case, Act.TAKE_OVER)
    with pytest.raises(Stale):
        await desk.write(case, replace(ANSWER, advice="tard"), 1)
    with pytest.raises(Stale):
        await desk.sign(case, ANSWER, 1)
    signed = await desk.sign(case, name="colleague")
    assert signed.author_id == "person-colleague"
