"""Audit, certify and export against the deployed stack, as an operator runs them."""

import json
import os
import time
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from typer.testing import CliRunner

from services.adapters.clock import now_ms
from services.adapters.dynamodb.directory import DynamoDirectory
from services.cli.app import app
from services.cli.deployment import ENDPOINT_VARIABLE
from services.polls.definition import parse_poll
from services.polls.entry import DirectoryEntry
from services.tools.demo.cloud import LocalCloud
from services.voting import lifecycle, schema
from services.voting.poll import Round
from tests.support.cloud import a_vote, send

pytestmark = pytest.mark.cloud

TOML = """
question = "Is it exact?"
keyword = "proof"
visibility = "sealed"
[[choices]]
key = "AYE"
label = "Aye"
[[choices]]
key = "NAY"
label = "Nay"
"""


def voteapp(cloud: LocalCloud, *arguments: str) -> Any:
    """Run a command on the running cloud."""
    with patch.dict(os.environ, {ENDPOINT_VARIABLE: cloud.aws.endpoint}):
        return CliRunner().invoke(app, [*arguments, "--local", "--json"])


def close_two_minutes_ago(directory: DynamoDirectory) -> None:
    """As if the operator had said so then: nobody waits for it here."""
    then = {"N": str(now_ms() - 120_000)}
    directory.client.update_item(
        TableName=directory.table,
        Key={"pk": {"S": "directory"}, "sk": {"S": "proof"}},
        UpdateExpression="SET state_at = :then, changed_at = :then",
        ExpressionAttributeValues={":then": then},
    )


def test_a_sealed_poll_is_audited_closed_certified_and_exported(
    cloud: LocalCloud, tmp_path: Path
) -> None:
    """Through the real webhook, stream, aggregator and command line."""
    directory = DynamoDirectory(
        client=cloud.dynamodb,
        table=cloud.outputs.polls_table,
        aggregates=cloud.outputs.aggregates_table,
    )
    directory.write(DirectoryEntry(round=Round(poll=parse_poll(TOML, source="proof.toml"))))
    time.sleep(3)
    texts = [a_vote(61_000 + n, "AYE", sid=f"SM{61_000 + n:032x}") for n in range(12)]
    texts += [a_vote(61_000 + n, "NAY", sid=f"SM{62_000 + n:032x}") for n in range(5)]
    answers = send(cloud.webhook, [replace(text, body=f"proof {text.body}") for text in texts])
    deadline = time.monotonic() + 20
    while (audit := voteapp(cloud, "audit", "proof")).exit_code and time.monotonic() < deadline:
        time.sleep(0.5)
    open_still = voteapp(cloud, "certify", "proof")
    too_soon = voteapp(cloud, "poll", "close", "proof"), voteapp(cloud, "certify", "proof")
    close_two_minutes_ago(directory)
    certified = voteapp(cloud, "certify", "proof", "--yes")
    target = tmp_path / "proof.csv"
    exported = voteapp(cloud, "export", "proof", "--with-keys", "--to", str(target))
    face = cloud.dynamodb.get_item(
        TableName=cloud.outputs.aggregates_table,
        Key={"pk": {"S": "open#proof"}, "sk": {"S": schema.certified_sk(1)}},
    )["Item"]
    again = voteapp(cloud, "poll", "open", "proof")
    directory.change("proof", lambda r: lifecycle.archived(r, now_ms()))

    assert [answer.status for answer in answers] == [200] * 17
    assert json.loads(audit.stdout)["votes"] == {"AYE": 7, "NAY": 5}
    assert open_still.exit_code == 1
    assert "close it first" in open_still.stderr
    assert "wait 73 seconds" in too_soon[1].stderr
    assert certified.exit_code == 0, certified.output
    assert "is final" in again.stderr
    digest = json.loads(certified.stdout)["digest"]
    assert face["digest"] == {"S": digest}
    assert (face["c#AYE"], face["c#NAY"]) == ({"N": "7"}, {"N": "5"})
    assert json.loads(exported.stdout)["digest"] == digest
    assert json.loads(exported.stdout)["certified"]
    assert len(target.read_text().splitlines()) == 13
