"""The dashboard on AWS: private, over HTTPS only, with the headers it was tested with."""

import json
from typing import Any

import pytest

from infra.config import OptionError, Options
from infra.headers import HEADERS
from infra.polls import default_poll
from tests.infra.conftest import Resources, Synthesise


@pytest.fixture
def edge(synthesise: Synthesise) -> Resources:
    """Production, where CloudFront serves the page."""
    return Resources(synthesise("prod"))


def resolved(value: Any) -> str:
    """A value with CloudFormation's joins put together."""
    if isinstance(value, dict) and "Fn::Join" in value:
        separator, parts = value["Fn::Join"]
        return str(separator.join(resolved(part) for part in parts))
    return f"<{value['Ref']}>" if isinstance(value, dict) else str(value)


def test_nobody_reads_the_bucket_but_the_distribution(resources: Resources) -> None:
    """Public access is blocked, and the policy refuses whatever is not TLS."""
    (bucket,) = resources.of("AWS::S3::Bucket").values()
    policy = resources.only("AWS::S3::BucketPolicy")["PolicyDocument"]["Statement"]

    assert set(bucket["Properties"]["PublicAccessBlockConfiguration"].values()) == {True}
    for statement in policy:
        public = statement["Principal"] in ("*", {"AWS": "*"})
        assert statement["Effect"] == "Deny" or not public


def test_the_distribution_signs_its_reads(edge: Resources) -> None:
    """With origin access control; the bucket trusts this one distribution."""
    config = edge.only("AWS::CloudFront::Distribution")["DistributionConfig"]
    control = edge.only("AWS::CloudFront::OriginAccessControl")["OriginAccessControlConfig"]
    statements = edge.only("AWS::S3::BucketPolicy")["PolicyDocument"]["Statement"]
    (reading,) = [s for s in statements if s["Action"] == "s3:GetObject"]

    assert "OriginAccessControlId" in config["Origins"][0]
    assert control["SigningBehavior"] == "always"
    assert reading["Principal"] == {"Service": "cloudfront.amazonaws.com"}
    assert "AWS:SourceArn" in reading["Condition"]["StringEquals"]


def test_plain_http_is_sent_to_https(edge: Resources) -> None:
    """And the index is found without being named."""
    config = edge.only("AWS::CloudFront::Distribution")["DistributionConfig"]

    assert config["DefaultCacheBehavior"]["ViewerProtocolPolicy"] == "redirect-to-https"
    assert config["DefaultRootObject"] == "index.html"


def test_every_header_of_the_dashboard_is_sent_as_it_is_spelled_there(edge: Resources) -> None:
    """The file serves the local cloud and CloudFront; the browser tests run against it."""
    config = edge.only("AWS::CloudFront::ResponseHeadersPolicy")["ResponseHeadersPolicyConfig"]
    security = config["SecurityHeadersConfig"]
    transport = security["StrictTransportSecurity"]
    age = f"max-age={transport['AccessControlMaxAgeSec']}"
    sent = {
        "Content-Security-Policy": resolved(
            security["ContentSecurityPolicy"]["ContentSecurityPolicy"]
        ),
        "Strict-Transport-Security": f"{age}; includeSubDomains"
        if transport["IncludeSubdomains"]
        else age,
        "X-Content-Type-Options": "nosniff" if security["ContentTypeOptions"]["Override"] else "",
        "Referrer-Policy": security["ReferrerPolicy"]["ReferrerPolicy"],
        **{item["Header"]: item["Value"] for item in config["CustomHeadersConfig"]["Items"]},
    }

    there = "<AWS::Region>.<AWS::URLSuffix>"
    wanted = {
        name: value.replace("{dynamodb}", f"https://dynamodb.{there}").replace(
            "{cognito}", f"https://cognito-identity.{there}"
        )
        for name, value in json.loads(HEADERS.read_text()).items()
    }
    assert sent == wanted


def test_assets_are_kept_for_ever_and_uploaded_before_the_index(edge: Resources) -> None:
    """A viewer with the old index still finds its assets; the new one finds its own."""
    uploads = edge.of("Custom::CDKBucketDeployment")
    caching = {
        name: upload["Properties"]["SystemMetadata"]["cache-control"]
        for name, upload in uploads.items()
    }
    (assets,) = [name for name, value in caching.items() if "immutable" in value]
    (index,) = [name for name, value in caching.items() if value == "no-cache"]

    assert "max-age=31536000" in caching[assets]
    assert assets in uploads[index]["DependsOn"]
    assert {upload["Properties"]["Prune"] for upload in uploads.values()} == {False}
    assert "/config.json" in uploads[index]["Properties"]["DistributionPaths"]


def test_the_local_stage_leaves_upload_and_edge_to_the_local_cloud(synthesise: Synthesise) -> None:
    """CDK's own custom resources need what an emulator has not."""
    local = Resources(synthesise("local"))

    kinds = {resource["Type"] for resource in local.all.values()}
    assert {kind for kind in kinds if kind.startswith("Custom::")} == {
        "Custom::Polls",
        "Custom::GuestIdentity",
    }
    assert not any(kind.startswith("AWS::CloudFront::") for kind in kinds)


def test_the_page_opens_with_the_first_poll_unless_another_is_named() -> None:
    """In the order of the files' names."""
    polls = {"colors.toml": "", "shapes.toml": ""}

    assert default_poll(Options(), polls) == "colors"
    assert default_poll(Options(poll="shapes"), polls) == "shapes"


@pytest.mark.parametrize("polls", [{}, {"colors.toml": ""}])
def test_a_poll_without_a_file_is_refused(polls: dict[str, str]) -> None:
    """The page would open on nothing."""
    with pytest.raises(OptionError, match=r"name one of polls/\*\.toml"):
        default_poll(Options(poll="moon"), polls)
