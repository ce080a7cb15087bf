"""Builds the ASGI application from its dependencies; reads no environment."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from services.adapters.secrets import UnusableSecretError
from services.adapters.twilio.forms import MalformedFormError
from services.voting.errors import StoreUnavailableError
from services.webhook.errors import RefusedRequestError
from services.webhook.health import Health
from services.webhook.reply_limit import ErrorReplyLimit
from services.webhook.routes import (
    Dependencies,
    Routes,
    malformed,
    misconfigured,
    refused,
    unavailable,
)


def create_app(deps: Dependencies) -> FastAPI:
    """Build the webhook. `POST /sms` is a plain Starlette route, which costs no validation."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        if deps.close:
            await deps.close()

    routes = Routes(deps, ErrorReplyLimit(monotonic=deps.monotonic))
    health = Health(deps.probes, monotonic=deps.monotonic)
    app = FastAPI(
        openapi_url=None,
        # A redirect would repeat the request's host and query, even malformed ones.
        redirect_slashes=False,
        lifespan=lifespan,
    )
    app.add_route("/sms", routes.sms, methods=["POST"])
    app.get("/health")(health.answer)
    app.get("/")(routes.about)
    app.add_exception_handler(RefusedRequestError, refused)
    app.add_exception_handler(MalformedFormError, malformed)
    app.add_exception_handler(StoreUnavailableError, unavailable)
    app.add_exception_handler(UnusableSecretError, misconfigured)
    return app
