"""`voteapp poll …`: polls as files."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from services.cli.output import FAILED, Json, emit, errors
from services.voting.definition import parse_poll
from services.voting.errors import PollFileError, Problem

app = typer.Typer(help="Polls as files: polls/<id>.toml.", no_args_is_help=True)


@app.callback()
def polls() -> None:
    """Polls as files: polls/<id>.toml."""


@app.command("check")
def check(
    files: Annotated[
        list[Path] | None, typer.Argument(help="Poll files; without any, those in polls/.")
    ] = None,
    *,
    as_json: Annotated[bool, Json] = False,
) -> None:
    """Say everything that is wrong with poll files: file, line, key, value and remedy.

    Exits with 1 if anything is wrong. The deploy makes the same checks.
    """
    sources = files or sorted(Path("polls").glob("*.toml"))
    if not sources:
        errors.print("polls/: no poll file: write polls/<id>.toml, or name the files to check")
        raise typer.Exit(FAILED)
    found = {source: _problems(source) for source in sources}
    emit(_document(found), _text(found), as_json=as_json)
    if any(found.values()):
        raise typer.Exit(FAILED)


def _problems(source: Path) -> Sequence[Problem]:
    try:
        parse_poll(source.read_text(encoding="utf-8"), source=str(source))
    except PollFileError as error:
        return error.problems
    except OSError as error:
        remedy = f"cannot be read ({error.strerror}); name an existing file"
        return [Problem(key="file", value=str(source), remedy=remedy)]
    except UnicodeDecodeError as error:
        return [Problem(key="file", value=f"byte {error.start}", remedy="save the file as UTF-8")]
    return ()


def _text(found: dict[Path, Sequence[Problem]]) -> str:
    lines = []
    for source, problems in found.items():
        if not problems:
            lines.append(f"{source}: fine")
        for problem in problems:
            place = f"{source}:{problem.line}" if problem.line else f"{source}"
            lines.append(f"{place}: {problem}")
    return "\n".join(lines)


def _document(found: dict[Path, Sequence[Problem]]) -> dict[str, object]:
    return {
        "ok": not any(found.values()),
        "files": {
            str(source): [
                {"line": p.line, "key": p.key, "value": repr(p.value), "remedy": p.remedy}
                for p in problems
            ]
            for source, problems in found.items()
        },
    }
