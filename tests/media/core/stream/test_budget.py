from media.core.stream.budget import Budget


def test_what_was_earned_may_be_spent() -> None:
    budget = Budget()
    assert budget.spend(60_000) and not budget.spend(1)
    budget.earn(500)
    assert not budget.spend(501) and budget.spend(500)


def test_it_has_an_end() -> None:
    budget = Budget()
    budget.earn(10_000_000)
    assert budget.spend(120_000) and not budget.spend(1)


def test_on_a_thin_link_it_is_two_seconds_of_it() -> None:
    budget = Budget()
    budget.rate = 64_000
    assert not budget.spend(16_001) and budget.spend(16_000)
    budget.earn(1_000_000)
    assert not budget.spend(16_001) and budget.spend(16_000)
    budget.rate = 1_000
    budget.earn(1_000_000)
    assert not budget.spend(3_001) and budget.spend(3_000)
