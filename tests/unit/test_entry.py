"""The assembled webhook: which table each part works on, and how old what it holds may be."""

import importlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from services.adapters import log
from services.adapters.dynamodb.late_credentials import LateCredentials
from services.adapters.secrets import Secrets, UnusableSecretError
from services.settings import SettingsError
from services.voting.ballot import OutcomeKind
from services.voting.directory import Directory
from services.voting.errors import StoreUnavailableError
from services.webhook.routes import Dependencies
from tests.support.polls import PSEUDONYMS, a_phone, a_round, a_text

ENVIRON = {
    "VOTES_TABLE": "the-votes",
    "POLLS_TABLE": "the-polls",
    "SECRET_ARN": "the-secret",
    "PUBLIC_BASE_URL": "https://votes.example.com",
}


@dataclass
class World:
    """What the webhook is assembled over, and what was asked of it."""

    directory: Directory = field(default_factory=lambda: Directory((a_round(),)))
    fails_with: Exception | None = None
    polls_read: list[str] = field(default_factory=list)
    """The table, each time the polls were read."""
    secrets_read: list[str] = field(default_factory=list)
    requests: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)
    pools: int = 0
    send: object = None
    closed: int = 0
    sessions: list[object] = field(default_factory=list)
    """Of each client of boto3, in the order in which they were made."""
    events: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    async def send_request(self, *, action: str, payload: Mapping[str, Any]) -> dict[str, Any]:
        """As `AsyncClient`: everybody is on every list."""
        self.requests.append((action, payload))
        return {"Items": [{}]} if action == "Query" else {}

    def get_secret_value(self, SecretId: str) -> dict[str, str]:  # noqa: N803 - AWS's name
        """As Secrets Manager."""
        self.secrets_read.append(SecretId)
        held = {"twilio_auth_token": "t", "voter_pepper": "p" * 32}
        return {"SecretString": json.dumps(held)}

    def polls(self, *, client: object, table: str) -> Any:
        """As `DirectoryReader`."""
        assert client == "boto3"

        def load() -> Directory:
            self.polls_read.append(table)
            if self.fails_with:
                raise self.fails_with
            return self.directory

        return SimpleNamespace(load=load)

    def pool(self, environ: Mapping[str, str]) -> Any:
        """As `connection_pool`."""
        assert environ["VOTES_TABLE"] == "the-votes"
        self.pools += 1

        async def close() -> None:
            self.closed += 1

        self.send = object()
        return SimpleNamespace(close=close, send=self.send)

    def boto3_client(self, client: object) -> Callable[[object], object]:
        """As a function that makes a client of boto3 in a session."""

        def make(session: object) -> object:
            self.sessions.append(session)
            return client

        return make

    def client(self, environ: Mapping[str, str], send: object, keys: LateCredentials) -> Any:
        """As `async_client`."""
        assert environ["VOTES_TABLE"] == "the-votes"
        assert send is self.send
        assert isinstance(keys, LateCredentials)
        return self


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    """Everything beyond the process, replaced."""
    for name, value in ENVIRON.items():
        monkeypatch.setenv(name, value)
    entry = importlib.import_module("services.webhook.entry")
    world = World()
    monkeypatch.setattr(entry, "DirectoryReader", world.polls)
    monkeypatch.setattr(entry, "connection_pool", world.pool)
    monkeypatch.setattr(entry, "async_client", world.client)
    monkeypatch.setattr(entry, "secrets_client", world.boto3_client(world))
    monkeypatch.setattr(entry, "impatient_client", world.boto3_client("boto3"))
    monkeypatch.setattr(log, "event", lambda name, **more: world.events.append((name, more)))
    return world


def assembled(**changes: str) -> Dependencies:
    """The webhook's parts, by that environment."""
    entry = importlib.import_module("services.webhook.entry")
    deps: Dependencies = entry.assemble({**ENVIRON, **changes})
    return deps


async def ages(held: Any, *seconds: float) -> list[Any]:
    """What is held at these moments."""
    now = [0.0]
    held._monotonic = lambda: now[0]
    found = []
    for now[0] in seconds:
        found.append(await held.current())
    return found


def test_assembling_asks_nobody(world: World) -> None:
    """A snapshot may hold no connection: that is for the first text."""
    deps = assembled()
    for client in deps.clients:
        client()

    assert (world.polls_read, world.secrets_read, world.requests) == ([], [], [])


def test_both_clients_are_ready_for_the_first_text(world: World) -> None:
    """That of the polls and, where the secret is in Secrets Manager, that of the secret.

    Both are of one session: to make another one takes as long as to answer several texts.
    """
    own = {"SECRET_ARN": "", "TWILIO_AUTH_TOKEN": "t", "VOTER_PEPPER": "p" * 32}
    with_secret = [client() for client in assembled().clients]
    without = [client() for client in assembled(**own).clients]

    polls, secret, _ = world.sessions

    assert with_secret == ["boto3", world]
    assert without == ["boto3"]
    assert isinstance(secret, boto3.Session)
    assert polls is secret


async def test_the_polls_are_read_anew_after_two_seconds(world: World) -> None:
    """From their own table; a close is obeyed that soon."""
    await ages(assembled().intake.directory, 0, 1.9)
    early = [*world.polls_read]
    await ages(assembled().intake.directory, 0, 2.0)

    assert early == ["the-polls"]
    assert world.polls_read == ["the-polls"] * 3


