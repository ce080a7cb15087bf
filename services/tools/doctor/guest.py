"""Checks that a guest of the dashboard can read open boards, and nothing else."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from services.tools.doctor.finding import RESTORE, Finding, failed, ok, ok_or_failed, skipped
from services.voting import schema

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_NO_ITEM: Final = "attribute_exists(pk) AND attribute_not_exists(pk)"
"""A condition that no item satisfies: it detects that a write is permitted, without writing."""

_REFUSED: Final = frozenset({"AccessDeniedException", "AccessDenied", "UnauthorizedOperation"})
_ATTRIBUTES: Final = ("sk", "question", "state")
_REMEDY: Final = f"has somebody changed the guests' role by hand? Then {RESTORE}"


def check_reading(guest: "DynamoDBClient", table: str, poll: str) -> Finding:
    """Check that a guest can read the view of a poll with the dashboard's query."""
    try:
        rows = guest.query(**_board_query(table, schema.board_pk(poll, "open")))["Items"]
    except ClientError as error:
        code = error.response["Error"]["Code"]
        return failed("guests read", f"refused ({code}): the screen stays empty", _REMEDY)
    if not any("question" in row for row in rows):
        return failed("guests read", f"poll {poll} has no view row", "write it: voteapp poll apply")
    return ok("guests read", f"the board of {poll}")


def check_only_reading(
    guest: "DynamoDBClient", *, votes: str, aggregates: str, emulated: bool = False
) -> Finding:
    """Check that a guest is refused every other call. No call changes anything.

    Skipped if the emulator refuses nothing at all: it then enforces no permissions.
    """
    calls = _forbidden_calls(guest, votes, aggregates)
    allowed = [name for name, call in calls.items() if not _is_refused(call)]
    if emulated and len(allowed) == len(calls):
        return skipped("guests only read", "the emulator enforces no permissions")
    problems = [f"a guest may {name}" for name in allowed]
    return ok_or_failed("guests only read", problems, f"{len(calls)} other calls refused", _REMEDY)


def _forbidden_calls(
    guest: "DynamoDBClient", votes: str, aggregates: str
) -> dict[str, Callable[[], Any]]:
    key = {
        schema.PARTITION_KEY: {"S": schema.board_pk("doctor", "open")},
        schema.SORT_KEY: {"S": "doctor"},
    }
    no_item: dict[str, Any] = {"ConditionExpression": _NO_ITEM}
    all_attributes = _board_query(aggregates, schema.board_pk("doctor", "open"))
    for argument in ("Select", "ProjectionExpression", "ExpressionAttributeNames"):
        del all_attributes[argument]
    return {
        "put a row": lambda: guest.put_item(TableName=aggregates, Item=key, **no_item),
        "change a row": lambda: guest.update_item(
            TableName=aggregates,
            Key=key,
            UpdateExpression="SET voters = :none",
            ExpressionAttributeValues={":none": {"N": "0"}},
            **no_item,
        ),
        "delete a row": lambda: guest.delete_item(TableName=aggregates, Key=key, **no_item),
        "scan the boards": lambda: guest.scan(TableName=aggregates, Limit=1),
        "read the directory": lambda: guest.query(**_board_query(aggregates, schema.DIRECTORY_PK)),
        "read a sealed board": lambda: guest.query(
            **_board_query(aggregates, schema.board_pk("doctor", "sealed"))
        ),
        "read whole rows": lambda: guest.query(**all_attributes),
        "read ballots": lambda: guest.query(**_board_query(votes, "doctor:1#0")),
        "scan the ballots": lambda: guest.scan(TableName=votes, Limit=1),
        "put a ballot": lambda: guest.put_item(TableName=votes, Item=key, **no_item),
    }


def _board_query(table: str, pk: str) -> dict[str, Any]:
    """The arguments of the dashboard's query, with fewer attributes."""
    names = {f"#{name}": name for name in _ATTRIBUTES}
    return {
        "TableName": table,
        "KeyConditionExpression": "pk = :board",
        "ExpressionAttributeValues": {":board": {"S": pk}},
        "ProjectionExpression": ", ".join(names),
        "ExpressionAttributeNames": names,
        "Select": "SPECIFIC_ATTRIBUTES",
    }


def _is_refused(call: Callable[[], Any]) -> bool:
    """Whether the call is refused. A failed condition means that the call was permitted.

    Raises:
        ClientError: any other error, such as throttling.
    """
    try:
        call()
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code in _REFUSED:
            return True
        if code == "ConditionalCheckFailedException":
            return False
        raise
    return False


def get_guest_credentials(cognito: Any, identity_id: str) -> Mapping[str, str]:  # noqa: ANN401 - a client
    """Get a guest's credentials as the dashboard does, under boto3's argument names."""
    credentials = cognito.get_credentials_for_identity(IdentityId=identity_id)["Credentials"]
    return {
        "aws_access_key_id": credentials["AccessKeyId"],
        "aws_secret_access_key": credentials["SecretKey"],
        "aws_session_token": credentials["SessionToken"],
    }
