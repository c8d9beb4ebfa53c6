"""One secret, made once, readable by its owner; derivations never meet."""

import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.kernel.secrets import Secret, SecretError

parts = st.lists(st.text(), max_size=4)


def test_it_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    first = Secret.load(tmp_path / "var")
    path = tmp_path / "var" / "secret.key"
    assert path.stat().st_mode & 0o777 == 0o600
    assert Secret.load(tmp_path / "var").derive("x") == first.derive("x")
    assert [each.name for each in path.parent.iterdir()] == ["secret.key"]


def test_a_file_others_could_read_is_closed_to_them(tmp_path: Path) -> None:
    Secret.load(tmp_path)
    (tmp_path / "secret.key").chmod(0o644)
    Secret.load(tmp_path)
    assert (tmp_path / "secret.key").stat().st_mode & 0o777 == 0o600


def test_many_starting_at_once_end_with_one_secret(tmp_path: Path) -> None:
    seen: list[bytes] = []
    start = threading.Barrier(8)

    def load() -> None:
        start.wait()
        seen.append(Secret.load(tmp_path).derive("x"))

    threads = [threading.Thread(target=load) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 8 and len(set(seen)) == 1


def test_a_truncated_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "secret.key").write_bytes(b"short")
    with pytest.raises(SecretError):
        Secret.load(tmp_path)


@given(parts, parts)
def test_different_parts_never_derive_the_same(left: list[str], right: list[str]) -> None:
    secret = Secret(bytes(32))
    same = secret.derive("p", *left) == secret.derive("p", *right)
    assert same == (left == right)


def test_it_is_not_printed() -> None:
    assert "\\x07" not in repr(Secret(b"\x07" * 32)) and "07" not in repr(Secret(b"\x07" * 32))


def test_what_is_sealed_opens_for_its_owner_only(secret: Secret) -> None:
    sealed = secret.seal("totp", "claire", b"abc")
    assert secret.unseal("totp", "claire", sealed) == b"abc"
    assert secret.seal("totp", "claire", b"abc") != sealed
    flipped = ("B" if sealed[20] == "A" else "A").join((sealed[:20], sealed[21:]))
    for purpose, owner, text in (
        ("totp", "guy", sealed),
        ("other", "claire", sealed),
        ("totp", "claire", flipped),
        ("totp", "claire", "é"),
        ("totp", "claire", ""),
    ):
        with pytest.raises(SecretError):
            secret.unseal(purpose, owner, text)
    with pytest.raises(SecretError):
        Secret(bytes(32)).unseal("totp", "claire", sealed)
