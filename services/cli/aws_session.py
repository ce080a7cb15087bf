"""The operator's session with AWS: its region, and its errors in words."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

REGION_VARIABLES: Final = ("AWS_REGION", "AWS_DEFAULT_REGION")
"""In the order of the AWS command line, which is not boto3's: boto3 reads only the second."""

_LOG_IN: Final = "log in: aws sso login, or aws configure"
_LOGGED_OUT: Final = frozenset(
    {
        *("ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId"),
        *("UnrecognizedClientException", "RequestExpired", "AuthFailure"),
    }
)
"""Error codes of credentials that are expired or unknown."""


class DeploymentError(Exception):
    """No deployment was found, or it does not answer; `remedy` says what to do."""

    def __init__(self, problem: str, remedy: str) -> None:
        self.problem = problem
        self.remedy = remedy
        super().__init__(f"{problem}: {remedy}")


def open_session(region: str | None = None, environ: Mapping[str, str] = os.environ) -> Any:  # noqa: ANN401 - a boto3 session
    """Open a session in the region given, else in that of the environment, else the profile's.

    Raises:
        DeploymentError: no region is set, or `AWS_PROFILE` names no profile.
    """
    import boto3  # slow to import

    variables = (environ.get(name) for name in REGION_VARIABLES)
    with translate_aws_errors():
        session: Any = boto3.Session(region_name=region or next(filter(None, variables), None))
        if not session.region_name:
            raise DeploymentError("no AWS region is set", "set AWS_REGION, or use --local")
    return session


@contextmanager
def translate_aws_errors() -> Iterator[None]:
    """Translate the errors of boto3 and botocore.

    Raises:
        DeploymentError: no credentials, no network, no permission.
    """
    from boto3.exceptions import Boto3Error  # slow to import
    from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

    try:
        yield
    except ClientError as error:
        code, message = error.response["Error"]["Code"], error.response["Error"]["Message"]
        remedy = _LOG_IN if code in _LOGGED_OUT else message
        raise DeploymentError(f"AWS refused: {code}", remedy) from error
    except NoCredentialsError as error:
        raise DeploymentError(
            "AWS cannot be reached: there are no credentials",
            f"{_LOG_IN} (or use --local for a demo)",
        ) from error
    except BotoCoreError as error:
        raise DeploymentError(
            "AWS cannot be reached", f"{error} (or use --local for a demo)"
        ) from error
    except Boto3Error as error:  # of a transfer to S3; its text names the operation and the reason
        raise DeploymentError("AWS refused the upload", f"{error}") from error
