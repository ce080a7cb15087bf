"""The rate that `voteapp results` shows, over a clock and a board that are made up."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from services.cli import results
from services.voting.poll import Round
from services.voting.tally import Totals
from tests.support.polls import NOON, a_round


@dataclass
class Board:
    """A deployment whose board grows while time passes."""

    clock_ms: int = NOON
    number: int = 1
    folded: int = 0
    texts_a_second: int = 12
    slept: list[float] = field(default_factory=list)

    @property
    def directory(self) -> "Board":
        """Its polls are its own."""
        return self

    @property
    def tallies(self) -> "Board":
        """Its counts, too."""
        return self

    def rounds(self, poll: str) -> list[Round]:
        """The current one, after those before it."""
        assert poll == "colors"
        return [a_round(number) for number in range(1, self.number + 1)]

    def totals(self, board: str, number: int) -> Totals:
        """What was folded by now."""
        assert (board, number) == ("open#colors", self.number)
        return Totals(picks={"RED": self.folded}, voters=self.folded, folded=self.folded)

    def sleep(self, seconds: float) -> None:
        """Time passes, and texts arrive."""
        self.slept.append(seconds)
        self.clock_ms += round(seconds * 1000)
        self.folded += round(self.texts_a_second * seconds)


@pytest.fixture
def board(monkeypatch: pytest.MonkeyPatch) -> Board:
    """At twelve texts a second."""
    made = Board()
    monkeypatch.setattr(results, "now_ms", lambda: made.clock_ms)
    monkeypatch.setattr("services.cli.results.time.sleep", made.sleep)
    return made


def readings(board: Any, every: float | None, looks: int) -> list[results.CountReading]:
    """So many looks at a board."""
    return [*results._readings(board, "colors", None, every, looks)]


def test_the_rate_is_texts_a_second_and_unknown_at_the_first_look(board: Board) -> None:
    """From what was folded between two looks."""
    rates = [reading.per_second for reading in readings(board, 1, 4)]

    assert rates == [None, 12.0, 12.0, 12.0]


def test_the_rate_is_of_the_last_ten_seconds(board: Board) -> None:
    """What came before says nothing of now."""
    looking = results._readings(board, "colors", None, 5, 0)  # type: ignore[arg-type]
    for _ in range(5):
        next(looking)
    board.texts_a_second = 0
    rates = [next(looking).per_second for _ in range(3)]

    assert rates == [6.0, 0.0, 0.0]


def test_after_a_reset_the_rate_begins_anew(board: Board) -> None:
    """The board of another round starts at zero: there is no rate below it."""
    looking = results._readings(board, "colors", None, 1, 0)  # type: ignore[arg-type]
    next(looking)
    next(looking)
    board.number, board.folded = 2, -12
    first, second = next(looking), next(looking)

    assert (first.round.number, first.per_second) == (2, None)
    assert second.per_second == 12.0


def test_without_watching_there_is_one_look(board: Board) -> None:
    """And nothing is waited for."""
    assert len(readings(board, None, 0)) == 1
    assert board.slept == []


def test_watching_ends_after_the_looks_that_were_asked_for(board: Board) -> None:
    """With a pause between two of them, and none after the last."""
    assert len(readings(board, 0.5, 3)) == 3
    assert board.slept == [0.5, 0.5]
