"""Keys for the webhook's client of DynamoDB, from the credentials chain of botocore.

The chain knows every place where the AWS tools look. It is asked by the first request, so that a
SnapStart snapshot holds no key, and in a thread, because it may ask over the network.
"""

import time
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Final

from botocore.exceptions import BotoCoreError

from services.adapters.dynamodb.request_signer import Key
from services.adapters.late_session import DeferredCredentials, late_session
from services.adapters.ttl_cache import Cached

if TYPE_CHECKING:
    import boto3

KEY_SECONDS: Final = 30
"""Age after which the chain is asked again; botocore fetches a key 15 minutes before it expires."""

KEY_STALE_SECONDS: Final = 300
"""Maximum age of the key that is used while the chain fails. A failing key has 10 minutes left."""


class NoKeyError(Exception):
    """The chain found no credentials, or could not fetch them."""


class LateCredentials:
    """The current key of a session's credentials; the session is created with the first one."""

    def __init__(
        self,
        session: "Callable[[], boto3.Session]" = late_session,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._session = cache(session)
        self._monotonic = monotonic
        self._keys = self._cached()

    def held(self) -> Key | None:
        """Return the key if it was looked up lately."""
        return self._keys.held()

    async def current(self) -> Key:
        """Return the key. Raises: NoKeyError."""
        return await self._keys.current()

    def invalidate(self) -> None:
        """Ask the whole chain again: what it found has expired before its time."""
        credentials = self._session().get_credentials()
        if isinstance(credentials, DeferredCredentials):
            credentials.forget()
        self._keys = self._cached()

    def _cached(self) -> Cached[Key]:
        return Cached(
            self._find,
            seconds=KEY_SECONDS,
            stale_seconds=KEY_STALE_SECONDS,
            monotonic=self._monotonic,
        )

    def _find(self) -> Key:
        try:
            credentials = self._session().get_credentials()
            if credentials is None:
                raise NoKeyError
            found = credentials.get_frozen_credentials()
        except BotoCoreError as error:
            raise NoKeyError(type(error).__name__) from error
        return Key(str(found.access_key), str(found.secret_key), found.token)
