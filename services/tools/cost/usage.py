"""What an evening uses: from people and minutes to requests, units and bytes.

Every assumption is a name here, with where it comes from. Upper bounds, where one is needed:
no free allowance is taken off, and every text is answered unless said otherwise.
"""

import math
from dataclasses import dataclass
from typing import Final, Literal

Webhook = Literal["lambda", "container"]

WEBHOOK_SECONDS: Final = 0.02
"""Billed a text: under 1 ms of processor, the rest waiting for DynamoDB. To be corrected by
an account's own figure: metric Duration of the webhook function."""
WEBHOOK_GB: Final = 1.0
FOLD_SECONDS: Final = 0.03
FOLD_GB: Final = 0.5
BATCHES_PER_SECOND: Final = 5
"""Lambda reads a stream shard this often, at most."""
TEXTS_PER_SHARD: Final = 1_000
"""Writes a second that one partition of the votes takes, and one stream shard carries."""
PEAK_FACTOR: Final = 10
"""The busiest second, as a multiple of an average one."""
DIRECTORY_SECONDS: Final = 2
SECRET_SECONDS: Final = 60
LOG_BYTES_PER_TEXT: Final = 900
"""Our line, Lambda's three and the access log's one."""
LOG_BYTES_PER_BATCH: Final = 1_500
PAGE_BYTES: Final = 200_000
"""The page as it is loaded, compressed, with one font."""
PAGE_REQUESTS: Final = 7
BOARD_BYTES: Final = 2_000
"""One answer of DynamoDB to the page: three choices, one stream shard, headers."""
BOARD_READ_UNITS: Final = 0.5
"""A board under 4 KB, read with eventual consistency."""
TASKS: Final = 2
TASK_VCPU: Final = 0.5
TASK_GB: Final = 1.0
TEXTS_PER_TASK: Final = 400
"""A second, at half of half a processor; see docs/performance.md for the measured CPU a vote."""
CONNECTIONS_PER_UNIT: Final = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Who votes, for how long, who watches. `texts_per_voter` has those who change their mind."""

    voters: int
    minutes: float
    viewers: int
    webhook: Webhook = "lambda"
    texts_per_voter: float = 1.2
    replies: bool = True

    @property
    def seconds(self) -> float:
        """From open to close."""
        return self.minutes * 60

    @property
    def texts(self) -> int:
        """All texts: the votes, and the changes of mind."""
        return math.ceil(self.voters * self.texts_per_voter)

    @property
    def peak_texts_per_second(self) -> float:
        """Texts in the busiest second."""
        return min(self.texts, PEAK_FACTOR * self.texts / self.seconds)

    @property
    def webhook_instances(self) -> int:
        """Webhooks running at once: Lambda's environments, or tasks."""
        if self.webhook == "container":
            return max(TASKS, math.ceil(self.peak_texts_per_second / TEXTS_PER_TASK))
        return max(1, math.ceil(self.peak_texts_per_second * WEBHOOK_SECONDS))

    @property
    def batches(self) -> int:
        """Batches that are folded: one a text where texts are few."""
        shards = max(1, math.ceil(self.peak_texts_per_second / TEXTS_PER_SHARD))
        return math.ceil(min(self.texts, BATCHES_PER_SECOND * shards * self.seconds))

    @property
    def vote_writes(self) -> int:
        """One a new ballot; a changed one pays for the put that fails first, too."""
        return self.voters + 2 * (self.texts - self.voters)

    @property
    def board_reads(self) -> float:
        """How often a screen reads the board: once a second each."""
        return self.viewers * self.seconds
