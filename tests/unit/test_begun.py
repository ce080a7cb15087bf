"""Whether a round has begun: a ballot, a board that is not zero or a certificate is enough."""

from dataclasses import dataclass, field, replace

import pytest

from services.tools.replay.lifecycle.boards import SimulatedBoards
from services.tools.replay.lifecycle.polls import SimulatedPolls
from services.voting.begun import has_begun
from services.voting.certificate import Certificate
from services.voting.poll import Round
from services.voting.tally import Delta, TallyRow
from tests.support.audited_votes import AuditedVotes
from tests.support.polls import NOON, a_round

ROUND = a_round()


@dataclass
class Parts:
    """The ports that `has_begun` reads."""

    audited: AuditedVotes = field(default_factory=AuditedVotes)

    def __post_init__(self) -> None:
        self.boards = SimulatedBoards(polls=SimulatedPolls(clock=lambda: NOON))

    def has_begun(self, round: Round = ROUND) -> bool:
        """Whether this round has begun."""
        return has_begun(
            round, recounts=self.audited, tallies=self.boards, certificates=self.boards
        )

    def fold(self, board: str, number: int = 1, *, voters: int = 0, **picks: int) -> None:
        """Fold one record into a board."""
        row = TallyRow(board=board, round=number, stream_label="l", stream_shard="s")
        delta = Delta(
            picks=picks, voters=voters, folded=1, bad=0, first="1", last="1", as_of_ms=NOON
        )
        assert self.boards.apply(row, delta) is None


def test_a_round_of_which_there_is_nothing_has_not_begun() -> None:
    """Shards, policy and order of choices may still change."""
    assert not Parts().has_begun()


def test_a_ballot_alone_is_a_beginning() -> None:
    """Its stream record may not be folded yet."""
    parts = Parts()
    parts.audited.vote("voter1")

    assert parts.has_begun()


@pytest.mark.parametrize("board", ["open#colors", "sealed#colors"])
def test_a_board_alone_is_a_beginning(board: str) -> None:
    """The ballots may have expired or been deleted; both boards are checked."""
    counted, zero = Parts(), Parts()
    counted.fold(board, voters=1, RED=1)
    zero.fold(board, RED=0)

    assert counted.has_begun()
    assert zero.has_begun()


def test_a_certificate_alone_is_a_beginning() -> None:
    """A round without votes can be certified, too."""
    parts = Parts()
    parts.boards.certified["colors", 1] = Certificate(
        poll="colors", round=1, picks={}, ballots=0, voters=0, certified_at_ms=NOON, digest=""
    )

    assert parts.has_begun()


def test_what_another_round_or_poll_has_is_no_beginning() -> None:
    """Votes and certificates of other rounds and polls do not matter."""
    parts = Parts()
    parts.fold("open#colors", 2, RED=1)
    parts.fold("open#trees", RED=1)
    parts.boards.certified["colors", 2] = Certificate(
        poll="colors", round=2, picks={}, ballots=0, voters=0, certified_at_ms=NOON, digest=""
    )

    assert not parts.has_begun()
    assert parts.has_begun(replace(ROUND, number=2))
