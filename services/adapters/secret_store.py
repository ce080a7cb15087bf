"""Sets Twilio's token in the secret of a deployment; the pepper stays."""

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from services.adapters.secrets import TOKEN_KEY

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient


@dataclass(frozen=True, slots=True)
class SecretStore:
    """A secret in Secrets Manager: a JSON object with token and pepper."""

    client: "SecretsManagerClient"
    arn: str

    def set_token(self, token: str) -> bool:
        """Store Twilio's auth token; return False if it was stored already.

        All other keys are kept: with a new pepper every phone would get another hash, and
        everybody could vote again.
        """
        secret = json.loads(self.client.get_secret_value(SecretId=self.arn)["SecretString"])
        if secret.get(TOKEN_KEY) == token:
            return False
        changed = json.dumps({**secret, TOKEN_KEY: token})
        self.client.put_secret_value(SecretId=self.arn, SecretString=changed)
        return True
