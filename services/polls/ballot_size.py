"""The largest possible ballot of a poll, in bytes: a write of up to 1 KB costs one unit.

Computes the size of the items that `services.adapters.dynamodb.ballot_items` writes, by DynamoDB's
rule ("Item sizes and formats"): names and values in UTF-8, two digits per byte, three bytes for a
list or a map and one for each of its entries. A test compares it with real items.
"""

from services.voting import schema
from services.voting.poll import MESSAGES_PER_BALLOT, Policy, Poll

WRITE_UNIT = 1024

_ROUND = 9_999
_SID = 34
_VOTER = 32
_MILLISECONDS = 8
_SECONDS = 6
_ENTRY = 1
_CONTAINER = 3
_COUNT = 2
"""Bytes of a number up to 99."""


def largest_ballot_bytes(poll: Poll) -> int:
    """Bytes of the largest item that the texts of one phone can create, in rounds below 10,000."""
    texts = {Policy.LAST: MESSAGES_PER_BALLOT, Policy.EACH: poll.limit}.get(poll.policy, 1)
    key = schema.ballot_pk(poll.id, _ROUND, poll.shards - 1)
    sid_in_key = 1 + _SID if poll.policy is Policy.UNLIMITED else 0
    kinds = min(texts, len(poll.choices)) if poll.policy is Policy.EACH else 1
    longest = sorted((len(choice.key) for choice in poll.choices), reverse=True)[:kinds]
    attributes = {
        "pk": len(key),
        "sk": _VOTER + sid_in_key,
        "picks": _CONTAINER + sum(_ENTRY + length + _COUNT for length in longest),
        "n": _COUNT,
        "sids": _CONTAINER + texts * (_ENTRY + _SID),
        "trail": texts,
        "board": len(schema.board_pk(poll.id, poll.visibility)),
        "round": 3,
        "cast_at": _MILLISECONDS,
        "changed_at": _MILLISECONDS,
        "writes": _COUNT,
        schema.BALLOT_EXPIRY: _SECONDS,
        **({schema.BALLOT_TIMES: 4 * texts} if poll.uses_closes_in else {}),
    }
    return sum(len(name) + size for name, size in attributes.items())
