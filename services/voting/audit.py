"""The findings of an audit of a round, and the reasons not to repair or certify it.

Counters prove that the stream is drained: every write of a ballot adds one to its `writes` and
emits one stream record, and the boards count the records that were folded into them.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from services.voting.amounts import amount
from services.voting.certificate import Certificate
from services.voting.lifecycle import has_settled
from services.voting.poll import Phase, Round
from services.voting.recount import Difference, Recount, differences
from services.voting.tally import Totals
from services.voting.timing import SETTLING_SECONDS

Boards = Mapping[str, Totals]
Watermarks = Mapping[str, Mapping[tuple[str, str], str]]
"""By board, then by (stream label, stream shard)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """The boards of a round, a recount of its ballots made after the boards were read, and more.

    `corrections`: how often each board had been corrected when the audit began.
    `event_source_problems`: what is wrong with the event source mapping.
    """

    round: Round
    recount: Recount
    boards: Boards
    watermarks: Watermarks
    event_source_problems: tuple[str, ...]
    iterator_age_ms: int | None
    corrections: Mapping[str, int]
    digest: str
    at_ms: int

    @property
    def differences(self) -> list[Difference]:
        """What must be added to the boards to match the recount; empty if they match."""
        return differences(self.recount, self.boards)

    @property
    def writes(self) -> int:
        """Number of writes of the ballots of the round."""
        return self.recount.writes.total()

    @property
    def folded(self) -> int:
        """Number of stream records of the round that were folded into the boards."""
        return sum(board.folded for board in self.boards.values())

    @property
    def removed(self) -> int:
        """Number of deleted items of the round, according to the stream."""
        return sum(board.removed for board in self.boards.values())

    @property
    def bad(self) -> int:
        """Number of stream records of the round that could not be parsed."""
        return sum(board.bad for board in self.boards.values())

    @property
    def drain_problems(self) -> tuple[str, ...]:
        """Why the stream is not proven to be drained; empty if it is.

        The boards were read before the ballots: if the numbers of writes and folded records are
        equal, every write was folded by then, and there has been no write since.
        """
        names = {*self.boards, *self.recount.writes}
        empty = Totals(picks={})
        if not (self.removed or self.bad) and all(
            self.boards.get(name, empty).folded == self.recount.writes[name] for name in names
        ):
            return ()
        return (*self._why_not_equal(), *self.event_source_problems)

    def _why_not_equal(self) -> list[str]:
        found = []
        if self.removed:
            items = amount(self.removed, "item was", "items were")
            found.append(f"{items} deleted from the table of ballots")
        if self.bad:
            found.append(f"{amount(self.bad, 'stream record')} could not be read")
        writes, folded = self.writes, self.folded
        if folded < writes:
            unfolded = writes - folded
            verb = "is" if unfolded == 1 else "are"
            found.append(f"{unfolded:,} of {amount(writes, 'write')} {verb} not folded yet: wait")
        if found:
            return found
        numbers = f"{amount(writes, 'write')}, {amount(folded, 'record')} folded"
        return [f"{numbers}: were ballots edited by hand?"]

    @property
    def ballot_problems(self) -> tuple[str, ...]:
        """Why ballots may be missing or unreadable; empty if none can be."""
        found = []
        if self.round.is_expiring_at(self.at_ms):
            found.append("ballots of this round have begun to expire: some may be gone")
        if count := self.recount.unreadable:
            keys = ", ".join(self.recount.unreadable_keys)
            one, many = "item cannot be read as a ballot", "items cannot be read as ballots"
            them = "it" if count == 1 else "them"
            found.append(f"{amount(count, one, many)} ({keys}): mend or delete {them}")
        return tuple(found)

    @property
    def settling_problems(self) -> tuple[str, ...]:
        """Why texts may still be counted in the round; empty if none can."""
        phase = self.round.phase_at(self.at_ms)
        if phase not in {Phase.CLOSED, Phase.ARCHIVED}:
            return (f"the poll is {phase}: close it first",)
        if not has_settled(self.round, self.at_ms):
            return (f"texts may still be on their way to it: wait {SETTLING_SECONDS} seconds",)
        return ()

    @property
    def certificate(self) -> Certificate:
        """The certificate that this audit supports."""
        return Certificate(
            poll=self.round.poll.id,
            round=self.round.number,
            picks={choice.key: 0 for choice in self.round.poll.choices} | dict(self.recount.votes),
            ballots=self.recount.ballots.total(),
            voters=self.recount.voters,
            certified_at_ms=self.at_ms,
            digest=self.digest,
        )
