"""The API of the stand-in of Twilio on loopback, without the delivery of texts."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from services.tools.local.static_server import serve_in_thread
from services.tools.phones.sms import ACCOUNT
from services.tools.twilio.account import NUMBER, TwilioAccount
from services.tools.twilio.api import TwilioApi, create_api_app

__all__ = ["ACCOUNT", "NUMBER", "TOKEN", "Account", "twilio_api"]

TOKEN = "a-token-for-tests-only"


@dataclass(slots=True)
class Account(TwilioAccount):
    """The account, and the address of its API."""

    address: str = ""


@contextmanager
def twilio_api(token: str = TOKEN) -> Iterator[Account]:
    """The account, answering at `address` to whoever has the token."""
    account = Account()
    with serve_in_thread(create_api_app(TwilioApi(account), token)) as address:
        account.address = address
        yield account
