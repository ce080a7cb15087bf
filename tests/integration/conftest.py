"""A deployment that the commands find, in this process."""

from collections.abc import Iterator

import pytest

from tests.support.commands import wire
from tests.support.moto_system import MotoSystem, moto_system


@pytest.fixture(autouse=True)
def without_twilio(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests never use an account of the person who runs them."""
    for name in ("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "TWILIO_API_URL"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def system(monkeypatch: pytest.MonkeyPatch) -> Iterator[MotoSystem]:
    """With an open poll of three colours that has no closing time."""
    with moto_system() as made:
        wire(monkeypatch, made)
        yield made
