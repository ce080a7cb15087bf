"""boto3 in threads, in place of `AsyncClient`, for commands: they have a boto3 client anyway."""

import asyncio
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from botocore import xform_name

from services.adapters.dynamodb.client import store_errors
from services.adapters.dynamodb.errors import ConditionFailedError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

THREADS: Final = 16
"""Requests at the same time; more than boto3's pool of ten connections, which then queue."""


@dataclass(frozen=True, slots=True)
class ThreadedClient:
    """Sends one request at a time in each of its threads."""

    client: "DynamoDBClient"
    seconds: float
    """Maximum time of one request, with retries and the wait for a thread."""
    _threads: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(THREADS))

    async def send_request(self, *, action: str, payload: Mapping[str, Any]) -> dict[str, Any]:
        """Send a request, for example `PutItem`, in the wire format.

        Raises:
            ConditionFailedError: nothing was written.
            StoreUnavailableError: throttled or unreachable, also after retries.
            TimeoutError: the request took too long; it may still be carried out.
        """
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(self.seconds):
            return await loop.run_in_executor(self._threads, self._send, action, payload)

    def _send(self, action: str, payload: Mapping[str, Any]) -> dict[str, Any]:
        method = getattr(self.client, xform_name(action))
        try:
            with store_errors(action):
                answer: dict[str, Any] = method(**payload)
        except self.client.exceptions.ConditionalCheckFailedException as error:
            raise ConditionFailedError from error
        return answer
