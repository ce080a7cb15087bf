"""The replayer as a function, on moto: an item of the queue in, a ballot in the table."""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from lambdas.replayer import handler
from services.adapters.clock import now_ms
from services.adapters.dynamodb.ballot_items import ballot_of
from services.adapters.dynamodb.client import sync_client
from services.adapters.dynamodb.directory import DynamoDirectory
from services.adapters.dynamodb.provisioning import create_table
from services.polls.definition import parse_poll
from services.settings import SettingsError
from services.voting.schema import AGGREGATES, POLLS, VOTES
from tests.support.fallback_queue import FALLBACK_URL, a_form, an_item
from tests.support.polls import COLORS_TOML, NUMBER, a_sid
from tests.support.webhook import TOKEN

HOUR = 3_600_000
_serial = count(1)


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    """A moto server on a free port of the loopback interface."""
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@dataclass
class Deployed:
    """A queue, and the tables."""

    sqs: Any
    queue_url: str
    votes: str

    def receive(self) -> list[dict[str, Any]]:
        """Records of what can be received, hidden for ten minutes."""
        answer = self.sqs.receive_message(
            QueueUrl=self.queue_url, AttributeNames=["All"], VisibilityTimeout=600
        )
        return [
            {
                "messageId": one["MessageId"], "receiptHandle": one["ReceiptHandle"],
                "body": one["Body"], "attributes": one["Attributes"],
            }
            for one in answer.get("Messages", [])
        ]  # fmt: skip

    def send(self, sid: str) -> None:
        """Send a text to the fallback."""
        item = an_item(a_form("red", sid), at_ms=str(now_ms()))
        self.sqs.send_message(QueueUrl=self.queue_url, MessageBody=item)

    def held(self) -> list[list[str]]:
        """The texts of each ballot."""
        items = sync_client().scan(TableName=self.votes)["Items"]
        return [[text.sid for text in ballot_of(item).texts] for item in items]


@pytest.fixture
def made(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Deployed]:
    """With an open poll; the parameter holds more lines of its file."""
    number = next(_serial)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "local")
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ENDPOINT_URL", request.getfixturevalue("endpoint"))
    client, sqs = sync_client(), boto3.client("sqs")
    votes, polls, aggregates = (f"{name}{number}" for name in ("V", "P", "A"))
    for schema, table in ((VOTES, votes), (POLLS, polls), (AGGREGATES, aggregates)):
        create_table(client, schema, table)
    secret = boto3.client("secretsmanager").create_secret(
        Name=f"secret-{number}",
        SecretString=json.dumps({"twilio_auth_token": TOKEN, "voter_pepper": "0" * 32}),
    )
    directory = DynamoDirectory(
        client=client, table=polls, aggregates=aggregates, clock=lambda: now_ms() - HOUR
    )
    poll = parse_poll(getattr(request, "param", "") + COLORS_TOML, source="colors.toml")
    directory.apply([poll], default_number=NUMBER)
    url = sqs.create_queue(QueueName=f"queue-{number}")["QueueUrl"]
    for name, value in {
        "VOTES_TABLE": votes, "POLLS_TABLE": polls, "SECRET_ARN": secret["ARN"],
        "QUEUE_URL": url, "FALLBACK_URL": FALLBACK_URL,
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    handler._started.cache_clear()
    yield Deployed(sqs=sqs, queue_url=url, votes=votes)
    _, runner = handler._started()
    runner.close()
    handler._started.cache_clear()


def outcomes(capsys: pytest.CaptureFixture[str]) -> list[tuple[str, str | None]]:
    """What was logged of each text."""
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    return [(line["outcome"], line["reason"]) for line in lines if line["event"] == "replay.text"]


def test_texts_of_the_queue_are_counted_batch_after_batch(
    made: Deployed, capsys: pytest.CaptureFixture[str]
) -> None:
    """None of them is reported as failed, so all of them are deleted from the queue."""
    first, second = a_sid(), a_sid()
    for sid in (first, second):
        made.send(sid)
        assert handler.handler({"Records": made.receive()}, object()) == {"batchItemFailures": []}

    assert made.held() == [[first, second]]
    assert outcomes(capsys) == [("counted", None)] * 2


@pytest.mark.parametrize("made", ['phones = "guests.txt"\n'], indirect=True)
def test_a_phone_that_was_on_no_list_is_refused(
    made: Deployed, capsys: pytest.CaptureFixture[str]
) -> None:
    """The list is in the table of the polls."""
    made.send(a_sid())

    assert handler.handler({"Records": made.receive()}, object()) == {"batchItemFailures": []}
    assert (made.held(), outcomes(capsys)) == ([], [("refused", "unlisted")])


def test_an_item_can_be_received_again_after_its_delay(made: Deployed) -> None:
    """Here after none. Both were hidden for ten minutes, and the other one stays so."""
    for _ in range(2):
        made.send(a_sid())
    _, second = made.receive(), made.receive()
    hidden = made.receive()

    handler.assemble(os.environ).delay(second[0]["receiptHandle"], 0)

    assert hidden == []
    assert [one["messageId"] for one in made.receive()] == [second[0]["messageId"]]
    assert made.receive() == []


@pytest.mark.usefixtures("made")
@pytest.mark.parametrize(
    "name", ["VOTES_TABLE", "POLLS_TABLE", "SECRET_ARN", "QUEUE_URL", "FALLBACK_URL"]
)
def test_without_a_setting_nothing_starts(name: str) -> None:
    """The error names the variable."""
    with pytest.raises(SettingsError, match=name):
        handler.assemble({key: value for key, value in os.environ.items() if key != name})
