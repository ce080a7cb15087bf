"""Connection overrides: how long Twilio waits for a webhook, and how often it tries again.

They are key-value pairs in the fragment of a webhook's URL, as `#rc=3&rp=all`, and hold for that
URL only. Twilio neither sends nor signs a fragment. Names, bounds and defaults: Twilio, "Webhooks
(HTTP callbacks): Connection Overrides". A rule of the "Webhooks configuration API" whose pattern
matches the URL takes precedence over them.
"""

import re
from dataclasses import dataclass
from typing import Final, Self

from services.adapters.twilio.client import TwilioError

POLICIES: Final = ("4xx", "5xx", "ct", "rt", "all")
"""The failures after which Twilio can try again: an error status, no connection in time, no answer
in time, or any of them."""

_BOUNDS: Final = {"rc": (0, 5), "ct": (100, 10_000), "rt": (100, 15_000), "tt": (100, 15_000)}


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionOverrides:
    """The settings of one webhook URL; the defaults are Twilio's.

    Raises:
        TwilioError: a value is outside Twilio's bounds.
    """

    retry_count: int = 1
    """Attempts after the first one (`rc`)."""
    retry_policy: tuple[str, ...] = ("ct",)
    """After which failures Twilio tries again (`rp`): some of `POLICIES`."""
    connect_ms: int = 5_000
    """Limit for connecting, each attempt (`ct`)."""
    read_ms: int = 15_000
    """Limit for the answer, and for the pause between two packets of it, each attempt (`rt`)."""
    total_ms: int = 15_000
    """Limit for all attempts together (`tt`)."""
    other: tuple[str, ...] = ()
    """The pairs that are none of these, as they are written: `e=dublin`, `sni=y`."""

    def __post_init__(self) -> None:
        pairs = _pairs(self)
        for key in _BOUNDS:
            _check_bounds(key, int(pairs[key]))
        _check_policy(self.retry_policy)

    @classmethod
    def parse(cls, url: str) -> Self:
        """Read the overrides of a webhook's URL; a key that is not given has Twilio's default.

        Raises:
            TwilioError: a value is not of Twilio's form or outside its bounds, or a key is there
                twice.
        """
        given: dict[str, str] = {}
        other = []
        for part in filter(None, url.partition("#")[2].split("&")):
            key, _, value = part.partition("=")
            if key not in _BOUNDS and key != "rp":
                other.append(part)
            elif key in given:
                raise TwilioError(key, value, "given twice in the URL's fragment; leave one")
            else:
                given[key] = value
        usual = cls()
        return cls(
            retry_count=_number("rc", given.get("rc"), usual.retry_count),
            retry_policy=tuple(given["rp"].split(",")) if "rp" in given else usual.retry_policy,
            connect_ms=_number("ct", given.get("ct"), usual.connect_ms),
            read_ms=_number("rt", given.get("rt"), usual.read_ms),
            total_ms=_number("tt", given.get("tt"), usual.total_ms),
            other=tuple(other),
        )

    @property
    def fragment(self) -> str:
        """The pairs that differ from Twilio's defaults, without `#`; empty if none does."""
        usual = _pairs(ConnectionOverrides())
        changed = [f"{key}={value}" for key, value in _pairs(self).items() if value != usual[key]]
        return "&".join([*changed, *self.other])

    @property
    def worst_case_ms(self) -> int:
        """The longest time from the first attempt to the last failure."""
        return min(self._uncapped_ms, self.total_ms)

    @property
    def all_attempts_fit(self) -> bool:
        """Whether every attempt gets its full time before Twilio stops because of the total."""
        return self._uncapped_ms <= self.total_ms

    def add_to(self, url: str) -> str:
        """Return a URL with these overrides in place of any that it has."""
        bare = url.partition("#")[0]
        return f"{bare}#{self.fragment}" if self.fragment else bare

    def retries_after(self, failure: str) -> bool:
        """Return whether Twilio tries again after a failure: `4xx`, `5xx`, `ct` or `rt`."""
        repeated = POLICIES if "all" in self.retry_policy else self.retry_policy
        return self.retry_count > 0 and failure in repeated

    @property
    def _uncapped_ms(self) -> int:
        return (self.retry_count + 1) * (self.connect_ms + self.read_ms)


def _pairs(overrides: ConnectionOverrides) -> dict[str, str]:
    return {
        "rc": str(overrides.retry_count),
        "rp": ",".join(overrides.retry_policy),
        "ct": str(overrides.connect_ms),
        "rt": str(overrides.read_ms),
        "tt": str(overrides.total_ms),
    }


def _number(key: str, value: str | None, usual: int) -> int:
    if value is None:
        return usual
    if not re.fullmatch(r"[0-9]{1,6}", value):
        raise TwilioError(key, value, _range_of(key))
    return int(value)


def _check_bounds(key: str, value: int) -> None:
    low, high = _BOUNDS[key]
    if not low <= value <= high:
        raise TwilioError(key, str(value), _range_of(key))


def _check_policy(policy: tuple[str, ...]) -> None:
    unknown = sorted(set(policy) - set(POLICIES))
    if unknown or not policy:
        remedy = f"take some of {', '.join(POLICIES)}, separated by commas"
        raise TwilioError("rp", ",".join(policy), remedy)


def _range_of(key: str) -> str:
    low, high = _BOUNDS[key]
    unit = "retries" if key == "rc" else "milliseconds"
    return f"take a whole number from {low} to {high} ({unit})"


WANTED_OVERRIDES: Final = ConnectionOverrides(
    retry_count=3, retry_policy=("all",), connect_ms=500, read_ms=3_200
)
"""Four attempts of at most 0.5 s to connect and 3.2 s to answer take 14.8 s, within the 15 s that
Twilio gives all of them. The webhook answers within 3 s, which leaves 0.2 s for the way. A text
that is delivered twice is counted once."""
