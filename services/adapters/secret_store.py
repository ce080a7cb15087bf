"""The secret of a deployment, to be changed: the token is set, the pepper stays."""

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from services.adapters.secrets import TOKEN_KEY

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient


@dataclass(frozen=True, slots=True)
class SecretStore:
    """One secret in Secrets Manager, JSON with both keys."""

    client: "SecretsManagerClient"
    arn: str

    def set_token(self, token: str) -> bool:
        """Store Twilio's auth token; whether that changed anything.

        Everything else in the secret is written back as it is: a new pepper would give
        every phone another name, and everybody could vote again.
        """
        held = json.loads(self.client.get_secret_value(SecretId=self.arn)["SecretString"])
        if held.get(TOKEN_KEY) == token:
            return False
        changed = json.dumps({**held, TOKEN_KEY: token})
        self.client.put_secret_value(SecretId=self.arn, SecretString=changed)
        return True
