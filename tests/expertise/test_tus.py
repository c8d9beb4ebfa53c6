"""The rules of tus 1.0, header by header."""

import base64
import hashlib

import pytest

from expertise.tus import (
    OFFSET_TYPE,
    Refusal,
    Wanted,
    check_version,
    metadata,
    read_checksum,
    read_creation,
    read_patch,
)

SHA = hashlib.sha256(b"x").hexdigest()
MOST = 1000


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def told(**pairs: str) -> str:
    return ",".join(f"{key} {b64(value)}" for key, value in pairs.items())


def creation(**changes: str) -> dict[str, str]:
    headers = {
        "Tus-Resumable": "1.0.0", "Upload-Length": "10",
        "Upload-Metadata": told(view="close", filename="peau.jpg", sha256=SHA),
    }  # fmt: skip
    return headers | {name.replace("_", "-"): value for name, value in changes.items()}


def test_what_is_asked_for() -> None:
    assert read_creation(creation(), MOST) == Wanted(10, "peau.jpg", "close", SHA)
    nasty = told(view="close", filename="<script>../é\n" * 40, sha256=SHA)
    wanted = read_creation(creation(Upload_Metadata=nasty), MOST)
    assert wanted.name == ("<script>../é\n" * 40)[:200], "kept as it is, and shown inert"


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"Tus_Resumable": "0.2.2"}, 412),
        ({"Upload_Length": ""}, 400),
        ({"Upload_Length": "-1"}, 400),
        ({"Upload_Length": "+5"}, 400),
        ({"Upload_Length": "1e3"}, 400),
        ({"Upload_Length": "١٢"}, 400),
        ({"Upload_Length": "9" * 16}, 400),
        ({"Upload_Length": "0"}, 400),
        ({"Upload_Length": "1001"}, 413),
        ({"Upload_Length": "4294967296"}, 413),
        ({"Upload_Metadata": ""}, 400),
        ({"Upload_Metadata": "view ***"}, 400),
        ({"Upload_Metadata": "view " + base64.b64encode(b"\xff").decode()}, 400),
        ({"Upload_Metadata": told(view="close", filename="a", sha256="short")}, 400),
        ({"Upload_Metadata": told(view="close", filename="a", sha256=SHA.upper())}, 400),
        ({"Upload_Metadata": told(view="c" * 33, filename="a", sha256=SHA)}, 400),
        ({"Upload_Metadata": told(view="close", filename="a\0b", sha256=SHA)}, 400),
    ],
)
def test_what_is_refused_at_once(change: dict[str, str], status: int) -> None:
    with pytest.raises(Refusal) as refused:
        read_creation(creation(**change), MOST)
    assert refused.value.status == status


def test_metadata_of_others_is_passed_over() -> None:
    assert metadata(f"a {b64('1')}, empty ,b {b64('é')}") == {"a": "1", "empty": "", "b": "é"}


def patch(**changes: str) -> dict[str, str]:
    headers = {"Tus-Resumable": "1.0.0", "Content-Type": OFFSET_TYPE, "Upload-Offset": "40"}
    return headers | {name.replace("_", "-"): value for name, value in changes.items()}


def test_what_may_still_come() -> None:
    assert read_patch(patch(), 40, 100) == 60
    assert read_patch(patch(Content_Length="60"), 40, 100) == 60


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"Tus_Resumable": ""}, 412),
        ({"Content_Type": "application/octet-stream"}, 415),
        ({"Upload_Offset": ""}, 400),
        ({"Upload_Offset": "-40"}, 400),
        ({"Upload_Offset": "39"}, 409),
        ({"Upload_Offset": "41"}, 409),
        ({"Content_Length": "61"}, 413),
    ],
)
def test_a_part_that_does_not_fit(change: dict[str, str], status: int) -> None:
    with pytest.raises(Refusal) as refused:
        read_patch(patch(**change), 40, 100)
    assert refused.value.status == status


@pytest.mark.parametrize("name", ["sha1", "sha256"])
def test_a_checksum_holds_or_not(name: str) -> None:
    digest = base64.b64encode(hashlib.new(name, b"part").digest()).decode()
    checksum = read_checksum({"Upload-Checksum": f"{name} {digest}"})
    assert checksum is not None and checksum.holds(b"part") and not checksum.holds(b"parT")


def test_no_checksum_or_one_nobody_knows() -> None:
    assert read_checksum({}) is None
    for wrong in ("md5 AAAA", "sha1", "sha1 ***", ""):
        with pytest.raises(Refusal) as refused:
            read_checksum({"Upload-Checksum": wrong})
        assert refused.value.status == 400
    with pytest.raises(Refusal) as refused:
        check_version({})
    assert refused.value.status == 412
