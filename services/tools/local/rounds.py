"""What a deployed stack's directory says of a poll now."""

from typing import Any

from services.adapters.dynamodb.directory import DynamoDirectory
from services.tools.local.deployment import NUMBER, Outputs
from services.tools.local.errors import LocalCloudError
from services.voting.poll import Round


def round_of(dynamodb: Any, outputs: Outputs, poll: str) -> tuple[Round, str]:  # noqa: ANN401 - a boto3 client
    """A poll's current round, and the number to text to.

    Raises:
        LocalCloudError: the deploy has applied no such poll.
    """
    directory = DynamoDirectory(client=dynamodb, table=outputs.aggregates_table)
    for entry in directory.entries():
        if entry.round.poll.id == poll:
            return entry.round, entry.number or NUMBER
    raise LocalCloudError(f"no poll {poll!r}", f"Is there a polls/{poll}.toml?")
