"""Serves the console on the loopback interface until Ctrl-C."""

import errno
import signal
import socket
from collections.abc import Callable
from contextlib import suppress
from types import FrameType
from typing import Final

import uvicorn
from fastapi import FastAPI

from services.tools.console.app import create_app
from services.tools.console.desk import Desk, DeskError
from services.tools.console.guard import HOSTS, Guard
from services.tools.console.jobs import Jobs
from services.tools.console.watch import Watch

LAST_ACTION_SECONDS: Final = 20
"""How long an action that is running at Ctrl-C is waited for."""


def run_console(
    desk: Desk,
    *,
    port: int,
    read_only: bool,
    on_start: Callable[[str], None],
    on_wait: Callable[[str], None],
) -> None:
    """Serve until Ctrl-C, SIGTERM or SIGHUP; `port` 0 takes a free one.

    `on_start` is called with the address once it answers, `on_wait` with each action that is
    waited for at the end.

    Raises:
        DeskError: another program has the port.
    """
    listener = _listen(port)
    guard = Guard(port=listener.getsockname()[1])
    watch = Watch(desk)
    jobs = Jobs(desk.act, watch.read_soon)
    app = create_app(guard, desk.stack, watch, jobs, read_only=read_only)
    watch.start()
    try:
        on_start(guard.address)
        _serve(app, listener)
    finally:
        listener.close()
        watch.stop()
        for action in jobs.running():
            on_wait(action)
        jobs.wait(LAST_ACTION_SECONDS)


def _serve(app: FastAPI, listener: socket.socket) -> None:
    # No access log: the terminal is the operator's.
    config = uvicorn.Config(app, log_level="warning", access_log=False, lifespan="off")
    config.timeout_graceful_shutdown = 1

    def interrupt(_signal: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    server = uvicorn.Server(config)
    with suppress(KeyboardInterrupt):
        # uvicorn raises SIGINT and SIGTERM again once it has ended, and knows no SIGHUP.
        signal.signal(signal.SIGTERM, interrupt)
        signal.signal(signal.SIGHUP, server.handle_exit)
        server.run(sockets=[listener])


def _listen(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOSTS[0], port))
        listener.listen()
    except OSError as error:
        listener.close()
        if error.errno not in {errno.EADDRINUSE, errno.EACCES}:
            raise
        raise DeskError(f"port {port} is in use: choose another with --port") from None
    return listener
