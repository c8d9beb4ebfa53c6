"""What surrounds every request: who it is, where it came from, what is told when it fails."""

import json
import logging
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import ClientConnectionResetError, web
from aiohttp.test_utils import TestClient, TestServer

from server import health, middleware
from server.kernel import sessions
from server.kernel.db import Database, DatabaseAway, LoginSession
from server.kernel.forgery import PRE_COOKIE
from server.kernel.i18n import Translations
from server.kernel.keys import DB, METRICS, READINESS, RENDER, RESERVE, SETTINGS, TRANSLATIONS
from server.kernel.logs import JsonLines
from server.kernel.metrics import Metrics
from server.kernel.reserve import Reserve
from server.kernel.settings import Demo, MetricsSettings, Server, Settings
from tests.people import People, cookie_header, logged_in

Client = TestClient[web.Request, web.Application]
HTML = {"Accept": "text/html"}


async def _who(request: web.Request) -> web.Response:
    actor = request["actor"]
    return web.json_response({"kind": actor.kind, "id": actor.id, "locale": request["locale"],
                              "stage": request["session"] and request["session"].stage,
                              "address": middleware.limited_address(request)})  # fmt: skip


async def _form(request: web.Request) -> web.Response:
    return web.Response(text=f"<input name=csrf value={request['csrf']}>", content_type="text/html")


async def _write(request: web.Request) -> web.Response:
    return web.Response(text="written")


async def _fails(request: web.Request) -> web.Response:
    raise {
        "away": DatabaseAway("secret cause"),
        "bug": RuntimeError("secret cause"),
        "went": ClientConnectionResetError("secret cause"),
        "missing": web.HTTPNotFound(text="secret cause"),
        "moved": web.HTTPSeeOther("/who"),
        "slow": web.HTTPTooManyRequests(headers={"Retry-After": "7"}),
    }[request.match_info["how"]]


async def _kept(request: web.Request) -> web.Response:
    return web.Response(text="x", headers={"Cache-Control": "public, max-age=60"})


def application(database: Database, settings: Settings | None = None) -> web.Application:
    app = web.Application()
    app[DB], app[SETTINGS], app[METRICS] = database, settings or Settings(), Metrics()
    middleware.install(app)
    app.router.add_get("/who", _who)
    app.router.add_get("/form", _form)
    app.router.add_route("*", "/write", _write)
    app.router.add_route("*", "/socket.io/", _write)
    app.router.add_get("/fails/{how}", _fails)
    app.router.add_get("/kept", _kept)
    app.router.add_get("/healthz", health.healthz)
    app.router.add_get("/readyz", health.readyz)
    app.router.add_get("/metrics", health.metrics)
    return app


@pytest.fixture
async def client(database: Database) -> AsyncIterator[Client]:
    async with TestClient(TestServer(application(database))) as opened:
        yield opened


async def _open(app: web.Application) -> Client:
    client = TestClient(TestServer(app))
    await client.start_server()
    return client


async def test_a_stranger_is_nobody(client: Client) -> None:
    said = await (await client.get("/who")).json()
    assert (said["kind"], said["stage"], said["locale"]) == ("nobody", None, "fr")


async def test_a_person_is_recognised_by_their_cookie_only(
    client: Client, database: Database, people: People
) -> None:
    opened = await logged_in(database, people.nurse)
    headers = cookie_header(opened)
    said = await (await client.get("/who", headers=headers)).json()
    assert (said["kind"], said["id"], said["stage"]) == ("member", "person-nurse", "full")
    guest = {"Cookie": f"{sessions.GUEST_COOKIE}={opened.cookie}"}
    assert (await (await client.get("/who", headers=guest)).json())["kind"] == "nobody"


async def test_between_the_steps_one_is_nobody_still(
    client: Client, database: Database, people: People
) -> None:
    async with database.begin() as session:
        person = await session.merge(people.nurse)
        half = await sessions.open(session, person, stage=sessions.PASSWORD)
    said = await (await client.get("/who", headers=cookie_header(half))).json()
    assert (said["kind"], said["stage"]) == ("nobody", "password")


