"""The ports in memory, for tests and replays."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from services.voting.ballot import Ballot
from services.voting.directory import Directory
from services.voting.poll import Round
from services.voting.tally import Delta, TallyRow, Totals, add_up


@dataclass(slots=True)
class MemoryBallots:
    """The `Ballots` and `Recounts` ports."""

    held: dict[tuple[str, str], Ballot] = field(default_factory=dict)

    async def create(self, ballot: Ballot) -> bool:
        """Store a ballot that does not exist yet."""
        return self.held.setdefault((ballot.pk, ballot.sk), ballot) is ballot

    async def find(self, pk: str, sk: str) -> Ballot | None:
        """Return the ballot under a key."""
        return self.held.get((pk, sk))

    async def replace(self, ballot: Ballot, *, expected: int) -> bool:
        """Rewrite a ballot that was written `expected` times."""
        stored = self.held.get((ballot.pk, ballot.sk))
        if stored is None or stored.writes != expected:
            return False
        self.held[ballot.pk, ballot.sk] = ballot
        return True

    def ballots(self, round: Round) -> Iterator[Ballot]:
        """Yield every ballot of a round."""
        prefix = f"{round.poll.id}:{round.number}#"
        yield from (ballot for ballot in self.held.values() if ballot.pk.startswith(prefix))


@dataclass(slots=True)
class MemoryTallies:
    """The `Tallies` port."""

    rows: dict[TallyRow, tuple[str, Totals]] = field(default_factory=dict)

    def apply(self, row: TallyRow, delta: Delta) -> str | None:
        """Add a delta and move the watermark, or return the stored one."""
        watermark, totals = self.rows.get(row, ("", Totals(picks={})))
        if watermark and watermark >= delta.first:
            return watermark
        added = Totals(
            picks=delta.picks, voters=delta.voters, folded=delta.folded, bad=delta.bad,
            as_of_ms=delta.as_of_ms, removed=delta.removed,
        )  # fmt: skip
        self.rows[row] = (delta.last, add_up([totals, added]))
        return None

    def totals(self, board: str, round_number: int) -> Totals:
        """Sum the rows of a round."""
        return add_up(
            totals
            for row, (_, totals) in self.rows.items()
            if (row.board, row.round) == (board, round_number)
        )


@dataclass(slots=True)
class MemoryAllowLists:
    """The `AllowLists` port: keyed hashes of phones by poll.

    `spans` are the times (epoch ms) from when until when a phone was listed; without any, a phone
    is listed since ever.
    """

    phone_ids: dict[str, set[str]] = field(default_factory=dict)
    spans: dict[tuple[str, str], list[tuple[int, int | None]]] = field(default_factory=dict)

    async def holds(self, poll_id: str, phone_id: str) -> bool:
        """Return True if a phone is on the list of a poll."""
        return phone_id in self.phone_ids.get(poll_id, ())

    async def was_listed(self, poll_id: str, phone_id: str, at_ms: int) -> bool:
        """Return True if a phone was on the list of a poll at that time."""
        if spans := self.spans.get((poll_id, phone_id)):
            return any(a <= at_ms and (until is None or at_ms < until) for a, until in spans)
        return await self.holds(poll_id, phone_id)


@dataclass(slots=True)
class MemoryDirectory:
    """The `DirectorySource` port over a list of rounds that tests change."""

    rounds: list[Round] = field(default_factory=list)

    async def current(self) -> Directory:
        """Return the directory of the current rounds."""
        return Directory(tuple(self.rounds))
