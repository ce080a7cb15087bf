"""Deploys the stack into the emulator, and writes the addresses for the other containers.

The program then exits; deploying again changes nothing.
"""

import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from services.adapters.secret_store import SecretStore
from services.adapters.secrets import TOKEN_KEY
from services.settings import WebhookSettings
from services.tools.demo.cloud import DEFAULT_POLL, clear_aws_environment
from services.tools.lab.lab_poll import POLL as LAB_POLL
from services.tools.local import site
from services.tools.local.aws import LocalAws
from services.tools.local.deployment import LocalDeployment, Outputs

ENVIRONMENT_FILE: Final = "webhook.env"
"""Shell file with the webhook's environment."""


def main(environ: Mapping[str, str]) -> None:
    """Deploy everything. Raises: LocalCloudError if a step fails."""
    endpoint, folder = environ["AWS_ENDPOINT_URL"], Path(environ["TOLD_IN"])
    clear_aws_environment()
    aws = LocalAws(endpoint=endpoint)
    (folder / "cdk-home").mkdir(exist_ok=True)
    deployment = LocalDeployment(aws, folder)
    print("Bootstrapping and synthesising ...", flush=True)  # noqa: T201
    deployment.bootstrap()
    outputs = deployment.deploy(deployment.synthesise(), lambda _: None)
    token = ensure_token(aws, outputs)
    site.upload(aws, outputs, poll=DEFAULT_POLL, lab_poll=LAB_POLL)
    write_environment(folder, webhook_environment(aws, outputs, environ["PUBLIC_BASE_URL"]))
    print(f"Deployed. Texts are signed with TWILIO_AUTH_TOKEN={token}", flush=True)  # noqa: T201


def ensure_token(aws: LocalAws, outputs: Outputs) -> str:
    """Return the Twilio token in the secret; generate and store one if there is none."""
    manager = aws.client("secretsmanager")
    secret = json.loads(manager.get_secret_value(SecretId=outputs.secret_arn)["SecretString"])
    token = secret.get(TOKEN_KEY) or secrets.token_hex(16)
    SecretStore(manager, outputs.secret_arn).set_token(token)
    return str(token)


def webhook_environment(aws: LocalAws, outputs: Outputs, base_url: str) -> dict[str, str]:
    """The webhook container's environment; the page container reads `SITE_BUCKET`."""
    settings = WebhookSettings(
        votes_table=outputs.votes_table,
        aggregates_table=outputs.aggregates_table,
        secret_arn=outputs.secret_arn,
        public_base_url=base_url,
    )
    return aws.environment() | settings.to_env() | {"SITE_BUCKET": outputs.site_bucket}


def write_environment(folder: Path, environment: Mapping[str, str]) -> None:
    """Write the environment file atomically."""
    draft = folder / f"{ENVIRONMENT_FILE}.draft"
    lines = [f"export {name}='{value}'" for name, value in environment.items()]
    draft.write_text("\n".join(lines) + "\n", encoding="utf-8")
    draft.rename(folder / ENVIRONMENT_FILE)


if __name__ == "__main__":
    main(os.environ)
