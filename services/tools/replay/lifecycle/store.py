"""The simulated votes table: ballots, their stream, and expiry.

A write can be delayed: its condition is then checked against the later state of the table, as
for a put that the network delays or that outlives the webhook's timeout.
"""

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from services.adapters.dynamodb.ballot_items import item_of
from services.adapters.dynamodb.keys import key_of
from services.tools.replay.change_log import TTL
from services.tools.replay.lifecycle.invariants import Way
from services.tools.replay.stream import Stream
from services.voting import schema
from services.voting.ballot import Ballot
from services.voting.barring import forget_votes
from services.voting.errors import StoreUnavailableError
from services.voting.identity import Pseudonyms
from services.voting.poll import Round
from services.voting.ports import Progress
from services.voting.recount import BallotRow, Recount
from services.voting.sharding import all_shards, shard_of
from services.voting.timing import SETTLING_SECONDS


class DelayedWrite:
    """Suspends a coroutine until its write is carried out."""

    def __await__(self) -> Generator["DelayedWrite", None, None]:
        yield self


class OnWrite(Protocol):
    """Takes every stored ballot, and how its new texts came."""

    def __call__(self, ballot: Ballot, way: Way, known_until_ms: int | None) -> None:
        """Take a ballot; for `known_until_ms` see `InvariantChecker.stored`."""


@dataclass(slots=True)
class SimulatedVotes:
    """The `Ballots` and `AuditedBallots` ports.

    Calls `on_write` with every stored ballot, and `on_expiry` with every ballot that TTL
    deletes. `is_delayed` decides whether the next write is delayed, or raises; during an outage
    `is_down` returns True.
    """

    stream: Stream
    on_write: OnWrite
    on_expiry: Callable[[Ballot], None]
    is_delayed: Callable[[], bool] = lambda: False
    is_down: Callable[[], bool] = lambda: False
    held: dict[str, dict[str, Ballot]] = field(default_factory=dict)
    before_reading: Callable[[], None] = lambda: None
    """Called before a recount reads, so that others can write first."""
    malformed: dict[str, str] = field(default_factory=dict)
    """Partition keys of malformed items, by `pk sk`."""

    async def create(self, ballot: Ballot) -> bool:
        """Store a ballot that does not exist yet."""
        if self.is_delayed():
            await DelayedWrite()
        return self.put(ballot, None)

    async def find(self, pk: str, sk: str) -> Ballot | None:
        """Return the ballot with this key."""
        if self.is_down():
            raise StoreUnavailableError("GetItem")
        return self.held.get(pk, {}).get(sk)

    async def replace(self, ballot: Ballot, *, expected: int) -> bool:
        """Rewrite a ballot that was written `expected` times."""
        if self.is_delayed():
            await DelayedWrite()
        return self.put(ballot, expected)

    def put(
        self, ballot: Ballot, expected: int | None, *, way: Way = Way.LIVE,
        known_until_ms: int | None = None,
    ) -> bool:  # fmt: skip
        """Store a ballot that was written `expected` times, or that does not exist yet."""
        found = self.held.get(ballot.pk, {}).get(ballot.sk)
        if (found.writes if found else None) != expected:
            return False
        self._store("MODIFY" if found else "INSERT", found, ballot, way, known_until_ms)
        return True

    def ballots(self, round: Round) -> Iterator[Ballot]:
        """Yield every ballot of a round."""
        for shard in self._shards(round):
            yield from list(shard.values())

    def has_ballots(self, round: Round) -> bool:
        """Return whether the round has any ballot."""
        return any(self._shards(round))

    def sums(self, round: Round, on_progress: Progress) -> Recount:
        """Return the recount of a round."""
        recount = Recount()
        recount.add(self.rows(round, recount.add_unreadable))
        on_progress(recount.ballots.total())
        return recount

    def rows(self, round: Round, unreadable: Callable[[str], None]) -> Iterator[BallotRow]:
        """Yield every ballot in the order of the keys."""
        self.before_reading()
        for sk, ballot in sorted(
            (sk, ballot) for shard in self._shards(round) for sk, ballot in shard.items()
        ):
            yield BallotRow(sk, ballot.board, ballot.picks, ballot.changed_at_ms, ballot.writes)
        matching = f"{round.poll.id}:{round.number}#"
        for keys, pk in sorted(self.malformed.items()):
            if pk.startswith(matching):
                unreadable(keys)

    def forget(self, round: Round, phone: str, pseudonyms: Pseudonyms, now_ms: int) -> int:
        """Empty the phone's ballots in a round; return how many were changed."""
        voter = pseudonyms.voter(round.poll.id, round.number, phone)
        pk = schema.ballot_pk(round.poll.id, round.number, shard_of(voter, round.poll.shards))
        matching = [
            ballot
            for sk, ballot in self.held.get(pk, {}).items()
            if sk.startswith(voter) and (ballot.texts or ballot.picks)
        ]
        for ballot in matching:
            self._store("MODIFY", ballot, forget_votes(ballot, now_ms))
        return len(matching)

    def expire(self, ended: Round, at_ms: int) -> int:
        """Set the expiry of the ballots that have none; return how many were changed."""
        without = [
            ballot
            for shard in self._shards(ended)
            for ballot in shard.values()
            if ballot.expires_at_s is None
        ]
        for ballot in without:
            dated = replace(
                ballot, expires_at_s=at_ms // 1000 + SETTLING_SECONDS, writes=ballot.writes + 1
            )
            self._store("MODIFY", ballot, dated)
        return len(without)

    def expired(self, now_ms: int) -> list[tuple[str, str]]:
        """Return the keys of the ballots that TTL may delete now."""
        return [
            (pk, sk)
            for pk, shard in self.held.items()
            for sk, ballot in shard.items()
            if ballot.expires_at_s is not None and ballot.expires_at_s * 1000 <= now_ms
        ]

    def delete_expired(self, pk: str, sk: str) -> None:
        """Delete a ballot as TTL does."""
        ballot = self.held[pk].pop(sk)
        body = {"Keys": key_of(pk, sk), "OldImage": item_of(ballot)}
        self.stream.append("REMOVE", body, userIdentity=TTL)
        self.on_expiry(ballot)

    def put_by_hand(self, pk: str, sk: str, image: dict[str, Any]) -> None:
        """Store a malformed item, as somebody with access to the table can."""
        self.malformed[f"{pk} {sk}"] = pk
        self.stream.append("INSERT", {"Keys": key_of(pk, sk), "NewImage": image})

    def _shards(self, round: Round) -> Iterator[dict[str, Ballot]]:
        for shard in all_shards(round.poll.shards):
            pk = schema.ballot_pk(round.poll.id, round.number, shard)
            if found := self.held.get(pk):
                yield found

    def _store(
        self, name: str, before: Ballot | None, after: Ballot, way: Way = Way.LIVE,
        known_until_ms: int | None = None,
    ) -> None:  # fmt: skip
        images = {"OldImage": item_of(before)} if before else {}
        images["NewImage"] = item_of(after)
        self.held.setdefault(after.pk, {})[after.sk] = after
        self.stream.append(name, {"Keys": key_of(after.pk, after.sk), **images})
        self.on_write(after, way, known_until_ms)
