"""How a report of Stryker on the page is read, judged and told; Stryker itself is not run."""

import io
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from tests.mutants.page import (
    MODULES,
    PageError,
    collapse,
    configuration,
    misfits,
    own_tests,
    read_equivalents,
    read_mutants,
    table,
    tell,
)

SOURCE = "export const more = (a, b) =>\n  a >= b;\nexport const none = '';\n"
WRITTEN = """
[[equivalent]]
file = "src/phase.js"
line = "a >= b;"
original = "a >= b"
replacement = "a > b"
reason = "Both say the same here."
"""


def position(line: int, column: int) -> dict[str, int]:
    """Of the source, counted from 1."""
    return {"line": line, "column": column}


def change(status: str, replacement: str = "a > b", **given: Any) -> dict[str, Any]:
    """A mutant as Stryker reports it: of `a >= b`, if nothing else is said."""
    where = {"start": position(2, 3), "end": position(2, 9)}
    return {"status": status, "replacement": replacement, "location": where, **given}


def report(*changes: dict[str, Any], file: str = "src/phase.js") -> dict[str, Any]:
    """A report on one module."""
    return {"files": {file: {"source": SOURCE, "mutants": list(changes)}}}


def equivalents(tmp_path: Path, written: str = WRITTEN) -> Path:
    """A list of changes that nobody could see."""
    path = tmp_path / "equivalent.toml"
    path.write_text(written, encoding="utf-8")
    return path


def printed(mutants: dict[str, Any], path: Path) -> tuple[int, str]:
    """Exit code and output for a report and a list."""
    out = io.StringIO()
    console = Console(file=out, width=120, soft_wrap=True, markup=False, highlight=False)
    code = tell(read_mutants(mutants), read_equivalents(path), console)
    return code, out.getvalue()


def test_a_mutant_is_told_with_its_line_and_what_was_changed() -> None:
    """So that it can be found in the module as it is now."""
    (mutant,) = read_mutants(report(change("Survived")))

    assert (mutant.file, mutant.line_number, mutant.line) == ("src/phase.js", 2, "a >= b;")
    assert (mutant.original, mutant.replacement) == ("a >= b", "a > b")


def test_a_mutant_of_several_lines_is_told_in_one() -> None:
    """White space is no part of what was changed."""
    where = {"start": position(1, 21), "end": position(2, 9)}
    (mutant,) = read_mutants(report(change("Killed", "() =>\n  undefined", location=where)))

    assert mutant.original == "(a, b) => a >= b"
    assert mutant.replacement == "() => undefined"


@pytest.mark.parametrize(
    ("status", "is_noticed"),
    [
        ("Killed", True), ("Timeout", True), ("RuntimeError", True),
        ("Survived", False), ("NoCoverage", False),
    ],
)  # fmt: skip
def test_a_mutant_is_noticed_where_tests_fail_hang_or_cannot_load_it(
    status: str,
    is_noticed: bool,  # noqa: FBT001
) -> None:
    """One that no test reaches is not."""
    assert [mutant.is_noticed for mutant in read_mutants(report(change(status)))] == [is_noticed]


@pytest.mark.parametrize("status", ["Pending", "Ignored", "CompileError"])
def test_a_mutant_that_was_not_tried_ends_the_run(status: str) -> None:
    """It is neither noticed nor not."""
    with pytest.raises(PageError, match=rf"src/phase\.js: a mutant is {status}"):
        read_mutants(report(change(status)))


def test_an_equivalent_mutant_does_not_count(tmp_path: Path) -> None:
    """Nobody could see it, and so could no test."""
    shown, percent = table(
        read_mutants(report(change("Survived"), change("Killed", "true"))),
        read_equivalents(equivalents(tmp_path)),
    )

    assert percent == 100
    assert [list(column.cells) for column in shown.columns] == [
        ["phase", "total"], ["1", "1"], ["1", "1"], ["100.0%", "100.0%"],
    ]  # fmt: skip


