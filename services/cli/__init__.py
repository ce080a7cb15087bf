"""The `voteapp` command: a module a noun, each a thin layer over a service."""


def main() -> None:
    """Run the command; the console script calls this."""
    from services.cli.app import app  # the libraries it needs are many

    app()
