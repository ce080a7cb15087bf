"""What is written on condition: whoever is a moment slower changes nothing, and is told so."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from services.adapters.certificates import DynamoCertificates
from services.adapters.corrections import DynamoCorrections
from services.adapters.directory import DynamoDirectory
from services.adapters.expiry import BallotExpiry
from services.adapters.forgetting import DynamoForgetting
from services.adapters.items import ballot_of, item_of
from services.adapters.phones import PhoneListStore
from services.adapters.tallies import DynamoTallies
from services.voting import control
from services.voting.ballot import Ballot, cast
from services.voting.certificate import Certificate
from services.voting.definition import parse_poll
from services.voting.errors import PollChangedError, StoreUnavailableError
from services.voting.poll import Round
from services.voting.recount import Difference
from tests.support.polls import COLORS_TOML, NOON, PEPPER, a_phone, a_round, a_vote
from tests.support.recorded import Recorded, recorded_tables

COLORS = parse_poll(COLORS_TOML, source="colors.toml")
THERE = a_round()


@pytest.fixture(scope="module")
def both_tables() -> Iterator[Recorded]:
    """With the poll colors, and a ballot of phone 0 for red."""
    with recorded_tables() as tables:
        polls(tables).apply([COLORS])
        put(tables, a_ballot("RED"))
        tables.save()
        yield tables


@pytest.fixture
def tables(both_tables: Recorded) -> Recorded:
    """The same for every test."""
    return both_tables.restore()


def polls(tables: Recorded) -> DynamoDirectory:
    """The directory."""
    return DynamoDirectory(client=tables.client, table="Aggregates", clock=lambda: NOON)


def a_ballot(*choices: str, phone: int = 0) -> Ballot:
    """The ballot of these texts."""
    ballot: Ballot | None = None
    for choice in choices:
        ballot = cast(THERE, ballot, a_vote(choice, phone=phone)).ballot
    assert ballot
    return ballot


def put(tables: Recorded, ballot: Ballot) -> Ballot:
    """Store a ballot, whatever stands there."""
    tables.client.put_item(TableName="Votes", Item=item_of(ballot, THERE))
    return ballot


def held(tables: Recorded, ballot: Ballot) -> dict[str, Any] | None:
    """The item under a ballot's key."""
    return tables.item("Votes", ballot.pk, ballot.sk)


# --- certificates ------------------------------------------------------------------------


def certificate(red: int = 1, *, number: int = 1) -> Certificate:
    """Of colors."""
    return Certificate(
        poll="colors", round=number, picks={"RED": red, "BLUE": 0}, ballots=red, voters=red,
        certified_at_ms=NOON + red, digest=f"digest of {red}",
    )  # fmt: skip


def standing(tables: Recorded) -> Round:
    """The current round of colors."""
    return polls(tables).entry("colors").round


def test_a_certificate_is_read_as_it_was_written(tables: Recorded) -> None:
    """Choices without a vote as well; and the round is final with it."""
    store = DynamoCertificates(tables.client, "Aggregates")
    new = store.write(certificate(3), standing(tables), current=True)

    assert new is True
    assert store.find("colors", 1) == certificate(3)
    assert store.find("colors", 2) is None
    assert standing(tables).certified_at_ms == NOON + 3


def test_a_second_certificate_does_not_overwrite_the_first(tables: Recorded) -> None:
    """Two desks certify at the same time; the second is told that there is one."""
    store, there = DynamoCertificates(tables.client, "Aggregates"), standing(tables)
    first = store.write(certificate(3), there, current=True)
    second = store.write(certificate(4), standing(tables), current=True)
    stale = store.write(certificate(5), there, current=True)

    assert (first, second, stale) == (True, False, False)
    assert store.find("colors", 1) == certificate(3)
    assert standing(tables).certified_at_ms == NOON + 3


def test_a_certificate_row_alone_keeps_a_second_one_out(tables: Recorded) -> None:
    """Also where a directory that was restored has forgotten the first."""
    store = DynamoCertificates(tables.client, "Aggregates")
    before = tables.item("Aggregates", "directory", "colors")
    store.write(certificate(3), standing(tables), current=True)
    tables.client.put_item(TableName="Aggregates", Item=before)

    assert store.write(certificate(4), standing(tables), current=True) is False
    assert store.find("colors", 1) == certificate(3)
    assert standing(tables).certified_at_ms is None


