"""Phases of rounds, and the directory that matches a text with a round."""

from dataclasses import replace

import pytest

from services.voting.directory import Directory, TextMatch
from services.voting.message import parse_text
from services.voting.poll import Choice, Phase, Round, State
from tests.support.polls import NOON, NUMBER, a_poll, a_round

HOUR = 3_600_000
TIMED = a_poll(opens_at_ms=NOON, closes_at_ms=NOON + HOUR)


@pytest.mark.parametrize(
    ("now_ms", "phase"),
    [(NOON - 1, "waiting"), (NOON, "open"), (NOON + HOUR - 1, "open"), (NOON + HOUR, "closed")],
)
def test_the_times_decide_by_themselves(now_ms: int, phase: str) -> None:
    """Opening and closing times need no operator."""
    assert Round(poll=TIMED).phase_at(now_ms) == phase


def test_a_poll_without_times_is_open() -> None:
    """It is open until an operator closes it."""
    assert a_round().phase_at(0) is Phase.OPEN


@pytest.mark.parametrize(
    ("state", "at_ms", "now_ms", "phase"),
    [
        (State.OPEN, NOON - 9, NOON - 5, Phase.OPEN),
        (State.OPEN, NOON - 9, NOON + HOUR, Phase.CLOSED),
        (State.OPEN, NOON + 2 * HOUR, NOON + 3 * HOUR, Phase.OPEN),
        (State.CLOSED, NOON - 9, NOON + 5, Phase.CLOSED),
        (State.ARCHIVED, NOON, NOON + 5, Phase.ARCHIVED),
    ],
    ids=["opened early", "still closes on time", "opened again", "closed early", "archived"],
)
def test_the_operator_wins_over_the_times(
    state: State, at_ms: int, now_ms: int, phase: Phase
) -> None:
    """A closing time in the future still closes the round."""
    assert Round(poll=TIMED, state=state, state_at_ms=at_ms).phase_at(now_ms) is phase


def test_a_choice_is_found_by_its_key() -> None:
    """And a key that no choice has is an error that names it."""
    poll = a_poll()

    assert [poll.choice(key).label for key in ("RED", "BLUE")] == ["Red", "Blue"]
    with pytest.raises(KeyError, match="OAK"):
        poll.choice("OAK")


@pytest.mark.parametrize(
    ("round", "last_ms"),
    [
        (a_round(closes_at_ms=NOON), NOON),
        (a_round(closes_at_ms=NOON - 1), NOON - 1),
        (Round(poll=a_poll(), expires_from_ms=NOON), NOON),
        (Round(poll=a_poll(closes_at_ms=NOON - 5), began_at_ms=NOON - 5), 0),
        (a_round(opens_at_ms=NOON + 1), 0),
    ],
    ids=["closes now", "closed", "expires now", "began at its close", "waits"],
)
def test_a_round_says_when_it_was_last_open(round: Round, last_ms: int) -> None:
    """At noon; 0 if it never was."""
    assert round.last_open_ms(NOON) == last_ms


def test_a_round_says_when_it_closed() -> None:
    """Closed by an operator, or at its closing time."""
    by_hand = Round(poll=TIMED, state=State.CLOSED, state_at_ms=5)

    assert by_hand.closed_at_ms == 5
    assert Round(poll=TIMED).closed_at_ms == NOON + HOUR


def test_a_sealed_poll_is_counted_on_a_sealed_board() -> None:
    """Guests may not read that board."""
    assert a_round(visibility="sealed").board == "sealed#colors"


# --- routing -----------------------------------------------------------------------

COLORS = a_round()
TREES = Round(
    poll=a_poll(
        id="trees",
        keyword="trees",
        choices=(Choice(key="OAK", label="Oak"), Choice(key="ASH", label="Ash")),
    )
)
ELSEWHERE = Round(poll=a_poll(id="elsewhere", numbers=("+15550100111",)))


def match_at_noon(*rounds: Round, body: str, to: str = NUMBER) -> TextMatch:
    """Match a text at noon."""
    return Directory(rounds).match_text(to, parse_text(body), NOON)


