"""JSON Schema and Markdown reference of poll files, generated from `services.polls.fields`."""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

from services.polls.fields import CHOICE_FIELDS, COLOUR_FIELDS, FIELDS, REPLY_FIELDS
from services.polls.validation import Field, kinds
from services.voting.message import RESERVED
from services.voting.replies import DEFAULT_TEXTS, PLACEHOLDERS

_TYPES: Final = {str: "string", int: "integer", list: "array", dict: "object", datetime: "string"}
_TYPE_WORDS: Final = {
    str: "text",
    int: "number",
    list: "list",
    dict: "table",
    datetime: "date and time",
}
_NESTED: Final = {"replies": REPLY_FIELDS, "colour": COLOUR_FIELDS}
_PLACEHOLDER_DOCS: Final = {
    "choice": "label of the choice (its key, where a carrier lacks the letters)",
    "word": "what to text for the choice",
    "previous": "label of the choice that stood before",
    "choices": "all that may be texted",
    "left": "votes that the phone still has",
    "opens_in": "until the opening: in 25 min",
    "closes_in": "until the close, at the time of the text: in 2 h 5 min",
    "opens_at": "the opening: 4 May at 20:15",
    "closed_at": "the close, by the clock or by the operator",
}


def json_schema() -> str:
    """The JSON Schema of a poll file, for editors."""
    schema = {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "A poll of VoteApp: polls/<id>.toml",
        **_object(FIELDS),
    }
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _object(fields: Iterable[Field]) -> dict[str, Any]:
    fields = list(fields)
    required = [field.key for field in fields if field.required]
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {field.key: _property(field) for field in fields},
        **({"required": required} if required else {}),
    }


def _property(field: Field) -> dict[str, Any]:
    forms = [_form(field, kind) for kind in kinds(field)]
    described: dict[str, Any] = {"description": field.doc}
    if field.default is not None:
        described["default"] = field.default
    return described | (forms[0] if len(forms) == 1 else {"anyOf": forms})


def _form(field: Field, kind: type) -> dict[str, Any]:
    form: dict[str, Any] = {"type": _TYPES[kind]}
    low, high = {str: ("minLength", "maxLength"), int: ("minimum", "maximum")}.get(
        kind, ("minItems", "maxItems")
    )
    if kind is datetime:
        form["format"] = "date-time"
    if field.one_of:
        form["enum"] = list(field.one_of)
    if kind is str and field.pattern:
        form["pattern"] = f"^{field.pattern}$"
    if field.low is not None:
        form[low] = field.low
    if field.high is not None:
        form[high] = field.high
    if field.key == "choices":
        form["items"] = _object(CHOICE_FIELDS)
    elif kind is list:
        form["items"] = {"type": "string", "pattern": f"^{field.entry_pattern}$"}
    elif kind is dict:
        form |= _object(_NESTED[field.key])
    return form


