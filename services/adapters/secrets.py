"""The secret of a deployment: Twilio's auth token and account, and the pepper of voter hashes."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from services.settings import LEAST_PEPPER_CHARACTERS, WebhookSettings

if TYPE_CHECKING:
    import boto3
    from mypy_boto3_secretsmanager import SecretsManagerClient

TOKEN_KEY = "twilio_auth_token"  # noqa: S105 - a name, not a secret
ACCOUNT_KEY = "twilio_account_sid"
"""Written by `voteapp connect`; the secret that a stack generates does not have it."""
PEPPER_KEY = "voter_pepper"
_REMEDY = "restore the version of the secret that the stack generated"


class UnusableSecretError(Exception):
    """The secret is malformed. The message names the key in it, never its value."""

    def __init__(self, key: str, problem: str) -> None:
        self.key = key
        self.problem = problem
        self.remedy = _REMEDY
        super().__init__(f"{key}: {problem}: {_REMEDY}")


@dataclass(frozen=True, slots=True)
class Secrets:
    """Both secrets. With an empty one, no signature is valid and no voter is hashed."""

    twilio_auth_token: str = field(repr=False)
    voter_pepper: bytes = field(repr=False)
    twilio_account_sid: str = ""
    """The account that the token is of; empty until an operator connects a number."""

    @property
    def are_set(self) -> bool:
        """Return True if both are set. The token is empty until an operator sets it."""
        return bool(self.twilio_auth_token and self.voter_pepper)


@dataclass(frozen=True, slots=True)
class SecretStore:
    """A secret in Secrets Manager: a JSON object with token and pepper."""

    client: "SecretsManagerClient"
    arn: str

    def read(self) -> Secrets:
        """Read both secrets; a missing one is empty.

        Raises:
            UnusableSecretError: the secret is not a JSON object of strings.
        """
        values = self._values()
        token, pepper = values.get(TOKEN_KEY, ""), values.get(PEPPER_KEY, "")
        for key, value in ((TOKEN_KEY, token), (PEPPER_KEY, pepper)):
            if not isinstance(value, str):
                raise UnusableSecretError(key, "not a string")
        account_sid = values.get(ACCOUNT_KEY)
        # Texts are accepted without it, so a malformed one is no reason to refuse them.
        return Secrets(token, pepper.encode(), account_sid if isinstance(account_sid, str) else "")

    def set_token(self, token: str, account_sid: str | None = None) -> bool:
        """Store Twilio's auth token and account, if given; return False if they are stored already.

        All other keys are kept: with a new pepper every phone would get another hash, and
        everybody could vote again.

        Raises:
            UnusableSecretError: the secret is not a JSON object; it is not changed.
        """
        values = self._values()
        changed = {**values, TOKEN_KEY: token}
        if account_sid is not None:
            changed[ACCOUNT_KEY] = account_sid
        if changed == values:
            return False
        self.client.put_secret_value(SecretId=self.arn, SecretString=json.dumps(changed))
        return True

    def _values(self) -> dict[str, Any]:
        answer = self.client.get_secret_value(SecretId=self.arn)
        try:
            return dict(json.loads(answer.get("SecretString", "")))
        except (TypeError, ValueError):
            raise UnusableSecretError("SecretString", "not a JSON object") from None


def secrets_loader(
    settings: WebhookSettings, client: "Callable[[], SecretsManagerClient]"
) -> Callable[[], Secrets]:
    """Return a function that reads the secrets from `SECRET_ARN`, or else from the settings.

    It raises what `managed_secrets` raises.
    """

    def from_settings() -> Secrets:
        return Secrets(settings.twilio_auth_token or "", (settings.voter_pepper or "").encode())

    if not settings.secret_arn:
        return from_settings
    return partial(managed_secrets, client, settings.secret_arn)


def managed_secrets(client: "Callable[[], SecretsManagerClient]", arn: str) -> Secrets:
    """Read both secrets from Secrets Manager.

    Raises:
        StoreUnavailableError: Secrets Manager is unreachable.
        UnusableSecretError: the secret is not a JSON object, or its pepper is too short.
    """
    from services.adapters.dynamodb.client import (
        store_errors,  # boto3: slow to import, and commands use this module's names
    )

    with store_errors("GetSecretValue"):
        secrets = SecretStore(client(), arn).read()
    if len(secrets.voter_pepper) < LEAST_PEPPER_CHARACTERS:
        problem = f"shorter than {LEAST_PEPPER_CHARACTERS} characters"
        raise UnusableSecretError(PEPPER_KEY, problem)
    return secrets


def secrets_client(session: "boto3.Session | None" = None) -> "SecretsManagerClient":
    """Create a boto3 client, in this session or in the default one."""
    import boto3  # slow to import, and commands use this module's names

    from services.adapters.dynamodb.client import IMPATIENT_CONFIG

    return (session or boto3).client("secretsmanager", config=IMPATIENT_CONFIG)
