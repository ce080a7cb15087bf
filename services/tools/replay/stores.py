"""The stores of a replay: in memory, in moto, or in the emulator.

Each provides the ports, and the writes of ballots in order. moto and the emulator provide the
writes from the stream of the table.
"""

import asyncio
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, Literal, Protocol
from unittest.mock import patch

from services.adapters.dynamodb.ballot_items import item_of
from services.adapters.dynamodb.keys import key_of
from services.adapters.memory import MemoryBallots, MemoryTallies
from services.tools.replay.stream import TableWrite
from services.voting.ballot import Ballot
from services.voting.ports import Ballots, Recounts, Tallies

EngineName = Literal["moto", "ministack", "memory"]
_ENVIRONMENT: Final = {
    "AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local",
    "AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1",
}  # fmt: skip


class EngineMissingError(Exception):
    """A library of the engine is not installed."""


class Engine(Protocol):
    """The store of one replay."""

    ballots: Ballots
    tallies: Tallies
    recounts: Recounts

    def written(self) -> list[TableWrite]:
        """Return the writes since the last call, in order."""

    def remove(self, pk: str, sk: str) -> None:
        """Delete a ballot."""


@dataclass(slots=True)
class StreamedBallots(MemoryBallots):
    """Ballots in memory with a log of writes; each write yields to other tasks, as I/O does."""

    log: list[TableWrite] = field(default_factory=list)

    async def create(self, ballot: Ballot) -> bool:
        """Store a ballot that does not exist yet."""
        await asyncio.sleep(0)
        created = await MemoryBallots.create(self, ballot)
        if created:
            self._log_write("INSERT", ballot.pk, ballot.sk, NewImage=item_of(ballot))
        await asyncio.sleep(0)
        return created

    async def replace(self, ballot: Ballot, *, expected: int) -> bool:
        """Rewrite a ballot that was written `expected` times."""
        await asyncio.sleep(0)
        before = self.held.get((ballot.pk, ballot.sk))
        replaced = await MemoryBallots.replace(self, ballot, expected=expected)
        if replaced and before:
            old, new = item_of(before), item_of(ballot)
            self._log_write("MODIFY", ballot.pk, ballot.sk, OldImage=old, NewImage=new)
        await asyncio.sleep(0)
        return replaced

    def remove(self, pk: str, sk: str) -> None:
        """Delete a ballot."""
        ballot = self.held.pop((pk, sk))
        self._log_write("REMOVE", pk, sk, OldImage=item_of(ballot))

    def _log_write(self, name: str, pk: str, sk: str, **images: object) -> None:
        self.log.append(TableWrite(name, {"Keys": key_of(pk, sk), **images}))


class MemoryEngine:
    """The `Engine` in memory, for thousands of short runs."""

    def __init__(self) -> None:
        self._streamed = StreamedBallots()
        self.ballots: Ballots = self._streamed
        self.recounts: Recounts = self._streamed
        self.tallies: Tallies = MemoryTallies()

    def written(self) -> list[TableWrite]:
        """Return the writes since the last call."""
        log, self._streamed.log = self._streamed.log, []
        return log

    def remove(self, pk: str, sk: str) -> None:
        """Delete a ballot."""
        self._streamed.remove(pk, sk)


@contextmanager
def open_engine(name: EngineName) -> Iterator[Engine]:
    """Open a store with empty tables.

    Raises:
        EngineMissingError: moto is not installed.
        LocalCloudError: the emulator is not installed.
    """
    if name == "memory":
        yield MemoryEngine()
        return
    with ExitStack() as stack:
        opener: Callable[[ExitStack], Any] = _moto if name == "moto" else _ministack
        yield opener(stack)


def _moto(stack: ExitStack) -> Engine:
    from services.tools.replay.tables import InProcessClient, TableEngine

    try:
        from moto import mock_aws
    except ImportError:
        raise EngineMissingError(
            "moto: not installed: run make replay to install it, or use --engine memory"
        ) from None
    stack.enter_context(patch.dict(os.environ, _ENVIRONMENT))
    for variable in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_DYNAMODB", "AWS_PROFILE"):
        os.environ.pop(variable, None)
    stack.enter_context(mock_aws())
    return TableEngine(endpoint=None, connect=InProcessClient)


def _ministack(stack: ExitStack) -> Engine:
    from services.adapters.dynamodb.async_client import async_client, connection_pool
    from services.tools.local.emulator import emulator
    from services.tools.replay.tables import TableEngine

    folder = stack.enter_context(TemporaryDirectory(prefix="voteapp-replay-"))
    _, aws = stack.enter_context(emulator(Path(folder)))
    stack.enter_context(patch.dict(os.environ, _ENVIRONMENT))
    environ = {**_ENVIRONMENT, "AWS_ENDPOINT_URL": aws.endpoint}
    client = async_client(environ, connection_pool(environ).send)
    return TableEngine(endpoint=aws.endpoint, connect=lambda _: client)
