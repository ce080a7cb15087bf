"""What a program is told by its environment, read once, at its entry point.

The stack fills a function's environment from `to_env()`, so a variable that is missing
there is a type error before it is a failed deploy. Imports the standard library only.
"""

import re
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from typing import Self

LEAST_PEPPER_CHARACTERS = 32
"""All ten digits of a phone number can be tried in seconds; the pepper is what cannot be."""

_BASE_URL = re.compile(
    r"https?://(?:[^/?#@\s]+@)?(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?(?:/[^?#\s]*)?"
)


class SettingsError(Exception):
    """The environment lacks a variable, or holds one that cannot be used.

    `problem` says what is wrong where the value is a secret and must not be shown.
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
        """Read the fields from an environment; an empty variable counts as not set.

        Raises:
            SettingsError: a required variable is missing.
        """
        found = {
            one.name: environ[one.name.upper()]
            for one in fields(cls)
            if environ.get(one.name.upper())
        }
        for one in fields(cls):
            if one.default is MISSING and one.name not in found:
                raise SettingsError(one.name.upper(), None, "name it in the environment")
        return cls(**found)

    def to_env(self) -> dict[str, str]:
        """The variables that `from_env` reads back as the same settings."""
        values = {one.name.upper(): getattr(self, one.name) for one in fields(self)}
        return {name: value for name, value in values.items() if value is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookSettings(_Settings):
    """Of the webhook. The secrets come from `SECRET_ARN`, or both from the environment."""

    votes_table: str
    aggregates_table: str
    secret_arn: str | None = None
    twilio_auth_token: str | None = field(default=None, repr=False)
    voter_pepper: str | None = field(default=None, repr=False)
    public_base_url: str | None = None

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> Self:
        """As of all settings; the URL is checked here, since a stack does not know its own yet.

        Raises:
            SettingsError: a variable is missing, or the URL is none.
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
