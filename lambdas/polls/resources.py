"""The custom resources: the check of a deploy, the polls and their directory, the guests."""

import logging
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, Final

import boto3
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

from lambdas.polls.answer import CustomResourceResponse
from lambdas.polls.deploy_check import ROLLING_BACK, check_options
from services.adapters.clock import now_ms
from services.adapters.dynamodb.certificates import DynamoCertificates
from services.adapters.dynamodb.directory import DynamoDirectory
from services.adapters.dynamodb.directory_copy import DirectoryCopy
from services.adapters.dynamodb.directory_reader import DirectoryReader
from services.adapters.dynamodb.recounts import DynamoRecounts
from services.adapters.dynamodb.tallies import DynamoTallies
from services.polls.definition import parse_poll
from services.settings import PollsSettings
from services.voting.begun import has_begun
from services.voting.errors import PollFileError
from services.voting.poll import Phase

_CLIENT_CONFIG: Final = Config(connect_timeout=3, read_timeout=5, retries={"total_max_attempts": 4})
_DEPLOY: Final = "deploy"
"""Who makes the changes, in the operator's log."""
_MOST_LETTERS: Final = 1_000
"""Of the open polls; the whole response may have 4,096 bytes."""
_UNSIGNED: Final = Config(signature_version=UNSIGNED)

logger = logging.getLogger(__name__)


def handle_request(event: Mapping[str, Any]) -> CustomResourceResponse:
    """Create, update or delete the resource of an event.

    Raises:
        ForgottenOptionsError: the deploy would lose options that are deployed.
        PollFileError: a poll file is invalid; the operator sees the message in the deploy.
        ValueError: the resource type is unknown.
    """
    if event["RequestType"] == "Delete":
        # Polls and identities are deleted with their table and their pool.
        return CustomResourceResponse(physical_id=event["PhysicalResourceId"])
    properties = event["ResourceProperties"]
    match event["ResourceType"]:
        case "Custom::DeployCheck":
            return _check_deploy(event)
        case "Custom::DirectoryCopied":
            return _copy_directory()
        case "Custom::Polls":
            return _apply_or_keep(event)
        case "Custom::GuestIdentity":
            return _create_guest_identity(properties["IdentityPoolId"])
        case other:
            raise ValueError(
                f"ResourceType: {other!r}: unknown; use Custom::DeployCheck, "
                "Custom::DirectoryCopied, Custom::Polls or Custom::GuestIdentity"
            )


def _check_deploy(event: Mapping[str, Any]) -> CustomResourceResponse:
    """Refuse a deploy that loses options; name the polls that are open during it."""
    old = event.get("OldResourceProperties", {})
    check_options(old, event["ResourceProperties"], lambda: _status_of(event["StackId"]))
    settings = PollsSettings.from_env(os.environ)
    reader = DirectoryReader(client=_dynamodb(), table=settings.polls_table)
    rounds = [entry.round for entry in reader.entries()]
    open_polls = [one.poll.id for one in rounds if one.phase_at(now_ms()) is Phase.OPEN]
    logger.warning("deploy.open_polls %s", open_polls)
    named = ", ".join(open_polls) or "none"
    return CustomResourceResponse(physical_id="deploy", data={"OpenPolls": named[:_MOST_LETTERS]})


def _status_of(stack_id: str) -> str:
    client = boto3.client("cloudformation", config=_CLIENT_CONFIG)
    return client.describe_stacks(StackName=stack_id)["Stacks"][0]["StackStatus"]


def _copy_directory() -> CustomResourceResponse:
    """Copy the directory that an older version kept in the table of aggregates."""
    settings = PollsSettings.from_env(os.environ)
    rows = DirectoryCopy(
        client=_dynamodb(),
        source=settings.aggregates_table,
        target=settings.polls_table,
        by=_DEPLOY,
    ).run()
    return CustomResourceResponse(physical_id="copied", data={"Rows": str(rows)})


def _apply_or_keep(event: Mapping[str, Any]) -> CustomResourceResponse:
    """Apply the polls. A rollback keeps the polls that it must not change back.

    A refusal would leave the stack in UPDATE_ROLLBACK_FAILED, where no deploy is possible.
    """
    try:
        return _apply_polls(event["ResourceProperties"]["Files"])
    except PollFileError:
        # If the status cannot be read, the operator must see the file's message, not that one.
        with suppress(ClientError):
            if event["RequestType"] == "Update" and _status_of(event["StackId"]) == ROLLING_BACK:
                logger.exception("deploy.polls_kept")
                return CustomResourceResponse(physical_id="polls", data={"Polls": "kept"})
        raise


def _apply_polls(files: Sequence[Mapping[str, str]]) -> CustomResourceResponse:
    settings = PollsSettings.from_env(os.environ)
    polls = [parse_poll(file["Text"], source=file["Source"]) for file in files]
    client = _dynamodb()
    aggregates, votes = settings.aggregates_table, settings.votes_table
    begun = partial(
        has_begun,
        recounts=DynamoRecounts(client, votes),
        tallies=DynamoTallies(client, aggregates),
        certificates=DynamoCertificates(
            client=client, table=aggregates, polls=settings.polls_table
        ),
    )
    directory = DynamoDirectory(
        client=client, table=settings.polls_table, aggregates=aggregates, by=lambda: _DEPLOY
    )
    directory.apply(polls, default_number=settings.default_number, begun=begun)
    return CustomResourceResponse(
        physical_id="polls", data={"Polls": ",".join(poll.id for poll in polls)}
    )


def _dynamodb() -> Any:  # noqa: ANN401 - a boto3 client
    return boto3.client("dynamodb", config=_CLIENT_CONFIG)


def _create_guest_identity(identity_pool_id: str) -> CustomResourceResponse:
    """Create the identity that all guests share. GetId is a public, unsigned API call."""
    client = boto3.client("cognito-identity", config=_CLIENT_CONFIG.merge(_UNSIGNED))
    return CustomResourceResponse(
        physical_id=client.get_id(IdentityPoolId=identity_pool_id)["IdentityId"]
    )
