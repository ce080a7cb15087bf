"""Replaces CloudFront locally: serves the site from its bucket with the same headers.

In a demo it serves the lab page and the phone page, too, and the boards of a large audience.
"""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import uvicorn
from botocore.exceptions import ClientError
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from services.tools.local.aws import LocalAws
from services.tools.local.boards import Fetch, board_route
from services.tools.local.ports import HOST, listen
from services.tools.page_headers import page_headers

PAGES: Final = {"": "index.html"}
DEMO_PAGES: Final = PAGES | {"lab": "index.html", "phone": "phone.html"}


def create_site_app(
    aws: LocalAws, bucket: str, *, routes: Sequence[Route] = (), boards: Fetch | None = None
) -> Starlette:
    """Create an application that serves the bucket; `/` is `index.html`.

    `routes` are the API of the demo's own pages; with them, it serves those pages, too. `boards`
    asks for the board of a path.
    """
    pages = DEMO_PAGES if routes else PAGES
    s3 = aws.client("s3")
    security = page_headers(dynamodb=aws.endpoint, cognito=aws.endpoint)

    async def serve(request: Request) -> Response:
        path = request.path_params["path"]
        key = pages.get(path, path)
        try:
            body, kind = await run_in_threadpool(_fetch, s3, bucket, key)
        except ClientError as error:
            if error.response["Error"]["Code"] not in {"NoSuchKey", "404"}:
                raise
            return PlainTextResponse(f"/{key}: not found\n", 404, headers=security)
        return Response(body, media_type=kind, headers=security | {"Cache-Control": "no-cache"})

    board_routes = [board_route(boards)] if boards else []
    return Starlette(routes=[*routes, *board_routes, Route("/{path:path}", serve)])


def _fetch(s3: Any, bucket: str, key: str) -> tuple[bytes, str]:  # noqa: ANN401 - a boto3 client
    response = s3.get_object(Bucket=bucket, Key=key)
    return response["Body"].read(), response["ContentType"]


def check_port_is_free(port: int) -> None:
    """Check a port before a minute of set-up; 0 means any port.

    Raises:
        PortInUseError: another program has the port.
    """
    if port:
        listen(port).close()


@contextmanager
def serve_in_thread(
    application: Starlette, *, port: int = 0, adds_date: bool = True
) -> Iterator[str]:
    """Serve in a thread of this process; yield the base URL, without a trailing slash.

    A cache passes on the `Date` of the answer that it keeps: without `adds_date` there is no other.

    Raises:
        PortInUseError: another program has the port.
    """
    listener = listen(port)
    config = uvicorn.Config(application, log_level="error", lifespan="auto", date_header=adds_date)
    config.timeout_graceful_shutdown = 1
    server = uvicorn.Server(config)
    thread = threading.Thread(
        target=server.run, kwargs={"sockets": [listener]}, name="static-server", daemon=True
    )
    thread.start()
    try:
        yield f"http://{HOST}:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(timeout=3)
        listener.close()
