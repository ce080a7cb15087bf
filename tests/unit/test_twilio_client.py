"""Twilio's REST API: its credentials, a stand-in on this machine, and failures as a person reads them."""

from types import SimpleNamespace
from typing import Any

import pytest
from requests import ConnectionError as NoConnection
from twilio.base.exceptions import TwilioException, TwilioRestException

from services.adapters.twilio.client import TwilioError, client_from_env, translate_errors

SID = "AC" + "0" * 31 + "1"
WRONG_TOKEN = (
    "TWILIO_AUTH_TOKEN: (set): "
    "Twilio refuses it for the account in TWILIO_ACCOUNT_SID; copy both anew"
)
COMPLETE = {"TWILIO_ACCOUNT_SID": SID, "TWILIO_AUTH_TOKEN": "token"}


def test_the_client_asks_as_the_account_of_the_environment() -> None:
    """With the token of that account, at Twilio's own addresses."""
    client = client_from_env(COMPLETE)

    assert (client.username, client.password) == (SID, "token")
    assert type(client.http_client).__name__ == "TwilioHttpClient"


@pytest.mark.parametrize(
    ("environ", "message"),
    [
        (
            {"TWILIO_AUTH_TOKEN": "token"},
            "TWILIO_ACCOUNT_SID: not set: take the Account SID from Twilio's console",
        ),
        (
            {"TWILIO_ACCOUNT_SID": "", "TWILIO_AUTH_TOKEN": "token"},
            "TWILIO_ACCOUNT_SID: not set: take the Account SID from Twilio's console",
        ),
        (
            {"TWILIO_ACCOUNT_SID": "SK1", "TWILIO_AUTH_TOKEN": "token"},
            "TWILIO_ACCOUNT_SID: SK1: take the Account SID from Twilio's console",
        ),
        (
            {"TWILIO_ACCOUNT_SID": SID},
            "TWILIO_AUTH_TOKEN: not set: take the account's Auth Token from Twilio's console",
        ),
        (
            COMPLETE | {"TWILIO_API_URL": "https://example.com"},
            "TWILIO_API_URL: https://example.com: only for a fake API on 127.0.0.1; unset it",
        ),
    ],
)
def test_an_unusable_environment_is_refused_with_the_remedy(
    environ: dict[str, str], message: str
) -> None:
    """Before anything is sent."""
    with pytest.raises(TwilioError) as refused:
        client_from_env(environ)

    assert str(refused.value) == message


@pytest.mark.parametrize(
    ("asked", "sent"),
    [
        ("https://api.twilio.com/2010-04-01/Accounts.json", "/2010-04-01/Accounts.json"),
        ("https://messaging.twilio.com/v1/Services?PageSize=50", "/v1/Services?PageSize=50"),
    ],
)
def test_a_stand_in_gets_path_and_query_of_every_request(asked: str, sent: str) -> None:
    """All of Twilio's hosts are one address there."""
    client = client_from_env(COMPLETE | {"TWILIO_API_URL": "http://127.0.0.1:8000/"})
    requests: list[tuple[str, str]] = []
    stand_in: Any = client.http_client
    recorder = SimpleNamespace(request=lambda method, url, **_: requests.append((method, url)))
    type(stand_in)(stand_in.base_url, recorder).request("GET", asked)

    assert requests == [("GET", f"http://127.0.0.1:8000{sent}")]


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (
            NoConnection("token"),
            "api.twilio.com: ConnectionError: Twilio's API does not answer; check the network",
        ),
        (
            TwilioRestException(401, "/", msg="Authenticate"),
            WRONG_TOKEN,
        ),
        (
            TwilioException("Unable to fetch page", SimpleNamespace(status_code=401)),
            WRONG_TOKEN,
        ),
        (
            TwilioRestException(429, "/", msg="Too Many Requests"),
            "api.twilio.com: answered 429: Too Many Requests",
        ),
        (
            TwilioException("Unable to fetch page", SimpleNamespace(status_code=503)),
            "api.twilio.com: answered 503: see Twilio's status page",
        ),
        (
            TwilioException("token"),
            "api.twilio.com: answered None: see Twilio's status page",
        ),
    ],
)
def test_a_failure_names_what_to_do_and_never_the_token(error: Exception, message: str) -> None:
    """The library's own texts may hold what was sent. A page that fails has the response second."""
    with pytest.raises(TwilioError) as refused, translate_errors():
        raise error

    assert str(refused.value) == message