async def test_a_cookie_stolen_before_logout_is_worth_nothing(
    client: Client, database: Database, people: People
) -> None:
    opened = await logged_in(database, people.nurse)
    async with database.begin() as session:
        await sessions.revoke(session, [opened.session.id])
    headers = cookie_header(opened)
    assert (await (await client.get("/who", headers=headers)).json())["kind"] == "nobody"
    assert (await client.post("/write", headers=headers)).status == 403


async def test_a_visit_keeps_the_session_alive(
    client: Client, database: Database, people: People
) -> None:
    opened = await logged_in(database, people.nurse)
    quiet = opened.session.seen_at - 2 * sessions.TOUCH
    async with database.begin() as session:
        row = await session.merge(opened.session)
        row.seen_at = quiet
    await client.get("/who", headers=cookie_header(opened))
    async with database.read() as session:
        found = await session.get_one(LoginSession, opened.session.id)
    assert found.seen_at > quiet


async def test_every_answer_carries_its_headers(client: Client) -> None:
    for path in ("/who", "/fails/bug", "/nothing", "/healthz"):
        headers = (await client.get(path)).headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy and "unsafe" not in policy
        assert "camera=(self), microphone=(self)" in headers["Permissions-Policy"]
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert headers["Cache-Control"] == "no-store"
        assert len(headers["X-Request-Id"]) == 16
        assert headers["Server"] == "Carbet"
    assert (await client.get("/kept")).headers["Cache-Control"] == "public, max-age=60"


@pytest.mark.parametrize(("demo", "url", "expected"), [(False, "https://a.example", True),
                                                       (True, "https://a.example", False),
                                                       (False, "", False)])  # fmt: skip
async def test_https_is_insisted_on_where_it_is_real(
    database: Database, demo: bool, url: str, expected: bool
) -> None:
    settings = Settings(server=Server(public_url=url), demo=Demo(enabled=demo))
    client = await _open(application(database, settings))
    answer = await client.get("/who")
    assert ("Strict-Transport-Security" in answer.headers) is expected
    await client.close()


async def test_nothing_is_written_without_a_token(
    client: Client, database: Database, people: People
) -> None:
    opened = await logged_in(database, people.nurse)
    cookie = {"Cookie": cookie_header(opened)["Cookie"]}
    token = opened.session.csrf_token
    other = (await logged_in(database, people.nurse)).session.csrf_token
    assert (await client.post("/write", headers=cookie)).status == 403
    assert (await client.post("/write", headers={**cookie, "X-CSRF-Token": other})).status == 403
    assert (await client.post("/write", headers=cookie, data={"csrf": "é"})).status == 403
    assert (await client.delete("/write", headers=cookie)).status == 403
    assert (await client.post("/write", headers=cookie, json={"csrf": token})).status == 403
    assert (await client.post("/write", headers={**cookie, "X-CSRF-Token": token})).status == 200
    assert (await client.post("/write", headers=cookie, data={"csrf": token})).status == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "https://evil.example", "Sec-Fetch-Site": "same-origin"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "null", "Sec-Fetch-Site": "cross-site"}, 403),
        # What a form of a page without referrer really sends.
        ({"Origin": "null", "Sec-Fetch-Site": "same-origin"}, 200),
        ({"Sec-Fetch-Site": "none"}, 200),
        ({}, 200),
    ],
)
async def test_another_sites_page_is_refused_even_with_a_token(
    client: Client, database: Database, people: People, headers: dict[str, str], status: int
) -> None:
    asked = {**cookie_header(await logged_in(database, people.nurse)), **headers}
    assert (await client.post("/write", headers=asked)).status == status


async def test_our_own_origin_is_allowed(
    client: Client, database: Database, people: People
) -> None:
    headers = cookie_header(await logged_in(database, people.nurse))
    own = str(client.make_url("/")).rstrip("/")
    assert (await client.post("/write", headers={**headers, "Origin": own})).status == 200


async def test_a_socket_is_held_to_its_origin_only(client: Client) -> None:
    own = str(client.make_url("/")).rstrip("/")
    for origin, status in ((own, 200), ("https://evil.example", 403), ("null", 403)):
        for method in ("GET", "POST"):
            answer = await client.request(method, "/socket.io/", headers={"Origin": origin})
            assert answer.status == status, (origin, method)
    assert (await client.get("/socket.io/")).status == 200


