"""Who may use the console: its own page, with the secrets of its own address, on this machine."""

import json
import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import urljoin

import pytest
from fastapi import FastAPI

from services.tools.console.app import create_app
from services.tools.console.desk import PollReadings, Request, StackLabel
from services.tools.console.files import DASHBOARD, page_files, read_file
from services.tools.console.guard import Guard
from services.tools.console.jobs import Jobs
from services.tools.console.watch import Watch
from tests.support.asgi import Exchange, Headers, call, http_scope

PORT = 8765
HOST = b"127.0.0.1:8765"
ORIGIN = b"http://127.0.0.1:8765"
CLOSE = {
    "id": "0b9f7a52-0000-4000-8000-000000000001", "action": "close", "poll": "colors", "round": 1,
    "revision": 3,
}  # fmt: skip


class Idle:
    """A desk that notes what it is asked to do."""

    stack = StackLabel(
        name="VoteApp-prod", stage="prod", region="us-east-1", operator="alice", dashboard_url=None
    )

    def __init__(self) -> None:
        self.acts: list[Request] = []

    def read_polls(self) -> PollReadings:
        """None."""
        return PollReadings(polls=())

    def read_log(self, poll: str) -> Sequence[dict[str, Any]]:
        """Empty."""
        raise KeyError(poll)

    def check_health(self) -> Sequence[dict[str, str]]:
        """None."""
        return ()

    def act(self, request: Request, _: object) -> str:
        """Noted."""
        self.acts.append(request)
        return "done"


class Client:
    """Sends requests as the console's own page does, unless told otherwise."""

    def __init__(self, *, read_only: bool = False) -> None:
        self.desk = Idle()
        self.guard = Guard(port=PORT)
        watch = Watch(self.desk)
        self.jobs = Jobs(self.desk.act, watch.read_soon)
        self.app: FastAPI = create_app(
            self.guard, self.desk.stack, watch, self.jobs, read_only=read_only
        )

    async def send(
        self, path: str, body: object = None, *, without: str = "", **changed: bytes
    ) -> Exchange:
        """Send with these headers changed, and without one."""
        data = b"" if body is None else json.dumps(body).encode()
        cookie = f"{self.guard.cookie_name}={self.guard.session}".encode()
        headers = {
            "host": HOST, "origin": ORIGIN, "content-type": b"application/json", "cookie": cookie,
            "x-console-key": self.guard.key.encode(), "content-length": str(len(data)).encode(),
        } | {name.replace("_", "-"): value for name, value in changed.items()}  # fmt: skip
        headers.pop(without, None)
        raw: Headers = [(name.encode(), value) for name, value in headers.items()]
        method = "GET" if body is None else "POST"
        scope = http_scope(raw, path=path, raw_path=path.encode(), method=method)
        return await call(self.app, scope, data)

    async def act(self, **changed: object) -> Exchange:
        """Close a poll, or what is named instead."""
        done = await self.send("/api/actions", CLOSE | changed)
        self.jobs.wait(5)
        return done


async def test_the_page_gets_its_state_and_acts() -> None:
    """With the cookie and the key; every response keeps to itself."""
    client = Client()
    state = await client.send("/api/state")
    acted = await client.act()

    assert (state.status, acted.status) == (200, 202)
    assert json.loads(state.body)["stack"]["is_production"] is True
    assert [(act.action, act.poll, act.revision) for act in client.desk.acts] == [
        ("close", "colors", 3)
    ]
    assert state.headers[b"cache-control"] == b"no-store"
    policy = state.headers[b"content-security-policy"].decode()
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
    assert "frame-ancestors 'none'" in policy
    assert b"access-control-allow-origin" not in state.headers


async def test_the_token_of_the_address_is_exchanged_once() -> None:
    """For a cookie that no script sees and no other site sends, and a key that is no cookie."""
    client = Client()
    token = client.guard.token
    wrong = await client.send("/api/session", {"token": "guessed"})
    first = await client.send("/api/session", {"token": token})
    second = await client.send("/api/session", {"token": token})

    assert (wrong.status, first.status, second.status) == (401, 200, 401)
    cookie = first.headers[b"set-cookie"].decode()
    assert cookie.startswith(f"voteapp-console-8765={client.guard.session};")
    assert {"HttpOnly", "SameSite=strict", "Path=/"} <= set(cookie.split("; "))
    assert json.loads(first.body) == {"key": client.guard.key}
    assert len({token, client.guard.session, client.guard.key}) == 3
    assert client.guard.address == f"http://127.0.0.1:8765/#token={token}"
    assert client.guard.key not in cookie


@pytest.mark.parametrize("without", ["cookie", "x-console-key"])
async def test_cookie_and_key_are_both_needed(without: str) -> None:
    """A cookie is sent to every port of this machine; a key that leaks is no session."""
    client = Client()
    read = await client.send("/api/state", without=without)
    acted = await client.send("/api/actions", CLOSE, without=without)

    assert (read.status, acted.status) == (401, 401)
    assert client.desk.acts == []


