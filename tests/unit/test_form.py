"""The form: read as the standard library reads it, and never more of it than a text has."""

from urllib.parse import parse_qsl, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.adapters.twilio.forms import MalformedFormError, SignedForm
from services.adapters.twilio.percent import decode_percent
from services.voting.message import Message
from services.webhook.errors import RefusedRequestError
from services.webhook.requests import read_form
from tests.support.asgi import FORM_TYPE, HOST, Exchange, http_scope

PART = st.binary(max_size=12).map(quote_plus) | st.text("aA%0\\=+ü;.", max_size=6).map(quote_plus)
FIELD = st.lists(PART, min_size=1, max_size=3).map("=".join)
SID = "SM" + "a" * 32


async def fields_of(*chunks: bytes) -> tuple[list[tuple[str, str]], int]:
    """The fields of a form, and how many of its chunks were read."""
    exchange = Exchange(chunks=chunks)
    scope = http_scope([HOST, FORM_TYPE, (b"x-twilio-signature", b"x")])
    form = await read_form(scope, exchange.receive, public_base_url=None)
    return list(form.fields), exchange.read


@given(st.lists(FIELD, max_size=6).map("&".join))
async def test_a_form_is_read_as_the_standard_library_reads_it(body: str) -> None:
    """Escapes of any byte, plus signs, blank and missing values, equal signs in values."""
    found, _ = await fields_of(body.encode())

    assert found == parse_qsl(body, keep_blank_values=True)


async def test_the_longest_text_is_read() -> None:
    """1,600 characters of three bytes, with ten pictures and thirty fields that we do not know."""
    url = "https://api.twilio.com/2010-04-01/Accounts/AC{0}/Messages/MM{0}/Media/ME{0}"
    fields = [("Body", "世" * 1_600)]
    fields += [(f"MediaUrl{n}", url.format("a" * 32)) for n in range(10)]
    fields += [(f"MediaContentType{n}", "image/vnd.something") for n in range(10)]
    fields += [(f"Field{n}", "thirty letters and more of them") for n in range(30)]
    body = "&".join(f"{name}={quote_plus(value)}" for name, value in fields).encode()

    found, _ = await fields_of(body)

    assert found == fields


async def test_what_is_too_long_is_not_read_to_its_end() -> None:
    """The chunk that goes over the limit is the last one."""
    exchange = Exchange(chunks=(b"a" * 20_480, b"a", b"a", b"a"))
    scope = http_scope([HOST, FORM_TYPE, (b"x-twilio-signature", b"x")])

    with pytest.raises(RefusedRequestError) as refused:
        await read_form(scope, exchange.receive, public_base_url=None)

    assert refused.value.status == 413
    assert exchange.read == 2


async def test_of_too_many_fields_none_is_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hundred are read, a hundred and one are counted and refused."""
    decoded: list[bytes] = []

    def note(text: bytes) -> bytes:
        decoded.append(text)
        return decode_percent(text)

    monkeypatch.setattr("services.adapters.twilio.forms.decode_percent", note)

    found, _ = await fields_of(b"&".join(b"k=%41" for _ in range(100)))
    assert (len(found), len(decoded)) == (100, 100)

    with pytest.raises(MalformedFormError, match="over 100 fields"):
        await fields_of(b"&".join(b"k=%41" for _ in range(101)))
    assert len(decoded) == 100


@pytest.mark.parametrize(
    ("sender", "to"),
    [
        ("+15550100199", "+15550100100"),
        ("whatsapp:+15550100199", "whatsapp:+15550100100"),
        ("rcs:+15550100199", "rcs:+15550100100"),
    ],
)
def test_a_text_is_of_its_phone_on_every_channel(sender: str, to: str) -> None:
    """One person is one voter, and a poll's number is one number."""
    fields = [("MessageSid", SID), ("From", sender), ("To", to), ("Body", "red")]

    message = SignedForm("https://a/sms", fields, "x").message()

    assert message == Message(sid=SID, sender="+15550100199", to="+15550100100", body="red")


@pytest.mark.parametrize("blank", [[], [("Body", "")]], ids=["missing", "blank"])
def test_a_text_without_words_is_blank(blank: list[tuple[str, str]]) -> None:
    """Whether the field is there or not."""
    fields = [("MessageSid", SID), ("From", "+15550100199"), ("To", "+15550100100"), *blank]

    assert SignedForm("https://a/sms", fields, "x").message().body == ""


@pytest.mark.parametrize(
    ("name", "value"),
    [("From", "+1 (555) 010-0199"), ("To", "tel:+15550100100"), ("MessageSid", f"{SID}0")],
)
def test_a_malformed_field_is_named_and_its_value_is_not(name: str, value: str) -> None:
    """The reason is logged, and a phone number must not be."""
    right = {"MessageSid": SID, "From": "+15550100199", "To": "+15550100100"}
    form = SignedForm("https://a/sms", list((right | {name: value}).items()), "x")

    with pytest.raises(MalformedFormError) as refused:
        form.message()

    assert refused.value.reason.startswith(f"{name}: ")
    assert value not in str(refused.value)
