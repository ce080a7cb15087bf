"""Unit tests talk to nobody: every socket is refused, but for the event loop's own."""

import urllib.request

import pytest
from pytest_socket import disable_socket

from tests.support.mailbox import Mailbox


@pytest.fixture(autouse=True)
def no_sockets() -> None:
    """Refuse the network."""
    disable_socket(allow_unix_socket=True)


@pytest.fixture
def mailbox(monkeypatch: pytest.MonkeyPatch) -> Mailbox:
    """CloudFormation's mailbox in the place of every HTTPS address."""
    box = Mailbox()
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), box)
    monkeypatch.setattr(urllib.request, "_opener", opener)
    return box
