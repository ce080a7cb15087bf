"""The certain facts of a poll: from its files and the commands, without the voting rules."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

from services.tools.replay.oracle import bare_text, find_named_choice

SETTLED_MS: Final = 3_000
"""Time after which every webhook that can read the directory uses a change of it."""
DAY_MS: Final = 86_400_000

PollFile = Mapping[str, Any]
RoundKey = tuple[str, int]


@dataclass(slots=True)
class PollFacts:
    """The state of a poll after its files and the operators' commands."""

    definition: PollFile
    state: str = "auto"
    state_at_ms: int = 0
    round: int = 1
    began_at_ms: int = 0
    final_from_ms: int | None = None
    """From when on ballots of the round may expire: it takes no texts then."""
    first_vote_ms: int | None = None

    def is_open(self, now_ms: int) -> bool:
        """Return whether the poll takes texts."""
        if self.final_from_ms is not None and self.final_from_ms <= now_ms:
            return False
        opens, closes = self._moment("opens_at"), self._moment("closes_at")
        if self.state == "open":
            return closes is None or not self.state_at_ms < closes <= now_ms
        in_time = (opens is None or opens <= now_ms) and (closes is None or now_ms < closes)
        return self.state == "auto" and in_time

    def note_closing_time(self, now_ms: int) -> None:
        """Note from when on ballots may expire, by the closing time of a file that is stored."""
        closes = self._moment("closes_at")
        if closes is None or closes <= self.began_at_ms:
            return
        kept_ms = int(self.definition.get("retention_days", 30)) * DAY_MS
        known = [] if self.final_from_ms is None else [self.final_from_ms]
        self.final_from_ms = min([max(closes, now_ms) + kept_ms, *known])

    def is_certain(self, now_ms: int) -> bool:
        """Return whether neither an opening time nor an expiry makes the state uncertain."""
        opens, closes = self._moment("opens_at"), self._moment("closes_at")
        steady = all(at is None or abs(now_ms - at) > SETTLED_MS for at in (opens, closes))
        ages = (self.first_vote_ms, closes)
        return steady and all(at_ms is None or now_ms - at_ms < DAY_MS / 2 for at_ms in ages)

    def names_choice(self, to: str, body: str) -> bool:
        """Return whether a text to a number is a choice of this poll, without its keyword."""
        return (
            self.has_number(to) and find_named_choice(self.definition, bare_text(body)) is not None
        )

    def has_number(self, to: str) -> bool:
        """Return whether the poll is on a number."""
        return to in self.definition.get("numbers", [to])

    def choice_after_keyword(self, text: str) -> tuple[bool, str | None]:
        """Return whether a bare text begins with the keyword, and the choice named after it."""
        lead, _, rest = text.partition(" ")
        keyword = bare_text(str(self.definition.get("keyword", "")))
        if not keyword or bare_text(lead) != keyword:
            return False, None
        return True, find_named_choice(self.definition, bare_text(rest))

    def moments(self) -> list[int]:
        """Return the times at which the clock alone may open or close the poll."""
        times = (self._moment("opens_at"), self._moment("closes_at"), self.final_from_ms)
        return [at_ms for at_ms in times if at_ms is not None]

    def copy(self) -> "PollFacts":
        """Return the facts as they are now."""
        return replace(self)

    def _moment(self, name: str) -> int | None:
        moment: datetime | None = self.definition.get(name)
        return None if moment is None else int(moment.timestamp() * 1000)


@lru_cache(maxsize=4096)
def parse_file(toml: str) -> PollFile:
    """Parse a poll file."""
    return tomllib.loads(toml)
