"""Reads the two secrets of a deployment: Twilio's auth token, and the pepper of voter hashes."""

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
    """The secret is malformed. The message names the key in it, never its value."""

    def __init__(self, key: str, problem: str, remedy: str) -> None:
        self.key = key
        super().__init__(f"{key}: {problem}: {remedy}")


@dataclass(frozen=True, slots=True)
class Secrets:
    """Both secrets. With an empty one, no signature is valid and no voter is hashed."""

    twilio_auth_token: str = field(repr=False)
    voter_pepper: bytes = field(repr=False)

    @property
    def complete(self) -> bool:
        """Return True if both are set. The token is empty until an operator sets it."""
        return bool(self.twilio_auth_token and self.voter_pepper)


def secrets_loader(
    settings: WebhookSettings, client: "Callable[[], SecretsManagerClient]"
) -> Callable[[], Secrets]:
    """Return a function that reads the secrets from `SECRET_ARN`, or else from the settings.

    It raises StoreUnavailableError if Secrets Manager is unreachable, and UnusableSecretError if
    the secret is not a JSON object or its pepper is too short.
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
        values = dict(json.loads(text))
    except (TypeError, ValueError):
        raise UnusableSecretError("SecretString", "not a JSON object", _REMEDY) from None
    token, pepper = values.get(TOKEN_KEY, ""), values.get(PEPPER_KEY, "")
    for key, value in ((TOKEN_KEY, token), (PEPPER_KEY, pepper)):
        if not isinstance(value, str):
            raise UnusableSecretError(key, "not a string", _REMEDY)
    if len(pepper) < LEAST_PEPPER_CHARACTERS:
        problem = f"shorter than {LEAST_PEPPER_CHARACTERS} characters"
        raise UnusableSecretError(PEPPER_KEY, problem, _REMEDY)
    return Secrets(token, pepper.encode())


def secrets_client() -> "SecretsManagerClient":
    """Create a boto3 client, configured by the SDK's environment variables."""
    import boto3  # takes as much of a cold start as FastAPI

    from services.adapters.dynamodb.client import CLIENT_CONFIG

    return boto3.client("secretsmanager", config=CLIENT_CONFIG)
