"""The `carbet` command. Parses, loads the settings, and hands over.

Ends with 0 when done, 1 when refused with a reason, 2 when not understood.
"""

import argparse
import asyncio
import importlib
import os
import runpy
import signal
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from expertise import specialties
from server.kernel import enlist, logs, migrate
from server.kernel.anchor import Anchor, AnchorForged
from server.kernel.audit import head
from server.kernel.db import Database, DatabaseAway
from server.kernel.passwords import PasswordRefused, Passwords
from server.kernel.secrets import Secret
from server.kernel.settings import Settings, SettingsError, load

DEFAULT = Path(__file__).parents[1] / "config" / "carbet.toml"
AWAY = "base de données injoignable / the database is away"
WEAK = (
    "mot de passe de 12 à 256 caractères variés, sur l’entrée standard / "
    "a password of 12 to 256 varied characters, on standard input"
)
TELEPHONED = "where to call when nothing else passes"
FOLLOWED_WITHIN = 10  # s
FAULTS = {
    "changed": ("modifiée", "changed"),
    "missing": ("manquante", "missing"),
    "unchained": ("hors de la chaîne", "out of the chain"),
    "cut": ("coupée de la fin", "cut off the end"),
}


if TYPE_CHECKING:
    Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


class Ended(Exception):
    """The command cannot go on, for a reason worth one line."""


def settings_of(options: argparse.Namespace) -> Settings:
    """From `--config`, or CARBET_CONFIG, or the file beside the code. Raises `SettingsError`."""
    chosen = options.config or os.environ.get("CARBET_CONFIG")
    path = Path(chosen) if chosen else DEFAULT if DEFAULT.exists() else None
    return load(path, os.environ)


def serve(options: argparse.Namespace) -> None:
    _run(options, demo=False)


def demo(options: argparse.Namespace) -> None:
    _run(options, demo=True)


def _run(options: argparse.Namespace, *, demo: bool) -> None:
    settings = settings_of(options)
    _check_ladder(settings)
    logs.start(settings.log.level)
    # Imported by name, here only: no other command should wait for every feature to load.
    importlib.import_module("server.app").run(settings, demo=demo or settings.demo.enabled)


def check_config(options: argparse.Namespace) -> None:
    _check_ladder(settings_of(options))
    print("ok")


def _check_ladder(settings: Settings) -> None:
    """A worker that cannot read its ladder would only die, again and again."""
    client = importlib.import_module("media.client")
    try:
        client.check_ladder(settings.media.quality)
    except client.QualityError as error:
        raise Ended(str(error)) from None


def run_migrations(options: argparse.Namespace) -> None:
    asyncio.run(migrate.migrate(settings_of(options).database_url))
    print(f"ok: {migrate.expected()}")


def add_user(options: argparse.Namespace) -> None:
    password = sys.stdin.readline().rstrip("\r\n")
    asyncio.run(_add_user(settings_of(options), options, password))


async def _add_user(settings: Settings, options: argparse.Namespace, password: str) -> None:
    passwords = Passwords()
    try:
        hashed = await passwords.hash(password)
    except PasswordRefused:
        raise Ended(WEAK) from None
    finally:
        passwords.close()
    new = enlist.NewPerson(
        email=options.email, name=options.name, role=options.role, site=options.site,
        organisation=options.organisation, title=options.title, timezone=options.timezone,
        locale=options.locale or settings.i18n.default, password_hash=hashed,
        telephone=options.telephone,
    )  # fmt: skip
    async with _database(settings) as database, database.begin() as session:
        person = await enlist.add_person(session, new)
    print(f"ok: {person.id}")


def make_expert(options: argparse.Namespace) -> None:
    asyncio.run(_make_expert(settings_of(options), options))


async def _make_expert(settings: Settings, options: argparse.Namespace) -> None:
    known = list(specialties.load())
    async with _database(settings) as database, database.begin() as session:
        await enlist.make_expert(session, options.email, options.specialties, known)
    print("ok")


def add_site(options: argparse.Namespace) -> None:
    new = enlist.NewSite(name=options.name, kind=options.kind, city=options.city,
                         organisation=options.organisation, timezone=options.timezone,
                         telephone=options.telephone)  # fmt: skip
    asyncio.run(_add_site(settings_of(options), new))


async def _add_site(settings: Settings, new: enlist.NewSite) -> None:
    async with _database(settings) as database, database.begin() as session:
        site = await enlist.add_site(session, new)
    print(f"ok: {site.id}")


def add_agreement(options: argparse.Namespace) -> None:
    asyncio.run(_add_agreement(settings_of(options), options))


async def _add_agreement(settings: Settings, options: argparse.Namespace) -> None:
    async with _database(settings) as database, database.begin() as session:
        await enlist.agree(session, options.site, options.organisation, options.with_whom)
    print("ok")


def limit_link(options: argparse.Namespace) -> None:
    asyncio.run(_limit_link(settings_of(options), options))


async def _limit_link(settings: Settings, options: argparse.Namespace) -> None:
    async with _database(settings) as database, database.begin() as session:
        await enlist.limit_link(
            session, options.name, options.organisation, options.ceiling, options.bytes
        )
    print("ok")


def verify_audit(options: argparse.Namespace) -> None:
    asyncio.run(_verify_audit(settings_of(options)))


