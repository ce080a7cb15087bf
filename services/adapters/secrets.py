"""The two secrets of a deployment: Twilio's token, and the pepper of the voters' names."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from services.settings import WebhookSettings

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

TOKEN_KEY = "twilio_auth_token"  # noqa: S105 - a name, not a secret
PEPPER_KEY = "voter_pepper"


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

    It raises StoreUnavailableError where Secrets Manager is out of reach.
    """

    def from_manager() -> Secrets:
        from services.adapters.dynamo import store_errors  # boto3: not in a cold start's imports

        with store_errors("GetSecretValue"):
            answer = client().get_secret_value(SecretId=settings.secret_arn or "")
        held = json.loads(answer["SecretString"])
        return Secrets(held.get(TOKEN_KEY, ""), held.get(PEPPER_KEY, "").encode())

    def from_settings() -> Secrets:
        return Secrets(settings.twilio_auth_token or "", (settings.voter_pepper or "").encode())

    return from_manager if settings.secret_arn else from_settings


def secrets_client() -> "SecretsManagerClient":
    """A boto3 client by the SDK's own variables."""
    import boto3  # costs a cold start as much as FastAPI does

    from services.adapters.dynamo import CLIENT_CONFIG

    return boto3.client("secretsmanager", config=CLIENT_CONFIG)
