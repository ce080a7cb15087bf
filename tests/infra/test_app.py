"""`app.py` as the CDK command line runs it."""

from pathlib import Path

import pytest
from aws_cdk import App

import app
from services.voting.errors import PollFileError


def test_every_poll_of_the_project_is_accepted() -> None:
    """A deploy applies every file in `polls/`."""
    polls = app.read_polls(app.POLLS)

    assert "colors.toml" in polls


def test_a_refused_poll_file_stops_the_synth_and_is_named(tmp_path: Path) -> None:
    """The error comes before anything is uploaded."""
    (tmp_path / "bad.toml").write_text('question = "Which?"\n')

    with pytest.raises(PollFileError) as refusal:
        app.read_polls(tmp_path)

    assert "bad.toml" in str(refusal.value)
    assert "choices" in str(refusal.value)


def test_polls_with_the_same_words_stop_the_synth(tmp_path: Path) -> None:
    """The error comes at synth, not in the middle of a deploy."""
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
def test_an_invalid_option_ends_with_one_line_and_code_1(
    context: dict[str, str], message: str
) -> None:
    """Without a stack trace: `sys.exit` prints the text and exits with code 1."""
    with pytest.raises(SystemExit) as ended:
        app.run(App(context=context))

    assert message in str(ended.value.code)
    assert "\n" not in str(ended.value.code)


def test_the_stage_is_dev_unless_another_is_named() -> None:
    """Production must be named explicitly."""
    stack = app.build(App(context={"aws:cdk:bundling-stacks": []}))

    assert stack.stack_name == "VoteApp-dev"
