"""The certified result of a round, and the errors of certifying and repairing."""

from collections.abc import Mapping
from dataclasses import dataclass

from services.voting.amounts import amount
from services.voting.errors import VotingError


class NotCertifiableError(VotingError):
    """A round cannot be certified or repaired now. `reasons` say why and what to do."""

    def __init__(self, what: str, reasons: tuple[str, ...]) -> None:
        self.reasons = reasons
        super().__init__("\n".join([f"{what}: refused", *(f"  - {reason}" for reason in reasons)]))


class DigestMismatchError(VotingError):
    """The round is certified, and its ballots have changed since."""

    def __init__(self, before: "Certificate", now: "Certificate") -> None:
        self.before = before
        self.now = now
        super().__init__(
            f"round {now.round} was certified with digest {before.digest} and "
            f"{amount(before.ballots, 'ballot')}; now it has {amount(now.ballots, 'ballot')} with "
            f"digest {now.digest}: somebody has changed ballots since. The certificate stays as it "
            f"is"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class LogComparison:
    """What the reconciliation before a certificate found.

    `texts` of Twilio's log are in ballots of the round; `unknown` texts in ballots are not in it.
    """

    texts: int
    unknown: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """The certified result of a round. `ballots` and `voters` both count ballots with a vote.

    `compared` is None if the round was not reconciled with Twilio's log before.
    """

    poll: str
    round: int
    picks: Mapping[str, int]
    ballots: int
    voters: int
    certified_at_ms: int
    digest: str
    compared: LogComparison | None = None