async def test_before_login_a_form_carries_the_token_of_a_cookie(client: Client) -> None:
    shown = await client.get("/form")
    cookie = shown.cookies[PRE_COOKIE]
    assert cookie["secure"] and cookie["httponly"] and cookie["path"] == "/"
    assert cookie["samesite"] == "Lax" and not cookie["domain"]
    assert cookie.value in await shown.text()
    sent = {"Cookie": f"{PRE_COOKIE}={cookie.value}"}
    assert (await client.post("/write", headers=sent, data={"csrf": cookie.value})).status == 200
    assert (await client.post("/write", headers=sent, data={"csrf": ""})).status == 403
    assert (await client.post("/write", data={"csrf": cookie.value})).status == 403
    again = await client.get("/form", headers=sent)
    assert PRE_COOKIE not in again.cookies and cookie.value in await again.text()


async def test_the_weaker_token_is_not_enough_with_a_session(
    client: Client, database: Database, people: People
) -> None:
    opened, planted = await logged_in(database, people.nurse), "x" * 43
    cookies = f"{cookie_header(opened)['Cookie']}; {PRE_COOKIE}={planted}"
    refused = await client.post("/write", headers={"Cookie": cookies}, data={"csrf": planted})
    assert refused.status == 403


@pytest.mark.parametrize(
    ("how", "status", "title"),
    [
        ("away", 503, "Momentanément indisponible"),
        ("bug", 500, "Une erreur est survenue"),
        ("missing", 404, "Page introuvable"),
        ("slow", 429, "Trop d’essais"),
    ],
)
async def test_a_failure_says_nothing_of_its_cause(
    client: Client, how: str, status: int, title: str
) -> None:
    page = await client.get(f"/fails/{how}", headers=HTML)
    text = await page.text()
    assert page.status == status and page.content_type == "text/html"
    assert title in text and page.headers["X-Request-Id"] in text
    data = await client.get(f"/fails/{how}", headers={"Accept": "application/json"})
    assert data.status == status and (await data.json())["error"] == title
    assert "secret cause" not in text + await data.text()


async def test_what_may_not_be_seen_looks_like_what_does_not_exist(client: Client) -> None:
    absent, hidden = [await client.get(path) for path in ("/nothing", "/fails/missing")]
    pages = [(await each.text()).replace(each.headers["X-Request-Id"], "")
             for each in (absent, hidden)]  # fmt: skip
    assert pages[0] == pages[1] and absent.status == hidden.status == 404


async def test_a_wait_and_the_allowed_methods_are_told(client: Client) -> None:
    assert (await client.get("/fails/slow")).headers["Retry-After"] == "7"
    assert (await client.get("/fails/away")).headers["Retry-After"] == "5"
    wrong_method = await client.options("/form")
    assert wrong_method.status == 405 and wrong_method.headers["Allow"] == "GET,HEAD"
    assert (await client.get("/fails/moved", allow_redirects=False)).status == 303


async def test_errors_speak_the_readers_language(database: Database) -> None:
    app = application(database)
    app[TRANSLATIONS] = Translations({"en": {"Page introuvable": "Page not found"}})
    client = await _open(app)
    answer = await client.get("/nothing", headers={"Accept-Language": "de, en-GB;q=0.8, fr;q=0.5"})
    assert "Page not found" in await answer.text()
    chosen = {"Accept-Language": "en", "Cookie": f"{middleware.LOCALE_COOKIE}=fr"}
    assert "Page introuvable" in await (await client.get("/nothing", headers=chosen)).text()
    await client.close()


async def test_an_error_page_that_fails_itself_is_bare(database: Database) -> None:
    app = application(database)

    def broken(*_: object) -> str:
        raise KeyError("secret cause")

    app[RENDER] = broken
    client = await _open(app)
    answer = await client.get("/nothing")
    assert answer.status == 404 and "Page introuvable" in await answer.text()
    await client.close()


