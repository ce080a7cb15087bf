"""The second way in: a text whose webhook is down goes to the queue, and is counted from there."""

import pytest

from tests.integration.deploy.steps import eventually, held, phone, sid, waiting
from tests.support.strict_cloud import Cloud

pytestmark = pytest.mark.cloud


def test_a_text_that_only_the_fallback_took_is_counted(cloud: Cloud) -> None:
    """It is answered before it is counted, and the screen shows it."""
    before, text = sum(cloud.counts().values()), sid()

    status, answer = cloud.fallback_text(phone(), "blue", text)

    assert status == 200
    assert "<Message>Your text has arrived. If it is a vote, it will be counted." in answer
    assert eventually(lambda: sum(cloud.counts().values()) == before + 1, seconds=30)


def test_a_text_that_both_ways_took_is_counted_once(cloud: Cloud) -> None:
    """Twilio gave the webhook up, which counted it all the same."""
    voter, text = phone(), sid()
    before = sum(cloud.counts().values())

    assert cloud.text(voter, "red", text) == 200
    assert cloud.fallback_text(voter, "red", text)[0] == 200
    assert cloud.fallback_text(voter, "red", text)[0] == 200

    assert eventually(lambda: waiting(cloud) == 0)
    assert held(cloud, text) == 1
    assert eventually(lambda: sum(cloud.counts().values()) == before + 1)


def test_a_forged_text_is_answered_alike_and_dropped(cloud: Cloud) -> None:
    """The answer tells a forger nothing."""
    text = sid()

    status, answer = cloud.fallback_text(phone(), "red", text, token="another token")

    assert (status, "Your text has arrived." in answer) == (200, True)
    assert eventually(lambda: waiting(cloud) == 0)
    assert held(cloud, text) == 0
