"""A proof that the stream is drained is never wrong, whatever others write meanwhile."""

import random
from collections.abc import Callable
from functools import partial

import pytest

from services.voting import lifecycle
from services.voting.audit import Audit
from services.voting.certificate import NotCertifiableError
from services.voting.poll import Round
from services.voting.recount import Difference
from tests.support.hall import THERE, VOTERS, Hall
from tests.support.polls import NOON

CLOSED = lifecycle.closed(THERE, NOON - 20_000)


def test_whatever_is_written_meanwhile_a_proof_is_never_wrong() -> None:
    """Texts, forgotten phones, barred texts, expiries; folds that lag; between all readings."""
    proven = refuted = 0
    for seed in range(1_500):
        draw = random.Random(seed)  # noqa: S311 - the same schedule every time
        hall = Hall()
        for _ in range(draw.randrange(12)):
            something(hall, draw)
        if draw.random() < 0.8:
            hall.fold()
        rate = draw.choice([0, 0, 0.02, 0.1, 0.5])
        hall.meanwhile = lambda hall=hall, draw=draw, rate=rate: (  # type: ignore[misc]
            something(hall, draw) if draw.random() < rate else None
        )
        audit = hall.audit()
        if audit.not_drained:
            refuted += 1
            continue
        proven += 1

        assert audit.differences == [], seed
        assert_repair_changes_nothing(hall, audit)

    assert proven > 300
    assert refuted > 300


def something(hall: Hall, draw: random.Random) -> None:
    """One thing that can happen while an audit reads."""
    voter = draw.choice(VOTERS)
    votes = [partial(hall.vote, voter, choice) for choice in ("RED", "BLUE")]
    words = [partial(word, voter) for word in (hall.forget, hall.bar, hall.date)]
    folds = [partial(hall.fold, count) for count in (1, 2, 3, None)]
    what: list[Callable[[], None]] = [*votes, *votes, *words, *folds]
    draw.choice(what)()


def assert_repair_changes_nothing(hall: Hall, audit: Audit) -> None:
    """Where everything is folded, there is nothing to repair."""
    assert hall.auditor().repair(audit) == []


@pytest.mark.parametrize("round", [THERE, CLOSED], ids=["open", "closed"])
def test_a_repair_never_moves_a_board_away_from_the_truth(round: Round) -> None:
    """A spoiled board and a fold that lags: repaired or refused, and right once all is folded."""
    repaired = refused = 0
    for seed in range(600):
        draw = random.Random(seed)  # noqa: S311 - the same schedule every time
        hall = Hall()
        for _ in range(draw.randrange(1, 12)):
            something(hall, draw)
        hall.fold(draw.choice([None, None, 0, 1]))
        hall.boards.correct(
            Difference(board=THERE.board, picks={"RED": draw.randrange(-3, 4)}, voters=0),
            1,
            expected=0,
        )
        hall.meanwhile = lambda hall=hall, draw=draw: (  # type: ignore[misc]
            something(hall, draw) if round is THERE and draw.random() < 0.02 else None
        )
        before = hall.audit(round)
        hall.meanwhile = lambda: None
        try:
            hall.auditor().repair(before)
            repaired += 1
        except NotCertifiableError:
            refused += 1
            continue
        hall.fold()

        assert hall.audit(round).differences == [], seed
        assert hall.audit(round).not_drained == (), seed

    assert repaired > 100
    assert refused > 100
