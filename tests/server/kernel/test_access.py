"""The whole table: for each person and action, whether it is allowed, and about what."""

import pytest

from server.kernel.access import NOBODY, ROLES, Action, Actor, Subject, can, guest, member
from server.kernel.db import Consultation, Invitation, Organisation
from server.kernel.secrets import Secret
from tests.people import People

PEOPLE = People.drawn(Secret(bytes(32)))
NETWORK = PEOPLE.network
IN_CONSULTATION = tuple(action for action in Action if action.value.startswith("consultation:")
                        and action not in (Action.PLAN, Action.LIST))  # fmt: skip


def _consultation(identifier: str = "c", site: str = "site-cdps") -> Consultation:
    return Consultation(id=identifier, organisation_id="org-chu", site_id=site, clinician_id="x")


def _guest(consultation_id: str = "c") -> Actor:
    return guest(Invitation(id="i", consultation_id=consultation_id, name="Rose", kind="family"))


# Who may do what in a consultation of the CHU with the post of Maripasoula.
ALLOWED: dict[str, set[Action]] = {
    "clinician": set(IN_CONSULTATION),
    "colleague": set(IN_CONSULTATION),
    "coordinator": {Action.SEE, Action.INVITE, Action.CANCEL},
    "nurse": {Action.SEE, Action.ENTER, Action.ADMIT, Action.RECORD, Action.STILL},
    "caregiver": set(),
    "requester": set(),
    "technician": set(),
    "administrator": set(),
    "stranger": set(),
}


@pytest.mark.parametrize("action", IN_CONSULTATION)
@pytest.mark.parametrize("name", ALLOWED)
def test_members_of_a_consultation(name: str, action: Action) -> None:
    actor = member(getattr(PEOPLE, name))
    assert can(actor, action, _consultation()) is (action in ALLOWED[name])


@pytest.mark.parametrize("action", IN_CONSULTATION)
def test_a_guest_only_enters_and_only_where_invited(action: Action) -> None:
    assert can(_guest(), action, _consultation()) is (action is Action.ENTER)
    assert not can(_guest("other"), action, _consultation())
    assert not can(_guest(""), action, _consultation(""))


@pytest.mark.parametrize("action", Action)
def test_nobody_may_nothing(action: Action) -> None:
    subjects: tuple[Subject, ...] = (
        None, _consultation(), NETWORK.ehpad, NETWORK.chu, PEOPLE.clinician,
    )  # fmt: skip
    assert not any(can(NOBODY, action, subject) for subject in subjects)


@pytest.mark.parametrize("action", IN_CONSULTATION)
def test_no_role_of_another_organisation_may_anything(action: Action) -> None:
    for role in ROLES:
        actor = Actor("member", "s", "org-stranger", "site-elsewhere", role)
        assert not can(actor, action, _consultation())


@pytest.mark.parametrize("action", IN_CONSULTATION)
def test_what_is_missing_never_matches_what_is_missing(action: Action) -> None:
    blank = Consultation(id=None, organisation_id=None, site_id=None)
    for role in (*ROLES, None):
        assert not can(Actor("member", "s", None, None, role), action, blank)
    assert not can(Actor("guest", "i"), action, blank)


def test_a_guest_claiming_a_role_stays_a_guest() -> None:
    liar = Actor("guest", "i", "org-chu", "site-cdps", ROLES[0], "i", "other")
    assert not any(can(liar, action, _consultation()) for action in Action)


def test_planning_needs_the_sites_agreement() -> None:
    clinician, stranger = member(PEOPLE.clinician), member(PEOPLE.stranger)
    assert can(clinician, Action.PLAN, None)
    assert can(clinician, Action.PLAN, NETWORK.ehpad)
    assert can(clinician, Action.PLAN, NETWORK.cdps)
    assert not can(clinician, Action.PLAN, NETWORK.elsewhere)
    assert not can(stranger, Action.PLAN, NETWORK.cdps)
    assert not can(member(PEOPLE.nurse), Action.PLAN, NETWORK.cdps)
    assert not can(member(PEOPLE.technician), Action.PLAN, NETWORK.ehpad)


def test_an_agenda_is_for_those_who_care() -> None:
    may = {each.role for each in PEOPLE.everyone if can(member(each), Action.LIST, None)}
    assert may == {"clinician", "coordinator", "site_staff"}


def test_an_account_is_its_owners() -> None:
    assert can(member(PEOPLE.nurse), Action.ACCOUNT, PEOPLE.nurse)
    assert not can(member(PEOPLE.administrator), Action.ACCOUNT, PEOPLE.nurse)


def test_an_administrator_manages_their_own_organisation() -> None:
    administrator = member(PEOPLE.administrator)
    assert can(administrator, Action.PERSON_MANAGE, PEOPLE.clinician)
    assert not can(administrator, Action.PERSON_MANAGE, PEOPLE.nurse)
    assert can(administrator, Action.AUDIT_READ, NETWORK.chu)
    assert not can(administrator, Action.AUDIT_READ, NETWORK.cayenne)
    assert not can(member(PEOPLE.clinician), Action.AUDIT_READ, NETWORK.chu)


def test_a_subject_of_another_sort_is_refused() -> None:
    clinician = member(PEOPLE.clinician)
    for action in IN_CONSULTATION:
        for subject in (None, NETWORK.ehpad, NETWORK.chu, PEOPLE.clinician):
            assert not can(clinician, action, subject)
    assert not can(clinician, Action.PLAN, Organisation(id="org-chu"))


def test_an_unknown_role_in_the_database_may_nothing() -> None:
    person = People.drawn(Secret(bytes(32))).clinician
    person.role = "chief"
    assert not any(can(member(person), action, _consultation()) for action in Action)


def test_an_actor_is_named_without_a_name_in_the_audit_log() -> None:
    assert member(PEOPLE.nurse).audit_name == "member:person-nurse"
    assert _guest().audit_name == "guest:i"
    assert NOBODY.audit_name == "nobody"
