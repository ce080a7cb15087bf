"""The doctor on the mapping: every setting that exactness rests on."""

from typing import Any

import pytest

from services.tools.doctor.event_source import REQUIRED, WHY, check_age, check_fold, check_mapping
from services.tools.doctor.finding import CheckStatus, Finding
from services.voting.tally import Totals

STREAM = "arn:aws:dynamodb:us-east-1:000000000000:table/votes/stream/2026-11-20T00:00:00.000"
NOW = 1_795_000_000_000


def a_mapping(**settings: Any) -> dict[str, Any]:
    """A mapping as Lambda tells it, right but for some settings."""
    return {"State": "Enabled", "EventSourceArn": STREAM, **REQUIRED, **settings}


def examined(**settings: Any) -> Finding:
    """The finding on one mapping."""
    return check_mapping([a_mapping(**settings)], STREAM)


def test_the_mapping_of_the_stack_is_fine() -> None:
    """With what Lambda adds to it."""
    assert examined(LastProcessingResult="OK", FunctionResponseTypes=[]).verdict is CheckStatus.OK
    assert examined(DestinationConfig={"OnFailure": {}}).verdict is CheckStatus.OK


def test_a_removed_mapping_is_found() -> None:
    """Texts become ballots, and the count stands still."""
    finding = check_mapping([], STREAM)

    assert finding.verdict is CheckStatus.FAILED
    assert "no vote is counted" in finding.detail
    assert "cdk deploy" in finding.remedy


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("StartingPosition", "LATEST"),
        ("ParallelizationFactor", 10),
        ("TumblingWindowInSeconds", 0),
        ("MaximumRetryAttempts", 3),
        ("MaximumRecordAgeInSeconds", 60),
        ("BisectBatchOnFunctionError", True),
    ],
)
def test_a_wrong_setting_is_named_with_what_it_does(setting: str, value: object) -> None:
    """Somebody has been in the console."""
    finding = examined(**{setting: value})

    assert finding.verdict is CheckStatus.FAILED
    assert f"{setting}: {value}, not {REQUIRED[setting]}" in finding.detail
    assert WHY[setting] in finding.detail


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("FunctionResponseTypes", ["ReportBatchItemFailures"]),
        ("FilterCriteria", {"Filters": [{"Pattern": "{}"}]}),
        ("DestinationConfig", {"OnFailure": {"Destination": "arn:aws:sqs:::lost"}}),
        ("State", "Disabled"),
        ("LastProcessingResult", "PROBLEM: Function call failed"),
    ],
)
def test_what_would_lose_records_is_found(setting: str, value: object) -> None:
    """Each would, in another way."""
    finding = examined(**{setting: value})

    assert finding.verdict is CheckStatus.FAILED
    assert setting in finding.detail


def test_a_mapping_on_a_stream_of_the_past_is_found() -> None:
    """A stream that was switched off and on again is another one."""
    finding = examined(EventSourceArn=STREAM.replace("2026", "2025"))

    assert finding.verdict is CheckStatus.FAILED
    assert "another stream" in finding.detail


def test_two_mappings_are_found() -> None:
    """A second one counts everything once more after the first was deleted."""
    assert check_mapping([a_mapping(), a_mapping()], STREAM).verdict is CheckStatus.FAILED


def test_what_an_emulator_does_not_keep_is_not_held_against_it() -> None:
    """But what it keeps is."""
    kept = a_mapping(TumblingWindowInSeconds=None)
    wrong = a_mapping(ParallelizationFactor=2)

    assert check_mapping([kept], STREAM, emulated=True).verdict is CheckStatus.OK
    assert check_mapping([kept], STREAM).verdict is CheckStatus.FAILED
    assert check_mapping([wrong], STREAM, emulated=True).verdict is CheckStatus.FAILED


@pytest.mark.parametrize(
    ("latest_ms", "verdict"),
    [(800, CheckStatus.OK), (59_999, CheckStatus.OK), (60_000, CheckStatus.FAILED)],
)
def test_votes_that_wait_over_a_minute_are_found(latest_ms: float, verdict: CheckStatus) -> None:
    """The alarm has the same threshold."""
    assert check_age(latest_ms, minutes=15).verdict is verdict


def test_without_votes_there_is_no_age() -> None:
    """Which is no fault."""
    assert check_age(None, minutes=15).verdict is CheckStatus.SKIPPED


def test_records_that_could_not_be_read_are_told() -> None:
    """By poll, with what to do."""
    good = Totals(picks={"A": 3}, voters=3, folded=3, bad=0, as_of_ms=NOW - 5_000)
    bad = Totals(picks={}, voters=0, folded=1, bad=2, as_of_ms=NOW)

    assert "5 s ago" in check_fold({"colors": good}, NOW).detail
    assert check_fold({"colors": good, "talks": bad}, NOW).verdict is CheckStatus.WARNING
    assert "2 of talks" in check_fold({"talks": bad}, NOW).detail
    assert check_fold({}, NOW).verdict is CheckStatus.SKIPPED
