"""Errors of the local cloud; each text ends with a remedy."""

from collections.abc import Sequence


class LocalCloudError(Exception):
    """The local cloud cannot run; `remedy` says what to do."""

    def __init__(self, problem: str, remedy: str, *, details: Sequence[str] = ()) -> None:
        self.problem = problem
        self.remedy = remedy
        self.details = tuple(details)
        super().__init__("\n".join([problem, *(f"  | {line}" for line in details), remedy]))


class PortInUseError(LocalCloudError):
    """The requested port is in use by another program."""

    def __init__(self, port: int) -> None:
        self.port = port
        super().__init__(
            f"port {port}: in use by another program",
            "Choose another with --port, or leave --port out to use a free one.",
        )


class ServerDiedError(LocalCloudError):
    """A server of the local cloud stopped unexpectedly."""

    def __init__(self, name: str, exit_code: int | None, details: Sequence[str]) -> None:
        self.name = name
        self.exit_code = exit_code
        code = "" if exit_code is None else f" (exit code {exit_code})"
        super().__init__(
            f"{name}: stopped unexpectedly{code}; its last lines:",
            "Everything else is stopped too. Start again; the full logs: .local/last-failure/.",
            details=details or ["(nothing)"],
        )


class CommandFailedError(LocalCloudError):
    """A command that the local cloud ran failed or took too long."""

    def __init__(self, name: str, why: str, remedy: str, *, details: Sequence[str]) -> None:
        self.name = name
        super().__init__(
            f"{name}: {why}; its last lines:", remedy, details=details or ["(nothing)"]
        )
