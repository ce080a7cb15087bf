"""An export that is killed at any moment goes on to the very bytes, or starts over."""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from services.tools.operations import exports
from services.tools.operations.export_formats import Columns, Format
from services.tools.operations.exports import Export
from services.voting.recount import BallotRow

FORMS: list[Format] = ["csv", "jsonl", "parquet"]
EVERY_EXPORT = [(form, with_keys) for form in FORMS for with_keys in (True, False)]
BALLOTS = 23


class KilledError(BaseException):
    """What `kill -9` does, as far as a test in the same process can do it."""


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of ten ballots, the same order of rows in every export without keys, no slow disk.

    Who kills a process takes nothing away that it has written, flushed to disk or not.
    """
    monkeypatch.setattr(os, "fsync", os.fstat)
    monkeypatch.setattr(exports, "BLOCK", 10)
    monkeypatch.setattr("services.tools.operations.exports.secrets.token_hex", lambda _: "salt")


def rows(count: int = BALLOTS, *, stop: int | None = None) -> Iterator[BallotRow]:
    """So many ballots in the order of their keys; killed before one of them."""
    for number in range(count):
        if number == stop:
            raise KilledError
        choice = ("RED", "BLUE")[number % 3 == 0]
        yield BallotRow(f"{number:032x}", "open#c", {choice: 1}, 1_800_000_000_000, 2_000_000_000)


def an_export(folder: Path, form: Format = "csv", *, with_keys: bool = False) -> Export:
    """To a file in a folder."""
    if form == "parquet":
        pytest.importorskip("pyarrow")
    folder.mkdir(exist_ok=True)
    columns = Columns(choices=("RED", "BLUE"), with_keys=with_keys)
    return Export(round_name="c:1", form=form, columns=columns, target=folder / f"out.{form}")


def run(export: Export, ballots: Iterator[BallotRow] | None = None) -> dict[str, Any]:
    """The export; what it tells."""
    return export.run(ballots or rows(), lambda _: None)


def written(export: Export) -> dict[str, bytes]:
    """Everything in the folder of an export."""
    return {path.name: path.read_bytes() for path in export.target.parent.iterdir()}


@contextmanager
def killed_at(step: int) -> Iterator[None]:
    """Kill before or after one call that changes a file: even steps before it, odd ones after."""
    steps = iter(range(1_000_000))

    def tick() -> None:
        if next(steps) == step:
            raise KilledError

    def breakable(call: Callable[..., Any]) -> Callable[..., Any]:
        def broken(*arguments: Any, **options: Any) -> Any:
            tick()
            answer = call(*arguments, **options)
            tick()
            return answer

        return broken

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", breakable(os.fsync))
        for name in ("write_bytes", "replace", "unlink"):
            patch.setattr(Path, name, breakable(getattr(Path, name)))
        for name in ("lines", "to_parquet", "_sha256"):
            patch.setattr(exports, name, breakable(getattr(exports, name)))
        yield


def kill(export: Export, step: int) -> bool:
    """Run an export and kill it at a step; whether there was such a step."""
    try:
        with killed_at(step):
            run(export)
    except KilledError:
        return True
    return False


def assert_no_sidecar_of_another_file(export: Export) -> None:
    """A file that has a sidecar has its own."""
    if export.target.exists() and export.sidecar.exists():
        told = json.loads(export.sidecar.read_text())["file_sha256"]
        assert told == sha256(export.target.read_bytes()).hexdigest()


@pytest.mark.parametrize("earlier", ["no earlier export", "an earlier export"])
@pytest.mark.parametrize(("form", "with_keys"), EVERY_EXPORT)
def test_killed_at_any_step_it_goes_on_to_the_very_bytes(
    tmp_path: Path, form: Format, earlier: str, *, with_keys: bool
) -> None:
    """File and sidecar are those of an export that nobody killed, and nothing else is left."""
    whole = an_export(tmp_path / "whole", form, with_keys=with_keys)
    run(whole)
    steps = 0
    while True:
        killed = an_export(tmp_path / f"killed-{steps}", form, with_keys=with_keys)
        if earlier == "an earlier export":
            run(killed, rows(5))
        if not kill(killed, steps):
            break
        assert_no_sidecar_of_another_file(killed)
        run(killed)
        steps += 1

        assert written(killed) == written(whole)
    assert steps > 40


@pytest.mark.parametrize(("form", "with_keys"), EVERY_EXPORT)
def test_killed_again_and_again_it_still_comes_to_the_very_bytes(
    tmp_path: Path, form: Format, *, with_keys: bool
) -> None:
    """Each run gets one step further than the one before."""
    whole = an_export(tmp_path / "whole", form, with_keys=with_keys)
    run(whole)
    killed = an_export(tmp_path / "killed", form, with_keys=with_keys)
    step = 0
    while kill(killed, step):
        step += 1

    assert written(killed) == written(whole)


@pytest.mark.parametrize("length", [0, 7, 60])
def test_a_part_file_shorter_than_its_state_tells_starts_over(tmp_path: Path, length: int) -> None:
    """It was cut on a full disk or a copy; nothing is made up for what is missing."""
    export = an_export(tmp_path / "cut", with_keys=True)
    with pytest.raises(KilledError):
        run(export, rows(stop=22))
    with export.part_file.open("r+b") as part:
        part.truncate(length)
    told = run(export)
    lines = export.target.read_text().splitlines()

    assert told["rows"] == BALLOTS
    assert lines[0] == "ballot,RED,BLUE,changed_at_ms"
    assert [line[:32] for line in lines[1:]] == [f"{number:032x}" for number in range(BALLOTS)]


def test_a_part_file_with_other_bytes_than_its_state_tells_starts_over(tmp_path: Path) -> None:
    """The length alone does not show that the rows are those that were written."""
    export = an_export(tmp_path / "edited", with_keys=True)
    with pytest.raises(KilledError):
        run(export, rows(stop=22))
    content = export.part_file.read_bytes()
    export.part_file.write_bytes(content.replace(b",1,", b",9,"))
    run(export)

    assert b",9," not in export.target.read_bytes()


@pytest.mark.parametrize("state", ["", "{", "[]", '{"rows": 10}', "null"])
def test_a_state_file_that_cannot_be_read_starts_over(tmp_path: Path, state: str) -> None:
    """Half of it reached the disk, or an earlier version wrote it."""
    whole = an_export(tmp_path / "whole")
    run(whole)
    export = an_export(tmp_path / "garbled")
    with pytest.raises(KilledError):
        run(export, rows(stop=22))
    export.state_file.write_text(state)
    run(export)

    assert written(export) == written(whole)


@pytest.mark.parametrize("expired", [True, False])
def test_the_sidecar_tells_whether_ballots_have_expired(tmp_path: Path, *, expired: bool) -> None:
    """The caller knows; the file lacks their rows."""
    columns = Columns(choices=("RED", "BLUE"), with_keys=False)
    export = Export(
        round_name="c:1", form="csv", columns=columns, target=tmp_path / "a.csv", expired=expired
    )
    told = run(export)

    assert told["expired"] is expired
    assert json.loads(export.sidecar.read_text())["expired"] is expired


def test_progress_counts_every_ballot_once(tmp_path: Path) -> None:
    """Also those that an earlier run has written."""
    export = an_export(tmp_path / "progress")
    with pytest.raises(KilledError):
        run(export, rows(stop=22))
    read: list[int] = []
    export.run(rows(), read.append)

    assert sum(read) == len(read) == BALLOTS


def test_a_choice_without_a_column_is_named(tmp_path: Path) -> None:
    """It is in a ballot that somebody else has written."""
    ballot = BallotRow("0" * 32, "open#c", {"PURPLE": 1}, 1_800_000_000_000, 1)

    with pytest.raises(KeyError, match="PURPLE"):
        run(an_export(tmp_path / "purple"), iter([ballot]))


def test_an_export_without_a_ballot_goes_on_after_it_was_killed(tmp_path: Path) -> None:
    """Its state covers the header only."""
    whole = an_export(tmp_path / "whole")
    run(whole, rows(0))
    step = 0
    killed = an_export(tmp_path / "killed")
    while True:
        try:
            with killed_at(step):
                run(killed, rows(0))
        except KilledError:
            step += 1
            continue
        break

    assert written(killed) == written(whole)
