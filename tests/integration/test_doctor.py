"""`voteapp doctor --local` against the running local cloud."""

import json
import re
import time
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from services.cli.app import app
from services.selftest.probe_poll import DynamoProbePoll
from services.tools.demo.cloud import LocalCloud
from services.voting.identity import Pseudonyms

pytestmark = pytest.mark.cloud


@pytest.fixture(autouse=True)
def _this_cloud(cloud: LocalCloud, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not another demo that may run beside it."""
    monkeypatch.setenv("VOTEAPP_LOCAL_ENDPOINT", cloud.aws.endpoint)


def run(*arguments: str) -> Result:
    """Run the command as a shell would."""
    return CliRunner().invoke(app, ["doctor", "--local", *arguments])


def rows(cloud: LocalCloud) -> list[dict[str, Any]]:
    """Everything in the tables but the ballots and boards of polls that other tests have changed."""
    found: list[dict[str, Any]] = []
    for table in (
        cloud.outputs.aggregates_table,
        cloud.outputs.votes_table,
        cloud.outputs.polls_table,
    ):
        for page in cloud.dynamodb.get_paginator("scan").paginate(TableName=table):
            found += page["Items"]
    # A text is barred for a minute in a poll that has just changed, as those of other tests have.
    changed = re.compile(r"((open|sealed)#)?(proof|drill-)")
    kept = [row for row in found if not changed.match(row["pk"]["S"])]
    return sorted(kept, key=lambda row: (row["pk"]["S"], row["sk"]["S"]))


def rows_at_rest(cloud: LocalCloud) -> list[dict[str, Any]]:
    """The same once no record is folded any more: other tests have left some in the stream."""
    found, before = rows(cloud), None
    while found != before:
        time.sleep(0.5)
        found, before = rows(cloud), found
    return found


def test_a_running_demo_is_well() -> None:
    """A line a station; the exit code says so, too."""
    done = run()

    assert done.exit_code == 0, done.output
    assert "counted after" in done.output
    assert "All is well." in done.output


def test_the_self_tests_leave_no_row_and_touch_no_count(cloud: LocalCloud) -> None:
    """All tables hold the same rows as before, to the last attribute."""
    before = rows_at_rest(cloud)
    done = run("--json")
    checks = {check["check"]: check for check in json.loads(done.stdout)["checks"]}

    assert [checks[name]["verdict"] for name in ("a text", "a fallback text")] == ["ok", "ok"]
    assert rows_at_rest(cloud) == before


def test_a_mapping_that_was_switched_off_is_found(cloud: LocalCloud) -> None:
    """With its remedy; and on again, all is well."""
    functions = cloud.aws.client("lambda")
    (mapping,) = functions.list_event_source_mappings(
        FunctionName=cloud.outputs.all["AggregatorFunction"]
    )["EventSourceMappings"]
    try:
        functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
        sick = run("--json", "--no-text")
    finally:
        functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=True)
    document = json.loads(sick.stdout)
    (finding,) = [check for check in document["checks"] if check["verdict"] == "failed"]

    assert sick.exit_code == 1
    assert document["ok"] is False
    assert finding["check"] == "mapping"
    assert "State: Disabled" in finding["detail"]
    assert "cdk deploy" in finding["remedy"]


def test_what_a_killed_run_left_is_swept_up_and_a_running_one_is_left_alone(
    cloud: LocalCloud,
) -> None:
    """By how long ago it began."""

    def probe_poll(began_at_ms: int) -> DynamoProbePoll:
        return DynamoProbePoll(
            client=cloud.dynamodb,
            votes=cloud.outputs.votes_table,
            aggregates=cloud.outputs.aggregates_table,
            polls=cloud.outputs.polls_table,
            pseudonyms=Pseudonyms(b"pepper"),
            began_at_ms=began_at_ms,
        )

    killed, running, late = probe_poll(1_000_000), probe_poll(1_300_000), probe_poll(1_350_000)
    try:
        opened = killed.open(), running.open(), late.open()
        round, number = cloud.round_of("doctor-selftest")
    finally:
        running.clear()

    assert opened == (True, True, False)
    assert (round.number, number) == (1_300, "+15550100198")
