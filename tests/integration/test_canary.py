"""The canary: its handler, a webhook on this machine, and the deployment's tables on moto."""

import json
from collections.abc import Iterator
from fnmatch import fnmatchcase
from functools import partial
from typing import Any

import boto3
import pytest

from lambdas.canary import handler as canary
from services.adapters.dynamodb.client import CLIENT_CONFIG
from services.selftest.probe_poll import CANARY, DynamoProbePoll
from services.selftest.selftest import SelfTest
from tests.support.moto_system import DAY_MS, PEPPER, PSEUDONYMS, MotoSystem, moto_system
from tests.support.small_webhook import TOKEN, SmallWebhook, small_webhook


@pytest.fixture
def webhook(monkeypatch: pytest.MonkeyPatch) -> Iterator[SmallWebhook]:
    """A deployment with one open poll that has votes, and the function's environment."""
    with moto_system() as system, small_webhook(system) as webhook:
        system.vote(1, "RED")
        system.vote(2, "BLUE")
        names = {"VOTES_TABLE": "Votes", "AGGREGATES_TABLE": "Aggregates", "POLLS_TABLE": "Polls"}
        for name, value in (names | {"WEBHOOK_URL": webhook.url}).items():
            monkeypatch.setenv(name, value)
        configure(monkeypatch, TOKEN)

        def sleep(_: float) -> None:
            with webhook.lock:
                system.fold()

        ticks = iter(range(1_000_000))
        hurried = partial(SelfTest, sleep=sleep, clock=lambda: next(ticks) / 10)
        monkeypatch.setattr(canary, "SelfTest", hurried)
        yield webhook


def configure(monkeypatch: pytest.MonkeyPatch, token: str) -> None:
    """Name a new secret with this token."""
    client: Any = boto3.client("secretsmanager")
    held = {"voter_pepper": PEPPER.decode(), "twilio_auth_token": token}
    name = f"secret-{len(client.list_secrets()['SecretList'])}"
    arn = client.create_secret(Name=name, SecretString=json.dumps(held))["ARN"]
    monkeypatch.setenv("SECRET_ARN", arn)


def rows(system: MotoSystem) -> list[dict[str, Any]]:
    """Everything in the tables."""
    found = []
    for table in ("Votes", "Aggregates", "Polls"):
        found += system.dynamodb.scan(TableName=table)["Items"]
    return sorted(found, key=lambda row: (row["pk"]["S"], row["sk"]["S"]))


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """The lines of the log."""
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_a_run_counts_a_text_and_leaves_no_row(
    webhook: SmallWebhook, capsys: pytest.CaptureFixture[str]
) -> None:
    """Between two votes of a real poll, whose rows stay as they are."""
    before = rows(webhook.system)
    canary.handler({}, None)
    webhook.system.fold()
    told = lines(capsys)

    assert [line["event"] for line in told] == ["canary.ok"]
    assert told[0]["found"].startswith("counted after")
    assert {(text["From"], text["To"]) for text in webhook.texts} == {
        ("+15550100195", "+15550100196")
    }
    assert rows(webhook.system) == before


def test_it_can_run_every_few_minutes(
    webhook: SmallWebhook, capsys: pytest.CaptureFixture[str]
) -> None:
    """No run is in the way of the next one, and none counts for a poll of people."""
    before = rows(webhook.system)
    for _ in range(3):
        canary.handler({}, None)
    webhook.system.fold()

    assert [line["event"] for line in lines(capsys)] == ["canary.ok"] * 3
    assert rows(webhook.system) == before


@pytest.mark.parametrize(
    ("trouble", "message"),
    [
        ({"refuses": 503}, "the webhook answered 503"),
        ({"loses": True}, "was accepted, but is no ballot"),
    ],
)
def test_a_text_that_is_not_counted_fails_the_call_and_leaves_no_row(
    webhook: SmallWebhook, trouble: dict[str, Any], message: str
) -> None:
    """The alarm counts failed calls."""
    before = rows(webhook.system)
    for name, value in trouble.items():
        setattr(webhook, name, value)

    with pytest.raises(canary.CanaryFailedError, match=message):
        canary.handler({}, None)
    assert rows(webhook.system) == before


def test_without_a_token_every_text_is_refused_so_the_call_fails(
    webhook: SmallWebhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before the first `voteapp connect`, and if somebody empties it."""
    configure(monkeypatch, "")

    with pytest.raises(
        canary.CanaryFailedError,
        match=r"^the Twilio auth token is not set: run voteapp connect$",
    ):
        canary.handler({}, None)
    assert webhook.texts == []


def test_another_token_than_the_webhooks_fails_the_call(
    webhook: SmallWebhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The signature is verified as Twilio's is."""
    configure(monkeypatch, "another token")

    with pytest.raises(canary.CanaryFailedError, match="answered 403"):
        canary.handler({}, None)
    assert webhook.texts == []


def test_a_deploy_leaves_the_poll_of_a_check_alone(webhook: SmallWebhook) -> None:
    """It has no file, and is not archived for that: a text may be on its way."""
    system = webhook.system
    polls = [system.round.poll]
    system.open_poll()
    DynamoProbePoll(
        probe=CANARY, client=system.dynamodb, votes="Votes", aggregates="Aggregates",
        polls="Polls", pseudonyms=PSEUDONYMS, began_at_ms=1_800_000_000_000,
    ).open()  # fmt: skip
    applied = system.directory_at(DAY_MS).apply(polls)

    assert applied.archived == ()
    assert system.directory.entry("canary-selftest").round.state == "open"


GRANTED = {
    "Votes": ({"DeleteItem", "GetItem", "PutItem", "Query"}, {"canary-selftest:*"}),
    "Polls": ({"DeleteItem", "PutItem", "Query"}, {"directory", "log#canary-selftest"}),
    "Aggregates": (
        {"DeleteItem", "PutItem", "Query"},
        {"open#canary-selftest", "sealed#canary-selftest"},
    ),
}
"""The actions and partition keys of each table that the stack grants."""


def calls_of(operation: str, params: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Table, action and partition key of each part of a request, as IAM sees them."""
    if operation == "TransactWriteItems":
        for write in params["TransactItems"]:
            for action, part in write.items():
                yield from calls_of(f"{action}Item", part)
        return
    held = params.get("Key") or params.get("Item") or {"pk": None}
    key = held["pk"] or params["ExpressionAttributeValues"][":pk"]
    yield params["TableName"], operation, key["S"]


def test_a_run_needs_every_action_that_is_granted_and_no_other(
    webhook: SmallWebhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On the partitions of its own poll, and the directory's. A killed run's rows included."""
    client: Any = boto3.client("dynamodb", config=CLIENT_CONFIG)
    used: set[tuple[str, str, str]] = set()

    def note(params: dict[str, Any], model: Any, **_: Any) -> None:
        used.update(calls_of(model.name, params))

    client.meta.events.register("provide-client-params.dynamodb.*", note)
    monkeypatch.setattr(canary, "sync_client", lambda: client)
    canary.handler({}, None)
    key = {"pk": {"S": "open#canary-selftest"}, "sk": {"S": "00001#tally#label#shard"}}
    webhook.system.dynamodb.put_item(TableName="Aggregates", Item=key)
    canary.handler({}, None)
    actions = {name: {action for table, action, _ in used if table == name} for name in GRANTED}
    outside = {
        (table, key)
        for table, _, key in used
        if not any(fnmatchcase(key, pattern) for pattern in GRANTED[table][1])
    }

    assert actions == {table: granted for table, (granted, _) in GRANTED.items()}
    assert outside == set()
    assert webhook.texts
