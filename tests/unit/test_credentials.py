"""Keys are looked up late: by the first request, and not while a function is started."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.credentials import Credentials
from botocore.exceptions import CredentialRetrievalError

from services.adapters.dynamodb.async_client import async_client, connection_pool
from services.adapters.dynamodb.late_credentials import LateCredentials, NoKeyError
from services.adapters.dynamodb.request_signer import Key
from services.adapters.late_session import DeferredCredentials


@dataclass
class Chain:
    """The default chain of an account, as it would be on this machine."""

    keys: list[str] = field(default_factory=lambda: ["AKIA1", "AKIA2"])
    sessions: int = 0
    asked: int = 0
    fails: bool = False

    def session(self) -> Any:
        """As `late_session`."""
        self.sessions += 1
        return self

    def get_credentials(self) -> DeferredCredentials:
        """As a session's."""
        self.deferred = getattr(self, "deferred", None) or DeferredCredentials(self._find)
        return self.deferred

    def _find(self) -> Credentials | None:
        self.asked += 1
        if self.fails:
            raise CredentialRetrievalError(provider="container", error_msg="no answer: secret")
        return Credentials(self.keys.pop(0), "s", "t") if self.keys else None


async def test_credentials_are_looked_up_with_the_first_request() -> None:
    """Not while a function is started: its snapshot must hold none, and the variables come later."""
    now = [0.0]
    chain = Chain()
    keys = LateCredentials(chain.session, monotonic=lambda: now[0])
    async_client({}, connection_pool({}).send, keys)
    before = (chain.sessions, chain.asked)
    found = []
    for now[0] in (0, 1, 31):
        found.append(await keys.current())

    assert before == (0, 0)
    assert found == [Key("AKIA1", "s", "t")] * 3
    assert (chain.sessions, chain.asked) == (1, 1)


async def test_an_expired_key_is_looked_up_again() -> None:
    """By the whole chain, in the same session; before any was found there is none to forget."""
    chain = Chain()
    keys = LateCredentials(chain.session)
    keys.invalidate()
    first = await keys.current()
    keys.invalidate()
    second = await keys.current()

    assert (first.id, second.id) == ("AKIA1", "AKIA2")
    assert (chain.sessions, chain.asked) == (1, 2)


@pytest.mark.parametrize("fails", [True, False], ids=["fails", "finds none"])
async def test_a_chain_without_credentials_is_asked_by_the_next_request_again(
    *, fails: bool
) -> None:
    """The error names its kind, and repeats nothing of it."""
    chain = Chain(keys=[], fails=fails)
    keys = LateCredentials(chain.session)
    for _ in range(2):
        with pytest.raises(NoKeyError) as error:
            await keys.current()
    chain.fails, chain.keys = False, ["AKIA3"]

    assert "secret" not in str(error.value)
    assert (await keys.current()).id == "AKIA3"


async def test_a_key_that_was_refreshed_is_used_within_half_a_minute() -> None:
    """It was refreshed by botocore; the session's credentials are asked for the key that they have now."""
    now = [0.0]
    chain = Chain()
    keys = LateCredentials(chain.session, monotonic=lambda: now[0])
    first = await keys.current()
    chain.get_credentials()._found = Credentials("AKIA9", "s", "t")
    now[0] = 29
    early = await keys.current()
    now[0] = 31
    late = await keys.current()

    assert (first.id, early.id, late.id) == ("AKIA1", "AKIA1", "AKIA9")
