"""How a late text takes its place in a ballot."""

from collections.abc import Sequence
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.voting.ballot import Ballot, cast
from services.voting.barring import bar_text, forget_votes
from services.voting.insertion import InsertionKind, LateVote, Moment, insert
from services.voting.poll import Policy, Round, State
from tests.support.polls import NOON, a_round, a_sid, a_vote

SECOND = 1_000


def a_late_vote(choice: str, at_s: int, *, place: int = 0, sid: str | None = None) -> LateVote:
    """A vote of phone 0 that Twilio received `at_s` seconds after noon."""
    at_ms = NOON + at_s * SECOND
    return LateVote(vote=a_vote(choice, sid=sid, at_ms=at_ms), moment=Moment(at_ms, place))


def held(round: Round, *votes: tuple[str, int]) -> Ballot:
    """The ballot of phone 0 after votes that arrived so many seconds after noon."""
    ballot: Ballot | None = None
    for choice, at_s in votes:
        decision = cast(round, ballot, a_vote(choice, at_ms=NOON + at_s * SECOND))
        ballot = decision.ballot or ballot
    assert ballot is not None
    return ballot


def inserted(round: Round, ballot: Ballot | None, *late: LateVote) -> tuple[Ballot, list[str]]:
    """The ballot afterwards, and what became of each text."""
    done = insert(round, ballot, late, now_ms=NOON + 3_600 * SECOND)
    after = done.ballot or ballot
    assert after is not None
    return after, [done.kinds[one.vote.sid].value for one in late]


def choices(ballot: Ballot) -> list[str]:
    """The choices of its texts, in order."""
    return [text.choice for text in ballot.texts]


@pytest.mark.parametrize(
    ("policy", "limit", "before", "late", "texts", "picks", "kinds"),
    [
        ("last", 1, [], [("RED", 5)], ["RED"], {"RED": 1}, ["inserted"]),
        ("last", 1, [("RED", 9)], [("BLUE", 5)], ["BLUE", "RED"], {"RED": 1}, ["inserted"]),
        ("last", 1, [("RED", 5)], [("BLUE", 9)], ["RED", "BLUE"], {"BLUE": 1}, ["inserted"]),
        ("last", 1, [("RED", 1), ("BLUE", 9)], [("GREEN", 5)], ["RED", "GREEN", "BLUE"], {"BLUE": 1}, ["inserted"]),
        ("last", 1, [], [("RED", 9), ("BLUE", 5)], ["BLUE", "RED"], {"RED": 1}, ["inserted"] * 2),
        ("first", 1, [], [("RED", 9), ("BLUE", 5)], ["BLUE"], {"BLUE": 1}, ["stands", "inserted"]),
        ("first", 1, [("RED", 9)], [("BLUE", 5)], ["RED"], {"RED": 1}, ["stands"]),
        ("each", 2, [("RED", 9)], [("RED", 5)], ["RED", "RED"], {"RED": 2}, ["inserted"]),
        ("each", 2, [("RED", 9)], [("RED", 5), ("BLUE", 6)], ["RED", "RED"], {"RED": 2}, ["inserted", "limit"]),
        ("each", 1, [("RED", 9)], [("BLUE", 5)], ["RED"], {"RED": 1}, ["limit"]),
    ],
)  # fmt: skip
def test_a_late_text_takes_its_place_by_the_time_of_twilio(  # noqa: PLR0913, PLR0917 - a table
    policy: str,
    limit: int,
    before: list[tuple[str, int]],
    late: list[tuple[str, int]],
    texts: list[str],
    picks: dict[str, int],
    kinds: list[str],
) -> None:
    """An older text never replaces a newer one; texts that are held stay accepted."""
    round = a_round(policy=Policy(policy), limit=limit)
    ballot = held(round, *before) if before else None

    after, found = inserted(round, ballot, *(a_late_vote(*one) for one in late))

    assert choices(after) == texts
    assert dict(after.picks) == picks
    assert found == kinds


def test_a_late_text_of_the_same_moment_comes_after_those_that_are_held() -> None:
    """Which was first is not known; the one that is held was accepted first."""
    round = a_round()
    ballot, _ = inserted(round, held(round, ("RED", 5)), a_late_vote("BLUE", 5))

    assert (choices(ballot), ballot.picks) == (["RED", "BLUE"], {"BLUE": 1})


