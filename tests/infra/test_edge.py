"""The dashboard on AWS: private, over HTTPS only, with the headers it was tested with."""

import json
from pathlib import Path
from typing import Any

import pytest
from aws_cdk.assertions import Template

from infra.dashboard import Dashboard
from infra.headers import HEADERS
from infra.options import OptionError, Options
from infra.polls import default_poll
from tests.infra.conftest import Resources, Synthesise, build


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
    """With origin access control; the bucket allows only this distribution."""
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


CONTENT = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self' https://dynamodb.<AWS::Region>.<AWS::URLSuffix>"
    " https://cognito-identity.<AWS::Region>.<AWS::URLSuffix>",
    "base-uri": "'none'",
    "form-action": "'none'",
    "frame-ancestors": "'self' https:",
    "require-trusted-types-for": "'script'",
    "trusted-types": "'none'",
}
"""Own code only, no inline scripts, no strings as markup, no other connections."""


def test_the_browser_runs_our_own_code_and_talks_to_aws_alone(edge: Resources) -> None:
    """Each directive prevents a kind of injection."""
    config = edge.only("AWS::CloudFront::ResponseHeadersPolicy")["ResponseHeadersPolicyConfig"]
    policy = config["SecurityHeadersConfig"]["ContentSecurityPolicy"]
    directives = resolved(policy["ContentSecurityPolicy"]).split(";")

    assert dict(directive.strip().split(" ", 1) for directive in directives) == CONTENT
    assert len(directives) == len(CONTENT)
    assert policy["Override"] is True


def test_the_other_headers_are_the_strict_ones(edge: Resources) -> None:
    """HTTPS for a year, no guessing of types, no address passed on, no camera."""
    config = edge.only("AWS::CloudFront::ResponseHeadersPolicy")["ResponseHeadersPolicyConfig"]
    security = config["SecurityHeadersConfig"]

    assert {name: held for name, held in security.items() if name != "ContentSecurityPolicy"} == {
        "StrictTransportSecurity": {
            "AccessControlMaxAgeSec": 31536000,
            "IncludeSubdomains": True,
            "Override": True,
        },
        "ContentTypeOptions": {"Override": True},
        "ReferrerPolicy": {"ReferrerPolicy": "no-referrer", "Override": True},
    }
    sent = {item["Header"]: item["Value"] for item in config["CustomHeadersConfig"]["Items"]}
    assert sent == {
        "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=()",
        "Cross-Origin-Opener-Policy": "same-origin",
    }


def test_every_answer_of_the_distribution_carries_the_headers(edge: Resources) -> None:
    """CloudFront ignores a policy that no behaviour refers to."""
    (policy,) = edge.of("AWS::CloudFront::ResponseHeadersPolicy")
    config = edge.only("AWS::CloudFront::Distribution")["DistributionConfig"]

    assert config["DefaultCacheBehavior"]["ResponseHeadersPolicyId"] == {"Ref": policy}
    assert "CacheBehaviors" not in config


def test_the_local_cloud_serves_the_headers_that_were_pinned_here() -> None:
    """It reads the file, and fills in its own addresses."""
    headers = json.loads(HEADERS.read_text(encoding="utf-8"))
    own = headers.pop("Content-Security-Policy").split("; ")

    assert [directive.split(" ", 1)[0] for directive in own] == list(CONTENT)
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"
    assert headers["Referrer-Policy"] == "no-referrer"


def test_assets_are_kept_for_ever_and_uploaded_before_the_index(edge: Resources) -> None:
    """A viewer with the old index still finds its assets; the new one finds its own."""
    uploads = edge.of("Custom::CDKBucketDeployment")
    caching = {
        name: upload["Properties"]["SystemMetadata"]["cache-control"]
        for name, upload in uploads.items()
    }
    (assets,) = [name for name, value in caching.items() if "immutable" in value]
    (index,) = [name for name, value in caching.items() if value == "no-cache"]

    assert caching[assets] == "public, max-age=31536000, immutable"
    assert assets in uploads[index]["DependsOn"]
    assert {upload["Properties"]["Prune"] for upload in uploads.values()} == {False}
    filters = {
        name: (upload["Properties"].get("Exclude"), upload["Properties"].get("Include"))
        for name, upload in uploads.items()
    }
    assert filters == {assets: (["*"], ["assets/*"]), index: (["assets/*"], None)}


def test_a_new_page_invalidates_the_old_one(edge: Resources) -> None:
    """Under all three paths; without it, CloudFront serves the old page for up to a day."""
    (distribution,) = edge.of("AWS::CloudFront::Distribution")
    (upload,) = (
        held["Properties"]
        for held in edge.of("Custom::CDKBucketDeployment").values()
        if held["Properties"]["SystemMetadata"]["cache-control"] == "no-cache"
    )

    assert sorted(upload["DistributionPaths"]) == ["/", "/config.json", "/index.html"]
    assert upload["DistributionId"] == {"Ref": distribution}


def test_the_page_gets_the_address_of_the_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The aggregates table, one identity for all viewers, and the polls of which one may be open."""
    uploaded: list[dict[str, object]] = []
    monkeypatch.setattr(Dashboard, "upload", lambda _, __, settings: uploaded.append(settings))
    stack = build("prod", tmp_path, poll="colors")
    resources = Resources(dict(Template.from_stack(stack).to_json()))
    (pool,) = resources.of("AWS::Cognito::IdentityPool")
    (guest,) = resources.of("Custom::GuestIdentity")

    (settings,) = uploaded
    assert resources.readable(stack.resolve(settings)) == {
        "region": "AWS::Region",
        "aggregatesTable": "aggregates",
        "identityPoolId": pool,
        "identityId": guest,
        "poll": "colors",
        "polls": ["colors"],
    }


def test_the_local_stage_leaves_upload_and_edge_to_the_local_cloud(synthesise: Synthesise) -> None:
    """CDK's own custom resources do not run on the emulator."""
    local = Resources(synthesise("local"))

    kinds = {resource["Type"] for resource in local.all.values()}
    assert {kind for kind in kinds if kind.startswith("Custom::")} == {
        "Custom::DeployCheck",
        "Custom::DirectoryCopied",
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
    """The page would have no poll to show."""
    with pytest.raises(OptionError, match=r"name one of polls/\*\.toml"):
        default_poll(Options(poll="moon"), polls)
