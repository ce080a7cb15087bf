"""`voteapp rehearse` against the running local cloud."""

import json
from typing import Any

import pytest
from typer.testing import CliRunner

from services.cli.app import app
from services.tools.demo.cloud import LocalCloud

pytestmark = pytest.mark.cloud


def rows_of_the_rehearsal(cloud: LocalCloud) -> list[Any]:
    """Every row of its poll, in all tables."""
    outputs = cloud.outputs
    found = []
    for table in (outputs.votes_table, outputs.aggregates_table, outputs.polls_table):
        for page in cloud.dynamodb.get_paginator("scan").paginate(TableName=table):
            found += [item for item in page["Items"] if "rehearsal-probe" in json.dumps(item)]
    return found


def test_a_small_rehearsal_is_exact_and_leaves_nothing(
    cloud: LocalCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Through the real webhook, stream and aggregator, while other polls are open."""
    monkeypatch.setenv("VOTEAPP_LOCAL_ENDPOINT", cloud.aws.endpoint)
    options = ("--rate", "20", "--seconds", "3", "--stage", "local", "--yes", "--json")
    done = CliRunner().invoke(app, ["rehearse", *options])
    document = json.loads(done.stdout)

    assert done.exit_code == 0, done.output
    assert (document["sent"], document["exact"], document["refused"]) == (60, True, {})
    assert document["votes_accepted"] == document["votes_counted"] > 0
    assert rows_of_the_rehearsal(cloud) == []
