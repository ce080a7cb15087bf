"""Who gets a reply in each mode, and how time spans are written."""

import pytest

from services.voting.ballot import Outcome, OutcomeKind
from services.voting.poll import Choice, ReplyMode
from services.voting.replies import reply_to
from tests.support.polls import NOON, a_round

ALL = {
    "accepted", "changed", "same", "limit", "stands", "unknown", "near", "unlisted", "waiting",
    "closed", "no_poll",
}  # fmt: skip
COUNTED = {"accepted", "changed", "same"}
ANSWERED = {"all": ALL, "errors": ALL - COUNTED, "none": set[str]()}


@pytest.mark.parametrize("kind", OutcomeKind)
@pytest.mark.parametrize("mode", ReplyMode)
def test_every_kind_of_outcome_is_answered_as_the_mode_says(
    mode: ReplyMode, kind: OutcomeKind
) -> None:
    """In mode `errors`, counted votes get no reply; outcomes without a reply never get one."""
    outcome = Outcome(kind=kind, choice="RED", previous="RED", left=1)
    reply = reply_to(outcome, a_round(reply_mode=mode), NOON)

    assert (reply is not None) is (kind.value in ANSWERED[mode.value])


@pytest.mark.parametrize("kind", OutcomeKind)
def test_without_a_poll_only_its_absence_is_told(kind: OutcomeKind) -> None:
    """Outcomes without a reply get none here, too."""
    if kind in {OutcomeKind.RESERVED, OutcomeKind.BARRED}:
        assert reply_to(Outcome(kind=kind), None, NOON) is None
    if kind is OutcomeKind.NO_POLL:
        assert reply_to(Outcome(kind=kind), None, NOON) == (
            "There is no vote on this number at the moment."
        )


SECOND, MINUTE, HOUR = 1_000, 60_000, 3_600_000


@pytest.mark.parametrize(
    ("left_ms", "expected"),
    [
        (-1, "soon"), (0, "soon"), (1, "in 1 min"), (30 * SECOND, "in 1 min"),
        (MINUTE, "in 1 min"), (MINUTE + 1, "in 2 min"), (59 * MINUTE, "in 59 min"),
        (59 * MINUTE + SECOND, "in 1 h 0 min"), (HOUR + 61 * SECOND, "in 1 h 2 min"),
        (48 * HOUR - MINUTE, "in 47 h 59 min"), (48 * HOUR, "in 2 days"),
        (72 * HOUR - MINUTE, "in 2 days"), (72 * HOUR, "in 3 days"),
    ],
)  # fmt: skip
def test_a_span_is_rounded_up_to_the_minute(left_ms: int, expected: str) -> None:
    """A span is never "in 0 min", and never too short."""
    opens = a_round(opens_at_ms=NOON + left_ms, reply_texts={"waiting": "Opens {opens_in}."})
    closes = a_round(closes_at_ms=NOON + left_ms, reply_texts={"same": "Closes {closes_in}."})
    same = Outcome(kind=OutcomeKind.SAME, choice="RED", previous="RED")

    assert reply_to(Outcome(kind=OutcomeKind.WAITING), opens, NOON) == f"Opens {expected}."
    assert reply_to(same, closes, NOON) == f"Closes {expected}."


@pytest.mark.parametrize(
    ("visibility", "left", "expected"),
    [
        ("open", None, "Thank you! Your vote for Red is in."),
        ("open", 0, "Your vote for Red is in. You have 0 left."),
        ("open", 2, "Your vote for Red is in. You have 2 left."),
        ("sealed", None, "Thank you! Your vote for Red is in. Results come after the close."),
        ("sealed", 2, "Thank you! Your vote for Red is in. Results come after the close."),
    ],
)
def test_an_accepted_vote_is_thanked_for_as_the_poll_is(
    visibility: str, left: int | None, expected: str
) -> None:
    """Zero votes left is shown like any other number."""
    outcome = Outcome(kind=OutcomeKind.ACCEPTED, choice="RED", left=left)

    assert reply_to(outcome, a_round(visibility=visibility), NOON) == expected


def test_a_label_is_not_filled_in_again() -> None:
    """Braces in a label are no placeholders."""
    choices = (Choice(key="RED", label="Red {left}"), Choice(key="BLUE", label="Blue"))
    round = a_round(choices=choices, reply_texts={"accepted_left": "{choice}. {left}"})
    reply = reply_to(Outcome(kind=OutcomeKind.ACCEPTED, choice="RED", left=3), round, NOON)

    assert reply == "Red {left}. 3"


def test_the_words_are_told_in_ballot_order() -> None:
    """The screen has the same order."""
    choices = tuple(Choice(key=key, label=key) for key in ("ZEBRA", "APE", "MOLE"))
    reply = reply_to(Outcome(kind=OutcomeKind.UNKNOWN), a_round(choices=choices), NOON)

    assert reply == "That is not one of the choices. Text one of: ZEBRA, APE, MOLE"
