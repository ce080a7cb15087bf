"""Which rounds a reconciliation reads, and how far back it reads Twilio's log."""

from dataclasses import replace

import pytest

from services.late.scope import Scope, scope_of
from services.voting.poll import Round
from tests.support.polls import NOON, NUMBER, a_poll

OTHER_NUMBER = "+15550100111"
REACHED = 88_000
HOUR = 3_600_000


def a_round_from(began_ms: int, number: int = 1, **poll: object) -> Round:
    """A round that began at a time."""
    return replace(Round(poll=a_poll(**poll), number=number), began_at_ms=began_ms)


def names(scope: Scope) -> set[tuple[str, int]]:
    """The rounds of a scope."""
    return {(one.poll.id, one.number) for one in scope.rounds}


def test_the_log_is_read_from_shortly_before_the_round_began() -> None:
    """A text of its first moment may have been sent 88 s before; no log is older than 1970."""
    target = a_round_from(NOON, numbers=(NUMBER,))
    young = a_round_from(5)

    assert scope_of(target, {"colors": [target]}) == Scope(
        target=target, rounds=(target,), numbers=(NUMBER,), since_ms=NOON - REACHED
    )
    assert scope_of(young, {"colors": [young]}).since_ms == 0


@pytest.mark.parametrize(
    ("one", "other", "shared"),
    [
        ((NUMBER,), (NUMBER,), True),
        ((NUMBER,), (OTHER_NUMBER,), False),
        ((NUMBER,), (OTHER_NUMBER, NUMBER), True),
        ((), (OTHER_NUMBER,), True),
        ((NUMBER,), (), True),
    ],
)
def test_rounds_of_other_numbers_are_not_read(
    one: tuple[str, ...],
    other: tuple[str, ...],
    shared: bool,  # noqa: FBT001
) -> None:
    """A poll without numbers is on all of them."""
    target, beside = a_round_from(NOON, numbers=one), a_round_from(NOON, id="b", numbers=other)
    scope = scope_of(target, {"colors": [target], "b": [beside]})

    assert names(scope) == {("colors", 1)} | ({("b", 1)} if shared else set())


@pytest.mark.parametrize(
    ("began_ms", "found"),
    [(NOON + HOUR, True), (NOON + HOUR + REACHED, True), (NOON + HOUR + REACHED + 1, False)],
)
def test_a_round_that_began_long_after_the_reset_is_not_read(
    began_ms: int,
    found: bool,  # noqa: FBT001
) -> None:
    """A text of the round is delivered within 88 s of its end."""
    target, second = a_round_from(NOON), a_round_from(NOON + HOUR, 2)
    later = a_round_from(began_ms, id="later")
    scope = scope_of(target, {"colors": [target, second], "later": [later]})

    assert names(scope) - {("later", 1)} == {("colors", 1), ("colors", 2)}
    assert (("later", 1) in names(scope)) is found


@pytest.mark.parametrize(
    ("ended_ms", "found"),
    [(NOON, True), (NOON - 2 * REACHED, True), (NOON - 2 * REACHED - 1, False)],
)
def test_a_round_that_ended_long_before_is_not_read(
    ended_ms: int,
    found: bool,  # noqa: FBT001
) -> None:
    """88 s after its end nothing is written to it, and the log is read from 88 s before."""
    target = a_round_from(NOON)
    old = [a_round_from(0, id="old"), a_round_from(ended_ms, 2, id="old")]
    scope = scope_of(target, {"colors": [target], "old": old})

    assert names(scope) - {("old", 1)} == {("colors", 1), ("old", 2)}
    assert (("old", 1) in names(scope)) is found
