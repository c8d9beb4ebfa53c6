"""argon2id, off the event loop, and the same for nobody."""

import asyncio
import threading

import pytest

from server.kernel.passwords import PasswordRefused, Passwords


async def test_the_parameters_are_those_of_rfc_9106() -> None:
    """§4, second recommended option: 64 MiB, three passes, four lanes."""
    passwords = Passwords()
    hashed = await passwords.hash("un carbet au bord du fleuve")
    assert hashed.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert await passwords.verify(hashed, "un carbet au bord du fleuve")
    passwords.close()


async def test_only_the_password_is_the_password(passwords: Passwords) -> None:
    hashed = await passwords.hash("l’été à Besançon")
    assert await passwords.verify(hashed, "l’e\u0301te\u0301 a\u0300 Besanc\u0327on")
    for wrong in ("l'été à Besançon", "L’été à Besançon", "", "x" * 10_000, "\ud800"):
        assert not await passwords.verify(hashed, wrong)
    assert hashed != await passwords.hash("l’été à Besançon")


async def test_nobody_has_no_password(passwords: Passwords) -> None:
    assert not await passwords.verify(None, "nobody has this password")
    assert not await passwords.verify("!", "anything at all")
    assert not await passwords.verify("", "anything at all")


@pytest.mark.parametrize("weak", ["", "short", "aaaaaaaaaaaaaaaa", "x" * 257, "ababababababab"])
async def test_a_weak_one_is_refused(passwords: Passwords, weak: str) -> None:
    with pytest.raises(PasswordRefused):
        await passwords.hash(weak)


async def test_a_verification_is_not_done_on_the_loops_thread(
    passwords: Passwords, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: list[str] = []
    matches = Passwords._matches

    def noting(self: Passwords, stored: str, password: str) -> bool:
        threads.append(threading.current_thread().name)
        return matches(self, stored, password)

    monkeypatch.setattr(Passwords, "_matches", noting)
    await asyncio.gather(*(passwords.verify(None, "x") for _ in range(6)))
    assert len(threads) == 6 and all(name.startswith("argon2") for name in threads)
    assert len(set(threads)) <= 2