def test_a_text_goes_to_the_poll_of_its_number() -> None:
    """Polls on other numbers do not match."""
    elsewhere = match_at_noon(COLORS, ELSEWHERE, body="red", to="+15550100111")

    assert match_at_noon(COLORS, ELSEWHERE, body="red") == TextMatch(round=COLORS, choice="RED")
    assert elsewhere.round in (COLORS, ELSEWHERE)
    assert match_at_noon(ELSEWHERE, body="red") == TextMatch()


def test_polls_that_share_a_number_are_told_apart_by_choice_or_keyword() -> None:
    """A word that only one poll has is enough; a keyword selects its poll."""
    assert match_at_noon(COLORS, TREES, body="oak") == TextMatch(round=TREES, choice="OAK")
    assert match_at_noon(COLORS, TREES, body="blue") == TextMatch(round=COLORS, choice="BLUE")
    assert match_at_noon(COLORS, TREES, body="trees 2") == TextMatch(round=TREES, choice="ASH")
    assert match_at_noon(COLORS, TREES, body="trees red") == TextMatch(round=TREES)
    assert match_at_noon(COLORS, TREES, body="trees") == TextMatch(round=TREES)


def test_an_open_poll_hears_a_text_before_a_closed_one() -> None:
    """Successive polls may have the same choices."""
    closed = Round(poll=a_poll(id="a-first"), state=State.CLOSED)

    assert match_at_noon(closed, COLORS, body="red").round == COLORS
    assert match_at_noon(closed, body="red") == TextMatch(round=closed, choice="RED")


BAND = a_round(
    id="tonight", choices=(Choice(key="BAND", label="Band"), Choice(key="DJ", label="DJ"))
)


@pytest.mark.parametrize("times", [{"closes_at_ms": NOON}, {"opens_at_ms": NOON + 1}, {}])
@pytest.mark.parametrize("body", ["BAND", "vote band", "1"])
def test_a_word_of_an_open_poll_is_no_keyword_of_another_poll(
    times: dict[str, int], body: str
) -> None:
    """Checked for other polls that are closed, waiting or open."""
    other = a_round(id="a-bands", keyword="band", choices=TREES.poll.choices, **times)
    shared = not times and body == "1"

    match = match_at_noon(other, BAND, body=body)

    assert (match.choice, len(match.others)) == ((None, 1) if shared else ("BAND", 0))


def test_a_keyword_of_an_open_poll_comes_before_the_words_of_a_closed_one() -> None:
    """The words of closed polls come before the keywords of waiting polls."""
    closed = a_round(
        id="a-closed", closes_at_ms=NOON, choices=(Choice(key="T", label="Trees oak"),)
    )
    waiting = replace(TREES, poll=replace(TREES.poll, opens_at_ms=NOON + 1))

    opened = match_at_noon(closed, TREES, body="trees oak")
    shut = match_at_noon(closed, waiting, body="trees oak")

    assert (opened.round, opened.choice) == (TREES, "OAK")
    assert (shut.round, shut.choice) == (closed, "T")
    assert match_at_noon(waiting, body="trees oak") == TextMatch(round=waiting, choice="OAK")
    assert match_at_noon(waiting, COLORS, body="trees").round is waiting


def test_a_word_after_a_keyword_that_two_open_polls_have_is_not_counted() -> None:
    """An operator can open polls at the same time that were checked for different times."""
    again = replace(TREES, poll=replace(TREES.poll, id="trees-2"))

    match = match_at_noon(TREES, again, COLORS, body="trees oak")

    assert (match.round, match.choice, match.others) == (TREES, None, (again,))


def test_an_archived_poll_hears_nothing() -> None:
    """It is ignored."""
    assert match_at_noon(Round(poll=a_poll(), state=State.ARCHIVED), body="red") == TextMatch()


def test_a_word_of_the_carriers_is_reserved_on_any_number() -> None:
    """It is reserved on numbers with polls, too."""
    assert match_at_noon(COLORS, body="Stop") == TextMatch(reserved=True)


def test_an_unknown_word_belongs_to_the_open_poll() -> None:
    """The reply can then list its choices."""
    assert match_at_noon(COLORS, body="purple") == TextMatch(round=COLORS)
