"""What the shell completes: polls of the deployment, and formats of exports."""

from collections.abc import Mapping
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any, Final

SECONDS: Final = 2.0
"""How long the shell waits for a deployment at most."""
FORMATS: Final = ("csv", "jsonl", "parquet")


def deployed_polls(params: Mapping[str, Any]) -> set[str]:
    """The polls of the deployment that a command's options name; none if it does not answer."""
    found: SimpleQueue[set[str]] = SimpleQueue()
    Thread(target=lambda: found.put(_read_polls(params)), daemon=True).start()
    try:
        return found.get(timeout=SECONDS)
    except Empty:
        return set()


def _read_polls(params: Mapping[str, Any]) -> set[str]:
    from services.cli.deployment import find  # slow to import
    from services.voting.probe_names import is_probe

    try:
        deployment = find(local=bool(params.get("local")), stage=params.get("stage") or "dev")
        polls = {entry.round.poll.id for entry in deployment.directory.entries()}
    except Exception:  # noqa: BLE001 - a shell that completes a word shows no errors
        return set()
    return {poll for poll in polls if not is_probe(poll)}


def complete_format(incomplete: str) -> list[str]:
    """The formats of an export."""
    return [name for name in FORMATS if name.startswith(incomplete)]
