"""Uvicorn on a free port of loopback, which it prints first; its log goes nowhere."""

import os
import socket
import sys

import uvicorn


def main(application: str) -> None:
    """Serve an application by its import string until ended."""
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123 - for good
    server = uvicorn.Server(uvicorn.Config(application, log_level="warning", access_log=False))
    server.run(sockets=[listener])


if __name__ == "__main__":
    main(sys.argv[1])
