"""`app.py` as the CDK command line runs it."""

from pathlib import Path

import pytest
from aws_cdk import App

import app
from services.voting.errors import PollFileError


def test_every_poll_of_the_project_is_accepted() -> None:
    """What is in `polls/` is what a deploy applies."""
    polls = app.read_polls(app.POLLS)

    assert "colors.toml" in polls


def test_a_refused_poll_file_stops_the_synth_and_is_named(tmp_path: Path) -> None:
    """Before anything is uploaded."""
    (tmp_path / "bad.toml").write_text('question = "Which?"\n')

    with pytest.raises(PollFileError) as refusal:
        app.read_polls(tmp_path)

    assert "bad.toml" in str(refusal.value)
    assert "choices" in str(refusal.value)


def test_polls_that_would_hear_the_same_word_stop_the_synth(tmp_path: Path) -> None:
    """Neither could count it; better told now than in the middle of a deploy."""
    text = (app.POLLS / "colors.toml").read_text(encoding="utf-8")
    for name in ("one.toml", "two.toml"):
        (tmp_path / name).write_text(text, encoding="utf-8")

    with pytest.raises(PollFileError, match=r"two\.toml"):
        app.read_polls(tmp_path)


@pytest.mark.parametrize(
    ("context", "message"),
    [
        ({"stage": "production"}, "-c stage=production: say local, dev or prod"),
        ({"stage": "dev", "wehbook": "lambda"}, "-c wehbook=lambda: no such option"),
    ],
)
def test_a_choice_that_cannot_be_made_ends_with_one_line_and_code_1(
    context: dict[str, str], message: str
) -> None:
    """A person who mistyped needs no stack trace: Python prints a text and exits with 1."""
    with pytest.raises(SystemExit) as ended:
        app.run(App(context=context))

    assert message in str(ended.value.code)
    assert "\n" not in str(ended.value.code)


def test_the_stage_is_dev_unless_another_is_named() -> None:
    """The cautious default: production is said out loud."""
    stack = app.build(App(context={"aws:cdk:bundling-stacks": []}))

    assert stack.stack_name == "VoteApp-dev"
