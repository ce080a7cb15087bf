"""What the commands write: no formula in a CSV, never half a file, a clear error beforehand."""

import csv
import io
import os
import threading
from pathlib import Path

import pytest
import typer

from services.cli.targets import require_writable, translate_write_errors
from services.tools.operations.csv_text import encode_csv
from services.tools.operations.export_formats import Columns, header, lines
from services.tools.operations.whole_file import replace_file
from services.voting.recount import BallotRow


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_a_cell_that_begins_like_a_formula_is_none(start: str) -> None:
    """A spreadsheet shows it as it is, after a single quote."""
    text = encode_csv([("label", f"{start}HYPERLINK(1)")]).decode()

    assert [*csv.reader(io.StringIO(text, newline=""))] == [["label", f"'{start}HYPERLINK(1)"]]


@pytest.mark.parametrize("label", ["Red", "1 + 1 = 2", "a-b", "me@home", "'quoted'", "", "５＝"])
def test_a_cell_that_begins_otherwise_is_written_as_it_is(label: str) -> None:
    """Only the first character makes a formula."""
    assert encode_csv([(label, "b")]).decode() == f"{label},b\n"


@pytest.mark.parametrize("label", ["a,b", 'the "best"', "two\nlines", "two\r=1+1"])
def test_a_cell_comes_back_as_it_was_written(label: str) -> None:
    """Also where a part of it would be a cell of its own."""
    text = encode_csv([(label, 1), ("next", 2)]).decode()

    assert [*csv.reader(io.StringIO(text, newline=""))] == [[label, "1"], ["next", "2"]]


def test_numbers_stay_numbers_below_zero_too() -> None:
    """They are calculated with, and are no formulas."""
    assert encode_csv([(-5, 7)]) == b"-5,7\n"


def test_no_column_and_no_cell_of_an_export_is_a_formula() -> None:
    """A choice that the poll no longer has comes from the table, and may be anything."""
    columns = Columns(choices=("=A1", "RED"), with_keys=True)
    ballot = BallotRow("@voter", "open#c", {"=A1": 2}, 17, 0)

    assert header(columns, "csv") == b"ballot,'=A1,RED,changed_at_ms\n"
    assert lines(columns, "csv", [ballot]) == b"'@voter,2,0,17\n"


def test_a_reader_never_sees_half_a_file(tmp_path: Path) -> None:
    """Each look finds all of one content or all of the other."""
    target, draft = tmp_path / "count.csv", tmp_path / "draft"
    contents = [b"a" * 300_000, b"b" * 300_000]
    replace_file(target, contents[0], draft=draft)
    seen: set[bytes] = set()
    done = threading.Event()

    def look() -> None:
        while not done.is_set():
            seen.add(target.read_bytes())

    (reader := threading.Thread(target=look)).start()
    for turn in range(60):
        replace_file(target, contents[turn % 2], draft=draft)
    done.set()
    reader.join()

    assert seen <= set(contents)
    assert os.listdir(tmp_path) == ["count.csv"]  # noqa: PTH208 - names are what is compared


def test_a_write_that_fails_leaves_the_old_file_and_no_draft(tmp_path: Path) -> None:
    """Here the target turns out to be a folder that is not empty."""
    target, draft = tmp_path / "count.csv", tmp_path / "draft"
    (target / "inside").mkdir(parents=True)

    with pytest.raises(OSError, match=r"not empty|directory"):
        replace_file(target, b"new", draft=draft)
    assert not draft.exists()


def test_a_file_that_only_its_owner_may_read_stays_so(tmp_path: Path) -> None:
    """The count of a sealed poll, for one."""
    (target := tmp_path / "count.csv").write_text("old")
    target.chmod(0o600)
    replace_file(target, b"new", draft=tmp_path / "draft")

    assert (target.read_text(), target.stat().st_mode & 0o777) == ("new", 0o600)


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        (".", "is a folder: name a file in it"),
        ("missing/a.csv", "there is no folder"),
        ("taken/a.csv", "there is no folder"),
        ("pipe", "is no regular file"),
        (f"{'x' * 240}.csv", "cannot be written (File name too long)"),
    ],
)
def test_a_target_that_cannot_be_written_is_told_with_option_value_and_remedy(
    tmp_path: Path, name: str, problem: str
) -> None:
    """Nothing is left of the attempt."""
    (tmp_path / "taken").touch()
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(typer.BadParameter) as caught:
        require_writable(tmp_path / name, option="--csv", value=name)

    assert caught.value.exit_code == 2
    assert caught.value.param_hint == "--csv"
    assert repr(name) in caught.value.message
    assert problem in caught.value.message
    assert sorted(path.name for path in tmp_path.iterdir()) == ["pipe", "taken"]


def test_a_place_that_must_not_be_written_to_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A read-only disk, another user's folder, a write-protected file."""
    (tmp_path / "old.csv").touch()
    monkeypatch.setattr("services.cli.targets.os.access", lambda *_: False)
    monkeypatch.setattr(
        "services.cli.targets.NamedTemporaryFile",
        lambda **_: (_ for _ in ()).throw(PermissionError(13, "Permission denied")),
    )

    with pytest.raises(typer.BadParameter, match="write-protected"):
        require_writable(tmp_path / "old.csv", option="--to", value="old.csv")
    with pytest.raises(typer.BadParameter, match=r"Permission denied.*that you may write to"):
        require_writable(tmp_path / "new.csv", option="--to", value="new.csv")


def test_a_target_that_can_be_written_is_left_alone(tmp_path: Path) -> None:
    """An earlier file stays as it is until it is replaced."""
    (target := tmp_path / "a.csv").write_text("old")
    require_writable(target, option="--csv", value="a.csv")

    assert [path.read_text() for path in tmp_path.iterdir()] == ["old"]


def test_a_disk_that_is_full_is_told_in_the_same_words() -> None:
    """It shows only while the file is written."""
    with (
        pytest.raises(typer.BadParameter, match="No space left on device"),
        translate_write_errors(option="--to", value="a.csv"),
    ):
        raise OSError(28, "No space left on device")
