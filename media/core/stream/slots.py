"""Which peer sits in which slot of a receiver's offer. Sticky: a picture never jumps needlessly."""

from collections.abc import Sequence

Slots = tuple[str | None, ...]

PERSONS = 5


def assign(slots: Slots, wanted: Sequence[str]) -> Slots:
    """Free the slots of those not wanted, then seat newcomers in the first free slots, in order."""
    kept: list[str | None] = [peer if peer in wanted else None for peer in slots]
    for peer in wanted:
        if peer not in kept and None in kept:
            kept[kept.index(None)] = peer
    return tuple(kept)


def bring_in(slots: Slots, speaker: str, recent: Sequence[str]) -> Slots:
    """Seat a speaker without slot, in place of who spoke longest ago (`recent`: newest first)."""
    if speaker in slots:
        return slots
    order = {peer: n for n, peer in enumerate(recent)}
    worst = max(range(len(slots)), key=lambda n: _age(slots[n], order))
    return (*slots[:worst], speaker, *slots[worst + 1 :])


def _age(peer: str | None, order: dict[str, int]) -> int:
    return len(order) + 1 if peer is None else order.get(peer, len(order))
