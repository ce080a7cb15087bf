"""The HTTP API, the webhook's secret and functions, and logs without phone numbers."""

import json
import sys

import pytest

from infra.bundle_contents import CONTENTS
from services.settings import (
    AggregatorSettings,
    CanarySettings,
    MergerSettings,
    PollsSettings,
    ReaderSettings,
    ReconcilerSettings,
    ReplayerSettings,
    WebhookSettings,
)
from tests.infra.conftest import Resources, Synthesise

SETTINGS: dict[
    str,
    type[
        WebhookSettings
        | AggregatorSettings
        | PollsSettings
        | ReplayerSettings
        | ReconcilerSettings
        | CanarySettings
        | MergerSettings
        | ReaderSettings
    ],
] = {
    "webhook": WebhookSettings,
    "aggregator": AggregatorSettings,
    "polls": PollsSettings,
    "replayer": ReplayerSettings,
    "reconciler": ReconcilerSettings,
    "canary": CanarySettings,
    "merger": MergerSettings,
    "reader": ReaderSettings,
}


@pytest.fixture
def resources(synthesise: Synthesise, stage: str) -> Resources:
    """The resources of a stage with every function."""
    options = {"reconcile": "5 minutes", "canary": "5 minutes", "audience": "large"}
    return Resources(synthesise(stage, **options))


def test_the_api_answers_to_the_three_routes(resources: Resources) -> None:
    """Other paths do not invoke the function."""
    routes = {
        r["Properties"]["RouteKey"] for r in resources.of("AWS::ApiGatewayV2::Route").values()
    }

    assert routes == {"POST /sms", "GET /health", "GET /"}


def test_events_have_the_payload_format_that_the_handler_reads(resources: Resources) -> None:
    """Version 2 carries the domain name that Twilio's signature covers."""
    versions = {
        integration["Properties"]["PayloadFormatVersion"]
        for integration in resources.of("AWS::ApiGatewayV2::Integration").values()
    }

    assert versions == {"2.0"}


def test_the_stage_throttles_and_deploys_by_itself(resources: Resources) -> None:
    """A flood of forged texts is throttled before it invokes the function."""
    stage = resources.only("AWS::ApiGatewayV2::Stage")

    assert stage["AutoDeploy"] is True
    assert stage["StageName"] == "$default"
    assert stage["DefaultRouteSettings"] == {
        "ThrottlingRateLimit": 200,
        "ThrottlingBurstLimit": 400,
    }


def test_both_ways_in_admit_what_the_expected_rate_needs(synthesise: Synthesise) -> None:
    """A flood is charged up to the throttle, on the webhook's API and on the fallback's."""
    resources = Resources(synthesise("prod", expected_texts_per_second="1000"))
    webhook = resources.only("AWS::ApiGatewayV2::Stage")["DefaultRouteSettings"]
    (fallback,) = resources.only("AWS::ApiGateway::Stage")["MethodSettings"]
    names = ("ThrottlingRateLimit", "ThrottlingBurstLimit")

    assert [webhook[name] for name in names] == [2_000, 4_000]
    assert [fallback[name] for name in names] == [2_000, 4_000]


def test_the_routes_that_take_no_texts_admit_few_requests(resources: Resources) -> None:
    """Nobody needs them often, and a flood of them starts the webhook, too."""
    few = {"ThrottlingRateLimit": 10, "ThrottlingBurstLimit": 20}
    settings = resources.only("AWS::ApiGatewayV2::Stage")["RouteSettings"]

    assert settings == {"GET /health": few, "GET /": few}


def test_the_stage_is_made_after_the_routes_that_it_names(resources: Resources) -> None:
    """API Gateway refuses it otherwise: "Unable to find Route by key"."""
    (stage,) = resources.of("AWS::ApiGatewayV2::Stage").values()

    assert set(resources.of("AWS::ApiGatewayV2::Route")) <= set(stage["DependsOn"])


def test_the_access_log_holds_nothing_a_phone_number_could_be_in(resources: Resources) -> None:
    """No address, no user agent, no path with its query, no header, no body."""
    stage = resources.only("AWS::ApiGatewayV2::Stage")

    logged = set(json.loads(stage["AccessLogSettings"]["Format"]).values())
    assert logged == {
        "$context.requestId",
        "$context.routeKey",
        "$context.status",
        "$context.responseLatency",
        "$context.integrationErrorMessage",
        "$context.error.message",
    }