@pytest.mark.parametrize(
    "change",
    [
        lambda there: control.closed(there, NOON),
        lambda there: control.next_round(there, NOON),
        lambda there: replace(there, certified_at_ms=NOON - 1),
        lambda there: replace(there, heard_until_ms=NOON - 1),
    ],
    ids=["closed", "reset", "certified", "written again"],
)
def test_a_round_that_was_changed_meanwhile_is_not_certified(tables: Recorded, change: Any) -> None:
    """Who changed it may have opened it: neither the certificate nor the finality is written."""
    there = standing(tables)
    later = DynamoDirectory(client=tables.client, table="Aggregates", clock=lambda: NOON + 1)
    later.change("colors", change)
    before = tables.item("Aggregates", "directory", "colors")
    store = DynamoCertificates(tables.client, "Aggregates")

    with pytest.raises(PollChangedError):
        store.write(certificate(), there, current=True)
    assert store.find("colors", 1) is None
    assert tables.item("Aggregates", "directory", "colors") == before


def test_a_certificate_that_somebody_has_deleted_is_not_replaced(tables: Recorded) -> None:
    """The round says that there was one; what it said is in a backup."""
    store, there = DynamoCertificates(tables.client, "Aggregates"), standing(tables)
    store.write(certificate(3), there, current=True)
    key = {"pk": {"S": "open#colors"}, "sk": {"S": "certified#1"}}
    tables.client.delete_item(TableName="Aggregates", Key=key)

    with pytest.raises(PollChangedError):
        store.write(certificate(4), there, current=True)
    assert store.find("colors", 1) is None
    assert standing(tables).certified_at_ms == NOON + 3


def test_a_past_round_is_made_final_in_its_own_row(tables: Recorded) -> None:
    """The round that is open now stays open."""
    polls(tables).change("colors", lambda there: control.next_round(there, NOON))
    (past,) = polls(tables).past_rounds("colors")
    store = DynamoCertificates(tables.client, "Aggregates")
    store.write(certificate(2), past, current=False)

    assert polls(tables).past_rounds("colors")[0].certified_at_ms == NOON + 2
    assert standing(tables).certified_at_ms is None


def test_a_change_that_was_read_before_the_certificate_is_not_written_after_it(
    tables: Recorded,
) -> None:
    """The certificate is a revision of the poll like any other."""
    entry = polls(tables).entry("colors")
    store = DynamoCertificates(tables.client, "Aggregates")
    store.write(certificate(), entry.round, current=True)

    with pytest.raises(PollChangedError):
        polls(tables).write(entry)


# --- corrections -------------------------------------------------------------------------


def test_a_correction_is_summed_with_the_tallies_and_counts_itself(tables: Recorded) -> None:
    """Its `folded` counts corrections, so that the screen takes it for newer; records it adds none."""
    store = DynamoCorrections(tables.client, "Aggregates")
    off = Difference(
        board="open#colors", picks={"RED": 2, "BLUE": -1}, voters=1, missing=4, removed=-2, bad=-3
    )
    first = store.apply(off, 1, expected=0, at_ms=NOON)
    once = DynamoTallies(tables.client, "Aggregates").totals("open#colors", 1)
    second = store.apply(replace(off, picks={"RED": -2}), 1, expected=1, at_ms=NOON + 1)
    twice = DynamoTallies(tables.client, "Aggregates").totals("open#colors", 1)

    assert (first, second, store.count("open#colors", 1)) == (True, True, 2)
    assert (once.picks, once.voters, once.folded) == ({"RED": 2, "BLUE": -1}, 1, 4)
    assert (once.removed, once.bad) == (-2, -3)
    assert (twice.picks, twice.voters, twice.folded) == ({"RED": 0, "BLUE": -1}, 2, 8)


@pytest.mark.parametrize(("before", "expected"), [(1, 0), (0, 1), (2, 1), (1, 2)])
def test_a_board_that_was_corrected_meanwhile_is_not_corrected(
    tables: Recorded, before: int, expected: int
) -> None:
    """Both desks would add the same difference."""
    store = DynamoCorrections(tables.client, "Aggregates")
    off = Difference(board="open#colors", picks={"RED": 1}, voters=1)
    for number in range(before):
        store.apply(off, 1, expected=number, at_ms=NOON)

    assert store.apply(off, 1, expected=expected, at_ms=NOON) is False
    assert store.count("open#colors", 1) == before


