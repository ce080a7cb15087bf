"""Validate a TOML table against a list of fields."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from typing import Any

from services.voting.errors import Problem
from services.voting.toml_text import toml_text

_NAMES = {str: "text", int: "a whole number", list: "a list", dict: "a table",
          datetime: "a date and time with a time zone, as 2030-05-04T20:15:00+02:00"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Field:
    """A key of a poll file. `low` and `high` are bounds of a number, or of the length of a value.

    A value may have any of several kinds. Every entry of a list must match `entry_pattern`.
    `form` says in words what the pattern asks for, and `noun` what a list has.
    """

    key: str
    kind: type | tuple[type, ...]
    doc: str
    required: bool = False
    default: object = None
    one_of: tuple[str, ...] = ()
    pattern: str = ""
    entry_pattern: str = ""
    form: str = ""
    low: int | None = None
    high: int | None = None
    noun: str = "entries"


def check(table: Mapping[str, Any], fields: Sequence[Field], prefix: str) -> Iterator[Problem]:
    """All problems with the keys and values of a table."""
    known = {field.key: field for field in fields}
    for key, value in table.items():
        if key not in known:
            near = get_close_matches(key, known, n=1)
            offer = f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}"
            remedy = f"no such key; {offer}"
            yield Problem(key=f"{prefix}{key}", value=value, remedy=remedy)
    for field in fields:
        if field.key in table:
            yield from _check_value(field, table[field.key], prefix)
        elif field.required:
            yield Problem(key=f"{prefix}{field.key}", value=None, remedy=f"write it. {field.doc}")


def kinds(field: Field) -> tuple[type, ...]:
    """The types that a field accepts."""
    return field.kind if isinstance(field.kind, tuple) else (field.kind,)


def _check_value(field: Field, value: object, prefix: str) -> Iterator[Problem]:
    remedy = _remedy(field, value)
    if remedy:
        yield Problem(key=f"{prefix}{field.key}", value=value, remedy=remedy)


def _remedy(field: Field, value: object) -> str | None:
    if not isinstance(value, field.kind) or isinstance(value, bool):
        return f"give {' or '.join(_NAMES[kind] for kind in kinds(field))}"
    if isinstance(value, datetime) and value.tzinfo is None:
        return f"give {_NAMES[datetime]}"
    if field.one_of and value not in field.one_of:
        return f"one of {', '.join(field.one_of)}"
    if field.pattern and isinstance(value, str) and not re.fullmatch(field.pattern, value):
        return field.form
    return _size_remedy(field, value) or _entry_remedy(field, value)


def _size_remedy(field: Field, value: object) -> str | None:
    size = value if isinstance(value, int) else len(value) if hasattr(value, "__len__") else 0
    noun = (
        ""
        if isinstance(value, int)
        else " characters"
        if isinstance(value, str)
        else f" {field.noun}"
    )
    if field.low is not None and size < field.low:
        needs = "needs " if isinstance(value, list) else ""
        return f"{needs}at least {field.low}{noun}"
    if field.high is not None and size > field.high:
        return f"at most {field.high}{noun}"
    return None


def _entry_remedy(field: Field, value: object) -> str | None:
    if not field.entry_pattern:
        return None
    entries = (
        value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    )
    invalid = [
        e for e in entries if not (isinstance(e, str) and re.fullmatch(field.entry_pattern, e))
    ]
    return f"{toml_text(invalid[0])}: {field.form}" if invalid else None
