"""Audit, repair and certify: a recount held against the board, once every write is folded."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from services.adapters.clock import now_ms
from services.adapters.event_source import MappingState
from services.voting import schema
from services.voting.audit import Audit, Watermarks
from services.voting.certificate import Certificate, DigestMismatchError, NotCertifiableError
from services.voting.digest import Digest
from services.voting.lifecycle import why_final
from services.voting.poll import Round
from services.voting.ports import (
    AuditedBallots,
    AuditedTallies,
    Certificates,
    Corrections,
    Progress,
)
from services.voting.recount import BallotRow, Difference, Recount, write_offs

BETWEEN_SECONDS = 0.5
"""Between two readings of a board that is not drained yet."""

Unfolded = Callable[[Round, Watermarks], int]
"""Reads what is left of the stream: records of a round that lie beyond these watermarks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Auditor:
    """Works on one deployment.

    `settle_seconds` is how long an audit waits for the stream to be drained.
    """

    tallies: AuditedTallies
    recounts: AuditedBallots
    certificates: Certificates
    corrections: Corrections
    mapping: Callable[[], MappingState]
    settle_seconds: float = 10
    clock: Callable[[], int] = now_ms
    sleep: Callable[[float], None] = field(default=time.sleep)

    def audit(
        self, round: Round, told: Progress = lambda _: None, *, digest: bool = False
    ) -> Audit:
        """Read the board, then recount; again while records wait to be folded.

        With `digest`, all shards are read as one sorted stream, which takes longer.
        """
        found = self._look(round, told, digest=digest)
        if found.folded < found.writes and self._catches_up(found):
            found = self._look(round, told, digest=digest)
        return found

    def repair(
        self,
        audit: Audit,
        *,
        unfolded: Unfolded | None = None,
        confirm: Callable[[Sequence[Difference]], None] = lambda _: None,
    ) -> list[Difference]:
        """Set the boards right, each by one conditional write; what was written.

        Nothing is written where nothing is off, so doing it again changes nothing. With
        `unfolded`, records that a lost stream will never deliver are written off: only after
        the round has ended, and where what is left of the stream holds none of them. `confirm`
        is called before the first write, and raises where nothing is to be written.

        Raises:
            NotCertifiableError: not drained, ballots expired or unreadable, certified, records
                still to come, or corrected meanwhile.
        """
        lost = unfolded is not None and bool(audit.not_drained)
        reasons = [*audit.impaired]
        if (final := why_final(audit.round, audit.at_ms)) and not audit.impaired:
            reasons.append(f"the round {final}: its count is final")
        if lost and unfolded:
            reasons += _why_not_lost(audit, unfolded)
        elif audit.not_drained:
            reasons += audit.not_drained
        if reasons:
            raise NotCertifiableError("repair", tuple(reasons))
        wanted = write_offs(audit.recount, audit.boards) if lost else audit.differences
        confirm(wanted)
        for off in wanted:
            expected, number = audit.corrections.get(off.board, 0), audit.round.number
            if not self.corrections.apply(off, number, expected=expected, at_ms=self.clock()):
                raise NotCertifiableError(
                    "repair", (f"somebody else has just corrected {off.board}: audit again",)
                )
        return wanted

    def certificate(self, audit: Audit) -> tuple[Certificate, bool]:
        """The certificate of a round, and whether it is yet to be written. Needs the digest.

        A round that has one already gets no other: the same ballots give the same again.

        Raises:
            NotCertifiableError: open, texts may still land, not drained, ballots expired or
                unreadable, or the board is off.
            DigestMismatchError: the ballots are not those that were certified.
        """
        now = audit.certificate
        before = self.certificates.find(now.poll, now.round)
        if before is not None:
            return _same(before, now), False
        reasons = (*audit.not_settled, *audit.not_drained, *audit.impaired)
        if audit.differences and not reasons:
            reasons += ("the board is not the recount: see `voteapp audit`, then --repair",)
        if reasons:
            raise NotCertifiableError("certify", reasons)
        return now, True

    def certify(self, audit: Audit, *, current: bool) -> tuple[Certificate, bool]:
        """Write the certificate of a round; also says whether it is new. Needs the digest.

        Raises:
            NotCertifiableError, DigestMismatchError: as `certificate`.
            PollChangedError: somebody changed the round meanwhile.
        """
        now, new = self.certificate(audit)
        if not new or self.certificates.write(now, audit.round, current=current):
            return now, new
        return _same(self.certificates.find(now.poll, now.round) or now, now), False

    def _look(self, round: Round, told: Progress, *, digest: bool) -> Audit:
        """Watermarks before totals before ballots: what is read later holds all the earlier."""
        number, boards = round.number, schema.boards_of(round.poll.id)
        corrected = {board: self.corrections.count(board, number) for board in boards}
        watermarks = {board: self.tallies.watermarks(board, number) for board in boards}
        totals = {board: self.tallies.totals(board, number) for board in boards}
        recount, hexdigest = (
            self._sorted(round, told) if digest else (self.recounts.sums(round, told), "")
        )
        mapping = self.mapping()
        return Audit(
            round=round,
            recount=recount,
            boards=totals,
            watermarks=watermarks,
            event_source_problems=mapping.complaints,
            iterator_age_ms=mapping.iterator_age_ms,
            corrections=corrected,
            digest=hexdigest,
            at_ms=self.clock(),
        )

    def _catches_up(self, found: Audit) -> bool:
        """Wait until the boards hold as many records as the ballots had writes."""
        number, boards = found.round.number, schema.boards_of(found.round.poll.id)
        for _ in range(int(self.settle_seconds / BETWEEN_SECONDS)):
            self.sleep(BETWEEN_SECONDS)
            if sum(self.tallies.totals(name, number).folded for name in boards) >= found.writes:
                return True
        return False

    def _sorted(self, round: Round, told: Progress) -> tuple[Recount, str]:
        recount, digest = Recount(), Digest()

        def each() -> Iterator[BallotRow]:
            for slip in self.recounts.rows(round, recount.add_unreadable):
                if slip.picks:
                    digest.add(slip.key, slip.picks)
                told(1)
                yield slip

        recount.add(each())
        return recount, digest.hexdigest()


def _same(before: Certificate, now: Certificate) -> Certificate:
    if before.digest != now.digest:
        raise DigestMismatchError(before, now)
    return before


def _why_not_lost(audit: Audit, unfolded: Unfolded) -> list[str]:
    """Why records that are not folded may still come; the stream is read to see."""
    if reasons := audit.not_settled:
        return [*reasons]
    if waiting := unfolded(audit.round, audit.watermarks):
        return [f"{waiting:,} records are still in the stream: enable the mapping, and wait"]
    return []
