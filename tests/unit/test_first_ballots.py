"""Each single sign that a round has begun."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from services.voting.begun import has_begun
from services.voting.certificate import Certificate
from services.voting.tally import Totals
from tests.support.polls import NOON, a_round

CERTIFICATE = Certificate(
    poll="colors", round=3, picks={}, ballots=0, voters=0, certified_at_ms=NOON, digest=""
)


@dataclass
class Books:
    """Ballots, boards and certificates of the third round of colors."""

    ballots: bool = False
    boards: dict[str, Totals] = field(default_factory=dict)
    certificate: Certificate | None = None

    def has_ballots(self, _: object) -> bool:
        """Implements `AuditedBallots`."""
        return self.ballots

    def totals(self, board: str, number: int) -> Totals:
        """Implements `Tallies`."""
        assert number == 3
        return self.boards.get(board, Totals(picks={}))

    def find(self, poll: str, number: int) -> Certificate | None:
        """Implements `Certificates`."""
        assert (poll, number) == ("colors", 3)
        return self.certificate


@pytest.mark.parametrize(
    ("books", "begun"),
    [
        (Books(), False),
        (Books(boards={"open#colors": Totals(picks={"RED": 0})}), False),
        (Books(ballots=True), True),
        (Books(certificate=CERTIFICATE), True),
        (Books(boards={"open#colors": Totals(picks={"RED": 1})}), True),
        (Books(boards={"open#colors": Totals(picks={"RED": -1, "BLUE": 1})}), True),
        (Books(boards={"open#colors": Totals(picks={}, voters=1)}), True),
        (Books(boards={"open#colors": Totals(picks={}, folded=2)}), True),
        (Books(boards={"sealed#colors": Totals(picks={}, folded=2)}), True),
    ],
    ids=[
        "nothing", "a zero", "a ballot", "a certificate", "a vote", "a moved vote", "a voter",
        "a vote that was forgotten", "the other board",
    ],
)  # fmt: skip
def test_a_round_has_begun_if_anything_tells_so(books: Any, *, begun: bool) -> None:
    """Ballots expire, boards lag, and a vote that was forgotten leaves its records."""
    assert has_begun(a_round(number=3), recounts=books, tallies=books, certificates=books) is begun
