"""The read path of a large audience: CloudFront, its cache, and the function behind it."""

from pathlib import Path
from typing import Any

import pytest

from infra.dashboard import Dashboard
from tests.infra.conftest import Resources, Synthesise, build


@pytest.fixture
def resources(synthesise: Synthesise) -> Resources:
    """Production for a large audience."""
    return Resources(synthesise("prod", audience="large"))


@pytest.fixture
def distribution(resources: Resources) -> dict[str, Any]:
    """The configuration of the page's distribution."""
    config = resources.only("AWS::CloudFront::Distribution")["DistributionConfig"]
    return dict(config)


def test_boards_are_asked_of_the_reader_alone(
    resources: Resources, distribution: dict[str, Any]
) -> None:
    """By its URL, over HTTPS, without a body; every other path is a file of the bucket."""
    (behaviour,) = distribution["CacheBehaviors"]
    (origin,) = (o for o in distribution["Origins"] if o["Id"] == behaviour["TargetOriginId"])
    (url,) = resources.of("AWS::Lambda::Url")

    assert behaviour["PathPattern"] == "/boards/*"
    assert behaviour["AllowedMethods"] == ["GET", "HEAD"]
    assert behaviour["ViewerProtocolPolicy"] == "redirect-to-https"
    assert behaviour["Compress"] is True
    assert origin["DomainName"]["Fn::Select"][1]["Fn::Split"][1] == {
        "Fn::GetAtt": [url, "FunctionUrl"]
    }
    assert resources.readable(resources.only("AWS::Lambda::Url")["TargetFunctionArn"]) == (
        "reader.Arn"
    )


def test_nobody_calls_the_reader_but_the_distribution_which_signs(
    resources: Resources, distribution: dict[str, Any]
) -> None:
    """Otherwise anybody could read the table as often as they like, past the cache."""
    (behaviour,) = distribution["CacheBehaviors"]
    (origin,) = (o for o in distribution["Origins"] if o["Id"] == behaviour["TargetOriginId"])
    control = resources.all[origin["OriginAccessControlId"]["Fn::GetAtt"][0]]["Properties"]

    assert resources.only("AWS::Lambda::Url")["AuthType"] == "AWS_IAM"
    assert control["OriginAccessControlConfig"]["SigningBehavior"] == "always"
    assert control["OriginAccessControlConfig"]["OriginAccessControlOriginType"] == "lambda"


def test_an_answer_is_kept_for_a_second_and_stale_for_a_minute(resources: Resources) -> None:
    """Under the path alone: with a query string, everybody could have an answer of their own.

    A minimum above 0 is what makes CloudFront send one request for many; the maximum bounds
    `stale-if-error`.
    """
    policy = resources.only("AWS::CloudFront::CachePolicy")["CachePolicyConfig"]
    key = policy["ParametersInCacheKeyAndForwardedToOrigin"]

    assert (policy["MinTTL"], policy["DefaultTTL"], policy["MaxTTL"]) == (1, 1, 60)
    assert key["HeadersConfig"] == {"HeaderBehavior": "none"}
    assert key["QueryStringsConfig"] == {"QueryStringBehavior": "none"}
    assert key["CookiesConfig"] == {"CookieBehavior": "none"}
    assert (key["EnableAcceptEncodingGzip"], key["EnableAcceptEncodingBrotli"]) == (True, True)


def test_an_error_is_kept_for_a_second(distribution: dict[str, Any]) -> None:
    """CloudFront's default is ten, in which every screen would show an error that is over."""
    kept = {
        one["ErrorCode"]: one["ErrorCachingMinTTL"] for one in distribution["CustomErrorResponses"]
    }

    assert kept == dict.fromkeys((403, 404, 500, 502, 503, 504), 1)


def test_boards_carry_the_headers_of_the_page(
    resources: Resources, distribution: dict[str, Any]
) -> None:
    """CloudFront ignores a policy that no behaviour refers to."""
    (policy,) = resources.of("AWS::CloudFront::ResponseHeadersPolicy")

    for behaviour in (distribution["DefaultCacheBehavior"], *distribution["CacheBehaviors"]):
        assert behaviour["ResponseHeadersPolicyId"] == {"Ref": policy}


def test_the_reader_takes_no_executions_from_the_others(resources: Resources) -> None:
    """A flood of paths that no cache holds is throttled at 20 executions."""
    assert resources.function("reader")["ReservedConcurrentExecutions"] == 20


def test_cloudfront_waits_no_longer_than_the_page(
    resources: Resources, distribution: dict[str, Any]
) -> None:
    """The page gives up after five seconds; a try more would be another four."""
    (origin,) = (o for o in distribution["Origins"] if "CustomOriginConfig" in o)
    seconds = origin["ConnectionTimeout"] + origin["CustomOriginConfig"]["OriginReadTimeout"]

    assert origin["ConnectionAttempts"] == 1
    assert seconds < 5
    assert resources.function("reader")["Timeout"] == 3


@pytest.mark.parametrize("options", [{}, {"audience": "direct"}])
def test_without_the_option_there_is_none_of_it(
    synthesise: Synthesise, options: dict[str, str]
) -> None:
    """A hall reads the table."""
    resources = Resources(synthesise("prod", **options))
    config = resources.only("AWS::CloudFront::Distribution")["DistributionConfig"]

    assert not resources.of("AWS::Lambda::Url")
    assert not resources.of("AWS::CloudFront::CachePolicy")
    assert not {"CacheBehaviors", "CustomErrorResponses"} & set(config)


def test_the_page_is_told_which_way_to_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In its `config.json`, which a deploy uploads beside it."""
    uploaded: list[dict[str, Any]] = []
    monkeypatch.setattr(Dashboard, "upload", lambda _, __, settings: uploaded.append(settings))
    build("prod", tmp_path, audience="large")
    build("prod", tmp_path)

    assert [settings.get("audience") for settings in uploaded] == ["large", None]


def test_the_local_cloud_finds_the_function_by_an_output(synthesise: Synthesise) -> None:
    """It plays CloudFront itself: there is neither a URL nor a distribution."""
    template = synthesise("local", audience="large")

    assert "ReaderFunction" in template["Outputs"]
    assert not Resources(template).of("AWS::Lambda::Url")