async def _verify_audit(settings: Settings) -> None:
    anchor = Anchor(settings.server.data_dir, Secret.load(settings.server.data_dir))
    async with _database(settings) as database, database.read() as session:
        try:
            broken = await anchor.verify(session)
            kept = anchor.read()
        except AnchorForged:
            raise Ended("l’ancre n’est pas de cette installation / forged anchor") from None
        last = await head(session)
    if broken:
        fr, en = FAULTS[broken.why]
        raise Ended(f"ligne {broken.number} {fr} / row {broken.number} {en}")
    until = kept.number if kept else 0
    print(f"ok: {last.number} lignes, fin ancrée jusqu’à {until} / "
          f"{last.number} rows, end anchored up to {until}")  # fmt: skip


def drain(options: argparse.Namespace) -> None:
    """One worker after the other, so that each finds another to move its calls to."""
    settings = settings_of(options)
    first, count = settings.media.udp_port, settings.media.spawn
    ports = options.ports or range(first, first + count)
    for port in ports:
        _drain(settings.server.data_dir / f"media-{port}.lock", port)


def _drain(lock: Path, port: int) -> None:
    holder = importlib.import_module("media.client").holder
    pid = holder(lock)
    if pid is None:
        raise Ended(f"{port} : aucun service média / no media worker")
    os.kill(pid, signal.SIGUSR1)
    while holder(lock) == pid:
        time.sleep(0.1)
    print(f"ok: {port}", flush=True)
    # A supervised one is followed by another; the next may send its calls there.
    for _ in range(FOLLOWED_WITHIN * 10):
        if holder(lock) is not None:
            break
        time.sleep(0.1)


class _database:
    """The migrated database of the settings, closed at the end."""

    def __init__(self, settings: Settings) -> None:
        self._url = settings.database_url

    async def __aenter__(self) -> Database:
        await migrate.migrate(self._url)
        self._opened = Database(self._url)
        return self._opened

    async def __aexit__(self, *_: object) -> None:
        await self._opened.close()


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser("carbet", description=__doc__)
    top.add_argument("--config", metavar="FILE", help="config/carbet.toml")
    commands = top.add_subparsers(metavar="COMMAND", required=True)
    _command(commands, "serve", serve, "the server")
    _command(commands, "demo", demo, "the server, with invented people and consultations")
    _command(commands, "migrate", run_migrations, "bring the database up to this version")
    _command(commands, "check-config", check_config, "say ok, or every wrong key")
    commands.add_parser("media", help="a media worker; see carbet media --help", add_help=False)
    drained = _command(commands, "drain", drain, "end media workers, one after the other, once "
                       "their calls have moved or ended; the server starts new ones")  # fmt: skip
    drained.add_argument("ports", metavar="PORT", type=int, nargs="*", help="theirs; all")
    users = _group(commands, "user", "people with an account")
    user = _command(users, "add", add_user,
                    "add a person; their password is read from standard input")  # fmt: skip
    for name in ("--email", "--name", "--role", "--organisation"):
        user.add_argument(name, required=True)
    user.add_argument("--site", help="required for site_staff")
    user.add_argument("--title", default="")
    user.add_argument("--locale", choices=("fr", "en"))
    user.add_argument("--timezone", default="Europe/Paris")
    user.add_argument("--telephone", default="", help=TELEPHONED)
    user.add_argument("--password-stdin", action="store_true", required=True,
                      help="a password on the command line would be seen by everybody")  # fmt: skip
    expert = _command(users, "expert", make_expert,
                      "say in which specialties a clinician answers requests")  # fmt: skip
    expert.add_argument("email", metavar="EMAIL")
    expert.add_argument(
        "specialties", metavar="SPECIALTY", nargs="*", help="none: in none any more"
    )
    sites = _group(commands, "site", "places where patients are")
    site = _command(sites, "add", add_site, "add a site")
    for name in ("--name", "--kind", "--city", "--organisation"):
        site.add_argument(name, required=True)
    site.add_argument("--timezone", default="Europe/Paris")
    site.add_argument("--telephone", default="", help=TELEPHONED)
    agreement = _command(sites, "agree", add_agreement, "let another organisation plan with it")
    agreement.add_argument("--site", required=True)
    agreement.add_argument("--organisation", required=True, help="the site's own")
    agreement.add_argument("--with", dest="with_whom", required=True)
    link = _command(sites, "link", limit_link, "say what the link of a site may carry")
    link.add_argument("name", metavar="NAME")
    link.add_argument("--organisation", help="when two sites have this name")
    link.add_argument("--ceiling", metavar="KBIT", help="kbit/s each way, or none")
    link.add_argument("--bytes", metavar="MB", help="megabytes a call, or none")
    audit = _group(commands, "audit", "the audit log")
    _command(audit, "verify", verify_audit, "say ok, or the first bad row")
    return top


def _group(commands: "Commands", name: str, text: str) -> "Commands":
    return commands.add_parser(name, help=text).add_subparsers(metavar="COMMAND", required=True)


def _command(
    commands: "Commands", name: str, act: Callable[[argparse.Namespace], None], text: str
) -> argparse.ArgumentParser:
    command = commands.add_parser(name, help=text)
    command.set_defaults(act=act)
    return command


def _media(arguments: Sequence[str]) -> None:
    """A worker shares nothing with the server but this command's name."""
    sys.argv = ["carbet media", *arguments]
    runpy.run_module("media", run_name="__main__", alter_sys=True)


def main(arguments: Sequence[str] | None = None) -> int:
    arguments = sys.argv[1:] if arguments is None else arguments
    # The database and its journal are nobody else's to read, whatever folder they are put in.
    os.umask(0o077)
    if arguments and arguments[0] == "media":
        _media(arguments[1:])
        return 0
    options = parser().parse_args(arguments)
    try:
        options.act(options)
    except (SettingsError, enlist.Refused, Ended) as error:
        print(error, file=sys.stderr)
        return 1
    except DatabaseAway:
        print(AWAY, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
