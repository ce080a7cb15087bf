"""A deployment that the commands find, in this process."""

from collections.abc import Iterator

import pytest

from tests.support.commands import wire
from tests.support.moto_system import MotoSystem, moto_system


@pytest.fixture
def system(monkeypatch: pytest.MonkeyPatch) -> Iterator[MotoSystem]:
    """With an open poll of three colours that has no closing time."""
    with moto_system() as made:
        wire(monkeypatch, made)
        yield made
