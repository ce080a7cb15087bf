"""The page without CloudFront: over HTTPS, from a private bucket, with the same headers."""

import json
from typing import Any

import pytest

from infra.headers import HEADERS
from tests.infra.conftest import Resources, Synthesise
from tests.infra.test_edge import CONTENT, resolved


@pytest.fixture
def page(synthesise: Synthesise) -> Resources:
    """A rehearsal in an account that may not use CloudFront yet."""
    return Resources(synthesise("dev", edge="none"))


def methods(page: Resources) -> dict[str, dict[str, Any]]:
    """The properties of the page's methods, by the file in the bucket."""
    found = {}
    for method in page.of("AWS::ApiGateway::Method").values():
        parts = method["Properties"]["Integration"]["Uri"]["Fn::Join"][1]
        if ":s3:path/" in parts:
            found[parts[-1]] = method["Properties"]
    return found


def answers(method: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The integration's responses by status."""
    return {one["StatusCode"]: one for one in method["Integration"]["IntegrationResponses"]}


def test_no_cloudfront_is_deployed(page: Resources) -> None:
    """A new account is refused the first distribution, and the deploy would roll back."""
    assert not any(held["Type"].startswith("AWS::CloudFront::") for held in page.all.values())


def test_the_page_and_its_assets_are_read_from_the_bucket(page: Resources) -> None:
    """The index at the root, and whatever was uploaded beside it."""
    (bucket,) = page.of("AWS::S3::Bucket")
    (role,) = {m["Integration"]["Credentials"]["Fn::GetAtt"][0] for m in methods(page).values()}
    (reading,) = [held for owner, held in page.statements() if owner == role]

    assert set(methods(page)) == {"/index.html", "/{file}", "/assets/{file}"}
    assert {m["HttpMethod"] for m in methods(page).values()} == {"GET"}
    assert (reading["Action"], reading["Sid"]) == ("s3:GetObject", "ReadThePage")
    assert page.readable(reading["Resource"])["Fn::Join"][1] == [f"{bucket}.Arn", "/*"]


def test_a_file_is_named_by_the_address(page: Resources) -> None:
    """Without the mapping, S3 would be asked for a file named {file}."""
    for key, method in methods(page).items():
        mapped = method["Integration"].get("RequestParameters", {})
        wanted = {"integration.request.path.file": "method.request.path.file"}

        assert mapped == (wanted if "{file}" in key else {})


def test_every_answer_carries_the_headers_of_the_page(page: Resources) -> None:
    """The same ones that CloudFront would add."""
    wanted = json.loads(HEADERS.read_text(encoding="utf-8"))
    for method in methods(page).values():
        for status, answer in answers(method).items():
            sent = {
                name.removeprefix("method.response.header."): resolved(value)
                for name, value in answer["ResponseParameters"].items()
            }
            policy = sent.pop("Content-Security-Policy")
            declared = {one["StatusCode"]: one for one in method["MethodResponses"]}[status]

            assert dict(d.strip().split(" ", 1) for d in policy[1:-1].split(";")) == CONTENT
            assert policy[0] == policy[-1] == "'"
            for name in set(wanted) - {"Content-Security-Policy"}:
                assert sent[name] == f"'{wanted[name]}'"
            assert set(declared["ResponseParameters"]) == set(answer["ResponseParameters"])


def test_type_and_caching_are_those_of_the_upload(page: Resources) -> None:
    """Assets are kept for ever by browsers; the index is asked for again."""
    for method in methods(page).values():
        parameters = answers(method)["200"]["ResponseParameters"]
        for name in ("Content-Type", "Cache-Control"):
            assert parameters[f"method.response.header.{name}"] == (
                f"integration.response.header.{name}"
            )
    uploads = page.of("Custom::CDKBucketDeployment").values()
    caching = {upload["Properties"]["SystemMetadata"]["cache-control"] for upload in uploads}
    assert caching == {"public, max-age=31536000, immutable", "no-cache"}


def test_a_file_that_is_missing_is_a_404(page: Resources) -> None:
    """S3 answers 403 to a role that may not list the bucket."""
    for method in methods(page).values():
        patterns = {code: one.get("SelectionPattern") for code, one in answers(method).items()}

        assert patterns == {"200": "200", "404": r"4\d{2}", "502": None}


def test_fonts_pass_unchanged_and_texts_compressed(page: Resources) -> None:
    """API Gateway takes what is not declared as binary for UTF-8."""
    (api,) = (
        held["Properties"]
        for held in page.of("AWS::ApiGateway::RestApi").values()
        if held["Properties"]["Name"] == "VoteApp-dev-page"
    )

    assert api["BinaryMediaTypes"] == ["*/*"]
    assert api["MinimumCompressionSize"] == 1024


def test_a_flood_of_the_page_is_throttled(page: Resources) -> None:
    """Room for 140 screens that open at once, and then for 14 a second."""
    (settings,) = (
        held["Properties"]["MethodSettings"][0]
        for held in page.of("AWS::ApiGateway::Stage").values()
        if held["Properties"]["StageName"] == "page"
    )

    assert (settings["ThrottlingRateLimit"], settings["ThrottlingBurstLimit"]) == (100, 1000)


def test_the_bucket_stays_private_and_is_emptied_with_the_stack(page: Resources) -> None:
    """Nobody but the API's role may read it."""
    (bucket,) = page.of("AWS::S3::Bucket").values()

    assert set(bucket["Properties"]["PublicAccessBlockConfiguration"].values()) == {True}
    assert len(page.of("Custom::S3AutoDeleteObjects")) == 1


def test_the_address_of_the_page_ends_with_its_stage(synthesise: Synthesise) -> None:
    """The files are named relative to it, so a browser needs the slash."""
    template = synthesise("dev", edge="none")
    url = resolved(template["Outputs"]["DashboardUrl"]["Value"])
    (api,) = (
        name
        for name, held in template["Resources"].items()
        if held["Properties"].get("Name") == "VoteApp-dev-page"
    )

    assert url.startswith(f"https://<{api}>.execute-api.<AWS::Region>.<AWS::URLSuffix>/")
    assert resolved(template["Outputs"]["Step3Show"]["Value"]) == f"{url}/"
    assert not any(name.startswith("DashboardPage") for name in template["Outputs"])
