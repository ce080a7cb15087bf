"""The options of a deploy: their names, values and defaults."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Final, Literal, Self

from services.tools.capacity.limits import NEW_TABLE_WRITES, write_units
from services.voting import gsm
from services.voting.addresses import E164

FALLBACK_REPLY: Final = "Your text has arrived. If it is a vote, it will be counted."
NO_REPLY: Final = "none"

_INTERVAL: Final = re.compile(r"([1-9]|[1-5][0-9]|60) minutes?")
_PATTERNS: Final = {
    "number": (E164, "write it as +15550100199"),
    "alarm_email": (r"[^@\s]+@[^@\s]+\.[^@\s]+", "give one e-mail address"),
    "domain": (
        r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}",
        "write it as vote.example.org",
    ),
    "certificate_arn": (
        r"arn:aws:acm:[a-z0-9-]+:[0-9]{12}:certificate/[A-Za-z0-9-]+",
        "give the ARN of a certificate in ACM, in the stack's region",
    ),
}
"""Regular expressions of options, and what to do about a value that does not match."""
_REMOVED: Final = {
    "expected_viewers": "reads are on demand now; max_reads_per_second limits them; leave this out"
}
"""What to do about options of older versions."""


class OptionError(Exception):
    """An option given with `-c` or in `cdk.json` is unknown or has an invalid value."""

    def __init__(self, option: str, value: object, remedy: str, *, source: str = "-c") -> None:
        self.option = option
        self.value = value
        self.remedy = remedy
        super().__init__(f"{source} {option}={value}: {remedy}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The options of `-c name=value`; each field is one, and all are optional."""

    number: str | None = None
    """E.164 number shown for polls that accept texts to every number of the account."""
    poll: str | None = None
    """Poll that the dashboard opens with; default: the first poll file."""
    webhook: Literal["lambda", "container"] = "lambda"
    shift: Literal["at_once", "gradual"] = "at_once"
    """How texts change to a new version of the Lambda webhook: see `infra/gradual_shift.py`."""
    fallback: Literal["on", "off"] = "on"
    """Whether texts go to a queue while the webhook is down."""
    fallback_reply: str = FALLBACK_REPLY
    """Reply to a text that went to the queue: one segment of GSM-7; `none` sends none."""
    reconcile: int = 0
    """Minutes from one scheduled reconciliation to the next, as "5 minutes"; 0 if it is off."""
    canary: int = 0
    """Minutes from one text of the canary to the next, as "5 minutes"; 0 if it is off."""
    alarm_email: str | None = None
    monthly_budget_usd: int = 50
    expected_texts_per_second: int = 100
    """Rate at the busiest moment; each of the two APIs admits twice as many requests."""
    max_reads_per_second: int | None = None
    """Ceiling of the screens' reads on an on-demand table, in read units; more are throttled."""
    max_writes_per_second: int | None = None
    """Ceiling of an on-demand table; writes beyond it are throttled, not billed."""
    warm_writes_per_second: int | None = None
    """Rate that the votes table takes without scaling up; what it adds is charged once."""
    edge: Literal["cloudfront", "none"] = "cloudfront"
    """Server of the page; `none` is API Gateway, for accounts that may not use CloudFront yet."""
    audience: Literal["direct", "large"] = "direct"
    """How screens read a count: from the table, or as JSON that CloudFront keeps for a second."""
    reserved_concurrency: int | None = None
    """Executions that Lambda keeps for the aggregator; the quota must leave 100 for the rest."""
    domain: str | None = None
    """Domain of the webhook's URL; it needs `certificate_arn` and a DNS record."""
    certificate_arn: str | None = None
    """Certificate of the domain, in the stack's region."""

    def __post_init__(self) -> None:
        needed = write_units(self.expected_texts_per_second)
        if needed > (self.warm_writes_per_second or NEW_TABLE_WRITES):
            texts = self.expected_texts_per_second
            remedy = f"{texts} texts a second are {needed} writes: give as much or more; how much"
            remedy += f" more, says: voteapp capacity --peak {texts}"
            raise OptionError("warm_writes_per_second", self.warm_writes_per_second, remedy)
        if self.domain and not self.certificate_arn:
            raise OptionError("certificate_arn", None, f"name the certificate of {self.domain}")
        if self.certificate_arn and not self.domain:
            raise OptionError("domain", None, "name the domain of the certificate")
        if self.audience == "large" and self.edge == "none":
            raise OptionError("audience", self.audience, "give it with edge=cloudfront only")
        if self.shift == "gradual" and self.webhook == "container":
            raise OptionError("shift", self.shift, "give it with webhook=lambda only")

    @classmethod
    def parse(cls, given: Mapping[str, object]) -> Self:
        """Parse options, given as text or number.

        Raises:
            OptionError: an option is unknown or has an invalid value.
        """
        check_options(given)
        return cls(**{key: _convert(key, str(value)) for key, value in given.items()})  # type: ignore[arg-type]


