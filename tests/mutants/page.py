"""`make mutants`, the page's part: small changes in its pure modules, made by Stryker.

Pure is a module in dashboard/src that neither reads nor writes the document: `MODULES`. The others
(banner, board, controls, dom, lab, main, motion, partitions, phone, sidebar, sliders, theme, and all of
the console but its words) make elements or listen to them; tests/browser and the changes made by hand
look after those.

Stryker is installed in tests/mutants/page, apart from the dashboard's own dependencies, and works
in a copy of the checkout. It runs module by module, each with its own tests only (`own_tests`), through
its TAP runner. Version 9 is the newest that runs on the Node.js that the dashboard asks for.
The mutants that nobody could see are listed in `page/equivalent.toml`; an entry that fits no mutant,
or one that a test notices, ends in exit code 1: the list has to follow the code.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from tests.mutants.by_hand import NOTICED_PERCENT, ROOT, copy

STRYKER: Final = Path(__file__).parent / "page"
EQUIVALENT: Final = STRYKER / "equivalent.toml"
COPY: Final = ROOT / ".local" / "mutants-page"

MODULES: Final = (
    "announce", "aws", "boardState", "bubbles", "certificate", "config", "console/words", "follower", "guest",
    "history", "jsonSource", "labSentences", "palette", "percentages", "phase", "pollState", "poller", "rate",
    "recentWrites", "rows", "schema", "sentences", "sliderStops", "source", "tally", "trouble", "view",
)  # fmt: skip

TESTS: Final = {
    "aws": ("aws", "source", "guest"),
    "console/words": ("consoleWords",),
    "guest": ("guest", "source"),
    "palette": ("rows", "jsonSource"),
    "schema": ("rows", "source"),
    "source": ("source", "guest"),
    "trouble": ("source", "jsonSource"),
    "view": ("view", "certificate"),
}
"""The tests of modules that have not exactly one test file with their name."""

IS_NOTICED: Final = {
    "Killed": True,
    "Timeout": True,
    "RuntimeError": True,  # the module cannot even be loaded
    "Survived": False,
    "NoCoverage": False,
}


class PageError(Exception):
    """Stryker did not do what was asked of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """One small change. `line` is the line of source that it begins in; white space is collapsed."""

    file: str
    line_number: int
    line: str
    original: str
    replacement: str
    is_noticed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Equivalent:
    """A change that nobody could see, and why. `line` tells apart equal texts in one file."""

    file: str
    line: str
    original: str
    replacement: str
    reason: str

    def fits(self, mutant: Mutant) -> bool:
        """Whether this entry is about that mutant."""
        return (self.file, self.line, self.original, self.replacement) == (
            mutant.file, mutant.line, mutant.original, mutant.replacement,
        )  # fmt: skip


def collapse(text: str) -> str:
    """One space for each run of white space."""
    return " ".join(text.split())


def text_between(lines: Sequence[str], start: Mapping[str, int], end: Mapping[str, int]) -> str:
    """The source from `start` to before `end`; lines and columns count from 1."""
    *whole, last = lines[start["line"] - 1 : end["line"]]
    return "\n".join([*whole, last[: end["column"] - 1]])[start["column"] - 1 :]


def read_mutant(file: str, source: str, given: Mapping[str, Any]) -> Mutant:
    """One mutant of Stryker's report. Raises: PageError for a verdict that is none."""
    if given["status"] not in IS_NOTICED:
        raise PageError(f"{file}: a mutant is {given['status']}: Stryker did not try it")
    start, lines = given["location"]["start"], source.split("\n")
    return Mutant(
        file=file,
        line_number=start["line"],
        line=collapse(lines[start["line"] - 1]),
        original=collapse(text_between(lines, start, given["location"]["end"])),
        replacement=collapse(given["replacement"]),
        is_noticed=IS_NOTICED[given["status"]],
    )


def read_mutants(report: Mapping[str, Any]) -> list[Mutant]:
    """All mutants, by file and line. Raises: PageError."""
    found = [
        read_mutant(file, content["source"], given)
        for file, content in report["files"].items()
        for given in content["mutants"]
    ]
    return sorted(found, key=lambda mutant: (mutant.file, mutant.line_number))


def read_equivalents(path: Path = EQUIVALENT) -> list[Equivalent]:
    """The list of changes that nobody could see."""
    entries = tomllib.loads(path.read_text(encoding="utf-8")).get("equivalent", [])
    return [Equivalent(**{key: collapse(text) for key, text in entry.items()}) for entry in entries]


def misfits(mutants: Sequence[Mutant], equivalents: Sequence[Equivalent]) -> list[str]:
    """What is wrong with each entry of the list that is about no mutant, or about one noticed."""
    found = []
    for entry in equivalents:
        fitting = [mutant.is_noticed for mutant in mutants if entry.fits(mutant)]
        if not fitting or any(fitting):
            why = "a test notices it" if fitting else "no such mutant"
            changed = f"{entry.original!r} to {entry.replacement!r}"
            found.append(f"{EQUIVALENT.name}: {entry.file}: {changed}: {why}: delete the entry")
    return found


