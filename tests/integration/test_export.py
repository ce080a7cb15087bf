"""`voteapp export`: what is in the file and what is not, S3, going on after an interruption."""

import csv
import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from services.adapters.clock import now_ms
from services.cli.app import app
from services.tools.operations import exports
from services.tools.operations.export_formats import Columns, Format
from services.tools.operations.exports import BallotsChangedError, Export
from services.voting.recount import BallotRow
from tests.support.moto_system import DAY_MS, PSEUDONYMS, MotoSystem, moto_system

CHOICES = ("RED", "GREEN", "BLUE")


@pytest.fixture
def system(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[MotoSystem]:
    """Thirty ballots; the command runs in an empty folder."""
    monkeypatch.chdir(tmp_path)
    with moto_system() as made:
        for phone in range(30):
            made.vote(phone, *CHOICES[phone % 3 :][:2], folded=False)
        made.fold()
        for command in ("audit", "certify", "export"):
            monkeypatch.setattr(f"services.cli.{command}.find", lambda **_: made.deployment)
        yield made


def export(*arguments: str) -> dict[str, Any]:
    """Run the command; what it says."""
    answer = CliRunner().invoke(app, ["export", "colors", *arguments, "--json"])
    assert answer.exit_code == 0, answer.output
    told: dict[str, Any] = json.loads(answer.stdout)
    return told


def read(path: Path) -> list[dict[str, Any]]:
    """The rows of a file."""
    text = path.read_text()
    if path.suffix == ".jsonl":
        return [json.loads(line) for line in text.splitlines()]
    return list(csv.DictReader(text.splitlines()))


def recomputed(rows: list[dict[str, Any]]) -> str:
    """The digest, from an export with keys and the words of its definition alone."""
    lines = [
        row["ballot"] + "".join(f" {c}={row[c]}" for c in sorted(CHOICES) if int(row[c])) + "\n"
        for row in rows
    ]
    return sha256("".join(sorted(lines)).encode()).hexdigest()


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_without_keys_there_is_nothing_but_picks(system: MotoSystem, form: str) -> None:
    """No voter, no time, and an order that is not the order of the keys either."""
    told = export("--format", form)
    rows = read(Path(f"colors-1.{form}"))
    keys = sorted(item["sk"]["S"] for item in system.dynamodb.scan(TableName="Votes")["Items"])
    text = Path(f"colors-1.{form}").read_text()

    assert {tuple(row) for row in rows} == {CHOICES}
    assert Counter(c for row in rows for c in CHOICES if int(row[c])) == Counter(told["votes"])
    assert not any(key in text for key in keys)
    assert (told["rows"], told["voters"], told["with_keys"]) == (30, 30, False)


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_with_keys_anybody_can_recompute_the_digest(system: MotoSystem, form: str) -> None:
    """It is that of the certificate."""
    system.close()
    CliRunner().invoke(app, ["certify", "colors", "--settle", "0", "--yes"])
    told = export("--format", form, "--with-keys", "--to", f"audit.{form}")
    rows = read(Path(f"audit.{form}"))

    assert recomputed(rows) == told["digest"]
    assert told["certified"]
    assert len({row["ballot"] for row in rows}) == 30
    assert all(int(row["changed_at_ms"]) for row in rows)


def test_only_an_open_round_is_exported_with_a_warning(system: MotoSystem) -> None:
    """Its ballots may still change; the document says so as well."""
    running = CliRunner().invoke(app, ["export", "colors"])
    was_open = export()["open"]
    system.close()
    ended = CliRunner().invoke(app, ["export", "colors"])

    assert running.exit_code == 0
    assert "warning: round 1 of colors is open: its ballots may still change" in running.stderr
    assert was_open is True
    assert "warning" not in ended.stderr
    assert export()["open"] is False


def test_with_keys_the_file_has_a_name_of_its_own(system: MotoSystem) -> None:
    """It does not replace the file that may be published, and git ignores both."""
    del system
    export()
    export("--with-keys")
    ignored = (Path(__file__).parents[2] / ".gitignore").read_text().splitlines()

    assert {"colors-1.csv", "colors-1-with-keys.csv"} <= {path.name for path in Path().iterdir()}
    assert {"/*.csv", "/*.jsonl", "/*.parquet", "/*.digest.json"} <= set(ignored)


def test_the_sidecar_tells_totals_digest_and_the_files_own_sum(system: MotoSystem) -> None:
    """So that a file that was changed is noticed."""
    del system
    export()
    sidecar = json.loads(Path("colors-1.csv.digest.json").read_text())

    assert sidecar["file_sha256"] == sha256(Path("colors-1.csv").read_bytes()).hexdigest()
    assert sidecar["rows"] == 30
    assert not export()["certified"]


def test_nothing_is_left_beside_the_file_and_its_sidecar(system: MotoSystem) -> None:
    """No part, no state."""
    del system
    export("--format", "jsonl")

    assert {path.name for path in Path().iterdir()} == {
        "colors-1.jsonl", "colors-1.jsonl.digest.json",
    }  # fmt: skip


def test_parquet_has_its_digest_in_the_footer(system: MotoSystem) -> None:
    """And typed columns."""
    parquet = pytest.importorskip("pyarrow.parquet")
    del system
    told = export("--format", "parquet", "--with-keys")
    table = parquet.read_table("colors-1-with-keys.parquet")

    assert table.num_rows == 30
    assert table.column_names == ["ballot", *CHOICES, "changed_at_ms"]
    assert json.loads(table.schema.metadata[b"voteapp"])["digest"] == told["digest"]
    assert recomputed(table.to_pylist()) == told["digest"]


def test_without_its_library_parquet_is_refused_before_anything_is_read(
    system: MotoSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the words that install it."""
    del system
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    answer = CliRunner().invoke(app, ["export", "colors", "--format", "parquet"])

    assert answer.exit_code == 1
    assert "voteapp[parquet]" in answer.stderr
    assert list(Path().iterdir()) == []


def test_s3_gets_the_file_and_its_sidecar(system: MotoSystem) -> None:
    """And this machine keeps neither."""
    system.s3.create_bucket(Bucket="archive")
    told = export("--to", "s3://archive/evenings/colors.csv", "--with-keys")
    body = system.s3.get_object(Bucket="archive", Key="evenings/colors.csv")["Body"].read()
    sidecar = system.s3.get_object(Bucket="archive", Key="evenings/colors.csv.digest.json")

    assert sha256(body).hexdigest() == told["file_sha256"]
    assert json.loads(sidecar["Body"].read())["digest"] == told["digest"]
    assert list(Path().iterdir()) == []


@pytest.mark.parametrize("arguments", [("--format", "xls"), ("--to", "s3://bucket")])
def test_what_cannot_be_written_is_told(system: MotoSystem, arguments: tuple[str, ...]) -> None:
    """Exit code 2: used wrongly."""
    del system
    answer = CliRunner().invoke(app, ["export", "colors", *arguments])

    assert answer.exit_code == 2
    assert arguments[-1] in answer.stderr


@pytest.mark.parametrize("to", [".", "missing/a.csv", "s3:a.csv/b.csv"])
def test_a_target_that_cannot_be_written_is_told_before_any_ballot_is_read(
    system: MotoSystem, to: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit code 2; option, value and remedy are named, and nothing is left."""
    del system
    monkeypatch.setattr("services.adapters.dynamodb.recounts.DynamoRecounts.rows", None)
    answer = CliRunner().invoke(app, ["export", "colors", "--to", to])

    assert answer.exit_code == 2
    assert f"--to: '{to}'" in answer.stderr
    assert "name a file" in answer.stderr
    assert list(Path().iterdir()) == []


def test_what_goes_to_s3_needs_this_folder_until_it_is_uploaded(
    system: MotoSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There the state lies that it goes on from."""
    del system
    Path(".colors.csv").mkdir()
    monkeypatch.setattr("services.adapters.dynamodb.recounts.DynamoRecounts.rows", None)
    answer = CliRunner().invoke(app, ["export", "colors", "--to", "s3://archive/colors.csv"])

    assert answer.exit_code == 2
    assert "'s3://archive/colors.csv'" in answer.stderr


def test_the_notes_tell_that_no_ballot_has_expired(system: MotoSystem) -> None:
    """To a script, and to people."""
    del system
    shown = CliRunner().invoke(app, ["export", "colors"]).stdout

    assert export()["expired"] is False
    assert ["expired", "no"] in [line.split() for line in shown.splitlines()]


def test_the_notes_tell_that_ballots_have_expired(
    system: MotoSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file lacks them, although the board counts them."""
    closes_at_ms = now_ms() + DAY_MS
    moment = datetime.fromtimestamp(closes_at_ms / 1000, UTC).isoformat()
    system.open_poll(f"closes_at = {moment}\nretention_days = 1")
    two_days_later = closes_at_ms + 2 * DAY_MS
    monkeypatch.setattr("services.cli.export.now_ms", lambda: two_days_later)

    assert export()["expired"] is True


def test_items_that_are_no_ballots_are_named_and_the_others_exported(system: MotoSystem) -> None:
    """One lacks its picks, one holds a choice that nobody knows: exit code 1, no traceback."""
    broken, foreign, *_ = system.dynamodb.scan(TableName="Votes")["Items"]
    del broken["picks"]
    foreign["picks"] = {"M": {"PURPLE": {"N": "1"}}}
    for item in (broken, foreign):
        system.dynamodb.put_item(TableName="Votes", Item=item)
    answer = CliRunner().invoke(app, ["export", "colors", "--json"])
    told = json.loads(answer.stdout)

    assert answer.exit_code == 1
    assert told["rows"] == 28
    assert sorted(key.split()[-1] for key in told["unreadable"]) == sorted(
        item["sk"]["S"] for item in (broken, foreign)
    )


def test_a_forgotten_ballot_is_no_row(system: MotoSystem) -> None:
    """It holds no vote, and the digest is that of the ballots that do."""
    rounds = system.directory.rounds("colors")
    system.deployment.erasure.remove(rounds, "+15550100003", PSEUDONYMS)
    told = export("--with-keys")

    assert told["rows"] == told["voters"] == 29
    assert recomputed(read(Path("colors-1-with-keys.csv"))) == told["digest"]


def rows(count: int, *, stop: int | None = None) -> Iterator[BallotRow]:
    """So many ballots by their keys; interrupted before one of them."""
    for number in range(count):
        if number == stop:
            raise KeyboardInterrupt
        picks = {CHOICES[number % 3]: 1}
        yield BallotRow(f"{number:032x}", "open#colors", picks, 1_900_000_000_000, 2_000_000_000)


def an_export(folder: Path, name: str, *, keys: bool, form: Format = "csv") -> Export:
    """To a file in a folder."""
    folder.mkdir(exist_ok=True)
    return Export(
        round_name="colors:1", form=form, target=folder / name,
        columns=Columns(choices=CHOICES, with_keys=keys),
    )  # fmt: skip


@pytest.mark.parametrize("whose", ["with keys", "without keys"])
@pytest.mark.parametrize("stop", [0, 1, 99, 100, 101, 250, 399])
def test_after_an_interruption_it_goes_on_where_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stop: int, whose: str
) -> None:
    """The file is what it would have been; what was written is not written again."""
    monkeypatch.setattr(exports, "BLOCK", 100)
    monkeypatch.setattr("services.tools.operations.exports.secrets.token_hex", lambda _: "salt")
    keys = whose == "with keys"
    whole = an_export(tmp_path / "whole", "a.csv", keys=keys)
    told = whole.run(rows(400), lambda _: None)
    broken = an_export(tmp_path / "broken", "a.csv", keys=keys)
    with pytest.raises(KeyboardInterrupt):
        broken.run(rows(400, stop=stop), lambda _: None)
    written = broken.part_file.stat().st_size
    with broken.part_file.open("ab") as part:
        part.write(b"half a ro")

    assert broken.run(rows(400), lambda _: None) == told
    assert broken.target.read_bytes() == whole.target.read_bytes()
    assert (written > 500) == (stop >= 100)
    assert {path.name for path in broken.target.parent.iterdir()} == {"a.csv", "a.csv.digest.json"}


def test_it_does_not_go_on_if_the_ballots_have_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is written already would no longer hold."""
    monkeypatch.setattr(exports, "BLOCK", 100)
    broken = an_export(tmp_path, "a.csv", keys=True)
    with pytest.raises(KeyboardInterrupt):
        broken.run(rows(400, stop=250), lambda _: None)
    others = (slip._replace(picks={"BLUE": 1}) for slip in rows(400))

    with pytest.raises(BallotsChangedError, match="have changed"):
        broken.run(others, lambda _: None)
    with pytest.raises(BallotsChangedError):
        broken.run(rows(150), lambda _: None)


def test_another_export_does_not_go_on_from_this_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With keys now, without before: a new file."""
    monkeypatch.setattr(exports, "BLOCK", 100)
    with pytest.raises(KeyboardInterrupt):
        an_export(tmp_path, "a.csv", keys=False).run(rows(400, stop=250), lambda _: None)
    anew = an_export(tmp_path, "a.csv", keys=True)
    anew.run(rows(400), lambda _: None)

    assert len(read(anew.target)) == 400
    assert all(row["ballot"] for row in read(anew.target))
