"""Checks what a reconciliation reports, and at the end what became of every text in the log."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

from services.adapters.twilio.message_log import LoggedText
from services.late.report import Report
from services.tools.replay.lifecycle.invariants import InvariantChecker, SentText, ViolationError
from services.tools.replay.lifecycle.past_facts import STALE_MS
from services.tools.replay.lifecycle.poll_facts import RoundKey
from services.voting.poll import Round

REACHED_MS: Final = 88_000
"""15 s of Twilio's attempts, 60 s of an old directory, 3 s a request, 10 s until a write lands."""
_WIDE_MS: Final = 26_000
"""15 s of Twilio's attempts, 1 s of its log, and 10 s of clocks that differ."""
NO_VOTE: Final = ("unknown", "near", "waiting", "closed", "no_poll", "reserved", "redacted")
_BALLOT_REFUSES: Final = ("stands", "limit", "forgotten")


@dataclass(frozen=True, slots=True)
class LogCheck:
    """What the report of one reconciliation must say, by what is known without it."""

    checker: InvariantChecker
    key: RoundKey
    texts: Sequence[SentText]
    held: frozenset[str]
    """The MessageSids that ballots held when it began."""
    now_ms: int

    @classmethod
    def begin(
        cls, checker: InvariantChecker, round: Round, logged: Sequence[LoggedText], now_ms: int
    ) -> Self:
        """Take the texts that the reconciliation lists."""
        texts = [checker.texts[one.sid] for one in logged if one.at_ms <= now_ms - REACHED_MS]
        return cls(checker, round.id, texts, frozenset(checker.held_sids()), now_ms)

    def end(self, report: Report) -> None:
        """Compare the report with what it must say."""
        expected = Counter(self._class_of(text) for text in self.texts)
        refused = report.refused
        found = Counter({
            "counted": report.counted,
            "recovered": report.recovered,
            "elsewhere": report.elsewhere,
            "no vote": sum(refused[reason] for reason in NO_VOTE),
            "ballot": sum(refused[reason] for reason in _BALLOT_REFUSES),
            "certified": refused["certified"],
            "expired": refused["expired"],
        })  # fmt: skip
        if self.key in self.checker.certified and found["certified"]:
            # Of the texts that a phone lacks there, the first ones would fill its ballot.
            for counts in (expected, found):
                counts["ballot"] += counts.pop("certified", 0)
        doubtful = (+expected - +found).total()
        differs = doubtful > expected.pop("doubtful", 0) or found.total() != report.listed
        if differs or report.unknown:
            raise ViolationError(f"{self.key}: reconciled {report}, expected {+expected}")
        if self.key in self.checker.reconciled and refused["certified"]:
            raise ViolationError(f"{self.key}: certified as reconciled, and lacks texts: {report}")

    def _class_of(self, text: SentText) -> str:
        """Return what the report must say of a text."""
        checker = self.checker
        if text.sid in checker.held_sids():
            is_here = checker.accepted[text.sid][0] == self.key
            if text.sid in self.held:
                return "counted" if is_here else "elsewhere"
            return "recovered" if is_here else "lost"
        counting = checker.past.verdict(text.to, text.body, text.second_ms)
        if counting is None:
            return "no vote"
        return self._refusal_of(text) if counting[0] == self.key else "elsewhere"

    def _refusal_of(self, text: SentText) -> str:
        """Return why the round does not count a text; "doubtful" if a ballot of it may be gone."""
        checker = self.checker
        if checker.has_expired(self.key, self.now_ms):
            return "expired"
        if may_have_expired(checker, text, self.now_ms):
            return "doubtful"
        if is_refused_by_ballot(checker, text, self.key):
            return "ballot"
        return "certified" if self.key in checker.certified else "lost"


def is_refused_by_ballot(checker: InvariantChecker, text: SentText, key: RoundKey) -> bool:
    """Return whether the phone may not have another text, or was forgotten after this one."""
    held, most = checker.votes[key].get(text.phone, []), checker.most_texts(key)
    is_forgotten = checker.forgotten_at_ms.get((key, text.phone), 0) >= text.second_ms
    return is_forgotten or (most is not None and len(held) >= most)


def may_have_expired(checker: InvariantChecker, text: SentText, now_ms: int) -> bool:
    """Return whether another round may have counted a text in a ballot that has expired.

    A text that was counted elsewhere and then forgotten is also unknown to the index.
    """
    if text.sid in checker.forgotten:
        return True
    wide = checker.past.possible(
        text.to, text.body, text.second_ms - _WIDE_MS, STALE_MS, 2 * _WIDE_MS
    )
    return any(checker.has_expired(key, now_ms) for key, _ in wide)


def check_all(checker: InvariantChecker, now_ms: int) -> None:
    """Check that every text is in a ballot, or that there is a reason why it is not.

    Raises:
        ViolationError: a text is lost.
    """
    for text in checker.texts.values():
        if text.sid in checker.accepted:
            continue
        counting = checker.past.verdict(text.to, text.body, text.second_ms)
        if counting is None or text.second_ms > now_ms - REACHED_MS:
            continue
        key = counting[0]
        reasons = (
            key in checker.certified and key not in checker.reconciled,
            checker.has_expired(key, now_ms),
            is_refused_by_ballot(checker, text, key),
            may_have_expired(checker, text, now_ms),
        )
        if not any(reasons):
            raise ViolationError(f"{text} is lost: it counts in {key}, and no ballot has it")
