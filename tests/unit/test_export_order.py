"""In which order an export without keys has its rows: in none that anybody can undo."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from services.tools.operations import exports
from services.tools.operations.export_formats import Columns
from services.tools.operations.export_state import ExportState
from services.tools.operations.exports import Export
from services.voting.recount import BallotRow

BALLOTS = 200


def ballots(count: int = BALLOTS) -> Iterator[BallotRow]:
    """Ballots in the order of their keys; each counts for its place, so that a row tells it."""
    for number in range(count):
        yield BallotRow(f"{number:032x}", "open#c", {"RED": number + 1}, 1_800_000_000_000, 1)


def rows(target: Path, *, with_keys: bool = False) -> list[int]:
    """What an export writes: the places of its ballots."""
    columns = Columns(choices=("RED",), with_keys=with_keys)
    Export(round_name="c:1", form="csv", columns=columns, target=target).run(
        ballots(), lambda _: None
    )
    lines = target.read_text(encoding="utf-8").splitlines()[1:]
    return [int(line.split(",")[1 if with_keys else 0]) for line in lines]


def test_two_exports_of_the_same_ballots_have_two_orders(tmp_path: Path) -> None:
    """Under a salt that nobody can guess: the round's name would be one that everybody can."""
    first, second = rows(tmp_path / "a.csv"), rows(tmp_path / "b.csv")

    assert first != second
    assert sorted(first) == sorted(second) == list(range(1, BALLOTS + 1))


def test_without_keys_the_order_is_not_that_of_the_pseudonyms(tmp_path: Path) -> None:
    """With keys it is: there it hides nothing, and sorts for the digest."""
    assert rows(tmp_path / "a.csv") != list(range(1, BALLOTS + 1))
    assert rows(tmp_path / "b.csv", with_keys=True) == list(range(1, BALLOTS + 1))


def test_every_block_has_an_order_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same one in each would tell which rows are neighbours."""
    monkeypatch.setattr(exports, "BLOCK", 50)
    found = rows(tmp_path / "a.csv")
    blocks = [[row - 50 * n for row in found[50 * n : 50 * n + 50]] for n in range(4)]

    assert all(sorted(block) == list(range(1, 51)) for block in blocks)
    assert len({tuple(block) for block in blocks}) == 4


def test_the_salt_is_gone_with_the_state(tmp_path: Path) -> None:
    """Nothing that is left beside the file gives the order away."""
    salts: list[str] = []
    order = Export._order

    def note(export: Export, block: list[BallotRow], state: ExportState) -> list[BallotRow]:
        salts.append(state.salt)
        return order(export, block, state)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Export, "_order", note)
        rows(tmp_path / "a.csv")
    (salt,) = salts
    left = sorted(path.name for path in tmp_path.iterdir())

    assert len(salt) == 16
    assert left == ["a.csv", "a.csv.digest.json"]
    assert not any(salt in path.read_text(encoding="utf-8") for path in tmp_path.iterdir())


def test_without_keys_neither_voter_nor_moment_is_in_the_file(tmp_path: Path) -> None:
    """Only what the ballots count for."""
    rows(tmp_path / "a.csv")
    text = (tmp_path / "a.csv").read_text(encoding="utf-8")

    assert text.startswith("RED\n")
    assert f"{7:032x}" not in text
    assert "1800000000000" not in text
