"""The region that a command works in, and AWS's errors in words."""

from pathlib import Path
from typing import Any

import pytest
import typer
from boto3.exceptions import S3UploadFailedError
from botocore.exceptions import ClientError, ConnectTimeoutError, NoCredentialsError

from services.cli.aws_session import DeploymentError, open_session
from services.cli.output import exit_on_error

PROFILES = "[default]\nregion = eu-north-1\n[profile work]\nregion = eu-south-1\n"


@pytest.fixture
def environ(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """An environment without a region and without profiles."""
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE", "AWS_DEFAULT_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    return monkeypatch


@pytest.mark.parametrize(
    ("option", "variables", "profiles", "region"),
    [
        (None, {"AWS_REGION": "eu-west-1"}, "", "eu-west-1"),
        (None, {"AWS_DEFAULT_REGION": "eu-west-2"}, "", "eu-west-2"),
        (None, {"AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-2"}, "", "eu-west-1"),
        (None, {"AWS_REGION": "", "AWS_DEFAULT_REGION": "eu-west-2"}, "", "eu-west-2"),
        (None, {}, PROFILES, "eu-north-1"),
        (None, {"AWS_PROFILE": "work"}, PROFILES, "eu-south-1"),
        (None, {"AWS_PROFILE": "work", "AWS_REGION": "eu-west-1"}, PROFILES, "eu-west-1"),
        (None, {"AWS_PROFILE": "work", "AWS_DEFAULT_REGION": "eu-west-2"}, PROFILES, "eu-west-2"),
        ("ap-south-1", {}, "", "ap-south-1"),
        ("ap-south-1", {"AWS_REGION": "eu-west-1"}, PROFILES, "ap-south-1"),
    ],
)
def test_the_region_is_found_in_the_order_of_the_aws_command_line(
    environ: pytest.MonkeyPatch, tmp_path: Path, option: str | None,
    variables: dict[str, str], profiles: str, region: str,
) -> None:  # fmt: skip
    """The option, AWS_REGION, AWS_DEFAULT_REGION, the profile."""
    (config := tmp_path / "config").write_text(profiles)
    environ.setenv("AWS_CONFIG_FILE", str(config))
    for name, value in variables.items():
        environ.setenv(name, value)

    assert open_session(option).region_name == region


def test_clients_are_made_in_that_region(environ: pytest.MonkeyPatch) -> None:
    """It is where the requests go."""
    environ.setenv("AWS_REGION", "eu-west-1")
    environ.setenv("AWS_ACCESS_KEY_ID", "test")
    environ.setenv("AWS_SECRET_ACCESS_KEY", "test")
    client: Any = open_session().client("dynamodb")

    assert client.meta.region_name == "eu-west-1"


@pytest.mark.usefixtures("environ")
def test_without_any_region_the_remedy_is_named() -> None:
    """Nothing is guessed."""
    with pytest.raises(DeploymentError, match="no AWS region is set: set AWS_REGION"):
        open_session()


def test_a_profile_that_is_not_there_is_named(environ: pytest.MonkeyPatch) -> None:
    """As an error in words."""
    environ.setenv("AWS_PROFILE", "nobody")

    with pytest.raises(DeploymentError, match="nobody"):
        open_session()


def refused(code: str) -> ClientError:
    """An answer of AWS with this code."""
    return ClientError({"Error": {"Code": code, "Message": "the reason"}}, "Query")


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (refused("ExpiredTokenException"), ["ExpiredTokenException", "aws sso login"]),
        (refused("AccessDeniedException"), ["AccessDeniedException", "the reason"]),
        (NoCredentialsError(), ["no credentials", "aws sso login", "--local"]),
        (ConnectTimeoutError(endpoint_url="https://x"), ["cannot be reached", "https://x"]),
        (S3UploadFailedError("Failed to upload a to b/c: no bucket"), ["refused", "no bucket"]),
    ],
)
def test_no_error_of_awss_library_reaches_a_person(
    error: Exception, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Each is put in words, with what to do, and the exit code is 3."""
    with pytest.raises(typer.Exit) as caught, exit_on_error():
        raise error
    shown = capsys.readouterr().err

    assert caught.value.exit_code == 3
    assert "→" in shown
    assert [word for word in words if word not in shown] == []
