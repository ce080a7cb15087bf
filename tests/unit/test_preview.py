"""What `voteapp poll apply` shows before it asks."""

from dataclasses import replace
from typing import Any

import pytest

from services.polls.doubts import find_doubts
from services.polls.entry import DirectoryEntry
from services.polls.plan import plan
from services.polls.preview import preview
from services.voting.poll import Choice, Poll, Round
from tests.support.polls import NOON, a_poll

HERE, THERE = "+15550100177", "+15550100188"


def shown(before: list[Poll], after: list[Poll]) -> list[str]:
    """The lines of the preview."""
    entries = [DirectoryEntry(round=Round(poll=poll), number=HERE, revision=1) for poll in before]
    return preview(plan(entries, after, default_number=HERE, now_ms=NOON))


def defined(**changes: Any) -> Poll:
    """A poll whose text has changed with it."""
    return replace(a_poll(**changes), definition=f"{changes}")


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"question": "Now?"}, "question: Which? -> Now?"),
        ({"limit": 3}, "limit: 1 -> 3"),
        ({"numbers": (HERE,)}, f"numbers: all of the account -> {HERE}"),
        ({"closes_at_ms": 0, "closes_utc_offset_minutes": 120}, "closes_at: none -> 1970-01-01 02:00:00+02:00"),
        ({"reply_texts": {"same": "Yes."}}, "replies.same: as usual -> Yes."),
        ({"choices": (*a_poll().choices, Choice(key="PINK", label="Pink", words=("rose",)))}, "choice PINK: none -> Pink (rose)"),
    ],
)  # fmt: skip
def test_each_setting_is_shown_old_and_new(changes: dict[str, Any], line: str) -> None:
    """One line each, below the poll."""
    assert shown([a_poll()], [defined(**changes)]) == ["colors: changes", f"  {line}"]


def test_new_polls_and_polls_without_a_file_are_named_and_others_are_not() -> None:
    """Applying again shows nothing."""
    other = replace(a_poll(), id="other")

    assert shown([], [a_poll()]) == ["colors: is created"]
    assert shown([a_poll(), other], [a_poll()]) == ["other: has no file any more and is archived"]
    assert shown([a_poll()], [a_poll()]) == []


def test_neither_the_lab_nor_a_check_is_archived() -> None:
    """They have no file; a poll of that name on another number is like any other."""
    lab = replace(a_poll(), id="lab", numbers=("+15550190100",))
    checks = [replace(a_poll(), id=name) for name in ("doctor-selftest", "canary-selftest")]

    assert shown([lab, *checks], []) == []
    assert shown([replace(lab, numbers=(HERE,))], []) == [
        "lab: has no file any more and is archived"
    ]


def polls(first: dict[str, Any], second: dict[str, Any]) -> list[Poll]:
    """Two polls with these settings."""
    return [replace(a_poll(), id=name, **more) for name, more in (("one", first), ("two", second))]


@pytest.mark.parametrize(
    ("found", "doubt"),
    [
        (polls({"numbers": (HERE,)}, {"numbers": (HERE, THERE)}), f"one and two: both answer on {HERE} at the same time"),
        (polls({}, {"numbers": (HERE,)}), "one: has no numbers, so it answers on those of two too, at the same time"),
        (polls({}, {}), "one and two: both answer on every number at the same time"),
        ([a_poll(closes_at_ms=0)], "colors: closes_at 1970-01-01 00:00:00 UTC is in the past: the poll is closed at once"),
    ],
)  # fmt: skip
def test_what_is_rarely_meant_is_said(found: list[Poll], doubt: str) -> None:
    """Before it is applied."""
    assert list(find_doubts(found, NOON)) == [doubt]


@pytest.mark.parametrize(
    "found",
    [
        polls({"numbers": (HERE,)}, {"numbers": (THERE,)}),
        polls({"closes_at_ms": NOON + 1}, {"opens_at_ms": NOON + 1}),
        [a_poll(closes_at_ms=NOON + 1)],
    ],
)
def test_polls_that_never_meet_raise_no_doubt(found: list[Poll]) -> None:
    """Apart by number or by time."""
    assert list(find_doubts(found, NOON)) == []
