"""The log of what is deployed: one JSON object a line on standard output, and nowhere else."""

import contextlib
import json

import pytest

from services.adapters import log


def test_an_event_is_one_json_object_on_a_line(capfd: pytest.CaptureFixture[str]) -> None:
    """A line break within a value does not end the line; nothing stands before the object."""
    log.event("text", outcome="accepted", ms=1.5, reason="two\nlines: %s", polls=["a", "b"])
    log.event("unhealthy")
    caught = capfd.readouterr()

    assert [json.loads(line) for line in caught.out.splitlines()] == [
        {
            "event": "text", "outcome": "accepted", "ms": 1.5, "reason": "two\nlines: %s",
            "polls": ["a", "b"],
        },
        {"event": "unhealthy"},
    ]  # fmt: skip
    assert caught.out.startswith('{"event": "text", ')
    assert caught.err == ""


def test_nothing_is_logged_within_a_silence_and_again_after_it(
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Also while one silence is within another, and after an error."""
    with contextlib.suppress(ValueError), log.silenced():
        with log.silenced():
            log.event("first")
        log.event("second")
        raise ValueError
    log.event("third")

    assert capfd.readouterr().out == '{"event": "third"}\n'
