"""Which round holds a text, and when Twilio received it."""

import pytest

from services.late.sid_index import SidIndex
from services.voting.insertion import Moment
from tests.support.polls import NOON, a_sid


@pytest.mark.parametrize("place", [0, 7, -7, 2**31 - 1, -(2**31)])
def test_a_text_that_twilio_lists_has_its_moment(place: int) -> None:
    """With its place among the texts of one second, which may be negative."""
    index, sid, other = SidIndex(), a_sid(), a_sid()
    index.add([sid, other], 3)

    assert index.moment(sid) is None
    assert index.see(sid, Moment(NOON, place)) == 3
    assert index.moment(sid) == Moment(NOON, place)
    assert index.moment(other) is None


def test_a_text_is_seen_once_however_often_it_is_listed() -> None:
    """Its first moment stays; pages of a growing log may overlap."""
    index, sid = SidIndex(), a_sid()
    index.add([sid, a_sid()], 65_535)

    assert index.unseen(65_535) == 2
    assert index.see(sid, Moment(NOON, 1)) == index.see(sid, Moment(NOON + 1)) == 65_535
    assert index.unseen(65_535) == 1
    assert index.moment(sid) == Moment(NOON, 1)


def test_texts_are_counted_by_round() -> None:
    """A round without texts has none that are unseen."""
    index, one, two = SidIndex(), a_sid(), a_sid()
    index.add([one], 0)
    index.add([two], 1)

    assert len(index) == 2
    assert (index.see(one, Moment(NOON)), index.see(two, Moment(NOON))) == (0, 1)
    assert (index.unseen(0), index.unseen(1), index.unseen(2)) == (0, 0, 0)


@pytest.mark.parametrize(
    ("held", "asked"),
    [
        ("SM" + "0" * 32, "MM" + "0" * 32),
        ("SM" + "0" * 32, "SM" + "0" * 31 + "1"),
        ("no hex", "no hey"),
    ],
)
def test_another_text_is_not_held(held: str, asked: str) -> None:
    """Whatever its MessageSid looks like."""
    index = SidIndex()
    index.add([held], 0)

    assert index.see(asked, Moment(NOON)) is None
    assert index.moment(asked) is None
    assert (index.unseen(0), index.see(held, Moment(NOON))) == (1, 0)
