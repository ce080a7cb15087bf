"""One deployment for all tests of this folder, in the order of their files' names.

Unmodified CDK against an emulator that enforces IAM; the last file takes it down.
"""

from collections.abc import Iterator

import pytest

from services.adapters.clock import now_ms
from services.adapters.dynamodb.directory import DynamoDirectory
from services.polls.definition import parse_poll
from services.polls.entry import DirectoryEntry
from services.voting.poll import Round
from tests.integration.deploy.steps import LOST, LOST_NUMBER, phone, sid
from tests.support.strict_cloud import TOKEN, Cloud, strict_cloud
from tests.support.twilio_api import twilio_api

HOUR_MS = 3_600_000


@pytest.fixture(scope="session")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """Bootstrapped and deployed, and nothing else."""
    with strict_cloud(tmp_path_factory.mktemp("proof")) as made:
        # Away from cdk.json, or it would synthesise for nothing.
        made.cdk("bootstrap", f"aws://{made.aws.account}/{made.aws.region}", cwd=made.folder)
        made.deploy(validated=True)
        yield made


@pytest.fixture(scope="session")
def status_without_token(untouched: Cloud) -> int:
    """What a text is answered before the token is set, signed with an empty one."""
    return untouched.text(phone(), "red", sid(), token="")


@pytest.fixture(scope="session")
def cloud(untouched: Cloud, status_without_token: int) -> Iterator[Cloud]:  # noqa: ARG001 - asked before
    """Deployed, with the token set, and an account at Twilio whose log can be listed."""
    untouched.set_token(TOKEN)
    with twilio_api(TOKEN) as account:
        account.add_number(LOST_NUMBER)
        untouched.twilio = account
        reconciler = untouched.function_of("reconciler")
        untouched.set_variables(reconciler, TWILIO_API_URL=account.address)
        _open_an_hour_ago(untouched)
        yield untouched


def _open_an_hour_ago(cloud: Cloud) -> None:
    """A poll on a number of its own: a reconciliation leaves out texts of the last 88 s."""
    opened_ms = now_ms() - HOUR_MS
    DynamoDirectory(
        client=cloud.client("dynamodb"),
        table=cloud.outputs["PollsTable"],
        aggregates=cloud.outputs["AggregatesTable"],
        clock=lambda: opened_ms,
    ).write(DirectoryEntry(round=Round(poll=parse_poll(LOST, source="lost.toml"))))
