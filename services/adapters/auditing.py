"""Audit, repair and certify: a recount held against the board, between two equal readings."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from services.adapters.certificates import DynamoCertificates
from services.adapters.clock import now_ms
from services.adapters.corrections import DynamoCorrections
from services.adapters.mappings import MappingState
from services.adapters.recounts import DynamoRecounts, Told
from services.adapters.tallies import DynamoTallies
from services.voting import schema
from services.voting.certificate import Certificate, NotCertifiableError, OtherDigestError
from services.voting.digest import Digest
from services.voting.poll import Phase, Round
from services.voting.recount import Difference, Recount, Slip, differences
from services.voting.tally import Totals

GRACE_MS = 5_000
"""A webhook may obey a directory that is up to 3 s old: so long after a close texts come in."""

Boards = Mapping[str, Totals]


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """A recount, the board before and after it, and what is off.

    `corrections` are how often each board was corrected when the audit began.
    """

    standing: Round
    recount: Recount
    before: Boards
    after: Boards
    mapping: MappingState
    corrections: Mapping[str, int]
    digest: str
    at_ms: int

    @property
    def off(self) -> list[Difference]:
        """What would have to be added to the boards; empty where all is right."""
        return differences(self.recount, self.after)

    @property
    def not_drained(self) -> tuple[str, ...]:
        """Why the stream may not be drained; empty if nothing speaks against it."""
        equal = self.before == self.after
        moving = () if equal else ("the board moves: wait until the last votes are folded",)
        return (*self.mapping.complaints, *moving)

    @property
    def expired(self) -> tuple[str, ...]:
        """Why the ballots may not be all that were cast."""
        if self.recount.may_lack_expired(self.standing, self.at_ms):
            return ("ballots of this round have begun to expire: what is gone cannot be counted",)
        return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Auditor:
    """Works on one deployment. `sleep` passes the time between the two readings."""

    tallies: DynamoTallies
    recounts: DynamoRecounts
    certificates: DynamoCertificates
    corrections: DynamoCorrections
    mapping: Callable[[], MappingState]
    settle_seconds: float = 2
    clock: Callable[[], int] = now_ms
    sleep: Callable[[float], None] = field(default=time.sleep)

    def audit(self, standing: Round, told: Told = lambda _: None, *, digest: bool = False) -> Audit:
        """Read the board, recount, read the board again.

        With `digest`, all shards are read as one sorted stream, which takes longer.
        """
        boards = [schema.board_pk(standing.poll.id, seen) for seen in ("open", "sealed")]
        corrected = {board: self.corrections.count(board, standing.number) for board in boards}
        before, read_at = self._read(boards, standing), time.monotonic()
        recount, hexdigest = (
            self._sorted(standing, told) if digest else (self.recounts.sums(standing, told), "")
        )
        self.sleep(max(0.0, self.settle_seconds - (time.monotonic() - read_at)))
        return Audit(
            standing=standing,
            recount=recount,
            before=before,
            after=self._read(boards, standing),
            mapping=self.mapping(),
            corrections=corrected,
            digest=hexdigest,
            at_ms=self.clock(),
        )

    def repair(self, audit: Audit) -> list[Difference]:
        """Set the boards right, each by one conditional write; what was written.

        Nothing is written where nothing is off, so doing it again changes nothing.

        Raises:
            NotCertifiableError: not drained, ballots expired, or corrected meanwhile.
        """
        reasons = (*audit.not_drained, *audit.expired)
        if reasons:
            raise NotCertifiableError("repair", reasons)
        for off in audit.off:
            expected = audit.corrections[off.board]
            number = audit.standing.number
            if not self.corrections.apply(off, number, expected=expected, at_ms=self.clock()):
                raise NotCertifiableError(
                    "repair", (f"somebody else has just corrected {off.board}: audit again",)
                )
        return audit.off

    def certify(self, audit: Audit, *, current: bool) -> tuple[Certificate, bool]:
        """Write the certificate of a round; also says whether it is new. Needs the digest.

        A round that has one already gets no other: the same ballots give the same again.

        Raises:
            NotCertifiableError: open, not drained, expired, or the board is off.
            OtherDigestError: the ballots are not those that were certified.
        """
        standing, recount = audit.standing, audit.recount
        now = Certificate(
            poll=standing.poll.id,
            round=standing.number,
            picks={choice.key: 0 for choice in standing.poll.choices} | dict(recount.votes),
            ballots=recount.ballots.total(),
            voters=recount.voters,
            certified_at_ms=audit.at_ms,
            digest=audit.digest,
        )
        before = self.certificates.find(now.poll, now.round)
        if before is None:
            reasons = (*_not_closed(audit, current=current), *audit.not_drained, *audit.expired)
            if audit.off:
                reasons += ("the board is not the recount: see `voteapp audit`, then --repair",)
            if reasons:
                raise NotCertifiableError("certify", reasons)
            if self.certificates.write(now):
                return now, True
            before = self.certificates.find(now.poll, now.round) or now
        if before.digest != now.digest:
            raise OtherDigestError(before, now)
        return before, False

    def _sorted(self, standing: Round, told: Told) -> tuple[Recount, str]:
        recount, digest = Recount(), Digest()

        def each() -> Iterator[Slip]:
            for slip in self.recounts.slips(standing):
                digest.add(slip.key, slip.picks)
                told(1)
                yield slip

        recount.add(each())
        return recount, digest.hexdigest()

    def _read(self, boards: Iterable[str], standing: Round) -> Boards:
        return {board: self.tallies.totals(board, standing.number) for board in boards}


def _not_closed(audit: Audit, *, current: bool) -> tuple[str, ...]:
    """Why texts may still come in. An earlier round takes none."""
    if not current:
        return ()
    phase = audit.standing.phase_at(audit.at_ms)
    if phase not in {Phase.CLOSED, Phase.ARCHIVED}:
        return (f"the poll is {phase}: close it first",)
    closed_ms = audit.standing.closed_at_ms or 0
    if phase is Phase.CLOSED and audit.at_ms - closed_ms < GRACE_MS:
        return ("it was closed a moment ago: texts may still come in; wait five seconds",)
    return ()
