"""The doctor on the number at Twilio."""

from dataclasses import replace

import pytest

from services.adapters.twilio.client import TwilioError
from services.adapters.twilio.numbers import Delivery
from services.tools.doctor.finding import CheckStatus, Finding
from services.tools.doctor.number import check_number

HOOK = "https://api.example.com/sms"
RIGHT = Delivery(
    number="+15550100177", sid="PN", url=HOOK + "#rc=3&rp=all&ct=500&rt=3200", method="POST"
)


class Held:
    """An account with one number."""

    def __init__(self, delivery: Delivery | None) -> None:
        self.delivery = delivery

    def find(self, number: str) -> Delivery:
        """The number, or that there is none."""
        if self.delivery is None:
            raise TwilioError("number", number, "not a number of this account")
        return self.delivery


def examine(**changed: object) -> Finding:
    """The finding on a number that is right but for something."""
    delivery = replace(RIGHT, **changed)  # type: ignore[arg-type]
    return check_number(Held(delivery), RIGHT.number, HOOK)


def test_a_connected_number_is_fine() -> None:
    """URL, method, retries."""
    assert examine().verdict is CheckStatus.OK


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"url": "https://demo.twilio.com/welcome/sms/reply"}, "demo.twilio.com"),
        ({"url": ""}, "nowhere"),
        ({"method": "GET"}, "GET"),
        ({"application_sid": "AP1"}, HOOK),
        ({"service_takes_texts": True, "service_name": "Evenings"}, "Evenings"),
    ],
)
def test_a_number_whose_texts_go_elsewhere_is_found(changed: dict[str, object], named: str) -> None:
    """With the command that connects it."""
    finding = examine(**changed)

    assert finding.verdict is CheckStatus.FAILED
    assert named in finding.detail
    assert "voteapp connect --number +15550100177" in finding.remedy


@pytest.mark.parametrize("fragment", ["", "#rc=0&rp=all", "#rc=3", "#ct=2000"])
def test_a_number_without_retries_is_doubtful(fragment: str) -> None:
    """A failure of a moment would lose a vote."""
    assert examine(url=HOOK + fragment).verdict is CheckStatus.WARNING


def test_a_number_that_the_account_does_not_have_is_found() -> None:
    """The screen shows a number that leads nowhere."""
    assert check_number(Held(None), RIGHT.number, HOOK).verdict is CheckStatus.FAILED


def test_without_a_number_on_the_screen_nobody_knows_where_to_text() -> None:
    """Or without credentials nobody can ask."""
    assert check_number(Held(RIGHT), None, HOOK).verdict is CheckStatus.FAILED
    assert check_number(None, RIGHT.number, HOOK).verdict is CheckStatus.SKIPPED


FALLBACK = "https://rest.example.com/fallback/sms"


@pytest.mark.parametrize(
    ("changed", "verdict"),
    [
        ({}, CheckStatus.WARNING),
        ({"fallback_url": FALLBACK, "fallback_method": "POST"}, CheckStatus.OK),
        ({"fallback_url": FALLBACK, "fallback_method": "GET"}, CheckStatus.WARNING),
        ({"fallback_url": HOOK, "fallback_method": "POST"}, CheckStatus.WARNING),
    ],
)
def test_a_number_must_lead_to_the_fallback(
    changed: dict[str, object], verdict: CheckStatus
) -> None:
    """Or texts are lost for the evening while the webhook is down."""
    delivery = replace(RIGHT, **changed)  # type: ignore[arg-type]

    assert check_number(Held(delivery), RIGHT.number, HOOK, FALLBACK).verdict is verdict


@pytest.mark.parametrize("fragment", ["rc=3&rp=all", "rc=3&rp=all&ct=500&rt=8000"])
def test_attempts_that_do_not_fit_into_twilios_time_are_found(fragment: str) -> None:
    """After a slow failure there would be no time for the others."""
    finding = examine(url=f"{HOOK}#{fragment}")

    assert finding.verdict is CheckStatus.WARNING
    assert "4 slow attempts do not fit into Twilio's 15 s" in finding.detail
    assert "voteapp connect --number +15550100177" in finding.remedy