def test_a_correction_says_when_and_by_how_much(tables: Recorded) -> None:
    """Each of them, in order; of one board and round."""
    store = DynamoCorrections(tables.client, "Aggregates")
    off = Difference(board="open#colors", picks={"RED": 1}, voters=1, missing=2)
    for number in range(2):
        store.apply(off, 1, expected=number, at_ms=NOON + number)
    row = tables.item("Aggregates", "open#colors", "tally#1#correction#recount")
    assert row
    log = [entry["M"] for entry in row["log"]["L"]]

    assert [entry["at"] for entry in log] == [{"N": str(NOON)}, {"N": str(NOON + 1)}]
    assert log[0]["picks"] == {"M": {"RED": {"N": "1"}}}
    assert (log[0]["voters"], log[0]["missing"]) == ({"N": "1"}, {"N": "2"})
    assert (store.count("sealed#colors", 1), store.count("open#colors", 2)) == (0, 0)


# --- forgetting --------------------------------------------------------------------------


def forgetting(tables: Recorded) -> DynamoForgetting:
    """At noon."""
    return DynamoForgetting(tables.client, "Votes", lambda: NOON)


def test_a_text_that_is_faster_is_forgotten_as_well(tables: Recorded) -> None:
    """The ballot that was read stands no more: it is read anew, and what counted last is told."""
    later = a_ballot("RED", "BLUE")
    tables.rivals["PutItem"] = lambda: put(tables, later)
    removed = forgetting(tables).remove([THERE], a_phone(0), PEPPER)
    item = held(tables, later)
    assert item

    assert [one.picks for one in removed] == [{"BLUE": 1}]
    assert ballot_of(item, THERE).picks == {}
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
        forgetting(tables).remove([THERE], a_phone(0), PEPPER)
    assert len(tables.sent("PutItem")) == 16


def test_another_run_that_was_faster_is_not_counted_twice(tables: Recorded) -> None:
    """The ballot is empty by then, and nothing is left to tell."""
    tables.rivals["GetItem"] = lambda: forgetting(tables).remove([THERE], a_phone(0), PEPPER)

    assert forgetting(tables).remove([THERE], a_phone(0), PEPPER) == []


def test_a_phone_whose_pseudonym_begins_like_anothers_is_another(tables: Recorded) -> None:
    """Nobody else is forgotten."""
    other = put(tables, a_ballot("RED", phone=1))
    forgetting(tables).remove([THERE], a_phone(0), PEPPER)

    assert held(tables, other) == item_of(other, THERE)


# --- expiry ------------------------------------------------------------------------------


def expire(tables: Recorded, at_ms: int = NOON) -> int:
    """Give the ballots of the round this expiry."""
    return BallotExpiry(client=tables.client, table="Votes").carry_out(THERE, at_ms, lambda _: None)


def test_a_ballot_without_an_expiry_gets_one_and_one_more_write(tables: Recorded) -> None:
    """20 s later than promised; the stream has one record more, so has the ballot's counter."""
    ballot = a_ballot("RED")
    done, again = expire(tables, NOON + 999), expire(tables, NOON + 86_400_000)
    item = held(tables, ballot)
    assert item

    assert (done, again) == (1, 0)
    assert item["expires_at"] == {"N": str(NOON // 1000 + 20)}
    assert item["writes"] == {"N": "2"}
    assert ballot_of(item, THERE).picks == {"RED": 1}


def test_a_ballot_that_is_given_an_expiry_meanwhile_keeps_that(tables: Recorded) -> None:
    """By another run: it is neither written nor counted again."""
    tables.rivals["UpdateItem"] = lambda: expire(tables, NOON)
    done = expire(tables, NOON + 5_000)
    item = held(tables, a_ballot("RED"))
    assert item

    assert done == 0
    assert item["expires_at"] == {"N": str(NOON // 1000 + 20)}
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
        write(RequestItems={"Aggregates": taken})
        left = wanted[len(taken) :]
        return {"UnprocessedItems": {"Aggregates": left} if left else {}}

    monkeypatch.setattr(tables.client, "batch_write_item", half)
    store = PhoneListStore(tables.client, "Aggregates")
    marks = {f"{number:032x}" for number in range(30)}
    told = store.replace("colors", marks)

    assert (told, store.marks("colors")) == ((30, 0), marks)
    assert max(sizes) == 25