async def test_the_secrets_are_read_anew_after_a_minute(world: World) -> None:
    """The pepper and the token of the secret that is named."""
    found = await ages(assembled().secrets, 0, 59.9)
    early = [*world.secrets_read]
    await ages(assembled().secrets, 0, 60)

    assert found == [Secrets("t", b"p" * 32)] * 2
    assert early == ["the-secret"]
    assert world.secrets_read == ["the-secret"] * 3


async def test_health_asks_each_table_itself(world: World) -> None:
    """The ballots by an item that is never there, the polls by reading them."""
    deps = assembled()
    await deps.probes["votes"]()
    votes, polls_read = [*world.requests], len(world.polls_read)
    await deps.probes["polls"]()

    assert list(deps.probes) == ["votes", "polls"]
    assert [(action, asked["TableName"]) for action, asked in votes] == [("GetItem", "the-votes")]
    assert (polls_read, world.polls_read) == (0, ["the-polls"])


async def test_health_does_not_take_what_is_held_for_an_answer(world: World) -> None:
    """The polls were read a moment ago; the probe reads them all the same."""
    deps = assembled()
    await deps.intake.directory.current()
    await deps.probes["polls"]()

    assert len(world.polls_read) == 2


async def test_an_outage_of_the_polls_is_survived_for_a_minute(world: World) -> None:
    """The event says how old the polls are and what failed, and nothing of the error's text."""
    held: Any = assembled().intake.directory
    first = (await ages(held, 0))[0]
    world.fails_with = ClientError({"Error": {"Code": "ThrottlingException"}}, "a secret text")
    kept = await ages(held, 30.44, 59.9)

    assert kept == [first, first]
    assert world.events[0] == ("directory.stale", {"error": "StoreUnavailableError", "age": 30.4})
    with pytest.raises(StoreUnavailableError):
        await ages(held, 60.0)


async def test_an_outage_of_the_secret_is_survived_for_an_hour(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also if somebody has stored a malformed one meanwhile."""
    held = assembled().secrets
    first = (await ages(held, 0))[0]
    monkeypatch.setattr(world, "get_secret_value", lambda **_: {"SecretString": "not JSON"})
    kept = await ages(held, 3_599)

    assert kept == [first]
    assert world.events == [("secret.stale", {"error": "UnusableSecretError", "age": 3599})]
    with pytest.raises(UnusableSecretError):
        await ages(held, 3_600)


async def test_polls_that_cannot_be_read_are_logged_beside_those_that_can(world: World) -> None:
    """An alarm counts the event; the other polls go on."""
    world.directory = Directory((a_round(),), unreadable=("broken", "torn"))
    directory = await assembled().intake.directory.current()

    assert [there.poll.id for there in directory.rounds] == ["colors"]
    assert world.events == [("directory.unreadable", {"polls": ["broken", "torn"]})]


async def test_a_directory_that_can_be_read_is_not_logged(world: World) -> None:
    """Two lines a second would be too many."""
    await assembled().intake.directory.current()

    assert world.events == []


async def test_a_directory_out_of_reach_is_told_as_an_outage(world: World) -> None:
    """So that the text is a 503, and comes again."""
    world.fails_with = ClientError({"Error": {"Code": "ThrottlingException"}}, "Query")

    with pytest.raises(StoreUnavailableError, match=r"^reading the directory"):
        await assembled().intake.directory.current()


async def test_a_text_is_held_against_the_list_and_stored_as_a_ballot(world: World) -> None:
    """Each in its table."""
    world.directory = Directory((a_round(phones="guests.txt"),))
    answer = await assembled().intake.accept(a_text("red", phone=3), pseudonyms=PSEUDONYMS)
    (listed, query), (stored, put) = world.requests

    assert answer.outcome.kind is OutcomeKind.ACCEPTED
    assert (listed, query["TableName"]) == ("Query", "the-polls")
    assert PSEUDONYMS.allow_list_id("colors", a_phone(3)) in str(query)
    assert (stored, put["TableName"]) == ("PutItem", "the-votes")
    assert put["Item"]["picks"] == {"M": {"RED": {"N": "1"}}}


@pytest.mark.usefixtures("world")
async def test_a_misspelt_text_is_asked_back() -> None:
    """By the distance of the words."""
    answer = await assembled().intake.accept(a_text("rde"), pseudonyms=PSEUDONYMS)

    assert answer.outcome.kind is OutcomeKind.NEAR


async def test_the_base_url_is_the_environments_and_stopping_closes_the_connections(
    world: World,
) -> None:
    """One pool for all requests."""
    deps = assembled()
    assert deps.close is not None
    await deps.close()

    assert deps.public_base_url == "https://votes.example.com"
    assert (world.pools, world.closed) == (1, 1)


@pytest.mark.usefixtures("world")
@pytest.mark.parametrize("pepper", ["", "p" * 31])
def test_without_a_pepper_nothing_is_assembled(pepper: str) -> None:
    """Votes under a hash that can be guessed would be worse than none."""
    with pytest.raises(SettingsError):
        assembled(SECRET_ARN="", TWILIO_AUTH_TOKEN="t", VOTER_PEPPER=pepper)
