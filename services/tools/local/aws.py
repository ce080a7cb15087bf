"""The endpoint and the fixed, fake credentials of the AWS emulator, and its URLs of REST APIs."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.config import Config


@dataclass(frozen=True, slots=True)
class LocalAws:
    """The address of an emulator. It accepts any credentials, so these are not secret."""

    endpoint: str
    region: str = "us-east-1"
    account: str = "000000000000"

    def environment(self) -> dict[str, str]:
        """Return the variables that point every AWS tool and library at the emulator.

        The two file variables hide the AWS profiles of the person who runs it.
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

    def rest_api_address(self, url: str) -> str:
        """Return where the emulator serves the URL of a REST API, which is a URL of AWS."""
        return f"{self.endpoint}{rest_api_path(url)}"

    def client(self, service: str) -> Any:  # noqa: ANN401 - the type depends on the service
        """Return a boto3 client for a service; it may be used from several threads."""
        # The type stubs accept literal service names only.
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
                parameter_validation=False,  # as in `services/adapters/dynamodb/client.py`
            ),
        )


def rest_api_path(url: str) -> str:
    """Return the path under which the emulator serves the URL of a REST API."""
    parts = urlsplit(url)
    api = parts.netloc.partition(".")[0]
    return f"/_aws/execute-api/{api}{parts.path}"
