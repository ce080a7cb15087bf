"""The table of docs/webhook.md: what the webhook does with bad input, row by row."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlencode

import pytest

from services.adapters.memory import MemoryBallots
from services.adapters.secrets import Secrets, UnusableSecretError
from services.adapters.ttl_cache import Cached
from services.voting.ballot import Ballot
from services.voting.directory import Directory
from services.voting.errors import StoreUnavailableError
from tests.support.asgi import FORM_TYPE, HOST, Exchange, call, http_scope
from tests.support.polls import PEPPER, a_round
from tests.support.sent import FORGED, SIGNATURE, Sent, altered, forged, with_headers, without
from tests.support.webhook import BASE_URL, TOKEN, Desk, signature_of

PAGE = Path(__file__).parents[2] / "docs" / "webhook.md"
ROWS = re.findall(r"^\| (.+?) \| (\d{3}) \| .*\|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
SID = "SM" + "a" * 32
T = TypeVar("T")


@dataclass
class SilentBallots(MemoryBallots):
    """A store that does not answer."""

    async def create(self, ballot: Ballot) -> bool:  # noqa: ARG002 - the port's
        """Never."""
        raise StoreUnavailableError("PutItem")


def recorded(before: Mapping[str, str], after: Mapping[str, str]) -> Sent:
    """A form sent with the signature of another that comes to the same signed text."""
    signature = signature_of(before, f"{BASE_URL}/sms").encode()
    assert signature == signature_of(after, f"{BASE_URL}/sms").encode()
    return Sent(fields=after, headers=(HOST, FORM_TYPE, (SIGNATURE, signature)))


FROM_HERE = {"Body": "red", "From": "+15550100199", "MessageSid": SID, "To": "+15550100100"}
SHORT = FROM_HERE | {"From": "123"}
MALFORMED_HOSTS = (
    b"[", b"x]", b"a:99999999", b"a:99999", b"a:0", b"a:b", b"[::1", b"", b"a\0b", b"a b", b"x@y:80@",
    b"votes.example.com/", "ä".encode("latin-1"), b"a,b",
)  # fmt: skip

CASES: dict[str, list[Sent]] = {
    "no signature, or an empty one": [with_headers(HOST), with_headers(HOST, (SIGNATURE, b""))],
    "two signature headers": [
        with_headers(HOST, FORGED, (SIGNATURE, signature_of(FROM_HERE, f"{BASE_URL}/sms").encode()), chunks=(urlencode(FROM_HERE).encode(),)),
        with_headers(HOST, (SIGNATURE, signature_of(FROM_HERE, f"{BASE_URL}/sms").encode()), FORGED, chunks=(urlencode(FROM_HERE).encode(),)),
    ],
    "a wrong signature: another token, URL or form": [
        forged(),
        Sent(url="https://elsewhere.example/sms"),
        Sent(chunks=(urlencode(FROM_HERE | {"Body": "blue"}).encode(),)),
        forged(chunks=(b"",)), forged(chunks=(b"Body=%ED%A0%80&From=x",)), forged(chunks=(b"Body=\xff",)),
    ],
    "a signature that is not ASCII": [with_headers(HOST, (SIGNATURE, b"\xff\xfe\xe9"))],
    "a deployment without Twilio's token": [Sent()],
    "a pepper under 32 characters in the secret": [Sent()],
    "another content type than a form's": [
        Sent(headers=(HOST, FORGED, (b"content-type", kind)))
        for kind in (b"application/json", b"multipart/form-data; boundary=x", b"", b"text/\xf0\x9f\x1b[31m")
    ],
    "a body over 20,480 bytes": [forged(chunks=(b"a" * 20_481,)), forged(chunks=(b"a" * 20_480, b"a"))],
    "over 100 fields": [forged(chunks=(b"&".join(b"%d=" % n for n in range(101)),)), forged(chunks=(b"&" * 100,))],
    "a `%` without two hexadecimal digits": [forged(chunks=(body,)) for body in (b"a=%", b"a=%4", b"a=%zz", b"%u=1", b"a=%%41")],
    "a body that ends before it is complete": [forged(chunks=(b"Body=re", None))],
    "a malformed `Host`, or none where it is needed": [with_headers(FORGED), *(forged((b"host", host)) for host in MALFORMED_HOSTS)],
    "a malformed `X-Forwarded-Host`": [
        forged(HOST, (b"x-forwarded-host", host)) for host in (*MALFORMED_HOSTS[:-1], b"[, votes.example.com")
    ],
    "an `X-Forwarded-Proto` that is not http or https": [forged(HOST, (b"x-forwarded-proto", b"ftp"))],
    "a query that is not ASCII, not UTF-8 or over 2,048 bytes": [
        forged(query=query) for query in (b"\xff", b"a=\xc3\xa4", b"a=%ED%A0%80", b"a=%E9", b"a b", b"\0", b"%", b"a" * 2_049)
    ],
    "another path": [forged(scope={"path": path}) for path in ("/", "/sms/", "/twilio", "/sms/\ud800")[1:]]
    + [forged(query=b"\xff", scope={"path": "/sms/"}), forged((b"host", b"["), scope={"path": "/health/"})],
    "another method": [forged(scope={"method": method}) for method in ("GET", "PUT", "DELETE")],
    "signed, without `MessageSid`, `From` or `To`": [
        *(without(name) for name in ("MessageSid", "From", "To")), altered(MessageSid=""), altered(From=""), altered(To=""),
    ],
    "signed, with a malformed `MessageSid`": [altered(MessageSid=sid) for sid in ("SM1", "x", SID + "0", SID.lower(), f" {SID}")],
    "signed, with a malformed `From`": [altered(From=sender) for sender in ("12", "+0123", "+1 555", "fax:+15550100199", "rcs:a.b")],
    "signed, with a malformed `To`": [altered(To=number) for number in ("12", "+0123", "messenger:1", "rcs:", "rcs:a b c d e f g")],
    "a recorded request whose `MessageSid` or `From` has swallowed the next field": [
        recorded(
            FROM_HERE | {"NumMedia": "0"},
            {k: v for k, v in FROM_HERE.items() if k != "MessageSid"} | {"MessageSid": f"{SID}NumMedia0"},
        ),
        recorded(FROM_HERE | {"FromCity": "X"}, FROM_HERE | {"From": "+15550100199FromCityX"}),
        recorded(SHORT | {"FromCity": ""}, SHORT | {"From": "123FromCity"}),
    ],
    "words that are no choice, or a picture": [altered(Body=body) for body in ("purple", "", "red\0")],
    "a sixth error reply to one phone within a minute": [Sent(fields=FROM_HERE | {"Body": "purple"}, times=6)],
    "a word that belongs to the carriers (STOP, HELP)": [altered(Body="STOP")],
    "the same text again": [Sent(times=3)],
    "a table of ballots that does not answer": [Sent()],
    "polls that cannot be read": [Sent(times=2)],
    "a secret that cannot be read, or is malformed": [Sent(times=2)],
    "a signature that does not fit the old secret, while it cannot be read": [forged()],
}  # fmt: skip


def weak_pepper() -> Secrets:
    """As the loader says it."""
    raise UnusableSecretError("voter_pepper", "shorter than 32 characters")


def failing_after_its_first_read(row: str, ballots: MemoryBallots) -> Any:
    """The webhook that can read its polls or its secret once; 20 s pass between two looks."""
    seconds = count(0, 20)

    def monotonic() -> float:
        return next(seconds)

    def once(value: T) -> Callable[[], T]:
        values = iter([value])

        def read() -> T:
            for held in values:
                return held
            raise StoreUnavailableError("reading it again")

        return read

    if row == "polls that cannot be read":
        polls = once(Directory((a_round(),)))
        cached = Cached(polls, seconds=2, stale_seconds=3_600, monotonic=monotonic)
        return Desk(ballots=ballots, directory=cached).app
    secrets = once(Secrets(TOKEN, PEPPER))
    return Desk(
        ballots=ballots, load_secrets=secrets, secrets_stale_seconds=3_600, monotonic=monotonic
    ).app


def application(row: str, ballots: MemoryBallots) -> Any:
    """The webhook that a row is about."""
    load = weak_pepper if row == "a pepper under 32 characters in the secret" else None
    if "cannot be read" in row:
        return failing_after_its_first_read(row, ballots)
    token = "" if row == "a deployment without Twilio's token" else TOKEN
    base = None if "Forwarded" in row or "needed" in row else BASE_URL
    return Desk(ballots=ballots, token=token, public_base_url=base, load_secrets=load).app


CHECKS: dict[str, Callable[[Exchange], object]] = {
    "no signature, or an empty one": lambda said: said.read == 0,
    "two signature headers": lambda said: said.read == 0,
    "another content type than a form's": lambda said: said.read == 0,
    "words that are no choice, or a picture": lambda said: b"RED, GREEN, BLUE" in said.body,
    "a sixth error reply to one phone within a minute": lambda said: b"<Message>" not in said.body,
    "a word that belongs to the carriers (STOP, HELP)": lambda said: b"<Message>" not in said.body,
    "the same text again": lambda said: b"Your vote for Red is in." in said.body,
    "a table of ballots that does not answer": lambda said: said.headers[b"retry-after"],
    "polls that cannot be read": lambda said: b"Your vote for Red is in." in said.body,
    "a secret that cannot be read, or is malformed": lambda said: b"Your vote for Red" in said.body,
}
COUNTED = {
    "the same text again",
    "polls that cannot be read",
    "a secret that cannot be read, or is malformed",
}


def test_every_row_is_tested() -> None:
    """And nothing that is not a row."""
    assert {row for row, _ in ROWS} == set(CASES)
    assert set(CHECKS) <= set(CASES)


@pytest.mark.parametrize(
    ("row", "status", "place"),
    [
        pytest.param(row, int(status), place, id=f"{row}, {place}")
        for row, status in ROWS
        for place in range(len(CASES.get(row, ())))
    ],
)
async def test_a_row_is_true(row: str, status: int, place: int) -> None:
    """The status is the page's, and no more is counted than it says."""
    is_silent = row == "a table of ballots that does not answer"
    ballots = SilentBallots() if is_silent else MemoryBallots()

    answer = await CASES[row][place].to(application(row, ballots))

    assert answer.status == status, answer.body
    assert row not in CHECKS or CHECKS[row](answer)
    assert len(ballots.held) == (row in COUNTED)


