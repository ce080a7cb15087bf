"""`python -m services.cli` is `voteapp`."""

from services.cli import main

main()
