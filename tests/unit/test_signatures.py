"""Signatures: the same verdict as Twilio's validator, by less work."""

import hmac
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from starlette.datastructures import FormData
from twilio.request_validator import RequestValidator

from services.adapters.twilio import signature
from services.adapters.twilio.signature import sign
from services.adapters.twilio.webhooks import is_signed
from tests.support.webhook import BASE_URL, Desk, signed, twilio_form

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
FIELDS = st.lists(st.tuples(st.sampled_from(["Body", "From", "To", "ä"]) | TEXT, TEXT), max_size=8)
HOSTS = st.sampled_from(["votes.example.com", "127.0.0.1", "a"])
PORTS = st.sampled_from(["", ":80", ":443", ":8080", ":65535"])
QUERIES = st.sampled_from(["", "?a=1", "?a=1&b=%C3%A4", "?a=b:443/c"])


@st.composite
def urls(draw: Callable[[st.SearchStrategy[str]], str]) -> tuple[str, str]:
    """A URL as we know it, and one that was perhaps signed for it."""
    host, path = draw(HOSTS), "/sms" + draw(QUERIES)
    known, called = (
        f"{draw(st.sampled_from(['http', 'https']))}://{host}{draw(PORTS)}{path}" for _ in range(2)
    )
    return known, called


def test_twilios_own_vector_is_signed() -> None:
    """From "Webhooks Security" in Twilio's documentation."""
    fields = [
        ("CallSid", "CA1234567890ABCDE"), ("Digits", "1234"), ("From", "+14158675309"),
        ("To", "+18005551212"), ("Caller", "+14158675309"),
    ]  # fmt: skip
    url = "https://mycompany.com/myapp.php?foo=1&bar=2"
    signature = "RSOYDt4T1cUTdK1PDd93/VVr8B8="

    assert sign("12345", url, fields) == signature.encode()
    assert is_signed("12345", url, fields, signature)
    assert is_signed("12345", url.replace(".com/", ".com:443/"), fields, signature)
    assert not is_signed("12345", url.replace("https", "http"), fields, signature)
    assert not is_signed("12346", url, fields, signature)
    assert not is_signed("12345", url, fields[1:], signature)
    assert not is_signed("", url, fields, signature)


@given(urls(), FIELDS, st.sampled_from(["token", "another"]))
@example(("https://a/sms", "https://a:443/sms"), [], "token")
@example(("http://a/sms", "http://a:80/sms"), [], "token")
@example(("http://a:80/sms", "http://a/sms"), [], "token")
def test_the_verdict_is_that_of_twilios_validator(
    url: tuple[str, str], fields: list[tuple[str, str]], token: str
) -> None:
    """For repeated fields, any script, both schemes, with a port and without."""
    known, called = url
    form = FormData([*fields])
    signature = RequestValidator("token").compute_signature(called, form)

    ours = is_signed(token, known, fields, signature)

    assert ours == RequestValidator(token).validate(known, form, signature)


@pytest.fixture
def digests(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """The length of everything that is signed to be compared."""
    lengths: list[int] = []

    @dataclass
    class Counted:
        """As `hmac.HMAC`."""

        mac: hmac.HMAC

        def copy(self) -> "Counted":
            return Counted(self.mac.copy())

        def update(self, message: bytes) -> None:
            lengths.append(len(message))
            self.mac.update(message)

        def digest(self) -> bytes:
            return self.mac.digest()

    def new(key: bytes, digestmod: str) -> Counted:
        return Counted(hmac.new(key, digestmod=digestmod))

    monkeypatch.setattr(signature, "hmac", SimpleNamespace(new=new))
    signature._mac_of.cache_clear()
    yield lengths
    signature._mac_of.cache_clear()


@pytest.mark.parametrize("url", ["https://a/sms", "https://a:443/sms", "http://a:8080/sms?b=1"])
def test_a_forged_form_costs_one_digest_for_each_form_of_the_url(
    url: str, digests: list[int]
) -> None:
    """With its port and without, each as long as the form and no longer."""
    fields = [(f"k{place}", "value") for place in range(100)]
    length = sum(len(key + value) for key, value in fields)

    assert not is_signed("token", url, fields, "x" * 28)
    assert len(digests) == 2
    assert max(digests) <= length + len(url) + len(":443")


async def post(app: Any, form: dict[str, str], token: str) -> int:
    """Post a form signed with a token; the status."""
    headers = signed(form) | {
        "X-Twilio-Signature": RequestValidator(token).compute_signature(f"{BASE_URL}/sms", form)
    }
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=BASE_URL) as client:
        return (await client.post("/sms", content=urlencode(form), headers=headers)).status_code


async def test_a_signed_text_costs_one_digest(digests: list[int]) -> None:
    """The URL as we know it is tried first."""
    assert await post(Desk(token="token").app, twilio_form("red"), "token") == 200
    assert len(digests) == 1


async def test_a_forged_form_is_checked_again_only_if_the_token_has_changed(
    digests: list[int],
) -> None:
    """The secret is read anew for it, and is the same."""
    clock = [0.0]
    desk = Desk(token="the old one", monotonic=lambda: clock[0])
    app, form = desk.app, twilio_form("red")
    statuses = [await post(app, form, "forged")]
    clock[0] = 6
    statuses.append(await post(app, form, "forged"))
    unchanged = len(digests)
    clock[0], desk.token = 12, "the new one"
    statuses.append(await post(app, form, "forged"))
    changed = len(digests) - unchanged
    statuses.append(await post(app, form, "the new one"))

    assert statuses == [403, 403, 403, 200]
    assert unchanged == 2 + 2
    assert changed == 2 + 2
