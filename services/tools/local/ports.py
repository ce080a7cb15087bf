"""Finds and binds ports on the loopback interface."""

import errno
import socket
from typing import Final

from services.tools.local.errors import PortInUseError

HOST: Final = "127.0.0.1"


def listen(port: int = 0) -> socket.socket:
    """Return a listening socket on a port; 0 takes any free port.

    Raises:
        PortInUseError: another program has the port.
    """
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        if error.errno in {errno.EADDRINUSE, errno.EACCES}:
            raise PortInUseError(port) from None
        raise
    return listener


def free_port() -> int:
    """Return a port that is free now; the caller should bind it at once."""
    with listen() as listener:
        return int(listener.getsockname()[1])


def is_listening(port: int) -> bool:
    """Return whether a program accepts connections on a port."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.settimeout(0.5)
        return probe.connect_ex((HOST, port)) == 0
