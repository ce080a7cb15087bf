"""Questions and labels may hold square brackets: every command shows them as they are."""

from typing import Any

import pytest
from rich.console import RenderableType

from services.cli import replay, results
from services.cli.output import errors, print_error
from services.cli.poll_details import render_poll
from services.cli.poll_tables import render, render_document, render_poll_list
from services.tools.demo.demo import live_line
from services.tools.replay.outcome import ReplayResult
from services.tools.replay.texts import Scenario
from services.voting.poll import Choice, Policy, Round
from services.voting.tally import Totals
from tests.support.polls import COLORS_TOML, NOON, a_poll, a_round

WORDS = ["Score the act [/10]", "Pick [a] or [b]", "The [red] one", "[bold]loud[/]", "4:b:2 \\[x]"]


def a_row(**changes: Any) -> dict[str, Any]:
    """A poll as `voteapp poll list --json` has it."""
    row = {
        "poll": "colors", "question": "Which?", "phase": "open", "state": "auto", "round": 1,
        "policy": "last", "numbers": ["+15550100199"], "votes": 3, "voters": 2,
        "visibility": "open", "opens_at": None, "closes_at": None, "certified_at": None,
    }  # fmt: skip
    return row | changes


def a_reading(round: Round, picks: dict[str, int]) -> RenderableType:
    """What `voteapp results` shows."""
    totals = Totals(picks=picks, voters=2, as_of_ms=NOON)
    reading = results.CountReading(round=round, totals=totals, at_ms=NOON)
    return results._render(reading)


def a_round_labelled(words: str) -> Round:
    """With these words as its question and on its only choice."""
    return a_round(question=words, choices=(Choice(key="RED", label=words),))


def in_columns(shown: str) -> list[list[str]]:
    """Name and value of each line."""
    return [line.split(maxsplit=1) for line in shown.splitlines()]


@pytest.mark.parametrize("words", WORDS)
def test_the_list_of_polls_shows_a_question_as_it_is(words: str) -> None:
    """Neither a traceback nor words that are missing."""
    assert words in render_poll_list([a_row(question=words)])


@pytest.mark.parametrize("words", WORDS)
def test_a_poll_is_shown_with_its_words_as_they_are(words: str) -> None:
    """Question, and what to text."""
    shown = render_poll(a_row(question=words), a_round_labelled(words).poll)

    assert ["question", words] in in_columns(shown)
    assert [line for line in shown.splitlines() if line.startswith("choices") and words in line]


@pytest.mark.parametrize("words", WORDS)
def test_results_show_question_and_labels_as_they_are(words: str) -> None:
    """Once each."""
    assert render(a_reading(a_round_labelled(words), {"RED": 3})).count(words) == 2


@pytest.mark.parametrize("words", WORDS)
def test_the_demos_live_line_shows_labels_as_they_are(words: str) -> None:
    """It is made of the same labels."""
    assert words in live_line(a_round_labelled(words), Totals(picks={"RED": 1}), None, {}, 9).plain


def test_a_replay_shows_names_and_labels_as_they_are() -> None:
    """An evening's name comes from its file."""
    toml = COLORS_TOML.replace('label = "Red"', 'label = "The [red] one [/10]"')
    evening = Scenario(name="[b] side", definitions={"colors": toml}, texts=())
    counts = {"colors": {"RED": 1}}
    outcome = ReplayResult(
        truth=counts, ours=counts, counters_2015=counts, differences=counts, recounted=True,
        injected={}, bad=0, other_replies=0, deliveries=1, transcript="",
    )  # fmt: skip
    shown = render(replay._counts(evening, outcome))

    assert "The [red] one [/10]" in shown
    assert "[b] side: what each would show" in shown


def test_an_error_shows_words_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    """Those of a poll file are in it."""
    errors.print("label: 'The [red] one [/10]'")
    print_error("no poll [/x]", ("a [b] line",), "see [docs]")
    shown = capsys.readouterr().err

    assert "label: 'The [red] one [/10]'" in shown
    assert "✗ no poll [/x]\n  │ a [b] line\n  → see [docs]" in shown


def test_where_every_text_is_a_ballot_no_number_of_people_is_told() -> None:
    """`voters` are ballots then; who sent them is not known. Scripts still get the number."""
    round = Round(poll=a_poll(policy=Policy.UNLIMITED))
    past = [{"round": 1, "policy": "unlimited", "votes": 9, "voters": 9}]
    row = a_row(policy="unlimited", votes=9, voters=9)

    assert "3 votes   no vote yet" in render(
        results._render(
            results.CountReading(round=round, totals=Totals(picks={"RED": 3}), at_ms=NOON)
        )
    )
    assert "3 votes from 2 voters" in render(a_reading(a_round(), {"RED": 3}))
    assert render_poll_list([row]).splitlines()[1].split()[3:5] == ["9", "-"]
    assert render_poll_list([a_row()]).splitlines()[1].split()[3:5] == ["3", "2"]
    assert "voters" not in render_document(row | {"rounds": past})
    assert ["voters", "2"] in in_columns(render_document(a_row()))
