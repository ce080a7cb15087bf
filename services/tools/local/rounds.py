"""Reads the current round of a poll from a deployed stack."""

from typing import Any

from services.adapters.dynamodb.directory import DynamoDirectory
from services.tools.local.deployment import NUMBER, Outputs
from services.tools.local.errors import LocalCloudError
from services.voting.poll import Round


def round_of(dynamodb: Any, outputs: Outputs, poll: str) -> tuple[Round, str]:  # noqa: ANN401 - a boto3 client
    """Return a poll's current round, and the number to text to.

    Raises:
        LocalCloudError: the stack has no such poll.
    """
    directory = DynamoDirectory(client=dynamodb, table=outputs.aggregates_table)
    for entry in directory.entries():
        if entry.round.poll.id == poll:
            return entry.round, entry.number or NUMBER
    raise LocalCloudError(f"no poll {poll!r}", f"Add polls/{poll}.toml and deploy again.")
