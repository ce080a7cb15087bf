"""Audit, repair and certify: compares a recount with the board once all writes are folded."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from services.adapters.clock import now_ms
from services.adapters.event_source import MappingState
from services.voting import schema
from services.voting.amounts import amount
from services.voting.audit import Audit, Watermarks
from services.voting.certificate import (
    Certificate,
    DigestMismatchError,
    LogComparison,
    NotCertifiableError,
)
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
"""Pause between two reads of the board while records wait to be folded."""

CountUnfolded = Callable[[Round, Watermarks], int]
"""Counts the records of a round in the stream that are above these watermarks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Auditor:
    """Audits, repairs and certifies the rounds of one deployment.

    `settle_seconds` is the longest time that an audit waits for the stream to drain.
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
        self, round: Round, on_progress: Progress = lambda _: None, *, digest: bool = False
    ) -> Audit:
        """Read the board, then recount; repeat once if records were waiting to be folded.

        With `digest`, all shards are read as one sorted stream, which takes longer.
        """
        audit = self._read(round, on_progress, digest=digest)
        if audit.folded < audit.writes and self._wait_until_folded(audit):
            audit = self._read(round, on_progress, digest=digest)
        return audit

    def repair(
        self,
        audit: Audit,
        *,
        unfolded: CountUnfolded | None = None,
        confirm: Callable[[Sequence[Difference]], None] = lambda _: None,
    ) -> list[Difference]:
        """Correct the boards, each by one conditional write; return the corrections.

        Idempotent: only differences are written. With `unfolded`, records that a lost stream will
        never deliver are written off, but only if the round has ended and the stream contains
        none of them. `confirm` is called before the first write and raises to prevent it.

        Raises:
            NotCertifiableError: the stream is not drained or still has records, ballots have
                expired or are unreadable, the round is certified, or somebody else corrected the
                board meanwhile.
        """
        lost = unfolded is not None and bool(audit.drain_problems)
        reasons = [*audit.ballot_problems]
        if (final := why_final(audit.round, audit.at_ms)) and not audit.ballot_problems:
            reasons.append(f"the round {final}: its count is final")
        if lost and unfolded:
            reasons += _why_not_lost(audit, unfolded)
        elif audit.drain_problems:
            reasons += audit.drain_problems
        if reasons:
            raise NotCertifiableError("repair", tuple(reasons))
        corrections = write_offs(audit.recount, audit.boards) if lost else audit.differences
        confirm(corrections)
        for off in corrections:
            expected, number = audit.corrections.get(off.board, 0), audit.round.number
            if not self.corrections.apply(off, number, expected=expected, at_ms=self.clock()):
                raise NotCertifiableError(
                    "repair", (f"somebody else has just corrected {off.board}: audit again",)
                )
        return corrections

    def certificate(self, audit: Audit) -> tuple[Certificate, bool]:
        """Return the certificate of a round, and True if it is new. Needs the digest.

        A certified round keeps its certificate.

        Raises:
            NotCertifiableError: the round is open, texts may still arrive, the stream is not
                drained, ballots have expired or are unreadable, or the board differs.
            OtherDigestError: the ballots are not those that were certified.
        """
        now = audit.certificate
        before = self.certificates.find(now.poll, now.round)
        if before is not None:
            return _same(before, now), False
        reasons = (*audit.settling_problems, *audit.drain_problems, *audit.ballot_problems)
        if audit.differences and not reasons:
            reasons += ("the board is not the recount: see `voteapp audit`, then --repair",)
        if reasons:
            raise NotCertifiableError("certify", reasons)
        return now, True

    def certify(
        self, audit: Audit, *, current: bool, compared: LogComparison | None = None, begun: int = 0
    ) -> tuple[Certificate, bool]:
        """Write the certificate of a round; return it, and True if it is new. Needs the digest.

        `compared` goes into a new certificate: what the reconciliation before it has found.
        `begun` is how many reconciliations had begun to write before the audit.

        Raises:
            NotCertifiableError, OtherDigestError: see `certificate`.
            PollChangedError: somebody changed or reconciled the round meanwhile.
        """
        now, new = self.certificate(audit)
        if not new:
            return now, False
        now = replace(now, compared=compared)
        if self.certificates.write(now, audit.round, current=current, begun=begun):
            return now, True
        return _same(self.certificates.find(now.poll, now.round) or now, now), False

    def _read(self, round: Round, on_progress: Progress, *, digest: bool) -> Audit:
        """Read watermarks, then totals, then ballots: each includes all votes of the previous."""
        number, boards = round.number, schema.boards_of(round.poll.id)
        corrected = {board: self.corrections.count(board, number) for board in boards}
        watermarks = {board: self.tallies.watermarks(board, number) for board in boards}
        totals = {board: self.tallies.totals(board, number) for board in boards}
        recount, hexdigest = (
            self._recount_sorted(round, on_progress)
            if digest
            else (self.recounts.sums(round, on_progress), "")
        )
        mapping = self.mapping()
        return Audit(
            round=round,
            recount=recount,
            boards=totals,
            watermarks=watermarks,
            event_source_problems=mapping.problems,
            iterator_age_ms=mapping.iterator_age_ms,
            corrections=corrected,
            digest=hexdigest,
            at_ms=self.clock(),
        )

    def _wait_until_folded(self, audit: Audit) -> bool:
        """Wait until the boards have folded as many records as the ballots have writes."""
        number, boards = audit.round.number, schema.boards_of(audit.round.poll.id)
        for _ in range(int(self.settle_seconds / BETWEEN_SECONDS)):
            self.sleep(BETWEEN_SECONDS)
            if sum(self.tallies.totals(name, number).folded for name in boards) >= audit.writes:
                return True
        return False

    def _recount_sorted(self, round: Round, on_progress: Progress) -> tuple[Recount, str]:
        recount, digest = Recount(), Digest()

        def digested() -> Iterator[BallotRow]:
            for ballot in self.recounts.rows(round, recount.add_unreadable):
                if ballot.picks:
                    digest.add(ballot.key, ballot.picks)
                on_progress(1)
                yield ballot

        recount.add(digested())
        return recount, digest.hexdigest()


def _same(before: Certificate, now: Certificate) -> Certificate:
    if before.digest != now.digest:
        raise DigestMismatchError(before, now)
    return before


def _why_not_lost(audit: Audit, unfolded: CountUnfolded) -> list[str]:
    """Return the reasons why unfolded records may still be delivered; reads the stream."""
    if reasons := audit.settling_problems:
        return [*reasons]
    if waiting := unfolded(audit.round, audit.watermarks):
        records = amount(waiting, "record is", "records are")
        return [f"{records} still in the stream: enable the mapping, and wait"]
    return []
