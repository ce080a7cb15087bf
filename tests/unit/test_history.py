"""The history of a deployment that replaces a lost one."""

from dataclasses import replace

from services.voting.history import history_of
from services.voting.operators_log import LoggedChange
from services.voting.poll import Round
from tests.support.polls import NOON, a_poll

MINUTE = 60_000


def a_row(poll: str, minutes: int, number: int = 1) -> LoggedChange:
    """A row of the log, written so many minutes after noon."""
    round = Round(poll=replace(a_poll(), id=poll), number=number)
    return LoggedChange(at_ms=NOON + minutes * MINUTE, what="created", by="deploy", round=round)


def test_since_a_given_time_every_poll_is_taken_to_have_been_as_its_first_row_says() -> None:
    """Unless it is older than that; later rows count from their own time on, as always."""
    log = [a_row("old", -90), a_row("colors", 0), a_row("songs", 1), a_row("colors", 2, number=2)]
    history = history_of(log, since_ms=NOON - 60 * MINUTE)
    seen = {
        minutes: {
            round.poll.id: round.number
            for round in history.directory_at(NOON + minutes * MINUTE).rounds
        }
        for minutes in (-61, -60, 1, 2)
    }

    assert seen == {
        -61: {"old": 1},
        -60: {"old": 1, "colors": 1, "songs": 1},
        1: {"old": 1, "colors": 1, "songs": 1},
        2: {"old": 1, "colors": 2, "songs": 1},
    }
