"""Numbers and messaging services of an account that has several of both."""

from dataclasses import dataclass

import pytest

from services.adapters.twilio.client import TwilioError
from services.adapters.twilio.numbers import Delivery, TwilioNumbers, desired_delivery
from tests.support.twilio_api import Account
from tests.support.twilio_in_process import twilio_client

WEBHOOK = "https://votes.example.com/sms"
SHORT, LONG, OTHER = "+1555010017", "+15550100177", "+15550100188"


@dataclass
class Bought:
    """An account with three numbers, one of which begins like another."""

    account: Account
    long: str
    short: str
    other: str

    @property
    def numbers(self) -> TwilioNumbers:
        """The adapter over it."""
        return TwilioNumbers(twilio_client(self.account))


@pytest.fixture
def bought() -> Bought:
    """The number that is asked for is never the first one of the list."""
    account = Account()
    long = account.add_number(LONG)
    return Bought(account, long, account.add_number(SHORT), account.add_number(OTHER))


def urls(bought: Bought) -> dict[str, str]:
    """Where each number's texts go."""
    return {one["phone_number"]: one["sms_url"] for one in bought.account.numbers.values()}


def test_a_number_is_found_whole_and_not_by_its_beginning(bought: Bought) -> None:
    """Twilio answers with every number that begins so."""
    assert bought.numbers.find(SHORT).sid == bought.short
    assert bought.numbers.find(LONG).sid == bought.long


def test_a_number_that_only_begins_like_one_is_not_one(bought: Bought) -> None:
    """Those that there are are named."""
    del bought.account.numbers[bought.short]

    with pytest.raises(TwilioError) as refused:
        bought.numbers.find(SHORT)

    assert refused.value.key == "number"
    assert f"it has: {LONG}, {OTHER}" in str(refused.value)


def test_one_number_is_pointed_and_the_others_stay(bought: Bought) -> None:
    """By its own sid."""
    before = urls(bought)
    bought.numbers.point(bought.numbers.find(SHORT), WEBHOOK)

    assert urls(bought) == {**before, SHORT: f"{WEBHOOK}#rc=3&rp=all&ct=500&rt=3200"}


def test_every_failure_is_tried_again_three_times() -> None:
    """A 5xx, a 429 and a connection that fails, as `rp=all` says; what follows the # is not sent."""
    wanted = desired_delivery(Delivery(number=LONG, sid="PN", url="", method=""), WEBHOOK)

    assert wanted.url == "https://votes.example.com/sms#rc=3&rp=all&ct=500&rt=3200"
    assert wanted.method == "POST"
    assert wanted.reaches(WEBHOOK)
    assert wanted.retries
    assert wanted.overrides.worst_case_ms == 14_800


@pytest.mark.parametrize(
    ("fragment", "retries"),
    [
        ("", False), ("#rc=3", False), ("#rc=3&rp=ct", False), ("#rc=0&rp=all", False),
        ("#rc=6&rp=all", False), ("#rc=31&rp=all", False), ("#arc=3&arp=all", False),
        ("#rc=3&rp=5xx,often", False), ("#rp=all", True), ("#arc=3&rp=all", True),
        ("#rc=1&rp=5xx", True), ("#rp=all&rc=5", True), ("#ct=2000&rc=2&rp=all", True),
    ],
)  # fmt: skip
def test_retries_are_those_that_the_url_asks_for(fragment: str, retries: bool) -> None:  # noqa: FBT001
    """One to five, after more than a failed connection; once if no number is given."""
    delivery = Delivery(number=LONG, sid="PN", url=f"{WEBHOOK}{fragment}", method="POST")

    assert delivery.retries is retries


