"""The attacks by number, what is owed to each, and what each found. Attacks register themselves."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from tests.attacks.scene import Scene, Toll

KEPT = 0.95  # of the talkers' packets, unless an attack's own promise is another
Strike = Callable[[Scene, float], Awaitable["Found"]]


@dataclass
class Found:
    """What came of it: words and figures. `broken` are the promises that did not hold, `slow`
    those of speed, which a busy machine breaks too: they are published, not tested."""

    said: str
    toll: Toll | None = None
    figures: dict[str, float] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)
    slow: list[str] = field(default_factory=list)

    def owe(self, promise: str, held: bool) -> None:
        """A promise, and whether it held."""
        if not held:
            self.broken.append(promise)

    def reach(self, promise: str, held: bool) -> None:
        """A promise of speed, and whether it held."""
        if not held:
            self.slow.append(promise)


@dataclass(frozen=True)
class Attack:
    """`number` is the one of SECURITY.md. `seconds` is how long it lasts when published."""

    number: str
    name: str
    strike: Strike
    seconds: float
    kept: float


ATTACKS: list[Attack] = []


def attack(
    number: str, name: str, seconds: float = 10.0, kept: float = KEPT
) -> Callable[[Strike], Strike]:
    """Registers an attack under its number."""

    def register(strike: Strike) -> Strike:
        ATTACKS.append(Attack(number, name, strike, seconds, kept))
        return strike

    return register
