"""What the world may do with the credentials that the page hands out: read boards, only."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from services.tools.doctor.finding import RESTORE, Finding, failed, ok, ok_or_failed, skipped
from services.voting import schema

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_NEVER: Final = "attribute_exists(pk) AND attribute_not_exists(pk)"
"""No item satisfies it: a write that is allowed is found out, and still writes nothing."""

_REFUSED: Final = frozenset({"AccessDeniedException", "AccessDenied", "UnauthorizedOperation"})
_ATTRIBUTES: Final = ("sk", "question", "state")
_REMEDY: Final = f"has somebody changed the guests' role by hand? Then {RESTORE}"


def check_reading(guest: "DynamoDBClient", table: str, poll: str) -> Finding:
    """A guest gets the face of a poll, as the page asks for it."""
    try:
        rows = guest.query(**_board_query(table, schema.board_pk(poll, "open")))["Items"]
    except ClientError as error:
        code = error.response["Error"]["Code"]
        return failed("guests read", f"refused ({code}): the screen stays empty", _REMEDY)
    if not any("question" in row for row in rows):
        return failed("guests read", f"poll {poll} has no face", "voteapp poll apply")
    return ok("guests read", f"the board of {poll}")


def check_only_reading(
    guest: "DynamoDBClient", *, votes: str, aggregates: str, emulated: bool = False
) -> Finding:
    """A guest is refused whatever else there is to try. No try changes anything.

    An emulator that refuses nothing at all enforces no permissions, and proves nothing.
    """
    calls = _forbidden_calls(guest, votes, aggregates)
    allowed = [what for what, call in calls.items() if not _is_refused(call)]
    if emulated and len(allowed) == len(calls):
        return skipped("guests only read", "the emulator lets everybody do everything")
    problems = [f"a guest may {what}" for what in allowed]
    return ok_or_failed("guests only read", problems, f"{len(calls)} other calls refused", _REMEDY)


def _forbidden_calls(
    guest: "DynamoDBClient", votes: str, aggregates: str
) -> dict[str, Callable[[], Any]]:
    key = {
        schema.PARTITION_KEY: {"S": schema.board_pk("doctor", "open")},
        schema.SORT_KEY: {"S": "doctor"},
    }
    never: dict[str, Any] = {"ConditionExpression": _NEVER}
    whole = _board_query(aggregates, schema.board_pk("doctor", "open"))
    for narrowing in ("Select", "ProjectionExpression", "ExpressionAttributeNames"):
        del whole[narrowing]
    return {
        "put a row": lambda: guest.put_item(TableName=aggregates, Item=key, **never),
        "change a row": lambda: guest.update_item(
            TableName=aggregates,
            Key=key,
            UpdateExpression="SET voters = :none",
            ExpressionAttributeValues={":none": {"N": "0"}},
            **never,
        ),
        "delete a row": lambda: guest.delete_item(TableName=aggregates, Key=key, **never),
        "scan the boards": lambda: guest.scan(TableName=aggregates, Limit=1),
        "read the directory": lambda: guest.query(**_board_query(aggregates, schema.DIRECTORY_PK)),
        "read a sealed board": lambda: guest.query(
            **_board_query(aggregates, schema.board_pk("doctor", "sealed"))
        ),
        "read whole rows": lambda: guest.query(**whole),
        "read ballots": lambda: guest.query(**_board_query(votes, "doctor:1#0")),
        "scan the ballots": lambda: guest.scan(TableName=votes, Limit=1),
        "put a ballot": lambda: guest.put_item(TableName=votes, Item=key, **never),
    }


def _board_query(table: str, pk: str) -> dict[str, Any]:
    """The arguments of the page's own query, shortened."""
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
    """A condition that failed was reached, so the call was allowed.

    Raises:
        ClientError: neither allowed nor refused, as when AWS is throttled.
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
    """A guest's credentials as the page gets them, by the names boto3 takes."""
    given = cognito.get_credentials_for_identity(IdentityId=identity_id)["Credentials"]
    return {
        "aws_access_key_id": given["AccessKeyId"],
        "aws_secret_access_key": given["SecretKey"],
        "aws_session_token": given["SessionToken"],
    }