@pytest.mark.parametrize(
    ("changes", "reaches"),
    [
        ({}, True),
        ({"url": f"{WEBHOOK}#rc=3&rp=all"}, True),
        ({"url": f"{WEBHOOK}/"}, False),
        ({"url": f"{WEBHOOK}?a=1"}, False),
        ({"method": "GET"}, False),
        ({"application_sid": "AP1"}, False),
        ({"service_takes_texts": True}, False),
        ({"service_sid": "MG1"}, True),
    ],
)
def test_texts_reach_a_webhook_if_nothing_comes_before_it(
    changes: dict[str, object],
    reaches: bool,  # noqa: FBT001
) -> None:
    """The right URL and method; neither an application nor a service that takes the texts."""
    fields = {"number": LONG, "sid": "PN", "url": WEBHOOK, "method": "POST"} | changes
    delivery = Delivery(**fields)  # type: ignore[arg-type]

    assert delivery.reaches(WEBHOOK) is reaches


def test_of_two_services_the_one_with_the_number_is_meant(bought: Bought) -> None:
    """And that one is changed, not the first of the account."""
    first = bought.account.add_service(bought.other, leaves_texts_to_number=False)
    second = bought.account.add_service(bought.long, bought.short, leaves_texts_to_number=False)
    found = bought.numbers.find(SHORT)
    bought.numbers.point(found, WEBHOOK)

    services = bought.account.services
    assert (found.service_sid, found.service_takes_texts) == (second, True)
    assert services[second]["use_inbound_webhook_on_number"] is True
    assert services[first]["use_inbound_webhook_on_number"] is False


def test_a_number_in_no_service_has_none(bought: Bought) -> None:
    """Although the account has one."""
    bought.account.add_service(bought.other, leaves_texts_to_number=False)
    found = bought.numbers.find(LONG)

    assert (found.service_sid, found.service_name, found.service_takes_texts) == ("", "", False)


def test_a_number_in_an_application_is_taken_out_of_it(bought: Bought) -> None:
    """An application takes the texts before the number's own URL does."""
    bought.account.numbers[bought.long]["sms_application_sid"] = "AP1"
    found = bought.numbers.find(LONG)
    bought.numbers.point(found, WEBHOOK)

    assert found.application_sid == "AP1"
    assert bought.account.numbers[bought.long]["sms_application_sid"] == ""


def test_pointing_twice_changes_nothing(bought: Bought) -> None:
    """Nothing is sent the second time."""
    bought.account.add_service(bought.long, leaves_texts_to_number=False)
    bought.numbers.point(bought.numbers.find(LONG), WEBHOOK)
    changes = len(bought.account.changes())
    bought.numbers.point(bought.numbers.find(LONG), WEBHOOK)

    assert len(bought.account.changes()) == changes == 2


def test_a_number_without_sms_is_refused(bought: Bought) -> None:
    """It would be connected, and never a text would come."""
    bought.account.numbers[bought.long]["capabilities"]["sms"] = False

    with pytest.raises(TwilioError, match="cannot receive texts"):
        bought.numbers.find(LONG)


def test_what_is_wanted_keeps_number_and_service_and_drops_the_application() -> None:
    """Posted to the webhook, with its retries."""
    before = Delivery(
        number="+15550100177",
        sid="PN1",
        url="https://old.example.com",
        method="GET",
        application_sid="AP1",
        service_sid="MG1",
        service_name="Votes",
    )
    wanted = desired_delivery(before, "https://votes.example.com/sms")

    assert wanted.url.startswith("https://votes.example.com/sms#")
    assert (wanted.number, wanted.sid, wanted.method) == ("+15550100177", "PN1", "POST")
    assert (wanted.application_sid, wanted.service_sid, wanted.service_name) == ("", "MG1", "Votes")


FALLBACK = "https://rest.example.com/fallback/sms"


def test_a_number_is_pointed_at_the_fallback_too(bought: Bought) -> None:
    """And back, by a deployment that has none."""
    found = bought.numbers.find(SHORT)
    bought.numbers.point(found, WEBHOOK, FALLBACK)
    pointed = bought.numbers.find(SHORT)
    bought.numbers.point(pointed, WEBHOOK)

    assert pointed.falls_back_to(FALLBACK)
    assert not found.falls_back_to(FALLBACK)
    assert bought.numbers.find(SHORT).fallback_url == ""
