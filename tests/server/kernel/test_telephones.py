"""Numbers as people write them, and what is no number."""

import pytest

from server.kernel.telephones import readable


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("", None),
        ("  \t", None),
        ("0594 37 00 00", "0594 37 00 00"),
        (" 0594.37-00\u00a000 ", "0594 37 00 00"),
        ("+594 594 37 00 00", "+594 594 37 00 00"),
        ("112000", "112000"),
        ("1" * 15, "1" * 15),
    ],
)
def test_a_number_is_kept_as_it_is_read(typed: str, kept: str | None) -> None:
    assert readable(typed) == kept


@pytest.mark.parametrize(
    "typed",
    ["15", "12345", "1" * 16, "0594 37 00 OO", "<b>0594370000</b>", "tel:0594370000",
     "05 94 37 00 00 ou 01", "++594594370000", "٠٥٩٤٣٧٠٠٠٠", "0" * 10_000],
)  # fmt: skip
def test_what_is_no_number_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match="telephone"):
        readable(typed)
