"""The environment, read once."""

import pytest

from services.settings import AggregatorSettings, PollsSettings, SettingsError, WebhookSettings

FULL = {"VOTES_TABLE": "V", "POLLS_TABLE": "P", "SECRET_ARN": "arn"}


def test_settings_survive_the_way_through_the_environment() -> None:
    """What the stack writes is what the program reads."""
    webhook = WebhookSettings(votes_table="V", polls_table="P", secret_arn="arn")
    aggregator = AggregatorSettings(aggregates_table="A", stream_shard_id="s")

    assert webhook.to_env() == FULL
    assert WebhookSettings.from_env(webhook.to_env()) == webhook
    assert AggregatorSettings.from_env(aggregator.to_env()) == aggregator
    polls = {"VOTES_TABLE": "V", "AGGREGATES_TABLE": "A", "POLLS_TABLE": "P"}
    assert PollsSettings.from_env(polls).to_env() == polls
    assert PollsSettings.from_env(polls).default_number is None


@pytest.mark.parametrize("name", FULL)
@pytest.mark.parametrize("empty", [True, False])
def test_a_missing_or_empty_variable_is_named(name: str, empty: bool) -> None:  # noqa: FBT001
    """With what to do about it."""
    environ = {k: v for k, v in FULL.items() if k != name} | ({name: ""} if empty else {})

    with pytest.raises(SettingsError, match=name):
        WebhookSettings.from_env(environ)


def test_both_secrets_may_come_from_the_environment() -> None:
    """One alone may not."""
    both = FULL | {"SECRET_ARN": "", "TWILIO_AUTH_TOKEN": "t", "VOTER_PEPPER": "p" * 32}

    assert WebhookSettings.from_env(both).voter_pepper == "p" * 32
    with pytest.raises(SettingsError, match="SECRET_ARN"):
        WebhookSettings.from_env(both | {"VOTER_PEPPER": ""})


@pytest.mark.parametrize("pepper", ["weak word", "x" * 31])
def test_a_weak_pepper_is_refused_without_being_told(pepper: str) -> None:
    """At the start, also where a secret is named; the error names the variable alone."""
    with pytest.raises(
        SettingsError, match=r"VOTER_PEPPER is shorter than 32 .*openssl"
    ) as refused:
        WebhookSettings.from_env(FULL | {"VOTER_PEPPER": pepper})

    assert pepper not in str(refused.value)
    assert refused.value.value is None


def test_no_secret_is_shown_with_the_settings() -> None:
    """Whoever logs them."""
    settings = WebhookSettings.from_env(
        FULL | {"TWILIO_AUTH_TOKEN": "a-token", "VOTER_PEPPER": "a-pepper" * 4}
    )

    assert "a-token" not in repr(settings)
    assert "a-pepper" not in repr(settings)


@pytest.mark.parametrize(
    "url", ["votes.example.com", "https://", "https://[", "https://a:99999999", "ftp://a", "https://a b", "https://a/?b=1", "https://a/#b", "https://ä"],
)  # fmt: skip
def test_a_base_url_that_is_none_is_refused_at_the_start(url: str) -> None:
    """And not with every text."""
    with pytest.raises(SettingsError, match="PUBLIC_BASE_URL"):
        WebhookSettings.from_env(FULL | {"PUBLIC_BASE_URL": url})


@pytest.mark.parametrize(
    "url", ["https://votes.example.com", "http://127.0.0.1:8080/", "https://a/prefix", "http://[::1]:80", "https://user:word@a"],
)  # fmt: skip
def test_a_base_url_may_have_a_port_and_a_path(url: str) -> None:
    """Whatever Twilio calls."""
    assert WebhookSettings.from_env(FULL | {"PUBLIC_BASE_URL": url}).public_base_url == url