def table(mutants: Sequence[Mutant], equivalents: Sequence[Equivalent]) -> tuple[Table, float]:
    """Noticed by module, and the percentage in total; equivalent mutants do not count."""
    shown = Table("module", "changes", "noticed", "", title="Changes of the page, by Stryker")
    real = [mutant for mutant in mutants if not any(entry.fits(mutant) for entry in equivalents)]
    for file in sorted({mutant.file for mutant in real}):
        name = file.removeprefix("src/").removesuffix(".js")
        add_row(shown, name, [mutant for mutant in real if mutant.file == file])
    shown.add_section()
    return shown, add_row(shown, "total", real)


def add_row(shown: Table, name: str, mutants: Sequence[Mutant]) -> float:
    """Add a row; the percentage noticed."""
    noticed = sum(mutant.is_noticed for mutant in mutants)
    percent = 100 * noticed / max(1, len(mutants))
    shown.add_row(name, f"{len(mutants)}", f"{noticed}", f"{percent:.1f}%")
    return percent


def install(console: Console) -> None:
    """Install Stryker where it is missing, or another version than the pinned one."""
    core = "@stryker-mutator/core"
    wanted = json.loads((STRYKER / "package.json").read_text())["devDependencies"][core]
    found = STRYKER / "node_modules" / core / "package.json"
    if found.is_file() and json.loads(found.read_text())["version"] == wanted:
        return
    console.print("installing Stryker: about 70 MB, once …")
    command = ["npm", "ci", "--no-audit", "--no-fund", "--prefix", str(STRYKER)]
    run(command, ROOT, console, "npm")


def run(command: Sequence[str], folder: Path, console: Console, name: str) -> None:
    """Run, with the last line of the output as the progress. Raises: PageError with all of it."""
    said: list[str] = []
    process = subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    with process, console.status(f"{name} …") as status:
        for line in process.stdout or ():
            said.append(line)
            status.update(Text(f"{name}: {line.strip()}"))
    if process.returncode != 0:
        raise PageError(f"{''.join(said)}{' '.join(command)}: exit code {process.returncode}")


def own_tests(module: str) -> list[str]:
    """The test files that must notice a change of the module."""
    return [f"test/{name}.test.js" for name in TESTS.get(module, (module,))]


def configuration(module: str) -> dict[str, Any]:
    """What Stryker is asked for: stryker.json, for one module and its tests."""
    common: dict[str, Any] = json.loads((STRYKER / "stryker.json").read_text())
    tap = common["tap"] | {"testFiles": own_tests(module)}
    return common | {"mutate": [f"src/{module}.js"], "tap": tap}


def mutate(module: str, folder: Path, console: Console) -> list[Mutant]:
    """Have Stryker try every mutant of a module, in a copy of the dashboard. Raises: PageError."""
    stryker = STRYKER / "node_modules" / "@stryker-mutator" / "core" / "bin" / "stryker.js"
    settings = configuration(module)
    (folder / "stryker.json").write_text(json.dumps(settings))
    run(["node", str(stryker), "run", "stryker.json"], folder, console, module)
    report = folder / settings["jsonReporter"]["fileName"]
    return read_mutants(json.loads(report.read_text(encoding="utf-8")))


def main(argv: Sequence[str] | None = None) -> int:
    """Copy, change, tell; 1 below the mark, or where the list of equivalents does not fit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--module", choices=MODULES, help="only this one")
    wanted = parser.parse_args(argv)
    modules = (wanted.module,) if wanted.module else MODULES
    files = {f"src/{name}.js" for name in modules}
    console = Console(markup=False, highlight=False, soft_wrap=True)
    try:
        install(console)
        shutil.rmtree(COPY, ignore_errors=True)
        folder = copy(ROOT, COPY) / "dashboard"
        mutants = [mutant for name in modules for mutant in mutate(name, folder, console)]
    except PageError as error:
        console.print(str(error))
        return 1
    equivalents = [entry for entry in read_equivalents() if entry.file in files]
    return tell(mutants, equivalents, console)


def tell(mutants: Sequence[Mutant], equivalents: Sequence[Equivalent], console: Console) -> int:
    """Print survivors, misfits and the table; the exit code."""
    for mutant in mutants:
        if not mutant.is_noticed and not any(entry.fits(mutant) for entry in equivalents):
            where = f"dashboard/{mutant.file}:{mutant.line_number}"
            console.print(f"not noticed: {where}: {mutant.original}  ->  {mutant.replacement}")
    wrong = misfits(mutants, equivalents)
    for sentence in wrong:
        console.print(sentence)
    shown, percent = table(mutants, equivalents)
    console.print(shown)
    return 1 if wrong or percent < NOTICED_PERCENT else 0


if __name__ == "__main__":
    sys.exit(main())
