"""Poll files, good and bad."""

from pathlib import Path

import pytest

from services.polls.definition import parse_poll
from services.voting.errors import PollFileError
from services.voting.poll import Policy, ReplyMode
from tests.support.polls import COLORS_TOML

POLLS = Path(__file__).parents[2] / "polls"

FULL = """
question = "Who wins?"
numbers = ["+15550100199"]
keyword = "final"
policy = "each"
limit = 3
opens_at = 2030-05-04T20:15:00+02:00
closes_at = 2030-05-04T22:00:00+02:00
visibility = "sealed"
shards = 128
retention_days = 7
percent_from = 50

[replies]
mode = "errors"
closed = "Too late."

[[choices]]
key = "A"
label = "Team A"
words = ["alpha", "α"]
colour = { dark = "#ffffff", light = "#000000" }

[[choices]]
key = "B"
label = "Team B"
"""


@pytest.mark.parametrize("path", sorted(POLLS.glob("*.toml")), ids=lambda path: path.name)
def test_the_polls_of_the_repository_are_sound(path: Path) -> None:
    """Each is valid, and its id is its file name."""
    assert parse_poll(path.read_text(encoding="utf-8"), source=str(path)).id == path.stem


def test_a_full_file_is_read_whole() -> None:
    """Every key of the file is in the parsed poll."""
    poll = parse_poll(FULL, source="polls/final.toml")

    assert (poll.id, poll.keyword, poll.numbers) == ("final", "final", ("+15550100199",))
    assert (poll.policy, poll.limit, poll.visibility, poll.shards) == (
        Policy.EACH,
        3,
        "sealed",
        128,
    )
    assert poll.closes_at_ms
    assert poll.opens_at_ms
    assert poll.closes_at_ms - poll.opens_at_ms == 105 * 60_000
    assert (poll.retention_days, poll.percent_from) == (7, 50)
    assert (poll.reply_mode, poll.reply_texts) == (ReplyMode.ERRORS, {"closed": "Too late."})
    assert poll.lexicon["α"] == "A"
    assert poll.choices[0].colour == {"dark": "#ffffff", "light": "#000000"}
    assert poll.definition == FULL


@pytest.mark.parametrize(
    ("old", "new", "line", "complaint"),
    [
        ('question = "Who wins?"', "", 0, "question: missing"),
        ('policy = "each"', 'policy = "most"', 5, "policy: 'most': one of last, first, each"),
        ("limit = 3", "limit = 21", 6, "limit: 21: at most 20"),
        ("limit = 3", 'limit = "3"', 6, "limit: '3': give a whole number"),
        ("limit = 3", "limit = true", 6, "limit: true: give a whole number"),
        ('policy = "each"', 'policy = "last"', 6, "limit: 3: a limit goes with"),
        ("2030-05-04T22", "2030-05-04T19", 8, "closes_at"),
        ("22:00:00+02:00", "22:00:00", 8, "closes_at"),
        ('["+15550100199"]', '["0199"]', 3, "numbers: ['0199']"),
        ('visibility = "sealed"', "visibility = 1", 9, "visibility: 1: give text"),
        ("shards = 128", "shards = 0", 10, "shards: 0: at least 1"),
        ("percent_from = 50", "percent = 50", 12, "percent: 50: no such key"),
        ('mode = "errors"', 'mode = "some"', 15, "replies.mode: 'some'"),
        ('key = "B"', 'key = "A"', 18, "choices: 'A': give every choice a key"),
        ('key = "B"', 'key = "b b"', 25, "choices[1].key: 'b b'"),
        ('label = "Team B"', 'label = "alpha"', 26, "'alpha': A already answers to it"),
        ('label = "Team B"', 'label = "Stop!"', 26, "'Stop!': carriers answer this word"),
        ('label = "Team B"', 'label = "?!"', 26, "'?!': name it with letters or digits"),
        ('label = "Team B"', 'label = "Team\\fB"', 26, r"label: 'Team\x0cB': U+000C: control characters cannot be shown; write without"),
        ('label = "Team B"', 'label = "Team\u2028B"', 26, r"label: 'Team\u2028B': U+2028: control characters"),
        ('"α"]', '"a\\u0085\\u0000b"]', 21, r"choices[0].words: 'a\x85\x00b': U+0085, U+0000: control characters"),
        ('"Who wins?"', '"Who\\u2029wins?"', 2, r"question: 'Who\u2029wins?': U+2029: control characters"),
        ('"Too late."', '"Too\\rlate."', 16, r"replies.closed: 'Too\rlate.': U+000D: control characters"),
        ('"α"]', '"2"]', 21, "choices[0].words: '2': it is the place of B in ballot order"),
        ('keyword = "final"', 'keyword = "team"', 4, "keyword: 'team': the name 'Team A' begins with it"),
        ('"#ffffff"', '"white"', 22, "choices[0].colour"),
        ("limit = 3", "limit = ", 6, "(TOML)"),
    ],
)  # fmt: skip
def test_a_bad_file_is_refused_with_line_key_value_and_remedy(
    old: str, new: str, line: int, complaint: str
) -> None:
    """Each mistake is reported once, with its place and a remedy."""
    text = FULL.replace(old, new, 1)
    assert text != FULL

    with pytest.raises(PollFileError) as caught:
        parse_poll(text, source="polls/final.toml")

    assert complaint in str(caught.value)
    assert "polls/final.toml" in str(caught.value)
    assert caught.value.problems[0].line == line


