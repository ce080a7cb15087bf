"""Twilio's connection overrides: read from a URL, written into one, and how long they last."""

import pytest

from services.adapters.twilio.client import TwilioError
from services.adapters.twilio.overrides import WANTED_OVERRIDES, ConnectionOverrides

WEBHOOK = "https://votes.example.com/sms"


def parse(fragment: str) -> ConnectionOverrides:
    """The overrides of a URL with this fragment."""
    return ConnectionOverrides.parse(f"{WEBHOOK}#{fragment}")


def test_without_a_fragment_twilio_tries_once_more_if_it_cannot_connect() -> None:
    """Two attempts to connect of 5 s each, and 15 s in all, as Twilio's error 11205 says."""
    overrides = ConnectionOverrides.parse(WEBHOOK)

    assert (overrides.retry_count, overrides.retry_policy) == (1, ("ct",))
    assert (overrides.connect_ms, overrides.read_ms, overrides.total_ms) == (5_000, 15_000, 15_000)
    assert overrides.fragment == ""
    assert overrides.add_to(WEBHOOK) == WEBHOOK


def test_every_setting_is_read() -> None:
    """In any order."""
    overrides = parse("tt=12000&rp=5xx,ct&ct=300&rc=2&rt=4000")

    assert (overrides.retry_count, overrides.retry_policy) == (2, ("5xx", "ct"))
    assert (overrides.connect_ms, overrides.read_ms, overrides.total_ms) == (300, 4_000, 12_000)


@pytest.mark.parametrize(
    ("fragment", "written"),
    [
        ("rc=3&rp=all&ct=500&rt=3200", "rc=3&rp=all&ct=500&rt=3200"),
        ("rt=3200&rc=3", "rc=3&rt=3200"),
        ("rc=1&rp=ct&ct=5000&rt=15000&tt=15000", ""),
        ("e=dublin,ashburn&rc=2&sni=y", "rc=2&e=dublin,ashburn&sni=y"),
        ("anchor", "anchor"),
        ("", ""),
    ],
)
def test_what_is_written_means_what_was_read(fragment: str, written: str) -> None:
    """Defaults are left out, and pairs that are none of these settings stay as they are."""
    overrides = parse(fragment)

    assert overrides.fragment == written
    assert parse(written) == overrides


@pytest.mark.parametrize(
    ("fragment", "named"),
    [
        ("rc=6", "rc: 6: take a whole number from 0 to 5 (retries)"),
        ("rc=-1", "rc: -1: take a whole number from 0 to 5 (retries)"),
        ("rc=", "rc: : take a whole number from 0 to 5 (retries)"),
        ("rc=two", "rc: two: take a whole number from 0 to 5 (retries)"),
        ("ct=99", "ct: 99: take a whole number from 100 to 10000 (milliseconds)"),
        ("ct=10001", "ct: 10001: take a whole number from 100 to 10000 (milliseconds)"),
        ("rt=99", "rt: 99: take a whole number from 100 to 15000 (milliseconds)"),
        ("rt=15001", "rt: 15001: take a whole number from 100 to 15000 (milliseconds)"),
        ("tt=0.5", "tt: 0.5: take a whole number from 100 to 15000 (milliseconds)"),
        ("tt=15001", "tt: 15001: take a whole number from 100 to 15000 (milliseconds)"),
        ("tt=99", "tt: 99: take a whole number from 100 to 15000 (milliseconds)"),
        ("rp=often", "rp: often: take some of 4xx, 5xx, ct, rt, all, separated by commas"),
        ("rp=5xx,", "rp: 5xx,: take some of 4xx, 5xx, ct, rt, all, separated by commas"),
        ("rc=1&rc=2", "rc: 2: given twice in the URL's fragment; leave one"),
    ],
)
def test_a_value_outside_twilios_bounds_is_named(fragment: str, named: str) -> None:
    """With the bounds."""
    with pytest.raises(TwilioError) as refused:
        parse(fragment)

    assert str(refused.value) == named


@pytest.mark.parametrize(
    ("fragment", "field", "value"),
    [
        ("rc=0", "retry_count", 0), ("rc=5", "retry_count", 5),
        ("ct=100", "connect_ms", 100), ("ct=10000", "connect_ms", 10_000),
        ("rt=100", "read_ms", 100), ("rt=15000", "read_ms", 15_000),
        ("tt=100", "total_ms", 100), ("tt=15000", "total_ms", 15_000),
    ],
)  # fmt: skip
def test_the_bounds_themselves_are_allowed(fragment: str, field: str, value: int) -> None:
    """Twilio gives them as minimum and maximum."""
    assert getattr(parse(fragment), field) == value


def test_a_wrong_value_is_refused_without_a_url_as_well() -> None:
    """A constant in the code is held to the same bounds."""
    with pytest.raises(TwilioError, match="ct: 99"):
        ConnectionOverrides(connect_ms=99)
    with pytest.raises(TwilioError, match="rp"):
        ConnectionOverrides(retry_policy=())


@pytest.mark.parametrize(
    ("fragment", "worst_case_ms", "all_fit"),
    [
        ("", 15_000, False),
        ("rc=0", 15_000, False),
        ("rc=0&rt=4000", 9_000, True),
        ("rc=3&rp=all&ct=500&rt=3200", 14_800, True),
        ("rc=3&rp=all&ct=500&rt=3250", 15_000, True),
        ("rc=3&rp=all&ct=500&rt=3251", 15_000, False),
        ("rc=3&rp=all&ct=500&rt=3200&tt=8000", 8_000, False),
        ("rc=5&rp=all&ct=10000", 15_000, False),
    ],
)
def test_attempts_last_as_long_as_their_limits_or_as_the_total(
    fragment: str,
    worst_case_ms: int,
    all_fit: bool,  # noqa: FBT001
) -> None:
    """Each attempt may take its time to connect and its time to answer."""
    overrides = parse(fragment)

    assert overrides.worst_case_ms == worst_case_ms
    assert overrides.all_attempts_fit is all_fit


def test_the_wanted_settings_make_four_attempts_within_fifteen_seconds() -> None:
    """4 x (0.5 s + 3.2 s) = 14.8 s, and an answer may take the webhook's 3 s and 0.2 s on its way."""
    assert WANTED_OVERRIDES.fragment == "rc=3&rp=all&ct=500&rt=3200"
    assert WANTED_OVERRIDES.worst_case_ms == 14_800
    assert WANTED_OVERRIDES.all_attempts_fit


def test_the_wanted_settings_replace_those_that_a_url_has() -> None:
    """A URL has one fragment."""
    assert WANTED_OVERRIDES.add_to(f"{WEBHOOK}?a=1#rc=5&e=dublin") == (
        f"{WEBHOOK}?a=1#rc=3&rp=all&ct=500&rt=3200"
    )


@pytest.mark.parametrize(
    ("fragment", "failures"),
    [
        ("", {"ct"}),
        ("rc=3", {"ct"}),
        ("rc=0&rp=all", set()),
        ("rp=4xx,rt", {"4xx", "rt"}),
        ("rp=all", {"4xx", "5xx", "ct", "rt"}),
    ],
)
def test_twilio_tries_again_after_the_failures_that_the_policy_names(
    fragment: str, failures: set[str]
) -> None:
    """Of the four kinds."""
    overrides = parse(fragment)

    assert {f for f in ("4xx", "5xx", "ct", "rt") if overrides.retries_after(f)} == failures