def reference() -> str:
    """The reference of poll files, in Markdown."""
    return "\n".join(
        (
            "# Poll files",
            "",
            "A poll is a file `polls/<id>.toml`; its id, the name of the file, has lower case",
            "letters, digits and dashes, at most 24, and is not `current`, which means the open",
            "poll in the address of the screen. `polls/poll.schema.json` describes the file to",
            "editors: with `#:schema ./poll.schema.json` on the first line they complete and",
            "check what is written (in Visual Studio Code with the extension Even Better TOML).",
            "",
            "`voteapp poll check` says what is wrong, all of it in one pass and in the order of",
            "lines: file, line, key, value and remedy. The deploy makes the same checks, and",
            "applies all polls; `voteapp poll apply` applies them without a deploy, after showing",
            "what changes. A poll whose file is gone is archived, never deleted.",
            "",
            "This page and the schema are printed by `voteapp poll reference` and `voteapp poll",
            "schema` from the table that validates the files; a test compares them.",
            "",
            "## The poll",
            "",
            *_table(FIELDS),
            "",
            "## `[[choices]]`",
            "",
            *_table(CHOICE_FIELDS),
            "",
            '`colour = "#1b5fc1"`, or one for each theme: `colour = { dark = "#4f9dff", light =',
            '"#1b5fc1" }`. A contrast under 3:1 with the background is a warning.',
            "",
            "The screen shows the label beside the word to text, unless both are the same. Labels",
            "of 60 characters are shown whole; what may be too wide, such as 60 letters W, is a",
            "warning.",
            "",
            "## `[replies]`",
            "",
            *_table(REPLY_FIELDS[:1]),
            "",
            "Own texts take the place of these. Each must fit into one message, 160 characters",
            "of the carriers' alphabet (GSM-7), also with the longest label, list and time",
            "filled in.",
            "",
            "| key | text | may hold |",
            "|---|---|---|",
            *_replies(),
            "",
            "| placeholder | is |",
            "|---|---|",
            *(f"| `{{{name}}}` | {what} |" for name, what in _PLACEHOLDER_DOCS.items()),
            "",
            "Replies show times in the UTC offset of the file, which may differ for opening and",
            "closing; a time written with `Z` or `+00:00` is shown as UTC. A close by the",
            "operator is shown in the offset of the nearer of the two.",
            "",
            "Questions, labels and words hold no control characters; a reply may have line feeds.",
            "",
            "`accepted_left` is `accepted` under policy each, `sealed` is `accepted` in a sealed",
            "poll. A text that is delivered again gets the same reply again. On a number without",
            f"a poll the reply is: {DEFAULT_TEXTS['no_poll']}",
            "",
            "Replies have one language: a text that names no choice does not tell which one, and a",
            "text that is delivered again must get the same reply. For two languages write both",
            "into one reply.",
            "",
            "## What counts as a choice",
            "",
            "The whole message, after Unicode normalisation and case folding, without white",
            "space, punctuation, quotes, emoji and invisible marks (zero-width space, direction",
            "marks) around it: a key, a label, one of the words, or the place in ballot order",
            "(`2`, `2️⃣`). It may begin with the poll's keyword, with `vote`, `vote for`, `i vote`",
            "or `i vote for`. Never a part of a message and never a guess: what is one letter",
            "away from a single choice is asked back and not counted.",
            "",
            "## Polls that share a number",
            "",
            "A whole message that names a choice of an open poll counts for that poll. If two",
            "open polls have it, as they have `2`, it counts for neither: it needs a keyword.",
            "Next come messages that begin with the keyword of an open poll, whatever follows;",
            "then, in the same order, the choices and the keywords of polls that wait or are",
            "closed, so that the reply says when voting opens or that it closed.",
            "",
            "The check refuses conflicting names:",
            "",
            "- in one poll: two choices of one name, also where one is the other after `vote`,",
            "  `vote for`, `i vote` or `i vote for`; a name that is another choice's place, as",
            "  `2` for the first; a keyword that is a name, a place or the first word of a name,",
            "  as `song` beside `Song One`; the keywords `vote` and `i`;",
            "- between polls that share a number and whose times overlap: the same of the names,",
            "  places and keyword of one with those of the other.",
            "",
            "## Words of the carriers",
            "",
            "Carriers answer some words themselves. They are never choices, get no reply, and",
            f"cannot be used as words: {', '.join(sorted(word.upper() for word in RESERVED))}.",
            "",
            'The one exception is the label "Yes". Beside it no label of the poll may be texted,',
            "only keys, words and places: otherwise NO would be counted, and YES never. A question",
            "of yes and no, as in [yes-no.toml](examples/yes-no.toml):",
            "",
            "```toml",
            'question = "Shall we play on?"',
            "",
            "[[choices]]",
            'key = "FOR"',
            'label = "Yes"',
            "",
            "[[choices]]",
            'key = "AGAINST"',
            'label = "No"',
            "```",
            "",
            'The screen shows FOR beside "Yes". To have people text numbers, add `words = ["1"]`',
            'and `words = ["2"]`.',
            "",
            "## A list of phones",
            "",
            '`phones = "guests.txt"` names a file beside the poll: one number a line, as',
            "+15550100199, with `#` before a comment. `voteapp poll apply` stores a keyed hash of",
            "each, which cannot be turned back into the number; the file goes nowhere, so keep it",
            "out of the repository. A deploy cannot hash and leaves the stored list as it is:",
            "until `voteapp poll apply` has run, nobody is on a new list.",
            "",
        )
    )


def _table(fields: Sequence[Field]) -> list[str]:
    head = ["| key | is | without it | |", "|---|---|---|---|"]
    return head + [
        f"| `{field.key}` | {_describe(field)} | {_default(field)} | {field.doc} |"
        for field in fields
    ]


def _describe(field: Field) -> str:
    if field.one_of:
        return ", ".join(f"`{one}`" for one in field.one_of)
    types = " or ".join(_TYPE_WORDS[kind] for kind in kinds(field))
    if field.low is not None and field.high is not None:
        return f"{types}, {field.low:,} to {field.high:,}"
    return types


def _default(field: Field) -> str:
    if field.required:
        return "required"
    return "" if field.default is None else f"`{field.default}`"


def _replies() -> list[str]:
    return [
        f"| `{name}` | {DEFAULT_TEXTS[name]} | "
        + " ".join(f"`{{{place}}}`" for place in sorted(places))
        + " |"
        for name, places in PLACEHOLDERS.items()
    ]
