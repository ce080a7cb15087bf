"""A deployment that the commands find, in this process."""

from collections.abc import Iterator

import pytest

from tests.support.commands import wire
from tests.support.ledger import Ledger, ledger


@pytest.fixture
def there(monkeypatch: pytest.MonkeyPatch) -> Iterator[Ledger]:
    """With an open poll of three colours that has no closing time."""
    with ledger() as made:
        wire(monkeypatch, made)
        yield made
