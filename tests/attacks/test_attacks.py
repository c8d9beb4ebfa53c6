"""Two seconds of each attack on a real server and worker: what it promises holds, and two people
of another call go on talking. How well they go on is published, not tested (`make attacks`)."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.attacks import media, refusals, signalling
from tests.attacks.catalogue import ATTACKS, Attack
from tests.attacks.scene import Scene, a_scene

assert media and refusals and signalling  # they register their attacks
SECONDS = 2.0


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def scene(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Scene]:
    async with a_scene(tmp_path_factory.mktemp("attacked"), whole=False) as made:
        yield made


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.number)
async def test_the_attack_fails_and_others_go_on_talking(scene: Scene, attack: Attack) -> None:
    found = await attack.strike(scene, SECONDS)
    assert not found.broken, (found.said, scene.house.last_words(20))
    await scene.still_talking(30)


def test_every_number_of_the_list_is_there() -> None:
    numbers = [attack.number.rstrip("abc") for attack in ATTACKS]
    assert sorted(set(numbers), key=int) == [str(n) for n in range(1, 15)]
