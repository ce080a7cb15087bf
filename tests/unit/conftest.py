"""Unit tests talk to nobody: every socket is refused, but for the event loop's own."""

import pytest
from pytest_socket import disable_socket

from tests.support.cloudformation import aggregates, cloudformation

__all__ = ["aggregates", "cloudformation"]


@pytest.fixture(autouse=True)
def no_sockets() -> None:
    """Refuse the network."""
    disable_socket(allow_unix_socket=True)
