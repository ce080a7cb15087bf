"""Who runs a command, for the operator's log."""

from collections.abc import Callable
from functools import cache
from typing import Any

from services.voting.operators_log import UNKNOWN


def caller_identity(client: Callable[[str], Any]) -> Callable[[], str]:
    """Return a function that asks STS once for the ARN of the caller.

    `client` creates a boto3 client by service name. Without an answer the caller is "unknown": a
    command does not fail because of the log.
    """

    @cache
    def identity() -> str:
        from botocore.exceptions import BotoCoreError, ClientError  # slow to import

        try:
            return str(client("sts").get_caller_identity()["Arn"])
        except (BotoCoreError, ClientError):
            return UNKNOWN

    return identity
