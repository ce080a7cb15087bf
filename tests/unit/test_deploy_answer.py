"""CloudFormation gets a valid response in every case."""

import json
import sys
import urllib.error
import urllib.request

import pytest

from lambdas.polls import resources
from tests.support.cloudformation import ADDRESS, CloudFormation


def test_the_mailbox_refuses_what_was_not_signed(cloudformation: CloudFormation) -> None:
    """Python adds a content type by default, and S3 then responds 403."""
    with pytest.raises(urllib.error.HTTPError, match="403"):
        cloudformation.parent.open(urllib.request.Request(ADDRESS, data=b"{}", method="PUT"))  # noqa: S310

    assert cloudformation.bodies == []


def test_an_answer_is_put_as_it_was_signed(cloudformation: CloudFormation) -> None:
    """One PUT without a content type, with the ids of stack, request and resource."""
    answer = cloudformation.request("Delete", "Custom::Polls")

    assert answer["Status"] == "SUCCESS"
    assert len(cloudformation.bodies) == 1


def test_an_answer_that_cannot_be_delivered_is_given_up_while_the_function_may_run(
    cloudformation: CloudFormation,
) -> None:
    """The function has a timeout of 60 s; Lambda then retries it."""
    cloudformation.request("Delete", "Custom::Polls")

    (seconds,) = cloudformation.patience
    assert 0 < seconds <= 15


def test_a_failed_create_is_answered_although_nothing_has_an_id_yet(
    cloudformation: CloudFormation,
) -> None:
    """A Create request has no physical id, but every response needs one."""
    answer = cloudformation.request("Create", "Custom::Moon")

    assert answer["Status"] == "FAILED"
    assert answer["Reason"] == (
        "ValueError: ResourceType: 'Custom::Moon': unknown; use Custom::DeployCheck, "
        "Custom::DirectoryCopied, Custom::Polls or Custom::GuestIdentity"
    )


def test_a_failed_update_leaves_the_resource_its_id(cloudformation: CloudFormation) -> None:
    """With another id, CloudFormation would delete the old resource."""
    answer = cloudformation.request("Update", "Custom::Moon")

    assert (answer["Status"], answer["PhysicalResourceId"]) == ("FAILED", "made before")


@pytest.mark.parametrize("resource", ["Custom::Polls", "Custom::GuestIdentity"])
def test_a_delete_is_answered_and_touches_nothing(
    cloudformation: CloudFormation, resource: str
) -> None:
    """Polls are deleted with their table; no store is called here."""
    files = [{"Source": "colors.toml", "Text": "not even read"}]

    answer = cloudformation.request("Delete", resource, Files=files, IdentityPoolId="gone")

    assert (answer["Status"], answer["PhysicalResourceId"]) == ("SUCCESS", "made before")


@pytest.mark.parametrize("error", [OSError("no way"), KeyError("Files"), RuntimeError("strange")])
def test_whatever_goes_wrong_is_answered_with_its_name(
    cloudformation: CloudFormation, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    """Without a response, a deploy hangs until CloudFormation times out."""

    def fail(_: object) -> None:
        raise error

    monkeypatch.setattr(resources, "handle_request", fail)

    answer = cloudformation.request("Create", "Custom::Polls")

    assert answer["Status"] == "FAILED"
    assert answer["Reason"] == f"{type(error).__name__}: {error}"


def test_a_bundle_that_lacks_something_is_answered(
    cloudformation: CloudFormation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The code that may fail to import is imported while a request is handled."""
    monkeypatch.setitem(sys.modules, "lambdas.polls.resources", None)

    answer = cloudformation.request("Delete", "Custom::Polls")

    assert answer["Status"] == "FAILED"
    assert "lambdas.polls.resources" in answer["Reason"]


@pytest.mark.parametrize(
    "letter", ["x", '"', "\n", "ü", "🎈"], ids=["letter", "quote", "line", "umlaut", "balloon"]
)
def test_a_long_reason_is_cut_to_what_an_answer_may_hold(
    cloudformation: CloudFormation, monkeypatch: pytest.MonkeyPatch, letter: str
) -> None:
    """CloudFormation drops an answer above 4,096 bytes, and the deploy would hang.

    JSON spells a letter beyond ASCII in six bytes or more.
    """

    def fail(_: object) -> None:
        raise ValueError(letter * 5_000)

    monkeypatch.setattr(resources, "handle_request", fail)

    answer = cloudformation.request("Create", "Custom::Polls")

    reason, rest = answer["Reason"].split(" ... ")
    assert reason == "ValueError: " + letter * (len(reason) - len("ValueError: "))
    assert 2_000 - len(json.dumps(letter)) < len(json.dumps(reason)) - 2 <= 2_000
    assert rest == "(the rest is in the function's log)"


@pytest.mark.parametrize(("letter", "most"), [("x", 1_988), ("\n", 994), ("ü", 331)])
def test_a_reason_that_just_fits_is_whole(
    cloudformation: CloudFormation, monkeypatch: pytest.MonkeyPatch, letter: str, most: int
) -> None:
    """With the name of the error it has 2,000 bytes of JSON; one letter more is cut."""

    def fail(letters: int) -> None:
        raise ValueError(letter * letters)

    monkeypatch.setattr(resources, "handle_request", lambda _: fail(most))
    whole = cloudformation.request("Create", "Custom::Polls")["Reason"]
    monkeypatch.setattr(resources, "handle_request", lambda _: fail(most + 1))
    cut = cloudformation.request("Create", "Custom::Polls")["Reason"]

    assert whole == f"ValueError: {letter * most}"
    assert cut == f"{whole} ... (the rest is in the function's log)"


def test_what_goes_wrong_is_logged_with_its_traceback(
    cloudformation: CloudFormation, caplog: pytest.LogCaptureFixture
) -> None:
    """The response has the message only."""
    cloudformation.request("Create", "Custom::Moon")
    (record,) = [record for record in caplog.records if record.name.startswith("lambdas")]

    assert (record.name, record.levelname) == ("lambdas.polls.handler", "ERROR")
    assert record.getMessage() == "custom_resource_failed"
    assert record.exc_info is not None
    assert record.exc_info[0] is ValueError
