"""Twilio's REST API: who asks, how refusals are told, and a stand-in on this machine."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from services.voting.errors import VotingError

ACCOUNT: Final = "TWILIO_ACCOUNT_SID"
TOKEN: Final = "TWILIO_AUTH_TOKEN"  # noqa: S105 - the name of a variable
STAND_IN: Final = "TWILIO_API_URL"
"""Where a stand-in of Twilio's API listens on this machine, to try things out."""

_UNAUTHORISED: Final = 401
_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})


class TwilioError(VotingError):
    """Twilio, or what it was asked with, stands in the way."""

    def __init__(self, key: str, value: str | None, remedy: str) -> None:
        self.key = key
        self.value = value
        self.remedy = remedy
        super().__init__(f"{key}: {'not set' if value is None else value}: {remedy}")


def client_from_env(environ: Mapping[str, str]) -> Any:  # noqa: ANN401 - the library's own
    """Twilio's client, with the account's SID and auth token from the environment.

    Raises:
        TwilioError: a variable is missing or cannot be one of Twilio's.
    """
    from twilio.rest import Client  # takes half a second to import

    sid, token = environ.get(ACCOUNT), environ.get(TOKEN)
    if not sid or not re.fullmatch(r"AC[0-9a-f]{32}", sid):
        raise TwilioError(ACCOUNT, sid or None, "take the Account SID from Twilio's console")
    if not token:
        raise TwilioError(TOKEN, None, "take the account's Auth Token from Twilio's console")
    stand_in = environ.get(STAND_IN)
    return Client(sid, token, http_client=_redirected(stand_in) if stand_in else None)


@contextmanager
def told() -> Iterator[None]:
    """Raises: TwilioError in place of what the library raises; never with the token in it."""
    from requests import RequestException
    from twilio.base.exceptions import TwilioException

    try:
        yield
    except RequestException as error:
        remedy = "Twilio's API does not answer; check the network"
        raise TwilioError("api.twilio.com", type(error).__name__, remedy) from None
    except TwilioException as error:
        status = _status(error)
        if status == _UNAUTHORISED:
            remedy = f"Twilio refuses it for the account in {ACCOUNT}; copy both anew"
            raise TwilioError(TOKEN, "(set)", remedy) from None
        said = str(getattr(error, "msg", "")) or "see Twilio's status page"
        raise TwilioError("api.twilio.com", f"answered {status}", said) from None


def _status(error: Any) -> int | None:  # noqa: ANN401 - of two shapes
    """A page of a list fails with the response as second argument, all else with a status."""
    if (status := getattr(error, "status", None)) is not None:
        return int(status)
    answer = error.args[1] if len(error.args) > 1 else None
    return getattr(answer, "status_code", None)


def _redirected(address: str) -> "_StandIn":
    """An HTTP client that talks to a stand-in. Credentials go nowhere but to this machine.

    Raises:
        TwilioError: the address is not on loopback.
    """
    if urlsplit(address).hostname not in _LOOPBACK:
        raise TwilioError(STAND_IN, address, "only for a stand-in on 127.0.0.1; unset it")
    from twilio.http.http_client import TwilioHttpClient

    return _StandIn(address.rstrip("/"), TwilioHttpClient())


@dataclass(frozen=True, slots=True)
class _StandIn:
    """Twilio's HTTP client, with all of Twilio's hosts at one address."""

    address: str
    http: Any

    def request(self, method: str, url: str, **more: object) -> object:
        """What the library calls."""
        asked = urlsplit(url)
        query = f"?{asked.query}" if asked.query else ""
        return self.http.request(method, f"{self.address}{asked.path}{query}", **more)
