"""Forgetting, expiry and lists of phones: a text that is a moment faster is not lost."""

from typing import Any

import pytest

from services.adapters.dynamodb.allow_lists import PhoneListStore
from services.adapters.dynamodb.ballot_items import ballot_of, item_of
from services.adapters.dynamodb.erasure import DynamoErasure
from services.adapters.dynamodb.expiry import BallotExpiry
from services.voting.errors import StoreUnavailableError
from tests.support.polls import NOON, PSEUDONYMS, a_phone
from tests.support.recorded import Recorded
from tests.support.red_ballot import THERE, a_ballot, both_tables, held, put, tables

__all__ = ["both_tables", "tables"]


# --- forgetting --------------------------------------------------------------------------


def forgetting(tables: Recorded) -> DynamoErasure:
    """At noon."""
    return DynamoErasure(tables.client, "Votes", lambda: NOON)


def test_a_text_that_is_faster_is_forgotten_as_well(tables: Recorded) -> None:
    """The ballot that was read stands no more: it is read anew, and what counted last is told."""
    later = a_ballot("RED", "BLUE")
    tables.rivals["PutItem"] = lambda: put(tables, later)
    removed = forgetting(tables).remove([THERE], a_phone(0), PSEUDONYMS)
    item = held(tables, later)
    assert item

    assert [one.picks for one in removed] == [{"BLUE": 1}]
    assert ballot_of(item).picks == {}
    assert item["writes"] == {"N": "3"}


def test_who_texts_faster_than_anybody_can_forget_is_not_given_half_an_answer(
    tables: Recorded,
) -> None:
    """Sixteen times; then the operator is asked to try again."""
    ballot = a_ballot("RED")

    def rival() -> None:
        tables.rivals["PutItem"] = rival
        tables.client.update_item(
            TableName="Votes",
            Key={"pk": {"S": ballot.pk}, "sk": {"S": ballot.sk}},
            UpdateExpression="ADD writes :one",
            ExpressionAttributeValues={":one": {"N": "1"}},
        )

    tables.rivals["PutItem"] = rival

    with pytest.raises(StoreUnavailableError):
        forgetting(tables).remove([THERE], a_phone(0), PSEUDONYMS)
    assert len(tables.sent("PutItem")) == 16


def test_another_run_that_was_faster_is_not_counted_twice(tables: Recorded) -> None:
    """The ballot is empty by then, and nothing is left to tell."""
    tables.rivals["GetItem"] = lambda: forgetting(tables).remove([THERE], a_phone(0), PSEUDONYMS)

    assert forgetting(tables).remove([THERE], a_phone(0), PSEUDONYMS) == []


def test_a_phone_whose_pseudonym_begins_like_anothers_is_another(tables: Recorded) -> None:
    """Nobody else is forgotten."""
    other = put(tables, a_ballot("RED", phone=1))
    forgetting(tables).remove([THERE], a_phone(0), PSEUDONYMS)

    assert held(tables, other) == item_of(other)


# --- expiry ------------------------------------------------------------------------------


def expire(tables: Recorded, at_ms: int = NOON) -> int:
    """Give the ballots of the round this expiry."""
    return BallotExpiry(client=tables.client, table="Votes").set_expiry(
        THERE, at_ms, lambda _: None
    )


def test_a_ballot_without_an_expiry_gets_one_and_one_more_write(tables: Recorded) -> None:
    """73 s later than promised; the stream has one record more, so has the ballot's counter."""
    ballot = a_ballot("RED")
    done, again = expire(tables, NOON + 999), expire(tables, NOON + 86_400_000)
    item = held(tables, ballot)
    assert item

    assert (done, again) == (1, 0)
    assert item["expires_at"] == {"N": str(NOON // 1000 + 73)}
    assert item["writes"] == {"N": "2"}
    assert ballot_of(item).picks == {"RED": 1}


def test_a_ballot_that_is_given_an_expiry_meanwhile_keeps_that(tables: Recorded) -> None:
    """By another run: it is neither written nor counted again."""
    tables.rivals["UpdateItem"] = lambda: expire(tables, NOON)
    done = expire(tables, NOON + 5_000)
    item = held(tables, a_ballot("RED"))
    assert item

    assert done == 0
    assert item["expires_at"] == {"N": str(NOON // 1000 + 73)}
    assert item["writes"] == {"N": "2"}


def test_a_ballot_that_is_deleted_meanwhile_does_not_come_back(tables: Recorded) -> None:
    """As an item of an expiry alone."""
    ballot = a_ballot("RED")
    key = {"pk": {"S": ballot.pk}, "sk": {"S": ballot.sk}}
    tables.rivals["UpdateItem"] = lambda: tables.client.delete_item(TableName="Votes", Key=key)

    assert expire(tables) == 0
    assert held(tables, ballot) is None


# --- lists of phones ---------------------------------------------------------------------


def test_what_a_batch_leaves_unwritten_is_sent_again(
    tables: Recorded, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DynamoDB may take a part of a batch only; and takes 25 at most."""
    write, sizes = tables.client.batch_write_item, []

    def half(RequestItems: dict[str, list[Any]]) -> dict[str, Any]:  # noqa: N803 - AWS's name
        (wanted,) = RequestItems.values()
        sizes.append(len(wanted))
        taken = wanted[: max(1, len(wanted) // 2)]
        write(RequestItems={"Polls": taken})
        left = wanted[len(taken) :]
        return {"UnprocessedItems": {"Polls": left} if left else {}}

    monkeypatch.setattr(tables.client, "batch_write_item", half)
    store = PhoneListStore(tables.client, "Polls")
    marks = {f"{number:032x}" for number in range(30)}
    told = store.replace("colors", marks)

    assert (told, store.phone_ids("colors")) == ((30, 0), marks)
    assert max(sizes) == 25
