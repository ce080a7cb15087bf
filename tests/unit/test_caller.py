"""Who runs a command: asked of STS once, and unknown if it does not say."""

from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from services.adapters.caller import caller_identity

ALICE = "arn:aws:iam::123456789012:user/alice"


class Sts:
    """As STS; `refuses` is what it raises in place of an answer."""

    def __init__(self, refuses: Exception | None = None) -> None:
        self.asked = 0
        self.refuses = refuses

    def get_caller_identity(self) -> dict[str, str]:
        """Alice."""
        self.asked += 1
        if self.refuses:
            raise self.refuses
        return {"Arn": ALICE, "Account": "123456789012"}

    def client(self, service: str) -> Any:
        """The client of a service."""
        assert service == "sts"
        return self


def test_the_caller_is_asked_for_once() -> None:
    """And not before a change is written."""
    sts = Sts()
    identity = caller_identity(sts.client)
    early = sts.asked
    names = [identity(), identity()]

    assert names == [ALICE, ALICE]
    assert (early, sts.asked) == (0, 1)


@pytest.mark.parametrize(
    "error",
    [
        ClientError({"Error": {"Code": "AccessDenied"}}, "GetCallerIdentity"),
        EndpointConnectionError(endpoint_url="https://sts.example.com"),
    ],
)
def test_a_caller_that_sts_does_not_tell_is_unknown(error: Exception) -> None:
    """The command goes on."""
    assert caller_identity(Sts(error).client)() == "unknown"
