"""Which round a text belonged to at any past time, by the files and the commands alone.

It shares no code with the placement of late texts: it matches texts as
`services.tools.replay.oracle` does, and knows a change of a poll as a copy of its facts.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from services.tools.replay.lifecycle.poll_facts import PollFacts, PollFile, RoundKey
from services.tools.replay.oracle import CARRIERS, bare_text, find_named_choice

STALE_MS: Final = 60_000
"""Age of the oldest directory that a webhook uses."""
FRESH_MS: Final = 2_000
"""The same while it can read the directory."""
ON_ITS_WAY_MS: Final = 15_000
"""How long Twilio tries to deliver a text."""
SECOND_MS: Final = 1_000

Counting = tuple[RoundKey, str]
"""The round that a text counts in, and its choice."""


@dataclass(slots=True)
class PastFacts:
    """The facts of every poll after each change, in order."""

    _changes: defaultdict[str, list[tuple[int, PollFacts]]] = field(
        default_factory=lambda: defaultdict(list)
    )

    def note(self, poll_id: str, facts: PollFacts, at_ms: int) -> None:
        """Note the facts of a poll after a change."""
        self._changes[poll_id].append((at_ms, facts.copy()))

    def counting_at(self, to: str, body: str, known_ms: int, now_ms: int) -> Counting | None:
        """Return where a text counts at a time, by the polls as they were known at another."""
        text = bare_text(body)
        if text in CARRIERS:
            return None
        polls = {
            (name, facts.round): facts
            for name, facts in self._facts_at(known_ms)
            if facts.is_open(now_ms) and facts.has_number(to)
        }
        named = [
            (key, choice)
            for key, facts in polls.items()
            if (choice := find_named_choice(facts.definition, text))
        ]
        if not named:
            led = [(key, facts.choice_after_keyword(text)[1]) for key, facts in polls.items()]
            named = [(key, choice) for key, choice in led if choice]
        return named[0] if len(named) == 1 else None

    def verdict(self, to: str, body: str, second_ms: int) -> Counting | None:
        """Return where a text counts that Twilio received within a second.

        Where it counts at the second's beginning; if it does not, then at its end.
        """
        end_ms = second_ms + SECOND_MS - 1
        found = self.counting_at(to, body, second_ms, second_ms)
        return found or self.counting_at(to, body, end_ms, end_ms)

    def possible(
        self, to: str, body: str, at_ms: int, age_ms: int, way_ms: int = ON_ITS_WAY_MS
    ) -> set[Counting]:
        """Return where a webhook may have counted a text that Twilio received at a time.

        `age_ms` is the age of the oldest directory that was in use then; `way_ms` is the time for
        which Twilio may have delivered it.
        """
        last_ms = at_ms + way_ms
        moments = sorted(set(self._moments(at_ms - age_ms, last_ms)))
        found = (
            self.counting_at(to, body, known_ms, now_ms)
            for now_ms in [at_ms, *(one for one in moments if one > at_ms), last_ms]
            for known_ms in [now_ms - age_ms, *moments]
            if now_ms - age_ms <= known_ms <= now_ms
        )
        return {one for one in found if one is not None}

    def definition_of(self, key: RoundKey) -> PollFile:
        """Return the last file of a round."""
        return next(
            facts.definition
            for _, facts in reversed(self._changes[key[0]])
            if facts.round == key[1]
        )

    def _facts_at(self, at_ms: int) -> Iterator[tuple[str, PollFacts]]:
        for name, changes in self._changes.items():
            place = bisect_right(changes, at_ms, key=lambda change: change[0])
            if place:
                yield name, changes[place - 1][1]

    def _moments(self, first_ms: int, last_ms: int) -> Iterator[int]:
        """Yield the times in an interval at which a text may begin to count elsewhere."""
        for changes in self._changes.values():
            for at_ms, facts in changes:
                for one in (at_ms, *facts.moments()):
                    if first_ms < one <= last_ms:
                        yield one
