"""Seconds in which `voteapp reconcile` counts texts of which no ballot holds one.

Runs on the local cloud: the emulator, the deployed stack with its aggregator, and the stand-in of
Twilio, whose log has the texts as after an outage in which nothing was delivered.
"""

import json
import os
from unittest.mock import patch

from typer.testing import CliRunner

from services.adapters.clock import now_ms
from services.adapters.dynamodb.directory import DynamoDirectory
from services.cli.app import app
from services.polls.definition import parse_poll
from services.polls.entry import DirectoryEntry
from services.tools.demo.cloud import LocalCloud, clear_aws_environment, local_cloud
from services.voting.poll import Round
from tests.support.twilio_api import ACCOUNT, TOKEN, Account, twilio_api

TEXTS = 20_000
POLL, NUMBER = "recovered", "+15550100190"
DEFINITION = f"""
question = "Which?"
numbers = ["{NUMBER}"]
[[choices]]
key = "RED"
label = "Red"
[[choices]]
key = "BLUE"
label = "Blue"
"""
OPENED_AGO_MS = 3_600_000
SENT_AGO_SECONDS = 1_800
TEXTS_PER_SECOND = 20


def seconds_to_recover(texts: int = TEXTS) -> float:
    """The seconds of the whole command, which asks nothing, for one text of each phone."""
    clear_aws_environment()
    with local_cloud() as cloud, twilio_api() as account:
        _open_poll(cloud)
        _receive(account, texts)
        environ = {
            "VOTEAPP_LOCAL_ENDPOINT": cloud.aws.endpoint,
            "TWILIO_ACCOUNT_SID": ACCOUNT,
            "TWILIO_AUTH_TOKEN": TOKEN,
            "TWILIO_API_URL": account.address,
        }
        with patch.dict(os.environ, environ):
            began_ms = now_ms()
            done = CliRunner().invoke(app, ["reconcile", POLL, "--yes", "--local", "--json"])
            took_ms = now_ms() - began_ms
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["recovered"] == texts
    return took_ms / 1_000


def _open_poll(cloud: LocalCloud) -> None:
    """A poll that has been open for an hour."""
    opened_ms = now_ms() - OPENED_AGO_MS
    directory = DynamoDirectory(
        client=cloud.dynamodb,
        table=cloud.outputs.polls_table,
        aggregates=cloud.outputs.aggregates_table,
        clock=lambda: opened_ms,
    )
    poll = parse_poll(DEFINITION, source=f"{POLL}.toml")
    directory.write(DirectoryEntry(round=Round(poll=poll)))


def _receive(account: Account, texts: int) -> None:
    account.add_number(NUMBER)
    first = now_ms() / 1_000 - SENT_AGO_SECONDS
    for number in range(texts):
        account.records.add(
            sender=f"+155501{number:05}",
            to=NUMBER,
            body=("red", "blue")[number % 2],
            at=first + number / TEXTS_PER_SECOND,
        )


if __name__ == "__main__":
    print(f"{seconds_to_recover():.1f}")
