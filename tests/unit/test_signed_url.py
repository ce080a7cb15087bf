"""The URL that Twilio signed, by what a request and the settings say."""

from collections.abc import Mapping
from typing import Any

import pytest

from services.webhook.errors import RefusedRequestError
from services.webhook.urls import signed_url
from tests.support.asgi import http_scope

GATEWAY: Mapping[str, Any] = {"aws.event": {"requestContext": {"domainName": "abc.example"}}}
LOAD_BALANCER: Mapping[str, Any] = {"aws.event": {"requestContext": {"elb": {}}}}


def url_of(
    headers: Mapping[str, str], base: str | None = None, query: bytes = b"", **scope: Any
) -> str:
    """The URL of a request to `/sms` with these headers."""
    pairs = [(name.encode(), value.encode()) for name, value in headers.items()]
    return signed_url(http_scope(pairs, query=query, **scope), dict(reversed(pairs)), base)


@pytest.mark.parametrize(
    ("base", "scope", "url"),
    [
        ("https://set.example", GATEWAY, "https://set.example/sms"),
        ("https://set.example/votes/", GATEWAY, "https://set.example/votes/sms"),
        ("https://set.example/X", {}, "https://set.example/X/sms"),
        (None, GATEWAY, "https://abc.example/sms"),
        ("", LOAD_BALANCER, "http://outer.example:8080/sms"),
        (None, {"aws.event": {}}, "http://outer.example:8080/sms"),
        (None, {}, "http://outer.example:8080/sms"),
        (None, {"scheme": "https"}, "https://outer.example:8080/sms"),
        (None, {"path": "/other"}, "http://outer.example:8080/other"),
    ],
)
def test_the_settings_know_the_url_best_then_the_gateway_then_the_proxy(
    base: str | None, scope: Mapping[str, Any], url: str
) -> None:
    """A caller chooses the headers, and neither of the others."""
    headers = {"host": "inner.example", "x-forwarded-host": "outer.example:8080 , inner.example"}

    assert url_of(headers, base, **scope) == url


@pytest.mark.parametrize(
    ("headers", "url"),
    [
        ({}, "http://inner.example/sms"),
        ({"x-forwarded-proto": "https , http"}, "https://inner.example/sms"),
        ({"x-forwarded-proto": ""}, "http://inner.example/sms"),
        ({"x-forwarded-proto": "http"}, "http://inner.example/sms"),
    ],
)
def test_of_several_schemes_the_first_is_what_was_called(headers: dict[str, str], url: str) -> None:
    """Without one, it is that of the connection."""
    assert url_of({"host": "inner.example"} | headers) == url


def test_a_forwarded_host_alone_is_enough() -> None:
    """HTTP/1.0 knows no host."""
    assert url_of({"x-forwarded-host": "outer.example"}) == "http://outer.example/sms"


@pytest.mark.parametrize("query", [b"a=1&b=%C3%A4", b"!~", b"a" * 2_048])
def test_a_query_belongs_to_the_url_as_it_was_written(query: bytes) -> None:
    """Its escapes stay, whoever names the host."""
    end = f"/sms?{query.decode()}"

    assert url_of({}, "https://set.example", query) == f"https://set.example{end}"
    assert url_of({}, None, query, **GATEWAY) == f"https://abc.example{end}"
    assert url_of({"host": "a"}, None, query) == f"http://a{end}"


@pytest.mark.parametrize("port", ["", ":1", ":443", ":65535"])
@pytest.mark.parametrize("host", ["a", "127.0.0.1", "[::1]", "web_1", "VOTES.example.com."])
def test_a_host_is_taken_with_its_port(host: str, port: str) -> None:
    """By name or by number."""
    assert url_of({"host": f"{host}{port}"}) == f"http://{host}{port}/sms"


@pytest.mark.parametrize("name", ["host", "x-forwarded-host"])
@pytest.mark.parametrize("port", [":0", ":65536", ":", ":a"])
def test_a_port_that_there_is_not_is_refused_with_the_headers_name(name: str, port: str) -> None:
    """Also where the host is not used."""
    with pytest.raises(RefusedRequestError) as refused:
        url_of({"host": "b"} | {name: f"a{port}"}, "https://set.example")

    assert refused.value.status == 400
    assert str(refused.value) == f"{name}: malformed: write it as votes.example.com:443"