def test_the_secret_has_a_generated_pepper_and_no_token_yet(resources: Resources) -> None:
    """Until the token is set the webhook refuses every text. A change here is a new pepper."""
    secret = resources.only("AWS::SecretsManager::Secret")

    assert secret["GenerateSecretString"] == {
        "SecretStringTemplate": '{"twilio_auth_token": ""}',
        "GenerateStringKey": "voter_pepper",
        "ExcludePunctuation": True,
        "PasswordLength": 64,
    }


def test_a_text_is_given_up_before_twilio_gives_up(resources: Resources) -> None:
    """The webhook gives up after 3 s and answers 503, which must come through."""
    assert resources.function("webhook")["Timeout"] == 6


def test_a_function_runs_on_what_its_wheels_are_built_for(resources: Resources, stage: str) -> None:
    """On another processor or Python the first import would fail."""
    for name in CONTENTS:
        function = resources.function(name)

        assert function["Architectures"] == ["arm64"]
        assert function["Runtime"] == (
            "python{}.{}".format(*sys.version_info) if stage == "local" else "python3.14"
        )


def test_the_runtime_changes_with_a_deploy_only(resources: Resources) -> None:
    """And boto3 with it, which no bundle holds: not between two texts of an evening."""
    for name in CONTENTS:
        management = resources.function(name)["RuntimeManagementConfig"]

        assert management == {"UpdateRuntimeOn": "FunctionUpdate"}


@pytest.mark.parametrize(
    ("function", "variables"),
    [
        ("webhook", {"VOTES_TABLE": "votes", "POLLS_TABLE": "polls", "SECRET_ARN": "secret.Id"}),
        ("aggregator", {"AGGREGATES_TABLE": "aggregates"}),
        ("polls", {"VOTES_TABLE": "votes", "AGGREGATES_TABLE": "aggregates", "POLLS_TABLE": "polls"}),
    ],
)  # fmt: skip
def test_a_function_gets_the_name_of_each_table(
    resources: Resources, function: str, variables: dict[str, str]
) -> None:
    """If they were swapped, ballots would be written to the aggregates."""
    found = resources.readable(resources.function(function)["Environment"]["Variables"])

    assert {name: found[name] for name in found if name in variables} == variables
    assert found.get("POWERTOOLS_METRICS_NAMESPACE", "VoteApp-").startswith("VoteApp-")


@pytest.mark.parametrize("function", SETTINGS)
def test_the_environment_is_what_the_settings_read(resources: Resources, function: str) -> None:
    """Names are spelled in `settings.py` alone."""
    variables = resources.function(function)["Environment"]["Variables"]

    readable = {name: str(value) for name, value in variables.items()}
    assert SETTINGS[function].from_env(readable).to_env() == readable


@pytest.mark.parametrize("function", CONTENTS)
def test_a_function_logs_to_a_group_with_a_retention(
    resources: Resources, function: str, stage: str
) -> None:
    """Lambda's default log group keeps everything for ever."""
    group = resources.function(function)["LoggingConfig"]["LogGroup"]["Ref"]

    days = {"local": 1, "dev": 30, "prod": 90}[stage]
    assert resources.all[group]["Properties"]["RetentionInDays"] == days


def test_every_log_group_has_a_retention(resources: Resources) -> None:
    """Also those of the API, the page upload and the containers."""
    groups = resources.of("AWS::Logs::LogGroup").values()

    assert all("RetentionInDays" in group["Properties"] for group in groups)


def test_the_webhook_starts_from_a_snapshot_on_aws(resources: Resources, stage: str) -> None:
    """SnapStart needs a published version, so the API calls its alias and is allowed to."""
    snap_start = resources.function("webhook").get("SnapStart")
    aliases = list(resources.of("AWS::Lambda::Alias"))
    integration = resources.readable(resources.only("AWS::ApiGatewayV2::Integration"))
    allowed = {
        str(resources.readable(permission["Properties"]["FunctionName"]))
        for permission in resources.of("AWS::Lambda::Permission").values()
        if permission["Properties"]["Principal"] == "apigateway.amazonaws.com"
    }

    on_aws = stage != "local"
    assert (snap_start == {"ApplyOn": "PublishedVersions"}) == on_aws
    assert [integration["IntegrationUri"]] == (aliases if on_aws else ["webhook.Arn"])
    assert allowed == {integration["IntegrationUri"]}
