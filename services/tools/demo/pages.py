"""The API of the pages `/lab` and `/phone`, which only a demo on this machine has.

Pages of other sites cannot use it: browsers do not let them send JSON here, and requests with
another host name than loopback (DNS rebinding) are refused.
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
from services.tools.lab.settings import LabPlugError, LabSettingError
from services.tools.local.errors import LocalCloudError
from services.tools.phones.handsets import PHONES, HandsetError, Handsets
from services.voting.errors import PollUnknownError

HOSTS: Final = {"127.0.0.1", "localhost"}
MAX_BODY_BYTES: Final = 16_384


class ForeignRequestError(Exception):
    """A request that was not sent by a page of the demo."""


def page_routes(lab: Lab, handsets: Handsets) -> list[Route]:
    """Return the routes `GET` and `PUT /api/lab`, `GET` and `POST /api/phone`."""

    async def get_lab(request: Request) -> Response:
        return await run_in_threadpool(lambda: _lab_snapshot(lab, request))

    async def put_lab(request: Request) -> Response:
        changes = await _read_json(request)
        return await run_in_threadpool(lambda: _lab_snapshot(lab, request, changes))

    async def get_phones(_: Request) -> Response:
        round, number = await run_in_threadpool(handsets.current_round)
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

    async def post_text(request: Request) -> Response:
        document = await _read_json(request)
        bubbles = await handsets.text(document.get("phone"), document.get("text"))
        return JSONResponse({"bubbles": [asdict(bubble) for bubble in bubbles]})

    return [
        Route("/api/lab", _with_json_errors(get_lab), methods=["GET"]),
        Route("/api/lab", _with_json_errors(put_lab), methods=["PUT"]),
        Route("/api/phone", _with_json_errors(get_phones), methods=["GET"]),
        Route("/api/phone", _with_json_errors(post_text), methods=["POST"]),
    ]


def _lab_snapshot(
    lab: Lab, request: Request, changes: Mapping[str, object] | None = None
) -> Response:
    if changes is not None:
        lab.change(changes)
    after = request.query_params.get("after", "")
    return JSONResponse(lab.snapshot(int(after) if after.isdecimal() else 0))


def _with_json_errors(handler: Callable[[Request], Any]) -> Callable[[Request], Any]:
    """Check the host, and answer errors in JSON with a fitting status."""

    async def handle(request: Request) -> Response:
        try:
            _check_host(request)
            return await handler(request)  # type: ignore[no-any-return]
        except ForeignRequestError as error:
            return JSONResponse({"error": str(error)}, 403)
        except (LabSettingError, LabPlugError, HandsetError) as error:
            return JSONResponse({"error": str(error)}, 400)
        except PollUnknownError as error:
            return JSONResponse({"error": str(error)}, 503)
        except LocalCloudError as error:
            return JSONResponse({"error": f"{error.problem}. {error.remedy}"}, 503)

    return handle


def _check_host(request: Request) -> None:
    host = urlsplit(f"//{request.headers.get('host', '')}").hostname
    if host not in HOSTS:
        raise ForeignRequestError(f"host: {host!r}: use 127.0.0.1")


async def _read_json(request: Request) -> dict[str, object]:
    """Return the JSON object in a request; a form on another site cannot send this type."""
    content_type = request.headers.get("content-type", "").partition(";")[0]
    if content_type != "application/json":
        raise ForeignRequestError(f"content-type: {content_type!r}: send application/json")
    body = await request.body()
    try:
        document = json.loads(body) if len(body) <= MAX_BODY_BYTES else None
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise HandsetError("body: not a JSON object")
    return document
