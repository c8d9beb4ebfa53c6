"""Each case's own key: random, and kept only wrapped by the installation's secret.

Whoever erases the wrapped key erases every photograph of the case, wherever its bytes still are.
"""

import secrets

from server.kernel.cases import Case
from server.kernel.secrets import SIZE, Secret

PURPOSE = "case-key"


class Erased(Exception):
    """The case's key is gone, and what it sealed with it."""


def new_key(secret: Secret, case_id: str) -> str:
    """A fresh key, wrapped; nobody else's row can carry it."""
    return secret.seal(PURPOSE, case_id, secrets.token_bytes(SIZE))


def key_of(secret: Secret, case: Case) -> bytes:
    """The case's 32 bytes. Raises `Erased`."""
    if not case.wrapped_key:
        raise Erased(case.id)
    return secret.unseal(PURPOSE, case.id, case.wrapped_key)
