"""What a forged form costs beside a real text, in one process: CPU from request to answer.

Forms of the largest accepted size, of every kind that was ever found expensive, with a
signature that is wrong and a query as long as it may be.
"""

import asyncio
import os
from collections.abc import Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from statistics import median
from time import process_time
from typing import Any
from urllib.parse import urlencode

from fastapi import FastAPI
from twilio.request_validator import RequestValidator

from services.adapters.twilio.forms import MOST_BYTES, MOST_FIELDS
from services.tools.phones.sms import SimulatedText, TextKind, form_fields
from services.webhook.urls import MOST_QUERY_BYTES
from tests.support.asgi import FORM_TYPE, HOST, Exchange, http_scope
from tests.support.polls import NUMBER, a_phone, a_sid
from tests.support.webhook import BASE_URL, TOKEN, Desk

REQUESTS = 40
ROUNDS = 25

QUERY = (b"%E4%B8%AD" * MOST_QUERY_BYTES)[: MOST_QUERY_BYTES // 9 * 9]
"""Escapes for as long as a query may be."""

_phones = count()


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is posted."""

    body: bytes
    signature: str
    query: bytes = b""


def forged_ratio() -> tuple[float, str]:
    """CPU of the most expensive forged form, as a ratio to a real text's, and its kind.

    The median of rounds, in each of which both are measured: the machine's speed changes in between.
    """
    with Path(os.devnull).open("w", encoding="utf-8") as log, redirect_stdout(log):
        return asyncio.run(_measure())


async def _measure() -> tuple[float, str]:
    app = Desk().app
    forms = {
        kind: Request(body=body, signature="x" * 28, query=QUERY)
        for kind, body in forged_forms().items()
    }
    ratios: dict[str, list[float]] = {kind: [] for kind in forms}
    for _ in range(ROUNDS):
        real = await _seconds(app, [_real() for _ in range(REQUESTS)], status=200)
        for kind, forged in forms.items():
            ratios[kind].append(await _seconds(app, [forged] * REQUESTS, status=403) / real)
    return max((median(found), kind) for kind, found in ratios.items())


def forged_forms() -> dict[str, bytes]:
    """Bodies of at most `MOST_BYTES` and `MOST_FIELDS`, by kind."""
    each = MOST_BYTES // MOST_FIELDS
    return {
        "plain letters": b"Body=" + b"a" * (MOST_BYTES - 5),
        "escapes": _fill(b"Body=", b"%E4%B8%AD", MOST_BYTES),
        "escapes between letters": _fill(b"Body=", b"%41a", MOST_BYTES),
        "escapes that are not UTF-8": _fill(b"Body=", b"%FF", MOST_BYTES),
        "backslashes": _fill(b"Body=%41", b"\\", MOST_BYTES),
        "many fields of escapes": b"&".join(
            _fill(b"k%02d=" % place, b"%E4%B8%AD", each - 1) for place in range(MOST_FIELDS)
        ),
        "many fields that are not UTF-8": b"&".join(
            _fill(b"%02d=" % place, b"%F0%9F", each - 1) for place in range(MOST_FIELDS)
        ),
        "many names of escapes": b"&".join(
            _fill(b"%02d" % place, b"%F0%9F%8D%95", each - 1) for place in range(MOST_FIELDS)
        ),
        "many fields with long names": b"&".join(
            _fill(b"", b"a", each - 4) + b"%02d=" % place for place in range(MOST_FIELDS)
        ),
        "one field many times": b"&".join(b"a=%d" % place for place in range(MOST_FIELDS)),
    }


def _fill(start: bytes, unit: bytes, size: int) -> bytes:
    return start + unit * ((size - len(start)) // len(unit))


def _real() -> Request:
    """The first vote of a phone."""
    text = SimulatedText(
        kind=TextKind.NEW, sid=a_sid(), sender=a_phone(next(_phones)), to=NUMBER, body="Red"
    )  # fmt: skip
    fields = form_fields(text)
    signature = RequestValidator(TOKEN).compute_signature(f"{BASE_URL}/sms", dict(fields))
    return Request(body=urlencode(fields).encode(), signature=signature)


async def _seconds(app: FastAPI, requests: Sequence[Request], *, status: int) -> float:
    """CPU of one request, on average."""
    exchanges = [(_scope(request), Exchange(chunks=(request.body,))) for request in requests]
    started = process_time()
    for scope, exchange in exchanges:
        await app(scope, exchange.receive, exchange.send)
    seconds = process_time() - started
    assert {exchange.status for _, exchange in exchanges} == {status}
    return seconds / len(requests)


def _scope(request: Request) -> dict[str, Any]:
    agent = (b"user-agent", b"TwilioProxy/1.1")
    signature = (b"x-twilio-signature", request.signature.encode())
    return http_scope((HOST, agent, FORM_TYPE, signature), query=request.query)


if __name__ == "__main__":
    print(forged_ratio())
