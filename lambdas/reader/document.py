"""The JSON of a board: what the page and everybody else reads; `docs/api.md` describes it.

Fields may be added to version 1. None is removed, and none changes its meaning.
"""

from typing import Any, Final

from services.adapters.dynamodb.public_boards import PublicBoard
from services.voting.certificate import Certificate
from services.voting.poll import Choice, Policy

VERSION: Final = 1


def board_document(board: PublicBoard) -> dict[str, Any]:
    """Return the board as JSON; times in epoch milliseconds, and no counts of a sealed poll."""
    round, totals = board.round, board.totals
    poll = round.poll
    votes = totals.picks if totals else {}
    is_open = totals is not None
    return {
        "v": VERSION,
        "poll": poll.id,
        "round": round.number,
        "question": poll.question,
        "number": board.number,
        "policy": poll.policy.value,
        "sealed": not is_open,
        "phase": round.phase_at(board.read_at_ms).value,
        "state": round.state.value,
        "stateAt": round.state_at_ms,
        "opensAt": poll.opens_at_ms,
        "closesAt": poll.closes_at_ms,
        "percentFrom": poll.percent_from,
        "choices": [
            _choice(one, votes.get(one.key, 0) if is_open else None) for one in poll.choices
        ],
        "votes": sum(votes.get(one.key, 0) for one in poll.choices) if is_open else None,
        "voters": totals.voters if totals and poll.policy is not Policy.UNLIMITED else None,
        "texts": totals.folded if totals else None,
        "unreadableTexts": totals.bad if totals else None,
        "unreadableRows": board.unreadable_rows,
        "version": board.version if is_open else None,
        "certified": _certified(board.certificate) if board.certificate else None,
        "asOf": totals.as_of_ms or None if totals else None,
        "readAt": board.read_at_ms,
    }


def _choice(choice: Choice, votes: int | None) -> dict[str, Any]:
    return {
        "key": choice.key,
        "label": choice.label,
        "word": choice.word,
        "colour": dict(choice.colour),
        "votes": votes,
    }


def _certified(certificate: Certificate) -> dict[str, Any]:
    return {
        "at": certificate.certified_at_ms,
        "votes": dict(certificate.picks),
        "ballots": certificate.ballots,
        "voters": certificate.voters,
        "digest": certificate.digest,
    }
