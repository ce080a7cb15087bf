"""`audit --repair --stream-lost`: records that will never come are written off, no others."""

from collections.abc import Callable
from typing import Any

import pytest

from services.voting import schema
from tests.support.commands import document, voteapp
from tests.support.moto_system import MotoSystem

REPAIR = ("audit", "colors", "--repair", "--stream-lost")


def lose_two(system: MotoSystem) -> None:
    """Three votes are folded, two and a change of mind are lost with their stream."""
    for phone in range(3):
        system.vote(phone, "RED")
    system.vote(7, "BLUE", folded=False)
    system.vote(8, "GREEN", "BLUE", folded=False)
    system.renew_stream()


def correction(system: MotoSystem) -> dict[str, Any] | None:
    """The row that a repair has written."""
    key = {"pk": {"S": "open#colors"}, "sk": {"S": schema.correction_sk(1)}}
    row: dict[str, Any] | None = system.dynamodb.get_item(TableName="Aggregates", Key=key).get(
        "Item"
    )
    return row


def test_what_a_lost_stream_held_is_written_off_and_both_lines_add_up(system: MotoSystem) -> None:
    """The correction row says how many records are missing; the round can be certified."""
    lose_two(system)
    system.close()
    before = document("audit", "colors")
    answer = voteapp(*REPAIR)
    after, row = document("audit", "colors"), correction(system)

    assert (before["writes"], before["folded"], before["drained"]) == (6, 3, False)
    assert answer.exit_code == 0, answer.output
    assert "Write off 3 stream records as lost for good" in answer.stderr
    assert (after["writes"], after["folded"], after["exact"]) == (6, 6, True)
    assert row
    assert (row["missing"], row["c#BLUE"], row["voters"]) == ({"N": "3"}, {"N": "2"}, {"N": "2"})
    assert row["log"]["L"][0]["M"]["missing"] == {"N": "3"}
    assert document("certify", "colors", "--yes")["votes"] == {"BLUE": 2, "GREEN": 0, "RED": 3}


def test_written_off_again_nothing_changes(system: MotoSystem) -> None:
    """There is nothing missing any more."""
    lose_two(system)
    system.close()
    voteapp(*REPAIR)
    once = correction(system)
    again = voteapp(*REPAIR, "--yes")

    assert again.exit_code == 0
    assert correction(system) == once


def test_records_lost_behind_the_watermark_are_written_off_too(system: MotoSystem) -> None:
    """The stream still holds them, and their shard has been folded beyond them."""
    system.vote(1, "RED", folded=False)
    system.vote(2, "RED")
    system.close()

    assert voteapp(*REPAIR).exit_code == 0
    assert document("audit", "colors")["exact"]


def test_a_record_that_the_stream_still_holds_is_not_written_off(system: MotoSystem) -> None:
    """It will be folded once the mapping runs; written off, it would be counted twice."""
    lose_two(system)
    system.vote(9, "GREEN", folded=False)
    system.close()
    refused = voteapp(*REPAIR)
    system.fold()
    done = voteapp(*REPAIR)
    told = document("audit", "colors")

    assert refused.exit_code == 1
    assert "1 record is still in the stream: enable the mapping, and wait" in refused.stderr
    assert done.exit_code == 0
    assert told["exact"]
    assert told["votes"] == {"BLUE": 2, "GREEN": 1, "RED": 3}


@pytest.mark.parametrize(
    ("ago_ms", "why"),
    [(None, "the poll is open: close it first"), (71_000, "on their way to it: wait 73 seconds")],
)
def test_nothing_is_written_off_while_texts_may_come(
    system: MotoSystem, ago_ms: int | None, why: str
) -> None:
    """Only of a round that is closed and settled."""
    lose_two(system)
    if ago_ms is not None:
        system.close(ago_ms=ago_ms)
    answer = voteapp(*REPAIR, "--yes")

    assert answer.exit_code == 1
    assert why in answer.stderr
    assert correction(system) is None


def test_nothing_is_written_off_if_the_answer_is_no(system: MotoSystem) -> None:
    """It asks first, with the number of records."""
    lose_two(system)
    system.close()

    assert voteapp(*REPAIR, answer="n").exit_code == 1
    assert correction(system) is None


