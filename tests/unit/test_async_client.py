"""The webhook's client of DynamoDB: what it tries again, and for how long.

No socket is opened: the answers come from a list.
"""

import asyncio
from dataclasses import dataclass, field, replace
from itertools import pairwise
from threading import Event, current_thread
from types import SimpleNamespace
from typing import Any

import pytest

from services.adapters.dynamodb import connection_pool as pools
from services.adapters.dynamodb.async_client import (
    AsyncClient,
    StaticKey,
    async_client,
    endpoint_of,
    region_of,
)
from services.adapters.dynamodb.connection_pool import Endpoint
from services.adapters.dynamodb.errors import (
    ConditionFailedError,
    DynamoError,
    ExpiredTokenError,
    UnavailableError,
)
from services.adapters.dynamodb.http_connection import Answer, BrokenAnswerError
from services.adapters.dynamodb.late_credentials import NoKeyError
from services.adapters.dynamodb.request_signer import Key
from services.adapters.dynamodb.threaded_client import ThreadedClient
from tests.support.loop_clock import stop_loop_clock

KEY = Key("AKID", "secret")
OK = Answer(200, b'{"Item": {}}')


def refused(code: str, status: int = 400, message: str = "m") -> Answer:
    """An error as DynamoDB answers with it."""
    body = f'{{"__type": "com.amazonaws.dynamodb.v20120810#{code}", "message": "{message}"}}'
    return Answer(status, body.encode())


@dataclass
class Line:
    """Answers in turn, and then the last one again; each may be an error."""

    answers: list[Answer | Exception]
    sent: list[bytes] = field(default_factory=list)
    limits: list[float] = field(default_factory=list)

    async def send(self, request: bytes, until: float) -> Answer:
        """As `ConnectionPool.send`."""
        self.sent.append(request)
        self.limits.append(until)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


@dataclass
class Keys:
    """Keys in turn, each until it is invalidated."""

    keys: list[Key]

    def held(self) -> None:
        """It has to be looked up each time."""

    async def current(self) -> Key:
        """The first. Raises: NoKeyError."""
        if not self.keys:
            raise NoKeyError
        return self.keys[0]

    def invalidate(self) -> None:
        """On to the next one."""
        del self.keys[0]


@pytest.fixture
async def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Every pause; it passes at once, and the loop's clock moves by it.

    Servers that other tests started sleep in other threads: they are left alone.
    """
    clock, made = stop_loop_clock(monkeypatch), list[float]()
    thread, really_sleep = current_thread(), asyncio.sleep

    async def sleep(seconds: float) -> None:
        if current_thread() is thread:
            made.append(seconds)
            clock.now += seconds
        else:
            await really_sleep(seconds)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    return made


def client_of(line: Line, keys: Any = None) -> AsyncClient:
    """A client that talks to it."""
    return async_client({"AWS_REGION": "us-east-1"}, line.send, keys or StaticKey(KEY))


async def test_an_answer_is_read_in_the_wire_format() -> None:
    """Numbers stay the texts that they are there."""
    line = Line([Answer(200, b'{"Item": {"n": {"N": "12"}}}')])
    found = await client_of(line).send_request(action="GetItem", payload={"Key": {"pk": "é"}})

    assert found == {"Item": {"n": {"N": "12"}}}
    assert line.sent[0].endswith(b'\r\n\r\n{"Key":{"pk":"\\u00e9"}}')
    assert b"x-amz-target: DynamoDB_20120810.GetItem\r\n" in line.sent[0]


@pytest.mark.parametrize(
    "failure",
    [
        refused("ProvisionedThroughputExceededException"),
        refused("ThrottlingException"),
        refused("RequestLimitExceeded"),
        refused("InternalServerError", 500),
        Answer(503, b"<html>"),
        Answer(200, b"<html>"),
        TimeoutError(),
        BrokenAnswerError("cut"),
        ConnectionRefusedError(),
        OSError("no such host"),
    ],
    ids=str,
)
async def test_what_may_pass_is_tried_again(
    pauses: list[float], failure: Answer | Exception
) -> None:
    """After a pause; also a request that may have been carried out, because writes have conditions."""
    line = Line([failure, failure, OK])
    found = await client_of(line).send_request(action="PutItem", payload={})

    assert found == {"Item": {}}
    assert len(line.sent) == 3
    assert len(pauses) == 2


@pytest.mark.parametrize(
    ("failure", "error"),
    [
        (refused("ThrottlingException"), UnavailableError),
        (TimeoutError(), TimeoutError),
        (ConnectionResetError(), ConnectionResetError),
        (refused("ExpiredTokenException"), ExpiredTokenError),
    ],
    ids=["throttled", "timed out", "reset", "expired"],
)
async def test_retries_end_with_the_time_of_a_text(
    pauses: list[float], failure: Answer | Exception, error: type[Exception]
) -> None:
    """Within three seconds, with pauses that grow; then the last error is raised."""
    line = Line([failure])
    with pytest.raises(error):
        await client_of(line).send_request(action="PutItem", payload={})

    assert 0 < sum(pauses) <= 3
    assert sum(pauses) > 2
    assert all(0.05 <= pause <= 1 for pause in pauses)
    assert set(line.limits) == {1_003.0}
    assert all(after <= max(3 * before, 0.15) for before, after in pairwise(pauses))


@pytest.mark.usefixtures("pauses")
@pytest.mark.parametrize(
    ("answer", "shown"),
    [
        (refused("ThrottlingException"), "ThrottlingException"),
        (refused("InternalServerError", 500), "InternalServerError"),
        (Answer(503, b"<html>"), "status 503"),
    ],
    ids=str,
)
async def test_an_outage_is_named_by_its_code_or_else_by_its_status(
    answer: Answer, shown: str
) -> None:
    """A load balancer answers without a code."""
    with pytest.raises(UnavailableError) as raised:
        await client_of(Line([answer])).send_request(action="PutItem", payload={})

    assert (raised.value.code, str(raised.value)) == (shown, shown)


async def test_two_clients_that_were_refused_at_once_do_not_return_at_once(
    pauses: list[float],
) -> None:
    """Their pauses are drawn."""
    for _ in range(2):
        await client_of(Line([refused("ThrottlingException"), OK])).send_request(
            action="PutItem", payload={}
        )

    assert pauses[0] != pauses[1]


async def test_a_false_condition_is_an_answer(pauses: list[float]) -> None:
    """Trying again would not make it true."""
    line = Line([refused("ConditionalCheckFailedException")])
    with pytest.raises(ConditionFailedError):
        await client_of(line).send_request(action="PutItem", payload={})

    assert (len(line.sent), pauses) == (1, [])


@pytest.mark.parametrize(
    ("answer", "code", "shown"),
    [
        (refused("AccessDeniedException"), "AccessDeniedException", "AccessDeniedException: m"),
        (refused("ValidationException"), "ValidationException", "ValidationException: m"),
        (
            refused("ResourceNotFoundException"),
            "ResourceNotFoundException",
            "ResourceNotFoundException: m",
        ),
        (refused("ValidationException", message=""), "ValidationException", "ValidationException"),
        (
            refused("InvalidSignatureException"),
            "InvalidSignatureException",
            "InvalidSignatureException",
        ),
        (Answer(403, b"<html>"), "status 403", "status 403"),
        (Answer(400, b"[]"), "status 400", "status 400"),
        (Answer(302, b""), "status 302", "status 302"),
    ],
    ids=str,
)
async def test_a_fault_of_ours_is_not_tried_again(
    pauses: list[float], answer: Answer, code: str, shown: str
) -> None:
    """A refused signature's message is left out: it repeats the session token."""
    line = Line([answer])
    with pytest.raises(DynamoError) as raised:
        await client_of(line).send_request(action="PutItem", payload={})

    assert (raised.value.code, str(raised.value)) == (code, shown)
    assert not isinstance(raised.value, UnavailableError)
    assert (len(line.sent), pauses) == (1, [])


