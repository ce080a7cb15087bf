"""A boto3 session that looks for credentials when a client signs its first request.

So clients can be made before a SnapStart snapshot without putting credentials into it: they
would have expired when it is restored.
"""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Final

import boto3
import botocore.session
from botocore.credentials import Credentials, ReadOnlyCredentials
from botocore.exceptions import NoCredentialsError

_COMPONENT: Final = "credential_provider"
"""The session's component that finds its credentials (botocore, `Session.get_credentials`)."""


class DeferredCredentials(Credentials):
    """The credentials that `find` returns, found once they are needed and refreshed as it says."""

    def __init__(self, find: Callable[[], Credentials | None]) -> None:
        super().__init__("", "")
        self._find = find
        self._found: Credentials | None = None

    def get_frozen_credentials(self) -> ReadOnlyCredentials:
        """Return a valid key. Raises: NoCredentialsError."""
        found = self._found or self._find()
        if found is None:
            raise NoCredentialsError
        self._found = found
        return found.get_frozen_credentials()

    def forget(self) -> None:
        """Find the credentials anew when they are needed next: these have expired."""
        self._found = None


def late_session() -> boto3.Session:
    """Create a session, configured by the SDK's environment variables."""
    core = botocore.session.get_session()
    chain = core.get_component(_COMPONENT)
    deferred = DeferredCredentials(chain.load_credentials)
    core.register_component(_COMPONENT, SimpleNamespace(load_credentials=lambda: deferred))
    return boto3.Session(botocore_session=core)