def test_a_line_separator_in_a_file_does_not_move_its_lines() -> None:
    """In TOML only a line feed ends a line."""
    text = FULL.replace("Who wins?", "Who\u2028wins?").replace("limit = 3", "limit = 21")

    with pytest.raises(PollFileError) as caught:
        parse_poll(text, source="polls/final.toml")

    assert [(p.key, p.line) for p in caught.value.problems] == [("question", 2), ("limit", 6)]


def test_all_mistakes_are_told_at_once() -> None:
    """One run reports all problems of a file."""
    bad = COLORS_TOML.replace("question", "questions").replace('label = "Red"', "label = 5")

    with pytest.raises(PollFileError) as caught:
        parse_poll(bad, source="colors.toml")

    assert {p.key for p in caught.value.problems} == {"questions", "question", "choices[0].label"}


@pytest.mark.parametrize("name", ["Colors", "a b", "x" * 25, "-a", "a#b", "a:1"])
def test_a_poll_id_is_safe_in_a_key(name: str) -> None:
    """It contains neither `:` nor `#`, which follow it in partition keys."""
    with pytest.raises(PollFileError, match="file name"):
        parse_poll(COLORS_TOML, source=f"{name}.toml")


MANY = """
question = "Keep it?"
polcy = "last"
opens_at = 2030-05-04T20:15:00+02:00
closes_at = 2030-05-04T19:15:00+02:00
limit = true
[[choices]]
key = "yes"
label = "Yes"
wrds = ["y"]
[[choices]]
key = "NO"
label = "No"
words = ["help"]
"""


def test_one_pass_reports_everything_in_the_order_of_lines() -> None:
    """Wrong keys, wrong values, and what only the whole poll shows; no Python in it."""
    with pytest.raises(PollFileError) as caught:
        parse_poll(MANY, source="keep.toml")
    shown = str(caught.value)

    assert [(p.line, p.key) for p in caught.value.problems] == [
        (3, "polcy"), (5, "closes_at"), (6, "limit"), (8, "choices[0].key"), (10, "choices[0].wrds"), (14, "choices[1].words"),
    ]  # fmt: skip
    assert "no such key; did you mean policy?" in shown
    assert "no such key; did you mean words?" in shown
    assert "closes_at: '2030-05-04 19:15:00+02:00': close after the opening" in shown
    assert "capital letters, digits, - and _, at most 16" in shown
    assert [sign for sign in ("True", "datetime", "Q0Q", "q0q") if sign in shown] == []


def test_the_number_of_choices_is_said_in_words() -> None:
    """And nothing else about the choice that is there."""
    with pytest.raises(PollFileError) as caught:
        parse_poll('question = "?"\n[[choices]]\nkey = "A"\nlabel = "a"\n', source="x.toml")

    assert str(caught.value) == "x.toml:2: choices: 1 entry: needs at least 2 choices"


def test_the_way_out_for_yes_and_no_is_a_valid_poll() -> None:
    """What the remedy says can be pasted."""
    choices = (("YES", "Yes"), ("NO", "No"))
    text = "question = 'Keep it?'\n" + "".join(
        f'[[choices]]\nkey = "{key}"\nlabel = "{label}"\n' for key, label in choices
    )
    with pytest.raises(PollFileError) as caught:
        parse_poll(text, source="keep.toml")
    mended = text.replace('"YES"', '"FOR"').replace('"NO"', '"AGAINST"')
    label = 'label = "{}"\n'
    numbered = mended.replace(label.format("Yes"), label.format("Yes") + 'words = ["1"]\n').replace(
        label.format("No"), label.format("No") + 'words = ["2"]\n'
    )

    assert 'such as the key FOR with the label "Yes"' in str(caught.value)
    assert parse_poll(mended, source="keep.toml").lexicon["for"] == "FOR"
    assert [choice.word for choice in parse_poll(numbered, source="keep.toml").choices] == [
        "1",
        "2",
    ]


def test_beside_the_label_yes_no_label_is_a_name() -> None:
    """Otherwise texts of NO would be counted, and texts of YES, which carriers answer, never."""
    text = (POLLS.parent / "docs/examples/yes-no.toml").read_text(encoding="utf-8")
    poll = parse_poll(text, source="yes-no.toml")

    assert [choice.label for choice in poll.choices] == ["Yes", "No"]
    assert dict(poll.lexicon) == {"for": "FOR", "against": "AGAINST", "1": "FOR", "2": "AGAINST"}


def test_other_words_of_the_carriers_are_no_labels() -> None:
    """Somebody who texts STOP to vote gets no texts any more."""
    text = 'question = "?"\n[[choices]]\nkey = "A"\nlabel = "Stop"\n[[choices]]\nkey = "B"\nlabel = "b"\n'
    with pytest.raises(PollFileError, match=r"choices.0..label: 'Stop': carriers answer this word"):
        parse_poll(text, source="x.toml")


def test_no_poll_is_called_current() -> None:
    """In the address of the page it is the open one."""
    with pytest.raises(PollFileError) as caught:
        parse_poll(COLORS_TOML, source="polls/current.toml")

    assert str(caught.value) == (
        "polls/current.toml: file name: 'current': the address ?poll=current means the poll that is open; "
        "give the file another name"
    )
