"""The live line of the demo says what is so, and nothing it cannot know."""

from services.tools.demo import demo
from services.tools.phones.crowd import Crowd
from services.tools.phones.expectation import Expectation
from services.voting.poll import Round
from services.voting.tally import Totals
from tests.support.polls import a_round


def phones_that_voted(**votes: str) -> Expectation:
    """The votes of phones whose texts were all answered."""
    phones = Expectation(Crowd({"RED": ("RED", "Red")}, to="+15550100100", seed=1))
    phones.votes.update(votes)
    return phones


def live_line(
    picks: dict[str, int],
    phones: Expectation | None,
    *,
    refused: int = 0,
    shown: Round | None = None,
) -> str:
    """The line after nine seconds, when every vote and these texts more have a reply."""
    accepted = len(phones.votes) if phones else 0
    return demo.live_line(
        shown or a_round(),
        Totals(picks=picks),
        phones,
        {"accepted": accepted, "refused": refused},
        9,
    ).plain


def test_a_count_that_agrees_with_the_texts_is_exact() -> None:
    """Choice by choice, not only in sum."""
    phones = phones_that_voted(one="RED", two="RED", three="BLUE")
    line = live_line({"RED": 2, "BLUE": 1, "GREEN": 0}, phones)

    assert "3 texts in 9 s" in line
    assert "3 votes" in line
    assert "exact" in line


def test_the_votes_of_people_s_phones_are_expected_too() -> None:
    """Who texts on the page /phone does not make the count wrong."""
    phones = phones_that_voted(one="RED")
    phones.handset_votes = {"mine": "BLUE"}

    assert "exact" in live_line({"RED": 1, "BLUE": 1}, phones)
    assert "1 on the way" in live_line({"RED": 1}, phones)


def test_votes_still_under_way_are_said() -> None:
    """Behind by one is not wrong."""
    phones = phones_that_voted(one="RED", two="RED")
    line = live_line({"RED": 1}, phones)

    assert "1 on the way" in line
    assert "exact" not in line


def test_a_reset_begins_a_new_count_and_the_phones_are_said_to_wait() -> None:
    """What was counted before is expected no more."""
    phones = phones_that_voted(one="RED")
    phones.update_round(a_round(), 1.0)
    phones.update_round(a_round(number=2), 2.0)
    shown = live_line({"RED": 1}, phones, shown=a_round(number=2))

    assert phones.is_waiting
    assert "exact" in live_line({"RED": 0}, phones, shown=a_round(number=2))
    assert "the phones wait until the round is open everywhere" in shown


def test_the_right_sum_for_the_wrong_choices_is_not_exact() -> None:
    """A change that is under way."""
    phones = phones_that_voted(one="RED")
    line = live_line({"BLUE": 1}, phones)

    assert "exact" not in line


def test_texts_without_an_answer_are_said() -> None:
    """They may have been counted, or not."""
    phones = phones_that_voted(one="RED")
    line = live_line({"RED": 1}, phones, refused=2)

    assert "2 not answered" in line


def test_without_phones_nothing_is_said_of_texts() -> None:
    """Somebody else may be texting."""
    line = live_line({"RED": 1}, None)

    assert line.split() == ["Red", "1", "Green", "0", "Blue", "0", "1", "vote"]
