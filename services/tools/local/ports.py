"""Free ports on this machine, and what a port in use is answered with."""

import errno
import socket
from typing import Final

from services.tools.local.errors import PortInUseError

HOST: Final = "127.0.0.1"


def listen(port: int = 0) -> socket.socket:
    """A listening socket on a port, or on any free one for 0.

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
    """A port that is free now; whoever gets it binds it at once."""
    with listen() as listener:
        return int(listener.getsockname()[1])


def answers(port: int) -> bool:
    """Whether something listens there."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.settimeout(0.5)
        return probe.connect_ex((HOST, port)) == 0
