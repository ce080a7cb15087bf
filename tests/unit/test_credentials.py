"""Credentials are looked up late: by the first request, and not while a function is started."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiodynamo.credentials import Credentials, Key

from services.adapters.dynamodb.async_client import LateCredentials, Session, async_client

# --- credentials ------------------------------------------------------------------------


@dataclass
class Chain(Credentials):
    """The default chain, as it would be on this machine."""

    asked: int = 0
    invalidated: int = 0
    through: list[object] = field(default_factory=list)

    async def get_key(self, http: object) -> Key | None:
        """A key."""
        self.asked += 1
        self.through.append(http)
        return Key(id="AKIA", secret="s", token=None)

    def invalidate(self) -> bool:
        """It can be fetched again."""
        self.invalidated += 1
        return True

    def is_disabled(self) -> bool:
        """No."""
        return False


@pytest.fixture
def chains(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Chain]]:
    """Every chain that was looked up."""
    found: list[Chain] = []

    def auto() -> Chain:
        found.append(Chain())
        return found[-1]

    monkeypatch.setattr(Credentials, "auto", staticmethod(auto))
    return found  # type: ignore[return-value]


async def test_credentials_are_looked_up_with_the_first_request(chains: list[Chain]) -> None:
    """Not while a function is started: its snapshot must hold none, and the variables come later."""
    http: Any = Session()
    credentials = LateCredentials()
    async_client({}, http)
    before = len(chains)
    first, second = await credentials.get_key(http), await credentials.get_key(http)

    assert before == 0
    assert first == second == Key(id="AKIA", secret="s", token=None)
    assert [chain.asked for chain in chains] == [2]
    assert chains[0].through == [http, http]


async def test_an_expired_key_is_fetched_again_by_the_chain(chains: list[Chain]) -> None:
    """Before any was fetched there is none to fetch again."""
    http: Any = None
    credentials = LateCredentials()
    early = credentials.invalidate()
    await credentials.get_key(http)
    late = credentials.invalidate()

    assert (early, late) == (False, True)
    assert [chain.invalidated for chain in chains] == [1]
    assert not credentials.is_disabled()
