"""Options of `-c name=value`, the errors of invalid ones, and what follows from a rate."""

from typing import Any

import pytest

from infra.capacity import Capacity, RequestLimit
from infra.config import StageConfig
from infra.options import OptionError, Options


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("expected_text_per_second", "10"),
        ("expected_texts_per_second", "many"),
        ("expected_texts_per_second", "0"),
        ("expected_viewers", "700"),
        ("warm_writes_per_second", "3999"),
        ("webhook", "ec2"),
        ("shift", "slowly"),
        ("number", "5550100199"),
        ("fallback", "maybe"),
        ("fallback_reply", "Thanks ✓"),
        ("fallback_reply", "$input.body"),
        ("fallback_reply", "We are #1"),
        ("fallback_reply", " "),
        ("fallback_reply", "a" * 161),
        ("fallback_reply", "{" * 81),
        ("reconcile", ""),
        ("reconcile", "5"),
        ("reconcile", "0 minutes"),
        ("reconcile", "61 minutes"),
        ("reconcile", "1.5 minutes"),
        ("reconcile", "1 hour"),
        ("reconcile", "300 seconds"),
        ("canary", "5"),
        ("canary", "0 minutes"),
        ("canary", "1 hour"),
        ("alarm_email", "me"),
        ("edge", "off"),
        ("audience", "huge"),
        ("reserved_concurrency", "0"),
        ("domain", "https://vote.example.org"),
        ("domain", "vote"),
        ("domain", "Vote.example.org"),
        ("certificate_arn", "arn:aws:iam::123456789012:server-certificate/vote"),
    ],
)
def test_an_option_that_cannot_be_used_is_named_with_its_value(option: str, value: str) -> None:
    """A typing error must not deploy something else."""
    with pytest.raises(OptionError) as refusal:
        Options.parse({option: value})

    assert f"-c {option}={value}: " in str(refusal.value)
    assert refusal.value.remedy


def test_a_large_audience_needs_cloudfront() -> None:
    """API Gateway keeps no answers."""
    with pytest.raises(OptionError, match="edge=cloudfront"):
        Options.parse({"audience": "large", "edge": "none"})

    assert Options().audience == "direct"


@pytest.mark.parametrize("stage", ["production", "", None, 1])
def test_a_stage_that_does_not_exist_is_refused(stage: Any) -> None:
    """An unknown stage has no default settings."""
    with pytest.raises(OptionError, match="say local, dev or prod"):
        StageConfig.of(stage, Options())


def test_options_are_converted_to_their_types() -> None:
    """The command line gives strings only."""
    options = Options.parse({"expected_texts_per_second": "250", "webhook": "container"})

    assert options.expected_texts_per_second == 250
    assert options.webhook == "container"


@pytest.mark.parametrize(
    ("said", "minutes"),
    [("off", 0), ("1 minute", 1), ("5 minutes", 5), ("10 minutes", 10), ("60 minutes", 60)],
)
def test_the_schedule_is_given_in_minutes(said: str, minutes: int) -> None:
    """Off unless it is asked for."""
    assert Options.parse({"reconcile": said}).reconcile == minutes
    assert Options.parse({"canary": said}).canary == minutes
    assert (Options().reconcile, Options().canary) == (0, 0)


def test_an_option_of_an_older_version_names_what_replaces_it() -> None:
    """The screens' reads were provisioned once; now they are on demand and can be limited."""
    with pytest.raises(OptionError, match="max_reads_per_second"):
        Options.parse({"expected_viewers": "700"})


@pytest.mark.parametrize(
    ("texts", "limit"),
    [
        (None, RequestLimit(per_second=200, burst=400)),
        (1, RequestLimit(per_second=2, burst=4)),
        (3_000, RequestLimit(per_second=6_000, burst=5_000)),
    ],
)
def test_an_api_admits_twice_the_expected_rate(texts: int | None, limit: RequestLimit) -> None:
    """And two seconds of it at once, within the account's quota; 100 texts unless another is set."""
    given = {} if texts is None else {"expected_texts_per_second": f"{texts}"}

    assert RequestLimit.of(Options.parse(given)) == limit


def test_a_rate_that_a_new_table_does_not_take_needs_a_warm_one() -> None:
    """A changed vote is two writes; without them the first minutes of the rush are throttled."""
    with pytest.raises(OptionError, match="-c warm_writes_per_second=None: 3429 texts a second"):
        Options.parse({"expected_texts_per_second": "3429"})
    with pytest.raises(OptionError, match=r"are 5834 writes.* voteapp capacity --peak 5000"):
        Options.parse({"expected_texts_per_second": "5000", "warm_writes_per_second": "5833"})

    Options.parse({"expected_texts_per_second": "3428"})
    Options.parse({"expected_texts_per_second": "5000", "warm_writes_per_second": "5834"})


def test_the_fold_has_no_ceiling() -> None:
    """Only the votes table has one; the screens have their own."""
    capacity = Capacity.of(Options(max_writes_per_second=2_000))

    assert capacity.votes.max_writes_per_second == 2_000
    assert capacity.aggregates.max_writes_per_second is None
