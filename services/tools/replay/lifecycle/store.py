"""The votes table of a scenario: ballots, their stream, and what deletes or expires them.

A write can be held up: it lands later, at the state that the store has then, as a put does
that a network delays or a webhook has given up on.
"""

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Final

from services.adapters.dynamodb.ballot_items import item_of, key_of
from services.tools.replay.change_log import TTL
from services.tools.replay.stream import Stream
from services.voting import schema
from services.voting.ballot import Ballot
from services.voting.barring import forget_votes
from services.voting.errors import StoreUnavailableError
from services.voting.identity import voter_of
from services.voting.poll import Round
from services.voting.ports import Progress
from services.voting.recount import BallotRow, Recount
from services.voting.sharding import all_shards, shard_of
from services.voting.timing import SETTLING_SECONDS

MAX_ATTEMPTS: Final = 16


class HeldUp:
    """What a coroutine waits for until its write may land."""

    def __await__(self) -> Generator["HeldUp", None, None]:
        yield self


@dataclass(slots=True)
class SimulatedVotes:
    """The `Ballots` and `AuditedBallots` ports.

    `on_write` is called with every ballot as it is stored, `on_expiry` with every ballot that
    TTL deletes. `holds_up` decides for the next write whether it lands at once.
    """

    stream: Stream
    on_write: Callable[[Ballot], None]
    on_expiry: Callable[[Ballot], None]
    holds_up: Callable[[], bool] = lambda: False
    held: dict[str, dict[str, tuple[Ballot, Round]]] = field(default_factory=dict)
    before_reading: Callable[[], None] = lambda: None
    """Called before a recount reads: others may write meanwhile."""
    broken: dict[str, str] = field(default_factory=dict)
    """Items by hand that are no ballots, by both keys: the partition key of each."""

    async def create(self, ballot: Ballot, round: Round) -> bool:
        """Store a ballot that does not exist yet."""
        if self.holds_up():
            await HeldUp()
        if ballot.sk in self.held.get(ballot.pk, ()):
            return False
        self._store("INSERT", None, ballot, round)
        return True

    async def find(self, pk: str, sk: str, round: Round) -> Ballot | None:  # noqa: ARG002
        """The ballot under a key."""
        found = self.held.get(pk, {}).get(sk)
        return found[0] if found else None

    async def replace(self, ballot: Ballot, round: Round, *, expected: int) -> bool:
        """Rewrite a ballot that was written `expected` times."""
        if self.holds_up():
            await HeldUp()
        found = self.held.get(ballot.pk, {}).get(ballot.sk)
        if found is None or found[0].writes != expected:
            return False
        self._store("MODIFY", found, ballot, round)
        return True

    def has_ballots(self, round: Round) -> bool:
        """Whether the round has a single item."""
        return any(self._shards(round))

    def sums(self, round: Round, told: Progress) -> Recount:
        """The recount of a round."""
        recount = Recount()
        recount.add(self.rows(round, recount.add_unreadable))
        told(recount.ballots.total())
        return recount

    def rows(self, round: Round, unreadable: Callable[[str], None]) -> Iterator[BallotRow]:
        """Every ballot in the order of the keys."""
        self.before_reading()
        for sk, ballot in sorted(
            (sk, ballot) for shard in self._shards(round) for sk, (ballot, _) in shard.items()
        ):
            yield BallotRow(sk, ballot.board, ballot.picks, ballot.changed_at_ms, ballot.writes)
        mine = f"{round.poll.id}:{round.number}#"
        for keys, pk in sorted(self.broken.items()):
            if pk.startswith(mine):
                unreadable(keys)

    def forget(self, there: Round, phone: str, pepper: bytes, now_ms: int) -> int:
        """Empty the phone's ballots in a round; how many there were."""
        voter = voter_of(pepper, there.poll.id, there.number, phone)
        pk = schema.ballot_pk(there.poll.id, there.number, shard_of(voter, there.poll.shards))
        mine = [
            (ballot, cast_in)
            for sk, (ballot, cast_in) in self.held.get(pk, {}).items()
            if sk.startswith(voter) and (ballot.texts or ballot.picks)
        ]
        for ballot, cast_in in mine:
            self._store("MODIFY", (ballot, cast_in), forget_votes(ballot, now_ms), cast_in)
        return len(mine)

    def expire(self, ended: Round, at_ms: int) -> int:
        """Give the ballots of a round that have no expiry this one; how many there were."""
        without = [
            found
            for shard in self._shards(ended)
            for found in shard.values()
            if found[0].expires_at_s is None
        ]
        for ballot, cast_in in without:
            dated = replace(
                ballot, expires_at_s=at_ms // 1000 + SETTLING_SECONDS, writes=ballot.writes + 1
            )
            self._store("MODIFY", (ballot, cast_in), dated, cast_in)
        return len(without)

    def expired(self, now_ms: int) -> list[tuple[str, str]]:
        """The keys of the ballots that TTL may delete by now."""
        return [
            (pk, sk)
            for pk, shard in self.held.items()
            for sk, (ballot, _) in shard.items()
            if ballot.expires_at_s is not None and ballot.expires_at_s * 1000 <= now_ms
        ]

    def delete_expired(self, pk: str, sk: str) -> None:
        """Delete a ballot as TTL does."""
        ballot, cast_in = self.held[pk].pop(sk)
        body = {"Keys": key_of(pk, sk), "OldImage": item_of(ballot, cast_in)}
        self.stream.append("REMOVE", body, userIdentity=TTL)
        self.on_expiry(ballot)

    def put_by_hand(self, pk: str, sk: str, image: dict[str, Any]) -> None:
        """Store an item that is no ballot, as somebody with access to the table can."""
        self.broken[f"{pk} {sk}"] = pk
        self.stream.append("INSERT", {"Keys": key_of(pk, sk), "NewImage": image})

    def _shards(self, round: Round) -> Iterator[dict[str, tuple[Ballot, Round]]]:
        for shard in all_shards(round.poll.shards):
            pk = schema.ballot_pk(round.poll.id, round.number, shard)
            if found := self.held.get(pk):
                yield found

    def _store(
        self, name: str, before: tuple[Ballot, Round] | None, after: Ballot, cast_in: Round
    ) -> None:
        images = {"OldImage": item_of(*before)} if before else {}
        images["NewImage"] = item_of(after, cast_in)
        self.held.setdefault(after.pk, {})[after.sk] = (after, cast_in)
        self.stream.append(name, {"Keys": key_of(after.pk, after.sk), **images})
        self.on_write(after)


def unavailable() -> StoreUnavailableError:
    """What a caller is told whose write was given up."""
    return StoreUnavailableError("held up")
