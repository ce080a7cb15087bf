"""Options of `-c name=value`, and the errors of invalid ones."""

from typing import Any

import pytest

from infra.capacity import Capacity, Provisioned
from infra.config import OptionError, Options, StageConfig


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("expected_text_per_second", "10"),
        ("expected_texts_per_second", "many"),
        ("expected_texts_per_second", "0"),
        ("expected_viewers", "-5"),
        ("webhook", "ec2"),
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
    ],
)
def test_an_option_that_cannot_be_used_is_named_with_its_value(option: str, value: str) -> None:
    """A typing error must not deploy something else."""
    with pytest.raises(OptionError) as refusal:
        Options.parse({option: value})

    assert f"-c {option}={value}: " in str(refusal.value)
    assert refusal.value.remedy


@pytest.mark.parametrize("stage", ["production", "", None, 1])
def test_a_stage_that_does_not_exist_is_refused(stage: Any) -> None:
    """An unknown stage has no default settings."""
    with pytest.raises(OptionError, match="say local, dev or prod"):
        StageConfig.of(stage, Options())


def test_context_of_cdk_itself_is_no_option() -> None:
    """Its keys contain a colon, a slash or an at sign."""
    options = Options.parse(
        {"aws:cdk:bundling-stacks": [], "@aws-cdk/core:x": True, "stage": "dev"}
    )

    assert options == Options()


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


def test_the_calculator_puts_the_expected_rate_at_the_target_utilisation() -> None:
    """100 texts/s are 105 write units, 70 % of 150; the maximum is four times that."""
    capacity = Capacity.of(Options(expected_texts_per_second=100))

    assert capacity.votes.writes == Provisioned(minimum=150, maximum=600)
    assert capacity.votes.reads == Provisioned(minimum=8, maximum=32)


def test_the_aggregates_are_sized_by_viewers_and_partitions_not_by_texts() -> None:
    """The aggregator writes once a batch; a viewer reads half a unit a second."""
    capacity = Capacity.of(Options(expected_texts_per_second=5_000, expected_viewers=700))

    assert capacity.aggregates.writes == Provisioned(minimum=43, maximum=172)
    assert capacity.aggregates.reads == Provisioned(minimum=509, maximum=2036)


def test_without_a_rate_the_tables_are_on_demand() -> None:
    """With a ceiling if there is one."""
    capacity = Capacity.of(Options(max_writes_per_second=2_000))

    assert capacity.votes.writes is None
    assert capacity.votes.max_writes_per_second == 2_000
    assert capacity.aggregates.max_writes_per_second is None
