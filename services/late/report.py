"""What a reconciliation found: what became of every text in Twilio's log."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from services.voting.errors import VotingError


class Reason(StrEnum):
    """Why a text is not counted, besides what the webhook replies (`OutcomeKind`)."""

    FORGOTTEN = "forgotten"
    """Its voter's votes were forgotten after Twilio had received it."""
    EXPIRED = "expired"
    """Ballots of its round, or of another that may have counted it, may have expired: nobody knows
    any more whether it was counted."""
    CERTIFIED = "certified"
    """Its round is certified, and a certified round is never changed."""
    BEFORE_LOG = "before_log"
    """It is older than the operator's log, which says what the polls were at that time."""
    REDACTED = "redacted"
    """Its body was deleted from Twilio's log."""


@dataclass(slots=True, kw_only=True)
class Report:
    """What became of the texts in Twilio's log, for one round.

    The `listed` texts were received until `until_ms`. Each of them is in exactly one of: `counted`,
    `elsewhere` (counted in or meant for another round), `refused` by reason, `recovered` now.
    """

    poll: str
    round: int
    until_ms: int
    listed: int = 0
    counted: int = 0
    elsewhere: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    recovered: int = 0
    after_close: int = 0
    """Those of `recovered` that were received before the close and delivered after it."""
    missing_elsewhere: Counter[str] = field(default_factory=Counter)
    """Those of `elsewhere` that no ballot holds, by round, as "colors, round 2"."""
    unknown: int = 0
    """Texts in ballots of the round that Twilio's log does not have."""
    under_way: int = 0
    """Texts received after `until_ms` that no ballot holds yet; they are not `listed`."""
    oldest_ms: int | None = None
    """When the oldest listed text was received; the log may have been shortened before it."""

    @property
    def explained(self) -> int:
        """The number of texts of which it is known what became of them."""
        return self.counted + self.elsewhere + self.refused.total() + self.recovered

    def document(self) -> Mapping[str, object]:
        """The report as JSON values."""
        return {
            "poll": self.poll,
            "round": self.round,
            "until": self.until_ms,
            "listed": self.listed,
            "counted": self.counted,
            "elsewhere": self.elsewhere,
            "refused": dict(sorted(self.refused.items())),
            "recovered": self.recovered,
            "received_before_close_delivered_after": self.after_close,
            "missing_elsewhere": dict(sorted(self.missing_elsewhere.items())),
            "unknown_to_twilio": self.unknown,
            "under_way": self.under_way,
            "oldest": self.oldest_ms,
        }


class NotBalancedError(VotingError):
    """A report does not add up: some text is neither counted nor refused."""

    def __init__(self, report: Report) -> None:
        self.report = report
        super().__init__(
            f"{report.poll}, round {report.round}: {report.listed:,} texts listed and "
            f"{report.explained:,} explained: this is an error in the program; no text was counted "
            f"twice: keep the output of --json and report it"
        )
