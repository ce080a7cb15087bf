"""Drafts of invalid poll files: without what is wrong, so that the rest is checked as well."""

import re
from collections.abc import Mapping, Sequence
from typing import Any


def draft_of(table: Mapping[str, Any], wrong: Sequence[str]) -> dict[str, Any] | None:
    """The table of a poll file without the wrong keys, and placeholders for required ones.

    None if there are no choices to check.
    """
    choices = table.get("choices")
    if not isinstance(choices, list) or not choices or "choices" in _wholly(wrong, choices):
        return None
    replies = table.get("replies")
    draft = {key: value for key, value in table.items() if key not in wrong}
    if "policy" in wrong:
        draft.pop("limit", None)  # whether there may be a limit depends on the policy
    draft |= {"question": draft.get("question", "?")}
    draft |= {"choices": [_choice(one, place, wrong) for place, one in enumerate(choices)]}
    if isinstance(replies, dict):
        draft["replies"] = _without(replies, "replies.", wrong)
    return draft


def _wholly(wrong: Sequence[str], choices: Sequence[object]) -> set[str]:
    """`choices` among the wrong keys does not matter if only their number is wrong."""
    return set() if all(isinstance(one, dict) for one in choices) else {*wrong, "choices"}


def _choice(table: Mapping[str, Any], place: int, wrong: Sequence[str]) -> dict[str, Any]:
    kept = _without(table, f"choices[{place}].", wrong)
    return {"key": f"Q{place}Q", "label": f"q{place}q q"} | kept


def _without(table: Mapping[str, Any], prefix: str, wrong: Sequence[str]) -> dict[str, Any]:
    """The keys of a table of which neither they nor anything in them is wrong."""
    pattern = re.compile(re.escape(prefix))
    names = {
        pattern.sub("", key, count=1).partition(".")[0] for key in wrong if key.startswith(prefix)
    }
    return {key: value for key, value in table.items() if key not in names}
