"""Certificates and corrections: whoever is a moment slower changes nothing, and is told so."""

from dataclasses import replace
from typing import Any

import pytest

from services.adapters.dynamodb.certificates import DynamoCertificates
from services.adapters.dynamodb.corrections import DynamoCorrections
from services.adapters.dynamodb.directory import DynamoDirectory
from services.adapters.dynamodb.tallies import DynamoTallies
from services.voting import lifecycle
from services.voting.certificate import Certificate
from services.voting.errors import PollChangedError
from services.voting.poll import Round
from services.voting.recount import Difference
from tests.support.polls import NOON
from tests.support.recorded import Recorded
from tests.support.red_ballot import both_tables, polls, tables

__all__ = ["both_tables", "tables"]


# --- certificates ------------------------------------------------------------------------


def certificate(red: int = 1, *, number: int = 1) -> Certificate:
    """Of colors."""
    return Certificate(
        poll="colors", round=number, picks={"RED": red, "BLUE": 0}, ballots=red, voters=red,
        certified_at_ms=NOON + red, digest=f"digest of {red}",
    )  # fmt: skip


def round(tables: Recorded) -> Round:
    """The current round of colors."""
    return polls(tables).entry("colors").round


def test_a_certificate_is_read_as_it_was_written(tables: Recorded) -> None:
    """Choices without a vote as well; and the round is final with it."""
    store = DynamoCertificates(client=tables.client, table="Aggregates", polls="Polls")
    new = store.write(certificate(3), round(tables), current=True)

    assert new is True
    assert store.find("colors", 1) == certificate(3)
    assert store.find("colors", 2) is None
    assert round(tables).certified_at_ms == NOON + 3


def test_a_second_certificate_does_not_overwrite_the_first(tables: Recorded) -> None:
    """Two desks certify at the same time; the second is told that there is one."""
    store, there = (
        DynamoCertificates(client=tables.client, table="Aggregates", polls="Polls"),
        round(tables),
    )
    first = store.write(certificate(3), there, current=True)
    second = store.write(certificate(4), round(tables), current=True)
    stale = store.write(certificate(5), there, current=True)

    assert (first, second, stale) == (True, False, False)
    assert store.find("colors", 1) == certificate(3)
    assert round(tables).certified_at_ms == NOON + 3


def test_a_certificate_row_alone_keeps_a_second_one_out(tables: Recorded) -> None:
    """Also where a directory that was restored has forgotten the first."""
    store = DynamoCertificates(client=tables.client, table="Aggregates", polls="Polls")
    before = tables.item("Polls", "directory", "colors")
    store.write(certificate(3), round(tables), current=True)
    tables.client.put_item(TableName="Polls", Item=before)

    assert store.write(certificate(4), round(tables), current=True) is False
    assert store.find("colors", 1) == certificate(3)
    assert round(tables).certified_at_ms is None


@pytest.mark.parametrize(
    "change",
    [
        lambda there: lifecycle.closed(there, NOON),
        lambda there: lifecycle.next_round(there, NOON),
        lambda there: replace(there, certified_at_ms=NOON - 1),
        lambda there: replace(there, was_open_until_ms=NOON - 1),
    ],
    ids=["closed", "reset", "certified", "written again"],
)
def test_a_round_that_was_changed_meanwhile_is_not_certified(tables: Recorded, change: Any) -> None:
    """Who changed it may have opened it: neither the certificate nor the finality is written."""
    there = round(tables)
    later = DynamoDirectory(
        client=tables.client, table="Polls", aggregates="Aggregates", clock=lambda: NOON + 1
    )
    later.change("colors", change)
    before = tables.item("Polls", "directory", "colors")
    store = DynamoCertificates(client=tables.client, table="Aggregates", polls="Polls")

    with pytest.raises(PollChangedError):
        store.write(certificate(), there, current=True)
    assert store.find("colors", 1) is None
    assert tables.item("Polls", "directory", "colors") == before


def test_a_certificate_that_somebody_has_deleted_is_not_replaced(tables: Recorded) -> None:
    """The round says that there was one; what it said is in a backup."""
    store, there = (
        DynamoCertificates(client=tables.client, table="Aggregates", polls="Polls"),
        round(tables),
    )
    store.write(certificate(3), there, current=True)
    key = {"pk": {"S": "open#colors"}, "sk": {"S": "00001#certified"}}
    tables.client.delete_item(TableName="Aggregates", Key=key)

    with pytest.raises(PollChangedError):
        store.write(certificate(4), there, current=True)
    assert store.find("colors", 1) is None
    assert round(tables).certified_at_ms == NOON + 3


def test_a_past_round_is_made_final_in_its_own_row(tables: Recorded) -> None:
    """The round that is open now stays open."""
    polls(tables).change("colors", lambda there: lifecycle.next_round(there, NOON))
    (past,) = polls(tables).past_rounds("colors")
    store = DynamoCertificates(client=tables.client, table="Aggregates", polls="Polls")
    store.write(certificate(2), past, current=False)

    assert polls(tables).past_rounds("colors")[0].certified_at_ms == NOON + 2
    assert round(tables).certified_at_ms is None


def test_a_change_that_was_read_before_the_certificate_is_not_written_after_it(
    tables: Recorded,
) -> None:
    """The certificate is a revision of the poll like any other."""
    entry = polls(tables).entry("colors")
    store = DynamoCertificates(client=tables.client, table="Aggregates", polls="Polls")
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
    row = tables.item("Aggregates", "open#colors", "00001#tally#correction#recount")
    assert row
    log = [entry["M"] for entry in row["log"]["L"]]

    assert [entry["at"] for entry in log] == [{"N": str(NOON)}, {"N": str(NOON + 1)}]
    assert log[0]["picks"] == {"M": {"RED": {"N": "1"}}}
    assert (log[0]["voters"], log[0]["missing"]) == ({"N": "1"}, {"N": "2"})
    assert (store.count("sealed#colors", 1), store.count("open#colors", 2)) == (0, 0)
