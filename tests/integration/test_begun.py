"""Reset and apply ask the same: has the round begun, and is it quiet?"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from services.voting import schema
from tests.support.commands import document, voteapp
from tests.support.moto_system import POLL, MotoSystem


def a_ballot(system: MotoSystem) -> None:
    """That is not folded."""
    system.vote(1, "RED", folded=False)


def a_board(system: MotoSystem) -> None:
    """Whose ballot is gone without a trace on the stream."""
    system.vote(1, "RED")
    item = system.dynamodb.scan(TableName="Votes")["Items"][0]
    system.dynamodb.delete_item(TableName="Votes", Key={k: item[k] for k in ("pk", "sk")})


def a_certificate(system: MotoSystem) -> None:
    """Of a round in which nobody voted."""
    key = {"pk": {"S": "open#colors"}, "sk": {"S": schema.certified_sk(1)}}
    numbers = {"ballots": {"N": "0"}, "voters": {"N": "0"}, "certified_at": {"N": "1"}}
    item = {**key, **numbers, "digest": {"S": "0"}}
    system.dynamodb.put_item(TableName="Aggregates", Item=item)


def an_unreadable_ballot(system: MotoSystem) -> None:
    """Nobody knows what it counts for, but there it is."""
    system.vote(1, "RED")
    item = system.dynamodb.scan(TableName="Votes")["Items"][0]
    system.dynamodb.put_item(TableName="Votes", Item=item | {"picks": {"S": "?"}})


BEGINNINGS = [a_ballot, a_board, a_certificate, an_unreadable_ballot]


def apply(folder: Path, more: str) -> Any:
    """`voteapp poll apply` with these lines more."""
    (folder / "colors.toml").write_text(POLL.format(more=more))
    return voteapp("poll", "apply", str(folder), "--yes")


@pytest.mark.parametrize("begin", BEGINNINGS)
def test_a_round_that_has_begun_is_reset(
    system: MotoSystem, begin: Callable[[MotoSystem], None]
) -> None:
    """Once: the new round has nothing yet."""
    begin(system)
    first, second = (document("poll", "reset", "colors", "--yes") for _ in range(2))

    assert (first["changed"], first["round"]) == (True, 2)
    assert (second["changed"], second["round"]) == (False, 2)


@pytest.mark.parametrize("more", ["shards = 3", 'policy = "first"', 'visibility = "sealed"'])
@pytest.mark.parametrize("begin", BEGINNINGS)
def test_in_a_round_that_has_begun_nothing_changes_that_ballots_depend_on(
    system: MotoSystem, tmp_path: Path, begin: Callable[[MotoSystem], None], more: str
) -> None:
    """However long ago it was closed; the remedy is the next round."""
    begin(system)
    system.close(ago_ms=3_600_000)
    answer = apply(tmp_path, more)

    assert answer.exit_code == 1
    assert "round 1 has begun" in answer.stderr
    assert "voteapp poll reset colors" in answer.stderr


def test_shards_are_not_changed_under_votes_that_are_not_folded(
    system: MotoSystem, tmp_path: Path
) -> None:
    """Twenty phones have voted and the board is at zero: none of them votes twice."""
    for phone in range(20):
        system.vote(phone, "RED", folded=False)
    answer = apply(tmp_path, 'policy = "last"\nshards = 3')
    for phone in range(20):
        system.vote(phone, "BLUE", folded=False)
    system.fold()
    told = document("audit", "colors")

    assert answer.exit_code == 1
    assert system.round.poll.shards == 10
    assert (told["votes"], told["voters"], told["exact"]) == ({"BLUE": 20}, 20, True)


def test_the_way_to_other_shards_is_reset_close_wait_apply(
    system: MotoSystem, tmp_path: Path
) -> None:
    """Each step says what is missing."""
    system.vote(1, "RED")
    voteapp("poll", "reset", "colors", "--yes")
    is_open = apply(tmp_path, "shards = 3")
    voteapp("poll", "close", "colors")
    too_soon = apply(tmp_path, "shards = 3")
    system.wait(73_000)
    applied = apply(tmp_path, "shards = 3")
    opened = document("poll", "open", "colors")

    for refused in (is_open, too_soon):
        assert refused.exit_code == 1
        assert "close it, wait 73 seconds, then change this" in refused.stderr
    assert applied.exit_code == 0, applied.output
    assert (opened["phase"], system.round.poll.shards) == ("open", 3)
