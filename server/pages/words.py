"""The words of closed lists, as people read them: roles, third parties, statuses."""

from server.kernel.i18n import gettext as _

ROLES = {
    "clinician": _("Professionnel de santé"),
    "site_staff": _("Équipe du site"),
    "requester": _("Requérant"),
    "technician": _("Technicien de site"),
    "coordinator": _("Coordinateur"),
    "administrator": _("Administrateur"),
}

# Third parties a link may be made for, in the order a clinician thinks of them.
THIRD_PARTIES = {
    "family": _("Famille ou proche"),
    "interpreter": _("Interprète"),
    "second_clinician": _("Second professionnel de santé"),
    "escort": _("Accompagnant ou escorte"),
    "patient": _("Patient"),
}
