"""What may not be done to a consultation: who asked, and how the audit log names it."""

from server.kernel.access import Action, Actor, Subject, can
from server.kernel.audit import Audited
from server.kernel.refusals import NotFound

# What the log calls an action when it was refused.
TRACES: dict[Action, Audited] = {
    Action.PLAN: Audited.CONSULTATION_PLAN,
    Action.LIST: Audited.CONSULTATION_LIST,
    Action.SEE: Audited.CONSULTATION_SEE,
    Action.ENTER: Audited.SEAT_CONNECT,
    Action.OPEN: Audited.CONSULTATION_OPEN,
    Action.HOST: Audited.CONSULTATION_END,
    Action.ADMIT: Audited.SEAT_ADMIT,
    Action.INVITE: Audited.INVITATION_CREATE,
    Action.ANNOTATE: Audited.NOTES_WRITE,
    Action.RECORD: Audited.RECORD_READ,
    Action.STILL: Audited.STILL_READ,
    Action.REOPEN: Audited.CONSULTATION_REOPEN,
    Action.CANCEL: Audited.CONSULTATION_CANCEL,
}


def permitted(actor: Actor, action: Action, subject: Subject, identifier: str = "") -> None:
    """Raises `NotFound` unless `can`. `identifier` is what was asked for."""
    if subject is None or not can(actor, action, subject):
        raise NotFound(actor, TRACES[action], identifier, asked=action.value)
