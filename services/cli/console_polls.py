"""A poll as the console shows it: its state, its count, and what can be done with it now."""

from typing import Any

from services.polls.entry import DirectoryEntry
from services.tools.console.desk import Action
from services.voting.errors import RoundFinalError, RoundNotExtendableError
from services.voting.lifecycle import extended_close_ms, why_final
from services.voting.poll import Phase, Policy, Round
from services.voting.tally import Totals


def poll_document(entry: DirectoryEntry, totals: Totals, now_ms: int) -> dict[str, Any]:
    """Return a poll as JSON; times in epoch milliseconds.

    `voters` is None under policy `unlimited`, where every text is a ballot and nobody knows.
    """
    round = entry.round
    poll = round.poll
    votes = {choice.key: max(0, totals.picks.get(choice.key, 0)) for choice in poll.choices}
    return {
        "poll": poll.id,
        "question": poll.question,
        "revision": entry.revision,
        "round": round.number,
        "phase": round.phase_at(now_ms).value,
        "is_sealed": poll.visibility == "sealed",
        "opens_at": poll.opens_at_ms,
        "closes_at": _closes_at_ms(round, now_ms),
        "certified_at": round.certified_at_ms,
        "numbers": list(poll.numbers) or ([entry.number] if entry.number else []),
        "votes": sum(votes.values()),
        "voters": None if poll.policy is Policy.UNLIMITED else totals.voters,
        "newest_vote_at": totals.as_of_ms or None,
        "choices": [
            {
                "key": choice.key,
                "label": choice.label,
                "votes": votes[choice.key],
                "colour": dict(choice.colour),
            }
            for choice in poll.choices
        ],
        "can": possible_actions(round, now_ms),
    }


def possible_actions(round: Round, now_ms: int) -> list[Action]:
    """The actions that would not be refused for the round's state alone."""
    phase = round.phase_at(now_ms)
    is_over = phase in {Phase.CLOSED, Phase.ARCHIVED}
    possible: dict[Action, bool] = {
        "open": phase is not Phase.OPEN and why_final(round, now_ms) is None,
        "close": not is_over,
        "extend": _can_be_extended(round, now_ms),
        "reset": True,
        "certify": is_over and round.certified_at_ms is None,
    }
    return [action for action, is_possible in possible.items() if is_possible]


def _can_be_extended(round: Round, now_ms: int) -> bool:
    try:
        extended_close_ms(round, 1, now_ms)
    except (RoundFinalError, RoundNotExtendableError):
        return False
    return True


def _closes_at_ms(round: Round, now_ms: int) -> int | None:
    """When it closes; of a round that is over, when it was closed."""
    if round.phase_at(now_ms) in {Phase.CLOSED, Phase.ARCHIVED}:
        return round.closed_at_ms
    return round.known_close_ms or round.expires_from_ms