@pytest.mark.usefixtures("pauses")
async def test_an_expired_key_is_replaced() -> None:
    """Before its time, as its source sees it."""
    line = Line([refused("ExpiredTokenException"), OK])
    keys = Keys([Key("OLD", "a"), Key("NEW", "b", "t")])
    await client_of(line, keys).send_request(action="PutItem", payload={})

    assert [b"Credential=NEW/" in sent for sent in line.sent] == [False, True]


@pytest.mark.usefixtures("pauses")
async def test_without_a_key_nothing_is_sent() -> None:
    """And it is looked for as long as a text has time."""
    line = Line([OK])
    with pytest.raises(NoKeyError):
        await client_of(line, Keys([])).send_request(action="PutItem", payload={})

    assert line.sent == []


async def test_a_key_that_does_not_come_takes_no_longer_than_a_text() -> None:
    """Where credentials come from, there is a network as well."""

    class Waiting(Keys):
        async def current(self) -> Key:
            await asyncio.Event().wait()
            return KEY

    line = Line([OK])
    client = replace(client_of(line, Waiting([])), budget_seconds=0.01)
    with pytest.raises(TimeoutError):
        await client.send_request(action="PutItem", payload={})

    assert line.sent == []


# --- in threads -------------------------------------------------------------------------


async def test_a_request_in_a_thread_takes_no_longer_than_its_client_allows() -> None:
    """It may still be carried out; whoever waits for it is told."""
    is_over = Event()
    boto: Any = SimpleNamespace(put_item=lambda **_: is_over.wait(1))
    with pytest.raises(TimeoutError):
        await ThreadedClient(boto, 0.01).send_request(action="PutItem", payload={})
    is_over.set()


# --- settings ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("environ", "region"),
    [
        ({"AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-2"}, "eu-west-1"),
        ({"AWS_DEFAULT_REGION": "eu-west-2"}, "eu-west-2"),
        ({}, "us-east-1"),
    ],
)
def test_the_region_is_that_of_the_environment(environ: dict[str, str], region: str) -> None:
    """As with every SDK; requests are signed for it."""
    client = async_client(environ, Line([OK]).send, StaticKey(KEY))
    request = client.signer.request("GetItem", b"{}", KEY)

    assert region_of(environ) == region
    assert f"/{region}/dynamodb/aws4_request".encode() in request
    assert f"host: dynamodb.{region}.amazonaws.com\r\n".encode() in request


@pytest.mark.parametrize(
    ("environ", "endpoint"),
    [
        ({}, "https://dynamodb.us-east-1.amazonaws.com"),
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1:1"}, "http://127.0.0.1:1"),
        (
            {
                "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
                "AWS_ENDPOINT_URL_DYNAMODB": "http://127.0.0.1:2",
            },
            "http://127.0.0.1:2",
        ),
    ],
)
def test_the_endpoint_is_that_of_the_environment(environ: dict[str, str], endpoint: str) -> None:
    """Without one it is AWS."""
    assert endpoint_of(environ) == Endpoint.of(endpoint)


def test_an_attempt_leaves_time_for_others() -> None:
    """One second, of the three that a text has; and a hundred connections are enough for a core."""
    assert pools.ATTEMPT_SECONDS == 1
    assert pools.MOST_CONNECTIONS == 100
    assert pools.IDLE_SECONDS == 15


def test_certificates_and_host_names_are_checked() -> None:
    """At AWS the store is reached over TLS."""
    context = pools.tls_context()

    assert context.verify_mode.name == "CERT_REQUIRED"
    assert context.check_hostname
