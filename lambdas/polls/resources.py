"""The two custom resources: the polls of a deployment, and its viewers' identity."""

import os
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final

import boto3
from botocore import UNSIGNED
from botocore.config import Config

from lambdas.polls.answer import Answer
from services.adapters.dynamodb.certificates import DynamoCertificates
from services.adapters.dynamodb.directory import DynamoDirectory
from services.adapters.dynamodb.recounts import DynamoRecounts
from services.adapters.dynamodb.tallies import DynamoTallies
from services.polls.definition import parse_poll
from services.settings import PollsSettings
from services.voting.begun import has_begun

_BOUNDED: Final = Config(connect_timeout=3, read_timeout=5, retries={"total_max_attempts": 4})
_ANYBODY: Final = Config(signature_version=UNSIGNED)


def carry_out(event: Mapping[str, Any]) -> Answer:
    """Make or change the resource an event asks for.

    Raises:
        PollFileError: a poll file is refused; its text is meant for the person deploying.
    """
    if event["RequestType"] == "Delete":
        # Polls and identities go with their table and their pool.
        return Answer(physical_id=event["PhysicalResourceId"])
    properties = event["ResourceProperties"]
    match event["ResourceType"]:
        case "Custom::Polls":
            return _apply_polls(properties["Files"])
        case "Custom::GuestIdentity":
            return _make_guest(properties["IdentityPoolId"])
        case other:
            raise ValueError(f"ResourceType: {other!r}: this function makes no such resource")


def _apply_polls(files: Sequence[Mapping[str, str]]) -> Answer:
    settings = PollsSettings.from_env(os.environ)
    polls = [parse_poll(file["Text"], source=file["Source"]) for file in files]
    client = boto3.client("dynamodb", config=_BOUNDED)
    aggregates, votes = settings.aggregates_table, settings.votes_table
    begun = partial(
        has_begun,
        recounts=DynamoRecounts(client, votes),
        tallies=DynamoTallies(client, aggregates),
        certificates=DynamoCertificates(client, aggregates),
    )
    directory = DynamoDirectory(client=client, table=aggregates)
    directory.apply(polls, default_number=settings.default_number, begun=begun)
    return Answer(physical_id="polls", data={"Polls": ",".join(poll.id for poll in polls)})


def _make_guest(identity_pool_id: str) -> Answer:
    """One identity that all viewers share. GetId is a call anybody may make, unsigned."""
    client = boto3.client("cognito-identity", config=_BOUNDED.merge(_ANYBODY))
    return Answer(physical_id=client.get_id(IdentityPoolId=identity_pool_id)["IdentityId"])
