"""Injects the fault of ballots that were written although the writer timed out."""

from dataclasses import dataclass

from services.tools.replay.faults import Fault, FaultInjector
from services.voting.ballot import Ballot
from services.voting.errors import StoreUnavailableError
from services.voting.ports import Ballots


@dataclass(frozen=True, slots=True)
class UncertainBallots:
    """The `Ballots` port; a successful write may raise StoreUnavailableError."""

    ballots: Ballots
    injector: FaultInjector

    async def create(self, ballot: Ballot) -> bool:
        """Write, and perhaps raise StoreUnavailableError after a successful write."""
        return self._maybe_raise(await self.ballots.create(ballot))

    async def find(self, pk: str, sk: str) -> Ballot | None:
        """Find a ballot."""
        return await self.ballots.find(pk, sk)

    async def replace(self, ballot: Ballot, *, expected: int) -> bool:
        """Write, and perhaps raise StoreUnavailableError after a successful write."""
        return self._maybe_raise(await self.ballots.replace(ballot, expected=expected))

    def _maybe_raise(self, written: bool) -> bool:  # noqa: FBT001 - the result of the write
        if written and self.injector.should_inject(Fault.LANDED):
            raise StoreUnavailableError(Fault.LANDED)
        return written
