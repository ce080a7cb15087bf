"""What a new poll file may not change of a round."""

import pytest

from services.polls.changes import check_change, check_extension, check_final, with_wait_remedy
from services.voting.errors import Problem
from services.voting.poll import Choice, Policy, Poll
from tests.support.polls import NOON, a_poll, a_round

HOUR = 3_600_000
PINK = Choice(key="PINK", label="Pink", words=("rose",))


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"shards": 20}, "shards"),
        ({"policy": Policy.FIRST}, "policy"),
        ({"visibility": "sealed"}, "visibility"),
        ({"choices": a_poll().choices[:2]}, "choices"),
        ({"choices": a_poll().choices[::-1]}, "choices"),
        ({"choices": (PINK, *a_poll().choices)}, "choices"),
    ],
)
def test_what_a_round_depends_on_may_not_change_in_it(changes: dict[str, object], key: str) -> None:
    """These settings determine the keys, votes and board of its ballots."""
    (problem,) = check_change(a_poll(), a_poll(**changes), 4)

    assert problem.key == key
    assert "round 4 has begun" in problem.remedy
    assert "voteapp poll reset colors" in problem.remedy


@pytest.mark.parametrize(("limit", "refused"), [(2, True), (3, False), (4, False)])
def test_a_limit_may_be_raised_and_not_lowered(limit: int, *, refused: bool) -> None:
    """A phone may already have used the old limit."""
    before, after = (a_poll(policy=Policy.EACH, limit=votes) for votes in (3, limit))
    found = [(problem.key, problem.value) for problem in check_change(before, after, 1)]

    assert found == ([("limit", limit)] if refused else [])


def test_everything_else_may_change_at_any_time() -> None:
    """Words, replies and times may change, and choices may be added at the end."""
    more = (*a_poll().choices, PINK)
    after = a_poll(question="Now?", choices=more, closes_at_ms=NOON, reply_texts={"same": "Yes."})

    assert list(check_change(a_poll(), after, 1)) == []


CLOSED = a_poll(closes_at_ms=NOON)
RELABELLED = (Choice(key="RED", label="Crimson"), *a_poll().choices[1:])


@pytest.mark.parametrize(
    ("before", "after", "keys"),
    [
        (CLOSED, a_poll(closes_at_ms=NOON + 1), ["closes_at"]),
        (CLOSED, a_poll(), ["closes_at"]),
        (a_poll(), a_poll(closes_at_ms=NOON), ["closes_at"]),
        (CLOSED, a_poll(closes_at_ms=NOON - HOUR), []),
        (CLOSED, a_poll(closes_at_ms=NOON, question="Which was it?"), []),
        (a_poll(), a_poll(choices=RELABELLED), ["choices"]),
        (a_poll(), a_poll(choices=(*a_poll().choices, PINK)), ["choices"]),
        (a_poll(), a_poll(choices=a_poll().choices[:2]), ["choices"]),
        (CLOSED, a_poll(choices=RELABELLED), ["closes_at", "choices"]),
    ],
)
def test_of_a_final_round_neither_the_close_nor_the_choices_change(
    before: Poll, after: Poll, keys: list[str]
) -> None:
    """The certificate refers to these choices, and a later close would reopen the round."""
    why = "was certified on 2030-05-01 20:00 UTC"
    problems = list(check_final(a_round(number=7, **fields_of(before)), after, why))

    assert [problem.key for problem in problems] == keys
    for problem in problems:
        assert f"round 7 {why} and is final" in problem.remedy
        assert "voteapp poll reset colors" in problem.remedy


def fields_of(poll: Poll) -> dict[str, object]:
    """The names of the fields in which two polls differ."""
    return {"choices": poll.choices, "closes_at_ms": poll.closes_at_ms}


def test_a_round_that_is_not_final_may_be_extended_and_given_choices() -> None:
    """This is allowed until the round is final."""
    after = a_poll(closes_at_ms=NOON, choices=(*a_poll().choices, PINK))

    assert list(check_final(a_round(), after, None)) == []


@pytest.mark.parametrize(
    ("closes", "expires", "refused"),
    [
        (NOON + HOUR, NOON, True),
        (NOON + 1, NOON, True),
        (NOON, NOON, False),
        (NOON + HOUR, None, False),
        (None, NOON, False),
    ],
)
def test_a_round_cannot_be_extended_beyond_the_first_expiry_of_its_ballots(
    closes: int | None, expires: int | None, *, refused: bool
) -> None:
    """Otherwise early voters could vote again. Without a closing time, the expiry closes the round."""
    problems = list(check_extension(a_poll(closes_at_ms=closes), expires))

    assert [problem.key for problem in problems] == (["closes_at"] if refused else [])
    assert all("2027-01-15 08:00 UTC" in problem.remedy for problem in problems)
    assert all("voteapp poll reset colors" in problem.remedy for problem in problems)


def test_a_change_that_waits_for_quiet_says_how_long() -> None:
    """The problem keeps its key and value, and gets another remedy."""
    problem = with_wait_remedy(Problem(key="shards", value=20, remedy="", line=3))

    assert (problem.key, problem.value, problem.line) == ("shards", 20, 3)
    assert "close it, wait 73 seconds" in problem.remedy
