"""Where a text belongs as of the time at which Twilio received it."""

from dataclasses import replace

import pytest

from services.adapters.fuzzy_match import one_edit_away
from services.voting import lifecycle
from services.voting.ballot import OutcomeKind
from services.voting.history import History, RoundChange
from services.voting.placement import LatePlacements, Placement
from services.voting.poll import Choice, Round, State
from tests.support.polls import NOON, NUMBER, a_poll, a_text

SECOND = 1_000
MINUTE = 60 * SECOND


def changes(*rounds: tuple[int, Round]) -> list[RoundChange]:
    """The log of a poll: from so many milliseconds after noon on, it was this round."""
    return [RoundChange(at_ms=NOON + at_ms, round=round) for at_ms, round in rounds]


def placements(*rounds: tuple[int, Round]) -> LatePlacements:
    """The placements by such a log."""
    return LatePlacements(History(changes(*rounds)), one_edit_away)


def first_round(**settings: object) -> Round:
    """A round that was created at noon, with the first row of its log."""
    return replace(Round(poll=a_poll(**settings)), began_at_ms=NOON)


def placed(late: LatePlacements, at_ms: int, body: str = "red", *, within_ms: int = 0) -> Placement:
    """Where a text belongs that was received so long after noon."""
    return late.at(a_text(body), NOON + at_ms, within_ms=within_ms)


def test_a_text_belongs_to_the_round_of_its_time() -> None:
    """Not to the round that follows when it is found missing."""
    one = first_round()
    two = replace(lifecycle.next_round(one, NOON + MINUTE), previous=None)
    late = placements((0, one), (MINUTE, two))

    found = [placed(late, at_ms).round for at_ms in (0, MINUTE - 1, MINUTE)]

    assert [round.number for round in found if round] == [1, 1, 2]


def test_what_happens_to_a_past_round_does_not_make_it_current_again() -> None:
    """It is certified after its reset; texts are for the round that is open."""
    one = first_round()
    two = replace(lifecycle.next_round(one, NOON + MINUTE), previous=None)
    certified = replace(one, certified_at_ms=NOON + 2 * MINUTE)
    late = placements((0, one), (MINUTE, two), (2 * MINUTE, certified))

    round = placed(late, 2 * MINUTE).round

    assert round is not None
    assert round.number == 2
    assert late.history.newest(one) == certified
    assert late.history.newest(two) == two
    assert late.history.newest(replace(two, number=3)).number == 3


def test_a_text_from_before_the_close_is_a_vote_and_one_from_after_it_is_not() -> None:
    """Whatever its sender was told."""
    one = first_round()
    late = placements((0, one), (MINUTE, lifecycle.closed(one, NOON + MINUTE)))

    assert placed(late, MINUTE - 1).choice == "RED"
    assert placed(late, MINUTE).refusal is OutcomeKind.CLOSED
    assert placed(late, MINUTE).round == lifecycle.closed(one, NOON + MINUTE)


def test_a_text_that_is_no_vote_in_its_whole_second_is_refused_as_of_its_beginning() -> None:
    """Its sender was told that voting had not begun, not that the word is unknown."""
    late = placements((0, first_round(opens_at_ms=NOON + 500)))

    assert placed(late, 0, "purple", within_ms=999).refusal is OutcomeKind.WAITING
    assert placed(late, 0, within_ms=999).choice == "RED"


def test_a_text_means_what_the_file_said_at_its_time() -> None:
    """A word that was added later is no vote of an earlier text."""
    one = first_round()
    crimson = (Choice(key="RED", label="Red", words=("crimson",)), *one.poll.choices[1:])
    late = placements((0, one), (MINUTE, replace(one, poll=replace(one.poll, choices=crimson))))

    assert placed(late, MINUTE - 1, "crimson").refusal is OutcomeKind.UNKNOWN
    assert placed(late, MINUTE, "crimson").choice == "RED"


@pytest.mark.parametrize(
    ("body", "refusal", "choice"),
    [
        ("red", None, "RED"),
        ("purple", OutcomeKind.UNKNOWN, None),
        ("gren", OutcomeKind.NEAR, "GREEN"),
        ("STOP", OutcomeKind.RESERVED, None),
        ("", OutcomeKind.UNKNOWN, None),
    ],
)
def test_a_text_is_refused_for_the_reason_that_the_webhook_gives(
    body: str, refusal: OutcomeKind | None, choice: str | None
) -> None:
    """The same rules decide both."""
    found = placed(placements((0, first_round(numbers=(NUMBER,)))), 5, body)

    assert (found.refusal, found.choice) == (refusal, choice)
    assert (found.is_vote, found.round is None) == (refusal is None, body == "STOP")


