"""Options that `cdk.json` keeps for a stage, and what a deploy tells the next one about them."""

import json
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App

import app
from infra.options import OptionError
from infra.stage_options import StageOptions
from tests.infra.conftest import Resources, Synthesise

EMAIL = "count@example.com"


def test_a_stage_has_the_options_that_the_file_keeps_for_it() -> None:
    """And none of another stage."""
    context = {"voteapp:prod": {"alarm_email": EMAIL, "monthly_budget_usd": 200}}

    assert StageOptions.of("prod", context).all == {
        "alarm_email": EMAIL,
        "monthly_budget_usd": "200",
    }
    assert StageOptions.of("dev", context).all == {}


def test_the_command_line_wins_over_the_file() -> None:
    """For one deploy."""
    context = {"voteapp:prod": {"monthly_budget_usd": 200}, "monthly_budget_usd": "300"}

    assert StageOptions.of("prod", context).all == {"monthly_budget_usd": "300"}


def test_context_of_cdk_itself_is_no_option() -> None:
    """Its keys contain a colon, a slash or an at sign."""
    context = {"aws:cdk:bundling-stacks": [], "@aws-cdk/core:x": True, "stage": "dev"}

    assert StageOptions.of("dev", context).all == {}


@pytest.mark.parametrize(
    ("context", "message"),
    [
        ({"voteapp:production": {}}, 'in cdk.json, write "voteapp:prod"'),
        ({"voteapp:prod": "fallback=off"}, 'in cdk.json, write "voteapp:prod"'),
        ({"voteapp:prod": {"alarm_mail": EMAIL}}, "cdk.json, voteapp:prod: alarm_mail="),
        ({"voteapp:dev": {"alarm_email": "me"}}, "cdk.json, voteapp:dev: alarm_email=me"),
        ({"alarm_email": "me"}, "-c alarm_email=me"),
    ],
)
def test_a_mistake_is_named_with_the_place_where_it_is(
    context: dict[str, Any], message: str
) -> None:
    """Also in the options of another stage: a misspelled stage would deploy without options."""
    with pytest.raises(OptionError) as refusal:
        StageOptions.of("prod", context)

    assert message in str(refusal.value)


@pytest.mark.parametrize(
    "context", [{"voteapp:prod": {"number": "+15550100199"}}, {"number": "+15550100199"}]
)
def test_an_option_that_is_still_given_is_not_dropped(context: dict[str, Any]) -> None:
    """The operator believes that it is gone."""
    with pytest.raises(OptionError, match="-c drop=number: it is still given"):
        StageOptions.of("prod", {**context, "drop": "number"})


def test_a_deploy_tells_the_next_one_which_options_it_had_and_from_where() -> None:
    """In ASCII: CloudFormation reads other letters back as question marks."""
    context = {
        "voteapp:prod": {"fallback_reply": "Ça marche"},
        "number": "+15550100199",
        "drop": "alarm_email,poll",
    }

    assert StageOptions.of("prod", context).to_properties() == {
        "Options": {"fallback_reply": "\\xc7a marche", "number": "+15550100199"},
        "ByCommand": "number",
        "Drop": "alarm_email,poll",
    }


def test_the_check_of_a_deploy_gets_the_options_of_the_stack(synthesise: Synthesise) -> None:
    """With the names of the bundles: without a change, CloudFormation does not ask."""
    plain, given = (
        Resources(synthesise("prod", **options)).only("Custom::DeployCheck")
        for options in ({}, {"number": "+15550100177"})
    )

    assert plain["Options"] == {}
    assert given["Options"] == {"number": "+15550100177"}
    assert [name.partition("-")[0] for name in given["Code"]] == ["polls", "webhook", "aggregator"]


def test_nothing_is_changed_before_the_deploy_was_checked(synthesise: Synthesise) -> None:
    """The copy waits for the check, and the webhook, the replayer and the polls for the copy."""
    resources = Resources(synthesise("prod"))
    (checked,) = resources.of("Custom::DeployCheck")
    (copied,) = resources.of("Custom::DirectoryCopied").values()

    assert checked in copied["DependsOn"]


def test_the_file_of_the_project_keeps_options_for_both_stages() -> None:
    """A place to write them; the application reads the same file."""
    context = json.loads((Path(app.__file__).parent / "cdk.json").read_text())["context"]

    assert isinstance(context["voteapp:dev"], dict)
    assert isinstance(context["voteapp:prod"], dict)


def test_the_application_reads_the_options_of_its_stage() -> None:
    """From the context that CDK reads from the file."""
    context = {
        "aws:cdk:bundling-stacks": [],
        "stage": "prod",
        "voteapp:prod": {"expected_texts_per_second": 5_000},
    }

    with pytest.raises(OptionError, match="warm_writes_per_second"):
        app.build(App(context=context))


@pytest.mark.parametrize(("stage", "protected"), [("dev", False), ("prod", True)])
def test_only_the_stack_of_production_is_protected_against_a_destroy(
    stage: str,
    protected: bool,  # noqa: FBT001
) -> None:
    """Until somebody switches the protection off."""
    stack = app.build(App(context={"aws:cdk:bundling-stacks": [], "stage": stage}))

    assert stack.termination_protection is protected
