"""What is in the bundle of each Lambda function."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final, Literal

FunctionName = Literal[
    "webhook", "aggregator", "polls", "replayer", "reconciler", "canary", "merger", "reader"
]

ROOT: Final = Path(__file__).parent.parent
CONTENTS: Final[dict[FunctionName, tuple[str, ...]]] = {
    "webhook": (
        "services/webhook",
        "services/adapters",
        "services/polls",
        "services/voting",
        "lambdas/webhook",
    ),
    "aggregator": ("services/adapters", "services/voting", "lambdas/aggregator"),
    "polls": ("services/adapters", "services/polls", "services/voting", "lambdas/polls"),
    "replayer": (
        "services/adapters",
        "services/late",
        "services/polls",
        "services/voting",
        "lambdas/replayer",
    ),
    "reconciler": (
        "services/adapters",
        "services/late",
        "services/polls",
        "services/voting",
        "lambdas/reconciler",
    ),
    "merger": ("services/adapters", "services/polls", "services/voting", "lambdas/merger"),
    "canary": (
        "services/adapters",
        "services/polls",
        "services/selftest",
        "services/voting",
        "lambdas/canary",
    ),
    "reader": ("services/adapters", "services/polls", "services/voting", "lambdas/reader"),
}
_ALWAYS: Final = ("services/__init__.py", "services/settings.py", "lambdas/__init__.py")


def sources(function: FunctionName) -> Iterator[Path]:
    """List this project's files in a bundle, in a stable order."""
    yield from (ROOT / name for name in _ALWAYS)
    for name in CONTENTS[function]:
        yield from sorted((ROOT / name).rglob("*.py"))