async def test_a_database_away_answers_503_and_writes_nothing(tmp_path: Path) -> None:
    database = Database(f"sqlite+aiosqlite:///{tmp_path}/no/such/folder")
    client = await _open(application(database))
    cookie = {"Cookie": f"{sessions.MEMBER_COOKIE}=abc"}
    assert (await client.get("/who", headers=cookie)).status == 503
    assert (await client.post("/write", headers=cookie)).status == 503
    assert (await client.get("/who")).status == 200
    assert (await client.get("/healthz")).status == 200
    ready = await client.get("/readyz")
    assert ready.status == 503 and (await ready.json())["parts"] == {"database": False}
    await client.close()
    await database.close()


async def test_whoever_went_meanwhile_is_no_failure_of_ours(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    assert (await client.get("/fails/went")).status == 400
    assert "unexpected failure" not in caplog.messages


async def test_a_full_disk_answers_507_in_words(tmp_path: Path) -> None:
    database = Database(f"sqlite+aiosqlite:///{tmp_path}/no/such/folder")
    app = application(database)
    app[RESERVE] = Reserve(tmp_path, lambda _: (1, 1000))
    client = await _open(app)
    answer = await client.get("/fails/away", headers={"Accept-Language": "fr"})
    assert answer.status == 507 and "Plus assez de place" in await answer.text()
    await client.close()
    await database.close()


async def test_nul_is_refused_at_the_gate(client: Client) -> None:
    assert (await client.get("/fails/%00")).status == 404
    assert (await client.post("/write", data={"csrf": "x", "name": "a\0b"})).status == 400


async def test_the_log_holds_no_query_and_no_line_break(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "carbet.http")
    await client.get("/who?token=HIDDEN")
    await client.get("/nothing/HIDDEN%0Aforged")
    await client.get("/fails/HIDDEN%0A%0D%E2%80%A8forged")
    lines = [JsonLines().format(record) for record in caplog.records]
    assert "HIDDEN" not in "".join(lines)
    assert all(len(line.splitlines()) == 1 for line in lines)
    told = [json.loads(line) for line in lines if '"answered"' in line]
    assert [each["path"] for each in told] == ["/who", "(unknown)", "/fails/{how}"]
    assert told[2]["status"] == 500


async def test_a_made_up_method_is_not_a_metric(client: Client) -> None:
    await client.request("PROPFIND", "/who")
    text = await (await client.get("/metrics")).text()
    assert "PROPFIND" not in text and 'method="other"' in text


async def test_ready_when_the_database_is_at_its_revision(database: Database) -> None:
    app = application(database)
    state = {"media": False}

    async def media() -> bool:
        return state["media"]

    app[READINESS] = {"media": media}
    client = await _open(app)
    assert (await client.get("/readyz")).status == 503
    state["media"] = True
    answer = await client.get("/readyz")
    assert answer.status == 200 and (await answer.json())["parts"]["database"] is True
    await client.close()


async def test_metrics_are_for_this_machine_or_a_token(database: Database) -> None:
    settings = Settings(metrics=MetricsSettings(token="let me in"))
    client = await _open(application(database, settings))
    assert "carbet_requests" in await (await client.get("/metrics")).text()
    # Through a proxy on this machine, it comes from elsewhere.
    for name in ("X-Forwarded-For", "Forwarded"):
        elsewhere = {name: "192.0.2.1"}
        assert (await client.get("/metrics", headers=elsewhere)).status == 404
        for token, status in (("let me in", 200), ("wrong", 404), ("", 404), ("é", 404)):
            headers = {**elsewhere, "Authorization": f"Bearer {token}"}
            assert (await client.get("/metrics", headers=headers)).status == status
    await client.close()


async def test_without_a_token_in_the_settings_no_token_is_right(client: Client) -> None:
    headers = {"X-Forwarded-For": "192.0.2.1", "Authorization": "Bearer "}
    assert (await client.get("/metrics", headers=headers)).status == 404


async def test_a_forwarded_address_is_believed_of_a_trusted_proxy_only(
    client: Client, database: Database
) -> None:
    claimed = {"X-Forwarded-For": "203.0.113.9, 192.0.2.1"}
    said = await (await client.get("/who", headers=claimed)).json()
    assert said["address"] == "127.0.0.1"
    trusting = Settings(server=Server(trusted_proxies=["127.0.0.0/8"]))
    behind = await _open(application(database, trusting))
    said = await (await behind.get("/who", headers=claimed)).json()
    assert said["address"] == "192.0.2.1"
    await behind.close()