@pytest.mark.parametrize(
    ("after_noon_ms", "expires_s"), [(0, 0), (1, 1), (999, 1), (1_000, 1), (1_001, 2)]
)
def test_a_late_text_expires_at_a_whole_second_not_before_its_round(
    after_noon_ms: int, expires_s: int
) -> None:
    """And 73 seconds later, because of clocks that differ."""
    round = replace(a_round(), expires_from_ms=NOON + after_noon_ms)
    ballot, _ = inserted(round, None, a_late_vote("RED", 5))

    assert repr(ballot.expires_at_s) == str(NOON // SECOND + expires_s + 73)


def test_a_text_that_the_ballot_holds_changes_nothing() -> None:
    """Two reconciliations at once, or the same one again, count it once."""
    round = a_round()
    late = a_late_vote("BLUE", 5)
    once, _ = inserted(round, None, late)

    again = insert(round, once, [late], now_ms=NOON)

    assert again.ballot is None
    assert again.kinds == {late.vote.sid: InsertionKind.PRESENT}


def test_texts_of_one_second_are_ordered_by_their_place_in_the_log() -> None:
    """Twilio's times are whole seconds."""
    round = a_round()

    after, _ = inserted(
        round, None, a_late_vote("RED", 5, place=2), a_late_vote("BLUE", 5, place=1)
    )

    assert choices(after) == ["BLUE", "RED"]


def test_a_text_whose_delivery_was_retried_is_older_than_it_arrived() -> None:
    """The log knows that Twilio received the held text first, although it arrived last."""
    round = a_round()
    ballot = held(round, ("RED", 14))
    late = a_late_vote("BLUE", 5)
    received = {ballot.texts[0].sid: Moment(NOON + 2 * SECOND)}

    after = insert(round, ballot, [late], now_ms=NOON, received=received.get).ballot

    assert after is not None
    assert choices(after) == ["RED", "BLUE"]
    assert dict(after.picks) == {"BLUE": 1}


def test_a_full_ballot_refuses_a_late_text() -> None:
    """Twenty texts, as for those that arrive in time."""
    round = a_round()
    ballot = held(round, *(("RED", n) for n in range(20)))

    after, found = inserted(round, ballot, a_late_vote("BLUE", 30))

    assert after is ballot
    assert found == ["limit"]


def test_texts_from_before_an_erasure_stay_forgotten() -> None:
    """The voter asked for it after they had sent them; a later text counts."""
    round = a_round()
    text = a_late_vote("RED", 1)
    full, _ = inserted(round, None, text)
    emptied = forget_votes(full, NOON + 10 * SECOND)

    after, found = inserted(round, emptied, text, a_late_vote("BLUE", 10), a_late_vote("GREEN", 11))

    assert found == ["forgotten", "forgotten", "inserted"]
    assert dict(after.picks) == {"GREEN": 1}
    assert after.forgotten_at_ms == NOON + 10 * SECOND


def test_a_text_that_belongs_to_another_round_is_refused() -> None:
    """Its ballot there counts it."""
    round, late = a_round(), a_late_vote("RED", 1)
    barred = bar_text(round, None, late.vote)

    after, found = inserted(round, barred, late)

    assert after is barred
    assert found == ["barred"]


def test_a_caller_that_knows_better_lifts_the_bar() -> None:
    """No other round has the text: the writer that barred it has failed."""
    round, late = a_round(), a_late_vote("RED", 1)
    other = a_late_vote("BLUE", 2)
    barred = bar_text(round, bar_text(round, None, late.vote), other.vote)

    done = insert(round, barred, [late], now_ms=NOON, ignores_bars=True)

    assert done.ballot is not None
    assert dict(done.ballot.picks) == {"RED": 1}
    assert len(done.ballot.barred) == 1
    assert done.ballot.writes == barred.writes + 1


def test_several_texts_are_one_write() -> None:
    """The version of the optimistic lock moves by one, as one stream record does."""
    round = a_round()
    ballot = held(round, ("RED", 1))

    after, _ = inserted(round, ballot, a_late_vote("BLUE", 5), a_late_vote("GREEN", 6))

    assert after.writes == ballot.writes + 1
    assert after.changed_at_ms == NOON + 3_600 * SECOND


def test_the_times_of_all_texts_are_kept() -> None:
    """Offsets count from the first text, also if that is the late one."""
    round = a_round()
    ballot = replace(held(round, ("RED", 9), ("BLUE", 12)), times=(0, 3))

    after, _ = inserted(round, ballot, a_late_vote("GREEN", 4))

    assert after.cast_at_ms == NOON + 4 * SECOND
    assert after.times == (0, 5, 8)


def test_a_late_text_never_replaces_the_vote_of_a_ballot_without_times() -> None:
    """Its last change is the earliest time at which the vote is certainly cast."""
    round = a_round()
    ballot = replace(held(round, ("RED", 1), ("BLUE", 9)), times=())

    after, _ = inserted(round, ballot, a_late_vote("GREEN", 8))

    assert dict(after.picks) == {"BLUE": 1}


def test_a_late_ballot_expires_with_its_round() -> None:
    """`retention_days` after the close, and not after the text."""
    round = replace(
        a_round(closes_at_ms=NOON + 60 * SECOND, retention_days=30),
        expires_from_ms=NOON + 60 * SECOND + 30 * 86_400 * SECOND,
    )

    after, _ = inserted(round, None, a_late_vote("RED", 5))

    assert after.expires_at_s is not None
    assert after.expires_at_s >= (NOON + 3_600 * SECOND) // 1000 + 30 * 86_400


def test_a_late_ballot_of_a_round_without_a_stored_expiry_never_expires() -> None:
    """Opened after its closing time and closed again: nobody was told that its ballots go."""
    round = replace(
        a_round(closes_at_ms=NOON - 60 * SECOND, retention_days=30),
        began_at_ms=NOON,
        state=State.CLOSED,
        state_at_ms=NOON + 600 * SECOND,
    )

    after, _ = inserted(round, None, a_late_vote("RED", 5))

    assert after.expires_at_s is None


def test_a_barred_text_gives_no_expiry_to_a_round_without_a_stored_one() -> None:
    """Else its deletion makes a board look drained that is not."""
    round = replace(a_round(closes_at_ms=NOON - 60 * SECOND), began_at_ms=NOON, state=State.CLOSED)

    assert bar_text(round, None, a_vote("RED")).expires_at_s is None


def test_a_late_ballot_does_not_expire_before_its_round_says() -> None:
    """A round that an operator closed may keep its ballots longer than `retention_days`."""
    expires_from_ms = NOON + 7 * 86_400 * SECOND
    round = replace(
        a_round(closes_at_ms=NOON + 60 * SECOND, retention_days=1), expires_from_ms=expires_from_ms
    )

    after, _ = inserted(round, None, a_late_vote("RED", 5))

    assert after.expires_at_s is not None
    assert after.expires_at_s * SECOND >= expires_from_ms


texts_of_a_phone = st.lists(
    st.tuples(st.sampled_from(["RED", "GREEN", "BLUE"]), st.booleans()), min_size=1, max_size=12
)
"""Choices in the order of time, and whether the text was delivered."""


def _split(round: Round, texts: Sequence[tuple[str, bool]]) -> tuple[Ballot | None, list[LateVote]]:
    """The ballot of the delivered texts, and the others."""
    ballot: Ballot | None = None
    late = []
    for at_s, (choice, is_delivered) in enumerate(texts):
        one = a_late_vote(choice, at_s, sid=a_sid())
        if is_delivered:
            ballot = cast(round, ballot, one.vote).ballot or ballot
        else:
            late.append(one)
    return ballot, late


@given(texts=texts_of_a_phone, policy=st.sampled_from(["last", "each"]), order=st.randoms())
def test_recovered_and_delivered_texts_count_as_if_all_had_been_delivered(
    texts: list[tuple[str, bool]], policy: str, order: Random
) -> None:
    """Whichever texts were lost, and in whatever portions and order they are inserted."""
    round = a_round(policy=Policy(policy), limit=20)
    expected, _ = _split(round, [(choice, True) for choice, _ in texts])
    ballot, late = _split(round, texts)
    order.shuffle(late)
    for one in late:
        ballot = insert(round, ballot, [one], now_ms=NOON).ballot or ballot

    assert ballot is not None
    assert expected is not None
    assert dict(ballot.picks) == dict(expected.picks)
    assert choices(ballot) == choices(expected)
