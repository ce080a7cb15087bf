"""Outages of the parts of a deployment, each from a second to four hours."""

import math
import random
from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

SHORTEST_MS: Final = 1_000
LONGEST_MS: Final = 4 * 3_600_000


class Part(StrEnum):
    """What can be down."""

    WEBHOOK = "webhook"
    """Twilio gets no connection."""
    STORE = "store"
    """No ballot can be read or written; some writes land late all the same."""
    DIRECTORY = "directory"
    """Webhooks cannot read the polls."""
    FALLBACK = "fallback"
    """Twilio gets no connection to the fallback URL either."""


@dataclass(slots=True)
class Outages:
    """Which parts are down, and until when. `clock[0]` is the time in epoch ms."""

    draw: random.Random
    clock: list[int]
    started: Counter[Part] = field(default_factory=Counter)
    _until_ms: dict[Part, int] = field(default_factory=dict)

    def start(self) -> None:
        """Start an outage of one part or of several."""
        for part in self.draw.sample(list(Part), self.draw.choice((1, 1, 2, 3))):
            exponent = self.draw.uniform(math.log(SHORTEST_MS), math.log(LONGEST_MS))
            until_ms = self.clock[0] + round(math.exp(exponent))
            self._until_ms[part] = max(until_ms, self._until_ms.get(part, 0))
            self.started[part] += 1

    def end(self) -> None:
        """End all outages."""
        for part, until_ms in self._until_ms.items():
            self._until_ms[part] = min(until_ms, self.clock[0])

    def is_down(self, part: Part) -> bool:
        """Return whether a part is down now."""
        return self.was_down_after(part, self.clock[0])

    def was_down_after(self, part: Part, at_ms: int) -> bool:
        """Return whether a part was or is down at some time after the given one."""
        return self._until_ms.get(part, 0) > at_ms
