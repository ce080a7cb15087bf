"""What the commands say of numbers: the singular of one, and columns that line up."""

from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from services.cli import results
from services.cli.app import app
from services.cli.poll_details import render_poll
from services.cli.poll_tables import render, render_document
from services.cli.rounds import show_progress
from services.polls.definition import parse_poll
from services.polls.doubts import find_doubts
from services.voting.amounts import amount
from services.voting.tally import Totals
from tests.support.polls import COLORS_TOML, NOON, a_poll, a_round


@pytest.mark.parametrize(
    ("count", "nouns", "said"),
    [
        (0, ("vote",), "0 votes"),
        (1, ("vote",), "1 vote"),
        (2, ("vote",), "2 votes"),
        (1_204, ("vote",), "1,204 votes"),
        (1, ("text waits", "texts wait"), "1 text waits"),
        (3, ("text waits", "texts wait"), "3 texts wait"),
        (21, ("delivery", "deliveries"), "21 deliveries"),
    ],
)
def test_only_one_thing_has_the_singular(count: int, nouns: tuple[str, ...], said: str) -> None:
    """Also in a number of more digits, and where the verb differs too."""
    assert amount(count, *nouns) == said


def reading(picks: dict[str, int], voters: int, age_seconds: int = 0) -> list[str]:
    """The lines that `voteapp results` shows."""
    totals = Totals(picks=picks, voters=voters, as_of_ms=NOON - 1000 * age_seconds)
    text = render(results._render(results.CountReading(round=a_round(), totals=totals, at_ms=NOON)))
    return text.splitlines()


def test_one_vote_is_of_one_voter() -> None:
    """In the line below the bars."""
    assert reading({"RED": 1}, 1)[-1] == "1 vote from 1 voter   newest vote 0 s ago"


@pytest.mark.parametrize(
    ("seconds", "age"),
    [(99, "99 s"), (100, "2 min"), (5_399, "90 min"), (5_400, "2 h"), (172_800, "2 days")],
)
def test_an_old_vote_is_not_told_in_seconds(seconds: int, age: str) -> None:
    """Minutes, hours and days, as on the screen."""
    assert reading({"RED": 1}, 1, seconds)[-1].endswith(f"newest vote {age} ago")


def test_counts_and_shares_line_up_at_their_right() -> None:
    """So that ones stand below ones."""
    lines = [line.rstrip(" █") for line in reading({"RED": 1_200, "GREEN": 0}, 1_200)]
    red = next(line for line in lines if line.startswith("Red"))
    green = next(line for line in lines if line.startswith("Green"))

    assert red.endswith("1,200  100.0%")
    assert green.endswith("    0    0.0%")
    assert len(red) == len(green)


def test_a_round_with_one_vote_has_one_voter() -> None:
    """In the line of a round of `voteapp poll show`."""
    one = {"round": 1, "phase": "open", "policy": "last", "votes": 1, "voters": 1}
    poll = parse_poll(COLORS_TOML, source="colors.toml")

    assert (
        render_poll({"rounds": [one]}, poll).splitlines()[-1].endswith("open, 1 vote from 1 voter")
    )


def test_people_read_yes_and_no() -> None:
    """Not the words of a programming language."""
    assert render_document({"open": True, "expired": False}).split() == [
        "open",
        "yes",
        "expired",
        "no",
    ]


def test_a_poll_on_every_number_is_doubted_once() -> None:
    """With all polls beside it in one line."""
    everywhere = replace(a_poll(), id="colors", numbers=())
    others = [
        replace(a_poll(), id=name, numbers=(number,))
        for name, number in (("encore", "+15550100142"), ("finale", "+15550100143"))
    ]

    assert list(find_doubts([everywhere, *others], NOON)) == [
        "colors: has no numbers, so it answers on those of encore, finale too, at the same time"
    ]


def test_a_folder_of_poll_files_can_be_checked(tmp_path: Path) -> None:
    """As it can be applied."""
    (tmp_path / "colors.toml").write_text(COLORS_TOML)
    done = CliRunner().invoke(app, ["poll", "check", str(tmp_path)], env={"COLUMNS": "300"})

    assert (done.exit_code, done.output) == (0, f"{tmp_path}/colors.toml: fine\n")


def test_nothing_is_drawn_where_there_is_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """Not even the empty line that a bar leaves behind."""
    with show_progress("Recounting") as advance:
        advance(3)

    assert capsys.readouterr() == ("", "")
