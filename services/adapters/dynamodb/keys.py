"""Primary keys in the wire format, and the queries and conditions that several adapters share."""

from collections.abc import Mapping
from typing import Any, Final

from services.voting.schema import PARTITION_KEY, SORT_KEY

IS_NEW: Final = f"attribute_not_exists({PARTITION_KEY})"
"""Condition: there is no item under the key."""

ALL: Final = f"{PARTITION_KEY} = :pk"
EXACT: Final = f"{ALL} AND {SORT_KEY} = :sk"
FROM: Final = f"{ALL} AND {SORT_KEY} >= :sk"
BELOW: Final = f"{ALL} AND {SORT_KEY} < :sk"
PREFIX: Final = f"{ALL} AND begins_with({SORT_KEY}, :sk)"
"""Key conditions: which items of a partition a query reads."""


def key_of(pk: str, sk: str) -> dict[str, dict[str, str]]:
    """Build a primary key."""
    return {PARTITION_KEY: {"S": pk}, SORT_KEY: {"S": sk}}


def pk_of(item: Mapping[str, Any]) -> str:
    """Read the partition key of an item."""
    return str(item[PARTITION_KEY]["S"])


def sk_of(item: Mapping[str, Any]) -> str:
    """Read the sort key of an item."""
    return str(item[SORT_KEY]["S"])


def query(table: str, pk: str, condition: str = ALL, sk: str | None = None) -> dict[str, Any]:
    """Build the arguments of a query of one partition."""
    values = {":pk": {"S": pk}} | ({} if sk is None else {":sk": {"S": sk}})
    return {
        "TableName": table,
        "KeyConditionExpression": condition,
        "ExpressionAttributeValues": values,
    }
