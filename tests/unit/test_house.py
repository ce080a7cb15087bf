"""The house: who may import whom."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def imports_of(folder: str) -> Iterator[tuple[str, str]]:
    """Every (file, imported module) below a folder."""
    paths = (p for p in (ROOT / folder).rglob("*.py") if "node_modules" not in p.parts)
    for path in sorted(paths):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                yield from ((path.name, alias.name) for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module:
                yield from ((path.name, f"{node.module}.{alias.name}") for alias in node.names)


def test_the_core_imports_the_standard_library_and_itself_only() -> None:
    """`services/voting` can be read, tested and trusted without any framework."""
    foreign = [
        (file, module)
        for file, module in imports_of("services/voting")
        if module.partition(".")[0] not in sys.stdlib_module_names
        and not module.startswith("services.voting")
    ]

    assert list(imports_of("services/voting"))
    assert foreign == []


@pytest.mark.parametrize(
    ("folder", "allowed"),
    [
        ("services/polls", ("services.voting", "services.polls")),
        ("services/adapters", ("services.voting", "services.polls", "services.adapters", "services.settings")),
        ("services/webhook", ("services.voting", "services.adapters", "services.settings", "services.webhook")),
        ("lambdas/aggregator", ("services.voting", "services.adapters", "services.settings", "lambdas.aggregator")),
        ("infra", ("services.voting.schema", "services.settings", "infra")),
    ],
)  # fmt: skip
def test_dependencies_point_inward(folder: str, allowed: tuple[str, ...]) -> None:
    """A room knows only the rooms further in."""
    ours = [
        (file, module)
        for file, module in imports_of(folder)
        if module.partition(".")[0] in {"services", "lambdas", "infra", "tests"}
    ]

    assert ours
    assert [pair for pair in ours if not pair[1].startswith(allowed)] == []
