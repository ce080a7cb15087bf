"""The live line of the demo says what is so, and nothing it cannot know."""

from services.tools.demo.demo import live_line
from services.tools.phones.crowd import Crowd
from services.tools.phones.load_generator import LoadGenerator, WebhookEndpoint
from services.voting.tally import Totals
from tests.support.polls import a_round


def phones_that_voted(**votes: str) -> LoadGenerator:
    """LoadGenerator whose texts were all answered."""
    crowd = Crowd({"RED": ("RED", "Red")}, to="+15550100100", seed=1)
    phones = LoadGenerator(
        crowd, WebhookEndpoint(url="http://127.0.0.1:1", token="-"), texts_per_second=1
    )
    phones.votes.update(votes)
    phones.statuses[200] = len(votes)
    return phones


def test_a_count_that_agrees_with_the_texts_is_exact() -> None:
    """Choice by choice, not only in sum."""
    phones = phones_that_voted(one="RED", two="RED", three="BLUE")
    line = live_line(a_round(), Totals(picks={"RED": 2, "BLUE": 1, "GREEN": 0}), phones, 9)

    assert "3 texts in 9 s" in line.plain
    assert "3 votes" in line.plain
    assert "exact" in line.plain


def test_the_votes_of_people_s_phones_are_expected_too() -> None:
    """Who texts on the page /phone does not make the count wrong."""
    phones = phones_that_voted(one="RED")
    phones.handset_votes = {"mine": "BLUE"}

    assert "exact" in live_line(a_round(), Totals(picks={"RED": 1, "BLUE": 1}), phones, 9).plain
    assert "1 on the way" in live_line(a_round(), Totals(picks={"RED": 1}), phones, 9).plain


def test_votes_still_under_way_are_said() -> None:
    """Behind by one is not wrong."""
    phones = phones_that_voted(one="RED", two="RED")
    line = live_line(a_round(), Totals(picks={"RED": 1}), phones, 9)

    assert "1 on the way" in line.plain
    assert "exact" not in line.plain


def test_a_reset_begins_a_new_count_and_the_phones_are_said_to_wait() -> None:
    """What was counted before is expected no more."""
    phones = phones_that_voted(one="RED")
    phones.update_round(a_round(), 1.0)
    phones.update_round(a_round(number=2), 2.0)
    shown = live_line(a_round(number=2), Totals(picks={"RED": 1}), phones, 9).plain

    assert phones.are_waiting
    assert "exact" in live_line(a_round(number=2), Totals(picks={"RED": 0}), phones, 9).plain
    assert "the phones wait until the round is open everywhere" in shown


def test_the_right_sum_for_the_wrong_choices_is_not_exact() -> None:
    """A change that is under way."""
    phones = phones_that_voted(one="RED")
    line = live_line(a_round(), Totals(picks={"BLUE": 1}), phones, 9)

    assert "exact" not in line.plain


def test_texts_without_an_answer_are_said() -> None:
    """They may have been counted, or not."""
    phones = phones_that_voted(one="RED")
    phones.statuses[503] = 2
    line = live_line(a_round(), Totals(picks={"RED": 1}), phones, 9)

    assert "2 not answered" in line.plain


def test_without_phones_nothing_is_said_of_texts() -> None:
    """Somebody else may be texting."""
    line = live_line(a_round(), Totals(picks={"RED": 1}), None, 9)

    assert line.plain.split() == ["Red", "1", "Green", "0", "Blue", "0", "1", "votes"]
