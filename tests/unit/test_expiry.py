"""No ballot expires while its round can still accept texts."""

from dataclasses import replace

import pytest

from services.voting import lifecycle
from services.voting.ballot import cast, expiry_of
from services.voting.errors import RoundNotEndedError
from services.voting.lifecycle import expiry_after_end, with_expiry
from services.voting.poll import Phase, Round, State
from tests.support.polls import NOON, a_poll, a_vote

HOUR = 3_600_000
DAY = 86_400_000
BEGAN = NOON - DAY
NOON_S = NOON // 1000
TWO_DAYS_S = 2 * 86_400


def old_round(**changes: object) -> Round:
    """A round that began yesterday, whose ballots are kept for two days."""
    return Round(poll=a_poll(retention_days=2, **changes), began_at_ms=BEGAN, changed_at_ms=BEGAN)


@pytest.mark.parametrize(
    ("round", "at_ms", "expires_s"),
    [
        (old_round(closes_at_ms=NOON), BEGAN, NOON_S + TWO_DAYS_S + 73),
        (old_round(closes_at_ms=NOON), NOON - 1, NOON_S + TWO_DAYS_S + 73),
        (old_round(closes_at_ms=NOON + 1), BEGAN, NOON_S + 1 + TWO_DAYS_S + 73),
        (old_round(closes_at_ms=NOON), NOON + 8_000, NOON_S + 8 + TWO_DAYS_S + 73),
        (old_round(), NOON, None),
        (lifecycle.opened(old_round(closes_at_ms=NOON), NOON + HOUR), NOON + 2 * HOUR, None),
        (lifecycle.opened(old_round(closes_at_ms=NOON), NOON), NOON, None),
    ],
    ids=[
        "cast early",
        "cast late",
        "rounded up",
        "landed late",
        "no close",
        "reopened",
        "at close",
    ],
)
def test_a_ballot_expires_after_its_round_and_not_after_its_text(
    round: Round, at_ms: int, expires_s: int | None
) -> None:
    """Retention begins at the close; without a known close, there is no expiry."""
    ballot = cast(round, None, a_vote("RED", at_ms=at_ms)).ballot

    assert expiry_of(round, at_ms) == expires_s
    assert ballot
    assert ballot.expires_at_s == expires_s


def test_a_ballot_of_a_round_that_was_opened_again_loses_its_expiry() -> None:
    """The next text of the phone removes the expiry."""
    round = old_round(closes_at_ms=NOON)
    first = cast(round, None, a_vote("RED", at_ms=NOON - 1)).ballot
    again = lifecycle.opened(round, NOON + HOUR)
    second = cast(again, first, a_vote("BLUE", at_ms=NOON + 2 * HOUR)).ballot

    assert first
    assert second
    assert (first.expires_at_s, second.expires_at_s) == (NOON_S + TWO_DAYS_S + 73, None)


@pytest.mark.parametrize(
    ("round", "expires_from"),
    [
        (old_round(closes_at_ms=NOON + HOUR), NOON + HOUR + 2 * DAY),
        (old_round(closes_at_ms=NOON - HOUR), NOON + 2 * DAY),
        (old_round(), None),
        (old_round(closes_at_ms=BEGAN), None),
        (replace(old_round(closes_at_ms=NOON), expires_from_ms=NOON + 1), NOON + 1),
        (replace(old_round(closes_at_ms=NOON), expires_from_ms=NOON + 9 * DAY), NOON + 2 * DAY),
        (replace(old_round(), expires_from_ms=NOON + 5), NOON + 5),
    ],
    ids=["to come", "past", "no close", "before it began", "kept", "sooner", "close taken away"],
)
def test_a_round_stores_the_earliest_expiry_and_never_puts_it_off(
    round: Round, expires_from: int | None
) -> None:
    """Ballots may have this expiry once the round is stored."""
    assert with_expiry(round, NOON).expires_from_ms == expires_from


@pytest.mark.parametrize("at_ms", [NOON, NOON + 1, NOON + HOUR, NOON + 2 * DAY])
@pytest.mark.parametrize("closes", [BEGAN + 1, NOON - 1, NOON, NOON + DAY])
def test_no_ballot_expires_before_what_its_round_has_stored(closes: int, at_ms: int) -> None:
    """It expires at least 73 seconds later, because of clock skew."""
    round = with_expiry(old_round(closes_at_ms=closes), NOON)
    expires_s, stored = expiry_of(round, at_ms), round.expires_from_ms

    assert stored is not None
    assert expires_s is not None
    assert expires_s * 1000 >= stored + 73_000


@pytest.mark.parametrize("state", [State.AUTO, State.OPEN])
def test_a_round_takes_no_text_from_the_first_expiry_on(state: State) -> None:
    """This also holds if an operator reopened it after its closing time."""
    round = replace(
        old_round(closes_at_ms=NOON - DAY // 2), state=state, state_at_ms=NOON,
        expires_from_ms=NOON + DAY,
    )  # fmt: skip
    before, after = round.phase_at(NOON + DAY - 1), round.phase_at(NOON + DAY)

    assert before is (Phase.OPEN if state is State.OPEN else Phase.CLOSED)
    assert after is Phase.CLOSED
    assert round.closed_at_ms == (NOON + DAY if state is State.OPEN else NOON - DAY // 2)


@pytest.mark.parametrize(
    ("round", "at_ms", "expires_from"),
    [
        (lifecycle.closed(old_round(), NOON), NOON + 73_000, NOON + 73_000 + 7 * DAY),
        (lifecycle.closed(old_round(), NOON), NOON + 73_001, NOON + 74_000 + 7 * DAY),
        (
            replace(lifecycle.closed(old_round(), NOON), poll=a_poll(retention_days=30)),
            NOON + DAY, NOON + 30 * DAY,
        ),
        (
            replace(lifecycle.closed(old_round(), NOON), expires_from_ms=NOON + 5 * DAY),
            NOON + DAY, NOON + 5 * DAY,
        ),
    ],
    ids=["a week's notice", "to the second", "retention from the end", "what was promised"],
)  # fmt: skip
def test_ballots_of_a_round_that_has_ended_are_given_an_expiry_with_notice(
    round: Round, at_ms: int, expires_from: int
) -> None:
    """They expire `retention_days` after the end, but not within seven days from now."""
    assert expiry_after_end(round, at_ms) == expires_from


@pytest.mark.parametrize(
    ("round", "at_ms"),
    [
        (old_round(), NOON),
        (old_round(closes_at_ms=NOON + 1), NOON),
        (old_round(opens_at_ms=NOON + HOUR), NOON),
        (lifecycle.closed(old_round(), NOON), NOON + 72_999),
        (lifecycle.archived(old_round(), NOON), NOON + 72_999),
    ],
    ids=["open", "closes soon", "waits", "closed just now", "archived just now"],
)
def test_ballots_of_a_round_that_may_take_texts_are_given_none(round: Round, at_ms: int) -> None:
    """A voter whose ballot has expired could vote again."""
    with pytest.raises(
        RoundNotEndedError, match=r"poll 'colors': round 1 may .*: close it, and wait 73 seconds"
    ):
        expiry_after_end(round, at_ms)
