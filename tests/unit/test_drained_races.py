"""A proof that the stream is drained is correct, whatever is written during the audit."""

import random
from collections.abc import Callable
from functools import partial

import pytest

from services.voting import lifecycle
from services.voting.audit import Audit
from services.voting.certificate import NotCertifiableError
from services.voting.poll import Round
from services.voting.recount import Difference
from tests.support.audited_votes import ROUND, VOTERS, AuditedVotes
from tests.support.polls import NOON

CLOSED = lifecycle.closed(ROUND, NOON - 73_000)


def test_whatever_is_written_meanwhile_a_proof_is_never_wrong() -> None:
    """Votes, forgotten phones, barred texts, expiries and late folds happen between all reads."""
    proven = refuted = 0
    for seed in range(1_500):
        draw = random.Random(seed)  # noqa: S311 - the same schedule every time
        audited = AuditedVotes()
        for _ in range(draw.randrange(12)):
            something(audited, draw)
        if draw.random() < 0.8:
            audited.fold()
        rate = draw.choice([0, 0, 0.02, 0.1, 0.5])
        audited.meanwhile = lambda audited=audited, draw=draw, rate=rate: (  # type: ignore[misc]
            something(audited, draw) if draw.random() < rate else None
        )
        audit = audited.audit()
        if audit.drain_problems:
            refuted += 1
            continue
        proven += 1

        assert audit.differences == [], seed
        assert_repair_changes_nothing(audited, audit)

    assert proven > 300
    assert refuted > 300


def something(audited: AuditedVotes, draw: random.Random) -> None:
    """Make one random write, as it can happen during an audit."""
    voter = draw.choice(VOTERS)
    votes = [partial(audited.vote, voter, choice) for choice in ("RED", "BLUE")]
    words = [partial(word, voter) for word in (audited.forget, audited.bar, audited.date)]
    folds = [partial(audited.fold, count) for count in (1, 2, 3, None)]
    what: list[Callable[[], None]] = [*votes, *votes, *words, *folds]
    draw.choice(what)()


def assert_repair_changes_nothing(audited: AuditedVotes, audit: Audit) -> None:
    """Check that a drained round needs no repair."""
    assert audited.auditor().repair(audit) == []


@pytest.mark.parametrize("round", [ROUND, CLOSED], ids=["open", "closed"])
def test_a_repair_never_moves_a_board_away_from_the_truth(round: Round) -> None:
    """With a wrong board and late folds, a repair is refused or leads to the correct totals."""
    repaired = refused = 0
    for seed in range(600):
        draw = random.Random(seed)  # noqa: S311 - the same schedule every time
        audited = AuditedVotes()
        for _ in range(draw.randrange(1, 12)):
            something(audited, draw)
        audited.fold(draw.choice([None, None, 0, 1]))
        audited.boards.correct(
            Difference(board=ROUND.board, picks={"RED": draw.randrange(-3, 4)}, voters=0),
            1,
            expected=0,
        )
        audited.meanwhile = lambda audited=audited, draw=draw: (  # type: ignore[misc]
            something(audited, draw) if round is ROUND and draw.random() < 0.02 else None
        )
        before = audited.audit(round)
        audited.meanwhile = lambda: None
        try:
            audited.auditor().repair(before)
            repaired += 1
        except NotCertifiableError:
            refused += 1
            continue
        audited.fold()

        assert audited.audit(round).differences == [], seed
        assert audited.audit(round).drain_problems == (), seed

    assert repaired > 100
    assert refused > 100
