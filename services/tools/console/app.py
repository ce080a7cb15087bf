"""The web application of the console: its page, and an API for that page alone."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Literal

from fastapi import FastAPI, Response
from fastapi import Request as HttpRequest
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, PlainTextResponse
from pydantic import BaseModel, ConfigDict, Field

from services.adapters.clock import now_ms
from services.polls.extension import MOST_MINUTES
from services.tools.console.desk import Action, Request, StackLabel
from services.tools.console.files import page_files, read_file
from services.tools.console.guard import HEADERS, ForeignRequestError, Guard
from services.tools.console.jobs import BusyError, Jobs
from services.tools.console.watch import Watch

Next = Callable[[HttpRequest], Awaitable[Response]]

_TYPED: tuple[Action, ...] = ("reset", "certify")
"""Actions for which the operator types the id of the poll."""


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Token(_Body):
    """The token of the address."""

    token: Annotated[str, Field(max_length=100)]


class Wanted(_Body):
    """An action that the operator has confirmed; `id` is new for each confirmation."""

    id: Annotated[str, Field(pattern=r"^[0-9a-f-]{8,40}$")]
    action: Literal["open", "close", "extend", "reset", "certify"]
    poll: Annotated[str, Field(max_length=64)]
    round: Annotated[int, Field(ge=1)]
    revision: Annotated[int, Field(ge=1)]
    minutes: Annotated[int, Field(ge=0, le=MOST_MINUTES)] = 0
    confirmed_id: Annotated[str, Field(max_length=64)] = ""


class Answer(_Body):
    """The answer to the question of an action."""

    yes: bool


def create_app(
    guard: Guard, stack: StackLabel, watch: Watch, jobs: Jobs, *, read_only: bool
) -> FastAPI:
    """Create the application; see `guard` for who may use it."""
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    _add_checks(app, guard)
    _add_session(app, guard)

    @app.get("/api/state")
    def get_state() -> JSONResponse:
        state = {"stack": stack.document, "read_only": read_only, "now": now_ms()}
        return JSONResponse(state | watch.look() | {"actions": jobs.documents()})

    @app.post("/api/actions")
    def start_action(wanted: Wanted) -> JSONResponse:
        if problem := _problem(wanted, read_only=read_only):
            return _refusal(problem, 403 if read_only else 400)
        fields = wanted.model_dump()
        job_id = fields.pop("id")
        try:
            job = jobs.start(job_id, Request(**fields))
        except BusyError as error:
            return _refusal(str(error), 409)
        return JSONResponse(job.document, 202)

    @app.post("/api/actions/{job_id}/answer")
    def answer_question(job_id: str, answer: Answer) -> JSONResponse:
        if (job := jobs.find(job_id)) is None:
            return _refusal("there is no such action", 404)
        job.answer(is_yes=answer.yes)
        return JSONResponse(job.document)

    _add_page(app)  # last: its route matches every path
    return app


def _add_checks(app: FastAPI, guard: Guard) -> None:
    @app.middleware("http")
    async def check(request: HttpRequest, call_next: Next) -> Response:
        try:
            _check(guard, request)
            response = await call_next(request)
        except ForeignRequestError as error:
            response = _refusal(str(error), error.status)
        response.headers.update(HEADERS)
        return response

    @app.exception_handler(RequestValidationError)
    async def refuse_body(_: HttpRequest, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        return _refusal(f"{name}: {first['msg']}", 400)


def _check(guard: Guard, request: HttpRequest) -> None:
    guard.check_host(request.headers)
    if request.method not in {"GET", "HEAD"}:
        guard.check_change(request.headers)
    path = request.url.path
    if path.startswith("/api/") and path != "/api/session":
        guard.check_session(request.headers, request.cookies)


def _add_session(app: FastAPI, guard: Guard) -> None:
    @app.post("/api/session")
    def begin_session(token: Token) -> JSONResponse:
        if not guard.exchange(token.token):
            return _refusal("This address was used already, or is not this console's.", 401)
        response = JSONResponse({"key": guard.key})
        response.set_cookie(guard.cookie_name, guard.session, httponly=True, samesite="strict")
        return response


def _add_page(app: FastAPI) -> None:
    files = page_files()

    @app.get("/{path:path}")
    def get_file(path: str) -> Response:
        if path.startswith("api/"):
            return _refusal("there is nothing here", 404)
        if (found := read_file(path, files)) is None:
            return PlainTextResponse("not found\n", 404)
        body, kind = found
        return Response(body, media_type=kind)


def _problem(wanted: Wanted, *, read_only: bool) -> str:
    """Why an action is not even tried; empty if it is."""
    if read_only:
        return "this console only reads: it was started with --read-only"
    if wanted.action in _TYPED and wanted.confirmed_id != wanted.poll:
        return f"type the id of the poll to confirm: {wanted.poll}"
    if wanted.action == "extend" and not wanted.minutes:
        return "say by how many minutes"
    return ""


def _refusal(problem: str, status: int) -> JSONResponse:
    document: dict[str, Any] = {"error": problem}
    return JSONResponse(document, status)
