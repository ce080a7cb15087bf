"""The `voteapp` command: one module for each subcommand, a thin layer over the services."""


def main() -> None:
    """Run the command line; the console script `voteapp` calls it."""
    from services.cli.app import app  # slow: it imports many libraries

    app()
