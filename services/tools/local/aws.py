"""How the local cloud's AWS is reached: one endpoint, made-up credentials."""

from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config


@dataclass(frozen=True, slots=True)
class LocalAws:
    """An emulator's address. The credentials are not secret: it takes any."""

    endpoint: str
    region: str = "us-east-1"
    account: str = "000000000000"

    def environment(self) -> dict[str, str]:
        """The variables by which every AWS tool and library finds it, and nothing else.

        The two files do not exist: a person's own profiles stay out of it.
        """
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": "local",
            "AWS_SECRET_ACCESS_KEY": "local",
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_CONFIG_FILE": "/dev/null",
            "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_ACCOUNT_ID_ENDPOINT_MODE": "disabled",
        }

    def client(self, service: str) -> Any:  # noqa: ANN401 - the caller knows which client it asked for
        """A boto3 client of a service by name; may be used from several threads."""
        # The stubs know a literal name of a service only.
        session: Any = boto3.Session(
            aws_access_key_id="local",
            aws_secret_access_key="local",  # noqa: S106 - the emulator takes any
            region_name=self.region,
        )
        return session.client(
            service,
            endpoint_url=self.endpoint,
            config=Config(
                account_id_endpoint_mode="disabled",
                connect_timeout=3,
                read_timeout=20,
                retries={"max_attempts": 3},
            ),
        )
