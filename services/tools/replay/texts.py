"""Reads and writes scenarios: files with one text a line, and how Twilio delivered it.

The first line describes the scenario and holds its polls as TOML; every other line is a text:
`{"at_ms": …, "from": "+1555…", "to": …, "body": …, "sid": …, "twilio": "delivered"}`, where
`twilio` may also be `lost` or, with `after_ms`, `redelivered`. Files ending in .gz are
compressed.
"""

import gzip
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from services.polls.definition import parse_poll
from services.voting.errors import PollFileError
from services.voting.poll import Poll

BUILT_IN: Final = Path(__file__).parent / "evenings"
SUFFIX: Final = ".jsonl.gz"


class ScenarioError(Exception):
    """The file does not exist or is not a scenario."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioText:
    """One text. `after_ms` are its redeliveries, in ms after `at_ms`; a lost one never arrives."""

    at_ms: int
    sender: str
    to: str
    body: str
    sid: str
    lost: bool = False
    after_ms: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """Texts in the order in which they were sent, and the polls as TOML, by id."""

    name: str
    definitions: Mapping[str, str]
    texts: tuple[ScenarioText, ...]
    made_with: Mapping[str, int] = field(default_factory=dict)

    @property
    def polls(self) -> list[Poll]:
        """The polls, in the order of their ids."""
        return [_parsed(poll_id, toml) for poll_id, toml in sorted(self.definitions.items())]

    def deliveries(self) -> list[tuple[int, ScenarioText]]:
        """Return every delivery with its time in epoch ms, in order of time."""
        times = (
            (text.at_ms + after, place, text)
            for place, text in enumerate(self.texts)
            if not text.lost
            for after in (0, *text.after_ms)
        )
        return [(at_ms, text) for at_ms, _, text in sorted(times, key=lambda one: one[:2])]


@lru_cache(maxsize=64)
def _parsed(poll_id: str, toml: str) -> Poll:
    # Cached: parsing takes longer than replaying ten texts.
    return parse_poll(toml, source=f"{poll_id}.toml")


def find_scenario_file(name: str) -> Path:
    """Return the file at this path, or the built-in scenario with this name.

    Raises:
        ScenarioError: there is neither.
    """
    for path in (Path(name), BUILT_IN / f"{name}{SUFFIX}"):
        if path.is_file():
            return path
    known = ", ".join(list_evenings())
    raise ScenarioError(f"{name}: no such file: name an evening's file, or one of {known}")


def list_evenings() -> list[str]:
    """The names of the built-in scenarios."""
    return sorted(path.name.removesuffix(SUFFIX) for path in BUILT_IN.glob("*"))


def read_scenario(path: Path) -> Scenario:
    """Read a scenario.

    Raises:
        ScenarioError: the file is not a scenario.
    """
    try:
        raw = path.read_bytes()
        text = (gzip.decompress(raw) if path.suffix == ".gz" else raw).decode()
        head, *rest = [json.loads(line) for line in text.split("\n") if line]
        scenario = Scenario(
            name=head["evening"],
            definitions=head["polls"],
            made_with=head.get("made_with", {}),
            texts=tuple(_text(line) for line in rest),
        )
        scenario.polls  # noqa: B018 - raises for an invalid definition
    except (OSError, ValueError, KeyError, TypeError, AttributeError, PollFileError) as error:
        raise ScenarioError(
            f"{path}: not an evening ({type(error).__name__}: {error}): make one with "
            f"`voteapp evening make`"
        ) from error
    return scenario


def write_scenario(scenario: Scenario, path: Path) -> None:
    """Write a scenario; equal scenarios give equal bytes."""
    text = "".join(f"{line}\n" for line in scenario_lines(scenario)).encode()
    if path.suffix == ".gz":
        compressed = io.BytesIO()
        with gzip.GzipFile(
            filename="", fileobj=compressed, mode="wb", mtime=0, compresslevel=9
        ) as file:
            file.write(text)
        text = compressed.getvalue()
    path.write_bytes(text)


def scenario_lines(scenario: Scenario) -> Iterator[str]:
    """Yield the lines of the scenario's file."""
    head = {
        "evening": scenario.name,
        "made_with": dict(scenario.made_with),
        "polls": dict(scenario.definitions),
    }
    yield json.dumps(head, ensure_ascii=False)
    for text in scenario.texts:
        twilio = "lost" if text.lost else "redelivered" if text.after_ms else "delivered"
        line: dict[str, Any] = {
            "at_ms": text.at_ms, "from": text.sender, "to": text.to, "body": text.body,
            "sid": text.sid, "twilio": twilio,
        }  # fmt: skip
        if text.after_ms:
            line["after_ms"] = list(text.after_ms)
        yield json.dumps(line, ensure_ascii=False)


def _text(line: Mapping[str, Any]) -> ScenarioText:
    return ScenarioText(
        at_ms=line["at_ms"],
        sender=line["from"],
        to=line["to"],
        body=line["body"],
        sid=line["sid"],
        lost=line["twilio"] == "lost",
        after_ms=tuple(line.get("after_ms", ())),
    )
