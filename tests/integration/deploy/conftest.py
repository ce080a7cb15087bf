"""One deployment for all tests of this folder, in the order of their files' names.

Unmodified CDK against an emulator that enforces IAM; the last file takes it down.
"""

from collections.abc import Iterator

import pytest

from tests.integration.deploy.steps import phone, sid
from tests.support.strict_cloud import TOKEN, Cloud, strict_cloud


@pytest.fixture(scope="session")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """Bootstrapped and deployed, and nothing else."""
    with strict_cloud(tmp_path_factory.mktemp("proof")) as made:
        # Away from cdk.json, or it would synthesise for nothing.
        made.cdk("bootstrap", f"aws://{made.aws.account}/{made.aws.region}", cwd=made.folder)
        made.deploy()
        yield made


@pytest.fixture(scope="session")
def status_without_token(untouched: Cloud) -> int:
    """What a text is answered before the token is set, signed with an empty one."""
    return untouched.text(phone(), "red", sid(), token="")


@pytest.fixture(scope="session")
def cloud(untouched: Cloud, status_without_token: int) -> Cloud:  # noqa: ARG001 - asked before
    """Deployed, with the token set."""
    untouched.set_token(TOKEN)
    return untouched
