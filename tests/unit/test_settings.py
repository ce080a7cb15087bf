"""The environment, read once."""

import pytest

from services.settings import AggregatorSettings, PollsSettings, SettingsError, WebhookSettings

FULL = {"VOTES_TABLE": "V", "AGGREGATES_TABLE": "A", "SECRET_ARN": "arn"}


def test_settings_survive_the_way_through_the_environment() -> None:
    """What the stack writes is what the program reads."""
    webhook = WebhookSettings(votes_table="V", aggregates_table="A", secret_arn="arn")
    aggregator = AggregatorSettings(aggregates_table="A", stream_shard_id="s")

    assert webhook.to_env() == FULL
    assert WebhookSettings.from_env(webhook.to_env()) == webhook
    assert AggregatorSettings.from_env(aggregator.to_env()) == aggregator
    assert PollsSettings.from_env({"AGGREGATES_TABLE": "A"}).default_number is None


@pytest.mark.parametrize("name", FULL)
@pytest.mark.parametrize("empty", [True, False])
def test_a_missing_or_empty_variable_is_named(name: str, empty: bool) -> None:  # noqa: FBT001
    """With what to do about it."""
    environ = {k: v for k, v in FULL.items() if k != name} | ({name: ""} if empty else {})

    with pytest.raises(SettingsError, match=name):
        WebhookSettings.from_env(environ)


def test_both_secrets_may_come_from_the_environment() -> None:
    """One alone may not."""
    both = FULL | {"SECRET_ARN": "", "TWILIO_AUTH_TOKEN": "t", "VOTER_PEPPER": "p"}

    assert WebhookSettings.from_env(both).voter_pepper == "p"
    with pytest.raises(SettingsError, match="SECRET_ARN"):
        WebhookSettings.from_env(both | {"VOTER_PEPPER": ""})
