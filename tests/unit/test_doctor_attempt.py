"""A check that cannot be carried out is told, with what to do about it."""

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from services.adapters.secrets import UnusableSecretError
from services.tools.doctor.finding import CheckStatus, Finding, ok, run_check

DENIED = ClientError({"Error": {"Code": "AccessDenied", "Message": "not you"}}, "DescribeTable")


def failing(error: Exception) -> Finding:
    """The finding on a check that raises."""

    def check() -> Finding:
        raise error

    return run_check("a check", check)


def test_what_a_check_finds_is_passed_on() -> None:
    """As it is."""
    found = ok("a check", "well")

    assert run_check("a check", lambda: found) is found


@pytest.mark.parametrize(
    ("error", "named"),
    [
        (DENIED, "AccessDenied"),
        (EndpointConnectionError(endpoint_url="https://example.com"), "https://example.com"),
        (ConnectionRefusedError("refused"), "refused"),
        (KeyError("GuestIdentityId"), "output GuestIdentityId"),
        (UnusableSecretError("voter_pepper", "not a string"), "voter_pepper: not a string"),
    ],
)
def test_what_stands_in_the_way_is_a_failure_with_a_remedy(error: Exception, named: str) -> None:
    """The checks after it are carried out all the same."""
    finding = failing(error)

    assert finding.verdict is CheckStatus.FAILED
    assert named in finding.detail
    assert finding.remedy


def test_a_fault_of_ours_keeps_its_traceback() -> None:
    """It is no finding about a deployment."""
    with pytest.raises(ZeroDivisionError):
        failing(ZeroDivisionError())
