"""A poll that a deploy moves to other numbers remembers for minutes where it was."""

import pytest

from services.polls.definition import parse_poll
from services.voting import lifecycle
from services.voting.message import parse_text
from services.voting.redelivery import earlier_rounds
from tests.support.office import COLORS, NUMBER, OTHER, Office, both_tables, office
from tests.support.polls import COLORS_TOML, NOON

__all__ = ["both_tables", "office"]

MINUTE = 60_000
ELSEWHERE = "+15550100122"


def move(office: Office, *numbers: str, at_ms: int) -> None:
    """Apply the poll alone, with other numbers; none are all numbers."""
    text = f"numbers = {[*numbers]!r}\n{COLORS_TOML}" if numbers else COLORS_TOML
    office.now_ms = at_ms
    office.polls.apply([parse_poll(text, source="colors.toml")], default_number=NUMBER)


def test_a_new_poll_was_on_no_other_number(office: Office) -> None:
    """Nor is one that keeps its number."""
    text = f'numbers = ["{NUMBER}"]\n{COLORS_TOML.replace("Red", "Ruby")}'
    before = office.round
    office.now_ms = NOON + MINUTE
    office.polls.apply([parse_poll(text, source="colors.toml"), OTHER], default_number=NUMBER)

    assert (before.former_numbers, office.round.former_numbers) == ((), ())
    assert office.round.changed_at_ms == NOON + MINUTE


def test_every_number_of_the_last_five_minutes_is_remembered(office: Office) -> None:
    """Also over a close and a reset; older ones are not."""
    move(office, ELSEWHERE, at_ms=NOON + 10 * MINUTE)
    first = office.round
    move(office, at_ms=NOON + 12 * MINUTE)
    second = office.round
    office.say(lifecycle.closed)
    office.say(lifecycle.next_round)
    reset = office.round
    move(office, NUMBER, at_ms=NOON + 30 * MINUTE)

    assert (first.former_numbers, first.moved_at_ms) == ((NUMBER,), NOON + 10 * MINUTE)
    assert second.former_numbers == (ELSEWHERE, NUMBER)
    assert (reset.former_numbers, reset.moved_at_ms) == (second.former_numbers, second.moved_at_ms)
    assert office.round.former_numbers == ("*",)


@pytest.mark.parametrize(("minutes", "former"), [(4, None), (6, ())])
def test_where_a_poll_of_an_older_version_was_is_known_after_five_minutes(
    minutes: int, former: tuple[str, ...] | None, office: Office
) -> None:
    """It has not changed since; the first write after that says so."""
    row = office.row("colors")
    del row["former_numbers"], row["moved_at"]
    office.tables.client.put_item(TableName="Polls", Item=row)
    unknown = office.round
    office.now_ms = NOON + minutes * MINUTE
    office.say(lifecycle.closed)

    assert unknown.former_numbers is None
    assert office.round.former_numbers == former


def test_a_text_is_looked_up_where_the_poll_was(office: Office) -> None:
    """And the poll beside it, which was archived meanwhile, does not concern it."""
    move(office, ELSEWHERE, at_ms=NOON + 10 * MINUTE)
    rounds = [entry.round for entry in office.polls.entries()]
    found = earlier_rounds(rounds, NUMBER, parse_text("red"), office.now_ms + 1)

    assert COLORS.numbers == (NUMBER,)
    assert [one.poll.id for one in found.rounds] == ["colors"]
