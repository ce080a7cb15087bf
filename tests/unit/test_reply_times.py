"""The UTC offset of times in replies."""

import pytest

from services.polls.definition import parse_poll
from services.voting.ballot import Outcome, OutcomeKind
from services.voting.poll import Round, State
from services.voting.replies import reply_to
from tests.support.polls import NOON, a_poll

WAITING, CLOSED = Outcome(kind=OutcomeKind.WAITING), Outcome(kind=OutcomeKind.CLOSED)
DAY = 86_400_000


@pytest.mark.parametrize(
    ("offset", "text"), [(None, "15 Jan at 08:00 UTC"), (0, "15 Jan at 08:00"), (330, "at 13:30")]
)
def test_times_are_told_by_the_clock_of_the_place(offset: int | None, text: str) -> None:
    """The offset is that of the times in the file, or UTC if there is none."""
    timed = a_poll(
        opens_at_ms=NOON, closes_at_ms=NOON,
        opens_utc_offset_minutes=offset, closes_utc_offset_minutes=offset,
    )  # fmt: skip

    assert text in (reply_to(WAITING, Round(poll=timed), 0) or "")
    assert text in (reply_to(CLOSED, Round(poll=timed), 0) or "")
    assert ("UTC" in (reply_to(CLOSED, Round(poll=timed), 0) or "")) is (offset is None)


SUMMER = """
question = "?"
opens_at = 2030-03-30T20:00:00+01:00
closes_at = 2030-03-31T22:00:00+02:00
[[choices]]
key = "RED"
label = "Red"
[[choices]]
key = "BLUE"
label = "Blue"
"""


def test_the_hour_is_told_as_it_is_on_that_day() -> None:
    """Daylight saving begins between opening and close."""
    poll = parse_poll(SUMMER, source="summer.toml")

    assert "opens on 30 Mar at 20:00." in (reply_to(WAITING, Round(poll=poll), 0) or "")
    assert "closed on 31 Mar at 22:00." in (reply_to(CLOSED, Round(poll=poll), 0) or "")


@pytest.mark.parametrize(
    ("after_opening_ms", "text"),
    [(0, "30 Mar at 20:00."), (3_600_000, "30 Mar at 21:00."), (20 * 3_600_000, "31 Mar at 17:00."), (3 * DAY, "2 Apr at 21:00.")],
)  # fmt: skip
def test_a_close_by_hand_is_told_by_the_nearer_of_the_poll_s_own_times(
    after_opening_ms: int, text: str
) -> None:
    """Soon after the opening it has the offset of the opening, later that of the close."""
    poll = parse_poll(SUMMER, source="summer.toml")
    at_ms = (poll.opens_at_ms or 0) + after_opening_ms
    closed = Round(poll=poll, state=State.CLOSED, state_at_ms=at_ms)

    assert f"closed on {text}" in (reply_to(CLOSED, closed, 0) or "")


@pytest.mark.parametrize(
    ("opens", "closes", "waiting", "by_hand"),
    [
        ("2030-05-04T20:00:00+02:00", None, "4 May at 20:00.", "4 May at 23:00."),
        (None, "2030-05-04T20:00:00+02:00", "a day to be announced.", "4 May at 23:00."),
        ("2030-05-04T20:00:00+02:00", "2030-05-04T22:00:00Z", "4 May at 20:00.", "4 May at 21:00 UTC."),
        ("2030-05-04T18:00:00Z", "2030-05-05T00:00:00+02:00", "4 May at 18:00 UTC.", "4 May at 23:00."),
        (None, None, "a day to be announced.", "4 May at 21:00 UTC."),
    ],
)  # fmt: skip
def test_each_time_has_its_own_offset(
    opens: str | None, closes: str | None, waiting: str, by_hand: str
) -> None:
    """A time with a Z is shown as UTC; if the file has one time only, its offset is used for all."""
    times = "".join(
        f"{key} = {at}\n" for key, at in (("opens_at", opens), ("closes_at", closes)) if at
    )
    text = "\n".join(line for line in SUMMER.splitlines() if "_at = " not in line)
    poll = parse_poll(times + text, source="offsets.toml")
    closed = Round(poll=poll, state=State.CLOSED, state_at_ms=1_904_158_800_000)

    assert f"opens on {waiting}" in (reply_to(WAITING, Round(poll=poll), 0) or "")
    assert f"closed on {by_hand}" in (reply_to(CLOSED, closed, 0) or "")
