"""A plugin of pytest, ``-p tests.compiled``: tests run on the compiled modules or not at all.

Left out are those which put something else in the place of a part of what they test: compiled, a
module calls its own parts directly. Their subjects are told by the other tests.
"""

import pytest

from media import compiled

REPLACING = (
    "test_a_link_full_carries_what_arrived_and_what_it_lost_itself",
    "test_a_queue_that_only_begins_is_of_a_link_nearly_full",
    "test_a_limit_is_believed_at_odds_of_four_hundred",
    "test_layers_fall_and_come_back_while_the_receiver_plays_on",
    "test_new_addresses_are_listened_on_and_lost_ones_let_go",
    "test_replayed_and_wrongly_keyed_media",
)

if not compiled.use():
    raise RuntimeError("not compiled of these sources: python -m media.compiled")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    out = [item for item in items if item.name.partition("[")[0] in REPLACING]
    config.hook.pytest_deselected(items=out)
    items[:] = [item for item in items if item not in out]