def test_the_total_is_over_all_modules() -> None:
    """One weak module may hide behind a strong one, and is seen in its own row."""
    both = read_mutants(report(change("Killed"), change("Killed", "true"), change("Timeout", "a")))
    both += read_mutants(report(change("Survived"), file="src/recentWrites.js"))
    shown, percent = table(both, [])

    assert percent == 75
    assert [list(column.cells) for column in shown.columns] == [
        ["phase", "recentWrites", "total"], ["3", "1", "4"], ["3", "0", "3"], ["100.0%", "0.0%", "75.0%"],
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ([change("Survived")], []),
        ([change("Survived", "a < b")], ["no such mutant"]),
        ([change("Killed")], ["a test notices it"]),
        ([change("Killed"), change("Survived")], ["a test notices it"]),
    ],
)
def test_an_entry_that_fits_no_more_is_named(
    tmp_path: Path, changes: list[dict[str, Any]], why: list[str]
) -> None:
    """The list of equivalent mutants has to follow the code and its tests."""
    listed = read_equivalents(equivalents(tmp_path))
    expected = [
        f"equivalent.toml: src/phase.js: 'a >= b' to 'a > b': {one}: delete the entry"
        for one in why
    ]

    assert misfits(read_mutants(report(*changes)), listed) == expected


@pytest.mark.parametrize(
    "other",
    [
        ("src/phase.js", "src/recentWrites.js"), ("a >= b;", "a >= b, 1;"),
        ('original = "a >= b"', 'original = "a"'), ('"a > b"', '"a <= b"'),
    ],
)  # fmt: skip
def test_an_entry_fits_one_text_in_one_line_of_one_file(
    tmp_path: Path, other: tuple[str, str]
) -> None:
    """The same change elsewhere may do harm."""
    listed = read_equivalents(equivalents(tmp_path, WRITTEN.replace(*other)))

    assert len(misfits(read_mutants(report(change("Survived"))), listed)) == 1


@pytest.mark.parametrize(("noticed", "code"), [(94, 1), (95, 0)])
def test_below_95_percent_the_run_fails(tmp_path: Path, noticed: int, code: int) -> None:
    """And at 95 it does not."""
    changes = [change("Killed")] * noticed + [change("Survived", "b")] * (100 - noticed)

    assert printed(report(*changes), equivalents(tmp_path, ""))[0] == code


def test_a_report_without_a_mutant_is_none(tmp_path: Path) -> None:
    """Nothing was tried, so nothing is shown."""
    assert printed(report(), equivalents(tmp_path, ""))[0] == 1


def test_a_list_that_does_not_fit_fails_the_run(tmp_path: Path) -> None:
    """However many mutants were noticed."""
    code, said = printed(report(change("Killed")), equivalents(tmp_path))

    assert code == 1
    assert "equivalent.toml: src/phase.js: 'a >= b' to 'a > b': a test notices it" in said


def test_survivors_are_told_and_equivalent_ones_are_not(tmp_path: Path) -> None:
    """File and line, the text as it is, and what it was changed to."""
    _, said = printed(report(change("Survived"), change("NoCoverage", "")), equivalents(tmp_path))

    assert [line for line in said.splitlines() if line.startswith("not noticed")] == [
        "not noticed: dashboard/src/phase.js:2: a >= b  ->  "
    ]


def test_every_module_has_own_tests_its_own() -> None:
    """A file by its name; what the source sends is also seen by the tests of a guest."""
    dashboard = Path(__file__).parents[2] / "dashboard"

    assert all((dashboard / "src" / f"{name}.js").is_file() for name in MODULES)
    assert all((dashboard / file).is_file() for name in MODULES for file in own_tests(name))
    assert own_tests("source") == ["test/source.test.js", "test/guest.test.js"]


def test_stryker_is_asked_for_one_module_and_its_tests() -> None:
    """With two at a time, and a report as JSON."""
    asked = configuration("recentWrites")

    assert asked["mutate"] == ["src/recentWrites.js"]
    assert asked["tap"]["testFiles"] == ["test/recentWrites.test.js"]
    assert (asked["concurrency"], asked["reporters"][0]) == (2, "json")


def test_every_equivalent_mutant_is_of_a_module_and_has_a_reason() -> None:
    """One plain sentence."""
    for entry in read_equivalents():
        assert entry.file in {f"src/{name}.js" for name in MODULES}
        assert entry.reason.endswith(".")
        assert entry.reason == collapse(entry.reason)


def test_the_lock_file_names_no_host() -> None:
    """Whoever installs takes the packages from their own registry."""
    lock = (Path(__file__).parent / "page" / "package-lock.json").read_text(encoding="utf-8")

    assert "://" not in lock
