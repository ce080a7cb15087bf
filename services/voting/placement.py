"""What a text means at a time: the round and the choice it is for, or why it is no vote.

The webhook decides by the directory it has. A text that arrived late by another way is decided
as of the time at which Twilio received it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from services.voting.ballot import OutcomeKind
from services.voting.directory import Directory, TextMatch
from services.voting.history import History
from services.voting.message import Message, Nearest, parse_text
from services.voting.poll import Phase, Round
from services.voting.timing import DELIVERY_MS, DIRECTORY_STALE_MS, MARGIN_MS

LOG_SECOND_MS: Final = 999
"""Twilio's times are whole seconds, rounded down: a text arrived within this time after them."""

_REFUSALS: Final = {
    Phase.WAITING: OutcomeKind.WAITING,
    Phase.CLOSED: OutcomeKind.CLOSED,
    Phase.ARCHIVED: OutcomeKind.NO_POLL,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """The round that a text is for, and either its choice there or why it is no vote.

    `round` is None if no poll answers. If `refusal` is `NEAR`, `choice` is the one that was
    probably meant.
    """

    round: Round | None = None
    choice: str | None = None
    refusal: OutcomeKind | None = None

    @property
    def is_vote(self) -> bool:
        """Whether the text is a vote. The allow list and the ballot decide whether it counts."""
        return self.refusal is None


def place(match: TextMatch, at_ms: int) -> Placement:
    """Decide what a matched text means at a time.

    Before the opening and after the close, the reply says so and does not list the choices.
    """
    if match.reserved:
        return Placement(refusal=OutcomeKind.RESERVED)
    round = match.round
    if round is None:
        return Placement(refusal=OutcomeKind.NO_POLL)
    if refusal := refusal_of(round, at_ms):
        return Placement(round=round, refusal=refusal)
    if match.choice is not None:
        return Placement(round=round, choice=match.choice)
    if match.near is not None:
        return Placement(round=round, choice=match.near, refusal=OutcomeKind.NEAR)
    return Placement(round=round, refusal=OutcomeKind.UNKNOWN)


def refusal_of(round: Round, at_ms: int) -> OutcomeKind | None:
    """Why a round takes no texts at a time, or None while it is open."""
    return _REFUSALS.get(round.phase_at(at_ms))


@dataclass(frozen=True, slots=True)
class LatePlacements:
    """Places texts that arrived late, by the history of the polls."""

    history: History
    nearest: Nearest | None = None

    def at(self, message: Message, at_ms: int, *, within_ms: int = 0) -> Placement:
        """Where a text belongs that Twilio received at a time, or up to `within_ms` after it.

        If it is no vote at the first moment but at the last one, it is a vote: nobody knows in
        which part of a second a text came, and the voter gets the benefit.
        """
        first = self._decide(message, at_ms, at_ms)
        if first.is_vote or not within_ms:
            return first
        last = self._decide(message, at_ms + within_ms, at_ms + within_ms)
        return last if last.is_vote else first

    def possible(self, message: Message, at_ms: int) -> tuple[Round, ...]:
        """The rounds in which a webhook may have counted a text that Twilio received at a time."""
        found: dict[tuple[str, int], Round] = {}
        for known_ms, now_ms in self._views(at_ms):
            placement = self._decide(message, known_ms, now_ms)
            if placement.is_vote and (round := placement.round):
                found[round.id] = round
        return tuple(found.values())

    def _views(self, at_ms: int) -> Iterator[tuple[int, int]]:
        """Every time at which a webhook may have read the directory, with every time of its use.

        Twilio delivers for up to `DELIVERY_MS`, before a text arrives at the fallback or after it
        is in the log, and a directory is up to `DIRECTORY_STALE_MS` old; the clocks of all may
        differ by `MARGIN_MS`. Between two changes all times are alike.
        """
        used_ms = at_ms - DELIVERY_MS - MARGIN_MS
        first_ms = used_ms - DIRECTORY_STALE_MS
        last_ms = at_ms + DELIVERY_MS + LOG_SECOND_MS + MARGIN_MS
        changes = self.history.moments_between(first_ms, last_ms)
        uses = [used_ms, *(change for change in changes if change > used_ms), last_ms]
        for known_ms in [first_ms, *changes]:
            yield from ((known_ms, now_ms) for now_ms in uses if known_ms <= now_ms)

    def _decide(self, message: Message, known_ms: int, now_ms: int) -> Placement:
        directory: Directory = self.history.directory_at(known_ms)
        match = directory.match_text(message.to, parse_text(message.body), now_ms, self.nearest)
        return place(match, now_ms)
