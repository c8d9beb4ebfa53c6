from media.core.stream.clockline import ClockLine, SentReports


def test_the_line_goes_on_between_reports() -> None:
    line = ClockLine(48_000)
    assert not line
    line.report(100 << 32, 2**32 - 24_000, now=5.0)
    assert line.read(5.0) == (100 << 32, 2**32 - 24_000)
    assert line.read(6.0) == (101 << 32, 24_000)


def test_a_block_tells_the_round_trip_of_a_report_of_ours_only() -> None:
    reports = SentReports(most=2)
    reports.sent(0x0000_0001_8000_0000, 10.0)
    assert reports.round_trip(0x0001_8000, 32_768, 11.1) is not None
    assert abs((reports.round_trip(0x0001_8000, 32_768, 11.1) or 0) - 0.6) < 1e-9
    assert reports.round_trip(0x0001_8001, 0, 11.0) is None
    assert reports.round_trip(0x0001_8000, 2**32 - 1, 11.0) is None  # an impossible delay
    for n in range(3):
        reports.sent(n << 32, 20.0)
    assert reports.round_trip(0x0001_8000, 0, 11.0) is None
