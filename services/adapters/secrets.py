"""The two secrets of a deployment: Twilio's token, and the pepper of the voters' names."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from services.settings import LEAST_PEPPER_CHARACTERS, WebhookSettings

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

TOKEN_KEY = "twilio_auth_token"  # noqa: S105 - a name, not a secret
PEPPER_KEY = "voter_pepper"
_REMEDY = "restore the version of the secret that the stack generated"


class UnusableSecretError(Exception):
    """A secret under which no text may be counted. Names the key in it, never its value."""

    def __init__(self, key: str, problem: str, remedy: str) -> None:
        self.key = key
        super().__init__(f"{key}: {problem}: {remedy}")


@dataclass(frozen=True, slots=True)
class Secrets:
    """Empty values are refused where they are used: nothing is signed, no voter named."""

    twilio_auth_token: str = field(repr=False)
    voter_pepper: bytes = field(repr=False)

    @property
    def complete(self) -> bool:
        """Whether both are set. The token is empty until somebody sets it after a deploy."""
        return bool(self.twilio_auth_token and self.voter_pepper)


def secrets_loader(
    settings: WebhookSettings, client: "Callable[[], SecretsManagerClient]"
) -> Callable[[], Secrets]:
    """What reads the secrets: from `SECRET_ARN`, else from the settings themselves.

    It raises StoreUnavailableError where Secrets Manager is out of reach, and
    UnusableSecretError where the secret is not JSON or its pepper is too short.
    """

    def from_manager() -> Secrets:
        from services.adapters.dynamodb.client import (
            store_errors,  # boto3: not in a cold start's imports
        )

        with store_errors("GetSecretValue"):
            answer = client().get_secret_value(SecretId=settings.secret_arn or "")
        return _parse(answer.get("SecretString", ""))

    def from_settings() -> Secrets:
        return Secrets(settings.twilio_auth_token or "", (settings.voter_pepper or "").encode())

    return from_manager if settings.secret_arn else from_settings


def _parse(text: str) -> Secrets:
    try:
        held = dict(json.loads(text))
    except (TypeError, ValueError):
        raise UnusableSecretError("SecretString", "not a JSON object", _REMEDY) from None
    token, pepper = held.get(TOKEN_KEY, ""), held.get(PEPPER_KEY, "")
    for key, value in ((TOKEN_KEY, token), (PEPPER_KEY, pepper)):
        if not isinstance(value, str):
            raise UnusableSecretError(key, "not a text", _REMEDY)
    if len(pepper) < LEAST_PEPPER_CHARACTERS:
        problem = f"shorter than {LEAST_PEPPER_CHARACTERS} characters"
        raise UnusableSecretError(PEPPER_KEY, problem, _REMEDY)
    return Secrets(token, pepper.encode())


def secrets_client() -> "SecretsManagerClient":
    """A boto3 client by the SDK's own variables."""
    import boto3  # costs a cold start as much as FastAPI does

    from services.adapters.dynamodb.client import CLIENT_CONFIG

    return boto3.client("secretsmanager", config=CLIENT_CONFIG)
