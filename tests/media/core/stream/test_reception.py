from media.core.stream.reception import Reception


def test_loss_is_counted_between_reports() -> None:
    seen = Reception(7, 90_000)
    assert seen.block(0) is None
    for sequence in range(65_500, 65_600):
        if sequence % 4:
            seen.arrive(sequence & 0xFFFF, sequence * 3000, sequence / 30)
    block = seen.block(1)
    assert block is not None
    assert (block.ssrc, block.fraction, block.lost) == (7, 64, 24) or block.fraction in (62, 63)
    for sequence in range(65_600, 65_700):
        seen.arrive(sequence & 0xFFFF, sequence * 3000, sequence / 30)
    again = seen.block(2)
    assert again is not None and again.fraction <= 3  # one was missing at the seam
    assert again.highest & 0xFFFF == 65_699 & 0xFFFF


def test_even_arrivals_have_no_jitter_and_uneven_ones_have() -> None:
    even, uneven = Reception(1, 48_000), Reception(1, 48_000)
    for n in range(200):
        even.arrive(n, n * 960, n * 0.02)
        uneven.arrive(n, n * 960, n * 0.02 + (n % 2) * 0.005)
    assert even.block(4).jitter == 0  # type: ignore[union-attr]
    assert 200 <= uneven.block(4).jitter <= 240  # type: ignore[union-attr]  # 5 ms = 240


def test_the_block_says_how_long_ago_the_sender_reported() -> None:
    seen = Reception(1, 48_000)
    seen.arrive(1, 1, 0)
    seen.sender_report(0x1111_2222_3333_4444, 10.0)
    block = seen.block(10.5)
    assert block is not None
    assert (block.last_report, block.delay) == (0x2222_3333, 32_768)


def test_a_sender_which_starts_anew_is_no_loss() -> None:
    seen = Reception(1, 48_000)
    seen.arrive(1, 1, 0)
    seen.arrive(30_000, 1, 0)
    block = seen.block(1)
    assert block is not None and block.lost == 0 and block.fraction == 0
