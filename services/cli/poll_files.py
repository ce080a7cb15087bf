"""Reads and checks poll files: each alone, all together, and with their phone lists."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import typer

from services.adapters.dynamodb.allow_lists import read_phones
from services.cli.completion import deployed_polls
from services.polls.definition import ParseResult, check_poll, with_line
from services.polls.names import check_name_conflicts
from services.voting.addresses import E164
from services.voting.errors import Problem
from services.voting.poll import Poll
from services.voting.toml_text import toml_text

FOLDER = Path("polls")


@dataclass(frozen=True, slots=True, kw_only=True)
class PollFiles:
    """Parsed poll files; `phones` by poll id, `problems` by file, warnings included."""

    polls: Sequence[Poll]
    phones: dict[str, tuple[str, ...]]
    problems: dict[Path, tuple[Problem, ...]]

    @property
    def is_usable(self) -> bool:
        """Whether there is no problem other than warnings."""
        found = (problem for problems in self.problems.values() for problem in problems)
        return all(problem.severity == "warning" for problem in found)

    @property
    def warnings(self) -> list[str]:
        """A line for each warning, as `id: problem`."""
        return [
            f"{source.stem}: {problem.key}: {toml_text(problem.value)}: {problem.remedy}"
            for source, problems in self.problems.items()
            for problem in problems
            if problem.severity == "warning"
        ]

    @property
    def document(self) -> dict[str, object]:
        """The problems as JSON."""
        return {
            "ok": self.is_usable,
            "files": {
                str(source): [
                    {
                        "line": p.line,
                        "key": p.key,
                        "value": toml_text(p.value),
                        "remedy": p.remedy,
                        "severity": p.severity,
                    }
                    for p in problems
                ]
                for source, problems in self.problems.items()
            },
        }

    @property
    def text(self) -> str:
        """The problems as text, one per line, as `file:line: problem`."""
        lines = []
        for source, problems in self.problems.items():
            if not problems:
                lines.append(f"{source}: fine")
            for problem in problems:
                place = f"{source}:{problem.line}" if problem.line else f"{source}"
                lines.append(f"{place}: {problem}")
        return "\n".join(lines)


def list_poll_files(folder: Path) -> list[Path]:
    """List the poll files of a folder, sorted by name."""
    return sorted(folder.glob("*.toml"))


def read(paths: Iterable[Path]) -> PollFiles:
    """Read poll files and the phone lists beside them, and collect every problem."""
    results = {path: _parse_file(path) for path in paths}
    problems = {path: [*found.problems] for path, found in results.items()}
    polls = {path: found.draft for path, found in results.items() if found.draft}
    phones = {}
    for path, poll in polls.items():
        if poll.phones:
            listed, list_problems = _read_phone_list(path.parent / poll.phones)
            phones[poll.id] = listed
            problems[path] += [with_line(problem, poll.definition) for problem in list_problems]
    path_of = {poll.id: path for path, poll in polls.items()}
    for poll, problem in check_name_conflicts([*polls.values()]):
        problems[path_of[poll.id]].append(with_line(problem, poll.definition))
    return PollFiles(
        polls=[*polls.values()],
        phones=phones,
        problems={
            path: tuple(sorted(found, key=lambda problem: problem.line))
            for path, found in problems.items()
        },
    )


def _parse_file(path: Path) -> ParseResult:
    try:
        return check_poll(path.read_text(encoding="utf-8"), source=str(path))
    except OSError as error:
        remedy = f"cannot be read ({error.strerror}); name an existing file"
        problem = Problem(key="file", value=str(path), remedy=remedy)
    except UnicodeDecodeError as error:
        problem = Problem(key="file", value=f"byte {error.start}", remedy="save the file as UTF-8")
    return ParseResult(poll=None, problems=(problem,))


def _read_phone_list(path: Path) -> tuple[tuple[str, ...], list[Problem]]:
    try:
        lines = list(read_phones(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError) as error:
        remedy = f"the list cannot be read ({error}); put it beside the poll file"
        return (), [Problem(key="phones", value=path.name, remedy=remedy)]
    list_problems = [
        Problem(key="phones", value=phone, remedy=f"{path.name}:{line}: write it as +15550100199")
        for line, phone in lines
        if not re.fullmatch(E164, phone)
    ]
    if not lines:
        list_problems.append(Problem(key="phones", value=path.name, remedy="the list is empty"))
    return tuple(phone for _, phone in lines), list_problems


def complete_poll_id(ctx: typer.Context, incomplete: str) -> list[str]:
    """The polls of the folder and of the deployment that begin with these letters."""
    found = {path.stem for path in list_poll_files(FOLDER)} | deployed_polls(ctx.params)
    return sorted(poll for poll in found if poll.startswith(incomplete))


PollId = typer.Argument(metavar="POLL", help="Id of the poll.", autocompletion=complete_poll_id)
