"""The `carbet` command as an operator types it, in a process of its own where it matters."""

import json
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from server.__main__ import main
from server.kernel.anchor import NAME

PASSWORD = "un carbet au bord du fleuve\n"
PERSON = ("user", "add", "--email", "A@Example.org", "--name", "Dr A", "--password-stdin")


@pytest.fixture(autouse=True)
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "var"
    monkeypatch.setenv("CARBET_SERVER__DATA_DIR", str(folder))
    return folder


def carbet(*arguments: str, entered: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "server", *arguments]
    return subprocess.run(command, input=entered, capture_output=True, text=True, timeout=60)


def test_check_config_says_ok(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check-config"]) == 0
    assert capsys.readouterr().out == "ok\n"


def test_an_absurd_ladder_is_refused_with_line_and_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ladder = tmp_path / "quality.toml"
    ours = Path("config/quality.toml").read_text("utf-8")
    line = ours[: ours.index("ptime = 40")].count("\n") + 1
    ladder.write_text(ours.replace("ptime = 40", "ptime = 45", 1), "utf-8")
    monkeypatch.setenv("CARBET_MEDIA__QUALITY", str(ladder))
    for command in ("check-config", "serve"):
        assert main([command]) == 1
        said = capsys.readouterr().err
        assert f"quality.toml:{line}: audio" in said and " / " in said


def test_check_config_says_each_wrong_key_in_both_languages(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "wrong.toml"
    path.write_text("[media]\nudp_prt = 1\n[server]\nport = 0\n")
    assert main(["--config", str(path), "check-config"]) == 1
    assert sorted(capsys.readouterr().err.splitlines()) == [
        "media.udp_prt: clé inconnue / unknown key",
        "server.port: au moins 1 est attendu / at least 1 is expected",
    ]


def test_the_file_may_be_named_by_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CARBET_CONFIG", str(tmp_path / "absent.toml"))
    assert main(["check-config"]) == 1


def test_a_person_is_added_with_a_password_from_standard_input(data_dir: Path) -> None:
    done = carbet(*PERSON, "--role", "clinician", "--organisation", "CHU", entered=PASSWORD)
    assert done.returncode == 0 and done.stdout.startswith("ok: "), done.stderr
    rows = sqlite3.connect(data_dir / "carbet.sqlite").execute(
        "SELECT email, role, password_hash, totp_secret FROM persons"
    )
    ((email, role, hashed, factor),) = rows
    assert (email, role, factor) == ("a@example.org", "clinician", None)
    assert hashed.startswith("$argon2id$")
    assert data_dir.stat().st_mode & 0o077 == 0
    assert (data_dir / "carbet.sqlite").stat().st_mode & 0o077 == 0
    verified = carbet("audit", "verify")
    assert verified.returncode == 0 and verified.stdout.startswith("ok: 1 ")


@pytest.mark.parametrize(
    ("arguments", "entered", "said"),
    [
        (("--role", "chief", "--organisation", "CHU"), PASSWORD, "unknown role"),
        (("--role", "site_staff", "--organisation", "CHU"), PASSWORD, "needs a site"),
        (("--role", "clinician", "--organisation", "CHU"), "short\n", "12 to 256"),
        (("--role", "clinician", "--organisation", "CHU"), "", "12 to 256"),
        (("--role", "clinician", "--organisation", " "), PASSWORD, "1 to 200"),
        (("--role", "clinician", "--organisation", "CHU", "--site", "x"), PASSWORD, "no such site"),
        (
            ("--role", "clinician", "--organisation", "CHU", "--timezone", "x"),
            PASSWORD,
            "time zone",
        ),
    ],
)
def test_a_person_who_cannot_be_is_refused(
    data_dir: Path, arguments: tuple[str, ...], entered: str, said: str
) -> None:
    refused = carbet(*PERSON, *arguments, entered=entered)
    assert refused.returncode == 1 and said in refused.stderr
    if (data_dir / "carbet.sqlite").exists():
        tables = sqlite3.connect(data_dir / "carbet.sqlite")
        assert tables.execute("SELECT count(*) FROM organisations").fetchone() == (0,)


def test_an_address_has_one_account() -> None:
    arguments = (*PERSON, "--role", "clinician", "--organisation", "CHU")
    assert carbet(*arguments, entered=PASSWORD).returncode == 0
    again = carbet(*arguments, entered=PASSWORD)
    assert again.returncode == 1 and "already" in again.stderr


def test_a_site_its_staff_and_an_agreement(data_dir: Path) -> None:
    site = ("site", "add", "--name", "CDPS", "--kind", "cdps", "--city", "Maripasoula",
            "--organisation", "CHC", "--timezone", "America/Cayenne")  # fmt: skip
    assert main(site) == 0
    staff = (*PERSON, "--role", "site_staff", "--organisation", "CHC", "--site", "CDPS")
    assert carbet(*staff, entered=PASSWORD).returncode == 0
    agree = ("site", "agree", "--site", "CDPS", "--organisation", "CHC", "--with", "CHU")
    assert main(agree) == 1
    clinician = ("user", "add", "--email", "b@example.org", "--name", "Dr B", "--role",
                 "clinician", "--organisation", "CHU", "--password-stdin")  # fmt: skip
    assert carbet(*clinician, entered=PASSWORD).returncode == 0
    assert main(agree) == 0 and main(agree) == 0
    rows = sqlite3.connect(data_dir / "carbet.sqlite").execute("SELECT * FROM agreements")
    assert len(rows.fetchall()) == 1
    assert main(["audit", "verify"]) == 0


def test_audit_verify_names_the_first_bad_row(
    data_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(3):
        arguments = ["site", "add", "--name", f"S{number}", "--kind", "ehpad", "--city", "x",
                     "--organisation", "CHU"]  # fmt: skip
        assert main(arguments) == 0
    tables = sqlite3.connect(data_dir / "carbet.sqlite", isolation_level=None)
    tables.execute("DROP TRIGGER audit_no_update")
    tables.execute("UPDATE audit SET actor = 'nobody' WHERE number = 2")
    capsys.readouterr()
    assert main(["audit", "verify"]) == 1
    assert capsys.readouterr().err == "ligne 2 modifiée / row 2 changed\n"
    (data_dir / NAME).write_text(json.dumps({"number": 9, "digest": "0", "mac": "0"}))
    tables.execute("UPDATE audit SET actor = 'command' WHERE number = 2")
    assert main(["audit", "verify"]) == 1
    assert "forged" in capsys.readouterr().err


def test_a_database_away_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CARBET_DATABASE__URL", "postgresql://carbet@127.0.0.1:1/carbet")
    assert main(["migrate"]) == 1
    assert "the database is away" in capsys.readouterr().err


def test_what_is_not_understood_ends_with_2() -> None:
    with pytest.raises(SystemExit) as ended:
        main(["fly"])
    assert ended.value.code == 2


def test_a_sites_link_is_limited_and_the_limit_lifted(
    data_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    add = ("site", "add", "--name", "CDPS", "--kind", "cdps", "--city", "Maripasoula")
    assert main([*add, "--organisation", "CHC"]) == 0

    def limits() -> tuple[object, ...]:
        rows = sqlite3.connect(data_dir / "carbet.sqlite").execute(
            "SELECT link_ceiling, link_bytes FROM sites ORDER BY rowid"
        )
        return tuple(next(rows))

    assert limits() == (None, None)
    assert main(["site", "link", "CDPS", "--ceiling", "64", "--bytes", "50"]) == 0
    assert limits() == (64_000, 50_000_000)
    assert main(["site", "link", "CDPS", "--ceiling", "none"]) == 0
    assert limits() == (None, 50_000_000)
    capsys.readouterr()
    for wrong, said in (
        (("CDPS", "--ceiling", "23"), "24 to 1000000, or none"),
        (("CDPS", "--ceiling", ""), "or none"),
        (("CDPS", "--bytes", "1e3"), "1 to 100000"),
        (("Nulle part",), "unknown site"),
        (("CDPS", "--organisation", "CHU"), "unknown organisation"),
    ):
        assert main(["site", "link", *wrong]) == 1
        assert said in capsys.readouterr().err
    assert main([*add, "--organisation", "CHU"]) == 0
    assert main(["site", "link", "CDPS", "--bytes", "9"]) == 1
    assert "add --organisation" in capsys.readouterr().err
    assert main(["site", "link", "CDPS", "--bytes", "9", "--organisation", "CHC"]) == 0
    assert limits() == (None, 9_000_000)


def test_a_clinician_is_declared_an_expert_and_no_longer(
    data_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def declared() -> tuple[object, ...]:
        rows = sqlite3.connect(data_dir / "carbet.sqlite").execute(
            "SELECT specialties FROM persons"
        )
        return tuple(json.loads(each) for (each,) in rows)

    clinician = ("user", "add", "--email", "b@example.org", "--name", "Dr B", "--role",
                 "clinician", "--organisation", "CHU", "--password-stdin")  # fmt: skip
    assert carbet(*clinician, entered=PASSWORD).returncode == 0
    assert declared() == ([],)
    assert main(["user", "expert", "B@example.org", "wounds", "dermatology"]) == 0
    assert declared() == (["dermatology", "wounds"],)
    capsys.readouterr()
    for wrong, said in (
        (("b@example.org", "astrology"), "unknown specialty, one of dermatology"),
        (("nobody@example.org", "wounds"), "no clinician has this address"),
    ):
        assert main(["user", "expert", *wrong]) == 1
        assert said in capsys.readouterr().err
    assert main(["user", "expert", "b@example.org"]) == 0
    assert declared() == ([],)
