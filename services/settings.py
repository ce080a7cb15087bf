"""Settings that programs read from environment variables, once, at their entry point.

The stack fills a function's environment from `to_env()`, so a missing variable is a type error
before it is a failed deploy.
"""

import re
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from typing import Self

LEAST_PEPPER_CHARACTERS = 32
"""Hashes of all phone numbers can be tried in seconds; the pepper must be impossible to guess."""

_BASE_URL = re.compile(
    r"https?://(?:[^/?#@\s]+@)?(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?(?:/[^?#\s]*)?"
)


class SettingsError(Exception):
    """An environment variable is missing or has an invalid value.

    `problem` replaces the value in the message where the value is a secret.
    """

    def __init__(
        self, variable: str, value: str | None, remedy: str, *, problem: str | None = None
    ) -> None:
        self.variable = variable
        self.value = value
        self.remedy = remedy
        shown = problem or ("is not set" if value is None else f"is {value!r}")
        super().__init__(f"{variable} {shown}: {remedy}")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Settings:
    """Fields are environment variables in lower case; a field with a default is optional."""

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> Self:
        """Read the settings from an environment; an empty variable counts as not set.

        Raises:
            SettingsError: a required variable is missing.
        """
        found = {
            setting.name: environ[setting.name.upper()]
            for setting in fields(cls)
            if environ.get(setting.name.upper())
        }
        for setting in fields(cls):
            if setting.default is MISSING and setting.name not in found:
                raise SettingsError(setting.name.upper(), None, "set it in the environment")
        return cls(**found)

    def to_env(self) -> dict[str, str]:
        """Return the environment variables from which `from_env` reads the same settings."""
        values = {setting.name.upper(): getattr(self, setting.name) for setting in fields(self)}
        return {name: value for name, value in values.items() if value is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookSettings(_Settings):
    """Settings of the webhook; both secrets come from `SECRET_ARN` or from the environment."""

    votes_table: str
    polls_table: str
    secret_arn: str | None = None
    twilio_auth_token: str | None = field(default=None, repr=False)
    voter_pepper: str | None = field(default=None, repr=False)
    public_base_url: str | None = None

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> Self:
        """Read the settings and check the URL, which is not known yet when the stack is built.

        Raises:
            SettingsError: a variable is missing, or `PUBLIC_BASE_URL` is not a URL.
        """
        settings = super(WebhookSettings, cls).from_env(environ)
        if settings.public_base_url and not _BASE_URL.fullmatch(settings.public_base_url):
            remedy = "write it as https://votes.example.com"
            raise SettingsError("PUBLIC_BASE_URL", settings.public_base_url, remedy)
        return settings

    def __post_init__(self) -> None:
        if not self.secret_arn and not (self.twilio_auth_token and self.voter_pepper):
            raise SettingsError(
                "SECRET_ARN", None, "name a secret, or set TWILIO_AUTH_TOKEN and VOTER_PEPPER"
            )
        if self.voter_pepper and len(self.voter_pepper) < LEAST_PEPPER_CHARACTERS:
            raise SettingsError(
                "VOTER_PEPPER", None, "set 32 random characters or more: openssl rand -hex 32",
                problem=f"is shorter than {LEAST_PEPPER_CHARACTERS} characters",
            )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class AggregatorSettings(_Settings):
    """Settings of the aggregator.

    `stream_shard_id` is for emulators whose events carry no shard id. The metrics namespace
    separates the stages in one account.
    """

    aggregates_table: str
    stream_shard_id: str | None = None
    powertools_metrics_namespace: str = "VoteApp"


@dataclass(frozen=True, slots=True, kw_only=True)
class PollsSettings(_Settings):
    """Settings of the function that applies the polls at deploy.

    `default_number` (E.164) is shown for polls that accept texts to every number of the account.
    """

    votes_table: str
    aggregates_table: str
    polls_table: str
    default_number: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayerSettings(_Settings):
    """Settings of the replayer. `fallback_url` is for emulators whose items name no host."""

    votes_table: str
    polls_table: str
    secret_arn: str
    queue_url: str
    fallback_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconcilerSettings(_Settings):
    """Settings of the scheduled reconciliation."""

    votes_table: str
    polls_table: str
    secret_arn: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MergerSettings(_Settings):
    """Settings of the nightly merge. `stream_arn` is that of the stream of ballots.

    `stream_shard_id` is what the aggregator of an emulator calls the only stream shard.
    """

    aggregates_table: str
    polls_table: str
    stream_arn: str
    stream_shard_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CanarySettings(_Settings):
    """Settings of the canary. `webhook_url` is the one that Twilio calls.

    `webhook_address` is for emulators, whose webhook is not to be reached at its URL.
    """

    votes_table: str
    aggregates_table: str
    polls_table: str
    secret_arn: str
    webhook_url: str
    webhook_address: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderSettings(_Settings):
    """Settings of the reader, which answers with boards as JSON."""

    aggregates_table: str
