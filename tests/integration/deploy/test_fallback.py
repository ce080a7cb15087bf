"""The second way in: a text whose webhook is down goes to the queue, and is counted from there."""

import json

import pytest

from tests.integration.deploy.steps import eventually, phone, sid
from tests.support.strict_cloud import Cloud

pytestmark = pytest.mark.cloud


def picks(cloud: Cloud, text: str) -> list[list[str]]:
    """The choices that each ballot holding this text counts for."""
    items = cloud.client("dynamodb").scan(TableName=cloud.outputs["VotesTable"])["Items"]
    return [sorted(item["picks"]["M"]) for item in items if text in json.dumps(item)]


def test_a_text_that_only_the_fallback_took_is_counted(cloud: Cloud) -> None:
    """It is answered before it is counted, and the screen shows it."""
    before, text = sum(cloud.counts().values()), sid()

    status, answer = cloud.fallback_text(phone(), "blue", text)

    assert status == 200
    assert "<Message>Your text has arrived. If it is a vote, it will be counted." in answer
    assert eventually(lambda: sum(cloud.counts().values()) == before + 1, seconds=30)
