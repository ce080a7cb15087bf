"""The report of a reconciliation."""

from collections import Counter

from services.late.report import NotBalancedError, Report


def test_a_report_as_a_document_has_every_figure() -> None:
    """Scripts read these names; reasons and rounds are in alphabetical order."""
    report = Report(
        poll="colors", round=2, until_ms=99, listed=15, counted=1, elsewhere=2, recovered=3,
        refused=Counter({"stands": 4, "closed": 5}), after_close=6, unknown=7, under_way=8,
        missing_elsewhere=Counter({"trees, round 1": 1, "colors, round 1": 1}), oldest_ms=9,
    )  # fmt: skip
    document = report.document()

    assert document == {
        "poll": "colors",
        "round": 2,
        "until": 99,
        "listed": 15,
        "counted": 1,
        "elsewhere": 2,
        "refused": {"closed": 5, "stands": 4},
        "recovered": 3,
        "received_before_close_delivered_after": 6,
        "missing_elsewhere": {"colors, round 1": 1, "trees, round 1": 1},
        "unknown_to_twilio": 7,
        "under_way": 8,
        "oldest": 9,
    }
    assert [list(document[name]) for name in ("refused", "missing_elsewhere")] == [  # type: ignore[call-overload]
        ["closed", "stands"], ["colors, round 1", "trees, round 1"],
    ]  # fmt: skip
    assert report.explained == report.listed


def test_a_report_that_does_not_add_up_says_of_which_round_it_is() -> None:
    """And that nothing was counted twice."""
    report = Report(poll="colors", round=2, until_ms=0, listed=2_000, counted=1_001)

    assert NotBalancedError(report).report is report
    assert str(NotBalancedError(report)) == (
        "colors, round 2: 2,000 texts listed and 1,001 explained: this is an error in the "
        "program; no text was counted twice: keep the output of --json and report it"
    )
