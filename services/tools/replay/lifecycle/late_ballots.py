"""The ballots as late texts are written: interrupted, failing, and named by their way."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from services.tools.replay.lifecycle.invariants import Way
from services.tools.replay.lifecycle.store import SimulatedVotes
from services.voting.ballot import Ballot
from services.voting.errors import StoreUnavailableError


@dataclass(slots=True, kw_only=True)
class LateBallots:
    """The `Ballots` port on the simulated votes.

    `pause` is awaited before each request, so that others can act. `before_write` may raise
    StoreUnavailableError; it gets what carries out the write, which may land all the same.
    """

    votes: SimulatedVotes
    way: Way
    pause: Callable[[], Awaitable[None]]
    before_write: Callable[[Callable[[], bool]], None] = lambda _: None
    known_until_ms: int | None = None

    async def find(self, pk: str, sk: str) -> Ballot | None:
        """Return the ballot with this key."""
        await self.pause()
        return await self.votes.find(pk, sk)

    async def create(self, ballot: Ballot) -> bool:
        """Store a ballot that does not exist yet."""
        return await self._write(ballot, None)

    async def replace(self, ballot: Ballot, *, expected: int) -> bool:
        """Rewrite a ballot that was written `expected` times."""
        return await self._write(ballot, expected)

    async def _write(self, ballot: Ballot, expected: int | None) -> bool:
        def put() -> bool:
            return self.votes.put(
                ballot, expected, way=self.way, known_until_ms=self.known_until_ms
            )

        await self.pause()
        if self.votes.is_down():
            raise StoreUnavailableError("PutItem")
        self.before_write(put)
        return put()