def test_a_text_to_a_number_without_a_poll_is_for_no_round() -> None:
    """Or from before there was a poll."""
    late = placements((0, first_round(numbers=("+15550100100",))))

    assert placed(late, 5) == Placement(refusal=OutcomeKind.NO_POLL)
    assert placed(placements((0, first_round())), -5) == Placement(refusal=OutcomeKind.NO_POLL)


def test_a_text_in_the_second_of_the_opening_is_a_vote() -> None:
    """Twilio's times are whole seconds: the text may have come after the opening."""
    late = placements((0, first_round(opens_at_ms=NOON + 10 * SECOND + 400)))

    assert placed(late, 10 * SECOND, within_ms=999).choice == "RED"
    assert placed(late, 9 * SECOND, within_ms=999).refusal is OutcomeKind.WAITING
    assert placed(late, 10 * SECOND).refusal is OutcomeKind.WAITING


def test_a_text_in_the_second_of_the_close_is_a_vote() -> None:
    """It may have come before the close; the voter gets the benefit."""
    late = placements((0, first_round(closes_at_ms=NOON + 10 * SECOND + 400)))

    assert placed(late, 10 * SECOND, within_ms=999).choice == "RED"
    assert placed(late, 11 * SECOND, within_ms=999).refusal is OutcomeKind.CLOSED


def numbers(late: LatePlacements, at_ms: int) -> set[int]:
    """The rounds in which the webhook may have counted a text."""
    return {round.number for round in late.possible(a_text("red"), NOON + at_ms)}


def test_far_from_any_change_a_text_has_one_possible_round() -> None:
    """Nothing is barred for it anywhere."""
    one = first_round()
    two = replace(lifecycle.next_round(one, NOON + 10 * MINUTE), previous=None)
    late = placements((0, one), (10 * MINUTE, two))

    assert numbers(late, 5 * MINUTE) == {1}
    assert numbers(late, 12 * MINUTE) == {2}


@pytest.mark.parametrize(
    ("before_reset_s", "possible"),
    [(-86, {2}), (-85, {2}), (-84, {1, 2}), (0, {1, 2}), (25, {1, 2}), (26, {1})],
)
def test_near_a_reset_a_text_may_be_in_either_round(
    before_reset_s: int, possible: set[int]
) -> None:
    """Delivery takes up to 15 s, a directory may be 60 s old, and clocks differ by up to 10 s."""
    one = first_round()
    two = replace(lifecycle.next_round(one, NOON + 10 * MINUTE), previous=None)
    late = placements((0, one), (10 * MINUTE, two))

    assert numbers(late, 10 * MINUTE - before_reset_s * SECOND) == possible


def test_a_text_at_the_fallback_may_be_in_a_round_that_closed_during_its_delivery() -> None:
    """Its first attempt was 15 s before it arrived there, and the poll closed in between."""
    one = first_round(closes_at_ms=NOON + MINUTE)
    late = placements((0, one))

    assert numbers(late, MINUTE + 14 * SECOND) == {1}
    assert numbers(late, MINUTE + 26 * SECOND) == set()


def test_near_the_opening_of_another_poll_a_text_may_be_in_either() -> None:
    """Scheduled times are changes as well."""
    one = first_round(closes_at_ms=NOON + 10 * MINUTE)
    other = first_round(id="shades", opens_at_ms=NOON + 10 * MINUTE)
    late = placements((0, one), (0, other))

    def polls(at_ms: int) -> set[str]:
        return {round.poll.id for round in late.possible(a_text("red"), NOON + at_ms)}

    assert polls(10 * MINUTE - 5 * SECOND) == {"colors", "shades"}
    assert polls(5 * MINUTE) == {"colors"}
    assert polls(12 * MINUTE) == {"shades"}


def test_the_log_says_from_when_on_it_knows_a_poll() -> None:
    """A poll that is older than its log was something then that nobody knows."""
    old = History(changes((MINUTE, replace(first_round(), began_at_ms=NOON - MINUTE))))
    new = History(changes((0, first_round())))

    assert old.began_before_log(NUMBER, NOON)
    assert not old.began_before_log(NUMBER, NOON + MINUTE)
    assert not old.began_before_log(NUMBER, NOON - 2 * MINUTE)
    assert not new.began_before_log(NUMBER, NOON - 1)


def test_an_archived_poll_takes_no_text() -> None:
    """From the change on."""
    one = first_round()
    late = placements((0, one), (MINUTE, replace(one, state=State.ARCHIVED)))

    assert placed(late, MINUTE).refusal is OutcomeKind.NO_POLL