@pytest.mark.parametrize("base", [BASE_URL, None])
@pytest.mark.parametrize("host", MALFORMED_HOSTS)
async def test_a_malformed_host_is_400_whether_it_is_used_or_not(
    host: bytes, base: str | None
) -> None:
    """Also where the base URL is set, also before the signature is looked at."""
    answer = await forged((b"host", host)).to(Desk(public_base_url=base).app)

    assert answer.status == 400


async def test_a_url_of_another_kind_is_no_reason_to_fail() -> None:
    """An address by number, a port, a host with an underscore: refused for its signature only."""
    for host in (b"[::1]:8080", b"127.0.0.1:80", b"web_1", b"VOTES.example.com.", b"a:65535"):
        answer = await forged((b"host", host)).to(Desk(public_base_url=None).app)

        assert answer.status == 403


async def test_of_several_forwarded_hosts_the_first_is_what_twilio_called() -> None:
    """Each proxy on the way adds its own."""
    headers = (
        (b"x-forwarded-host", b"votes.example.com, inner"), (b"x-forwarded-proto", b"https, http"),
        (SIGNATURE, signature_of(FROM_HERE, f"{BASE_URL}/sms").encode()),
    )  # fmt: skip
    sent = with_headers(*headers, chunks=(urlencode(FROM_HERE).encode(),))

    answer = await sent.to(Desk(public_base_url=None).app)

    assert answer.status == 200


@pytest.mark.parametrize("path", ["/", "/health"])
async def test_what_anybody_may_read_fails_for_no_query(path: str) -> None:
    """Nor for a host."""
    scope = http_scope([(b"host", b"[")], query=b"\xff=%ED%A0%80", path=path, method="GET")

    answer = await call(Desk().app, scope)

    assert answer.status == 200
