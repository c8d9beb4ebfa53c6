"""The words of roles, as people read them."""

from server.kernel.i18n import gettext as _

ROLES = {
    "clinician": _("Professionnel de santé"),
    "site_staff": _("Équipe du site"),
    "requester": _("Requérant"),
    "technician": _("Technicien de site"),
    "coordinator": _("Coordinateur"),
    "administrator": _("Administrateur"),
}
