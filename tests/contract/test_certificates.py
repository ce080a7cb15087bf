"""Certificates are written in one transaction with the directory row, on moto and the emulator."""

from dataclasses import replace
from typing import Any

import pytest

from services.adapters.dynamodb.certificates import DynamoCertificates
from services.adapters.dynamodb.directory import DynamoDirectory
from services.voting import lifecycle
from services.voting.certificate import Certificate, LogComparison
from services.voting.errors import PollChangedError
from services.voting.poll import Phase, Round
from tests.support.directory import COLORS, Watch, always, colors_with, row_of
from tests.support.polls import NOON

BOTH = pytest.mark.parametrize("endpoint", ["moto", "emulator"], indirect=True)


@pytest.fixture
def certificates(directory: DynamoDirectory) -> DynamoCertificates:
    """In the same table."""
    return DynamoCertificates(
        client=directory.client, table=directory.aggregates, polls=directory.table
    )


def a_certificate(number: int = 1, **changes: Any) -> Certificate:
    """Three votes."""
    made = Certificate(
        poll="colors", round=number, picks={"RED": 2, "BLUE": 1}, ballots=3, voters=3,
        certified_at_ms=NOON + 60_000, digest="d" * 64,
    )  # fmt: skip
    return replace(made, **changes)


def closed_round(directory: DynamoDirectory, watch: Watch) -> Round:
    """A poll that an operator has closed."""
    directory.apply([COLORS])
    watch.now_ms += 5
    return directory.change("colors", lambda r: lifecycle.closed(r, watch()))[1].round


@BOTH
@pytest.mark.parametrize(
    "compared", [None, LogComparison(texts=3, unknown=1)], ids=["alone", "compared"]
)
def test_a_certificate_is_read_back_and_its_round_is_final(
    directory: DynamoDirectory, certificates: DynamoCertificates, watch: Watch,
    compared: LogComparison | None,
) -> None:  # fmt: skip
    """The row's revision grows too, so that no other operator overwrites it."""
    written = a_certificate(compared=compared)
    round = closed_round(directory, watch)
    before = directory.entry("colors")

    assert certificates.find("colors", 1) is None
    assert certificates.write(written, round, current=True)
    assert certificates.find("colors", 1) == written
    entry = directory.entry("colors")
    assert entry.round == replace(before.round, certified_at_ms=NOON + 60_000)
    assert entry.revision == before.revision + 1
    with pytest.raises(PollChangedError):
        directory.write(before)


@BOTH
def test_a_round_is_certified_once(
    directory: DynamoDirectory, certificates: DynamoCertificates, watch: Watch
) -> None:
    """The second write returns False; the first certificate stays."""
    round = closed_round(directory, watch)
    certificates.write(a_certificate(), round, current=True)

    assert not certificates.write(a_certificate(digest="e" * 64), round, current=True)
    assert certificates.find("colors", 1) == a_certificate()


@BOTH
@pytest.mark.parametrize("what", ["opened", "reset", "another file", "archived", "opened, closed"])
def test_a_round_that_has_changed_since_it_was_audited_is_not_certified(
    directory: DynamoDirectory, certificates: DynamoCertificates, watch: Watch, what: str
) -> None:
    """Neither row is written: a text may have been accepted meanwhile."""
    round = closed_round(directory, watch)
    watch.now_ms += 5
    if what.startswith("opened"):
        directory.change("colors", lambda r: lifecycle.opened(r, watch()))
    if what.endswith("closed"):
        directory.change("colors", lambda r: lifecycle.closed(r, watch()))
    if what == "reset":
        directory.reset("colors", 1, begun=always)
    if what == "another file":
        directory.apply([colors_with("percent_from = 3")], begun=always)
    if what == "archived":
        directory.change("colors", lambda r: lifecycle.archived(r, watch()))

    with pytest.raises(PollChangedError):
        certificates.write(a_certificate(), round, current=True)
    assert certificates.find("colors", 1) is None
    assert "certified_at" not in row_of(directory, "directory", "colors")


@BOTH
def test_a_past_round_is_made_final_in_its_own_row(
    directory: DynamoDirectory, certificates: DynamoCertificates, watch: Watch
) -> None:
    """The current round is not affected."""
    directory.apply([COLORS])
    watch.now_ms += 5
    directory.reset("colors", 1, begun=always)
    past, current = directory.rounds("colors")

    assert certificates.write(a_certificate(), past, current=False)
    assert not certificates.write(a_certificate(), past, current=False)
    after, same = directory.rounds("colors")
    assert (after.certified_at_ms, same) == (NOON + 60_000, current)
    assert same.phase_at(watch()) is Phase.OPEN


@BOTH
def test_a_round_that_is_not_there_is_not_certified(
    directory: DynamoDirectory, certificates: DynamoCertificates, watch: Watch
) -> None:
    """Its row is neither created nor certified."""
    round = closed_round(directory, watch)

    with pytest.raises(PollChangedError):
        certificates.write(a_certificate(7), replace(round, number=7), current=False)
    assert certificates.find("colors", 7) is None
    assert len(directory.rounds("colors")) == 1
