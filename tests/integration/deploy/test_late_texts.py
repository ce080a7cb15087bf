"""Texts that no webhook took: counted from the fallback's queue, or from Twilio's log."""

import pytest

from tests.integration.deploy.steps import a_lost_text, eventually, held, phone, sid, waiting
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


def test_the_schedule_recovers_a_text_that_nobody_took(cloud: Cloud) -> None:
    """The rule calls the function: every hour here, and once a minute has been put instead, soon."""
    events = cloud.client("events")
    (rule,) = events.list_rules()["Rules"]
    text = a_lost_text(cloud, phone(), "plum")
    before = held(cloud, text)
    events.put_rule(Name=rule["Name"], ScheduleExpression="rate(1 minute)")
    recovered = eventually(lambda: held(cloud, text) == 1, seconds=90)
    events.put_rule(Name=rule["Name"], ScheduleExpression=rule["ScheduleExpression"])

    assert (rule["ScheduleExpression"], before) == ("rate(1 hour)", 0)
    assert recovered
