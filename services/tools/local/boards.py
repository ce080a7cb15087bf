"""Serves `/boards/<poll>.json` locally, as CloudFront does for a large audience."""

import json
from collections.abc import Awaitable, Callable
from email.utils import formatdate
from typing import Any, Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from services.tools.local.aws import LocalAws
from services.tools.local.edge_cache import EdgeCache, EdgeResponse

PATH: Final = "/boards/{path:path}"
_FAILURE: Final = EdgeResponse(
    status=502, headers={"Cache-Control": "max-age=1"}, body=b"Internal Server Error"
)
"""A function URL's answer if the function fails."""

Fetch = Callable[[str], Awaitable[EdgeResponse]]


def board_route(fetch: Fetch) -> Route:
    """Return the route; `fetch` asks the origin for a path."""
    cache = EdgeCache(fetch)

    async def serve(request: Request) -> Response:
        answer = await cache.get(request.url.path)
        tag = answer.headers.get("ETag")
        if tag and request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers=answer.headers)
        return Response(answer.body, answer.status, headers=answer.headers)

    return Route(PATH, serve)


def reader_function(aws: LocalAws, function: str) -> Fetch:
    """Return what asks the reader's function, as its function URL does."""
    client = aws.client("lambda")

    async def fetch(path: str) -> EdgeResponse:
        payload = json.dumps(function_url_event(path))
        answer = await run_in_threadpool(_invoke, client, function, payload)
        return edge_response(answer)

    return fetch


def function_url_event(path: str) -> dict[str, Any]:
    """Return the event of a GET request (payload format 2.0)."""
    return {
        "version": "2.0",
        "rawPath": path,
        "headers": {},
        "requestContext": {"http": {"method": "GET", "path": path}},
    }


def edge_response(answer: dict[str, Any]) -> EdgeResponse:
    """Translate what a function returned, dated now; 502 if it failed."""
    if "statusCode" not in answer:
        return _FAILURE
    headers = {**answer["headers"], "Date": formatdate(usegmt=True)}
    body = answer.get("body", "").encode()
    return EdgeResponse(status=answer["statusCode"], headers=headers, body=body)


def _invoke(client: Any, function: str, payload: str) -> dict[str, Any]:  # noqa: ANN401 - boto3
    done = client.invoke(FunctionName=function, Payload=payload)
    answer: dict[str, Any] = json.loads(done["Payload"].read() or "{}")
    return {} if "FunctionError" in done else answer
