"""What a program is told by its environment, read once, at its entry point.

The stack fills a function's environment from `to_env()`, so a variable that is missing
there is a type error before it is a failed deploy. Imports the standard library only.
"""

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Self


class SettingsError(Exception):
    """The environment lacks a variable, or holds one that cannot be used."""

    def __init__(self, variable: str, value: str | None, remedy: str) -> None:
        self.variable = variable
        self.value = value
        self.remedy = remedy
        shown = "is not set" if value is None else f"is {value!r}"
        super().__init__(f"{variable} {shown}: {remedy}")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Settings:
    """Fields are environment variables in lower case; a field with a default is optional."""

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> Self:
        """Read the fields from an environment; an empty variable counts as not set.

        Raises:
            SettingsError: a required variable is missing.
        """
        found = {
            field.name: environ[field.name.upper()]
            for field in fields(cls)
            if environ.get(field.name.upper())
        }
        for field in fields(cls):
            if field.default is MISSING and field.name not in found:
                raise SettingsError(field.name.upper(), None, "name it in the environment")
        return cls(**found)

    def to_env(self) -> dict[str, str]:
        """The variables that `from_env` reads back as the same settings."""
        values = {field.name.upper(): getattr(self, field.name) for field in fields(self)}
        return {name: value for name, value in values.items() if value is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookSettings(_Settings):
    """Of the webhook. The secrets come from `SECRET_ARN`, or both from the environment."""

    votes_table: str
    aggregates_table: str
    secret_arn: str | None = None
    twilio_auth_token: str | None = None
    voter_pepper: str | None = None
    public_base_url: str | None = None

    def __post_init__(self) -> None:
        if not self.secret_arn and not (self.twilio_auth_token and self.voter_pepper):
            raise SettingsError(
                "SECRET_ARN", None, "name a secret, or set TWILIO_AUTH_TOKEN and VOTER_PEPPER"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class AggregatorSettings(_Settings):
    """Of the aggregator. `stream_shard_id` only where an emulator's events carry none.

    `powertools_metrics_namespace` keeps the metrics of two stages in one account apart.
    """

    aggregates_table: str
    stream_shard_id: str | None = None
    powertools_metrics_namespace: str = "VoteApp"


@dataclass(frozen=True, slots=True, kw_only=True)
class PollsSettings(_Settings):
    """Of the function that applies the polls at deploy.

    `default_number` (E.164) is shown for polls that answer on all numbers of the account.
    """

    votes_table: str
    aggregates_table: str
    default_number: str | None = None
