"""Every refusal's words, in the answer and in the log: what is wrong, where, and what to do."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from tests.support.asgi import HOST
from tests.support.sent import FORGED, SIGNATURE, Sent, altered, forged, with_headers, without
from tests.support.webhook import Desk

FORM = "application/x-www-form-urlencoded"
HOST_REMEDY = "malformed: write it as votes.example.com:443"
QUERY_REMEDY = "query: malformed: write at most 2048 ASCII characters"
UTF8_REMEDY = "query: malformed: its escapes are not UTF-8"
NO_SIGNATURE = "x-twilio-signature: missing: only Twilio may post here"
WRONG_SIGNATURE = "x-twilio-signature: does not match the URL and the form"
NO_FIELD = "missing: every text of Twilio's has one"
SHORT_ESCAPE = "body: malformed: a % without two digits"


def of_type(kind: bytes) -> Sent:
    """A form that says to be of another type."""
    return Sent(headers=(HOST, FORGED, (b"content-type", kind)))


REFUSALS: Mapping[str, tuple[Sent, int, str]] = {
    "no signature": (with_headers(HOST), 403, NO_SIGNATURE),
    "empty signature": (with_headers(HOST, (SIGNATURE, b"")), 403, NO_SIGNATURE),
    "two signatures": (
        with_headers(HOST, FORGED, FORGED),
        403,
        "x-twilio-signature: given twice: Twilio sends one",
    ),
    "wrong signature": (forged(), 403, WRONG_SIGNATURE),
    "signed for another URL": (Sent(url="https://elsewhere.example/sms"), 403, WRONG_SIGNATURE),
    "no type": (Sent(headers=(HOST, FORGED)), 415, f"content-type: '': send {FORM}"),
    "JSON": (of_type(b"text/json"), 415, f"content-type: 'text/json': send {FORM}"),
    "a form's type as a parameter": (
        of_type(f"text/json;{FORM}".encode()),
        415,
        f"content-type: 'text/json;{FORM}': send {FORM}",
    ),
    "long type": (of_type(b"a" * 79 + b"bc"), 415, f"content-type: '{'a' * 79}b': send {FORM}"),
    "long body": (
        forged(chunks=(b"a" * 20_481,)),
        413,
        "body: over 20480 bytes: no text is as long",
    ),
    "many fields": (
        forged(chunks=(b"a=&" * 99 + b"a=&a=",)),
        400,
        "body: over 100 fields: send fewer",
    ),
    "cut off": (forged(chunks=(b"Body=re", None)), 400, "body: cut off: send all of it"),
    "short escape": (forged(chunks=(b"a=%4",)), 400, SHORT_ESCAPE),
    "short escape in a name": (forged(chunks=(b"%4=a",)), 400, SHORT_ESCAPE),
    "malformed host": (forged((b"host", b"[")), 400, f"host: {HOST_REMEDY}"),
    "port 0": (forged((b"host", b"a:0")), 400, f"host: {HOST_REMEDY}"),
    "port 65536": (forged((b"host", b"a:65536")), 400, f"host: {HOST_REMEDY}"),
    "malformed forwarded host": (
        forged(HOST, (b"x-forwarded-host", b"[, votes.example.com")),
        400,
        f"x-forwarded-host: {HOST_REMEDY}",
    ),
    "query that is not ASCII": (forged(query=b"\xff"), 400, QUERY_REMEDY),
    "long query": (forged(query=b"a" * 2_049), 400, QUERY_REMEDY),
    "query that is not UTF-8": (forged(query=b"a=%E9"), 400, UTF8_REMEDY),
    "query with a short escape": (forged(query=b"a=%4"), 400, UTF8_REMEDY),
    "no MessageSid": (without("MessageSid"), 400, f"MessageSid: {NO_FIELD}"),
    "no From": (without("From"), 400, f"From: {NO_FIELD}"),
    "empty To": (altered(To=""), 400, f"To: {NO_FIELD}"),
    "malformed MessageSid": (
        altered(MessageSid="SM1"),
        400,
        "MessageSid: not SM or MM and 32 hexadecimal digits",
    ),
    "malformed From": (
        altered(From="fax:1"),
        400,
        "From: no phone number, short code or sender id",
    ),
    "malformed To": (
        altered(To="rcs:"),
        400,
        "To: no phone number, short code, sender id or agent",
    ),
}

WITHOUT_A_BASE_URL: Mapping[str, tuple[Sent, int, str]] = {
    "no host": (with_headers(FORGED), 400, "host: missing: name one, or set PUBLIC_BASE_URL"),
    "forwarded protocol": (
        forged(HOST, (b"x-forwarded-proto", b"ftp")),
        400,
        "x-forwarded-proto: malformed: write http or https",
    ),
    "scheme": (
        forged(scope={"scheme": "ws"}),
        400,
        "x-forwarded-proto: malformed: write http or https",
    ),
}


async def refusal(desk: Desk, sent: Sent, capfd: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """Status and words of the answer, after the one line of the log said the same."""
    answer = await sent.to(desk.app)
    (line,) = capfd.readouterr().out.splitlines()
    status, reason = answer.status, answer.body.decode()
    assert answer.headers[b"content-type"] == b"text/plain; charset=utf-8"
    assert json.loads(line) == {"event": "refused", "status": status, "reason": reason}
    return status, reason


@pytest.mark.parametrize("name", REFUSALS)
async def test_a_refusal_says_what_is_wrong_and_what_to_do(
    name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """To whoever set up the number, in the answer as in the log."""
    sent, status, reason = REFUSALS[name]

    assert await refusal(Desk(), sent, capfd) == (status, reason)


@pytest.mark.parametrize("name", WITHOUT_A_BASE_URL)
async def test_where_the_request_must_name_its_url_a_refusal_says_so(
    name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """`PUBLIC_BASE_URL` is not set."""
    sent, status, reason = WITHOUT_A_BASE_URL[name]

    assert await refusal(Desk(public_base_url=None), sent, capfd) == (status, reason)


async def test_without_a_token_a_refusal_leads_to_the_deploy_guide(
    capfd: pytest.CaptureFixture[str],
) -> None:
    """A deploy whose Twilio token is not set yet counts for nobody."""
    found = await refusal(Desk(token=""), Sent(), capfd)

    assert found == (403, "the Twilio auth token is not set: see the deploy guide")


@pytest.mark.parametrize("kind", [FORM, FORM.upper(), f" {FORM} ; a=1; b=2"])
async def test_a_forms_type_may_have_parameters_or_none(kind: str) -> None:
    """In any case: only the signature is wrong."""
    answer = await of_type(kind.encode()).to(Desk().app)

    assert answer.body.decode() == WRONG_SIGNATURE


@pytest.mark.parametrize(
    "changes",
    [{"chunks": (b"a" * 20_480,)}, {"chunks": (b"a=&" * 99,)}, {"query": b"a" * 2_048}],
    ids=["bytes", "fields", "query"],
)
async def test_what_is_just_within_a_limit_is_refused_for_its_signature_only(
    changes: dict[str, Any],
) -> None:
    """The limits are the longest and most that are taken."""
    answer = await forged(**changes).to(Desk().app)

    assert answer.body.decode() == WRONG_SIGNATURE


async def test_a_text_without_a_body_field_is_an_unknown_word() -> None:
    """As a blank one is: the reply names the choices."""
    answer = await without("Body").to(Desk().app)

    assert answer.status == 200
    assert b"RED, GREEN, BLUE" in answer.body
