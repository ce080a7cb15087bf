"""The demo's two further pages, `/lab` and `/phone`, and what they talk to.

Only a demo on this machine has them, on the loopback interface. A page of another site
cannot use them: it may send no JSON here, and a made-up host name is refused.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any, Final
from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from services.tools.lab.lab import Lab
from services.tools.lab.settings import LabSettingError
from services.tools.local.errors import LocalCloudError
from services.tools.phones.handsets import PHONES, HandsetError, Handsets

HOSTS: Final = {"127.0.0.1", "localhost"}
MOST_BYTES: Final = 16_384


class NotOursError(Exception):
    """A request that none of our pages sent."""


def page_routes(lab: Lab, handsets: Handsets) -> list[Route]:
    """`GET` and `PUT /api/lab`, `GET` and `POST /api/phone`."""

    async def look(request: Request) -> Response:
        return await run_in_threadpool(lambda: _lab(lab, request))

    async def change(request: Request) -> Response:
        wanted = await _document(request)
        return await run_in_threadpool(lambda: _lab(lab, request, wanted))

    async def phones(_: Request) -> Response:
        round, number = await run_in_threadpool(handsets.poll)
        return JSONResponse(
            {
                "number": number,
                "question": round.poll.question,
                "choices": [
                    {"word": choice.word, **choice.colour} for choice in round.poll.choices
                ],
                "phones": [
                    {
                        "phone": phone,
                        "number": handsets.phone_number(phone),
                        "bubbles": [asdict(bubble) for bubble in handsets.thread(phone)],
                    }
                    for phone in range(1, PHONES + 1)
                ],
            }
        )

    async def text(request: Request) -> Response:
        said = await _document(request)
        bubbles = await handsets.text(said.get("phone"), said.get("text"))
        return JSONResponse({"bubbles": [asdict(bubble) for bubble in bubbles]})

    return [
        Route("/api/lab", _told(look), methods=["GET"]),
        Route("/api/lab", _told(change), methods=["PUT"]),
        Route("/api/phone", _told(phones), methods=["GET"]),
        Route("/api/phone", _told(text), methods=["POST"]),
    ]


def _lab(lab: Lab, request: Request, wanted: Mapping[str, object] | None = None) -> Response:
    if wanted is not None:
        lab.change(wanted)
    after = request.query_params.get("after", "")
    return JSONResponse(lab.look(int(after) if after.isdecimal() else 0))


def _told(answer: Callable[[Request], Any]) -> Callable[[Request], Any]:
    """What is wrong with a request is said in JSON, with the status that fits."""

    async def told(request: Request) -> Response:
        try:
            _refuse_strangers(request)
            return await answer(request)  # type: ignore[no-any-return]
        except NotOursError as error:
            return JSONResponse({"error": str(error)}, 403)
        except (LabSettingError, HandsetError) as error:
            return JSONResponse({"error": str(error)}, 400)
        except LocalCloudError as error:
            return JSONResponse({"error": f"{error.problem}. {error.remedy}"}, 503)

    return told


def _refuse_strangers(request: Request) -> None:
    host = urlsplit(f"//{request.headers.get('host', '')}").hostname
    if host not in HOSTS:
        raise NotOursError(f"host: {host!r}: call it 127.0.0.1")


async def _document(request: Request) -> dict[str, object]:
    """The JSON object in a request. A form of another site's page could not send one."""
    kind = request.headers.get("content-type", "").partition(";")[0]
    if kind != "application/json":
        raise NotOursError(f"content-type: {kind!r}: send application/json")
    body = await request.body()
    try:
        found = json.loads(body) if len(body) <= MOST_BYTES else None
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise HandsetError("body: not a JSON object")
    return found
