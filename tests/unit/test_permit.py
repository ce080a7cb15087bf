"""A reconciliation that goes on for long announces itself again before its time is over."""

from dataclasses import dataclass, field

from services.late.permit import Permit
from services.voting.poll import Round
from tests.support.polls import NOON, a_round

SECOND = 1_000


@dataclass
class Announced:
    """What was announced."""

    until_ms: list[int] = field(default_factory=list)
    ended: int = 0

    def begin(self, round: Round, until_ms: int) -> None:
        """Note it."""
        assert round == a_round()
        self.until_ms.append(until_ms)

    def end(self, round: Round) -> None:
        """Note it."""
        assert round == a_round()
        self.ended += 1


def test_it_is_announced_again_while_a_write_can_still_end_in_time() -> None:
    """Five minutes each, of which the last two and a half are for writes in flight."""
    said, now = Announced(), [NOON]
    permit = Permit(
        announcements=said, round=a_round(), clock=lambda: now[0], is_certified=lambda: False
    )
    given = []
    for seconds in (0, 150, 151, 300):
        now[0] = NOON + seconds * SECOND
        given.append(permit.is_given())
    permit.end()

    assert given == [True] * 4
    assert said.until_ms == [NOON + 300 * SECOND, NOON + 451 * SECOND]
    assert said.ended == 1


def test_a_certified_round_is_not_written_to_at_any_time() -> None:
    """And a run that never asked has nothing to end."""
    said, unused = Announced(), Announced()
    permit = Permit(
        announcements=said, round=a_round(), clock=lambda: NOON, is_certified=lambda: True
    )
    Permit(
        announcements=unused, round=a_round(), clock=lambda: NOON, is_certified=lambda: False
    ).end()

    assert [permit.is_given() for _ in range(3)] == [False] * 3
    assert len(said.until_ms) == 1
    assert unused.ended == 0
