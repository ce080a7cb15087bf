"""When a round has ended, and when no write to it can be in flight."""

import time
from dataclasses import replace

import pytest

from services.voting import lifecycle, timing
from services.voting.errors import RoundFinalError
from services.voting.lifecycle import ended_at_ms, has_settled, is_quiet
from services.voting.poll import Phase, Round, State
from tests.support.polls import NOON, a_poll

HOUR = 3_600_000
DAY = 86_400_000
BEGAN = NOON - DAY


def old_round(**changes: object) -> Round:
    """A round that began yesterday, of a poll with these times."""
    return Round(poll=a_poll(**changes), began_at_ms=BEGAN, changed_at_ms=BEGAN)


def test_the_wait_is_made_of_what_a_text_can_take() -> None:
    """60 s for a directory kept in an outage, 3 s for the request, 10 s for the rest."""
    assert (timing.DIRECTORY_SECONDS, timing.DIRECTORY_STALE_SECONDS) == (2, 60)
    assert (timing.REQUEST_SECONDS, timing.MARGIN_SECONDS) == (3, 10)
    assert (timing.SETTLING_SECONDS, timing.SETTLING_MS) == (73, 73_000)


def test_a_text_has_reached_its_ballot_after_delivery_and_settling() -> None:
    """Twilio tries for 15 s, and its last attempt may meet a directory of 60 s."""
    assert (timing.DELIVERY_SECONDS, timing.REACHED_SECONDS) == (15, 88)
    assert (timing.DELIVERY_MS, timing.DIRECTORY_STALE_MS, timing.REACHED_MS) == (
        15_000, 60_000, 88_000,
    )  # fmt: skip


ENDS = {
    "closed by an operator": lifecycle.closed(old_round(), NOON),
    "archived": lifecycle.archived(old_round(), NOON),
    "closed by the clock": old_round(closes_at_ms=NOON),
    "its ballots expire": replace(old_round(), expires_from_ms=NOON),
    "ended by a reset": lifecycle.next_round(old_round(), NOON).previous,
    "reset after the clock had closed it": lifecycle.next_round(
        old_round(closes_at_ms=NOON - HOUR), NOON
    ).previous,
    "closed by a deploy, for an hour ago": replace(
        old_round(closes_at_ms=NOON - HOUR), changed_at_ms=NOON
    ),
    "closed, then changed by a deploy": replace(
        lifecycle.closed(old_round(), NOON - HOUR), changed_at_ms=NOON
    ),
}


@pytest.mark.parametrize("name", ENDS)
@pytest.mark.parametrize(("later_ms", "settled"), [(0, False), (72_999, False), (73_000, True)])
def test_a_round_has_settled_73_seconds_after_its_end(
    name: str,
    later_ms: int,
    settled: bool,  # noqa: FBT001
) -> None:
    """The last change counts as well, because the round may have been open before it."""
    ended = ENDS[name]
    assert ended is not None

    assert ended_at_ms(ended, NOON + later_ms) == NOON
    assert has_settled(ended, NOON + later_ms) is settled
    assert is_quiet(ended, NOON + later_ms) is settled


@pytest.mark.parametrize(
    "round",
    [
        old_round(),
        old_round(closes_at_ms=NOON + 1),
        old_round(opens_at_ms=NOON + HOUR),
        lifecycle.opened(old_round(closes_at_ms=NOON - HOUR), NOON - HOUR),
    ],
    ids=["open", "closes in a moment", "waits", "opened again"],
)
def test_a_round_that_takes_texts_or_will_has_not_ended(round: Round) -> None:
    """Regardless of the time of its last change."""
    assert ended_at_ms(round, NOON) is None
    assert not has_settled(round, NOON)


@pytest.mark.parametrize(
    ("opens_in_ms", "changed_ago_ms", "quiet"),
    [
        (73_000, 73_000, True),
        (72_999, 73_000, False),
        (73_000, 72_999, False),
        (HOUR, HOUR, True),
        (HOUR, 0, False),
        (1, HOUR, False),
    ],
)
def test_a_round_that_waits_is_quiet_between_its_last_change_and_its_opening(
    opens_in_ms: int,
    changed_ago_ms: int,
    quiet: bool,  # noqa: FBT001
) -> None:
    """It may have been open until the change, and changes take effect with a delay."""
    round = old_round(opens_at_ms=NOON + opens_in_ms)

    assert is_quiet(replace(round, changed_at_ms=NOON - changed_ago_ms), NOON) is quiet


def test_an_open_round_is_never_quiet() -> None:
    """A first vote may arrive at any time."""
    assert not is_quiet(old_round(), NOON)


FINAL = {
    "certified": (replace(old_round(), certified_at_ms=NOON), "was certified on 2027-01-15 08:00"),
    "expiring": (replace(old_round(), expires_from_ms=NOON), "has ballots that expire since 2027"),
    "certified and archived": (
        replace(lifecycle.archived(old_round(), NOON), certified_at_ms=NOON),
        "was certified on",
    ),
}


@pytest.mark.parametrize("name", FINAL)
def test_a_final_round_takes_no_text_and_is_not_opened(name: str) -> None:
    """The error names the reset as the remedy."""
    round, why = FINAL[name]
    with pytest.raises(RoundFinalError) as caught:
        lifecycle.opened(round, NOON)

    assert round.phase_at(NOON) is not Phase.OPEN
    assert f"poll 'colors': round 1 {why}" in str(caught.value)
    assert "voteapp poll reset colors" in str(caught.value)


def test_times_in_an_error_are_utc_wherever_the_operator_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The clock of the operator's machine may be set to any place."""
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    why = lifecycle.why_final(replace(old_round(), certified_at_ms=NOON), NOON)
    monkeypatch.undo()
    time.tzset()

    assert why == "was certified on 2027-01-15 08:00 UTC"


@pytest.mark.parametrize("name", FINAL)
@pytest.mark.parametrize("state", [State.AUTO, State.OPEN, State.CLOSED])
def test_after_a_reset_there_is_nothing_final_any_more(name: str, state: State) -> None:
    """The new round has neither certificate nor ballots."""
    after = lifecycle.next_round(replace(FINAL[name][0], state=state), NOON + 5)

    assert lifecycle.why_final(after, NOON + 5) is None
    assert lifecycle.opened(after, NOON + 5).phase_at(NOON + 5) is Phase.OPEN


def test_no_state_and_no_time_opens_a_certified_round() -> None:
    """Neither a later closing time nor the stored state opens it."""
    for state in (State.AUTO, State.OPEN):
        for closes in (None, NOON - 1, NOON + HOUR):
            round = replace(
                old_round(closes_at_ms=closes), state=state, state_at_ms=NOON, certified_at_ms=NOON
            )

            assert round.phase_at(NOON) is Phase.CLOSED
