"""Builds the ASGI application from its dependencies; reads no environment."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from services.webhook.health import Health
from services.webhook.reply_limit import ErrorReplyLimit
from services.webhook.routes import Dependencies, TextEndpoint, about

TEXTS = "/sms"


class Webhook(FastAPI):
    """FastAPI, except for texts: these pass by its middleware and its router.

    Both do nothing for a text, and take as long as to verify its signature.
    """

    texts: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "http" and scope["path"] == TEXTS and scope["method"] == "POST":
            await self.texts(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


def create_app(deps: Dependencies) -> Webhook:
    """Build the webhook."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        if deps.close:
            await deps.close()

    texts = TextEndpoint(deps, ErrorReplyLimit(monotonic=deps.monotonic))
    health = Health(deps.probes, monotonic=deps.monotonic)
    app = Webhook(
        # For what the shortcut leaves out: other methods, and a proxy that adds a path before it.
        routes=[Route(TEXTS, texts, methods=["POST"])],
        openapi_url=None,
        # A redirect would repeat the request's host and query, even malformed ones.
        redirect_slashes=False,
        lifespan=lifespan,
    )
    app.texts = texts
    app.get("/health")(health.answer)
    app.get("/")(about)
    return app
