from media.core.keyframes import Allowance, KeyframeDesk


def test_many_asks_become_one_request() -> None:
    desk = KeyframeDesk()
    assert not desk.due(0, 0.1)
    sent = 0
    for tick in range(100):  # two seconds, five receivers asking all the time
        for _ in range(5):
            desk.ask()
        sent += desk.due(tick / 50, 0.05)
    assert 5 <= sent <= 7


def test_it_asks_again_until_one_arrives() -> None:
    desk = KeyframeDesk()
    desk.ask()
    assert [t for t in range(5) if desk.due(t, 0.6)] == [0, 2, 4]
    desk.arrived(9)
    assert not desk.due(10, 0.6)


def test_one_receiver_cannot_ask_without_end() -> None:
    allowance = Allowance(most=3, period=2.0)
    assert sum(allowance.take(t / 10) for t in range(100)) == 3 + 4
