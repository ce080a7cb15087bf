"""What a rehearsal has found: latencies, refusals, and whether every accepted text was counted."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from services.tools.phones.delivery import WebhookReply
from services.voting.amounts import amount
from services.voting.audit import Audit

PERCENTILES: Final = (50, 90, 99)
REASONS: Final[Mapping[int, str]] = {
    0: "no answer within 15 s",
    403: "the signature was refused (403)",
    429: "throttled by the API (429)",
    500: "the webhook failed (500)",
    503: "the store or the webhook was not available (503)",
}
MAYBE_STORED: Final = frozenset({0, 500, 502, 503, 504})
"""After these a text may be in its ballot all the same, and Twilio would send it again."""


@dataclass(slots=True)
class RehearsalReport:
    """Collects the replies. A vote is known by its MessageSid, so a redelivery is no second one."""

    sent: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    latencies_ms: list[float] = field(default_factory=list)
    delays_ms: list[float] = field(default_factory=list)
    """How much later than intended each text was sent."""
    votes: set[str] = field(default_factory=set)
    maybe: set[str] = field(default_factory=set)
    first_at: float = math.inf
    last_at: float = 0

    def add(self, reply: WebhookReply) -> None:
        """Add the reply to a text."""
        self.sent += 1
        self.statuses[reply.status] += 1
        self.latencies_ms.append(reply.milliseconds_from_due)
        self.delays_ms.append(reply.milliseconds_from_due - reply.milliseconds)
        self.first_at = min(self.first_at, reply.sent_at)
        self.last_at = max(self.last_at, reply.sent_at)
        if not reply.text.choice:
            return
        if reply.accepted:
            self.votes.add(reply.text.sid)
        elif reply.status in MAYBE_STORED:
            self.maybe.add(reply.text.sid)

    @property
    def refusals(self) -> dict[str, int]:
        """Texts that were not accepted, by reason, the most frequent first."""
        refused = Counter({status: n for status, n in self.statuses.items() if status != 200})  # noqa: PLR2004 - OK
        return {
            REASONS.get(status, f"answered {status}"): count
            for status, count in refused.most_common()
        }

    @property
    def rate(self) -> float:
        """Texts a second that were really sent."""
        seconds = self.last_at - self.first_at
        return (self.sent - 1) / seconds if seconds > 0 else float(self.sent)

    def problems(self, audit: Audit) -> list[str]:
        """Return what is wrong with the count; nothing if it is exact."""
        counted = sum(sum(board.picks.values()) for board in audit.boards.values())
        least, most = len(self.votes), len(self.votes | self.maybe)
        found = [*audit.drain_problems, *audit.ballot_problems]
        if audit.differences:
            found.append("the board is not the recount of the ballots")
        if not least <= counted <= most:
            expected = f"{least:,}" if least == most else f"{least:,} to {most:,}"
            votes = amount(counted, "vote was", "votes were")
            found.append(f"{votes} counted, and {expected} accepted")
        return found

    def document(self, audit: Audit | None) -> dict[str, Any]:
        """Return the report as JSON; without an audit it was interrupted."""
        counted = audit and sum(sum(board.picks.values()) for board in audit.boards.values())
        return {
            "sent": self.sent,
            "texts_per_second": round(self.rate, 1),
            "latency_ms": {
                **{f"p{p}": round(percentile(self.latencies_ms, p)) for p in PERCENTILES},
                "max": round(max(self.latencies_ms, default=0)),
            },
            "sent_late_ms_p99": round(percentile(self.delays_ms, 99)),
            "refused": self.refusals,
            "votes_accepted": len(self.votes),
            "votes_uncertain": len(self.maybe - self.votes),
            "votes_counted": counted,
            "problems": self.problems(audit) if audit else ["interrupted: nothing was audited"],
            "exact": audit is not None and not self.problems(audit),
        }


def percentile(values: Sequence[float], percent: int) -> float:
    """Return the nearest-rank percentile; 0 without values."""
    if not values:
        return 0
    return sorted(values)[max(0, math.ceil(len(values) * percent / 100) - 1)]
