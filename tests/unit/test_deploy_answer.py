"""The answer that a deploy waits for: it comes whatever happens, and CloudFormation takes it."""

import sys
import urllib.error
import urllib.request

import pytest

from lambdas.polls import resources
from tests.support.mailbox import ADDRESS, Mailbox


def test_the_mailbox_refuses_what_was_not_signed(mailbox: Mailbox) -> None:
    """Python adds a content type by itself, and S3 then answers 403."""
    with pytest.raises(urllib.error.HTTPError, match="403"):
        mailbox.parent.open(urllib.request.Request(ADDRESS, data=b"{}", method="PUT"))  # noqa: S310

    assert mailbox.bodies == []


def test_an_answer_is_put_as_it_was_signed(mailbox: Mailbox) -> None:
    """One PUT without a content type, with the names of stack, request and resource in it."""
    answer = mailbox.request("Delete", "Custom::Polls")

    assert answer["Status"] == "SUCCESS"
    assert len(mailbox.bodies) == 1


def test_an_answer_that_cannot_be_delivered_is_given_up_while_the_function_may_run(
    mailbox: Mailbox,
) -> None:
    """The function is stopped after 60 seconds; Lambda then calls it again."""
    mailbox.request("Delete", "Custom::Polls")

    (seconds,) = mailbox.patience
    assert 0 < seconds <= 15


def test_a_failed_create_is_answered_although_nothing_has_an_id_yet(mailbox: Mailbox) -> None:
    """CloudFormation sends none with a Create, and wants one with every answer."""
    answer = mailbox.request("Create", "Custom::Moon")

    assert answer["Status"] == "FAILED"
    assert "Custom::Moon" in answer["Reason"]


def test_a_failed_update_leaves_the_resource_its_id(mailbox: Mailbox) -> None:
    """Another id would mean another resource: the one before would be deleted."""
    answer = mailbox.request("Update", "Custom::Moon")

    assert (answer["Status"], answer["PhysicalResourceId"]) == ("FAILED", "made before")


@pytest.mark.parametrize("resource", ["Custom::Polls", "Custom::GuestIdentity"])
def test_a_delete_is_answered_and_touches_nothing(mailbox: Mailbox, resource: str) -> None:
    """Polls go with their table; in production that table stays. No store is within reach here."""
    files = [{"Source": "colors.toml", "Text": "not even read"}]

    answer = mailbox.request("Delete", resource, Files=files, IdentityPoolId="gone")

    assert (answer["Status"], answer["PhysicalResourceId"]) == ("SUCCESS", "made before")


@pytest.mark.parametrize("error", [OSError("no way"), KeyError("Files"), RuntimeError("strange")])
def test_whatever_goes_wrong_is_answered_with_its_name(
    mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    """Unanswered, a deploy hangs until CloudFormation gives up."""

    def fail(_: object) -> None:
        raise error

    monkeypatch.setattr(resources, "carry_out", fail)

    answer = mailbox.request("Create", "Custom::Polls")

    assert answer["Status"] == "FAILED"
    assert answer["Reason"] == f"{type(error).__name__}: {error}"


def test_a_bundle_that_lacks_something_is_answered(
    mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What carries out is imported when a request is there to be answered, and not before."""
    monkeypatch.setitem(sys.modules, "lambdas.polls.resources", None)

    answer = mailbox.request("Delete", "Custom::Polls")

    assert answer["Status"] == "FAILED"
    assert "lambdas.polls.resources" in answer["Reason"]


@pytest.mark.parametrize(
    "letter", ["x", '"', "\n", "ü", "🎈"], ids=["letter", "quote", "line", "umlaut", "balloon"]
)
def test_a_long_reason_is_cut_to_what_an_answer_may_hold(
    mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch, letter: str
) -> None:
    """CloudFormation drops an answer above 4,096 bytes, and the deploy would hang.

    JSON spells a letter beyond ASCII in six bytes or more.
    """

    def fail(_: object) -> None:
        raise ValueError(letter * 5_000)

    monkeypatch.setattr(resources, "carry_out", fail)

    answer = mailbox.request("Create", "Custom::Polls")

    assert answer["Reason"].startswith(f"ValueError: {letter}{letter}")
    assert answer["Reason"].endswith("(the rest is in the function's log)")
