"""Problems with polls whose fields are valid."""

import pytest

from services.polls.definition import check_poll, parse_poll, parse_stored_poll
from services.polls.rules import check_rules
from services.voting.errors import PollFileError, Problem
from services.voting.poll import Choice, Policy, Poll, ReplyMode
from tests.support.polls import NOON, a_poll

LONG = tuple(Choice(key=f"K{n:015}", label=f"L{n}") for n in range(12))


def complaints(poll: Poll) -> list[str]:
    """The problems of one poll, as text."""
    return [str(problem) for problem in check_rules(poll)]


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"opens_at_ms": NOON, "closes_at_ms": NOON}, "close after the opening"),
        ({"limit": 3}, "a limit goes with"),
        ({"reply_texts": {"accepted": "Merci pour {choix}"}}, "{choix} cannot be filled in here"),
        ({"reply_texts": {"closed": "{closes_in}"}}, "{closes_in} cannot be filled in here"),
        ({"reply_texts": {"same": "“{choice}”"}}, "replies.same: '“{choice}”': '“”': no carrier has this"),
        ({"question": "Which\tone?"}, r"question: 'Which\tone?': U+0009: control characters cannot be shown"),
        ({"reply_texts": {"same": "A\r\nB"}}, r"replies.same: 'A\r\nB': U+000D: control characters"),
        ({"reply_texts": {"same": "A\fB"}}, r"replies.same: 'A\x0cB': U+000C: control characters"),
        ({"reply_texts": {"unknown": "x" * 161}}, "up to 161 characters"),
        ({"reply_texts": {"unknown": "x" * 145 + "{choices}"}}, "up to 161 characters"),
        ({"reply_texts": {"same": "x" * 156 + "{choice}"}}, "up to 161 characters"),
        ({"reply_texts": {"limit": "€" * 81}}, "up to 162 characters"),
        ({"reply_texts": {"accepted": "x" * 147 + "{closes_in}"}}, "up to 161 characters"),
        ({"choices": LONG}, "shorten labels or words"),
    ],
)  # fmt: skip
def test_nonsense_is_named_with_a_remedy(changes: dict[str, object], complaint: str) -> None:
    """Each mistake is reported once."""
    (found,) = [line for line in complaints(a_poll(**changes)) if "(warning)" not in line]

    assert complaint in found


@pytest.mark.parametrize(
    ("choices", "warned"),
    [
        ((Choice(key="A", label="W" * 60), Choice(key="B", label="B")), "choices[0].label"),
        ((Choice(key="A", label="A"), Choice(key="B", label="B", words=("wwwwwwwww",))), "choices[1].words"),
    ],
)  # fmt: skip
def test_what_the_stage_may_cut_is_a_warning(choices: tuple[Choice, ...], warned: str) -> None:
    """A label or a word; the poll can be applied."""
    (problem,) = check_rules(a_poll(choices=choices))

    assert (problem.key, problem.severity) == (warned, "warning")
    assert "the stage may cut this" in problem.remedy


@pytest.mark.parametrize("count", [2, 8])
def test_eight_usual_labels_of_sixty_characters_are_not_cut(count: int) -> None:
    """Beside a word of seven letters."""
    label = "Arabesque in three movements, for the left hand, with chorus"
    choices = tuple(
        Choice(key=f"SEVEN-{n}", label=f"{n}{label[1:]}", words=(f"seven-{n}",))
        for n in range(count)
    )

    assert len(label) == 60
    assert [p for p in check_rules(a_poll(choices=choices)) if p.key != "replies"] == []


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"reply_texts": {"unknown": "x" * 144 + "{choices}"}},
        {"reply_texts": {"limit": "€" * 80}},
        {"reply_texts": {"same": "Still {choice}.\nThank you!"}},
        {"policy": Policy.EACH, "limit": 20},
        {"choices": (Choice(key="A", label="Красный", words=("красный",)), Choice(key="B", label="B"))},
        {"reply_mode": ReplyMode.NONE, "reply_texts": {"same": "“" * 500}},
    ],
)  # fmt: skip
def test_sense_is_left_alone(changes: dict[str, object]) -> None:
    """Texts of exactly one segment, labels in any script, and replies that are never sent."""
    assert complaints(a_poll(**changes)) == []


def test_a_pale_colour_is_a_warning_and_the_poll_is_usable() -> None:
    """Low contrast is hard to see from afar."""
    text = (
        'question = "?"\n[[choices]]\nkey = "A"\nlabel = "A"\ncolour = "#ffee00"\n'
        '[[choices]]\nkey = "B"\nlabel = "B"\n'
    )
    examined = check_poll(text, source="pale.toml")

    assert examined.poll is not None
    (problem,) = examined.problems
    assert (problem.severity, problem.line, problem.key) == ("warning", 5, "choices[0].colour")
    assert "light background" in problem.remedy
    assert parse_poll(text, source="pale.toml").choices[0].colour == {
        "dark": "#ffee00",
        "light": "#ffee00",
    }


def test_what_is_stored_is_read_even_if_checks_have_become_stricter() -> None:
    """A release must not invalidate polls in use; wrong types are still refused."""
    text = 'question = "?"\n[[choices]]\nkey = "STOP"\nlabel = "A"\n[[choices]]\nkey = "B"\nlabel = "B"\n'

    assert parse_stored_poll(text, poll_id="old").choices[0].key == "STOP"
    with pytest.raises(PollFileError):
        parse_poll(text, source="old.toml")
    with pytest.raises(PollFileError):
        parse_stored_poll('question = "?"', poll_id="old")


def test_a_warning_says_that_it_is_one() -> None:
    """The text of a warning ends in "(warning)"."""
    assert str(Problem(key="k", value=1, remedy="r", severity="warning")).endswith("(warning)")
