"""Estimates what a voting event uses: requests, units and bytes from voters and minutes.

Each assumption is a constant with its source. Uncertain figures are upper bounds: no free
allowance is deducted, and every text gets a reply unless `replies` is False.
"""

import math
from dataclasses import dataclass
from typing import Final, Literal

Webhook = Literal["lambda", "container"]
Audience = Literal["direct", "large"]

WEBHOOK_SECONDS: Final = 0.02
"""Billed per text: under 1 ms of CPU, the rest is waiting for DynamoDB. Correct it by the
webhook function's Duration metric."""
WEBHOOK_GB: Final = 1.0
FALLBACK_SHARE: Final = 0.01
"""Share of the texts that go through the fallback; without a failure of the webhook it is none."""
REPLAY_SECONDS: Final = 0.1
REPLAY_GB: Final = 0.5
QUEUE_REQUESTS: Final = 3
"""Of a text: sent, received, deleted."""
IDLE_POLLERS: Final = 5
IDLE_POLL_SECONDS: Final = 20
"""Lambda, "Using Lambda with Amazon SQS": five long polls at a time, while the queue is empty."""
RECONCILE_GB: Final = 1.0
RECONCILE_IDLE_SECONDS: Final = 2
"""Of a run for which no poll is due: reading the secret and the polls, with a cold start."""
RECONCILE_SECONDS: Final = 0.003
"""Of a run, per text in Twilio's log, most of it waiting for a page of 1,000. An assumption:
correct it by the function's Duration metric."""
RECONCILE_MINUTES_AFTER: Final = 65
"""For so long after its end a poll is reconciled."""
BALLOTS_PER_READ_UNIT: Final = 8
"""Strongly consistent queries; a ballot takes 500 bytes at the most."""
FOLD_SECONDS: Final = 0.03
FOLD_GB: Final = 0.5
BATCHES_PER_SECOND: Final = 5
"""Maximum rate at which Lambda reads a stream shard."""
TEXTS_PER_SHARD: Final = 1_000
"""Writes per second of one partition of the votes table, and of its stream shard."""
PEAK_FACTOR: Final = 10
"""The rate of the busiest second, as a multiple of the average rate."""
DIRECTORY_SECONDS: Final = 2
SECRET_SECONDS: Final = 60
LOG_BYTES_PER_TEXT: Final = 900
"""One line of ours, three of Lambda's, and one of the access log."""
LOG_BYTES_PER_BATCH: Final = 1_500
PAGE_BYTES: Final = 200_000
"""The compressed dashboard with one font."""
PAGE_REQUESTS: Final = 7
BOARD_BYTES: Final = 2_000
"""One response of DynamoDB to the dashboard: three choices, one stream shard, headers."""
BOARD_READ_UNITS: Final = 0.5
"""A board under 4 KB, read with eventual consistency."""
JSON_BYTES: Final = 1_300
"""One answer of CloudFront with a board of three choices, uncompressed, and its headers."""
EDGE_CACHES: Final = 13
"""CloudFront's regional caches; each asks the reader once a second, if it has viewers."""
READER_SECONDS: Final = 0.02
READER_GB: Final = 1.0
READER_UNITS: Final = 1.0
"""A board under 4 KB, read with strong consistency."""
TASKS: Final = 2
TASK_VCPU: Final = 0.5
TASK_GB: Final = 1.0
TEXTS_PER_TASK: Final = 400
"""Per second, at 50 % of half a vCPU; docs/performance.md has the measured CPU time per vote."""
CONNECTIONS_PER_UNIT: Final = 25

CANARY_SECONDS: Final = 6
"""Duration of a run: it waits for the webhook, the stream and the count."""
CANARY_GB: Final = 0.5
CANARY_WRITES: Final = 17
"""Write units of a run: a poll with its view and log, a ballot, its count, and their removal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A voting event. `viewers` are open dashboards; `texts_per_voter` includes changed votes."""

    voters: int
    minutes: float
    viewers: int
    webhook: Webhook = "lambda"
    texts_per_voter: float = 1.2
    replies: bool = True
    reconcile_minutes: int = 0
    """From one scheduled reconciliation to the next; 0 without them."""
    canary_minutes: int = 0
    """From one text of the canary to the next; 0 without it."""
    has_fallback: bool = True
    audience: Audience = "direct"
    """How dashboards read the count: the table, or JSON that CloudFront keeps for a second."""

    @property
    def seconds(self) -> float:
        """Duration from open to close."""
        return self.minutes * 60

    @property
    def texts(self) -> int:
        """All texts: first votes and changed votes."""
        return math.ceil(self.voters * self.texts_per_voter)

    @property
    def peak_texts_per_second(self) -> float:
        """Texts in the busiest second."""
        return min(self.texts, PEAK_FACTOR * self.texts / self.seconds)

    @property
    def webhook_instances(self) -> int:
        """Concurrent webhook instances: Lambda execution environments or Fargate tasks."""
        if self.webhook == "container":
            return max(TASKS, math.ceil(self.peak_texts_per_second / TEXTS_PER_TASK))
        return max(1, math.ceil(self.peak_texts_per_second * WEBHOOK_SECONDS))

    @property
    def batches(self) -> int:
        """Batches of the aggregator; at low rates one for each text."""
        shards = max(1, math.ceil(self.peak_texts_per_second / TEXTS_PER_SHARD))
        return math.ceil(min(self.texts, BATCHES_PER_SECOND * shards * self.seconds))

    @property
    def vote_writes(self) -> int:
        """One per new ballot; a changed ballot also pays for the conditional put that failed."""
        return self.voters + 2 * (self.texts - self.voters)

    @property
    def reconciliations(self) -> int:
        """Scheduled runs during the event and after it; each reads all texts until then."""
        if not self.reconcile_minutes:
            return 0
        minutes = self.minutes + RECONCILE_MINUTES_AFTER
        return math.ceil(minutes / self.reconcile_minutes)

    @property
    def board_reads(self) -> float:
        """Queries of the board: one per second and viewer, or and cache of CloudFront."""
        readers = min(self.viewers, EDGE_CACHES) if self.audience == "large" else self.viewers
        return readers * self.seconds

    @property
    def json_requests(self) -> float:
        """Requests to CloudFront for a board: one per second and viewer."""
        return self.viewers * self.seconds if self.audience == "large" else 0.0
