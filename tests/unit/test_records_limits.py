"""The largest possible image is counted, and a larger one is bad."""

from typing import Any

import pytest

from lambdas.aggregator.records import changes_of
from services.adapters.dynamodb.ballot_items import item_of
from services.voting.ballot import cast
from tests.support.polls import a_round, a_vote

RED = item_of(cast(a_round(), None, a_vote("RED")).ballot)  # type: ignore[arg-type]


def image(**changed: Any) -> dict[str, Any]:
    """The image of a vote for red, with other attributes."""
    return {**RED, **changed}


def counting(**counts: Any) -> dict[str, Any]:
    """An image with these votes."""
    return image(picks={"M": {choice: {"N": str(count)} for choice, count in counts.items()}})


def bad(image: dict[str, Any]) -> int:
    """The `bad` of the first record of a ballot."""
    (change,), lost = changes_of([{"dynamodb": {"SequenceNumber": "1" * 21, "NewImage": image}}])
    assert lost == 0
    return change.bad


LARGEST = [
    image(board={"S": f"open#{'a' * 24}"}),
    image(board={"S": f"sealed#{'0' * 23}-"}),
    image(round={"N": "1000000000000"}),
    image(changed_at={"N": "100000000000000"}),
    counting(**{"A" * 16: 1}),
    counting(RED=20),
    counting(RED=1_000),
    counting(**{f"CHOICE-{number}": 1 for number in range(24)}),
]
TOO_LARGE = [
    image(board={"S": f"open#{'a' * 25}"}),
    image(board={"S": "open#colors/x"}),
    image(board={"S": "other#colors"}),
    image(board={"S": "directory"}),
    image(round={"N": "1000000000001"}),
    image(round={"N": "-1"}),
    image(changed_at={"N": "100000000000001"}),
    counting(**{"A" * 17: 1}),
    counting(red=1),
    counting(RED=1_001),
    counting(RED=-1),
    counting(**{f"CHOICE-{number}": 1 for number in range(25)}),
]


@pytest.mark.parametrize("image", LARGEST)
def test_whatever_a_poll_may_be_called_and_hold_is_counted(image: dict[str, Any]) -> None:
    """Ids have up to 24 characters, keys of choices up to 16, ballots up to 20 votes."""
    assert bad(image) == 0


@pytest.mark.parametrize("image", TOO_LARGE)
def test_what_no_webhook_writes_is_bad(image: dict[str, Any]) -> None:
    """Writing such counts would fail forever and block the stream shard."""
    assert bad(image) == 1
