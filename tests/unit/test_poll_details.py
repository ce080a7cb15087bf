"""What `voteapp poll show` prints of a poll."""

from typing import Any

from services.cli.poll_details import render_poll
from services.polls.definition import parse_poll
from services.polls.moments import format_time

EVENING = """
question = "Who wins?"
opens_at = 2030-05-04T20:15:00+02:00
closes_at = 2030-05-04T22:00:00+02:00
[[choices]]
key = "ANNA"
label = "Anna and the Wolves"
words = ["wolves"]
[[choices]]
key = "BEN"
label = "Ben"
"""
OPENS_MS, CLOSES_MS = 1_904_148_900_000, 1_904_155_200_000


def a_row(**changes: Any) -> dict[str, Any]:
    """The evening as `poll show --json` has it."""
    rounds = [
        {"round": 1, "phase": "closed", "certified_at": CLOSES_MS, "policy": "last", "votes": 1_204, "voters": 9},
        {"round": 2, "phase": "open", "certified_at": None, "policy": "unlimited", "votes": 7, "voters": 7},
    ]  # fmt: skip
    row = {
        "poll": "finale", "policy": "last", "opens_at": OPENS_MS, "closes_at": CLOSES_MS,
        "certified_at": None, "rounds": rounds,
    }  # fmt: skip
    return row | changes


def shown() -> list[str]:
    """The lines, each without its indentation."""
    text = render_poll(a_row(), parse_poll(EVENING, source="finale.toml"))
    return [" ".join(line.split()) for line in text.splitlines()]


def test_times_are_those_of_the_poll_file() -> None:
    """As the operator wrote them, with the offset."""
    assert "opens 2030-05-04 20:15:00+02:00" in shown()
    assert "closes 2030-05-04 22:00:00+02:00" in shown()
    assert format_time(OPENS_MS, None) == "2030-05-04 18:15:00 UTC"
    assert format_time(OPENS_MS, -210) == "2030-05-04 14:45:00-03:30"


def test_each_label_stands_beside_the_word_to_text() -> None:
    """One choice a line."""
    assert "choices WOLVES Anna and the Wolves" in shown()
    assert "BEN Ben" in shown()


def test_each_round_has_a_line() -> None:
    """With its certificate; voters only where they are known."""
    assert (
        "rounds 1: closed, 1,204 votes from 9 voters, certified 2030-05-04 22:00:00+02:00"
        in shown()
    )
    assert "2: open, 7 votes" in shown()
