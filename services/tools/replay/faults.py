"""The faults that DynamoDB Streams, Lambda and Twilio allow, by name.

Each can be enabled alone. Every fault has its own random generator, so that the same seed gives
the same faults, whichever others are enabled.
"""

import random
from collections import Counter
from collections.abc import Iterable
from enum import StrEnum
from typing import Final


class Fault(StrEnum):
    """The names of the faults, as in `--faults`."""

    AGAIN = "again"
    OVERLAP = "overlap"
    LOST_ANSWER = "lost-answer"
    CRASH = "crash"
    LATE_WRITE = "late-write"
    STALE_RECORDS = "stale-records"
    HORIZON = "horizon"
    TWO_MAPPINGS = "two-mappings"
    DIGITS = "digits"
    SPLIT = "split"
    WINDOWS = "windows"
    THROTTLED = "throttled"
    EXPIRY = "expiry"
    SAME_CHOICE = "same-choice"
    MALFORMED = "malformed"
    NEW_LABEL = "new-label"
    TRIM = "trim"
    TWICE = "twice"
    CONCURRENT = "concurrent"
    STALE_TEXT = "stale-text"
    LANDED = "landed"


MEANING: Final = {
    Fault.AGAIN: "the same batch delivered twice",
    Fault.OVERLAP: "batches that overlap, shrink, split and merge",
    Fault.LOST_ANSWER: "a tally write that landed, its response lost",
    Fault.CRASH: "the function dies between two boards of a batch",
    Fault.LATE_WRITE: "a timed-out call's write lands after its retry succeeded",
    Fault.STALE_RECORDS: "old records delivered again, out of order",
    Fault.HORIZON: "a full replay from TRIM_HORIZON",
    Fault.TWO_MAPPINGS: "two mappings on the same stream",
    Fault.DIGITS: "sequence numbers that gain a digit",
    Fault.SPLIT: "a stream shard that splits or rolls over between two records of an item",
    Fault.WINDOWS: "windows that end early, empty, or with a null state",
    Fault.THROTTLED: "the tally write of one board throttled",
    Fault.EXPIRY: "ballots removed by TTL beside ballots an operator removed",
    Fault.SAME_CHOICE: "a ballot rewritten with the same choice",
    Fault.MALFORMED: "records that cannot be read",
    Fault.NEW_LABEL: "the stream disabled and enabled again",
    Fault.TRIM: "records older than 24 h trimmed, then a replay of the rest",
    Fault.TWICE: "a text delivered twice with the same MessageSid",
    Fault.CONCURRENT: "a text delivered several times at once",
    Fault.STALE_TEXT: "an old text delivered again after the same phone's next",
    Fault.LANDED: "a ballot that was written although the webhook timed out",
}

ALL: Final = frozenset(Fault)

PROBABILITY: Final = {
    Fault.AGAIN: 0.2, Fault.OVERLAP: 0.4, Fault.LOST_ANSWER: 0.15, Fault.CRASH: 0.3,
    Fault.LATE_WRITE: 0.1, Fault.STALE_RECORDS: 0.15, Fault.TWO_MAPPINGS: 0.5,
    Fault.DIGITS: 1.0, Fault.WINDOWS: 0.3, Fault.THROTTLED: 0.3, Fault.EXPIRY: 0.1,
    Fault.SAME_CHOICE: 0.15, Fault.TWICE: 0.15, Fault.CONCURRENT: 0.15,
    Fault.STALE_TEXT: 0.15, Fault.LANDED: 0.1,
}  # fmt: skip
"""Probability of a fault at each call, write or text where it can happen."""

MAX_PER_RUN: Final = {
    Fault.HORIZON: 2, Fault.SPLIT: 6, Fault.MALFORMED: 5, Fault.NEW_LABEL: 2, Fault.TRIM: 2,
}  # fmt: skip
"""Maximum number of rare faults in a run, spread over its length."""


class UnknownFaultError(ValueError):
    """`--faults` contains an unknown name."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"--faults: {name!r}: all, none, or some of {', '.join(Fault)}")


def parse_faults(names: str) -> frozenset[Fault]:
    """Parse `all`, `none`, or names separated by commas. Raises UnknownFaultError."""
    if names in {"all", "none", ""}:
        return ALL if names == "all" else frozenset()
    found = set()
    for name in names.split(","):
        try:
            found.add(Fault(name.strip()))
        except ValueError:
            raise UnknownFaultError(name) from None
    return frozenset(found)


class FaultInjector:
    """Decides by a seed where the enabled faults happen, and counts them.

    `length` is the approximate number of decisions in a run; rare faults are spread over it.
    """

    def __init__(self, enabled: Iterable[Fault], seed: str, *, length: int) -> None:
        self.enabled = frozenset(enabled)
        self._length = max(1, length)
        self.injected: Counter[Fault] = Counter()
        self._draws = {fault: random.Random(f"{seed}:{fault}") for fault in sorted(self.enabled)}  # noqa: S311 - a repeatable run

    def should_inject(self, fault: Fault) -> bool:
        """Return whether the fault happens here, and count it if it does."""
        if fault not in self.enabled or self._draws[fault].random() >= self._probability(fault):
            return False
        self.injected[fault] += 1
        return True

    def _probability(self, fault: Fault) -> float:
        maximum = MAX_PER_RUN.get(fault)
        if maximum is None:
            return PROBABILITY[fault]
        return 2 * maximum / self._length if self.injected[fault] < maximum else 0

    def draw(self, fault: Fault) -> random.Random:
        """Return the fault's own random generator, for its details."""
        return self._draws[fault]
