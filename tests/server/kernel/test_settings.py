"""A wrong setting is refused by its exact name, in both languages, and its value is not told."""

from pathlib import Path

import pytest

from server.kernel.settings import Settings, SettingsError, load

SHIPPED = Path(__file__).parents[3] / "config" / "carbet.toml"


def _write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "carbet.toml"
    path.write_text(text, "utf-8")
    return path


def _keys(error: pytest.ExceptionInfo[SettingsError]) -> set[str]:
    return {problem.key for problem in error.value.problems}


def test_nothing_needs_to_be_filled_in() -> None:
    settings = load(None, {})
    assert settings == Settings()
    assert (settings.server.port, settings.session.idle_minutes) == (8443, 15)
    assert settings.database_url.startswith("sqlite+aiosqlite:///")


def test_the_shipped_file_is_accepted_and_changes_nothing() -> None:
    assert load(SHIPPED, {}) == Settings()


def test_the_shipped_file_shows_every_key_and_its_default(tmp_path: Path) -> None:
    lines = SHIPPED.read_text("utf-8").splitlines()
    shown = "\n".join(
        line.removeprefix("# ").partition("   #")[0] if " = " in line else line for line in lines
    )
    path = _write(tmp_path, shown)
    assert load(path, {}) == Settings()
    for name, section in Settings.model_fields.items():
        for key in section.annotation.model_fields:  # type: ignore[union-attr]
            assert f"\n{key} = " in shown, f"{name}.{key}"


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    path = _write(tmp_path, "[media]\nudp_port = 1000\nspawn = 2\n")
    env = {"CARBET_MEDIA__UDP_PORT": "443", "CARBET_TLS__AUTO": "false", "HOME": "/"}
    settings = load(path, env)
    assert (settings.media.udp_port, settings.media.spawn, settings.tls.auto) == (443, 2, False)


def test_a_list_is_written_with_commas_in_the_environment() -> None:
    settings = load(None, {"CARBET_MEDIA__ADVERTISED": "192.0.2.1, 2001:db8::1"})
    assert settings.media.advertised == ["192.0.2.1", "2001:db8::1"]


@pytest.mark.parametrize(
    ("text", "key", "fr", "en"),
    [
        ("[media]\nudp_port = 'x'", "media.udp_port", "nombre entier", "whole number"),
        ("[media]\nudp_port = 70000", "media.udp_port", "au plus 65535", "at most 65535"),
        ("[session]\nidle_minutes = 0", "session.idle_minutes", "au moins 1", "at least 1"),
        ("[media]\nport = 1", "media.port", "clé inconnue", "unknown key"),
        ("[medai]\nx = 1", "medai", "clé inconnue", "unknown key"),
        ("media = 3", "media", "section", "section"),
        ("[log]\nlevel = 'loud'", "log.level", "'warning' ou 'error'", "'warning' or 'error'"),
        ("[tls]\nauto = 'perhaps'", "tls.auto", "true ou false", "true or false"),
        ("[tls]\ncert = 'a.pem'", "tls.key", "vont ensemble", "go together"),
        ("[server]\ntrusted_proxies = ['x']", "server.trusted_proxies.0", "réseau", "network"),
        ("[media]\nadvertised = ['x']", "media.advertised.0", "adresse IP", "IP address"),
        ("[server]\npublic_url = 'x'", "server.public_url", "https://", "https://"),
        ("[database]\nurl = 'mysql://x'", "database.url", "sqlite://", "sqlite://"),
        ("[media]\nspawn = 0", "media.token", "attendu", "expected"),
    ],
)
def test_a_wrong_key_is_named(tmp_path: Path, text: str, key: str, fr: str, en: str) -> None:
    with pytest.raises(SettingsError) as error:
        load(_write(tmp_path, text), {})
    (problem,) = error.value.problems
    assert problem.key == key
    assert fr in problem.fr and en in problem.en
    assert str(error.value) == f"{key}: {problem.fr} / {problem.en}"


def test_every_wrong_key_is_named_at_once(tmp_path: Path) -> None:
    path = _write(tmp_path, "[server]\nport = 0\nhots = 'a'\n[log]\nlevel = 1\n")
    with pytest.raises(SettingsError) as error:
        load(path, {"CARBET_MEDIA__UDP": "1"})
    assert _keys(error) == {"server.port", "server.hots", "log.level", "CARBET_MEDIA__UDP"}


@pytest.mark.parametrize("name", ["CARBET_PORT", "CARBET_SERVER__", "CARBET_X__Y", "CARBET_"])
def test_an_unknown_variable_is_refused(name: str) -> None:
    with pytest.raises(SettingsError) as error:
        load(None, {name: "1"})
    assert _keys(error) == {name}


def test_a_value_is_never_repeated(tmp_path: Path) -> None:
    path = _write(tmp_path, "[server]\nport = 'hunter2'\n[database]\nurl = 'db://u:hunter2@h'\n")
    with pytest.raises(SettingsError) as error:
        load(path, {"CARBET_LOG__LEVEL": "hunter2"})
    assert len(error.value.problems) == 3
    assert "hunter2" not in str(error.value)


def test_a_malformed_or_missing_file_is_named(tmp_path: Path) -> None:
    for path in (_write(tmp_path, "[server"), tmp_path / "absent.toml"):
        with pytest.raises(SettingsError) as error:
            load(path, {})
        assert _keys(error) == {str(path)}


def test_a_database_address_gets_its_driver() -> None:
    settings = load(None, {"CARBET_DATABASE__URL": "postgresql://u@h/d"})
    assert settings.database_url == "postgresql+asyncpg://u@h/d"
