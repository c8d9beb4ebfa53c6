"""What an operator may set: from one TOML file, then from `CARBET_SECTION__KEY` variables.

Refuses every key it does not know, and says the exact name of each wrong one. Never repeats a
value in an error: a value may be a password.
"""

import ipaddress
import json
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

PREFIX = "CARBET_"
# Read by the command line and by media workers themselves, before or without any settings.
OTHER_VARIABLES = frozenset({"CARBET_CONFIG", "CARBET_MEDIA_TOKEN"})


def _network(value: str) -> str:
    try:
        return str(ipaddress.ip_network(value, strict=False))
    except ValueError:
        raise PydanticCustomError("network", "network") from None


def _address(value: str) -> str:
    try:
        return str(ipaddress.ip_address(value))
    except ValueError:
        raise PydanticCustomError("address", "address") from None


def _web_url(value: str) -> str:
    if value and not value.startswith(("https://", "http://")):
        raise PydanticCustomError("web_url", "web_url")
    return value.rstrip("/")


DRIVERS = (
    ("sqlite://", "sqlite+aiosqlite://"),
    ("postgresql://", "postgresql+asyncpg://"),
    ("postgres://", "postgresql+asyncpg://"),
)


def _database_url(value: str) -> str:
    """The URL with the driver Carbet speaks; empty stays empty."""
    if not value:
        return value
    for plain, driver in DRIVERS:
        if value.startswith(plain):
            value = driver + value.removeprefix(plain)
    try:
        name = make_url(value).drivername
    except (ArgumentError, ValueError):
        name = ""
    if name not in ("sqlite+aiosqlite", "postgresql+asyncpg"):
        raise PydanticCustomError("database_url", "database_url")
    return value


def _optional_address(value: str) -> str:
    return _address(value) if value else ""


def _listed(value: Any) -> Any:
    """An environment variable holds a list as `a, b`."""
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    return value


Port = Annotated[int, Field(ge=1, le=65535)]
Listed = BeforeValidator(_listed)
WebUrl = Annotated[str, AfterValidator(_web_url)]


class Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Server(Section):
    """Where the pages are served. `public_url` is what links carry, when not the listening host."""

    host: str = "127.0.0.1"
    port: Port = 8443
    public_url: WebUrl = ""
    data_dir: Path = Path("var")
    trusted_proxies: Annotated[list[Annotated[str, AfterValidator(_network)]], Listed] = Field(
        default_factory=list
    )


class DatabaseSettings(Section):
    """An empty `url` is the embedded SQLite file in `server.data_dir`."""

    url: Annotated[str, AfterValidator(_database_url)] = ""


class Tls(Section):
    """`cert` and `key` are PEM files; `auto` makes both for this machine when they are empty.

    With `auto = false` and no files, a proxy in front must speak HTTPS."""

    cert: str = ""
    key: str = ""
    auto: bool = True


class SessionSettings(Section):
    idle_minutes: int = Field(default=15, ge=1, le=24 * 60)
    max_hours: int = Field(default=12, ge=1, le=24 * 7)


class Media(Section):
    """`spawn` workers are started here; others may dial in from elsewhere with `token`.

    `quality`: a file in place of the ladder that comes with Carbet. `trace`: a folder in which
    each estimate and decision is recorded, for whoever wants to know why a picture was small.
    """

    spawn: int = Field(default=1, ge=0, le=64)
    udp_port: Port = 20000
    host: Annotated[str, AfterValidator(_optional_address)] = ""
    advertised: Annotated[list[Annotated[str, AfterValidator(_address)]], Listed] = Field(
        default_factory=list
    )
    server_url: WebUrl = ""
    token: str = ""
    linger_seconds: int = Field(default=60, ge=0, le=3600)
    seat_minutes: int = Field(default=10, ge=1, le=120)
    quality: str = ""
    trace: str = ""


class Log(Section):
    level: Literal["debug", "info", "warning", "error"] = "info"


class MetricsSettings(Section):
    """Without `token`, /metrics answers this machine only."""

    token: str = ""


class Demo(Section):
    enabled: bool = False


class I18n(Section):
    default: Literal["fr", "en"] = "fr"


class Settings(Section):
    server: Server = Field(default_factory=Server)
    database: DatabaseSettings = Field(default_factory=DatabaseSettings)
    tls: Tls = Field(default_factory=Tls)
    session: SessionSettings = Field(default_factory=SessionSettings)
    media: Media = Field(default_factory=Media)
    log: Log = Field(default_factory=Log)
    metrics: MetricsSettings = Field(default_factory=MetricsSettings)
    demo: Demo = Field(default_factory=Demo)
    i18n: I18n = Field(default_factory=I18n)

    @property
    def database_url(self) -> str:
        """The URL of the database, whether given or the embedded file."""
        path = self.server.data_dir.absolute() / "carbet.sqlite"
        return self.database.url or f"sqlite+aiosqlite:///{path}"


@dataclass(frozen=True)
class Problem:
    """One wrong key, by its dotted name, with what is expected in French and in English."""

    key: str
    fr: str
    en: str

    def __str__(self) -> str:
        return f"{self.key}: {self.fr} / {self.en}"


