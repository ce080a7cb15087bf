"""The client of Twilio's REST API: credentials, error translation, and a local fake for tests."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from services.voting.errors import VotingError

ACCOUNT: Final = "TWILIO_ACCOUNT_SID"
TOKEN: Final = "TWILIO_AUTH_TOKEN"  # noqa: S105 - the name of a variable
FAKE_API_URL: Final = "TWILIO_API_URL"
"""Variable with the URL of a fake Twilio API on this machine."""

TOO_MANY_REQUESTS: Final = 429
"""Twilio did not process the request, and it is safe to repeat it (Twilio, "Error 20429")."""

_UNAUTHORISED: Final = 401
_STATUS_PAGE: Final = "see Twilio's status page"
_REMEDIES: Final = {
    TOO_MANY_REQUESTS: "too many requests of this account at a time; try again in a minute"
}
_TIMEOUT_SECONDS: Final = 30
"""Without a limit, the library waits for ever for an answer that never comes."""
_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})


class TwilioError(VotingError):
    """A call to Twilio failed, or its credentials are invalid."""

    def __init__(self, key: str, value: str | None, remedy: str) -> None:
        self.key = key
        self.value = value
        self.remedy = remedy
        super().__init__(f"{key}: {'not set' if value is None else value}: {remedy}")


def client_from_env(environ: Mapping[str, str]) -> Any:  # noqa: ANN401 - the library's own
    """Create Twilio's client with the account SID and auth token of the environment.

    Raises:
        TwilioError: a variable is missing or malformed.
    """
    from twilio.http.http_client import TwilioHttpClient  # takes half a second to import
    from twilio.rest import Client

    sid, token = environ.get(ACCOUNT), environ.get(TOKEN)
    if not sid or not re.fullmatch(r"AC[0-9a-f]{32}", sid):
        raise TwilioError(ACCOUNT, sid or None, "take the Account SID from Twilio's console")
    if not token:
        raise TwilioError(TOKEN, None, "take the account's Auth Token from Twilio's console")
    http = TwilioHttpClient(timeout=_TIMEOUT_SECONDS)
    fake_api_url = environ.get(FAKE_API_URL)
    return Client(sid, token, http_client=_redirect(fake_api_url, http) if fake_api_url else http)


@contextmanager
def translate_errors() -> Iterator[None]:
    """Translate the library's errors into TwilioError, whose message never has the token."""
    from requests import RequestException
    from twilio.base.exceptions import TwilioException

    try:
        yield
    except RequestException as error:
        remedy = "Twilio's API does not answer; check the network"
        raise TwilioError("api.twilio.com", type(error).__name__, remedy) from None
    except TwilioException as error:
        status = status_of(error)
        if status == _UNAUTHORISED:
            remedy = f"Twilio refuses it for the account in {ACCOUNT}; copy both anew"
            raise TwilioError(TOKEN, "(set)", remedy) from None
        remedy = str(getattr(error, "msg", "")) or _REMEDIES.get(status or 0, _STATUS_PAGE)
        raise TwilioError("api.twilio.com", f"answered {status}", remedy) from None


def status_of(error: Any) -> int | None:  # noqa: ANN401 - the library's own
    """Return the HTTP status that an error of the library stands for; None if there is none.

    Errors of list pages have the response as second argument, all others a status.
    """
    if (status := getattr(error, "status", None)) is not None:
        return int(status)
    response = error.args[1] if len(error.args) > 1 else None
    return getattr(response, "status_code", None)


def _redirect(url: str, http: Any) -> "_RedirectedHttpClient":  # noqa: ANN401 - the library's own
    """Credentials must not leave this machine, so only loopback addresses are allowed."""
    if urlsplit(url).hostname not in _LOOPBACK:
        raise TwilioError(FAKE_API_URL, url, "only for a fake API on 127.0.0.1; unset it")
    return _RedirectedHttpClient(url.rstrip("/"), http)


@dataclass(frozen=True, slots=True)
class _RedirectedHttpClient:
    """Sends the requests for all of Twilio's hosts to one URL."""

    base_url: str
    http: Any

    def request(self, method: str, url: str, **more: object) -> object:
        """Send a request; called by the library."""
        parts = urlsplit(url)
        query = f"?{parts.query}" if parts.query else ""
        return self.http.request(method, f"{self.base_url}{parts.path}{query}", **more)
