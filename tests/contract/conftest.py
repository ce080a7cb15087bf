"""The stores that every adapter test runs against: memory, moto and the emulator."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from itertools import count
from threading import Lock, Thread
from typing import Any

import boto3
import pytest
from botocore.config import Config
from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from werkzeug.serving import make_server

from services.adapters.dynamodb.async_client import async_client, connection_pool
from services.adapters.dynamodb.ballots import DynamoBallots
from services.adapters.dynamodb.directory import DynamoDirectory
from services.adapters.dynamodb.provisioning import create_table
from services.adapters.dynamodb.recounts import DynamoRecounts
from services.adapters.dynamodb.tallies import DynamoTallies
from services.adapters.memory import MemoryBallots, MemoryTallies
from services.tools.local.emulator import emulator
from services.voting.ports import Ballots, Recounts, Tallies
from services.voting.schema import AGGREGATES, POLLS, VOTES
from tests.support.directory import Watch

_serial = count(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """The ports on one kind of store, with tables of their own."""

    ballots: Ballots
    tallies: Tallies
    recounts: Recounts


@pytest.fixture(scope="session")
def moto_endpoint() -> Iterator[str]:
    """A moto server on a free port of the loopback interface, one request at a time.

    DynamoDB checks a condition and writes in one step. moto takes two, so of two requests at
    once both may find the condition true.
    """
    moto, turn = DomainDispatcherApplication(create_backend_app), Lock()

    def one_at_a_time(environ: dict[str, Any], start: Any) -> Any:
        with turn:
            return moto(environ, start)

    server = make_server(
        "127.0.0.1", 0, one_at_a_time, threaded=True, request_handler=MotoRequestHandler
    )
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.fixture(scope="session")
def emulator_endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The emulator that the local cloud runs on."""
    with emulator(tmp_path_factory.mktemp("emulator")) as (_, aws):
        yield aws.endpoint


@pytest.fixture
def endpoint(request: pytest.FixtureRequest) -> str:
    """The URL of the store that the indirect parameter names."""
    return str(request.getfixturevalue(f"{request.param}_endpoint"))


@pytest.fixture
def client(endpoint: str) -> Any:
    """A boto3 client of that store."""
    return client_of(endpoint)


@pytest.fixture
def watch() -> Watch:
    """The directory's clock."""
    return Watch()


@pytest.fixture
def directory(client: Any, watch: Watch) -> DynamoDirectory:
    """An empty directory in tables of its own."""
    polls, aggregates = f"Polls{next(_serial)}", f"Aggregates{next(_serial)}"
    create_table(client, POLLS, polls)
    create_table(client, AGGREGATES, aggregates)
    return DynamoDirectory(client=client, table=polls, aggregates=aggregates, clock=watch)


@pytest.fixture(params=["memory", "moto", "emulator"])
async def store(request: pytest.FixtureRequest) -> AsyncIterator[Store]:
    """Each kind of store in turn, empty."""
    if request.param == "memory":
        ballots = MemoryBallots()
        yield Store(ballots=ballots, tallies=MemoryTallies(), recounts=ballots)
        return
    endpoint = request.getfixturevalue(f"{request.param}_endpoint")
    client = client_of(endpoint)
    votes, aggregates = f"Votes{next(_serial)}", f"Aggregates{next(_serial)}"
    create_table(client, VOTES, votes)
    create_table(client, AGGREGATES, aggregates)
    connections = connection_pool(environment(endpoint))
    yield Store(
        ballots=DynamoBallots(async_client(environment(endpoint), connections.send), votes),
        tallies=DynamoTallies(client, aggregates),
        recounts=DynamoRecounts(client, votes),
    )
    await connections.close()


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fake credentials, so that no test can reach an account."""
    for name, value in environment("").items():
        if value:
            monkeypatch.setenv(name, value)


def environment(endpoint: str) -> dict[str, str]:
    """The SDK's own variables for a store on loopback."""
    return {
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": endpoint,
    }


def client_of(endpoint: str) -> Any:
    """A boto3 client of a store on loopback."""
    return boto3.client(
        "dynamodb",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id="local",
        aws_secret_access_key="local",
        config=Config(account_id_endpoint_mode="disabled"),
    )