class SettingsError(Exception):
    """Every wrong key of a configuration."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


def _integer_bounds(context: Mapping[str, Any]) -> tuple[str, str]:
    if "ge" in context:
        return f"au moins {context['ge']} est attendu", f"at least {context['ge']} is expected"
    return f"au plus {context['le']} est attendu", f"at most {context['le']} is expected"


TEXTS = {
    "extra_forbidden": ("clé inconnue", "unknown key"),
    "model_type": ("une section est attendue", "a section is expected"),
    "int_type": ("un nombre entier est attendu", "a whole number is expected"),
    "int_parsing": ("un nombre entier est attendu", "a whole number is expected"),
    "int_from_float": ("un nombre entier est attendu", "a whole number is expected"),
    "bool_type": ("true ou false est attendu", "true or false is expected"),
    "bool_parsing": ("true ou false est attendu", "true or false is expected"),
    "string_type": ("un texte est attendu", "a text is expected"),
    "path_type": ("un chemin est attendu", "a path is expected"),
    "list_type": ("une liste est attendue", "a list is expected"),
    "network": ("un réseau est attendu, par exemple 10.0.0.0/8",
                "a network is expected, such as 10.0.0.0/8"),
    "address": ("une adresse IP est attendue", "an IP address is expected"),
    "web_url": ("une adresse https:// est attendue", "an https:// address is expected"),
    "database_url": ("une adresse sqlite:// ou postgresql:// est attendue",
                     "a sqlite:// or postgresql:// address is expected"),
}  # fmt: skip


def _problem(error: ErrorDetails) -> Problem:
    # A position in a list stays in the name: `media.advertised.0`.
    key = ".".join(str(part) for part in error["loc"])
    kind, context = error["type"], error.get("ctx", {})
    if kind in ("greater_than_equal", "less_than_equal"):
        return Problem(key, *_integer_bounds(context))
    if kind == "literal_error":
        choices = context["expected"]
        fr = f"une de ces valeurs est attendue : {choices}".replace(" or ", " ou ")
        return Problem(key, fr, f"one of these is expected: {choices}")
    return Problem(key, *TEXTS.get(kind, ("valeur refusée", "value refused")))


def _of_environment(env: Mapping[str, str]) -> tuple[dict[str, dict[str, Any]], list[Problem]]:
    tree: dict[str, dict[str, Any]] = {}
    problems = []
    for name, value in sorted(env.items()):
        if not name.startswith(PREFIX) or name in OTHER_VARIABLES:
            continue
        section, separator, key = name.removeprefix(PREFIX).lower().partition("__")
        if not separator or key not in _keys_of(section):
            problems.append(Problem(name, "variable inconnue", "unknown variable"))
        else:
            tree.setdefault(section, {})[key] = value
    return tree, problems


def _keys_of(section: str) -> frozenset[str]:
    field = Settings.model_fields.get(section)
    if field is None or not isinstance(field.annotation, type):
        return frozenset()
    return frozenset(field.annotation.model_fields)


def _of_file(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except OSError:
        problem = Problem(str(path), "fichier illisible", "file cannot be read")
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        where = json.dumps(str(error))
        problem = Problem(str(path), f"TOML mal formé {where}", f"malformed TOML {where}")
    raise SettingsError((problem,))


def _across_keys(settings: Settings) -> list[Problem]:
    """What no single key can see."""
    problems = []
    if bool(settings.tls.cert) != bool(settings.tls.key):
        missing = "tls.key" if settings.tls.cert else "tls.cert"
        problems.append(Problem(missing, "cert et key vont ensemble", "cert and key go together"))
    else:
        problems += _unreadable({"tls.cert": settings.tls.cert, "tls.key": settings.tls.key})
    if not settings.media.spawn and not settings.media.token:
        problems.append(Problem("media.token", "attendu quand media.spawn vaut 0",
                                "expected when media.spawn is 0"))  # fmt: skip
    if settings.media.udp_port + settings.media.spawn > 65536:
        problems.append(Problem("media.udp_port", "trop haut pour media.spawn ports de suite",
                                "too high for media.spawn ports in a row"))  # fmt: skip
    return problems


def _unreadable(files: Mapping[str, str]) -> list[Problem]:
    return [
        Problem(key, "fichier illisible", "file cannot be read")
        for key, path in files.items()
        if path and not os.access(path, os.R_OK)
    ]


def load(path: Path | None, env: Mapping[str, str]) -> Settings:
    """Defaults, then the TOML file at `path`, then the environment. Raises `SettingsError`."""
    tree = _of_file(path) if path else {}
    overrides, problems = _of_environment(env)
    for section, keys in overrides.items():
        if isinstance(tree.setdefault(section, {}), dict):
            tree[section].update(keys)
    try:
        settings = Settings.model_validate(tree)
    except ValidationError as error:
        wrong = [_problem(detail) for detail in error.errors(include_url=False)]
        raise SettingsError((*problems, *wrong)) from None
    problems += _across_keys(settings)
    if problems:
        raise SettingsError(tuple(problems))
    return settings