def check_options(given: Mapping[str, object], *, source: str = "-c") -> None:
    """Check each option alone; `source` says in an error where it was given.

    Raises:
        OptionError: an option is unknown or has an invalid value.
    """
    known = {field.name for field in fields(Options)}
    for key, value in given.items():
        unknown = _REMOVED.get(key, f"no such option; there are {sorted(known)}")
        remedy = _problem(key, str(value)) if key in known else unknown
        if remedy:
            raise OptionError(key, value, remedy, source=source)


def _convert(option: str, value: str) -> str | int:
    match option:
        case _ if option in _INTERVALS:
            return 0 if value == "off" else int(value.split(maxsplit=1)[0])
        case _ if option in _TEXTS:
            return value
        case _:
            return int(value)


_CHOICES: Final = {
    "webhook": ("lambda", "container"),
    "shift": ("at_once", "gradual"),
    "fallback": ("on", "off"),
    "edge": ("cloudfront", "none"),
    "audience": ("direct", "large"),
}
_TEXTS: Final = {*_CHOICES, *_PATTERNS, "poll", "fallback_reply"}
_INTERVALS: Final = {"reconcile", "canary"}


def _problem(option: str, value: str) -> str | None:  # noqa: PLR0911 - one a rule
    """Return what to do about an invalid value."""
    match option:
        case _ if option in _CHOICES:
            choices = _CHOICES[option]
            return None if value in choices else f"say {' or '.join(choices)}"
        case _ if option in _INTERVALS and value != "off" and not _INTERVAL.fullmatch(value):
            return 'say off, or "5 minutes": whole minutes from 1 to 60'
        case "fallback_reply":
            return _reply_problem(value)
        case _ if option in _PATTERNS:
            pattern, remedy = _PATTERNS[option]
            return None if re.fullmatch(pattern, value) else remedy
        case _ if option in _TEXTS | _INTERVALS:
            return None
        case _ if not (value.isascii() and value.isdigit() and int(value) > 0):
            return "give a whole number above 0"
        case "warm_writes_per_second" if int(value) < NEW_TABLE_WRITES:
            return (
                f"a new table takes {NEW_TABLE_WRITES} already: give {NEW_TABLE_WRITES} or more, "
                "or leave this out"
            )
    return None


def _reply_problem(reply: str) -> str | None:
    """Return what to do about a reply that cannot be a template or takes two segments."""
    if unsupported := gsm.unsupported_characters(reply):
        return f"leave out what GSM-7 lacks: {unsupported}"
    if templated := sorted(set(reply) & set("$#\\")):
        return f"leave out what API Gateway's templates replace: {' '.join(templated)}"
    if not reply.strip() or gsm.count_septets(reply) > gsm.SEGMENT:
        return f"write 1 to {gsm.SEGMENT} characters, or {NO_REPLY}"
    return None