@pytest.mark.usefixtures("system")
def test_it_goes_with_a_repair() -> None:
    """An audit alone writes nothing."""
    assert voteapp("audit", "colors", "--stream-lost").exit_code == 2


def test_a_drained_round_is_repaired_as_ever(system: MotoSystem) -> None:
    """With nothing to write off, an open poll may be repaired, too."""
    system.vote(1, "RED")
    (row,) = [
        row
        for row in system.dynamodb.scan(TableName="Aggregates")["Items"]
        if row["sk"]["S"].startswith("00001#tally#")
    ]
    system.dynamodb.put_item(TableName="Aggregates", Item=row | {"c#RED": {"N": "3"}})
    answer = voteapp(*REPAIR, "--yes")
    after = correction(system)

    assert answer.exit_code == 0
    assert after
    assert (after["c#RED"], after["missing"]) == ({"N": "-2"}, {"N": "0"})


# --- what an operator's edit by hand does to the two lines ----------------------------


def delete_by_hand(system: MotoSystem) -> None:
    """One ballot's item."""
    item = system.dynamodb.scan(TableName="Votes")["Items"][0]
    system.dynamodb.delete_item(TableName="Votes", Key={k: item[k] for k in ("pk", "sk")})


def edit_by_hand(system: MotoSystem) -> None:
    """One ballot's picks, without its counter."""
    item = system.dynamodb.scan(TableName="Votes")["Items"][0]
    system.dynamodb.put_item(TableName="Votes", Item=item | {"picks": {"M": {"BLUE": {"N": "1"}}}})


def count_by_hand(system: MotoSystem) -> None:
    """One ballot's picks and counter, as the webhook writes them."""
    item = system.dynamodb.scan(TableName="Votes")["Items"][0]
    writes = {"N": str(int(item["writes"]["N"]) + 1)}
    picks = {"M": {"BLUE": {"N": "1"}}}
    system.dynamodb.put_item(TableName="Votes", Item=item | {"picks": picks, "writes": writes})


@pytest.mark.parametrize(
    ("by_hand", "why", "votes"),
    [
        (delete_by_hand, "1 item was deleted from the table of ballots", {"RED": 2}),
        (edit_by_hand, "3 writes, 4 records folded: were ballots edited", {"BLUE": 1, "RED": 2}),
        (count_by_hand, None, {"BLUE": 1, "RED": 2}),
    ],
)
def test_an_edit_by_hand_is_seen_unless_it_keeps_the_books(
    system: MotoSystem,
    by_hand: Callable[[MotoSystem], None],
    why: str | None,
    votes: dict[str, int],
) -> None:
    """Nothing is proven until an operator has written it off."""
    for phone in range(3):
        system.vote(phone, "RED")
    by_hand(system)
    system.fold()
    system.close()
    audit, plain, certify = (
        document("audit", "colors"),
        voteapp("audit", "colors", "--repair", "--yes"),
        voteapp("certify", "colors", "--yes") if why else None,
    )
    done = voteapp(*REPAIR, "--yes")
    after = document("audit", "colors")

    assert audit["drained"] is (why is None)
    assert audit["votes"] == votes
    if why and certify:
        assert why in " ".join(audit["not_drained"])
        assert why in plain.stderr
        assert why in certify.stderr
    assert done.exit_code == 0, done.output
    assert (after["exact"], after["votes"]) == (True, votes)
    assert voteapp("certify", "colors", "--yes").exit_code == 0


def test_a_record_that_could_not_be_read_is_never_taken_for_a_vote(system: MotoSystem) -> None:
    """Somebody wrote an item that is no ballot, and mended it: the lines add up, the votes not."""
    system.vote(1, "RED")
    item = system.dynamodb.scan(TableName="Votes")["Items"][0]
    broken = item | {"picks": {"M": {"RED": {"N": "-4"}}}, "writes": {"N": "2"}}
    system.dynamodb.put_item(TableName="Votes", Item=broken)
    system.dynamodb.put_item(TableName="Votes", Item=item | {"writes": {"N": "3"}})
    system.fold()
    system.close()
    told = document("audit", "colors")
    done = voteapp(*REPAIR, "--yes")

    assert (told["writes"], told["folded"], told["drained"]) == (3, 3, False)
    assert "2 stream records could not be read" in " ".join(told["not_drained"])
    assert done.exit_code == 0, done.output
    assert document("audit", "colors")["exact"]
