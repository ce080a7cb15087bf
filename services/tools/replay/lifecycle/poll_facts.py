"""The certain facts of a poll: from its files and the commands, without the voting rules."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

from services.tools.replay.oracle import bare_text, find_named_choice

SETTLED_MS: Final = 3_000
"""Time after which every webhook uses a change of a directory that it can read."""
DAY_MS: Final = 86_400_000

PollFile = Mapping[str, Any]


@dataclass(slots=True)
class PollFacts:
    """The state of a poll after its files and the operators' commands."""

    definition: PollFile
    older: PollFile = field(default_factory=dict)
    """The previous file, which webhooks may still use."""
    state: str = "auto"
    state_at_ms: int = 0
    round: int = 1
    first_vote_ms: int | None = None

    def is_open(self, now_ms: int) -> bool:
        """Return whether the poll takes texts."""
        opens, closes = self._moment("opens_at"), self._moment("closes_at")
        if self.state == "open":
            return closes is None or not self.state_at_ms < closes <= now_ms
        in_time = (opens is None or opens <= now_ms) and (closes is None or now_ms < closes)
        return self.state == "auto" and in_time

    def is_certain(self, now_ms: int, settled_ms: int) -> bool:
        """Return whether neither an opening time nor an expiry makes the state uncertain."""
        opens, closes = self._moment("opens_at"), self._moment("closes_at")
        steady = all(at is None or abs(now_ms - at) > settled_ms for at in (opens, closes))
        ages = (self.first_vote_ms, closes)
        return steady and all(at_ms is None or now_ms - at_ms < DAY_MS / 2 for at_ms in ages)

    def names_choice(self, to: str, body: str) -> bool:
        """Return whether a text to a number is a choice of this poll, without its keyword."""
        on_number = to in self.definition.get("numbers", [to])
        return on_number and find_named_choice(self.definition, bare_text(body)) is not None

    def _moment(self, name: str) -> int | None:
        moment: datetime | None = self.definition.get(name)
        return None if moment is None else int(moment.timestamp() * 1000)


def choice_in(file: PollFile, body: str) -> str | None:
    """Return the choice of a poll file that a text names, perhaps after the keyword."""
    text = bare_text(body)
    if not file:
        return None
    if choice := find_named_choice(file, text):
        return choice
    lead, _, rest = text.partition(" ")
    keyed = file.get("keyword") and bare_text(lead) == bare_text(file["keyword"])
    return find_named_choice(file, bare_text(rest)) if keyed else None


@lru_cache(maxsize=4096)
def parse_file(toml: str) -> PollFile:
    """Parse a poll file."""
    return tomllib.loads(toml)
