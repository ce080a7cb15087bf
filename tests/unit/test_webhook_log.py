"""The webhook's log: one JSON object a line on standard output, and nowhere else."""

import json
import logging

import pytest

from services.webhook import log


def test_an_event_is_one_json_object_on_a_line(capfd: pytest.CaptureFixture[str]) -> None:
    """A line break within a value does not end the line; nothing stands before the object."""
    log.configure()
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


def test_an_event_is_written_once_however_often_the_log_is_set_up(
    capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """And not by the root logger's handlers too: Lambda has one of its own."""
    for _ in range(3):
        log.configure()
    with caplog.at_level(logging.DEBUG):
        log.event("text")

    assert capfd.readouterr().out == '{"event": "text"}\n'
    assert caplog.records == []


def test_a_logger_that_is_turned_off_costs_no_json(capfd: pytest.CaptureFixture[str]) -> None:
    """What is not written is not made either."""
    log.configure()
    logger = logging.getLogger("voteapp.webhook")
    logger.setLevel(logging.WARNING)
    log.event("text", what=object())
    logger.setLevel(logging.INFO)

    assert capfd.readouterr().out == ""