@pytest.mark.parametrize("path", ["/", "/api/state", "/src/console/main.js"])
@pytest.mark.parametrize("host", [b"evil.example.com:8765", b"127.0.0.1:80", b"127.0.0.1", b""])
async def test_another_host_is_refused(path: str, host: bytes) -> None:
    """A name that leads to this machine (DNS rebinding), or another port."""
    refused = await Client().send(path, host=host)

    assert refused.status == 421
    assert refused.headers[b"cache-control"] == b"no-store"


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"origin": b"https://evil.example.com"}, 403),
        ({"origin": b"http://127.0.0.1:9999"}, 403),
        ({"origin": b"null"}, 403),
        ({"origin": b""}, 403),
        ({"content_type": b"text/plain"}, 415),
        ({"content_type": b"application/x-www-form-urlencoded"}, 415),
        ({"content_length": b"5000"}, 413),
    ],
)
@pytest.mark.parametrize("path", ["/api/actions", "/api/session"])
async def test_what_another_page_can_send_is_refused(
    path: str, changed: dict[str, bytes], status: int
) -> None:
    """Even with the cookie; what a form can send, too. The token stays unused."""
    client = Client()
    body = CLOSE if path == "/api/actions" else {"token": client.guard.token}
    refused = await client.send(path, body, without="", **changed)

    assert refused.status == status
    assert client.desk.acts == []
    assert client.guard.exchange(client.guard.token)


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"action": "archive"}, "action"),
        ({"action": "reset"}, "type the id of the poll to confirm: colors"),
        ({"action": "certify", "confirmed_id": "Colors"}, "type the id of the poll"),
        ({"action": "extend"}, "say by how many minutes"),
        ({"action": "extend", "minutes": 1_441}, "minutes"),
        ({"action": "extend", "minutes": -5}, "minutes"),
        ({"revision": "3"}, "revision"),
        ({"stage": "prod"}, "stage"),
    ],
)
async def test_an_action_that_is_not_confirmed_or_not_one_is_refused(
    changed: dict[str, object], says: str
) -> None:
    """The server does not rely on the page."""
    client = Client()
    refused = await client.act(**changed)

    assert refused.status == 400
    assert says in json.loads(refused.body)["error"]
    assert client.desk.acts == []


@pytest.mark.parametrize("action", ["open", "close", "extend", "reset", "certify"])
async def test_every_action_reaches_the_desk_once(action: str) -> None:
    """A second click sends the same id, which is not done again."""
    client = Client()
    more = {"action": action, "minutes": 5, "confirmed_id": "colors"}
    first, second = await client.act(**more), await client.act(**more)

    assert (first.status, second.status) == (202, 202)
    assert [act.action for act in client.desk.acts] == [action]


async def test_a_console_that_only_reads_does_nothing() -> None:
    """Whatever the page sends."""
    client = Client(read_only=True)
    refused = await client.act()
    state = await client.send("/api/state")

    assert refused.status == 403
    assert client.desk.acts == []
    assert json.loads(state.body)["read_only"] is True


async def test_only_the_files_of_the_page_are_served() -> None:
    """To anybody on this machine: they hold no secret. Nothing beside them, however it is named."""
    client = Client()
    page = await client.send("/", without="cookie")
    others = [
        await client.send(path)
        for path in ("/console.html", "/src/main.js", "/../README.md", "/src/console/../../package.json", "/api/else", "/docs", "/openapi.json")
    ]  # fmt: skip

    assert (page.status, page.headers[b"content-type"]) == (200, b"text/html; charset=utf-8")
    assert {other.status for other in others} == {404}
    assert client.guard.token.encode() not in page.body


def test_every_file_that_the_page_asks_for_is_served() -> None:
    """Its modules, styles and what those import."""
    files = page_files()
    named = re.compile(r"""(?:from |@import |href=|src=)['"](\.{0,2}/[\w./-]+)['"]""")
    asked = {
        urljoin(f"/{path}", name).removeprefix("/")
        for path, file in files.items()
        if file.suffix in {".js", ".css", ".html"} and file.exists()
        for name in named.findall(file.read_text(encoding="utf-8"))
    }

    assert {"src/console/words.js", "src/phase.js", "src/tokens.css", "favicon.svg"} <= asked
    assert asked <= set(files)


def test_without_the_packages_of_the_dashboard_the_systems_font_is_used() -> None:
    """Whoever runs an evening need not have Node."""
    style = "src/@fontsource-variable/inter/wght.css"
    files = {style: DASHBOARD / "nowhere" / "wght.css"}

    assert read_file(style, files) == (b"", "text/css")
    assert read_file("else", files) is None


def test_the_build_of_the_dashboard_has_nothing_of_the_console() -> None:
    """So no bucket of an account has it, and it does not count among the scoreboard's scripts."""
    built = (DASHBOARD / "vite.config.js").read_text(encoding="utf-8")

    assert "input: [" in built
    assert "console" not in built
    assert not any("console" in file.name for file in (DASHBOARD / "public").rglob("*"))
