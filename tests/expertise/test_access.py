"""Who may do what to a request: the requester, their site, experts of its specialty, others."""

import datetime as dt

import pytest

from server.kernel.access import NOBODY, Action, can, guest, member
from server.kernel.cases import Case
from server.kernel.db import Invitation
from server.kernel.secrets import Secret
from tests.people import People

PEOPLE = People.drawn(Secret(bytes(32)))
NOW = dt.datetime(2026, 11, 22, tzinfo=dt.UTC)
ACTIONS = (Action.CASE_SEE, Action.CASE_WRITE, Action.CASE_TAKE, Action.CASE_ANSWER)
REQUESTER = {Action.CASE_SEE, Action.CASE_WRITE}
QUEUE = {Action.CASE_SEE, Action.CASE_TAKE}
SENT: dict[str, set[Action]] = {
    "nurse": REQUESTER,
    "clinician": QUEUE,
    "colleague": set(),
    "coordinator": set(),
    "caregiver": set(),
    "requester": set(),
    "technician": set(),
    "administrator": set(),
    "stranger": set(),
}


def _case(status: str = "submitted", **changes: object) -> Case:
    """A request of the river's health post to the CHU's dermatologists."""
    fields: dict[str, object] = {
        "id": "k", "organisation_id": "org-cayenne", "site_id": "site-cdps",
        "requester_id": "person-nurse", "specialty": "dermatology",
        "to_organisation_id": "org-chu", "status": status, "submitted_at": NOW, "expert_id": None,
    }  # fmt: skip
    return Case(**{**fields, **changes})


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("name", SENT)
def test_a_request_that_was_sent(name: str, action: Action) -> None:
    assert can(member(getattr(PEOPLE, name)), action, _case()) is (action in SENT[name])


@pytest.mark.parametrize("name", SENT)
def test_a_draft_is_its_requesters_alone(name: str) -> None:
    for draft in (_case("draft", submitted_at=None), _case("draft"), _case("withdrawn",
                  submitted_at=None)):  # fmt: skip
        allowed = {a for a in ACTIONS if can(member(getattr(PEOPLE, name)), a, draft)}
        assert allowed == (REQUESTER if name == "nurse" else set())


def test_a_colleague_of_the_site_takes_the_answer_one_of_elsewhere_does_not() -> None:
    sent = _case(requester_id="person-other")
    nurse = member(PEOPLE.nurse)
    assert can(nurse, Action.CASE_SEE, sent) and can(nurse, Action.CASE_WRITE, sent)
    assert not can(nurse, Action.CASE_SEE, _case("draft", requester_id="person-other"))
    assert not can(nurse, Action.CASE_SEE, _case(requester_id="x", site_id="site-ehpad"))
    assert not can(nurse, Action.CASE_SEE, _case(requester_id="x", site_id=None))


def test_whoever_took_it_keeps_it_whatever_a_form_says_later() -> None:
    taken = _case("assigned", expert_id="person-colleague", specialty="wounds")
    colleague = member(PEOPLE.colleague)
    assert all(can(colleague, a, taken) for a in ACTIONS if a is not Action.CASE_WRITE)
    assert not can(member(PEOPLE.clinician), Action.CASE_ANSWER, taken)
    assert not can(colleague, Action.CASE_SEE, _case("draft", expert_id="person-colleague"))


def test_experts_of_another_organisation_are_strangers() -> None:
    assert not can(member(PEOPLE.clinician), Action.CASE_SEE, _case(to_organisation_id="org-x"))


@pytest.mark.parametrize("action", (*ACTIONS, Action.CASE_LIST, Action.CASE_REQUEST))
def test_nobody_and_guests_may_nothing(action: Action) -> None:
    rose = guest(Invitation(id="i", consultation_id="k", name="Rose", kind="family"))
    for subject in (_case(), None):
        assert not can(NOBODY, action, subject) and not can(rose, action, subject)


def test_who_may_ask() -> None:
    asking = {
        name for name in SENT if can(member(getattr(PEOPLE, name)), Action.CASE_REQUEST, None)
    }
    assert asking == {"nurse", "caregiver", "requester", "clinician", "colleague", "stranger"}
